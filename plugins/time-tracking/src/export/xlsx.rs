//! XLSX: one sheet with typed cells, in a zip whose files are stored as they are. Pure.

use super::{Cell, Table};
use crate::zone;

const TYPES: &str = r#"<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"><Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/><Default Extension="xml" ContentType="application/xml"/><Override PartName="/xl/workbook.xml" ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"/><Override PartName="/xl/worksheets/sheet1.xml" ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.worksheet+xml"/><Override PartName="/xl/styles.xml" ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.styles+xml"/></Types>"#;
const ROOT: &str = r#"<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="rId1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument" Target="xl/workbook.xml"/></Relationships>"#;
const BOOK: &str = r#"<workbook xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main" xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"><sheets><sheet name="1" sheetId="1" r:id="rId1"/></sheets></workbook>"#;
const PARTS: &str = r#"<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="rId1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/worksheet" Target="worksheets/sheet1.xml"/><Relationship Id="rId2" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/styles" Target="styles.xml"/></Relationships>"#;
/// Plain, hours, dates, heads.
const STYLES: &str = r#"<styleSheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><numFmts count="2"><numFmt numFmtId="164" formatCode="[h]:mm:ss"/><numFmt numFmtId="165" formatCode="yyyy\-mm\-dd"/></numFmts><fonts count="2"><font><sz val="11"/></font><font><b/><sz val="11"/></font></fonts><fills count="2"><fill><patternFill patternType="none"/></fill><fill><patternFill patternType="gray125"/></fill></fills><borders count="1"><border/></borders><cellStyleXfs count="1"><xf/></cellStyleXfs><cellXfs count="4"><xf/><xf numFmtId="164" applyNumberFormat="1"/><xf numFmtId="165" applyNumberFormat="1"/><xf fontId="1" applyFont="1"/></cellXfs></styleSheet>"#;
const HEAD: &str = r#"<?xml version="1.0" encoding="UTF-8" standalone="yes"?>"#;

/// The table as a file.
pub(super) fn written(table: &Table) -> Vec<u8> {
    zipped(&[
        ("[Content_Types].xml", format!("{HEAD}{TYPES}")),
        ("_rels/.rels", format!("{HEAD}{ROOT}")),
        ("xl/workbook.xml", format!("{HEAD}{BOOK}")),
        ("xl/_rels/workbook.xml.rels", format!("{HEAD}{PARTS}")),
        ("xl/styles.xml", format!("{HEAD}{STYLES}")),
        ("xl/worksheets/sheet1.xml", sheet(table)),
    ])
}

fn sheet(table: &Table) -> String {
    let heads: String = table.heads.iter().map(|head| text(head, 3)).collect();
    let mut rows = format!("<row>{heads}</row>");
    for row in &table.rows {
        let cells: String = row.iter().map(cell).collect();
        rows.push_str(&format!("<row>{cells}</row>"));
    }
    let space = "http://schemas.openxmlformats.org/spreadsheetml/2006/main";
    format!("{HEAD}<worksheet xmlns=\"{space}\"><sheetData>{rows}</sheetData></worksheet>")
}

fn cell(cell: &Cell) -> String {
    match cell {
        Cell::Text(words) => text(words, 0),
        // A day is 1.
        Cell::Time(seconds) => format!("<c s=\"1\"><v>{}</v></c>", fraction(*seconds)),
        Cell::Day(day) => match zone::date(day) {
            Some(date) => format!("<c s=\"2\"><v>{}</v></c>", serial(date)),
            None => text(day, 0),
        },
        Cell::Number(number) => format!("<c><v>{}</v></c>", escaped(number)),
        Cell::Empty => "<c/>".to_owned(),
    }
}

fn text(words: &str, style: u8) -> String {
    format!("<c s=\"{style}\" t=\"inlineStr\"><is><t xml:space=\"preserve\">{}</t></is></c>", escaped(words))
}

/// Seconds as a part of a day, in billionths.
fn fraction(seconds: i64) -> String {
    let billionths = (i128::from(seconds) * 1_000_000_000 + 43_200) / 86_400;
    format!("{}.{:09}", billionths / 1_000_000_000, billionths % 1_000_000_000)
}

