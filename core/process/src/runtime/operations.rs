//! What operators do with running instances: set variables, retry, skip, cancel, start from an element, migrate.

use std::collections::BTreeMap;

use kernel::access::ProcessAction;
use kernel::db::{ConnectionTrait, Tx};
use kernel::{Ctx, Error, InstanceId, Result, audit};
use sea_orm::sea_query::{Expr, ExprTrait, Order, Query};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value as Json, json};
use uuid::Uuid;

use super::advance::Round;
use super::definitions::require;
use super::instances::seen;
use super::migrate_undo::remember;
use super::migration::{fits, renamed};
use super::start::check_variables;
use super::store::{self, Stored};
use super::{InstanceView, Processes, invalid, locks};
use crate::stepper::state::{IncidentId, Status, WaitId, WaitKind};
use crate::stepper::{Event, budget};

/// Instances of one migration.
const MAX_MIGRATED: u64 = 1_000;

/// Characters of a reason.
const MAX_REASON: usize = 2_000;

/// Where to take a token.
#[derive(Debug, Clone, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct MoveInput {
    /// The wait's number, as `active` tells it.
    pub wait: WaitId,
    /// The element it is to stand before.
    pub element: String,
    /// Why; kept in the history.
    pub reason: String,
}

/// Instances to bring to another version.
#[derive(Debug, Clone, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Migration {
    /// The definition to migrate to, by id or key; the instance's own by default.
    #[serde(default)]
    pub definition: Option<String>,
    /// Its version.
    pub version: i64,
    /// Old element to new; elements not named keep their id.
    #[serde(default)]
    pub mapping: BTreeMap<String, String>,
    /// Only say what would happen.
    #[serde(default)]
    pub dry_run: bool,
    /// The instances, at most 1,000 (with `POST /process-definitions/{id}/migrate`; all active ones when empty).
    #[serde(default)]
    #[schema(value_type = Vec<Uuid>)]
    pub instances: Vec<InstanceId>,
}

/// What a migration did, or would do.
#[derive(Debug, Clone, Default, Serialize, Deserialize, utoipa::ToSchema)]
pub struct MigrationReport {
    /// Per instance; of more than 200 only those that stay, at most 1,000 of them.
    pub instances: Vec<Migrated>,
    /// Instances that were, or can be, migrated.
    pub migrated: u64,
    /// Instances that stay as they are.
    pub refused: u64,
    /// Whether nothing was changed.
    pub dry_run: bool,
    /// What takes it back: `POST /process-definitions/{id}/migrate/undo`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub batch: Option<Uuid>,
}

/// One instance of a migration.
#[derive(Debug, Clone, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Migrated {
    /// Which.
    #[schema(value_type = Uuid)]
    pub instance: InstanceId,
    /// Whether it can be, or was, migrated.
    pub ok: bool,
    /// What keeps it from it: element and reason.
    pub problems: Vec<MigrationProblem>,
}

/// What keeps an instance from another version.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct MigrationProblem {
    /// The element of the present version.
    pub element: String,
    /// Why.
    pub message: String,
}

impl Processes {
    /// Sets variables of the instance; conditions are asked again.
    ///
    /// # Errors
    /// `NotFound`, `process.invalid`, conflict `process.over`.
    pub async fn set_variables(&self, ctx: &Ctx, id: InstanceId, variables: Map<String, Json>) -> Result<InstanceView> {
        check_variables(ctx, &variables)?;
        let names: Vec<&String> = variables.keys().collect();
        let detail = json!({"variables": names});
        self.operate(ctx, id, "variables", detail, Event::Variables { wait: None, variables }).await
    }

    /// Does failed steps again: one, or all.
    ///
    /// # Errors
    /// `NotFound`, conflicts `process.over`, `process.no_incident`.
    pub async fn retry(&self, ctx: &Ctx, id: InstanceId, incident: Option<IncidentId>) -> Result<InstanceView> {
        self.operate(ctx, id, "retried", json!({"incident": incident}), Event::Retry { incident }).await
    }

    /// Goes on behind a failed step.
    ///
    /// # Errors
    /// The same.
    pub async fn skip(&self, ctx: &Ctx, id: InstanceId, incident: IncidentId) -> Result<InstanceView> {
        self.operate(ctx, id, "skipped", json!({"incident": incident}), Event::Skip { incident }).await
    }

