//! CSV and its relatives: the delimiter is found by looking at the first rows.

use std::cell::Cell;
use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::path::Path;
use std::rc::Rc;

use super::decode::{Utf8, encoding_of};
use super::quoted::Rows;
use super::{MAX_CELL, MAX_COLUMNS, ReadError, Sink};
use crate::import::problem::Problem;

/// Bytes looked at to find the delimiter.
const SAMPLE: usize = 1 << 16;
/// Bytes one row may have, so that a quotation mark that is never closed does not put the file into memory.
const MAX_ROW_BYTES: usize = MAX_COLUMNS * MAX_CELL * 4;
/// In the order of preference when several fit equally.
const DELIMITERS: [u8; 4] = [b';', b',', b'\t', b'|'];

/// Feeds the rows of a text file to the sink. Returns the delimiter.
pub(super) fn rows(path: &Path, sink: Sink) -> Result<char, ReadError> {
    let encoding = encoding_of(path)?;
    let sample = sample(Utf8::new(File::open(path)?, encoding))?;
    if !is_text(&sample) {
        return Err(Problem::new("not_text").into());
    }
    let declared = declared_delimiter(&sample);
    let delimiter = declared.unwrap_or_else(|| guess(&sample));
    let watched = Watched { inner: Utf8::new(File::open(path)?, encoding), row_bytes: Rc::default() };
    let row_bytes = Rc::clone(&watched.row_bytes);
    let mut input = BufReader::with_capacity(SAMPLE, watched);
    if declared.is_some() {
        input.read_until(b'\n', &mut Vec::new())?;
    }
    let mut rows = Rows::new(input, delimiter);
    let mut number = 0;
    while let Some(cells) = rows.next().map_err(|error| unreadable(error, number + 1))? {
        number += 1;
        row_bytes.set(0);
        sink(number, &cells)?;
    }
    Ok(char::from(delimiter))
}

fn reader<R: Read>(input: R, delimiter: u8) -> csv::Reader<R> {
    csv::ReaderBuilder::new().has_headers(false).flexible(true).delimiter(delimiter).from_reader(input)
}

fn unreadable(error: ReadError, row: u64) -> ReadError {
    match error {
        ReadError::Io(error) if error.kind() == io::ErrorKind::FileTooLarge => {
            Problem::new("cell_too_long").with("row", row).with("max", MAX_CELL).into()
        }
        error => error,
    }
}

fn sample(text: impl Read) -> io::Result<String> {
    let mut bytes = Vec::new();
    text.take(u64::try_from(SAMPLE).unwrap_or(u64::MAX)).read_to_end(&mut bytes)?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

/// Text has next to no control characters.
fn is_text(sample: &str) -> bool {
    let strange = |c: &char| (c.is_control() && !matches!(c, '\t' | '\r' | '\n')) || *c == char::REPLACEMENT_CHARACTER;
    let odd = sample.chars().filter(strange).count();
    odd * 10 <= sample.chars().count()
}

/// Excel's own first line `sep=;`.
fn declared_delimiter(sample: &str) -> Option<u8> {
    let line = sample.lines().next()?;
    match line.strip_prefix("sep=").or_else(|| line.strip_prefix("SEP="))?.as_bytes() {
        [delimiter] if !delimiter.is_ascii_alphanumeric() && *delimiter != b'"' => Some(*delimiter),
        _ => None,
    }
}

/// The delimiter that cuts most of the first rows into as many cells as the header, the more cells the better.
fn guess(sample: &str) -> u8 {
    let score = |delimiter: u8| {
        let rows = reader(sample.as_bytes(), delimiter).into_records().take(50);
        let widths: Vec<usize> = rows.filter_map(|row| row.ok().map(|r| r.len())).collect();
        let header = widths.first().copied().unwrap_or_default();
        let same = widths.iter().filter(|width| **width == header).count();
        if header < 2 { (0, 0) } else { (same * 10 / widths.len().max(1), header) }
    };
    DELIMITERS.into_iter().rev().max_by_key(|delimiter| score(*delimiter)).filter(|d| score(*d).1 > 0).unwrap_or(b',')
}

/// Counts the bytes that passed since the last complete row.
struct Watched<R> {
    inner: R,
    row_bytes: Rc<Cell<usize>>,
}

impl<R: Read> Read for Watched<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let length = self.inner.read(out)?;
        self.row_bytes.set(self.row_bytes.get() + length);
        if self.row_bytes.get() > MAX_ROW_BYTES {
            return Err(io::ErrorKind::FileTooLarge.into());
        }
        Ok(length)
    }
}
