//! Rules in the database, and who changes them: administrators, each change audited.

use std::collections::BTreeSet;

use ::people::require_admin;
use kernel::access::Action;
use kernel::db::{ConnectionTrait, QueryResult, Tx, taken};
use kernel::error::FieldError;
use kernel::event::{self, Cursor};
use kernel::{Ctx, Error, Result, TenantId, Timestamp, audit};
use records::Operation;
use sea_orm::sea_query::{Expr, ExprTrait, LockType, Order, Query, SelectStatement};
use sea_orm::{DbBackend, DbErr};
use serde_json::{Value as Json, json};
use uuid::Uuid;

use super::model::{PlacedRule, Rule, TriggerKind};
use super::{Automations, INVALID, known, of_stages};

/// Rules of an entity.
pub const MAX_RULES: usize = 200;
/// Actions of a rule.
pub const MAX_ACTIONS: usize = 20;

pub(super) const TABLE: &str = "automation_rule";
const COLUMNS: [&str; 7] = ["id", "entity", "definition", "sort", "since", "tenant_id", "enabled"];

/// A rule as it is kept.
#[derive(Debug, Clone)]
pub(super) struct Kept {
    pub tenant: TenantId,
    pub placed: PlacedRule,
    /// Behind this place of the event log it looks.
    pub since: Cursor,
}

impl Automations {
    /// Rules of an entity, or all, in their order (administrators).
    ///
    /// # Errors
    /// `Denied`.
    pub async fn rules(&self, ctx: &Ctx, entity: Option<&str>) -> Result<Vec<PlacedRule>> {
        require_admin(ctx)?;
        let mut select = of_tenant(ctx.tenant);
        if let Some(entity) = entity {
            select.and_where(Expr::col("entity").eq(entity));
        }
        Ok(found(self.processes.db().read(), &select).await?.into_iter().map(|kept| kept.placed).collect())
    }

    /// Makes a rule; last in its entity's order where no place is given (administrators). It looks at what happens from
    /// now on.
    ///
    /// # Errors
    /// `Denied`, `NotFound` for the entity; `config.invalid` by part.
    pub async fn create_rule(&self, ctx: &Ctx, entity: &str, rule: Rule, place: Option<i64>) -> Result<PlacedRule> {
        require_admin(ctx)?;
        let rule = self.checked(ctx, entity, rule).await?;
        let tx = self.processes.db().begin().await?;
        let placed = create_in(&tx, ctx, entity, rule, place).await?;
        tx.commit().await?;
        Ok(placed)
    }

    /// Changes a rule, all of it (administrators). One that was switched on again looks at what happens from now on.
    ///
    /// # Errors
    /// `Denied`, `NotFound`; `config.invalid` by part; conflict `automation.of_stage`.
    pub async fn change_rule(&self, ctx: &Ctx, id: Uuid, rule: Rule, place: Option<i64>) -> Result<PlacedRule> {
        require_admin(ctx)?;
        let before = self.own(ctx, id).await?;
        // Whatever became of what it names, it may be switched off.
        let rests = !rule.enabled && Rule { enabled: false, ..before.placed.rule.clone() } == rule;
        let rule = if rests { rule } else { self.checked(ctx, &before.placed.entity, rule).await? };
        let tx = self.processes.db().begin().await?;
        let placed = change_in(&tx, ctx, &before, rule, place).await?;
        tx.commit().await?;
        Ok(placed)
    }

    /// Takes a rule away (administrators). What it did is still shown; what it waited for is not done.
    ///
    /// # Errors
    /// `Denied`, `NotFound`; conflict `automation.of_stage`.
    pub async fn remove_rule(&self, ctx: &Ctx, id: Uuid) -> Result<()> {
        require_admin(ctx)?;
        let before = self.own(ctx, id).await?;
        let tx = self.processes.db().begin().await?;
        remove_in(&tx, ctx, &before).await?;
        Ok(tx.commit().await?)
    }

    /// A rule that is changed here: a stage's is changed with the stage.
    async fn own(&self, ctx: &Ctx, id: Uuid) -> Result<Kept> {
        let kept = self.one(ctx, id).await?;
        match of_stages::is_of_stage(ctx.tenant, &kept.placed) {
            true => Err(Error::Conflict { code: "automation.of_stage", current: None }),
            false => Ok(kept),
        }
    }

    /// How many rules may be set off by changes of an entity, of these kinds and fields (any where there are none): for
    /// whoever is about to change much of it.
    ///
    /// # Errors
    /// `NotFound` for the entity, `Denied` for somebody who may not read it.
    pub async fn looking(&self, ctx: &Ctx, entity: &str, operations: &[Operation], fields: &[String]) -> Result<usize> {
        self.processes.records().entity(ctx, entity).await?;
        if !ctx.rights.may(entity, Action::Read) {
            return Err(Error::Denied("action"));
        }
        let conn = self.processes.db().read();
        let known = self.processes.rules().of_company(conn, ctx.now(), ctx.tenant).await?;
        let may = |kept: &&Kept| {
            let set_off = |operation: &Operation| kept.placed.rule.on.may_be_set_off_by(*operation, fields);
            kept.placed.entity == entity && operations.iter().any(set_off)
        };
        Ok(known.iter().filter(may).count())
    }

