//! Who asks: a session cookie or a bearer token becomes a `Caller`. Cookies count only for requests of our own pages
//! (SameSite, and the Origin of everything that changes something).

use std::sync::{Arc, OnceLock};

use axum::extract::{FromRequestParts, MatchedPath};
use axum::http::request::Parts;
use axum::http::{HeaderMap, Method, header};
use futures::FutureExt;
use kernel::{Ctx, Error, Locale};
use people::Identity;

use super::address::Address;
use super::{ApiError, viewing};
use crate::state::AppState;

/// Name of the session cookie.
pub const COOKIE: &str = "verstak_session";
/// What names of cookies begin with where people come by https: browsers take such a one from this host alone, not from others of its
/// domain.
pub const OWN_HOST: &str = "__Host-";

/// The caller's language, once known; read by the layer that writes error bodies.
#[derive(Debug, Clone, Default)]
pub struct Spoken(pub Arc<OnceLock<Locale>>);

/// Marks a request whose secret was looked up and is nobody's, or that has none.
#[derive(Debug, Clone, Copy)]
pub struct Nobody;

/// A signed-in caller.
#[derive(Debug, Clone)]
pub struct Caller {
    /// Who.
    pub identity: Arc<Identity>,
    /// The context of this request.
    pub ctx: Ctx,
}

impl FromRequestParts<AppState> for Caller {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> Result<Self, ApiError> {
        async move {
            if let Some(known) = parts.extensions.get::<Self>() {
                return Ok(known.clone());
            }
            if parts.extensions.get::<Nobody>().is_some() {
                return Err(Error::Unauthenticated.into());
            }
            let asks = reads(&parts.method, operation_of(parts));
            let identity = match bearer(&parts.headers) {
                Some(token) => state.identities.by_token(token).await?,
                None => {
                    let secret = cookie(&parts.headers).ok_or(Error::Unauthenticated)?;
                    same_origin(&parts.method, &parts.headers, &state.config.http.public_url)?;
                    if asks {
                        state.identities.by_session(&secret).await?
                    } else {
                        state.identities.by_session_to_act(&secret).await?
                    }
                }
            };
            if let Some(spoken) = parts.extensions.get::<Spoken>() {
                spoken.0.get_or_init(|| identity.locale());
            }
            let address = parts.extensions.get::<Address>().and_then(|address| address.0);
            let caller = Self { ctx: Ctx { address, ..identity.ctx(&state.env) }, identity };
            if caller.identity.viewing.is_some() {
                viewing::judge(&parts.method, operation_of(parts))?;
            } else if caller.identity.read_only && !asks {
                return Err(Error::Denied("token").into());
            }
            parts.extensions.insert(caller.clone());
            Ok(caller)
        }
        .boxed()
        .await
    }
}

impl Caller {
    /// Only the operator of the installation passes.
    ///
    /// # Errors
    /// `Denied`.
    pub fn require_operator(&self) -> Result<(), Error> {
        if self.identity.operator { Ok(()) } else { Err(Error::Denied("operator")) }
    }

    /// Whether the company's people, departments and roles are told: not to somebody without any role, nor to a token for
    /// writing alone.
    pub fn is_told_of_others(&self) -> bool {
        !self.identity.roles.is_empty() && !self.identity.write_only
    }

    /// Somebody without any role passes nothing that concerns the whole company: what processes there are, starting
    /// them, giving tasks to others.
    ///
    /// # Errors
    /// `Denied`.
    pub fn require_role(&self) -> Result<(), Error> {
        if self.identity.roles.is_empty() { Err(Error::Denied("role")) } else { Ok(()) }
    }
}

/// Questions that need a body: operations that change nothing, by their place in the OpenAPI.
pub const QUESTIONS: [&str; 29] = [
    "/api/v1/records/{entity}/query",
    "/api/v1/records/{entity}/aggregate",
    "/api/v1/records/{entity}/evaluate",
    "/api/v1/entities/{entity}/expressions/check",
    "/api/v1/records/{entity}/duplicates",
    "/api/v1/read",
    "/api/v1/render",
    "/api/v1/reports/funnel",
    "/api/v1/reports/process",
    "/api/v1/reports/task",
    "/api/v1/reports/query",
    "/api/v1/reports/forecast",
    "/api/v1/reports/managers",
    "/api/v1/reports/saved/{id}/run",
    "/api/v1/dashboards/{id}/read",
    "/api/v1/dashboards/home/read",
    "/api/v1/process-definitions/{id}/dry-run",
    "/api/v1/process-drawings/compare",
    "/api/v1/process-drawings/{id}/dry-run",
    "/api/v1/process-instances/{id}/next",
    "/api/v1/sales/calculate",
    "/api/v1/documents/preview",
    "/api/v1/document-templates/{key}/preview",
    "/api/v1/document-templates/own/{id}/preview",
    "/api/v1/access/preview",
    "/api/v1/automations/dry-run",
    "/api/v1/calendars/preview",
    "/api/v1/calendars/holidays",
    "/api/v1/tasks/parse",
];

