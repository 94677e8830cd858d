//! The text of a Word file as pieces: tags as they are, text, placeholders and ends of blocks.

use kernel::Result;

use super::wrong;

/// Bytes of what stands between two pairs of braces.
const MAX_NAME: usize = 200;

/// What a block does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Block {
    Each,
    If,
}

/// A piece of the text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Piece {
    /// A tag, as it is.
    Tag(String),
    /// Text, as it stands in the file.
    Text(String),
    /// The value of a name.
    Value(String),
    Open(Block, String),
    Else,
    Close(Block),
}

impl Piece {
    /// The name of a tag that opens or closes an element, and whether it opens one that is not closed at once.
    pub fn element(&self) -> Option<(&str, bool, bool)> {
        let Self::Tag(tag) = self else { return None };
        let inside = tag.strip_prefix('<')?.strip_suffix('>')?;
        if inside.starts_with(['?', '!']) {
            return None;
        }
        let closes = inside.starts_with('/');
        let inside = inside.trim_start_matches('/');
        let name = inside.split(|letter: char| letter.is_whitespace() || letter == '/').next()?;
        Some((name, !closes && !inside.ends_with('/'), closes))
    }
}

/// Tags and texts between them, in order.
fn tokens(xml: &str) -> Vec<(bool, &str)> {
    let mut all = Vec::new();
    let mut rest = xml;
    while !rest.is_empty() {
        let Some(at) = rest.find('<') else {
            all.push((false, rest));
            break;
        };
        let (text, from) = rest.split_at(at);
        if !text.is_empty() {
            all.push((false, text));
        }
        let end = if from.starts_with("<!--") {
            from.find("-->").map(|end| end + 3)
        } else if from.starts_with("<![CDATA[") {
            from.find("]]>").map(|end| end + 3)
        } else {
            from.find('>').map(|end| end + 1)
        };
        let (tag, after) = from.split_at(end.unwrap_or(from.len()));
        all.push((true, tag));
        rest = after;
    }
    all
}

/// Whether a tag begins what people type.
fn begins_text(tag: &str) -> bool {
    tag == "<w:t>" || (tag.starts_with("<w:t ") && !tag.ends_with("/>"))
}

/// Puts placeholders together that stand in several texts of a paragraph: whole in the text where each begins.
fn mended(texts: &[&str]) -> Vec<String> {
    let whole = texts.concat();
    let mut owners = Vec::new();
    let mut from = 0;
    while let Some(start) = whole.get(from..).and_then(|rest| rest.find("{{")).map(|at| from + at) {
        let Some(end) = whole.get(start..).and_then(|rest| rest.find("}}")).map(|at| start + at + 2) else { break };
        owners.push((start, end));
        from = end;
    }
    let mut mended = vec![String::new(); texts.len()];
    let mut owners = owners.into_iter().peekable();
    let (mut at, mut keeper) = (0, None);
    for (index, text) in texts.iter().enumerate() {
        for letter in text.chars() {
            if owners.next_if(|(_, end)| *end <= at).is_some() {
                keeper = None;
            }
            let inside = owners.peek().is_some_and(|(start, _)| *start <= at);
            if inside && keeper.is_none() {
                keeper = Some(index);
            }
            if let Some(kept) = mended.get_mut(keeper.unwrap_or(index)) {
                kept.push(letter);
            }
            at += letter.len_utf8();
        }
    }
    mended
}

/// A text as pieces.
fn split(text: &str, pieces: &mut Vec<Piece>) -> Result<()> {
    let mut rest = text;
    while let Some((before, from)) = rest.split_once("{{") {
        let Some((inside, after)) = from.split_once("}}") else { break };
        if !before.is_empty() {
            pieces.push(Piece::Text(before.to_owned()));
        }
        pieces.push(placeholder(inside.trim())?);
        rest = after;
    }
    if !rest.is_empty() {
        pieces.push(Piece::Text(rest.to_owned()));
    }
    Ok(())
}

fn placeholder(inside: &str) -> Result<Piece> {
    if inside.len() > MAX_NAME {
        return Err(wrong("document.placeholder", inside));
    }
    let inside = inside.trim_start_matches('{').trim();
    let named = |name: &str| name.chars().all(|letter| letter.is_alphanumeric() || matches!(letter, '_' | '-' | '.'));
    if inside == "else" {
        return Ok(Piece::Else);
    }
    if let Some(block) = inside.strip_prefix('/') {
        return match block.trim() {
            "each" => Ok(Piece::Close(Block::Each)),
            "if" => Ok(Piece::Close(Block::If)),
            _ => Err(wrong("document.placeholder", inside)),
        };
    }
    if let Some(block) = inside.strip_prefix('#') {
        let (kind, name) = block.split_once(char::is_whitespace).unwrap_or((block, ""));
        let name = name.trim();
        let kind = match kind {
            "each" => Block::Each,
            "if" => Block::If,
            _ => return Err(wrong("document.placeholder", inside)),
        };
        if name.is_empty() || !named(name) {
            return Err(wrong("document.placeholder", inside));
        }
        return Ok(Piece::Open(kind, name.to_owned()));
    }
    if inside.is_empty() || !named(inside) {
        return Err(wrong("document.placeholder", inside));
    }
    Ok(Piece::Value(inside.to_owned()))
}

/// Takes a part of a Word file apart.
///
/// # Errors
/// `document.invalid` naming `template`: a placeholder that means nothing.
pub(super) fn pieces(xml: &str) -> Result<Vec<Piece>> {
    let tokens = tokens(xml);
    let mut pieces = Vec::with_capacity(tokens.len());
    // Texts of the paragraph, by their places in the list of tokens.
    let mut texts: Vec<Option<String>> = vec![None; tokens.len()];
    let mut open: Vec<(usize, &str)> = Vec::new();
    let mut settle = |open: &mut Vec<(usize, &str)>| {
        let mended = mended(&open.iter().map(|(_, text)| *text).collect::<Vec<_>>());
        for ((place, _), text) in open.drain(..).zip(mended) {
            if let Some(kept) = texts.get_mut(place) {
                *kept = Some(text);
            }
        }
    };
    let mut before = "";
    for (place, (is_tag, token)) in tokens.iter().enumerate() {
        if !is_tag && begins_text(before) {
            open.push((place, *token));
        } else if *is_tag && (token.starts_with("</w:p>") || token.starts_with("<w:p>") || token.starts_with("<w:p ")) {
            settle(&mut open);
        }
        before = if *is_tag { *token } else { "" };
    }
    settle(&mut open);
    for ((is_tag, token), text) in tokens.iter().zip(&texts) {
        match text {
            Some(text) => split(text, &mut pieces)?,
            None if *is_tag => pieces.push(Piece::Tag((*token).to_owned())),
            None => pieces.push(Piece::Text((*token).to_owned())),
        }
    }
    Ok(pieces)
}
