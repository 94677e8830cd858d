//! What the API shows of plugins, in the reader's language.

mod brings;
mod failed;
mod jobs;
mod permissions;
mod schema;
mod steps;
mod update;

use std::collections::BTreeMap;

use kernel::{Ctx, Locale, Result};
use people::require_admin;
use serde::Serialize;
use serde_json::Value as Json;
use uuid::Uuid;

use crate::PluginHost;
use crate::breaker::BreakerState;
use crate::manifest::review::PermissionChange;
use crate::manifest::{Choice, Manifest, RouteAuth, Setting, SettingType};
use crate::package::Level;
use crate::points;
use crate::points::{before, events, http};
use crate::registry::Version;
use crate::registry::store::{self, Installed, TenantRow};

pub use crate::jobs::{Origin as RunOrigin, RunState};
pub use brings::{BringView, Brought, BroughtChange};
use failed::{Seen, failed_summary};
pub use jobs::{JobView, RunQuery, RunView};
use permissions::permissions;
pub use schema::SchemaChange;
pub use steps::{ParameterView, StepView};

/// A plugin in a list.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct PluginSummary {
    /// Its id.
    pub id: String,
    /// Its name.
    pub title: String,
    /// What it does.
    pub description: String,
    /// The version the tenant runs, else the newest installed.
    pub version: String,
    /// The newest installed version, where it differs.
    pub available: Option<String>,
    /// Who vouches for it.
    pub level: Level,
    /// Whether the tenant runs it.
    pub enabled: bool,
    /// How it stands in the tenant.
    pub state: PluginState,
    /// What fails, if something does.
    pub problem: Option<String>,
    /// Free word for grouping.
    pub category: String,
}

/// How a plugin stands in a tenant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum PluginState {
    /// It runs.
    Enabled,
    /// It does not.
    Disabled,
    /// It runs, and points of it are held back.
    Failing,
    /// It is enabled, and this node cannot load it.
    Failed,
}

/// A plugin with everything an admin decides on.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct PluginDetail {
    /// As in the list.
    #[serde(flatten)]
    pub summary: PluginSummary,
    /// What the version that the company runs asks for, else the newest.
    pub permissions: Vec<PermissionView>,
    /// The newest version, where the company has another one: what would be allowed by enabling it.
    pub update: Option<UpdateView>,
    /// What enabling it would change of entities and fields; nothing while it runs.
    pub schema: Vec<SchemaChange>,
    /// What else it brings: roles, hooks, jobs, events, routes.
    pub brings: Vec<BringView>,
    /// The form of its settings.
    pub settings_schema: Vec<SettingView>,
    /// Settings in force, secrets left out.
    #[schema(value_type = BTreeMap<String, Json>)]
    pub settings: BTreeMap<String, Json>,
    /// Its before-hooks in the order of calls.
    pub hooks: Vec<HookView>,
    /// Its subscriptions.
    pub events: Vec<EventView>,
    /// Its routes.
    pub routes: Vec<RouteView>,
    /// What it does for processes and tasks.
    pub actions: Vec<StepView>,
    /// What it answers processes with yes or no.
    pub conditions: Vec<StepView>,
    /// Secret of signed routes; none when it has no such route or was never enabled.
    pub secret: Option<String>,
    /// The departments that it is on for, with those below them; none: for everybody.
    pub gate: Option<Vec<GateView>>,
    /// Of this gate: `If-Match` of whoever changes it.
    pub gate_version: String,
}

/// A department that a module is on for.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
#[schema(as = PluginGate)]
pub struct GateView {
    /// Its id.
    pub id: Uuid,
    /// What it is called; none where it was removed: it lets nobody in.
    pub name: Option<String>,
}

