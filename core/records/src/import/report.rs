//! The report of refused rows: the original columns and a column `error`, to be mended and imported again.

use std::sync::Arc;

use kernel::{Db, Error, Locale, Result};

use super::convert::RowProblem;
use super::store::Stored;
use super::{lines, problem};
use crate::Catalogue;
use crate::catalogue::field_label;

/// The name of the added column; a column of that name is never mapped.
pub const ERROR_COLUMN: &str = "error";

const RISKY: [char; 6] = ['=', '+', '-', '@', '\t', '\r'];

/// Whether a spreadsheet program might take the text for a formula, leading apostrophes aside.
fn looks_like_formula(text: &str) -> bool {
    text.trim_start_matches('\'').starts_with(RISKY)
}

/// The text so that no spreadsheet program runs it: an apostrophe in front of what begins like a formula (OWASP, "CSV
/// Injection"). `unescape` takes it away again, so a report that is imported gives the original cells.
pub fn escape(text: &str) -> String {
    if looks_like_formula(text) { format!("'{text}") } else { text.to_owned() }
}

/// Undoes `escape`.
pub fn unescape(text: &str) -> &str {
    match text.strip_prefix('\'') {
        Some(rest) if looks_like_formula(rest) => rest,
        _ => text,
    }
}

/// Refused rows read at once.
const PAGE: u64 = 500;

/// A report on its way out.
pub struct Report {
    /// A name for the file.
    pub file_name: String,
    db: Db,
    import: Stored,
    delimiter: u8,
    locale: Locale,
    catalogue: Arc<Catalogue>,
    after: Option<u64>,
    begun: bool,
    /// Of rows that were taken without some cells, not of those that were refused.
    taken: bool,
}

impl Report {
    /// The name of a field; of one that is gone its key.
    fn label(&self, key: &str) -> String {
        if lines::part_of(key).is_some() {
            return problem::label(key, self.locale);
        }
        let def = self.catalogue.find(&self.import.entity);
        let found = def.and_then(|def| Some((def, def.field(key)?)));
        found.map_or_else(|| key.to_owned(), |(def, field)| field_label(def, field, self.locale))
    }

    /// `taken`: of rows that were taken without some of their cells.
    pub(super) fn new(db: &Db, locale: Locale, catalogue: Arc<Catalogue>, import: Stored, taken: bool) -> Self {
        let stem = import.file_name.rsplit_once('.').map_or(import.file_name.as_str(), |(stem, _)| stem);
        let delimiter = import.settings.delimiter.unwrap_or(if locale == Locale::En { ',' } else { ';' });
        Self {
            file_name: format!("{stem} - {}.csv", if taken { "left out" } else { "errors" }),
            db: db.clone(),
            delimiter: u8::try_from(delimiter).unwrap_or(b','),
            locale,
            catalogue,
            after: None,
            begun: false,
            taken,
            import,
        }
    }

    /// The next piece of the file: first a byte order mark (for Excel) and the header, then rows. None at the end.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn next(&mut self) -> Result<Option<Vec<u8>>> {
        let mut out = csv::WriterBuilder::new().delimiter(self.delimiter).flexible(true).from_writer(Vec::new());
        let width = self.width();
        if !self.begun {
            self.begun = true;
            let names = self.import.columns.iter().take(width).map(|column| escape(&column.name));
            out.write_record(names.chain([ERROR_COLUMN.to_owned()])).map_err(Error::internal)?;
            let mut bytes = "\u{feff}".as_bytes().to_vec();
            bytes.extend(out.into_inner().map_err(Error::internal)?);
            return Ok(Some(bytes));
        }
        let rows = super::store::refusals(self.db.read(), self.import.id, self.after, PAGE).await?;
        let Some(last) = rows.last() else { return Ok(None) };
        self.after = Some(last.row);
        for refusal in rows.iter().filter(|refusal| refusal.taken() == self.taken) {
            // A row with more cells than the header keeps them, behind the column of errors.
            let cells = (0..width).map(|index| refusal.cells.get(index).map(|cell| escape(cell)).unwrap_or_default());
            let beyond = refusal.cells.iter().skip(self.import.columns.len()).map(|cell| escape(cell));
            out.write_record(cells.chain([self.words(&refusal.problems)]).chain(beyond)).map_err(Error::internal)?;
        }
        out.into_inner().map(Some).map_err(Error::internal)
    }

    /// The whole report at once, for tests and the command line.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn all(mut self) -> Result<Vec<u8>> {
        let mut whole = Vec::new();
        while let Some(piece) = self.next().await? {
            whole.extend(piece);
        }
        Ok(whole)
    }

    /// Columns without the errors of an earlier report.
    fn width(&self) -> usize {
        let names = &self.import.columns;
        names.len() - usize::from(names.last().is_some_and(|column| column.name == ERROR_COLUMN))
    }

    fn words(&self, problems: &[RowProblem]) -> String {
        let one = |problem: &RowProblem| match &problem.field {
            Some(field) => format!("{}: {}", self.label(field), problem.message),
            None => problem.message.clone(),
        };
        escape(&problems.iter().map(one).collect::<Vec<_>>().join(" "))
    }
}