    pub(super) async fn one(&self, ctx: &Ctx, id: Uuid) -> Result<Kept> {
        let mut select = of_tenant(ctx.tenant);
        select.and_where(Expr::col("id").eq(id));
        found(self.processes.db().read(), &select).await?.pop().ok_or_else(|| missing(id))
    }
}

/// Makes a rule that was checked.
pub(super) async fn create_in(tx: &Tx, ctx: &Ctx, entity: &str, rule: Rule, place: Option<i64>) -> Result<PlacedRule> {
    // Before any rule is locked: whoever changes rules waits here, not in a circle.
    known::touch(tx, ctx.tenant).await?;
    let known = all_of(tx, ctx, entity).await?;
    if known.len() >= MAX_RULES {
        return Err(Error::field(INVALID, "name", FieldError::new("too_many").with("max", MAX_RULES)));
    }
    let last = known.iter().map(|kept| kept.placed.place).max().unwrap_or(0);
    let place = place.unwrap_or_else(|| last.saturating_add(1));
    let placed = PlacedRule { id: ctx.id(), entity: entity.to_owned(), place, rule };
    let columns =
        ["id", "tenant_id", "entity", "name", "definition", "enabled", "sort", "since", "created_at", "swept"];
    let insert = Query::insert()
        .into_table(TABLE)
        .columns(columns)
        .values_panic([
            placed.id.into(),
            ctx.tenant.into(),
            entity.into(),
            placed.rule.name.as_str().into(),
            json_of(&placed.rule)?.into(),
            placed.rule.enabled.into(),
            placed.place.into(),
            event::newest(tx).await?.to_string().into(),
            ctx.now().0.into(),
            swept_since(ctx, &placed.rule).into(),
        ])
        .to_owned();
    tx.execute(&insert).await.map_err(name_taken)?;
    audit::record(tx, ctx, "automation.created", &object(&placed), json!({"after": placed.rule})).await?;
    Ok(placed)
}

/// Changes a rule into one that was checked.
pub(super) async fn change_in(tx: &Tx, ctx: &Ctx, before: &Kept, rule: Rule, place: Option<i64>) -> Result<PlacedRule> {
    known::touch(tx, ctx.tenant).await?;
    let wakes = rule.enabled && !before.placed.rule.enabled;
    let since = if wakes { event::newest(tx).await? } else { before.since };
    let placed = PlacedRule { place: place.unwrap_or(before.placed.place), rule, ..before.placed.clone() };
    let mut update = Query::update();
    if wakes || placed.rule.on != before.placed.rule.on {
        update.value("swept", swept_since(ctx, &placed.rule));
    }
    update
        .table(TABLE)
        .value("name", placed.rule.name.as_str())
        .value("definition", json_of(&placed.rule)?)
        .value("enabled", placed.rule.enabled)
        .value("sort", placed.place)
        .value("since", since.to_string())
        .and_where(Expr::col("id").eq(placed.id))
        .and_where(Expr::col("tenant_id").eq(ctx.tenant.0))
        .and_where(Expr::col("removed_at").is_null());
    if tx.execute(&update).await.map_err(name_taken)?.rows_affected() != 1 {
        return Err(missing(placed.id));
    }
    let detail = json!({"before": before.placed.rule, "after": placed.rule});
    audit::record(tx, ctx, "automation.updated", &object(&placed), detail).await?;
    Ok(placed)
}

/// Takes a rule away.
pub(super) async fn remove_in(tx: &Tx, ctx: &Ctx, before: &Kept) -> Result<()> {
    known::touch(tx, ctx.tenant).await?;
    let update = Query::update()
        .table(TABLE)
        .value("enabled", false)
        .value("removed_at", ctx.now().0)
        .and_where(Expr::col("id").eq(before.placed.id))
        .and_where(Expr::col("tenant_id").eq(ctx.tenant.0))
        .and_where(Expr::col("removed_at").is_null())
        .to_owned();
    if tx.execute(&update).await?.rows_affected() != 1 {
        return Err(missing(before.placed.id));
    }
    let detail = json!({"before": before.placed.rule});
    Ok(audit::record(tx, ctx, "automation.removed", &object(&before.placed), detail).await?)
}

/// Rules of a company in their order.
pub(super) async fn all(conn: &impl ConnectionTrait, tenant: TenantId) -> Result<Vec<Kept>> {
    found(conn, &of_tenant(tenant)).await
}

/// Enabled rules of these companies, in their order.
pub(super) async fn enabled(conn: &impl ConnectionTrait, tenants: &BTreeSet<Uuid>) -> Result<Vec<Kept>> {
    let mut select = base();
    select.and_where(Expr::col("tenant_id").is_in(tenants.iter().copied())).and_where(Expr::col("enabled").eq(true));
    found(conn, &select).await
}

