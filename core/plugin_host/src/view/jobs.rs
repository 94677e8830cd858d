//! Jobs as administrators see them: what there is, when it comes next, how runs stand; beginning and stopping them.

use kernel::{Ctx, Error, Result, Timestamp, audit, jobs};
use people::require_admin;
use serde::Serialize;
use serde_json::json;
use uuid::Uuid;

use crate::PluginHost;
use crate::breaker::BreakerState;
use crate::jobs::{Origin, Run, RunState, enqueue, schedule, store as runs};
use crate::manifest::{Job, Overlap};
use crate::points::JOBS;
use crate::registry::{OnNode, Running, store};

/// The whole of a progress, as it is kept.
const WHOLE: f64 = 10_000.0;

/// A job of a plugin that the company runs.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
#[schema(as = PluginJob)]
pub struct JobView {
    /// Its id.
    pub id: String,
    /// Its name.
    pub title: String,
    /// In more words.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub description: Option<String>,
    /// Minute, hour, day of month, month, day of week, in the company's time zone; none: only when enqueued or begun here.
    pub cron: Option<String>,
    /// What becomes of a tick while the run before is not over.
    pub overlap: Overlap,
    /// When its schedule begins it next.
    #[schema(value_type = Option<String>)]
    pub next_at: Option<Timestamp>,
    /// Runs that are not over.
    pub open: i64,
    /// Its newest run.
    pub last: Option<RunView>,
    /// Its circuit breaker.
    pub breaker: BreakerState,
}

/// A run of a job.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
#[schema(as = PluginJobRun)]
pub struct RunView {
    /// Its id.
    pub id: Uuid,
    /// Id of the job.
    pub job: String,
    /// What began it.
    pub origin: Origin,
    /// Where it stands.
    pub state: RunState,
    /// From 0 to 1, where the plugin says so.
    pub progress: Option<f64>,
    /// The plugin's own words for whoever watches.
    pub message: Option<String>,
    /// Calls that went well.
    pub steps: i64,
    /// Tries that failed since the last of them.
    pub failures: i64,
    /// Why the last try failed, or it was given up.
    pub last_error: Option<String>,
    /// The tick of its schedule, or the time asked for.
    #[schema(value_type = String)]
    pub planned_at: Timestamp,
    /// Not before.
    #[schema(value_type = String)]
    pub run_at: Timestamp,
    /// When it was enqueued.
    #[schema(value_type = String)]
    pub created_at: Timestamp,
    /// When it began.
    #[schema(value_type = Option<String>)]
    pub started_at: Option<Timestamp>,
    /// When it ended.
    #[schema(value_type = Option<String>)]
    pub finished_at: Option<Timestamp>,
}

impl RunView {
    fn of(run: Run, ctx: &Ctx) -> Self {
        let parts = run.progress.and_then(|parts| i32::try_from(parts).ok());
        Self {
            id: run.id,
            job: run.job,
            origin: run.origin,
            state: run.state,
            progress: parts.map(|parts| f64::from(parts) / WHOLE),
            message: run.message,
            steps: run.steps,
            failures: run.failures,
            last_error: run.last_error.map(|error| error.in_locale(ctx.locale)),
            planned_at: run.planned_at,
            run_at: run.run_at,
            created_at: run.created_at,
            started_at: run.started_at,
            finished_at: run.finished_at,
        }
    }
}

/// Which runs.
#[derive(Debug, Default)]
pub struct RunQuery {
    /// Of this job.
    pub job: Option<String>,
    /// In this state.
    pub state: Option<RunState>,
    /// Older than this one.
    pub before: Option<Uuid>,
}

impl PluginHost {
    /// The jobs of a plugin that the company runs; nothing while it is disabled.
    ///
    /// # Errors
    /// `Denied`; `Unavailable` where this node cannot load the plugin.
    pub async fn jobs(&self, ctx: &Ctx, plugin: &str) -> Result<Vec<JobView>> {
        require_admin(ctx)?;
        let Some(running) = self.running(ctx, plugin).await? else { return Ok(Vec::new()) };
        let conn = self.inner.services.db.read();
        let next = schedule::next(conn, ctx.tenant, plugin).await?;
        let open = runs::open(conn, ctx.tenant, plugin).await?;
        let mut all = Vec::new();
        for job in &running.manifest().jobs {
            let last = runs::list(conn, ctx.tenant, plugin, (Some(&job.id), None), None).await?;
            all.push(JobView {
                id: job.id.clone(),
                title: job.title.in_locale(ctx.locale).to_owned(),
                description: Some(job.description.in_locale(ctx.locale).to_owned()).filter(|words| !words.is_empty()),
                cron: job.cron.clone(),
                overlap: job.overlap,
                next_at: next.get(&job.id).copied(),
                open: open.iter().find(|(id, _)| *id == job.id).map_or(0, |(_, count)| *count),
                last: last.into_iter().next().map(|run| RunView::of(run, ctx)),
                breaker: self.breaker(ctx, plugin, JOBS.point(&job.id), Some(&running.enabled)),
            });
        }
        Ok(all)
    }

    /// A page of the runs of a plugin's jobs in the company, newest first.
    ///
    /// # Errors
    /// `Denied`; when the database fails.
    pub async fn job_runs(&self, ctx: &Ctx, plugin: &str, query: &RunQuery) -> Result<(Vec<RunView>, Option<Uuid>)> {
        require_admin(ctx)?;
        let which = (query.job.as_deref(), query.state);
        let page = runs::list(self.inner.services.db.read(), ctx.tenant, plugin, which, query.before).await?;
        let full = u64::try_from(page.len()).is_ok_and(|count| count >= runs::PAGE);
        let next = page.last().filter(|_| full).map(|run| run.id);
        Ok((page.into_iter().map(|run| RunView::of(run, ctx)).collect(), next))
    }

