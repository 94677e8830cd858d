//! What a plugin declares of a company's catalogue: entities of its own and fields on those of the product. Kept in the
//! same tables as a company's own and shown by the same snapshot; the only difference is whose it is.
//!
//! A declaration is checked by itself (`Declaration::check`), compared with what a company has (`plan`), and put into
//! force or out of it inside the transaction of whoever switches the plugin (`apply`).

mod apply;
mod check;
mod export;
mod expressions;
mod plan;
mod purge;

use std::sync::Arc;

use kernel::value::FieldType;
use kernel::{EntityKey, FieldKey};

use super::change::NewField;
use super::condition::ValidationRule;
use super::constraint::Constraint;
use super::definition::{EntityDef, Labels, Owner};
use super::store::Own;
use super::{Catalogue, core_entities};
use crate::stages::Semantic;

pub use export::{Holdings, Page as HeldPage, Sheet, SheetColumn};
pub use plan::{Plan, Planned, What};
pub use purge::Purged;

/// Entities of a plugin.
pub const MAX_ENTITIES: usize = 40;
/// Fields of a plugin on one entity.
pub const MAX_FIELDS: usize = 200;
/// Stages of an entity.
pub const MAX_STAGES: usize = 30;
/// Constraints of an entity.
pub const MAX_CONSTRAINTS: usize = 10;
/// Validation rules of an entity, and of all fields on one of the product.
pub const MAX_RULES: usize = 30;

/// Everything that a plugin declares.
#[derive(Debug, Clone, Default)]
pub struct Declaration {
    /// Whose it is.
    pub plugin: String,
    /// What its keys begin with, before `_`; empty where it declares nothing.
    pub prefix: String,
    /// Its entities.
    pub entities: Vec<DeclaredEntity>,
    /// Its fields on entities of the product.
    pub fields: Vec<DeclaredField>,
}

/// An entity of a plugin.
#[derive(Debug, Clone)]
pub struct DeclaredEntity {
    /// `<prefix>_...`.
    pub key: String,
    /// Its name of one.
    pub label: Labels,
    /// Its name of many.
    pub label_many: Labels,
    /// The field that names a record whose title nobody gave.
    pub title_from: Option<String>,
    /// Fields of its list at first.
    pub list: Vec<String>,
    /// Fields of a card on its board.
    pub card: Vec<String>,
    /// None: it has no stages.
    pub stages: Vec<DeclaredStage>,
    /// Its fields, each with its key.
    pub fields: Vec<NewField>,
    /// What must hold between its records.
    pub constraints: Vec<Constraint>,
    /// What must hold of each of them.
    pub rules: Vec<ValidationRule>,
    /// Whether it stands in the menu.
    pub menu: bool,
}

/// A stage of a plugin's entity.
#[derive(Debug, Clone)]
pub struct DeclaredStage {
    /// Unique within the entity.
    pub key: String,
    /// Its name.
    pub label: Labels,
    /// What it means.
    pub semantic: Semantic,
    /// `#rrggbb`.
    pub color: String,
}

/// A field of a plugin on an entity of the product.
#[derive(Debug, Clone)]
pub struct DeclaredField {
    /// The entity.
    pub entity: String,
    /// The field, with its key.
    pub field: NewField,
}

/// What is wrong with a declaration.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeclarationError {
    /// `entities[0].fields[2].entities`.
    pub place: String,
    /// Why, in English: declarations are made by developers.
    pub problem: String,
    /// A name that is not known, and those that are.
    pub unknown: Option<(String, Vec<String>)>,
}

impl DeclarationError {
    fn new(place: impl Into<String>, problem: impl Into<String>) -> Self {
        Self { place: place.into(), problem: problem.into(), unknown: None }
    }

    fn unknown<'a>(place: String, what: &str, name: &str, known: impl Iterator<Item = &'a str>) -> Self {
        let unknown = Some((name.to_owned(), known.map(str::to_owned).collect()));
        Self { place, problem: format!("there is no {what} `{name}`"), unknown }
    }
}

/// A declaration that makes sense by itself.
#[derive(Debug, Clone)]
pub struct Declared {
    plugin: Arc<str>,
    prefix: String,
    own: Own,
    stages: Vec<(EntityKey, Vec<DeclaredStage>)>,
}

impl Declared {
    /// Keys of its entities.
    pub fn entities(&self) -> impl Iterator<Item = &EntityKey> {
        self.own.entities.iter().map(|(key, ..)| key)
    }

    /// Whether there is nothing in it.
    pub fn is_empty(&self) -> bool {
        self.own.entities.is_empty() && self.own.fields.is_empty()
    }

    /// Its fields: the entity, the key, the type.
    pub(in crate::catalogue) fn fields(&self) -> impl Iterator<Item = (&str, &str, FieldType)> {
        self.own.fields.iter().map(|(entity, key, _, field)| (&**entity, &**key, field.kind))
    }

    fn stages_of(&self, entity: &str) -> &[DeclaredStage] {
        self.stages.iter().find(|(key, _)| **key == *entity).map_or(&[], |(_, stages)| stages)
    }
}

impl Catalogue {
    /// What the catalogue would be with this in force, instead of what its plugin has in it now.
    pub fn with(&self, declared: &Declared) -> Self {
        let others = self.entities.iter().filter(|def| def.owner.plugin() != Some(&declared.plugin));
        let mut all: Vec<Arc<EntityDef>> = others.map(Arc::clone).collect();
        for def in &mut all {
            if def.fields.iter().any(|field| field.owner.plugin() == Some(&declared.plugin)) {
                Arc::make_mut(def).without_fields_of(&declared.plugin);
            }
        }
        Self::new(self.revision, crate::stages::Pipelines::default(), declared.own.clone().applied_to(&all))
    }
}

/// An entity of a plugin before its fields.
fn bare(key: &str, owner: &Owner, staged: bool) -> EntityDef {
    core_entities::custom(key, owner.clone(), staged)
}

/// A list of keys as keys of fields.
fn keys(given: &[String]) -> Vec<FieldKey> {
    given.iter().map(FieldKey::new).collect()
}
