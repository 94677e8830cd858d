//! `/process-definitions`, `/process-instances`, `/messages`, `/signals`: the process engine.

use ::process::runtime::{
    AT_ONCE, DefinitionMap, DefinitionView, Delivered, DryRun, DryRunInput, History, HistoryQuery, InstanceMap,
    InstanceQuery, InstanceView, Instances, MessageInput, Migration, MigrationReport, MoveInput, SignalInput,
    StartInput, UndoneMigration,
};
use axum::Json;
use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use kernel::access::ProcessAction;
use kernel::jobs::long;
use kernel::text::Message;
use kernel::{Error, InstanceId};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use super::jobs::{JobView, accepted};
use super::view::Items;
use crate::http::{ApiResult, Body, Caller, Params};
use crate::state::AppState;

/// How to deploy.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct DeployParams {
    /// Publish it in the same call.
    #[serde(default)]
    pub(super) publish: bool,
}

/// Which version.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct VersionParams {
    /// The newest by default.
    version: Option<i64>,
}

/// `POST /process-definitions`: deploys a BPMN 2.0 file (the body, as XML).
#[utoipa::path(post, path = "/process-definitions", tag = "processes", params(DeployParams), request_body(content = String, content_type = "application/xml"), responses((status = 201, body = DefinitionView)))]
pub async fn deploy(
    State(state): State<AppState>,
    caller: Caller,
    Params(params): Params<DeployParams>,
    body: Bytes,
) -> ApiResult<(StatusCode, Json<DefinitionView>)> {
    let view = state.processes.deploy(&caller.ctx, body.to_vec(), params.publish).await?;
    Ok((StatusCode::CREATED, Json(view)))
}

/// `GET /process-definitions`
#[utoipa::path(get, path = "/process-definitions", tag = "processes", responses((status = 200, body = Items<DefinitionView>)))]
pub async fn definitions(State(state): State<AppState>, caller: Caller) -> ApiResult<Json<Items<DefinitionView>>> {
    caller.require_role()?;
    let found = state.processes.definitions(&caller.ctx).await?;
    Ok(Json(Items { items: found.into_iter().map(|one| told(&caller, one)).collect() }))
}

/// Whoever may change nothing, as an administrator who looks as somebody else, is offered nothing that does.
fn told(caller: &Caller, mut definition: DefinitionView) -> DefinitionView {
    if caller.ctx.rights.reads_alone() {
        let sees = [ProcessAction::See, ProcessAction::Operate].iter().any(|action| definition.may.contains(action));
        definition.may = sees.then_some(ProcessAction::See).into_iter().collect();
    }
    definition
}

/// `GET /process-definitions/{id}`: by id or key.
#[utoipa::path(get, path = "/process-definitions/{id}", tag = "processes", params(("id" = String, Path), VersionParams), responses((status = 200, body = DefinitionView)))]
pub async fn definition(
    State(state): State<AppState>,
    caller: Caller,
    Path(id): Path<String>,
    Params(params): Params<VersionParams>,
) -> ApiResult<Json<DefinitionView>> {
    caller.require_role()?;
    let found = state.processes.definition(&caller.ctx, &id, params.version).await?;
    Ok(Json(told(&caller, found)))
}

/// `GET /process-definitions/{id}/versions`
#[utoipa::path(get, path = "/process-definitions/{id}/versions", tag = "processes", params(("id" = String, Path)), responses((status = 200, body = Items<DefinitionView>)))]
pub async fn versions(
    State(state): State<AppState>,
    caller: Caller,
    Path(id): Path<String>,
) -> ApiResult<Json<Items<DefinitionView>>> {
    caller.require_role()?;
    let found = state.processes.definition_versions(&caller.ctx, &id).await?;
    Ok(Json(Items { items: found.into_iter().map(|one| told(&caller, one)).collect() }))
}

