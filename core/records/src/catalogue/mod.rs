//! The catalogue of a company: what entities exist, with their fields, pipelines and words. Entities are data: every
//! list, board, card, import, filter and access row works from these definitions.
//!
//! A `Catalogue` is a snapshot: immutable, shared, with a revision. An operation takes one and keeps it to its end, so
//! that a change of definitions beside it neither waits nor tears it.
//!
//! | module | what |
//! |---|---|
//! | `definition` | what an entity and a field are |
//! | `core_entities` | those of the product |
//! | `sales_entities` | those of sales among them |
//! | `known` | snapshots by tenant |
//! | `declared` | what plugins declare: entities and fields of theirs |
//! | `constraint` | what must hold between records |
//! | `indexed` | indexes of fields that are marked so |
//! | `formula` | fields that are computed |
//! | `retype` | another type for a field that has values |
//! | `unique` | fields in which no two records have the same |
//! | `users` | what looks at a field |
//! | `rollup` | fields that count or add up records which link to theirs |
//! | `condition` | conditions of fields, validation rules |
//! | `rules` | making and changing these, and their tables |
//! | `entities` | making and changing a company's own entities |
//! | `menu` | where these stand in the menu, and their pictures |
//! | `change` | making and changing a company's own fields |
//! | `choices` | the choices of a field, checked |
//! | `directory` | lists of options that fields share |
//! | `store` | the tables of these |
//! | `layout` | where fields stand |
//! | `labels` | words |
//! | `moving` | all of it as objects that move between companies |

pub mod change;
pub(crate) mod choices;
pub mod condition;
pub mod constraint;
mod core_entities;
pub mod declared;
mod definition;
pub mod directory;
pub mod entities;
pub mod formula;
pub mod indexed;
mod known;
mod labels;
pub mod layout;
mod menu;
pub mod moving;
pub mod retype;
pub(crate) mod rollup;
pub mod rules;
mod sales_entities;
mod store;
pub mod unique;
mod users;

use std::borrow::Cow;
use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use kernel::{EntityKey, Error, Locale, Result};

use crate::duplicates::Policies;
use crate::references;
use crate::stages::Pipelines;

use directory::Directory;
use layout::Layouts;

pub use definition::{Choice, EntityDef, FieldDef, Labels, MERGED_INTO, Owner, Section};
pub(crate) use known::Known;
pub use labels::{choice_label, entity_label, field_label, section_label, section_labels, text, title_label};
pub use menu::MenuPlace;
pub use rollup::Rollup;
pub(crate) use store::touch;
pub use users::Looks;

/// Everything that a company's records consist of, at one moment.
#[derive(Debug)]
pub struct Catalogue {
    /// Counts its changes.
    pub revision: i64,
    /// The pipelines with their stages, and the company's currency.
    pub pipelines: Pipelines,
    /// What is done about duplicates.
    pub duplicates: Policies,
    /// Where fields stand, as administrators arranged it.
    pub layouts: Layouts,
    /// Lists of options that fields share, as far as somebody has made or changed them; those that were taken away too.
    pub(crate) directories: Arc<Vec<Directory>>,
    entities: Vec<Arc<EntityDef>>,
    by_key: HashMap<EntityKey, usize>,
    followers: rollup::Followers,
}

impl Catalogue {
    fn new(revision: i64, pipelines: Pipelines, entities: Vec<Arc<EntityDef>>) -> Self {
        let by_key = entities.iter().enumerate().map(|(index, entity)| (entity.key.clone(), index)).collect();
        Self {
            revision,
            pipelines,
            duplicates: Policies::default(),
            layouts: Layouts::default(),
            directories: Arc::default(),
            followers: rollup::all_followers(&entities),
            entities,
            by_key,
        }
    }

    /// What every company begins with.
    pub fn core() -> Self {
        Self::new(0, Pipelines::default(), core_entities::all())
    }

    /// The same without some entities.
    fn without(&self, closed: &BTreeSet<String>) -> Self {
        let open = self.entities.iter().filter(|entity| !closed.contains(entity.key.as_str())).cloned();
        let left = Self::new(self.revision, self.pipelines.clone(), open.collect());
        Self {
            duplicates: self.duplicates.clone(),
            layouts: self.layouts.clone(),
            directories: Arc::clone(&self.directories),
            ..left
        }
    }

    /// Every entity that records have, those of the product first.
    pub fn entities(&self) -> &[Arc<EntityDef>] {
        &self.entities
    }

    /// The entity with this key, if there is one.
    pub fn find(&self, key: &str) -> Option<&Arc<EntityDef>> {
        self.by_key.get(key).and_then(|index| self.entities.get(*index))
    }

    /// The name of many of an entity; its key where it is not there (any more).
    pub fn entity_name(&self, key: &str, locale: Locale) -> String {
        self.find(key).map_or_else(|| key.to_owned(), |def| entity_label(def, true, locale))
    }

    /// The name of a field; its key where it is not there (any more).
    pub fn field_name(&self, entity: &str, key: &str, locale: Locale) -> String {
        let found = self.find(entity).and_then(|def| Some((def, def.field(key)?)));
        found.map_or_else(|| key.to_owned(), |(def, field)| field_label(def, field, locale))
    }

    /// What a field of choices offers. The field that names the entity of any record offers every entity.
    pub fn choices<'a>(&self, field: &'a FieldDef) -> Cow<'a, [Choice]> {
        if field.key != references::ENTITY_BESIDE {
            return Cow::Borrowed(&field.choices);
        }
        let choice = |def: &Arc<EntityDef>| {
            let label = Locale::ALL.map(|locale| (locale, entity_label(def, false, locale)));
            let label = Some(Labels(label.into_iter().collect()));
            Choice { key: def.key.to_string(), label, color: None, archived: false, parent: None }
        };
        Cow::Owned(self.entities.iter().map(choice).collect())
    }

    /// The entity with this key.
    ///
    /// # Errors
    /// `NotFound`.
    pub fn entity(&self, key: &str) -> Result<&Arc<EntityDef>> {
        self.find(key).ok_or_else(|| Error::NotFound(format!("entity {}", key.chars().take(80).collect::<String>())))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_field_named_in_a_layout_exists() {
        for entity in Catalogue::core().entities() {
            let sections = entity.sections.iter().flat_map(|section| section.fields.iter());
            for key in entity.list.iter().chain(&entity.card).chain(sections) {
                assert!(entity.field(key).is_some(), "{}.{key}", entity.key);
            }
        }
    }

    #[test]
    fn every_money_has_its_currency() {
        use kernel::value::FieldType;
        for entity in Catalogue::core().entities() {
            for field in entity.fields.iter().filter(|field| field.kind == FieldType::Money) {
                assert!(entity.currency_of(field).is_some(), "{}.{}", entity.key, field.key);
            }
        }
    }

    #[test]
    fn every_label_is_translated() {
        for locale in Locale::ALL {
            for entity in Catalogue::core().entities() {
                let mut labels = vec![entity_label(entity, false, locale), entity_label(entity, true, locale)];
                labels.extend(entity.sections.iter().map(|section| section_label(&section.key, locale)));
                for field in &entity.fields {
                    labels.push(field_label(entity, field, locale));
                    labels.extend(field.choices.iter().map(|choice| choice_label(entity, field, choice, locale)));
                }
                for label in labels {
                    let key = label.contains('.') && !label.contains(' ') && !label.ends_with('.');
                    assert!(!key, "{locale}: {label}");
                }
            }
        }
    }
}
