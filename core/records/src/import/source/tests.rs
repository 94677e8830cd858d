use std::io::Write;
use std::path::PathBuf;

use proptest::prelude::*;
use rust_xlsxwriter::{ExcelDateTime, Format, Formula, Workbook};
use tempfile::TempDir;
use zip::write::SimpleFileOptions;

use super::*;

/// Bytes of a spool.
const ROOM: u64 = 100 << 20;

struct Read {
    dir: TempDir,
    result: Result<Found, ReadError>,
}

fn read_bytes(bytes: &[u8]) -> Read {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("upload");
    std::fs::write(&file, bytes).unwrap();
    let result = read(&file, &dir.path().join("rows.csv"), ROOM);
    Read { dir, result }
}

impl Read {
    fn spool(&self) -> PathBuf {
        self.dir.path().join("rows.csv")
    }

    fn rows(&self) -> Vec<(u64, Vec<String>)> {
        let skip = self.result.as_ref().unwrap().head.skip;
        spool::rows(&self.spool(), skip).unwrap().map(|row| row.unwrap()).map(|row| (row.number, row.cells)).collect()
    }

    fn names(&self) -> Vec<String> {
        self.result.as_ref().unwrap().columns.iter().map(|(name, _)| name.clone()).collect()
    }

    fn refusal(&self) -> &'static str {
        match &self.result {
            Err(ReadError::Refused(problem)) => problem.code,
            other => panic!("{other:?}"),
        }
    }
}

/// Columns joined by `|`, rows joined by `|` after their number.
fn check(bytes: &[u8], delimiter: char, names: &str, rows: &[&str]) {
    let read = read_bytes(bytes);
    let found = read.result.as_ref().unwrap();
    assert_eq!(found.delimiter, Some(delimiter), "{names}");
    assert_eq!(read.names().join("|"), names);
    let got: Vec<String> =
        read.rows().into_iter().map(|(number, cells)| format!("{number}:{}", cells.join("|"))).collect();
    assert_eq!(got, rows);
    assert_eq!(found.rows, u64::try_from(rows.len()).unwrap());
}

fn refused(bytes: &[u8], code: &str) {
    assert_eq!(read_bytes(bytes).refusal(), code, "{:?}", String::from_utf8_lossy(&bytes[..bytes.len().min(60)]));
}

#[test]
fn delimiters_and_quotes() {
    check(b"a;b\n1;2\n", ';', "a|b", &["2:1|2"]);
    check(b"a,b\r\n1,\"x, y\"\r\n", ',', "a|b", &["2:1|x, y"]);
    check(b"a\tb\n1\t2", '\t', "a|b", &["2:1|2"]);
    check(b"a|b\n1|2\n", '|', "a|b", &["2:1|2"]);
    check(b"name\nAnn\n", ',', "name", &["2:Ann"]);
    check(b"sep=|\na|b\n1|2\n", '|', "a|b", &["2:1|2"]);
    // Commas inside numbers do not beat the real delimiter.
    check("имя;сумма\nА;1,5\nБ;2,5\n".as_bytes(), ';', "имя|сумма", &["2:А|1,5", "3:Б|2,5"]);
    check(b"a;b\n\"line 1\nline 2\";\"say \"\"hi\"\"\"\nx;y\n", ';', "a|b", &["2:line 1\nline 2|say \"hi\"", "3:x|y"]);
    check(b"a;b\nmid\"quote;\"x\"tail\n", ';', "a|b", &["2:mid\"quote|\"x\"tail"]);
}

#[test]
fn marks_inside_a_quoted_cell_that_are_not_doubled_stay_as_they_stand() {
    let csv = "имя;к\n\"ООО \"Ромашка\"\";\"раз\"\n\"труба 32\" стальная\";два\n\"Лилия\" ООО;\"три\"\n\"\";\"\"\"четыре\"\"\"\n";
    let rows = ["2:ООО \"Ромашка\"|раз", "3:труба 32\" стальная|два", "4:\"Лилия\" ООО|три", "5:|\"четыре\""];
    check(csv.as_bytes(), ';', "имя|к", &rows);
    for swallowing in ["a;b\n\"x;1\ny;2\n", "a;b\n\"x;1\n\"y\";2\n", "a;b\n\"x;1\ny;\"2\"\n"] {
        refused(swallowing.as_bytes(), "quote");
    }
}

