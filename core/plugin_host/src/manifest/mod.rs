//! `plugin.toml`: what a plugin is, wants and declares. Owns the format and its checks; unknown keys are errors.
//! Text enters as TOML, leaves as a [`Manifest`] whose parts agree with each other.

pub(crate) mod check;
pub(crate) mod entities;
mod expressions;
pub(crate) mod jobs;
pub(crate) mod known;
pub(crate) mod measures;
pub(crate) mod permissions;
pub(crate) mod published;
pub(crate) mod records;
mod refusals;
pub(crate) mod review;
pub(crate) mod roles;
mod setting;
mod steps;
pub(crate) mod surfaces;

use std::collections::BTreeMap;
use std::fmt;

use kernel::Locale;
use serde::{Deserialize, Serialize};

pub use jobs::{Job, Overlap};
pub use permissions::{Permissions, RunAs};
pub use published::Published;
pub use records::RecordPermission;
pub use refusals::Refused;
pub use review::PermissionChange;
pub use setting::{Choice, Setting, SettingType};
pub(crate) use steps::fit;
pub use steps::{Action, Condition, Parameter, ParameterType};

use crate::package::MANIFEST;
use crate::surfaces::Pages;
use entities::{Entity, Field};
use records::RecordPermissions;
use roles::Role;
pub(crate) use surfaces::Surface;

/// Bytes a manifest may have.
pub const MAX_BYTES: usize = 256 * 1024;
/// Version of the interfaces this host serves.
pub const API: &str = "1.5.0";

/// What is wrong with a manifest, with the place.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{file}: {place}: {problem}")]
pub struct ManifestError {
    /// `plugin.toml`, or a file of `ui/`.
    pub file: String,
    /// Path such as `hooks[0].when`, or line and column for syntax.
    pub place: String,
    /// What to change, in English: manifests are read by developers.
    pub problem: String,
}

impl ManifestError {
    /// A problem at a place.
    pub fn new(place: impl Into<String>, problem: impl Into<String>) -> Self {
        Self { file: MANIFEST.to_owned(), place: place.into(), problem: problem.into() }
    }

    /// The same in another file of the package.
    #[must_use]
    pub fn in_file(self, file: &str) -> Self {
        Self { file: file.to_owned(), ..self }
    }
}

/// A text by language; English is required.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Text(pub BTreeMap<String, String>);

impl Text {
    /// The words in a language, else in English.
    pub fn in_locale(&self, locale: Locale) -> &str {
        self.0.get(locale.code()).or_else(|| self.0.get("en")).map_or("", String::as_str)
    }
}