/// A version that may take the place of the one that a company has.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
#[schema(as = PluginUpdate)]
pub struct UpdateView {
    /// Its number: what `enable` is told when its permissions have been looked at.
    pub version: String,
    /// The one that the company has.
    pub replaces: String,
    /// What it asks for, and what it does not ask for any more, with the differences.
    pub permissions: Vec<PermissionView>,
    /// Whether it asks for more.
    pub asks_more: bool,
    /// What enabling it would change of entities and fields.
    pub schema: Vec<SchemaChange>,
    /// What else it brings, and what it does not bring any more, with the differences.
    pub brings: Vec<BringView>,
    /// The form of its settings.
    pub settings_schema: Vec<SettingView>,
}

/// A permission.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
#[schema(as = PluginPermission)]
pub struct PermissionView {
    /// `records.lead`, `kv`, `tasks`.
    pub key: String,
    /// What it allows.
    pub title: String,
    /// Why the plugin wants it.
    pub reason: String,
    /// Whether the tenant granted it.
    pub granted: bool,
    /// In an update: how it differs; none where it is as it was.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub change: Option<PermissionChange>,
}

/// A setting.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
#[schema(as = PluginSetting)]
pub struct SettingView {
    /// Its key.
    pub key: String,
    /// Its kind.
    #[serde(rename = "type")]
    pub kind: SettingType,
    /// Beside the input.
    pub label: String,
    /// Below the input.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub help: Option<String>,
    /// Must be set.
    pub required: bool,
    /// Until it is set.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub default: Option<Json>,
    /// Of a choice.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub choices: Vec<ChoiceView>,
    /// Of an integer.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub min: Option<i64>,
    /// Of an integer.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub max: Option<i64>,
    /// Of a stage or a field: whose.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub entity: Option<String>,
}

/// One entry of a choice.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
#[schema(as = PluginChoice)]
pub struct ChoiceView {
    /// Kept.
    pub value: String,
    /// Shown.
    pub label: String,
}

/// A hook.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
#[schema(as = PluginHook)]
pub struct HookView {
    /// Its id.
    pub id: String,
    /// Entity key.
    pub entity: String,
    /// `create`, `update`, `delete`, `restore`.
    pub operations: Vec<String>,
    /// Place among all hooks.
    pub order: i32,
    /// Condition.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub when: Option<String>,
    /// Its circuit breaker.
    pub breaker: BreakerState,
}

/// A subscription.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
#[schema(as = PluginEvent)]
pub struct EventView {
    /// Its id.
    pub id: String,
    /// Event names.
    pub on: Vec<String>,
    /// Its circuit breaker.
    pub breaker: BreakerState,
}

/// A route.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
#[schema(as = PluginRoute)]
pub struct RouteView {
    /// Method.
    pub method: String,
    /// Path below the plugin's own.
    pub path: String,
    /// Who may call it.
    pub auth: RouteAuth,
    /// Where it is reached.
    pub url: String,
    /// Its circuit breaker.
    pub breaker: BreakerState,
}

/// What tells the gate of a company from another.
fn gate_version(row: Option<&TenantRow>) -> String {
    crate::gates::version(&row.and_then(|row| row.departments.clone()))
}

impl PluginHost {
    /// All installed plugins as the tenant sees them.
    ///
    /// # Errors
    /// `Denied`; when the database fails.
    pub async fn list(&self, ctx: &Ctx) -> Result<Vec<PluginSummary>> {
        require_admin(ctx)?;
        let db = &self.inner.services.db;
        let mut ids: Vec<String> = store::versions(db.read()).await?.into_iter().map(|row| row.plugin).collect();
        ids.dedup();
        let rows = store::of_tenant(db.read(), ctx.tenant).await?;
        let mut all = Vec::with_capacity(ids.len());
        for id in ids {
            let row = rows.iter().find(|row| row.plugin == id);
            let newest = self.newest_installed(&id).await?;
            all.push(match self.seen(ctx, &newest, row).await? {
                Seen::Loaded(version) => self.summary(ctx, &version, &newest, row),
                Seen::Failed(failed) => failed_summary(ctx, &failed, &newest),
            });
        }
        Ok(all)
    }

