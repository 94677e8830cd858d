//! Which plugins there are and which tenant runs which: versions compiled once, tenants read lazily and kept until
//! something changes anywhere.
//!
//! Three states are told apart. *Installed* ([`store::Installed`]): a version is in the database. *Enabled*
//! ([`store::TenantRow`]): a company wants to run a version, with grants and settings. *Running* ([`Running`]): this node
//! has loaded it for the company; or it could not and tries again ([`Failed`]).
//!
//! A counter row grows with every change; it is read at most once a second, so that a change made by another process
//! on the same database (a node, the CLI) reaches this one within a second; changes made here count at once. Calls in
//! flight keep the `Arc` they began with: enabling another version or disabling is a pointer flip.
//!
//! Compilation holds nobody up but those who need what is compiled: each company is loaded by one at a time, each version is
//! compiled once however many wait for it.

mod compiling;
mod failed;
pub(crate) mod links;
pub(crate) mod opened;
pub(crate) mod store;
mod version;

use std::collections::{BTreeSet, HashMap};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use futures::FutureExt;
use kernel::access::{AccessRow, Rights, RoleRights, RowKind};
use kernel::clock::Env;
use kernel::{Db, Error, Result, TenantId};
use tokio::time::Instant;

use crate::capabilities::processes;
use crate::engine::Engine;
use crate::gates::Gate;
use crate::manifest::{Hook, Manifest, RecordPermission, RunAs, Subscription};
use crate::package::TrustedKeys;
use crate::settings::Settings;
use crate::when::When;

use compiling::Compiling;
pub(crate) use failed::{Declared, Failed, not_loaded, secret_keys};
pub use version::{Version, VersionError};

/// How old the knowledge about other processes' changes may be.
const FRESH: Duration = Duration::from_secs(1);

/// Seconds after which a plugin that could not be loaded is tried again.
const AGAIN: i64 = 30;

/// An enabled plugin, as far as this node got with it.
pub(crate) enum OnNode {
    Running(Arc<Running>),
    Failed(Arc<Failed>),
}

/// A plugin that this node runs for a company.
pub(crate) struct Running {
    pub(crate) version: Arc<Version>,
    pub(crate) enabled: store::TenantRow,
    /// In force: what was set over the defaults.
    pub(crate) settings: Settings,
    /// Rights of the plugin itself: exactly its grants.
    pub(crate) granted: Arc<Rights>,
    /// The same, when it runs as itself.
    pub(crate) own_rights: Option<Arc<Rights>>,
}

impl Running {
    fn new(version: Arc<Version>, enabled: store::TenantRow) -> Self {
        let settings = crate::settings::in_force(&version.manifest, &enabled.settings);
        let granted = Arc::new(own_rights(&version.manifest, &enabled.grants));
        let own_rights = (version.manifest.permissions.run_as == RunAs::Plugin).then(|| Arc::clone(&granted));
        Self { version, enabled, settings, granted, own_rights }
    }

    /// Points stopped for good by the breaker.
    pub(crate) const fn stopped(&self) -> &BTreeSet<String> {
        &self.enabled.stopped
    }

    pub(crate) fn id(&self) -> &str {
        &self.version.manifest.id
    }

    pub(crate) fn manifest(&self) -> &Manifest {
        &self.version.manifest
    }

    pub(crate) fn has_grant(&self, key: &str) -> bool {
        self.enabled.grants.contains(key)
    }

    /// What it may do with records of an entity, if that was granted.
    pub(crate) fn records(&self, entity: &str) -> Option<&RecordPermission> {
        self.version.manifest.records(entity).filter(|_| self.has_grant(&format!("records.{entity}")))
    }
}

/// Exactly the grants, for every record of the tenant; fields are checked where values pass.
fn own_rights(manifest: &Manifest, grants: &BTreeSet<String>) -> Rights {
    let granted = manifest.record_permissions().filter(|(entity, _)| grants.contains(&format!("records.{entity}")));
    let rows = granted.map(|(entity, permission)| AccessRow {
        kind: RowKind::Permission,
        entity: entity.clone(),
        actions: permission.actions.iter().copied().collect(),
        filter: None,
        covers: None,
    });
    let processes =
        if grants.contains(processes::PART.name) { processes::rights(manifest) } else { Default::default() };
    Rights::of_roles(&[RoleRights { rows: rows.collect(), processes, ..RoleRights::default() }])
}

/// A hook with the plugin it belongs to.
#[derive(Clone)]
pub(crate) struct HookPoint {
    pub(crate) plugin: Arc<Running>,
    index: usize,
}

impl HookPoint {
    /// The declaration; hook points are made from the manifest, so it is there.
    pub(crate) fn hook(&self) -> Option<&Hook> {
        self.plugin.manifest().hooks.get(self.index)
    }

