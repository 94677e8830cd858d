//! `/reports/saved`: reports with a name, their schedules, letters; exports of any report.

use ::reports::{
    ExportInput, NewSaved, NewSchedule, Outcome, RefsView, RunInput, Saved, SavedChange, ScheduleChange, ScheduleView,
    SendInput, SentView,
};
use axum::Json;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::files::disposition;
use super::jobs::{self, JobView};
use super::records::if_match;
use super::view::Items;
use crate::http::{ApiResult, Body, Caller};
use crate::state::AppState;

/// With its version as `ETag`.
pub(super) fn tagged<T: Serialize>(status: StatusCode, version: i64, view: T) -> Response {
    let mut response = (status, Json(view)).into_response();
    if let Ok(tag) = HeaderValue::from_str(&format!("\"{version}\"")) {
        response.headers_mut().insert(header::ETAG, tag);
    }
    response
}

/// `GET /reports/saved`: own and shared ones, by name.
#[utoipa::path(get, path = "/reports/saved", tag = "reports", operation_id = "list_saved", responses((status = 200, body = Items<Saved>)))]
pub async fn list(State(state): State<AppState>, caller: Caller) -> ApiResult<Json<Items<Saved>>> {
    Ok(Json(Items { items: state.reports.saved(&caller.ctx).await? }))
}

/// `POST /reports/saved`
#[utoipa::path(post, path = "/reports/saved", tag = "reports", operation_id = "create_saved", request_body = NewSaved, responses((status = 201, body = Saved)))]
pub async fn create(State(state): State<AppState>, caller: Caller, Body(body): Body<NewSaved>) -> ApiResult<Response> {
    caller.require_role()?;
    let saved = state.reports.save_report(&caller.ctx, &body).await?;
    Ok(tagged(StatusCode::CREATED, saved.version, saved))
}

/// `GET /reports/saved/{id}`: its version as `ETag`.
#[utoipa::path(get, path = "/reports/saved/{id}", tag = "reports", operation_id = "get_saved", params(("id" = Uuid, Path)), responses((status = 200, body = Saved)))]
pub async fn get(State(state): State<AppState>, caller: Caller, Path(id): Path<Uuid>) -> ApiResult<Response> {
    let saved = state.reports.saved_report(&caller.ctx, id).await?;
    Ok(tagged(StatusCode::OK, saved.version, saved))
}

/// `PATCH /reports/saved/{id}`: over the version of `If-Match`; what is absent stays.
#[utoipa::path(patch, path = "/reports/saved/{id}", tag = "reports", operation_id = "change_saved", params(("id" = Uuid, Path), ("If-Match" = String, Header, description = "The version that was changed")), request_body = SavedChange, responses((status = 200, body = Saved)))]
pub async fn change(
    State(state): State<AppState>,
    caller: Caller,
    Path(id): Path<Uuid>,
    headers: HeaderMap,
    Body(body): Body<SavedChange>,
) -> ApiResult<Response> {
    let saved = state.reports.change_saved(&caller.ctx, id, &body, if_match(&headers)?).await?;
    Ok(tagged(StatusCode::OK, saved.version, saved))
}

