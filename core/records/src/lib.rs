//! Records: the heart of the core.
//!
//! Owns: the entity catalogue, THE write pipeline, reading (lists, aggregates, timeline), pipelines with their stages,
//! saved views, undo by batch, imports. Must not know: HTTP, how a plugin runs (it states the port `BeforeHooks`),
//! what else an owner keeps about its records (the port `EntityOwner`), what is special about leads (`EntityRules`).
//! Data enters as a `Ctx` with typed input and leaves as `Record`s that hold only what the asker may see.
//!
//! | module | what |
//! |---|---|
//! | `catalogue` | entities and fields, as data; their labels |
//! | `texts` | searched texts and phones of old rows, in the present form |
//! | `settling` | records follow a changed configuration, as a long job |
//! | `stages` | pipelines and stages of a tenant |
//! | `references` | whatever records may point to: entities, people, departments |
//! | `rules` | rules of roles against the catalogue |
//! | `shape` | the catalogue as the filter compiler sees it, within the asker's rights |
//! | `read` | one record, lists by keyset, aggregates, titles of linked records |
//! | `search` | the index of searched texts, kept by writers |
//! | `totals` | counts and sums per stage, kept by writers |
//! | `rates` | rates of currencies |
//! | `relations` | what reports read inside their queries |
//! | `write` | the pipeline of every change: read `write/mod.rs` from top to bottom |
//! | `timeline` | history and activities of a record |
//! | `computed` | formulas of a record |
//! | `recompute` | formulas of all records, as a job |
//! | `rollups` | counts and sums of linking records, as the event log goes on |
//! | `conditions` | conditions of fields and validation rules, asked about a change |
//! | `evaluate` | what a record would be like, while somebody types; old gaps |
//! | `explain` | why somebody may or may not touch a record |
//! | `views` | saved views of lists, boards and calendars |
//! | `happened` | what happened to a record, as expressions see it after the commit |
//! | `batch` | sets of changes that can be undone together |
//! | `undo` | puts a batch back, as a long job |
//! | `duplicates` | records that may be the same, and what a company does about them |
//! | `merge` | several records into one, as a long job |
//! | `export` | lists as files |
//! | `whole` | one change of everything a filter finds, as a long job |
//! | `import` | CSV and XLSX into records |
//! | `files` | files of records, under the rights of the record |

pub mod batch;
pub mod catalogue;
pub mod computed;
pub mod conditions;
pub mod duplicates;
pub mod evaluate;
pub mod explain;
pub mod export;
pub mod files;
pub mod happened;
pub mod import;
pub mod merge;
pub mod rates;
pub mod read;
pub mod recompute;
pub mod references;
pub mod relations;
pub mod rollups;
pub mod rules;
pub mod search;
mod settling;
pub mod shape;
pub mod stages;
pub mod texts;
pub mod timeline;
pub mod totals;
pub mod undo;
pub mod views;
pub mod whole;
pub mod write;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, OnceLock, PoisonError, RwLock};

use kernel::clock::Env;
use kernel::error::{FieldError, FieldErrors};
use kernel::{Db, EntityKey, Error, Fields, RecordId, TenantId};
use people::names::Names;

pub use catalogue::{Catalogue, EntityDef, FieldDef};
pub use stages::StageClock;
pub(crate) use write::Inserts;
pub use write::{
    Along, BeforeHooks, Change, EntityOwner, EntityRules, Foreseen, Inner, Kept, Operation, PendingChange, Told, Trial,
    WriteOptions, Written,
};

/// The code of errors about wrong fields.
pub const INVALID: &str = "record.invalid";

/// A record as its reader may see it.
#[derive(Debug, Clone, PartialEq)]
pub struct Record {
    /// Its id.
    pub id: RecordId,
    /// Counts its changes, from 1.
    pub version: i64,
    /// Its entity.
    pub entity: EntityKey,
    /// Its fields, empty ones as `Null`.
    pub fields: Fields,
}

