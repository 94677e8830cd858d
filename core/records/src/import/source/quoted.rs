//! Rows of delimited text, quotes as in RFC 4180, and as people and old programs write them: quotes inside a quoted cell
//! that were not doubled stay as they stand. A cell that would swallow other rows is a fault of the file.

use std::io::{self, BufRead};

use super::ReadError;
use crate::import::problem::Problem;

/// Reads rows one after another.
pub(super) struct Rows<R> {
    input: R,
    delimiter: u8,
    number: u64,
}

impl<R: BufRead> Rows<R> {
    /// Over UTF-8 text.
    pub(super) const fn new(input: R, delimiter: u8) -> Self {
        Self { input, delimiter, number: 0 }
    }

    /// The next row that is not an empty line, or none at the end.
    ///
    /// # Errors
    /// `quote` for a quotation mark that is not closed, or closed in another row; what the input says.
    pub(super) fn next(&mut self) -> Result<Option<Vec<String>>, ReadError> {
        loop {
            if self.peek()?.is_none() {
                return Ok(None);
            }
            if self.end_of_line()? {
                continue;
            }
            self.number += 1;
            return self.row().map(Some);
        }
    }

    fn row(&mut self) -> Result<Vec<String>, ReadError> {
        let mut cells = Vec::new();
        loop {
            let cell = if self.peek()? == Some(b'"') { self.quoted()? } else { self.plain()? };
            cells.push(cell);
            if self.peek()? == Some(self.delimiter) {
                self.take()?;
            } else {
                self.end_of_line()?;
                return Ok(cells);
            }
        }
    }

    fn plain(&mut self) -> Result<String, ReadError> {
        let mut cell = Vec::new();
        loop {
            let next = self.peek()?;
            if self.is_end(next) {
                return Ok(text(cell));
            }
            cell.extend(self.take()?);
        }
    }

    /// A cell that begins with a quotation mark: up to the one before a delimiter or the end of the row. Where text
    /// follows a mark, marks are not doubled in this cell and stand for themselves; if none closes it, the first one
    /// does too.
    fn quoted(&mut self) -> Result<String, ReadError> {
        self.take()?;
        let mut cell = vec![b'"'];
        let mut loose = false;
        loop {
            let next = self.peek()?;
            if loose && self.is_end(next) {
                return Ok(text(cell));
            }
            let Some(byte) = self.take()? else { return Err(self.fault()) };
            if byte != b'"' {
                cell.push(byte);
                continue;
            }
            let next = self.peek()?;
            if self.is_end(next) {
                cell.remove(0);
                return Ok(text(cell));
            }
            cell.push(b'"');
            if next == Some(b'"') && !loose {
                self.take()?;
            } else if next != Some(b'"') {
                if cell.contains(&b'\n') {
                    return Err(self.fault());
                }
                loose = true;
            }
        }
    }

    fn fault(&self) -> ReadError {
        Problem::new("quote").with("row", self.number).into()
    }

    fn is_end(&self, byte: Option<u8>) -> bool {
        byte.is_none_or(|byte| byte == self.delimiter || matches!(byte, b'\n' | b'\r'))
    }

    /// Takes the end of a line, if one is next.
    fn end_of_line(&mut self) -> io::Result<bool> {
        match self.peek()? {
            Some(b'\n') => drop(self.take()?),
            Some(b'\r') => {
                self.take()?;
                if self.peek()? == Some(b'\n') {
                    self.take()?;
                }
            }
            _ => return Ok(false),
        }
        Ok(true)
    }

    fn peek(&mut self) -> io::Result<Option<u8>> {
        let byte = self.input.fill_buf()?.first().copied();
        Ok(byte)
    }

    fn take(&mut self) -> io::Result<Option<u8>> {
        let byte = self.peek()?;
        if byte.is_some() {
            self.input.consume(1);
        }
        Ok(byte)
    }
}

fn text(bytes: Vec<u8>) -> String {
    String::from_utf8(bytes).unwrap_or_else(|error| String::from_utf8_lossy(error.as_bytes()).into_owned())
}
