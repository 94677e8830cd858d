//! What a company uploads as a template: a `.typ` file, a ZIP of one with its pictures and fonts, or a Word file. Taken
//! apart in memory, with bounds on all that a hostile file could grow.

use std::collections::BTreeMap;
use std::io::{Cursor, Read};

use kernel::error::FieldError;
use kernel::{Error, Message, Result};
use zip::ZipArchive;

use super::TemplateKind;
use crate::INVALID;

/// Bytes of an uploaded file: 2 MB.
pub(crate) const MAX_FILE: usize = 2 * 1024 * 1024;
/// Bytes of all that a ZIP unpacks to.
pub(crate) const MAX_UNPACKED: usize = 8 * 1024 * 1024;
/// Files in a ZIP of a template.
const MAX_FILES: usize = 40;
/// Files in a Word file, which has many small ones.
const MAX_PARTS: usize = 400;
/// Pictures of a template.
const MAX_PICTURES: usize = 20;
/// Fonts of a template.
const MAX_FONTS: usize = 6;
/// Bytes of a picture or a font.
const MAX_PART: usize = 1024 * 1024;
/// Names that belong to what a template is given.
const GIVEN: [&str; 5] = ["main.typ", "paper.typ", "data.json", "logo", "signature"];

/// A template, ready to be used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Content {
    /// Its source, and what it reads by name.
    Typ { main: String, files: BTreeMap<String, Vec<u8>> },
    /// A Word file.
    Docx(Vec<u8>),
}

impl Content {
    pub const fn kind(&self) -> TemplateKind {
        match self {
            Self::Typ { .. } => TemplateKind::Typ,
            Self::Docx(_) => TemplateKind::Docx,
        }
    }
}

/// What is wrong with a file.
pub(crate) fn wrong(words: &str) -> FieldError {
    FieldError::worded("invalid", words)
}

fn refused(error: FieldError) -> Error {
    Error::field(INVALID, "file", error)
}

/// Takes an uploaded file apart.
///
/// # Errors
/// `TooLarge`; `document.invalid` naming `file`.
pub(crate) fn read(name: &str, bytes: &[u8]) -> Result<Content> {
    Ok(measured(name, bytes)?.0)
}

/// The same with the bytes that it unpacks to.
fn measured(name: &str, bytes: &[u8]) -> Result<(Content, usize)> {
    let size = |files: &BTreeMap<String, Vec<u8>>| files.values().map(Vec::len).sum::<usize>();
    if bytes.len() > MAX_FILE {
        return Err(Error::TooLarge(Message::key("error.too_large").with("max", MAX_FILE)));
    }
    let end = name.rsplit_once('.').map(|(_, end)| end.to_ascii_lowercase()).unwrap_or_default();
    match end.as_str() {
        "typ" => Ok((Content::Typ { main: source(name, bytes)?, files: BTreeMap::new() }, bytes.len())),
        "zip" => {
            let (main, files) = packed(bytes)?;
            let unpacked = main.len().saturating_add(size(&files));
            Ok((Content::Typ { main, files }, unpacked))
        }
        "docx" => {
            let parts = unzip(bytes, MAX_PARTS)?;
            if !parts.contains_key("word/document.xml") {
                return Err(refused(wrong("document.no_word_file")));
            }
            Ok((Content::Docx(bytes.to_vec()), size(&parts)))
        }
        _ => Err(refused(wrong("document.file_kind"))),
    }
}

/// The same beside what waits for answers: unpacking 8 MiB takes a while.
///
/// # Errors
/// As `read`.
pub(crate) async fn read_aside(name: String, bytes: Vec<u8>) -> Result<Content> {
    Ok(measured_aside(name, bytes).await?.0)
}

/// The same with the bytes that it unpacks to.
///
/// # Errors
/// As `read`.
pub(super) async fn measured_aside(name: String, bytes: Vec<u8>) -> Result<(Content, usize)> {
    let taken = tokio::task::spawn_blocking(move || measured(&name, &bytes));
    taken.await.map_err(Error::internal)?
}

fn source(name: &str, bytes: &[u8]) -> Result<String> {
    let text = std::str::from_utf8(bytes).map_err(|_| refused(wrong("document.not_utf8").with("name", name)))?;
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    if text.trim().is_empty() {
        return Err(refused(wrong("document.empty_file").with("name", name)));
    }
    Ok(text.to_owned())
}

/// A template with its pictures and fonts: `main.typ`, or the only `.typ` there is.
fn packed(bytes: &[u8]) -> Result<(String, BTreeMap<String, Vec<u8>>)> {
    let mut files = unzip(bytes, MAX_FILES)?;
    let sources: Vec<&String> = files.keys().filter(|name| name.ends_with(".typ")).collect();
    let main = match sources.as_slice() {
        [one] => (*one).clone(),
        several if several.iter().any(|name| name.as_str() == "main.typ") => "main.typ".to_owned(),
        _ => return Err(refused(wrong("document.no_main"))),
    };
    let main = source(&main, &files.remove(&main).unwrap_or_default())?;
    let (mut pictures, mut fonts) = (0, 0);
    for (name, content) in &files {
        let end = name.rsplit_once('.').map(|(_, end)| end.to_ascii_lowercase()).unwrap_or_default();
        let stem = name.split('.').next().unwrap_or_default();
        if GIVEN.contains(&name.as_str()) || GIVEN.contains(&stem) || stem == "stamp" {
            return Err(refused(wrong("document.given_name").with("name", name)));
        }
        match end.as_str() {
            "png" | "jpg" | "jpeg" | "gif" | "webp" | "svg" => pictures += 1,
            "ttf" | "otf" => fonts += 1,
            "typ" | "json" | "csv" | "txt" => drop(source(name, content)?),
            _ => return Err(refused(wrong("document.part_kind").with("name", name))),
        }
        if content.len() > MAX_PART {
            return Err(refused(wrong("document.part_size").with("name", name).with("max", MAX_PART / (1024 * 1024))));
        }
    }
    if pictures > MAX_PICTURES || fonts > MAX_FONTS {
        let error = wrong("document.too_many_parts").with("pictures", MAX_PICTURES).with("fonts", MAX_FONTS);
        return Err(refused(error));
    }
    Ok((main, files))
}

