//! `/reports`: figures as data, for portals and spreadsheets alike.

use ::records::rates::Rate;
use ::reports::{
    Answer, Funnel, FunnelInput, Measures, ProcessReport, ProcessReportInput, Query, TaskReport, TaskReportInput,
};
use axum::Json;
use axum::extract::State;
use serde::Deserialize;
use utoipa::ToSchema;

use super::view::Items;

use crate::http::{ApiResult, Body, Caller};
use crate::state::AppState;

/// `POST /reports/funnel`: how many come to each step or stage, go on, and where they pile up.
#[utoipa::path(post, path = "/reports/funnel", tag = "reports", request_body = FunnelInput, responses((status = 200, body = Funnel)))]
pub async fn funnel(
    State(state): State<AppState>,
    caller: Caller,
    Body(body): Body<FunnelInput>,
) -> ApiResult<Json<Funnel>> {
    Ok(Json(state.reports.funnel(&caller.ctx, &body).await?))
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
    Ok(Json(state.reports.query(&caller.ctx, &body).await?))
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
