//! What putting a declaration into force would change in a company. Additive: what records may have stays what it is, what
//! is not declared any more is put away with its values.

use kernel::db::ConnectionTrait;
use kernel::error::{FieldError, FieldErrors};
use kernel::filter::Filter;
use kernel::{Ctx, EntityKey, Error, Result};
use sea_orm::sea_query::Query;
use serde::Serialize;
use serde_json::json;

use super::Declared;
use crate::catalogue::change::INVALID;
use crate::catalogue::condition::ValidationRule;
use crate::catalogue::constraint::Constraint;
use crate::catalogue::definition::{Labels, Owner};
use crate::catalogue::store::{self, Kept, KeptRows, Own, OwnEntity, OwnField};
use crate::shape::Asker;
use crate::stages::{self, Pipelines};
use crate::{Catalogue, Records};

/// What becomes of a part of the catalogue.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = SchemaWhat)]
pub enum What {
    /// An entity that was not there.
    EntityNew,
    /// An entity that was put away comes back with its records.
    EntityBack,
    /// An entity is put away; its records are kept.
    EntityGone,
    /// A field that was not there.
    FieldNew,
    /// A field that was put away comes back with its values.
    FieldBack,
    /// A field is put away; its values are kept.
    FieldGone,
    /// A field gets other names, choices or bounds.
    FieldChanged,
    /// A stage that was not there.
    StageNew,
    /// A constraint that was not there; records that break it refuse it.
    ConstraintNew,
    /// A constraint that says something else.
    ConstraintChanged,
    /// A constraint that nothing is under any more.
    ConstraintGone,
    /// A validation rule that was not there.
    RuleNew,
    /// A validation rule that says something else.
    RuleChanged,
    /// A validation rule that nothing has to hold any more.
    RuleGone,
}

/// One change of the catalogue.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Planned {
    /// What is done.
    pub what: What,
    /// To which entity.
    pub entity: EntityKey,
    /// To which field, stage or constraint of it.
    pub key: Option<String>,
    /// Its name.
    pub label: Labels,
    /// Why it cannot be done.
    pub refused: Option<FieldError>,
}

/// All that would be done, in the order of the declaration.
#[derive(Debug, Clone, Default)]
pub struct Plan {
    /// The changes.
    pub changes: Vec<Planned>,
}

impl Plan {
    /// Passes when all of it can be done.
    ///
    /// # Errors
    /// `config.invalid` naming `schema.<entity>.<key>`.
    pub fn check(&self) -> Result<()> {
        let place = |one: &Planned| match &one.key {
            Some(key) => format!("schema.{}.{key}", one.entity),
            None => format!("schema.{}", one.entity),
        };
        let refused = self.changes.iter().filter_map(|one| Some((place(one), one.refused.clone()?)));
        let fields: FieldErrors = refused.collect();
        if fields.is_empty() { Ok(()) } else { Err(Error::Invalid { code: INVALID, fields }) }
    }

    fn add(&mut self, what: What, entity: &EntityKey, key: Option<&str>, label: &Labels, refused: Option<FieldError>) {
        let (entity, key, label) = (entity.clone(), key.map(str::to_owned), label.clone());
        self.changes.push(Planned { what, entity, key, label, refused });
    }
}

impl Records {
    /// What putting a declaration into force would change in the company now.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn plan_declaration(&self, ctx: &Ctx, declared: &Declared) -> Result<Plan> {
        let conn = self.db().read();
        let kept = store::all(conn, ctx.tenant).await?;
        plan(conn, ctx, declared, &kept).await
    }
}

/// The same as a transaction sees it.
pub(super) async fn plan(conn: &impl ConnectionTrait, ctx: &Ctx, declared: &Declared, kept: &KeptRows) -> Result<Plan> {
    let mut plan = Plan::default();
    if declared.is_empty() && !kept.has_any_of(&declared.plugin) {
        return Ok(plan);
    }
    let pipelines = stages::load(conn, ctx.tenant, String::new()).await?;
    let planning = Planning { declared, kept, pipelines, before: before(declared, kept) };
    for (key, _, entity) in &declared.own.entities {
        planning.entity(&mut plan, key, entity);
        planning.fields(&mut plan, conn, ctx, key).await?;
    }
    let own = |key: &EntityKey| declared.entities().any(|own| own == key);
    let mut extended: Vec<&EntityKey> = planning.extended().filter(|key| !own(key)).collect();
    extended.sort();
    extended.dedup();
    for key in extended {
        planning.fields(&mut plan, conn, ctx, key).await?;
    }
    for (key, row) in kept.entities.iter().filter(|(_, row)| planning.is_mine(&row.owner)) {
        if !row.definition.standing.gone && !own(key) {
            let refused = planning.foreign_prefix(key);
            plan.add(What::EntityGone, key, None, &row.definition.label_many, refused);
        }
    }
    Ok(plan)
}

