//! Pieces with values in place of names.

use std::collections::BTreeSet;

use kernel::Result;
use serde_json::Value as Json;

use super::parse::{Block, Piece};
use super::wrong;
use crate::own::names::{Reach, follow};

/// Bytes of all parts that are made: 32 MiB.
const MAX_MADE: usize = 32 * 1024 * 1024;
/// Pieces that are written or passed over at most: blocks inside blocks multiply.
const MAX_STEPS: usize = 5_000_000;

/// What has been used up of a file's limits, by all its parts together.
#[derive(Debug, Default)]
pub(super) struct Used {
    bytes: usize,
    steps: usize,
}

/// The value of a name, the innermost first.
fn value<'a>(scopes: &[&'a Json], name: &str) -> Reach<'a> {
    let parts: Vec<&str> = name.split('.').collect();
    let Some((first, rest)) = parts.split_first() else { return Reach::Nothing };
    if *first == "this" {
        return scopes.last().copied().map_or(Reach::Nothing, |scope| follow(scope, rest));
    }
    let holding = scopes.iter().rev().copied().find(|scope| scope.get(*first).is_some());
    holding.map_or(Reach::Nothing, |scope| follow(scope, &parts))
}

fn found<'a>(scopes: &[&'a Json], name: &str) -> Option<&'a Json> {
    if let Reach::Found(found) = value(scopes, name) { Some(found) } else { None }
}

/// Whether there is something.
fn holds(value: Option<&Json>) -> bool {
    match value {
        None | Some(Json::Null | Json::Bool(false)) => false,
        Some(Json::String(text)) => !text.is_empty(),
        Some(Json::Array(items)) => !items.is_empty(),
        Some(_) => true,
    }
}

/// A value as text of a Word file.
fn written(value: Option<&Json>) -> String {
    let text = match value {
        Some(Json::String(text)) => text.clone(),
        Some(Json::Number(number)) => number.to_string(),
        _ => String::new(),
    };
    let mut made = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '&' => made.push_str("&amp;"),
            '<' => made.push_str("&lt;"),
            '>' => made.push_str("&gt;"),
            '\n' => made.push_str("</w:t><w:br/><w:t xml:space=\"preserve\">"),
            '\t' => made.push(' '),
            // XML has no such characters.
            '\u{fffe}' | '\u{ffff}' => {}
            letter if letter.is_control() => {}
            letter => made.push(letter),
        }
    }
    made
}

/// A block's insides, what stands behind its `else`, and the place behind its end.
fn inside(pieces: &[Piece], open: usize) -> (&[Piece], &[Piece], usize) {
    let (mut depth, mut other) = (0_usize, None);
    for (place, piece) in pieces.iter().enumerate().skip(open + 1) {
        match piece {
            Piece::Open(..) => depth += 1,
            Piece::Else if depth == 0 => other = Some(place),
            Piece::Close(_) if depth == 0 => {
                let body = pieces.get(open + 1..other.unwrap_or(place)).unwrap_or_default();
                let rest = other.and_then(|from| pieces.get(from + 1..place)).unwrap_or_default();
                return (body, rest, place + 1);
            }
            Piece::Close(_) => depth -= 1,
            _ => {}
        }
    }
    (&[], &[], pieces.len())
}

struct Writer<'a> {
    mark: Option<&'a str>,
    made: String,
    /// The tag before.
    last: String,
    used: &'a mut Used,
}