/// `GET /process-definitions/{id}/versions/{version}/xml`: the file, byte for byte.
#[utoipa::path(get, path = "/process-definitions/{id}/versions/{version}/xml", tag = "processes", params(("id" = String, Path), ("version" = i64, Path)), responses((status = 200, body = String, content_type = "application/xml")))]
pub async fn xml(
    State(state): State<AppState>,
    caller: Caller,
    Path((id, version)): Path<(String, i64)>,
) -> ApiResult<Response> {
    caller.require_role()?;
    let xml = state.processes.xml(&caller.ctx, &id, version).await?;
    // A file somebody uploaded: shown by nobody's browser as a page of ours.
    let headers = [
        (header::CONTENT_TYPE, "application/xml"),
        (header::CONTENT_DISPOSITION, "attachment; filename=\"process.bpmn\""),
    ];
    Ok((headers, xml).into_response())
}

/// What to publish.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct PublishInput {
    /// The newest by default.
    version: Option<i64>,
}

/// `POST /process-definitions/{id}/publish`: from now on new instances get this version.
#[utoipa::path(post, path = "/process-definitions/{id}/publish", tag = "processes", params(("id" = String, Path)), request_body = PublishInput, responses((status = 200, body = DefinitionView)))]
pub async fn publish(
    State(state): State<AppState>,
    caller: Caller,
    Path(id): Path<String>,
    Body(body): Body<PublishInput>,
) -> ApiResult<Json<DefinitionView>> {
    Ok(Json(state.processes.publish(&caller.ctx, &id, body.version).await?))
}

/// `POST /process-definitions/{id}/dry-run`: what would happen, without anything happening.
#[utoipa::path(post, path = "/process-definitions/{id}/dry-run", tag = "processes", params(("id" = String, Path)), request_body = DryRunInput, responses((status = 200, body = DryRun)))]
pub async fn dry_run(
    State(state): State<AppState>,
    caller: Caller,
    Path(id): Path<String>,
    Body(body): Body<DryRunInput>,
) -> ApiResult<Json<DryRun>> {
    caller.require_role()?;
    Ok(Json(state.processes.dry_run(&caller.ctx, &id, body).await?))
}

/// `POST /process-definitions/{id}/migrate`: its instances (all active ones, or those named) to another version. Up to
/// 200 are migrated at once (200); more are a job to watch (202). A dry run looks at 1,000 at most.
#[utoipa::path(post, path = "/process-definitions/{id}/migrate", tag = "processes", params(("id" = String, Path)), request_body = Migration,
    responses((status = 200, body = MigrationReport), (status = 202, body = JobView)))]
pub async fn migrate_all(
    State(state): State<AppState>,
    caller: Caller,
    Path(id): Path<String>,
    Body(body): Body<Migration>,
) -> ApiResult<Response> {
    let from = state.processes.definition(&caller.ctx, &id, None).await?.id;
    if body.dry_run {
        return Ok(Json(state.processes.migrate(&caller.ctx, Some(from), &body).await?).into_response());
    }
    let (mut job, begun) = state.processes.begin_migration(&caller.ctx, from, body).await?;
    if begun && job.total <= AT_ONCE {
        job = state.long_jobs.run_now(job).await;
    }
    if job.state != long::State::Done {
        return Ok(accepted(job, &caller));
    }
    let report: MigrationReport = serde_json::from_value(job.result).map_err(Error::internal)?;
    Ok(Json(MigrationReport { batch: Some(job.id), ..report }).into_response())
}

/// Which migration.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct UndoMigrationInput {
    /// As the migration's answer named it; of one that was a job, the id of the job.
    batch: Uuid,
}

/// `POST /process-definitions/{id}/migrate/undo`: a migration of many instances taken back, of each that has not made a
/// step since. Up to 200 at once (200); more are a job to watch (202).
#[utoipa::path(post, path = "/process-definitions/{id}/migrate/undo", tag = "processes", operation_id = "undo_migrations", params(("id" = String, Path)), request_body = UndoMigrationInput,
    responses((status = 200, body = UndoneMigration), (status = 202, body = JobView)))]
