//! Pages of plugins: which there are for somebody, and what their sources have to say. `portal/src/engines/blocks/wire.ts`
//! is the other side.

mod figures;
mod read;
mod rows;

use axum::Json;
use axum::extract::State;
use people::Identity;
use plugin_host::surfaces::UiView;
use serde_json::{Value, json};

use crate::http::{ApiResult, Caller};
use crate::state::AppState;

pub use read::{__path_read, ReadAnswer, ReadBody, read};

/// `GET /ui`: the surfaces of plugins that the caller may see, in order, with their trees and texts.
#[utoipa::path(get, path = "/ui", operation_id = "get_ui", tag = "ui", responses((status = 200, body = UiView)))]
pub async fn get(State(state): State<AppState>, caller: Caller) -> ApiResult<Json<UiView>> {
    Ok(Json(state.plugins.surfaces(&caller.ctx, &me(&caller.identity)).await?))
}

/// What conditions of surfaces know of a person; the portal's expressions know the same.
fn me(identity: &Identity) -> Value {
    let roles: Vec<&str> = identity.roles.iter().map(|(_, key, _)| key.as_str()).collect();
    json!({ "id": identity.user.id, "name": identity.user.name, "roles": roles, "admin": identity.admin })
}
