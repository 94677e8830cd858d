//! Administration: install, list, enable, disable, settings, uninstall, logs, costs.
//!
//! Rights: every function here wants an administrator; `install` and `uninstall` concern all tenants, so the caller
//! has checked that it is the operator, or that the installation lets tenants' administrators do it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use futures::FutureExt;
use kernel::error::{FieldError, FieldErrors};
use kernel::{Ctx, Error, Result, audit};
use people::require_admin;
use records::catalogue::declared::Purged;
use serde_json::json;
use uuid::Uuid;

use crate::PluginHost;
use crate::capabilities::{LogLevel, events};
use crate::gates::{self, Gate};
use crate::jobs::{schedule, store as runs};
use crate::journal::{self, Cost, LogEntry};
use crate::manifest::known::Known;
use crate::manifest::review::{self, Difference, PermissionChange};
use crate::manifest::{Moment, published};
use crate::package::Level;
use crate::points::events::key_of_plugin;
use crate::registry::store::{self, Installed, NewVersion, TenantRow};
use crate::registry::{Declared, Running, Version, VersionError, opened};
use crate::roles::{self, Given};
use crate::secrets;
use crate::settings::{self, Settings};
use crate::surfaces::close_gone;

pub(crate) const INVALID: &str = "plugin.invalid";

/// Which permissions an admin grants.
#[derive(Debug, Clone)]
pub enum Grants {
    /// All that the newest version asks for, unless the company has another version that asked for less.
    Requested,
    /// These; all that the manifest asks for must be among them.
    Keys(BTreeSet<String>),
    /// Those of this version, which the admin has looked at: all, or these.
    Seen {
        /// Any installed one: an older one takes the company back.
        version: String,
        /// As in `Keys`; none for all.
        keys: Option<BTreeSet<String>>,
    },
}

impl Grants {
    fn keys(&self) -> Option<&BTreeSet<String>> {
        match self {
            Self::Requested => None,
            Self::Keys(keys) => Some(keys),
            Self::Seen { keys, .. } => keys.as_ref(),
        }
    }
}

/// A package that is not taken, in words of the reader's language.
pub(crate) fn refused(error: FieldError) -> Error {
    Error::field(INVALID, "file", error)
}

pub(crate) fn unfit(error: &VersionError) -> Error {
    let (code, reason) = error.coded();
    refused(FieldError::new(code).with("reason", reason))
}

impl PluginHost {
    /// Installs a package for all tenants; nobody runs it before it is enabled. Returns the plugin's id.
    ///
    /// # Errors
    /// `plugin.invalid` naming what is wrong with the package: format, signature, manifest, component, health.
    pub async fn install(&self, ctx: &Ctx, bytes: &[u8]) -> Result<String> {
        require_admin(ctx)?;
        let version = Version::load(&self.inner.engine, bytes, &self.inner.config.trusted).await;
        let version = Arc::new(version.map_err(|error| unfit(&error))?);
        let names = version.names(&records::Catalogue::core(), Known::ToAll);
        names.map_err(|error| refused(FieldError::new("package_manifest").with("reason", error)))?;
        let heard = self.heard_of(&version).await?;
        published::check_names(&version.manifest, &heard)
            .map_err(|error| refused(FieldError::new("package_manifest").with("reason", error)))?;
        if version.level == Level::Dev && !self.inner.config.allow_unsigned {
            return Err(refused(FieldError::new("package_unsigned")));
        }
        version.handles(&self.inner.engine).await.map_err(|error| unfit(&error))?;
        version.health(&self.inner.engine).await.map_err(|error| unfit(&error))?;
        let (id, number) = (version.manifest.id.clone(), version.manifest.version.to_string());
        let db = &self.inner.services.db;
        let tx = db.begin().await?;
        self.check_pin(&tx, &version, &number).await?;
        let new = NewVersion {
            plugin: &id,
            version: &number,
            level: version.level,
            signer: version.signer.as_deref(),
            hash: &version.hash,
            package: bytes,
        };
        if !store::put_version(&tx, &new, ctx.now()).await? {
            // Somebody else may have been first since it was looked at.
            self.check_pin(&tx, &version, &number).await?;
        }
        store::touch(&tx).await?;
        let detail = json!({ "version": number, "hash": version.hash, "level": version.level.name() });
        audit::record(&tx, ctx, "plugin.installed", &id, detail).await?;
        tx.commit().await?;
        self.inner.registry.keep(&version);
        self.inner.registry.changed();
        Ok(id)
    }

