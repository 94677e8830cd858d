//! Rows as bytes, piece by piece. Pieces of CSV are packed by themselves. Pieces of XLSX are parts of one DEFLATE stream (RFC
//! 1951): each ends at the border of a byte (an empty stored block) and needs nothing of those before it, so they are made
//! at different times and stand one behind the other in a ZIP file (PKWARE APPNOTE 6.3) whose head is written last. No
//! library writes a sheet across restarts without keeping it in memory or beside the database.

use std::fmt::Write as _;
use std::io::{Read, Write};

use chrono::NaiveDate;
use flate2::read::DeflateDecoder;
use flate2::write::DeflateEncoder;
use flate2::{Compress, Compression, FlushCompress};
use kernel::{Error, Locale, Result};

use super::cells::Cell;

/// Characters of a cell of a spreadsheet.
const MAX_CELL: usize = 32_767;

/// Lines of CSV, packed.
pub(super) fn csv(head: Option<&[String]>, rows: &[Vec<Cell>], locale: Locale) -> Result<Vec<u8>> {
    let delimiter = if locale == Locale::En { b',' } else { b';' };
    let begin = head.map_or(Vec::new(), |_| "\u{feff}".as_bytes().to_vec());
    let mut out = csv::WriterBuilder::new().delimiter(delimiter).from_writer(begin);
    let escaped = |text: &String| crate::import::escape(text);
    if let Some(head) = head {
        out.write_record(head.iter().map(escaped)).map_err(Error::internal)?;
    }
    for row in rows {
        let cells = row.iter().map(|cell| match cell {
            Cell::Text(text) => escaped(text),
            other => other.said(),
        });
        out.write_record(cells).map_err(Error::internal)?;
    }
    packed(&out.into_inner().map_err(Error::internal)?)
}

/// A piece of CSV, by itself.
pub(super) fn packed(text: &[u8]) -> Result<Vec<u8>> {
    let mut packed = DeflateEncoder::new(Vec::new(), Compression::fast());
    packed.write_all(text).map_err(Error::internal)?;
    packed.finish().map_err(Error::internal)
}

/// A piece of CSV as it was.
pub(super) fn unpacked(piece: &[u8]) -> Result<Vec<u8>> {
    let mut text = Vec::new();
    DeflateDecoder::new(piece).read_to_end(&mut text).map_err(Error::internal)?;
    Ok(text)
}

/// How far a sheet is.
#[derive(Debug, Clone, Copy, Default, serde::Serialize, serde::Deserialize)]
pub(super) struct Sheet {
    /// Rows so far, the head among them.
    rows: u64,
    /// Of the unpacked text so far.
    crc: u32,
    length: u64,
    packed: u64,
}

impl Sheet {
    /// The next part of the stream: rows, behind the beginning of the sheet where `head` is given.
    pub fn part(&mut self, head: Option<&[String]>, rows: &[Vec<Cell>]) -> Result<Vec<u8>> {
        let mut text = String::new();
        if let Some(head) = head {
            text.push_str(SHEET_BEGIN);
            self.row(&mut text, head.iter().map(|name| Cell::Text(name.clone())), 1);
        }
        for row in rows {
            self.row(&mut text, row.iter().cloned(), 0);
        }
        self.packed(&text, FlushCompress::Sync)
    }

    /// The last part of the stream, and all that stands before the first one and behind the last one in the file.
    pub fn end(&mut self) -> Result<(Vec<u8>, Vec<u8>)> {
        let mut last = self.packed(SHEET_END, FlushCompress::Finish)?;
        let mut head = Vec::new();
        let mut directory = Vec::new();
        for (name, content) in PARTS {
            let crc = crc32fast::hash(content.as_bytes());
            let length = small(content.len())?;
            let entry = Entry { name, crc, packed: length, length, method: 0, at: small(head.len())? };
            entry.local(&mut head)?;
            head.extend_from_slice(content.as_bytes());
            entry.central(&mut directory)?;
        }
        let entry = Entry {
            name: "xl/worksheets/sheet1.xml",
            crc: self.crc,
            packed: u32::try_from(self.packed).map_err(|_| too_large())?,
            length: u32::try_from(self.length).map_err(|_| too_large())?,
            method: 8,
            at: small(head.len())?,
        };
        entry.local(&mut head)?;
        entry.central(&mut directory)?;
        let at = u32::try_from(wide(head.len())? + self.packed).map_err(|_| too_large())?;
        let count = u16::try_from(PARTS.len() + 1).map_err(Error::internal)?;
        let size = small(directory.len())?;
        last.append(&mut directory);
        last.extend_from_slice(b"PK\x05\x06\0\0\0\0");
        last.extend_from_slice(&count.to_le_bytes());
        last.extend_from_slice(&count.to_le_bytes());
        last.extend_from_slice(&size.to_le_bytes());
        last.extend_from_slice(&at.to_le_bytes());
        last.extend_from_slice(&[0, 0]);
        Ok((head, last))
    }

