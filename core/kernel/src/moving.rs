//! Objects of a company's configuration on their way into a file and out of one: named by keys, without ids. Whoever owns a
//! part of the configuration gathers its objects and puts them in; whoever makes files of them does not know what they say.

use std::collections::HashSet;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value as Json};

use crate::error::{Error, FieldError, Result};
use crate::text::Message;

/// A part of the configuration, in the order in which they are put in: each names only what stands before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = ConfigurationArea)]
pub enum Area {
    /// Lists of options that fields share.
    Directories,
    /// Kinds of records of the company's own.
    Entities,
    /// Fields of the company's own.
    Fields,
    /// Roles with their rights.
    Roles,
    /// Working calendars of the company and of departments.
    Calendars,
    /// Gateways of SMS, without their secrets.
    Gateways,
    /// Published processes.
    Processes,
    /// Pipelines with their stages, which start processes.
    Pipelines,
    /// Conditions of fields.
    Conditions,
    /// Validation rules.
    Rules,
    /// What is done about duplicates.
    Duplicates,
    /// Where fields stand.
    Layouts,
    /// Saved views that everybody sees.
    Views,
    /// How papers look.
    Templates,
    /// Templates of the company's own.
    OwnTemplates,
    /// Rules of automation.
    Automations,
    /// Saved reports that others see.
    Reports,
    /// First pages that were changed, and dashboards that others see.
    Dashboards,
}

impl Area {
    /// All of them, in their order.
    pub const ALL: [Self; 18] = [
        Self::Directories,
        Self::Entities,
        Self::Fields,
        Self::Roles,
        Self::Calendars,
        Self::Gateways,
        Self::Processes,
        Self::Pipelines,
        Self::Conditions,
        Self::Rules,
        Self::Duplicates,
        Self::Layouts,
        Self::Views,
        Self::Templates,
        Self::OwnTemplates,
        Self::Automations,
        Self::Reports,
        Self::Dashboards,
    ];

    /// Its name in addresses and files.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Entities => "entities",
            Self::Directories => "directories",
            Self::Fields => "fields",
            Self::Roles => "roles",
            Self::Calendars => "calendars",
            Self::Gateways => "gateways",
            Self::Pipelines => "pipelines",
            Self::Conditions => "conditions",
            Self::Rules => "rules",
            Self::Duplicates => "duplicates",
            Self::Layouts => "layouts",
            Self::Views => "views",
            Self::Templates => "templates",
            Self::OwnTemplates => "own_templates",
            Self::Processes => "processes",
            Self::Automations => "automations",
            Self::Reports => "reports",
            Self::Dashboards => "dashboards",
        }
    }

    /// The area of a name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|area| area.name() == name)
    }
}

/// An object as a file tells of it.
#[derive(Debug, Clone, PartialEq)]
pub struct Object {
    /// Its name among those of its area, made of keys.
    pub key: String,
    /// What it says.
    pub spec: Json,
}

/// The objects of an area.
#[derive(Debug, Clone, Default)]
pub struct Gathered {
    /// Those that can be told without ids and people, in their order.
    pub objects: Vec<Object>,
    /// Those that cannot, by key, with the reason.
    pub left_out: Vec<(String, Message)>,
    /// What those say; a company restores them, no file carries them.
    pub held: Vec<Object>,
    seen: HashSet<String>,
}

impl Gathered {
    /// Adds an object, or says why it stays: its key is another's, or it names a record or person.
    pub fn add(&mut self, key: String, spec: Json) {
        if !self.seen.insert(key.clone()) {
            self.left_out.push((key, Message::key("configuration.twice")));
        } else if names_somebody(&spec) {
            self.hold(key, "configuration.names_somebody", spec);
        } else {
            self.objects.push(Object { key, spec: sorted(spec) });
        }
    }

    /// Adds an object that stays in the company, with the key of the words that say why.
    pub fn hold(&mut self, key: String, why: &str, spec: Json) {
        self.left_out.push((key.clone(), Message::key(why)));
        self.held.push(Object { key, spec: sorted(spec) });
    }
}

/// A change of an object that somebody wants.
#[derive(Debug, Clone, PartialEq)]
pub struct Moved {
    /// Of this area.
    pub area: Area,
    /// Its name.
    pub key: String,
    /// What it says now; none: it is not there.
    pub before: Option<Json>,
    /// What it shall say; none: it shall go.
    pub after: Option<Json>,
    /// Whether this very company was like that before: then what it lacks may go.
    pub own: bool,
}

impl Moved {
    /// What it shall say, read.
    ///
    /// # Errors
    /// `config.invalid` naming what is not understood.
    pub fn wanted<T: serde::de::DeserializeOwned>(&self) -> Result<Option<T>> {
        self.after.clone().map(|spec| read(spec).map_err(|reason| unreadable(&reason))).transpose()
    }

    /// What it says now, read.
    ///
    /// # Errors
    /// As [`Moved::wanted`].
    pub fn known<T: serde::de::DeserializeOwned>(&self) -> Result<Option<T>> {
        self.before.clone().map(|spec| read(spec).map_err(|reason| unreadable(&reason))).transpose()
    }

    /// How the audit log keeps it: enough to bring the object back.
    pub fn told(&self) -> Json {
        serde_json::json!({"key": self.key, "before": self.before, "after": self.after})
    }
}

fn unreadable(reason: &str) -> Error {
    let reason: String = reason.chars().take(300).collect();
    Error::field("config.invalid", "spec", FieldError::new("invalid").with("reason", reason))
}