    /// What other installed plugins publish, by prefix; nothing where the plugin hears of nobody.
    async fn heard_of(&self, version: &Version) -> Result<BTreeMap<String, Vec<String>>> {
        let mut published: BTreeMap<String, Vec<String>> = BTreeMap::new();
        if !version.manifest.permissions.asks(events::PART.name) {
            return Ok(published);
        }
        let db = &self.inner.services.db;
        for one in store::versions(db.read()).await? {
            let package = store::package(db.read(), &one.plugin, &one.version).await?;
            let Some(declared) = Declared::read(&package) else { continue };
            let names = declared.publishes.into_iter().map(|one| one.name);
            if let Some(prefix) = declared.prefix.filter(|_| one.plugin != version.manifest.id) {
                published.entry(prefix).or_default().extend(names);
            }
        }
        Ok(published)
    }

    /// The key of the first install is pinned; the number of an installed version is never used for other bytes.
    async fn check_pin(&self, tx: &kernel::db::Tx, version: &Version, number: &str) -> Result<()> {
        let id = &version.manifest.id;
        if let Some(pinned) = store::pinned(tx, id).await?
            && pinned != version.signer
            && !matches!(version.level, Level::Core | Level::Verified)
        {
            return Err(refused(FieldError::new("package_other_key").with("plugin", id)));
        }
        match store::version(tx, id, number).await? {
            Some(row) if row.hash != version.hash => {
                let error = FieldError::new("package_other_contents").with("plugin", id).with("version", number);
                Err(refused(error))
            }
            _ => Ok(()),
        }
    }

    /// The newest installed version of a plugin, whether or not this node can load it.
    pub(crate) async fn newest_installed(&self, plugin: &str) -> Result<Installed> {
        let versions = store::versions(self.inner.services.db.read()).await?.into_iter();
        let newest = versions
            .filter(|row| row.plugin == plugin)
            .max_by_key(|row| (semver::Version::parse(&row.version).ok(), row.installed_at));
        newest.ok_or_else(|| Error::NotFound(format!("plugin {plugin}")))
    }

    /// The newest installed version of a plugin, loaded.
    ///
    /// # Errors
    /// `NotFound`; `Unavailable` when this node cannot load it.
    async fn newest(&self, plugin: &str) -> Result<Arc<Version>> {
        let newest = self.newest_installed(plugin).await?;
        self.inner.registry.version(plugin, &newest.version).await
    }

    /// The version by which settings are judged: the one that the tenant runs, else the newest.
    async fn version_of(&self, row: Option<&TenantRow>, plugin: &str) -> Result<Arc<Version>> {
        match row.filter(|row| row.enabled) {
            Some(row) => self.inner.registry.version(plugin, &row.version).await,
            None => self.newest(plugin).await,
        }
    }

    /// The version that an admin means.
    async fn wanted(&self, plugin: &str, grants: &Grants) -> Result<Arc<Version>> {
        match grants {
            Grants::Seen { version, .. } => self.inner.registry.version(plugin, version).await,
            Grants::Requested | Grants::Keys(_) => self.newest(plugin).await,
        }
    }

    /// What a version asks for in place of the one that the company has; all is new where that one is not known.
    pub(crate) async fn differences(&self, row: &TenantRow, version: &Version) -> Vec<Difference> {
        let before = self.inner.registry.version(&row.plugin, &row.version).await.ok();
        review::differences(before.as_ref().map(|before| &before.manifest), &version.manifest)
    }

    /// More than the company has allowed needs an admin who has seen this version, by every door.
    async fn reviewed(&self, row: Option<&TenantRow>, version: &Version, grants: &Grants) -> Result<()> {
        let Some(row) = row.filter(|_| !matches!(grants, Grants::Seen { .. })) else { return Ok(()) };
        if row.version == version.manifest.version.to_string() {
            return Ok(());
        }
        let named = |key: &str| grants.keys().is_some_and(|keys| keys.contains(key));
        let mut errors = FieldErrors::new();
        for one in self.differences(row, version).await {
            match one.change {
                Some(PermissionChange::New) if !named(&one.key) => {
                    errors.insert(format!("grants.{}", one.key), FieldError::new("grant_new"));
                }
                Some(PermissionChange::Wider) => {
                    errors.insert(format!("grants.{}", one.key), FieldError::new("grant_wider"));
                }
                _ => {}
            }
        }
        if errors.is_empty() { Ok(()) } else { Err(Error::Invalid { code: "plugin.review_needed", fields: errors }) }
    }

