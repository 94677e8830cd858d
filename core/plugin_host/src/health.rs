//! How the system and what it is joined to are: the port by which plugins ask whoever runs the server. What is said is for people
//! of a company: no addresses, no secrets, nothing of other companies.

use async_trait::async_trait;
use kernel::{Ctx, Message, Result, Timestamp};
use people::require_admin;

use crate::PluginHost;
use crate::capabilities::Services;
use crate::registry::TenantPlugins;

/// How a part stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Standing {
    /// It does its work.
    Ok,
    /// It does not, or did not when it was needed last.
    Failing,
    /// Nobody has set it up.
    Off,
}

/// A part of the system, or something that a company has joined to it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Part {
    /// `database`, `disk`, `work`, `mail`, `sms:<gateway>`, `plugin:<id>`.
    pub key: String,
    /// What people call it.
    pub title: Message,
    /// How it stands.
    pub standing: Standing,
    /// What is wrong; none where nothing is.
    pub problem: Option<Message>,
    /// Since when, where that is known.
    pub since: Option<Timestamp>,
}

impl Part {
    /// One that does its work.
    pub fn good(key: impl Into<String>, title: Message) -> Self {
        Self { key: key.into(), title, standing: Standing::Ok, problem: None, since: None }
    }

    /// The same where something is wrong with it.
    #[must_use]
    pub fn wrong(self, problem: Message, since: Option<Timestamp>) -> Self {
        Self { standing: Standing::Failing, problem: Some(problem), since, ..self }
    }

    /// The same where nobody has set it up.
    #[must_use]
    pub fn off(self) -> Self {
        Self { standing: Standing::Off, ..self }
    }
}

/// Whoever knows how the system is.
#[async_trait]
pub trait Health: Send + Sync {
    /// The system itself first, then what the company of the context has joined to it; modules are told beside them.
    ///
    /// # Errors
    /// When it cannot be asked.
    async fn parts(&self, ctx: &Ctx) -> Result<Vec<Part>>;
}

/// Everything that is known: the system, what the company of the context has joined to it, its modules.
pub(crate) async fn all(services: &Services, ctx: &Ctx) -> Result<Vec<Part>> {
    let mut parts = match services.health.get() {
        Some(health) => health.parts(ctx).await?,
        None => Vec::new(),
    };
    let plugins = services.gates.plugins(ctx.tenant).await?;
    parts.extend(modules(&plugins, ctx));
    Ok(parts)
}

impl PluginHost {
    /// How the system, what a company has joined to it and its modules are (administrators).
    ///
    /// # Errors
    /// `Denied`; when it cannot be asked.
    pub async fn health(&self, ctx: &Ctx) -> Result<Vec<Part>> {
        require_admin(ctx)?;
        all(&self.inner.services, ctx).await
    }
}

/// The modules that a company runs, on this node.
fn modules(plugins: &TenantPlugins, ctx: &Ctx) -> Vec<Part> {
    let part =
        |id: &str, title: &str| Part::good(format!("plugin:{id}"), Message::key("health.plugin").with("title", title));
    let running = plugins.running().iter().map(|plugin| {
        let part = part(plugin.id(), plugin.manifest().title.in_locale(ctx.locale));
        let stopped: Vec<&str> = plugin.stopped().iter().map(String::as_str).collect();
        match stopped.is_empty() {
            true => part,
            false => part.wrong(Message::key("health.plugin_stopped").with("points", stopped.join(", ")), None),
        }
    });
    let failed = plugins.failed().iter().map(|failed| {
        let part = part(&failed.enabled.plugin, failed.title(ctx.locale));
        part.wrong(Message::key("health.plugin_not_loaded"), None)
    });
    running.chain(failed).collect()
}
