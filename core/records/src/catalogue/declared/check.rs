//! Whether a declaration makes sense by itself: names, types, links, stages, constraints. The same for every company.

use std::collections::BTreeSet;
use std::sync::Arc;

use kernel::value::FieldType;
use kernel::{EntityKey, FieldKey, Locale};

use super::{
    Declaration, DeclarationError, Declared, DeclaredEntity, DeclaredStage, MAX_CONSTRAINTS, MAX_ENTITIES, MAX_FIELDS,
    MAX_STAGES, bare, expressions, keys,
};
use crate::Catalogue;
use crate::catalogue::change::{self, NewField};
use crate::catalogue::choices;
use crate::catalogue::constraint::Constraint;
use crate::catalogue::definition::{EntityDef, Owner};
use crate::catalogue::store::{Own, OwnEntity, OwnField, currency_key};
use crate::stages::Semantic;

/// Bytes of a key.
pub(super) const MAX_KEY: usize = 40;
/// Bytes of a prefix.
const MAX_PREFIX: usize = 16;
/// What companies' own keys begin with.
const COMPANYS: &str = "x";
/// Names of a record's parts that are no fields.
const PARTS: [&str; 7] = ["id", "entity", "version", "fields", "tenant_id", "custom", "search"];

type Checked<T = ()> = Result<T, DeclarationError>;

impl Declaration {
    /// Checks everything; stops at the first problem.
    ///
    /// # Errors
    /// The place and the problem.
    pub fn check(&self) -> Checked<Declared> {
        let core = Catalogue::core();
        if !self.entities.is_empty() || !self.fields.is_empty() {
            prefix(&self.prefix, &core)?;
        } else if !self.prefix.is_empty() {
            return Err(DeclarationError::new("prefix", "there are no entities or fields that it could stand before"));
        }
        limit("entities", self.entities.len(), MAX_ENTITIES)?;
        let declaring = Declaring { declaration: self, owner: Owner::Plugin(self.plugin.as_str().into()) };
        declaring.entity_keys(&core)?;
        // What links may point to: everything of the product, and the plugin's own.
        let shells = self.entities.iter().map(|one| Arc::new(bare(&one.key, &declaring.owner, false)));
        let linked = core.entities().iter().map(Arc::clone).chain(shells).collect();
        let linked = Catalogue::new(0, Default::default(), linked);
        let mut own = Own::default();
        let mut stages = Vec::new();
        for (index, entity) in self.entities.iter().enumerate() {
            let place = format!("entities[{index}]");
            let fields = declaring.fields_of(&place, entity, &linked)?;
            let kept = OwnEntity {
                label: change::labels("label", entity.label.clone()).map_err(|error| said(&place, &error))?,
                label_many: change::labels("label", entity.label_many.clone()).map_err(|error| said(&place, &error))?,
                staged: !entity.stages.is_empty(),
                title_from: entity.title_from.as_ref().map(FieldKey::new),
                list: keys(&entity.list),
                card: keys(&entity.card),
                constraints: entity.constraints.clone(),
                rules: entity.rules.clone(),
                inner: !entity.menu,
                icon: None,
                menu: Default::default(),
                standing: Default::default(),
            };
            own.entities.push((entity.key.as_str().into(), declaring.owner.clone(), kept));
            own.fields.extend(fields);
            check_stages(&place, &entity.stages)?;
            stages.push((EntityKey::new(&entity.key), entity.stages.clone()));
        }
        own.fields.extend(declaring.extensions(&linked)?);
        let whole = Catalogue::new(0, Default::default(), own.clone().applied_to(core.entities()));
        for (index, entity) in self.entities.iter().enumerate() {
            let Some(def) = whole.find(&entity.key) else { continue };
            let place = format!("entities[{index}]");
            layout(&place, entity, def)?;
            check_constraints(&place, &entity.constraints, def)?;
            expressions::of_entity(&place, entity, def)?;
        }
        expressions::of_extensions(&self.fields, &whole)?;
        Ok(Declared { plugin: self.plugin.as_str().into(), prefix: self.prefix.clone(), own, stages })
    }
}

struct Declaring<'a> {
    declaration: &'a Declaration,
    owner: Owner,
}

type Field = (EntityKey, FieldKey, Owner, OwnField);

