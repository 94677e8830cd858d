//! Answers as files: CSV (UTF-8 with a byte order mark, `;` where people write Russian or Ukrainian, text that would be a
//! formula quoted) and XLSX with types. Made by a long job under its asker's rights, audited, kept a week.
//!
//! | module | what |
//! |---|---|
//! | `table` | an answer as lines and columns with words |
//! | `job` | the long job, the kept file, its end |

mod job;
mod table;

pub use job::{EXPORT, Export, ExportFile, ExportInput, ExportSteps, Exported, SWEEP, Sweep};
pub use table::{Cell, Table};

use std::collections::BTreeSet;

use kernel::{Error, Locale, Result};
use rust_xlsxwriter::{Format as CellFormat, Workbook, Worksheet};
use serde::{Deserialize, Serialize};

/// What a file is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = ExportFormat)]
pub enum Format {
    /// Comma-separated values (RFC 4180).
    Csv,
    /// Office Open XML.
    Xlsx,
}

impl Format {
    /// How files of it end.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Csv => "csv",
            Self::Xlsx => "xlsx",
        }
    }

    /// What it is called on the way.
    pub const fn media_type(self) -> &'static str {
        match self {
            Self::Csv => "text/csv; charset=utf-8",
            Self::Xlsx => "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
        }
    }
}

/// A table as a file.
///
/// # Errors
/// More lines or columns than a sheet may have.
pub fn table_of(table: &Table, format: Format, locale: Locale) -> Result<Vec<u8>> {
    match format {
        Format::Csv => csv_of(table, locale),
        Format::Xlsx => xlsx_of(table),
    }
}

fn csv_of(table: &Table, locale: Locale) -> Result<Vec<u8>> {
    let delimiter = if locale == Locale::En { b',' } else { b';' };
    let mut out = csv::WriterBuilder::new().delimiter(delimiter).from_writer("\u{feff}".as_bytes().to_vec());
    let escaped = |text: &String| records::import::escape(text);
    out.write_record(table.head.iter().map(escaped)).map_err(Error::internal)?;
    for row in &table.rows {
        let cells = row.iter().map(|cell| match cell {
            Cell::Text(text) => escaped(text),
            other => other.said(),
        });
        out.write_record(cells).map_err(Error::internal)?;
    }
    out.into_inner().map_err(Error::internal)
}

fn xlsx_of(table: &Table) -> Result<Vec<u8>> {
    workbook(&[("Sheet1", table)])
}

/// Characters of a cell that Office programs take.
const MAX_CELL: usize = 32_000;

/// Tables as sheets of one file, under these names.
///
/// # Errors
/// More lines or columns than a sheet may have.
pub fn workbook(sheets: &[(&str, &Table)]) -> Result<Vec<u8>> {
    let mut book = Workbook::new();
    let mut taken = BTreeSet::new();
    for (name, table) in sheets {
        let sheet = book.add_worksheet();
        sheet.set_name(sheet_name(name, &mut taken)).map_err(Error::internal)?;
        fill(sheet, table)?;
    }
    book.save_to_buffer().map_err(Error::internal)
}

/// A name that Office programs take and no other sheet has.
fn sheet_name(name: &str, taken: &mut BTreeSet<String>) -> String {
    let plain: String = name.chars().filter(|letter| !"[]:*?/\\'".contains(*letter)).collect();
    let plain = if plain.trim().is_empty() { "Sheet" } else { plain.trim() };
    let cut = |most: usize| plain.chars().take(most).collect::<String>();
    let numbered = (2..).map(|number| format!("{} {number}", cut(26)));
    let mut names = std::iter::once(cut(31)).chain(numbered);
    let free = names.find(|name| taken.insert(name.to_lowercase()));
    free.unwrap_or_else(|| plain.to_owned())
}

fn fill(sheet: &mut Worksheet, table: &Table) -> Result<()> {
    let format = |format: &str| CellFormat::new().set_num_format(format);
    let (bold, money, day, length) =
        (CellFormat::new().set_bold(), format("#,##0.00"), format("yyyy-mm-dd"), format("[h]:mm"));
    let column = |index: usize| u16::try_from(index).map_err(Error::internal);
    for (index, text) in table.head.iter().enumerate() {
        sheet.write_string_with_format(0, column(index)?, text, &bold).map_err(Error::internal)?;
    }
    for (line, row) in table.rows.iter().enumerate() {
        let line = u32::try_from(line + 1).map_err(Error::internal)?;
        for (index, cell) in row.iter().enumerate() {
            let at = column(index)?;
            match cell {
                Cell::None => continue,
                Cell::Text(text) => sheet.write_string(line, at, text.chars().take(MAX_CELL).collect::<String>()),
                Cell::Number(number) => sheet.write_number(line, at, *number),
                Cell::Money(number) => sheet.write_number_with_format(line, at, *number, &money),
                Cell::Length(seconds) => sheet.write_number_with_format(line, at, *seconds / 86_400.0, &length),
                Cell::Day(date) => {
                    let date = rust_xlsxwriter::ExcelDateTime::parse_from_str(&date.to_string());
                    sheet.write_datetime_with_format(line, at, date.map_err(Error::internal)?, &day)
                }
            }
            .map_err(Error::internal)?;
        }
    }
    sheet.set_freeze_panes(1, 0).map_err(Error::internal)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_that_would_be_a_formula_is_quoted_and_a_number_is_not() {
        let table = Table {
            head: vec!["Source".into(), "Sum".into()],
            rows: vec![
                vec![Cell::Text("=HYPERLINK(\"x\")".into()), Cell::Money(-5.5)],
                vec![Cell::None, Cell::Number(2.0)],
            ],
        };
        let text = |locale: Locale| String::from_utf8(csv_of(&table, locale).unwrap()).unwrap();
        assert_eq!(text(Locale::En), "\u{feff}Source,Sum\n\"'=HYPERLINK(\"\"x\"\")\",-5.5\n,2\n");
        assert!(text(Locale::Uk).starts_with("\u{feff}Source;Sum\n"));
        assert!(xlsx_of(&table).unwrap().starts_with(b"PK"));
    }

    #[test]
    fn sheets_have_names_that_office_programs_take_and_long_texts_are_cut() {
        let mut taken = BTreeSet::new();
        let mut named = |name: &str| sheet_name(name, &mut taken);
        assert_eq!((named("Hours: [2026]"), named("hours 2026")), ("Hours 2026".into(), "hours 2026 2".into()));
        assert_eq!((named("*"), named(&"a".repeat(40))), ("Sheet".into(), "a".repeat(31)));
        assert_eq!(named(&"A".repeat(40)), format!("{} 2", "A".repeat(26)));
        let long = Table { head: vec!["Note".into()], rows: vec![vec![Cell::Text("x".repeat(40_000))]] };
        assert!(workbook(&[("One", &long), ("One", &long)]).unwrap().starts_with(b"PK"));
    }
}