impl Writer<'_> {
    fn tag(&mut self, tag: &str) {
        // A cell ends with a paragraph, whatever was taken out of it.
        if tag == "</w:tc>" && self.last != "</w:p>" && !(self.last.starts_with("<w:p ") || self.last == "<w:p/>") {
            self.made.push_str("<w:p/>");
        }
        self.made.push_str(if tag == "<w:t>" { "<w:t xml:space=\"preserve\">" } else { tag });
        if let Some(mark) = self.mark.filter(|_| tag == "<w:body>") {
            let mark = written(Some(&Json::String(mark.to_owned())));
            self.made.push_str("<w:p><w:pPr><w:jc w:val=\"center\"/></w:pPr><w:r><w:rPr><w:b/><w:color w:val=\"C00000\"/><w:sz w:val=\"56\"/></w:rPr><w:t>");
            self.made.push_str(&mark);
            self.made.push_str("</w:t></w:r></w:p>");
        }
        tag.clone_into(&mut self.last);
    }

    fn write(&mut self, pieces: &[Piece], scopes: &mut Vec<&Json>) -> Result<()> {
        let mut place = 0;
        while let Some(piece) = pieces.get(place) {
            // A name is looked for in each block around it.
            self.used.steps += if matches!(piece, Piece::Value(_) | Piece::Open(..)) { scopes.len() } else { 1 };
            if self.used.bytes + self.made.len() > MAX_MADE || self.used.steps > MAX_STEPS {
                return Err(wrong("document.memory_word", ""));
            }
            match piece {
                Piece::Tag(tag) => self.tag(tag),
                Piece::Text(text) => self.made.push_str(text),
                Piece::Value(name) => self.made.push_str(&written(found(scopes, name))),
                Piece::Open(block, name) => {
                    let (body, other, end) = inside(pieces, place);
                    // Its end was looked for, whether or not it is written.
                    self.used.steps += end - place;
                    self.block((*block, name.as_str()), (body, other), scopes)?;
                    place = end;
                    continue;
                }
                Piece::Else | Piece::Close(_) => {}
            }
            place += 1;
        }
        Ok(())
    }

    fn block(
        &mut self,
        (block, name): (Block, &str),
        (body, other): (&[Piece], &[Piece]),
        scopes: &mut Vec<&Json>,
    ) -> Result<()> {
        let value = found(scopes, name);
        match (block, value) {
            (Block::If, value) if holds(value) => self.write(body, scopes),
            (Block::If, _) => self.write(other, scopes),
            (Block::Each, Some(Json::Array(items))) => {
                for item in items {
                    scopes.push(item);
                    let written = self.write(body, scopes);
                    scopes.pop();
                    written?;
                }
                Ok(())
            }
            (Block::Each, _) => Ok(()),
        }
    }
}

/// The text of a part with its values. `mark` stands above all where there is one.
///
/// # Errors
/// `document.invalid` naming `template`: the file gets too large.
pub(super) fn rendered(pieces: &[Piece], data: &Json, mark: Option<&str>, used: &mut Used) -> Result<String> {
    let mut writer = Writer { mark, made: String::new(), last: String::new(), used };
    writer.write(pieces, &mut vec![data])?;
    writer.used.bytes += writer.made.len();
    Ok(writer.made)
}

/// Adds names that are not there.
pub(super) fn unknown(pieces: &[Piece], given: &Json, names: &mut BTreeSet<String>) {
    walk(pieces, &mut vec![given], names);
}

fn walk(pieces: &[Piece], scopes: &mut Vec<&Json>, names: &mut BTreeSet<String>) {
    let mut place = 0;
    while let Some(piece) = pieces.get(place) {
        place += 1;
        let (Piece::Value(name) | Piece::Open(_, name)) = piece else { continue };
        let reach = value(scopes, name);
        if matches!(reach, Reach::Nothing) {
            names.insert(name.clone());
        }
        let Piece::Open(block, _) = piece else { continue };
        let (body, other, end) = inside(pieces, place - 1);
        place = end;
        match (block, reach) {
            (Block::Each, Reach::Found(Json::Array(items))) => {
                if let Some(first) = items.first() {
                    scopes.push(first);
                    walk(body, scopes, names);
                    scopes.pop();
                }
            }
            // What is not there was told; what it would hold is not known.
            (Block::Each, _) => {}
            (Block::If, _) => {
                walk(body, scopes, names);
                walk(other, scopes, names);
            }
        }
    }
}