/// `DELETE /reports/saved/{id}`: with its schedules.
#[utoipa::path(delete, path = "/reports/saved/{id}", tag = "reports", operation_id = "remove_saved", params(("id" = Uuid, Path)), responses((status = 204)))]
pub async fn remove(State(state): State<AppState>, caller: Caller, Path(id): Path<Uuid>) -> ApiResult<StatusCode> {
    state.reports.remove_saved(&caller.ctx, id).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// `POST /reports/saved/{id}/run`: asks it as the caller, with what is said over it.
#[utoipa::path(post, path = "/reports/saved/{id}/run", tag = "reports", operation_id = "run_saved", params(("id" = Uuid, Path)), request_body = RunInput, responses((status = 200, body = Outcome)))]
pub async fn run(
    State(state): State<AppState>,
    caller: Caller,
    Path(id): Path<Uuid>,
    Body(body): Body<RunInput>,
) -> ApiResult<Json<Outcome>> {
    Ok(Json(state.reports.run_saved(&caller.ctx, id, &body).await?.1))
}

/// `GET /reports/saved/{id}/schedules`: when it is sent, and to whom.
#[utoipa::path(get, path = "/reports/saved/{id}/schedules", tag = "reports", operation_id = "list_schedules", params(("id" = Uuid, Path)), responses((status = 200, body = Items<ScheduleView>)))]
pub async fn schedules(
    State(state): State<AppState>,
    caller: Caller,
    Path(id): Path<Uuid>,
) -> ApiResult<Json<Items<ScheduleView>>> {
    Ok(Json(Items { items: state.reports.schedules(&caller.ctx, id).await? }))
}

/// `POST /reports/saved/{id}/schedules`
#[utoipa::path(post, path = "/reports/saved/{id}/schedules", tag = "reports", operation_id = "create_schedule", params(("id" = Uuid, Path)), request_body = NewSchedule, responses((status = 201, body = ScheduleView)))]
pub async fn create_schedule(
    State(state): State<AppState>,
    caller: Caller,
    Path(id): Path<Uuid>,
    Body(body): Body<NewSchedule>,
) -> ApiResult<Response> {
    let view = state.reports.create_schedule(&caller.ctx, id, &body).await?;
    Ok(tagged(StatusCode::CREATED, view.version, view))
}

/// `PATCH /reports/saved/{id}/schedules/{schedule}`: over the version of `If-Match`; what is absent stays.
#[utoipa::path(patch, path = "/reports/saved/{id}/schedules/{schedule}", tag = "reports", operation_id = "change_schedule", params(("id" = Uuid, Path), ("schedule" = Uuid, Path), ("If-Match" = String, Header, description = "The version that was changed")), request_body = ScheduleChange, responses((status = 200, body = ScheduleView)))]
pub async fn change_schedule(
    State(state): State<AppState>,
    caller: Caller,
    Path((id, schedule)): Path<(Uuid, Uuid)>,
    headers: HeaderMap,
    Body(body): Body<ScheduleChange>,
) -> ApiResult<Response> {
    let view = state.reports.change_schedule(&caller.ctx, id, schedule, body, if_match(&headers)?).await?;
    Ok(tagged(StatusCode::OK, view.version, view))
}

/// `DELETE /reports/saved/{id}/schedules/{schedule}`
#[utoipa::path(delete, path = "/reports/saved/{id}/schedules/{schedule}", tag = "reports", operation_id = "remove_schedule", params(("id" = Uuid, Path), ("schedule" = Uuid, Path)), responses((status = 204)))]
pub async fn remove_schedule(
    State(state): State<AppState>,
    caller: Caller,
    Path((id, schedule)): Path<(Uuid, Uuid)>,
) -> ApiResult<StatusCode> {
    state.reports.remove_schedule(&caller.ctx, id, schedule).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Letters that are being made.
#[derive(Debug, Serialize, ToSchema)]
pub struct SendingView {
    /// How many.
    queued: usize,
}

/// `POST /reports/saved/{id}/send`: now, each letter with the rights of its recipient.
#[utoipa::path(post, path = "/reports/saved/{id}/send", tag = "reports", operation_id = "send_saved", params(("id" = Uuid, Path)), request_body = SendInput, responses((status = 202, body = SendingView)))]
pub async fn send(
    State(state): State<AppState>,
    caller: Caller,
    Path(id): Path<Uuid>,
    Body(body): Body<SendInput>,
) -> ApiResult<(StatusCode, Json<SendingView>)> {
    caller.require_role()?;
    let queued = state.reports.send_report(&caller.ctx, id, &body).await?;
    Ok((StatusCode::ACCEPTED, Json(SendingView { queued })))
}

/// What became of the letters of a report.
#[derive(Debug, Serialize, ToSchema)]
pub struct SentList {
    /// The newest first, at most 100.
    items: Vec<SentView>,
    /// What people are called.
    #[schema(value_type = std::collections::BTreeMap<Uuid, ::reports::Named>)]
    refs: RefsView,
}

/// `GET /reports/saved/{id}/sent`: who got what, and what failed.
#[utoipa::path(get, path = "/reports/saved/{id}/sent", tag = "reports", operation_id = "list_sent", params(("id" = Uuid, Path)), responses((status = 200, body = SentList)))]
pub async fn sent(State(state): State<AppState>, caller: Caller, Path(id): Path<Uuid>) -> ApiResult<Json<SentList>> {
    let (items, refs) = state.reports.sent(&caller.ctx, id).await?;
    Ok(Json(SentList { items, refs }))
}

/// `POST /reports/export`: a long job makes the file; `result.file` of the job says where it is.
#[utoipa::path(post, path = "/reports/export", tag = "reports", operation_id = "export_report", request_body = ExportInput, responses((status = 202, body = JobView)))]
pub async fn export(
    State(state): State<AppState>,
    caller: Caller,
    Body(body): Body<ExportInput>,
) -> ApiResult<Response> {
    caller.require_role()?;
    Ok(jobs::accepted(state.reports.begin_export(&caller.ctx, &body).await?, &caller))
}

/// `GET /reports/exports/{export}/content`: the file of an export, for whoever asked for it, for a week.
#[utoipa::path(get, path = "/reports/exports/{export}/content", tag = "reports", operation_id = "export_content", params(("export" = Uuid, Path)), responses((status = 200, body = String, content_type = "application/octet-stream")))]
pub async fn content(State(state): State<AppState>, caller: Caller, Path(id): Path<Uuid>) -> ApiResult<Response> {
    let export = state.reports.export(&caller.ctx, id).await?;
    let mut response = export.content.into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(export.media_type));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    if let Ok(value) = HeaderValue::from_str(&disposition("attachment", &export.name)) {
        headers.insert(header::CONTENT_DISPOSITION, value);
    }
    Ok(response)
}
