//! `/view-as`: an administrator looks at the company as somebody else, reading alone.

use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use kernel::{Error, UserId};
use people::view_as::{self, Target};
use serde::Deserialize;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::http::auth::cookie;
use crate::http::body::bad_request;
use crate::http::{ApiError, ApiResult, Body, Caller};
use crate::state::AppState;

/// As whom: a person or a role, one of the two.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ViewAsBody {
    /// Somebody of the company who is no administrator.
    user: Option<Uuid>,
    /// A role that is not for administrators: oneself with it and no other.
    role: Option<Uuid>,
}

/// `POST /view-as`: the session that asks is answered as that person from now on, for half an hour at most, and refused
/// whatever changes something or is private (409 `view_as.read_only`, `view_as.private`).
#[utoipa::path(post, path = "/view-as", operation_id = "start_view_as", tag = "people", request_body = ViewAsBody,
    responses((status = 204)))]
pub async fn start(
    State(state): State<AppState>,
    caller: Caller,
    Body(body): Body<ViewAsBody>,
) -> ApiResult<StatusCode> {
    let target = match (body.user, body.role) {
        (Some(user), None) => Target::Person(UserId(user)),
        (None, Some(role)) => Target::Role(role),
        _ => return Err(bad_request("user", "either `user` or `role`").into()),
    };
    view_as::start(&state.identities, &caller.identity, target).await?;
    state.forget_people();
    Ok(StatusCode::NO_CONTENT)
}

/// `DELETE /view-as`: the session is its owner's again. When looking has ended by itself, everything else is answered with 409
/// `view_as.ended` until this was asked.
#[utoipa::path(delete, path = "/view-as", operation_id = "stop_view_as", tag = "people", responses((status = 204)))]
pub async fn stop(
    State(state): State<AppState>,
    caller: Result<Caller, ApiError>,
    headers: HeaderMap,
) -> ApiResult<StatusCode> {
    match caller {
        Ok(_) | Err(ApiError(Error::Conflict { code: "view_as.ended", .. })) => {}
        Err(error) => return Err(error),
    }
    let secret = cookie(&headers).ok_or(Error::Conflict { code: "view_as.session", current: None })?;
    view_as::stop(&state.db, &state.env, &secret).await?;
    state.forget_people();
    Ok(StatusCode::NO_CONTENT)
}