/// Enabled rules about dates and times of all companies, with the time until which they were looked at.
pub(super) async fn on_dates(conn: &impl ConnectionTrait) -> Result<Vec<(Kept, Timestamp)>> {
    let mut select = base();
    select.column("swept").and_where(Expr::col("swept").is_not_null()).and_where(Expr::col("enabled").eq(true));
    let mut all = Vec::new();
    for row in conn.query_all(&select).await? {
        if let Some(kept) = kept(&row)? {
            all.push((kept, Timestamp(row.try_get_by_index(COLUMNS.len())?)));
        }
    }
    Ok(all)
}

/// Notes that dates were looked at until then. Returns false when somebody else has done so.
pub(super) async fn swept(tx: &Tx, kept: &Kept, from: Timestamp, to: Timestamp) -> Result<bool> {
    let update = Query::update()
        .table(TABLE)
        .value("swept", to.0)
        .and_where(Expr::col("id").eq(kept.placed.id))
        .and_where(Expr::col("swept").eq(from.0))
        .to_owned();
    Ok(tx.execute(&update).await?.rows_affected() == 1)
}

/// From when on dates and times are looked at: from now on, for a rule about them.
fn swept_since(ctx: &Ctx, rule: &Rule) -> Option<i64> {
    matches!(rule.on.event, TriggerKind::Date | TriggerKind::Schedule).then(|| ctx.now().0)
}

/// Rules of an entity as a transaction sees them that makes one. Who makes another at the same time waits, and counts it.
async fn all_of(tx: &Tx, ctx: &Ctx, entity: &str) -> Result<Vec<Kept>> {
    let mut select = of_tenant(ctx.tenant);
    select.and_where(Expr::col("entity").eq(entity));
    if tx.get_database_backend() == DbBackend::Postgres {
        let mut lock = select.clone();
        lock.lock(LockType::NoKeyUpdate);
        tx.query_all(&lock).await?;
    }
    found(tx, &select).await
}

/// A rule that is there, switched on or not.
pub(super) async fn by_id(conn: &impl ConnectionTrait, tenant: TenantId, id: Uuid) -> Result<Option<Kept>> {
    let mut select = of_tenant(tenant);
    select.and_where(Expr::col("id").eq(id));
    Ok(found(conn, &select).await?.pop())
}

/// Names of rules, those that were taken away too.
pub(super) async fn named(conn: &impl ConnectionTrait, ctx: &Ctx, ids: BTreeSet<Uuid>) -> Result<Vec<PlacedRule>> {
    let mut select = Query::select();
    select.columns(COLUMNS).from(TABLE).and_where(Expr::col("tenant_id").eq(ctx.tenant.0));
    select.and_where(Expr::col("id").is_in(ids));
    Ok(found(conn, &select).await?.into_iter().map(|kept| kept.placed).collect())
}

fn base() -> SelectStatement {
    let mut select = Query::select();
    select
        .columns(COLUMNS)
        .from(TABLE)
        .and_where(Expr::col("removed_at").is_null())
        .order_by("entity", Order::Asc)
        .order_by("sort", Order::Asc)
        .order_by("id", Order::Asc);
    select
}

fn of_tenant(tenant: TenantId) -> SelectStatement {
    let mut select = base();
    select.and_where(Expr::col("tenant_id").eq(tenant.0));
    select
}

/// Read leniently: what a newer version wrote does not keep an older node from working.
async fn found(conn: &impl ConnectionTrait, select: &SelectStatement) -> Result<Vec<Kept>> {
    let mut all = Vec::new();
    for row in conn.query_all(select).await? {
        match kept(&row)? {
            Some(kept) => all.push(kept),
            None => tracing::error!("a rule of automation is not understood and left out"),
        }
    }
    Ok(all)
}

fn kept(row: &QueryResult) -> Result<Option<Kept>> {
    let Ok(mut rule) = serde_json::from_value::<Rule>(row.try_get_by_index(2)?) else { return Ok(None) };
    rule.enabled = row.try_get_by_index(6)?;
    let Ok(since) = row.try_get_by_index::<String>(4)?.parse() else { return Ok(None) };
    let (id, entity, place) = (row.try_get_by_index(0)?, row.try_get_by_index(1)?, row.try_get_by_index(3)?);
    let tenant = TenantId(row.try_get_by_index(5)?);
    Ok(Some(Kept { tenant, placed: PlacedRule { id, entity, place, rule }, since }))
}

pub(super) fn name_taken(error: DbErr) -> Error {
    if taken(&error).is_some() { Error::field(INVALID, "name", FieldError::new("taken")) } else { error.into() }
}

pub(super) fn json_of(rule: &Rule) -> Result<Json> {
    serde_json::to_value(rule).map_err(Error::internal)
}

fn object(placed: &PlacedRule) -> String {
    format!("{}.{}", placed.entity, placed.rule.name)
}

fn missing(id: Uuid) -> Error {
    Error::NotFound(format!("rule {id}"))
}