pub async fn undo_migrations(
    State(state): State<AppState>,
    caller: Caller,
    Path(id): Path<String>,
    Body(body): Body<UndoMigrationInput>,
) -> ApiResult<Response> {
    let from = state.processes.definition(&caller.ctx, &id, None).await?.id;
    let (mut job, begun) = state.processes.begin_undo(&caller.ctx, from, body.batch).await?;
    if begun && job.total <= AT_ONCE {
        job = state.long_jobs.run_now(job).await;
    }
    if job.state != long::State::Done {
        return Ok(accepted(job, &caller));
    }
    let report: UndoneMigration = serde_json::from_value(job.result).map_err(Error::internal)?;
    Ok(Json(report).into_response())
}

/// `GET /process-definitions/{id}/map`: where its instances stand, by element.
#[utoipa::path(get, path = "/process-definitions/{id}/map", tag = "processes", operation_id = "definition_map", params(("id" = String, Path)), responses((status = 200, body = DefinitionMap)))]
pub async fn definition_map(
    State(state): State<AppState>,
    caller: Caller,
    Path(id): Path<String>,
) -> ApiResult<Json<DefinitionMap>> {
    Ok(Json(state.processes.definition_map(&caller.ctx, &id).await?))
}

/// `GET /process-instances/{id}/map`: where it stands on its drawing; readers of its subject see it too, without names.
#[utoipa::path(get, path = "/process-instances/{id}/map", tag = "processes", operation_id = "instance_map", params(("id" = Uuid, Path)), responses((status = 200, body = InstanceMap)))]
pub async fn instance_map(
    State(state): State<AppState>,
    caller: Caller,
    Path(id): Path<InstanceId>,
) -> ApiResult<Json<InstanceMap>> {
    Ok(Json(state.processes.instance_map(&caller.ctx, id).await?))
}

/// `POST /process-instances/{id}/move` (operators): the token of a wait to another element, with a reason.
#[utoipa::path(post, path = "/process-instances/{id}/move", tag = "processes", operation_id = "move_token", params(("id" = Uuid, Path)), request_body = MoveInput, responses((status = 200, body = InstanceView)))]
pub async fn move_token(
    State(state): State<AppState>,
    caller: Caller,
    Path(id): Path<InstanceId>,
    Body(body): Body<MoveInput>,
) -> ApiResult<Json<InstanceView>> {
    Ok(Json(state.processes.move_token(&caller.ctx, id, body).await?))
}

/// `POST /process-instances`
#[utoipa::path(post, path = "/process-instances", tag = "processes", request_body = StartInput, responses((status = 201, body = InstanceView)))]
pub async fn start(
    State(state): State<AppState>,
    caller: Caller,
    Body(body): Body<StartInput>,
) -> ApiResult<(StatusCode, Json<InstanceView>)> {
    caller.require_role()?;
    Ok((StatusCode::CREATED, Json(state.processes.start(&caller.ctx, body).await?)))
}

/// `GET /process-instances`: newest first, without journals.
#[utoipa::path(get, path = "/process-instances", tag = "processes", params(InstanceQuery), responses((status = 200, body = Instances)))]
pub async fn instances(
    State(state): State<AppState>,
    caller: Caller,
    Params(params): Params<InstanceQuery>,
) -> ApiResult<Json<Instances>> {
    Ok(Json(state.processes.instances(&caller.ctx, &params).await?))
}

/// `GET /process-instances/{id}`
#[utoipa::path(get, path = "/process-instances/{id}", tag = "processes", params(("id" = Uuid, Path)), responses((status = 200, body = InstanceView)))]
pub async fn instance(
    State(state): State<AppState>,
    caller: Caller,
    Path(id): Path<InstanceId>,
) -> ApiResult<Json<InstanceView>> {
    Ok(Json(state.processes.instance(&caller.ctx, id).await?))
}

