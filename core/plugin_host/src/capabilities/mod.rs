//! What guests may ask of the host: one file per capability, each checking its grant and counting against the budget.
//!
//! Owns: the table of capabilities, the state of a call and the functions behind `sdk/wit` imports. Must not know how
//! calls are started. Values enter and leave in the interface's own types; the tenant is never a parameter, it comes with
//! the call.
//!
//! To add a capability: its interface in `sdk/wit`, a file here with the functions, the part of the manifest that asks for
//! it and its words, and a line in [`CAPABILITIES`]. The linker, the checks of imports and manifests, grants and the views
//! of permissions go by the table.

mod address;
mod calendars;
mod context;
mod convert;
pub(crate) mod documents;
pub(crate) mod events;
pub(crate) mod files;
mod gates;
mod health;
pub(crate) mod http;
pub(crate) mod jobs;
mod kv;
mod links;
mod log;
pub(crate) mod messaging;
pub(crate) mod notify;
mod parcel;
mod people;
pub(crate) mod processes;
mod public_pages;
mod records;
mod reports;
mod settings;
mod tasks;
mod timeline;
mod together;

use std::collections::BTreeMap;
use std::sync::{Arc, OnceLock};

use kernel::{Actor, Ctx, Db};
use uuid::Uuid;
use wasmtime::ResourceLimiter;
use wasmtime::component::{HasSelf, Linker, ResourceTable};
use wasmtime_wasi::{WasiCtx, WasiCtxView, WasiView};

use crate::bindings::types::{HostError, Invalid};
use crate::bindings::verstak as wit;
use crate::engine::{Budget, Caps, Captured, Effect, Meter, OverBudget};
use crate::gates::GateKeeper;
use crate::health::Health;
use crate::manifest::permissions::Part;
use crate::manifest::records::RecordPermissions;
use crate::outbound::Outbound;
use crate::registry::Running;

pub(crate) use context::actor as context_actor;
pub(crate) use convert::{from_wire, from_wit, id_from_wit, invalid_to_wit, to_wit};
pub use log::{LogLevel, LogLine};

/// An interface that guests may import.
pub(crate) struct Capability {
    /// Its name without the version.
    pub(crate) import: &'static str,
    /// What the manifest must ask for; none: open to every plugin.
    pub(crate) permission: Option<Part>,
    pub(crate) link: fn(&mut Linker<State>) -> wasmtime::Result<()>,
}

/// A line of the table: the interface, its generated module, and the part of the manifest that asks for it.
macro_rules! capability {
    ($import:literal, $($module:ident)::+) => { capability!(@ $import, $($module)::+, None) };
    ($import:literal, $($module:ident)::+, $part:expr) => { capability!(@ $import, $($module)::+, Some($part)) };
    (@ $import:literal, $($module:ident)::+, $permission:expr) => {
        Capability {
            import: $import,
            permission: $permission,
            link: |linker| $($module)::+::add_to_linker::<State, HasSelf<State>>(linker, |state| state),
        }
    };
}