    /// Lets the tenant run the newest installed version, or the one that was looked at, with these grants. Settings that
    /// are not given stay.
    ///
    /// # Errors
    /// `plugin.invalid` when a requested permission is not granted or the manifest names what this company does not have,
    /// `plugin.review_needed` when it asks for more than the version before and the admin has not said that they have seen
    /// this one, `plugin.settings_invalid`, `NotFound`; `secrets.locked` of a new secret, where it cannot be sealed.
    pub async fn enable(&self, ctx: &Ctx, plugin: &str, grants: &Grants, sent: Option<&Settings>) -> Result<()> {
        self.enable_for(ctx, plugin, grants, sent, None, &Given::new()).await
    }

    /// The same for some departments; with no gate given the one before stays. And its roles are given to these people, beside
    /// those who have them.
    ///
    /// # Errors
    /// Those of [`Self::enable`]; `plugin.gate_invalid`; `plugin.invalid` naming `roles.<key>`.
    pub async fn enable_for(
        &self,
        ctx: &Ctx,
        plugin: &str,
        grants: &Grants,
        sent: Option<&Settings>,
        gate: Option<&Gate>,
        given: &Given,
    ) -> Result<()> {
        async move {
            require_admin(ctx)?;
            let version = self.wanted(plugin, grants).await?;
            let catalogue = self.inner.services.records.catalogue(ctx.tenant).await?;
            let names = version.names(&catalogue, Known::Whole);
            names.map_err(|error| {
                Error::field(INVALID, "manifest", FieldError::new("package_manifest").with("reason", error))
            })?;
            let asked: BTreeSet<String> = version.manifest.grant_keys().into_iter().collect();
            if let Some(keys) = grants.keys() {
                let mut errors = FieldErrors::new();
                for key in asked.difference(keys) {
                    errors.insert(format!("grants.{key}"), FieldError::new("required"));
                }
                for key in keys.difference(&asked) {
                    errors.insert(format!("grants.{key}"), FieldError::new("unknown"));
                }
                if !errors.is_empty() {
                    return Err(Error::Invalid { code: INVALID, fields: errors });
                }
            }
            let seen = store::in_tenant(self.inner.services.db.read(), ctx.tenant, plugin).await?;
            self.reviewed(seen.as_ref(), &version, grants).await?;
            let tx = self.inner.services.db.begin().await?;
            let before = store::in_tenant(&tx, ctx.tenant, plugin).await?;
            if before.as_ref().map(|row| &row.version) != seen.as_ref().map(|row| &row.version) {
                return Err(Error::Conflict { code: "plugin.version_changed", current: None });
            }
            let kept = before.as_ref().map(|row| &row.settings);
            let mut row = TenantRow {
                departments: before.as_ref().and_then(|row| row.departments.clone()),
                plugin: plugin.to_owned(),
                version: version.manifest.version.to_string(),
                enabled: true,
                grants: asked.into_iter().chain(version.manifest.implied_keys()).collect(),
                settings: secrets::settled(&self.inner.services.db, ctx, &version.manifest, sent, kept)?,
                secret: before.map_or_else(|| ctx.env.secret(), |row| row.secret),
                stopped: BTreeSet::new(),
            };
            settings::check_references(&version.manifest, &catalogue, &row.settings)?;
            if let Some(gate) = gate {
                gates::change(&tx, ctx, &mut row, gate).await?;
            }
            store::put_tenant(&tx, ctx.tenant, &row, ctx.now()).await?;
            store::touch(&tx).await?;
            store::note_fills(&tx, ctx.tenant, plugin, version.manifest.fills()).await?;
            self.inner.services.records.declare(&tx, ctx, &version.declared).await?;
            close_gone(&tx, ctx, &version).await?;
            roles::bring(&tx, ctx, &version).await?;
            roles::give(&tx, ctx, &version, given).await?;
            schedule::set(&tx, &self.company_ctx(ctx).await?, &version.manifest).await?;
            // Deliveries and runs that waited for somebody to look.
            for kind in [crate::EVENT_JOB, crate::RUN_JOB] {
                kernel::jobs::hasten(&tx, &ctx.env, ctx.tenant, kind).await?;
            }
            let detail = json!({ "version": row.version, "grants": row.grants });
            audit::record(&tx, ctx, "plugin.enabled", plugin, detail).await?;
            tx.commit().await?;
            self.inner.services.records.forget_catalogue(ctx.tenant);
            self.inner.breakers.reset(ctx.tenant, plugin);
            self.inner.registry.changed();
            self.at_moment(ctx, plugin, Moment::Enabled).await;
            Ok(())
        }
        .boxed()
        .await
    }

