//! New runs: planned by a schedule, enqueued by the plugin.

use kernel::ctx::Cause;
use kernel::db::Tx;
use kernel::{Actor, Ctx, Result, Timestamp, jobs};
use uuid::Uuid;

use super::{Origin, Run, RunState, store};

/// Runs of a plugin in a company that are not over.
pub(crate) const MAX_OPEN: i64 = 10_000;
/// Runs of a job with a schedule that wait for their turn.
pub(super) const MAX_TURNS: i64 = 100;

/// A run that a schedule has planned.
pub(super) struct Planned<'a> {
    pub(super) plugin: &'a str,
    pub(super) job: &'a str,
    /// The tick.
    pub(super) at: Timestamp,
    pub(super) run_at: Timestamp,
}

impl Planned<'_> {
    pub(super) async fn enqueue(&self, tx: &Tx, ctx: &Ctx) -> Result<()> {
        let base = fresh(ctx, Origin::Schedule, self.plugin, self.job);
        let run = Run { serial: true, planned_at: self.at, run_at: self.run_at, ..base };
        put(tx, ctx, &run, None).await.map(drop)
    }
}

/// What somebody wants to be done.
pub(crate) struct Wanted<'a> {
    pub(crate) plugin: &'a str,
    pub(crate) job: &'a str,
    pub(crate) input: String,
    pub(crate) run_at: Option<Timestamp>,
    pub(crate) key: Option<&'a str>,
    /// By which way it came to be.
    pub(crate) cause: Cause,
}

impl Wanted<'_> {
    /// Adds a run, or finds the one that waits under the key. Gives its id.
    pub(crate) async fn enqueue(self, tx: &Tx, ctx: &Ctx) -> Result<Uuid> {
        let at = self.run_at.unwrap_or(ctx.now());
        let base = fresh(ctx, Origin::Plugin, self.plugin, self.job);
        let run = Run { input: self.input, cause: self.cause, planned_at: at, run_at: at, ..base };
        for _ in 0..2 {
            if put(tx, ctx, &run, self.key).await? {
                return Ok(run.id);
            }
            let key = self.key.unwrap_or_default();
            if let Some(known) = store::with_key(tx, run.tenant, self.plugin, self.job, key).await? {
                return Ok(known);
            }
        }
        // It began in between, twice.
        Err(kernel::Error::Unavailable("the run with this key begins this very moment".to_owned()))
    }
}

/// Adds a run that an administrator wants now.
pub(crate) async fn by_admin(tx: &Tx, ctx: &Ctx, (plugin, job): (&str, &str), serial: bool) -> Result<Run> {
    let run = Run { serial, ..fresh(ctx, Origin::Admin, plugin, job) };
    put(tx, ctx, &run, None).await?;
    Ok(run)
}

fn fresh(ctx: &Ctx, origin: Origin, plugin: &str, job: &str) -> Run {
    let actor = if origin == Origin::Schedule { Actor::System } else { ctx.actor.clone() };
    Run {
        id: ctx.id(),
        tenant: ctx.tenant,
        plugin: plugin.to_owned(),
        job: job.to_owned(),
        origin,
        state: RunState::Waiting,
        serial: false,
        input: "{}".to_owned(),
        actor,
        cause: ctx.cause.clone(),
        planned_at: ctx.now(),
        run_at: ctx.now(),
        cursor: None,
        progress: None,
        message: None,
        steps: 0,
        failures: 0,
        last_error: None,
        revision: 0,
        ticket: 0,
        created_at: ctx.now(),
        started_at: None,
        finished_at: None,
    }
}

/// Writes a run and its job in the queue. False when another one waits under the key.
async fn put(tx: &Tx, ctx: &Ctx, run: &Run, key: Option<&str>) -> Result<bool> {
    let new = store::insert(tx, run, key).await?;
    if new {
        jobs::enqueue(tx, &ctx.env, run.queued(&ctx.env)).await?;
    }
    Ok(new)
}
