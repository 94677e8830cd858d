//! Names of entities, fields, sections and choices in the reader's language (`i18n/*.json` of this crate).
//!
//! Keys: `entity.lead`, `entity.lead.many`, `section.main`, `field.amount` or `lead.amount` where one entity calls it
//! otherwise, `choice.source.web` or `choice.deal.kind.sale` likewise. A company's own carry their words themselves.

use std::sync::LazyLock;

use kernel::Locale;
use kernel::text::Texts;

use super::definition::{Choice, EntityDef, FieldDef, Labels};

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
pub fn entity_label(def: &EntityDef, many: bool, locale: Locale) -> String {
    match &def.label {
        Some((one, several)) => (if many { several } else { one }).in_locale(locale).to_owned(),
        None if many => first(locale, &[format!("entity.{}.many", def.key)]),
        None => first(locale, &[format!("entity.{}", def.key)]),
    }
}

/// A field's name.
pub fn field_label(def: &EntityDef, field: &FieldDef, locale: Locale) -> String {
    match &field.label {
        Some(label) => label.in_locale(locale).to_owned(),
        None => first(locale, &[format!("{}.{}", def.key, field.key), format!("field.{}", field.key)]),
    }
}

/// A section's name.
pub fn section_label(section: &str, locale: Locale) -> String {
    first(locale, &[format!("section.{section}")])
}

/// The same in every language.
pub fn section_labels(section: &str) -> Labels {
    Labels(Locale::ALL.map(|locale| (locale, section_label(section, locale))).into())
}

/// A choice's name; codes that need no translation (sizes) stand for themselves.
pub fn choice_label(def: &EntityDef, field: &FieldDef, choice: &Choice, locale: Locale) -> String {
    if let Some(label) = &choice.label {
        return label.in_locale(locale).to_owned();
    }
    let keys =
        [format!("choice.{}.{}.{}", def.key, field.key, choice.key), format!("choice.{}.{}", field.key, choice.key)];
    keys.iter().find_map(|key| TEXTS.get(locale, key)).unwrap_or(&choice.key).to_owned()
}

/// The title of a record that was named by a choice, in a reader's language; none where it is not so named.
pub fn title_label(def: &EntityDef, title: &str, locale: Locale) -> Option<String> {
    let field = def.field(def.title_from.as_ref()?)?;
    let named = |choice: &&Choice| choice.label.as_ref().is_some_and(|label| label.0.values().any(|one| one == title));
    let choice = field.choices.iter().find(named)?;
    Some(choice_label(def, field, choice, locale)).filter(|label| label != title)
}

/// A text of this crate that is no label: names of default pipelines and stages.
pub fn text(key: &str, locale: Locale) -> String {
    first(locale, &[key.to_owned()])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_title_that_a_choice_gave_is_read_in_every_language() {
        use std::collections::BTreeMap;

        use crate::catalogue::definition::Labels;

        let mut def = EntityDef::clone(crate::Catalogue::core().find("deal").unwrap());
        let place = def.fields.iter().position(|field| field.key == "kind").unwrap();
        let words = [(Locale::En, "Sick leave"), (Locale::Ru, "Больничный")];
        let label = Labels(BTreeMap::from(words.map(|(locale, words)| (locale, words.to_owned()))));
        let choice = Choice { key: "sick".to_owned(), label: Some(label), color: None, archived: false, parent: None };
        def.fields[place].choices = vec![choice];
        assert_eq!(title_label(&def, "Sick leave", Locale::Ru), None);
        def.title_from = Some("kind".into());
        assert_eq!(title_label(&def, "Sick leave", Locale::Ru).as_deref(), Some("Больничный"));
        assert_eq!(title_label(&def, "Больничный", Locale::Uk).as_deref(), Some("Sick leave"));
        assert_eq!(title_label(&def, "Больничный", Locale::Ru), None);
        assert_eq!(title_label(&def, "Ann's", Locale::Ru), None);
    }

    #[test]
    fn every_language_has_every_text_with_the_same_parameters() {
        assert_eq!(TEXTS.differences(), [""; 0]);
    }
}
