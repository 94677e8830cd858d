//! `/records/{entity}/{id}/timeline`: what happened to a record, and notes about it; `/stages`: where it has stood.

use std::collections::BTreeMap;

use ::records::timeline::Entry;
use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use kernel::event::Event;
use kernel::{Actor, RecordId};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use super::view::{RecordView, RefView, refs};
use crate::http::{ApiResult, Body, Caller, Params};
use crate::state::AppState;

/// Who did something.
#[derive(Debug, Serialize, ToSchema)]
pub struct ActorView {
    /// `user`, `token`, `plugin`, `import`, `process`, `rule`, `guest`, `system`.
    pub kind: &'static str,
    /// The person's id, the plugin's, the process instance's, the rule's, the guest link's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// Their name, where it is known here.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Name of the person for whom a plugin, a rule or an import did it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub on_behalf_of: Option<String>,
}

impl ActorView {
    /// The view of an actor; people's names are looked up in `names`.
    pub fn of(actor: &Actor, names: &BTreeMap<Uuid, RefView>) -> Self {
        let (kind, id) = match actor {
            Actor::User { id } => ("user", Some(id.to_string())),
            Actor::Token { id, .. } => ("token", Some(id.to_string())),
            Actor::Plugin { id, .. } => ("plugin", Some(id.clone())),
            Actor::Import { id, .. } => ("import", Some(id.to_string())),
            Actor::Process { id, .. } => ("process", Some(id.to_string())),
            Actor::Rule { id, .. } => ("rule", Some(id.to_string())),
            Actor::Guest { id } => ("guest", Some(id.to_string())),
            Actor::System => ("system", None),
        };
        let person = actor.user().and_then(|user| names.get(&user.0)).map(|r| r.title.clone());
        let (name, on_behalf_of) = match actor {
            Actor::Plugin { id, .. } => (Some(id.clone()), person),
            Actor::Import { .. } => (person.clone(), person),
            Actor::Process { process, .. } => (Some(process.clone()), None),
            Actor::Rule { name, .. } => (Some(name.clone()), person),
            _ => (person, None),
        };
        Self { kind, id, name, on_behalf_of }
    }
}

/// A field's values before and after an event.
#[derive(Debug, Serialize, ToSchema)]
pub struct ChangeView<'a> {
    before: Option<&'a Value>,
    after: Option<&'a Value>,
}

/// The changed fields of an event, each a `ChangeView`.
pub fn changes_view(event: &Event) -> Map<String, Value> {
    let Value::Object(changes) = &event.changes else { return Map::new() };
    changes
        .iter()
        .map(|(key, pair)| (key.clone(), json!(ChangeView { before: pair.get(0), after: pair.get(1) })))
        .collect()
}

/// One entry of a timeline.
#[derive(Debug, Serialize, ToSchema)]
pub struct EntryView {
    id: String,
    /// `change` or `activity`.
    kind: &'static str,
    #[schema(value_type = String)]
    at: kernel::Timestamp,
    #[serde(skip_serializing_if = "Option::is_none")]
    actor: Option<ActorView>,
    /// e.g. `lead.updated`.
    #[serde(skip_serializing_if = "Option::is_none")]
    event: Option<String>,
    /// By field.
    #[serde(skip_serializing_if = "Map::is_empty")]
    #[schema(value_type = BTreeMap<String, ChangeView>)]
    changes: Map<String, Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    /// An activity, or a task (its `entity` says which).
    activity: Option<RecordView>,
    #[serde(skip_serializing_if = "Option::is_none")]
    batch: Option<Uuid>,
}

/// A page of a timeline.
#[derive(Debug, Serialize, ToSchema)]
pub struct TimelineView {
    items: Vec<EntryView>,
    next_cursor: Option<String>,
    refs: BTreeMap<Uuid, RefView>,
}

/// Which page.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct TimelineParams {
    cursor: Option<String>,
    /// 1 to 200; 50 by default.
    limit: Option<u64>,
}

/// `GET /records/{entity}/{id}/timeline`
#[utoipa::path(get, path = "/records/{entity}/{id}/timeline", tag = "records", operation_id = "timeline",
    params(("entity" = String, Path), ("id" = Uuid, Path), TimelineParams), responses((status = 200, body = TimelineView)))]
pub async fn get(
    State(state): State<AppState>,
    caller: Caller,
    Path((entity, id)): Path<(String, RecordId)>,
    Params(params): Params<TimelineParams>,
) -> ApiResult<Json<TimelineView>> {
    let limit = params.limit.unwrap_or(50);
    let timeline = state.records.timeline(&caller.ctx, &entity, id, params.cursor.as_deref(), limit).await?;
    let names = refs(timeline.refs);
    let items = timeline.entries.into_iter().map(|entry| entry_view(entry, &names)).collect();
    Ok(Json(TimelineView { items, next_cursor: timeline.next_cursor, refs: names }))
}

/// Stages that a record has stood in.
#[derive(Debug, Serialize, ToSchema)]
pub struct StoodView {
    /// Keys, the present one too, in the order in which it first came to them. A stage that it was moved past is not here.
    items: Vec<String>,
}

/// `GET /records/{entity}/{id}/stages`: which stages it has stood in. Empty where there are no stages, or whoever asks may
/// not see them.
#[utoipa::path(get, path = "/records/{entity}/{id}/stages", tag = "records", operation_id = "stages",
    params(("entity" = String, Path), ("id" = Uuid, Path)), responses((status = 200, body = StoodView)))]
pub async fn stages(
    State(state): State<AppState>,
    caller: Caller,
    Path((entity, id)): Path<(String, RecordId)>,
) -> ApiResult<Json<StoodView>> {
    let items = state.records.stages_stood(&caller.ctx, &entity, id).await?;
    Ok(Json(StoodView { items }))
}

fn entry_view(entry: Entry, names: &BTreeMap<Uuid, RefView>) -> EntryView {
    let (id, at) = (entry.id(), entry.at());
    match entry {
        Entry::Change(event) => EntryView {
            id,
            kind: "change",
            at,
            actor: Some(ActorView::of(&event.actor, names)),
            changes: changes_view(&event),
            batch: event.batch.map(|b| b.0),
            event: Some(event.kind),
            activity: None,
        },
        Entry::Activity(record) => EntryView {
            id,
            kind: "activity",
            at,
            actor: None,
            event: None,
            changes: Map::new(),
            activity: Some(record.into()),
            batch: None,
        },
    }
}

/// A note.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NoteBody {
    text: String,
}

/// `POST /records/{entity}/{id}/timeline`
#[utoipa::path(post, path = "/records/{entity}/{id}/timeline", tag = "records", operation_id = "add_note",
    params(("entity" = String, Path), ("id" = Uuid, Path)),
    request_body = NoteBody, responses((status = 201, body = RecordView)))]
pub async fn add(
    State(state): State<AppState>,
    caller: Caller,
    Path((entity, id)): Path<(String, RecordId)>,
    Body(body): Body<NoteBody>,
) -> ApiResult<(StatusCode, Json<RecordView>)> {
    let written = state.records.add_note(&caller.ctx, &entity, id, &body.text).await?;
    Ok((StatusCode::CREATED, Json(RecordView::written(written.record, &caller.ctx))))
}