/// The operation by its place in the OpenAPI; none: the address leads nowhere.
fn operation_of(parts: &Parts) -> &str {
    parts.extensions.get::<MatchedPath>().map(MatchedPath::as_str).unwrap_or_default()
}

/// Whether an operation only reads: the safe methods there are, and the questions that need a body. Named one by one:
/// what the library calls safe grows (QUERY).
pub(super) fn reads(method: &Method, operation: &str) -> bool {
    matches!(*method, Method::GET | Method::HEAD | Method::OPTIONS)
        || (*method == Method::POST && QUESTIONS.contains(&operation))
}

/// The token of an `Authorization: Bearer` header.
pub fn bearer(headers: &HeaderMap) -> Option<&str> {
    let value = headers.get(header::AUTHORIZATION)?.to_str().ok()?;
    let (scheme, token) = value.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}

/// The secret in the session cookie: of this host alone, or one of before, which is good until it ends.
pub fn cookie(headers: &HeaderMap) -> Option<String> {
    exactly(headers, &format!("{OWN_HOST}{COOKIE}")).or_else(|| exactly(headers, COOKIE))
}

/// What is in a cookie that lives for minutes: where people come by https, in one that no other host can have set.
pub fn short_cookie(headers: &HeaderMap, public_url: &str, wanted: &str) -> Option<String> {
    match public_url.starts_with("https://") {
        true => exactly(headers, &format!("{OWN_HOST}{wanted}")),
        false => exactly(headers, wanted),
    }
}

/// What is in the cookie of exactly this name.
pub fn exactly(headers: &HeaderMap, wanted: &str) -> Option<String> {
    headers
        .get_all(header::COOKIE)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|text| text.split(';'))
        .find_map(|pair| {
            let (name, value) = pair.trim().split_once('=')?;
            (name == wanted && !value.is_empty()).then(|| value.to_owned())
        })
}

/// A request that changes something and carries a cookie must come from our own pages: its Origin is the public
/// address, or the Host it was sent to. (Requests without an Origin come from no page; SameSite covers the rest.)
///
/// # Errors
/// `Denied`.
pub fn same_origin(method: &Method, headers: &HeaderMap, public_url: &str) -> Result<(), Error> {
    if method.is_safe() {
        return Ok(());
    }
    let Some(origin) = headers.get(header::ORIGIN) else { return Ok(()) };
    let origin = origin.to_str().unwrap_or_default().trim_end_matches('/');
    let host = headers.get(header::HOST).and_then(|h| h.to_str().ok()).unwrap_or_default();
    let ours = origin.split_once("://").is_some_and(|(_, rest)| !host.is_empty() && rest.eq_ignore_ascii_case(host));
    let public = !public_url.is_empty() && origin.eq_ignore_ascii_case(public_url.trim_end_matches('/'));
    if ours || public { Ok(()) } else { Err(Error::Denied("origin")) }
}

/// The first language of `Accept-Language` that we speak.
pub fn accepted(headers: &HeaderMap) -> Locale {
    let text = headers.get(header::ACCEPT_LANGUAGE).and_then(|v| v.to_str().ok()).unwrap_or_default();
    text.split(',').find_map(|part| part.split(';').next()?.trim().parse().ok()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(pairs: &[(header::HeaderName, &str)]) -> HeaderMap {
        pairs.iter().map(|(name, value)| (name.clone(), value.parse().unwrap())).collect()
    }

    #[test]
    fn a_cookie_from_another_site_changes_nothing() {
        let from = |origin: &str| headers(&[(header::HOST, "crm.local:8080"), (header::ORIGIN, origin)]);
        assert!(same_origin(&Method::POST, &from("http://crm.local:8080"), "").is_ok());
        assert!(same_origin(&Method::POST, &from("https://evil.example"), "").is_err());
        assert!(same_origin(&Method::POST, &from("null"), "").is_err());
        assert!(same_origin(&Method::GET, &from("https://evil.example"), "").is_ok());
        assert!(same_origin(&Method::DELETE, &from("https://crm.example"), "https://crm.example/").is_ok());
    }

    #[test]
    fn cookies_and_languages_are_found_among_others() {
        let found = cookie(&headers(&[(header::COOKIE, "a=1; verstak_session=s3; b=2")]));
        assert_eq!(found.as_deref(), Some("s3"));
        let both = cookie(&headers(&[(header::COOKIE, "verstak_session=forged; __Host-verstak_session=s4")]));
        assert_eq!(both.as_deref(), Some("s4"));
        let planted = headers(&[(header::COOKIE, "verstak_sign_in=forged")]);
        assert_eq!(short_cookie(&planted, "https://crm.test", "verstak_sign_in"), None);
        assert_eq!(short_cookie(&planted, "http://crm.test", "verstak_sign_in").as_deref(), Some("forged"));
        assert_eq!(accepted(&headers(&[(header::ACCEPT_LANGUAGE, "de-DE, uk;q=0.8, en;q=0.5")])), Locale::Uk);
        assert_eq!(bearer(&headers(&[(header::AUTHORIZATION, "bearer  abc")])), Some("abc"));
    }
}
