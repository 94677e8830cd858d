//! Checks of a compiled tree by itself: its sources, who names them, what they hang on.

use std::collections::{BTreeMap, BTreeSet};

use kernel::Locale;
use kernel::filter::Filter;
use serde_json::{Map, Value as Json};

use super::found::{Named, sources_of};
use super::reference;
use super::spec::{Source, Sources, Spec, expression, sample};
use crate::manifest::ManifestError;
use crate::manifest::known::nearest;

/// Where expressions may stand in a source: what it asks for is fixed, only values are computed.
const COMPUTED: [&str; 4] = ["filter", "q", "id", "input"];
/// Sources that hang on one another.
const LONGEST: usize = 2;

type Checked<T = ()> = Result<T, ManifestError>;

/// The sources of a compiled tree.
///
/// # Errors
/// The first that makes no sense.
pub(super) fn sources(tree: &Json) -> Checked<Sources> {
    let nothing = Map::new();
    let all = tree.get("sources").and_then(Json::as_object).unwrap_or(&nothing);
    let most = reference::limit("sources");
    if all.len() > most {
        return Err(ManifestError::new("sources", format!("more than {most} sources")));
    }
    let one = |(name, json): (&String, &Json)| {
        let source = source(json).map_err(|problem| ManifestError::new(format!("sources.{name}"), problem))?;
        Ok((name.clone(), source))
    };
    all.iter().map(one).collect()
}

fn source(json: &Json) -> Result<Source, String> {
    let fixed = json.as_object().into_iter().flatten().filter(|(key, _)| !COMPUTED.contains(&key.as_str()));
    for (key, value) in fixed {
        if has_expression(value) {
            return Err(format!("{key}: only values of a filter, `q`, `id` and `input` may be computed"));
        }
    }
    let spec = Spec::parse(&sample(json))?;
    if let Some(filter) = json.get("filter").filter(|filter| !filter.is_null()) {
        fixed_shape(filter)?;
    }
    if let Some(filter) = spec.filter() {
        Filter::parse(filter).map_err(|error| error.message.in_locale(Locale::En))?;
    }
    if let Spec::Records(listed) = &spec
        && listed.limit.is_some_and(|limit| limit == 0 || limit > records::read::MAX_LIMIT)
    {
        return Err(format!("limit: must be from 1 to {}", records::read::MAX_LIMIT));
    }
    Ok(Source { json: json.clone(), spec })
}

fn has_expression(json: &Json) -> bool {
    expression(json).is_some()
        || match json {
            Json::Array(items) => items.iter().any(has_expression),
            Json::Object(map) => map.values().any(has_expression),
            _ => false,
        }
}

/// Groups and tests of a filter are written down; expressions stand only for values.
fn fixed_shape(filter: &Json) -> Result<(), String> {
    if expression(filter).is_some() {
        return Err("filter: conditions are written down; only their values may be computed".to_owned());
    }
    for (key, part) in filter.as_object().into_iter().flatten() {
        match (key.as_str(), part) {
            ("and" | "or", Json::Array(parts)) => parts.iter().try_for_each(fixed_shape)?,
            ("and" | "or" | "not" | "field" | "op", part) if expression(part).is_some() => {
                return Err(format!("filter: `{key}` is written down; only values may be computed"));
            }
            ("not", part) => fixed_shape(part)?,
            _ => {}
        }
    }
    Ok(())
}

/// Whether every source that is named is there.
///
/// # Errors
/// The first that is not, with the nearest that is.
pub(super) fn named(found: &[Named], sources: &Sources) -> Checked {
    let Some(lost) = found.iter().find(|one| !sources.contains_key(&one.name)) else { return Ok(()) };
    let hint = nearest(&lost.name, sources.keys().map(String::as_str))
        .map_or_else(String::new, |near| format!("; did you mean `{near}`?"));
    Err(ManifestError::new(&lost.place, format!("there is no source `{}`{hint}", lost.name)))
}

/// Whether sources hang on one another in chains that a page can load in two calls.
///
/// # Errors
/// The chain that is longer, or that has no end.
pub(super) fn chains(sources: &Sources) -> Checked {
    let hangs: BTreeMap<&str, BTreeSet<String>> =
        sources.iter().map(|(name, source)| (name.as_str(), sources_of(&source.json))).collect();
    for name in sources.keys() {
        let mut chain = vec![name.as_str()];
        longest(&hangs, &mut chain).map_err(|problem| ManifestError::new(format!("sources.{name}"), problem))?;
    }
    Ok(())
}

fn longest<'a>(hangs: &'a BTreeMap<&str, BTreeSet<String>>, chain: &mut Vec<&'a str>) -> Result<(), String> {
    let Some(on) = chain.last().and_then(|last| hangs.get(last)) else { return Ok(()) };
    for next in on {
        let circle = chain.contains(&next.as_str());
        chain.push(next);
        if circle {
            return Err(format!("sources that hang on themselves: {}", chain.join(" on ")));
        }
        if chain.len() > LONGEST {
            return Err(format!("a chain of more than {LONGEST} sources: {}", chain.join(" on ")));
        }
        longest(hangs, chain)?;
        chain.pop();
    }
    Ok(())
}
