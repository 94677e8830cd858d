//! `/jobs`: long work that was begun here or there; it is watched and cancelled here.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use kernel::jobs::long::{LongJob, Problem};
use kernel::{Locale, Timestamp};
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;
use uuid::Uuid;

use super::view::Items;
use crate::http::{ApiResult, Caller};
use crate::state::AppState;

/// Long work with its progress. It goes on when nobody watches.
#[derive(Debug, Serialize, ToSchema)]
pub struct JobView {
    id: Uuid,
    /// `records.undo`, `records.bulk`, `records.pipeline`, `records.directory`, `process.migrate`, `process.migrate_undo`,
    /// `calendar.recompute`, `automation.apply`.
    kind: String,
    /// `running`, `done`, `failed` (begun again, it goes on from there), `cancelled` (what was done stays done).
    #[schema(value_type = String)]
    state: kernel::jobs::long::State,
    /// Pieces done.
    done: i64,
    /// Pieces there were when it began.
    total: i64,
    /// What came out so far: the body that the request which began it would have answered.
    #[schema(value_type = Option<Object>)]
    result: Value,
    /// Why it failed.
    problem: Option<JobProblem>,
    #[schema(value_type = String)]
    created_at: Timestamp,
    #[schema(value_type = String)]
    updated_at: Timestamp,
    #[schema(value_type = Option<String>)]
    finished_at: Option<Timestamp>,
}

/// Why a job failed.
#[derive(Debug, Serialize, ToSchema)]
pub struct JobProblem {
    /// An error code.
    code: String,
    /// For people.
    detail: String,
}

impl JobView {
    pub(super) fn new(job: LongJob, locale: Locale) -> Self {
        let told = |problem: Problem| JobProblem { code: problem.code, detail: problem.message.in_locale(locale) };
        Self {
            id: job.id,
            kind: job.kind,
            state: job.state,
            done: job.done,
            total: job.total,
            result: job.result,
            problem: job.problem.map(told),
            created_at: job.created_at,
            updated_at: job.updated_at,
            finished_at: job.finished_at,
        }
    }
}

/// 202: the work was begun and is watched at `Location`.
pub(super) fn accepted(job: LongJob, caller: &Caller) -> Response {
    let place = HeaderValue::from_str(&format!("/api/v1/jobs/{}", job.id));
    let mut response = (StatusCode::ACCEPTED, Json(JobView::new(job, caller.ctx.locale))).into_response();
    if let Ok(place) = place {
        response.headers_mut().insert(header::LOCATION, place);
    }
    response
}

/// `GET /jobs`: the caller's own long jobs, newest first, at most 100.
#[utoipa::path(get, path = "/jobs", tag = "jobs", responses((status = 200, body = Items<JobView>)))]
pub async fn list(State(state): State<AppState>, caller: Caller) -> ApiResult<Json<Items<JobView>>> {
    let jobs = state.long_jobs.list(&caller.ctx).await?;
    Ok(Json(Items { items: jobs.into_iter().map(|job| JobView::new(job, caller.ctx.locale)).collect() }))
}

/// `GET /jobs/{id}`: for whoever began it, and administrators.
#[utoipa::path(get, path = "/jobs/{id}", tag = "jobs", params(("id" = Uuid, Path)), responses((status = 200, body = JobView)))]
pub async fn get(State(state): State<AppState>, caller: Caller, Path(id): Path<Uuid>) -> ApiResult<Json<JobView>> {
    Ok(Json(JobView::new(state.long_jobs.get(&caller.ctx, id).await?, caller.ctx.locale)))
}

/// `DELETE /jobs/{id}`: cancels it. The step in hand is finished; what was done stays done.
#[utoipa::path(delete, path = "/jobs/{id}", tag = "jobs", params(("id" = Uuid, Path)), responses((status = 200, body = JobView)))]
pub async fn cancel(State(state): State<AppState>, caller: Caller, Path(id): Path<Uuid>) -> ApiResult<Json<JobView>> {
    Ok(Json(JobView::new(state.long_jobs.cancel(&caller.ctx, id).await?, caller.ctx.locale)))
}