#[test]
fn one_text_in_all_rows_fills_no_disk() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("upload");
    let mut book = Workbook::new();
    let sheet = book.add_worksheet();
    for row in 0..2_000 {
        sheet.write_string(row, 0, "щ".repeat(4_000)).unwrap();
    }
    book.save(&file).unwrap();
    assert!(std::fs::metadata(&file).unwrap().len() < 200_000);
    let spool = dir.path().join("rows.csv");
    match read(&file, &spool, 1 << 20) {
        Err(ReadError::Refused(problem)) => assert_eq!(problem.code, "too_large"),
        other => panic!("{other:?}"),
    }
    assert!(std::fs::metadata(&spool).unwrap().len() <= 1 << 20);
}

#[test]
fn encodings() {
    let text = "Имя;Город\nЇжак;Київ\n";
    let rows = ["2:Їжак|Київ"];
    check(text.as_bytes(), ';', "Имя|Город", &rows);
    check(&[b"\xEF\xBB\xBF", text.as_bytes()].concat(), ';', "Имя|Город", &rows);
    check(&encoding_rs::WINDOWS_1251.encode(text).0, ';', "Имя|Город", &rows);
    let le: Vec<u8> = [0xFF, 0xFE].into_iter().chain(text.encode_utf16().flat_map(u16::to_le_bytes)).collect();
    let be: Vec<u8> = [0xFE, 0xFF].into_iter().chain(text.encode_utf16().flat_map(u16::to_be_bytes)).collect();
    check(&le, ';', "Имя|Город", &rows);
    check(&be, ';', "Имя|Город", &rows);
    // Sequences of several bytes across the borders of buffers.
    let long = format!("x;{}\n1;{}\n", "ж".repeat(9_000), "щ".repeat(9_999));
    check(long.as_bytes(), ';', &format!("x|{}", "ж".repeat(9_000)), &[&format!("2:1|{}", "щ".repeat(9_999))]);
    check("a;b\n\u{202e}שלום;👩‍👩‍👧‍👦\n".as_bytes(), ';', "a|b", &["2:\u{202e}שלום|👩‍👩‍👧‍👦"]);
}

#[test]
fn a_broken_byte_in_utf8_marks_its_row_and_no_other() {
    let bytes = [format!("имя;город\n{}", "Анна;Киев\n".repeat(20)).as_bytes(), b"bro\xFFken;x\n"].concat();
    let read = read_bytes(&bytes);
    let rows = read.rows();
    assert_eq!(rows[19].1, ["Анна", "Киев"]);
    assert_eq!(rows[20].1, ["bro\u{fffd}ken", "x"]);
}

#[test]
fn ragged_empty_and_repeated() {
    check(b"a;b;c\n1\n1;2;3;4\n;;\n\n5;;6\n", ';', "a|b|c", &["2:1", "3:1|2|3|4", "5:5||6"]);
    check(b";;\n\na;a;;b\n1;2;3;4\n", ';', "a|a||b", &["3:1|2|3|4"]);
    check(b"a;b\nx\0y;z\n", ';', "a|b", &["2:x\0y|z"]);
    // What an escaped report holds comes back as it was.
    check(b"a;b\n'=1+1;'+7 916\n'plain;''=x\n", ';', "a|b", &["2:=1+1|+7 916", "3:'plain|'=x"]);
}

#[test]
fn files_that_cannot_be_imported() {
    refused(b"", "empty");
    refused(b"\n\n;;\n", "empty");
    refused(b"a;b\n", "no_rows");
    refused(b"a;b\n;\n \n", "no_rows");
    refused(&[0; 5_000], "not_text");
    refused(&(0..=255).cycle().take(9_000).collect::<Vec<u8>>(), "not_text");
    refused(b"\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1 and so on", "old_excel");
    refused(b"PK\x03\x04 not really", "damaged");
    refused(format!("a;b\n1;{}\n", "x".repeat(1 << 20)).as_bytes(), "cell_too_long");
    refused(format!("a;b\n1;\"{}", "x\n".repeat(20 << 20)).as_bytes(), "cell_too_long");
    refused(b"a;b\n1;2\n3;\"not closed\n5;6\n", "quote");
    refused(format!("{}\n1\n", "a;".repeat(200) + "b").as_bytes(), "too_many_columns");
    let many = format!("a\n{}", "1\n".repeat(500_001));
    refused(many.as_bytes(), "too_many_rows");
}

fn zip_of(parts: &[(&str, &[u8])]) -> Vec<u8> {
    let mut archive = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    for (name, bytes) in parts {
        archive.start_file(*name, SimpleFileOptions::default()).unwrap();
        archive.write_all(bytes).unwrap();
    }
    archive.finish().unwrap().into_inner()
}

