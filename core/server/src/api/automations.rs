//! `/automations`: rules that act when something happened to a record, what they did, and what they would have done.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use process::automation::{DryRunInput, DryRunOutcome, PlacedRule, Rule, RunPage, RunQuery, RunView};
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use super::view::Items;
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
