//! `/records/{entity}`: lists, aggregates, one record.

use ::records::read::{Aggregate, Bucket, GroupBy, Measure, MeasureOp, Query, Sort};
use ::records::{Change, Operation, Records, WriteOptions, Written};
use axum::Json;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use kernel::access::Action;
use kernel::filter::Filter;
use kernel::{Ctx, Error, RecordId, Result};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use super::view::{PageView, RecordView, refs};
use crate::http::body::bad_request;
use crate::http::{Answer, ApiResult, Body, Caller, Params};
use crate::state::AppState;

/// A simple list, as a query string.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ListParams {
    /// Page size, 1 to 500; 50 by default.
    limit: Option<u64>,
    /// Where the page before ended.
    cursor: Option<String>,
    /// Field keys by commas; `-` before one sorts from the largest.
    sort: Option<String>,
    /// Only these fields, by commas.
    fields: Option<String>,
    /// A saved view.
    view: Option<Uuid>,
    /// Words to look for.
    q: Option<String>,
    /// The recycle bin.
    #[serde(default)]
    deleted: bool,
    /// Count all of them.
    #[serde(default)]
    total: bool,
}

/// One sort key.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SortKey {
    /// Field key.
    field: String,
    /// From the largest.
    #[serde(default)]
    desc: bool,
}

/// A list.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct QueryBody {
    /// Which records, in the query language.
    #[schema(value_type = Option<kernel::filter::shape::Filter>)]
    pub(super) filter: Option<Value>,
    /// Words to look for.
    pub(super) q: Option<String>,
    /// Order; newest first by default.
    #[serde(default)]
    pub(super) sort: Vec<SortKey>,
    /// Only these fields.
    pub(super) fields: Option<Vec<String>>,
    /// Page size, 1 to 500; 50 by default.
    pub(super) limit: Option<u64>,
    /// Where the page before ended.
    pub(super) cursor: Option<String>,
    /// Count all of them.
    #[serde(default)]
    pub(super) total: bool,
    /// The recycle bin.
    #[serde(default)]
    pub(super) deleted: bool,
}

impl QueryBody {
    /// The list that it asks for.
    pub(super) fn read(self) -> Result<Query> {
        Ok(Query {
            filter: parse_filter(self.filter.as_ref())?,
            words: self.q,
            sort: self.sort.into_iter().map(|key| Sort { field: key.field, descending: key.desc }).collect(),
            fields: self.fields,
            limit: self.limit,
            cursor: self.cursor,
            total: self.total,
            deleted: self.deleted,
        })
    }
}

/// A group axis: a field key, or a date with a bucket.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(untagged)]
pub enum GroupKey {
    /// A field.
    Field(String),
    /// A date by calendar period.
    Bucket {
        /// Field key.
        field: String,
        /// `day`, `week`, `month`, `quarter`, `year`.
        #[schema(value_type = String)]
        bucket: Bucket,
    },
}

/// A measure.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct MeasureKey {
    /// `count`, `sum`, `avg`, `min`, `max`.
    #[schema(value_type = String)]
    op: MeasureOp,
    /// Field key.
    field: Option<String>,
}

/// An aggregate.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AggregateBody {
    /// Which records.
    #[schema(value_type = Option<kernel::filter::shape::Filter>)]
    filter: Option<Value>,
    /// Words to look for.
    q: Option<String>,
    /// Up to four axes.
    #[serde(default)]
    group_by: Vec<GroupKey>,
    /// Up to ten; a count by default.
    #[serde(default)]
    measures: Vec<MeasureKey>,
}

/// A group of an aggregate.
#[derive(Debug, Serialize, ToSchema)]
pub struct GroupView {
    /// Field -> value.
    #[schema(value_type = std::collections::BTreeMap<String, Value>)]
    group: Map<String, Value>,
    /// `count`, `sum_amount` ... -> value.
    #[schema(value_type = std::collections::BTreeMap<String, Option<f64>>)]
    values: Map<String, Value>,
}

/// The groups of an aggregate.
#[derive(Debug, Serialize, ToSchema)]
pub struct Groups {
    /// In the order of their values.
    items: Vec<GroupView>,
}

/// Fields of a record to make.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CreateBody {
    /// By key.
    #[schema(value_type = std::collections::BTreeMap<String, Value>)]
    pub(super) fields: Map<String, Value>,
    /// Why it is written in spite of rules that warn.
    #[serde(default)]
    reason: Option<String>,
}