    pub(crate) fn when(&self) -> Option<&When> {
        self.plugin.version.whens.get(self.index).and_then(Option::as_ref)
    }
}

/// Everything enabled in one tenant.
#[derive(Default)]
pub(crate) struct TenantPlugins {
    running: Vec<Arc<Running>>,
    failed: Vec<Arc<Failed>>,
    /// By entity, in the order of calls.
    hooks: HashMap<String, Vec<HookPoint>>,
}

impl TenantPlugins {
    fn new(mut plugins: Vec<Arc<Running>>, failed: Vec<Arc<Failed>>) -> Self {
        plugins.sort_by(|one, other| one.id().cmp(other.id()));
        let mut hooks: HashMap<String, Vec<HookPoint>> = HashMap::new();
        for plugin in &plugins {
            for (index, hook) in plugin.manifest().hooks.iter().enumerate() {
                if plugin.records(&hook.entity).is_some() {
                    hooks.entry(hook.entity.clone()).or_default().push(HookPoint { plugin: Arc::clone(plugin), index });
                }
            }
        }
        for points in hooks.values_mut() {
            points.sort_by_key(|point| {
                (point.hook().map_or(0, |hook| hook.order), point.plugin.id().to_owned(), point.index)
            });
        }
        Self { running: plugins, failed, hooks }
    }

    pub(crate) fn hooks(&self, entity: &str) -> &[HookPoint] {
        self.hooks.get(entity).map_or(&[], Vec::as_slice)
    }

    pub(crate) fn get(&self, plugin: &str) -> Option<OnNode> {
        let running = self.running.iter().find(|running| running.id() == plugin).map(Arc::clone).map(OnNode::Running);
        let failed = || self.failed.iter().find(|failed| failed.enabled.plugin == plugin).map(Arc::clone);
        running.or_else(|| failed().map(OnNode::Failed))
    }

    /// Subscriptions of all plugins that run.
    pub(crate) fn subscriptions(&self) -> impl Iterator<Item = (&Arc<Running>, &Subscription)> {
        self.running.iter().flat_map(|plugin| plugin.manifest().events.iter().map(move |one| (plugin, one)))
    }

    pub(crate) const fn running(&self) -> &Vec<Arc<Running>> {
        &self.running
    }

    /// What is enabled and could not be loaded.
    pub(crate) const fn failed(&self) -> &Vec<Arc<Failed>> {
        &self.failed
    }
}

/// What is known now.
#[derive(Default)]
struct Known {
    counter: i64,
    checked: Option<Instant>,
    tenants: HashMap<TenantId, Arc<TenantPlugins>>,
    gates: HashMap<TenantId, Arc<Vec<(String, Gate)>>>,
    versions: HashMap<String, Arc<Version>>,
    /// By the hash of the package.
    compiling: HashMap<String, Compiling>,
    /// Held by the one who loads a company.
    loading: HashMap<TenantId, Arc<tokio::sync::Mutex<()>>>,
}

impl Known {
    fn forget(&mut self) {
        self.tenants.clear();
        self.gates.clear();
    }
}

/// The registry; cheap to clone.
#[derive(Clone)]
pub(crate) struct Registry {
    db: Db,
    env: Env,
    engine: Engine,
    trusted: TrustedKeys,
    known: Arc<Mutex<Known>>,
}

impl Registry {
    pub(crate) fn new(db: &Db, env: &Env, engine: &Engine, trusted: TrustedKeys) -> Self {
        Self { db: db.clone(), env: env.clone(), engine: engine.clone(), trusted, known: Arc::default() }
    }