    fn packed(&mut self, text: &str, flush: FlushCompress) -> Result<Vec<u8>> {
        let mut crc = crc32fast::Hasher::new_with_initial_len(self.crc, self.length);
        crc.update(text.as_bytes());
        self.crc = crc.finalize();
        self.length += wide(text.len())?;
        let mut stream = Compress::new(Compression::fast(), false);
        let mut out = Vec::with_capacity(text.len() / 4 + 1_024);
        let mut rest = text.as_bytes();
        loop {
            let (before, room) = (stream.total_in(), out.len());
            let status = stream.compress_vec(rest, &mut out, flush).map_err(Error::internal)?;
            let read = usize::try_from(stream.total_in() - before).map_err(Error::internal)?;
            rest = rest.get(read..).unwrap_or_default();
            let over = match flush {
                FlushCompress::Finish => status == flate2::Status::StreamEnd,
                // With room left behind the last byte everything is out.
                _ => rest.is_empty() && out.len() < out.capacity(),
            };
            if over {
                break;
            }
            out.reserve(Ord::max(out.len() - room, 16 * 1_024));
        }
        self.packed += wide(out.len())?;
        Ok(out)
    }

    fn row(&mut self, text: &mut String, cells: impl Iterator<Item = Cell>, style: u8) {
        self.rows += 1;
        let _ = write!(text, "<row r=\"{}\">", self.rows);
        for (column, cell) in cells.enumerate() {
            let place = format!("{}{}", letters(column), self.rows);
            let _ = match cell {
                Cell::Nothing => Ok(()),
                Cell::Text(words) => {
                    let words: String = words.chars().take(MAX_CELL).collect();
                    let escaped = escaped(&words);
                    write!(
                        text,
                        "<c r=\"{place}\" s=\"{style}\" t=\"inlineStr\"><is><t xml:space=\"preserve\">{escaped}</t></is></c>"
                    )
                }
                Cell::Number(number) => write!(text, "<c r=\"{place}\"><v>{}</v></c>", number.normalize()),
                Cell::Day(day) => write!(text, "<c r=\"{place}\" s=\"2\"><v>{}</v></c>", days(day)),
                Cell::Moment(at) => {
                    let seconds = at.and_utc().timestamp().rem_euclid(86_400);
                    let part = f64::from(u32::try_from(seconds).unwrap_or_default()) / 86_400.0;
                    let serial = f64::from(i32::try_from(days(at.date())).unwrap_or_default()) + part;
                    write!(text, "<c r=\"{place}\" s=\"3\"><v>{serial}</v></c>")
                }
            };
        }
        text.push_str("</row>");
    }
}

fn too_large() -> Error {
    Error::TooLarge(kernel::Message::key("error.export.too_large").with("max", super::MAX_ROWS))
}

fn small(size: usize) -> Result<u32> {
    u32::try_from(size).map_err(Error::internal)
}

/// A part of a ZIP file.
struct Entry {
    name: &'static str,
    crc: u32,
    packed: u32,
    length: u32,
    method: u16,
    at: u32,
}

impl Entry {
    fn common(&self, out: &mut Vec<u8>) -> Result<()> {
        // Names are in UTF-8; the date is 1980-01-01, so that the same list gives the same bytes.
        for part in [20_u16, 0x0800, self.method, 0, 0x21] {
            out.extend_from_slice(&part.to_le_bytes());
        }
        for part in [self.crc, self.packed, self.length] {
            out.extend_from_slice(&part.to_le_bytes());
        }
        let name = u16::try_from(self.name.len()).map_err(Error::internal)?;
        out.extend_from_slice(&name.to_le_bytes());
        out.extend_from_slice(&[0, 0]);
        Ok(())
    }

    fn local(&self, out: &mut Vec<u8>) -> Result<()> {
        out.extend_from_slice(b"PK\x03\x04");
        self.common(out)?;
        out.extend_from_slice(self.name.as_bytes());
        Ok(())
    }