    /// One plugin with everything an admin decides on.
    ///
    /// # Errors
    /// `Denied`, `NotFound`.
    pub async fn get(&self, ctx: &Ctx, plugin: &str) -> Result<PluginDetail> {
        require_admin(ctx)?;
        let db = &self.inner.services.db;
        let row = store::in_tenant(db.read(), ctx.tenant, plugin).await?;
        let newest = self.newest_installed(plugin).await?;
        match self.seen(ctx, &newest, row.as_ref()).await? {
            Seen::Loaded(version) => {
                let tenant: String = people::tenant::get(db, ctx.tenant).await?.slug;
                let catalogue = self.inner.services.records.catalogue(ctx.tenant).await?;
                let update = self.update(&catalogue, ctx, &newest, row.as_ref()).await?;
                let runs = row.as_ref().is_some_and(|row| row.enabled);
                let schema = if runs { Vec::new() } else { self.schema(&catalogue, ctx, &version).await? };
                Ok(PluginDetail {
                    update,
                    schema,
                    gate: self.gate(ctx, row.as_ref()).await?,
                    gate_version: gate_version(row.as_ref()),
                    ..self.detail(&catalogue, ctx, &tenant, &version, &newest, row.as_ref())
                })
            }
            Seen::Failed(failed) => {
                let catalogue = self.inner.services.records.catalogue(ctx.tenant).await?;
                let update = self.update(&catalogue, ctx, &newest, row.as_ref()).await?;
                let gate = self.gate(ctx, row.as_ref()).await?;
                let gate_version = gate_version(row.as_ref());
                Ok(PluginDetail {
                    update,
                    gate,
                    gate_version,
                    ..PluginDetail::bare(failed_summary(ctx, &failed, &newest))
                })
            }
        }
    }

    async fn gate(&self, ctx: &Ctx, row: Option<&TenantRow>) -> Result<Option<Vec<GateView>>> {
        let Some(named) = row.and_then(|row| row.departments.as_ref()) else { return Ok(None) };
        let all = people::department::list(self.inner.services.db.read(), ctx.tenant).await?;
        let name = |id: &Uuid| all.iter().find(|one| one.id == *id).map(|one| one.name.clone());
        Ok(Some(named.iter().map(|id| GateView { id: *id, name: name(id) }).collect()))
    }

    fn breaker(&self, ctx: &Ctx, plugin: &str, point: String, row: Option<&TenantRow>) -> BreakerState {
        if row.is_some_and(|row| row.stopped.contains(&point)) {
            return BreakerState::Disabled;
        }
        self.inner.breakers.state(&(ctx.tenant, plugin.to_owned(), point), ctx.now())
    }

    /// Points of a manifest that are not called now, or not reliably.
    fn failing(&self, ctx: &Ctx, manifest: &Manifest, row: Option<&TenantRow>) -> Vec<String> {
        points::names(manifest)
            .filter(|point| self.breaker(ctx, &manifest.id, point.clone(), row) != BreakerState::Closed)
            .collect()
    }

    fn summary(&self, ctx: &Ctx, version: &Version, newest: &Installed, row: Option<&TenantRow>) -> PluginSummary {
        let manifest = &version.manifest;
        let enabled = row.is_some_and(|row| row.enabled);
        let failing = if enabled { self.failing(ctx, manifest, row) } else { Vec::new() };
        PluginSummary {
            id: manifest.id.clone(),
            title: manifest.title.in_locale(ctx.locale).to_owned(),
            description: manifest.description.in_locale(ctx.locale).to_owned(),
            version: manifest.version.to_string(),
            available: (newest.version != manifest.version.to_string()).then(|| newest.version.clone()),
            level: version.level,
            enabled,
            state: match (enabled, failing.is_empty()) {
                (false, _) => PluginState::Disabled,
                (true, true) => PluginState::Enabled,
                (true, false) => PluginState::Failing,
            },
            problem: (!failing.is_empty()).then(|| failing.join(", ")),
            category: manifest.category.clone(),
        }
    }