impl Declaring<'_> {
    fn entity_keys(&self, core: &Catalogue) -> Checked {
        let mut seen = BTreeSet::new();
        for (index, entity) in self.declaration.entities.iter().enumerate() {
            let place = format!("entities[{index}].key");
            self.prefixed(&place, &entity.key)?;
            if core.find(&entity.key).is_some() {
                return Err(DeclarationError::new(place, format!("`{}` is an entity of the product", entity.key)));
            }
            if !seen.insert(&entity.key) {
                return Err(DeclarationError::new(place, format!("`{}` is declared twice", entity.key)));
            }
        }
        Ok(())
    }

    /// Passes a key that begins with the plugin's prefix.
    fn prefixed(&self, place: &str, key: &str) -> Checked {
        let prefix = format!("{}_", self.declaration.prefix);
        let rest = key.strip_prefix(&prefix).unwrap_or_default();
        if rest.is_empty() || !plain(rest) || key.len() > MAX_KEY {
            let problem = format!(
                "`{key}` must be `{prefix}`, then lower-case Latin letters, digits and `_`, at most {MAX_KEY} in all"
            );
            return Err(DeclarationError::new(place, problem));
        }
        Ok(())
    }

    fn fields_of(&self, place: &str, entity: &DeclaredEntity, linked: &Catalogue) -> Checked<Vec<Field>> {
        limit(&format!("{place}.fields"), entity.fields.len(), MAX_FIELDS)?;
        // Stages too: an entity may come to have some.
        let common = bare(&entity.key, &self.owner, true);
        let mut taken: BTreeSet<String> = common.fields.iter().map(|field| field.key.to_string()).collect();
        let mut fields = Vec::with_capacity(entity.fields.len());
        for (index, field) in entity.fields.iter().enumerate() {
            let place = format!("{place}.fields[{index}]");
            let key = field.key.clone().unwrap_or_default();
            let begins = key.starts_with(|letter: char| letter.is_ascii_lowercase());
            if !begins || !plain(&key) || key.len() > MAX_KEY || key.starts_with("x_") {
                let problem = format!(
                    "`{key}` must be a lower-case Latin letter, then such letters, digits and `_`, at most {MAX_KEY}; \
                     `x_` is for companies' own fields"
                );
                return Err(DeclarationError::new(format!("{place}.key"), problem));
            }
            if PARTS.contains(&key.as_str()) || common.field(&key).is_some() {
                let problem = format!("`{key}` is what every record has");
                return Err(DeclarationError::new(format!("{place}.key"), problem));
            }
            fields.push(self.field(&place, &entity.key, field, linked, &mut taken)?);
        }
        Ok(fields)
    }

    fn extensions(&self, linked: &Catalogue) -> Checked<Vec<Field>> {
        let declared = &self.declaration.fields;
        let mut fields = Vec::with_capacity(declared.len());
        let mut taken: BTreeSet<(String, String)> = BTreeSet::new();
        for (index, one) in declared.iter().enumerate() {
            let place = format!("fields[{index}]");
            let def = linked.find(&one.entity).filter(|def| def.owner == Owner::Core);
            let Some(def) = def else {
                let known = linked.entities().iter().filter(|def| def.owner == Owner::Core);
                let known = known.map(|def| def.key.as_str());
                let what = "entity of the product";
                return Err(DeclarationError::unknown(format!("{place}.entity"), what, &one.entity, known));
            };
            self.prefixed(&format!("{place}.key"), one.field.key.as_deref().unwrap_or_default())?;
            let mut of_entity: BTreeSet<String> = def.fields.iter().map(|field| field.key.to_string()).collect();
            of_entity.extend(taken.iter().filter(|(entity, _)| *entity == one.entity).map(|(_, key)| key.clone()));
            limit("fields", taken.iter().filter(|(entity, _)| *entity == one.entity).count(), MAX_FIELDS)?;
            let before = of_entity.clone();
            fields.push(self.field(&place, &one.entity, &one.field, linked, &mut of_entity)?);
            taken.extend(of_entity.difference(&before).map(|key| (one.entity.clone(), key.clone())));
        }
        Ok(fields)
    }

    /// One field, whose key and whose currency's key nobody has.
    fn field(
        &self,
        place: &str,
        entity: &str,
        field: &NewField,
        linked: &Catalogue,
        taken: &mut BTreeSet<String>,
    ) -> Checked<Field> {
        let key = FieldKey::new(field.key.as_deref().unwrap_or_default());
        let part = (field.r#type == FieldType::Money).then(|| currency_key(&key).to_string());
        for key in std::iter::once(key.to_string()).chain(part) {
            if !taken.insert(key.clone()) {
                return Err(DeclarationError::new(format!("{place}.key"), format!("`{key}` is taken")));
            }
        }
        let target = |key: &&String| !choices::is_target(linked, field.r#type, key);
        if let Some(unknown) = field.entities.iter().find(target) {
            let known = linked.entities().iter().map(|def| def.key.as_str());
            return Err(DeclarationError::unknown(format!("{place}.entities"), "entity", unknown, known));
        }
        let own = change::checked(linked, field.clone()).map_err(|error| said(place, &error))?;
        Ok((entity.into(), key, self.owner.clone(), own))
    }
}

fn prefix(prefix: &str, core: &Catalogue) -> Checked {
    let begins = prefix.starts_with(|letter: char| letter.is_ascii_lowercase());
    let letters = prefix.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit());
    if !begins || !letters || !(2..=MAX_PREFIX).contains(&prefix.len()) {
        let problem = if prefix == COMPANYS {
            format!("`{COMPANYS}` is for companies' own entities and fields")
        } else {
            format!("must be 2 to {MAX_PREFIX} lower-case Latin letters and digits, a letter first")
        };
        return Err(DeclarationError::new("prefix", problem));
    }
    let begin = format!("{prefix}_");
    let mut names = core.entities().iter().map(|def| def.key.as_str());
    match names.find(|name| *name == prefix || name.starts_with(&begin)) {
        Some(name) => Err(DeclarationError::new("prefix", format!("the product has `{name}`: choose another word"))),
        None => Ok(()),
    }
}

