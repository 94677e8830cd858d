//! `/pipelines`: the ways that records of an entity move, as administrators make and change them.

use std::collections::{BTreeMap, HashMap};

use ::records::catalogue::Labels;
use ::records::stages::change::{Counted, NewPipeline, PipelinePatch, Settled, StageList};
use ::records::stages::settle::AT_ONCE;
use ::records::stages::{Moving, Planned, Semantic, Stage, StageContract, Turned};
use axum::Json;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use kernel::{Ctx, Locale};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use super::jobs::JobView;
use super::records::if_match;
use super::view::Items;
use crate::http::body::bad_request;
use crate::http::{ApiResult, Body, Caller, Params};
use crate::state::AppState;

/// A pipeline with everything that was said about it.
#[derive(Debug, Serialize, ToSchema)]
pub struct PipelineConfig {
    id: Uuid,
    entity: String,
    key: String,
    /// In the caller's language.
    name: String,
    /// Its name by language.
    label: BTreeMap<String, String>,
    /// Where new records go.
    is_default: bool,
    /// It keeps the records it has and takes no others.
    archived: bool,
    /// For `If-Match`.
    version: i64,
    /// Records in it.
    records: i64,
    /// In order.
    stages: Vec<StageConfig>,
    /// Stages that were taken away and have records still.
    left: Vec<StageLeft>,
}

/// A stage with its rules.
#[derive(Debug, Serialize, ToSchema)]
pub struct StageConfig {
    key: String,
    /// In the caller's language.
    name: String,
    /// Its name by language.
    label: BTreeMap<String, String>,
    semantic: Semantic,
    color: String,
    /// Percent; none: by its place.
    probability: Option<i64>,
    /// ISO 8601, in working time of the company.
    duration: Option<String>,
    /// How long before that its owner is reminded.
    remind: Option<String>,
    /// Fields that must have a value to enter it.
    required: Vec<String>,
    /// What must be true to enter it.
    guard: Option<String>,
    /// What people read when it is not.
    guard_message: Option<BTreeMap<String, String>>,
    /// The only stages it is entered from.
    from: Vec<String>,
    /// The only roles whose people move records there.
    roles: Vec<String>,
    /// The task that is made on entering and done before leaving.
    contract: Option<StageContract>,
    /// What is done on entering.
    #[schema(value_type = Vec<process::automation::Action>)]
    on_enter: Vec<serde_json::Value>,
    /// Leads enter it by converting only.
    convert_only: bool,
    /// Records in it.
    records: i64,
}

/// A stage that was taken away.
#[derive(Debug, Serialize, ToSchema)]
pub struct StageLeft {
    key: String,
    name: String,
    /// Records in it.
    records: i64,
}

/// What a change does, or has done.
#[derive(Debug, Serialize, ToSchema)]
pub struct PipelineChange {
    /// Whether it only says so.
    dry_run: bool,
    /// Names of new stages.
    added: Vec<String>,
    /// Stages that go.
    removed: Vec<Moving>,
    /// Stages that mean something else.
    turned: Vec<Turned>,
    /// Records that move to another stage.
    moves: i64,
    /// Open records that are closed by it.
    closes: i64,
    /// Closed records that are open again.
    opens: i64,
    /// Records whose deadline is worked out anew.
    retimed: i64,
    /// To be sent along by whoever has seen what it closes and opens.
    preview: String,
    /// The pipeline as it is now; none when it was taken away.
    pipeline: Option<PipelineConfig>,
    /// The undo group of what moves.
    batch: Option<Uuid>,
    /// The work on the records: done where they are few, else to be watched.
    job: Option<JobView>,
}

/// Which pipelines.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct PipelinesParams {
    /// Of this entity alone.
    entity: Option<String>,
}

/// How a pipeline goes.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct RemovePipelineParams {
    /// Where its records move: `stage:stage`, several by commas.
    move_to: Option<String>,
    /// Only says what would be done.
    #[serde(default)]
    dry_run: bool,
    /// The `preview` of the dry run that somebody has seen.
    preview: Option<String>,
}

