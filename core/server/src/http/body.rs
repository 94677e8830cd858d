//! Bodies and query strings as typed values; what does not fit is problem details that name the place.

use axum::body::Bytes;
use axum::extract::multipart::{Field, MultipartError};
use axum::extract::rejection::{JsonRejection, QueryRejection};
use axum::extract::{FromRequest, FromRequestParts, Json, Query, Request};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use kernel::error::FieldError;
use kernel::{Error, Message};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::ApiError;

/// A JSON body.
#[derive(Debug)]
pub struct Body<T>(pub T);

/// A query string.
#[derive(Debug)]
pub struct Params<T>(pub T);

/// A JSON answer that is written into one piece of memory of about this many bytes.
#[derive(Debug)]
pub struct Answer<T>(pub T, pub usize);

impl<T: Serialize> IntoResponse for Answer<T> {
    fn into_response(self) -> Response {
        let mut text = Vec::with_capacity(self.1);
        match serde_json::to_writer(&mut text, &self.0) {
            Ok(()) => ([(header::CONTENT_TYPE, HeaderValue::from_static("application/json"))], text).into_response(),
            Err(error) => ApiError(Error::Internal(error.to_string())).into_response(),
        }
    }
}

/// An error of the request itself.
pub fn bad_request(place: &str, reason: &str) -> Error {
    let reason: String = reason.chars().take(300).collect();
    Error::field("request.invalid", place, FieldError::new("invalid").with("reason", reason))
}

/// Tells `null` from a key that is not there.
///
/// # Errors
/// What is there is not of the type.
pub fn given<'de, D: serde::Deserializer<'de>, T: Deserialize<'de>>(from: D) -> Result<Option<T>, D::Error> {
    T::deserialize(from).map(Some)
}

/// A form that lacks a part.
pub fn missing(part: &str, code: &str) -> Error {
    Error::field("request.invalid", part, FieldError::new(code))
}

/// The media type of a body in small letters, without parameters: RFC 9110 (8.3.1) compares it so.
pub fn media_type(headers: &HeaderMap) -> Option<String> {
    let kind = headers.get(header::CONTENT_TYPE)?.to_str().ok()?;
    Some(kind.split(';').next().unwrap_or_default().trim().to_ascii_lowercase())
}

impl<S: Send + Sync, T: DeserializeOwned> FromRequest<S> for Body<T> {
    type Rejection = ApiError;

    async fn from_request(request: Request, state: &S) -> Result<Self, ApiError> {
        let (mut parts, body) = request.into_parts();
        // The reader of JSON knows fewer spellings.
        let json =
            |kind: &str| kind == "application/json" || (kind.starts_with("application/") && kind.ends_with("+json"));
        if media_type(&parts.headers).is_some_and(|kind| json(&kind)) {
            parts.headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
        }
        let limited = Request::from_parts(parts.clone(), body);
        let bytes = Bytes::from_request(limited, state).await.map_err(|_| too_large())?;
        if tells_nul(&bytes) {
            return Err(bad_request("body", "the character U+0000 is not allowed").into());
        }
        // No body is an empty one: what is required is named as missing.
        if bytes.is_empty() {
            let empty = serde_json::from_str("{}");
            return empty.map(Self).map_err(|error| bad_request("body", &error.to_string()).into());
        }
        match Json::<T>::from_request(Request::from_parts(parts, bytes.into()), state).await {
            Ok(Json(value)) => Ok(Self(value)),
            Err(JsonRejection::BytesRejection(_)) => Err(too_large()),
            Err(rejection) => Err(bad_request("body", &rejection.body_text()).into()),
        }
    }
}

/// Whether JSON text holds the escape of NUL, which no database keeps. (A NUL as it is is no JSON.)
fn tells_nul(json: &[u8]) -> bool {
    const ESCAPE: &[u8] = b"\\u0000";
    let found = json.windows(ESCAPE.len()).enumerate().filter(|(_, window)| *window == ESCAPE);
    // A backslash that is itself escaped begins nothing.
    let backslashes = |end: usize| json.iter().take(end).rev().take_while(|byte| **byte == b'\\').count();
    found.map(|(at, _)| at).any(|at| backslashes(at) % 2 == 0)
}

/// The name of a file in a form: browsers write quotes and line ends in it as `%22`, `%0D` and `%0A`, and nothing else so (HTML,
/// "Multipart form data").
pub fn file_name(part: &Field<'_>) -> Option<String> {
    part.file_name().map(|name| name.replace("%22", "\"").replace("%0D", "\r").replace("%0A", "\n"))
}

/// What is wrong with a form: more than may be sent, or no form.
pub fn bad_form(error: &MultipartError) -> ApiError {
    let large = error.status() == StatusCode::PAYLOAD_TOO_LARGE;
    if large { too_large() } else { bad_request("body", &error.body_text()).into() }
}

fn too_large() -> ApiError {
    ApiError(Error::TooLarge(Message::key("error.body_too_large")))
}

impl<S: Send + Sync, T: DeserializeOwned> FromRequestParts<S> for Params<T> {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        let parsed: Result<Query<T>, QueryRejection> = Query::from_request_parts(parts, state).await;
        parsed.map(|Query(value)| Self(value)).map_err(|rejection| bad_request("query", &rejection.body_text()).into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_real_escape_of_nul_is_one() {
        assert!(tells_nul(br#"{"a": "x\u0000y"}"#));
        assert!(tells_nul(br#"{"a": "\\\u0000"}"#));
        assert!(!tells_nul(br#"{"a": "\\u0000"}"#));
        assert!(!tells_nul(br#"{"a": "\u0001 u0000"}"#));
    }
}
