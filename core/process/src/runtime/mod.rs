//! Running instances: definitions in the database, one transaction per step, jobs for what takes time.
//!
//! Owns: the tables of processes; how the stepper's commands become tasks, jobs, messages. Must not know: HTTP, what a
//! plugin is (a port runs services of higher layers). Data enters as a `Ctx` with typed input, as completed tasks, due
//! jobs and changed records, and leaves as views.
//!
//! | module | what |
//! |---|---|
//! | `definitions` | deploy, publish, list |
//! | `dry_run`, `dry_steps`, `rehearse` | what would happen; who would get which task; how many may ask at once |
//! | `map` | an instance, or all of a definition, on its drawing |
//! | `advance` | THE step: one event, the stepper, everything it asks for, in one transaction |
//! | `commands` | what the stepper asks for: tasks, jobs, calls, messages |
//! | `start`, `publish`, `signals`, `conditions` | how instances begin; messages; signals; conditions that start |
//! | `sender` | what somebody outside may send |
//! | `operations` | set variables, retry, skip, cancel, start from, migrate |
//! | `migration` | whether an instance fits another version |
//! | `in_order` | long work on many instances, in their order |
//! | `migrate_all` | many instances to another version, as a long job |
//! | `migrate_undo` | migrations taken back, until the next step |
//! | `moving` | definitions that move between companies |
//! | `slice`, `go_on` | how long a step may take; the job that goes on with it |
//! | `timers`, `services`, `reader` | jobs: due times, service tasks, changes of records |
//! | `links`, `notices` | services that change links, and that tell people |
//! | `instances`, `journal` | views; lists |
//! | `stage_times` | deadlines of pipeline stages |
//! | `relations` | what reports read inside their queries |
//! | `subjects` | what a merge of records moves |
//! | `store`, `locks` | rows; who keeps them from others |

mod advance;
mod commands;
mod conditions;
mod definitions;
mod dry_run;
mod dry_steps;
mod given_up;
mod go_on;
mod in_order;
mod instances;
mod journal;
mod links;
mod locks;
mod map;
mod migrate_all;
mod migrate_undo;
mod migration;
mod moving;
mod notices;
mod operations;
mod publish;
mod reader;
mod rehearse;
pub mod relations;
mod sender;
mod services;
mod signals;
mod slice;
mod stage_tasks;
mod stage_times;
mod start;
mod store;
mod subjects;
mod timers;

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, OnceLock, PoisonError, RwLock};

use kernel::clock::Env;
use kernel::db::ConnectionTrait;
use kernel::event::Follower;
use kernel::jobs::Handler;
use kernel::{Ctx, Db, Error, Result, TenantId, Timestamp};
use records::Records;
use sea_orm::sea_query::{Expr, ExprTrait, Query};
use uuid::Uuid;
use work::tasks::Tasks;

pub use commands::ENTITY;
pub use definitions::DefinitionView;
pub use dry_run::{DryRun, DryRunInput};
pub use dry_steps::{DryEffect, DryOpen, DryStep, DryWho};
pub use instances::{History, HistoryQuery, InstanceView};
pub use journal::{InstanceQuery, Instances};
pub(crate) use links::ids;
pub use map::{DefinitionMap, InstanceMap};
pub use migrate_all::{AT_ONCE, MigrateSteps};
pub use migrate_undo::{UndoMigrationSteps, UndoneMigration};
pub use moving::object;
pub(crate) use notices::Notice;
pub use operations::{Migrated, Migration, MigrationReport, MoveInput};
pub(crate) use publish::Thrown;
pub use publish::{Delivered, MessageInput};
pub use services::{Service, ServiceCall, ServiceFailure, failure};
pub(crate) use services::{letter, not_sent};
pub use signals::SignalInput;
pub use start::StartInput;
pub use subjects::Subjects;
pub use timers::SWEEP;

use crate::automation::KnownRules;
use crate::definition::contract::Contract;
use crate::definition::{self, model::Definition, model::Node, model::NodeKind};
use crate::drawings::Retention;

/// The code of errors about wrong input here.
pub const INVALID: &str = "process.invalid";
/// Definitions kept ready.
const MAX_READY: usize = 256;

/// Definitions by id and version.
type Ready = HashMap<(Uuid, i64), Arc<Definition>>;
/// `v:event` by definition and element.
pub type Events = BTreeMap<(Uuid, String), String>;

/// The service of this crate; cheap to clone.
#[derive(Clone)]
pub struct Processes {
    db: Db,
    env: Env,
    records: Records,
    tasks: Tasks,
    ready: Arc<RwLock<Ready>>,
    services: Arc<OnceLock<Vec<Arc<dyn Service>>>>,
    follower: Arc<Follower>,
    rehearsals: rehearse::Rehearsals,
    rules: KnownRules,
}

impl Processes {
    /// Over the services below it; from now on tasks of processes move their instances on.
    pub fn new(records: &Records, tasks: &Tasks) -> Self {
        let processes = Self {
            db: records.db().clone(),
            env: records.env().clone(),
            records: records.clone(),
            tasks: tasks.clone(),
            ready: Arc::default(),
            services: Arc::default(),
            follower: Arc::new(Follower::new(records.db(), records.env(), reader::READER, reader::REPEAT)),
            rehearsals: rehearse::Rehearsals::default(),
            rules: KnownRules::default(),
        };
        tasks.set_owner(Arc::new(commands::TaskDone(processes.clone())));
        tasks.mail().add_owner(Arc::new(services::Letters(processes.clone())));
        records.set_clock(Arc::new(processes.clone()));
        records.set_stage_tasks(Arc::new(processes.clone()));
        processes
    }

