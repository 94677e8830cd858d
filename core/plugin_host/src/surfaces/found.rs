//! What was found while a tree was gone over: names that must be there, in the tree itself or in a catalogue.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value as Json};

use super::compile::At;
use crate::manifest::ManifestError;

/// The type of inputs that take files.
pub(crate) const FILE: &str = "file";
/// Files of an input at most.
const MAX_FILES: u64 = 5;

/// A name with its place.
#[derive(Debug, Clone)]
pub(crate) struct Named {
    pub(crate) place: String,
    pub(crate) name: String,
}

/// A field with whose it is.
#[derive(Debug, Clone)]
pub(crate) struct NamedField {
    pub(crate) place: String,
    /// A source, or an entity.
    pub(crate) of: String,
    pub(crate) field: String,
}

/// Names of a tree.
#[derive(Debug, Clone, Default)]
pub(crate) struct Found {
    /// Sources that blocks and expressions name.
    pub(crate) sources: Vec<Named>,
    /// Fields of sources.
    pub(crate) fields: Vec<NamedField>,
    /// Entities that forms and actions write.
    pub(crate) entities: Vec<Named>,
    /// Fields that forms ask.
    pub(crate) asked: Vec<NamedField>,
    /// Other surfaces of the plugin.
    pub(crate) surfaces: Vec<Named>,
    /// What is asked of the code by a press.
    pub(crate) acts: BTreeSet<String>,
    /// Inputs that take files, with how many they take; those of one name together.
    pub(crate) uploads: BTreeMap<String, u64>,
    /// What needs fields with files, which are not there yet.
    pub(crate) files: Vec<Named>,
    /// Files of frames.
    pub(super) frames: Vec<Named>,
    /// Kinds of blocks.
    pub(super) kinds: Vec<Named>,
    /// Verbs of actions.
    pub(super) verbs: Vec<Named>,
    /// Types of inputs.
    pub(super) inputs: Vec<Named>,
    /// Names in expressions.
    pub(super) names: Vec<Named>,
}

impl Found {
    pub(super) fn source(&mut self, name: &str, at: &At) {
        self.sources.push(Named { place: at.place(), name: name.to_owned() });
    }

    pub(super) fn field(&mut self, source: Option<&str>, field: &str, at: &At) {
        let Some(of) = source else { return };
        self.fields.push(NamedField { place: at.place(), of: of.to_owned(), field: field.to_owned() });
    }

    /// The value of a key of an object that the reference knows.
    pub(super) fn named(&mut self, key: &str, value: &Json, at: &At) {
        if key == "download" && value.get("file").is_some() {
            self.files.push(Named { place: at.place(), name: key.to_owned() });
        }
        if key == "open" {
            self.verb(key, at);
        }
        let Some(name) = value.as_str() else { return };
        let named = || Named { place: at.place(), name: name.to_owned() };
        match key {
            "act" => drop(self.acts.insert(name.to_owned())),
            "entity" => self.entities.push(named()),
            "surface" => self.surfaces.push(named()),
            _ => {}
        }
    }

    /// The sources that an expression looks at, and its other names.
    pub(super) fn expression(&mut self, tree: &Json, at: &At) {
        for name in sources_of(tree) {
            self.source(&name, at);
        }
        let mut names = BTreeSet::new();
        names_of(tree, &mut names);
        self.names.extend(names.into_iter().map(|name| Named { place: at.place(), name }));
    }

    /// The verb of an action.
    pub(super) fn verb(&mut self, verb: &str, at: &At) {
        self.verbs.push(Named { place: at.place(), name: verb.to_owned() });
    }

