//! Long work that people start, watch and cancel: done step by step by jobs of the queue, so that a closed tab, a
//! restart or kill -9 stops nothing.
//!
//! Owns: the table `long_job`, progress, cancelling, taking up again. Must not know: what a step does (`Steps` does).
//! A row says how far the work is; a step's progress is saved in the transaction of its work, where it has one, else
//! right after it: then a crash repeats at most one step, and repeating must do no harm. One works on a job at a time: it
//! is held, and who was too slow to keep it saves nothing.

mod run;
mod store;

use std::collections::HashMap;
use std::sync::{Arc, OnceLock};

use serde::{Deserialize, Serialize};
use serde_json::Value as Json;
use uuid::Uuid;

use crate::clock::{Env, Timestamp};
use crate::ctx::{Actor, Cause};
use crate::db::{Db, Tx};
use crate::id::{TenantId, UserId};
use crate::text::Message;
use crate::{Ctx, Result};

pub use run::LongRun;
pub(super) use store::KIND as JOB;
pub use store::{anew, begin, clean, find};

/// Long jobs of one person that run at the same time.
pub const MAX_RUNNING: i64 = 5;

/// Where a long job stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum State {
    /// Under way, or waiting for a worker.
    Running,
    /// At its end.
    Done,
    /// Stopped by a fault; begun again, it goes on from there.
    Failed,
    /// Stopped by a person; what was done stays done.
    Cancelled,
}

/// Why a long job stopped.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Problem {
    /// An error code.
    pub code: String,
    /// For people.
    pub message: Message,
}

/// Who began it and why: its writes carry both.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct StartedBy {
    /// Who.
    pub actor: Actor,
    /// Why.
    pub cause: Cause,
    /// Whether they acted as an administrator.
    pub admin: bool,
}

/// Long work, as it stands.
#[derive(Debug, Clone)]
pub struct LongJob {
    /// Its id.
    pub id: Uuid,
    /// Whose.
    pub tenant: TenantId,
    /// The person who began it.
    pub user: UserId,
    /// Who acts in it.
    pub started_by: StartedBy,
    /// Which `Steps` do it.
    pub kind: String,
    /// What exactly.
    pub input: Json,
    /// Where it stands.
    pub state: State,
    /// Where the next step begins; `Null` before the first.
    pub cursor: Json,
    /// Pieces done.
    pub done: i64,
    /// Pieces there were when it began.
    pub total: i64,
    /// What came out so far.
    pub result: Json,
    /// Why it failed.
    pub problem: Option<Problem>,
    /// When it began.
    pub created_at: Timestamp,
    /// When its last step ended.
    pub updated_at: Timestamp,
    /// When it ended.
    pub finished_at: Option<Timestamp>,
    revision: i64,
    starts: i64,
}

/// Long work to begin.
#[derive(Debug, Clone)]
pub struct NewLongJob {
    /// Which `Steps` do it.
    pub kind: &'static str,
    /// Names work that is begun once; beginning it again gives the same job.
    pub subject: Option<String>,
    /// What exactly.
    pub input: Json,
    /// Pieces.
    pub total: i64,
}

/// What a step did.
pub struct Step {
    /// The transaction of its work, when it was done in one; progress is saved in it and it is committed.
    pub tx: Option<Tx>,
    /// Where the next step begins.
    pub cursor: Json,
    /// Pieces done, of all steps.
    pub done: i64,
    /// What came out, of all steps.
    pub result: Json,
    /// Whether this was the last.
    pub over: bool,
}

/// Does long work of one kind.
#[async_trait::async_trait]
pub trait Steps: Send + Sync {
    /// Which.
    fn kind(&self) -> &'static str;

    /// Does the next step: some hundred pieces, a second or so.
    ///
    /// # Errors
    /// What the database refuses or the network delays is tried again later; anything else stops the job.
    async fn step(&self, job: &LongJob) -> Result<Step>;
}

/// The service; cheap to clone.
#[derive(Clone)]
pub struct LongJobs {
    db: Db,
    env: Env,
    kinds: Arc<OnceLock<HashMap<&'static str, Arc<dyn Steps>>>>,
}

impl LongJobs {
    /// Over a database.
    pub fn new(db: &Db, env: &Env) -> Self {
        Self { db: db.clone(), env: env.clone(), kinds: Arc::default() }
    }

    /// Says who does which kind. Only the first call counts.
    pub fn set_steps(&self, steps: Vec<Arc<dyn Steps>>) {
        drop(self.kinds.set(steps.into_iter().map(|steps| (steps.kind(), steps)).collect()));
    }

    /// A job of the actor's own, or anybody's for an administrator.
    ///
    /// # Errors
    /// `NotFound`.
    pub async fn get(&self, ctx: &Ctx, id: Uuid) -> Result<LongJob> {
        store::visible(self.db.read(), ctx, id).await
    }

    /// The actor's own jobs, newest first, at most 100.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn list(&self, ctx: &Ctx) -> Result<Vec<LongJob>> {
        store::of_person(self.db.read(), ctx).await
    }
}

impl LongJob {
    /// The context of its writes, made of the starter's present one.
    pub fn acting(&self, mut ctx: Ctx) -> Ctx {
        ctx.actor = self.started_by.actor.clone();
        ctx.cause = self.started_by.cause.clone();
        if !self.started_by.admin && ctx.rights.is_admin() {
            ctx.rights = Arc::new(ctx.rights.as_ref().clone().without_admin());
        }
        ctx
    }
}
