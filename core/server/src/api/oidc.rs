//! Signing in by a provider: its buttons, going there, coming back, and the code of a second factor. A person who comes back
//! sees the portal again whatever happened: what is wrong is told by the sign-in page, by its code in the address.

use axum::extract::{Path, RawQuery, State};
use axum::http::{HeaderMap, HeaderValue, Method, header};
use axum::response::{IntoResponse, Redirect, Response};
use axum::{Extension, Json};
use kernel::{Error, db};
use people::provider::account::{self, Entered};
use people::provider::attempt::{self, Attempt};
use people::provider::{self, Provider};
use people::sign_in::{SESSION_SECONDS, Visit};
use serde::{Deserialize, Serialize};
use url::form_urlencoded::Serializer;
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use super::session::{agent_of, set_cookie};
use crate::http::address::Address;
use crate::http::auth::{COOKIE, same_origin, short_cookie};
use crate::http::{ApiResult, Body, NO_STORE, Params};
use crate::oidc::Back;
use crate::state::AppState;

/// What the browser that began keeps meanwhile.
const ATTEMPT: &str = "verstak_sign_in";
/// Characters of a slug that is looked up.
const MAX_SLUG: usize = 100;

/// Where people come back to from a provider; none while the server has no public address: it is never taken from a request.
pub(super) fn callback_of(state: &AppState, provider: Uuid) -> Option<String> {
    let base = state.config.http.public_url.trim_end_matches('/');
    (!base.is_empty()).then(|| format!("{base}/oidc/{provider}"))
}

/// Whose buttons.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct OfferParams {
    /// Slug of the company. Not needed where there is only one.
    company: Option<String>,
}

/// A button of the sign-in page.
#[derive(Debug, Serialize, ToSchema)]
pub struct ProviderButton {
    id: Uuid,
    label: String,
}

/// What the sign-in page offers besides a password.
#[derive(Debug, Serialize, ToSchema)]
pub struct ProviderOffer {
    items: Vec<ProviderButton>,
    /// Whether companies here have providers, and the page may ask for the company.
    asks_company: bool,
}

/// `GET /session/providers`: by which providers people of a company sign in. An unknown company has none.
#[utoipa::path(get, path = "/session/providers", operation_id = "sign_in_offer", tag = "session", params(OfferParams),
    security(()), responses((status = 200, body = ProviderOffer)))]
pub async fn offered(
    State(state): State<AppState>,
    Extension(address): Extension<Address>,
    Params(params): Params<OfferParams>,
) -> ApiResult<Json<ProviderOffer>> {
    state.limits.look_up(&address.key())?;
    let slug = params.company.as_deref().map(str::trim).filter(|slug| !slug.is_empty());
    let slug = slug.map(|slug| slug.chars().take(MAX_SLUG).collect::<String>().to_lowercase());
    let offer = provider::offered(&state.db, slug.as_deref()).await?;
    let items = offer.providers.into_iter().map(|(id, label)| ProviderButton { id, label }).collect();
    Ok(Json(ProviderOffer { items, asks_company: offer.asks_company }))
}

/// By which provider, and what for.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ProviderSignIn {
    provider: Uuid,
    /// The path of the portal where the person was going; anything else leads to the first page.
    #[serde(default)]
    next: String,
}

/// Where to go.
#[derive(Debug, Serialize, ToSchema)]
pub struct ProviderPlace {
    location: String,
}

/// `POST /session/oidc`: begins a sign-in by a provider. The page goes to the place it is told; within ten minutes the person
/// comes back to this browser.
#[utoipa::path(post, path = "/session/oidc", operation_id = "begin_provider_sign_in", tag = "session",
    request_body = ProviderSignIn, security(()),
    responses((status = 200, body = ProviderPlace), (status = 409, body = crate::http::error::Problem)))]
pub async fn begin(
    State(state): State<AppState>,
    Extension(address): Extension<Address>,
    headers: HeaderMap,
    Body(body): Body<ProviderSignIn>,
) -> ApiResult<Response> {
    same_origin(&Method::POST, &headers, &state.config.http.public_url)?;
    state.limits.provider(&address.key())?;
    let provider = provider::enabled(state.db.read(), body.provider).await?;
    let setup = || Error::Conflict { code: "auth.provider_setup", current: None };
    let callback = callback_of(&state, provider.id).ok_or_else(setup)?;
    let known = short_cookie(&headers, &state.config.http.public_url, ATTEMPT);
    let begun = attempt::begin(&state.db, &state.env, &provider, &body.next, known.as_deref()).await?;
    let location = state.oidc.location(&provider, &callback, &begun).await.map_err(|trouble| {
        tracing::warn!(provider = %provider.id, code = trouble.code, detail = %trouble.detail, "a provider cannot be asked");
        trouble.refusal()
    })?;
    let mut response = (NO_STORE, Json(ProviderPlace { location: location.into() })).into_response();
    set_cookie(&mut response, &state, &headers, ATTEMPT, &begun.browser, attempt::SECONDS);
    Ok(response)
}

/// What a provider sends back with the person (RFC 6749, 4.1.2; RFC 9207).
#[derive(Debug, Default, Deserialize)]
struct Returned {
    code: Option<String>,
    state: Option<String>,
    iss: Option<String>,
    error: Option<String>,
}