    /// The type of an input; a line of text where it says none.
    ///
    /// # Errors
    /// Files within rows, and a number of files that is not known or too large.
    pub(super) fn input(&mut self, map: &Map<String, Json>, at: &At) -> Result<(), ManifestError> {
        let kind = map.get("type").and_then(Json::as_str).unwrap_or("text");
        self.inputs.push(Named { place: at.place(), name: kind.to_owned() });
        let mut inside = map.get("fields").and_then(Json::as_array).into_iter().flatten();
        if inside.any(|one| one.get("type").and_then(Json::as_str) == Some(FILE)) {
            return Err(at.fail("rows take no files: ask for them beside the rows"));
        }
        if kind != FILE {
            return Ok(());
        }
        let most = map.get("max").map(Json::as_u64);
        if most.is_some_and(|most| most.is_none_or(|most| !(1..=MAX_FILES).contains(&most))) {
            return Err(at.fail(format!("`max` of an input that takes files is a number from 1 to {MAX_FILES}")));
        }
        if let Some(name) = map.get("name").and_then(Json::as_str) {
            let taken = self.uploads.entry(name.to_owned()).or_default();
            *taken = taken.saturating_add(most.flatten().unwrap_or(1));
        }
        Ok(())
    }

    /// What the reference cannot say of a block's names.
    ///
    /// # Errors
    /// A form whose fields are nobody's.
    pub(super) fn block(&mut self, kind: &str, map: &Map<String, Json>, at: &At) -> Result<(), ManifestError> {
        let text = |key: &str| map.get(key).and_then(Json::as_str);
        let list = |key: &str| map.get(key).and_then(Json::as_array).into_iter().flatten();
        self.kinds.push(Named { place: at.place(), name: kind.to_owned() });
        if kind == "audio" || (kind == "preview" && map.contains_key("file")) {
            self.files.push(Named { place: at.place(), name: kind.to_owned() });
        }
        match kind {
            "frame" => {
                if !map.contains_key("title") {
                    return Err(at.fail("a frame has a `title`: whoever cannot see it hears what it is"));
                }
                let file = text("file").unwrap_or_default().to_owned();
                self.frames.push(Named { place: at.place(), name: file });
                self.acts.extend(list("acts").filter_map(Json::as_str).map(str::to_owned));
            }
            "table" => {
                for column in list("columns") {
                    let plain = column.get("value").is_none();
                    let name = column.as_str().or_else(|| column.get("name").filter(|_| plain)?.as_str());
                    if let Some(name) = name {
                        self.field(text("source"), name, at);
                    }
                }
            }
            "form" => {
                for field in list("fields").filter_map(Json::as_str) {
                    let Some(entity) = text("entity") else {
                        return Err(at.fail(format!("`{field}`: a form without `entity` says what its inputs are")));
                    };
                    let (of, field) = (entity.to_owned(), field.to_owned());
                    self.asked.push(NamedField { place: at.place(), of, field });
                }
            }
            _ => {}
        }
        Ok(())
    }
}

/// The sources that a compiled value looks at, wherever in it.
pub(super) fn sources_of(json: &Json) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    gather(json, &mut names);
    names
}

/// The names of a compiled expression, those that its macros bind among them; `can` where it is called.
fn names_of(json: &Json, names: &mut BTreeSet<String>) {
    match json {
        Json::Array(items) => items.iter().for_each(|item| names_of(item, names)),
        Json::Object(map) => {
            let called = map.get("call").and_then(|call| call.get(0)).filter(|name| *name == "can");
            let name = map.get("name").or(called).and_then(Json::as_str);
            names.extend(name.map(str::to_owned));
            map.values().for_each(|item| names_of(item, names));
        }
        _ => {}
    }
}

fn gather(json: &Json, names: &mut BTreeSet<String>) {
    let is_root = |node: &Json| node.get("name").and_then(Json::as_str) == Some("sources");
    match json {
        Json::Array(items) => {
            match items.as_slice() {
                // `get`, `get?`, `has`, and `sources["name"]`.
                [root, Json::String(name)] | [Json::String(_), root, Json::String(name)] if is_root(root) => {
                    names.insert(name.clone());
                }
                _ => {}
            }
            items.iter().for_each(|item| gather(item, names));
        }
        Json::Object(map) => map.values().for_each(|item| gather(item, names)),
        _ => {}
    }
}
