//! Conditions of fields and validation rules of entities, as administrators write them and plugins declare them, and as the
//! pipeline asks them (`crate::conditions`). Both are CEL in exact arithmetic over `record` (as it would be), `before` (as it is kept),
//! `actor`, `today`, `now`.

use std::collections::BTreeMap;

use kernel::error::FieldError;
use kernel::expression::Expression;
use kernel::expression::exact::{NOW, TODAY};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::definition::{EntityDef, FieldDef, Labels, Owner};
use super::formula::RECORD;

/// The record as it is kept; of a new one every field is empty.
pub const BEFORE: &str = "before";
/// Who acts: `id`, `kind`, `department`, `admin`.
pub const ACTOR: &str = "actor";
/// The names that conditions and rules may use.
pub const ROOTS: [&str; 5] = [RECORD, BEFORE, ACTOR, TODAY, NOW];
/// What there is of an actor.
pub const ACTOR_PARTS: [&str; 4] = ["id", "kind", "department", "admin"];

/// When a field is there, must have a value, may be changed, and which of its choices are offered. What is absent
/// always holds.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Conditions {
    /// Whether forms show it. Hidden is not secret: that is what rights are for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub visible: Option<String>,
    /// Whether it must have a value.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub required: Option<String>,
    /// Whether its value stays as it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub read_only: Option<String>,
    /// When a choice is offered, by its key; choices without a condition always are.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub options_when: BTreeMap<String, String>,
}

impl Conditions {
    /// Every expression with the part it stands in.
    pub(super) fn parts(&self) -> impl Iterator<Item = (&'static str, &String)> {
        let single = [("visible", &self.visible), ("required", &self.required), ("read_only", &self.read_only)];
        let single = single.into_iter().filter_map(|(part, text)| Some((part, text.as_ref()?)));
        single.chain(self.options_when.values().map(|text| ("options_when", text)))
    }

    /// Every expression.
    pub(super) fn texts(&self) -> impl Iterator<Item = &String> {
        self.parts().map(|(_, text)| text)
    }

    /// Whether nothing is asked.
    pub fn is_empty(&self) -> bool {
        self.parts().next().is_none()
    }

    /// The same without texts of spaces alone.
    pub(super) fn tidied(self) -> Self {
        let kept = |text: Option<String>| text.filter(|text| !text.trim().is_empty());
        let mut options_when = self.options_when;
        options_when.retain(|_, text| !text.trim().is_empty());
        Self {
            visible: kept(self.visible),
            required: kept(self.required),
            read_only: kept(self.read_only),
            options_when,
        }
    }

    /// Passes conditions that a field of the entity may have.
    ///
    /// # Errors
    /// The part, and what is wrong with it.
    pub(super) fn check(&self, def: &EntityDef, field: &FieldDef) -> Result<(), (&'static str, FieldError)> {
        if let Some(key) = self.options_when.keys().find(|key| !field.choices.iter().any(|one| one.key == **key)) {
            return Err(("options_when", FieldError::new("choice").with("value", key)));
        }
        if field.system && (self.required.is_some() || self.read_only.is_some()) {
            return Err(("required", FieldError::new("condition_of_product")));
        }
        for (part, text) in self.parts() {
            compiled(def, text).map_err(|error| (part, error))?;
        }
        Ok(())
    }

    /// Whether one of them looks at a field.
    pub(super) fn names(&self, key: &str) -> bool {
        self.parts().any(|(_, text)| names(text, key))
    }
}

/// Compiles an expression over the entity's records.
///
/// # Errors
/// That it is not understood, or names what is not there.
pub(super) fn compiled(def: &EntityDef, text: &str) -> Result<Expression, FieldError> {
    compiled_over(def, text, &[], &[])
}

/// The same where there are further names, and further parts of a record.
pub(crate) fn compiled_over(
    def: &EntityDef,
    text: &str,
    names: &[&str],
    parts: &[&str],
) -> Result<Expression, FieldError> {
    let mut roots = ROOTS.to_vec();
    roots.extend(names);
    let expression = Expression::compile_exact(text, &roots)
        .map_err(|problem| FieldError::new("expression").with("problem", problem))?;
    let fields = [RECORD, BEFORE].into_iter().flat_map(|name| expression.fields_of(name));
    for key in fields {
        if def.field(key).is_none() && !parts.contains(&key) {
            return Err(FieldError::new("formula_field").with("field", key));
        }
    }
    let unknown = expression.fields_of(ACTOR).find(|part| !ACTOR_PARTS.contains(part)).map(str::to_owned);
    match unknown {
        Some(part) => Err(FieldError::new("formula_field").with("field", format!("{ACTOR}.{part}"))),
        None => Ok(expression),
    }
}

/// Whether an expression looks at a field; one that takes whole records may look at any.
pub(super) fn names(text: &str, key: &str) -> bool {
    let Ok(expression) = Expression::compile_exact(text, &ROOTS) else { return false };
    [RECORD, BEFORE].into_iter().any(|name| expression.fields_of(name).any(|field| field == key))
}

