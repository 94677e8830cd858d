//! `/automations/{id}/hook` and `/hooks/automation`: addresses of rules of automation, and what comes there.

use axum::Json;
use axum::body::Bytes;
use axum::extract::{FromRequest, Path, Request, State};
use axum::http::{HeaderMap, StatusCode};
use kernel::{Error, Locale, Message};
use process::automation::{HookView, NewHook};
use process::stepper::budget::weigh_all;
use serde_json::{Map, Value};
use uuid::Uuid;

use crate::http::body::{bad_request, media_type};
use crate::http::receive::size;
use crate::http::{ApiResult, Caller};
use crate::state::AppState;

/// Bytes of what comes.
const MAX_BODY: usize = 64 * 1024;
/// What forms of browsers send.
const FORM: &str = "application/x-www-form-urlencoded";

/// `GET /automations/{id}/hook`: whether a rule has an address (administrators).
#[utoipa::path(get, path = "/automations/{id}/hook", operation_id = "hook", tag = "automations",
    params(("id" = Uuid, Path)), responses((status = 200, body = HookView)))]
pub async fn view(State(state): State<AppState>, caller: Caller, Path(id): Path<Uuid>) -> ApiResult<Json<HookView>> {
    Ok(Json(state.automations.hook(&caller.ctx, id).await?))
}

/// `PUT /automations/{id}/hook`: a new address of a rule, told once; the one before is none any more (administrators).
#[utoipa::path(put, path = "/automations/{id}/hook", operation_id = "open_hook", tag = "automations",
    params(("id" = Uuid, Path)), responses((status = 200, body = NewHook)))]
pub async fn open(State(state): State<AppState>, caller: Caller, Path(id): Path<Uuid>) -> ApiResult<Json<NewHook>> {
    Ok(Json(state.automations.open_hook(&caller.ctx, id).await?))
}

/// `DELETE /automations/{id}/hook`: nothing comes in there any more (administrators).
#[utoipa::path(delete, path = "/automations/{id}/hook", operation_id = "close_hook", tag = "automations",
    params(("id" = Uuid, Path)), responses((status = 204)))]
pub async fn close(State(state): State<AppState>, caller: Caller, Path(id): Path<Uuid>) -> ApiResult<StatusCode> {
    state.automations.close_hook(&caller.ctx, id).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// `POST /hooks/automation/{token}`: an object in JSON, or a form; 202 when it is kept. With `Idempotency-Key` it counts once.
pub async fn come(
    State(state): State<AppState>,
    Path(token): Path<String>,
    headers: HeaderMap,
    request: Request,
) -> ApiResult<StatusCode> {
    // Of an address that is not there nothing is counted: whoever guesses is slowed by their own address.
    let hook = state.automations.hook_of(&token).await?;
    state.limits.hook(&token, &hook.tenant.to_string())?;
    // The layer around has looked at its length.
    let key = headers.get("idempotency-key").and_then(|key| key.to_str().ok()).map(str::trim);
    let key = key.filter(|key| !key.is_empty());
    let form = media_type(&headers).is_some_and(|kind| kind == FORM);
    let read = Bytes::from_request(request, &()).await;
    let bytes = read.map_err(|_| Error::TooLarge(Message::key("error.body_too_large").with("max", size(MAX_BODY))))?;
    if bytes.len() > MAX_BODY {
        return Err(Error::TooLarge(Message::key("error.body_too_large").with("max", size(MAX_BODY))).into());
    }
    state.automations.take_call(hook, key, sent(&bytes, form)?).await?;
    Ok(StatusCode::ACCEPTED)
}

/// What was sent, by name.
fn sent(bytes: &[u8], form: bool) -> Result<Map<String, Value>, Error> {
    let read: Result<Map<String, Value>, String> = match form {
        true => serde_urlencoded::from_bytes::<Vec<(String, String)>>(bytes)
            .map(|pairs| pairs.into_iter().map(|(name, value)| (name, Value::String(value))).collect())
            .map_err(|error| error.to_string()),
        false => serde_json::from_slice(bytes).map_err(|error| error.to_string()),
    };
    let sent = read.map_err(|error| bad_request("body", &error))?;
    // What is deeper could not be read back from the job.
    weigh_all(&sent).map_err(|message| bad_request("body", &message.in_locale(Locale::En)))?;
    // What no database keeps.
    if serde_json::to_string(&sent).map_err(Error::internal)?.contains("\\u0000") {
        return Err(bad_request("body", "the character U+0000"));
    }
    Ok(sent)
}
