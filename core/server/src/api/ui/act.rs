//! `POST /act` and `POST /render`: what a page asks of its plugin's code, beside the sources of `/read`.

use axum::Json;
use axum::extract::State;
use axum::http::HeaderMap;
use kernel::{Ctx, Error, RecordId, Result};
use plugin_host::surfaces::viewer;
use plugin_host::{Acted, Deed};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;
use uuid::Uuid;

use super::stand::{Stand, bounded};
use crate::http::body::bad_request;
use crate::http::{ApiResult, Body, Caller};
use crate::state::AppState;

/// Rows of a selection.
const MAX_ROWS: usize = 200;
/// Characters of an id of a row; those of records are UUIDs, those of other sources what the plugin calls them.
const MAX_ID: usize = 1_000;

/// Somebody presses something.
#[derive(Debug, Deserialize, ToSchema)]
#[schema(as = ActRequest)]
pub struct ActBody {
    /// Where.
    #[serde(flatten)]
    stand: Stand,
    /// What, by its name in the tree.
    act: String,
    /// The row it stands on.
    row: Option<ActRow>,
    /// Of the chosen rows, where they are records: those that the caller does not see are not found.
    entity: Option<String>,
    /// The chosen rows, up to 200.
    #[serde(default)]
    rows: Vec<String>,
    /// What the action gives and what was asked first.
    #[serde(default)]
    input: Value,
}

/// A row that an action stands on.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ActRow {
    /// Of a record.
    entity: Option<String>,
    /// Unique among the rows.
    id: String,
}

/// `POST /act`: the plugin of a page does what somebody pressed. With an `Idempotency-Key` it is done once.
#[utoipa::path(post, path = "/act", operation_id = "act_on_page", tag = "ui", request_body = ActBody,
    responses((status = 200, body = Acted)))]
pub async fn act(
    State(state): State<AppState>,
    caller: Caller,
    headers: HeaderMap,
    Body(body): Body<ActBody>,
) -> ApiResult<Json<Acted>> {
    let (entity, row) = body.row.map_or((None, None), |row| (row.entity, Some(row.id)));
    let entity = entity.or(body.entity);
    let rows: Vec<String> = if body.rows.is_empty() { row.into_iter().collect() } else { body.rows };
    if rows.len() > MAX_ROWS || rows.iter().any(|id| id.len() > MAX_ID) {
        return Err(bad_request("rows", &format!("at most {MAX_ROWS} ids of at most {MAX_ID} characters")).into());
    }
    bounded("input", &body.input)?;
    let (key, plugin) = (key(&caller.ctx, &body.stand, &headers), body.stand.plugin.clone());
    let (open, view) = body.stand.open(&state, &caller.ctx, &viewer(&caller.identity)).await?;
    state.limits.page_code(&caller.ctx, &plugin)?;
    if let Some(entity) = &entity {
        seen(&state, &caller.ctx, entity, &rows).await?;
    }
    let deed = Deed { act: body.act, key, entity, rows, input: body.input };
    Ok(Json(state.plugins.act(&caller.ctx, &open, deed, &view).await?))
}

/// Refuses rows that the caller does not see: a plugin that acts as itself would touch them for anybody.
async fn seen(state: &AppState, ctx: &Ctx, entity: &str, rows: &[String]) -> Result<()> {
    let lost = |id: &str| Error::NotFound(format!("{entity} {id}"));
    let ids = rows.iter().map(|id| id.parse().map_err(|_| lost(id)));
    let ids: Vec<RecordId> = ids.collect::<Result<_>>()?;
    let found = state.records.get_many(ctx, entity, &ids).await?;
    match ids.iter().find(|id| !found.iter().any(|record| record.id == **id)) {
        Some(id) => Err(lost(&id.to_string())),
        None => Ok(()),
    }
}

/// The same for every try of one press, and nobody else's.
fn key(ctx: &Ctx, stand: &Stand, headers: &HeaderMap) -> Uuid {
    let given = headers.get("idempotency-key").and_then(|key| key.to_str().ok());
    match (given, ctx.user()) {
        (Some(key), Some(user)) => {
            kernel::id::derived(&format!("act {} {user} {} {} {key}", ctx.tenant, stand.plugin, stand.surface))
        }
        _ => ctx.id(),
    }
}

/// A surface to draw.
#[derive(Debug, Deserialize, ToSchema)]
#[schema(as = RenderRequest)]
pub struct RenderBody {
    /// Which.
    #[serde(flatten)]
    stand: Stand,
    /// What a block around it gives.
    #[serde(default)]
    input: Value,
}

/// A tree that a plugin's code made.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = RenderAnswer)]
pub struct Drawn {
    /// What to draw.
    #[schema(value_type = std::collections::BTreeMap<String, Value>)]
    tree: Value,
    /// Names it.
    tree_hash: String,
}

/// `POST /render`: the tree of a surface that the plugin's code makes; changes nothing.
#[utoipa::path(post, path = "/render", operation_id = "render_surface", tag = "ui", request_body = RenderBody,
    responses((status = 200, body = Drawn)))]
pub async fn render(
    State(state): State<AppState>,
    caller: Caller,
    Body(body): Body<RenderBody>,
) -> ApiResult<Json<Drawn>> {
    bounded("input", &body.input)?;
    let plugin = body.stand.plugin.clone();
    let (open, view) = body.stand.open(&state, &caller.ctx, &viewer(&caller.identity)).await?;
    state.limits.page_code(&caller.ctx, &plugin)?;
    let made = state.plugins.render(&caller.ctx, &open, &view, &body.input).await?;
    Ok(Json(Drawn { tree: made.tree, tree_hash: made.hash }))
}
