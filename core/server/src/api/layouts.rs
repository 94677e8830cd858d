//! `/layouts`: where the fields of an entity stand, for everybody, for a role, in a pipeline.

use std::collections::BTreeMap;

use ::records::catalogue::layout::{LayoutOf, Saved, Spec};
use axum::Json;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, HeaderValue, header};
use axum::response::{IntoResponse, Response};
use kernel::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use super::records::matched;
use super::view::Items;
use crate::http::{ApiResult, Body, Caller, Params};
use crate::state::AppState;

/// A save of a layout.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = SavedLayout)]
pub struct SavedView {
    id: Uuid,
    of: LayoutOf,
    /// Absent: as the product has it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    layout: Option<Spec>,
    #[schema(value_type = String)]
    at: Timestamp,
    /// Name of whoever saved it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    by: Option<String>,
}

/// Layouts of what.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct LayoutParams {
    /// Of this entity.
    entity: String,
}

/// The history of which layout.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct HistoryParams {
    /// Of this entity.
    entity: String,
    /// In this pipeline.
    pipeline: Option<Uuid>,
    /// For people of this role.
    role: Option<Uuid>,
}

/// A layout to save.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct LayoutBody {
    of: LayoutOf,
    /// Null brings the product's arrangement back.
    layout: Option<Spec>,
}

/// `GET /layouts`: those of an entity as they are now (administrators).
#[utoipa::path(get, path = "/layouts", tag = "entities", operation_id = "layouts", params(LayoutParams),
    responses((status = 200, body = Items<SavedView>)))]
pub async fn list(
    State(state): State<AppState>,
    caller: Caller,
    Params(params): Params<LayoutParams>,
) -> ApiResult<Json<Items<SavedView>>> {
    let found = state.records.layouts(&caller.ctx, &params.entity).await?;
    views(&state, &caller, found).await
}

/// `GET /layouts/history`: kept saves of one layout, the newest first, at most 50 (administrators).
#[utoipa::path(get, path = "/layouts/history", tag = "entities", operation_id = "layout_history", params(HistoryParams),
    responses((status = 200, body = Items<SavedView>)))]
pub async fn history(
    State(state): State<AppState>,
    caller: Caller,
    Params(params): Params<HistoryParams>,
) -> ApiResult<Json<Items<SavedView>>> {
    let of = LayoutOf { entity: params.entity.into(), pipeline: params.pipeline, role: params.role };
    let found = state.records.layout_history(&caller.ctx, &of).await?;
    views(&state, &caller, found).await
}

/// `PUT /layouts`: arranges an entity (administrators); the save as `ETag`. With `If-Match` only over the save that was
/// seen (its id, 0 of the product's arrangement): 409 `layout.changed` otherwise.
#[utoipa::path(put, path = "/layouts", tag = "entities", operation_id = "set_layout",
    params(("If-Match" = Option<String>, Header, description = "The id of the save that was seen, 0 of the product's arrangement")),
    request_body = LayoutBody, responses((status = 200, body = SavedView)))]
pub async fn put(
    State(state): State<AppState>,
    caller: Caller,
    headers: HeaderMap,
    Body(body): Body<LayoutBody>,
) -> ApiResult<Response> {
    let saved = state.records.set_layout(&caller.ctx, body.of, body.layout, matched(&headers)).await?;
    one(&state, &caller, saved).await
}

/// `POST /layouts/{id}/restore`: brings an earlier save back, as a new one (administrators), with that as `ETag`.
#[utoipa::path(post, path = "/layouts/{id}/restore", tag = "entities", operation_id = "restore_layout",
    params(("id" = Uuid, Path)), responses((status = 200, body = SavedView)))]
pub async fn restore(State(state): State<AppState>, caller: Caller, Path(id): Path<Uuid>) -> ApiResult<Response> {
    let saved = state.records.restore_layout(&caller.ctx, id).await?;
    one(&state, &caller, saved).await
}

async fn one(state: &AppState, caller: &Caller, saved: Saved) -> ApiResult<Response> {
    let names = names(state, caller, std::slice::from_ref(&saved)).await?;
    let tag = HeaderValue::from_str(&format!("\"{}\"", saved.tag()));
    let mut response = Json(view(saved, &names)).into_response();
    if let Ok(tag) = tag {
        response.headers_mut().insert(header::ETAG, tag);
    }
    Ok(response)
}

async fn views(state: &AppState, caller: &Caller, found: Vec<Saved>) -> ApiResult<Json<Items<SavedView>>> {
    let names = names(state, caller, &found).await?;
    Ok(Json(Items { items: found.into_iter().map(|saved| view(saved, &names)).collect() }))
}

async fn names(state: &AppState, caller: &Caller, found: &[Saved]) -> ApiResult<BTreeMap<Uuid, String>> {
    let ids: Vec<Uuid> = found.iter().filter_map(|saved| saved.by).collect();
    let which = people::directory::Which::Ids(&ids);
    let people = people::directory::people(state.db.read(), caller.ctx.tenant, which).await?;
    Ok(people.into_iter().map(|person| (person.id, person.name)).collect())
}

fn view(saved: Saved, names: &BTreeMap<Uuid, String>) -> SavedView {
    let by = saved.by.and_then(|by| names.get(&by).cloned());
    SavedView { id: saved.id, of: saved.of, layout: saved.spec, at: saved.at, by }
}
