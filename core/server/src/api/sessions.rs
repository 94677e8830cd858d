//! `/me/sessions`: where one is signed in, and ending it.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use kernel::Timestamp;
use people::identity::Credential;
use people::session::{self, Session};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::view::Items;
use crate::http::{ApiResult, Caller};
use crate::state::AppState;

/// One of one's sessions.
#[derive(Debug, Serialize, ToSchema)]
pub struct SessionView {
    id: Uuid,
    /// What the browser called itself when it signed in.
    agent: String,
    /// The address it signed in from; empty when unknown.
    address: String,
    #[schema(value_type = String)]
    created_at: Timestamp,
    /// Its last use, to within five minutes.
    #[schema(value_type = String)]
    seen_at: Timestamp,
    /// When it ends by itself unless it is used.
    #[schema(value_type = String)]
    expires_at: Timestamp,
    /// The one that asks.
    current: bool,
}

/// The session that asks; none for a token.
fn own(caller: &Caller) -> Option<Uuid> {
    if let Credential::Session(id) = caller.identity.credential { Some(id) } else { None }
}

/// `GET /me/sessions`: one's own, the one used last first.
#[utoipa::path(get, path = "/me/sessions", operation_id = "list_sessions", tag = "session",
    responses((status = 200, body = Items<SessionView>)))]
pub async fn list(State(state): State<AppState>, caller: Caller) -> ApiResult<Json<Items<SessionView>>> {
    let current = own(&caller);
    let view = |row: Session| SessionView {
        id: row.id,
        agent: row.agent,
        address: row.address,
        created_at: Timestamp(row.created_at),
        seen_at: Timestamp(row.seen_at),
        expires_at: Timestamp(row.expires_at),
        current: current == Some(row.id),
    };
    let found = session::list(&state.db, &caller.ctx).await?;
    Ok(Json(Items { items: found.into_iter().map(view).collect() }))
}

/// `DELETE /me/sessions`: ends all but the one that asks.
#[utoipa::path(delete, path = "/me/sessions", operation_id = "end_other_sessions", tag = "session",
    responses((status = 204)))]
pub async fn end_others(State(state): State<AppState>, caller: Caller) -> ApiResult<StatusCode> {
    session::end_others(&state.db, &caller.ctx, own(&caller)).await?;
    state.forget_people();
    Ok(StatusCode::NO_CONTENT)
}

/// `DELETE /me/sessions/{id}`: ends one of one's own.
#[utoipa::path(delete, path = "/me/sessions/{id}", operation_id = "end_session", tag = "session",
    params(("id" = Uuid, Path)), responses((status = 204)))]
pub async fn end(State(state): State<AppState>, caller: Caller, Path(id): Path<Uuid>) -> ApiResult<StatusCode> {
    session::end(&state.db, &caller.ctx, id).await?;
    state.forget_people();
    Ok(StatusCode::NO_CONTENT)
}
