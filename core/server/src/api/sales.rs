//! `/sales`, rows of records, documents of sale and what payments are allocated to.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Response;
use crm::{
    AllocateInput, CalculateInput, Calculated, ConvertInput, Converted, CreditInput, DeriveInput, Derived, Proposal,
    RowsInput, RowsView,
};
use kernel::RecordId;
use serde::Deserialize;
use serde_json::{Map, Value};
use utoipa::ToSchema;

use super::records::answer;
use super::view::{Items, RecordView};
use crate::http::{ApiResult, Body, Caller};
use crate::state::AppState;

/// `POST /sales/calculate`: what rows come to, exactly; nothing is kept.
#[utoipa::path(post, path = "/sales/calculate", tag = "sales", operation_id = "calculate_sale", request_body = CalculateInput, responses((status = 200, body = Calculated)))]
pub async fn calculate(
    State(state): State<AppState>,
    caller: Caller,
    Body(body): Body<CalculateInput>,
) -> ApiResult<Json<Calculated>> {
    Ok(Json(state.sales.calculate(&caller.ctx, &body).await?))
}

/// `PUT /records/{entity}/{id}/rows`: what is sold; names, units, taxes and prices are filled in from the catalogue of
/// products.
#[utoipa::path(put, path = "/records/{entity}/{id}/rows", tag = "sales", operation_id = "put_rows", params(("entity" = String, Path), ("id" = Uuid, Path)),
    request_body = RowsInput, responses((status = 200, body = RowsView)))]
pub async fn put_rows(
    State(state): State<AppState>,
    caller: Caller,
    Path((entity, id)): Path<(String, RecordId)>,
    Body(body): Body<RowsInput>,
) -> ApiResult<Json<RowsView>> {
    Ok(Json(state.sales.put_rows(&caller.ctx, &entity, id, &body).await?))
}

/// `POST /records/{entity}/{id}/derive`: the next document of a deal, a quote or an order.
#[utoipa::path(post, path = "/records/{entity}/{id}/derive", tag = "sales", operation_id = "derive_document", params(("entity" = String, Path), ("id" = Uuid, Path)),
    request_body = DeriveInput, responses((status = 200, body = Derived)))]
pub async fn derive(
    State(state): State<AppState>,
    caller: Caller,
    Path((entity, id)): Path<(String, RecordId)>,
    Body(body): Body<DeriveInput>,
) -> ApiResult<Json<Derived>> {
    Ok(Json(state.sales.derive(&caller.ctx, &entity, id, &body).await?))
}

/// `POST /records/lead/{id}/convert`: clients and a deal out of a lead; undone by its batch.
#[utoipa::path(post, path = "/records/lead/{id}/convert", tag = "sales", operation_id = "convert_lead", params(("id" = Uuid, Path)),
    request_body = ConvertInput, responses((status = 200, body = Converted)))]
pub async fn convert(
    State(state): State<AppState>,
    caller: Caller,
    Path(id): Path<RecordId>,
    Body(body): Body<ConvertInput>,
) -> ApiResult<Json<Converted>> {
    Ok(Json(state.sales.convert(&caller.ctx, id, &body).await?))
}

/// `POST /records/quote/{id}/accept`
#[utoipa::path(post, path = "/records/quote/{id}/accept", tag = "sales", operation_id = "accept_quote", params(("id" = Uuid, Path)), responses((status = 200, body = RecordView)))]
pub async fn accept(State(state): State<AppState>, caller: Caller, Path(id): Path<RecordId>) -> ApiResult<Response> {
    step(&state, &caller, "quote", id, "accepted", Map::new()).await
}

/// `POST /records/quote/{id}/decline`
#[utoipa::path(post, path = "/records/quote/{id}/decline", tag = "sales", operation_id = "decline_quote", params(("id" = Uuid, Path)), responses((status = 200, body = RecordView)))]
pub async fn decline(State(state): State<AppState>, caller: Caller, Path(id): Path<RecordId>) -> ApiResult<Response> {
    step(&state, &caller, "quote", id, "declined", Map::new()).await
}

