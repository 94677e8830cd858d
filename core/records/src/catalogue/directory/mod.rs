//! Directories: lists of options, flat or as trees, that fields of type choice share. The product brings some for its own
//! fields; administrators name their items otherwise, archive them, add others, and make directories of their own.
//!
//! The catalogue gives fields their options resolved (`resolve`), so whoever reads `FieldDef::choices` needs to know
//! nothing of this. What is taken away keeps its row and its key: records that have it can still be read, and no key
//! ever means something else.
//!
//! | module | what |
//! |---|---|
//! | `kept` | the table |
//! | `checked` | lists of items as they come in |
//! | `change` | making and changing directories |
//! | `merge` | two directories into one |
//! | `options` | fields take their options from one |
//! | `moving` | on their way between companies |
//! | `users` | what names an item |
//! | `settle` | records follow, as a long job |

pub mod change;
mod checked;
mod kept;
pub mod merge;
pub(super) mod moving;
mod options;
pub mod settle;
mod users;

use std::collections::HashSet;
use std::sync::{Arc, LazyLock};

use kernel::Locale;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::definition::{Choice, EntityDef, FieldDef, Labels, Owner};
use super::{Catalogue, choice_label, text};

pub use checked::ItemInput;
pub(crate) use kept::bring_back;
pub(super) use kept::load;
pub(super) use options::{bind, standing};
pub use users::Bound;

/// Items of a directory, those that were taken away not counted.
pub const MAX_ITEMS: usize = 2_000;
/// Levels of a tree.
pub const MAX_DEPTH: usize = 5;
/// Directories of a company's own, those that were taken away not counted.
pub const MAX_DIRECTORIES: usize = 100;

/// The directories of the product, each with the field whose options it has.
const BUILT_IN: [(&str, &str, &str); 7] = [
    ("source", "lead", "source"),
    ("industry", "company", "industry"),
    ("employees", "company", "employees"),
    ("honorific", "contact", "honorific"),
    ("deal_kind", "deal", "kind"),
    ("contact_kind", "contact", "kind"),
    ("company_kind", "company", "kind"),
];

/// The product as it comes: where its items and their words are from.
static CORE: LazyLock<Catalogue> = LazyLock::new(Catalogue::core);

/// The directories of the product as they come: kept once for all companies that have not changed them.
static PRODUCT: LazyLock<Vec<Directory>> = LazyLock::new(|| complete(Vec::new()));

/// An item of a directory.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Item {
    /// Its key, in records.
    pub key: String,
    /// Its name; none: a text of this crate.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub label: Option<Labels>,
    /// Its colour, `#rrggbb`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub color: Option<String>,
    /// Kept by records that have it, not offered any more.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub archived: bool,
    /// The item above it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parent: Option<String>,
    /// Taken away: read in old records alone.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub removed: bool,
    /// The batch with which it went, or was archived: undone, it is back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub batch: Option<Uuid>,
}

/// A list of options.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Directory {
    /// Its key.
    pub key: String,
    /// Its name; none: a text of this crate.
    pub label: Option<Labels>,
    /// Its items in their order, each behind the one above it; those that were taken away too.
    pub items: Vec<Item>,
    /// Counts its changes; 0 of one that is as the product brings it.
    pub version: i64,
    /// Taken away.
    pub removed: bool,
}

impl Directory {
    fn new(key: &str, label: Option<Labels>) -> Self {
        Self { key: key.to_owned(), label, items: Vec::new(), version: 0, removed: false }
    }

    /// Whether the product brings it.
    pub fn is_built_in(&self) -> bool {
        home(&self.key).is_some()
    }

    /// Whether somebody has made or changed it.
    pub fn is_changed(&self) -> bool {
        self.version > 0
    }

    /// Whether the product brings an item of it.
    pub fn has_built_in(&self, item: &str) -> bool {
        words(&self.key, item).is_some()
    }

    /// Its name in a language.
    pub fn name(&self, locale: Locale) -> String {
        match &self.label {
            Some(label) => label.in_locale(locale).to_owned(),
            None => text(&format!("directory.{}", self.key), locale),
        }
    }

    /// Its name in every language it has.
    pub fn names(&self) -> Labels {
        let words = || Labels(Locale::ALL.map(|locale| (locale, self.name(locale))).into());
        self.label.clone().unwrap_or_else(words)
    }

    /// Those of its items that were not taken away.
    pub fn live(&self) -> impl Iterator<Item = &Item> {
        self.items.iter().filter(|item| !item.removed)
    }

    /// One of them, also one that was taken away.
    pub fn item(&self, key: &str) -> Option<&Item> {
        self.items.iter().find(|item| item.key == key)
    }

    /// The name of an item in every language it has.
    pub fn item_names(&self, item: &Item) -> Labels {
        item.label.clone().or_else(|| words(&self.key, &item.key)).unwrap_or_default()
    }