/// `GET /pipelines` (administrators)
#[utoipa::path(get, path = "/pipelines", operation_id = "list_pipelines", tag = "entities", params(PipelinesParams),
    responses((status = 200, body = Items<PipelineConfig>)))]
pub async fn list(
    State(state): State<AppState>,
    caller: Caller,
    Params(params): Params<PipelinesParams>,
) -> ApiResult<Json<Items<PipelineConfig>>> {
    let all = state.records.pipelines(&caller.ctx, params.entity.as_deref()).await?;
    let locale = caller.ctx.locale;
    Ok(Json(Items { items: all.into_iter().map(|one| view(one, locale)).collect() }))
}

/// `POST /pipelines` (administrators)
#[utoipa::path(post, path = "/pipelines", operation_id = "create_pipeline", tag = "entities", request_body = NewPipeline,
    responses((status = 201, body = PipelineConfig)))]
pub async fn create(
    State(state): State<AppState>,
    caller: Caller,
    Body(input): Body<NewPipeline>,
) -> ApiResult<Response> {
    let made = state.records.create_pipeline(&caller.ctx, input).await?;
    Ok(tagged(StatusCode::CREATED, made, &caller.ctx))
}

/// `PATCH /pipelines/{id}`: its name, whether it is archived, whether new records go there (administrators).
#[utoipa::path(patch, path = "/pipelines/{id}", operation_id = "change_pipeline", tag = "entities",
    params(("id" = Uuid, Path)), request_body = PipelinePatch, responses((status = 200, body = PipelineConfig)))]
pub async fn change(
    State(state): State<AppState>,
    caller: Caller,
    Path(id): Path<Uuid>,
    headers: HeaderMap,
    Body(patch): Body<PipelinePatch>,
) -> ApiResult<Response> {
    let changed = state.records.change_pipeline(&caller.ctx, id, patch, if_match(&headers)?).await?;
    Ok(tagged(StatusCode::OK, changed, &caller.ctx))
}

/// `DELETE /pipelines/{id}`: its records move into other pipelines of the entity (administrators).
#[utoipa::path(delete, path = "/pipelines/{id}", operation_id = "remove_pipeline", tag = "entities",
    params(("id" = Uuid, Path), RemovePipelineParams), responses((status = 200, body = PipelineChange)))]
pub async fn remove(
    State(state): State<AppState>,
    caller: Caller,
    Path(id): Path<Uuid>,
    headers: HeaderMap,
    Params(params): Params<RemovePipelineParams>,
) -> ApiResult<Json<PipelineChange>> {
    let move_to = mapping(params.move_to.as_deref().unwrap_or_default())?;
    let (dry_run, preview) = (params.dry_run, params.preview.as_deref());
    let version = if_match(&headers)?;
    let settled = state.records.remove_pipeline(&caller.ctx, id, &move_to, dry_run, preview, version).await?;
    Ok(Json(answer(&state, &caller.ctx, settled, dry_run, None).await?))
}

/// `PUT /pipelines/{id}/stages`: all of them in order; a dry run says what would become of records (administrators).
#[utoipa::path(put, path = "/pipelines/{id}/stages", operation_id = "save_stages", tag = "entities",
    params(("id" = Uuid, Path)), request_body = StageList, responses((status = 200, body = PipelineChange)))]
pub async fn stages(
    State(state): State<AppState>,
    caller: Caller,
    Path(id): Path<Uuid>,
    headers: HeaderMap,
    Body(list): Body<StageList>,
) -> ApiResult<Json<PipelineChange>> {
    let dry_run = list.dry_run;
    let settled = state.records.save_stages(&caller.ctx, id, list, if_match(&headers)?).await?;
    Ok(Json(answer(&state, &caller.ctx, settled, dry_run, Some(id)).await?))
}

