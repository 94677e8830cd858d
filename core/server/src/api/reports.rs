//! `/reports`: figures as data, for portals and spreadsheets alike.

use ::records::rates::Rate;
use ::reports::{
    Answer, Forecast, ForecastInput, Funnel, FunnelInput, HintQuery, Hints, Managers, ManagersInput, Measures,
    PlanQuery, Plans, PlansInput, ProcessReport, ProcessReportInput, Query, StageOdds, TaskReport, TaskReportInput,
};
use axum::Json;
use axum::extract::State;
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};

use super::view::Items;

use crate::http::{ApiResult, Body, Caller, Params};
use crate::state::AppState;

/// `POST /reports/funnel`: how many come to each step or stage, go on, and where they pile up.
#[utoipa::path(post, path = "/reports/funnel", tag = "reports", request_body = FunnelInput, responses((status = 200, body = Funnel)))]
pub async fn funnel(
    State(state): State<AppState>,
    caller: Caller,
    Body(body): Body<FunnelInput>,
) -> ApiResult<Json<Funnel>> {
    Ok(Json(state.reports.funnel_again(&caller.ctx, &body).await?))
}

/// `POST /reports/process`: processes, finished or not, and how long they took.
#[utoipa::path(post, path = "/reports/process", tag = "reports", request_body = ProcessReportInput, responses((status = 200, body = ProcessReport)))]
pub async fn process(
    State(state): State<AppState>,
    caller: Caller,
    Body(body): Body<ProcessReportInput>,
) -> ApiResult<Json<ProcessReport>> {
    Ok(Json(state.reports.process_report(&caller.ctx, &body).await?))
}

/// `POST /reports/task`: tasks by process, step and people.
#[utoipa::path(post, path = "/reports/task", tag = "reports", request_body = TaskReportInput, responses((status = 200, body = TaskReport)))]
pub async fn task(
    State(state): State<AppState>,
    caller: Caller,
    Body(body): Body<TaskReportInput>,
) -> ApiResult<Json<TaskReport>> {
    Ok(Json(state.reports.task_report(&caller.ctx, &body).await?))
}

/// `GET /reports/measures`: every measure that the caller may ask for, and axes of modules.
#[utoipa::path(get, path = "/reports/measures", tag = "reports", operation_id = "list_measures", responses((status = 200, body = Measures)))]
pub async fn measures(State(state): State<AppState>, caller: Caller) -> ApiResult<Json<Measures>> {
    Ok(Json(state.reports.measures(&caller.ctx).await?))
}

/// `POST /reports/query`: figures by measure, group by group, each with what opens the records behind it.
#[utoipa::path(post, path = "/reports/query", tag = "reports", operation_id = "query_measures", request_body = Query, responses((status = 200, body = Answer)))]
pub async fn query(State(state): State<AppState>, caller: Caller, Body(body): Body<Query>) -> ApiResult<Json<Answer>> {
    Ok(Json(state.reports.query_again(&caller.ctx, &body).await?))
}

/// `POST /reports/forecast`: what open deals are likely to bring, month by month.
#[utoipa::path(post, path = "/reports/forecast", tag = "reports", request_body = ForecastInput, responses((status = 200, body = Forecast)))]
pub async fn forecast(
    State(state): State<AppState>,
    caller: Caller,
    Body(body): Body<ForecastInput>,
) -> ApiResult<Json<Forecast>> {
    Ok(Json(state.reports.forecast(&caller.ctx, &body).await?))
}

/// `POST /reports/managers`: people beside each other.
#[utoipa::path(post, path = "/reports/managers", tag = "reports", request_body = ManagersInput, responses((status = 200, body = Managers)))]
pub async fn managers(
    State(state): State<AppState>,
    caller: Caller,
    Body(body): Body<ManagersInput>,
) -> ApiResult<Json<Managers>> {
    Ok(Json(state.reports.managers(&caller.ctx, &body).await?))
}

/// `GET /reports/hints`: what the caller should look at.
#[utoipa::path(get, path = "/reports/hints", tag = "reports", operation_id = "list_hints", params(HintQuery), responses((status = 200, body = Hints)))]
pub async fn hints(
    State(state): State<AppState>,
    caller: Caller,
    Params(params): Params<HintQuery>,
) -> ApiResult<Json<Hints>> {
    Ok(Json(state.reports.hints(&caller.ctx, &params).await?))
}