/// The service of this crate; cheap to clone.
#[derive(Clone)]
pub struct Records {
    db: Db,
    env: Env,
    hooks: Arc<OnceLock<Arc<dyn BeforeHooks>>>,
    owners: Arc<RwLock<Vec<Arc<dyn EntityOwner>>>>,
    rules: Arc<RwLock<Vec<Arc<dyn EntityRules>>>>,
    follows: Arc<RwLock<Vec<Arc<dyn merge::Follows>>>>,
    lookers: Arc<RwLock<Vec<Arc<dyn catalogue::Looks>>>>,
    known: catalogue::Known,
    names: Names,
    clock: Arc<OnceLock<Arc<dyn stages::StageClock>>>,
    stage_tasks: Arc<OnceLock<Arc<dyn stages::StageTasks>>>,
    stage_acts: Arc<OnceLock<Arc<dyn stages::StageActs>>>,
    /// Writers of a company that lost a race try again one after another.
    turns: Arc<Mutex<HashMap<TenantId, Arc<tokio::sync::Mutex<()>>>>>,
    totals: Arc<totals::Pending>,
    search: Arc<search::Known>,
}

impl Records {
    /// Over a database.
    pub fn new(db: &Db, env: &Env) -> Self {
        Self {
            db: db.clone(),
            env: env.clone(),
            hooks: Arc::default(),
            owners: Arc::default(),
            rules: Arc::default(),
            follows: Arc::default(),
            lookers: Arc::default(),
            known: catalogue::Known::default(),
            names: Names::default(),
            clock: Arc::default(),
            stage_tasks: Arc::default(),
            stage_acts: Arc::default(),
            turns: Arc::default(),
            totals: Arc::default(),
            search: Arc::default(),
        }
    }

    /// The line in which writers of a company stand that lost a race: others must not wait for its hooks.
    fn line_of(&self, tenant: TenantId) -> Arc<tokio::sync::Mutex<()>> {
        let mut lines = self.turns.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(lines.entry(tenant).or_default())
    }

    /// Says who runs before-hooks. Only the first call counts.
    pub fn set_hooks(&self, hooks: Arc<dyn BeforeHooks>) {
        drop(self.hooks.set(hooks));
    }

    /// Says who reckons working time of stages. Only the first call counts.
    pub fn set_clock(&self, clock: Arc<dyn stages::StageClock>) {
        drop(self.clock.set(clock));
    }

    /// Whoever reckons working time of stages.
    pub(crate) fn clock(&self) -> Option<&dyn stages::StageClock> {
        self.clock.get().map(|clock| &**clock)
    }

    /// Says who makes the tasks of stages. Only the first call counts.
    pub fn set_stage_tasks(&self, tasks: Arc<dyn stages::StageTasks>) {
        drop(self.stage_tasks.set(tasks));
    }

    /// Whoever makes the tasks of stages.
    pub(crate) fn stage_tasks(&self) -> Option<&Arc<dyn stages::StageTasks>> {
        self.stage_tasks.get()
    }

    /// Says who does what stages do on entering. Only the first call counts.
    pub fn set_stage_acts(&self, acts: Arc<dyn stages::StageActs>) {
        drop(self.stage_acts.set(acts));
    }

    /// Whoever does what stages do on entering.
    pub(crate) fn stage_acts(&self) -> Option<&dyn stages::StageActs> {
        self.stage_acts.get().map(|acts| &**acts)
    }

    /// The database.
    pub const fn db(&self) -> &Db {
        &self.db
    }

    /// The clock and randomness of background work.
    pub const fn env(&self) -> &Env {
        &self.env
    }

    /// Forgets names of people and departments: call after any change of them.
    pub fn forget_names(&self) {
        self.names.forget();
    }
}

/// Wrong fields as an error.
pub(crate) fn invalid(fields: FieldErrors) -> Error {
    Error::Invalid { code: INVALID, fields }
}

/// A filter that is not understood, as an error of the request.
pub(crate) fn bad_filter(error: FieldError) -> Error {
    Error::field("request.invalid", "filter", error)
}
