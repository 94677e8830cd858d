//! The entity catalogue: what entities exist, with their fields. Entities are data: every list, board, card, import,
//! filter and access row works from these definitions.

mod core_entities;
mod labels;

pub use labels::{choice_label, entity_label, field_label, section_label, text};

use std::collections::HashMap;
use std::sync::LazyLock;

use kernel::filter::Storage;
use kernel::value::FieldType;

/// The definition of an entity.
#[derive(Debug)]
pub struct EntityDef {
    /// Its key in the API, e.g. `lead`.
    pub key: &'static str,
    /// Its table.
    pub table: &'static str,
    /// Whether it moves through the stages of a pipeline.
    pub staged: bool,
    /// Its fields, in the order of the card.
    pub fields: Vec<FieldDef>,
    /// Fields a list shows at first.
    pub list: &'static [&'static str],
    /// Fields a card on a board shows.
    pub card: &'static [&'static str],
    /// Sections of the record card: label key and fields.
    pub sections: &'static [(&'static str, &'static [&'static str])],
}

/// The definition of a field.
#[derive(Debug, Clone)]
pub struct FieldDef {
    /// Its key, e.g. `amount`.
    pub key: &'static str,
    /// Its type.
    pub kind: FieldType,
    /// Where it is kept.
    pub storage: Storage,
    /// Must have a value.
    pub required: bool,
    /// Set by the product, never from outside.
    pub system: bool,
    /// The entity it links to.
    pub target: Option<&'static str>,
    /// The values of a choice.
    pub choices: &'static [&'static str],
    /// Longest text, in characters.
    pub max_length: usize,
    /// Smallest and largest number.
    pub range: Option<(i64, i64)>,
}

impl FieldDef {
    pub(super) const fn new(key: &'static str, kind: FieldType) -> Self {
        let max_length = match kind {
            FieldType::LongText => 20_000,
            _ => 255,
        };
        Self {
            key,
            kind,
            storage: Storage::Column(key),
            required: false,
            system: false,
            target: None,
            choices: &[],
            max_length,
            range: None,
        }
    }

    pub(super) const fn required(mut self) -> Self {
        self.required = true;
        self
    }

    pub(super) const fn system(mut self) -> Self {
        self.system = true;
        self
    }

    pub(super) const fn to(mut self, target: &'static str) -> Self {
        self.target = Some(target);
        self
    }

    pub(super) const fn many(mut self) -> Self {
        self.storage = Storage::Links;
        self
    }

    pub(super) const fn choices(mut self, choices: &'static [&'static str]) -> Self {
        self.choices = choices;
        self
    }

    pub(super) const fn max(mut self, characters: usize) -> Self {
        self.max_length = characters;
        self
    }

    pub(super) const fn range(mut self, from: i64, to: i64) -> Self {
        self.range = Some((from, to));
        self
    }
}

impl EntityDef {
    /// The field with this key.
    pub fn field(&self, key: &str) -> Option<&FieldDef> {
        self.fields.iter().find(|field| field.key == key)
    }
}

/// Every entity that records have.
pub fn entities() -> &'static [EntityDef] {
    &CATALOGUE.all
}

/// The entity with this key.
pub fn entity(key: &str) -> Option<&'static EntityDef> {
    CATALOGUE.by_key.get(key).and_then(|index| CATALOGUE.all.get(*index))
}

struct Catalogue {
    all: Vec<EntityDef>,
    by_key: HashMap<&'static str, usize>,
}

static CATALOGUE: LazyLock<Catalogue> = LazyLock::new(|| {
    let all = core_entities::all();
    let by_key = all.iter().enumerate().map(|(index, entity)| (entity.key, index)).collect();
    Catalogue { all, by_key }
});

#[cfg(test)]
mod tests {
    use kernel::Locale;

    use super::*;

    #[test]
    fn every_field_named_in_a_layout_exists() {
        for entity in entities() {
            let sections = entity.sections.iter().flat_map(|(_, fields)| fields.iter());
            for key in entity.list.iter().chain(entity.card).chain(sections) {
                assert!(entity.field(key).is_some(), "{}.{key}", entity.key);
            }
        }
    }

    #[test]
    fn every_label_is_translated() {
        for locale in Locale::ALL {
            for entity in entities() {
                let mut labels = vec![entity_label(entity.key, false, locale), entity_label(entity.key, true, locale)];
                labels.extend(entity.sections.iter().map(|(key, _)| section_label(key, locale)));
                for field in &entity.fields {
                    labels.push(field_label(entity.key, field.key, locale));
                    labels.extend(field.choices.iter().map(|c| choice_label(entity.key, field.key, c, locale)));
                }
                for label in labels {
                    let key = label.contains('.') && !label.contains(' ') && !label.ends_with('.');
                    assert!(!key, "{locale}: {label}");
                }
            }
        }
    }
}
