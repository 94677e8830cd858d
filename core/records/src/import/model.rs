//! An import as its owner sees it.

use std::path::PathBuf;

use kernel::{BatchId, Timestamp};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::convert::RowProblem;
use super::groups::Group;
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
    /// Whether one bad cell refuses its row. Otherwise a cell that is not understood is left out where its field may be
    /// empty, and the import tells so.
    #[serde(default)]
    pub strict: bool,
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

/// A row of the file's beginning, of which the header may be chosen.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, utoipa::ToSchema)]
#[schema(as = ImportTopRow)]
pub struct TopRow {
    /// Its number in the file.
    pub row: u64,
    /// Its cells, long ones cut.
    pub cells: Vec<String>,
}

/// The different values of a column.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, utoipa::ToSchema)]
#[schema(as = ImportColumnValues)]
pub struct ColumnValues {
    /// The most frequent first, at most 200.
    pub items: Vec<ColumnValue>,
    /// Whether there are others.
    pub more: bool,
    /// What a value of the field may be; none where it is not one of a few.
    pub choices: Vec<Offered>,
}

/// A value of a column.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, utoipa::ToSchema)]
#[schema(as = ImportColumnValue)]
pub struct ColumnValue {
    /// The cell, or one item of it.
    pub value: String,
    /// Rows that have it.
    pub rows: u64,
    /// The key of what it means by itself; none where it means nothing.
    pub to: Option<String>,
}

/// What a value may mean.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, utoipa::ToSchema)]
#[schema(as = ImportChoice)]
pub struct Offered {
    /// Key of the choice or stage, id of the person, `true` or `false`.
    pub key: String,
    /// For people.
    pub label: String,
}

/// Which rows name the columns.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = ImportHeader)]
pub struct Header {
    /// Number of the first one in the file.
    pub first: u64,
    /// Number of the last one: names of columns may stand in up to three rows.
    pub last: u64,
}

/// A refused row, or a cell that was left out, in short.
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
    /// Which rows name the columns; none in imports of older versions.
    pub header: Option<Header>,
    /// The first rows of the file, of which the header may be chosen (none in lists).
    pub top: Vec<TopRow>,
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
    /// Of the accepted rows, those of which cells were left out.
    pub partial: u64,
    /// The undo group of what was written.
    #[schema(value_type = Option<Uuid>)]
    pub batch: Option<BatchId>,
    /// Why it failed.
    pub problem: Option<String>,
    /// The first refused rows and cells left out (none in lists).
    pub errors: Vec<RowError>,
    /// Why rows were refused and cells left out, the same reasons together, the most frequent first (none in lists).
    pub reasons: Vec<Group>,
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