/// What the plugin has in the company, put away or not, as a catalogue.
fn before(declared: &Declared, kept: &KeptRows) -> Catalogue {
    let mine = |owner: &Owner| owner.plugin() == Some(&declared.plugin);
    let entities = kept.entities.iter().filter(|(_, row)| mine(&row.owner));
    let fields = kept.fields.iter().filter(|(_, _, row)| mine(&row.owner));
    let own = Own {
        entities: entities.map(|(key, row)| (key.clone(), row.owner.clone(), row.definition.clone())).collect(),
        fields: fields
            .map(|(entity, key, row)| (entity.clone(), key.clone(), row.owner.clone(), row.definition.clone()))
            .collect(),
        ..Own::default()
    };
    Catalogue::new(0, Pipelines::default(), own.applied_to(Catalogue::core().entities()))
}

struct Planning<'a> {
    declared: &'a Declared,
    kept: &'a KeptRows,
    pipelines: Pipelines,
    before: Catalogue,
}

impl Planning<'_> {
    fn is_mine(&self, owner: &Owner) -> bool {
        owner.plugin() == Some(&self.declared.plugin)
    }

    /// Entities that it has or had fields on.
    fn extended(&self) -> impl Iterator<Item = &EntityKey> {
        let had = self.kept.fields.iter().filter(|(_, _, row)| self.is_mine(&row.owner)).map(|(entity, ..)| entity);
        let gone = |key: &&EntityKey| {
            let mine = self.kept.entities.iter().filter(|(_, row)| self.is_mine(&row.owner));
            !mine.map(|(key, _)| key).any(|mine| mine == *key)
        };
        self.declared.own.fields.iter().map(|(entity, ..)| entity).chain(had).filter(gone)
    }

    /// Another plugin that has keys with this plugin's prefix.
    fn prefix_taken(&self) -> Option<FieldError> {
        let begin = format!("{}_", self.declared.prefix);
        let entities = self.kept.entities.iter().map(|(key, row)| (key.as_str(), &row.owner));
        let fields = self.kept.fields.iter().map(|(_, key, row)| (key.as_str(), &row.owner));
        // Fields of another plugin's own entity may be called anything.
        let extensions = fields.filter(|(key, _)| key.starts_with(&begin));
        let other = entities.chain(extensions).find(|(key, owner)| {
            key.starts_with(&begin) && owner.plugin().is_some_and(|plugin| *plugin != *self.declared.plugin)
        });
        let plugin = other.and_then(|(_, owner)| owner.plugin())?;
        Some(FieldError::new("schema_prefix_taken").with("prefix", &self.declared.prefix).with("plugin", plugin))
    }

    /// A key of before that does not begin as keys do now.
    fn foreign_prefix(&self, key: &str) -> Option<FieldError> {
        let begin = format!("{}_", self.declared.prefix);
        let other = !self.declared.prefix.is_empty() && !key.starts_with(&begin);
        other.then(|| FieldError::new("schema_prefix").with("value", key).with("prefix", &self.declared.prefix))
    }

    fn entity(&self, plan: &mut Plan, key: &EntityKey, entity: &OwnEntity) {
        let label = &entity.label_many;
        let row = self.kept.entities.iter().find(|(known, _)| known == key).map(|(_, row)| row);
        match row {
            None => plan.add(What::EntityNew, key, None, label, self.prefix_taken()),
            Some(row) if !self.is_mine(&row.owner) => {
                let plugin = row.owner.plugin().unwrap_or("x_");
                let refused = FieldError::new("schema_taken").with("value", key).with("plugin", plugin);
                plan.add(What::EntityNew, key, None, label, Some(refused));
            }
            Some(row) => {
                let other = row.definition.staged != entity.staged;
                let refused = other.then(|| FieldError::new("schema_stages"));
                if refused.is_some() || row.definition.standing.gone || row.definition.standing.off {
                    plan.add(What::EntityBack, key, None, label, refused);
                }
                self.constraints(plan, key, row, entity);
                rules(plan, key, &row.definition.rules, &entity.rules);
            }
        }
        let known: Vec<&str> =
            self.pipelines.of(key).flat_map(|one| one.stages.iter()).map(|stage| stage.key.as_str()).collect();
        for stage in self.declared.stages_of(key).iter().filter(|_| row.is_some()) {
            if !known.contains(&stage.key.as_str()) {
                plan.add(What::StageNew, key, Some(&stage.key), &stage.label, None);
            }
        }
    }

    fn constraints(&self, plan: &mut Plan, key: &EntityKey, row: &Kept<OwnEntity>, entity: &OwnEntity) {
        let find = |all: &[Constraint], key: &str| all.iter().find(|one| one.key == key).cloned();
        for now in &entity.constraints {
            let what = match find(&row.definition.constraints, &now.key) {
                None => What::ConstraintNew,
                Some(before) if before != *now => What::ConstraintChanged,
                Some(_) => continue,
            };
            plan.add(what, key, Some(&now.key), &now.message.clone().unwrap_or_default(), None);
        }
        for before in &row.definition.constraints {
            if find(&entity.constraints, &before.key).is_none() {
                let label = before.message.clone().unwrap_or_default();
                plan.add(What::ConstraintGone, key, Some(&before.key), &label, None);
            }
        }
    }

    async fn fields(&self, plan: &mut Plan, conn: &impl ConnectionTrait, ctx: &Ctx, entity: &EntityKey) -> Result<()> {
        let declared = self.declared.own.fields.iter().filter(|(of, ..)| of == entity);
        for (_, key, _, field) in declared.clone() {
            let row = self.kept.fields.iter().find(|(of, known, _)| of == entity && known == key);
            let label = &field.label;
            let Some((_, _, row)) = row else {
                plan.add(What::FieldNew, entity, Some(key), label, None);
                rules(plan, entity, &[], &field.rules);
                continue;
            };
            if !self.is_mine(&row.owner) {
                let plugin = row.owner.plugin().unwrap_or("x_");
                let refused = FieldError::new("schema_taken").with("value", key).with("plugin", plugin);
                plan.add(What::FieldNew, entity, Some(key), label, Some(refused));
                continue;
            }
            let refused = match narrower(&row.definition, field) {
                None => self.lost_choice(conn, ctx, entity, key, &row.definition, field).await?,
                refused => refused,
            };
            rules(plan, entity, &row.definition.rules, &field.rules);
            let before = &row.definition.standing;
            // Of an entity that comes back as a whole nothing more is said.
            let own = self.declared.entities().any(|own| own == entity);
            if before.gone || (before.off && !own) {
                plan.add(What::FieldBack, entity, Some(key), label, refused);
            } else if refused.is_some() || !same(&row.definition, field) {
                plan.add(What::FieldChanged, entity, Some(key), label, refused);
            }
        }
        let mine = self.kept.fields.iter().filter(|(of, _, row)| of == entity && self.is_mine(&row.owner));
        for (_, key, row) in mine.filter(|(_, _, row)| !row.definition.standing.gone) {
            if !declared.clone().any(|(_, known, ..)| known == key) {
                plan.add(What::FieldGone, entity, Some(key), &row.definition.label, None);
                rules(plan, entity, &row.definition.rules, &[]);
            }
        }
        Ok(())
    }

    /// A choice that is not declared any more and that some record has.
    async fn lost_choice(
        &self,
        conn: &impl ConnectionTrait,
        ctx: &Ctx,
        entity: &EntityKey,
        key: &str,
        before: &OwnField,
        now: &OwnField,
    ) -> Result<Option<FieldError>> {
        let Some(def) = self.before.find(entity) else { return Ok(None) };
        let kept = |choice: &str| now.choices.iter().any(|one| one.key == choice);
        for lost in before.choices.iter().filter(|choice| !choice.archived && !kept(&choice.key)) {
            let filter = Filter::parse(&json!({"field": key, "op": "eq", "value": lost.key}));
            let asker = Asker::new(&self.before, ctx, conn.get_database_backend());
            let condition = filter.and_then(|filter| asker.rule(def, &filter)).map_err(crate::bad_filter)?;
            let mut select = Query::select();
            select.column((def.table, "id")).from(def.table).and_where(condition).limit(1);
            def.own(&mut select, ctx.tenant);
            if conn.query_one(&select).await?.is_some() {
                return Ok(Some(FieldError::new("schema_choice").with("value", &lost.key)));
            }
        }
        Ok(None)
    }
}

