//! The one HTTP error: a service error as problem details (RFC 9457).
//!
//! A handler's error travels as an extension of the response; the outermost layer, which knows the request id and the
//! caller's language, writes the body. Internal errors are logged there, once.

use std::sync::Arc;

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use kernel::{Error, Locale};
use serde::Serialize;
use serde_json::{Value as Json, json};
use utoipa::ToSchema;

/// An error on its way out.
#[derive(Debug)]
pub struct ApiError(pub Error);

/// Result of a handler.
pub type ApiResult<T> = Result<T, ApiError>;

impl<E: Into<Error>> From<E> for ApiError {
    fn from(error: E) -> Self {
        Self(error.into())
    }
}

/// The error inside a response that has no body yet.
#[derive(Debug, Clone)]
pub struct Failure(pub Arc<Error>);

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let mut response = status(&self.0).into_response();
        if self.0.code() == "plugin.failed" {
            response.extensions_mut().insert(Began);
        }
        response.extensions_mut().insert(Failure(Arc::new(self.0)));
        response
    }
}

/// Marks an answer of 503 to work that began: what it did is not done again.
#[derive(Debug, Clone, Copy)]
pub struct Began;

/// What is wrong with one field.
#[derive(Debug, Serialize, ToSchema)]
pub struct FieldProblem {
    /// Machine-readable.
    pub code: String,
    /// In the caller's language.
    pub message: String,
}

/// One of the reasons of a refusal.
#[derive(Debug, Serialize, ToSchema)]
pub struct ConditionProblem {
    /// Machine-readable.
    pub code: String,
    /// The field it is about.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub field: Option<String>,
    /// In the caller's language.
    pub message: String,
}

/// All reasons of a refusal.
pub fn conditions(error: &Error, locale: Locale) -> Vec<ConditionProblem> {
    let Error::Refused(refusal) = error else { return Vec::new() };
    let told = |one: &kernel::error::Condition| ConditionProblem {
        code: one.code.clone(),
        field: one.field.clone(),
        message: one.message.in_locale(locale),
    };
    refusal.conditions.iter().map(told).collect()
}

/// A company to sign in to, for the API's description.
#[derive(Debug, ToSchema)]
pub struct TenantChoice {
    /// For the sign-in.
    pub slug: String,
    /// For people.
    pub name: String,
}

/// Problem details of every error answer.
#[derive(Debug, Serialize, ToSchema)]
pub struct Problem {
    /// `urn:verstak:error:` and the code.
    pub r#type: String,
    /// The status in words.
    pub title: String,
    /// HTTP status.
    pub status: u16,
    /// Machine-readable, e.g. `record.invalid`.
    pub code: String,
    /// What happened, in the caller's language.
    pub detail: String,
    /// Per field.
    pub fields: std::collections::BTreeMap<String, FieldProblem>,
    /// `stage.refused`: everything that stands in the way of the move.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schema(required = false)]
    pub conditions: Vec<ConditionProblem>,
    /// For the server's log.
    pub request_id: String,
    /// The plugin that refused, if one did.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub plugin: Option<String>,
    /// `record.conflict`: the record as it is now.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<crate::api::view::RecordView>)]
    pub current: Option<Json>,
    /// `record.constraint`, `record.duplicate`: the record that stands in the way, where the caller may see it;
    /// `record.merged`: the one that stands for it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub other: Option<kernel::RecordRef>,
    /// `ui.stale`: the tree that there is now.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub tree_hash: Option<String>,
    /// `auth.choose_tenant`: the companies that know this e-mail and password.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Vec<TenantChoice>>)]
    pub tenants: Option<Json>,
}

/// How refusals are told.
const REFUSALS: [StatusCode; 3] = [StatusCode::FORBIDDEN, StatusCode::CONFLICT, StatusCode::UNPROCESSABLE_ENTITY];

