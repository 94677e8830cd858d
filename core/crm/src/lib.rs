//! What is special about the entities of sales: how leads and contacts are called when nobody named them, when an
//! activity was done, the pipelines that a company begins with; what documents of sale come to.
//!
//! Owns: no table. Must not know: HTTP, plugins, how records are stored. Its rules enter the write pipeline through the
//! port `EntityRules` of `records`: data comes as a planned change and leaves in its new image.
//!
//! | module | what |
//! |---|---|
//! | `rules` | titles and what follows from other fields, by entity |
//! | `pipelines` | the first pipelines of a company |
//! | `totals` | what a document comes to, exactly |
//! | `rows` | rows of documents in their wire form |
//! | `calculate` | rows and terms in, figures out |
//! | `words` | sums in words |
//! | `sales` | the service |

mod calculate;
pub mod pipelines;
mod rows;
mod rules;
mod sales;
mod totals;
pub mod words;

use std::sync::Arc;

use records::Records;

pub use calculate::{CalculateInput, Calculated, TaxView, TotalsView, WholeDiscount};
pub use rows::{Row, RowFigures};
pub use sales::Sales;

/// Puts the rules of sales into the write pipeline.
pub fn join(records: &Records) {
    for rules in rules::ALL {
        records.add_rules(Arc::new(rules));
    }
}