/// `GET /process-instances/{id}/history`: everything it left, in order, by pages.
#[utoipa::path(get, path = "/process-instances/{id}/history", tag = "processes", params(("id" = Uuid, Path), HistoryQuery), responses((status = 200, body = History)))]
pub async fn history(
    State(state): State<AppState>,
    caller: Caller,
    Path(id): Path<InstanceId>,
    Params(params): Params<HistoryQuery>,
) -> ApiResult<Json<History>> {
    Ok(Json(state.processes.history(&caller.ctx, id, &params).await?))
}

/// Variables to set.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct VariablesInput {
    /// New values; variables not named stay.
    #[schema(value_type = Object)]
    variables: Map<String, Value>,
}

/// `PATCH /process-instances/{id}` (administrators)
#[utoipa::path(patch, path = "/process-instances/{id}", tag = "processes", params(("id" = Uuid, Path)), request_body = VariablesInput, responses((status = 200, body = InstanceView)))]
pub async fn set_variables(
    State(state): State<AppState>,
    caller: Caller,
    Path(id): Path<InstanceId>,
    Body(body): Body<VariablesInput>,
) -> ApiResult<Json<InstanceView>> {
    Ok(Json(state.processes.set_variables(&caller.ctx, id, body.variables).await?))
}

/// Which failed step.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct RetryInput {
    /// Its number; all by default.
    incident: Option<u32>,
}

/// `POST /process-instances/{id}/retry` (administrators)
#[utoipa::path(post, path = "/process-instances/{id}/retry", tag = "processes", params(("id" = Uuid, Path)), request_body = RetryInput, responses((status = 200, body = InstanceView)))]
pub async fn retry(
    State(state): State<AppState>,
    caller: Caller,
    Path(id): Path<InstanceId>,
    Body(body): Body<RetryInput>,
) -> ApiResult<Json<InstanceView>> {
    Ok(Json(state.processes.retry(&caller.ctx, id, body.incident).await?))
}

/// Which failed step.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SkipInput {
    /// Its number.
    incident: u32,
}

/// `POST /process-instances/{id}/skip` (administrators): goes on behind a failed step as if it was done.
#[utoipa::path(post, path = "/process-instances/{id}/skip", tag = "processes", params(("id" = Uuid, Path)), request_body = SkipInput, responses((status = 200, body = InstanceView)))]
pub async fn skip(
    State(state): State<AppState>,
    caller: Caller,
    Path(id): Path<InstanceId>,
    Body(body): Body<SkipInput>,
) -> ApiResult<Json<InstanceView>> {
    Ok(Json(state.processes.skip(&caller.ctx, id, body.incident).await?))
}

/// `POST /process-instances/{id}/cancel` (administrators)
#[utoipa::path(post, path = "/process-instances/{id}/cancel", tag = "processes", params(("id" = Uuid, Path)), responses((status = 200, body = InstanceView)))]
pub async fn cancel(
    State(state): State<AppState>,
    caller: Caller,
    Path(id): Path<InstanceId>,
) -> ApiResult<Json<InstanceView>> {
    Ok(Json(state.processes.cancel(&caller.ctx, id).await?))
}

/// Where to start.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct StartFromInput {
    /// The element.
    element: String,
}

/// `POST /process-instances/{id}/start-from` (administrators): a token before an element.
#[utoipa::path(post, path = "/process-instances/{id}/start-from", tag = "processes", params(("id" = Uuid, Path)), request_body = StartFromInput, responses((status = 200, body = InstanceView)))]
pub async fn start_from(
    State(state): State<AppState>,
    caller: Caller,
    Path(id): Path<InstanceId>,
    Body(body): Body<StartFromInput>,
) -> ApiResult<Json<InstanceView>> {
    Ok(Json(state.processes.start_from(&caller.ctx, id, &body.element).await?))
}