    /// Ends an instance.
    ///
    /// # Errors
    /// `NotFound`, conflict `process.over`.
    pub async fn cancel(&self, ctx: &Ctx, id: InstanceId) -> Result<InstanceView> {
        self.operate(ctx, id, "cancelled", json!({}), Event::Cancel).await
    }

    /// Puts a token before an element.
    ///
    /// # Errors
    /// `NotFound`, `process.invalid` naming `element`, conflict `process.over`.
    pub async fn start_from(&self, ctx: &Ctx, id: InstanceId, element: &str) -> Result<InstanceView> {
        let stored = self.operable(ctx, id).await?;
        let definition = self.ready(self.db.read(), ctx.tenant, stored.definition, stored.version).await?;
        if definition.find(element).is_none() {
            return Err(invalid("element", "the process has no such element"));
        }
        let event = Event::StartFrom { element: element.into(), variables: Map::new() };
        self.operate(ctx, id, "started_from", json!({"element": element}), event).await
    }

    /// Takes the token of a wait to another element: what waited is cancelled.
    ///
    /// # Errors
    /// `NotFound`, `process.invalid` naming `wait`, `element` or `reason`, conflict `process.over`.
    pub async fn move_token(&self, ctx: &Ctx, id: InstanceId, input: MoveInput) -> Result<InstanceView> {
        let stored = self.operable(ctx, id).await?;
        let reason = input.reason.trim().to_owned();
        if reason.is_empty() || reason.chars().nth(MAX_REASON).is_some() || reason.contains('\0') {
            return Err(invalid("reason", format!("from 1 to {MAX_REASON} characters")));
        }
        let Some(wait) = stored.state.waits.get(&input.wait) else {
            return Err(invalid("wait", "nothing waits there any more"));
        };
        let detail = json!({"wait": input.wait, "from": wait.element, "element": input.element, "reason": reason});
        let event = Event::Move { wait: input.wait, element: input.element.as_str().into(), reason };
        self.operate(ctx, id, "moved", detail, event).await
    }

    /// An instance for an operator's act.
    async fn operable(&self, ctx: &Ctx, id: InstanceId) -> Result<Stored> {
        self.visible(ctx, id).await?;
        let stored = store::load(self.db.read(), ctx.tenant, id).await?;
        let stored = stored.ok_or_else(|| Error::NotFound(format!("process instance {id}")))?;
        let definition = self.ready(self.db.read(), ctx.tenant, stored.definition, stored.version).await?;
        require(ctx, &definition.key, ProcessAction::Operate)?;
        if stored.state.status != Status::Active {
            return Err(Error::Conflict { code: "process.over", current: None });
        }
        Ok(stored)
    }

    async fn operate(&self, ctx: &Ctx, id: InstanceId, act: &str, detail: Json, event: Event) -> Result<InstanceView> {
        self.operable(ctx, id).await?;
        let element = matches!(event, Event::StartFrom { .. } | Event::Move { .. });
        let sets = matches!(event, Event::Variables { .. });
        let tx = self.db.begin().await?;
        if !Round::new(self, &tx, ctx).run(id, event).await? {
            return Err(match element {
                true => invalid("element", "nothing can start there: it is no element of a scope that is open"),
                false if sets => invalid("variables", budget::variables().in_locale(ctx.locale)),
                false => Error::Conflict { code: "process.no_incident", current: None },
            });
        }
        audit::record(&tx, ctx, &format!("process_instance.{act}"), &id.to_string(), detail).await?;
        tx.commit().await?;
        self.instance(ctx, id).await
    }

    /// Brings one instance to another version, or says whether that can be done.
    ///
    /// # Errors
    /// As `migrate`; conflict `process.migration_impossible` with the report when it should be done and cannot.
    pub async fn migrate_single(&self, ctx: &Ctx, id: InstanceId, migration: Migration) -> Result<MigrationReport> {
        let report = self.migrate(ctx, None, &Migration { instances: vec![id], ..migration }).await?;
        if report.refused > 0 && !report.dry_run {
            let current = serde_json::to_value(&report).map_err(Error::internal)?;
            return Err(Error::Conflict { code: "process.migration_impossible", current: Some(current) });
        }
        Ok(report)
    }

