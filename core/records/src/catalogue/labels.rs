//! Names of entities, fields, sections and choices in the reader's language (`i18n/*.json` of this crate).
//!
//! Keys: `entity.lead`, `entity.lead.many`, `section.main`, `field.amount` or `lead.amount` where one entity calls it
//! otherwise, `choice.source.web` or `choice.deal.kind.sale` likewise.

use std::sync::LazyLock;

use kernel::Locale;
use kernel::text::Texts;

static TEXTS: LazyLock<Texts> = LazyLock::new(|| {
    Texts::new([
        (Locale::En, include_str!("../../i18n/en.json")),
        (Locale::Ru, include_str!("../../i18n/ru.json")),
        (Locale::Uk, include_str!("../../i18n/uk.json")),
    ])
});

fn first(locale: Locale, keys: &[String]) -> String {
    let found = keys.iter().find_map(|key| TEXTS.get(locale, key));
    found.map_or_else(|| keys.last().cloned().unwrap_or_default(), str::to_owned)
}

/// An entity's name, of one record or of many.
pub fn entity_label(entity: &str, many: bool, locale: Locale) -> String {
    let key = if many { format!("entity.{entity}.many") } else { format!("entity.{entity}") };
    first(locale, &[key])
}

/// A field's name.
pub fn field_label(entity: &str, field: &str, locale: Locale) -> String {
    first(locale, &[format!("{entity}.{field}"), format!("field.{field}")])
}

/// A section's name.
pub fn section_label(section: &str, locale: Locale) -> String {
    first(locale, &[format!("section.{section}")])
}

/// A choice's name; codes that need no translation (currencies, sizes) stand for themselves.
pub fn choice_label(entity: &str, field: &str, choice: &str, locale: Locale) -> String {
    let keys = [format!("choice.{entity}.{field}.{choice}"), format!("choice.{field}.{choice}")];
    keys.iter().find_map(|key| TEXTS.get(locale, key)).unwrap_or(choice).to_owned()
}

/// A text of this crate that is no label: names of default pipelines and stages.
pub fn text(key: &str, locale: Locale) -> String {
    first(locale, &[key.to_owned()])
}
