//! The table `plugin_schedule`: when jobs with `cron` come due. Every node looks; whoever moves a row on first has the tick,
//! in the transaction that makes the run.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicI64, Ordering};

use chrono_tz::Tz;
use kernel::db::{ConnectionTrait, QueryResult, Tx};
use kernel::{Ctx, Result, TenantId, Timestamp, jobs};
use sea_orm::DbErr;
use sea_orm::sea_query::{Expr, ExprTrait, OnConflict, Query, SelectStatement};
use serde_json::Value as Json;

use super::enqueue::{MAX_TURNS, Planned};
use super::store;
use crate::PluginHost;
use crate::capabilities::LogLevel;
use crate::manifest::{Manifest, Overlap};
use crate::points;

const TABLE: &str = "plugin_schedule";
/// Microseconds between looks.
const BEAT: i64 = 1_000_000;
/// Microseconds between looks at time zones and clocks that changed.
const MEND: i64 = 60_000_000;

const COLUMNS: [&str; 7] = ["tenant_id", "plugin", "job", "cron", "jitter", "overlap", "next_at"];

/// When this process looked last.
#[derive(Debug, Default)]
pub(crate) struct Looked {
    beat: AtomicI64,
    mend: AtomicI64,
}

/// Whether a pause is over, or the clock went back; then it begins anew.
fn over(last: &AtomicI64, now: Timestamp, pause: i64) -> bool {
    let before = last.load(Ordering::Relaxed);
    let over = now.0 >= before.saturating_add(pause) || now.0 < before;
    if over {
        last.store(now.0, Ordering::Relaxed);
    }
    over
}

/// A job that comes due by itself.
#[derive(Debug, Clone)]
struct Scheduled {
    tenant: TenantId,
    plugin: String,
    job: String,
    cron: String,
    jitter: i64,
    overlap: Overlap,
    next_at: Timestamp,
}

fn read(row: &QueryResult) -> std::result::Result<Scheduled, DbErr> {
    let overlap = Json::String(row.try_get_by_index(5)?);
    Ok(Scheduled {
        tenant: TenantId(row.try_get_by_index(0)?),
        plugin: row.try_get_by_index(1)?,
        job: row.try_get_by_index(2)?,
        cron: row.try_get_by_index(3)?,
        jitter: row.try_get_by_index(4)?,
        overlap: serde_json::from_value(overlap).map_err(|error| DbErr::Type(error.to_string()))?,
        next_at: Timestamp(row.try_get_by_index(6)?),
    })
}

fn all() -> SelectStatement {
    Query::select().columns(COLUMNS).from(TABLE).take()
}

impl Scheduled {
    /// Each company begins at a moment of its own after the tick, always the same one.
    fn begins(&self) -> Timestamp {
        let name = format!("{}/{}/{}", self.tenant.0, self.plugin, self.job);
        let some = i64::try_from(kernel::id::derived(&name).as_u128() % 1_000_003).unwrap_or_default();
        self.next_at.plus_seconds(if self.jitter > 0 { some % (self.jitter + 1) } else { 0 })
    }

    /// Moves it on. False when another node was faster.
    async fn advance(&self, tx: &Tx, next: Timestamp) -> std::result::Result<bool, DbErr> {
        let update = Query::update()
            .table(TABLE)
            .value("next_at", next.0)
            .and_where(Expr::col("tenant_id").eq(self.tenant.0))
            .and_where(Expr::col("plugin").eq(self.plugin.as_str()))
            .and_where(Expr::col("job").eq(self.job.as_str()))
            .and_where(Expr::col("next_at").eq(self.next_at.0))
            .to_owned();
        Ok(tx.execute(&update).await?.rows_affected() == 1)
    }
}

/// Sets the schedules of a version that a company runs from now on. One whose expression stays keeps its next time.
pub(crate) async fn set(tx: &Tx, ctx: &Ctx, manifest: &Manifest) -> Result<()> {
    let crons = || manifest.jobs.iter().filter_map(|job| Some((job, job.cron.as_deref()?)));
    let mut gone = Query::delete();
    gone.from_table(TABLE)
        .and_where(Expr::col("tenant_id").eq(ctx.tenant.0))
        .and_where(Expr::col("plugin").eq(manifest.id.as_str()));
    if crons().next().is_some() {
        gone.and_where(Expr::col("job").is_not_in(crons().map(|(job, _)| job.id.as_str())));
    }
    tx.later(&gone).await?;
    for (job, cron) in crons() {
        let next = jobs::next_after(cron, ctx.zone, ctx.now()).map_err(kernel::Error::Internal)?;
        let overlap = match job.overlap {
            Overlap::Skip => "skip",
            Overlap::Queue => "queue",
        };
        let kept = Expr::case(Expr::col((TABLE, "cron")).eq(cron), Expr::col((TABLE, "next_at"))).finally(next.0);
        let insert = Query::insert()
            .into_table(TABLE)
            .columns(COLUMNS)
            .values_panic([
                ctx.tenant.0.into(),
                manifest.id.as_str().into(),
                job.id.as_str().into(),
                cron.into(),
                i64::from(job.jitter_seconds).into(),
                overlap.into(),
                next.0.into(),
            ])
            .on_conflict(
                OnConflict::columns(["tenant_id", "plugin", "job"])
                    .value("next_at", kept)
                    .update_columns(["cron", "jitter", "overlap"])
                    .to_owned(),
            )
            .to_owned();
        tx.later(&insert).await?;
    }
    Ok(())
}

