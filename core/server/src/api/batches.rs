//! `/batches`: undo of imports and mass edits.

use ::records::batch::Batch;
use ::records::undo::{AT_ONCE, Undone};
use axum::Json;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use kernel::jobs::long;
use kernel::{BatchId, Error};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::jobs::{JobView, accepted};
use crate::http::{ApiResult, Caller};
use crate::state::AppState;

/// A set of changes.
#[derive(Debug, Serialize, ToSchema)]
pub struct BatchView {
    id: Uuid,
    /// `bulk`, `import`, `pipeline`, `undo`.
    kind: String,
    #[schema(value_type = String)]
    created_at: kernel::Timestamp,
    #[schema(value_type = Option<String>)]
    undone_at: Option<kernel::Timestamp>,
}

impl From<Batch> for BatchView {
    fn from(batch: Batch) -> Self {
        Self { id: batch.id.0, kind: batch.kind, created_at: batch.created_at, undone_at: batch.undone_at }
    }
}

/// What undo did.
#[derive(Debug, Serialize, ToSchema)]
pub struct UndoneView {
    /// Records put back.
    restored: u64,
    /// Records left as they are, at most 1,000 of them.
    kept: Vec<KeptView>,
    /// All records left as they are.
    kept_total: u64,
}

/// A record that undo left as it is.
#[derive(Debug, Serialize, ToSchema)]
pub struct KeptView {
    entity: String,
    id: Uuid,
    /// An error code.
    reason: String,
}

impl From<Undone> for UndoneView {
    fn from(undone: Undone) -> Self {
        let kept = undone.kept.into_iter().map(|k| KeptView { entity: k.entity, id: k.id.0, reason: k.reason });
        Self { restored: undone.restored, kept: kept.collect(), kept_total: undone.kept_total }
    }
}

/// `GET /batches/{id}`
#[utoipa::path(get, path = "/batches/{id}", tag = "batches", params(("id" = Uuid, Path)), responses((status = 200, body = BatchView)))]
pub async fn get(State(state): State<AppState>, caller: Caller, Path(id): Path<Uuid>) -> ApiResult<Json<BatchView>> {
    Ok(Json(state.records.batch(&caller.ctx, BatchId(id)).await?.into()))
}

/// `POST /batches/{id}/undo`: up to 1,000 changes are undone at once (200); more are a job to watch (202). Asked again,
/// it answers with the same job, or with what came of it.
#[utoipa::path(post, path = "/batches/{id}/undo", tag = "batches", params(("id" = Uuid, Path)),
    responses((status = 200, body = UndoneView), (status = 202, body = JobView)))]
pub async fn undo(State(state): State<AppState>, caller: Caller, Path(id): Path<Uuid>) -> ApiResult<Response> {
    let (mut job, begun) = state.records.begin_undo(&caller.ctx, BatchId(id)).await?;
    if begun && job.total <= AT_ONCE {
        job = state.long_jobs.run_now(job).await;
    }
    if job.state != long::State::Done {
        return Ok(accepted(job, &caller));
    }
    let undone: Undone = serde_json::from_value(job.result).map_err(Error::internal)?;
    Ok(Json(UndoneView::from(undone)).into_response())
}
