//! The query language: one small tree for lists, saved views, access rows, reports and plugins.
//!
//! Owns: the tree, its JSON form with limits, relative periods, and its one compiler to SQL for both databases.
//! Must not know: which entities exist (a `Shapes` tells) or who asks (a `Viewer` tells).
//!
//! JSON: `{"and": [..]}`, `{"or": [..]}`, `{"not": ..}` and tests `{"field", "op", "value"}`. A value is a literal, a
//! list, `{"relative": "this_week"}`, `{"relative": "days_ago", "n": 7}`, or a placeholder `{"me": true}`,
//! `{"my_department": true}`, `{"my_subtree": true}`, `{"my_headed": true}`. A field may hop across one link: `company.industry`.

mod compile;
mod parse;
mod pieces;
mod place;
mod relative;
pub mod shape;

pub use compile::{Compiler, Viewer, has_digits, is_number};
pub use pieces::Pieces;
pub use place::{COMMUNICATION, Column, DOCUMENT, LINK, Shapes, Storage, Table};
pub use relative::{Period, Relative, day_start};

use serde::{Deserialize, Serialize};
use serde_json::Value as Json;

/// Tests and groups in one filter.
pub const MAX_NODES: usize = 300;
/// Groups inside groups.
pub const MAX_DEPTH: usize = 12;
/// Values of one `in`.
pub const MAX_LIST: usize = 1_000;
/// Values in one filter, so that a statement with several of them has no more than a database takes.
pub const MAX_VALUES: usize = 4_000;

/// A condition on records of one entity.
#[derive(Debug, Clone, PartialEq)]
pub enum Filter {
    /// All hold (an empty list holds).
    And(Vec<Self>),
    /// One holds (an empty list does not hold).
    Or(Vec<Self>),
    /// Does not hold.
    Not(Box<Self>),
    /// A test of one field.
    Test(Test),
}

/// A test of one field.
#[derive(Debug, Clone, PartialEq)]
pub struct Test {
    /// Field key, or `link.field`.
    pub field: String,
    /// How to compare.
    pub op: Op,
    /// With what.
    pub value: Operand,
}

/// A comparison.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = FilterOp)]
pub enum Op {
    /// Equal; with a period: inside it.
    Eq,
    /// Not equal; an empty field is not equal to anything.
    Ne,
    /// Greater; with a period: after it.
    Gt,
    /// Greater or equal; with a period: from its start.
    Gte,
    /// Less; with a period: before it.
    Lt,
    /// Less or equal; with a period: until its end.
    Lte,
    /// One of a list.
    In,
    /// None of a list.
    NotIn,
    /// Text anywhere inside, letter case and ё ignored.
    Contains,
    /// Text at the start, letter case and ё ignored.
    StartsWith,
    /// No value.
    Empty,
    /// Some value.
    NotEmpty,
    /// From the first to the second, both included.
    Between,
}

/// What a field is compared with.
#[derive(Debug, Clone, PartialEq)]
pub enum Operand {
    /// Nothing (`empty`, `not_empty`).
    None,
    /// A literal.
    One(Json),
    /// A list.
    Many(Vec<Self>),
    /// A period relative to the present.
    Relative(Relative),
    /// The asking person.
    Me,
    /// Their department, or the people in it, by the type of the field.
    MyDepartment,
    /// Their department and those under it and under those they head, or the people in them.
    MySubtree,
    /// The departments that they head and those under these, or the people in them: nobody beside them or above.
    MyHeaded,
}

impl Filter {
    /// A plain test.
    pub fn test(field: &str, op: Op, value: impl Into<Json>) -> Self {
        Self::Test(Test { field: field.to_owned(), op, value: Operand::One(value.into()) })
    }

    /// All of them, without a needless group around a single one.
    pub fn all(mut parts: Vec<Self>) -> Self {
        if parts.len() == 1 { parts.remove(0) } else { Self::And(parts) }
    }

    /// Any of them, without a needless group around a single one.
    pub fn any(mut parts: Vec<Self>) -> Self {
        if parts.len() == 1 { parts.remove(0) } else { Self::Or(parts) }
    }

    /// Every field it tests.
    pub fn fields(&self) -> Vec<&str> {
        match self {
            Self::And(parts) | Self::Or(parts) => parts.iter().flat_map(Self::fields).collect(),
            Self::Not(part) => part.fields(),
            Self::Test(test) => vec![&test.field],
        }
    }
}
