//! BPMN 2.0 text into a model that the stepper runs, with problems named by element.

pub mod contract;
pub mod model;

use serde::{Deserialize, Serialize};

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
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// The file cannot run.
    Error,
    /// It runs, but probably not as meant.
    Warning,
}