/// `POST /process-instances/{id}/migrate` (administrators): this one to another version. When that cannot be done: 409
/// with the report as `current`; a dry run only says so.
#[utoipa::path(post, path = "/process-instances/{id}/migrate", tag = "processes", params(("id" = Uuid, Path)), request_body = Migration, responses((status = 200, body = MigrationReport)))]
pub async fn migrate(
    State(state): State<AppState>,
    caller: Caller,
    Path(id): Path<InstanceId>,
    Body(body): Body<Migration>,
) -> ApiResult<Json<MigrationReport>> {
    Ok(Json(state.processes.migrate_single(&caller.ctx, id, body).await?))
}

/// `POST /process-instances/{id}/migrate/undo` (operators): as it stood before its last migration, when it has not made a
/// step since.
#[utoipa::path(post, path = "/process-instances/{id}/migrate/undo", tag = "processes", operation_id = "undo_migration", params(("id" = Uuid, Path)), responses((status = 200, body = InstanceView)))]
pub async fn undo_migration(
    State(state): State<AppState>,
    caller: Caller,
    Path(id): Path<InstanceId>,
) -> ApiResult<Json<InstanceView>> {
    Ok(Json(state.processes.undo_migration(&caller.ctx, id).await?))
}

/// What would follow.
#[derive(Debug, Serialize, ToSchema)]
pub struct NextView {
    /// Elements that would be left.
    visited: Vec<String>,
    /// Elements that would then be waited for.
    next: Vec<String>,
    /// Elements of which some follow, depending on what is not known yet.
    possible: Vec<String>,
    /// Whether the instance would be over.
    ended: bool,
    /// Whether more would follow that nobody looked at: it would have taken too long.
    cut: bool,
    /// Elements that would fail, and why.
    problems: Vec<NextProblem>,
}

/// An element that would fail.
#[derive(Debug, Serialize, ToSchema)]
pub struct NextProblem {
    element: String,
    message: String,
}

/// Of which wait, with what.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NextInput {
    /// The wait's number, as `active` tells it.
    wait: u32,
    /// What it would bring.
    #[serde(default)]
    #[schema(value_type = Object)]
    variables: Map<String, Value>,
}

/// `POST /process-instances/{id}/next`: the next step, computed.
#[utoipa::path(post, path = "/process-instances/{id}/next", tag = "processes", params(("id" = Uuid, Path)), request_body = NextInput, responses((status = 200, body = NextView)))]
pub async fn next(
    State(state): State<AppState>,
    caller: Caller,
    Path(id): Path<InstanceId>,
    Body(body): Body<NextInput>,
) -> ApiResult<Json<NextView>> {
    let preview = state.processes.next(&caller.ctx, id, body.wait, body.variables).await?;
    let texts = |elements: Vec<std::sync::Arc<str>>| elements.iter().map(ToString::to_string).collect();
    let problem = |(element, message): (std::sync::Arc<str>, Message)| NextProblem {
        element: element.to_string(),
        message: message.in_locale(caller.ctx.locale),
    };
    Ok(Json(NextView {
        visited: texts(preview.visited),
        next: texts(preview.next),
        possible: texts(preview.possible),
        ended: preview.ended,
        cut: preview.cut,
        problems: preview.problems.into_iter().map(problem).collect(),
    }))
}

/// `POST /messages`: to the one wait with this name and key, else to a message start event.
#[utoipa::path(post, path = "/messages", tag = "processes", request_body = MessageInput, responses((status = 200, body = Delivered)))]
pub async fn message(
    State(state): State<AppState>,
    caller: Caller,
    Body(body): Body<MessageInput>,
) -> ApiResult<Json<Delivered>> {
    caller.require_role()?;
    Ok(Json(state.processes.publish_message(&caller.ctx, body).await?))
}

/// `POST /signals`: to everybody who waits for it.
#[utoipa::path(post, path = "/signals", tag = "processes", request_body = SignalInput, responses((status = 200, body = Delivered)))]
pub async fn signal(
    State(state): State<AppState>,
    caller: Caller,
    Body(body): Body<SignalInput>,
) -> ApiResult<Json<Delivered>> {
    caller.require_role()?;
    Ok(Json(state.processes.broadcast_signal(&caller.ctx, body).await?))
}