/// `POST /records/quote/{id}/revise`: the next revision, a draft under the same number.
#[utoipa::path(post, path = "/records/quote/{id}/revise", tag = "sales", operation_id = "revise_quote", params(("id" = Uuid, Path)), responses((status = 200, body = Derived)))]
pub async fn revise(
    State(state): State<AppState>,
    caller: Caller,
    Path(id): Path<RecordId>,
) -> ApiResult<Json<Derived>> {
    Ok(Json(state.sales.revise(&caller.ctx, id).await?))
}

/// `POST /records/invoice/{id}/issue`: it gets its number, is owed and read-only from then on.
#[utoipa::path(post, path = "/records/invoice/{id}/issue", tag = "sales", operation_id = "issue_invoice", params(("id" = Uuid, Path)), responses((status = 200, body = RecordView)))]
pub async fn issue(State(state): State<AppState>, caller: Caller, Path(id): Path<RecordId>) -> ApiResult<Response> {
    step(&state, &caller, "invoice", id, "issued", Map::new()).await
}

/// Why a document is void.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct VoidBody {
    /// For people, up to 255 characters.
    reason: String,
}

/// `POST /records/invoice/{id}/void`: it is owed no more and keeps its number.
#[utoipa::path(post, path = "/records/invoice/{id}/void", tag = "sales", operation_id = "void_invoice", params(("id" = Uuid, Path)), request_body = VoidBody, responses((status = 200, body = RecordView)))]
pub async fn void(
    State(state): State<AppState>,
    caller: Caller,
    Path(id): Path<RecordId>,
    Body(body): Body<VoidBody>,
) -> ApiResult<Response> {
    let fields = Map::from_iter([("void_reason".to_owned(), Value::String(body.reason))]);
    step(&state, &caller, "invoice", id, "void", fields).await
}

/// `POST /records/invoice/{id}/credit`: a draft of a credit note to it.
#[utoipa::path(post, path = "/records/invoice/{id}/credit", tag = "sales", operation_id = "credit_invoice", params(("id" = Uuid, Path)),
    request_body = CreditInput, responses((status = 200, body = Derived)))]
pub async fn credit(
    State(state): State<AppState>,
    caller: Caller,
    Path(id): Path<RecordId>,
    Body(body): Body<CreditInput>,
) -> ApiResult<Json<Derived>> {
    Ok(Json(state.sales.credit(&caller.ctx, id, &body).await?))
}

/// `GET /payments/{id}/proposals`: what a payment may be for, the likeliest first.
#[utoipa::path(get, path = "/payments/{id}/proposals", tag = "sales", operation_id = "list_payment_proposals", params(("id" = Uuid, Path)), responses((status = 200, body = Items<Proposal>)))]
pub async fn proposals(
    State(state): State<AppState>,
    caller: Caller,
    Path(id): Path<RecordId>,
) -> ApiResult<Json<Items<Proposal>>> {
    Ok(Json(Items { items: state.sales.proposals(&caller.ctx, id).await? }))
}

/// `POST /payments/{id}/allocate`: pays an invoice by a part of it, or takes that back.
#[utoipa::path(post, path = "/payments/{id}/allocate", tag = "sales", operation_id = "allocate_payment", params(("id" = Uuid, Path)),
    request_body = AllocateInput, responses((status = 200, body = RecordView)))]
pub async fn allocate(
    State(state): State<AppState>,
    caller: Caller,
    Path(id): Path<RecordId>,
    Body(body): Body<AllocateInput>,
) -> ApiResult<Response> {
    let written = state.sales.allocate(&caller.ctx, id, &body).await?;
    answer(&state, &caller.ctx, StatusCode::OK, written).await
}

async fn step(
    state: &AppState,
    caller: &Caller,
    entity: &str,
    id: RecordId,
    to: &str,
    fields: Map<String, Value>,
) -> ApiResult<Response> {
    let written = state.sales.step(&caller.ctx, entity, id, fields, to).await?;
    answer(state, &caller.ctx, StatusCode::OK, written).await
}