    /// Brings one instance to another version, or says what would become of many (`begin_migration` does it).
    ///
    /// # Errors
    /// `Denied`, `NotFound`, `process.invalid`.
    pub async fn migrate(&self, ctx: &Ctx, from: Option<Uuid>, migration: &Migration) -> Result<MigrationReport> {
        if let Some(from) = from {
            require(ctx, &self.find(ctx, &from.to_string()).await?.key, ProcessAction::Operate)?;
        }
        let instances = self.chosen_instances(ctx, from, migration).await?;
        let mut report = MigrationReport { dry_run: migration.dry_run, ..MigrationReport::default() };
        for id in instances {
            let tx = self.db.begin().await?;
            let migrated = self.migrate_one(&tx, ctx, id, migration, None).await?;
            if migrated.ok && !migration.dry_run {
                let detail = json!({"version": migration.version, "mapping": migration.mapping});
                audit::record(&tx, ctx, "process_instance.migrated", &id.to_string(), detail).await?;
                tx.commit().await?;
            }
            report.add(migrated, true);
        }
        Ok(report)
    }

    pub(super) async fn chosen_instances(
        &self,
        ctx: &Ctx,
        from: Option<Uuid>,
        migration: &Migration,
    ) -> Result<Vec<InstanceId>> {
        let limit = usize::try_from(MAX_MIGRATED).unwrap_or(usize::MAX);
        if migration.instances.len() > limit {
            return Err(invalid("instances", format!("at most {MAX_MIGRATED} at once")));
        }
        let mut select = Query::select();
        select.column("id").from("process_instance").and_where(Expr::col("tenant_id").eq(ctx.tenant.0));
        seen(&mut select, ctx);
        if let Some(definition) = from {
            select.and_where(Expr::col("definition_id").eq(definition));
            select.and_where(Expr::col("version").ne(migration.version));
        }
        if migration.instances.is_empty() {
            select.and_where(Expr::col("status").eq("active"));
        } else {
            select.and_where(Expr::col("id").is_in(migration.instances.iter().copied()));
        }
        select.order_by("started_at", Order::Asc).limit(MAX_MIGRATED);
        let rows = self.db.read().query_all(&select).await?;
        let found: Vec<InstanceId> =
            rows.iter().map(|row| row.try_get_by_index(0)).collect::<std::result::Result<_, _>>()?;
        match migration.instances.iter().find(|id| !found.contains(id)) {
            Some(missing) => Err(Error::NotFound(format!("process instance {missing}"))),
            None => Ok(found),
        }
    }

    pub(super) async fn migrate_one(
        &self,
        tx: &Tx,
        ctx: &Ctx,
        id: InstanceId,
        migration: &Migration,
        batch: Option<Uuid>,
    ) -> Result<Migrated> {
        let stored = locks::lock(tx, ctx.tenant, id).await?;
        let mut stored = stored.ok_or_else(|| Error::NotFound(format!("process instance {id}")))?;
        let target = match &migration.definition {
            Some(name) => self.find(ctx, name).await?.id,
            None => stored.definition,
        };
        if self.version(tx, ctx.tenant, target, migration.version).await?.is_none() {
            return Err(invalid("version", format!("there is no published version {}", migration.version)));
        }
        let old = self.ready(tx, ctx.tenant, stored.definition, stored.version).await?;
        let new = self.ready(tx, ctx.tenant, target, migration.version).await?;
        require(ctx, &old.key, ProcessAction::Operate)?;
        require(ctx, &new.key, ProcessAction::Operate)?;
        let problems = fits(&old, &new, &stored.state, &migration.mapping);
        if !problems.is_empty() || migration.dry_run {
            return Ok(Migrated { instance: id, ok: problems.is_empty(), problems });
        }
        remember(tx, ctx, &stored, stored.revision + 1, batch).await?;
        let before = stored.state.waits.clone();
        renamed(&mut stored.state, &migration.mapping);
        for (number, wait) in &stored.state.waits {
            if wait.kind == WaitKind::Task {
                self.tasks.migrate(tx, ctx, id, *number, &wait.element, target).await?;
            }
        }
        stored.definition = target;
        stored.version = migration.version;
        stored.revision += 1;
        store::save(tx, ctx.tenant, &stored, false).await?;
        store::move_waits(tx, &stored, &before).await?;
        Ok(Migrated { instance: id, ok: true, problems })
    }
}