    /// As options of a field. A field of the product finds the product's words by itself.
    pub(super) fn choices(&self, product: bool) -> Vec<Choice> {
        let standing: HashSet<&str> = self.live().map(|item| item.key.as_str()).collect();
        let choice = |item: &Item| Choice {
            key: item.key.clone(),
            label: item.label.clone().or_else(|| if product { None } else { words(&self.key, &item.key) }),
            color: item.color.clone(),
            archived: item.archived || item.removed,
            parent: item.parent.clone().filter(|parent| !item.removed && standing.contains(parent.as_str())),
        };
        let gone = self.items.iter().filter(|item| item.removed);
        self.live().chain(gone).map(choice).collect()
    }
}

/// The field of the product whose options a directory of the product has.
fn home(key: &str) -> Option<(&'static EntityDef, &'static FieldDef)> {
    let (_, entity, field) = BUILT_IN.iter().find(|(known, ..)| *known == key)?;
    let def: &'static EntityDef = CORE.find(entity)?;
    Some((def, def.field(field)?))
}

/// The product's words for an item of the product.
fn words(directory: &str, item: &str) -> Option<Labels> {
    let (def, field) = home(directory)?;
    let choice = field.choices.iter().find(|choice| choice.key == item)?;
    Some(Labels(Locale::ALL.map(|locale| (locale, choice_label(def, field, choice, locale))).into()))
}

/// What is kept with what the product brings: also what a newer version of it brings.
fn complete(kept: Vec<Directory>) -> Vec<Directory> {
    let (mut changed, own): (Vec<Directory>, Vec<Directory>) = kept.into_iter().partition(Directory::is_built_in);
    let mut all = Vec::with_capacity(BUILT_IN.len() + own.len());
    for (key, ..) in BUILT_IN {
        let at = changed.iter().position(|one| one.key == key);
        let mut one = match at {
            Some(at) => changed.swap_remove(at),
            None => Directory::new(key, None),
        };
        let product = home(key).map_or(&[][..], |(_, field)| field.choices.as_slice());
        for choice in product {
            if one.item(&choice.key).is_none() {
                one.items.push(brought(&choice.key));
            }
        }
        all.push(one);
    }
    all.extend(own);
    all
}

/// An item as the product brings it.
fn brought(key: &str) -> Item {
    Item { key: key.to_owned(), label: None, color: None, archived: false, parent: None, removed: false, batch: None }
}

/// Gives fields that take their options from a directory these options. Those of the product are left alone while
/// nobody has changed their directory.
pub(super) fn resolve(all: &mut [Arc<EntityDef>], directories: &[Directory]) {
    for def in all {
        if def.fields.iter().all(|field| of(field, directories).is_none()) {
            continue;
        }
        for field in &mut Arc::make_mut(def).fields {
            if let Some(directory) = of(field, directories) {
                field.choices = directory.choices(field.owner == Owner::Core);
            }
        }
    }
}

fn of<'a>(field: &FieldDef, directories: &'a [Directory]) -> Option<&'a Directory> {
    let key = field.directory.as_deref()?;
    let found = directories.iter().chain(PRODUCT.iter()).find(|one| one.key == key)?;
    (field.owner != Owner::Core || found.is_changed()).then_some(found)
}

impl Catalogue {
    /// A directory that was not taken away.
    pub fn directory(&self, key: &str) -> Option<&Directory> {
        self.directories.iter().chain(PRODUCT.iter()).find(|one| one.key == key && !one.removed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_directory_of_the_product_has_a_name_and_the_options_of_its_field() {
        for directory in complete(Vec::new()) {
            let (_, field) = home(&directory.key).unwrap();
            assert_eq!(field.directory.as_deref(), Some(directory.key.as_str()));
            assert_eq!(directory.choices(true), field.choices);
            for locale in Locale::ALL {
                assert!(!directory.name(locale).contains("directory."), "{}", directory.key);
            }
        }
    }

    #[test]
    fn every_field_of_the_product_with_a_directory_has_its_very_options() {
        for def in Catalogue::core().entities() {
            for field in def.fields.iter().filter(|field| field.directory.is_some()) {
                let (_, home) = home(field.directory.as_deref().unwrap()).unwrap();
                assert_eq!(home.choices, field.choices, "{}.{}", def.key, field.key);
            }
        }
    }

    #[test]
    fn what_a_newer_product_brings_stands_behind_what_was_arranged() {
        let mut kept = Directory::new("source", None);
        kept.version = 3;
        kept.items = vec![Item { archived: true, ..brought("event") }, Item { removed: true, ..brought("x_old") }];
        let all = complete(vec![kept]);
        let source = all.iter().find(|one| one.key == "source").unwrap();
        assert_eq!(source.live().next().map(|item| item.key.as_str()), Some("event"));
        assert!(source.live().any(|item| item.key == "web"));
        let choices = source.choices(false);
        assert!(choices.iter().find(|choice| choice.key == "web").unwrap().label.is_some());
        assert_eq!(choices.last().map(|choice| (choice.key.as_str(), choice.archived)), Some(("x_old", true)));
    }
}
