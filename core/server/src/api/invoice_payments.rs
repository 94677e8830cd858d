//! `/records/invoice/{id}/payments`: what was paid of an invoice, and payments recorded from it.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Response;
use crm::{InvoicePayments, ReceiveInput};
use kernel::RecordId;

use super::records::answer;
use super::view::RecordView;
use crate::http::{ApiResult, Body, Caller};
use crate::state::AppState;

/// `GET /records/invoice/{id}/payments`: by which payments it is paid, and what its client has left over.
#[utoipa::path(get, path = "/records/invoice/{id}/payments", tag = "sales", operation_id = "list_invoice_payments", params(("id" = Uuid, Path)), responses((status = 200, body = InvoicePayments)))]
pub async fn list(
    State(state): State<AppState>,
    caller: Caller,
    Path(id): Path<RecordId>,
) -> ApiResult<Json<InvoicePayments>> {
    Ok(Json(state.sales.payments(&caller.ctx, id).await?))
}

/// `POST /records/invoice/{id}/payments`: records a payment that pays it as far as the debt goes, all at once.
#[utoipa::path(post, path = "/records/invoice/{id}/payments", tag = "sales", operation_id = "record_invoice_payment", params(("id" = Uuid, Path)),
    request_body = ReceiveInput, responses((status = 201, body = RecordView)))]
pub async fn create(
    State(state): State<AppState>,
    caller: Caller,
    Path(id): Path<RecordId>,
    Body(body): Body<ReceiveInput>,
) -> ApiResult<Response> {
    let written = state.sales.receive(&caller.ctx, id, &body).await?;
    answer(&state, &caller.ctx, StatusCode::CREATED, written).await
}
