//! `/me/factor`: one's second factor, and taking away that of somebody whose device is lost.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use kernel::{Error, UserId};
use people::factor;
use qrcode::QrCode;
use qrcode::render::svg;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::http::{ApiResult, Body, Caller, Header, NO_STORE};
use crate::state::AppState;

/// How one's second factor stands.
#[derive(Debug, Serialize, ToSchema)]
pub struct FactorView {
    /// Whether signing in asks for a code.
    on: bool,
    /// Codes for a lost device that are left.
    recovery_left: usize,
}

/// `GET /me/factor`
#[utoipa::path(get, path = "/me/factor", operation_id = "my_second_factor", tag = "session",
    responses((status = 200, body = FactorView)))]
pub async fn get(State(state): State<AppState>, caller: Caller) -> ApiResult<Json<FactorView>> {
    let left = factor::state(&state.db, own(&caller)).await?;
    Ok(Json(FactorView { on: left.is_some(), recovery_left: left.unwrap_or_default() }))
}

/// The password of now.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PresentBody {
    present: String,
}

/// What an app of codes is given.
#[derive(Debug, Serialize, ToSchema)]
pub struct FactorBegun {
    /// To be typed: base 32.
    secret: String,
    /// The address behind the picture: `otpauth://totp/…`.
    uri: String,
    /// The picture to scan, SVG.
    picture: String,
}

/// `POST /me/factor`: a new secret. It is in force once its first code was right.
#[utoipa::path(post, path = "/me/factor", operation_id = "begin_second_factor", tag = "session", request_body = PresentBody,
    responses((status = 200, body = FactorBegun)))]
pub async fn begin(
    State(state): State<AppState>,
    caller: Caller,
    Body(body): Body<PresentBody>,
) -> ApiResult<(Header, Json<FactorBegun>)> {
    slow(&state, &caller).await?;
    let begun = factor::begin(&state.db, &caller.ctx, own(&caller), &body.present).await?;
    let code = QrCode::new(&begun.uri).map_err(|error| Error::internal(error.to_string()))?;
    let picture = code.render::<svg::Color<'_>>().min_dimensions(200, 200).build();
    Ok((NO_STORE, Json(FactorBegun { secret: begun.secret, uri: begun.uri, picture })))
}

/// A code of the app.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct FactorCode {
    code: String,
}

/// Codes for a lost device.
#[derive(Debug, Serialize, ToSchema)]
pub struct RecoveryCodes {
    /// Each is good once; shown this time alone.
    codes: Vec<String>,
}

/// `PUT /me/factor`: puts it in force by its first code.
#[utoipa::path(put, path = "/me/factor", operation_id = "confirm_second_factor", tag = "session", request_body = FactorCode,
    responses((status = 200, body = RecoveryCodes)))]
pub async fn confirm(
    State(state): State<AppState>,
    caller: Caller,
    Body(body): Body<FactorCode>,
) -> ApiResult<(Header, Json<RecoveryCodes>)> {
    slow(&state, &caller).await?;
    let codes = factor::confirm(&state.db, &caller.ctx, own(&caller), &body.code).await?;
    Ok((NO_STORE, Json(RecoveryCodes { codes })))
}

/// `POST /me/factor/remove`: signing in asks for no code any more.
#[utoipa::path(post, path = "/me/factor/remove", operation_id = "remove_second_factor", tag = "session",
    request_body = PresentBody, responses((status = 204)))]
pub async fn remove(
    State(state): State<AppState>,
    caller: Caller,
    Body(body): Body<PresentBody>,
) -> ApiResult<StatusCode> {
    slow(&state, &caller).await?;
    factor::remove(&state.db, &caller.ctx, own(&caller), &body.present).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// `DELETE /users/{id}/factor`: that of somebody whose device is lost.
#[utoipa::path(delete, path = "/users/{id}/factor", operation_id = "remove_second_factor_of", tag = "people",
    params(("id" = Uuid, Path)), responses((status = 204)))]
pub async fn remove_of(State(state): State<AppState>, caller: Caller, Path(id): Path<Uuid>) -> ApiResult<StatusCode> {
    factor::remove_of(&state.db, &caller.ctx, UserId(id)).await?;
    Ok(StatusCode::NO_CONTENT)
}

fn own(caller: &Caller) -> UserId {
    UserId(caller.identity.user.id)
}

/// Whoever found an open session must not guess at its password or codes.
async fn slow(state: &AppState, caller: &Caller) -> ApiResult<()> {
    tokio::time::sleep(state.limits.sign_in("", &caller.identity.user.email)?).await;
    Ok(())
}
