//! `records`: the tenant's records through the same door as everybody, narrowed to what the plugin was granted.
//!
//! Two checks stand side by side: the rights of the context (the actor's, or the plugin's own) in the service, and the
//! grants (entity, actions, fields) here.

use std::sync::Arc;

use kernel::access::Action;
use kernel::filter::Filter;
use kernel::{Ctx, RecordId, Value};
use records::{Change, EntityDef, FieldDef, Record, WriteOptions, Written};
use serde_json::{Map, Value as Json};

use super::{Caller, State, from_wit, host_error, host_error_in, id_from_wit, to_wit};
use crate::bindings::types::{Field, FieldError, HostError, Invalid, Row};
use crate::bindings::verstak::records::records as wit;
use crate::manifest::RecordPermission;

/// Rows in one call.
pub(super) const BATCH: usize = 200;

type Answer<T> = wasmtime::Result<Result<T, HostError>>;
type Saved = Vec<Result<wit::Saved, HostError>>;

/// A granted entity: its definition, the permission, and the context to act in.
pub(super) struct Door {
    pub(super) caller: Caller,
    pub(super) ctx: Ctx,
    pub(super) def: Arc<EntityDef>,
}

impl Door {
    fn permission(&self) -> Result<&RecordPermission, HostError> {
        let denied = || HostError::Denied(format!("the permission `records.{}` is not granted", self.def.key));
        self.caller.plugin.records(&self.def.key).ok_or_else(denied)
    }

    pub(super) fn may(&self, action: Action) -> Result<&RecordPermission, HostError> {
        let permission = self.permission()?;
        if permission.actions.contains(&action) {
            Ok(permission)
        } else {
            Err(HostError::Denied(format!("the permission `records.{}` does not include this action", self.def.key)))
        }
    }

    /// A filter that looks only at fields the plugin may read, also across a link.
    fn filter(&self, json: Option<&str>) -> Result<Option<Filter>, HostError> {
        let Some(json) = json else { return Ok(None) };
        let wrong = |text: String| HostError::Invalid(Invalid { text, fields: Vec::new() });
        let parsed: Json = serde_json::from_str(json).map_err(|error| wrong(error.to_string()))?;
        let filter = Filter::parse(&parsed).map_err(|error| wrong(error.message.in_locale(kernel::Locale::En)))?;
        match filter.fields().into_iter().find(|field| !self.reads(field)) {
            Some(field) => Err(HostError::Denied(format!("the plugin may not read `{field}`"))),
            None => Ok(Some(filter)),
        }
    }

    /// Whether a field may be read; `company.industry` needs the link and the other entity's field.
    fn reads(&self, path: &str) -> bool {
        let Ok(permission) = self.permission() else { return false };
        let Some((link, field)) = path.split_once('.') else { return permission.sees(&self.def, path) || path == "id" };
        let target = self.def.field(link).and_then(|field| field.target());
        permission.reads(link)
            && target.and_then(|entity| self.caller.plugin.records(entity)).is_some_and(|other| other.reads(field))
    }

    fn row(&self, record: Record) -> Result<Row, HostError> {
        let permission = self.permission()?;
        let readable = record.fields.iter().filter(|(name, _)| permission.sees(&self.def, name));
        Ok(Row {
            entity: record.entity.to_string(),
            id: record.id.to_string(),
            version: u64::try_from(record.version).unwrap_or_default(),
            fields: readable.map(|(name, value)| Field { name: name.to_string(), value: to_wit(value) }).collect(),
        })
    }

    /// Fields in wire form, each within the write permission.
    pub(super) fn fields(
        &self,
        permission: &RecordPermission,
        fields: Vec<Field>,
    ) -> Result<Map<String, Json>, HostError> {
        let mut values = Map::new();
        let mut errors = Vec::new();
        for field in fields {
            match self.value(permission, &field.name, field.value) {
                Ok(value) => {
                    if let Some((key, code)) = self.currency(&field.name, &value) {
                        values.insert(key, code);
                    }
                    values.insert(field.name, value.to_json());
                }
                Err((code, text)) => errors.push(FieldError { field: field.name, code: code.to_owned(), text }),
            }
        }
        if errors.is_empty() {
            return Ok(values);
        }
        let text = "some fields cannot be set".to_owned();
        Err(HostError::Invalid(Invalid { text, fields: errors }))
    }