const TYPES: &[u8] =
    b"<?xml version=\"1.0\"?><Types xmlns=\"http://schemas.openxmlformats.org/package/2006/content-types\"/>";

#[test]
fn workbooks_that_cannot_be_imported() {
    refused(&zip_of(&[("readme.txt", b"hello")]), "not_spreadsheet");
    refused(&zip_of(&[("word/document.xml", b"<x/>"), ("[Content_Types].xml", TYPES)]), "not_spreadsheet");
    refused(&zip_of(&[("[Content_Types].xml", TYPES), ("xl/workbook.xml", b"<broken")]), "damaged");
    let zeros = vec![b' '; 80 << 20];
    refused(
        &zip_of(&[("[Content_Types].xml", TYPES), ("xl/workbook.xml", b"<x/>"), ("xl/worksheets/sheet1.xml", &zeros)]),
        "too_large",
    );
    // An archive that lies about the size of an entry, in both places where it is written.
    let mut lying = zip_of(&[("[Content_Types].xml", TYPES), ("xl/workbook.xml", &vec![b'x'; 5_000])]);
    let real = 5_000_u32.to_le_bytes();
    for at in 0..lying.len() - 4 {
        if lying[at..at + 4] == real {
            lying[at..at + 4].copy_from_slice(&10_u32.to_le_bytes());
        }
    }
    assert!(matches!(read_bytes(&lying).refusal(), "too_large" | "damaged"));
    let good = book(|sheet| {
        sheet.write(0, 0, "a").unwrap();
        sheet.write(1, 0, "b").unwrap();
    });
    for cut in (30..good.len() - 1).step_by(97) {
        assert!(matches!(read_bytes(&good[..cut]).refusal(), "damaged" | "not_spreadsheet"));
    }
}

fn book(fill: impl FnOnce(&mut rust_xlsxwriter::Worksheet)) -> Vec<u8> {
    let mut book = Workbook::new();
    fill(book.add_worksheet());
    book.save_to_buffer().unwrap()
}

#[test]
fn cells_of_a_workbook_become_plain_text() {
    let bytes = book(|sheet| {
        let day = Format::new().set_num_format("dd.mm.yyyy");
        let time = Format::new().set_num_format("dd.mm.yyyy hh:mm");
        for (column, name) in (0..).zip(["text", "number", "float", "phone", "day", "time", "yes", "formula", "error"])
        {
            sheet.write(0, column, name).unwrap();
        }
        sheet.write(2, 0, "Їжак 👋").unwrap();
        sheet.write(2, 1, 42).unwrap();
        sheet.write(2, 2, 0.1 + 0.2).unwrap();
        sheet.write(2, 3, 79_161_234_567_i64).unwrap();
        sheet.write_with_format(2, 4, ExcelDateTime::from_ymd(2026, 1, 31).unwrap(), &day).unwrap();
        sheet
            .write_with_format(2, 5, ExcelDateTime::from_ymd(2026, 1, 31).unwrap().and_hms(15, 30, 0).unwrap(), &time)
            .unwrap();
        sheet.write(2, 6, true).unwrap();
        sheet.write(2, 7, Formula::new("=1+1").set_result("2")).unwrap();
        sheet.write(2, 8, Formula::new("=1/0").set_result("#DIV/0!")).unwrap();
    });
    let read = read_bytes(&bytes);
    assert_eq!(read.result.as_ref().unwrap().format, "xlsx");
    let (number, cells) = read.rows().remove(0);
    assert_eq!(number, 3);
    assert_eq!(
        cells,
        ["Їжак 👋", "42", "0.3", "79161234567", "2026-01-31", "2026-01-31 15:30:00", "TRUE", "2", "#DIV/0!"]
    );
}

#[test]
fn the_first_visible_sheet_is_read() {
    let mut workbook = Workbook::new();
    workbook.add_worksheet().set_hidden(true).write(0, 0, "secret").unwrap();
    let sheet = workbook.add_worksheet();
    sheet.set_active(true);
    sheet.write(0, 0, "a").unwrap();
    sheet.write(1, 0, "1").unwrap();
    let read = read_bytes(&workbook.save_to_buffer().unwrap());
    assert_eq!(read.names(), ["a"]);
    refused(&book(|_| {}), "empty");
    refused(
        &book(|sheet| {
            sheet.write(0, 0, "a").unwrap().write(1, 250, "b").unwrap();
        }),
        "too_many_columns",
    );
}