    fn central(&self, out: &mut Vec<u8>) -> Result<()> {
        out.extend_from_slice(b"PK\x01\x02\x14\0");
        self.common(out)?;
        // No comment, first disk, no attributes.
        out.extend_from_slice(&[0; 10]);
        out.extend_from_slice(&self.at.to_le_bytes());
        out.extend_from_slice(self.name.as_bytes());
        Ok(())
    }
}

/// The letters of a column, from 0.
fn letters(mut column: usize) -> String {
    let mut name = Vec::new();
    loop {
        name.push(char::from(b'A' + u8::try_from(column % 26).unwrap_or_default()));
        match (column / 26).checked_sub(1) {
            Some(next) => column = next,
            None => return name.into_iter().rev().collect(),
        }
    }
}

/// Days since the beginning of spreadsheets.
fn wide(length: usize) -> Result<u64> {
    u64::try_from(length).map_err(Error::internal)
}

fn days(day: NaiveDate) -> i64 {
    let zero = NaiveDate::from_ymd_opt(1899, 12, 30).unwrap_or_default();
    (day - zero).num_days()
}

fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\t' | '\n' => out.push(c),
            // XML 1.0 has no other control characters and no half characters.
            c if c < ' ' || matches!(c, '\u{fffe}' | '\u{ffff}') => {}
            c => out.push(c),
        }
    }
    out
}

const SHEET_BEGIN: &str = "<?xml version=\"1.0\" encoding=\"UTF-8\" standalone=\"yes\"?>\n<worksheet xmlns=\"http://schemas.openxmlformats.org/spreadsheetml/2006/main\"><sheetViews><sheetView workbookViewId=\"0\"><pane ySplit=\"1\" topLeftCell=\"A2\" activePane=\"bottomLeft\" state=\"frozen\"/></sheetView></sheetViews><sheetFormatPr defaultRowHeight=\"15\"/><sheetData>";
const SHEET_END: &str = "</sheetData></worksheet>";

/// The other parts, with what they hold.
const PARTS: [(&str, &str); 5] = [
    (
        "[Content_Types].xml",
        "<?xml version=\"1.0\" encoding=\"UTF-8\" standalone=\"yes\"?>\n<Types xmlns=\"http://schemas.openxmlformats.org/package/2006/content-types\"><Default Extension=\"rels\" ContentType=\"application/vnd.openxmlformats-package.relationships+xml\"/><Default Extension=\"xml\" ContentType=\"application/xml\"/><Override PartName=\"/xl/workbook.xml\" ContentType=\"application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml\"/><Override PartName=\"/xl/worksheets/sheet1.xml\" ContentType=\"application/vnd.openxmlformats-officedocument.spreadsheetml.worksheet+xml\"/><Override PartName=\"/xl/styles.xml\" ContentType=\"application/vnd.openxmlformats-officedocument.spreadsheetml.styles+xml\"/></Types>",
    ),
    (
        "_rels/.rels",
        "<?xml version=\"1.0\" encoding=\"UTF-8\" standalone=\"yes\"?>\n<Relationships xmlns=\"http://schemas.openxmlformats.org/package/2006/relationships\"><Relationship Id=\"rId1\" Type=\"http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument\" Target=\"xl/workbook.xml\"/></Relationships>",
    ),
    (
        "xl/workbook.xml",
        "<?xml version=\"1.0\" encoding=\"UTF-8\" standalone=\"yes\"?>\n<workbook xmlns=\"http://schemas.openxmlformats.org/spreadsheetml/2006/main\" xmlns:r=\"http://schemas.openxmlformats.org/officeDocument/2006/relationships\"><bookViews><workbookView/></bookViews><sheets><sheet name=\"Sheet1\" sheetId=\"1\" r:id=\"rId1\"/></sheets></workbook>",
    ),
    (
        "xl/_rels/workbook.xml.rels",
        "<?xml version=\"1.0\" encoding=\"UTF-8\" standalone=\"yes\"?>\n<Relationships xmlns=\"http://schemas.openxmlformats.org/package/2006/relationships\"><Relationship Id=\"rId1\" Type=\"http://schemas.openxmlformats.org/officeDocument/2006/relationships/worksheet\" Target=\"worksheets/sheet1.xml\"/><Relationship Id=\"rId2\" Type=\"http://schemas.openxmlformats.org/officeDocument/2006/relationships/styles\" Target=\"styles.xml\"/></Relationships>",
    ),
    (
        "xl/styles.xml",
        "<?xml version=\"1.0\" encoding=\"UTF-8\" standalone=\"yes\"?>\n<styleSheet xmlns=\"http://schemas.openxmlformats.org/spreadsheetml/2006/main\"><numFmts count=\"2\"><numFmt numFmtId=\"164\" formatCode=\"yyyy\\-mm\\-dd\"/><numFmt numFmtId=\"165\" formatCode=\"yyyy\\-mm\\-dd\\ hh:mm:ss\"/></numFmts><fonts count=\"2\"><font><sz val=\"11\"/><name val=\"Calibri\"/></font><font><b/><sz val=\"11\"/><name val=\"Calibri\"/></font></fonts><fills count=\"2\"><fill><patternFill patternType=\"none\"/></fill><fill><patternFill patternType=\"gray125\"/></fill></fills><borders count=\"1\"><border/></borders><cellStyleXfs count=\"1\"><xf/></cellStyleXfs><cellXfs count=\"4\"><xf/><xf fontId=\"1\" applyFont=\"1\"/><xf numFmtId=\"164\" applyNumberFormat=\"1\"/><xf numFmtId=\"165\" applyNumberFormat=\"1\"/></cellXfs></styleSheet>",
    ),
];