/// Everything there is, in the order in which admins read permissions.
pub(crate) static CAPABILITIES: [Capability; 32] = [
    capability!("verstak:types/types", wit::types::types),
    capability!("verstak:runtime/context", wit::runtime::context),
    capability!("verstak:runtime/clock", wit::runtime::clock),
    capability!("verstak:runtime/limits", wit::runtime::limits),
    capability!("verstak:runtime/log", wit::runtime::log),
    capability!("verstak:runtime/settings", wit::runtime::settings),
    capability!("verstak:runtime/parcel", wit::runtime::parcel),
    capability!("verstak:work/subjects", wit::work::subjects),
    capability!("verstak:work/steps", wit::work::steps),
    capability!("verstak:pages/views", wit::pages::views),
    capability!("verstak:public/pages", wit::public::pages),
    capability!("verstak:jobs/runs", wit::jobs::runs),
    capability!("verstak:records/records", wit::records::records, Part::of::<RecordPermissions>("records")),
    capability!("verstak:records/timeline", wit::records::timeline, timeline::PART),
    capability!("verstak:work/processes", wit::work::processes, processes::PART),
    capability!("verstak:work/tasks", wit::work::tasks, tasks::PART),
    capability!("verstak:jobs/jobs", wit::jobs::jobs, jobs::PART),
    capability!("verstak:events/events", wit::events::events, events::PART),
    capability!("verstak:http/http", wit::http::http, http::PART),
    capability!("verstak:files/files", wit::files::files, files::PART),
    capability!("verstak:public/uploads", wit::public::uploads, files::PART),
    capability!("verstak:public/links", wit::public::links, links::PART),
    capability!("verstak:documents/documents", wit::documents::documents, documents::PART),
    capability!("verstak:messaging/messaging", wit::messaging::messaging, messaging::PART),
    capability!("verstak:notify/notify", wit::notify::notify, notify::PART),
    capability!("verstak:people/people", wit::people::people, people::PART),
    capability!("verstak:people/calendars", wit::people::calendars, people::PART),
    capability!("verstak:people/gates", wit::people::gates, gates::PART),
    capability!("verstak:address/address", wit::address::address, address::PART),
    capability!("verstak:reports/reports", wit::reports::reports, reports::PART),
    capability!("verstak:health/health", wit::health::health, health::PART),
    capability!("verstak:storage/kv", wit::storage::kv, kv::PART),
];

/// Adds every capability to a linker.
pub(crate) fn link(linker: &mut Linker<State>) -> wasmtime::Result<()> {
    CAPABILITIES.iter().try_for_each(|capability| (capability.link)(linker))
}

/// What the host reaches for on behalf of guests.
#[derive(Clone)]
pub(crate) struct Services {
    pub(crate) db: Db,
    pub(crate) records: ::records::Records,
    pub(crate) tasks: work::Tasks,
    pub(crate) processes: process::runtime::Processes,
    pub(crate) gates: GateKeeper,
    /// Who people are now.
    pub(crate) identities: ::people::Identities,
    pub(crate) reports: ::reports::Reports,
    /// What sends requests to other servers; nothing until somebody says.
    pub(crate) outbound: Arc<OnceLock<Arc<dyn Outbound>>>,
    /// Files of records; nothing until somebody says.
    pub(crate) files: Arc<OnceLock<::records::files::Files>>,
    /// Messages out of the house; nothing until somebody says.
    pub(crate) messages: Arc<OnceLock<::messaging::Messages>>,
    /// Papers, with a turn of the modules' own; nothing until somebody says.
    pub(crate) documents: Arc<OnceLock<::documents::Documents>>,
    /// How the system is; nothing until somebody says.
    pub(crate) health: Arc<OnceLock<Arc<dyn Health>>>,
    /// The address of this installation, without `/` behind it; empty where nobody said.
    pub(crate) public_url: Arc<str>,
}

/// Who calls, for which plugin, on which services.
#[derive(Clone)]
pub(crate) struct Caller {
    /// The context of whoever caused the call.
    pub(crate) ctx: Ctx,
    /// The plugin as it is enabled in the tenant.
    pub(crate) plugin: Arc<Running>,
    pub(crate) services: Services,
    /// Whether nobody is signed in (a public route).
    pub(crate) anonymous: bool,
    /// Whether it acts as itself whatever the manifest says: a process asks, there is no person.
    pub(crate) own: bool,
    /// What the call may do.
    pub(crate) effect: Effect,
    /// Where messages wait until the call is done: in a before-hook.
    pub(crate) held: Option<Arc<messaging::Held>>,
    /// Names the call in logs.
    pub(crate) invocation: Uuid,
    /// What is written into the cause chain of the guest's writes.
    pub(crate) link: String,
}

impl Caller {
    /// Whether the guest acts with its own grants, not with somebody's rights.
    pub(crate) fn is_itself(&self) -> bool {
        self.own || self.plugin.own_rights.is_some()
    }

