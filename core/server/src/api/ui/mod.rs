//! Pages of plugins: which there are for somebody, and what their sources have to say. `portal/src/engines/blocks/wire.ts`
//! is the other side.

mod act;
mod computed;
mod counts;
mod figures;
mod file;
mod public;
mod read;
mod reported;
mod rows;
mod stand;

use axum::Json;
use axum::extract::State;
use plugin_host::surfaces::{UiView, viewer};

use crate::http::{ApiResult, Caller};
use crate::state::AppState;

pub use act::{__path_act, __path_render, act, render};
pub use counts::{__path_counts, counts};
pub use file::{__path_read_file, read_file};
pub use public::{
    __path_public_act, __path_public_file, __path_public_links, __path_public_list, __path_public_open,
    __path_public_read, __path_public_revoke, __path_public_set, public_act, public_file, public_links, public_list,
    public_open, public_read, public_revoke, public_set,
};
pub use read::{__path_read, ReadAnswer, ReadBody, read};

/// `GET /ui`: the surfaces of plugins that the caller may see, in order, with their trees and texts.
#[utoipa::path(get, path = "/ui", operation_id = "get_ui", tag = "ui", responses((status = 200, body = UiView)))]
pub async fn get(State(state): State<AppState>, caller: Caller) -> ApiResult<Json<UiView>> {
    Ok(Json(state.plugins.surfaces(&caller.ctx, &viewer(&caller.identity)).await?))
}
