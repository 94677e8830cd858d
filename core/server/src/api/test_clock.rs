//! `POST /test/clock`: the whole server's clock, only where it was started with `--test-clock`.

use axum::Json;
use axum::extract::State;
use kernel::{Error, Timestamp};
use serde::{Deserialize, Serialize};

use crate::http::body::bad_request;
use crate::http::{ApiResult, Body, Caller};
use crate::state::AppState;

/// A century.
const MAX_SECONDS: i64 = 100 * 366 * 86_400;

/// How far.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Advance {
    advance_seconds: i64,
}

/// What time it is now, and what was done because of it.
#[derive(Debug, Serialize)]
pub struct Advanced {
    now: Timestamp,
    jobs: usize,
}

/// Moves the clock forward and does everything that is due then.
pub async fn advance(
    State(state): State<AppState>,
    caller: Caller,
    Body(body): Body<Advance>,
) -> ApiResult<Json<Advanced>> {
    caller.require_operator()?;
    if !(0..=MAX_SECONDS).contains(&body.advance_seconds) {
        return Err(bad_request("advance_seconds", "from 0 to a century; time does not go back").into());
    }
    if !state.env.advance(body.advance_seconds) {
        return Err(Error::NotFound("route".into()).into());
    }
    let jobs = state.drain().await?;
    Ok(Json(Advanced { now: state.env.now(), jobs }))
}
