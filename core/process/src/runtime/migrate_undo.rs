//! Migrations taken back: an instance stands again as it stood before, until it has made a step in the new version. Of
//! many at once as a long job (`in_order`).

use kernel::access::ProcessAction;
use kernel::db::{ConnectionTrait, Tx};
use kernel::jobs::long::{self, LongJob, NewLongJob, Step, Steps};
use kernel::{Ctx, Error, InstanceId, Result, Timestamp, audit};
use people::Identities;
use sea_orm::sea_query::{Expr, ExprTrait, Func, OnConflict, Query, SelectStatement};
use serde::{Deserialize, Serialize};
use serde_json::json;
use uuid::Uuid;

use super::definitions::require;
use super::in_order::{self, Each, LISTED};
use super::migrate_all::AT_ONCE;
use super::store::{self, Stored};
use super::{InstanceView, Processes, locks};
use crate::stepper::state::WaitKind;

/// The kind of long job.
pub const KIND: &str = "process.migrate_undo";
const TABLE: &str = "process_migration";
/// Seconds that a migration can be taken back.
const KEPT_SECONDS: i64 = 30 * 86_400;

/// What taking a migration back did.
#[derive(Debug, Clone, Default, Serialize, Deserialize, utoipa::ToSchema)]
pub struct UndoneMigration {
    /// Instances that stand again as they stood before.
    pub undone: u64,
    /// Instances that have gone on since, and stay.
    pub stayed: u64,
    /// Those that stay; at most 1,000.
    #[schema(value_type = Vec<Uuid>)]
    pub instances: Vec<InstanceId>,
}

/// Which instances: a migration's, from a definition.
#[derive(Debug, Serialize, Deserialize)]
struct Input {
    from: Uuid,
    batch: Uuid,
}

/// What became of one instance.
enum Undone {
    Back,
    /// It has made a step since.
    GoneOn,
    /// There is nothing to take back.
    Nothing,
}

impl Processes {
    /// Takes the last migration of an instance back.
    ///
    /// # Errors
    /// `NotFound`, `Denied`; conflicts `process.gone_on` when it has made a step since, `process.not_migrated`.
    pub async fn undo_migration(&self, ctx: &Ctx, id: InstanceId) -> Result<InstanceView> {
        self.visible(ctx, id).await?;
        let tx = self.db.begin().await?;
        let code = match self.undo_one(&tx, ctx, id).await? {
            Undone::Back => {
                tx.commit().await?;
                return self.instance(ctx, id).await;
            }
            Undone::GoneOn => "process.gone_on",
            Undone::Nothing => "process.not_migrated",
        };
        Err(Error::Conflict { code, current: None })
    }

    /// Begins to take the migration of many instances of a definition back. The flag says that the caller has to do it,
    /// when there are at most `AT_ONCE`. Asked again it is the same work.
    ///
    /// # Errors
    /// `Denied`; `NotFound`, also when there was no such migration or nothing of it is left; conflict `job.too_many`.
    pub async fn begin_undo(&self, ctx: &Ctx, from: Uuid, batch: Uuid) -> Result<(LongJob, bool)> {
        let found = self.find(ctx, &from.to_string()).await?;
        require(ctx, &found.key, ProcessAction::Operate)?;
        let subject = format!("{KIND}:{batch}");
        let input = Input { from: found.id, batch };
        let count = input.of_batch(ctx).expr(Func::count(Expr::col("instance_id"))).take();
        let tx = self.db.begin().await?;
        let total: i64 = tx.query_one(&count).await?.map_or(Ok(0), |row| row.try_get_by_index(0))?;
        if total == 0 && long::find(&tx, ctx.tenant, &subject).await?.is_none() {
            return Err(Error::NotFound(format!("migration {batch}")));
        }
        let new = NewLongJob { kind: KIND, subject: Some(subject), input: json!(input), total };
        let begun = long::begin(&tx, ctx, new, total <= AT_ONCE).await?;
        tx.commit().await?;
        Ok(begun)
    }

