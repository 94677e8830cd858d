//! Bodies and query strings as typed values; what does not fit is problem details that name the place.

use axum::extract::rejection::{JsonRejection, QueryRejection};
use axum::extract::{FromRequest, FromRequestParts, Json, Query, Request};
use axum::http::request::Parts;
use kernel::error::FieldError;
use kernel::{Error, Message};
use serde::de::DeserializeOwned;

use super::ApiError;

/// A JSON body.
#[derive(Debug)]
pub struct Body<T>(pub T);

/// A query string.
#[derive(Debug)]
pub struct Params<T>(pub T);

/// An error of the request itself.
pub fn bad_request(place: &str, reason: &str) -> Error {
    let reason: String = reason.chars().take(300).collect();
    Error::field("request.invalid", place, FieldError::new("invalid").with("reason", reason))
}

impl<S: Send + Sync, T: DeserializeOwned> FromRequest<S> for Body<T> {
    type Rejection = ApiError;

    async fn from_request(request: Request, state: &S) -> Result<Self, ApiError> {
        match Json::<T>::from_request(request, state).await {
            Ok(Json(value)) => Ok(Self(value)),
            Err(JsonRejection::BytesRejection(_)) => Err(too_large()),
            Err(rejection) => Err(bad_request("body", &rejection.body_text()).into()),
        }
    }
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
