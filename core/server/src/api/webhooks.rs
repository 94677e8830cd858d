//! `/webhooks`: other servers that a company wants to be told of what happens, and what was sent there (administrators).

use ::messaging::webhooks::{
    Delivery, DeliveryPage, DeliveryQuery, MadeWebhook, NewSecret, Replayed, Webhook, WebhookInput,
};
use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use uuid::Uuid;

use super::view::Items;
use crate::http::{ApiResult, Body, Caller, Header, NO_STORE, Params};
use crate::state::AppState;

/// `GET /webhooks`: oldest first (administrators).
#[utoipa::path(get, path = "/webhooks", operation_id = "list_webhooks", tag = "webhooks",
    responses((status = 200, body = Items<Webhook>)))]
pub async fn list(State(state): State<AppState>, caller: Caller) -> ApiResult<Json<Items<Webhook>>> {
    Ok(Json(Items { items: state.subscriptions.list(&caller.ctx).await? }))
}

/// `POST /webhooks`: one that is told of what happens from now on; its secret is shown only here (administrators).
#[utoipa::path(post, path = "/webhooks", operation_id = "create_webhook", tag = "webhooks",
    request_body = WebhookInput, responses((status = 201, body = MadeWebhook)))]
pub async fn create(
    State(state): State<AppState>,
    caller: Caller,
    Body(body): Body<WebhookInput>,
) -> ApiResult<(StatusCode, Header, Json<MadeWebhook>)> {
    Ok((StatusCode::CREATED, NO_STORE, Json(state.subscriptions.create(&caller.ctx, body).await?)))
}

/// `PUT /webhooks/{id}`: all of it; whoever changes it takes it on, with their rights it looks (administrators).
#[utoipa::path(put, path = "/webhooks/{id}", operation_id = "change_webhook", tag = "webhooks",
    params(("id" = Uuid, Path)), request_body = WebhookInput, responses((status = 200, body = Webhook)))]
pub async fn change(
    State(state): State<AppState>,
    caller: Caller,
    Path(id): Path<Uuid>,
    Body(body): Body<WebhookInput>,
) -> ApiResult<Json<Webhook>> {
    Ok(Json(state.subscriptions.change(&caller.ctx, id, body).await?))
}

/// `DELETE /webhooks/{id}` (administrators)
#[utoipa::path(delete, path = "/webhooks/{id}", operation_id = "remove_webhook", tag = "webhooks",
    params(("id" = Uuid, Path)), responses((status = 204)))]
pub async fn remove(State(state): State<AppState>, caller: Caller, Path(id): Path<Uuid>) -> ApiResult<StatusCode> {
    state.subscriptions.remove(&caller.ctx, id).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// `POST /webhooks/{id}/secret`: a new secret, shown only here; for a day messages are signed with the one before as well
/// (administrators).
#[utoipa::path(post, path = "/webhooks/{id}/secret", operation_id = "rotate_webhook_secret", tag = "webhooks",
    params(("id" = Uuid, Path)), responses((status = 200, body = NewSecret)))]
pub async fn rotate(
    State(state): State<AppState>,
    caller: Caller,
    Path(id): Path<Uuid>,
) -> ApiResult<(Header, Json<NewSecret>)> {
    Ok((NO_STORE, Json(state.subscriptions.rotate(&caller.ctx, id).await?)))
}

/// `POST /webhooks/{id}/test`: sends a message of the type `webhook.test`, once (administrators).
#[utoipa::path(post, path = "/webhooks/{id}/test", operation_id = "test_webhook", tag = "webhooks",
    params(("id" = Uuid, Path)), responses((status = 202, body = Delivery)))]
pub async fn test(
    State(state): State<AppState>,
    caller: Caller,
    Path(id): Path<Uuid>,
) -> ApiResult<(StatusCode, Json<Delivery>)> {
    Ok((StatusCode::ACCEPTED, Json(state.subscriptions.test(&caller.ctx, id).await?)))
}

/// `GET /webhooks/{id}/deliveries`: what was sent or waits to be, newest first, kept for 30 days (administrators).
#[utoipa::path(get, path = "/webhooks/{id}/deliveries", operation_id = "list_webhook_deliveries", tag = "webhooks",
    params(("id" = Uuid, Path), DeliveryQuery), responses((status = 200, body = DeliveryPage)))]
pub async fn deliveries(
    State(state): State<AppState>,
    caller: Caller,
    Path(id): Path<Uuid>,
    Params(query): Params<DeliveryQuery>,
) -> ApiResult<Json<DeliveryPage>> {
    Ok(Json(state.subscriptions.deliveries(&caller.ctx, id, &query).await?))
}

/// `POST /webhooks/{id}/replay`: sends anew what was given up, oldest first, up to 1,000 at once (administrators).
#[utoipa::path(post, path = "/webhooks/{id}/replay", operation_id = "replay_webhook", tag = "webhooks",
    params(("id" = Uuid, Path)), responses((status = 200, body = Replayed)))]
pub async fn replay_all(
    State(state): State<AppState>,
    caller: Caller,
    Path(id): Path<Uuid>,
) -> ApiResult<Json<Replayed>> {
    Ok(Json(state.subscriptions.replay_all(&caller.ctx, id).await?))
}

/// `POST /webhooks/{id}/deliveries/{delivery}/replay`: sends one anew, under the id that it has; one that waits is sent now
/// (administrators).
#[utoipa::path(post, path = "/webhooks/{id}/deliveries/{delivery}/replay", operation_id = "replay_webhook_delivery",
    tag = "webhooks", params(("id" = Uuid, Path), ("delivery" = Uuid, Path)),
    responses((status = 200, body = Delivery)))]
pub async fn replay(
    State(state): State<AppState>,
    caller: Caller,
    Path((id, delivery)): Path<(Uuid, Uuid)>,
) -> ApiResult<Json<Delivery>> {
    Ok(Json(state.subscriptions.replay(&caller.ctx, id, delivery).await?))
}
