//! Parameters of actions: texts with expressions. `=record.amount * 2` is an expression as a whole, and may give anything;
//! `Deal {{record.title}} is won` is a text with expressions in it; everything else is as written.

use std::sync::Arc;

use kernel::error::FieldError;
use kernel::expression::Expression;
use records::EntityDef;
use records::happened::{self, Happened};
use serde_json::{Map, Value as Json};

/// Characters of a text, with and without what its expressions give.
pub(super) const MAX_TEXT: usize = 20_000;
/// Levels of lists and objects in one another.
const MAX_DEPTH: usize = 5;

/// A part of a text.
enum Piece<'t> {
    Plain(&'t str),
    Expression(Expression),
}

/// The pieces of a text; none where it is an expression as a whole.
fn pieces<'t>(def: &EntityDef, text: &'t str) -> Result<Vec<Piece<'t>>, FieldError> {
    if text.chars().count() > MAX_TEXT {
        return Err(FieldError::new("too_long").with("max", MAX_TEXT));
    }
    let (mut pieces, mut rest) = (Vec::new(), text);
    while let Some((before, after)) = rest.split_once("{{") {
        let unclosed = || FieldError::new("expression").with("problem", "`{{` is not closed by `}}`");
        let (inside, left) = after.split_once("}}").ok_or_else(unclosed)?;
        pieces.push(Piece::Plain(before));
        pieces.push(Piece::Expression(happened::compile(def, inside.trim())?));
        rest = left;
    }
    pieces.push(Piece::Plain(rest));
    Ok(pieces)
}

/// The expression of a text that is one as a whole.
pub(super) fn whole(text: &str) -> Option<&str> {
    text.trim_start().strip_prefix('=')
}

/// Whether nothing is known of a value before the record is.
pub(super) fn is_open(value: &Json) -> bool {
    value.as_str().is_some_and(|text| whole(text).is_some() || text.contains("{{"))
}

/// Passes a value whose expressions are understood.
pub(super) fn check(def: &EntityDef, value: &Json, depth: usize) -> Result<(), FieldError> {
    if depth > MAX_DEPTH {
        return Err(FieldError::new("invalid").with("reason", "too deep"));
    }
    match value {
        Json::String(text) => match whole(text) {
            Some(expression) => happened::compile(def, expression).map(drop),
            None => pieces(def, text).map(drop),
        },
        Json::Array(items) => items.iter().try_for_each(|item| check(def, item, depth + 1)),
        Json::Object(members) => members.values().try_for_each(|member| check(def, member, depth + 1)),
        _ => Ok(()),
    }
}

/// What parameters are for a change.
///
/// # Errors
/// Which one could not be computed, and why, in English.
pub(super) fn evaluate(
    def: &Arc<EntityDef>,
    parameters: &Map<String, Json>,
    scene: &Happened,
    results: &Json,
) -> Result<Map<String, Json>, String> {
    let one = |(name, value): (&String, &Json)| match value_of(def, value, scene, results) {
        Ok(value) => Ok((name.clone(), value)),
        Err(problem) => Err(format!("{name}: {problem}")),
    };
    parameters.iter().map(one).collect()
}

fn value_of(def: &EntityDef, value: &Json, scene: &Happened, results: &Json) -> Result<Json, String> {
    let deep = |value: &Json| value_of(def, value, scene, results);
    match value {
        Json::String(text) => match whole(text) {
            Some(expression) => {
                let compiled = happened::compile(def, expression).map_err(|error| said(&error))?;
                scene.value(&compiled, results)
            }
            None => text_of(def, text, scene, results).map(Json::String),
        },
        Json::Array(items) => items.iter().map(deep).collect(),
        Json::Object(members) => {
            let one = |(name, member): (&String, &Json)| Ok((name.clone(), deep(member)?));
            members.iter().map(one).collect::<Result<Map<_, _>, String>>().map(Json::Object)
        }
        other => Ok(other.clone()),
    }
}

fn text_of(def: &EntityDef, text: &str, scene: &Happened, results: &Json) -> Result<String, String> {
    let (mut said_so_far, mut left) = (String::new(), MAX_TEXT);
    for piece in pieces(def, text).map_err(|error| said(&error))? {
        let more = match piece {
            Piece::Plain(plain) => plain.to_owned(),
            Piece::Expression(expression) => match scene.value(&expression, results)? {
                Json::Null => String::new(),
                Json::String(text) => text,
                other => other.to_string(),
            },
        };
        // At once: expressions may be many, and each give much.
        let longer = || format!("longer than {MAX_TEXT} characters");
        left = left.checked_sub(more.chars().count()).ok_or_else(longer)?;
        said_so_far.push_str(&more);
    }
    Ok(said_so_far)
}

/// An error about a field in English.
pub(super) fn said(error: &FieldError) -> String {
    error.message.in_locale(kernel::Locale::En)
}
