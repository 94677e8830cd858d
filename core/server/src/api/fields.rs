//! `/entities/{entity}/fields/{key}/type`: another type for a field that has values.

use ::records::catalogue::retype::{Fit, Retype};
use axum::Json;
use axum::extract::{Path, State};

use crate::http::{ApiResult, Body, Caller};
use crate::state::AppState;

/// `POST /entities/{entity}/fields/{key}/type`: says how the values fit and, unless that is all that is asked, changes the type;
/// 409 `config.misfits` where some do not fit, `config.in_use` with what looks at the field (administrators).
#[utoipa::path(post, path = "/entities/{entity}/fields/{key}/type", operation_id = "retype_field", tag = "entities",
    params(("entity" = String, Path), ("key" = String, Path)), request_body = Retype, responses((status = 200, body = Fit)))]
pub async fn retype(
    State(state): State<AppState>,
    caller: Caller,
    Path((entity, key)): Path<(String, String)>,
    Body(input): Body<Retype>,
) -> ApiResult<Json<Fit>> {
    Ok(Json(state.records.retype_field(&caller.ctx, &entity, &key, input).await?))
}
