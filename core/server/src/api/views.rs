//! `/views`: saved views of lists, boards and calendars.

use ::records::views::{View, ViewInput, ViewPatch};
use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use super::view::Items;
use crate::http::{ApiResult, Body, Caller, Params};
use crate::state::AppState;

/// A saved view.
#[derive(Debug, Serialize, ToSchema)]
pub struct SavedView {
    id: Uuid,
    entity: String,
    name: String,
    /// `list`, `board` or `calendar`.
    kind: String,
    shared: bool,
    mine: bool,
    #[schema(value_type = ::records::views::ViewConfig)]
    config: Value,
}

impl From<View> for SavedView {
    fn from(view: View) -> Self {
        let View { id, entity, name, kind, shared, mine, config } = view;
        Self { id, entity, name, kind, shared, mine, config }
    }
}

/// Of which entity.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ViewParams {
    entity: Option<String>,
}

/// `GET /views`
#[utoipa::path(get, path = "/views", tag = "views", params(ViewParams), responses((status = 200, body = Items<SavedView>)))]
pub async fn list(
    State(state): State<AppState>,
    caller: Caller,
    Params(params): Params<ViewParams>,
) -> ApiResult<Json<Items<SavedView>>> {
    let views = state.records.views(&caller.ctx, params.entity.as_deref()).await?;
    Ok(Json(Items { items: views.into_iter().map(SavedView::from).collect() }))
}

/// `POST /views`
#[utoipa::path(post, path = "/views", tag = "views", request_body = ViewInput, responses((status = 201, body = SavedView)))]
pub async fn create(
    State(state): State<AppState>,
    caller: Caller,
    Body(body): Body<ViewInput>,
) -> ApiResult<(StatusCode, Json<SavedView>)> {
    Ok((StatusCode::CREATED, Json(state.records.create_view(&caller.ctx, &body).await?.into())))
}

/// `PATCH /views/{id}`
#[utoipa::path(patch, path = "/views/{id}", tag = "views", params(("id" = Uuid, Path)), request_body = ViewPatch, responses((status = 200, body = SavedView)))]
pub async fn update(
    State(state): State<AppState>,
    caller: Caller,
    Path(id): Path<Uuid>,
    Body(body): Body<ViewPatch>,
) -> ApiResult<Json<SavedView>> {
    Ok(Json(state.records.update_view(&caller.ctx, id, &body).await?.into()))
}

/// `DELETE /views/{id}`
#[utoipa::path(delete, path = "/views/{id}", tag = "views", params(("id" = Uuid, Path)), responses((status = 204)))]
pub async fn remove(State(state): State<AppState>, caller: Caller, Path(id): Path<Uuid>) -> ApiResult<StatusCode> {
    state.records.remove_view(&caller.ctx, id).await?;
    Ok(StatusCode::NO_CONTENT)
}
