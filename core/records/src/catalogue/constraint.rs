//! What must hold between records of an entity, whoever writes them and from whichever side. Declared with the entity,
//! checked inside the commit (`write::claims`).

use kernel::expression::{Expression, Names};
use kernel::value::FieldType;
use kernel::{FieldKey, Fields, Value};
use serde::{Deserialize, Serialize};

use super::definition::{EntityDef, FieldDef, Labels};

/// Fields that one constraint compares at most.
const MAX_FIELDS: usize = 8;
/// What keys of constraints of a company's own fields begin with; those of plugins have no point.
const OF_FIELD: &str = "field.";
/// The name under which `when` sees the record.
const RECORD: &str = "record";

/// What is asked of records with the same key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ConstraintKind {
    /// There is one of them.
    Unique,
    /// Their half-open ranges `[from, to)` have nothing in common.
    NoOverlap,
    /// One of them is open: in an open stage, where the entity has stages.
    OneOpen,
    /// Their amounts add up to no less than `min`.
    Balance,
}

impl ConstraintKind {
    /// Its name in declarations and texts.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Unique => "unique",
            Self::NoOverlap => "no_overlap",
            Self::OneOpen => "one_open",
            Self::Balance => "balance",
        }
    }
}

/// A constraint. A record without a value in one of the fields `per` is under none.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Constraint {
    /// Unique within the entity.
    pub key: String,
    /// What is asked.
    pub kind: ConstraintKind,
    /// The fields whose values make the key.
    pub per: Vec<FieldKey>,
    /// Where a range begins.
    #[serde(default)]
    pub from: Option<FieldKey>,
    /// Where a range ends; an empty one never does.
    #[serde(default)]
    pub to: Option<FieldKey>,
    /// The end belongs to the range: the last day of a leave.
    #[serde(default)]
    pub to_included: bool,
    /// What is added up.
    #[serde(default)]
    pub amount: Option<FieldKey>,
    /// The least sum.
    #[serde(default)]
    pub min: i64,
    /// CEL over `record`: only records for which it holds are meant.
    #[serde(default)]
    pub when: Option<String>,
    /// What somebody who breaks it is told.
    #[serde(default)]
    pub message: Option<Labels>,
    /// The code of that refusal; `record.constraint` where absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
    /// Its status over HTTP; 409 where absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<u16>,
}

/// A constraint with its condition ready to be asked.
#[derive(Debug, Clone)]
pub struct ConstraintDef {
    /// As declared.
    pub spec: Constraint,
    when: Option<Expression>,
}

impl ConstraintDef {
    /// A condition that is not understood (any more) means every record: what is too strict is seen and mended.
    pub(super) fn new(spec: Constraint) -> Self {
        let when = spec.when.as_deref().and_then(|text| match Expression::compile(text) {
            Ok(expression) => Some(expression),
            Err(error) => {
                tracing::error!(error, constraint = spec.key, "the condition of a constraint is not understood");
                None
            }
        });
        Self { spec, when }
    }

    /// One of the product: there is one record with these values.
    pub(super) fn unique(key: &str, per: Vec<FieldKey>) -> Self {
        Self::new(Constraint {
            key: key.to_owned(),
            kind: ConstraintKind::Unique,
            per,
            from: None,
            to: None,
            to_included: false,
            amount: None,
            min: 0,
            when: None,
            message: None,
            code: None,
            status: None,
        })
    }

    /// No two records have the same in a field of the company's own.
    pub(super) fn of_field(field: &FieldKey) -> Self {
        Self::unique(&of_field(field), vec![field.clone()])
    }

    /// Whether it is one of a field of the company's own: these come and go by themselves.
    pub fn is_of_field(&self) -> bool {
        self.spec.key.starts_with(OF_FIELD)
    }

    /// Whether no two records have the same in a field, whatever else is in them.
    pub(super) fn keeps_apart(&self, field: &str) -> bool {
        let alone = matches!(self.spec.per.as_slice(), [per] if per.as_str() == field);
        alone && self.spec.kind == ConstraintKind::Unique && self.spec.when.is_none()
    }