    /// Says which services of higher layers there are. Only the first call counts.
    pub fn set_services(&self, services: Vec<Arc<dyn Service>>) {
        drop(self.services.set(services));
    }

    /// Handlers of this crate's jobs.
    pub fn handlers(&self) -> Vec<Arc<dyn Handler>> {
        vec![
            Arc::new(timers::Due(self.clone())),
            Arc::new(timers::Sweep(self.clone())),
            Arc::new(timers::StartTimer(self.clone())),
            Arc::new(services::Call(self.clone(), services::CALL)),
            Arc::new(services::Call(self.clone(), services::OWN)),
            Arc::new(go_on::GoOn(self.clone())),
            Arc::new(signals::SignalJob(self.clone())),
            Arc::new(reader::RecordEvents(self.clone())),
            Arc::new(Retention(self.clone())),
            Arc::new(stage_times::TellOfStage(self.clone())),
        ]
    }

    /// The database.
    pub const fn db(&self) -> &Db {
        &self.db
    }

    /// The time, for jobs.
    pub(crate) fn now(&self) -> Timestamp {
        self.env.now()
    }

    /// Tasks.
    pub const fn tasks(&self) -> &Tasks {
        &self.tasks
    }

    /// `v:event` of the user tasks of all published versions, by definition and element.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn events_of_elements(&self, ctx: &Ctx) -> Result<Events> {
        self.of_elements(ctx, |node| promise_of(node)?.event.clone()).await
    }

    /// `v:probability` of the user tasks of all published versions, percent, by definition and element.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn odds_of_elements(&self, ctx: &Ctx) -> Result<BTreeMap<(Uuid, String), u8>> {
        self.of_elements(ctx, |node| promise_of(node)?.probability).await
    }

    /// What the elements of all published versions are called, by definition and element; those without a name are left
    /// out.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn names_of_elements(&self, ctx: &Ctx) -> Result<BTreeMap<(Uuid, String), String>> {
        self.of_elements(ctx, |node| Some(node.name.clone()).filter(|name| !name.trim().is_empty())).await
    }

    async fn of_elements<T>(&self, ctx: &Ctx, of: impl Fn(&Node) -> Option<T>) -> Result<BTreeMap<(Uuid, String), T>> {
        let mut found = BTreeMap::new();
        for view in self.definitions(ctx).await? {
            let definition = self.ready(self.db.read(), ctx.tenant, view.id, view.version).await?;
            let said = definition.nodes.iter().filter_map(|node| Some(((view.id, node.id.to_string()), of(node)?)));
            found.extend(said);
        }
        Ok(found)
    }

    /// Records.
    pub(crate) const fn records(&self) -> &Records {
        &self.records
    }

    /// Rules of automation that are switched on.
    pub(crate) const fn rules(&self) -> &KnownRules {
        &self.rules
    }

    /// A context of the product itself in a tenant, for jobs.
    pub(crate) async fn system(&self, tenant: TenantId) -> Result<Ctx> {
        Ok(people::tenant::get(&self.db, tenant).await?.system_ctx(&self.env))
    }

    /// A version of a definition, ready to run.
    async fn ready(
        &self,
        conn: &impl ConnectionTrait,
        tenant: TenantId,
        id: Uuid,
        version: i64,
    ) -> Result<Arc<Definition>> {
        if let Some(ready) = self.ready.read().unwrap_or_else(PoisonError::into_inner).get(&(id, version)) {
            return Ok(Arc::clone(ready));
        }
        let select = Query::select()
            .column("xml")
            .from("process_version")
            .and_where(Expr::col("definition_id").eq(id))
            .and_where(Expr::col("version").eq(version))
            .and_where(Expr::col("tenant_id").eq(tenant.0))
            .take();
        let row = conn.query_one(&select).await?.ok_or_else(|| Error::NotFound("process definition".into()))?;
        let xml: Vec<u8> = row.try_get_by_index(0)?;
        let (definition, _) = definition::read(&xml).map_err(|problems| {
            Error::Internal(format!("a stored definition cannot be read any more: {problems:?}"))
        })?;
        Ok(self.keep(id, version, definition))
    }

    fn keep(&self, id: Uuid, version: i64, definition: Definition) -> Arc<Definition> {
        let definition = Arc::new(definition);
        let mut ready = self.ready.write().unwrap_or_else(PoisonError::into_inner);
        if ready.len() >= MAX_READY {
            ready.clear();
        }
        ready.insert((id, version), Arc::clone(&definition));
        definition
    }
}

/// Something wrong with the input, in words of ours.
fn invalid(field: &str, reason: impl std::fmt::Display) -> Error {
    Error::field(INVALID, field, kernel::error::FieldError::new("invalid").with("reason", reason))
}

/// The contract of a user task.
fn promise_of(node: &Node) -> Option<&Contract> {
    match &node.kind {
        NodeKind::User(contract) => Some(contract),
        _ => None,
    }
}