    fn value(
        &self,
        permission: &RecordPermission,
        name: &str,
        value: crate::bindings::types::Value,
    ) -> Result<Value, (&'static str, String)> {
        let kind = self.def.field(name).ok_or_else(|| ("unknown", "there is no such field".to_owned()))?.kind;
        if !permission.writes(name) {
            return Err(("read_only", format!("the plugin has no permission to set `{name}`")));
        }
        from_wit(kind, value).map_err(|text| ("type", text))
    }

    /// The currency that came with an amount, as the field it has on the wire.
    fn currency(&self, money: &str, value: &Value) -> Option<(String, Json)> {
        let Value::Money(given) = value else { return None };
        let currency = self.def.currency_of(self.def.field(money)?)?;
        Some((currency.key.to_string(), given.currency.code().into()))
    }

    /// Sends changes through the one door; refused rows do not stop the others.
    async fn write(&self, changes: Vec<Result<Change, HostError>>) -> Result<Saved, HostError> {
        let good: Vec<Change> = changes.iter().filter_map(|change| change.as_ref().ok().cloned()).collect();
        let records = &self.caller.services.records;
        // The write pipeline may come back here through hooks of other plugins: the loop is bounded by the cause chain.
        let options = WriteOptions::default();
        let write = Box::pin(records.write(&self.ctx, &self.def.key, good, &options));
        let told = |error: kernel::Error| host_error_in(self.ctx.locale, &error);
        let mut outcomes = write.await.map_err(told)?.into_iter();
        let lost = || Err(HostError::Internal("the host gave no result".to_owned()));
        Ok(changes
            .into_iter()
            .map(|change| match change {
                Err(error) => Err(error),
                Ok(_) => outcomes.next().map_or_else(lost, |outcome| outcome.map(saved).map_err(told)),
            })
            .collect())
    }
}

pub(super) fn saved(written: Written) -> wit::Saved {
    wit::Saved { id: written.record.id.to_string(), version: u64::try_from(written.record.version).unwrap_or_default() }
}

pub(super) fn version(version: Option<u64>) -> Option<i64> {
    version.map(|version| i64::try_from(version).unwrap_or(i64::MAX))
}

impl State {
    /// Opens the door to an entity for so many rows.
    pub(super) async fn door(&mut self, entity: &str, rows: usize) -> Result<Door, HostError> {
        if rows > BATCH {
            return Err(HostError::Limit(format!("more than {BATCH} rows at once")));
        }
        let caller = self.granted(&format!("records.{entity}"))?;
        self.take_rows(rows)?;
        let ctx = caller.own_ctx();
        let def = caller.services.records.entity(&ctx, entity).await.map_err(|error| host_error(&error))?;
        Ok(Door { ctx, caller, def })
    }

    async fn get_rows(&mut self, entity: &str, ids: &[String]) -> Result<Vec<Option<Row>>, HostError> {
        let door = self.door(entity, ids.len()).await?;
        door.may(Action::Read)?;
        let wanted: Vec<RecordId> = ids.iter().map(|id| id_from_wit(id)).collect::<Result<_, _>>()?;
        let records = &door.caller.services.records;
        let found = records.get_many(&door.ctx, entity, &wanted).await.map_err(|error| host_error(&error))?;
        let rows: Vec<(RecordId, Row)> =
            found.into_iter().map(|record| Ok((record.id, door.row(record)?))).collect::<Result<_, HostError>>()?;
        Ok(wanted.iter().map(|id| rows.iter().find(|(of, _)| of == id).map(|(_, row)| row.clone())).collect())
    }

