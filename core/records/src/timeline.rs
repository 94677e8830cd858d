//! The timeline of a record: its changes (the event log read by record) and the activities about it, newest first.

use std::collections::BTreeMap;

use kernel::access::Action;
use kernel::event::{self, Event};
use kernel::filter::{Filter, Op};
use kernel::value::FieldType;
use kernel::{Ctx, Error, Result, Timestamp, Value};
use serde_json::{Map, Value as Json, json};
use uuid::Uuid;

use crate::read::{Query, Refs, Sort};
use crate::write::{Change, WriteOptions};
use crate::{Record, Records, Written};

/// Entries of a page at most.
pub const MAX_LIMIT: u64 = 200;

/// One entry.
#[derive(Debug)]
pub enum Entry {
    /// A change, with only the fields that the reader sees.
    Change(Event),
    /// An activity about the record.
    Activity(Record),
}

impl Entry {
    /// When it happened.
    pub fn at(&self) -> Timestamp {
        match self {
            Self::Change(event) => event.at,
            Self::Activity(record) => record.fields.get("created_at").and_then(Value::as_instant).unwrap_or(Timestamp(0)),
        }
    }

    /// Its own id, for keys of lists.
    pub fn id(&self) -> String {
        match self {
            Self::Change(event) => event.id.to_string(),
            Self::Activity(record) => record.id.to_string(),
        }
    }
}

/// A page of the timeline.
#[derive(Debug)]
pub struct Timeline {
    /// Newest first.
    pub entries: Vec<Entry>,
    /// For older entries.
    pub next_cursor: Option<String>,
    /// Titles of what the entries point to.
    pub refs: Refs,
}

impl Records {
    /// A page of the timeline of a record that the actor sees (also out of the recycle bin).
    ///
    /// # Errors
    /// `NotFound`; `request.invalid` naming `cursor`.
    pub async fn timeline(&self, ctx: &Ctx, entity: &str, id: Uuid, cursor: Option<&str>, limit: u64) -> Result<Timeline> {
        let def = crate::entity(entity)?;
        self.get_deleted(ctx, entity, id).await?;
        let limit = limit.clamp(1, MAX_LIMIT);
        let (before, until) = read_cursor(cursor)?;
        let events = event::of_record(self.db.read(), ctx.tenant, id, before, limit + 1).await?;
        let activities = self.activities_about(ctx, entity, id, until, limit + 1).await?;
        let mut entries: Vec<Entry> = events.into_iter().map(|e| Entry::Change(seen(ctx, def.key, e))).collect();
        entries.extend(activities.into_iter().map(Entry::Activity));
        entries.sort_by(|a, b| b.at().cmp(&a.at()).then_with(|| b.id().cmp(&a.id())));
        let page = usize::try_from(limit).unwrap_or(usize::MAX);
        let more = entries.len() > page;
        entries.truncate(page);
        let next_cursor = more.then(|| write_cursor(&entries, before, until));
        let refs = self.timeline_refs(ctx, entity, &entries).await?;
        Ok(Timeline { entries, next_cursor, refs })
    }

    /// Adds a note to a record that the actor sees.
    ///
    /// # Errors
    /// `NotFound`, `Denied`, `record.invalid`.
    pub async fn add_note(&self, ctx: &Ctx, entity: &str, id: Uuid, text: &str) -> Result<Written> {
        crate::entity(entity)?;
        self.get(ctx, entity, id).await?;
        if text.trim().is_empty() {
            return Err(Error::field(crate::INVALID, "text", kernel::error::FieldError::new("required")));
        }
        let fields = json!({"kind": "note", "text": text, "done": true, "record_entity": entity, "record_id": id});
        let Json::Object(fields) = fields else { return Err(Error::Internal("note".into())) };
        self.write_one(ctx, "activity", Change::Create { fields }, &WriteOptions::default()).await
    }

    async fn activities_about(&self, ctx: &Ctx, entity: &str, id: Uuid, until: Option<Timestamp>, limit: u64) -> Result<Vec<Record>> {
        if entity == "activity" {
            return Ok(Vec::new());
        }
        let mut all = vec![
            Filter::test("record_id", Op::Eq, id.to_string()),
            Filter::test("record_entity", Op::Eq, entity),
        ];
        if let Some(until) = until {
            all.push(Filter::test("created_at", Op::Lt, until.to_string()));
        }
        let query = Query {
            filter: Some(Filter::And(all)),
            sort: vec![Sort { field: "created_at".into(), descending: true }],
            limit: Some(limit),
            ..Query::default()
        };
        Ok(self.query(ctx, "activity", &query).await?.items)
    }

