//! `/automations`: rules that act when something happened to a record, what they did, and what they would have done.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use process::automation::{DryRunInput, DryRunOutcome, Fitting, PlacedRule, Rule, RunPage, RunQuery, RunView};
use process::drawings::DrawingView;
use records::Operation;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use super::jobs::{JobView, accepted};
use super::view::Items;
use crate::http::body::bad_request;
use crate::http::{ApiResult, Body, Caller, Params};
use crate::state::AppState;

/// Which rules.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct AutomationsParams {
    /// Of this entity.
    entity: Option<String>,
}

/// A rule to make.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewAutomation {
    /// Its entity.
    entity: String,
    /// The rule.
    rule: Rule,
    /// Rules are asked from the smallest on; last where absent.
    #[serde(default)]
    place: Option<i64>,
}

/// A rule as it shall be.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ChangedAutomation {
    /// All of it.
    rule: Rule,
    /// Its place; stays where absent.
    #[serde(default)]
    place: Option<i64>,
}

/// On the records that fit the rule now.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ApplyAutomation {
    /// Only counts them.
    #[serde(default)]
    dry_run: bool,
}

/// Which changes.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct LookingParams {
    /// `create`, `update`, `delete`, with commas.
    changes: String,
    /// Of an update: keys of the fields, with commas; any where absent.
    fields: Option<String>,
}

/// Rules that changes may set off.
#[derive(Debug, Serialize, ToSchema)]
pub struct Looking {
    /// How many.
    count: usize,
}

/// `GET /automations`: rules in their order (administrators).
#[utoipa::path(get, path = "/automations", operation_id = "list_automations", tag = "automations",
    params(AutomationsParams), responses((status = 200, body = Items<PlacedRule>)))]
pub async fn list(
    State(state): State<AppState>,
    caller: Caller,
    Params(params): Params<AutomationsParams>,
) -> ApiResult<Json<Items<PlacedRule>>> {
    Ok(Json(Items { items: state.automations.rules(&caller.ctx, params.entity.as_deref()).await? }))
}

/// `POST /automations`: a rule that looks at what happens from now on (administrators).
#[utoipa::path(post, path = "/automations", operation_id = "create_automation", tag = "automations",
    request_body = NewAutomation, responses((status = 201, body = PlacedRule)))]
pub async fn create(
    State(state): State<AppState>,
    caller: Caller,
    Body(body): Body<NewAutomation>,
) -> ApiResult<(StatusCode, Json<PlacedRule>)> {
    let made = state.automations.create_rule(&caller.ctx, &body.entity, body.rule, body.place).await?;
    Ok((StatusCode::CREATED, Json(made)))
}

/// `PUT /automations/{id}` (administrators)
#[utoipa::path(put, path = "/automations/{id}", operation_id = "change_automation", tag = "automations",
    params(("id" = Uuid, Path)), request_body = ChangedAutomation, responses((status = 200, body = PlacedRule)))]
pub async fn change(
    State(state): State<AppState>,
    caller: Caller,
    Path(id): Path<Uuid>,
    Body(body): Body<ChangedAutomation>,
) -> ApiResult<Json<PlacedRule>> {
    Ok(Json(state.automations.change_rule(&caller.ctx, id, body.rule, body.place).await?))
}

/// `DELETE /automations/{id}` (administrators)
#[utoipa::path(delete, path = "/automations/{id}", operation_id = "remove_automation", tag = "automations",
    params(("id" = Uuid, Path)), responses((status = 204)))]
pub async fn remove(State(state): State<AppState>, caller: Caller, Path(id): Path<Uuid>) -> ApiResult<StatusCode> {
    state.automations.remove_rule(&caller.ctx, id).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// `POST /automations/dry-run`: what a rule would do with a record, or would have done in the last days; does nothing
/// (administrators).
#[utoipa::path(post, path = "/automations/dry-run", operation_id = "dry_run_automation", tag = "automations",
    request_body = DryRunInput, responses((status = 200, body = DryRunOutcome)))]