#[cfg(test)]
mod tests {
    use calamine::{Data, Reader, Xlsx};

    use super::*;

    fn rows(from: i64, to: i64) -> Vec<Vec<Cell>> {
        let row = |number: i64| {
            let day = NaiveDate::from_ymd_opt(2026, 11, 29).unwrap();
            vec![
                Cell::Text(format!("<Ґанок & \"ёлка\" {number}>\u{1}")),
                Cell::Number(number.into()),
                Cell::Day(day),
                Cell::Moment(day.and_hms_opt(18, 0, 0).unwrap()),
                Cell::Nothing,
            ]
        };
        (from..to).map(row).collect()
    }

    #[test]
    fn pieces_made_one_after_the_other_are_one_spreadsheet() {
        let head: Vec<String> = ["Title", "Number", "Day", "At", "Empty"].map(str::to_owned).to_vec();
        let mut sheet = Sheet::default();
        let mut parts = vec![sheet.part(Some(&head), &rows(0, 700)).unwrap()];
        // Between two steps only this is kept.
        let mut sheet: Sheet = serde_json::from_value(serde_json::to_value(sheet).unwrap()).unwrap();
        parts.push(sheet.part(None, &rows(700, 1_500)).unwrap());
        parts.push(sheet.part(None, &[]).unwrap());
        let (begin, end) = sheet.end().unwrap();
        let file = [begin, parts.concat(), end].concat();
        let mut book: Xlsx<_> = Xlsx::new(std::io::Cursor::new(file)).unwrap();
        let range = book.worksheet_range("Sheet1").unwrap();
        assert_eq!(range.height(), 1_501);
        assert_eq!(range.get((0, 1)), Some(&Data::String("Number".into())));
        assert_eq!(range.get((1_500, 0)), Some(&Data::String("<Ґанок & \"ёлка\" 1499>".into())));
        assert_eq!(range.get((1_500, 1)), Some(&Data::Float(1_499.0)));
        let Some(Data::DateTime(at)) = range.get((1, 3)) else { panic!("{:?}", range.get((1, 3))) };
        assert!((at.as_f64() - 46_355.75).abs() < 1e-9, "{at:?}");
    }

    #[test]
    fn text_that_would_be_a_formula_is_quoted() {
        let text = |locale| {
            let rows = [vec![Cell::Text("=cmd()".into()), Cell::Number((-5).into())]];
            String::from_utf8(unpacked(&csv(Some(&["+a".to_owned(), "b".to_owned()]), &rows, locale).unwrap()).unwrap())
        };
        assert_eq!(text(Locale::En).unwrap(), "\u{feff}'+a,b\n'=cmd(),-5\n");
        assert_eq!(text(Locale::Ru).unwrap(), "\u{feff}'+a;b\n'=cmd();-5\n");
    }

    #[test]
    fn columns_have_letters() {
        for (column, name) in [(0, "A"), (25, "Z"), (26, "AA"), (51, "AZ"), (52, "BA"), (701, "ZZ"), (702, "AAA")] {
            assert_eq!(letters(column), name);
        }
    }
}
