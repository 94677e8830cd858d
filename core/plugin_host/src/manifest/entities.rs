//! The parts `[[entities]]` and `[[fields]]`: what a plugin adds to the catalogue of a company. Names of everything are
//! texts of the package, by keys that follow from what they name; `records` judges the rest.

use std::collections::BTreeMap;

use kernel::FieldKey;
use kernel::value::FieldType;
use records::catalogue::change::NewField;
use records::catalogue::condition::{Conditions, ValidationRule};
use records::catalogue::constraint::{Constraint, ConstraintKind};
use records::catalogue::declared::{
    Declaration, DeclarationError, Declared, DeclaredEntity, DeclaredField, DeclaredStage,
};
use records::catalogue::{self, Labels};
use records::stages::Semantic;
use serde::Deserialize;
use serde_json::Value as Json;

use super::expressions::EntityRule;
use super::known::nearest;
use super::{Manifest, ManifestError};
use crate::texts::Texts;

/// Colours of stages in order, where none is given.
const COLORS: [&str; 6] = ["#4c8dff", "#22b8cf", "#7c6cf0", "#f0a020", "#e8590c", "#d6336c"];

/// An entity of the plugin.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Entity {
    /// `<prefix>_...`.
    pub key: String,
    /// Text of its name; `entity.<key>` where absent, and `.many` behind it for many.
    pub label: Option<String>,
    /// The field that names a record whose title nobody gave.
    pub title: Option<String>,
    /// Fields of its list at first.
    #[serde(default)]
    pub list: Vec<String>,
    /// Fields of a card on its board.
    #[serde(default)]
    pub card: Vec<String>,
    /// None: it has no stages.
    #[serde(default)]
    pub stages: Vec<Stage>,
    /// Its fields.
    #[serde(default)]
    pub fields: Vec<Field>,
    /// What must hold between its records.
    #[serde(default)]
    pub constraints: Vec<Rule>,
    /// What must hold of each of its records.
    #[serde(default)]
    pub rules: Vec<EntityRule>,
    /// Whether it stands in the menu; else the plugin's own pages lead to it, and the palette.
    #[serde(default = "shown")]
    pub menu: bool,
}

const fn shown() -> bool {
    true
}

/// A stage.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Stage {
    /// Unique within the entity.
    pub key: String,
    /// Text of its name; `stage.<entity>.<key>` where absent.
    pub label: Option<String>,
    /// What it means: `open`, `won`, `lost`.
    #[serde(default = "open")]
    pub semantic: Semantic,
    /// `#rrggbb`.
    pub color: Option<String>,
}

const fn open() -> Semantic {
    Semantic::Open
}

/// A field of an entity of the plugin, or with `entity` of the product's.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Field {
    /// Of `[[fields]]` only: the entity of the product.
    pub entity: Option<String>,
    /// Of `[[fields]]`: `<prefix>_...`.
    pub key: String,
    /// Its type.
    pub r#type: FieldType,
    /// Text of its name; `field.<entity>.<key>` where absent.
    pub label: Option<String>,
    /// Must have a value.
    #[serde(default)]
    pub required: bool,
    /// No two records of the entity have the same; a constraint by this name.
    #[serde(default)]
    pub unique: bool,
    /// The entities that a link points to.
    #[serde(default)]
    pub entities: Vec<String>,
    /// The values of a choice.
    #[serde(default)]
    pub choices: Vec<Choice>,
    /// Longest text, in characters.
    pub max_length: Option<usize>,
    /// Smallest number.
    pub min: Option<i64>,
    /// Largest number.
    pub max: Option<i64>,
    /// What a new record has when nobody says otherwise.
    pub default: Option<Json>,
    /// Lists of the entity find and sort by it through an index.
    #[serde(default)]
    pub indexed: bool,
    /// What it is computed by, in CEL over `record`, `today`, `now`; then nobody writes it.
    pub formula: Option<String>,
    /// Digits after the point of what is computed.
    pub decimals: Option<u32>,
    /// When it is there, must have a value, may be changed, and which choices are offered.
    #[serde(default)]
    pub conditions: Conditions,
    /// Of `[[fields]]`: rules of the entity that look at the field.
    #[serde(default)]
    pub rules: Vec<EntityRule>,
}

/// A value of a choice: its key alone, or more.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(untagged)]
pub enum Choice {
    /// The key; `choice.<entity>.<field>.<key>` is the text of its name.
    Key(String),
    /// With a text and a colour of its own.
    Whole(WholeChoice),
}

/// A value of a choice.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WholeChoice {
    /// Kept.
    pub key: String,
    /// Text of its name.
    pub label: Option<String>,
    /// `#rrggbb`.
    pub color: Option<String>,
}

