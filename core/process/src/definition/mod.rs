//! BPMN 2.0 text into a model that the stepper runs, with problems named by element.
//!
//! Owns: what of BPMN is executable, and how it is written. Must not know: how it is executed, who stores it. Data
//! enters as the bytes of a file and leaves as a `Definition` with warnings, or as problems.
//!
//! | module | reads |
//! |---|---|
//! | `xml` | encodings, limits, the XML shell |
//! | `outline` | which elements there are: processes, scopes, nodes, flows; the file's messages, signals, errors |
//! | `nodes` | each flow node, with `events`, `activities`, `repeats` and `steps` (the step contract) |
//! | `flows` | sequence flows, boundaries, lanes, starts |
//! | `undo` | compensation: which activity undoes which |
//! | `starts` | what begins instances |
//! | `checks` | what the parts mean together: reachability, deadlocks, call cycles |
//! | `fit` | what keeps a file that can be read from being published |
//! | `tells` | what its variables may tell of the record |
//! | `expressions`, `time` | texts within |
//! | `drawing` | a file that need not run: what is wrong with it, what an editor lost of it |
//! | `layout` | a diagram for a file without one |
//! | `compare` | what differs between two files |
//! | `options` | options of fields that a file names |
//! | `words` | codes and translations of problems |

mod activities;
mod checks;
pub mod compare;
pub mod contract;
pub mod drawing;
mod events;
pub mod expressions;
pub mod fit;
mod flows;
pub mod layout;
pub mod model;
mod nodes;
pub mod options;
mod outline;
mod repeats;
pub mod starts;
mod steps;
mod tells;
pub mod time;
mod undo;
pub mod words;
mod xml;

use std::fmt::Write as _;

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use model::Definition;
use roxmltree::Document;
pub use steps::MAIN_ACTIONS;
pub(crate) use tells::needs_record;
pub use xml::{BPMN, MAX_BYTES, OURS, escaped};

/// Something the file's author should know.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Problem {
    /// Id of the element, or its tag when it has none; empty for the file as a whole.
    pub element: String,
    /// Whether the file can run.
    pub severity: Severity,
    /// What is wrong and what to do, in English.
    pub message: String,
}

/// How bad a problem is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// The file cannot run.
    Error,
    /// It runs, but probably not as meant.
    Warning,
}

impl Problem {
    /// An error of the file as a whole.
    fn file(message: impl Into<String>) -> Self {
        Self { element: String::new(), severity: Severity::Error, message: message.into() }
    }
}

/// Problems of one severity that are kept; more would help nobody.
const MAX_PROBLEMS: usize = 100;

/// Problems found so far.
#[derive(Debug, Default)]
struct Problems(Vec<Problem>);

impl Problems {
    fn error(&mut self, element: &str, message: impl Into<String>) {
        self.add(element, Severity::Error, message.into());
    }

    fn warn(&mut self, element: &str, message: impl Into<String>) {
        self.add(element, Severity::Warning, message.into());
    }

    fn add(&mut self, element: &str, severity: Severity, message: String) {
        if self.0.iter().filter(|problem| problem.severity == severity).count() < MAX_PROBLEMS {
            self.0.push(Problem { element: element.chars().take(255).collect(), severity, message });
        }
    }

    fn any_error(&self) -> bool {
        self.0.iter().any(|problem| problem.severity == Severity::Error)
    }
}

/// Reads a BPMN 2.0 file (OMG formal/2013-12-09), as far as it can be executed.
///
/// # Errors
/// All problems found when one of them is an error: the file is no BPMN, hostile, inconsistent, or uses an element that
/// cannot be executed.
pub fn read(xml: &[u8]) -> Result<(Definition, Vec<Problem>), Vec<Problem>> {
    let text = xml::decode(xml).map_err(|problem| vec![problem])?;
    let document = xml::parse(&text).map_err(|problem| vec![problem])?;
    understand(&document)
}

/// What a parsed file says, as `read`.
fn understand<'a>(document: &'a Document<'a>) -> Result<(Definition, Vec<Problem>), Vec<Problem>> {
    let mut problems = Problems::default();
    let Some(mut outline) = outline::collect(document, &mut problems) else { return Err(problems.0) };
    nodes::read(&mut outline, &mut problems);
    flows::join(&mut outline, &mut problems);
    if !problems.any_error() {
        checks::check(&outline.definition, &mut problems);
    }
    outline.definition.tells = tells::tells(&outline.definition);
    if problems.any_error() { Err(problems.0) } else { Ok((outline.definition, problems.0)) }
}

/// Reads a file that is new here, and gives it in UTF-8 when it came in another encoding: everybody else reads it so.
///
/// # Errors
/// As `read`; and when it names characters that are none, which files from before may.
#[expect(clippy::type_complexity, reason = "what `read` gives, with the file")]
pub fn read_new(xml: Vec<u8>) -> (Vec<u8>, Result<(Definition, Vec<Problem>), Vec<Problem>>) {
    let xml = xml::transcoded(&xml).unwrap_or(xml);
    let references = xml::decode(&xml).and_then(|text| xml::check_references(&text));
    let read = match references {
        Ok(()) => read(&xml),
        Err(problem) => Err(vec![problem]),
    };
    (xml, read)
}

/// What identical bytes have in common: SHA-256 in hexadecimal.
pub fn fingerprint(xml: &[u8]) -> String {
    Sha256::digest(xml).iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

#[cfg(test)]
mod tests;