    async fn undo_one(&self, tx: &Tx, ctx: &Ctx, id: InstanceId) -> Result<Undone> {
        let Some(mut stored) = locks::lock(tx, ctx.tenant, id).await? else { return Ok(Undone::Nothing) };
        let select = Query::select()
            .columns(["definition_id", "version", "state", "revision"])
            .from(TABLE)
            .and_where(Expr::col("instance_id").eq(id))
            .and_where(Expr::col("tenant_id").eq(ctx.tenant.0))
            .take();
        let Some(row) = tx.query_one(&select).await? else { return Ok(Undone::Nothing) };
        let (definition, version): (Uuid, i64) = (row.try_get_by_index(0)?, row.try_get_by_index(1)?);
        let old = self.ready(tx, ctx.tenant, stored.definition, stored.version).await?;
        let new = self.ready(tx, ctx.tenant, definition, version).await?;
        require(ctx, &old.key, ProcessAction::Operate)?;
        require(ctx, &new.key, ProcessAction::Operate)?;
        if stored.revision != row.try_get_by_index::<i64>(3)? {
            return Ok(Undone::GoneOn);
        }
        let left = stored.version;
        let before = std::mem::take(&mut stored.state.waits);
        stored.state = serde_json::from_str(&row.try_get_by_index::<String>(2)?).map_err(Error::internal)?;
        for (number, wait) in stored.state.waits.iter().filter(|(_, wait)| wait.kind == WaitKind::Task) {
            self.tasks.migrate(tx, ctx, id, *number, &wait.element, definition).await?;
        }
        (stored.definition, stored.version) = (definition, version);
        stored.revision += 1;
        store::save(tx, ctx.tenant, &stored, false).await?;
        store::move_waits(tx, &stored, &before).await?;
        let forget = Query::delete().from_table(TABLE).and_where(Expr::col("instance_id").eq(id)).to_owned();
        tx.later(&forget).await?;
        let detail = json!({"from": left, "version": version});
        audit::record(tx, ctx, "process_instance.migration_undone", &id.to_string(), detail).await?;
        Ok(Undone::Back)
    }

    /// Forgets migrations that nobody can take back any more.
    ///
    /// # Errors
    /// When the database fails.
    pub(crate) async fn forget_migrations(&self, now: Timestamp) -> Result<()> {
        let still_there = Query::select()
            .expr(Expr::val(1))
            .from("process_instance")
            .and_where(Expr::col(("process_instance", "id")).equals((TABLE, "instance_id")))
            .and_where(Expr::col(("process_instance", "revision")).eq(Expr::col((TABLE, "revision"))))
            .take();
        let old = Expr::col("at").lt(now.plus_seconds(-KEPT_SECONDS).0);
        let gone = Query::select()
            .columns(["instance_id", "revision"])
            .from(TABLE)
            .and_where(old.or(Expr::exists(still_there).not()))
            .take();
        // As they were read: one that is written anew meanwhile has another revision, and stays.
        let read = Expr::tuple([Expr::col("instance_id"), Expr::col("revision")]);
        let delete = Query::delete().from_table(TABLE).and_where(read.in_subquery(gone)).to_owned();
        let tx = self.db.begin().await?;
        tx.execute(&delete).await?;
        Ok(tx.commit().await?)
    }
}

/// Keeps an instance as it stands before a migration that leaves it at `revision`.
pub(super) async fn remember(tx: &Tx, ctx: &Ctx, before: &Stored, revision: i64, batch: Option<Uuid>) -> Result<()> {
    let columns = ["batch_id", "definition_id", "version", "state", "revision", "at"];
    let insert = Query::insert()
        .into_table(TABLE)
        .columns(columns.into_iter().chain(["instance_id", "tenant_id"]))
        .values_panic([
            batch.into(),
            before.definition.into(),
            before.version.into(),
            serde_json::to_string(&before.state).map_err(Error::internal)?.into(),
            revision.into(),
            ctx.now().0.into(),
            before.id.into(),
            ctx.tenant.0.into(),
        ])
        .on_conflict(OnConflict::column("instance_id").update_columns(columns).to_owned())
        .to_owned();
    Ok(tx.later(&insert).await?)
}

impl Input {
    /// What can be taken back of it, or could.
    fn of_batch(&self, ctx: &Ctx) -> SelectStatement {
        Query::select()
            .from(TABLE)
            .and_where(Expr::col("batch_id").eq(self.batch))
            .and_where(Expr::col("tenant_id").eq(ctx.tenant.0))
            .and_where(Expr::col("definition_id").eq(self.from))
            .take()
    }
}

#[async_trait::async_trait]
impl Each for Input {
    type Report = UndoneMigration;
    const ID: &'static str = "instance_id";

    fn left(&self, ctx: &Ctx, _: &LongJob) -> SelectStatement {
        self.of_batch(ctx)
    }

    async fn one(
        &self,
        processes: &Processes,
        tx: &Tx,
        ctx: &Ctx,
        _: &LongJob,
        id: InstanceId,
        report: &mut UndoneMigration,
    ) -> Result<()> {
        match processes.undo_one(tx, ctx, id).await? {
            Undone::Back => report.undone += 1,
            Undone::GoneOn => {
                report.stayed += 1;
                if report.instances.len() < LISTED {
                    report.instances.push(id);
                }
            }
            Undone::Nothing => {}
        }
        Ok(())
    }
}

/// Does the steps of taking migrations back.
pub struct UndoMigrationSteps {
    processes: Processes,
    identities: Identities,
}

impl UndoMigrationSteps {
    /// Over the service of processes.
    pub fn new(processes: &Processes, identities: &Identities) -> Self {
        Self { processes: processes.clone(), identities: identities.clone() }
    }
}

#[async_trait::async_trait]
impl Steps for UndoMigrationSteps {
    fn kind(&self) -> &'static str {
        KIND
    }

    async fn step(&self, job: &LongJob) -> Result<Step> {
        in_order::step::<Input>(&self.processes, &self.identities, job).await
    }
}