/// Fields of a record to change.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct UpdateBody {
    /// By key; others stay.
    #[schema(value_type = std::collections::BTreeMap<String, Value>)]
    fields: Map<String, Value>,
    /// The version that was seen; or `If-Match`.
    version: Option<i64>,
    /// Why it is written in spite of rules that warn.
    #[serde(default)]
    reason: Option<String>,
}

/// A move to a stage.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct StageBody {
    /// Key of the stage.
    stage: String,
    /// Kept with the move.
    comment: Option<String>,
    /// The version that was seen.
    version: Option<i64>,
    /// Why it is written in spite of rules that warn.
    #[serde(default)]
    reason: Option<String>,
}

/// `GET /records/{entity}`
#[utoipa::path(get, path = "/records/{entity}", tag = "records", params(("entity" = String, Path), ListParams),
    responses((status = 200, body = PageView)))]
pub async fn list(
    State(state): State<AppState>,
    caller: Caller,
    Path(entity): Path<String>,
    Params(params): Params<ListParams>,
) -> ApiResult<Answer<PageView>> {
    let mut body = QueryBody {
        q: params.q,
        limit: params.limit,
        cursor: params.cursor,
        deleted: params.deleted,
        total: params.total,
        ..QueryBody::default()
    };
    if let Some(view) = params.view {
        apply_view(&mut body, &state.records.view(&caller.ctx, view).await?.config)?;
    }
    let words =
        |text: &str| text.split(',').map(str::trim).filter(|w| !w.is_empty()).map(str::to_owned).collect::<Vec<_>>();
    if let Some(sort) = &params.sort {
        let key = |word: String| match word.strip_prefix('-') {
            Some(field) => SortKey { field: field.to_owned(), desc: true },
            None => SortKey { field: word, desc: false },
        };
        body.sort = words(sort).into_iter().map(key).collect();
    }
    body.fields = params.fields.as_deref().map(words).or(body.fields);
    page(&state, &caller, &entity, body).await
}

/// Takes filter, sort and words from a saved view.
pub(super) fn apply_view(body: &mut QueryBody, config: &Value) -> Result<()> {
    body.filter = config.get("filter").filter(|f| !f.is_null()).cloned();
    if let Some(sort) = config.get("sort").filter(|s| !s.is_null()) {
        body.sort = serde_json::from_value(sort.clone()).map_err(|e| bad_request("view", &e.to_string()))?;
    }
    if body.q.is_none() {
        body.q = config.get("q").and_then(Value::as_str).filter(|q| !q.is_empty()).map(str::to_owned);
    }
    Ok(())
}

/// `POST /records/{entity}/query`
#[utoipa::path(post, path = "/records/{entity}/query", tag = "records", params(("entity" = String, Path)),
    request_body = QueryBody, responses((status = 200, body = PageView)))]
pub async fn query(
    State(state): State<AppState>,
    caller: Caller,
    Path(entity): Path<String>,
    Body(body): Body<QueryBody>,
) -> ApiResult<Answer<PageView>> {
    page(&state, &caller, &entity, body).await
}

/// The code of a record that stands under another address.
pub(crate) const MERGED: &str = "record.merged";

/// What a record with its titles takes in an answer, about.
const RECORD_BYTES: usize = 1_500;

async fn page(state: &AppState, caller: &Caller, entity: &str, body: QueryBody) -> ApiResult<Answer<PageView>> {
    let page = state.records.query(&caller.ctx, entity, &body.read()?).await?;
    let titles = state.records.refs(&caller.ctx, &page.items).await?;
    let bytes = RECORD_BYTES * (page.items.len() + 1);
    let items = page.items.into_iter().map(RecordView::from).collect();
    let view = PageView { items, next_cursor: page.next_cursor, total: page.total, refs: refs(titles) };
    Ok(Answer(view, bytes))
}

pub(super) fn parse_filter(filter: Option<&Value>) -> Result<Option<Filter>> {
    let parse = |json| Filter::parse(json).map_err(|error| Error::field("request.invalid", "filter", error));
    filter.filter(|json| !json.is_null()).map(parse).transpose()
}

/// `POST /records/{entity}/aggregate`
#[utoipa::path(post, path = "/records/{entity}/aggregate", tag = "records", params(("entity" = String, Path)),
    request_body = AggregateBody, responses((status = 200, body = Groups)))]
