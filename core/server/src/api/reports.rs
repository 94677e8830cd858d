//! `/reports`: figures as data, for portals and spreadsheets alike.

use ::reports::{Funnel, FunnelInput, ProcessReport, ProcessReportInput, TaskReport, TaskReportInput};
use axum::Json;
use axum::extract::State;

use crate::http::{ApiResult, Body, Caller};
use crate::state::AppState;

/// `POST /reports/funnel`: how many come to each step or stage, go on, and where they pile up.
#[utoipa::path(post, path = "/reports/funnel", tag = "reports", request_body = FunnelInput, responses((status = 200, body = Funnel)))]
pub async fn funnel(
    State(state): State<AppState>,
    caller: Caller,
    Body(body): Body<FunnelInput>,
) -> ApiResult<Json<Funnel>> {
    Ok(Json(state.reports.funnel(&caller.ctx, &body).await?))
}

/// `POST /reports/process`: processes, finished or not, and how long they took.
#[utoipa::path(post, path = "/reports/process", tag = "reports", request_body = ProcessReportInput, responses((status = 200, body = ProcessReport)))]
pub async fn process(
    State(state): State<AppState>,
    caller: Caller,
    Body(body): Body<ProcessReportInput>,
) -> ApiResult<Json<ProcessReport>> {
    Ok(Json(state.reports.process_report(&caller.ctx, &body).await?))
}

/// `POST /reports/task`: tasks by process, step and people.
#[utoipa::path(post, path = "/reports/task", tag = "reports", request_body = TaskReportInput, responses((status = 200, body = TaskReport)))]
pub async fn task(
    State(state): State<AppState>,
    caller: Caller,
    Body(body): Body<TaskReportInput>,
) -> ApiResult<Json<TaskReport>> {
    Ok(Json(state.reports.task_report(&caller.ctx, &body).await?))
}