    /// Stops a plugin in the tenant; its data stays, hidden. Calls in flight end by themselves.
    ///
    /// # Errors
    /// `NotFound` when the tenant does not run it.
    pub async fn disable(&self, ctx: &Ctx, plugin: &str) -> Result<()> {
        require_admin(ctx)?;
        self.at_moment(ctx, plugin, Moment::Disabling).await;
        let closing = self.closing(ctx, plugin).await?;
        let tx = self.inner.services.db.begin().await?;
        self.change_row_in(&tx, ctx, plugin, "plugin.disabled", |row| {
            row.enabled = false;
            Ok(())
        })
        .await?;
        for (page, words) in &closing {
            opened::note(&tx, ctx.tenant, plugin, page, words).await?;
        }
        self.inner.services.records.withdraw(&tx, ctx, plugin).await?;
        // What waits is not for a plugin that is enabled again later.
        kernel::jobs::order::forget(&tx, ctx.tenant, &key_of_plugin(ctx.tenant, plugin)).await?;
        // Runs that have begun, and those that it enqueued, go on when it is enabled again.
        schedule::remove(&tx, ctx.tenant, plugin).await?;
        runs::unplan(&tx, ctx.tenant, plugin).await?;
        tx.commit().await?;
        self.inner.services.records.forget_catalogue(ctx.tenant);
        self.inner.breakers.reset(ctx.tenant, plugin);
        self.inner.registry.changed();
        Ok(())
    }

    /// Removes for good what a plugin that does not run has left in the company: its entities with their records, its
    /// fields with their values, its keys, settings and log; and empties the fields of the product that it alone filled.
    /// Roles that it brought stay, as the company's.
    ///
    /// # Errors
    /// `plugin.in_use` while the company runs it; `NotFound` where it left nothing.
    pub async fn purge(&self, ctx: &Ctx, plugin: &str) -> Result<Purged> {
        require_admin(ctx)?;
        let tx = self.inner.services.db.begin().await?;
        let row = store::in_tenant(&tx, ctx.tenant, plugin).await?;
        if row.as_ref().is_some_and(|row| row.enabled) {
            return Err(Error::Conflict { code: "plugin.in_use", current: None });
        }
        let mut purged = self.inner.services.records.purge_declared(&tx, ctx, plugin).await?;
        for (entity, field) in store::fills_alone(&tx, ctx.tenant, plugin).await? {
            purged.emptied += self.inner.services.records.empty_field(&tx, ctx, &entity, &field).await?;
        }
        let rest = store::purge(&tx, ctx.tenant, plugin).await?;
        if row.is_none() && rest == 0 && purged == Purged::default() {
            return Err(Error::NotFound(format!("plugin {plugin} in this company")));
        }
        store::touch(&tx).await?;
        audit::record(&tx, ctx, "plugin.purged", plugin, json!(purged)).await?;
        tx.commit().await?;
        self.inner.services.records.forget_catalogue(ctx.tenant);
        self.inner.registry.changed();
        Ok(purged)
    }

    /// Replaces the settings of a plugin in the tenant. Secrets that are left out stay.
    ///
    /// # Errors
    /// `plugin.settings_invalid`, `NotFound` when the tenant never enabled it; `secrets.locked` of a secret, where it cannot be sealed.
    pub async fn set_settings(&self, ctx: &Ctx, plugin: &str, sent: &Settings) -> Result<()> {
        require_admin(ctx)?;
        let row = store::in_tenant(self.inner.services.db.read(), ctx.tenant, plugin).await?;
        let version = self.version_of(row.as_ref(), plugin).await?;
        let catalogue = self.inner.services.records.catalogue(ctx.tenant).await?;
        self.change_row(ctx, plugin, "plugin.settings_changed", |row| {
            if row.enabled && row.version != version.manifest.version.to_string() {
                return Err(Error::Conflict { code: "plugin.version_changed", current: None });
            }
            let (db, kept) = (&self.inner.services.db, Some(&row.settings));
            row.settings = secrets::settled(db, ctx, &version.manifest, Some(sent), kept)?;
            settings::check_references(&version.manifest, &catalogue, &row.settings)
        })
        .await
    }

