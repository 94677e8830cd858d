//! What was found while a tree was gone over: names that must be there, in the tree itself or in a catalogue.

use std::collections::BTreeSet;

use serde_json::{Map, Value as Json};

use super::compile::At;
use crate::manifest::ManifestError;

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
    /// What needs fields with files, which are not there yet.
    pub(crate) files: Vec<Named>,
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
        let Some(name) = value.as_str() else { return };
        let named = || Named { place: at.place(), name: name.to_owned() };
        match key {
            "act" => drop(self.acts.insert(name.to_owned())),
            "entity" => self.entities.push(named()),
            "surface" => self.surfaces.push(named()),
            _ => {}
        }
    }

    /// The sources that an expression looks at.
    pub(super) fn expression(&mut self, tree: &Json, at: &At) {
        for name in sources_of(tree) {
            self.source(&name, at);
        }
    }

    /// What the reference cannot say of a block's names.
    ///
    /// # Errors
    /// A form whose fields are nobody's.
    pub(super) fn block(&mut self, kind: &str, map: &Map<String, Json>, at: &At) -> Result<(), ManifestError> {
        let text = |key: &str| map.get(key).and_then(Json::as_str);
        let list = |key: &str| map.get(key).and_then(Json::as_array).into_iter().flatten();
        if kind == "audio" || (kind == "preview" && map.contains_key("file")) {
            self.files.push(Named { place: at.place(), name: kind.to_owned() });
        }
        match kind {
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
