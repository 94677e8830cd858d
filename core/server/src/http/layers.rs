//! The layers around every request, outermost first: request id, problem details, security headers, panics, who asks
//! with their rate limit, answers that wait (`answers`), the body (`receive`), a slot, the time limit, metrics.

use std::any::Any;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::{FromRequestParts, MatchedPath, Request, State};
use axum::http::{HeaderName, HeaderValue, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use kernel::{Error, Message};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::address::{self, Address};
use super::auth::{Caller, Nobody, Spoken, accepted, bearer, cookie};
use super::error::{Began, answer, written};
use super::idempotency::Repeated;
use super::receive::takes_file;
use super::{ApiError, ApiResult, origin};
use crate::state::AppState;

/// The id of a request, in the answer and in the log.
pub const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// The same, for the layers inside.
#[derive(Debug, Clone)]
pub struct RequestId(pub String);

/// A slot of those for requests in work; free again when nobody holds it.
#[derive(Debug, Clone)]
pub struct Slot(#[expect(dead_code, reason = "held, not read")] Arc<OwnedSemaphorePermit>);

/// Gives the request an id, writes the body of errors, sets the security headers.
pub async fn outermost(State(state): State<AppState>, mut request: Request, next: Next) -> Response {
    let id = kernel::id::fresh(&state.env).simple().to_string();
    let fallback = accepted(request.headers());
    let spoken = Spoken::default();
    request.extensions_mut().insert(spoken.clone());
    request.extensions_mut().insert(RequestId(id.clone()));
    let from = address::of(&request, &state.config.http);
    request.extensions_mut().insert(from);
    let api = request.uri().path().starts_with("/api/") || request.uri().path().starts_with("/hooks/");
    // No path or query of ours holds a NUL, and PostgreSQL does not take one.
    let nul = request.uri().path_and_query().is_some_and(|address| address.as_str().contains("%00"));
    let host = request.headers().get(header::HOST).filter(|_| !api).cloned();
    let mut response = if nul {
        ApiError(super::body::bad_request("address", "the character U+0000 is not allowed")).into_response()
    } else {
        next.run(request).await
    };
    let locale = spoken.0.get().copied().unwrap_or(fallback);
    response = written(response, locale, &id);
    if api && let Some(error) = bare(response.status(), &response) {
        let allow = response.headers_mut().remove(header::ALLOW);
        // A damaged address leads nowhere.
        let status = if matches!(error, Error::NotFound(_)) { StatusCode::NOT_FOUND } else { response.status() };
        response = answer(&error, status, locale, &id);
        // Whoever used a wrong method is told the right ones.
        response.headers_mut().extend(allow.map(|allow| (header::ALLOW, allow)));
    }
    let repeated = response.extensions().get::<Repeated>().is_some();
    let headers = response.headers_mut();
    // A repeated answer keeps the id of the request that did the work.
    if let Ok(value) = HeaderValue::from_str(&id)
        && !(repeated && headers.contains_key(REQUEST_ID))
    {
        headers.insert(REQUEST_ID, value);
    }
    if let Some(policy) = framing(host.as_ref(), &state.config.http.public_url) {
        headers.entry(header::CONTENT_SECURITY_POLICY).or_insert(policy);
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
        // Bodies and query strings are judged by readers of ours: what is left is an address whose id or number is none.
        StatusCode::NOT_FOUND | StatusCode::BAD_REQUEST => Some(Error::NotFound("route".into())),
        StatusCode::METHOD_NOT_ALLOWED => Some(super::body::bad_request("method", "this method is not allowed here")),
        StatusCode::PAYLOAD_TOO_LARGE => Some(Error::TooLarge(Message::key("error.body_too_large"))),
        StatusCode::REQUEST_TIMEOUT | StatusCode::SERVICE_UNAVAILABLE => Some(Error::Unavailable("busy".into())),
        StatusCode::INTERNAL_SERVER_ERROR => Some(Error::Internal("handler".into())),
        status if status.is_client_error() => Some(super::body::bad_request("request", status.as_str())),
        _ => None,
    }
}

/// The policy of our pages, without frames of plugins. Mantine sets style attributes and one style element at run time; scripts
/// come from us alone.
const POLICY: &str = "default-src 'self'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; \
    connect-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'self'; object-src 'none'; frame-src blob:";

/// The same with frames of plugins, and no other address of ours: a frame that goes to one by itself would tell it what it
/// knows.
fn framing(host: Option<&HeaderValue>, public_url: &str) -> Option<HeaderValue> {
    let origins = origin::of(host, public_url)?;
    let places: String = origins.iter().map(|origin| format!(" {origin}{}", origin::FRAMES)).collect();
    HeaderValue::try_from(format!("{POLICY}{places}")).ok()
}

const SECURITY: [(HeaderName, &str); 5] = [
    (header::CONTENT_SECURITY_POLICY, POLICY),
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

/// Ends requests that take too long (not streams, whose answer has begun). A file may take longer to come.
pub async fn timed(State(state): State<AppState>, request: Request, next: Next) -> Response {
    let sends_file = request.method() == Method::POST && takes_file(request.uri().path());
    let config = &state.config;
    let limit = if sends_file { config.files.upload_seconds } else { config.http.timeout_seconds };
    let limit = Duration::from_secs(limit);
    match tokio::time::timeout(limit, next.run(request)).await {
        Ok(response) => response,
        Err(_) => {
            let mut response = ApiError(Error::Unavailable("the request took too long".into())).into_response();
            response.extensions_mut().insert(Began);
            response
        }
    }
}

/// Counts requests by who was recognised, else by address. An unknown secret counts against its address, and so do
/// look-ups of secrets that are not known by heart.
pub async fn recognised(State(state): State<AppState>, request: Request, next: Next) -> ApiResult<Response> {
    let (mut parts, body) = request.into_parts();
    let from = parts.extensions.get::<Address>().map(Address::key).unwrap_or_default();
    let remembered = match (bearer(&parts.headers), cookie(&parts.headers)) {
        (Some(token), _) => Some(state.identities.remembers_token(token)),
        (None, Some(secret)) => Some(state.identities.remembers_session(&secret)),
        (None, None) => None,
    };
    if remembered == Some(false) {
        state.limits.look_up(&from)?;
    }
    let caller = match remembered {
        Some(_) => Caller::from_request_parts(&mut parts, &state).await,
        None => Err(ApiError(Error::Unauthenticated)),
    };
    match caller {
        Ok(caller) => state.limits.request(&format!("user {}", caller.identity.person()))?,
        Err(ApiError(error)) => {
            state.limits.request(&from)?;
            if matches!(error, Error::Unauthenticated) {
                parts.extensions.insert(Nobody);
            }
        }
    }
    Ok(next.run(Request::from_parts(parts, body)).await)
}

/// Refuses work beyond capacity at once instead of queueing it.
pub async fn admitted(State(slots): State<Arc<Semaphore>>, mut request: Request, next: Next) -> ApiResult<Response> {
    let Ok(slot) = slots.try_acquire_owned() else { return Err(Error::Unavailable("over capacity".into()).into()) };
    let slot = Slot(Arc::new(slot));
    request.extensions_mut().insert(slot.clone());
    let response = next.run(request).await;
    drop(slot);
    Ok(response)
}

/// The methods that have a label of their own; whoever invents others shares one (each label is kept for ever).
fn method_label(method: &Method) -> &'static str {
    const KNOWN: [&str; 7] = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"];
    KNOWN.into_iter().find(|known| method == known).unwrap_or("other")
}

/// The registered statuses; a plugin may answer with any other.
fn status_label(status: StatusCode) -> &'static str {
    const CLASSES: [&str; 5] = ["1xx", "2xx", "3xx", "4xx", "5xx"];
    const KNOWN: [&str; 22] = [
        "200", "201", "202", "204", "206", "301", "302", "303", "304", "307", "308", "400", "401", "403", "404", "405",
        "408", "409", "413", "422", "429", "500",
    ];
    let known = KNOWN.into_iter().chain(["415", "503"]).find(|known| *known == status.as_str());
    let class = usize::from(status.as_u16() / 100).checked_sub(1).and_then(|class| CLASSES.get(class));
    known.or(class.copied()).unwrap_or("other")
}

/// Counts and times requests by route for `/metrics`. Every label is one of a closed set.
pub async fn measured(State(state): State<AppState>, request: Request, next: Next) -> Response {
    let method = method_label(request.method());
    let route = request.extensions().get::<MatchedPath>().map_or("other", MatchedPath::as_str).to_owned();
    let began = state.env.now();
    let response = next.run(request).await;
    let micros = u32::try_from(state.env.now().micros() - began.micros()).unwrap_or(u32::MAX);
    let status = status_label(response.status());
    let labels = [("method", method.to_owned()), ("route", route), ("status", status.to_owned())];
    metrics::counter!("verstak_http_requests_total", &labels).increment(1);
    metrics::histogram!("verstak_http_request_seconds", &labels[..2]).record(f64::from(micros) / 1e6);
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_of_metrics_come_from_closed_sets() {
        assert_eq!(method_label(&Method::PATCH), "PATCH");
        for invented in ["GETX", "get", "x1", "CONNECT"] {
            assert_eq!(method_label(&Method::from_bytes(invented.as_bytes()).unwrap()), "other", "{invented}");
        }
        let labels: std::collections::BTreeSet<&str> =
            (100..1000).map(|status| status_label(StatusCode::from_u16(status).unwrap())).collect();
        assert_eq!(status_label(StatusCode::CREATED), "201");
        assert!(labels.len() <= 30, "{labels:?}");
    }
}
