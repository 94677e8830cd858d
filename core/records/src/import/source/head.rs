//! The header of a file: which of its first rows names the columns. At first the first row, or the first that looks like
//! one where a title stands above the table; then whatever the person says, two rows too (a merged cell above several
//! columns names all of them).

use std::path::Path;

use serde::{Deserialize, Serialize};

use super::spool::{self, Row};
use super::{Names, ReadError};
use crate::import::problem::Problem;

/// Rows of which the header may be chosen.
pub(in crate::import) const TOP: usize = 20;
/// Rows of a header, at most.
const DEEP: usize = 3;
/// Different values shown of a column.
const SAMPLES: usize = 3;
/// Characters shown of a value.
const SAMPLE_LENGTH: usize = 100;
/// Filled cells of a row below that make a single cell above it a title.
const TABLE: usize = 3;

/// Where the header of a spool is, as kept. None in imports of older versions, whose spools have no header in them.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::import) struct Head {
    /// Rows of the spool up to and with the last of the header.
    pub skip: u64,
    /// Number of its first row in the file.
    pub first: u64,
    /// Number of its last row in the file.
    pub last: u64,
    /// Rows of the spool.
    pub all: u64,
}

/// A header with what it says.
#[derive(Debug)]
pub(in crate::import) struct Read {
    /// Names of the columns, each with a few different values.
    pub columns: Names,
    /// The names without what a merged cell above them says.
    pub called: Vec<String>,
    /// Rows below.
    pub rows: u64,
    /// Where it is.
    pub head: Head,
}

/// The first rows of a spool.
///
/// # Errors
/// The disk's.
pub(in crate::import) fn top(spool: &Path) -> std::io::Result<Vec<Row>> {
    spool::rows(spool, 0)?.take(TOP).collect()
}

fn filled(row: &Row) -> usize {
    row.cells.iter().filter(|cell| !cell.trim().is_empty()).count()
}

/// The place among the first rows of the one that is probably the header: the first, but for titles above a table.
pub(super) fn guess(top: &[Row]) -> usize {
    let widest = top.iter().map(filled).max().unwrap_or_default();
    if widest < TABLE {
        return 0;
    }
    top.iter().position(|row| filled(row) > 1).unwrap_or_default()
}

/// Places among the first rows of those with these numbers in the file.
pub(in crate::import) fn places(top: &[Row], first: u64, last: u64) -> Option<(usize, usize)> {
    let place = |number: u64| top.iter().position(|row| row.number == number);
    let (first, last) = (place(first)?, place(last)?);
    (first <= last && last - first < DEEP).then_some((first, last))
}

/// Reads the columns under a header in these places of the first rows.
///
/// # Errors
/// `no_rows` when nothing is below, the disk's.
pub(in crate::import) fn read(
    spool: &Path,
    top: &[Row],
    all: u64,
    (first, last): (usize, usize),
) -> Result<Read, ReadError> {
    let rows = top.get(first..=last).unwrap_or_default();
    let numbers = rows.first().zip(rows.last()).map(|(first, last)| (first.number, last.number));
    let (from, to) = numbers.ok_or_else(|| Problem::new("empty"))?;
    let skip = u64::try_from(last).unwrap_or_default() + 1;
    let (names, called) = names(rows);
    let below = all.saturating_sub(skip);
    if below == 0 {
        return Err(Problem::new("no_rows").into());
    }
    let columns = sampled(spool, skip, names)?;
    Ok(Read { columns, called, rows: below, head: Head { skip, first: from, last: to, all } })
}

/// What the columns are called in whole, and by the lowest row that names them.
fn names(rows: &[Row]) -> (Vec<String>, Vec<String>) {
    let width = rows.iter().map(|row| row.cells.len()).max().unwrap_or_default();
    let mut whole: Vec<Vec<String>> = vec![Vec::new(); width];
    for (depth, row) in rows.iter().enumerate() {
        let mut merged = "";
        for (index, parts) in whole.iter_mut().enumerate() {
            let own = row.cells.get(index).map_or("", |cell| cell.trim());
            merged = if own.is_empty() { merged } else { own };
            // A merged cell keeps its text in its first column; what it stands above is named below it.
            let lower =
                rows.iter().skip(depth + 1).any(|row| row.cells.get(index).is_some_and(|c| !c.trim().is_empty()));
            let name = if lower { merged } else { own };
            if !name.is_empty() && parts.last().is_none_or(|last| last != name) {
                parts.push(name.to_owned());
            }
        }
    }
    let called = whole.iter().map(|parts| parts.last().cloned().unwrap_or_default()).collect();
    (whole.into_iter().map(|parts| parts.join(" / ")).collect(), called)
}

fn sampled(spool: &Path, skip: u64, names: Vec<String>) -> std::io::Result<Names> {
    let mut columns: Names = names.into_iter().map(|name| (name, Vec::new())).collect();
    for row in spool::rows(spool, skip)? {
        for ((_, samples), cell) in columns.iter_mut().zip(&row?.cells) {
            if samples.len() < SAMPLES {
                let text: String = cell.trim().chars().take(SAMPLE_LENGTH).collect();
                if !text.is_empty() && !samples.contains(&text) {
                    samples.push(text);
                }
            }
        }
        if columns.iter().all(|(_, samples)| samples.len() >= SAMPLES) {
            break;
        }
    }
    Ok(columns)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(number: u64, cells: &[&str]) -> Row {
        let cells = cells.iter().map(|cell| (*cell).to_owned()).collect();
        Row { number, cells, more: Vec::new(), beyond: false }
    }

    #[test]
    fn titles_above_a_table_are_no_header() {
        let title = row(1, &["Clients of 2026"]);
        let subtitle = row(3, &["", "by Ann"]);
        let table = row(4, &["Name", "Phone", "Sum"]);
        assert_eq!(guess(&[title.clone(), subtitle, table.clone()]), 2);
        assert_eq!(guess(std::slice::from_ref(&table)), 0);
        // A list of names is one column.
        assert_eq!(guess(&[title.clone(), row(2, &["Ann"]), row(3, &["Lee", "x"])]), 0);
        assert_eq!(guess(&[]), 0);
        assert_eq!(places(&[title.clone(), table.clone()], 1, 4), Some((0, 1)));
        assert_eq!(places(&[title.clone(), table.clone()], 4, 1), None);
        assert_eq!(places(&[title, table], 1, 2), None);
    }

    #[test]
    fn a_merged_cell_names_what_it_stands_above() {
        let upper = row(1, &["ID", "Contact", "", "Sum", ""]);
        let lower = row(2, &["", "Name", "Phone", "", "Note"]);
        let (whole, called) = names(&[upper, lower.clone()]);
        assert_eq!(whole, ["ID", "Contact / Name", "Contact / Phone", "Sum", "Sum / Note"]);
        assert_eq!(called, ["ID", "Name", "Phone", "Sum", "Note"]);
        assert_eq!(names(&[lower]).0, ["", "Name", "Phone", "", "Note"]);
    }
}
