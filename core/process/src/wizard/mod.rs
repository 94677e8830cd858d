//! A process from lines of text: `name | role | time | action! | note`, or the same as pasted cells.
//!
//! Owns: what a line may say, and the file that lines become. Must not know: who keeps it. Lines enter and leave as a BPMN
//! file with a diagram, or as errors by the number of their line. The same lines and title always give the same bytes.
//!
//! | module | what |
//! |---|---|
//! | `lines` | a line taken apart |
//! | `times` | working time as people write it |
//! | `file` | the BPMN file |

mod file;
mod lines;
mod times;

use std::collections::BTreeMap;

pub use file::written;
pub use lines::{Line, MAX_LINES, Roles};

/// What is wrong with a line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LineError {
    /// Machine-readable, such as `role_unknown`; its words are `line.<code>` of the texts.
    pub code: &'static str,
    /// The part of the line that is meant; may be empty.
    pub text: String,
}

/// Errors by the number of their line, from 1.
pub type LineErrors = BTreeMap<usize, LineError>;

/// A process from lines.
///
/// # Errors
/// What is wrong, by line.
pub fn file(title: &str, lines: &[String], roles: &Roles) -> Result<String, LineErrors> {
    let read = lines::read(lines, roles)?;
    Ok(file::written(title, &read))
}

#[cfg(test)]
mod tests;
