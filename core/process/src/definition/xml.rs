//! The XML shell of a BPMN file: encodings, limits that are checked before any tree is built, and short ways to ask an
//! element for what it says.
//!
//! Must not know what the elements mean.

use std::borrow::Cow;

use encoding_rs::Encoding;
use roxmltree::{Document, Node, ParsingOptions};

use super::Problem;

/// Bytes of a file.
pub const MAX_BYTES: usize = 10_000_000;
/// Elements inside one another.
pub const MAX_DEPTH: usize = 200;
/// Elements of a file.
pub const MAX_ELEMENTS: usize = 600_000;
/// Attributes of an element.
const MAX_ATTRIBUTES: usize = 200;
/// Namespace declarations of a file.
const MAX_NAMESPACES: usize = 5_000;

/// BPMN 2.0 itself.
pub const BPMN: &str = "http://www.omg.org/spec/BPMN/20100524/MODEL";
/// Our extensions.
pub const OURS: &str = "urn:verstak:bpmn:1";
/// Zeebe's extensions.
pub const ZEEBE: &str = "http://camunda.org/schema/zeebe/1.0";
/// Engines whose extension attributes share their names.
const RELATIVES: [&str; 3] =
    ["http://camunda.org/schema/1.0/bpmn", "http://flowable.org/bpmn", "http://activiti.org/bpmn"];

/// An element.
pub type Xml<'a> = Node<'a, 'a>;

/// The file as text.
///
/// # Errors
/// When it is too large, in an encoding that nobody knows, or not in the one it names.
pub fn decode(bytes: &[u8]) -> Result<Cow<'_, str>, Problem> {
    if bytes.len() > MAX_BYTES {
        return Err(Problem::file(format!("the file is larger than {} MB", MAX_BYTES / 1_000_000)));
    }
    match bytes {
        [0xFF, 0xFE, 0, 0, ..] | [0, 0, 0xFE, 0xFF, ..] => Err(refused("UTF-32")),
        [0xFF, 0xFE, rest @ ..] => utf16(rest, u16::from_le_bytes).map(Cow::Owned),
        [0xFE, 0xFF, rest @ ..] => utf16(rest, u16::from_be_bytes).map(Cow::Owned),
        [b'<', 0, ..] => utf16(bytes, u16::from_le_bytes).map(Cow::Owned),
        [0, b'<', ..] => utf16(bytes, u16::from_be_bytes).map(Cow::Owned),
        [0xEF, 0xBB, 0xBF, rest @ ..] => utf8(rest).map(Cow::Borrowed),
        _ => match declared_encoding(bytes).filter(|name| !is_utf8(name)) {
            Some(name) => declared(bytes, &name),
            None => utf8(bytes).map(Cow::Borrowed),
        },
    }
}

fn refused(encoding: &str) -> Problem {
    Problem::file(format!("the file is in {encoding}: save it as UTF-8"))
}

fn utf16(bytes: &[u8], unit: fn([u8; 2]) -> u16) -> Result<String, Problem> {
    let pairs = bytes.chunks_exact(2);
    if !pairs.remainder().is_empty() {
        return Err(Problem::file("the file says it is UTF-16, but ends within a character"));
    }
    let units = pairs.filter_map(|pair| <[u8; 2]>::try_from(pair).ok()).map(unit);
    char::decode_utf16(units)
        .collect::<Result<String, _>>()
        .map_err(|_| Problem::file("the file says it is UTF-16, but is not: save it as UTF-8"))
}

/// Whether a file that names this encoding, and is not UTF-16 by its bytes, is read as UTF-8.
fn is_utf8(name: &str) -> bool {
    ["utf-8", "utf8", "us-ascii", "ascii", "utf-16"].contains(&name.to_ascii_lowercase().as_str())
}

/// A text in an encoding of one byte or more for a character, by the name that the file gives it.
fn declared<'a>(bytes: &'a [u8], name: &str) -> Result<Cow<'a, str>, Problem> {
    let encoding = Encoding::for_label(name.as_bytes()).ok_or_else(|| refused(name))?;
    let (text, wrong) = encoding.decode_without_bom_handling(bytes);
    match wrong {
        false => Ok(text),
        true => Err(Problem::file(format!("the file says it is {name}, but is not: save it as UTF-8"))),
    }
}

/// A file in an encoding that it only names as UTF-8, which it says then: whoever reads it without looking there would
/// see other letters. None for Unicode, which tells itself by its bytes.
pub fn transcoded(bytes: &[u8]) -> Option<Vec<u8>> {
    declared_encoding(bytes).filter(|name| !is_utf8(name))?;
    let Ok(Cow::Owned(text)) = decode(bytes) else { return None };
    Some(match text.strip_prefix("<?xml").and_then(|rest| rest.split_once("?>")) {
        Some((_, rest)) => format!("<?xml version=\"1.0\" encoding=\"UTF-8\"?>{rest}").into_bytes(),
        None => text.as_bytes().to_vec(),
    })
}

