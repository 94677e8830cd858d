//! Pages as data. A package says in `ui/<tree>.toml` what to show; the portal draws it; no code of the plugin runs in
//! the page.
//!
//! Owns: checking and compiling trees, who sees which surface, what a request may ask of a source. Must not know: how
//! records are read (the API does it as the viewer), HTTP. Trees enter as TOML of a package and leave as JSON in which
//! expressions are trees and texts are keys; they are compiled once, with the version they belong to.
//!
//! | module | what |
//! |---|---|
//! | `reference` | `sdk/ui/blocks.json`: every block and property |
//! | `compile`, `found` | tree and reference side by side; the names met on the way |
//! | `spec` | what a source asks, declared and in a request |
//! | `local`, `names` | checks of the tree by itself, and against grants and a catalogue |
//! | `serve` | who sees what |
//! | `public`, `links` | pages for people without an account, and personal links to them |
//! | `frames` | files of the package in an iframe |
//!
//! What a tree asks of the plugin's code is answered by `points::pages`.

mod compile;
mod found;
pub(crate) mod frames;
mod links;
mod local;
mod names;
mod public;
mod reference;
mod serve;
pub mod spec;

use std::collections::BTreeSet;

use kernel::Locale;
use kernel::expression::Expression;
use kernel::filter::Filter;
use records::Catalogue;
use serde_json::Value as Json;

use crate::manifest::ManifestError;
use crate::package::{Package, sha256};
use crate::registry::Version;
use compile::Compiler;
use found::Found;
use spec::{Figures, Sources, Spec};

pub use frames::FrameFile;
pub use links::PublicLinkView;
pub(crate) use names::names;
pub(crate) use public::close_gone;
pub use public::{PublicPageView, Visit};
pub use serve::{Counted, Open, SurfaceView, UiView, viewer};

/// The version of trees that this host checks.
const VERSION: u64 = 1;

/// A place in the portal, checked.
#[derive(Debug, Clone)]
pub(crate) struct Surface {
    pub(crate) declared: crate::manifest::Surface,
    /// For whom it is shown.
    pub(crate) when: Option<Expression>,
    /// What is counted beside its title.
    pub(crate) count: Option<Figures>,
    /// What it shows; none where the plugin's code makes it.
    pub(crate) tree: Option<Tree>,
}

/// A declared tree, compiled.
#[derive(Debug, Clone)]
pub(crate) struct Tree {
    /// `ui/leave.toml`.
    pub(crate) file: String,
    /// As the portal gets it.
    pub(crate) json: Json,
    /// SHA-256 of it, hexadecimal.
    pub(crate) hash: String,
    pub(crate) sources: Sources,
    pub(crate) found: Found,
}

impl Tree {
    /// The sources that the plugin's code computes.
    fn computed(&self) -> impl Iterator<Item = &spec::Computed> {
        self.sources.values().filter_map(|source| match &source.spec {
            Spec::Plugin(computed) => Some(computed),
            _ => None,
        })
    }
}

impl Surface {
    /// The hash that a request names; of a rendered surface there is none.
    pub(crate) fn hash(&self) -> &str {
        self.tree.as_ref().map_or("", |tree| tree.hash.as_str())
    }
}

/// Reads the surfaces of a package with their files.
///
/// # Errors
/// The first problem, with file, block and path.
pub(crate) fn read(package: &Package) -> Result<Vec<Surface>, ManifestError> {
    let mut surfaces = Vec::with_capacity(package.manifest.surfaces.len());
    for (index, declared) in package.manifest.surfaces.iter().enumerate() {
        let place = |key: &str| format!("surfaces[{index}].{key}");
        let title = declared.title.strip_prefix('@');
        if !title.is_some_and(|key| package.texts.has(key)) {
            let problem = "must be `@key` of a text in i18n/*.toml";
            return Err(ManifestError::new(place("title"), problem));
        }
        let when = declared.when.as_deref().map(condition).transpose();
        let when = when.map_err(|problem| ManifestError::new(place("when"), problem))?;
        let tree = match &declared.tree {
            Some(name) => Some(file(package, name, &place("tree"))?),
            None => None,
        };
        if let Some(tree) = &tree {
            let checked = if declared.is_public() { public::check(tree) } else { public::elsewhere(tree) };
            checked.map_err(|error| error.in_file(&tree.file))?;
        }
        let said = declared.while_disabled.as_deref();
        if said.is_some_and(|said| !said.strip_prefix('@').is_some_and(|key| package.texts.has(key))) {
            let problem = "must be `@key` of a text in i18n/*.toml";
            return Err(ManifestError::new(place("while_disabled"), problem));
        }
        let count = declared.count.as_ref().map(counted).transpose();
        let count = count.map_err(|problem| ManifestError::new(place("count"), problem))?;
        surfaces.push(Surface { declared: declared.clone(), when, count, tree });
    }
    Ok(surfaces)
}