/// The status of an error.
pub fn status(error: &Error) -> StatusCode {
    match error {
        Error::Unauthenticated => StatusCode::UNAUTHORIZED,
        Error::NotFound(_) => StatusCode::NOT_FOUND,
        Error::Denied(_) => StatusCode::FORBIDDEN,
        Error::Invalid { code: "request.invalid", .. } => StatusCode::BAD_REQUEST,
        Error::Conflict { code: "auth.invalid_credentials" | "auth.code_required" | "auth.wrong_code", .. } => {
            StatusCode::UNAUTHORIZED
        }
        Error::Conflict { code: "auth.link_gone", .. } => StatusCode::GONE,
        Error::Refused(refusal) if refusal.code == crate::api::records::MERGED => StatusCode::GONE,
        Error::Refused(refusal) if refusal.status.is_some() => {
            let told = refusal.status.and_then(|status| StatusCode::from_u16(status).ok());
            told.filter(|status| REFUSALS.contains(status)).unwrap_or(StatusCode::UNPROCESSABLE_ENTITY)
        }
        Error::Refused(refusal) if ["plugin.failed", "plugin.unavailable"].contains(&refusal.code.as_str()) => {
            StatusCode::SERVICE_UNAVAILABLE
        }
        Error::Invalid { .. } | Error::Refused(_) => StatusCode::UNPROCESSABLE_ENTITY,
        Error::Conflict { .. } => StatusCode::CONFLICT,
        Error::Limited { .. } => StatusCode::TOO_MANY_REQUESTS,
        Error::TooLarge(_) => StatusCode::PAYLOAD_TOO_LARGE,
        Error::Unavailable(_) | Error::Raced(_) => StatusCode::SERVICE_UNAVAILABLE,
        Error::Database(_) | Error::Internal(_) => StatusCode::INTERNAL_SERVER_ERROR,
    }
}

/// The body of an error answer.
pub fn problem(error: &Error, status: StatusCode, locale: Locale, request_id: &str) -> Problem {
    let fields = error.fields_in(locale).into_iter();
    let refusal = if let Error::Refused(refusal) = error { Some(&**refusal) } else { None };
    let (tenants, current) = match error {
        Error::Conflict { code: "auth.choose_tenant", current } => (current.clone(), None),
        Error::Conflict { code: "ui.stale", .. } => (None, None),
        Error::Conflict { current, .. } => (None, current.clone()),
        _ => (None, None),
    };
    Problem {
        r#type: format!("urn:verstak:error:{}", error.code()),
        title: status.canonical_reason().unwrap_or("Error").to_owned(),
        status: status.as_u16(),
        code: error.code().to_owned(),
        detail: error.message().in_locale(locale),
        fields: fields.map(|(key, (code, message))| (key, FieldProblem { code, message })).collect(),
        conditions: conditions(error, locale),
        request_id: request_id.to_owned(),
        plugin: refusal.and_then(|refusal| refusal.plugin.clone()),
        other: refusal.and_then(|refusal| refusal.other.clone()),
        tree_hash: stale(error),
        current,
        tenants,
    }
}

/// The hash of the tree in the place of one that is shown still.
fn stale(error: &Error) -> Option<String> {
    match error {
        Error::Conflict { code: "ui.stale", current: Some(current) } => {
            current.get("tree_hash").and_then(Json::as_str).map(str::to_owned)
        }
        _ => None,
    }
}

/// A response with the body of the error that it carries, if it carries one; its headers stay.
pub fn written(mut response: Response, locale: Locale, request_id: &str) -> Response {
    let Some(Failure(error)) = response.extensions_mut().remove::<Failure>() else { return response };
    let headers = std::mem::take(response.headers_mut());
    let mut response = answer(&error, response.status(), locale, request_id);
    let own = headers.into_iter().filter(|(name, _)| name.as_ref() != Some(&header::CONTENT_LENGTH));
    response.headers_mut().extend(own);
    response
}

/// The whole answer.
pub fn answer(error: &Error, status: StatusCode, locale: Locale, request_id: &str) -> Response {
    if status == StatusCode::INTERNAL_SERVER_ERROR {
        tracing::error!(%error, request_id, "a request failed");
    }
    let body =
        serde_json::to_string(&problem(error, status, locale, request_id)).unwrap_or_else(|_| json!({}).to_string());
    let mut response = (status, [(header::CONTENT_TYPE, "application/problem+json")], body).into_response();
    let wait = match error {
        Error::Limited { retry_after } => Some(*retry_after),
        Error::Unavailable(_) | Error::Raced(_) => Some(1),
        _ if status == StatusCode::SERVICE_UNAVAILABLE => Some(1),
        _ => None,
    };
    if let Some(value) = wait.and_then(|seconds| HeaderValue::from_str(&seconds.to_string()).ok()) {
        response.headers_mut().insert(header::RETRY_AFTER, value);
    }
    response
}
