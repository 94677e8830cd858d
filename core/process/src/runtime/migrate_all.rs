//! Instances of a definition to another version, as a long job (`in_order`).

use kernel::access::ProcessAction;
use kernel::db::{ConnectionTrait, Tx};
use kernel::jobs::long::{self, LongJob, NewLongJob, Step, Steps};
use kernel::{Ctx, InstanceId, Result, Timestamp, audit};
use people::Identities;
use sea_orm::sea_query::{Expr, ExprTrait, Func, Query, SelectStatement};
use serde::{Deserialize, Serialize};
use serde_json::json;
use uuid::Uuid;

use super::definitions::require;
use super::in_order::{self, Each, LISTED};
use super::operations::{Migration, MigrationReport};
use super::{Processes, invalid};

/// The kind of long job.
pub const KIND: &str = "process.migrate";
/// Instances that are migrated while the request waits; of more, only those that stay are listed.
pub const AT_ONCE: i64 = 200;

#[derive(Debug, Serialize, Deserialize)]
struct Input {
    from: Uuid,
    migration: Migration,
}

impl Processes {
    /// Begins to bring the active instances of a definition (or those named) to another version. The flag says that
    /// the caller has to do it, when there are at most `AT_ONCE`.
    ///
    /// # Errors
    /// `Denied`, `NotFound`, `process.invalid`, conflict `job.too_many`.
    pub async fn begin_migration(&self, ctx: &Ctx, from: Uuid, migration: Migration) -> Result<(LongJob, bool)> {
        let found = self.find(ctx, &from.to_string()).await?;
        require(ctx, &found.key, ProcessAction::Operate)?;
        self.chosen_instances(ctx, Some(from), &migration).await?;
        let target = match &migration.definition {
            Some(name) => self.find(ctx, name).await?,
            None => found,
        };
        require(ctx, &target.key, ProcessAction::Operate)?;
        let target = target.id;
        if self.version(self.db.read(), ctx.tenant, target, migration.version).await?.is_none() {
            return Err(invalid("version", format!("there is no published version {}", migration.version)));
        }
        let input = Input { from, migration };
        let mut count = input.waiting(ctx, ctx.now());
        count.expr(Func::count(Expr::col("id")));
        let total: i64 = self.db.read().query_one(&count).await?.map_or(Ok(0), |row| row.try_get_by_index(0))?;
        let tx = self.db.begin().await?;
        let new = NewLongJob { kind: KIND, subject: None, input: json!(input), total };
        let begun = long::begin(&tx, ctx, new, total <= AT_ONCE).await?;
        tx.commit().await?;
        Ok(begun)
    }
}

impl Input {
    /// Those that are still to be migrated.
    fn waiting(&self, ctx: &Ctx, until: Timestamp) -> SelectStatement {
        let mut select = Query::select();
        select
            .from("process_instance")
            .and_where(Expr::col("tenant_id").eq(ctx.tenant.0))
            .and_where(Expr::col("definition_id").eq(self.from))
            .and_where(Expr::col("started_at").lte(until.0));
        if self.migration.definition.is_none() {
            select.and_where(Expr::col("version").ne(self.migration.version));
        }
        if self.migration.instances.is_empty() {
            select.and_where(Expr::col("status").eq("active"));
        } else {
            select.and_where(Expr::col("id").is_in(self.migration.instances.iter().copied()));
        }
        select
    }
}

#[async_trait::async_trait]
impl Each for Input {
    type Report = MigrationReport;
    const ID: &'static str = "id";

    fn left(&self, ctx: &Ctx, job: &LongJob) -> SelectStatement {
        self.waiting(ctx, job.created_at)
    }

    async fn one(
        &self,
        processes: &Processes,
        tx: &Tx,
        ctx: &Ctx,
        job: &LongJob,
        id: InstanceId,
        report: &mut MigrationReport,
    ) -> Result<()> {
        let migration = &self.migration;
        let migrated = processes.migrate_one(tx, ctx, id, migration, Some(job.id)).await?;
        if migrated.ok {
            let detail = json!({"version": migration.version, "mapping": migration.mapping});
            audit::record(tx, ctx, "process_instance.migrated", &id.to_string(), detail).await?;
        }
        report.add(migrated, job.total <= AT_ONCE);
        Ok(())
    }
}

/// Does the steps of migrations.
pub struct MigrateSteps {
    processes: Processes,
    identities: Identities,
}

impl MigrateSteps {
    /// Over the service of processes.
    pub fn new(processes: &Processes, identities: &Identities) -> Self {
        Self { processes: processes.clone(), identities: identities.clone() }
    }
}

#[async_trait::async_trait]
impl Steps for MigrateSteps {
    fn kind(&self) -> &'static str {
        KIND
    }

    async fn step(&self, job: &LongJob) -> Result<Step> {
        in_order::step::<Input>(&self.processes, &self.identities, job).await
    }
}

impl MigrationReport {
    /// Counts an instance; lists it when it stays, or all are wanted.
    pub(super) fn add(&mut self, migrated: super::Migrated, all: bool) {
        let count = if migrated.ok { &mut self.migrated } else { &mut self.refused };
        *count += 1;
        if (all || !migrated.ok) && self.instances.len() < LISTED {
            self.instances.push(migrated);
        }
    }
}