    async fn find_rows(&mut self, query: wit::Query) -> Result<wit::Page, HostError> {
        let limit = query.limit.clamp(1, 200);
        let door = self.door(&query.entity, 1).await?;
        let permission = door.may(Action::Read)?;
        let asked = |key: &str| query.fields.iter().any(|field| field == key);
        let wanted = |field: &&FieldDef| {
            let money = || door.def.money_of(field).is_some_and(|money| asked(&money.key));
            permission.sees(&door.def, &field.key) && (query.fields.is_empty() || asked(&field.key) || money())
        };
        let fields: Vec<String> = door.def.fields.iter().filter(wanted).map(|field| field.key.to_string()).collect();
        if let Some(sort) = query.sort.iter().find(|sort| !door.reads(&sort.field)) {
            return Err(HostError::Denied(format!("the plugin may not read `{}`", sort.field)));
        }
        let sort =
            query.sort.into_iter().map(|sort| records::read::Sort { field: sort.field, descending: sort.descending });
        let ask = records::read::Query {
            filter: door.filter(query.filter.as_deref())?,
            sort: sort.collect(),
            fields: Some(fields),
            limit: Some(u64::from(limit)),
            cursor: query.cursor,
            ..Default::default()
        };
        let page = door
            .caller
            .services
            .records
            .query(&door.ctx, &door.def.key, &ask)
            .await
            .map_err(|error| host_error(&error))?;
        self.take_rows(page.items.len())?;
        let rows = page.items.into_iter().map(|record| door.row(record)).collect::<Result<_, _>>()?;
        Ok(wit::Page { rows, next: page.next_cursor })
    }

    async fn count_rows(&mut self, entity: &str, filter: Option<&str>) -> Result<u64, HostError> {
        let door = self.door(entity, 1).await?;
        door.may(Action::Read)?;
        let ask = records::read::Query { filter: door.filter(filter)?, ..Default::default() };
        let count =
            door.caller.services.records.count(&door.ctx, entity, &ask).await.map_err(|error| host_error(&error))?;
        Ok(u64::try_from(count).unwrap_or_default())
    }

    async fn change_rows(&mut self, entity: &str, action: Action, changes: Vec<Wanted>) -> Result<Saved, HostError> {
        self.writes(&format!("records.{entity}"))?;
        let door = self.door(entity, changes.len()).await?;
        let permission = door.may(action)?;
        let change = |wanted: Wanted| {
            Ok(match wanted {
                Wanted::Create(fields) => Change::Create { fields: door.fields(permission, fields)? },
                Wanted::Change(update) => Change::Update {
                    id: id_from_wit(&update.id)?,
                    version: version(update.version),
                    fields: door.fields(permission, update.fields)?,
                },
                Wanted::Remove(id) => Change::Delete { id: id_from_wit(&id)?, version: None },
                Wanted::Restore(id) => Change::Restore { id: id_from_wit(&id)? },
            })
        };
        door.write(changes.into_iter().map(change).collect()).await
    }
}

enum Wanted {
    Create(Vec<Field>),
    Change(wit::Update),
    Remove(String),
    Restore(String),
}

impl wit::Host for State {
    async fn get(&mut self, entity: String, ids: Vec<String>) -> Answer<Vec<Option<Row>>> {
        self.enter()?;
        Ok(self.get_rows(&entity, &ids).await)
    }

    async fn find(&mut self, query: wit::Query) -> Answer<wit::Page> {
        self.enter()?;
        Ok(self.find_rows(query).await)
    }

    async fn count(&mut self, entity: String, filter: Option<String>) -> Answer<u64> {
        self.enter()?;
        Ok(self.count_rows(&entity, filter.as_deref()).await)
    }

    async fn aggregate(&mut self, entity: String, request: String) -> Answer<String> {
        self.enter()?;
        Ok(self.aggregate_rows(&entity, &request).await)
    }

    async fn create(&mut self, entity: String, rows: Vec<Vec<Field>>) -> Answer<Saved> {
        self.enter()?;
        Ok(self.change_rows(&entity, Action::Create, rows.into_iter().map(Wanted::Create).collect()).await)
    }