    fn with<T>(&self, look: impl FnOnce(&mut Known) -> T) -> T {
        look(&mut self.known.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Forgets all tenants: something was changed here.
    pub(crate) fn changed(&self) {
        self.with(|known| {
            known.checked = None;
            known.forget();
        });
    }

    /// What a tenant runs.
    ///
    /// # Errors
    /// When the database fails. A plugin that cannot be loaded is among the failed.
    pub(crate) async fn tenant(&self, tenant: TenantId) -> Result<Arc<TenantPlugins>> {
        self.refresh().await?;
        if let Some(plugins) = self.with(|known| known.tenants.get(&tenant).cloned()) {
            return Ok(plugins);
        }
        let loading = self.loading(tenant);
        let _one_at_a_time = loading.lock().await;
        if let Some(plugins) = self.with(|known| known.tenants.get(&tenant).cloned()) {
            return Ok(plugins);
        }
        self.load_anew(tenant).boxed().await
    }

    /// The gates of a tenant, by plugin, whether or not this node can load the plugins; those that are on for everybody
    /// have none.
    ///
    /// # Errors
    /// When the database fails.
    pub(crate) async fn gates(&self, tenant: TenantId) -> Result<Arc<Vec<(String, Gate)>>> {
        self.refresh().await?;
        let (counter, known) = self.with(|known| (known.counter, known.gates.get(&tenant).cloned()));
        if let Some(gates) = known {
            return Ok(gates);
        }
        let gates = Arc::new(store::gates(self.db.read(), tenant).await?);
        self.with(|known| {
            if known.counter == counter {
                known.gates.insert(tenant, Arc::clone(&gates));
            }
        });
        Ok(gates)
    }

    fn loading(&self, tenant: TenantId) -> Arc<tokio::sync::Mutex<()>> {
        self.with(|known| Arc::clone(known.loading.entry(tenant).or_default()))
    }

    /// Loads a company and keeps it, unless something was changed meanwhile. The caller is the one who loads it.
    async fn load_anew(&self, tenant: TenantId) -> Result<Arc<TenantPlugins>> {
        let counter = self.with(|known| known.counter);
        let plugins = Arc::new(self.load_tenant(tenant).await?);
        self.with(|known| {
            if known.counter == counter {
                known.tenants.insert(tenant, Arc::clone(&plugins));
            }
        });
        Ok(plugins)
    }

    async fn refresh(&self) -> Result<()> {
        if self.with(|known| known.checked.is_some_and(|at| at.elapsed() < FRESH)) {
            return Ok(());
        }
        let counter = store::counter(self.db.read()).await?;
        self.with(|known| {
            if known.counter != counter {
                known.forget();
            }
            known.counter = counter;
            known.checked = Some(Instant::now());
        });
        Ok(())
    }

    async fn load_tenant(&self, tenant: TenantId) -> Result<TenantPlugins> {
        let (mut running, mut failed) = (Vec::new(), Vec::new());
        for row in store::of_tenant(self.db.read(), tenant).await?.into_iter().filter(|row| row.enabled) {
            match self.version(&row.plugin, &row.version).await {
                Ok(version) => running.push(Arc::new(Running::new(version, row))),
                Err(error) => {
                    let reason = match error {
                        Error::Unavailable(reason) => reason,
                        other => other.to_string(),
                    };
                    tracing::error!(reason, plugin = row.plugin, %tenant, "an enabled plugin cannot be loaded");
                    failed.push(Arc::new(self.failed_one(row, reason).await));
                }
            }
        }
        Ok(TenantPlugins::new(running, failed))
    }

    /// What is known of a plugin that cannot be loaded.
    pub(crate) async fn failed_one(&self, enabled: store::TenantRow, reason: String) -> Failed {
        let package = store::package(self.db.read(), &enabled.plugin, &enabled.version).await;
        let declared = package.ok().and_then(|bytes| Declared::read(&bytes));
        Failed { enabled, reason, declared, tried: self.env.now() }
    }

    /// Tries again to load what could not be loaded, each after half a minute.
    ///
    /// # Errors
    /// When the database fails.
    pub(crate) async fn try_again(&self) -> Result<()> {
        let now = self.env.now();
        let waits = |plugins: &TenantPlugins| plugins.failed.iter().any(|one| one.tried.plus_seconds(AGAIN) <= now);
        let tenants: Vec<TenantId> = self.with(|known| {
            known.tenants.iter().filter(|(_, plugins)| waits(plugins)).map(|(tenant, _)| *tenant).collect()
        });
        for tenant in tenants {
            let loading = self.loading(tenant);
            let _one_at_a_time = loading.lock().await;
            self.load_anew(tenant).await?;
        }
        Ok(())
    }

    /// Plugin, version and reason of everything that this node could not load when it last tried, each once.
    pub(crate) fn failed(&self) -> Vec<(String, String, String)> {
        let of = |failed: &Arc<Failed>| {
            (failed.enabled.plugin.clone(), failed.enabled.version.clone(), failed.reason.clone())
        };
        let all: BTreeSet<_> =
            self.with(|known| known.tenants.values().flat_map(|plugins| &plugins.failed).map(of).collect());
        all.into_iter().collect()
    }

    /// One version, compiled.
    ///
    /// # Errors
    /// `NotFound`; `Unavailable` with what is wrong with the package on this node.
    pub(crate) async fn version(&self, plugin: &str, version: &str) -> Result<Arc<Version>> {
        let stored = store::version(self.db.read(), plugin, version).await?;
        let stored = stored.ok_or_else(|| Error::NotFound(format!("plugin {plugin} {version}")))?;
        let compiled = self.compiled(plugin, version, &stored.hash).await;
        compiled.map_err(|reason| not_loaded(plugin, version, &reason))
    }

    /// Keeps a version that was just compiled.
    pub(crate) fn keep(&self, version: &Arc<Version>) {
        self.with(|known| known.versions.insert(version.hash.clone(), Arc::clone(version)));
    }
}
