//! The layers around every request, outermost first: request id, problem details, security headers, panics, time
//! limit, rate limit, metrics.

use std::any::Any;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use axum::extract::{ConnectInfo, MatchedPath, Request, State};
use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use kernel::{Error, Message};
use people::token::hash_of;

use super::auth::{Spoken, accepted, bearer, cookie};
use super::error::{Failure, answer};
use super::{ApiError, ApiResult};
use crate::state::AppState;

/// The id of a request, in the answer and in the log.
pub const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// Gives the request an id, writes the body of errors, sets the security headers.
pub async fn outermost(State(state): State<AppState>, mut request: Request, next: Next) -> Response {
    let id = kernel::id::fresh(&state.env).simple().to_string();
    let fallback = accepted(request.headers());
    let spoken = Spoken::default();
    request.extensions_mut().insert(spoken.clone());
    let from = address(&request, &state.config.http.client_address_header);
    request.extensions_mut().insert(from);
    let api = request.uri().path().starts_with("/api/") || request.uri().path().starts_with("/hooks/");
    // No path or query of ours holds a NUL, and PostgreSQL does not take one.
    let nul = request.uri().path_and_query().is_some_and(|address| address.as_str().contains("%00"));
    let mut response = if nul {
        ApiError(super::body::bad_request("address", "the character U+0000 is not allowed")).into_response()
    } else {
        next.run(request).await
    };
    let locale = spoken.0.get().copied().unwrap_or(fallback);
    if let Some(Failure(error)) = response.extensions_mut().remove::<Failure>() {
        let headers = std::mem::take(response.headers_mut());
        let status = response.status();
        response = answer(&error, status, locale, &id);
        response
            .headers_mut()
            .extend(headers.into_iter().filter(|(name, _)| name.as_ref() != Some(&header::CONTENT_LENGTH)));
    } else if api && let Some(error) = bare(response.status(), &response) {
        response = answer(&error, response.status(), locale, &id);
    }
    let headers = response.headers_mut();
    if let Ok(value) = HeaderValue::from_str(&id) {
        headers.insert(REQUEST_ID, value);
    }
    for (name, value) in SECURITY {
        headers.entry(name).or_insert(HeaderValue::from_static(value));
    }
    response
}

/// Answers that the framework makes without a body of ours.
fn bare(status: StatusCode, response: &Response) -> Option<Error> {
    let ours = response.headers().get(header::CONTENT_TYPE).is_some_and(|kind| kind != "text/plain; charset=utf-8");
    if ours || status.is_success() || status.is_redirection() {
        return None;
    }
    match status {
        StatusCode::NOT_FOUND => Some(Error::NotFound("route".into())),
        StatusCode::METHOD_NOT_ALLOWED => Some(super::body::bad_request("method", "this method is not allowed here")),
        StatusCode::PAYLOAD_TOO_LARGE => Some(Error::TooLarge(Message::key("error.body_too_large"))),
        StatusCode::REQUEST_TIMEOUT | StatusCode::SERVICE_UNAVAILABLE => Some(Error::Unavailable("busy".into())),
        StatusCode::INTERNAL_SERVER_ERROR => Some(Error::Internal("handler".into())),
        status if status.is_client_error() => Some(super::body::bad_request("request", status.as_str())),
        _ => None,
    }
}

const SECURITY: [(HeaderName, &str); 5] = [
    (
        header::CONTENT_SECURITY_POLICY,
        // Mantine sets style attributes and one style element at run time; scripts come from us alone.
        "default-src 'self'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; \
         connect-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'self'; object-src 'none'",
    ),
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (header::X_FRAME_OPTIONS, "DENY"),
    (header::REFERRER_POLICY, "same-origin"),
    (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
];

/// A panic in a handler becomes an internal error and nothing else.
pub fn panicked(panic: Box<dyn Any + Send>) -> Response {
    let words = panic.downcast_ref::<String>().map(String::as_str).or_else(|| panic.downcast_ref::<&str>().copied());
    ApiError(Error::Internal(format!("panic: {}", words.unwrap_or("without words")))).into_response()
}

/// Ends requests that take too long (not streams, whose answer has begun).
pub async fn timed(State(state): State<AppState>, request: Request, next: Next) -> Response {
    let limit = Duration::from_secs(state.config.http.timeout_seconds);
    match tokio::time::timeout(limit, next.run(request)).await {
        Ok(response) => response,
        Err(_) => ApiError(Error::Unavailable("the request took too long".into())).into_response(),
    }
}

/// Counts requests per session, token or address, before anything is looked up.
pub async fn limited(State(state): State<AppState>, request: Request, next: Next) -> ApiResult<Response> {
    let who = match (bearer(request.headers()), cookie(request.headers())) {
        (Some(token), _) => hash_of(token),
        (None, Some(secret)) => hash_of(&secret),
        (None, None) => {
            let address = request.extensions().get::<Address>().and_then(|address| address.0);
            address.map(|ip| ip.to_string()).unwrap_or_default()
        }
    };
    state.limits.request(&who)?;
    Ok(next.run(request).await)
}

/// The address a request came from, where it is known.
#[derive(Debug, Clone, Copy)]
pub struct Address(pub Option<IpAddr>);

/// The connection's address, or what a trusted proxy says.
fn address(request: &Request, header: &str) -> Address {
    let connected = || request.extensions().get::<ConnectInfo<SocketAddr>>().map(|info| info.0.ip());
    if header.is_empty() {
        return Address(connected());
    }
    let told = request.headers().get(header).and_then(|value| value.to_str().ok());
    let last = told.and_then(|text| text.rsplit(',').next()?.trim().parse().ok());
    Address(last.or_else(connected))
}

/// Refuses work beyond capacity at once instead of queueing it.
pub async fn admitted(
    State(slots): State<Arc<tokio::sync::Semaphore>>,
    request: Request,
    next: Next,
) -> ApiResult<Response> {
    let Ok(slot) = slots.try_acquire() else { return Err(Error::Unavailable("over capacity".into()).into()) };
    let response = next.run(request).await;
    drop(slot);
    Ok(response)
}

/// Counts and times requests by route for `/metrics`.
pub async fn measured(State(state): State<AppState>, request: Request, next: Next) -> Response {
    let method = request.method().to_string();
    let route = request.extensions().get::<MatchedPath>().map_or("other", MatchedPath::as_str).to_owned();
    let began = state.env.now();
    let response = next.run(request).await;
    let micros = u32::try_from(state.env.now().micros() - began.micros()).unwrap_or(u32::MAX);
    let labels = [("method", method), ("route", route), ("status", response.status().as_str().to_owned())];
    metrics::counter!("verstak_http_requests_total", &labels).increment(1);
    metrics::histogram!("verstak_http_request_seconds", &labels[..2]).record(f64::from(micros) / 1e6);
    response
}
