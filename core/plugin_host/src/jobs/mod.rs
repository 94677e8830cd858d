//! Runs of plugins' jobs: begun by a schedule, by the plugin itself (`jobs.enqueue`) or by an administrator; kept in the
//! database, done by jobs of the queue.
//!
//! Owns: the tables `plugin_job` and `plugin_schedule`, when schedules come due, cursors, tries, dead letters, cancelling.
//! Must not know: what a job does (`points::jobs` asks the plugin). A run says how far it is; its job in the queue only
//! brings it to a worker. At least once: a crash repeats the call that was under way, from the cursor noted last.
//!
//! | module | what |
//! |---|---|
//! | `store` | rows of runs |
//! | `schedule` | when jobs with `cron` come due, once among all nodes |
//! | `enqueue` | new runs |
//! | `runner` | doing them |

pub(crate) mod enqueue;
mod runner;
pub(crate) mod schedule;
pub(crate) mod store;

use kernel::clock::Env;
use kernel::jobs::NewJob;
use kernel::{Actor, Message, TenantId, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::json;
use uuid::Uuid;

pub use runner::JobHandler;

/// Kind of the jobs in the queue.
pub const JOB: &str = "plugin.job";

/// Where a run stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "lowercase")]
#[schema(as = PluginJobState)]
pub enum RunState {
    /// It waits for its time, its turn or its next try.
    Waiting,
    /// Under way.
    Running,
    /// At its end.
    Done,
    /// Given up; begun again, it goes on from its cursor.
    Failed,
    /// Stopped by a person; what was done stays done.
    Cancelled,
}

impl RunState {
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Running => "running",
            Self::Done => "done",
            Self::Failed => "failed",
            Self::Cancelled => "cancelled",
        }
    }

    /// Whether something will still happen.
    pub(crate) const fn is_open(self) -> bool {
        matches!(self, Self::Waiting | Self::Running)
    }
}

/// What began a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "lowercase")]
#[schema(as = PluginJobOrigin)]
pub enum Origin {
    /// Its schedule.
    Schedule,
    /// The plugin.
    Plugin,
    /// An administrator.
    Admin,
}

impl Origin {
    const fn name(self) -> &'static str {
        match self {
            Self::Schedule => "schedule",
            Self::Plugin => "plugin",
            Self::Admin => "admin",
        }
    }
}

/// One run of a job.
#[derive(Debug, Clone)]
pub(crate) struct Run {
    pub(crate) id: Uuid,
    pub(crate) tenant: TenantId,
    pub(crate) plugin: String,
    /// Its id in the manifest.
    pub(crate) job: String,
    pub(crate) origin: Origin,
    pub(crate) state: RunState,
    /// Whether runs of its job are done in turn: those of a job with a schedule, but for the ones that the plugin enqueues.
    pub(crate) serial: bool,
    /// A JSON object in text.
    pub(crate) input: String,
    /// Whose act began it, and by which way.
    pub(crate) actor: Actor,
    pub(crate) cause: kernel::ctx::Cause,
    /// The tick, or the time asked for.
    pub(crate) planned_at: Timestamp,
    /// Not before.
    pub(crate) run_at: Timestamp,
    pub(crate) cursor: Option<String>,
    /// In ten-thousandths.
    pub(crate) progress: Option<i64>,
    pub(crate) message: Option<String>,
    /// Calls that went well.
    pub(crate) steps: i64,
    /// Tries that failed since the cursor was noted last.
    pub(crate) failures: i64,
    /// Why the last try failed, for people.
    pub(crate) last_error: Option<Message>,
    pub(crate) revision: i64,
    /// Tells its job in the queue from those of earlier goes: one that is stopped may not have ended yet when it is begun
    /// again.
    pub(crate) ticket: i64,
    pub(crate) created_at: Timestamp,
    pub(crate) started_at: Option<Timestamp>,
    pub(crate) finished_at: Option<Timestamp>,
}

impl Run {
    /// Names its job in the queue.
    pub(crate) fn unique_key(&self) -> String {
        format!("{JOB}:{}:{}", self.id, self.ticket)
    }

    /// Its job in the queue.
    pub(crate) fn queued(&self, env: &Env) -> NewJob {
        let payload = json!({ "id": self.id, "ticket": self.ticket });
        let job = NewJob::now(env, JOB, payload).for_tenant(self.tenant).unique(self.unique_key());
        let job = if self.serial {
            job.in_order(format!("{JOB}/{}/{}/{}", self.tenant.0.simple(), self.plugin, self.job))
        } else {
            job
        };
        // It is given up here, not there.
        NewJob { run_at: self.run_at, max_attempts: i64::MAX, ..job }
    }
}