/// What becomes of validation rules.
fn rules(plan: &mut Plan, entity: &EntityKey, before: &[ValidationRule], now: &[ValidationRule]) {
    let find = |all: &[ValidationRule], name: &str| all.iter().find(|one| one.name == name).cloned();
    for rule in now {
        let what = match find(before, &rule.name) {
            None => What::RuleNew,
            Some(then) if then != *rule => What::RuleChanged,
            Some(_) => continue,
        };
        plan.add(what, entity, Some(&rule.name), &rule.message, None);
    }
    for rule in before.iter().filter(|rule| find(now, &rule.name).is_none()) {
        plan.add(What::RuleGone, entity, Some(&rule.name), &rule.message, None);
    }
}

/// What records may have and could not have any more.
fn narrower(before: &OwnField, now: &OwnField) -> Option<FieldError> {
    if before.kind != now.kind {
        let error = FieldError::new("schema_type").with("before", before.kind.name()).with("now", now.kind.name());
        return Some(error);
    }
    let lost = before.targets.iter().find(|target| !now.targets.contains(target))?;
    Some(FieldError::new("schema_target").with("value", lost))
}

/// Whether two declarations of a field say the same, whatever administrators did to it; its rules are told by themselves.
fn same(before: &OwnField, now: &OwnField) -> bool {
    let renamed = before.standing.renamed;
    let label = if renamed { before.label.clone() } else { now.label.clone() };
    let archived = before.choices.iter().filter(|one| one.archived && !now.choices.iter().any(|n| n.key == one.key));
    let choices = now.choices.iter().chain(archived).cloned().collect();
    *before == OwnField { label, choices, rules: before.rules.clone(), standing: before.standing, ..now.clone() }
}
