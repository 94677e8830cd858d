//! `timeline`: what happened with records, also in the past: the history that an import brings. Each entry is an activity
//! under an id that follows from the plugin's key, so that the same key is the same entry.

use std::collections::{BTreeMap, BTreeSet};

use kernel::access::Rights;
use kernel::{Ctx, Locale, RecordId, Timestamp, UserId};
use records::{Catalogue, Change, WriteOptions};
use serde::Deserialize;
use serde_json::{Map, Value as Json, json};

use super::{Caller, State, host_error, host_error_in, id_from_wit};
use crate::bindings::types::{HostError, Invalid};
use crate::bindings::verstak::records::timeline as wit;
use crate::manifest::check::{fail, text};
use crate::manifest::permissions::{Grant, Part, Permission, things};
use crate::manifest::{ManifestError, Text};

/// Entries in one call.
const BATCH: usize = 200;
/// Characters of a key.
const MAX_KEY: usize = 200;
/// Characters of a title.
const MAX_TITLE: usize = 255;
/// Entities that a plugin may name.
const MAX_ENTITIES: usize = 50;
/// The entity of what happened.
const ACTIVITY: &str = "activity";

/// What the manifest says: `[permissions.timeline]`.
pub(crate) const PART: Part = Part::of::<TimelinePermission>("timeline");

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct TimelinePermission {
    /// Whose timelines; those of its own entities need not be named.
    #[serde(default)]
    pub(crate) entities: Vec<String>,
    /// Shown to the admin who grants it.
    #[serde(default)]
    reason: Text,
}

impl Permission for TimelinePermission {
    fn check(&self) -> Result<(), ManifestError> {
        text("permissions.timeline.reason", &self.reason)?;
        let named: BTreeSet<&String> = self.entities.iter().collect();
        if named.len() != self.entities.len() || named.len() > MAX_ENTITIES {
            return fail("permissions.timeline.entities", format!("each once, at most {MAX_ENTITIES}"));
        }
        Ok(())
    }

    fn grants(&self, catalogue: Option<&Catalogue>, locale: Locale) -> Vec<Grant> {
        let title = match locale {
            Locale::En => "Writes into the history of records, also of past days: ",
            Locale::Ru => "Пишет в историю записей, в том числе прошлыми днями: ",
            Locale::Uk => "Пише в історію записів, зокрема минулими днями: ",
        };
        let own = match locale {
            Locale::En => "its own",
            Locale::Ru => "свои",
            Locale::Uk => "свої",
        };
        let name = |key: &String| catalogue.map_or_else(|| key.clone(), |known| known.entity_name(key, locale));
        let names: Vec<String> = self.entities.iter().map(name).collect();
        let names = if names.is_empty() { own.to_owned() } else { names.join(", ") };
        vec![Grant {
            key: PART.name.to_owned(),
            title: format!("{title}{names}"),
            reason: self.reason.clone(),
            scope: things("entity", &self.entities).collect(),
        }]
    }
}

type Added = Vec<Result<String, HostError>>;

fn invalid(text: impl Into<String>) -> HostError {
    HostError::Invalid(Invalid { text: text.into(), fields: Vec::new() })
}

impl wit::Host for State {
    async fn add(&mut self, entries: Vec<wit::Entry>) -> wasmtime::Result<Result<Added, HostError>> {
        self.enter()?;
        Ok(self.add_entries(entries).await)
    }
}

impl State {
    async fn add_entries(&mut self, entries: Vec<wit::Entry>) -> Result<Added, HostError> {
        if entries.len() > BATCH {
            return Err(HostError::Limit(format!("more than {BATCH} entries at once")));
        }
        let caller = self.writes(PART.name)?;
        self.take_rows(entries.len())?;
        let ctx = caller.own_ctx();
        let mut ready: Vec<Result<(RecordId, Change), HostError>> = Vec::with_capacity(entries.len());
        let mut keys = BTreeSet::new();
        for entry in entries {
            let key = entry.key.clone();
            ready.push(match keys.insert(key) {
                true => ready_to_write(&caller, &ctx, entry).await,
                false => Err(invalid("key: stands twice in one call")),
            });
        }
        let ids: Vec<RecordId> = ready.iter().flatten().map(|(id, _)| *id).collect();
        let mut outcomes = write(&caller, &ctx, ready.iter().flatten().map(|(_, change)| change.clone()), &ids).await?;
        let lost = || Err(HostError::Internal("the host gave no result".to_owned()));
        Ok(ready.into_iter().map(|one| one.and_then(|(id, _)| outcomes.remove(&id).unwrap_or_else(lost))).collect())
    }
}