/// One condition, ready to be asked. One that is not understood (any more) cannot be answered, and closes what it guards.
#[derive(Debug, Clone)]
pub struct Asked(pub Result<Expression, String>);

impl Asked {
    pub(crate) fn new(text: &str) -> Self {
        Self(Expression::compile_exact(text, &ROOTS).inspect_err(|error| {
            tracing::error!(error, "a condition is not understood");
        }))
    }
}

/// Conditions of a field, ready to be asked: those that its plugin declares and those that the company adds. All of them
/// must show it and offer a choice; any of them makes it required or keeps its value as it is.
#[derive(Debug, Clone)]
pub struct ConditionsDef {
    /// As administrators have written them.
    pub spec: Conditions,
    /// As the plugin declares them whose field it is.
    pub declared: Conditions,
    /// See [`Conditions`].
    pub visible: Vec<Asked>,
    /// See [`Conditions`].
    pub required: Vec<Asked>,
    /// See [`Conditions`].
    pub read_only: Vec<Asked>,
    /// By the key of the choice.
    pub options_when: BTreeMap<String, Vec<Asked>>,
}

impl ConditionsDef {
    pub(super) fn new(spec: Conditions, declared: Conditions) -> Self {
        let visible = asked([&declared.visible, &spec.visible]);
        let required = asked([&declared.required, &spec.required]);
        let read_only = asked([&declared.read_only, &spec.read_only]);
        let mut options_when: BTreeMap<String, Vec<Asked>> = BTreeMap::new();
        for (key, text) in declared.options_when.iter().chain(&spec.options_when) {
            options_when.entry(key.clone()).or_default().push(Asked::new(text));
        }
        Self { spec, declared, visible, required, read_only, options_when }
    }

    /// Whether one of them looks at a field.
    pub(super) fn names(&self, key: &str) -> bool {
        self.spec.names(key) || self.declared.names(key)
    }
}

fn asked(texts: [&Option<String>; 2]) -> Vec<Asked> {
    texts.into_iter().flatten().map(|text| Asked::new(text)).collect()
}

/// A validation rule of an entity.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ValidationRule {
    /// Its name, for administrators.
    pub name: String,
    /// Only records for which this holds are meant; all of them where absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub when: Option<String>,
    /// What must hold.
    pub check: String,
    /// The field at which the message is shown.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub field: Option<String>,
    /// Whether people may write in spite of it, with a reason. Writers who cannot be asked (imports, processes, plugins) write, and
    /// the audit log keeps it.
    #[serde(default)]
    pub warn: bool,
    /// What somebody who breaks it is told, by language.
    #[schema(value_type = std::collections::BTreeMap<String, String>)]
    pub message: Labels,
    /// Whether it is asked.
    #[serde(default = "yes")]
    pub enabled: bool,
}

fn yes() -> bool {
    true
}

impl ValidationRule {
    /// Passes a rule that the entity may have.
    ///
    /// # Errors
    /// The part, and what is wrong with it.
    pub(super) fn check(&self, def: &EntityDef) -> Result<(), (&'static str, FieldError)> {
        if let Some(when) = &self.when {
            compiled(def, when).map_err(|error| ("when", error))?;
        }
        compiled(def, &self.check).map_err(|error| ("check", error))?;
        match &self.field {
            Some(key) if def.field(key).is_none() => {
                Err(("field", FieldError::new("formula_field").with("field", key)))
            }
            _ => Ok(()),
        }
    }

    /// Whether it looks at a field, or stands at it.
    pub(super) fn names(&self, key: &str) -> bool {
        let texts = self.when.iter().chain([&self.check]);
        self.field.as_deref() == Some(key) || texts.into_iter().any(|text| names(text, key))
    }
}

/// A validation rule, ready to be asked.
#[derive(Debug, Clone)]
pub struct RuleDef {
    /// Its id; none of what a plugin declares.
    pub id: Option<Uuid>,
    /// Whose it is: a company's own, or a plugin's.
    pub owner: Owner,
    /// As written.
    pub spec: ValidationRule,
    /// See [`ValidationRule`].
    pub when: Option<Asked>,
    /// See [`ValidationRule`].
    pub check: Asked,
}

impl RuleDef {
    /// One that administrators have made.
    pub(super) fn new(id: Uuid, spec: ValidationRule) -> Self {
        Self { id: Some(id), ..Self::declared(Owner::Custom, spec) }
    }

    /// One that a plugin declares.
    pub(super) fn declared(owner: Owner, spec: ValidationRule) -> Self {
        Self { id: None, owner, when: spec.when.as_deref().map(Asked::new), check: Asked::new(&spec.check), spec }
    }

    /// Every expression of it that is understood.
    pub fn expressions(&self) -> impl Iterator<Item = &Expression> {
        self.when.iter().chain([&self.check]).filter_map(|asked| asked.0.as_ref().ok())
    }
}