/// A constraint.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rule {
    /// Unique within the entity.
    pub key: String,
    /// `unique`, `no_overlap`, `one_open`, `balance`.
    pub kind: ConstraintKind,
    /// The fields whose values make the key.
    pub per: Vec<String>,
    /// Where a range begins.
    pub from: Option<String>,
    /// Where a range ends; an empty one never does.
    pub to: Option<String>,
    /// The end belongs to the range.
    #[serde(default)]
    pub to_included: bool,
    /// What is added up.
    pub amount: Option<String>,
    /// The least sum.
    #[serde(default)]
    pub min: i64,
    /// CEL over `record`: only records for which it holds are meant.
    pub when: Option<String>,
    /// Text for whoever breaks it; `constraint.<entity>.<key>` where absent, else the product's.
    pub message: Option<String>,
}

/// What a manifest declares of the catalogue, with its names in all languages of the package.
///
/// # Errors
/// The place and the problem; a name that is not known with the nearest that is.
pub(crate) fn declared(manifest: &Manifest, texts: &Texts) -> Result<Declared, ManifestError> {
    let words = Words { texts, manifest };
    let mut entities = Vec::with_capacity(manifest.entities.len());
    for (index, entity) in manifest.entities.iter().enumerate() {
        entities.push(words.entity(&format!("entities[{index}]"), entity)?);
    }
    let mut fields = Vec::with_capacity(manifest.fields.len());
    for (index, field) in manifest.fields.iter().enumerate() {
        let place = format!("fields[{index}]");
        let Some(entity) = field.entity.clone() else {
            return Err(ManifestError::new(format!("{place}.entity"), "name the entity of the product"));
        };
        if field.unique {
            return Err(ManifestError::new(format!("{place}.unique"), "only fields of the plugin's own entities"));
        }
        if field.indexed {
            return Err(ManifestError::new(format!("{place}.indexed"), "only fields of the plugin's own entities"));
        }
        fields.push(DeclaredField { field: words.field(&place, &entity, field)?, entity });
    }
    // A prefix may also stand before nothing but names of events, which no catalogue knows.
    let of_events = manifest.entities.is_empty() && manifest.fields.is_empty() && !manifest.publishes.is_empty();
    let prefix = manifest.prefix.clone().filter(|_| !of_events).unwrap_or_default();
    let declaration = Declaration { plugin: manifest.id.clone(), prefix, entities, fields };
    declaration.check().map_err(hinted)
}

fn hinted(error: DeclarationError) -> ManifestError {
    let near = error.unknown.as_ref().and_then(|(name, known)| nearest(name, known.iter().map(String::as_str)));
    let hint = near.map_or_else(String::new, |near| format!("; did you mean `{near}`?"));
    ManifestError::new(error.place, format!("{}{hint}", error.problem))
}

/// The texts of a package.
struct Words<'a> {
    texts: &'a Texts,
    manifest: &'a Manifest,
}

