//! Ends of blocks are moved to where what they repeat begins and ends: around rows whose cells they stand in, in place of
//! paragraphs in which nothing else stands.

use std::collections::{BTreeMap, BTreeSet};

use kernel::Result;

use super::parse::{Block, Piece};
use super::wrong;

/// An element around a piece, by the places of its two tags.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
struct Span {
    from: usize,
    to: usize,
}

/// The elements around the end of a block that matter.
#[derive(Debug, Clone, Copy, Default)]
struct Around {
    table: Option<Span>,
    row: Option<Span>,
    cell: Option<Span>,
    paragraph: Option<Span>,
}

/// Blocks of a part.
const MAX_BLOCKS: usize = 500;
/// Pieces of an element in which nothing but ends of blocks stands: of one with more it is not asked.
const MAX_BARE: usize = 2000;

/// A block, by the places of its ends and of its `else`.
struct Pair {
    open: usize,
    other: Option<usize>,
    close: usize,
}

/// Where the ends of a block are put.
struct Lift {
    first: Span,
    middle: Option<Span>,
    last: Span,
    /// Whether what they stood in is taken away.
    bare: bool,
}

fn said(piece: &Piece) -> String {
    match piece {
        Piece::Open(Block::Each, name) => format!("#each {name}"),
        Piece::Open(Block::If, name) => format!("#if {name}"),
        Piece::Close(Block::Each) => "/each".to_owned(),
        Piece::Close(Block::If) => "/if".to_owned(),
        _ => "else".to_owned(),
    }
}

/// The blocks, in the order of their ends.
fn pairs(pieces: &[Piece]) -> Result<Vec<Pair>> {
    let mut found = Vec::new();
    let mut open: Vec<(usize, Block, Option<usize>)> = Vec::new();
    for (place, piece) in pieces.iter().enumerate() {
        match piece {
            Piece::Open(block, _) => open.push((place, *block, None)),
            Piece::Close(block) => match open.pop() {
                Some((at, kind, other)) if kind == *block => found.push(Pair { open: at, other, close: place }),
                _ => return Err(wrong("document.block_end", &said(piece))),
            },
            Piece::Else => match open.last_mut() {
                Some((_, Block::If, other @ None)) => *other = Some(place),
                _ => return Err(wrong("document.block_end", &said(piece))),
            },
            _ => {}
        }
    }
    if found.len() > MAX_BLOCKS {
        return Err(wrong("document.memory_word", ""));
    }
    match open.last().and_then(|(place, ..)| pieces.get(*place)) {
        Some(piece) => Err(wrong("document.block_open", &said(piece))),
        None => Ok(found),
    }
}

/// Elements that matter, as `Around` has them.
const KINDS: [&str; 4] = ["w:tbl", "w:tr", "w:tc", "w:p"];

/// The innermost elements around each end of a block, by its place. One pass: a file of nothing but tags takes no longer.
fn arounds(pieces: &[Piece]) -> BTreeMap<usize, Around> {
    let mut open: [Vec<usize>; 4] = [const { Vec::new() }; 4];
    let mut ends: BTreeMap<usize, usize> = BTreeMap::new();
    let mut inside = Vec::new();
    for (place, piece) in pieces.iter().enumerate() {
        if matches!(piece, Piece::Open(..) | Piece::Else | Piece::Close(_)) {
            inside.push((place, open.each_ref().map(|kept| kept.last().copied())));
        }
        let Some((name, opens, closes)) = piece.element() else { continue };
        let kind = KINDS.iter().position(|kind| *kind == name);
        let Some(kept) = kind.and_then(|kind| open.get_mut(kind)) else { continue };
        if opens {
            kept.push(place);
        } else if closes && let Some(from) = kept.pop() {
            ends.insert(from, place);
        }
    }
    let span = |from: Option<usize>| from.and_then(|from| ends.get(&from).map(|to| Span { from, to: *to }));
    let around = |[table, row, cell, paragraph]: [Option<usize>; 4]| Around {
        table: span(table),
        row: span(row),
        cell: span(cell),
        paragraph: span(paragraph),
    };
    inside.into_iter().map(|(place, tops)| (place, around(tops))).collect()
}

