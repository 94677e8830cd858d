//! What is special about the entities of sales: how leads and contacts are called when nobody named them, when an
//! activity was done, the pipelines that a company begins with; what documents of sale come to.
//!
//! Owns: the tables of numbers that were given and of the payments of invoices. Must not know: HTTP, plugins, how records are stored. Its rules enter the write pipeline through the
//! port `EntityRules` of `records`: data comes as a planned change and leaves in its new image.
//!
//! | module | what |
//! |---|---|
//! | `rules` | titles and what follows from other fields, by entity |
//! | `pipelines` | the first pipelines of a company |
//! | `chain` | documents made of others |
//! | `convert` | a lead becomes clients and a deal |
//! | `documents` | quotes, orders, invoices: states and what may be changed in them |
//! | `fill`, `prices` | what rows are filled in with from products, taxes and price lists, those of imports too |
//! | `issue` | their part in the transaction: numbers, revisions, credits, debts |
//! | `numbers` | numbers without gaps |
//! | `paid` | payments of an invoice, what its client has left over |
//! | `payments` | payments and what they are allocated to |
//! | `proposals` | what a payment may be for |
//! | `sums` | what follows from the rows of a record |
//! | `totals` | what a document comes to, exactly |
//! | `rows` | rows of documents in their wire form |
//! | `calculate` | rows and terms in, figures out |
//! | `words` | sums in words |
//! | `sales` | the service |

mod calculate;
mod chain;
mod convert;
mod documents;
mod fill;
mod issue;
mod numbers;
mod paid;
mod payments;
pub mod pipelines;
mod prices;
mod proposals;
mod rows;
mod rules;
mod sales;
mod sums;
mod totals;
pub mod words;

use std::sync::Arc;

use records::Records;

use documents::{Documents, Kind};
use payments::Payments;

pub use calculate::{CalculateInput, Calculated, TaxView, TotalsView, WholeDiscount};
pub use chain::{CreditInput, DeriveInput, Derived, TakenRow};
pub use convert::{Becomes, ConvertInput, Converted};
pub use fill::RowChange;
pub use paid::{Credit, InvoicePayments, PaidPart, ReceiveInput};
pub use proposals::{AllocateInput, Proposal};
pub use rows::{Row, RowFigures};
pub use sales::{RowsInput, RowsView, Sales};
pub use sums::figures;

/// Puts the rules of sales into the write pipeline.
pub fn join(records: &Records) {
    for rules in rules::ALL {
        records.add_rules(Arc::new(rules));
    }
    for kind in [Kind::Quote, Kind::Order, Kind::Invoice] {
        records.add_rules(Arc::new(Documents { kind, records: records.clone() }));
    }
    records.add_rules(Arc::new(Payments { records: records.clone() }));
}
