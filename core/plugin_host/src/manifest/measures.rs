//! The parts `[[measures]]` and `[[axes]]`: figures of the plugin's own entities, and names of what they are grouped by.

use kernel::filter::Filter;
use records::read::Bucket;
use serde::Deserialize;
use serde_json::Value as Json;

use super::check::{Checked, each, fail, text};
use super::known::Names;
use super::{Manifest, ManifestError, Text};

/// Measures, and axes, of a plugin.
const MAX_ITEMS: usize = 50;
/// Bytes of a key.
const MAX_KEY: usize = 60;

/// A measure.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Measure {
    /// `<prefix>_...`.
    pub key: String,
    /// Shown to people.
    pub title: Text,
    /// An entity of the plugin.
    pub entity: String,
    /// `count`, `sum`, `avg` or `share`.
    pub op: Op,
    /// Of which field, where it is no count; of a share: whose sum, none = how many records.
    pub field: Option<String>,
    /// Which records, in the query language; of a share: the part, of all of them.
    pub filter: Option<Json>,
    /// The field whose time a period means; none of what is counted as it stands.
    pub date: Option<String>,
}

/// How a measure is made of records.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Op {
    /// How many.
    Count,
    /// The sum of a field.
    Sum,
    /// Its mean.
    Avg,
    /// What part of all records, or of the sum of a field over them, the filter takes, in percent.
    Share,
}

impl Op {
    /// As manifests write it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Count => "count",
            Self::Sum => "sum",
            Self::Avg => "avg",
            Self::Share => "share",
        }
    }
}

/// An axis.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Axis {
    /// `<prefix>_...`.
    pub key: String,
    /// Shown to people.
    pub title: Text,
    /// An entity of the plugin.
    pub entity: String,
    /// The field behind it.
    pub field: String,
    /// Of a date.
    pub bucket: Option<Bucket>,
}

impl Measure {
    /// Its filter, read.
    ///
    /// # Errors
    /// What does not fit, in English.
    pub(crate) fn filter(&self) -> Result<Option<Filter>, String> {
        let read = |json| Filter::parse(json).map_err(|error| error.message.in_locale(kernel::Locale::En));
        self.filter.as_ref().map(read).transpose()
    }
}

/// Whether keys, entities, words and filters are as they must be; names of fields are judged with a catalogue.
pub(super) fn check(manifest: &Manifest) -> Checked {
    if manifest.measures.len().max(manifest.axes.len()) > MAX_ITEMS {
        return fail("measures", format!("more than {MAX_ITEMS} measures or axes"));
    }
    each(
        "measures",
        &manifest.measures,
        |one| one.key.clone(),
        |place, one| {
            own(manifest, place, &one.key, &one.entity)?;
            text(&format!("{place}.title"), &one.title)?;
            match (one.op, &one.field) {
                (Op::Count, None) | (Op::Sum | Op::Avg, Some(_)) => {}
                (Op::Count, Some(_)) => return fail(format!("{place}.field"), "a count has none"),
                (Op::Sum | Op::Avg, None) => return fail(format!("{place}.field"), "say of which field"),
                (Op::Share, _) if one.filter.is_none() => {
                    return fail(format!("{place}.filter"), "say which part of the records is meant");
                }
                (Op::Share, _) => {}
            }
            one.filter().map(drop).map_err(|why| ManifestError::new(format!("{place}.filter"), why))
        },
    )?;
    each(
        "axes",
        &manifest.axes,
        |one| one.key.clone(),
        |place, one| {
            own(manifest, place, &one.key, &one.entity)?;
            text(&format!("{place}.title"), &one.title)
        },
    )
}

fn own(manifest: &Manifest, place: &str, key: &str, entity: &str) -> Checked {
    let Some(prefix) = &manifest.prefix else {
        return fail("prefix", "is what keys of measures begin with: choose one");
    };
    let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_';
    let name = key.strip_prefix(prefix.as_str()).and_then(|rest| rest.strip_prefix('_'));
    if key.len() > MAX_KEY || name.is_none_or(|name| name.is_empty() || !name.bytes().all(plain)) {
        return fail(format!("{place}.key"), format!("must be `{prefix}_` and lower-case letters, digits, `_`"));
    }
    if manifest.entities.iter().any(|one| one.key == entity) {
        return Ok(());
    }
    let known = manifest.entities.iter().map(|one| one.key.as_str());
    super::known::unknown(&format!("{place}.entity"), "entity of the plugin", entity, known)
}

/// Names of fields against a catalogue in which what the manifest declares is in force.
pub(super) fn check_names(manifest: &Manifest, names: &Names<'_>) -> Checked {
    for (index, one) in manifest.measures.iter().enumerate() {
        let filter = one.filter().unwrap_or_default();
        let tested = filter.iter().flat_map(Filter::fields).filter(|field| !field.contains('.'));
        let fields = one.field.iter().chain(&one.date).map(String::as_str).chain(tested);
        names.fields(&format!("measures[{index}]"), &one.entity, fields)?;
        if let Some(def) = names.catalogue.find(&one.entity) {
            let kind = |field: &String| def.field(field).map(|field| field.kind);
            if one.field.as_ref().and_then(kind).is_some_and(|kind| !kind.is_number()) {
                return fail(format!("measures[{index}].field"), "must be a number, an amount or a duration");
            }
            if one.op == Op::Share && one.field.as_ref().and_then(kind).is_some_and(|kind| kind.name() == "money") {
                return fail(format!("measures[{index}].field"), "amounts of several currencies have no share");
            }
            let timed = one.date.as_ref().and_then(kind);
            if timed.is_some_and(|kind| !matches!(kind.name(), "date" | "datetime")) {
                return fail(format!("measures[{index}].date"), "must be a date");
            }
        }
    }
    for (index, one) in manifest.axes.iter().enumerate() {
        names.fields(&format!("axes[{index}].field"), &one.entity, [one.field.as_str()].into_iter())?;
        let Some(field) = names.catalogue.find(&one.entity).and_then(|def| def.field(&one.field)) else { continue };
        if one.bucket.is_some() != matches!(field.kind.name(), "date" | "datetime") {
            return fail(format!("axes[{index}].bucket"), "dates need one, and nothing else has one");
        }
        if !field.is_sortable() {
            return fail(format!("axes[{index}].field"), "nothing can be grouped by it");
        }
    }
    Ok(())
}