pub async fn aggregate(
    State(state): State<AppState>,
    caller: Caller,
    Path(entity): Path<String>,
    Body(body): Body<AggregateBody>,
) -> ApiResult<Json<Groups>> {
    let axis = |key| match key {
        GroupKey::Field(field) => GroupBy { field, bucket: None },
        GroupKey::Bucket { field, bucket } => GroupBy { field, bucket: Some(bucket) },
    };
    let ask = Aggregate {
        besides: 0,
        query: Query { filter: parse_filter(body.filter.as_ref())?, words: body.q, ..Query::default() },
        group_by: body.group_by.into_iter().map(axis).collect(),
        measures: body.measures.into_iter().map(|m| Measure { op: m.op, field: m.field }).collect(),
    };
    let groups = state.records.aggregate(&caller.ctx, &entity, &ask).await?;
    let items = groups.into_iter().map(|g| GroupView { group: g.group, values: g.values }).collect();
    Ok(Json(Groups { items }))
}

/// `POST /records/{entity}`
#[utoipa::path(post, path = "/records/{entity}", tag = "records", params(("entity" = String, Path)),
    request_body = CreateBody, responses((status = 201, body = RecordView)))]
pub async fn create(
    State(state): State<AppState>,
    caller: Caller,
    Path(entity): Path<String>,
    Body(body): Body<CreateBody>,
) -> ApiResult<Response> {
    let change = Change::Create { fields: body.fields };
    let options = WriteOptions { reason: body.reason, ..WriteOptions::default() };
    let written = state.records.write_one(&caller.ctx, &entity, change, &options).await?;
    answer(&state, &caller.ctx, StatusCode::CREATED, written).await
}

/// `GET /records/{entity}/{id}`
#[utoipa::path(get, path = "/records/{entity}/{id}", tag = "records",
    params(("entity" = String, Path), ("id" = Uuid, Path), GetParams),
    responses((status = 200, body = RecordView), (status = 410, body = crate::http::error::Problem)))]
pub async fn get(
    State(state): State<AppState>,
    caller: Caller,
    Path((entity, id)): Path<(String, RecordId)>,
    Params(params): Params<GetParams>,
) -> ApiResult<Response> {
    let record = if params.deleted {
        state.records.get_deleted(&caller.ctx, &entity, id).await?
    } else {
        match state.records.get(&caller.ctx, &entity, id).await {
            Err(gone @ Error::NotFound(_)) => return Err(elsewhere(&state, &caller, &entity, id, gone).await?.into()),
            record => record?,
        }
    };
    answer(&state, &caller.ctx, StatusCode::OK, Written { operation: Operation::Update, record }).await
}

/// Of a record that was merged: where it is now, as far as the caller sees that.
async fn elsewhere(state: &AppState, caller: &Caller, entity: &str, id: RecordId, gone: Error) -> Result<Error> {
    let Some(into) = state.records.merged_into(&caller.ctx, entity, id).await? else { return Ok(gone) };
    let other = Some(kernel::RecordRef { entity: entity.into(), id: into });
    let message = kernel::Message::key("error.record.merged");
    Ok(Error::Refused(Box::new(kernel::error::Refusal { other, ..kernel::error::Refusal::new(MERGED, message) })))
}

/// How to read one record.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct GetParams {
    /// Also out of the recycle bin.
    #[serde(default)]
    deleted: bool,
}

/// `PATCH /records/{entity}/{id}`
#[utoipa::path(patch, path = "/records/{entity}/{id}", tag = "records", params(("entity" = String, Path), ("id" = Uuid, Path)),
    request_body = UpdateBody, responses((status = 200, body = RecordView)))]
pub async fn update(
    State(state): State<AppState>,
    caller: Caller,
    Path((entity, id)): Path<(String, RecordId)>,
    headers: HeaderMap,
    Body(body): Body<UpdateBody>,
) -> ApiResult<Response> {
    let version = body.version.or(if_match(&headers)?);
    let change = Change::Update { id, version, fields: body.fields };
    let options = WriteOptions { reason: body.reason, ..WriteOptions::default() };
    let written = write_one(&state.records, &caller.ctx, &entity, change, &options).await?;
    answer(&state, &caller.ctx, StatusCode::OK, written).await
}

/// `DELETE /records/{entity}/{id}`
#[utoipa::path(delete, path = "/records/{entity}/{id}", tag = "records", params(("entity" = String, Path), ("id" = Uuid, Path)),
    responses((status = 204)))]
pub async fn remove(
    State(state): State<AppState>,
    caller: Caller,
    Path((entity, id)): Path<(String, RecordId)>,
    headers: HeaderMap,
) -> ApiResult<StatusCode> {
    let change = Change::Delete { id, version: if_match(&headers)? };
    write_one(&state.records, &caller.ctx, &entity, change, &WriteOptions::default()).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// `POST /records/{entity}/{id}/restore`
#[utoipa::path(post, path = "/records/{entity}/{id}/restore", tag = "records", params(("entity" = String, Path), ("id" = Uuid, Path)),
    responses((status = 200, body = RecordView)))]