/// A text in the encoding of the bytes that another text came in, with their mark of byte order; none when that encoding
/// has not all of its characters.
pub fn encoded(text: &str, like: &[u8]) -> Option<Vec<u8>> {
    let wide = |mark: &[u8], bytes: fn(u16) -> [u8; 2]| {
        Some(mark.iter().copied().chain(text.encode_utf16().flat_map(bytes)).collect())
    };
    match like {
        [0xFF, 0xFE, ..] => wide(&[0xFF, 0xFE], u16::to_le_bytes),
        [0xFE, 0xFF, ..] => wide(&[0xFE, 0xFF], u16::to_be_bytes),
        [b'<', 0, ..] => wide(&[], u16::to_le_bytes),
        [0, b'<', ..] => wide(&[], u16::to_be_bytes),
        [0xEF, 0xBB, 0xBF, ..] => Some([&[0xEF, 0xBB, 0xBF], text.as_bytes()].concat()),
        _ => match declared_encoding(like).filter(|name| !is_utf8(name)) {
            Some(name) => {
                let (bytes, _, unmappable) = Encoding::for_label(name.as_bytes())?.encode(text);
                (!unmappable).then(|| bytes.into_owned())
            }
            None => Some(text.as_bytes().to_vec()),
        },
    }
}

/// Passes when all characters that the text names by number are characters of XML 1.0 (section 2.2).
///
/// # Errors
/// The first that is none.
pub fn check_references(text: &str) -> Result<(), Problem> {
    let mut rest = text;
    while let Some((_, named)) = rest.split_once("&#") {
        rest = named;
        let Some((number, _)) = named.split_once(';').filter(|(number, _)| number.len() <= 12) else { continue };
        let code = match number.strip_prefix('x') {
            Some(digits) => u32::from_str_radix(digits, 16),
            None => number.parse(),
        };
        let allowed = |code: u32| matches!(code, 9 | 10 | 13 | 0x20..=0xD7FF | 0xE000..=0xFFFD | 0x1_0000..=0x10_FFFF);
        if !code.is_ok_and(allowed) {
            return Err(Problem::file(format!("`&#{number};` is no character: remove it")));
        }
    }
    Ok(())
}

fn utf8(bytes: &[u8]) -> Result<&str, Problem> {
    std::str::from_utf8(bytes).map_err(|error| {
        Problem::file(format!("byte {} of the file is not UTF-8: save the file as UTF-8", error.valid_up_to()))
    })
}

/// `encoding` of the XML declaration.
fn declared_encoding(bytes: &[u8]) -> Option<String> {
    let start = String::from_utf8_lossy(bytes.get(..bytes.len().min(300))?).into_owned();
    let declaration = start.strip_prefix("<?xml")?.split("?>").next()?;
    let value = declaration.split_once("encoding")?.1.trim_start().strip_prefix('=')?.trim_start();
    let quote = value.chars().next().filter(|sign| matches!(sign, '"' | '\''))?;
    let name = value.get(1..)?.split(quote).next()?;
    Some(name.chars().take(40).collect())
}

/// Parses the text, without DTD and entities.
///
/// # Errors
/// When a limit is passed or the text is not XML.
pub fn parse(text: &str) -> Result<Document<'_>, Problem> {
    check_limits(text)?;
    let nodes_limit = u32::try_from(MAX_ELEMENTS * 3).unwrap_or(u32::MAX);
    let options = ParsingOptions { allow_dtd: false, nodes_limit, ..ParsingOptions::default() };
    Document::parse_with_options(text, options).map_err(|error| match error {
        roxmltree::Error::DtdDetected => dtd(),
        other => Problem::file(format!("the file is not well-formed XML: {other}")),
    })
}

fn dtd() -> Problem {
    Problem::file("the file has a document type definition (`<!DOCTYPE`): remove it; entities are not read")
}

/// Walks over the tags once, in time linear in the text and without building anything.
fn check_limits(text: &str) -> Result<(), Problem> {
    let (mut rest, mut depth, mut elements, mut namespaces) = (text, 0_usize, 0_usize, 0_usize);
    while let Some((_, tag)) = rest.split_once('<') {
        if let Some(comment) = tag.strip_prefix("!--") {
            rest = after(comment, "-->")?;
        } else if let Some(data) = tag.strip_prefix("![CDATA[") {
            rest = after(data, "]]>")?;
        } else if let Some(instruction) = tag.strip_prefix('?') {
            rest = after(instruction, "?>")?;
        } else if tag.starts_with('!') {
            return Err(dtd());
        } else if let Some(closing) = tag.strip_prefix('/') {
            depth = depth.saturating_sub(1);
            rest = after(closing, ">")?;
        } else {
            let (inside, behind) = split_tag(tag)?;
            elements += 1;
            namespaces += inside.matches("xmlns").count();
            depth += usize::from(!inside.ends_with('/'));
            if depth > MAX_DEPTH {
                let line = text.len().saturating_sub(behind.len());
                let line = text.get(..line).map_or(0, |before| before.matches('\n').count()) + 1;
                return Err(Problem::file(format!(
                    "line {line}: more than {MAX_DEPTH} elements are nested inside one another"
                )));
            }
            if elements > MAX_ELEMENTS {
                return Err(Problem::file(format!("the file has more than {MAX_ELEMENTS} elements")));
            }
            if namespaces > MAX_NAMESPACES {
                return Err(Problem::file(format!("the file declares namespaces more than {MAX_NAMESPACES} times")));
            }
            rest = behind;
        }
    }
    Ok(())
}