#[test]
fn reading_goes_on_where_it_stopped() {
    let read = read_bytes(b"a;b\n1;2\n3;4\n5;6\n");
    let rest: Vec<u64> = spool::rows(&read.spool(), 3).unwrap().map(|row| row.unwrap().number).collect();
    assert_eq!(rest, [4]);
}

#[test]
fn a_title_above_the_table_is_no_header_and_merged_cells_of_a_workbook_are_one() {
    check("Клієнти 2026;;\n\nІм'я;Телефон;Сума\nЯна;1;2\n".as_bytes(), ';', "Ім'я|Телефон|Сума", &["3:Яна|1|2"]);
    let bytes = book(|sheet| {
        sheet.merge_range(0, 0, 0, 3, "Clients", &Format::new()).unwrap();
        sheet.write(1, 0, "ID").unwrap();
        sheet.merge_range(1, 1, 1, 2, "Contact", &Format::new()).unwrap();
        for (column, name) in ["", "Name", "Phone", "Sum"].iter().enumerate() {
            sheet.write(2, column.try_into().unwrap(), *name).unwrap();
        }
        sheet.write(3, 1, "Ann").unwrap();
    });
    let read = read_bytes(&bytes);
    let found = read.result.as_ref().unwrap();
    assert_eq!((found.head.first, found.rows), (2, 2));
    let top = head::top(&read.spool()).unwrap();
    let places = head::places(&top, 2, 3).unwrap();
    let chosen = head::read(&read.spool(), &top, found.head.all, places).unwrap();
    let names: Vec<&str> = chosen.columns.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, ["ID", "Contact / Name", "Contact / Phone", "Contact / Sum"]);
    assert_eq!((chosen.rows, chosen.head.skip), (1, 3));
    let last = head::places(&top, 4, 4).unwrap();
    let refused = head::read(&read.spool(), &top, found.head.all, last);
    assert!(matches!(refused, Err(ReadError::Refused(problem)) if problem.code == "no_rows"));
}

#[test]
fn samples_are_a_few_different_values() {
    let read = read_bytes(b"a;b\n1;x\n1;y\n2;\n3;z\n4;x\n");
    let columns = &read.result.as_ref().unwrap().columns;
    assert_eq!(columns[0].1, ["1", "2", "3"]);
    assert_eq!(columns[1].1, ["x", "y", "z"]);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn no_bytes_bring_the_reader_down(bytes in prop::collection::vec(any::<u8>(), 0..400), kind in 0..4) {
        let start: &[u8] = match kind { 0 => b"PK\x03\x04", 1 => b"\xFF\xFE", 2 => b"a;b\n\"", _ => b"" };
        let read = read_bytes(&[start, &bytes].concat());
        if read.result.is_ok() {
            drop(read.rows());
        }
    }

    #[test]
    fn every_cell_survives_csv(cells in prop::collection::vec(prop::collection::vec("[^\\x00\r\u{fffd}]{1,12}", 3), 1..6)) {
        let mut out = csv::WriterBuilder::new().delimiter(b';').from_writer(Vec::new());
        out.write_record(["a", "b", "c"]).unwrap();
        for row in &cells {
            out.write_record(row.iter().map(|cell| crate::import::escape(cell))).unwrap();
        }
        let bytes = out.into_inner().unwrap();
        let read = read_bytes(&bytes);
        let Ok(found) = &read.result else { return Ok(()) };
        prop_assume!(found.delimiter == Some(';'));
        let expected: Vec<&Vec<String>> = cells.iter().filter(|row| row.iter().any(|cell| !cell.trim().is_empty())).collect();
        let got = read.rows();
        prop_assert_eq!(got.len(), expected.len());
        for ((_, got), expected) in got.iter().zip(expected) {
            // Blank cells at the end of a row may be missing.
            for (index, cell) in expected.iter().enumerate() {
                let got = got.get(index).map_or("", String::as_str);
                prop_assert!(got == cell || (got.trim().is_empty() && cell.trim().is_empty()), "{got:?} {cell:?}");
            }
        }
    }

    #[test]
    fn a_damaged_workbook_is_refused_or_read(at in 0_usize..6_000, byte in any::<u8>()) {
        let mut bytes = book(|sheet| {
            sheet.write(0, 0, "a").unwrap();
            sheet.write(1, 0, "b").unwrap();
            sheet.write(2, 0, 5.5).unwrap();
        });
        let place = at % bytes.len();
        bytes[place] = byte;
        drop(read_bytes(&bytes));
    }
}
