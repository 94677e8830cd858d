//! `/session`: signing in and out, and what the one signed in sees first.

use std::time::Duration;

use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::{Extension, Json};
use kernel::{Error, event};
use people::sign_in::{self, Outcome, SESSION_SECONDS, SignIn};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::entities::{EntityView, readable};
use super::me::Me;
use crate::http::address::Address;
use crate::http::auth::{COOKIE, OWN_HOST, cookie, exactly, same_origin};
use crate::http::{ApiResult, Body, Caller};
use crate::state::AppState;

/// What a portal needs before it draws anything.
#[derive(Debug, Serialize, ToSchema)]
pub struct SessionData {
    me: Me,
    /// The entities of which the caller may see records, as `GET /entities` tells them.
    entities: Vec<EntityView>,
    /// Where the company's events ended before this was read: `GET /stream?after=` begins there, and nothing is missed between.
    cursor: String,
}

/// `GET /session`: who am I and what may I see, in one answer.
#[utoipa::path(get, path = "/session", operation_id = "session", tag = "session",
    responses((status = 200, body = SessionData)))]
pub async fn get(State(state): State<AppState>, caller: Caller) -> ApiResult<Json<SessionData>> {
    let cursor = event::head_of(state.db.read(), caller.ctx.tenant).await?.to_string();
    let me = Me::of(&state, &caller.identity).await?;
    Ok(Json(SessionData { me, entities: readable(&state, &caller.identity).await?, cursor }))
}

/// What somebody types to sign in.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SignInBody {
    email: String,
    password: String,
    /// Slug of the company, where the e-mail has accounts in several.
    tenant: Option<String>,
    /// The code of the second factor, or one for a lost device: asked for by `auth.code_required`.
    totp: Option<String>,
}

/// A refusal is never answered sooner: how long it took must not tell whether there are such accounts, or how many.
pub(super) const EVEN: Duration = Duration::from_millis(300);

/// `POST /session`
#[utoipa::path(post, path = "/session", tag = "session", request_body = SignInBody, security(()),
    responses((status = 200, body = Me), (status = 401, body = crate::http::error::Problem)))]
pub async fn sign_in(
    State(state): State<AppState>,
    Extension(address): Extension<Address>,
    headers: HeaderMap,
    Body(body): Body<SignInBody>,
) -> ApiResult<Response> {
    same_origin(&axum::http::Method::POST, &headers, &state.config.http.public_url)?;
    tokio::time::sleep(state.limits.sign_in(&address.key(), &body.email)?).await;
    let even = tokio::time::sleep(EVEN);
    let agent = agent_of(&headers);
    let SignInBody { email, password, tenant, totp } = body;
    let input = SignIn { email, password, tenant, code: totp, agent, address: address.text() };
    let outcome = sign_in::sign_in(&state.db, &state.env, &input).await;
    if outcome.is_err() {
        even.await;
    }
    match outcome? {
        Outcome::Choose(tenants) => {
            let choices = tenants.iter().map(|t| serde_json::json!({"slug": t.slug, "name": t.name})).collect();
            Err(Error::Conflict { code: "auth.choose_tenant", current: Some(choices) }.into())
        }
        Outcome::In { secret } => {
            let identity = state.identities.by_session(&secret).await?;
            let me = Me::of(&state, &identity).await?;
            let mut response = Json(me).into_response();
            set_cookie(&mut response, &state, &headers, COOKIE, &secret, SESSION_SECONDS);
            Ok(response)
        }
    }
}

/// `DELETE /session`
#[utoipa::path(delete, path = "/session", tag = "session", security(()), responses((status = 204)))]
pub async fn sign_out(State(state): State<AppState>, headers: HeaderMap) -> ApiResult<Response> {
    same_origin(&axum::http::Method::DELETE, &headers, &state.config.http.public_url)?;
    if let Some(secret) = cookie(&headers) {
        sign_in::sign_out(&state.db, &state.env, &secret).await?;
        state.forget_people();
    }
    let mut response = StatusCode::NO_CONTENT.into_response();
    set_cookie(&mut response, &state, &headers, COOKIE, "", 0);
    Ok(response)
}

/// Has the browser keep a secret for so many seconds, out of reach of scripts and of other sites' requests; 0 takes it away. By
/// https it is of this host alone. One of the other name that the browser has shown (`asked`) is taken away: it would count
/// beside it. Others hear of one cookie: clients that are no browsers take the first line, or the last.
pub(super) fn set_cookie(
    response: &mut Response,
    state: &AppState,
    asked: &HeaderMap,
    name: &str,
    secret: &str,
    seconds: i64,
) {
    let (host, plain) = (format!("{OWN_HOST}{name}"), name.to_owned());
    let (own, other, secure) = match state.config.http.public_url.starts_with("https://") {
        true => (host, plain, "; Secure"),
        false => (plain, host, ""),
    };
    let rest = "Path=/; HttpOnly; SameSite=Lax";
    let mut texts = vec![format!("{own}={secret}; {rest}; Max-Age={seconds}{secure}")];
    if exactly(asked, &other).is_some() {
        texts.push(format!("{other}=; {rest}; Max-Age=0; Secure"));
    }
    for value in texts.iter().filter_map(|text| HeaderValue::from_str(text).ok()) {
        response.headers_mut().append(header::SET_COOKIE, value);
    }
}

/// The browser's name, as it gives it.
pub(super) fn agent_of(headers: &HeaderMap) -> String {
    headers.get(header::USER_AGENT).and_then(|v| v.to_str().ok()).unwrap_or_default().to_owned()
}