/// An entry as the activity that it becomes.
async fn ready_to_write(caller: &Caller, ctx: &Ctx, entry: wit::Entry) -> Result<(RecordId, Change), HostError> {
    let named = |permission: &TimelinePermission| permission.entities.contains(&entry.entity);
    let manifest = caller.plugin.manifest();
    let may = manifest.implied.contains_key(&entry.entity)
        || manifest.permissions.part::<TimelinePermission>().is_some_and(named);
    if !may {
        return Err(HostError::Denied(format!("the permission `timeline` does not name `{}`", entry.entity)));
    }
    if !(1..=MAX_KEY).contains(&entry.key.chars().count()) {
        return Err(invalid(format!("key: must have 1 to {MAX_KEY} characters")));
    }
    if entry.at > ctx.now().0 || entry.at < 0 {
        return Err(invalid("at: must be since 1970 and not in the future"));
    }
    let record: RecordId = id_from_wit(&entry.record)?;
    let found = caller.services.records.get(ctx, &entry.entity, record).await;
    found.map_err(|error| host_error(&error))?;
    let by = entry.person.as_deref().map(id_from_wit).transpose()?.map(UserId);
    if let Some(by) = by {
        let found = people::staff::person(caller.services.db.read(), ctx.tenant, by.0).await;
        found.map_err(|error| host_error(&error))?.ok_or_else(|| invalid("person: there is no such user"))?;
    }
    let key = format!("timeline {} {} {}", ctx.tenant, caller.plugin.id(), entry.key);
    let (id, at) = (RecordId(kernel::id::derived(&key)), Timestamp(entry.at));
    Ok((id, Change::CreatePast { id, fields: fields(entry)?, at, by }))
}

fn fields(entry: wit::Entry) -> Result<Map<String, Json>, HostError> {
    let first = entry.text.lines().next().unwrap_or_default();
    let title = if entry.title.trim().is_empty() { first } else { &entry.title };
    let mut fields = Map::new();
    for (key, value) in [
        ("kind", json!(entry.kind)),
        ("text", json!(entry.text)),
        ("done", json!(true)),
        ("starts_at", json!(Timestamp(entry.at))),
        ("record_entity", json!(entry.entity)),
        ("record_id", json!(entry.record)),
    ] {
        fields.insert(key.to_owned(), value);
    }
    let title: String = title.trim().chars().take(MAX_TITLE).collect();
    if !title.is_empty() {
        fields.insert("title".to_owned(), title.into());
    }
    match entry.direction.as_str() {
        "" => {}
        "incoming" | "outgoing" => drop(fields.insert("direction".to_owned(), entry.direction.into())),
        other => return Err(invalid(format!("direction: `{other:.20}` is not incoming, outgoing or empty"))),
    }
    Ok(fields)
}

/// Makes those that are not there yet. What they are about was seen; that it is written is the permission's.
async fn write(
    caller: &Caller,
    ctx: &Ctx,
    changes: impl Iterator<Item = Change>,
    ids: &[RecordId],
) -> Result<BTreeMap<RecordId, Result<String, HostError>>, HostError> {
    let records = &caller.services.records;
    let system = Ctx { rights: std::sync::Arc::new(Rights::everything()), ..ctx.clone() };
    let there = records.get_many(&system, ACTIVITY, ids).await.map_err(|error| host_error(&error))?;
    let known: BTreeSet<RecordId> = there.iter().map(|record| record.id).collect();
    let mut outcomes: BTreeMap<RecordId, Result<String, HostError>> =
        known.iter().map(|id| (*id, Ok(id.to_string()))).collect();
    let fresh = |(change, id): (Change, &RecordId)| (!known.contains(id)).then_some((*id, change));
    let fresh: Vec<(RecordId, Change)> = changes.zip(ids).filter_map(fresh).collect();
    for (id, change) in fresh {
        // One by one: somebody may have written the same key meanwhile, which undoes a whole transaction.
        let written = Box::pin(records.write_one(&system, ACTIVITY, change, &WriteOptions::default())).await;
        let outcome = match written {
            Err(kernel::Error::Conflict { code: "taken", .. }) => Ok(id.to_string()),
            written => written.map(|_| id.to_string()).map_err(|error| host_error_in(ctx.locale, &error)),
        };
        outcomes.insert(id, outcome);
    }
    Ok(outcomes)
}
