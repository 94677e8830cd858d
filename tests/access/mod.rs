//! Who may see and do what.

mod explain;
mod fields;
mod isolation;
pub mod operations;
mod rules;
mod scope;
mod table;
mod tokens;

pub use isolation::{image, same, send};
pub use operations::{Objects, Operation};