pub async fn restore(
    State(state): State<AppState>,
    caller: Caller,
    Path((entity, id)): Path<(String, RecordId)>,
) -> ApiResult<Response> {
    let written =
        write_one(&state.records, &caller.ctx, &entity, Change::Restore { id }, &WriteOptions::default()).await?;
    answer(&state, &caller.ctx, StatusCode::OK, written).await
}

/// `POST /records/{entity}/{id}/stage`
#[utoipa::path(post, path = "/records/{entity}/{id}/stage", tag = "records", params(("entity" = String, Path), ("id" = Uuid, Path)),
    request_body = StageBody, responses((status = 200, body = RecordView), (status = 409, body = crate::http::error::Problem)))]
pub async fn stage(
    State(state): State<AppState>,
    caller: Caller,
    Path((entity, id)): Path<(String, RecordId)>,
    Body(body): Body<StageBody>,
) -> ApiResult<Response> {
    if !state.records.entity(&caller.ctx, &entity).await?.staged {
        return Err(Error::NotFound("stage".into()).into());
    }
    let fields = Map::from_iter([("stage".to_owned(), Value::String(body.stage))]);
    let change = Change::Update { id, version: body.version, fields };
    let options = WriteOptions { comment: body.comment, reason: body.reason, ..WriteOptions::default() };
    match write_one(&state.records, &caller.ctx, &entity, change, &options).await {
        Ok(written) => answer(&state, &caller.ctx, StatusCode::OK, written).await,
        Err(error) if is_against_the_state(&error) => {
            let mut response = crate::http::ApiError(error).into_response();
            *response.status_mut() = StatusCode::CONFLICT;
            Ok(response)
        }
        Err(error) => Err(error.into()),
    }
}

/// A move that rules refuse is a conflict with the present state, not a wrong request; a plugin may have said otherwise.
fn is_against_the_state(error: &Error) -> bool {
    match error {
        Error::Refused(refusal) => refusal.status.is_none(),
        Error::Invalid { code, .. } => *code == ::records::INVALID,
        _ => false,
    }
}

/// Writes one change; a conflict carries the record as it is now.
async fn write_one(
    records: &Records,
    ctx: &Ctx,
    entity: &str,
    change: Change,
    options: &WriteOptions,
) -> Result<Written> {
    let id = match &change {
        Change::Update { id, .. } | Change::Delete { id, .. } | Change::Merge { id, .. } | Change::Restore { id } => {
            Some(*id)
        }
        Change::Create { .. } | Change::CreateAs { .. } | Change::CreatePast { .. } => None,
    };
    match (records.write_one(ctx, entity, change, options).await, id) {
        (Err(Error::Conflict { code, current: None }), Some(id)) if ctx.rights.may(entity, Action::Read) => {
            let current = records.get_deleted(ctx, entity, id).await?;
            let current = serde_json::to_value(RecordView::from(current)).map_err(Error::internal)?;
            Err(Error::Conflict { code, current: Some(current) })
        }
        (result, _) => result,
    }
}

pub(super) async fn answer(state: &AppState, ctx: &Ctx, status: StatusCode, written: Written) -> ApiResult<Response> {
    let reads = ctx.rights.may(&written.record.entity, Action::Read);
    let shown = if reads { std::slice::from_ref(&written.record) } else { &[] };
    let titles = state.records.refs(ctx, shown).await?;
    let version = written.record.version;
    let view = RecordView { refs: Some(refs(titles)), ..RecordView::written(written.record, ctx) };
    let mut response = (status, Json(view)).into_response();
    if let Ok(tag) = HeaderValue::from_str(&format!("\"{version}\"")) {
        response.headers_mut().insert(header::ETAG, tag);
    }
    Ok(response)
}

/// The version that `If-Match` names.
pub(super) fn if_match(headers: &HeaderMap) -> Result<Option<i64>> {
    let Some(text) = matched(headers) else { return Ok(None) };
    text.parse().map(Some).map_err(|_| bad_request("If-Match", "expected a version"))
}

/// What `If-Match` names, without its quotes.
pub(super) fn matched(headers: &HeaderMap) -> Option<&str> {
    let value = headers.get(header::IF_MATCH)?;
    Some(value.to_str().unwrap_or_default().trim().trim_start_matches("W/").trim_matches('"'))
}
