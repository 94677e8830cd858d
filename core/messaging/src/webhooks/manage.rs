//! Who makes and changes webhooks: administrators, each change audited. Whoever does takes the webhook on: from then on it
//! looks with their rights.

use std::collections::BTreeSet;
use std::net::IpAddr;

use kernel::error::FieldError;
use kernel::event;
use kernel::{Ctx, Error, Result, Timestamp, audit, net};
use people::require_admin;
use serde::{Deserialize, Serialize};
use serde_json::json;
use url::{Host, Url};
use uuid::Uuid;

use super::store::{self, Kept};
use super::{MAX_EVENTS, MAX_WEBHOOKS, Webhook, Webhooks, events, secret};

/// The code of errors about a wrong webhook.
const INVALID: &str = "config.invalid";
/// Bytes of an address, characters of a description.
const MAX_URL: usize = 2_000;
const MAX_DESCRIPTION: usize = 500;
/// Seconds for which the secret before a new one is still used.
const OVERLAP: i64 = 86_400;

/// A webhook as it shall be.
#[derive(Debug, Clone, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct WebhookInput {
    /// `https://...` or `http://...`, of another server.
    pub url: String,
    /// Of what it is told: `<entity>.created`, `.updated`, `.deleted`, `.restored`, or another event of the entity; `.*` for all
    /// of them, `.stage:<key>` when a record comes into the stage. 1 to 100.
    pub events: Vec<String>,
    /// What it is for, up to 500 characters.
    #[serde(default)]
    pub description: String,
    /// Whether anything is sent.
    #[serde(default = "yes")]
    pub enabled: bool,
}

const fn yes() -> bool {
    true
}

/// A webhook that was made, with its secret: it is told only here.
#[derive(Serialize, utoipa::ToSchema)]
pub struct MadeWebhook {
    /// The webhook.
    #[serde(flatten)]
    pub webhook: Webhook,
    /// `whsec_...`, with which messages are signed.
    pub secret: String,
}

/// A new secret of a webhook: it is told only here.
#[derive(Serialize, utoipa::ToSchema)]
#[schema(as = WebhookSecret)]
pub struct NewSecret {
    /// `whsec_...`, with which messages are signed from now on.
    pub secret: String,
    /// Until when they are signed with the one before as well.
    #[schema(value_type = String)]
    pub old_until: Timestamp,
}

impl Webhooks {
    /// The company's webhooks, oldest first (administrators).
    ///
    /// # Errors
    /// `Denied`.
    pub async fn list(&self, ctx: &Ctx) -> Result<Vec<Webhook>> {
        require_admin(ctx)?;
        Ok(store::all(self.db.read(), ctx.tenant).await?.into_iter().map(|kept| kept.hook).collect())
    }

    /// Makes a webhook: it is told of what happens from now on (administrators).
    ///
    /// # Errors
    /// `Denied`; `config.invalid` naming what is wrong; `secrets.locked`.
    pub async fn create(&self, ctx: &Ctx, input: WebhookInput) -> Result<MadeWebhook> {
        let owner = owner_of(ctx)?;
        let input = self.checked(ctx, input).await?;
        let tx = self.db.begin().await?;
        store::touch(&tx, ctx.tenant).await?;
        if store::all(&tx, ctx.tenant).await?.len() >= MAX_WEBHOOKS {
            return Err(wrong("url", FieldError::new("too_many").with("max", MAX_WEBHOOKS)));
        }
        let hook = Webhook {
            id: ctx.id(),
            url: input.url,
            events: input.events,
            description: input.description,
            enabled: input.enabled,
            owner,
            created: ctx.now(),
            failing_since: None,
            stopped: None,
            stopped_at: None,
            old_secret_until: None,
        };
        let since = event::newest(&tx).await?;
        let secret = secret::make(&ctx.env);
        let sealed = self.sealed(ctx, hook.id, &secret)?;
        let kept = Kept { tenant: ctx.tenant, hook, secret: sealed, old_secret: None, since };
        store::insert(&tx, &kept).await?;
        audit::record(&tx, ctx, "webhook.created", &kept.hook.id.to_string(), detail(&kept.hook)).await?;
        tx.commit().await?;
        Ok(MadeWebhook { webhook: kept.hook, secret })
    }

