//! Conditions of fields and validation rules: made and changed by administrators, each change audited, obeyed by the next
//! write. And expressions tried out before they are kept. The tables are read leniently, as all definitions.

use std::sync::Arc;

use kernel::access::Action;
use kernel::db::{ConnectionTrait, Tx};
use kernel::error::{FieldError, FieldErrors};
use kernel::value::FieldType;
use kernel::{Ctx, EntityKey, Error, FieldKey, RecordId, Result, TenantId, Value, audit};
use sea_orm::sea_query::{Expr, ExprTrait, OnConflict, Order, Query};
use serde::{Deserialize, Serialize};
use serde_json::{Value as Json, json};
use uuid::Uuid;

use super::change::{INVALID, labels, require_admin, wrong};
use super::condition::{self, Asked, Conditions, RuleDef, ValidationRule};
use super::definition::{EntityDef, FieldDef};
use super::formula::{self, Formula};
use super::{Catalogue, store};
use crate::computed::{self, Moment};
use crate::conditions::{Scene, actor_of};
use crate::read::{self, Query as Listed};
use crate::stages::Pipelines;
use crate::{Records, catalogue};

/// Validation rules of an entity.
pub const MAX_RULES: usize = 100;
/// Characters of a rule's name.
const MAX_NAME: usize = 100;
/// Records on which an expression is tried out.
const TRIED: u64 = 5;

/// A validation rule with its place.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct PlacedRule {
    /// Its id.
    pub id: Uuid,
    /// Its entity.
    pub entity: String,
    /// Rules of an entity are asked from the smallest on; those of modules first of all, each with its place 0.
    pub place: i64,
    /// The rule.
    pub rule: ValidationRule,
    /// The module that declares it, whose it is to change; none of a company's own.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub plugin: Option<String>,
}

/// An expression to be tried out.
#[derive(Debug, Clone, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Trying {
    /// The text, in CEL.
    pub text: String,
    /// Of a formula: the type of its result. Absent: a condition or rule, over `record`, `before`, `actor`.
    #[serde(default)]
    #[schema(value_type = Option<FieldType>)]
    pub result: Option<FieldType>,
    /// Of a formula: the field it will stand in, if there is one already.
    #[serde(default)]
    pub field: Option<String>,
    /// Of a formula: digits after the point.
    #[serde(default)]
    pub decimals: Option<u32>,
}

/// What came of an expression on one record.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct Tried {
    /// The record.
    #[schema(value_type = Uuid)]
    pub id: RecordId,
    /// Its title.
    pub title: String,
    /// The result, as in a record.
    #[schema(value_type = Option<serde_json::Value>)]
    pub value: Json,
    /// Why there is none, in English.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub problem: Option<String>,
}

impl Records {
    /// Sets the conditions of a field, whoever defined it; empty ones take them away (administrators).
    ///
    /// # Errors
    /// `Denied`, `NotFound`; `config.invalid` by part.
    pub async fn set_conditions(
        &self,
        ctx: &Ctx,
        entity: &str,
        key: &str,
        given: Conditions,
    ) -> Result<Arc<EntityDef>> {
        require_admin(ctx)?;
        let given = given.tidied();
        let tx = self.db().begin().await?;
        store::touch(&tx, ctx.tenant).await?;
        let def = self.defined_in(&tx, ctx, entity).await?;
        let field = def.field(key).ok_or_else(|| Error::NotFound(format!("field {entity}.{key}")))?;
        given.check(&def, field).map_err(|(part, error)| wrong(part, error))?;
        keep_conditions(&tx, ctx, entity, key, &given).await?;
        let before = field.conditions.as_ref().map(|conditions| &conditions.spec);
        let detail = json!({"before": before, "after": given});
        audit::record(&tx, ctx, "field.conditions", &format!("{entity}.{key}"), detail).await?;
        tx.commit().await?;
        self.forget_catalogue(ctx.tenant);
        self.defined(ctx, entity).await
    }

    /// The validation rules of an entity, or of all, in their order, those that modules declare first (administrators).
    ///
    /// # Errors
    /// `Denied`.
    pub async fn validation_rules(&self, ctx: &Ctx, entity: Option<&str>) -> Result<Vec<PlacedRule>> {
        require_admin(ctx)?;
        let all = rules(self.db().read(), ctx.tenant).await?;
        let catalogue = self.catalogue(ctx.tenant).await?;
        let wanted = |of: &EntityKey| entity.is_none_or(|entity| *of == entity);
        let mut found: Vec<PlacedRule> = Vec::new();
        for def in catalogue.entities().iter().filter(|def| wanted(&def.key)) {
            found.extend(def.rules.iter().filter_map(|rule| of_module(def, rule)));
        }
        found.extend(all.into_iter().filter(|(of, _)| wanted(of)).map(|(_, rule)| rule));
        Ok(found)
    }