/// What the pages of a plugin ask of its code.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Pages {
    /// Sources that it computes.
    pub(crate) sources: BTreeSet<String>,
    /// Presses that it answers.
    pub(crate) acts: BTreeSet<String>,
}

/// What surfaces ask of the plugin's code.
///
/// # Errors
/// The first thing that this host cannot do yet, with its place.
pub(crate) fn pages(surfaces: &[Surface]) -> Result<Pages, ManifestError> {
    let mut pages = Pages::default();
    for surface in surfaces {
        pages.sources.extend(surface.declared.sources.iter().cloned());
        pages.acts.extend(surface.declared.acts.iter().cloned());
        let Some(tree) = &surface.tree else { continue };
        offered(tree).map_err(|error| error.in_file(&tree.file))?;
        pages.acts.extend(tree.found.acts.iter().cloned());
        pages.sources.extend(tree.computed().map(|computed| computed.plugin.clone()));
    }
    if pages.sources.len() > MAX_NAMES || pages.acts.len() > MAX_NAMES {
        return Err(ManifestError::new("surfaces", format!("more than {MAX_NAMES} acts or sources of the code")));
    }
    Ok(pages)
}

/// Acts, and sources that the code computes, of a plugin.
const MAX_NAMES: usize = 100;

/// Whether this host can do what a tree asks for.
fn offered(tree: &Tree) -> Result<(), ManifestError> {
    for (name, source) in &tree.sources {
        let place = || format!("sources.{name}");
        match &source.spec {
            Spec::Report(asked) if asked.report != "query" => {
                let words = format!("there is no report `{}`; the one there is is `query`", asked.report);
                return Err(ManifestError::new(place(), words));
            }
            Spec::Plugin(computed) => computed
                .columns
                .iter()
                .try_for_each(|column| column.field_type().map(drop))
                .map_err(|problem| ManifestError::new(place(), problem))?,
            _ => {}
        }
    }
    match tree.found.files.first() {
        Some(one) => {
            Err(ManifestError::new(&one.place, format!("`{}`: fields with files are not there yet", one.name)))
        }
        None => Ok(()),
    }
}

/// A tree that the plugin's code made for somebody.
#[derive(Debug)]
pub struct Rendered {
    /// What to draw.
    pub tree: Json,
    /// SHA-256 of it, hexadecimal.
    pub hash: String,
}

/// Checks and compiles a tree that the code of a version made for a surface of it.
///
/// # Errors
/// The first problem with its place.
pub(crate) fn rendered(
    version: &Version,
    catalogue: &Catalogue,
    surface: &Surface,
    text: &str,
) -> Result<Rendered, ManifestError> {
    let most = reference::limit("treeBytes");
    if text.len() > most {
        return Err(ManifestError::new("tree", format!("larger than {} KiB", most / 1024)));
    }
    let json: Json = serde_json::from_str(text).map_err(|error| ManifestError::new("tree", error.to_string()))?;
    let tree = compiled(&json, Compiler::of_wire(&version.texts), "the tree")?;
    offered(&tree)?;
    public::elsewhere(&tree)?;
    names::of_rendered(&version.manifest, &tree, &version.surfaces, catalogue)?;
    frames::check(&tree, &version.frames)?;
    let lost = |what: &str, name: &str| {
        let id = &surface.declared.id;
        ManifestError::new(what, format!("`{name}` is not among the {what} of the surface `{id}` in plugin.toml"))
    };
    if let Some(act) = tree.found.acts.iter().find(|act| !surface.declared.acts.contains(*act)) {
        return Err(lost("acts", act));
    }
    if let Some(source) = tree.computed().find(|one| !surface.declared.sources.contains(&one.plugin)) {
        return Err(lost("sources", &source.plugin));
    }
    Ok(Rendered { tree: tree.json, hash: tree.hash })
}