    /// The context in which the guest's own reads and writes happen: its actor, its rights, one hop further.
    pub(crate) fn own_ctx(&self) -> Ctx {
        let user = self.ctx.user();
        let mut ctx = self.ctx.acting_as(Actor::Plugin { id: self.plugin.id().to_owned(), user });
        ctx.cause = self.ctx.cause.through(&self.link);
        if self.is_itself() {
            ctx.rights = Arc::clone(&self.plugin.granted);
        }
        ctx
    }
}

/// The state of one call.
pub struct State {
    budget: Budget,
    meter: Arc<Meter>,
    started: tokio::time::Instant,
    caller: Option<Caller>,
    host_calls: u32,
    shared: BTreeMap<&'static str, u32>,
    rows: u32,
    /// Requests to other servers.
    requests: u32,
    /// Papers and workbooks.
    papers: u32,
    memory: usize,
    lines: Vec<LogLine>,
    lost_lines: u32,
    printed: Captured,
    wasi: Option<WasiCtx>,
    table: ResourceTable,
}

impl State {
    /// A call on behalf of somebody.
    pub(crate) fn new(caller: Caller, budget: Budget) -> Self {
        Self { caller: Some(caller), ..Self::detached(budget) }
    }

    /// A call outside any tenant: whatever is asked for is denied.
    pub fn detached(budget: Budget) -> Self {
        Self {
            budget,
            meter: Arc::default(),
            started: tokio::time::Instant::now(),
            caller: None,
            host_calls: 0,
            shared: BTreeMap::new(),
            rows: 0,
            requests: 0,
            papers: 0,
            memory: 0,
            lines: Vec::new(),
            lost_lines: 0,
            printed: Captured::default(),
            wasi: None,
            table: ResourceTable::new(),
        }
    }

    pub(crate) const fn budget(&self) -> &Budget {
        &self.budget
    }

    pub(crate) fn meter(&self) -> Arc<Meter> {
        Arc::clone(&self.meter)
    }

    /// Host calls, rows, peak memory and log lines of the finished call.
    pub(crate) fn finish(mut self) -> (u32, u32, usize, Vec<LogLine>) {
        self.collect_printed();
        (self.host_calls, self.rows, self.memory, self.lines)
    }

    /// Counts a host call; past the budget the guest is stopped.
    fn enter(&mut self) -> wasmtime::Result<()> {
        self.host_calls += 1;
        if self.host_calls > self.budget.host_calls {
            return Err(wasmtime::Error::new(OverBudget::HostCalls(self.budget.host_calls)));
        }
        Ok(())
    }

    /// Counts a call that has the same answer for every change of the batch: handlers of single changes ask it for each, and
    /// so many count as one.
    fn enter_shared(&mut self, function: &'static str) -> wasmtime::Result<()> {
        let batch = self.budget.batch.max(1);
        let calls = self.shared.entry(function).or_default();
        let first = (*calls).is_multiple_of(batch);
        *calls = calls.wrapping_add(1);
        if first { self.enter() } else { Ok(()) }
    }

    /// Counts rows read or written; past the budget the guest gets an error it can handle.
    fn take_rows(&mut self, count: usize) -> Result<(), HostError> {
        let count = u32::try_from(count).unwrap_or(u32::MAX);
        self.rows = self.rows.saturating_add(count);
        if self.rows > self.budget.rows {
            return Err(HostError::Limit(format!("more than {} rows in one call", self.budget.rows)));
        }
        Ok(())
    }

    /// The same for whatever writes.
    fn writes(&self, grant: &str) -> Result<Caller, HostError> {
        let caller = self.granted(grant)?;
        match caller.effect {
            Effect::Reads => {
                Err(HostError::Denied("this call only answers a question: it may not change anything".to_owned()))
            }
            Effect::Writes | Effect::Judges => Ok(caller),
        }
    }

    /// The caller, if the call has one and the tenant's admin granted this.
    fn granted(&self, grant: &str) -> Result<Caller, HostError> {
        let caller =
            self.caller.as_ref().ok_or_else(|| HostError::Denied("there is no tenant in this call".to_owned()))?;
        if caller.plugin.has_grant(grant) {
            Ok(caller.clone())
        } else {
            Err(HostError::Denied(format!("the permission `{grant}` is not granted")))
        }
    }
}

