//! From what the author of a page wrote to what the portal draws: checks against the reference, expressions compiled,
//! texts as keys. Goes over the tree and the schema side by side and gathers what must be looked up elsewhere.

use std::collections::BTreeSet;

use kernel::expression::tree;
use serde_json::{Map, Value as Json, json};

use super::found::Found;
use super::reference::{self, Means, Schema};
use super::spec;
use crate::manifest::ManifestError;
use crate::manifest::known::nearest;
use crate::texts::Texts;

/// Names told where somebody wrote one that there is not.
const MOST_NAMES_TOLD: usize = 40;
/// The names of expressions.
const ROOTS: [&str; 9] = ["me", "today", "params", "state", "settings", "record", "form", "row", "sources"];

pub(super) type Made = Result<Json, ManifestError>;

/// A place in a tree.
#[derive(Debug, Clone, Default)]
pub(super) struct At {
    path: String,
    /// The block around it: its id, else its kind.
    block: Option<String>,
    /// Blocks around it.
    depth: usize,
    /// The source whose fields are meant.
    source: Option<String>,
}

impl At {
    fn key(&self, key: &str) -> Self {
        let path = if self.path.is_empty() { key.to_owned() } else { format!("{}.{key}", self.path) };
        Self { path, ..self.clone() }
    }

    fn index(&self, index: usize) -> Self {
        Self { path: format!("{}[{index}]", self.path), ..self.clone() }
    }

    /// For people: the block, then the path.
    pub(super) fn place(&self) -> String {
        match &self.block {
            Some(block) => format!("block `{block}` ({})", self.path),
            None => self.path.clone(),
        }
    }

    pub(super) fn fail(&self, problem: impl Into<String>) -> ManifestError {
        ManifestError::new(self.place(), problem)
    }
}

/// How expressions and texts are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Form {
    /// In a file of the package: `"=..."`, `"@key"`; other text that people read is an error.
    File,
    /// In a tree that the plugin's code made: `{"=": "..."}`, `{"t": "key"}`; a string is itself, whatever stands in it.
    Wire,
}

/// Goes over one tree.
pub(super) struct Compiler<'a> {
    texts: &'a Texts,
    form: Form,
    /// What was found on the way.
    pub(super) found: Found,
    ids: BTreeSet<String>,
    blocks: usize,
}

impl<'a> Compiler<'a> {
    /// For a file of the package.
    pub(super) fn of_file(texts: &'a Texts) -> Self {
        Self { texts, form: Form::File, found: Found::default(), ids: BTreeSet::new(), blocks: 0 }
    }

    /// For a tree of the plugin's code.
    pub(super) fn of_wire(texts: &'a Texts) -> Self {
        Self { form: Form::Wire, ..Self::of_file(texts) }
    }

