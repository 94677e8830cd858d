//! `/plugin-messages` and `/message-gateways`: what plugins have sent, and the gateways of SMS (administrators).

use ::messaging::messages::{GatewayInput, GatewayView, Message, MessageQuery};
use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use uuid::Uuid;

use super::tasks::SettleInput;
use super::view::Items;
use crate::http::{ApiResult, Body, Caller, Params};
use crate::state::AppState;

/// `GET /plugin-messages`: messages of plugins, newest first, at most 200 (administrators).
#[utoipa::path(get, path = "/plugin-messages", tag = "messages", params(MessageQuery), responses((status = 200, body = Items<Message>)))]
pub async fn list(
    State(state): State<AppState>,
    caller: Caller,
    Params(query): Params<MessageQuery>,
) -> ApiResult<Json<Items<Message>>> {
    Ok(Json(Items { items: state.messages.list(&caller.ctx, &query).await? }))
}

/// `POST /plugin-messages/{id}/settle` (administrators): `sent` or `resend`, when nobody knows or it failed.
#[utoipa::path(post, path = "/plugin-messages/{id}/settle", tag = "messages", params(("id" = Uuid, Path)), request_body = SettleInput, responses((status = 204)))]
pub async fn settle(
    State(state): State<AppState>,
    caller: Caller,
    Path(id): Path<Uuid>,
    Body(body): Body<SettleInput>,
) -> ApiResult<StatusCode> {
    state.messages.decide(&caller.ctx, id, body.decision).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// `GET /message-gateways`: the company's gateways of SMS (administrators).
#[utoipa::path(get, path = "/message-gateways", tag = "messages", responses((status = 200, body = Items<GatewayView>)))]
pub async fn gateways(State(state): State<AppState>, caller: Caller) -> ApiResult<Json<Items<GatewayView>>> {
    Ok(Json(Items { items: state.messages.gateways(&caller.ctx).await? }))
}

/// `PUT /message-gateways/{key}` (administrators): makes or changes a gateway. Places of the template are `{to}`, `{text}` and
/// `{key}`, and `{secret}` in headers.
#[utoipa::path(put, path = "/message-gateways/{key}", tag = "messages", params(("key" = String, Path)), request_body = GatewayInput, responses((status = 200, body = GatewayView)))]
pub async fn set_gateway(
    State(state): State<AppState>,
    caller: Caller,
    Path(key): Path<String>,
    Body(body): Body<GatewayInput>,
) -> ApiResult<Json<GatewayView>> {
    Ok(Json(state.messages.set_gateway(&caller.ctx, &key, body).await?))
}

/// `DELETE /message-gateways/{key}` (administrators): what waits for the gateway fails.
#[utoipa::path(delete, path = "/message-gateways/{key}", tag = "messages", params(("key" = String, Path)), responses((status = 204)))]
pub async fn remove_gateway(
    State(state): State<AppState>,
    caller: Caller,
    Path(key): Path<String>,
) -> ApiResult<StatusCode> {
    state.messages.remove_gateway(&caller.ctx, &key).await?;
    Ok(StatusCode::NO_CONTENT)
}