fn after<'a>(text: &'a str, end: &str) -> Result<&'a str, Problem> {
    text.split_once(end).map(|(_, behind)| behind).ok_or_else(|| {
        Problem::file(format!("the file is not well-formed XML: it ends where `{end}` is still missing"))
    })
}

/// The inside of a start tag, and what follows it.
fn split_tag(tag: &str) -> Result<(&str, &str), Problem> {
    let mut from = 0;
    let mut attributes = 0;
    while let Some(found) = tag.get(from..).and_then(|rest| rest.find(['>', '"', '\''])) {
        let at = from + found;
        let quote = match tag.as_bytes().get(at) {
            Some(b'"') => '"',
            Some(b'\'') => '\'',
            _ => return Ok((tag.get(..at).unwrap_or_default(), tag.get(at + 1..).unwrap_or_default())),
        };
        attributes += 1;
        if attributes > MAX_ATTRIBUTES {
            return Err(Problem::file(format!("an element has more than {MAX_ATTRIBUTES} attributes")));
        }
        let Some(length) = tag.get(at + 1..).and_then(|rest| rest.find(quote)) else { break };
        from = at + 1 + length + 1;
    }
    Err(Problem::file("the file is not well-formed XML: a tag is not closed"))
}

/// Whether it is the BPMN element with this name.
pub fn is(node: Xml<'_>, tag: &str) -> bool {
    node.tag_name().name() == tag && node.tag_name().namespace() == Some(BPMN)
}

/// Its child elements of BPMN.
pub fn children<'a>(node: Xml<'a>) -> impl Iterator<Item = Xml<'a>> {
    node.children().filter(|child| child.is_element() && child.tag_name().namespace() == Some(BPMN))
}

/// Its child elements of BPMN with this name.
pub fn named<'a>(node: Xml<'a>, tag: &'static str) -> impl Iterator<Item = Xml<'a>> {
    node.children().filter(move |child| is(*child, tag))
}

/// The first of them.
pub fn child<'a>(node: Xml<'a>, tag: &'static str) -> Option<Xml<'a>> {
    named(node, tag).next()
}

/// An attribute without a namespace, trimmed; none when empty.
pub fn attribute<'a>(node: Xml<'a>, name: &str) -> Option<&'a str> {
    node.attribute(name).map(str::trim).filter(|value| !value.is_empty())
}

/// An attribute of our namespace, trimmed; none when empty.
pub fn ours<'a>(node: Xml<'a>, name: &str) -> Option<&'a str> {
    node.attribute((OURS, name)).map(str::trim).filter(|value| !value.is_empty())
}

/// An attribute of Camunda 7, Flowable or Activiti, trimmed; none when empty.
pub fn relative<'a>(node: Xml<'a>, name: &str) -> Option<&'a str> {
    RELATIVES
        .iter()
        .find_map(|namespace| node.attribute((*namespace, name)))
        .map(str::trim)
        .filter(|value| !value.is_empty())
}

/// `true`/`1` and `false`/`0`; anything else is the given default.
pub fn flag(node: Xml<'_>, name: &str, default: bool) -> bool {
    match attribute(node, name) {
        Some("true" | "1") => true,
        Some("false" | "0") => false,
        _ => default,
    }
}

/// The text directly inside it, trimmed.
pub fn content(node: Xml<'_>) -> String {
    let text: String = node.children().filter_map(|child| if child.is_text() { child.text() } else { None }).collect();
    text.trim().to_owned()
}

/// Elements of a namespace with this name directly within its `extensionElements`.
pub fn extensions<'a>(node: Xml<'a>, namespace: &'static str, tag: &'static str) -> impl Iterator<Item = Xml<'a>> {
    named(node, "extensionElements").flat_map(|extension| extension.children()).filter(move |child| {
        child.is_element() && child.tag_name().name() == tag && child.tag_name().namespace() == Some(namespace)
    })
}

/// A child element of a namespace with this name.
pub fn within<'a>(node: Xml<'a>, namespace: &'static str, tag: &'static str) -> impl Iterator<Item = Xml<'a>> {
    node.children().filter(move |child| {
        child.is_element() && child.tag_name().name() == tag && child.tag_name().namespace() == Some(namespace)
    })
}

/// What is said of a file with another outermost element.
pub fn no_bpmn(root: Xml<'_>) -> String {
    format!(
        "the file is no BPMN 2.0: its outermost element is `{}` of namespace `{}`, not `definitions` of `{BPMN}`",
        root.tag_name().name(),
        root.tag_name().namespace().unwrap_or_default(),
    )
}

/// A text as it stands within quotation marks.
pub fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

/// How messages name an element: its id, or its tag when it has none.
pub fn label<'a>(node: Xml<'a>) -> &'a str {
    attribute(node, "id").unwrap_or_else(|| node.tag_name().name())
}
