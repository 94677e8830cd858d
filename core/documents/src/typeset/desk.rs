//! What a template is given: itself, its files, our fonts, the day. Nothing else exists for it.

use std::collections::HashMap;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use typst::diag::{FileError, FileResult};
use typst::foundations::{Bytes, Datetime, Duration};
use typst::syntax::{FileId, RootedPath, Source, VirtualPath, VirtualRoot};
use typst::text::{Font, FontBook};
use typst::utils::LazyHash;
use typst::{Library, LibraryExt, World};

use super::{Sheet, Trouble};

/// Noto, under the Open Font License (`fonts/OFL.txt`).
const FONTS: [&[u8]; 6] = [
    include_bytes!("../../fonts/NotoSans-Regular.ttf"),
    include_bytes!("../../fonts/NotoSans-Bold.ttf"),
    include_bytes!("../../fonts/NotoSerif-Regular.ttf"),
    include_bytes!("../../fonts/NotoSerif-Bold.ttf"),
    include_bytes!("../../fonts/NotoSansMath-Regular.ttf"),
    include_bytes!("../../fonts/NotoSansSymbols2-Regular.ttf"),
];

/// The world of one sheet.
pub(super) struct Desk {
    library: LazyHash<Library>,
    book: LazyHash<FontBook>,
    fonts: Vec<Font>,
    main: FileId,
    sources: HashMap<FileId, Source>,
    files: HashMap<FileId, Bytes>,
    day: Option<Datetime>,
    above: usize,
}

/// Whether a file is a font of the template's own.
fn is_font(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    name.ends_with(".ttf") || name.ends_with(".otf")
}

/// A file of the sheet, by its name.
fn file(name: &str) -> Result<FileId, Trouble> {
    let path = VirtualPath::new(name);
    let path = path.map_err(|_| Trouble::Template { problem: format!("the name {name}"), line: None })?;
    Ok(FileId::new(RootedPath::new(VirtualRoot::Project, path)))
}

impl Desk {
    pub(super) fn of(sheet: &Sheet) -> Result<Self, Trouble> {
        let mut fonts: Vec<Font> = FONTS.iter().flat_map(|font| Font::iter(Bytes::new(*font))).collect();
        let main = file("main.typ")?;
        let mut sources = HashMap::from([(main, Source::new(main, sheet.main.clone()))]);
        let mut files = HashMap::new();
        for (name, encoded) in &sheet.files {
            let bad = |problem: String| Trouble::Template { problem: format!("{name}: {problem}"), line: None };
            let bytes = STANDARD.decode(encoded).map_err(|error| bad(error.to_string()))?;
            let id = file(name)?;
            if name.ends_with(".typ") {
                let text = String::from_utf8(bytes.clone()).map_err(|error| bad(error.to_string()))?;
                sources.insert(id, Source::new(id, text));
            }
            let bytes = Bytes::new(bytes);
            if is_font(name) {
                let known = fonts.len();
                fonts.extend(Font::iter(bytes.clone()));
                if fonts.len() == known {
                    return Err(bad("this is no font".to_owned()));
                }
            }
            files.insert(id, bytes);
        }
        let (year, month, day) = sheet.day;
        Ok(Self {
            library: LazyHash::new(Library::default()),
            book: LazyHash::new(FontBook::from_fonts(&fonts)),
            fonts,
            main,
            sources,
            files,
            day: Datetime::from_ymd(year, month, day),
            above: sheet.above,
        })
    }

    /// The line of the template itself, counted from 1.
    pub(super) fn own_line(&self, line: usize) -> usize {
        line.saturating_sub(self.above).max(1)
    }

    /// The day of the sheet.
    pub(super) const fn day(&self) -> Option<Datetime> {
        self.day
    }

    fn missing(id: FileId) -> FileError {
        FileError::NotFound(id.get().vpath().get_without_slash().into())
    }
}

impl World for Desk {
    fn library(&self) -> &LazyHash<Library> {
        &self.library
    }

    fn book(&self) -> &LazyHash<FontBook> {
        &self.book
    }

    fn main(&self) -> FileId {
        self.main
    }

    fn source(&self, id: FileId) -> FileResult<Source> {
        self.sources.get(&id).cloned().ok_or_else(|| Self::missing(id))
    }

    fn file(&self, id: FileId) -> FileResult<Bytes> {
        self.files.get(&id).cloned().ok_or_else(|| Self::missing(id))
    }

    fn font(&self, index: usize) -> Option<Font> {
        self.fonts.get(index).cloned()
    }

    fn today(&self, _: Option<Duration>) -> Option<Datetime> {
        self.day
    }
}