/// Whether nothing but ends of blocks stands in an element.
fn is_bare(pieces: &[Piece], span: Span) -> bool {
    let inside = pieces.get(span.from..span.to).unwrap_or_default();
    if inside.len() > MAX_BARE {
        return false;
    }
    inside.iter().all(|piece| match piece {
        Piece::Text(text) => text.trim().is_empty(),
        Piece::Value(_) => false,
        Piece::Tag(tag) => !tag.starts_with("<w:drawing") && !tag.starts_with("<w:pict"),
        _ => true,
    })
}

/// Where the ends of a block are lifted to; none where they stay.
fn target(pieces: &[Piece], arounds: &BTreeMap<usize, Around>, pair: &Pair) -> Result<Option<Lift>> {
    let around = |place: usize| arounds.get(&place).copied().unwrap_or_default();
    let (open, close) = (around(pair.open), around(pair.close));
    let other = pair.other.map(around);
    let crossing = || wrong("document.block_cross", &pieces.get(pair.open).map(said).unwrap_or_default());
    let elsewhere = |one: &Around| one.table != open.table || one.cell != open.cell;
    if open.table != close.table || other.as_ref().is_some_and(elsewhere) {
        return Err(crossing());
    }
    if let (Some(first), Some(last)) = (open.row, close.row)
        && open.cell != close.cell
    {
        if other.is_some() {
            return Err(crossing());
        }
        let bare = first != last && is_bare(pieces, first) && is_bare(pieces, last);
        return Ok(Some(Lift { first, middle: None, last, bare }));
    }
    let (Some(first), Some(last)) = (open.paragraph, close.paragraph) else { return Err(crossing()) };
    if first == last || !is_bare(pieces, first) || !is_bare(pieces, last) {
        return Ok(None);
    }
    let middle = other.and_then(|around| around.paragraph);
    if middle.is_some_and(|middle| middle == first || middle == last || !is_bare(pieces, middle)) {
        return Err(crossing());
    }
    Ok(Some(Lift { first, middle, last, bare: true }))
}

/// What is put before or behind a place.
type Put = BTreeMap<usize, Vec<usize>>;

/// Pieces with the ends of blocks where they belong.
///
/// # Errors
/// `document.invalid` naming `template`: a block without its end, an end without its block, one that begins in a table and
/// ends outside, more than 500 blocks.
pub(super) fn lifted(pieces: Vec<Piece>) -> Result<Vec<Piece>> {
    let pairs = pairs(&pieces)?;
    if pairs.is_empty() {
        return Ok(pieces);
    }
    let arounds = arounds(&pieces);
    let (mut before, mut after) = (Put::new(), Put::new());
    let (mut moved, mut taken) = (BTreeSet::new(), BTreeSet::new());
    let mut lifts = Vec::new();
    // Ends in their order: inner blocks end first.
    for pair in pairs {
        if let Some(lift) = target(&pieces, &arounds, &pair)? {
            after.entry(lift.last.to).or_default().push(pair.close);
            lifts.push((pair, lift));
        }
    }
    lifts.sort_by_key(|(pair, _)| pair.open);
    for (pair, lift) in &lifts {
        before.entry(lift.first.from).or_default().push(pair.open);
        moved.extend([pair.open, pair.close]);
        if lift.bare {
            taken.extend((lift.first.from..=lift.first.to).chain(lift.last.from..=lift.last.to));
        }
        if let (Some(middle), Some(other)) = (lift.middle, pair.other) {
            before.entry(middle.from).or_default().push(other);
            moved.insert(other);
            taken.extend(middle.from..=middle.to);
        }
    }
    let mut made = Vec::with_capacity(pieces.len());
    let put = |made: &mut Vec<Piece>, list: &Put, place: usize| {
        let here = list.get(&place).into_iter().flatten();
        made.extend(here.filter_map(|end| pieces.get(*end).cloned()));
    };
    for (place, piece) in pieces.iter().enumerate() {
        put(&mut made, &before, place);
        if !moved.contains(&place) && !taken.contains(&place) {
            made.push(piece.clone());
        }
        put(&mut made, &after, place);
    }
    // One end may have been taken away with the paragraph of another block.
    self::pairs(&made)?;
    Ok(made)
}
