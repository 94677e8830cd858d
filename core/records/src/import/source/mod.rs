//! Reading of uploaded files: whatever comes (CSV in several encodings, XLSX) becomes one plain spool file of rows.
//!
//! The file is read once, at upload. Everything later (dry run, import, resume) reads the spool, row by row, so memory
//! stays flat however big the file was. Owns: formats, encodings, delimiters, limits of size. Must not know: entities
//! and fields.

mod decode;
mod format;
pub(super) mod head;
mod quoted;
mod sheet;
pub(super) mod spool;
mod text;

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use super::problem::Problem;

/// Rows of one file.
pub const MAX_ROWS: u64 = 500_000;
/// Columns of one file.
pub const MAX_COLUMNS: usize = 200;
/// Characters of one cell.
pub const MAX_CELL: usize = 10_000;

/// A column's name with a few different values of it.
pub(super) type Names = Vec<(String, Vec<String>)>;

/// What a file held.
#[derive(Debug)]
pub(super) struct Found {
    /// `csv` or `xlsx`.
    pub format: &'static str,
    /// Between the cells of a text file; none of a workbook.
    pub delimiter: Option<char>,
    /// Names of the columns, each with a few different values.
    pub columns: Names,
    /// The columns as their names are compared with those of fields.
    pub called: Vec<String>,
    /// Rows that are not empty, without the header and what stands above it.
    pub rows: u64,
    /// Where the header is.
    pub head: head::Head,
}

/// Why a file was not read.
#[derive(Debug)]
pub(super) enum ReadError {
    /// The file is not fit to be imported.
    Refused(Problem),
    /// The disk failed.
    Io(io::Error),
}

impl From<io::Error> for ReadError {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

impl From<Problem> for ReadError {
    fn from(problem: Problem) -> Self {
        Self::Refused(problem)
    }
}

/// Takes one row of a source, by its number as a spreadsheet shows it (the header is usually row 1).
type Sink<'a> = &'a mut dyn FnMut(u64, &[String]) -> Result<(), ReadError>;

/// Reads the file into a spool of at most `room` bytes: a small file may hold one text in all of its rows. Blocks: call
/// it off the async threads.
///
/// # Errors
/// `Refused` with the reason, or the disk's.
pub(super) fn read(file: &Path, spool: &Path, room: u64) -> Result<Found, ReadError> {
    let mut start = [0_u8; 8];
    let length = File::open(file)?.take(8).read(&mut start)?;
    if length == 0 {
        return Err(Problem::new("empty").into());
    }
    let mut writer = spool::Writer::create(spool, room)?;
    let mut sink = |number: u64, cells: &[String]| writer.row(number, cells);
    let (format, delimiter) = if start.starts_with(b"PK") {
        sheet::rows(file, &mut sink)?;
        ("xlsx", None)
    } else if start == [0xD0, 0xCF, 0x11, 0xE0, 0xA1, 0xB1, 0x1A, 0xE1] {
        return Err(Problem::new("old_excel").into());
    } else {
        ("csv", Some(text::rows(file, &mut sink)?))
    };
    let all = writer.finish()?;
    let top = head::top(spool)?;
    let first = head::guess(&top);
    let read = head::read(spool, &top, all, (first, first))?;
    Ok(Found { format, delimiter, columns: read.columns, called: read.called, rows: read.rows, head: read.head })
}

#[cfg(test)]
mod tests;