/// What was done, after what can be done at once.
async fn answer(
    state: &AppState,
    ctx: &Ctx,
    settled: Settled,
    dry_run: bool,
    stays: Option<Uuid>,
) -> kernel::Result<PipelineChange> {
    let Settled { planned, batch, job } = settled;
    let job = match job {
        Some(job) if job.total <= AT_ONCE => Some(state.long_jobs.run_now(job).await),
        job => job,
    };
    let pipeline = match stays {
        Some(id) => Some(view(state.records.pipeline(ctx, id).await?, ctx.locale)),
        None => None,
    };
    let Planned { added, removed, turned, moves, closes, opens, retimed, preview } = planned;
    Ok(PipelineChange {
        dry_run,
        added,
        removed,
        turned,
        moves,
        closes,
        opens,
        retimed,
        preview,
        pipeline,
        batch: batch.map(|batch| batch.0),
        job: job.map(|job| JobView::new(job, ctx.locale)),
    })
}

/// `a:x,b:y`
fn mapping(text: &str) -> kernel::Result<BTreeMap<String, String>> {
    let pairs = text.split(',').filter(|pair| !pair.is_empty());
    let pair = |pair: &str| pair.split_once(':').map(|(from, to)| (from.trim().to_owned(), to.trim().to_owned()));
    pairs
        .map(|one| pair(one).ok_or_else(|| bad_request("move_to", "expected `stage:stage`, several by commas")))
        .collect()
}

fn tagged(status: StatusCode, counted: Counted, ctx: &Ctx) -> Response {
    let tag = HeaderValue::from_str(&format!("\"{}\"", counted.pipeline.version));
    let mut response = (status, Json(view(counted, ctx.locale))).into_response();
    if let Ok(tag) = tag {
        response.headers_mut().insert(header::ETAG, tag);
    }
    response
}

fn view(counted: Counted, locale: Locale) -> PipelineConfig {
    let Counted { pipeline, records } = counted;
    let count = |stage: &Stage| records.get(&stage.key).copied().unwrap_or(0);
    let left = pipeline.gone.iter().filter(|stage| count(stage) > 0).map(|stage| StageLeft {
        key: stage.key.clone(),
        name: stage.name_in(locale).to_owned(),
        records: count(stage),
    });
    PipelineConfig {
        id: pipeline.id,
        entity: pipeline.entity.clone(),
        key: pipeline.key.clone(),
        name: pipeline.name_in(locale).to_owned(),
        label: words(pipeline.labels.as_ref(), &pipeline.name, locale),
        is_default: pipeline.is_default,
        archived: pipeline.archived,
        version: pipeline.version,
        records: pipeline.stages.iter().chain(&pipeline.gone).map(count).sum(),
        stages: pipeline.stages.iter().map(|stage| stage_view(stage, &records, locale)).collect(),
        left: left.collect(),
    }
}

fn stage_view(stage: &Stage, records: &HashMap<String, i64>, locale: Locale) -> StageConfig {
    let rules = stage.rules.clone();
    StageConfig {
        key: stage.key.clone(),
        name: stage.name_in(locale).to_owned(),
        label: words(stage.labels.as_ref(), &stage.name, locale),
        semantic: stage.semantic,
        color: stage.color.clone(),
        probability: stage.probability,
        duration: rules.duration,
        remind: rules.remind,
        required: rules.required.iter().map(ToString::to_string).collect(),
        guard: rules.guard.map(String::from),
        guard_message: rules.guard_message.as_ref().map(|labels| words(Some(labels), "", locale)),
        from: rules.from,
        roles: rules.roles,
        contract: rules.contract,
        on_enter: rules.on_enter,
        convert_only: rules.convert_only,
        records: records.get(&stage.key).copied().unwrap_or(0),
    }
}

/// Words by language; of a name in no language in particular, as the reader's.
fn words(labels: Option<&Labels>, name: &str, locale: Locale) -> BTreeMap<String, String> {
    match labels {
        Some(labels) => labels.0.iter().map(|(locale, words)| (locale.code().to_owned(), words.clone())).collect(),
        None => BTreeMap::from([(locale.code().to_owned(), name.to_owned())]),
    }
}
