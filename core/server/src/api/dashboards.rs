//! `/dashboards`: cards beside each other, and homes by the way people work.

use ::reports::{DashboardInput, DashboardView, Home, HomeInput, HomeQuery, HomeView, ReadCards, ReadDashboard};
use axum::Json;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use uuid::Uuid;

use super::records::if_match;
use super::saved_reports::tagged;
use super::view::Items;
use crate::http::{ApiResult, Body, Caller, Params};
use crate::state::AppState;

/// `GET /dashboards`: the caller's homes, then own and shared ones by name.
#[utoipa::path(get, path = "/dashboards", tag = "dashboards", responses((status = 200, body = Items<DashboardView>)))]
pub async fn list(State(state): State<AppState>, caller: Caller) -> ApiResult<Json<Items<DashboardView>>> {
    Ok(Json(Items { items: state.reports.dashboards(&caller.ctx).await? }))
}

/// `POST /dashboards`
#[utoipa::path(post, path = "/dashboards", tag = "dashboards", request_body = DashboardInput, responses((status = 201, body = DashboardView)))]
pub async fn create(
    State(state): State<AppState>,
    caller: Caller,
    Body(body): Body<DashboardInput>,
) -> ApiResult<Response> {
    caller.require_role()?;
    let view = state.reports.create_dashboard(&caller.ctx, &body).await?;
    Ok(tagged(StatusCode::CREATED, view.version, view))
}

/// `GET /dashboards/{id}`: its version as `ETag`.
#[utoipa::path(get, path = "/dashboards/{id}", tag = "dashboards", params(("id" = Uuid, Path)), responses((status = 200, body = DashboardView)))]
pub async fn get(State(state): State<AppState>, caller: Caller, Path(id): Path<Uuid>) -> ApiResult<Response> {
    let view = state.reports.dashboard(&caller.ctx, id).await?;
    Ok(tagged(StatusCode::OK, view.version, view))
}

/// `PUT /dashboards/{id}`: whole, over the version of `If-Match`.
#[utoipa::path(put, path = "/dashboards/{id}", tag = "dashboards", params(("id" = Uuid, Path), ("If-Match" = String, Header, description = "The version that was changed")), request_body = DashboardInput, responses((status = 200, body = DashboardView)))]
pub async fn put(
    State(state): State<AppState>,
    caller: Caller,
    Path(id): Path<Uuid>,
    headers: HeaderMap,
    Body(body): Body<DashboardInput>,
) -> ApiResult<Response> {
    let view = state.reports.put_dashboard(&caller.ctx, id, &body, if_match(&headers)?).await?;
    Ok(tagged(StatusCode::OK, view.version, view))
}

/// `DELETE /dashboards/{id}`
#[utoipa::path(delete, path = "/dashboards/{id}", tag = "dashboards", params(("id" = Uuid, Path)), responses((status = 204)))]
pub async fn remove(State(state): State<AppState>, caller: Caller, Path(id): Path<Uuid>) -> ApiResult<StatusCode> {
    state.reports.remove_dashboard(&caller.ctx, id).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// `POST /dashboards/{id}/read`: what stands on its cards.
#[utoipa::path(post, path = "/dashboards/{id}/read", tag = "dashboards", params(("id" = Uuid, Path)), request_body = ReadCards, responses((status = 200, body = ReadDashboard)))]
pub async fn read(
    State(state): State<AppState>,
    caller: Caller,
    Path(id): Path<Uuid>,
    Body(body): Body<ReadCards>,
) -> ApiResult<Json<ReadDashboard>> {
    Ok(Json(state.reports.read_dashboard(&caller.ctx, id, &body).await?))
}

/// `GET /dashboards/home`: what the caller sees first, by their roles; also of somebody who has none.
#[utoipa::path(get, path = "/dashboards/home", tag = "dashboards", params(HomeQuery), responses((status = 200, body = DashboardView)))]
pub async fn home(
    State(state): State<AppState>,
    caller: Caller,
    Params(params): Params<HomeQuery>,
) -> ApiResult<Response> {
    let view = state.reports.home(&caller.ctx, &params).await?;
    Ok(tagged(StatusCode::OK, view.version, view))
}

/// `POST /dashboards/home/read`: what stands on its cards.
#[utoipa::path(post, path = "/dashboards/home/read", tag = "dashboards", params(HomeQuery), request_body = ReadCards, responses((status = 200, body = ReadDashboard)))]
pub async fn read_home(
    State(state): State<AppState>,
    caller: Caller,
    Params(params): Params<HomeQuery>,
    Body(body): Body<ReadCards>,
) -> ApiResult<Json<ReadDashboard>> {
    Ok(Json(state.reports.read_home(&caller.ctx, &params, &body).await?))
}

/// `GET /dashboards/homes`: all of them.
#[utoipa::path(get, path = "/dashboards/homes", tag = "dashboards", responses((status = 200, body = Items<HomeView>)))]
pub async fn homes(State(state): State<AppState>, caller: Caller) -> ApiResult<Json<Items<HomeView>>> {
    Ok(Json(Items { items: state.reports.homes(&caller.ctx).await? }))
}

/// `PUT /dashboards/homes/{role}`: for all who have it (administrators), over the version of `If-Match`; 0 of what is built in.
#[utoipa::path(put, path = "/dashboards/homes/{role}", tag = "dashboards", params(("role" = Home, Path), ("If-Match" = String, Header, description = "The version that was changed")), request_body = HomeInput, responses((status = 200, body = DashboardView)))]
pub async fn put_home(
    State(state): State<AppState>,
    caller: Caller,
    Path(role): Path<Home>,
    headers: HeaderMap,
    Body(body): Body<HomeInput>,
) -> ApiResult<Response> {
    let view = state.reports.put_home(&caller.ctx, role, &body, if_match(&headers)?).await?;
    Ok(tagged(StatusCode::OK, view.version, view))
}

/// `DELETE /dashboards/homes/{role}`: as it is built in again (administrators).
#[utoipa::path(delete, path = "/dashboards/homes/{role}", tag = "dashboards", params(("role" = Home, Path)), responses((status = 200, body = DashboardView)))]
pub async fn restore_home(
    State(state): State<AppState>,
    caller: Caller,
    Path(role): Path<Home>,
) -> ApiResult<Json<DashboardView>> {
    Ok(Json(state.reports.restore_home(&caller.ctx, role).await?))
}