    /// Makes a new secret for signed routes; the old one is good no longer.
    ///
    /// # Errors
    /// `NotFound` when the tenant never enabled it.
    pub async fn rotate_secret(&self, ctx: &Ctx, plugin: &str) -> Result<()> {
        require_admin(ctx)?;
        self.change_row(ctx, plugin, "plugin.secret_rotated", |row| {
            row.secret = ctx.env.secret();
            Ok(())
        })
        .await
    }

    /// The same act where schedules are read: in the company's time zone as it is now.
    async fn company_ctx(&self, ctx: &Ctx) -> Result<Ctx> {
        let zone = people::tenant::get(&self.inner.services.db, ctx.tenant).await?.zone;
        Ok(Ctx { zone, ..ctx.clone() })
    }

    async fn change_row(
        &self,
        ctx: &Ctx,
        plugin: &str,
        action: &str,
        change: impl FnOnce(&mut TenantRow) -> Result<()>,
    ) -> Result<()> {
        let tx = self.inner.services.db.begin().await?;
        self.change_row_in(&tx, ctx, plugin, action, change).await?;
        tx.commit().await?;
        self.inner.registry.changed();
        Ok(())
    }

    pub(crate) async fn change_row_in(
        &self,
        tx: &kernel::db::Tx,
        ctx: &Ctx,
        plugin: &str,
        action: &str,
        change: impl FnOnce(&mut TenantRow) -> Result<()>,
    ) -> Result<()> {
        let found = store::in_tenant(tx, ctx.tenant, plugin).await?;
        let mut row = found.ok_or_else(|| Error::NotFound(format!("plugin {plugin} in this company")))?;
        change(&mut row)?;
        store::put_tenant(tx, ctx.tenant, &row, ctx.now()).await?;
        store::touch(tx).await?;
        audit::record(tx, ctx, action, plugin, json!({ "enabled": row.enabled, "stopped": row.stopped })).await?;
        Ok(())
    }

    /// Removes a plugin from the installation. What it stored stays until it is purged.
    ///
    /// # Errors
    /// `plugin.in_use` while any tenant runs it, `NotFound`.
    pub async fn uninstall(&self, ctx: &Ctx, plugin: &str) -> Result<()> {
        require_admin(ctx)?;
        let tx = self.inner.services.db.begin().await?;
        if store::pinned(&tx, plugin).await?.is_none() {
            return Err(Error::NotFound(format!("plugin {plugin}")));
        }
        if store::is_used(&tx, plugin).await? {
            return Err(Error::Conflict { code: "plugin.in_use", current: None });
        }
        store::remove(&tx, plugin).await?;
        runs::stop_all(&tx, plugin, ctx.now()).await?;
        store::touch(&tx).await?;
        audit::record(&tx, ctx, "plugin.uninstalled", plugin, json!({})).await?;
        tx.commit().await?;
        self.inner.registry.changed();
        Ok(())
    }

    /// What the tenant runs and is on for whoever asks, for `GET /me`: id and title.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn enabled(&self, ctx: &Ctx) -> Result<Vec<(String, String)>> {
        let plugins = self.inner.registry.tenant(ctx.tenant).await?;
        let named =
            |plugin: &Arc<Running>| (plugin.id().to_owned(), plugin.manifest().title.in_locale(ctx.locale).to_owned());
        let open = plugins.running().iter().filter(|plugin| !ctx.is_closed(plugin.id()));
        Ok(open.map(named).collect())
    }

    /// A page of the log of a plugin, newest first, older than `before`.
    ///
    /// # Errors
    /// `Denied`; when the database fails.
    pub async fn logs(
        &self,
        ctx: &Ctx,
        plugin: &str,
        before: Option<Uuid>,
        level: Option<LogLevel>,
    ) -> Result<Vec<LogEntry>> {
        require_admin(ctx)?;
        self.flush().await?;
        journal::trim(&self.inner.services.db, ctx.tenant, plugin).await?;
        journal::read(&self.inner.services.db, ctx.tenant, plugin, before, level).await
    }

    /// What a plugin cost in the tenant over the last 30 days, by point.
    ///
    /// # Errors
    /// `Denied`; when the database fails.
    pub async fn cost(&self, ctx: &Ctx, plugin: &str) -> Result<Vec<Cost>> {
        require_admin(ctx)?;
        self.flush().await?;
        let since = ctx.now().plus_seconds(-30 * 24 * 3_600).utc().format("%Y-%m-%d").to_string();
        journal::costs(&self.inner.services.db, ctx.tenant, plugin, &since).await
    }
}