/// Removes the schedules of a plugin: it is disabled.
pub(crate) async fn remove(tx: &Tx, tenant: TenantId, plugin: &str) -> std::result::Result<(), DbErr> {
    let delete = Query::delete()
        .from_table(TABLE)
        .and_where(Expr::col("tenant_id").eq(tenant.0))
        .and_where(Expr::col("plugin").eq(plugin))
        .to_owned();
    tx.later(&delete).await
}

/// When the jobs of a plugin begin next, by job.
pub(crate) async fn next(
    conn: &impl ConnectionTrait,
    tenant: TenantId,
    plugin: &str,
) -> std::result::Result<BTreeMap<String, Timestamp>, DbErr> {
    let select = all().and_where(Expr::col("tenant_id").eq(tenant.0)).and_where(Expr::col("plugin").eq(plugin)).take();
    let rows = conn.query_all(&select).await?;
    rows.iter().map(|row| read(row).map(|one| (one.job.clone(), one.begins()))).collect()
}

impl PluginHost {
    /// Makes runs of the jobs that have come due. A time missed while nothing ran is made up for once. Gives how many.
    pub(crate) async fn tick_jobs(&self) -> Result<usize> {
        let now = self.inner.env.now();
        if !over(&self.inner.looked.beat, now, BEAT) {
            return Ok(0);
        }
        if over(&self.inner.looked.mend, now, MEND) {
            self.mend_schedules(now).await?;
        }
        let db = &self.inner.services.db;
        let due = all().and_where(Expr::col("next_at").lte(now.0)).take();
        let due: Vec<Scheduled> =
            db.read().query_all(&due).await?.iter().map(read).collect::<std::result::Result<_, _>>()?;
        let mut made = 0;
        for one in due {
            made += usize::from(self.tick(&one, now).await?);
        }
        Ok(made)
    }

    async fn tick(&self, one: &Scheduled, now: Timestamp) -> Result<bool> {
        let db = &self.inner.services.db;
        let tenant = people::tenant::get(db, one.tenant).await?;
        let next = jobs::next_after(&one.cron, tenant.zone, now).map_err(kernel::Error::Internal)?;
        let tx = db.begin().await?;
        if !one.advance(&tx, next).await? {
            tx.rollback().await?;
            return Ok(false);
        }
        let before = store::serial(&tx, one.tenant, &one.plugin, &one.job).await?;
        let turns = store::open(&tx, one.tenant, &one.plugin).await?;
        let full = turns.iter().any(|(job, count)| *job == one.job && *count >= MAX_TURNS);
        let skipped = before.is_some() && one.overlap == Overlap::Skip || full;
        let ctx = tenant.system_ctx(&self.inner.env);
        if !skipped {
            let planned = Planned { plugin: &one.plugin, job: &one.job, at: one.next_at, run_at: one.begins() };
            planned.enqueue(&tx, &ctx).await?;
        }
        tx.commit().await?;
        if skipped {
            let words = format!("left out the run of {}: the one before is not over", one.next_at);
            let point = points::JOBS.point(&one.job);
            self.note(&ctx, &one.plugin, &point, ctx.id(), LogLevel::Warning, words);
        }
        Ok(!skipped)
    }

    /// Puts right what waits for a later time than its next: the company has moved to another time zone, or the clock went
    /// back.
    async fn mend_schedules(&self, now: Timestamp) -> Result<()> {
        let db = &self.inner.services.db;
        let mut zones: BTreeMap<TenantId, Tz> = BTreeMap::new();
        for row in db.read().query_all(&all()).await? {
            let one = read(&row)?;
            let zone = match zones.get(&one.tenant) {
                Some(zone) => *zone,
                None => people::tenant::get(db, one.tenant).await?.zone,
            };
            zones.insert(one.tenant, zone);
            let next = jobs::next_after(&one.cron, zone, now).map_err(kernel::Error::Internal)?;
            if one.next_at > now && one.next_at != next {
                let tx = db.begin().await?;
                one.advance(&tx, next).await?;
                tx.commit().await?;
            }
        }
        Ok(())
    }
}