/// `GET /plans`: with what came of them.
#[utoipa::path(get, path = "/plans", tag = "reports", operation_id = "list_plans", params(PlanQuery), responses((status = 200, body = Plans)))]
pub async fn plans(
    State(state): State<AppState>,
    caller: Caller,
    Params(params): Params<PlanQuery>,
) -> ApiResult<Json<Plans>> {
    Ok(Json(state.reports.plans(&caller.ctx, &params).await?))
}

/// `PUT /plans`: sets some, all or none; by administrators, and heads of departments for these and their people.
#[utoipa::path(put, path = "/plans", tag = "reports", operation_id = "set_plans", request_body = PlansInput, responses((status = 200, body = Plans)))]
pub async fn set_plans(
    State(state): State<AppState>,
    caller: Caller,
    Body(body): Body<PlansInput>,
) -> ApiResult<Json<Plans>> {
    Ok(Json(state.reports.set_plans(&caller.ctx, &body).await?))
}

/// Of which entity.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ProbabilityParams {
    /// An entity with stages; `deal` when left out.
    entity: Option<String>,
}

/// How likely records of some stages are to be won.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ProbabilitiesBody {
    /// An entity with stages; `deal` when left out.
    #[serde(default)]
    entity: Option<String>,
    /// Up to 1,000.
    items: Vec<StageProbability>,
}

/// How likely records of a stage are to be won.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct StageProbability {
    /// Its key.
    stage: String,
    /// Percent, 0 to 100; null: by its place again.
    probability: Option<i64>,
}

/// `GET /reports/probabilities`: how likely records of each open stage are to be won.
#[utoipa::path(get, path = "/reports/probabilities", tag = "reports", operation_id = "list_probabilities", params(ProbabilityParams), responses((status = 200, body = Items<StageOdds>)))]
pub async fn probabilities(
    State(state): State<AppState>,
    caller: Caller,
    Params(params): Params<ProbabilityParams>,
) -> ApiResult<Json<Items<StageOdds>>> {
    let entity = params.entity.as_deref().unwrap_or("deal");
    Ok(Json(Items { items: state.reports.probabilities(&caller.ctx, entity).await? }))
}

/// `PUT /reports/probabilities`: says so of some stages (administrators).
#[utoipa::path(put, path = "/reports/probabilities", tag = "reports", operation_id = "set_probabilities", request_body = ProbabilitiesBody, responses((status = 200, body = Items<StageOdds>)))]
pub async fn set_probabilities(
    State(state): State<AppState>,
    caller: Caller,
    Body(body): Body<ProbabilitiesBody>,
) -> ApiResult<Json<Items<StageOdds>>> {
    let entity = body.entity.as_deref().unwrap_or("deal");
    let given: Vec<_> = body.items.into_iter().take(1_000).map(|one| (one.stage, one.probability)).collect();
    state.records.set_probabilities(&caller.ctx, entity, &given).await?;
    Ok(Json(Items { items: state.reports.probabilities(&caller.ctx, entity).await? }))
}

/// Rates that are set; the others stay.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RatesBody {
    /// Up to 1,000.
    rates: Vec<Rate>,
}

/// `GET /currency-rates`: what currencies are worth in the company's own, by currency, the newest first.
#[utoipa::path(get, path = "/currency-rates", tag = "reports", operation_id = "list_currency_rates", responses((status = 200, body = Items<Rate>)))]
pub async fn rates(State(state): State<AppState>, caller: Caller) -> ApiResult<Json<Items<Rate>>> {
    Ok(Json(Items { items: state.records.currency_rates(&caller.ctx).await? }))
}

/// `PUT /currency-rates`: sets some of them (administrators).
#[utoipa::path(put, path = "/currency-rates", tag = "reports", operation_id = "set_currency_rates", request_body = RatesBody, responses((status = 200, body = Items<Rate>)))]
pub async fn set_rates(
    State(state): State<AppState>,
    caller: Caller,
    Body(body): Body<RatesBody>,
) -> ApiResult<Json<Items<Rate>>> {
    state.records.set_currency_rates(&caller.ctx, &body.rates).await?;
    Ok(Json(Items { items: state.records.currency_rates(&caller.ctx).await? }))
}
