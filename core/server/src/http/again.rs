//! A request that lost a race for locks is done again, before anybody hears of it ([`kernel::db::again`]).

use axum::body::{Body, to_bytes};
use axum::extract::{Request, State};
use axum::http::Method;
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use kernel::{Error, db};
use sea_orm::DbBackend;

use super::error::Failure;
use super::{ApiError, body, receive};
use crate::state::AppState;

/// The innermost layer around the handlers. SQLite has one writer at a time, and no such races.
pub async fn layer(State(state): State<AppState>, request: Request, next: Next) -> Response {
    let (limit, flows) = receive::limit_of(request.method(), request.uri().path(), &state.config);
    let reads = matches!(*request.method(), Method::GET | Method::HEAD | Method::OPTIONS);
    if reads || flows || state.db.backend() != DbBackend::Postgres {
        return next.run(request).await;
    }
    let (parts, sent) = request.into_parts();
    let bytes = match to_bytes(sent, limit).await {
        Ok(bytes) => bytes,
        Err(error) => return ApiError(body::bad_request("body", &error.to_string())).into_response(),
    };
    let lost = |response: &Response| {
        let failure = response.extensions().get::<Failure>();
        failure.is_some_and(|Failure(error)| matches!(**error, Error::Raced(_)))
    };
    db::again(lost, || next.clone().run(Request::from_parts(parts.clone(), Body::from(bytes.clone())))).await
}