    /// Changes a webhook, all of it. One that was switched on again is told of what happens from now on (administrators).
    ///
    /// # Errors
    /// `Denied`, `NotFound`; `config.invalid` naming what is wrong.
    pub async fn change(&self, ctx: &Ctx, id: Uuid, input: WebhookInput) -> Result<Webhook> {
        let owner = owner_of(ctx)?;
        let before = self.known(ctx, id).await?;
        let same = before.hook.url == input.url && before.hook.events == input.events;
        // Whatever became of what it names, it may be switched off.
        let rests = same && !input.enabled;
        let input = if rests { described(input)? } else { self.checked(ctx, input).await? };
        let tx = self.db.begin().await?;
        store::touch(&tx, ctx.tenant).await?;
        // As whoever was before in the line has left it.
        let before = store::one(&tx, ctx.tenant, id).await?.ok_or_else(|| missing(id))?;
        let wakes = input.enabled && !before.hook.enabled;
        let since = if wakes { event::newest(&tx).await? } else { before.since };
        let hook = Webhook {
            url: input.url,
            events: input.events,
            description: input.description,
            enabled: input.enabled,
            owner,
            failing_since: before.hook.failing_since.filter(|_| !wakes),
            stopped: before.hook.stopped.filter(|_| !input.enabled),
            stopped_at: before.hook.stopped_at.filter(|_| !input.enabled),
            ..before.hook.clone()
        };
        let kept = Kept { hook, since, ..before.clone() };
        if !store::change(&tx, &kept).await? {
            return Err(missing(id));
        }
        let told = json!({"before": detail(&before.hook), "after": detail(&kept.hook)});
        audit::record(&tx, ctx, "webhook.updated", &id.to_string(), told).await?;
        tx.commit().await?;
        Ok(kept.hook)
    }

    /// Takes a webhook away: what waits to be sent there is not sent (administrators).
    ///
    /// # Errors
    /// `Denied`, `NotFound`.
    pub async fn remove(&self, ctx: &Ctx, id: Uuid) -> Result<()> {
        require_admin(ctx)?;
        let before = self.known(ctx, id).await?;
        let tx = self.db.begin().await?;
        store::touch(&tx, ctx.tenant).await?;
        if !store::remove(&tx, ctx, id).await? {
            return Err(missing(id));
        }
        audit::record(&tx, ctx, "webhook.removed", &id.to_string(), detail(&before.hook)).await?;
        Ok(tx.commit().await?)
    }

    /// Gives a webhook a new secret; for a day messages are signed with the one before as well (administrators).
    ///
    /// # Errors
    /// `Denied`, `NotFound`; conflict `webhook.changed` when somebody else does it at the same time; `secrets.locked`.
    pub async fn rotate(&self, ctx: &Ctx, id: Uuid) -> Result<NewSecret> {
        require_admin(ctx)?;
        let before = self.known(ctx, id).await?;
        let (secret, old_until) = (secret::make(&ctx.env), ctx.now().plus_seconds(OVERLAP));
        let sealed = self.sealed(ctx, id, &secret)?;
        let tx = self.db.begin().await?;
        if !store::rotate(&tx, &before, &sealed, old_until).await? {
            return Err(Error::Conflict { code: "webhook.changed", current: None });
        }
        audit::record(&tx, ctx, "webhook.rotated", &id.to_string(), detail(&before.hook)).await?;
        tx.commit().await?;
        Ok(NewSecret { secret, old_until })
    }

    fn sealed(&self, ctx: &Ctx, id: Uuid, secret: &str) -> Result<String> {
        self.db.seals().seal(&ctx.env, &store::place(ctx.tenant, id), secret)
    }