/// What a count asks: records of an entity, without groups.
fn counted(json: &Json) -> Result<Figures, String> {
    let Spec::Aggregate(figures) = Spec::parse(json)? else {
        return Err("is `{ aggregate = \"<entity>\", filter = ... }`".to_owned());
    };
    if !figures.group_by.is_empty() || !figures.measures.is_empty() {
        return Err("counts records: leave out `group_by` and `measures`".to_owned());
    }
    if let Some(filter) = &figures.filter {
        Filter::parse(filter).map_err(|error| error.message.in_locale(Locale::En))?;
    }
    Ok(figures)
}

fn condition(text: &str) -> Result<Expression, String> {
    let compiled = Expression::compile(text.strip_prefix('=').unwrap_or(text))?;
    if let Some(name) = compiled.names().find(|name| *name != "me") {
        return Err(format!("`{name}`: only `me` is known here; a block's `when` knows more"));
    }
    Ok(compiled)
}

fn file(package: &Package, name: &str, place: &str) -> Result<Tree, ManifestError> {
    let path = format!("ui/{name}.toml");
    let missing = || ManifestError::new(place, format!("the package has no file {path}"));
    let bytes = package.assets.get(&format!("{name}.toml")).ok_or_else(missing)?;
    let compiled = parse(bytes).and_then(|json| compiled(&json, Compiler::of_file(&package.texts), &path));
    compiled.map_err(|error| error.in_file(&path))
}

fn parse(bytes: &[u8]) -> Result<Json, ManifestError> {
    let most = reference::limit("treeBytes");
    if bytes.len() > most {
        return Err(ManifestError::new("file", format!("larger than {} KiB", most / 1024)));
    }
    let text = std::str::from_utf8(bytes).map_err(|_| ManifestError::new("file", "not UTF-8 text"))?;
    let table: toml::Table = toml::from_str(text).map_err(|error| crate::manifest::syntax(text, &error))?;
    let mut json = to_json(toml::Value::Table(table))?;
    if let Json::Object(map) = &mut json {
        map.entry("v").or_insert_with(|| VERSION.into());
    }
    Ok(json)
}

/// A tree, checked as far as it goes without a catalogue.
///
/// # Errors
/// The first problem.
fn compiled(json: &Json, mut compiler: Compiler<'_>, file: &str) -> Result<Tree, ManifestError> {
    let json = compiler.tree(json)?;
    if json.get("v").and_then(Json::as_u64) != Some(VERSION) {
        return Err(ManifestError::new("v", format!("this host knows trees of version {VERSION}")));
    }
    let text = json.to_string();
    let (most, state) = (reference::limit("treeBytes"), reference::limit("stateBytes"));
    if text.len() > most {
        return Err(ManifestError::new("file", format!("compiled it is larger than {} KiB", most / 1024)));
    }
    if json.get("state").is_some_and(|kept| kept.to_string().len() > state) {
        return Err(ManifestError::new("state", format!("larger than {} KiB", state / 1024)));
    }
    let found = compiler.found;
    let sources = local::sources(&json)?;
    local::named(&found.sources, &sources)?;
    local::chains(&sources)?;
    Ok(Tree { file: file.to_owned(), hash: sha256(text.as_bytes()), json, sources, found })
}

/// TOML as JSON: dates become text.
fn to_json(value: toml::Value) -> Result<Json, ManifestError> {
    Ok(match value {
        toml::Value::String(text) => Json::String(text),
        toml::Value::Integer(number) => number.into(),
        toml::Value::Float(number) => serde_json::Number::from_f64(number)
            .map(Json::Number)
            .ok_or_else(|| ManifestError::new("file", "a number that is not finite"))?,
        toml::Value::Boolean(flag) => flag.into(),
        toml::Value::Datetime(at) => Json::String(at.to_string()),
        toml::Value::Array(items) => items.into_iter().map(to_json).collect::<Result<Vec<_>, _>>()?.into(),
        toml::Value::Table(table) => {
            let pairs = table.into_iter().map(|(key, value)| Ok((key, to_json(value)?)));
            Json::Object(pairs.collect::<Result<_, ManifestError>>()?)
        }
    })
}

#[cfg(test)]
mod tests;