    /// Begins a job now. One with a schedule has one run at a time: a run that waits begins now, in its place.
    ///
    /// # Errors
    /// `NotFound` where the company runs no such plugin or it has no such job; conflict `plugin.job_running` when a run is
    /// under way and ticks that meet one are left out.
    pub async fn run_job(&self, ctx: &Ctx, plugin: &str, job: &str) -> Result<RunView> {
        require_admin(ctx)?;
        let running = self.running(ctx, plugin).await?;
        let running = running.ok_or_else(|| Error::NotFound(format!("plugin {plugin} in this company")))?;
        let declared = running.manifest().jobs.iter().find(|declared| declared.id == job);
        let declared: &Job = declared.ok_or_else(|| Error::NotFound(format!("job {job} of {plugin}")))?;
        let tx = self.inner.services.db.begin().await?;
        let before = match declared.cron {
            Some(_) => runs::serial(&tx, ctx.tenant, plugin, job).await?,
            None => None,
        };
        let id = match before {
            Some(run) if run.state == RunState::Waiting => {
                self.now(&tx, ctx, &run).await?;
                run.id
            }
            Some(_) if declared.overlap == Overlap::Skip => {
                return Err(Error::Conflict { code: "plugin.job_running", current: None });
            }
            _ => enqueue::by_admin(&tx, ctx, (plugin, job), declared.cron.is_some()).await?.id,
        };
        audit::record(&tx, ctx, "plugin.job_begun", plugin, json!({ "job": job, "run": id })).await?;
        tx.commit().await?;
        self.job_run(ctx, plugin, id).await
    }

    /// Makes a run begin now: one that waits, or one that failed or was cancelled, which goes on from its cursor.
    ///
    /// # Errors
    /// `NotFound`; conflict `plugin.job_running`, `plugin.job_over` when it is done.
    pub async fn run_again(&self, ctx: &Ctx, plugin: &str, id: Uuid) -> Result<RunView> {
        require_admin(ctx)?;
        let run = self.find_run(ctx, plugin, id).await?;
        let conflict = |code| Err(Error::Conflict { code, current: None });
        match run.state {
            RunState::Running => return conflict("plugin.job_running"),
            RunState::Done => return conflict("plugin.job_over"),
            RunState::Waiting | RunState::Failed | RunState::Cancelled => {}
        }
        let tx = self.inner.services.db.begin().await?;
        if !self.now(&tx, ctx, &run).await? {
            return conflict("plugin.job_running");
        }
        audit::record(&tx, ctx, "plugin.job_begun", plugin, json!({ "job": run.job, "run": id })).await?;
        tx.commit().await?;
        self.job_run(ctx, plugin, id).await
    }

    /// Stops a run; the call under way is given up within a second or so, what was done stays done.
    ///
    /// # Errors
    /// `NotFound`; conflict `plugin.job_over`.
    pub async fn cancel_run(&self, ctx: &Ctx, plugin: &str, id: Uuid) -> Result<RunView> {
        require_admin(ctx)?;
        let tx = self.inner.services.db.begin().await?;
        for _ in 0..2 {
            let run = self.find_run(ctx, plugin, id).await?;
            if !run.state.is_open() {
                break;
            }
            if runs::turn(&tx, &run, RunState::Cancelled, ctx.now()).await? {
                jobs::forget(&tx, &run.unique_key()).await?;
                audit::record(&tx, ctx, "plugin.job_cancelled", plugin, json!({ "job": run.job, "run": id })).await?;
                tx.commit().await?;
                return self.job_run(ctx, plugin, id).await;
            }
        }
        Err(Error::Conflict { code: "plugin.job_over", current: None })
    }

    /// Makes a run due. False when it stands otherwise than it did.
    async fn now(&self, tx: &kernel::db::Tx, ctx: &Ctx, run: &Run) -> Result<bool> {
        if !runs::turn(tx, run, RunState::Waiting, ctx.now()).await? {
            return Ok(false);
        }
        if run.state == RunState::Waiting {
            jobs::hasten_one(tx, &ctx.env, &run.unique_key()).await?;
        } else {
            let again = Run { ticket: run.ticket + 1, run_at: ctx.now(), ..run.clone() };
            jobs::enqueue(tx, &ctx.env, again.queued(&ctx.env)).await?;
        }
        Ok(true)
    }

    async fn find_run(&self, ctx: &Ctx, plugin: &str, id: Uuid) -> Result<Run> {
        let run = runs::load(self.inner.services.db.read(), id).await?;
        let run = run.filter(|run| run.tenant == ctx.tenant && run.plugin == plugin);
        run.ok_or_else(|| Error::NotFound(format!("run {id} of {plugin}")))
    }

    async fn job_run(&self, ctx: &Ctx, plugin: &str, id: Uuid) -> Result<RunView> {
        Ok(RunView::of(self.find_run(ctx, plugin, id).await?, ctx))
    }

    /// A plugin that the company runs; none when it does not.
    async fn running(&self, ctx: &Ctx, plugin: &str) -> Result<Option<std::sync::Arc<Running>>> {
        match self.inner.registry.tenant(ctx.tenant).await?.get(plugin) {
            Some(OnNode::Running(running)) => Ok(Some(running)),
            Some(OnNode::Failed(failed)) => Err(failed.error()),
            None => {
                let known = store::versions(self.inner.services.db.read()).await?;
                let known = known.iter().any(|version| version.plugin == plugin);
                if known { Ok(None) } else { Err(Error::NotFound(format!("plugin {plugin}"))) }
            }
        }
    }
}