/// The files of a ZIP by name, without the folders' own entries.
///
/// # Errors
/// `document.invalid` naming `file` where it is no ZIP, is encrypted, names something outside itself, or unpacks to more
/// than 8 MiB.
pub(crate) fn unzip(bytes: &[u8], most: usize) -> Result<BTreeMap<String, Vec<u8>>> {
    let broken = || refused(wrong("document.no_zip"));
    let mut archive = ZipArchive::new(Cursor::new(bytes)).map_err(|_| broken())?;
    if archive.len() > most {
        return Err(refused(wrong("document.too_many_files").with("max", most)));
    }
    let mut files = BTreeMap::new();
    let mut left = MAX_UNPACKED;
    for index in 0..archive.len() {
        let file = archive.by_index(index).map_err(|_| broken())?;
        let name = file.name().map_err(|_| broken())?.into_owned();
        if file.is_dir() {
            continue;
        }
        // `./data.json` would be `data.json` to a template, and is not looked for under that name.
        let outside = name.contains('\\') || name.split('/').any(|part| matches!(part, "" | "." | ".."));
        if outside || file.is_symlink() || file.encrypted() {
            return Err(refused(wrong("document.part_kind").with("name", name.chars().take(80).collect::<String>())));
        }
        // The header may lie about the size: what is really read is bounded.
        let mut content = Vec::new();
        let bound = u64::try_from(left).unwrap_or(u64::MAX).saturating_add(1);
        file.take(bound).read_to_end(&mut content).map_err(|_| broken())?;
        left = left
            .checked_sub(content.len())
            .ok_or_else(|| refused(wrong("document.unpacked").with("max", MAX_UNPACKED / (1024 * 1024))))?;
        if files.insert(name, content).is_some() {
            return Err(broken());
        }
    }
    Ok(files)
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use kernel::Locale;
    use zip::ZipWriter;
    use zip::write::SimpleFileOptions;

    use super::*;

    fn zipped(files: &[(&str, &[u8])]) -> Vec<u8> {
        let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
        for (name, content) in files {
            zip.start_file(*name, SimpleFileOptions::default()).unwrap();
            zip.write_all(content).unwrap();
        }
        zip.finish().unwrap().into_inner()
    }

    #[track_caller]
    fn refusal(name: &str, bytes: &[u8]) -> String {
        let error = read(name, bytes).unwrap_err();
        error.fields_in(Locale::En).remove("file").map(|(_, words)| words).unwrap_or_default()
    }

    #[test]
    fn templates_come_alone_or_with_pictures_and_fonts() {
        let alone = read("Offer.TYP", "\u{feff}= Привіт".as_bytes()).unwrap();
        assert_eq!(alone, Content::Typ { main: "= Привіт".to_owned(), files: BTreeMap::new() });
        let bytes = zipped(&[("offer.typ", b"#image(\"a.png\")"), ("a.png", b"x"), ("fonts/b.ttf", b"y")]);
        let Content::Typ { main, files } = read("offer.zip", &bytes).unwrap() else { panic!("no typ") };
        assert_eq!(main, "#image(\"a.png\")");
        assert_eq!(files.keys().collect::<Vec<_>>(), ["a.png", "fonts/b.ttf"]);
    }

    #[test]
    fn what_is_no_template_says_why() {
        assert!(refusal("a.pdf", b"%PDF").contains(".typ"));
        assert!(refusal("a.typ", b"\xff\xfe").contains("UTF-8"));
        assert!(refusal("a.zip", b"no zip").contains("ZIP"));
        assert!(refusal("a.docx", &zipped(&[("a.txt", b"x")])).contains("Word"));
        assert!(refusal("a.zip", &zipped(&[("a.typ", b"x"), ("b.typ", b"x")])).contains("main.typ"));
        assert!(refusal("a.zip", &zipped(&[("a.typ", b"x"), ("../b.png", b"x")])).contains("../b.png"));
        assert!(refusal("a.zip", &zipped(&[("a.typ", b"x"), ("run.exe", b"x")])).contains("run.exe"));
        assert!(refusal("a.zip", &zipped(&[("a.typ", b"x"), ("data.json", b"{}")])).contains("data.json"));
        assert!(refusal("a.zip", &zipped(&[("a.typ", b"x"), ("./data.json", b"{}")])).contains("data.json"));
        assert!(refusal("a.zip", &zipped(&[("a.typ", b"x"), ("b.png", &[0; MAX_PART + 1])])).contains("b.png"));
        // A small file that unpacks to a great one.
        assert!(refusal("a.zip", &zipped(&[("a.typ", b"x"), ("b.png", &vec![0; MAX_UNPACKED + 1])])).contains('8'));
        assert!(matches!(read("a.typ", &vec![b'x'; MAX_FILE + 1]), Err(Error::TooLarge(_))));
    }
}
