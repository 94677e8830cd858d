//! `/records/{entity}/merge` and `/duplicates`: records that may be the same, and several into one.

use ::records::duplicates::{Duplicate, Mode, Reason, Sought};
use ::records::merge::{MergeInput, Merged};
use axum::Json;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use kernel::jobs::long;
use kernel::{Error, RecordId};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use utoipa::ToSchema;
use uuid::Uuid;

use super::jobs::{JobView, accepted};
use super::view::{RecordView, RefView, refs};
use crate::http::body::bad_request;
use crate::http::{ApiResult, Body, Caller};
use crate::state::AppState;

/// `POST /records/{entity}/merge`: up to 10 records into one of them. What points to the others moves at once (200), or by a
/// job to watch (202) where it is more than 1,000 records. Undone by its batch.
#[utoipa::path(post, path = "/records/{entity}/merge", tag = "records", operation_id = "merge_records", params(("entity" = String, Path)),
    request_body = MergeInput, responses((status = 200, body = Merged), (status = 202, body = JobView)))]
pub async fn merge(
    State(state): State<AppState>,
    caller: Caller,
    Path(entity): Path<String>,
    Body(input): Body<MergeInput>,
) -> ApiResult<Response> {
    if input.dry_run {
        return Ok(Json(state.records.try_merge(&caller.ctx, &entity, &input).await?).into_response());
    }
    caller.require_role()?;
    let (mut job, at_once) = state.records.begin_merge(&caller.ctx, &entity, &input).await?;
    if at_once {
        job = state.long_jobs.run_now(job).await;
    }
    if job.state != long::State::Done {
        return Ok(accepted(job, &caller));
    }
    let merged: Merged = serde_json::from_value(job.result).map_err(Error::internal)?;
    Ok(Json(merged).into_response())
}

/// Of what duplicates are looked for: a record, or the fields of a form.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct DuplicatesBody {
    /// A record that is there; with fields, the one that they will change.
    #[serde(default)]
    id: Option<Uuid>,
    /// By key, as far as they are typed.
    #[serde(default)]
    #[schema(value_type = Option<std::collections::BTreeMap<String, Value>>)]
    fields: Option<Map<String, Value>>,
}

/// Records that may be the same.
#[derive(Debug, Serialize, ToSchema)]
pub struct DuplicatesView {
    /// What the company does about them.
    mode: Mode,
    /// The surest first, at most 20.
    items: Vec<DuplicateView>,
    /// Titles of what the records point to, by id.
    refs: std::collections::BTreeMap<Uuid, RefView>,
}

/// A record that may be the same.
#[derive(Debug, Serialize, ToSchema)]
pub struct DuplicateView {
    record: RecordView,
    /// Whether one of the reasons is enough to be sure.
    strong: bool,
    /// What they share.
    because: Vec<Reason>,
}

impl From<Duplicate> for DuplicateView {
    fn from(duplicate: Duplicate) -> Self {
        Self {
            strong: duplicate.is_strong(),
            because: duplicate.because.into_iter().collect(),
            record: duplicate.record.into(),
        }
    }
}

/// `POST /records/{entity}/duplicates`: of what the caller sees; of clients also those of the other kinds.
#[utoipa::path(post, path = "/records/{entity}/duplicates", tag = "records", operation_id = "find_duplicates", params(("entity" = String, Path)),
    request_body = DuplicatesBody, responses((status = 200, body = DuplicatesView)))]
pub async fn duplicates(
    State(state): State<AppState>,
    caller: Caller,
    Path(entity): Path<String>,
    Body(body): Body<DuplicatesBody>,
) -> ApiResult<Json<DuplicatesView>> {
    let sought = match (body.fields, body.id) {
        (Some(fields), id) => Sought::Draft(fields, id.map(RecordId)),
        (None, Some(id)) => Sought::Record(RecordId(id)),
        (None, None) => return Err(bad_request("id", "expected an id or fields").into()),
    };
    let mode = state.records.catalogue_of(&caller.ctx).await?.duplicates.of(&entity);
    let found = state.records.duplicates(&caller.ctx, &entity, sought).await?;
    let records: Vec<_> = found.iter().map(|duplicate| duplicate.record.clone()).collect();
    let titles = state.records.refs(&caller.ctx, &records).await?;
    let items = found.into_iter().map(DuplicateView::from).collect();
    Ok(Json(DuplicatesView { mode, items, refs: refs(titles) }))
}

/// What is done about duplicates.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct DuplicatePolicy {
    /// `off`, `warn` or `block`.
    mode: Mode,
}

/// `PUT /entities/{entity}/duplicates`: what is done about duplicates of its records (administrators).
#[utoipa::path(put, path = "/entities/{entity}/duplicates", tag = "entities", operation_id = "set_duplicates", params(("entity" = String, Path)),
    request_body = DuplicatePolicy, responses((status = 200, body = DuplicatePolicy)))]
pub async fn set_duplicates(
    State(state): State<AppState>,
    caller: Caller,
    Path(entity): Path<String>,
    Body(body): Body<DuplicatePolicy>,
) -> ApiResult<Json<DuplicatePolicy>> {
    state.records.set_duplicates(&caller.ctx, &entity, body.mode).await?;
    Ok(Json(body))
}