    /// One of the company's.
    pub(super) async fn known(&self, ctx: &Ctx, id: Uuid) -> Result<Kept> {
        store::one(self.db.read(), ctx.tenant, id).await?.ok_or_else(|| missing(id))
    }

    async fn checked(&self, ctx: &Ctx, input: WebhookInput) -> Result<WebhookInput> {
        let input = described(input)?;
        let url = self.address(&input.url)?;
        let named: BTreeSet<&str> = input.events.iter().map(|pattern| pattern.trim()).collect();
        if named.is_empty() {
            return Err(wrong("events", FieldError::new("required")));
        }
        if named.len() > MAX_EVENTS {
            return Err(wrong("events", FieldError::new("too_many").with("max", MAX_EVENTS)));
        }
        for pattern in &named {
            let unknown = || {
                let shown: String = pattern.chars().filter(|letter| !letter.is_control()).take(100).collect();
                wrong("events", FieldError::new("unknown_name").with("value", shown))
            };
            let (entity, stage) = events::parts(pattern).ok_or_else(unknown)?;
            if !self.sight()?.knows(ctx, entity, stage).await? {
                return Err(unknown());
            }
        }
        let events = named.into_iter().map(str::to_owned).collect();
        Ok(WebhookInput { url, events, description: input.description, enabled: input.enabled })
    }

    /// An address that may be named. Where its name leads to is judged each time something is sent.
    fn address(&self, text: &str) -> Result<String> {
        let unfit = || wrong("url", FieldError::new("webhook_url"));
        let text = text.trim();
        if text.len() > MAX_URL || text.contains('\0') {
            return Err(unfit());
        }
        let url = Url::parse(text).map_err(|_| unfit())?;
        let named = url.username().is_empty() && url.password().is_none();
        if !["http", "https"].contains(&url.scheme()) || !named {
            return Err(unfit());
        }
        let address = match url.host() {
            Some(Host::Domain(name)) if !name.is_empty() => None,
            Some(Host::Ipv4(address)) => Some(IpAddr::V4(address)),
            Some(Host::Ipv6(address)) => Some(IpAddr::V6(address)),
            Some(Host::Domain(_)) | None => return Err(unfit()),
        };
        if address.is_some_and(|address| !net::allowed(address, self.allow_private)) {
            return Err(wrong("url", FieldError::new("webhook_private")));
        }
        Ok(text.to_owned())
    }
}

/// The person who answers for what is sent.
fn owner_of(ctx: &Ctx) -> Result<Uuid> {
    require_admin(ctx)?;
    Ok(ctx.user().ok_or(Error::Denied("action"))?.0)
}

fn described(mut input: WebhookInput) -> Result<WebhookInput> {
    let text = input.description.trim();
    if text.len() > MAX_DESCRIPTION.saturating_mul(4) || text.chars().count() > MAX_DESCRIPTION {
        return Err(wrong("description", FieldError::new("too_long").with("max", MAX_DESCRIPTION)));
    }
    if text.contains('\0') {
        return Err(wrong("description", FieldError::new("characters")));
    }
    input.description = text.to_owned();
    Ok(input)
}

/// What the audit is told: addresses often carry a secret in their path, so only where it goes.
fn detail(hook: &Webhook) -> serde_json::Value {
    json!({"place": place(&hook.url), "events": hook.events, "enabled": hook.enabled})
}

/// The server that an address names.
pub(super) fn place(url: &str) -> String {
    let host = |url: Url| Some(format!("{}://{}", url.scheme(), url.host_str()?));
    Url::parse(url).ok().and_then(host).unwrap_or_default()
}

fn wrong(field: &str, error: FieldError) -> Error {
    Error::field(INVALID, field, error)
}

fn missing(id: Uuid) -> Error {
    Error::NotFound(format!("webhook {id}"))
}