    fn detail(
        &self,
        catalogue: &records::Catalogue,
        ctx: &Ctx,
        tenant: &str,
        version: &Version,
        newest: &Installed,
        row: Option<&TenantRow>,
    ) -> PluginDetail {
        let manifest = &version.manifest;
        let kept = row.map(|row| row.settings.clone()).unwrap_or_default();
        let mut settings = crate::settings::in_force(manifest, &kept);
        settings
            .retain(|key, _| manifest.settings.iter().any(|one| one.key == *key && one.kind != SettingType::Secret));
        let signed = manifest.routes.iter().any(|route| route.auth == RouteAuth::Hmac);
        PluginDetail {
            summary: self.summary(ctx, version, newest, row),
            permissions: permissions(catalogue, manifest, row, ctx.locale),
            update: None,
            schema: Vec::new(),
            brings: brings::brings(catalogue, version, ctx.locale),
            settings_schema: settings_form(manifest, ctx.locale),
            settings,
            hooks: self.hooks(ctx, manifest, row),
            events: self.events(ctx, manifest, row),
            routes: self.routes(ctx, tenant, manifest, row),
            actions: self.actions(ctx, manifest, row),
            conditions: self.conditions(ctx, manifest, row),
            secret: row.filter(|_| signed).map(|row| row.secret.clone()),
            gate: None,
            gate_version: String::new(),
        }
    }

    fn hooks(&self, ctx: &Ctx, manifest: &Manifest, row: Option<&TenantRow>) -> Vec<HookView> {
        let mut hooks: Vec<_> = manifest.hooks.iter().collect();
        hooks.sort_by_key(|hook| hook.order);
        let view = |hook: &crate::manifest::Hook| HookView {
            id: hook.id.clone(),
            entity: hook.entity.clone(),
            operations: hook.operations.iter().map(ToString::to_string).collect(),
            order: hook.order,
            when: hook.when.clone(),
            breaker: self.breaker(ctx, &manifest.id, before::KIND.point(&hook.id), row),
        };
        hooks.into_iter().map(view).collect()
    }

    fn events(&self, ctx: &Ctx, manifest: &Manifest, row: Option<&TenantRow>) -> Vec<EventView> {
        let view = |one: &crate::manifest::Subscription| EventView {
            id: one.id.clone(),
            on: one.on.clone(),
            breaker: self.breaker(ctx, &manifest.id, events::KIND.point(&one.id), row),
        };
        manifest.events.iter().map(view).collect()
    }

    fn routes(&self, ctx: &Ctx, tenant: &str, manifest: &Manifest, row: Option<&TenantRow>) -> Vec<RouteView> {
        let base = self.inner.config.public_url.trim_end_matches('/');
        let view = |route: &crate::manifest::Route| RouteView {
            method: route.method.clone(),
            path: route.path.clone(),
            auth: route.auth,
            url: match route.auth {
                RouteAuth::User => format!("{base}/api/v1/plugins/{}/http{}", manifest.id, route.path),
                RouteAuth::None | RouteAuth::Hmac => format!("{base}/hooks/{tenant}/{}{}", manifest.id, route.path),
            },
            breaker: self.breaker(ctx, &manifest.id, http::KIND.point(&route.id()), row),
        };
        manifest.routes.iter().map(view).collect()
    }
}

fn settings_form(manifest: &Manifest, locale: Locale) -> Vec<SettingView> {
    manifest.settings.iter().map(|setting| setting_view(setting, locale)).collect()
}

fn setting_view(setting: &Setting, locale: Locale) -> SettingView {
    let choice =
        |choice: &Choice| ChoiceView { value: choice.value.clone(), label: choice.label.in_locale(locale).to_owned() };
    SettingView {
        key: setting.key.clone(),
        kind: setting.kind,
        label: setting.label.in_locale(locale).to_owned(),
        help: Some(setting.help.in_locale(locale).to_owned()).filter(|help| !help.is_empty()),
        required: setting.required,
        default: setting.default.clone(),
        choices: setting.choices.iter().map(choice).collect(),
        min: setting.min,
        max: setting.max,
        entity: setting.entity.clone(),
    }
}
