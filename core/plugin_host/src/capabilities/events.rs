//! `events`: events of the plugin's own, committed like changes of records and heard by other plugins.

use kernel::event::{self, NewEvent};
use kernel::{Ctx, Locale};
use records::Catalogue;
use serde::Deserialize;
use serde_json::{Map, Value as Json, json};

use super::{Caller, State, host_error, object};
use crate::bindings::types::{HostError, Invalid};
use crate::bindings::verstak::events::events as wit;
use crate::manifest::check::{fail, text};
use crate::manifest::known::nearest;
use crate::manifest::permissions::{Grant, Part, Permission, things};
use crate::manifest::{ManifestError, Text, fit};

/// Events in one call.
const BATCH: usize = 200;
/// Bytes of what an event carries.
const MAX_PAYLOAD: usize = 16 * 1024;
/// Bytes of a key.
const MAX_KEY: usize = 200;
/// Names that a plugin hears of.
const MAX_LISTEN: usize = 100;

/// What the manifest says: `[permissions.events]`.
pub(crate) const PART: Part = Part::of::<EventsPermission>("events");
/// The grant to publish.
const PUBLISH: &str = "events.publish";
/// The grant to hear of others' events.
pub(crate) const LISTEN: &str = "events.listen";

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct EventsPermission {
    /// Whether it publishes what `[[publishes]]` declares.
    #[serde(default)]
    pub(crate) publish: bool,
    /// Events of other plugins that it hears of, with their prefix.
    #[serde(default)]
    pub(crate) listen: Vec<String>,
    /// Shown to the admin who grants it.
    #[serde(default)]
    reason: Text,
}

impl Permission for EventsPermission {
    fn check(&self) -> Result<(), ManifestError> {
        text("permissions.events.reason", &self.reason)?;
        if !self.publish && self.listen.is_empty() {
            return fail("permissions.events", "say `publish = true`, or name events in `listen`");
        }
        if self.listen.len() > MAX_LISTEN {
            return fail("permissions.events.listen", format!("at most {MAX_LISTEN}"));
        }
        Ok(())
    }

    fn grants(&self, _catalogue: Option<&Catalogue>, locale: Locale) -> Vec<Grant> {
        let grant = |key: &str, title: String| Grant {
            key: key.to_owned(),
            title,
            reason: self.reason.clone(),
            scope: if key == LISTEN { things("event", &self.listen).collect() } else { Default::default() },
        };
        let publish = match locale {
            Locale::En => "Tells other modules what happens in it",
            Locale::Ru => "Сообщает другим модулям, что в нём происходит",
            Locale::Uk => "Повідомляє іншим модулям, що в ньому відбувається",
        };
        let listen = match locale {
            Locale::En => "Hears from other modules: ",
            Locale::Ru => "Узнаёт от других модулей: ",
            Locale::Uk => "Дізнається від інших модулів: ",
        };
        let heard = (!self.listen.is_empty()).then(|| grant(LISTEN, listen.to_owned() + &self.listen.join(", ")));
        self.publish.then(|| grant(PUBLISH, publish.to_owned())).into_iter().chain(heard).collect()
    }
}

type Answer<T> = wasmtime::Result<Result<T, HostError>>;

impl wit::Host for State {
    async fn publish(&mut self, events: Vec<wit::NewEvent>) -> Answer<()> {
        self.enter()?;
        Ok(self.publish_events(events).await)
    }
}

fn invalid(text: String) -> HostError {
    HostError::Invalid(Invalid { text, fields: Vec::new() })
}

impl State {
    async fn publish_events(&mut self, events: Vec<wit::NewEvent>) -> Result<(), HostError> {
        if events.len() > BATCH {
            return Err(HostError::Limit(format!("more than {BATCH} events at once")));
        }
        let caller = self.writes(PUBLISH)?;
        self.take_rows(events.len())?;
        let prefix = caller.plugin.manifest().prefix.clone().unwrap_or_default();
        let ctx = caller.own_ctx();
        let payloads: Vec<Json> = events.iter().map(|one| payload(&caller, one)).collect::<Result<_, _>>()?;
        let rows = || -> Vec<NewEvent<'_>> {
            let row = |(one, changes): (&wit::NewEvent, &Json)| NewEvent {
                kind: format!("{prefix}.{}", one.name),
                entity: &prefix,
                record: stream(&ctx, caller.plugin.id(), one.key.as_deref()),
                version: 0,
                changes: changes.clone(),
            };
            events.iter().zip(&payloads).map(row).collect()
        };
        let written = kernel::db::again(
            |written: &kernel::Result<()>| matches!(written, Err(kernel::Error::Raced(_))),
            || write(&caller, &ctx, rows()),
        );
        written.await.map_err(|error| host_error(&error))
    }
}

async fn write(caller: &Caller, ctx: &Ctx, events: Vec<NewEvent<'_>>) -> kernel::Result<()> {
    let tx = caller.services.db.begin().await?;
    event::append(&tx, ctx, None, events).await?;
    Ok(tx.commit().await?)
}

/// What stands for the record of an event: events of one are delivered in order.
fn stream(ctx: &Ctx, plugin: &str, key: Option<&str>) -> uuid::Uuid {
    key.map_or_else(|| ctx.id(), |key| kernel::id::derived(&format!("event:{}:{plugin}:{key}", ctx.tenant)))
}

/// The declared fields, each a change from nothing.
fn payload(caller: &Caller, event: &wit::NewEvent) -> Result<Json, HostError> {
    let manifest = caller.plugin.manifest();
    let Some(declared) = manifest.publishes.iter().find(|declared| declared.name == event.name) else {
        let near = nearest(&event.name, manifest.publishes.iter().map(|declared| declared.name.as_str()));
        let hint = near.map_or_else(String::new, |near| format!("; did you mean `{near}`?"));
        return Err(invalid(format!("name: the manifest publishes no `{}`{hint}", event.name)));
    };
    if event.payload.len() > MAX_PAYLOAD {
        return Err(HostError::Limit(format!("payload: more than {} KiB", MAX_PAYLOAD / 1024)));
    }
    if event.payload.contains("\\u0000") {
        return Err(invalid("payload: the character U+0000".to_owned()));
    }
    if event.key.as_ref().is_some_and(|key| key.len() > MAX_KEY) {
        return Err(invalid(format!("key: more than {MAX_KEY} bytes")));
    }
    let fields = fit(&declared.fields, object("payload", &event.payload)?);
    let fields = fields.map_err(|why| invalid(format!("payload: {why}")))?;
    let changes: Map<String, Json> = fields.into_iter().map(|(name, value)| (name, json!([null, value]))).collect();
    Ok(Json::Object(changes))
}