    /// Makes a validation rule; last in its entity's order where no place is given (administrators).
    ///
    /// # Errors
    /// `Denied`, `NotFound` for the entity; `config.invalid` by part.
    pub async fn create_rule(
        &self,
        ctx: &Ctx,
        entity: &str,
        rule: ValidationRule,
        place: Option<i64>,
    ) -> Result<PlacedRule> {
        require_admin(ctx)?;
        let tx = self.db().begin().await?;
        store::touch(&tx, ctx.tenant).await?;
        let def = self.defined_in(&tx, ctx, entity).await?;
        let known = rules(&tx, ctx.tenant).await?;
        let known: Vec<&PlacedRule> = known.iter().filter(|(of, _)| *of == entity).map(|(_, rule)| rule).collect();
        if known.len() >= MAX_RULES {
            return Err(wrong("name", FieldError::new("too_many").with("max", MAX_RULES)));
        }
        let rule = checked(&def, rule, None)?;
        let last = known.iter().map(|rule| rule.place).max().unwrap_or(0);
        let placed = PlacedRule {
            id: ctx.id(),
            entity: entity.to_owned(),
            place: place.unwrap_or(last.saturating_add(1)),
            rule,
            plugin: None,
        };
        insert(&tx, ctx, &placed).await?;
        audit::record(&tx, ctx, "rule.created", &object(&placed), json!({"after": placed.rule})).await?;
        tx.commit().await?;
        self.forget_catalogue(ctx.tenant);
        Ok(placed)
    }

    /// Changes a validation rule, all of it (administrators).
    ///
    /// # Errors
    /// `Denied`, `NotFound`; `config.invalid` by part.
    pub async fn change_rule(
        &self,
        ctx: &Ctx,
        id: Uuid,
        rule: ValidationRule,
        place: Option<i64>,
    ) -> Result<PlacedRule> {
        require_admin(ctx)?;
        let tx = self.db().begin().await?;
        store::touch(&tx, ctx.tenant).await?;
        let before = one(&tx, ctx, id).await?;
        let def = self.defined_in(&tx, ctx, &before.entity).await?;
        let rule = checked(&def, rule, Some(&before.rule))?;
        let placed = PlacedRule { place: place.unwrap_or(before.place), rule, ..before.clone() };
        update(&tx, ctx, &placed).await?;
        let detail = json!({"before": before.rule, "after": placed.rule});
        audit::record(&tx, ctx, "rule.updated", &object(&placed), detail).await?;
        tx.commit().await?;
        self.forget_catalogue(ctx.tenant);
        Ok(placed)
    }

    /// Takes a validation rule away (administrators).
    ///
    /// # Errors
    /// `Denied`, `NotFound`.
    pub async fn remove_rule(&self, ctx: &Ctx, id: Uuid) -> Result<()> {
        require_admin(ctx)?;
        let tx = self.db().begin().await?;
        store::touch(&tx, ctx.tenant).await?;
        let before = one(&tx, ctx, id).await?;
        delete(&tx, ctx, id).await?;
        audit::record(&tx, ctx, "rule.removed", &object(&before), json!({"before": before.rule})).await?;
        tx.commit().await?;
        self.forget_catalogue(ctx.tenant);
        Ok(())
    }

    /// Tries an expression on the newest records, before it is kept (administrators).
    ///
    /// # Errors
    /// `Denied`, `NotFound`; `config.invalid` on `text` with what is wrong.
    pub async fn try_expression(&self, ctx: &Ctx, entity: &str, trying: Trying) -> Result<Vec<Tried>> {
        require_admin(ctx)?;
        let catalogue = self.catalogue(ctx.tenant).await?;
        let def = catalogue.entity(entity)?;
        let refused =
            |error: FieldError| Error::Invalid { code: INVALID, fields: FieldErrors::from([("text".into(), error)]) };
        let field = match trying.result {
            Some(kind) => {
                let key = trying.field.as_deref().unwrap_or("?");
                formula::check(def, key, kind, &trying.text, trying.decimals).map_err(|(_, error)| refused(error))?;
                Some(trial_field(def, key, kind, &trying))
            }
            None => condition::compiled(def, &trying.text).map(|_| None).map_err(refused)?,
        };
        let query = Listed { fields: Some(Vec::new()), limit: Some(TRIED), ..Listed::default() };
        let page = self.query(ctx, entity, &query).await?;
        let ids: Vec<RecordId> = page.items.iter().map(|record| record.id).collect();
        let mut found = read::load_whole(self.db().read(), &catalogue, ctx, def, &ids, Action::Read, false).await?;
        found.sort_by_key(|record| ids.iter().position(|id| *id == record.id));
        let (actor, moment, asked) = (actor_of(ctx), Moment::of(ctx), Asked::new(&trying.text));
        let tried = found.into_iter().map(|record| {
            let title = record.fields.get("title").and_then(Value::as_text).unwrap_or_default().to_owned();
            let outcome = match &field {
                Some((def, key)) => computed::one(def, key, record.fields, ctx, &catalogue.pipelines.currency),
                None => {
                    let scene = Scene::new(def, &record.fields, Some(&record.fields), &actor, &moment);
                    scene.holds(&asked).map(Value::Boolean)
                }
            };
            let (value, problem) = match outcome {
                Ok(value) => (value.to_json(), None),
                Err(problem) => (Json::Null, Some(problem)),
            };
            Tried { id: record.id, title, value, problem }
        });
        Ok(tried.collect())
    }

