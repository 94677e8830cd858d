//! What is special about the entities of sales: how leads and contacts are called when nobody named them, when an
//! activity was done, the pipelines that a company begins with.
//!
//! Owns: no table. Must not know: HTTP, plugins, how records are stored. Its rules enter the write pipeline through the
//! port `EntityRules` of `records`: data comes as a planned change and leaves in its new image.
//!
//! | module | what |
//! |---|---|
//! | `rules` | titles and what follows from other fields, by entity |
//! | `pipelines` | the first pipelines of a company |

pub mod pipelines;
mod rules;

use std::sync::Arc;

use records::Records;

/// Puts the rules of sales into the write pipeline.
pub fn join(records: &Records) {
    for rules in rules::ALL {
        records.add_rules(Arc::new(rules));
    }
}