    fn expression<'j>(&self, json: &'j Json) -> Option<&'j str> {
        match self.form {
            Form::File => json.as_str()?.strip_prefix('='),
            Form::Wire => spec::expression(json)?.as_str(),
        }
    }

    /// A whole tree.
    pub(super) fn tree(&mut self, json: &Json) -> Made {
        self.value(json, reference::tree(), &At::default())
    }

    fn value(&mut self, json: &Json, schema: Schema, at: &At) -> Made {
        if let Some(name) = reference::referred(schema) {
            return match (name, reference::definition(name)) {
                ("text", _) => self.text(json, at),
                ("computed", _) => self.computed(json, at),
                ("block", _) => self.block(json, at),
                (_, Some(part)) => self.value(json, part, at),
                (_, None) => Err(at.fail(format!("the reference has no `{name}`"))),
            };
        }
        if let Some(choices) = schema.get("anyOf").and_then(Json::as_array) {
            return self.any_of(json, schema, choices, at);
        }
        if schema.get("enum").is_some() || schema.get("const").is_some() {
            let fits = reference::fits(schema, json) && schema.get("const").is_none_or(|only| only == json);
            return if fits { Ok(json.clone()) } else { Err(misfit(schema, at)) };
        }
        match schema.get("type").and_then(Json::as_str) {
            None => self.free(json, at),
            Some("object") => self.object(json, schema, at),
            Some("array") => self.list(json, schema, at),
            Some("string") => self.plain(json, schema, at),
            Some(_) => number(json, schema, at),
        }
    }

    fn any_of(&mut self, json: &Json, schema: Schema, choices: &'static [Json], at: &At) -> Made {
        let computed = |choice: Schema| reference::referred(choice) == Some("computed");
        if self.expression(json).is_some() && choices.iter().any(computed) {
            return self.computed(json, at);
        }
        let fitting = choices.iter().find(|choice| !computed(*choice) && reference::fits(choice, json));
        fitting.map_or_else(|| Err(misfit(schema, at)), |choice| self.value(json, choice, at))
    }

    fn object(&mut self, json: &Json, schema: Schema, at: &At) -> Made {
        let Json::Object(map) = json else { return Err(misfit(schema, at)) };
        let Some(properties) = schema.get("properties").and_then(Json::as_object) else {
            return match schema.get("additionalProperties").filter(|of| of.is_object()) {
                Some(of) => self.each(map, at, |this, _, value, at| this.value(value, of, at)),
                None => self.free(json, at),
            };
        };
        if let Some(key) = map.keys().find(|key| !properties.contains_key(*key)) {
            let near = nearest(key, properties.keys().map(String::as_str));
            let hint = hint(near, properties.keys().map(String::as_str));
            return Err(at.fail(format!("unknown key `{key}`{hint}")));
        }
        if let Some(key) = reference::required(schema).find(|key| !map.contains_key(*key)) {
            return Err(at.fail(format!("`{key}` is missing")));
        }
        if reference::is_action(schema) {
            let mut verbs = reference::verbs().filter(|verb| map.contains_key(*verb));
            let (verb, another) = (verbs.next(), verbs.next());
            if another.is_some() {
                return Err(at.fail("an action has one verb"));
            }
            if let Some(verb) = verb {
                self.found.verb(verb, at);
            }
        }
        if reference::is_input(schema) {
            self.found.input(map, at)?;
        }
        let mut at = at.clone();
        if properties.get("source").is_some_and(|schema| reference::means(schema) == Means::Source) {
            at.source = map.get("source").and_then(Json::as_str).map(str::to_owned).or(at.source);
        }
        self.each(map, &at, |this, key, value, at| {
            let Some(schema) = properties.get(key) else { return Ok(Json::Null) };
            this.found.named(key, value, at);
            this.value(value, schema, at)
        })
    }

    fn each(
        &mut self,
        map: &Map<String, Json>,
        at: &At,
        mut make: impl FnMut(&mut Self, &str, &Json, &At) -> Made,
    ) -> Made {
        let mut made = Map::new();
        for (key, value) in map {
            made.insert(key.clone(), make(self, key, value, &at.key(key))?);
        }
        Ok(Json::Object(made))
    }

    fn list(&mut self, json: &Json, schema: Schema, at: &At) -> Made {
        let Json::Array(items) = json else { return Err(misfit(schema, at)) };
        let most = schema.get("maxItems").and_then(Json::as_u64).and_then(|most| usize::try_from(most).ok());
        if let Some(most) = most.filter(|most| items.len() > *most) {
            return Err(at.fail(format!("has {} members, and may have {most}", items.len())));
        }
        let Some(of) = schema.get("items") else { return self.free(json, at) };
        let made = items.iter().enumerate().map(|(index, item)| self.value(item, of, &at.index(index)));
        made.collect::<Result<Vec<Json>, _>>().map(Json::Array)
    }

    /// A name or another text that nobody reads.
    fn plain(&mut self, json: &Json, schema: Schema, at: &At) -> Made {
        let Json::String(text) = json else { return Err(misfit(schema, at)) };
        if self.expression(json).is_some() {
            return Err(at.fail("takes no expression"));
        }
        match reference::means(schema) {
            Means::Source => self.found.source(text, at),
            Means::Field => self.found.field(at.source.as_deref(), text, at),
            Means::Other => {}
        }
        Ok(json.clone())
    }

    /// What people read.
    fn text(&mut self, json: &Json, at: &At) -> Made {
        if self.expression(json).is_some() {
            return self.computed(json, at);
        }
        match json {
            Json::String(_) if self.form == Form::Wire => Ok(json.clone()),
            Json::String(text) => match text.strip_prefix('@') {
                Some(key) => self.key(key, at),
                None => Err(at
                    .fail(format!("people read {text:?}: put it into i18n/*.toml and write its key here as \"@key\""))),
            },
            Json::Object(map) if map.keys().all(|key| key == "t" || key == "with") => {
                let Some(Json::String(key)) = map.get("t") else { return Err(at.fail("`t` is the key of a text")) };
                self.key(key, &at.key("t"))?;
                self.free(json, at)
            }
            _ => Err(at.fail("must be a text `@key` or an expression `=...`")),
        }
    }

    fn key(&self, key: &str, at: &At) -> Made {
        if self.texts.has(key) {
            return Ok(json!({ "t": key }));
        }
        let near = nearest(key, self.texts.keys());
        let hint = near.map_or_else(String::new, |near| format!("; did you mean `{near}`?"));
        Err(at.fail(format!("i18n/en.toml has no text \"{key}\"{hint}")))
    }

    /// Any JSON with expressions anywhere in it.
    fn free(&mut self, json: &Json, at: &At) -> Made {
        if self.expression(json).is_some() {
            return self.computed(json, at);
        }
        match json {
            Json::String(_) if self.form == Form::Wire => Ok(json.clone()),
            Json::String(text) => match text.strip_prefix('@') {
                Some(key) if self.texts.has(key) => Ok(json!({ "t": key })),
                _ => Ok(json.clone()),
            },
            Json::Array(items) => {
                let made = items.iter().enumerate().map(|(index, item)| self.free(item, &at.index(index)));
                made.collect::<Result<Vec<Json>, _>>().map(Json::Array)
            }
            Json::Object(map) if map.contains_key("=") => Err(at.fail(self.written())),
            Json::Object(map) => self.each(map, at, |this, _, value, at| this.free(value, at)),
            plain => Ok(plain.clone()),
        }
    }

    fn computed(&mut self, json: &Json, at: &At) -> Made {
        let Some(text) = self.expression(json) else { return Err(at.fail(self.written())) };
        let tree = tree::compile(text.trim(), &ROOTS).map_err(|problem| at.fail(format!("`{text}`: {problem}")))?;
        self.found.expression(&tree, at);
        Ok(json!({ "=": tree }))
    }

    const fn written(&self) -> &'static str {
        match self.form {
            Form::File => "an expression is written as \"=...\"",
            Form::Wire => "an expression is written as {\"=\": \"...\"}",
        }
    }

    fn block(&mut self, json: &Json, at: &At) -> Made {
        let Json::Object(map) = json else { return Err(at.fail("must be a block")) };
        let kind = map.get("block").and_then(Json::as_str).ok_or_else(|| at.fail("`block` is missing"))?;
        let id = map.get("id").and_then(Json::as_str);
        let at = At { block: Some(id.unwrap_or(kind).to_owned()), depth: at.depth + 1, ..at.clone() };
        self.blocks += 1;
        let (most, deepest) = (reference::limit("blocks"), reference::limit("depth"));
        if self.blocks > most {
            return Err(at.fail(format!("the page has more than {most} blocks")));
        }
        if at.depth > deepest {
            return Err(at.fail(format!("more than {deepest} blocks inside one another")));
        }
        if let Some(id) = id
            && !self.ids.insert(id.to_owned())
        {
            return Err(at.fail(format!("the id `{id}` is used twice")));
        }
        let Some(schema) = reference::block(kind) else { return self.unknown(kind, map, &at) };
        self.found.block(kind, map, &at)?;
        self.value(json, schema, &at)
    }

    /// A block of a later version: what stands in its place is drawn.
    fn unknown(&mut self, kind: &str, map: &Map<String, Json>, at: &At) -> Made {
        let Some(instead) = map.get("else") else {
            if self.form == Form::Wire {
                return Ok(json!({ "block": kind, "else": [] }));
            }
            let near = nearest(kind, reference::kinds());
            let hint = hint(near, reference::kinds());
            return Err(at.fail(format!("there is no block `{kind}`, and it has no `else`{hint}")));
        };
        let Some(schema) = reference::definition("blocks") else { return Err(at.fail("no blocks")) };
        let instead = self.value(instead, schema, &at.key("else"))?;
        Ok(json!({ "block": kind, "else": instead }))
    }
}

/// The nearest name there is, or all of them.
fn hint<'a>(near: Option<&str>, there: impl Iterator<Item = &'a str>) -> String {
    match near {
        Some(near) => format!("; did you mean `{near}`?"),
        None => format!("; there are {}", there.take(MOST_NAMES_TOLD).collect::<Vec<_>>().join(", ")),
    }
}

fn misfit(schema: Schema, at: &At) -> ManifestError {
    at.fail(format!("must be {}", reference::described(schema)))
}

fn number(json: &Json, schema: Schema, at: &At) -> Made {
    if !reference::fits(schema, json) {
        return Err(misfit(schema, at));
    }
    let bound = |name: &str| schema.get(name).and_then(Json::as_f64);
    let given = json.as_f64().unwrap_or_default();
    match (bound("minimum"), bound("maximum")) {
        (Some(least), _) if given < least => Err(at.fail(format!("must be at least {least}"))),
        (_, Some(most)) if given > most => Err(at.fail(format!("must be at most {most}"))),
        _ => Ok(json.clone()),
    }
}