/// The whole manifest.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    /// `publisher.name`: lower-case letters, digits and hyphens.
    pub id: String,
    /// Semantic version.
    pub version: semver::Version,
    /// Range of interface versions it works with, for example `1`.
    pub api: semver::VersionReq,
    /// Shown to admins.
    pub title: Text,
    /// Shown to admins.
    #[serde(default)]
    pub description: Text,
    /// Free word for grouping, for example `sales`.
    #[serde(default)]
    pub category: String,
    /// What it asks for.
    #[serde(default)]
    pub permissions: Permissions,
    /// What the keys of its entities, fields and roles begin with, before `_`.
    pub prefix: Option<String>,
    /// Its entities.
    #[serde(default)]
    pub entities: Vec<Entity>,
    /// Its fields on entities of the product.
    #[serde(default)]
    pub fields: Vec<Field>,
    /// Roles that it brings.
    #[serde(default)]
    pub roles: Vec<Role>,
    /// What it may do with its own entities: everything, without asking.
    #[serde(skip)]
    pub(crate) implied: BTreeMap<String, RecordPermission>,
    /// Before-hooks.
    #[serde(default)]
    pub hooks: Vec<Hook>,
    /// Subscriptions to events.
    #[serde(default)]
    pub events: Vec<Subscription>,
    /// Events of its own.
    #[serde(default)]
    pub publishes: Vec<Published>,
    /// HTTP routes.
    #[serde(default)]
    pub routes: Vec<Route>,
    /// What it does for processes and tasks.
    #[serde(default)]
    pub actions: Vec<Action>,
    /// What it answers processes with yes or no.
    #[serde(default)]
    pub conditions: Vec<Condition>,
    /// What it does on a schedule, later or step by step.
    #[serde(default)]
    pub jobs: Vec<Job>,
    /// How it is told what hooks, acts and constraints refuse.
    #[serde(default)]
    pub refusals: Vec<Refused>,
    /// Moments of a company that it wants to be called at: `enabled`, `disabling`.
    #[serde(default)]
    pub moments: Vec<Moment>,
    /// Pages, panels and other places in the portal.
    #[serde(default)]
    pub(crate) surfaces: Vec<Surface>,
    /// What the pages ask of the code; their trees say it.
    #[serde(skip)]
    pub(crate) pages: Pages,
    /// Figures of its entities.
    #[serde(default)]
    pub measures: Vec<measures::Measure>,
    /// What they are grouped by.
    #[serde(default)]
    pub axes: Vec<measures::Axis>,
    /// What an admin can set.
    #[serde(default)]
    pub settings: Vec<Setting>,
    /// Whether it exports `lifecycle`.
    #[serde(default)]
    pub lifecycle: bool,
    /// Budgets asked for, up to the operator's caps.
    #[serde(default)]
    pub limits: Limits,
}

impl Manifest {
    /// Surfaces whose trees the plugin's code makes.
    pub(crate) fn rendered(&self) -> impl Iterator<Item = &Surface> {
        self.surfaces.iter().filter(|surface| surface.rendered)
    }
}

/// Whether a list of names has one, or `*`.
pub(crate) fn names(list: &[String], field: &str) -> bool {
    list.iter().any(|name| name == "*" || name == field)
}

/// What a hook is called for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Operation {
    /// A new record.
    Create,
    /// A change of a record.
    Update,
    /// Into the bin.
    Delete,
    /// Out of the bin.
    Restore,
}

impl fmt::Display for Operation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Create => "create",
            Self::Update => "update",
            Self::Delete => "delete",
            Self::Restore => "restore",
        })
    }
}

/// A moment of a company that runs the plugin.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Moment {
    /// After it was enabled, or enabled in another version.
    Enabled,
    /// Before it is switched off.
    Disabling,
}

impl Moment {
    /// Its name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Enabled => "enabled",
            Self::Disabling => "disabling",
        }
    }
}

/// What becomes of a save when the hook itself fails.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OnFailure {
    /// It is refused.
    #[default]
    Abort,
    /// It goes on without the hook.
    Skip,
}

/// A before-hook.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Hook {
    /// Unique in the plugin.
    pub id: String,
    /// Entity key.
    pub entity: String,
    /// What it is called for.
    pub operations: Vec<Operation>,
    /// On update it is called only when one of these is changed; empty for any.
    #[serde(default)]
    pub watch: Vec<String>,
    /// CEL over `fields`, `before`, `operation`, `entity`; called only when true.
    pub when: Option<String>,
    /// Hooks run by this number, then by plugin id, then by place in the manifest. 0 to 10,000.
    #[serde(default = "default_order")]
    pub order: i32,
    /// What becomes of the save when the hook fails.
    #[serde(default)]
    pub on_failure: OnFailure,
    /// Wall time, up to the operator's cap.
    pub timeout_ms: Option<u32>,
    /// Whether it is called for what this plugin itself writes.
    #[serde(default)]
    pub own_changes: bool,
}

const fn default_order() -> i32 {
    1000
}

/// A subscription to events.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Subscription {
    /// Unique in the plugin.
    pub id: String,
    /// Event names such as `lead.created`; `lead.*` for all of an entity.
    pub on: Vec<String>,
    /// On updates it is called only when one of these has changed; empty for any.
    #[serde(default)]
    pub watch: Vec<String>,
    /// Whether it is called for what this plugin itself writes.
    #[serde(default)]
    pub own_changes: bool,
}

