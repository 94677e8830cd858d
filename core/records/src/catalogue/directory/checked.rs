//! A list of items as it comes in, checked and put in order.

use std::collections::{HashMap, HashSet};

use kernel::Locale;
use kernel::error::{FieldError, FieldErrors};
use kernel::text::latin;
use serde::{Deserialize, Serialize};

use super::{Directory, Item, MAX_DEPTH, MAX_ITEMS, words};
use crate::catalogue::Labels;
use crate::catalogue::change::{MAX_KEY, worded};
use crate::catalogue::choices::is_color;

/// An item of a directory, as it is to be.
#[derive(Debug, Clone, Deserialize, Serialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ItemInput {
    /// Its key: of one that is there, or of a new one (a-z, 0-9, `_`, `-`; in directories of the product `x_` and so on).
    /// Made from the name where absent.
    #[serde(default)]
    pub key: Option<String>,
    /// Its name by language. Absent: as it was.
    #[serde(default)]
    #[schema(value_type = Option<std::collections::BTreeMap<String, String>>)]
    pub label: Option<Labels>,
    /// Its colour, `#rrggbb`.
    #[serde(default)]
    pub color: Option<String>,
    /// Kept by records that have it, not offered any more.
    #[serde(default)]
    pub archived: bool,
    /// The key of the item above it.
    #[serde(default)]
    pub parent: Option<String>,
}

/// The items that take the place of those of a directory, each behind the one above it.
///
/// # Errors
/// By place: `items.<n>.key`, `label`, `color`, `parent`.
pub(super) fn check(old: &Directory, given: Vec<ItemInput>) -> Result<Vec<Item>, FieldErrors> {
    if given.len() > MAX_ITEMS {
        return Err(FieldErrors::from([("items".to_owned(), FieldError::new("too_many").with("max", MAX_ITEMS))]));
    }
    let mut errors = FieldErrors::new();
    // No new key is one that somebody has, had or asks for.
    let asked = given.iter().filter_map(|input| input.key.clone());
    let mut taken: HashSet<String> = old.items.iter().map(|item| item.key.clone()).chain(asked).collect();
    let mut seen = HashSet::new();
    let mut items = Vec::with_capacity(given.len());
    for (index, input) in given.into_iter().enumerate() {
        match checked(old, &mut taken, input) {
            Ok(item) if seen.insert(item.key.clone()) => items.push(item),
            Ok(_) => drop(errors.insert(place(index, "key"), FieldError::new("taken"))),
            Err((part, error)) => drop(errors.insert(place(index, part), error)),
        }
    }
    if errors.is_empty() {
        errors = misplaced(&items);
    }
    if errors.is_empty() { Ok(in_order(items)) } else { Err(errors) }
}

fn place(index: usize, part: &str) -> String {
    format!("items.{index}.{part}")
}

fn checked(old: &Directory, taken: &mut HashSet<String>, input: ItemInput) -> Result<Item, (&'static str, FieldError)> {
    let known = input.key.as_deref().and_then(|key| old.item(key));
    if known.is_some_and(|item| item.removed) {
        return Err(("key", FieldError::new("taken")));
    }
    if input.color.as_deref().is_some_and(|color| !is_color(color)) {
        return Err(("color", FieldError::new("color")));
    }
    let product = known.and_then(|item| words(&old.key, &item.key));
    let label = match input.label {
        // The product's own words are not written down: they follow the product.
        Some(label) => {
            let label = worded(label).map_err(|error| ("label", error))?;
            Some(label).filter(|label| product.as_ref() != Some(label))
        }
        None => known.and_then(|item| item.label.clone()),
    };
    if label.is_none() && product.is_none() {
        return Err(("label", FieldError::new("required")));
    }
    let key = match input.key {
        Some(key) if known.is_some() || is_plain(old, &key) => key,
        Some(_) if old.is_built_in() => return Err(("key", FieldError::new("own_key").with("max", MAX_KEY))),
        Some(_) => return Err(("key", FieldError::new("choice_key").with("max", MAX_KEY))),
        None => made(label.as_ref(), taken),
    };
    let batch = known.filter(|item| item.archived && input.archived).and_then(|item| item.batch);
    let parent = input.parent.filter(|parent| !parent.is_empty());
    Ok(Item { key, label, color: input.color, archived: input.archived, parent, removed: false, batch })
}

/// Whether a new item may have this key. In directories of the product the product goes on making others.
fn is_plain(old: &Directory, key: &str) -> bool {
    let plain = key.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b"_-".contains(&b));
    let begun = !old.is_built_in() || key.strip_prefix("x_").is_some_and(|rest| !rest.is_empty());
    plain && begun && !key.is_empty() && key.len() <= MAX_KEY
}

fn made(label: Option<&Labels>, taken: &mut HashSet<String>) -> String {
    let name = label.map_or("", |label| label.in_locale(Locale::En));
    let words: String = latin(name, '_').chars().take(MAX_KEY - 8).collect();
    let words = words.trim_matches('_');
    let base = if words.is_empty() { "x_item".to_owned() } else { format!("x_{words}") };
    let mut key = base.clone();
    let mut number = 1_usize;
    while !taken.insert(key.clone()) {
        number += 1;
        key = format!("{base}_{number}");
    }
    key
}