impl crate::bindings::types::Host for State {}
impl crate::bindings::subjects::Host for State {}
impl crate::bindings::steps::Host for State {}
impl crate::bindings::views::Host for State {}

/// A JSON object in text, as guests hand over variables.
pub(crate) fn object(what: &str, text: &str) -> Result<serde_json::Map<String, serde_json::Value>, HostError> {
    let wrong = |why: String| HostError::Invalid(Invalid { text: format!("{what}: {why}"), fields: Vec::new() });
    match serde_json::from_str(text) {
        Ok(serde_json::Value::Object(object)) => Ok(object),
        Ok(_) => Err(wrong("not a JSON object".to_owned())),
        Err(error) => Err(wrong(error.to_string())),
    }
}

impl WasiView for State {
    fn ctx(&mut self) -> WasiCtxView<'_> {
        let printed = &self.printed;
        let wasi = self.wasi.get_or_insert_with(|| {
            self.table.set_max_capacity(Caps::HANDLES);
            WasiCtx::builder()
                .stdout(printed.clone())
                .stderr(printed.clone())
                .max_random_size(64 * 1024)
                .allow_tcp(false)
                .allow_udp(false)
                .build()
        });
        WasiCtxView { ctx: wasi, table: &mut self.table }
    }
}

impl ResourceLimiter for State {
    fn memory_growing(&mut self, _current: usize, desired: usize, _maximum: Option<usize>) -> wasmtime::Result<bool> {
        if desired > self.budget.memory {
            return Err(wasmtime::Error::new(OverBudget::Memory(self.budget.memory / (1024 * 1024))));
        }
        self.memory = self.memory.max(desired);
        Ok(true)
    }

    fn table_growing(&mut self, _current: usize, desired: usize, _maximum: Option<usize>) -> wasmtime::Result<bool> {
        if desired > Caps::TABLE_ELEMENTS {
            return Err(wasmtime::Error::new(OverBudget::Table(Caps::TABLE_ELEMENTS)));
        }
        Ok(true)
    }
}

/// A before-hook that must run could not (too slow, trapped): nobody has said no, and it may go well another time.
pub(crate) const HOOK_FAILED: &str = "hook.failed";

/// The same where a guest may pass the words on to whoever acts: in their language.
pub(crate) fn host_error_in(locale: kernel::Locale, error: &kernel::Error) -> HostError {
    use kernel::Error as E;
    let words = || error.message().in_locale(locale);
    match error {
        E::Denied(_) => HostError::Denied(words()),
        E::NotFound(_) => HostError::NotFound(words()),
        E::Conflict { .. } => HostError::Conflict(words()),
        E::Refused(refusal) if refusal.code == HOOK_FAILED => HostError::Unavailable(words()),
        E::Invalid { .. } | E::Refused(_) => HostError::Invalid(invalid_to_wit(locale, error)),
        _ => host_error(error),
    }
}

/// What an error of a service means to a guest. Faults of ours are logged here and keep their details to themselves.
pub(crate) fn host_error(error: &kernel::Error) -> HostError {
    use kernel::Error as E;
    let text = error.to_string();
    match error {
        E::Unauthenticated | E::Denied(_) => HostError::Denied(text),
        E::NotFound(_) => HostError::NotFound(text),
        E::Conflict { .. } => HostError::Conflict(text),
        E::Refused(refusal) if refusal.code == HOOK_FAILED => HostError::Unavailable(text),
        E::Invalid { .. } | E::Refused(_) => HostError::Invalid(invalid_to_wit(kernel::Locale::En, error)),
        E::Limited { .. } | E::TooLarge(_) => HostError::Limit(text),
        E::Unavailable(_) | E::Raced(_) => HostError::Unavailable(text),
        E::Database(_) | E::Internal(_) => {
            tracing::error!(%error, "a host function failed");
            HostError::Internal("the host failed; see its log".to_owned())
        }
    }
}