    async fn timeline_refs(&self, ctx: &Ctx, entity: &str, entries: &[Entry]) -> Result<Refs> {
        let records: Vec<Record> = entries
            .iter()
            .filter_map(|entry| if let Entry::Activity(record) = entry { Some(record.clone()) } else { None })
            .collect();
        let mut refs = self.refs(ctx, &records).await?;
        let mut wanted: BTreeMap<&str, Vec<Uuid>> = BTreeMap::new();
        for entry in entries {
            let Entry::Change(event) = entry else { continue };
            wanted.entry("user").or_default().extend(event.actor.user().map(|u| u.0));
            let Json::Object(changes) = &event.changes else { continue };
            for (key, pair) in changes {
                let field = crate::catalogue::entity(entity).and_then(|def| def.field(key));
                let target = field.and_then(|f| if f.kind == FieldType::User { Some("user") } else { f.target });
                if let Some(target) = target {
                    wanted.entry(target).or_default().extend(ids_in(pair));
                }
            }
        }
        for (target, mut ids) in wanted {
            ids.sort();
            ids.dedup();
            if !ids.is_empty() {
                self.titles(ctx, target, &ids, &mut refs).await?;
            }
        }
        Ok(refs)
    }
}

/// Every id inside a `[before, after]` pair.
fn ids_in(json: &Json) -> Vec<Uuid> {
    match json {
        Json::Array(items) => items.iter().flat_map(ids_in).collect(),
        Json::String(text) => Uuid::parse_str(text).into_iter().collect(),
        _ => Vec::new(),
    }
}

/// An event without the fields that the actor may not see.
pub fn seen(ctx: &Ctx, entity: &str, mut event: Event) -> Event {
    if let Json::Object(changes) = event.changes {
        let kept: Map<String, Json> = changes.into_iter().filter(|(key, _)| ctx.rights.sees(entity, key)).collect();
        event.changes = Json::Object(kept);
    }
    event
}

impl Records {
    /// Those of the events whose records the actor may see now (deleted ones included), without hidden fields.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn visible_events(&self, ctx: &Ctx, events: Vec<Event>) -> Result<Vec<Event>> {
        let mut by_entity: BTreeMap<String, Vec<Uuid>> = BTreeMap::new();
        for event in events.iter().filter(|event| event.tenant == ctx.tenant) {
            by_entity.entry(event.entity.clone()).or_default().push(event.record);
        }
        let mut visible = std::collections::HashSet::new();
        for (entity, mut ids) in by_entity {
            let Some(def) = crate::catalogue::entity(&entity) else { continue };
            ids.sort();
            ids.dedup();
            if ctx.rights.scope(&entity, Action::Read) == kernel::access::Scope::All {
                visible.extend(ids);
                continue;
            }
            let found = crate::read::load(self.db.read(), ctx, def, &ids, Action::Read, true).await?;
            visible.extend(found.into_iter().map(|record| record.id));
        }
        let kept = events.into_iter().filter(|event| event.tenant == ctx.tenant && visible.contains(&event.record));
        Ok(kept.map(|event| { let entity = event.entity.clone(); seen(ctx, &entity, event) }).collect())
    }
}

type Cursor = (Option<i64>, Option<Timestamp>);

/// The oldest change and the oldest activity shown so far.
fn write_cursor(entries: &[Entry], before: Option<i64>, until: Option<Timestamp>) -> String {
    let change = entries.iter().filter_map(|e| if let Entry::Change(event) = e { Some(event.id) } else { None }).min();
    let activity = entries.iter().filter_map(|e| if let Entry::Activity(_) = e { Some(e.at()) } else { None }).min();
    let text = |n: Option<i64>| n.map(|n| n.to_string()).unwrap_or_default();
    format!("{}_{}", text(change.or(before)), text(activity.or(until).map(|at| at.0)))
}

fn read_cursor(cursor: Option<&str>) -> Result<Cursor> {
    let Some(cursor) = cursor else { return Ok((None, None)) };
    let wrong = || {
        let error = kernel::error::FieldError::new("invalid").with("reason", "not a cursor of this timeline");
        Error::field("request.invalid", "cursor", error)
    };
    let (change, activity) = cursor.split_once('_').ok_or_else(wrong)?;
    let parse = |text: &str| if text.is_empty() { Ok(None) } else { text.parse::<i64>().map(Some).map_err(|_| wrong()) };
    Ok((parse(change)?, parse(activity)?.map(Timestamp)))
}