impl Subscription {
    /// Whether an event of this name is wanted.
    pub fn wants(&self, name: &str) -> bool {
        self.on.iter().any(|wanted| match wanted.strip_suffix(".*") {
            Some(entity) => name.split_once('.').is_some_and(|(of, _)| of == entity),
            None => wanted == name,
        })
    }
}

/// Who may call a route.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum RouteAuth {
    /// Anybody.
    None,
    /// Somebody signed in to the tenant.
    User,
    /// Whoever signs with the tenant's secret.
    Hmac,
}

/// An HTTP route.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Route {
    /// `GET`, `POST`, `PUT`, `PATCH` or `DELETE`.
    pub method: String,
    /// Exact path, beginning with `/`.
    pub path: String,
    /// Who may call it.
    pub auth: RouteAuth,
    /// Bytes of a body, up to 1 MiB.
    #[serde(default = "default_body_limit")]
    pub body_limit: usize,
}

impl Route {
    /// `POST /web-form`: names it in the plugin.
    pub fn id(&self) -> String {
        format!("{} {}", self.method, self.path)
    }
}

const fn default_body_limit() -> usize {
    65_536
}

/// Budgets asked for; absent ones are the host's defaults.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Limits {
    /// Memory of one call.
    pub memory_mib: Option<u32>,
}

impl Manifest {
    /// Reads and checks a manifest.
    ///
    /// # Errors
    /// The first problem, with its place.
    pub fn parse(text: &str) -> Result<Self, ManifestError> {
        if text.len() > MAX_BYTES {
            return Err(ManifestError::new("file", format!("larger than {MAX_BYTES} bytes")));
        }
        let mut manifest: Self = toml::from_str(text).map_err(|error| syntax(text, &error))?;
        let own = manifest.entities.iter().map(|entity| (entity.key.clone(), RecordPermission::everything()));
        manifest.implied = own.collect();
        check::check(&manifest)?;
        Ok(manifest)
    }

    /// The permission to read and set fields of an entity, if asked for.
    pub fn records(&self, entity: &str) -> Option<&RecordPermission> {
        let asked = || self.permissions.part::<RecordPermissions>()?.0.get(entity);
        self.implied.get(entity).or_else(asked)
    }

    /// Every entity it asks for and every one of its own, with the permission.
    pub(crate) fn record_permissions(&self) -> impl Iterator<Item = (&String, &RecordPermission)> {
        let asked = self.permissions.part::<RecordPermissions>().into_iter().flat_map(|records| &records.0);
        asked.chain(&self.implied)
    }

    /// Fields of the product, by entity, that are emptied when its data are removed for good.
    pub(crate) fn fills(&self) -> impl Iterator<Item = (&str, &str)> {
        self.record_permissions().flat_map(|(entity, permission)| {
            permission.clear_on_purge.iter().map(move |field| (entity.as_str(), field.as_str()))
        })
    }

    /// Grant keys that come with its own entities.
    pub(crate) fn implied_keys(&self) -> impl Iterator<Item = String> {
        self.implied.keys().map(|entity| format!("records.{entity}"))
    }

    /// Grant keys it asks for, in a stable order.
    pub fn grant_keys(&self) -> Vec<String> {
        self.permissions.grants(None, Locale::En).into_iter().map(|grant| grant.key).collect()
    }
}

pub(crate) fn syntax(text: &str, error: &toml::de::Error) -> ManifestError {
    let place = error.span().map_or_else(
        || "file".to_owned(),
        |span| {
            let before = text.get(..span.start).unwrap_or_default();
            let line = before.matches('\n').count() + 1;
            let column = before.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
            format!("line {line}, column {column}")
        },
    );
    ManifestError::new(place, error.message())
}

#[cfg(test)]
mod tests;
