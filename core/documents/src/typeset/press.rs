//! From a sheet to a PDF. What no font has is found in the pages before they are written.

use std::collections::BTreeSet;

use typst::diag::SourceDiagnostic;
use typst::foundations::Smart;
use typst::layout::{Frame, FrameItem};
use typst::{World, WorldExt};
use typst_layout::PagedDocument;
use typst_pdf::{PdfOptions, Timestamp};

use super::desk::Desk;
use super::{Sheet, Trouble};

/// Characters that are named in one answer.
const NAMED: usize = 10;

/// Sets a sheet.
pub(super) fn set(sheet: &Sheet) -> Result<Vec<u8>, Trouble> {
    let desk = Desk::of(sheet)?;
    let made = pdf(&desk, sheet.squares);
    // What the library remembers between compiles.
    typst::comemo::evict(0);
    made
}

fn pdf(desk: &Desk, passes: bool) -> Result<Vec<u8>, Trouble> {
    let document = typst::compile::<PagedDocument>(desk).output.map_err(|errors| first(desk, &errors))?;
    let mut missing = BTreeSet::new();
    for page in document.pages() {
        squares(&page.frame, &mut missing);
    }
    if !missing.is_empty() && !passes {
        return Err(Trouble::Characters(missing.into_iter().take(NAMED).collect()));
    }
    let options = PdfOptions {
        creator: Smart::Custom(Some("Verstak".into())),
        timestamp: desk.day().map(Timestamp::new_utc),
        ..PdfOptions::default()
    };
    typst_pdf::pdf(&document, &options).map_err(|errors| first(desk, &errors))
}

/// Characters that would be drawn as the font's square.
fn squares(frame: &Frame, missing: &mut BTreeSet<char>) {
    for (_, item) in frame.items() {
        match item {
            FrameItem::Group(group) => squares(&group.frame, missing),
            FrameItem::Text(text) => {
                let empty = text.glyphs.iter().filter(|glyph| glyph.id == 0);
                missing.extend(empty.filter_map(|glyph| text.text.get(glyph.range())?.chars().next()));
            }
            _ => {}
        }
    }
}

/// The first problem with its line; of another file than the template the name of that file too.
fn first(desk: &Desk, errors: &[SourceDiagnostic]) -> Trouble {
    let Some(error) = errors.first() else { return Trouble::Template { problem: String::new(), line: None } };
    let place = error.span.id().and_then(|id| {
        let at = desk.range(error.span)?.start;
        Some((id, desk.source(id).ok()?.lines().byte_to_line(at)? + 1))
    });
    let message = error.message.to_string();
    match place {
        Some((id, line)) if id == desk.main() => {
            Trouble::Template { problem: message, line: Some(desk.own_line(line)) }
        }
        Some((id, line)) => {
            let name = id.get().vpath().get_without_slash();
            Trouble::Template { problem: format!("{name} ({line}): {message}"), line: None }
        }
        None => Trouble::Template { problem: message, line: None },
    }
}
