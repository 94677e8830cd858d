//! The spool: rows of a file as plain UTF-8 CSV, the row's number first. Empty rows are left out. The rows above the
//! header and the header itself are in it too: a person may choose another one.

use std::fs::File;
use std::io::{self, BufReader, BufWriter};
use std::path::Path;

use super::{MAX_CELL, MAX_COLUMNS, MAX_ROWS, ReadError};
use crate::import::problem::Problem;
use crate::import::report::unescape;

/// Writes a spool.
pub(super) struct Writer {
    out: csv::Writer<BufWriter<File>>,
    rows: u64,
    room: u64,
}

impl Writer {
    /// At most `room` bytes are written.
    pub(super) fn create(path: &Path, room: u64) -> Result<Self, ReadError> {
        let out = csv::WriterBuilder::new().flexible(true).from_writer(BufWriter::new(File::create(path)?));
        Ok(Self { out, rows: 0, room })
    }

    /// Takes a row of the file.
    pub(super) fn row(&mut self, number: u64, cells: &[String]) -> Result<(), ReadError> {
        let used = cells.iter().rposition(|cell| !cell.trim().is_empty()).map_or(0, |last| last + 1);
        let cells = cells.get(..used).unwrap_or_default();
        if cells.is_empty() {
            return Ok(());
        }
        if used > MAX_COLUMNS {
            return Err(Problem::new("too_many_columns").with("max", MAX_COLUMNS).into());
        }
        if cells.iter().any(|cell| cell.len() > MAX_CELL && cell.chars().count() > MAX_CELL) {
            return Err(Problem::new("cell_too_long").with("row", number).with("max", MAX_CELL).into());
        }
        self.rows += 1;
        // The header is none of them.
        if self.rows > MAX_ROWS + 1 {
            return Err(Problem::new("too_many_rows").with("max", MAX_ROWS).into());
        }
        let size: usize = cells.iter().map(|cell| cell.len() + 1).sum();
        self.room = u64::try_from(size)
            .ok()
            .and_then(|size| self.room.checked_sub(size))
            .ok_or_else(|| Problem::new("too_large"))?;
        let number = number.to_string();
        let clean = cells.iter().map(|cell| unescape(cell));
        self.out.write_record(std::iter::once(number.as_str()).chain(clean)).map_err(io::Error::from)?;
        Ok(())
    }

    /// How many rows there are, the header among them.
    pub(super) fn finish(mut self) -> Result<u64, ReadError> {
        self.out.flush()?;
        if self.rows == 0 { Err(Problem::new("empty").into()) } else { Ok(self.rows) }
    }
}

/// A row of the spool.
#[derive(Debug, Clone)]
pub(in crate::import) struct Row {
    /// Its number in the file.
    pub number: u64,
    /// Its cells; missing ones at the end are empty.
    pub cells: Vec<String>,
    /// The rows below it that are of the same record: one per product row.
    pub more: Vec<(u64, Vec<String>)>,
    /// It is of a record that has more rows than one may.
    pub beyond: bool,
}

/// Reads the rows of a spool after the first `skip` of them.
pub(in crate::import) fn rows(path: &Path, skip: u64) -> io::Result<impl Iterator<Item = io::Result<Row>> + use<>> {
    let file = BufReader::with_capacity(1 << 16, File::open(path)?);
    let reader = csv::ReaderBuilder::new().has_headers(false).flexible(true).from_reader(file);
    let skip = usize::try_from(skip).unwrap_or(usize::MAX);
    Ok(reader.into_records().skip(skip).map(|record| {
        let record = record?;
        let mut cells = record.iter();
        let number = cells.next().and_then(|text| text.parse().ok()).unwrap_or_default();
        Ok(Row { number, cells: cells.map(str::to_owned).collect(), more: Vec::new(), beyond: false })
    }))
}
