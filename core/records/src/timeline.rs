//! The timeline of a record: its changes (the event log read by record) and the activities and tasks about it, newest
//! first.

use std::collections::BTreeMap;

use kernel::access::Action;
use kernel::event::{self, Event};
use kernel::filter::{Filter, Op};
use kernel::{Ctx, EntityKey, Error, Fields, RecordId, Result, Timestamp, Value};
use serde_json::{Map, Value as Json, json};
use uuid::Uuid;

use crate::read::{Query, Refs, Sort};
use crate::write::{Change, WriteOptions};
use crate::{EntityDef, Record, Records, Written, references};

/// Entries of a page at most.
pub const MAX_LIMIT: u64 = 200;

/// One entry.
#[derive(Debug)]
pub enum Entry {
    /// A change, with only the fields that the reader sees.
    Change(Box<Event>),
    /// An activity or task about the record.
    Activity(Record),
}

impl Entry {
    /// When it happened.
    pub fn at(&self) -> Timestamp {
        match self {
            Self::Change(event) => event.at,
            Self::Activity(record) => {
                record.fields.get("created_at").and_then(Value::as_instant).unwrap_or(Timestamp(0))
            }
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
    pub async fn timeline(
        &self,
        ctx: &Ctx,
        entity: &str,
        id: RecordId,
        cursor: Option<&str>,
        limit: u64,
    ) -> Result<Timeline> {
        let catalogue = self.catalogue_of(ctx).await?;
        let def = catalogue.entity(entity)?;
        self.get_deleted(ctx, entity, id).await?;
        let limit = limit.clamp(1, MAX_LIMIT);
        let from = Place::read(cursor)?;
        // A change that is also a message to processes is one thing that happened.
        let beside = self.rules_of(entity).map_or(&[][..], |rules| rules.told_beside());
        let events = event::of_record(self.db.read(), ctx.tenant, id.0, from.change, beside, limit + 1).await?;
        let activities = self.activities_about(ctx, entity, id, &from, limit + 1).await?;
        let events = events.into_iter().map(|event| Entry::Change(Box::new(seen(ctx, def, event)))).collect();
        let mut entries = newest_first(events, activities.into_iter().map(Entry::Activity).collect());
        let page = usize::try_from(limit).unwrap_or(usize::MAX);
        let more = entries.len() > page;
        entries.truncate(page);
        let next_cursor = more.then(|| from.after(&entries).to_string());
        let refs = self.timeline_refs(ctx, def, &entries).await?;
        Ok(Timeline { entries, next_cursor, refs })
    }

    /// Adds a note to a record that the actor sees.
    ///
    /// # Errors
    /// `NotFound`, `Denied`, `record.invalid`.
    pub async fn add_note(&self, ctx: &Ctx, entity: &str, id: RecordId, text: &str) -> Result<Written> {
        self.get(ctx, entity, id).await?;
        if text.trim().is_empty() {
            return Err(Error::field(crate::INVALID, "text", kernel::error::FieldError::new("required")));
        }
        let fields = json!({"kind": "note", "text": text, "done": true, "record_entity": entity, "record_id": id});
        let Json::Object(fields) = fields else { return Err(Error::Internal("note".into())) };
        self.write_one(ctx, "activity", Change::Create { fields }, &WriteOptions::default()).await
    }

    async fn activities_about(
        &self,
        ctx: &Ctx,
        entity: &str,
        id: RecordId,
        from: &Place,
        limit: u64,
    ) -> Result<Vec<Record>> {
        if entity == "activity" {
            return Ok(Vec::new());
        }
        let mut all =
            vec![Filter::test("record_id", Op::Eq, id.to_string()), Filter::test("record_entity", Op::Eq, entity)];
        if let Some((until, _)) = from.activity {
            all.push(Filter::test("created_at", Op::Lte, until.to_string()));
        }
        let shown = from.activity.map_or(0, |(_, shown)| shown);
        let query = Query {
            filter: Some(Filter::And(all)),
            sort: vec![Sort { field: "created_at".into(), descending: true }],
            limit: Some(Ord::min(limit.saturating_add(shown), crate::read::MAX_LIMIT)),
            ..Query::default()
        };
        // Two lists in the same order, merged into one: of one moment activities come first, on every page alike.
        let mut found = Vec::new();
        for told in ["activity", "task"].into_iter().filter(|told| ctx.rights.may(told, Action::Read)) {
            found.extend(self.query(ctx, told, &query).await?.items);
        }
        let at = |record: &Record| record.fields.get("created_at").and_then(Value::as_instant);
        found.sort_by_key(|record| std::cmp::Reverse(at(record)));
        Ok(found.into_iter().skip(usize::try_from(shown).unwrap_or(usize::MAX)).collect())
    }

    async fn timeline_refs(&self, ctx: &Ctx, def: &EntityDef, entries: &[Entry]) -> Result<Refs> {
        let records: Vec<Record> = entries
            .iter()
            .filter_map(|entry| if let Entry::Activity(record) = entry { Some(record.clone()) } else { None })
            .collect();
        let mut refs = self.refs(ctx, &records).await?;
        let mut wanted: BTreeMap<EntityKey, Vec<Uuid>> = BTreeMap::new();
        for entry in entries {
            let Entry::Change(event) = entry else { continue };
            wanted.entry(references::USER.into()).or_default().extend(event.actor.user().map(|u| u.0));
            let Json::Object(changes) = &event.changes else { continue };
            for (key, pair) in changes {
                for target in
                    def.field(key).map(|field| references::pointed_to(field, &Fields::new())).unwrap_or_default()
                {
                    wanted.entry(target).or_default().extend(ids_in(pair));
                }
            }
        }
        for (target, mut ids) in wanted {
            ids.sort();
            ids.dedup();
            if !ids.is_empty() {
                self.titles(ctx, &target, &ids, &mut refs).await?;
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
fn seen(ctx: &Ctx, def: &EntityDef, mut event: Event) -> Event {
    if let Json::Object(changes) = event.changes {
        let kept: Map<String, Json> = changes.into_iter().filter(|(key, _)| def.shows_key(&ctx.rights, key)).collect();
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
        let catalogue = self.catalogue_of(ctx).await?;
        let mut by_entity: BTreeMap<String, Vec<RecordId>> = BTreeMap::new();
        for event in events.iter().filter(|event| event.tenant == ctx.tenant) {
            by_entity.entry(event.entity.clone()).or_default().push(RecordId(event.record));
        }
        let mut visible = std::collections::HashSet::new();
        for (entity, mut ids) in by_entity {
            let Some(def) = catalogue.find(&entity) else { continue };
            ids.sort();
            ids.dedup();
            if ctx.rights.scope(&entity, Action::Read) == kernel::access::Scope::All {
                visible.extend(ids);
                continue;
            }
            let found = crate::read::load(self.db.read(), &catalogue, ctx, def, &ids, Action::Read, true).await?;
            visible.extend(found.into_iter().map(|record| record.id));
        }
        let kept =
            events.into_iter().filter(|event| event.tenant == ctx.tenant && visible.contains(&RecordId(event.record)));
        Ok(kept.filter_map(|event| Some(seen(ctx, catalogue.find(&event.entity)?, event))).collect())
    }
}

/// Merges changes and activities; each of the two keeps its own order, so that a cursor can name a place in both.
fn newest_first(changes: Vec<Entry>, activities: Vec<Entry>) -> Vec<Entry> {
    let mut merged = Vec::with_capacity(changes.len() + activities.len());
    let mut changes = changes.into_iter().peekable();
    for activity in activities {
        while let Some(change) = changes.next_if(|change| change.at() > activity.at()) {
            merged.push(change);
        }
        merged.push(activity);
    }
    merged.extend(changes);
    merged
}

/// Where a page ended. As text: `<row of the last change>_<microseconds>_<count>`, parts that are unknown empty.
#[derive(Debug, Default, PartialEq, Eq)]
struct Place {
    /// Row of the oldest change shown.
    change: Option<i64>,
    /// Time of the oldest activity shown, and how many of exactly that time were shown.
    activity: Option<(Timestamp, u64)>,
}

impl Place {
    fn read(cursor: Option<&str>) -> Result<Self> {
        let Some(cursor) = cursor else { return Ok(Self::default()) };
        Self::parse(cursor).ok_or_else(|| {
            Error::field("request.invalid", "cursor", kernel::error::FieldError::worded("invalid", "cursor_foreign"))
        })
    }

    fn parse(text: &str) -> Option<Self> {
        let mut parts = text.split('_');
        let (change, at, shown) = (parts.next()?, parts.next()?, parts.next()?);
        let number = |text: &str| if text.is_empty() { Some(None) } else { text.parse::<i64>().ok().map(Some) };
        let shown = number(shown)?.map(u64::try_from).transpose().ok()?;
        let activity = number(at)?.map(|at| (Timestamp(at), shown.unwrap_or(0)));
        parts.next().is_none().then_some(Self { change: number(change)?, activity })
    }

    /// The place after these entries, which begin here.
    fn after(&self, entries: &[Entry]) -> Self {
        let mut changes =
            entries.iter().filter_map(|e| if let Entry::Change(event) = e { Some(event.id) } else { None });
        let activities: Vec<&Entry> = entries.iter().filter(|entry| matches!(entry, Entry::Activity(_))).collect();
        let oldest = activities.last().map(|entry| {
            let of_that_time = activities.iter().filter(|other| other.at() == entry.at()).count();
            let before = self.activity.filter(|(at, _)| *at == entry.at()).map_or(0, |(_, shown)| shown);
            (entry.at(), before.saturating_add(u64::try_from(of_that_time).unwrap_or(u64::MAX)))
        });
        Self { change: changes.next_back().or(self.change), activity: oldest.or(self.activity) }
    }
}

impl std::fmt::Display for Place {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let text = |n: Option<String>| n.unwrap_or_default();
        let (at, shown) = self.activity.unzip();
        let (at, shown) = (at.map(|at| at.0.to_string()), shown.map(|shown| shown.to_string()));
        write!(f, "{}_{}_{}", text(self.change.map(|id| id.to_string())), text(at), text(shown))
    }
}
