//! Which plugins there are and which tenant runs which: versions compiled once, tenants read lazily and kept until
//! something changes anywhere.
//!
//! A counter row grows with every change; it is read at most once a second, so that a change made by another process
//! on the same database (a node, the CLI) reaches this one within a second; changes made here count at once. Calls in
//! flight keep the `Arc` they began with: enabling another version or disabling is a pointer flip.

pub(crate) mod store;
mod version;

use std::collections::{BTreeSet, HashMap};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use kernel::access::{AccessRow, Rights, RoleRights, RowKind};
use kernel::{Db, Error, Result, TenantId};
use tokio::time::Instant;

use crate::engine::Engine;
use crate::manifest::{Hook, Manifest, RecordPermission, RunAs, Subscription};
use crate::package::TrustedKeys;
use crate::settings::Settings;
use crate::when::When;

pub use version::Version;

/// How old the knowledge about other processes' changes may be.
const FRESH: Duration = Duration::from_secs(1);

/// A plugin as a tenant runs it.
pub struct Enabled {
    pub(crate) version: Arc<Version>,
    pub(crate) grants: BTreeSet<String>,
    /// In force: what was set over the defaults.
    pub(crate) settings: Settings,
    /// Signs requests to `hmac` routes.
    pub(crate) secret: String,
    /// Rights of the plugin itself: exactly its grants.
    pub(crate) granted: Arc<Rights>,
    /// The same, when it runs as itself.
    pub(crate) own_rights: Option<Arc<Rights>>,
    /// Points stopped for good by the breaker.
    pub(crate) stopped: BTreeSet<String>,
}

impl Enabled {
    pub(crate) fn new(version: Arc<Version>, row: store::TenantRow) -> Self {
        let settings = crate::settings::in_force(&version.manifest, &row.settings);
        let granted = Arc::new(own_rights(&version.manifest, &row.grants));
        let own_rights = (version.manifest.permissions.run_as == RunAs::Plugin).then(|| Arc::clone(&granted));
        Self { version, grants: row.grants, settings, secret: row.secret, granted, own_rights, stopped: row.stopped }
    }

    pub(crate) fn id(&self) -> &str {
        &self.version.manifest.id
    }

    pub(crate) fn manifest(&self) -> &Manifest {
        &self.version.manifest
    }

    pub(crate) fn has_grant(&self, key: &str) -> bool {
        self.grants.contains(key)
    }

    /// What it may do with records of an entity, if that was granted.
    pub(crate) fn records(&self, entity: &str) -> Option<&RecordPermission> {
        self.version.manifest.records(entity).filter(|_| self.has_grant(&format!("records.{entity}")))
    }
}

/// Exactly the grants, for every record of the tenant; fields are checked where values pass.
fn own_rights(manifest: &Manifest, grants: &BTreeSet<String>) -> Rights {
    let granted =
        manifest.permissions.records.iter().filter(|(entity, _)| grants.contains(&format!("records.{entity}")));
    let rows = granted.map(|(entity, permission)| AccessRow {
        kind: RowKind::Permission,
        entity: entity.clone(),
        actions: permission.actions.iter().copied().collect(),
        filter: None,
        covers: None,
    });
    Rights::of_roles(&[RoleRights { admin: false, rows: rows.collect(), fields: Vec::new() }])
}

/// A hook with the plugin it belongs to.
#[derive(Clone)]
pub(crate) struct HookPoint {
    pub(crate) plugin: Arc<Enabled>,
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
    plugins: Vec<Arc<Enabled>>,
    /// By entity, in the order of calls.
    hooks: HashMap<String, Vec<HookPoint>>,
}

impl TenantPlugins {
    pub(crate) fn new(mut plugins: Vec<Arc<Enabled>>) -> Self {
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
        Self { plugins, hooks }
    }

    pub(crate) fn hooks(&self, entity: &str) -> &[HookPoint] {
        self.hooks.get(entity).map_or(&[], Vec::as_slice)
    }

    pub(crate) fn get(&self, plugin: &str) -> Option<&Arc<Enabled>> {
        self.plugins.iter().find(|enabled| enabled.id() == plugin)
    }