/// `GET /oidc/{provider}`: the person comes back from a provider. The answer always leads on: to where they were going, or to
/// the sign-in page, which says what is wrong.
pub async fn back(
    State(state): State<AppState>,
    Extension(address): Extension<Address>,
    headers: HeaderMap,
    Path(id): Path<String>,
    RawQuery(query): RawQuery,
) -> Response {
    let returned: Returned = serde_urlencoded::from_str(&query.unwrap_or_default()).unwrap_or_default();
    let browser = short_cookie(&headers, &state.config.http.public_url, ATTEMPT).unwrap_or_default();
    let visit = Visit { agent: agent_of(&headers), address: address.text() };
    let landed = match taken(&state, &address, &id, &returned, &browser).await {
        Ok((provider, attempt)) => {
            let entered = entered(&state, &provider, &attempt, &returned, &browser, &visit).await;
            (entered, attempt.next)
        }
        Err(error) => (Err(error), String::new()),
    };
    let mut response = match landed {
        (Ok(Entered::In { secret }), next) => {
            state.forget_people();
            let mut response = Redirect::to(&next).into_response();
            set_cookie(&mut response, &state, &headers, COOKIE, &secret, SESSION_SECONDS);
            set_cookie(&mut response, &state, &headers, ATTEMPT, "", 0);
            response
        }
        (Ok(Entered::Code), next) => sign_in_page("code", "asked", &next),
        (Err(error), next) => sign_in_page("refused", refusal(&error), &next),
    };
    let headers = response.headers_mut();
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    // The address holds the code.
    headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    response
}

/// The attempt that comes back, which is good no more from here on.
async fn taken(
    state: &AppState,
    address: &Address,
    id: &str,
    returned: &Returned,
    browser: &str,
) -> Result<(Provider, Attempt), Error> {
    let gone = || Error::Conflict { code: "auth.provider_state", current: None };
    state.limits.provider(&address.key())?;
    let id: Uuid = id.parse().map_err(|_| gone())?;
    let mark = returned.state.as_deref().filter(|mark| !mark.is_empty()).ok_or_else(gone)?;
    if browser.is_empty() {
        return Err(gone());
    }
    let attempt = attempt::take(&state.db, &state.env, id, mark, browser).await?;
    Ok((provider::enabled(state.db.read(), id).await?, attempt))
}

async fn entered(
    state: &AppState,
    provider: &Provider,
    attempt: &Attempt,
    returned: &Returned,
    browser: &str,
    visit: &Visit,
) -> Result<Entered, Error> {
    let refused = |code| Error::Conflict { code, current: None };
    if let Some(error) = &returned.error {
        // They changed their mind, or may not come here.
        let denied = ["access_denied", "login_required", "interaction_required", "consent_required"];
        let known = denied.contains(&error.as_str());
        return Err(refused(if known { "auth.provider_denied" } else { "auth.provider_answer" }));
    }
    let code = returned.code.as_deref().filter(|code| !code.is_empty());
    let code = code.ok_or_else(|| refused("auth.provider_answer"))?;
    let callback = callback_of(state, provider.id).ok_or_else(|| refused("auth.provider_setup"))?;
    let asked = Back { code, issuer: returned.iss.as_deref() };
    // The log says why it cannot be opened.
    let opened = provider::opened(&state.db, provider).map_err(|_| refused("auth.provider_setup"))?;
    let who = state.oidc.proven(&opened, attempt, &callback, &asked).await.map_err(|trouble| {
        tracing::warn!(provider = %provider.id, code = trouble.code, detail = %trouble.detail, "a provider is not believed");
        trouble.refusal()
    })?;
    db::again_raced(|| account::enter(&state.db, &state.env, provider, attempt, browser, &who, visit)).await
}

/// What the sign-in page is told: the last part of a code of its own, `limited` or `failed`.
fn refusal(error: &Error) -> &str {
    match error {
        Error::Conflict { code, .. } => code.strip_prefix("auth.provider_").unwrap_or("failed"),
        Error::Limited { .. } => "limited",
        error => {
            tracing::error!(%error, "a sign-in by a provider failed");
            "failed"
        }
    }
}

/// The sign-in page with something to say; `next` is where it leads to afterwards.
fn sign_in_page(key: &str, value: &str, next: &str) -> Response {
    let mut query = Serializer::new(String::new());
    query.append_pair(key, value);
    if !next.is_empty() && next != "/" {
        query.append_pair("next", next);
    }
    Redirect::to(&format!("/sign-in?{}", query.finish())).into_response()
}

/// The code of the second factor.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ProviderCode {
    code: String,
}

/// Where the person was going.
#[derive(Debug, Serialize, ToSchema)]
pub struct ProviderNext {
    next: String,
}

/// `POST /session/oidc/code`: the second factor of whoever came back to this browser from a provider.
#[utoipa::path(post, path = "/session/oidc/code", operation_id = "show_provider_code", tag = "session",
    request_body = ProviderCode, security(()),
    responses((status = 200, body = ProviderNext), (status = 401, body = crate::http::error::Problem)))]
pub async fn code(
    State(state): State<AppState>,
    Extension(address): Extension<Address>,
    headers: HeaderMap,
    Body(body): Body<ProviderCode>,
) -> ApiResult<Response> {
    same_origin(&Method::POST, &headers, &state.config.http.public_url)?;
    state.limits.provider(&address.key())?;
    let browser = short_cookie(&headers, &state.config.http.public_url, ATTEMPT).unwrap_or_default();
    let visit = Visit { agent: agent_of(&headers), address: address.text() };
    let (secret, next) = account::show_code(&state.db, &state.env, &browser, &body.code, &visit).await?;
    state.forget_people();
    let mut response = (NO_STORE, Json(ProviderNext { next })).into_response();
    set_cookie(&mut response, &state, &headers, COOKIE, &secret, SESSION_SECONDS);
    set_cookie(&mut response, &state, &headers, ATTEMPT, "", 0);
    Ok(response)
}