    /// Whether it means a record with this image.
    ///
    /// # Errors
    /// What is wrong with the condition, or with the values for it.
    pub fn means(&self, def: &EntityDef, image: &Fields) -> Result<bool, String> {
        let Some(when) = &self.when else { return Ok(true) };
        let seen = |key: &str| Some((FieldKey::from(key), def.value_of(image, def.field(key)?)));
        let fields: Fields = when.fields_of(RECORD).filter_map(seen).collect();
        when.holds(&Names::new().with_fields(RECORD, Some(&fields)))
    }
}

/// The key of the constraint of a field of the company's own.
pub(crate) fn of_field(field: &str) -> String {
    format!("{OF_FIELD}{field}")
}

impl Constraint {
    /// Passes when it makes sense for the entity.
    ///
    /// # Errors
    /// The part that does not, and why, in English.
    pub fn check(&self, def: &EntityDef) -> Result<(), (&'static str, String)> {
        if self.per.is_empty() || self.per.len() > MAX_FIELDS {
            return Err(("per", format!("name one to {MAX_FIELDS} fields")));
        }
        for key in &self.per {
            let field = existing(def, "per", key)?;
            if !is_comparable(field) {
                return Err(("per", format!("`{key}` cannot be compared: it is of type {}", field.kind.name())));
            }
        }
        self.check_range(def)?;
        self.check_amount(def)?;
        if self.kind == ConstraintKind::OneOpen && !def.staged && self.when.is_none() {
            return Err(("when", "an entity without stages says here which of its records are open".to_owned()));
        }
        let Some(text) = &self.when else { return Ok(()) };
        let when = Expression::compile(text).map_err(|problem| ("when", problem))?;
        if let Some(name) = when.names().find(|name| *name != RECORD) {
            return Err(("when", format!("there is no `{name}` here, only `{RECORD}`")));
        }
        when.fields_of(RECORD).try_for_each(|key| existing(def, "when", key).map(drop))
    }

    /// The fields at which somebody who breaks it is told.
    pub(crate) fn shown_at(&self) -> impl Iterator<Item = &FieldKey> {
        let per = if matches!(self.kind, ConstraintKind::Unique | ConstraintKind::OneOpen) { &*self.per } else { &[] };
        per.iter().chain(&self.from).chain(&self.to).chain(&self.amount)
    }

    fn check_range(&self, def: &EntityDef) -> Result<(), (&'static str, String)> {
        if self.kind != ConstraintKind::NoOverlap {
            return match (&self.from, &self.to, self.to_included) {
                (None, None, false) => Ok(()),
                _ => Err(("from", "`from`, `to` and `to_included` belong to `no_overlap`".to_owned())),
            };
        }
        let (Some(from), Some(to)) = (&self.from, &self.to) else {
            return Err(("from", "`no_overlap` needs `from` and `to`".to_owned()));
        };
        let (from, to) = (existing(def, "from", from)?, existing(def, "to", to)?);
        let fits = matches!(from.kind, FieldType::Date | FieldType::Datetime | FieldType::Integer);
        if !fits || from.kind != to.kind {
            return Err(("from", "`from` and `to` are both dates, both instants or both integers".to_owned()));
        }
        if self.to_included && from.kind == FieldType::Datetime {
            return Err(("to_included", "an instant has no next one: ranges of instants end before `to`".to_owned()));
        }
        Ok(())
    }

    fn check_amount(&self, def: &EntityDef) -> Result<(), (&'static str, String)> {
        match (self.kind, &self.amount) {
            (ConstraintKind::Balance, Some(key)) => {
                let field = existing(def, "amount", key)?;
                let fits = matches!(field.kind, FieldType::Decimal | FieldType::Integer | FieldType::Duration);
                let problem = || format!("`{key}` cannot be added up: it is of type {}", field.kind.name());
                if fits { Ok(()) } else { Err(("amount", problem())) }
            }
            (ConstraintKind::Balance, None) => Err(("amount", "`balance` needs `amount`".to_owned())),
            (_, None) if self.min == 0 => Ok(()),
            _ => Err(("amount", "`amount` and `min` belong to `balance`".to_owned())),
        }
    }
}