    async fn change(&mut self, entity: String, updates: Vec<wit::Update>) -> Answer<Saved> {
        self.enter()?;
        Ok(self.change_rows(&entity, Action::Update, updates.into_iter().map(Wanted::Change).collect()).await)
    }

    async fn remove(&mut self, entity: String, ids: Vec<String>) -> Answer<Saved> {
        self.enter()?;
        Ok(self.change_rows(&entity, Action::Delete, ids.into_iter().map(Wanted::Remove).collect()).await)
    }

    async fn restore(&mut self, entity: String, ids: Vec<String>) -> Answer<Saved> {
        self.enter()?;
        Ok(self.change_rows(&entity, Action::Delete, ids.into_iter().map(Wanted::Restore).collect()).await)
    }

    async fn ensure(
        &mut self,
        entity: String,
        constraint: String,
        rows: Vec<Vec<Field>>,
    ) -> Answer<Vec<Result<wit::Kept, HostError>>> {
        self.enter()?;
        Ok(self.ensure_rows(&entity, &constraint, rows).await)
    }

    async fn together(&mut self, writes: Vec<wit::Write>) -> Answer<Vec<wit::Saved>> {
        self.enter()?;
        Ok(self.write_together(writes).await)
    }

    async fn fresh_ids(&mut self, count: u32) -> Answer<Vec<String>> {
        self.enter()?;
        Ok(self.ids(count))
    }

    async fn visible(&mut self, entity: String, ids: Vec<String>) -> Answer<Vec<bool>> {
        self.enter()?;
        Ok(self.visible_rows(&entity, &ids).await)
    }
}

/// `POST /records/{entity}/aggregate` in and out.
#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct AggregateRequest {
    #[serde(default)]
    filter: Option<Json>,
    #[serde(default)]
    group_by: Vec<GroupBy>,
    #[serde(default)]
    measures: Vec<Measure>,
}

#[derive(serde::Deserialize)]
#[serde(untagged)]
enum GroupBy {
    Field(String),
    Bucket { field: String, bucket: records::read::Bucket },
}

#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct Measure {
    op: records::read::MeasureOp,
    field: Option<String>,
}

impl State {
    async fn aggregate_rows(&mut self, entity: &str, request: &str) -> Result<String, HostError> {
        let door = self.door(entity, 1).await?;
        door.may(Action::Read)?;
        let wrong =
            |error: serde_json::Error| HostError::Invalid(Invalid { text: error.to_string(), fields: Vec::new() });
        let request: AggregateRequest = serde_json::from_str(request).map_err(wrong)?;
        let filter = door.filter(request.filter.map(|filter| filter.to_string()).as_deref())?;
        let group_by: Vec<records::read::GroupBy> = request
            .group_by
            .into_iter()
            .map(|by| match by {
                GroupBy::Field(field) => records::read::GroupBy { field, bucket: None },
                GroupBy::Bucket { field, bucket } => records::read::GroupBy { field, bucket: Some(bucket) },
            })
            .collect();
        let measures: Vec<records::read::Measure> =
            request.measures.into_iter().map(|one| records::read::Measure { op: one.op, field: one.field }).collect();
        let named = group_by.iter().map(|by| &by.field).chain(measures.iter().filter_map(|one| one.field.as_ref()));
        if let Some(field) = named.into_iter().find(|field| !door.reads(field)) {
            return Err(HostError::Denied(format!("the plugin may not read `{field}`")));
        }
        let query = records::read::Query { filter, ..Default::default() };
        let ask = records::read::Aggregate { query, group_by, measures, besides: 0 };
        let groups = door
            .caller
            .services
            .records
            .aggregate(&door.ctx, entity, &ask)
            .await
            .map_err(|error| host_error(&error))?;
        self.take_rows(groups.len())?;
        serde_json::to_string(&serde_json::json!({ "items": groups })).map_err(wrong)
    }
}