impl Words<'_> {
    fn entity(&self, place: &str, entity: &Entity) -> Result<DeclaredEntity, ManifestError> {
        let key = &entity.key;
        let name = entity.label.clone().unwrap_or_else(|| format!("entity.{key}"));
        let mut fields = Vec::with_capacity(entity.fields.len());
        let mut constraints = Vec::with_capacity(entity.constraints.len());
        for (index, field) in entity.fields.iter().enumerate() {
            let place = format!("{place}.fields[{index}]");
            if field.entity.is_some() {
                return Err(ManifestError::new(format!("{place}.entity"), "belongs to [[fields]]"));
            }
            if !field.rules.is_empty() {
                return Err(ManifestError::new(format!("{place}.rules"), "belong to [[entities.rules]]"));
            }
            fields.push(self.field(&place, key, field)?);
            constraints.extend(field.unique.then(|| self.told(key, unique(&field.key))));
        }
        for (index, rule) in entity.constraints.iter().enumerate() {
            constraints.push(self.constraint(&format!("{place}.constraints[{index}]"), key, rule)?);
        }
        let mut stages = Vec::with_capacity(entity.stages.len());
        for (index, stage) in entity.stages.iter().enumerate() {
            let text = stage.label.clone().unwrap_or_else(|| format!("stage.{key}.{}", stage.key));
            stages.push(DeclaredStage {
                key: stage.key.clone(),
                label: self.labels(&format!("{place}.stages[{index}].label"), &text)?,
                semantic: stage.semantic,
                color: stage.color.clone().unwrap_or_else(|| color(stage.semantic, index)),
            });
        }
        Ok(DeclaredEntity {
            key: key.clone(),
            label: self.labels(&format!("{place}.label"), &name)?,
            label_many: self.labels(&format!("{place}.label"), &format!("{name}.many"))?,
            title_from: entity.title.clone(),
            list: entity.list.clone(),
            card: entity.card.clone(),
            stages,
            fields,
            constraints,
            rules: self.rules(place, key, &entity.rules)?,
            menu: entity.menu,
        })
    }

    fn field(&self, place: &str, entity: &str, field: &Field) -> Result<NewField, ManifestError> {
        let name = field.label.clone().unwrap_or_else(|| format!("field.{entity}.{}", field.key));
        let mut choices = Vec::with_capacity(field.choices.len());
        for (index, choice) in field.choices.iter().enumerate() {
            let (key, label, color) = match choice {
                Choice::Key(key) => (key, None, None),
                Choice::Whole(whole) => (&whole.key, whole.label.clone(), whole.color.clone()),
            };
            let text = label.unwrap_or_else(|| format!("choice.{entity}.{}.{key}", field.key));
            let label = Some(self.labels(&format!("{place}.choices[{index}]"), &text)?);
            choices.push(catalogue::Choice { key: key.clone(), label, color, archived: false, parent: None });
        }
        Ok(NewField {
            key: Some(field.key.clone()),
            r#type: field.r#type,
            label: self.labels(&format!("{place}.label"), &name)?,
            required: field.required,
            entities: field.entities.clone(),
            choices,
            directory: None,
            max_length: field.max_length,
            min: field.min,
            max: field.max,
            default: field.default.clone(),
            // A constraint of the entity says so.
            unique: false,
            indexed: field.indexed,
            formula: field.formula.clone(),
            decimals: field.decimals,
            rollup: None,
            conditions: field.conditions.clone(),
            rules: self.rules(place, entity, &field.rules)?,
        })
    }

    fn rules(&self, place: &str, entity: &str, rules: &[EntityRule]) -> Result<Vec<ValidationRule>, ManifestError> {
        let rule = |(index, rule): (usize, &EntityRule)| -> Result<ValidationRule, ManifestError> {
            let text = rule.message.clone().unwrap_or_else(|| format!("rule.{entity}.{}", rule.name));
            Ok(rule.with_words(self.labels(&format!("{place}.rules[{index}].message"), &text)?))
        };
        rules.iter().enumerate().map(rule).collect()
    }

    fn constraint(&self, place: &str, entity: &str, rule: &Rule) -> Result<Constraint, ManifestError> {
        let key = |key: &Option<String>| key.as_ref().map(FieldKey::new);
        let message = match &rule.message {
            Some(text) => Some(self.labels(&format!("{place}.message"), text)?),
            None => self.texts.in_all(&format!("constraint.{entity}.{}", rule.key)),
        };
        let constraint = Constraint {
            key: rule.key.clone(),
            kind: rule.kind,
            per: rule.per.iter().map(FieldKey::new).collect(),
            from: key(&rule.from),
            to: key(&rule.to),
            to_included: rule.to_included,
            amount: key(&rule.amount),
            min: rule.min,
            when: rule.when.clone(),
            message,
            code: None,
            status: None,
        };
        Ok(self.told(entity, constraint))
    }

    /// With the code and status that the manifest gives its refusal, and the words for a unique field.
    fn told(&self, entity: &str, constraint: Constraint) -> Constraint {
        let (code, status) = self.manifest.constraint_refused_as(entity, &constraint.key).unzip();
        let message =
            constraint.message.or_else(|| self.texts.in_all(&format!("constraint.{entity}.{}", constraint.key)));
        Constraint { code, status: status.flatten(), message, ..constraint }
    }

    /// The words of a text in every language of the package.
    fn labels(&self, place: &str, key: &str) -> Result<Labels, ManifestError> {
        self.texts.in_all(key).ok_or_else(|| {
            let near = nearest(key, self.texts.keys());
            let hint = near.map_or_else(String::new, |near| format!("; did you mean `{near}`?"));
            ManifestError::new(place, format!("i18n/en.toml has no text \"{key}\"{hint}"))
        })
    }
}

/// What a unique field means.
fn unique(key: &str) -> Constraint {
    Constraint {
        key: key.to_owned(),
        kind: ConstraintKind::Unique,
        per: vec![FieldKey::new(key)],
        from: None,
        to: None,
        to_included: false,
        amount: None,
        min: 0,
        when: None,
        message: None,
        code: None,
        status: None,
    }
}

fn color(semantic: Semantic, index: usize) -> String {
    match semantic {
        Semantic::Won => "#2f9e44",
        Semantic::Lost => "#868e96",
        Semantic::Open => COLORS.get(index % COLORS.len()).unwrap_or(&"#4c8dff"),
    }
    .to_owned()
}

/// Whether everything that the roles of a manifest say makes sense in its own entities, and their texts are there.
///
/// # Errors
/// The place and the problem.
pub(crate) fn role_names(manifest: &Manifest, texts: &Texts) -> Result<BTreeMap<String, Labels>, ManifestError> {
    let words = Words { texts, manifest };
    let mut names = BTreeMap::new();
    for (index, role) in manifest.roles.iter().enumerate() {
        let text = role.label.clone().unwrap_or_else(|| format!("role.{}", role.key));
        names.insert(role.key.clone(), words.labels(&format!("roles[{index}].label"), &text)?);
    }
    Ok(names)
}