fn existing<'a>(def: &'a EntityDef, part: &'static str, key: &str) -> Result<&'a FieldDef, (&'static str, String)> {
    def.field(key).ok_or_else(|| (part, format!("{} has no field `{key}`", def.key)))
}

/// Whether two values of a field are the same or not, exactly.
fn is_comparable(field: &FieldDef) -> bool {
    let many = matches!(field.kind, FieldType::Choices | FieldType::Links | FieldType::Json | FieldType::Address);
    let other = matches!(field.kind, FieldType::Money | FieldType::LongText | FieldType::Formula | FieldType::File);
    !many && !other && !field.kind.is_multi()
}

/// The place of a value in a range: days, microseconds, or the number itself.
pub(crate) fn place(value: &Value) -> Option<i64> {
    match value {
        Value::Integer(number) => Some(*number),
        Value::Instant(at) => Some(at.0),
        Value::Date(day) => Some(i64::from(chrono::Datelike::num_days_from_ce(day))),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Catalogue;

    fn check(json: serde_json::Value, expected: Result<(), &str>) {
        let spec: Constraint = serde_json::from_value(json.clone()).unwrap();
        let catalogue = Catalogue::core();
        match (spec.check(catalogue.find("deal").unwrap()), expected) {
            (Ok(()), Ok(())) => {}
            (Err((part, problem)), Err(wanted)) => {
                assert!(format!("{part}: {problem}").contains(wanted), "{json}: {part}: {problem}");
            }
            (got, wanted) => panic!("{json}: {got:?} instead of {wanted:?}"),
        }
    }

    #[test]
    fn constraints_that_make_no_sense_are_refused_with_the_part() {
        use serde_json::json;
        check(json!({"key": "a", "kind": "unique", "per": ["title", "company"]}), Ok(()));
        check(json!({"key": "a", "kind": "one_open", "per": ["company"]}), Ok(()));
        check(json!({"key": "a", "kind": "unique", "per": []}), Err("per: name one"));
        check(json!({"key": "a", "kind": "unique", "per": ["titel"]}), Err("per: deal has no field `titel`"));
        check(json!({"key": "a", "kind": "unique", "per": ["contacts"]}), Err("cannot be compared"));
        check(json!({"key": "a", "kind": "unique", "per": ["title"], "from": "begin_date"}), Err("belong to"));
        let range = |from: &str, to: &str| json!({"key": "a", "kind": "no_overlap", "per": ["owner"], "from": from, "to": to, "to_included": true});
        check(range("begin_date", "close_date"), Ok(()));
        check(range("begin_date", "title"), Err("both dates"));
        check(range("created_at", "updated_at"), Err("to_included"));
        check(json!({"key": "a", "kind": "no_overlap", "per": ["owner"]}), Err("needs `from`"));
        check(json!({"key": "a", "kind": "balance", "per": ["owner"]}), Err("needs `amount`"));
        check(json!({"key": "a", "kind": "balance", "per": ["owner"], "amount": "probability"}), Ok(()));
        check(json!({"key": "a", "kind": "balance", "per": ["owner"], "amount": "title"}), Err("added up"));
        check(json!({"key": "a", "kind": "unique", "per": ["title"], "min": 3}), Err("belong to `balance`"));
        let when = |text: &str| json!({"key": "a", "kind": "unique", "per": ["title"], "when": text});
        check(when("record.stage == 'won'"), Ok(()));
        check(when("record.stag == 'won'"), Err("no field `stag`"));
        check(when("fields.stage == 'won'"), Err("there is no `fields`"));
        check(when("record.stage =="), Err("when:"));
    }
}
