//! What a filter looks like in JSON, for the API's description (OpenAPI). Reading and writing is `parse`'s; nothing
//! here is ever made.

use serde_json::Value as Json;
use utoipa::ToSchema;

use super::Op;
pub use super::relative::Name as PeriodName;

/// A condition over a record: a group of others, or a test of one field.
#[derive(Debug, serde::Serialize, ToSchema)]
#[serde(untagged)]
#[schema(no_recursion)]
pub enum Filter {
    /// All hold.
    And {
        /// An empty list holds.
        and: Vec<Self>,
    },
    /// One holds.
    Or {
        /// An empty list does not hold.
        or: Vec<Self>,
    },
    /// Does not hold.
    Not {
        /// What must not hold.
        not: Box<Self>,
    },
    /// A test of one field.
    Test {
        /// Field key, or `link.field`.
        field: String,
        /// How to compare.
        op: Op,
        /// With what: a literal, a list, `{"relative": ...}`, `{"me": true}` ...; nothing for `empty`, `not_empty`.
        #[serde(skip_serializing_if = "Option::is_none")]
        value: Option<Json>,
    },
}
