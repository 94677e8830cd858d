//! `/records/{entity}/{id}/buttons`: rules of automation that people set off by hand on a card.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use kernel::RecordId;
use process::automation::{ButtonRun, ButtonView};
use serde::Deserialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::view::Items;
use crate::http::{ApiResult, Body, Caller};
use crate::state::AppState;

/// A press of a button.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Press {
    /// Names it: the same press again gives the same run.
    press: Uuid,
}

/// `GET /records/{entity}/{id}/buttons`: buttons that the caller may press on the record now.
#[utoipa::path(get, path = "/records/{entity}/{id}/buttons", operation_id = "list_buttons", tag = "automations",
    params(("entity" = String, Path), ("id" = Uuid, Path)), responses((status = 200, body = Items<ButtonView>)))]
pub async fn list(
    State(state): State<AppState>,
    caller: Caller,
    Path((entity, id)): Path<(String, Uuid)>,
) -> ApiResult<Json<Items<ButtonView>>> {
    Ok(Json(Items { items: state.automations.buttons(&caller.ctx, &entity, RecordId(id)).await? }))
}

/// `POST /records/{entity}/{id}/buttons/{rule}`: presses a button; its run is done at once by a job.
#[utoipa::path(post, path = "/records/{entity}/{id}/buttons/{rule}", operation_id = "press_button", tag = "automations",
    params(("entity" = String, Path), ("id" = Uuid, Path), ("rule" = Uuid, Path)), request_body = Press,
    responses((status = 202, body = ButtonRun)))]
pub async fn press(
    State(state): State<AppState>,
    caller: Caller,
    Path((entity, id, rule)): Path<(String, Uuid, Uuid)>,
    Body(body): Body<Press>,
) -> ApiResult<(StatusCode, Json<ButtonRun>)> {
    let run = state.automations.press(&caller.ctx, (&entity, RecordId(id)), rule, body.press).await?;
    Ok((StatusCode::ACCEPTED, Json(run)))
}
