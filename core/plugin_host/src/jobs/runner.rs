//! Doing runs: a job of the queue brings one to a worker, which calls the plugin step by step and notes how far it is.

use std::sync::Arc;
use std::time::Duration;

use kernel::jobs::{self, Handler, Job as Queued, JobError, Lane};
use kernel::{Ctx, Message, Result};
use serde::Deserialize;
use tokio::time::Instant;
use uuid::Uuid;

use super::{JOB, Run, RunState, store};
use crate::PluginHost;
use crate::bindings::runs as wit;
use crate::capabilities::LogLevel;
use crate::engine::Fault;
use crate::loops;
use crate::manifest::{Job, RunAs};
use crate::points::Point;
use crate::points::jobs::{Came, KIND, Work, judge, shown};
use crate::registry::{OnNode, Running};

/// Tries from one cursor before a run is given up.
const TRIES: i64 = 5;
/// Steps of a run before it is given up as one without an end.
const MAX_STEPS: i64 = 100_000;
/// How long a run holds its slot before others have their turn.
const TURN: Duration = Duration::from_secs(30);
/// How often somebody who stopped the run is heard while the plugin works.
const WATCH: Duration = Duration::from_secs(1);
/// Seconds to wait for a breaker, a free slot or a plugin that cannot be loaded.
const PASSING_PAUSE: i64 = 30;
/// Seconds to look again whether a plugin that was disabled is enabled; enabling it makes the run due.
const DISABLED_PAUSE: i64 = 300;
/// Seconds to wait for an administrator: enabling the plugin again ends it.
const STOPPED_PAUSE: i64 = 3_600;

type Done = std::result::Result<(), JobError>;

#[derive(Deserialize)]
struct Payload {
    id: Uuid,
    ticket: i64,
}

impl Payload {
    /// Whether a run is not over, and this its job.
    const fn is_of(&self, run: &Run) -> bool {
        run.state.is_open() && run.ticket == self.ticket
    }
}

/// Does runs of plugins' jobs.
pub struct JobHandler(pub(crate) PluginHost);

#[async_trait::async_trait]
impl Handler for JobHandler {
    fn kind(&self) -> &'static str {
        JOB
    }

    fn lane(&self) -> Lane {
        Lane::Modules
    }

    async fn run(&self, job: &Queued) -> Done {
        self.0.do_run(job.read()?).await
    }

    async fn dead(&self, job: &Queued, error: &str) {
        let Ok(payload) = job.read::<Payload>() else { return };
        if let Err(error) = self.0.given_up(job.id, &payload, error).await {
            tracing::error!(%error, run = %payload.id, "a plugin's run could not be marked as failed");
        }
    }
}

/// Seconds before the next try: 5, 20, 80, 320.
fn pause(failures: i64) -> i64 {
    let exponent = u32::try_from((failures - 1).clamp(0, 6)).unwrap_or(0);
    5 * 4_i64.pow(exponent)
}

impl PluginHost {
    async fn do_run(&self, payload: Payload) -> Done {
        let db = &self.inner.services.db;
        let Some(run) = store::load(db.read(), payload.id).await?.filter(|run| payload.is_of(run)) else {
            return Ok(());
        };
        let now = self.inner.env.now();
        let wait = |reason: &str, seconds: i64| {
            Err(JobError::Wait { reason: reason.to_owned(), until: now.plus_seconds(seconds) })
        };
        if run.run_at > now {
            return Err(JobError::Wait { reason: "its time has not come".to_owned(), until: run.run_at });
        }
        let plugins = self.inner.registry.tenant(run.tenant).await?;
        let plugin = match plugins.get(&run.plugin) {
            Some(OnNode::Running(plugin)) => plugin,
            Some(OnNode::Failed(failed)) => return wait(&failed.reason, PASSING_PAUSE),
            None => return wait("the plugin is disabled", DISABLED_PAUSE),
        };
        if plugin.stopped().contains(&KIND.point(&run.job)) {
            return wait("stopped after repeated failures until the plugin is enabled again", STOPPED_PAUSE);
        }
        let declared = plugin.manifest().jobs.iter().find(|job| job.id == run.job).cloned();
        let mut turn = Turn { host: self, plugin, run };
        if !turn.begin().await? {
            // Somebody made it due in between, or another worker has it: whoever finds it over lets the job go.
            let now = store::load(db.read(), payload.id).await?;
            return if now.is_some_and(|run| payload.is_of(&run)) {
                wait("it was changed meanwhile", 1)
            } else {
                Ok(())
            };
        }
        match declared {
            Some(declared) => turn.work(&declared).await,
            None => {
                let words = format!("version {} has no such job", turn.plugin.manifest().version);
                turn.end(RunState::Failed, Some(Message::Words(words))).await
            }
        }
    }

