//! `GET /ui/counts`: how many records stand beside the titles of plugins' pages.

use ::records::read::Query;
use axum::Json;
use axum::extract::State;
use kernel::access::Action;
use plugin_host::surfaces::viewer;
use serde::Serialize;
use utoipa::ToSchema;

use super::super::records::parse_filter;
use super::super::view::Items;
use crate::http::{ApiResult, Caller};
use crate::state::AppState;

/// A count beside a title.
#[derive(Debug, Serialize, ToSchema)]
pub struct CountView {
    /// Whose surface.
    plugin: String,
    /// Its id.
    surface: String,
    /// The entity that is counted: another count is worth asking for when its records change.
    entity: String,
    /// Records that the caller sees.
    count: i64,
}

/// `GET /ui/counts`: counts beside the titles of surfaces, as the caller sees the records; up to 50.
#[utoipa::path(get, path = "/ui/counts", operation_id = "get_ui_counts", tag = "ui", responses((status = 200, body = Items<CountView>)))]
pub async fn counts(State(state): State<AppState>, caller: Caller) -> ApiResult<Json<Items<CountView>>> {
    let mut items = Vec::new();
    for counted in state.plugins.counted(&caller.ctx, &viewer(&caller.identity)).await? {
        let entity = counted.figures.aggregate;
        if !caller.ctx.rights.may(&entity, Action::Read) {
            continue;
        }
        let query = Query { filter: parse_filter(counted.figures.filter.as_ref())?, ..Query::default() };
        let count = state.records.count(&caller.ctx, &entity, &query).await?;
        items.push(CountView { plugin: counted.plugin, surface: counted.surface, entity, count });
    }
    Ok(Json(Items { items }))
}