    /// An entity as a transaction that has taken the catalogue sees it.
    pub(super) async fn defined_in(&self, tx: &Tx, ctx: &Ctx, entity: &str) -> Result<Arc<EntityDef>> {
        self.drawn_in(tx, ctx).await?.entity(entity).map(Arc::clone)
    }

    /// All entities as such a transaction sees them, without pipelines: never kept, for it may come to nothing.
    pub(super) async fn drawn_in(&self, tx: &Tx, ctx: &Ctx) -> Result<Catalogue> {
        let own = store::load(tx, ctx.tenant).await?;
        let directories = Arc::clone(&own.directories);
        let drawn = Catalogue::new(0, Pipelines::default(), own.applied_to(self.known.core()));
        Ok(Catalogue { directories, ..drawn })
    }
}

/// The entity with one more field that has the formula.
fn trial_field(def: &EntityDef, key: &str, kind: FieldType, trying: &Trying) -> (EntityDef, FieldKey) {
    let mut trial = def.clone();
    let mut field = FieldDef::new("", kind);
    field.key = key.into();
    field.formula = Some(Arc::new(Formula::kept(kind, trying.text.clone(), trying.decimals)));
    match trial.field_mut(key) {
        Some(known) => *known = field,
        None => trial.add(field),
    }
    formula::put_in_order(&mut trial);
    (trial, key.into())
}

/// What looks at a field: `[{kind, key, name}]`.
pub(super) fn users(def: &EntityDef, key: &str) -> Vec<Json> {
    let label = |field: &FieldDef| catalogue::field_label(def, field, kernel::Locale::En);
    let mut users = Vec::new();
    for field in def.fields.iter().filter(|field| field.key != key) {
        if field.formula.iter().any(|formula| formula.inputs().any(|input| input == key)) {
            users.push(json!({"kind": "formula", "key": field.key, "name": label(field)}));
        }
        if field.conditions.iter().any(|conditions| conditions.names(key)) {
            users.push(json!({"kind": "condition", "key": field.key, "name": label(field)}));
        }
    }
    for rule in def.rules.iter().filter(|rule| rule.spec.names(key)) {
        let key = rule.id.map_or_else(|| rule.spec.name.clone(), |id| id.to_string());
        users.push(json!({"kind": "rule", "key": key, "name": rule.spec.name}));
    }
    users
}

pub(super) fn checked(
    def: &EntityDef,
    mut rule: ValidationRule,
    before: Option<&ValidationRule>,
) -> Result<ValidationRule> {
    rule.name = rule.name.trim().to_owned();
    rule.when = rule.when.filter(|text| !text.trim().is_empty());
    if rule.name.is_empty() {
        return Err(wrong("name", FieldError::new("required")));
    }
    if rule.name.chars().count() > MAX_NAME {
        return Err(wrong("name", FieldError::new("too_long").with("max", MAX_NAME)));
    }
    let same = |other: &Arc<RuleDef>| other.spec.name == rule.name;
    if before.is_none_or(|before| before.name != rule.name) && def.rules.iter().any(same) {
        return Err(wrong("name", FieldError::new("taken")));
    }
    rule.message = labels("message", rule.message)?;
    rule.check(def).map_err(|(part, error)| wrong(part, error))?;
    Ok(rule)
}

/// Writes a new rule.
pub(super) async fn insert(tx: &Tx, ctx: &Ctx, placed: &PlacedRule) -> Result<()> {
    let insert = Query::insert()
        .into_table("validation_rule")
        .columns(["id", "tenant_id", "entity", "definition", "sort", "created_at"])
        .values_panic([
            placed.id.into(),
            ctx.tenant.into(),
            placed.entity.as_str().into(),
            serde_json::to_value(&placed.rule).map_err(Error::internal)?.into(),
            placed.place.into(),
            ctx.now().0.into(),
        ])
        .to_owned();
    tx.execute(&insert).await?;
    Ok(())
}

