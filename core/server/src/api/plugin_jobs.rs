//! `/plugins/{id}/jobs`, `/plugins/{id}/job-runs`: what plugins do by themselves, for administrators.

use axum::Json;
use axum::extract::{Path, State};
use plugin_host::view::{JobView, RunQuery, RunState, RunView};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use super::view::Items;
use crate::http::{ApiResult, Caller, Params};
use crate::state::AppState;

/// `GET /plugins/{id}/jobs`: the jobs of a plugin that this company runs, with the newest run of each.
#[utoipa::path(get, path = "/plugins/{id}/jobs", operation_id = "list_plugin_jobs", tag = "plugins", params(("id" = String, Path)), responses((status = 200, body = Items<JobView>)))]
pub async fn list(
    State(state): State<AppState>,
    caller: Caller,
    Path(id): Path<String>,
) -> ApiResult<Json<Items<JobView>>> {
    Ok(Json(Items { items: state.plugins.jobs(&caller.ctx, &id).await? }))
}

/// `POST /plugins/{id}/jobs/{job}/run`: begins a job now.
#[utoipa::path(post, path = "/plugins/{id}/jobs/{job}/run", operation_id = "run_plugin_job", tag = "plugins", params(("id" = String, Path), ("job" = String, Path)), responses((status = 200, body = RunView)))]
pub async fn run(
    State(state): State<AppState>,
    caller: Caller,
    Path((id, job)): Path<(String, String)>,
) -> ApiResult<Json<RunView>> {
    Ok(Json(state.plugins.run_job(&caller.ctx, &id, &job).await?))
}

/// Which runs.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct RunParams {
    /// Id of the last run of the page before.
    cursor: Option<Uuid>,
    /// Id of a job.
    job: Option<String>,
    /// Where they stand.
    #[param(inline)]
    state: Option<RunState>,
}

/// A page of runs, newest first.
#[derive(Debug, Serialize, ToSchema)]
pub struct JobRunPage {
    items: Vec<RunView>,
    next_cursor: Option<Uuid>,
}

/// `GET /plugins/{id}/job-runs`
#[utoipa::path(get, path = "/plugins/{id}/job-runs", operation_id = "list_plugin_job_runs", tag = "plugins", params(("id" = String, Path), RunParams), responses((status = 200, body = JobRunPage)))]
pub async fn runs(
    State(state): State<AppState>,
    caller: Caller,
    Path(id): Path<String>,
    Params(params): Params<RunParams>,
) -> ApiResult<Json<JobRunPage>> {
    let query = RunQuery { job: params.job, state: params.state, before: params.cursor };
    let (items, next_cursor) = state.plugins.job_runs(&caller.ctx, &id, &query).await?;
    Ok(Json(JobRunPage { items, next_cursor }))
}

/// `POST /plugins/{id}/job-runs/{run}/run`: a run that waits, failed or was cancelled begins now, from its cursor.
#[utoipa::path(post, path = "/plugins/{id}/job-runs/{run}/run", operation_id = "repeat_plugin_job_run", tag = "plugins", params(("id" = String, Path), ("run" = Uuid, Path)), responses((status = 200, body = RunView)))]
pub async fn again(
    State(state): State<AppState>,
    caller: Caller,
    Path((id, run)): Path<(String, Uuid)>,
) -> ApiResult<Json<RunView>> {
    Ok(Json(state.plugins.run_again(&caller.ctx, &id, run).await?))
}

/// `POST /plugins/{id}/job-runs/{run}/cancel`: stops a run; what was done stays done.
#[utoipa::path(post, path = "/plugins/{id}/job-runs/{run}/cancel", operation_id = "cancel_plugin_job_run", tag = "plugins", params(("id" = String, Path), ("run" = Uuid, Path)), responses((status = 200, body = RunView)))]
pub async fn cancel(
    State(state): State<AppState>,
    caller: Caller,
    Path((id, run)): Path<(String, Uuid)>,
) -> ApiResult<Json<RunView>> {
    Ok(Json(state.plugins.cancel_run(&caller.ctx, &id, run).await?))
}
