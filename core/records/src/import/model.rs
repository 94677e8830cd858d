//! An import as its owner sees it.

use std::path::PathBuf;

use kernel::{BatchId, Timestamp};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::convert::RowProblem;
use super::suggest::{Mapped, Target};

/// Where an import stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "lowercase")]
#[schema(as = ImportState)]
pub enum State {
    /// The file is read; nothing else was done.
    Uploaded,
    /// The dry run is under way.
    Checking,
    /// The dry run is over.
    Checked,
    /// Records are being written.
    Running,
    /// Every row was dealt with.
    Done,
    /// Stopped by a person; may be resumed.
    Cancelled,
    /// Stopped by a fault; may be resumed.
    Failed,
}

/// What to do with a row whose client is known already: same phone, e-mail, or origin.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Duplicates {
    /// Make another record.
    Create,
    /// Leave the row out; it counts as skipped.
    #[default]
    Skip,
    /// Put the row's values into the known record. Empty cells change nothing; phones and addresses are added.
    Update,
}

/// How to import.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = ImportOptions)]
pub struct Options {
    /// Known clients.
    #[serde(default)]
    pub duplicates: Duplicates,
    /// Whether rules of automation run for what is written.
    #[serde(default)]
    pub run_rules: bool,
}

/// A column of the file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[schema(as = ImportColumn)]
pub struct Column {
    /// Its place, from 0.
    pub index: usize,
    /// Its name in the header; may be empty or repeated.
    pub name: String,
    /// A few different values.
    pub samples: Vec<String>,
}

/// A refused row, in short.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, utoipa::ToSchema)]
#[schema(as = ImportError)]
pub struct RowError {
    /// Number of the row in the file; the header is usually 1.
    pub row: u64,
    /// What is wrong.
    #[serde(flatten)]
    pub problem: RowProblem,
}

/// An import as its owner sees it.
#[derive(Debug, Clone, PartialEq, Serialize, utoipa::ToSchema)]
pub struct Import {
    /// Its id.
    pub id: Uuid,
    /// What the rows become.
    pub entity: String,
    /// As the person called the file.
    pub file_name: String,
    /// `csv` or `xlsx`.
    pub format: String,
    /// Where it stands.
    pub state: State,
    /// The file's columns.
    pub columns: Vec<Column>,
    /// Where they go; at first a suggestion.
    pub mapping: Vec<Mapped>,
    /// Everything they may go to.
    pub targets: Vec<Target>,
    /// How to import.
    pub options: Options,
    /// Rows of the file.
    pub total: u64,
    /// Rows dealt with so far.
    pub processed: u64,
    /// Rows that became or changed a record (in a dry run: would).
    pub accepted: u64,
    /// Rows that could not; the report tells why.
    pub refused: u64,
    /// Rows left out because the client is known.
    pub skipped: u64,
    /// The undo group of what was written.
    #[schema(value_type = Option<Uuid>)]
    pub batch: Option<BatchId>,
    /// Why it failed.
    pub problem: Option<String>,
    /// The first refused rows (none in lists).
    pub errors: Vec<RowError>,
    /// When the file came.
    #[schema(value_type = String)]
    pub created_at: Timestamp,
    /// When it ended.
    #[schema(value_type = Option<String>)]
    pub finished_at: Option<Timestamp>,
}

/// Where the bytes of a file are.
#[derive(Debug)]
pub enum Source {
    /// In memory.
    Bytes(Vec<u8>),
    /// In a file that the import takes over, best one made by `Imports::temporary`.
    File(PathBuf),
}
