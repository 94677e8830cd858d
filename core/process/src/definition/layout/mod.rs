//! A diagram for a file without one: shapes in columns from left to right, flows around them.
//!
//! Must not know what the elements do. The same file always gives the same diagram.
//!
//! | module | what |
//! |---|---|
//! | `columns` | where nodes stand, from who leads to whom |
//! | `draw` | shapes and edges of a file's processes |

mod columns;
mod draw;

use std::borrow::Cow;

use super::xml;
use super::{Problem, drawing};

/// The file in UTF-8 with a diagram: its own, else one laid out.
///
/// # Errors
/// When it is no well-formed XML.
pub fn laid_out(bytes: &[u8]) -> Result<String, Problem> {
    let text = xml::decode(bytes)?;
    let document = xml::parse(&text)?;
    let root = document.root_element();
    let laid = if drawing::has_diagram(root) { None } else { draw::diagrams(root) };
    let Some(diagrams) = laid else { return Ok(in_utf8(text).into_owned()) };
    let end = text.get(..root.range().end).and_then(|file| file.rfind("</"));
    let Some(end) = end else { return Ok(in_utf8(text).into_owned()) };
    let mut whole = text.to_string();
    whole.insert_str(end, &diagrams);
    Ok(in_utf8(Cow::Owned(whole)).into_owned())
}

/// A text whose declaration says UTF-8.
fn in_utf8(text: Cow<'_, str>) -> Cow<'_, str> {
    let rest = text.strip_prefix("<?xml").and_then(|rest| rest.split_once("?>"));
    match rest {
        Some((declaration, rest)) if declaration.contains("encoding") => {
            Cow::Owned(format!("<?xml version=\"1.0\" encoding=\"UTF-8\"?>{rest}"))
        }
        _ => text,
    }
}