/// Days since 30 December 1899, as spreadsheets count: 1 January 1970 is 25,569.
fn serial(date: zone::Date) -> i64 {
    date.signed_duration_since(zone::Date::default()).num_days() + 25_569
}

/// What XML lets stand; control characters are left out.
fn escaped(words: &str) -> String {
    let mut out = String::with_capacity(words.len());
    for sign in words.chars() {
        match sign {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '\n' | '\t' => out.push(sign),
            sign if sign.is_control() || matches!(sign, '\u{fffe}' | '\u{ffff}') => {}
            sign => out.push(sign),
        }
    }
    out
}

/// A zip of stored files, all of one moment (1 January 1980).
fn zipped(files: &[(&str, String)]) -> Vec<u8> {
    let (mut body, mut directory) = (Vec::new(), Vec::new());
    for (name, content) in files {
        let begins = size(body.len());
        let mut facts = Vec::new();
        // Version 2.0, names in UTF-8, stored, the moment.
        facts.extend([20, 0, 0, 8, 0, 0, 0, 0, 0x21, 0]);
        facts.extend(crc(content.as_bytes()).to_le_bytes());
        facts.extend(size(content.len()).to_le_bytes());
        facts.extend(size(content.len()).to_le_bytes());
        facts.extend(short(name.len()));
        facts.extend([0, 0]);
        body.extend(b"PK\x03\x04");
        body.extend(&facts);
        body.extend(name.as_bytes());
        body.extend(content.as_bytes());
        directory.extend(b"PK\x01\x02\x14\x00");
        directory.extend(&facts);
        // No comment, first disk, no attributes.
        directory.extend([0; 10]);
        directory.extend(begins.to_le_bytes());
        directory.extend(name.as_bytes());
    }
    let begins = size(body.len());
    body.extend(&directory);
    body.extend(b"PK\x05\x06\0\0\0\0");
    body.extend(short(files.len()));
    body.extend(short(files.len()));
    body.extend(size(directory.len()).to_le_bytes());
    body.extend(begins.to_le_bytes());
    body.extend([0, 0]);
    body
}

/// A file has a few thousand rows: its sizes fit.
fn size(length: usize) -> u32 {
    u32::try_from(length).unwrap_or(u32::MAX)
}

fn short(length: usize) -> [u8; 2] {
    u16::try_from(length).unwrap_or(u16::MAX).to_le_bytes()
}

fn crc(bytes: &[u8]) -> u32 {
    let step = |crc: u32, byte: &u8| {
        (0..8).fold(crc ^ u32::from(*byte), |crc, _| if crc & 1 == 1 { (crc >> 1) ^ 0xedb8_8320 } else { crc >> 1 })
    };
    !bytes.iter().fold(u32::MAX, step)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn checksums_are_those_of_zip() {
        assert_eq!(crc(b"123456789"), 0xcbf4_3926);
    }

    #[test]
    fn cells_have_their_types_and_hostile_text_stays_text() {
        assert_eq!(cell(&Cell::Time(43_200)), "<c s=\"1\"><v>0.500000000</v></c>");
        assert_eq!(cell(&Cell::Day("2026-03-01".into())), "<c s=\"2\"><v>46082</v></c>");
        assert!(cell(&Cell::Text("=A1&<b>\u{1}".into())).contains("=A1&amp;&lt;b&gt;</t>"));
    }

    #[test]
    fn the_zip_says_where_its_files_are() {
        let file = written(&Table { heads: vec!["What".into()], rows: vec![vec![Cell::Empty]] });
        let end = file.len() - 22;
        assert_eq!(&file[end..end + 4], b"PK\x05\x06");
        let begins = u32::from_le_bytes(file[end + 16..end + 20].try_into().unwrap());
        let begins = usize::try_from(begins).unwrap();
        assert_eq!(&file[begins..begins + 4], b"PK\x01\x02");
        assert_eq!(u16::from_le_bytes(file[end + 10..end + 12].try_into().unwrap()), 6);
    }
}
