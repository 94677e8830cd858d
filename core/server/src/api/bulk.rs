//! `/records/{entity}/bulk`: many changes of one entity at once, or one change of everything a filter finds.

use ::records::whole::WholeChange;
use ::records::{Change, WriteOptions, Written};
use axum::Json;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use kernel::{BatchId, Ctx, Error, RecordId, Result};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use utoipa::ToSchema;
use uuid::Uuid;

use super::jobs::{JobView, accepted};
use super::records::parse_filter;
use crate::http::body::bad_request;
use crate::http::error::{ConditionProblem, conditions};
use crate::http::{ApiResult, Body, Caller};
use crate::state::AppState;

/// Many changes of one entity.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct BulkBody {
    /// Records to make.
    #[serde(default)]
    create: Vec<BulkCreate>,
    /// Records to change.
    #[serde(default)]
    update: Vec<BulkUpdate>,
    /// Records to put into the recycle bin; `true` with a filter.
    #[serde(default)]
    delete: BulkDelete,
    /// Nothing is written when one row is refused.
    #[serde(default)]
    all_or_nothing: bool,
    /// Why rows are written in spite of rules that warn.
    #[serde(default)]
    reason: Option<String>,
    /// Whether rules of automation run for what is changed: yes where absent.
    #[serde(default = "yes")]
    run_rules: bool,
    /// Instead of rows: everything this finds gets `fields`, or goes into the recycle bin. `{"and": []}` finds all.
    #[schema(value_type = Option<Object>)]
    filter: Option<Value>,
    /// Words to look for, with a filter.
    q: Option<String>,
    /// New values, with a filter.
    #[schema(value_type = Option<Object>)]
    fields: Option<Map<String, Value>>,
}

const fn yes() -> bool {
    true
}

/// What is deleted: rows, or everything that a filter finds.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(untagged)]
pub enum BulkDelete {
    /// These.
    Rows(Vec<Uuid>),
    /// All of them.
    Found(bool),
}

impl Default for BulkDelete {
    fn default() -> Self {
        Self::Rows(Vec::new())
    }
}

impl BulkBody {
    /// The change of everything that is found, when the body asks for one.
    fn whole(&self) -> Result<Option<WholeChange>> {
        let rows = !self.create.is_empty() || !self.update.is_empty() || self.all_or_nothing;
        let deleted = matches!(&self.delete, BulkDelete::Rows(ids) if !ids.is_empty());
        match (&self.filter, &self.fields, &self.delete) {
            (None, None, BulkDelete::Rows(_)) if self.q.is_none() => Ok(None),
            (None, ..) => Err(bad_request("filter", "`fields`, `q` and `delete: true` go with a filter")),
            (Some(_), ..) if rows || deleted => Err(bad_request("filter", "either rows or a filter")),
            (Some(_), Some(fields), BulkDelete::Rows(_) | BulkDelete::Found(false)) => {
                Ok(Some(WholeChange::Update(fields.clone())))
            }
            (Some(_), None, BulkDelete::Found(true)) => Ok(Some(WholeChange::Delete)),
            (Some(_), ..) => Err(bad_request("filter", "either `fields` or `delete: true` goes with a filter")),
        }
    }
}

/// One record to make.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct BulkCreate {
    /// By key.
    #[schema(value_type = std::collections::BTreeMap<String, Value>)]
    fields: Map<String, Value>,
}

/// One change of a bulk request.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct BulkUpdate {
    #[schema(value_type = Uuid)]
    id: RecordId,
    version: Option<i64>,
    #[schema(value_type = std::collections::BTreeMap<String, Value>)]
    fields: Map<String, Value>,
}

/// What became of the rows.
#[derive(Debug, Serialize, ToSchema)]
pub struct BulkView {
    /// For undo.
    #[schema(value_type = Uuid)]
    batch: BatchId,
    /// In the order create, update, delete.
    results: Vec<BulkResult>,
}

