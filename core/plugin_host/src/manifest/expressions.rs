//! Validation rules of a manifest, and what its formulas, conditions and rules may look at. Of entities of the product these are
//! fields that the plugin asks to read: a formula shows what it is made of, and so does what is refused.

use kernel::expression::Expression;
use records::catalogue::Labels;
use records::catalogue::condition::{BEFORE, ROOTS, ValidationRule};
use records::catalogue::formula::RECORD;
use serde::Deserialize;

use super::Manifest;
use super::check::{Checked, fail};
use super::entities::Field;

/// A validation rule of an entity.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EntityRule {
    /// Unique within the entity.
    pub name: String,
    /// Only records for which this holds are meant.
    pub when: Option<String>,
    /// What must hold, in CEL over `record`, `before`, `actor`, `today`, `now`.
    pub check: String,
    /// The field at which the message is shown.
    pub field: Option<String>,
    /// Whether people may write in spite of it, with a reason.
    #[serde(default)]
    pub warn: bool,
    /// Text for whoever breaks it; `rule.<entity>.<name>` where absent.
    pub message: Option<String>,
}

impl EntityRule {
    /// The rule as the catalogue has it.
    pub(super) fn with_words(&self, message: Labels) -> ValidationRule {
        ValidationRule {
            name: self.name.clone(),
            when: self.when.clone(),
            check: self.check.clone(),
            field: self.field.clone(),
            warn: self.warn,
            message,
            enabled: true,
        }
    }
}

/// Passes a manifest whose fields on entities of the product look at nothing that it does not ask to read.
pub(super) fn check(manifest: &Manifest) -> Checked {
    for (index, field) in manifest.fields.iter().enumerate() {
        let Some(entity) = field.entity.as_deref() else { continue };
        for (part, text) in texts(field) {
            looks(manifest, &format!("fields[{index}].{part}"), entity, text)?;
        }
    }
    Ok(())
}

/// Every expression of a field, with the part it stands in.
fn texts(field: &Field) -> Vec<(String, &str)> {
    let conditions = &field.conditions;
    let single = [
        ("formula", &field.formula),
        ("conditions.visible", &conditions.visible),
        ("conditions.required", &conditions.required),
        ("conditions.read_only", &conditions.read_only),
    ];
    let mut all: Vec<(String, &str)> =
        single.into_iter().filter_map(|(part, text)| Some((part.to_owned(), text.as_deref()?))).collect();
    all.extend(conditions.options_when.values().map(|text| ("conditions.options_when".to_owned(), text.as_str())));
    for (index, rule) in field.rules.iter().enumerate() {
        all.extend(rule.when.as_deref().map(|text| (format!("rules[{index}].when"), text)));
        all.push((format!("rules[{index}].check"), rule.check.as_str()));
    }
    all
}

fn looks(manifest: &Manifest, place: &str, entity: &str, text: &str) -> Checked {
    // What is not understood was refused with the declaration.
    let Ok(expression) = Expression::compile_exact(text, &ROOTS) else { return Ok(()) };
    let own = |key: &str| {
        let key = key.strip_suffix("_currency").unwrap_or(key);
        manifest.fields.iter().any(|field| field.entity.as_deref() == Some(entity) && field.key == key)
    };
    let reads = |key: &str| manifest.records(entity).is_some_and(|permission| permission.reads(key));
    let ways = |what: &str| format!("{what}: name it in `read` of [permissions.records.{entity}]");
    for name in [RECORD, BEFORE] {
        if expression.takes_all_of(name) && !reads("*") {
            return fail(place, ways("it looks at the whole record, `*`"));
        }
        if let Some(key) = expression.fields_of(name).find(|key| !own(key) && !reads(key)) {
            return fail(place, ways(&format!("it looks at `{key}` of {entity}")));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    const MANIFEST: &str = r#"
id = "acme.deals"
version = "1.0.0"
api = "1"
title.en = "Deals"
prefix = "acme"
[permissions.records.deal]
read = ["amount"]
reason.en = "To reckon with them."
[[fields]]
entity = "deal"
key = "acme_share"
type = "decimal"
[[fields]]
entity = "deal"
key = "acme_fee"
type = "money"
formula = "record.amount * record.acme_share / 100"
conditions = { visible = "record.acme_share > 0" }
[[fields.rules]]
name = "small"
check = "record.acme_fee <= record.amount"
"#;

    fn checked(from: &str, to: &str, expected: &str) {
        assert!(MANIFEST.contains(from), "{from}");
        let manifest = Manifest::parse(&MANIFEST.replacen(from, to, 1)).unwrap();
        match check(&manifest) {
            Ok(()) => assert_eq!(expected, ""),
            Err(error) => assert!(!expected.is_empty() && error.to_string().contains(expected), "{to}: {error}"),
        }
    }

    #[test]
    fn what_is_looked_at_is_asked_for() {
        checked("x", "x", "");
        checked("record.amount *", "record.probability *", "fields[1].formula: it looks at `probability` of deal");
        checked("record.acme_share > 0", "record.title != ''", "fields[1].conditions.visible: it looks at `title`");
        checked("<= record.amount", "<= before.probability", "fields[1].rules[0].check: it looks at `probability`");
        checked("record.acme_fee <=", "size(record) > 0 && record.acme_fee <=", "the whole record");
        checked("read = [\"amount\"]", "read = [\"*\"]", "");
    }

    #[test]
    fn unknown_parts_are_refused() {
        let refused = |from: &str, to: &str| Manifest::parse(&MANIFEST.replacen(from, to, 1)).unwrap_err().to_string();
        assert!(refused("visible =", "visibel =").contains("unknown field `visibel`"));
        assert!(refused("name = \"small\"", "key = \"small\"").contains("unknown field `key`"));
    }
}