    /// Subscriptions of all plugins.
    pub(crate) fn subscriptions(&self) -> impl Iterator<Item = (&Arc<Enabled>, &Subscription)> {
        self.plugins.iter().flat_map(|plugin| plugin.manifest().events.iter().map(move |one| (plugin, one)))
    }

    pub(crate) const fn all(&self) -> &Vec<Arc<Enabled>> {
        &self.plugins
    }
}

/// What is known now.
#[derive(Default)]
struct Known {
    counter: i64,
    checked: Option<Instant>,
    tenants: HashMap<TenantId, Arc<TenantPlugins>>,
    versions: HashMap<String, Arc<Version>>,
}

/// The registry; cheap to clone.
#[derive(Clone)]
pub(crate) struct Registry {
    db: Db,
    engine: Engine,
    trusted: TrustedKeys,
    known: Arc<Mutex<Known>>,
    loading: Arc<tokio::sync::Mutex<()>>,
}

impl Registry {
    pub(crate) fn new(db: &Db, engine: &Engine, trusted: TrustedKeys) -> Self {
        Self { db: db.clone(), engine: engine.clone(), trusted, known: Arc::default(), loading: Arc::default() }
    }

    fn with<T>(&self, look: impl FnOnce(&mut Known) -> T) -> T {
        look(&mut self.known.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Forgets all tenants: something was changed here.
    pub(crate) fn changed(&self) {
        self.with(|known| {
            known.checked = None;
            known.tenants.clear();
        });
    }

    /// What a tenant runs.
    ///
    /// # Errors
    /// When the database fails. A plugin that cannot be loaded is left out and logged.
    pub(crate) async fn tenant(&self, tenant: TenantId) -> Result<Arc<TenantPlugins>> {
        self.refresh().await?;
        if let Some(plugins) = self.with(|known| known.tenants.get(&tenant).cloned()) {
            return Ok(plugins);
        }
        let _one_at_a_time = self.loading.lock().await;
        if let Some(plugins) = self.with(|known| known.tenants.get(&tenant).cloned()) {
            return Ok(plugins);
        }
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
                known.tenants.clear();
            }
            known.counter = counter;
            known.checked = Some(Instant::now());
        });
        Ok(())
    }

    async fn load_tenant(&self, tenant: TenantId) -> Result<TenantPlugins> {
        let mut plugins = Vec::new();
        for row in store::of_tenant(self.db.read(), tenant).await?.into_iter().filter(|row| row.enabled) {
            match self.load_version(&row.plugin, &row.version).await {
                Ok(version) => plugins.push(Arc::new(Enabled::new(version, row))),
                Err(error) => {
                    tracing::error!(%error, plugin = row.plugin, %tenant, "an enabled plugin cannot be loaded")
                }
            }
        }
        Ok(TenantPlugins::new(plugins))
    }

    /// One version, compiled.
    ///
    /// # Errors
    /// `NotFound`, or what is wrong with the package.
    pub(crate) async fn version(&self, plugin: &str, version: &str) -> Result<Arc<Version>> {
        let _one_at_a_time = self.loading.lock().await;
        self.load_version(plugin, version).await
    }

    async fn load_version(&self, plugin: &str, version: &str) -> Result<Arc<Version>> {
        let stored = store::version(self.db.read(), plugin, version).await?;
        let stored = stored.ok_or_else(|| Error::NotFound(format!("plugin {plugin} {version}")))?;
        if let Some(known) = self.with(|known| known.versions.get(&stored.hash).cloned()) {
            return Ok(known);
        }
        let bytes = store::package(self.db.read(), plugin, version).await?;
        let loaded = Version::load(&self.engine, &bytes, &self.trusted).await.map_err(Error::internal)?;
        let loaded = Arc::new(loaded);
        self.keep(&loaded);
        Ok(loaded)
    }

    /// Keeps a version that was just compiled.
    pub(crate) fn keep(&self, version: &Arc<Version>) {
        self.with(|known| known.versions.insert(version.hash.clone(), Arc::clone(version)));
    }
}