    /// The queue gave a run's job up: it took its worker with it each time.
    async fn given_up(&self, job: Uuid, payload: &Payload, error: &str) -> Result<()> {
        let db = &self.inner.services.db;
        let tx = db.begin().await?;
        // Its story is told by the run.
        jobs::forget_dead(&tx, job).await?;
        if let Some(mut run) = store::load(&tx, payload.id).await?.filter(|run| payload.is_of(run))
            && store::begin(&tx, &mut run, self.inner.env.now()).await?
        {
            run.state = RunState::Failed;
            run.finished_at = Some(self.inner.env.now());
            run.last_error = Some(Message::Words(error.to_owned()));
            store::save(&tx, &mut run).await?;
        }
        Ok(tx.commit().await?)
    }
}

/// A run in hand.
struct Turn<'a> {
    host: &'a PluginHost,
    plugin: Arc<Running>,
    run: Run,
}

impl Turn<'_> {
    /// Step by step, until it is over, stopped, or others have their turn.
    async fn work(&mut self, declared: &Job) -> Done {
        let until = Instant::now() + TURN;
        loop {
            let answer = tokio::select! {
                answer = self.step(declared) => answer?,
                () = self.stopped() => return Ok(()),
            };
            match answer {
                Ok(Came::Done) => {
                    self.run.steps += 1;
                    self.run.progress = Some(10_000);
                    return self.end(RunState::Done, None).await;
                }
                Ok(Came::Never(why)) => return self.end(RunState::Failed, Some(Message::Words(why))).await,
                Ok(Came::More(_)) if self.run.steps >= MAX_STEPS => {
                    let words = format!("it did not end within {MAX_STEPS} steps");
                    return self.end(RunState::Failed, Some(Message::Words(words))).await;
                }
                Ok(Came::More(step)) => {
                    if !self.further(step).await? {
                        return Ok(());
                    }
                }
                Err(fault) => return self.failed(&fault).await,
            }
            if Instant::now() >= until || !self.still_runs().await? {
                return self.rest().await;
            }
        }
    }

    /// Gives the slot back: others have their turn.
    async fn rest(&mut self) -> Done {
        self.run.state = RunState::Waiting;
        self.save().await?;
        let until = self.host.inner.env.now();
        Err(JobError::Wait { reason: "others have their turn".to_owned(), until })
    }

    async fn save(&mut self) -> Result<bool> {
        let tx = self.host.inner.services.db.begin().await?;
        let mine = store::save(&tx, &mut self.run).await?;
        tx.commit().await?;
        Ok(mine)
    }

    async fn begin(&mut self) -> Result<bool> {
        let tx = self.host.inner.services.db.begin().await?;
        let begun = store::begin(&tx, &mut self.run, self.host.inner.env.now()).await?;
        tx.commit().await?;
        Ok(begun)
    }

    /// Whether the company still runs the very version that this turn began with.
    async fn still_runs(&self) -> Result<bool> {
        let plugins = self.host.inner.registry.tenant(self.run.tenant).await?;
        let now = plugins.get(&self.run.plugin);
        Ok(matches!(now, Some(OnNode::Running(plugin)) if Arc::ptr_eq(&plugin.version, &self.plugin.version)))
    }

    /// One call of the plugin.
    async fn step(&self, declared: &Job) -> Result<std::result::Result<Came, Fault>> {
        let run = &self.run;
        let ctx = self.ctx(declared).await?;
        let call = wit::Call {
            key: run.id.to_string(),
            input: run.input.clone(),
            cursor: run.cursor.clone(),
            attempt: u32::try_from(run.failures.saturating_add(1)).unwrap_or(u32::MAX),
            planned: run.planned_at.micros(),
        };
        let point = Point {
            plugin: &self.plugin,
            name: KIND.point(&run.job),
            link: loops::link_after(self.plugin.id(), &run.job),
            budget: KIND.budget,
            anonymous: false,
            own: declared.run_as == RunAs::Plugin,
            held: None,
        };
        let work = Work(run.job.clone(), call);
        Ok(self.host.call(&ctx, &point, work, |answer| judge(run.cursor.as_deref(), answer)).await)
    }

    /// Nobody acts in a job that is the plugin's own; in one that is not, whoever's act enqueued it, with their present
    /// rights.
    async fn ctx(&self, declared: &Job) -> Result<Ctx> {
        let host = &self.host.inner;
        let mut ctx = people::tenant::get(&host.services.db, self.run.tenant).await?.system_ctx(&host.env);
        ctx.cause = self.run.cause.clone();
        if declared.run_as == RunAs::Actor {
            ctx.actor = self.run.actor.clone();
            self.host.as_now(&mut ctx, RunAs::Actor).await?;
        }
        Ok(ctx)
    }

    /// Ends when the run was stopped or taken over.
    async fn stopped(&self) {
        loop {
            tokio::time::sleep(WATCH).await;
            let now = store::load(self.host.inner.services.db.read(), self.run.id).await;
            let mine = |run: &Run| run.state == RunState::Running && run.revision == self.run.revision;
            // A database that does not answer stops nothing.
            if now.is_ok_and(|now| !now.as_ref().is_some_and(mine)) {
                return;
            }
        }
    }

    /// Notes the cursor: a crash from now on goes on from there. False when the run is not this turn's any more.
    async fn further(&mut self, step: wit::Step) -> Result<bool> {
        (self.run.progress, self.run.message) = shown(&step);
        self.run.cursor = Some(step.cursor);
        self.run.steps += 1;
        self.run.failures = 0;
        self.run.last_error = None;
        let tx = self.host.inner.services.db.begin().await?;
        let mine = store::save(&tx, &mut self.run).await?;
        jobs::came_further(&tx, &self.run.unique_key()).await?;
        tx.commit().await?;
        Ok(mine)
    }

    async fn end(&mut self, state: RunState, error: Option<Message>) -> Done {
        self.run.state = state;
        self.run.finished_at = Some(self.host.inner.env.now());
        self.run.last_error = error;
        let tx = self.host.inner.services.db.begin().await?;
        let mine = store::save(&tx, &mut self.run).await?;
        if state == RunState::Done {
            store::trim(&tx, &self.run).await?;
        }
        tx.commit().await?;
        if mine && let Some(error) = &self.run.last_error {
            self.log(format!("given up: {}", error.in_locale(kernel::Locale::En))).await;
        }
        Ok(())
    }

    /// A failed try: the run waits for the next one, or is given up.
    async fn failed(&mut self, fault: &Fault) -> Done {
        let now = self.host.inner.env.now();
        let (pause, counts) = match fault {
            Fault::Stopped => (STOPPED_PAUSE, false),
            fault if fault.is_passing() => (PASSING_PAUSE, false),
            Fault::Loop(_) => return self.end(RunState::Failed, Some(fault.message())).await,
            _ => (pause(self.run.failures + 1), true),
        };
        if counts {
            self.run.failures += 1;
            self.run.run_at = now.plus_seconds(pause);
            if self.run.failures >= TRIES {
                return self.end(RunState::Failed, Some(fault.message())).await;
            }
        }
        self.run.state = RunState::Waiting;
        self.run.last_error = Some(fault.message());
        self.save().await?;
        Err(JobError::Wait { reason: fault.to_string(), until: now.plus_seconds(pause) })
    }

    async fn log(&self, message: String) {
        let Ok(tenant) = people::tenant::get(&self.host.inner.services.db, self.run.tenant).await else { return };
        let ctx = tenant.system_ctx(&self.host.inner.env);
        self.host.note(&ctx, &self.run.plugin, &KIND.point(&self.run.job), self.run.id, LogLevel::Error, message);
    }
}
