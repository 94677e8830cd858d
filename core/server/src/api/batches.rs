//! `/batches`: undo of imports and mass edits.

use ::records::batch::{Batch, Undone};
use axum::Json;
use axum::extract::{Path, State};
use kernel::BatchId;
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::http::{ApiResult, Caller};
use crate::state::AppState;

/// A set of changes.
#[derive(Debug, Serialize, ToSchema)]
pub struct BatchView {
    id: Uuid,
    /// `bulk`, `import`, `undo`.
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
    restored: usize,
    /// Records left as they are.
    kept: Vec<KeptView>,
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
        let kept = undone.kept.into_iter().map(|k| KeptView { entity: k.entity, id: k.id, reason: k.reason });
        Self { restored: undone.restored, kept: kept.collect() }
    }
}

/// `GET /batches/{id}`
#[utoipa::path(get, path = "/batches/{id}", tag = "batches", params(("id" = Uuid, Path)), responses((status = 200, body = BatchView)))]
pub async fn get(State(state): State<AppState>, caller: Caller, Path(id): Path<Uuid>) -> ApiResult<Json<BatchView>> {
    Ok(Json(state.records.batch(&caller.ctx, BatchId(id)).await?.into()))
}

/// `POST /batches/{id}/undo`
#[utoipa::path(post, path = "/batches/{id}/undo", tag = "batches", params(("id" = Uuid, Path)), responses((status = 200, body = UndoneView)))]
pub async fn undo(State(state): State<AppState>, caller: Caller, Path(id): Path<Uuid>) -> ApiResult<Json<UndoneView>> {
    Ok(Json(state.records.undo(&caller.ctx, BatchId(id)).await?.into()))
}