/// Reads what an object says.
///
/// # Errors
/// What is not understood, in English.
pub fn read<T: serde::de::DeserializeOwned>(spec: Json) -> std::result::Result<T, String> {
    serde_json::from_value(spec).map_err(|error| error.to_string())
}

/// What stands in the way of a change.
#[derive(Debug, Clone, PartialEq)]
pub struct Trouble {
    /// Of an object of this area.
    pub area: Area,
    /// Its name.
    pub key: String,
    /// Whether something that it names is not there; otherwise it contradicts what is.
    pub missing: bool,
    /// Whether nothing is put in while it stands there; otherwise the object is, without that part.
    pub blocks: bool,
    /// The part of the object.
    pub part: Option<String>,
    /// For people.
    pub message: Message,
}

/// Codes of errors that say that something named is not there.
const ABSENT: [&str; 5] = ["unknown_name", "formula_field", "missing", "rollup_via", "unknown"];

impl Trouble {
    /// What an error of a service says about an object.
    ///
    /// # Errors
    /// The error, where it is not about the object: the work cannot go on.
    pub fn of(moved: &Moved, error: Error) -> Result<Vec<Self>> {
        let about = |missing: bool, part: Option<String>, message: Message| Self {
            area: moved.area,
            key: moved.key.clone(),
            missing,
            blocks: true,
            part,
            message,
        };
        match error {
            Error::Invalid { fields, .. } => Ok(fields
                .into_iter()
                .map(|(part, wrong)| about(ABSENT.contains(&wrong.code.as_str()), Some(part), wrong.message))
                .collect()),
            Error::NotFound(_) => Ok(vec![about(true, None, Message::key("error.not_found"))]),
            // The database said so, and takes nothing more in this transaction.
            Error::Conflict { code: "taken", .. } => Err(error),
            Error::Conflict { .. } | Error::Refused(_) => Ok(vec![about(false, None, error.message())]),
            other => Err(other),
        }
    }

    /// A part that is left out, for what it names is not there.
    pub fn skipped(moved: &Moved, part: &str, message: Message) -> Self {
        let key = moved.key.clone();
        Self { area: moved.area, key, missing: true, blocks: false, part: Some(part.to_owned()), message }
    }
}

/// The same with the keys of all objects in their order: the same content has the same text.
pub fn sorted(json: Json) -> Json {
    match json {
        Json::Object(map) => {
            let mut parts: Vec<(String, Json)> = map.into_iter().map(|(key, part)| (key, sorted(part))).collect();
            parts.sort_by(|one, other| one.0.cmp(&other.0));
            Json::Object(parts.into_iter().collect::<Map<String, Json>>())
        }
        Json::Array(items) => Json::Array(items.into_iter().map(sorted).collect()),
        plain => plain,
    }
}

/// Whether a record or person is named in it, by id.
pub fn names_somebody(json: &Json) -> bool {
    any_text(json, &has_id)
}

/// Whether a text in it, keys of objects among them, is such.
pub fn any_text(json: &Json, is_such: &impl Fn(&str) -> bool) -> bool {
    match json {
        Json::String(text) => is_such(text),
        Json::Array(items) => items.iter().any(|item| any_text(item, is_such)),
        Json::Object(map) => map.iter().any(|(key, part)| is_such(key) || any_text(part, is_such)),
        Json::Null | Json::Bool(_) | Json::Number(_) => false,
    }
}

/// Whether a UUID stands somewhere in a text (RFC 9562, section 4).
fn has_id(text: &str) -> bool {
    const LENGTH: usize = 36;
    const DASHES: [usize; 4] = [8, 13, 18, 23];
    let fits = |window: &[u8]| {
        let mut letters = window.iter().enumerate();
        letters.all(|(at, byte)| if DASHES.contains(&at) { *byte == b'-' } else { byte.is_ascii_hexdigit() })
    };
    // Elements of drawings have such names in some editors: `sid-` and a number like an id.
    let drawn = |at: usize| text.as_bytes().get(..at).is_some_and(|before| before.ends_with(b"sid-"));
    text.as_bytes().windows(LENGTH).enumerate().any(|(at, window)| fits(window) && !drawn(at))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_same_content_has_the_same_text() {
        let one = json!({"b": [{"y": 1, "x": 2}], "a": null});
        let other = json!({"a": null, "b": [{"x": 2, "y": 1}]});
        assert_eq!(sorted(one).to_string(), r#"{"a":null,"b":[{"x":2,"y":1}]}"#);
        assert_eq!(sorted(other).to_string(), r#"{"a":null,"b":[{"x":2,"y":1}]}"#);
    }

    #[test]
    fn ids_are_found_wherever_they_stand() {
        let id = "0198a1b2-0000-7000-8000-0123456789ab";
        assert!(names_somebody(&json!({"filter": {"value": [id]}})));
        assert!(names_somebody(&json!({"check": format!("record.owner == '{id}'")})));
        assert!(names_somebody(&json!({ id: 1 })));
        assert!(!names_somebody(&json!(format!("<task id=\"sid-{id}\"/>"))));
        assert!(!names_somebody(&json!({"check": "record.owner == actor.id", "n": 36, "t": "щ".repeat(40)})));
    }

    #[test]
    fn what_is_told_twice_stays() {
        let mut all = Gathered::default();
        all.add("a".into(), json!({}));
        all.add("a".into(), json!({}));
        assert_eq!((all.objects.len(), all.left_out.len()), (1, 1));
    }

    #[test]
    fn areas_have_names() {
        for area in Area::ALL {
            assert_eq!(Area::named(area.name()), Some(area));
            assert_eq!(serde_json::to_value(area).unwrap(), json!(area.name()));
        }
    }
}