/// Items whose parent is not there, is below them, or that stand too deep.
fn misplaced(items: &[Item]) -> FieldErrors {
    let parents: HashMap<&str, Option<&str>> =
        items.iter().map(|item| (item.key.as_str(), item.parent.as_deref())).collect();
    let mut errors = FieldErrors::new();
    for (index, item) in items.iter().enumerate() {
        let (mut above, mut depth) = (item.parent.as_deref(), 1);
        while let Some(parent) = above {
            depth += 1;
            let Some(next) = parents.get(parent) else {
                errors.insert(place(index, "parent"), FieldError::new("missing"));
                break;
            };
            if depth > MAX_DEPTH {
                errors.insert(place(index, "parent"), FieldError::new("directory_depth").with("max", MAX_DEPTH));
                break;
            }
            above = *next;
        }
    }
    errors
}

/// Each item behind the one above it, in the order given.
pub(super) fn in_order(items: Vec<Item>) -> Vec<Item> {
    let mut ordered = Vec::with_capacity(items.len());
    let mut below: HashMap<Option<String>, Vec<Item>> = HashMap::new();
    for item in items {
        below.entry(item.parent.clone()).or_default().push(item);
    }
    let mut open = below.remove(&None).unwrap_or_default();
    open.reverse();
    while let Some(item) = open.pop() {
        let mut children = below.remove(&Some(item.key.clone())).unwrap_or_default();
        children.reverse();
        open.extend(children);
        ordered.push(item);
    }
    ordered
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn inputs(json: serde_json::Value) -> Vec<ItemInput> {
        serde_json::from_value(json).unwrap()
    }

    fn keys(items: &[Item]) -> Vec<&str> {
        items.iter().map(|item| item.key.as_str()).collect()
    }

    #[test]
    fn a_tree_is_put_in_order_and_new_items_get_keys() {
        let own = Directory::new("x_regions", None);
        let items = inputs(json!([
            {"key": "kyiv", "label": {"en": "Kyiv"}, "parent": "ua"},
            {"key": "ua", "label": {"en": "Ukraine"}},
            {"label": {"ru": "Польша"}},
            {"label": {"en": "x kyiv"}},
        ]));
        let items = check(&own, items).unwrap();
        assert_eq!(keys(&items)[..2], ["ua", "kyiv"]);
        assert!(items.iter().all(|item| !item.key.is_empty()));
        assert_eq!(items.iter().filter(|item| item.key.starts_with("x_")).count(), 2);
    }

    #[test]
    fn what_cannot_stand_is_named_by_its_place() {
        let own = Directory::new("x_regions", None);
        let wrong = |json: serde_json::Value| {
            let errors = check(&own, inputs(json)).unwrap_err();
            errors.into_iter().map(|(place, error)| (place, error.code)).collect::<Vec<_>>()
        };
        let one = |place: &str, code: &str| vec![(place.to_owned(), code.to_owned())];
        assert_eq!(wrong(json!([{"key": "a"}])), one("items.0.label", "required"));
        assert_eq!(wrong(json!([{"key": "A b", "label": {"en": "A"}}])), one("items.0.key", "choice_key"));
        let twice = json!([{"key": "a", "label": {"en": "A"}}, {"key": "a", "label": {"en": "A"}}]);
        assert_eq!(wrong(twice), one("items.1.key", "taken"));
        let lost = json!([{"key": "a", "label": {"en": "A"}, "parent": "b"}]);
        assert_eq!(wrong(lost), one("items.0.parent", "missing"));
        let round = json!([
            {"key": "a", "label": {"en": "A"}, "parent": "b"}, {"key": "b", "label": {"en": "B"}, "parent": "a"},
        ]);
        assert_eq!(wrong(round).len(), 2);
        let deep: Vec<_> = (0..6_usize)
            .map(|n| {
                let above = n.checked_sub(1).map(|above| format!("k{above}"));
                json!({"key": format!("k{n}"), "label": {"en": "K"}, "parent": above})
            })
            .collect();
        assert_eq!(wrong(json!(deep)), one("items.5.parent", "directory_depth"));
    }

    #[test]
    fn the_words_of_the_product_are_not_written_down_and_its_keys_stay_its_own() {
        let source = super::super::complete(Vec::new()).into_iter().find(|one| one.key == "source").unwrap();
        let web = words("source", "web").unwrap();
        let items = check(&source, inputs(json!([{"key": "web", "label": web}]))).unwrap();
        assert_eq!(items.first().and_then(|item| item.label.clone()), None);
        let errors = check(&source, inputs(json!([{"key": "fair", "label": {"en": "Fair"}}]))).unwrap_err();
        assert_eq!(errors.get("items.0.key").map(|error| error.code.as_str()), Some("own_key"));
    }
}
