//! `/message-inboxes` and `/hooks/inbound`: addresses at which letters and SMS come in, and what comes there.

use ::messaging::messages::Channel;
use ::messaging::messages::inbound::{Inbox, MAX_SMS, NewInbox, ReceivedSms};
use axum::Json;
use axum::body::Bytes;
use axum::extract::{FromRequest, Path, Request, State};
use axum::http::{StatusCode, header};
use kernel::{Ctx, Error, Message};

use super::view::Items;
use crate::http::body::bad_request;
use crate::http::receive::size;
use crate::http::{ApiResult, Caller};
use crate::state::AppState;

/// `GET /message-inboxes`: the company's addresses, without their tokens (administrators).
#[utoipa::path(get, path = "/message-inboxes", tag = "messages", responses((status = 200, body = Items<Inbox>)))]
pub async fn inboxes(State(state): State<AppState>, caller: Caller) -> ApiResult<Json<Items<Inbox>>> {
    Ok(Json(Items { items: state.messages.inboxes(&caller.ctx).await? }))
}

/// `PUT /message-inboxes/{channel}` (administrators): a new address, told once; the one before is none any more.
#[utoipa::path(put, path = "/message-inboxes/{channel}", tag = "messages", params(("channel" = Channel, Path)), responses((status = 200, body = NewInbox)))]
pub async fn open(
    State(state): State<AppState>,
    caller: Caller,
    Path(channel): Path<Channel>,
) -> ApiResult<Json<NewInbox>> {
    Ok(Json(state.messages.open_inbox(&caller.ctx, channel).await?))
}

/// `DELETE /message-inboxes/{channel}` (administrators): nothing comes in there any more.
#[utoipa::path(delete, path = "/message-inboxes/{channel}", tag = "messages", params(("channel" = Channel, Path)), responses((status = 204)))]
pub async fn close(
    State(state): State<AppState>,
    caller: Caller,
    Path(channel): Path<Channel>,
) -> ApiResult<StatusCode> {
    state.messages.close_inbox(&caller.ctx, channel).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// The product itself in the company of an address. Of one that is not there nothing is told.
async fn company(state: &AppState, channel: Channel, token: &str) -> ApiResult<Ctx> {
    let tenant = state.messages.inbox(channel, token).await?;
    Ok(people::tenant::get(&state.db, tenant).await?.system_ctx(&state.env))
}

async fn body(request: Request) -> ApiResult<Bytes> {
    let read = Bytes::from_request(request, &()).await;
    Ok(read.map_err(|_| Error::TooLarge(Message::key("error.body_too_large")))?)
}

/// `POST /hooks/inbound/mail/{token}`: a letter as it came, RFC 5322.
pub async fn mail(State(state): State<AppState>, Path(token): Path<String>, request: Request) -> ApiResult<StatusCode> {
    let ctx = company(&state, Channel::Mail, &token).await?;
    state.messages.receive_letter(&ctx, body(request).await?.to_vec()).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// `POST /hooks/inbound/sms/{token}`: `from`, `text` and, where there are, `to` and `id`, in JSON or as a form.
pub async fn sms(State(state): State<AppState>, Path(token): Path<String>, request: Request) -> ApiResult<StatusCode> {
    let ctx = company(&state, Channel::Sms, &token).await?;
    let kind = request.headers().get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    let form = kind.starts_with("application/x-www-form-urlencoded");
    let bytes = body(request).await?;
    if bytes.len() > MAX_SMS {
        return Err(Error::TooLarge(Message::key("error.body_too_large").with("max", size(MAX_SMS))).into());
    }
    let read: Result<ReceivedSms, String> = match form {
        true => serde_urlencoded::from_bytes(&bytes).map_err(|error| error.to_string()),
        false => serde_json::from_slice(&bytes).map_err(|error| error.to_string()),
    };
    let sms = read.map_err(|error| bad_request("body", &error))?;
    state.messages.receive_sms(&ctx, sms).await?;
    Ok(StatusCode::NO_CONTENT)
}
