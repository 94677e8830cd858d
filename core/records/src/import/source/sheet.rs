//! XLSX: the first visible sheet, cell by cell. Cells become text: dates as `2026-01-31` or `2026-01-31 15:30:00`,
//! numbers in full, booleans as `TRUE` and `FALSE`; a formula gives the value the workbook keeps with it.
//!
//! The sheet is streamed; only the shared strings of the workbook are held in memory, within `MAX_STRINGS`. Archives
//! are measured before anything is parsed: an entry that unpacks to more than it declares, or out of all proportion,
//! is refused.

use std::fs::File;
use std::io::{self, BufReader, Read};
use std::path::Path;

use calamine::{DataRef, ExcelDateTime, Reader, SheetType, SheetVisible, Style, Xlsx, XlsxError};
use rust_decimal::Decimal;

use super::format::Meaning;
use super::{MAX_COLUMNS, ReadError, Sink};
use crate::import::problem::Problem;

/// Entries of a workbook.
const MAX_ENTRIES: usize = 5_000;
/// Unpacked bytes of all XML in a workbook.
const MAX_XML: u64 = 1 << 30;
/// Unpacked bytes of the shared strings.
const MAX_STRINGS: u64 = 256 << 20;
/// Unpacked bytes of any other part that is no sheet.
const MAX_PART: u64 = 64 << 20;
/// Entries this small may be packed as well as they like.
const SMALL: u64 = 16 << 20;
/// How much smaller than its text an entry may be.
const MAX_RATIO: u64 = 250;

/// Feeds the rows of the first sheet to the sink.
pub(super) fn rows(path: &Path, sink: Sink) -> Result<(), ReadError> {
    measure(path)?;
    let mut book: Xlsx<_> = Xlsx::new(BufReader::new(File::open(path)?)).map_err(damaged)?;
    let sheets = book.sheets_metadata();
    let usable = |visible: bool| {
        sheets.iter().find(|s| s.typ == SheetType::WorkSheet && (!visible || s.visible == SheetVisible::Visible))
    };
    let name = usable(true).or_else(|| usable(false)).map(|sheet| sheet.name.clone());
    let name = name.ok_or_else(|| Problem::new("empty"))?;
    let mut cells = book.worksheet_cells_reader(&name).map_err(damaged)?;
    let mut row: Vec<String> = Vec::new();
    let mut current = 0;
    let meanings: Vec<Meaning> = cells.styles().iter().map(meaning).collect();
    while let Some((cell, style)) = cells.next_cell_with_style_id().map_err(damaged)? {
        let (number, column) = cell.get_position();
        if number != current {
            sink(u64::from(current) + 1, &row)?;
            row.clear();
            current = number;
        }
        let text = text_of(cell.get_value(), meanings.get(style));
        if text.is_empty() {
            continue;
        }
        let column = usize::try_from(column).unwrap_or(usize::MAX);
        if column >= MAX_COLUMNS {
            return Err(Problem::new("too_many_columns").with("max", MAX_COLUMNS).into());
        }
        if row.len() <= column {
            row.resize(column + 1, String::new());
        }
        if let Some(place) = row.get_mut(column) {
            *place = text;
        }
    }
    sink(u64::from(current) + 1, &row)
}

fn damaged(error: XlsxError) -> ReadError {
    match error {
        XlsxError::Io(error) => error.into(),
        _ => Problem::new("damaged").into(),
    }
}

/// Refuses archives that are no workbook or would unpack into more than is bearable.
fn measure(path: &Path) -> Result<(), ReadError> {
    let broken = |_| ReadError::from(Problem::new("damaged"));
    let mut archive = zip::ZipArchive::new(BufReader::new(File::open(path)?)).map_err(broken)?;
    if archive.index_for_name("[Content_Types].xml").is_none() || archive.index_for_name("xl/workbook.xml").is_none() {
        return Err(Problem::new("not_spreadsheet").into());
    }
    if archive.len() > MAX_ENTRIES {
        return Err(Problem::new("too_large").into());
    }
    let mut total = 0_u64;
    for index in 0..archive.len() {
        let entry = archive.by_index(index).map_err(broken)?;
        let name = entry.name().map_err(broken)?.to_ascii_lowercase();
        if !name.ends_with(".xml") && !name.ends_with(".rels") {
            continue;
        }
        let (declared, packed) = (entry.size(), entry.compressed_size());
        total = total.saturating_add(declared);
        let limit = if name.starts_with("xl/worksheets/") {
            MAX_XML
        } else if name.ends_with("sharedstrings.xml") {
            MAX_STRINGS
        } else {
            MAX_PART
        };
        if total > MAX_XML || declared > limit || (declared > SMALL && declared / MAX_RATIO > packed) {
            return Err(Problem::new("too_large").into());
        }
        // The declaration may lie: unpack once without keeping anything.
        let unpacked = io::copy(&mut entry.take(declared.saturating_add(1)), &mut io::sink());
        match unpacked {
            Ok(real) if real <= declared => {}
            Ok(_) => return Err(Problem::new("too_large").into()),
            Err(_) => return Err(Problem::new("damaged").into()),
        }
    }
    Ok(())
}

/// What the number format of a style means.
fn meaning(style: &Style) -> Meaning {
    style.number_format.as_ref().map(|format| Meaning::of(&format.format_code)).unwrap_or_default()
}

fn text_of(value: &DataRef<'_>, meaning: Option<&Meaning>) -> String {
    match value {
        DataRef::Empty => String::new(),
        DataRef::Int(whole) => meaning.map_or_else(|| whole.to_string(), |meaning| meaning.shown((*whole).into())),
        DataRef::Float(number) => number_text(*number, meaning),
        DataRef::String(text) | DataRef::DateTimeIso(text) | DataRef::DurationIso(text) => text.clone(),
        DataRef::SharedString(text) => (*text).to_owned(),
        DataRef::Bool(yes) => if *yes { "TRUE" } else { "FALSE" }.to_owned(),
        DataRef::DateTime(at) => time_text(at),
        DataRef::Error(error) => error.to_string(),
    }
}

/// A number with the 15 digits that a spreadsheet shows and never an exponent, as far as decimals reach.
fn number_text(number: f64, meaning: Option<&Meaning>) -> String {
    let text = format!("{number:.14e}");
    let plain = Meaning::default();
    let meaning = meaning.unwrap_or(&plain);
    Decimal::from_scientific(&text).map_or_else(|_| number.to_string(), |decimal| meaning.shown(decimal))
}

fn time_text(at: &ExcelDateTime) -> String {
    let (year, month, day, hour, minute, second, milli) = at.to_ymd_hms_milli();
    let mut clock = format!("{hour:02}:{minute:02}:{second:02}");
    if milli > 0 {
        clock.push_str(&format!(".{milli:03}"));
    }
    if at.is_duration() || at.as_f64() < 1.0 {
        return clock;
    }
    let date = format!("{year:04}-{month:02}-{day:02}");
    if (hour, minute, second, milli) == (0, 0, 0, 0) { date } else { format!("{date} {clock}") }
}