pub(super) fn plain(key: &str) -> bool {
    key.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_')
}

pub(super) fn limit(place: &str, count: usize, max: usize) -> Checked {
    if count <= max { Ok(()) } else { Err(DeclarationError::new(place, format!("more than {max}"))) }
}

/// A wrong definition in words, at the part that is wrong.
fn said(place: &str, error: &kernel::Error) -> DeclarationError {
    match error.fields_in(Locale::En).into_iter().next() {
        Some((part, (_, words))) => DeclarationError::new(format!("{place}.{part}"), words),
        None => DeclarationError::new(place, error.to_string()),
    }
}

fn check_stages(place: &str, stages: &[DeclaredStage]) -> Checked {
    let place = format!("{place}.stages");
    limit(&place, stages.len(), MAX_STAGES)?;
    let mut seen = BTreeSet::new();
    for (index, stage) in stages.iter().enumerate() {
        if stage.key.is_empty() || !plain(&stage.key) || stage.key.len() > MAX_KEY {
            let problem = format!("must be lower-case Latin letters, digits and `_`, at most {MAX_KEY}");
            return Err(DeclarationError::new(format!("{place}[{index}].key"), problem));
        }
        if !seen.insert(&stage.key) {
            return Err(DeclarationError::new(format!("{place}[{index}].key"), "declared twice"));
        }
        if !choices::is_color(&stage.color) {
            return Err(DeclarationError::new(format!("{place}[{index}].color"), "colours are written #rrggbb"));
        }
        change::labels("label", stage.label.clone()).map_err(|error| said(&format!("{place}[{index}]"), &error))?;
    }
    match stages.first() {
        Some(first) if first.semantic != Semantic::Open => {
            Err(DeclarationError::new(format!("{place}[0].semantic"), "records begin in the first stage: it is open"))
        }
        _ => Ok(()),
    }
}

/// Every field that a layout names is there.
fn layout(place: &str, entity: &DeclaredEntity, def: &EntityDef) -> Checked {
    let parts = [("list", &entity.list), ("card", &entity.card)];
    let named = parts.into_iter().flat_map(|(part, keys)| keys.iter().map(move |key| (part, key)));
    for (part, key) in named.chain(entity.title_from.iter().map(|key| ("title", key))) {
        if def.field(key).is_none() {
            let known = def.fields.iter().map(|field| field.key.as_str());
            return Err(DeclarationError::unknown(format!("{place}.{part}"), "field", key, known));
        }
    }
    let words =
        |kind: FieldType| kind.is_text() || matches!(kind, FieldType::Integer | FieldType::Date | FieldType::Choice);
    match entity.title_from.as_ref().and_then(|key| def.field(key)) {
        Some(field) if !words(field.kind) => {
            let problem = "a title is made of a text, a number, a date or a choice";
            Err(DeclarationError::new(format!("{place}.title"), problem))
        }
        _ => Ok(()),
    }
}

fn check_constraints(place: &str, constraints: &[Constraint], def: &EntityDef) -> Checked {
    limit(&format!("{place}.constraints"), constraints.len(), MAX_CONSTRAINTS)?;
    let mut seen = BTreeSet::new();
    for (index, constraint) in constraints.iter().enumerate() {
        let place = format!("{place}.constraints[{index}]");
        if constraint.key.is_empty() || !plain(&constraint.key) || constraint.key.len() > MAX_KEY {
            let problem = format!("must be lower-case Latin letters, digits and `_`, at most {MAX_KEY}");
            return Err(DeclarationError::new(format!("{place}.key"), problem));
        }
        if !seen.insert(&constraint.key) {
            return Err(DeclarationError::new(format!("{place}.key"), "declared twice"));
        }
        constraint.check(def).map_err(|(part, problem)| DeclarationError::new(format!("{place}.{part}"), problem))?;
    }
    Ok(())
}