/// Writes what a rule says now, and its place.
pub(super) async fn update(tx: &Tx, ctx: &Ctx, placed: &PlacedRule) -> Result<()> {
    let update = Query::update()
        .table("validation_rule")
        .value("definition", serde_json::to_value(&placed.rule).map_err(Error::internal)?)
        .value("sort", placed.place)
        .and_where(Expr::col("id").eq(placed.id))
        .and_where(Expr::col("tenant_id").eq(ctx.tenant.0))
        .to_owned();
    tx.execute(&update).await?;
    Ok(())
}

/// Takes a rule away.
pub(super) async fn delete(tx: &Tx, ctx: &Ctx, id: Uuid) -> Result<()> {
    let delete = Query::delete()
        .from_table("validation_rule")
        .and_where(Expr::col("id").eq(id))
        .and_where(Expr::col("tenant_id").eq(ctx.tenant.0))
        .to_owned();
    tx.execute(&delete).await?;
    Ok(())
}

fn object(placed: &PlacedRule) -> String {
    format!("{}.{}", placed.entity, placed.rule.name)
}

/// A rule as a module declares it; nothing of a company's own.
fn of_module(def: &EntityDef, rule: &RuleDef) -> Option<PlacedRule> {
    let plugin = rule.owner.plugin()?;
    Some(PlacedRule {
        id: kernel::id::derived(&format!("rule:{plugin}:{}:{}", def.key, rule.spec.name)),
        entity: def.key.to_string(),
        place: 0,
        rule: rule.spec.clone(),
        plugin: Some(plugin.to_owned()),
    })
}

/// Every condition of a tenant's fields.
pub(super) async fn conditions(
    conn: &impl ConnectionTrait,
    tenant: TenantId,
) -> Result<Vec<(EntityKey, FieldKey, Conditions)>> {
    let select = Query::select()
        .columns(["entity", "field", "definition"])
        .from("field_condition")
        .and_where(Expr::col("tenant_id").eq(tenant.0))
        .take();
    let mut all = Vec::new();
    for row in conn.query_all(&select).await? {
        if let Some(kept) = store::read(&row, 2)? {
            let (entity, field): (String, String) = (row.try_get_by_index(0)?, row.try_get_by_index(1)?);
            all.push((entity.into(), field.into(), kept));
        }
    }
    Ok(all)
}

/// Every validation rule of a tenant, in order.
pub(super) async fn rules(conn: &impl ConnectionTrait, tenant: TenantId) -> Result<Vec<(EntityKey, PlacedRule)>> {
    let select = Query::select()
        .columns(["id", "entity", "definition", "sort"])
        .from("validation_rule")
        .and_where(Expr::col("tenant_id").eq(tenant.0))
        .order_by("entity", Order::Asc)
        .order_by("sort", Order::Asc)
        .order_by("id", Order::Asc)
        .take();
    let mut all = Vec::new();
    for row in conn.query_all(&select).await? {
        if let Some(rule) = store::read(&row, 2)? {
            let entity: String = row.try_get_by_index(1)?;
            let (id, place) = (row.try_get_by_index(0)?, row.try_get_by_index(3)?);
            all.push((entity.as_str().into(), PlacedRule { id, entity, place, rule, plugin: None }));
        }
    }
    Ok(all)
}

async fn one(tx: &Tx, ctx: &Ctx, id: Uuid) -> Result<PlacedRule> {
    let all = rules(tx, ctx.tenant).await?;
    let found = all.into_iter().find(|(_, rule)| rule.id == id).map(|(_, rule)| rule);
    found.ok_or_else(|| Error::NotFound(format!("rule {id}")))
}

pub(super) async fn keep_conditions(tx: &Tx, ctx: &Ctx, entity: &str, key: &str, given: &Conditions) -> Result<()> {
    if given.is_empty() {
        let delete = Query::delete()
            .from_table("field_condition")
            .and_where(Expr::col("tenant_id").eq(ctx.tenant.0))
            .and_where(Expr::col("entity").eq(entity))
            .and_where(Expr::col("field").eq(key))
            .to_owned();
        tx.execute(&delete).await?;
        return Ok(());
    }
    let insert = Query::insert()
        .into_table("field_condition")
        .columns(["tenant_id", "entity", "field", "definition"])
        .values_panic([
            ctx.tenant.into(),
            entity.into(),
            key.into(),
            serde_json::to_value(given).map_err(Error::internal)?.into(),
        ])
        .on_conflict(OnConflict::columns(["tenant_id", "entity", "field"]).update_column("definition").to_owned())
        .to_owned();
    tx.execute(&insert).await?;
    Ok(())
}