/// What became of one row.
#[derive(Debug, Serialize, ToSchema)]
pub struct BulkResult {
    index: usize,
    /// `created`, `updated`, `deleted`, `refused`.
    status: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Uuid>)]
    id: Option<RecordId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    version: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    code: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    detail: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<std::collections::BTreeMap<String, crate::http::error::FieldProblem>>)]
    fields: Option<Map<String, Value>>,
    /// `stage.refused`: everything that stands in the way of the move.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schema(required = false)]
    conditions: Vec<ConditionProblem>,
    /// The record that stands in the way, where the caller may see it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    other: Option<kernel::RecordRef>,
}

/// `POST /records/{entity}/bulk`: up to 1,000 rows at once (200), or everything that a filter finds as a job (202).
#[utoipa::path(post, path = "/records/{entity}/bulk", tag = "records", params(("entity" = String, Path)),
    request_body = BulkBody, responses((status = 200, body = BulkView), (status = 202, body = JobView)))]
pub async fn bulk(
    State(state): State<AppState>,
    caller: Caller,
    Path(entity): Path<String>,
    Body(body): Body<BulkBody>,
) -> ApiResult<Response> {
    state.records.entity(&caller.ctx, &entity).await?;
    if let (Some(change), Some(filter)) = (body.whole()?, parse_filter(body.filter.as_ref())?) {
        let job = state.records.begin_whole(&caller.ctx, &entity, &filter, body.q, change, body.run_rules).await?;
        return Ok(accepted(job, &caller));
    }
    let delete = match body.delete {
        BulkDelete::Rows(ids) => ids,
        BulkDelete::Found(_) => Vec::new(),
    };
    let ids: Vec<Option<RecordId>> = body
        .create
        .iter()
        .map(|_| None)
        .chain(body.update.iter().map(|u| Some(u.id)))
        .chain(delete.iter().copied().map(RecordId).map(Some))
        .collect();
    if ids.len() > ::records::write::MAX_ROWS {
        let max = ::records::write::MAX_ROWS;
        return Err(Error::TooLarge(kernel::Message::key("error.too_large").with("max", max)).into());
    }
    let changes = body
        .create
        .into_iter()
        .map(|row| Change::Create { fields: row.fields })
        .chain(body.update.into_iter().map(|row| Change::Update {
            id: row.id,
            version: row.version,
            fields: row.fields,
        }))
        .chain(delete.into_iter().map(|id| Change::Delete { id: RecordId(id), version: None }))
        .collect();
    let batch = state.records.open_batch_for_rules(&caller.ctx, "bulk", body.run_rules).await?;
    let options = WriteOptions {
        batch: Some(batch),
        all_or_nothing: body.all_or_nothing,
        reason: body.reason,
        ..WriteOptions::default()
    };
    let outcomes = state.records.write(&caller.ctx, &entity, changes, &options).await?;
    let results =
        outcomes.into_iter().zip(ids).enumerate().map(|(index, (outcome, id))| result(index, id, outcome, &caller.ctx));
    Ok(Json(BulkView { batch, results: results.collect() }).into_response())
}

fn result(index: usize, id: Option<RecordId>, outcome: Result<Written>, ctx: &Ctx) -> BulkResult {
    let mut row = BulkResult {
        index,
        status: "refused",
        id,
        version: None,
        code: None,
        detail: None,
        fields: None,
        other: None,
        conditions: Vec::new(),
    };
    match outcome {
        Ok(written) => {
            row.status = written.operation.past();
            row.id = Some(written.record.id);
            row.version = Some(written.record.version);
        }
        Err(error) => {
            let fields = error.fields_in(ctx.locale).into_iter();
            let fields =
                fields.map(|(key, (code, message))| (key, serde_json::json!({"code": code, "message": message})));
            row.code = Some(error.code().to_owned());
            row.detail = Some(error.message().in_locale(ctx.locale));
            row.fields = Some(fields.collect());
            row.conditions = conditions(&error, ctx.locale);
            if let Error::Refused(refusal) = error {
                row.other = refusal.other;
            }
        }
    }
    row
}