pub async fn dry_run(
    State(state): State<AppState>,
    caller: Caller,
    Body(body): Body<DryRunInput>,
) -> ApiResult<Json<DryRunOutcome>> {
    Ok(Json(state.automations.dry_run(&caller.ctx, body).await?))
}

/// `GET /automations/runs`: what rules did, newest first (administrators).
#[utoipa::path(get, path = "/automations/runs", operation_id = "list_automation_runs", tag = "automations",
    params(RunQuery), responses((status = 200, body = RunPage)))]
pub async fn runs(
    State(state): State<AppState>,
    caller: Caller,
    Params(query): Params<RunQuery>,
) -> ApiResult<Json<RunPage>> {
    Ok(Json(state.automations.runs(&caller.ctx, &query).await?))
}

/// `POST /automations/runs/{run}/retry`: goes on with a run that failed or was stopped (administrators).
#[utoipa::path(post, path = "/automations/runs/{run}/retry", operation_id = "retry_automation_run", tag = "automations",
    params(("run" = Uuid, Path)), responses((status = 200, body = RunView)))]
pub async fn retry(State(state): State<AppState>, caller: Caller, Path(id): Path<Uuid>) -> ApiResult<Json<RunView>> {
    Ok(Json(state.automations.retry(&caller.ctx, id).await?))
}

/// `POST /automations/{id}/apply`: a rule on the records that fit it now, as a job with a batch that can be undone (202); with
/// `dry_run` how many these are (200). Administrators.
#[utoipa::path(post, path = "/automations/{id}/apply", operation_id = "apply_automation", tag = "automations",
    params(("id" = Uuid, Path)), request_body = ApplyAutomation,
    responses((status = 200, body = Fitting), (status = 202, body = JobView)))]
pub async fn apply(
    State(state): State<AppState>,
    caller: Caller,
    Path(id): Path<Uuid>,
    Body(body): Body<ApplyAutomation>,
) -> ApiResult<Response> {
    if body.dry_run {
        return Ok(Json(state.automations.fitting(&caller.ctx, id).await?).into_response());
    }
    let job = state.automations.begin_apply(&caller.ctx, id).await?;
    Ok(accepted(job, &caller))
}

/// `POST /automations/{id}/drawing`: a drawing of a process that does what the rule does, which stays as it is
/// (administrators who design processes).
#[utoipa::path(post, path = "/automations/{id}/drawing", operation_id = "draw_automation", tag = "automations",
    params(("id" = Uuid, Path)), responses((status = 201, body = DrawingView)))]
pub async fn drawing(
    State(state): State<AppState>,
    caller: Caller,
    Path(id): Path<Uuid>,
) -> ApiResult<(StatusCode, Json<DrawingView>)> {
    Ok((StatusCode::CREATED, Json(state.automations.draw(&caller.ctx, id).await?)))
}

/// `GET /records/{entity}/rules`: how many rules of automation changes of the entity may set off.
#[utoipa::path(get, path = "/records/{entity}/rules", operation_id = "count_automations", tag = "automations",
    params(("entity" = String, Path), LookingParams), responses((status = 200, body = Looking)))]
pub async fn looking(
    State(state): State<AppState>,
    caller: Caller,
    Path(entity): Path<String>,
    Params(params): Params<LookingParams>,
) -> ApiResult<Json<Looking>> {
    let mut operations = Vec::new();
    for name in params.changes.split(',') {
        operations.push(match name.trim() {
            "create" => Operation::Create,
            "update" => Operation::Update,
            "delete" => Operation::Delete,
            _ => return Err(bad_request("changes", "create, update, delete").into()),
        });
    }
    let listed = params.fields.unwrap_or_default();
    let fields = listed.split(',').map(str::trim).filter(|key| !key.is_empty());
    let fields: Vec<String> = fields.map(str::to_owned).collect();
    Ok(Json(Looking { count: state.automations.looking(&caller.ctx, &entity, &operations, &fields).await? }))
}
