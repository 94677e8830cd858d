//! Bodies are received before their request takes a slot: within a time, within a size, and, beyond a small beginning,
//! within memory that all bodies share. Those whom nobody recognised share a smaller part, so that they cannot keep
//! others from sending. Uploads of known people flow to their handler instead, and may not stand still.

use std::sync::Arc;
use std::time::Duration;

use axum::body::{Body, Bytes, HttpBody};
use axum::extract::{DefaultBodyLimit, Request, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use futures::{StreamExt, stream};
use kernel::{Error, Message};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::timeout;

use super::auth::Caller;
use super::body::bad_request;
use super::{ApiError, ApiResult};
use crate::config::Http;
use crate::state::AppState;

/// Bytes of a body that anybody may send without a share of the memory.
const FREE: usize = 64 * 1024;
/// Bytes that one permit stands for.
const UNIT: usize = 1024;
/// Memory for the bodies of known people, in `UNIT`s.
const KNOWN: usize = 192 * 1024;
/// Memory for those of strangers.
const STRANGERS: usize = 32 * 1024;

/// The memory for bodies; cheap to clone.
#[derive(Clone, Debug)]
pub struct Memory {
    known: Arc<Semaphore>,
    strangers: Arc<Semaphore>,
}

impl Default for Memory {
    fn default() -> Self {
        Self { known: Arc::new(Semaphore::new(KNOWN)), strangers: Arc::new(Semaphore::new(STRANGERS)) }
    }
}

/// The layer: reads the body of a request before it goes on.
pub async fn layer(
    State((state, memory)): State<(AppState, Memory)>,
    request: Request,
    next: Next,
) -> ApiResult<Response> {
    let (limit, flows) = limit_of(request.uri().path(), &state.config.http);
    let (mut parts, body) = request.into_parts();
    let pause = Duration::from_secs(state.config.http.body_seconds);
    let known = parts.extensions.get::<Caller>().is_some();
    if body.size_hint().lower() > u64::try_from(limit).unwrap_or(u64::MAX) {
        return Ok(closing(too_large().into_response()));
    }
    if flows {
        // Of strangers nothing is read: their handler refuses them.
        let body = if known { watched(body, pause) } else { body };
        let mut request = Request::from_parts(parts, body);
        DefaultBodyLimit::max(limit).apply(&mut request);
        return Ok(next.run(request).await);
    }
    let share = if known { memory.known } else { memory.strangers };
    let (bytes, held) = match timeout(pause, read(body, limit, &share)).await {
        Ok(Ok(received)) => received,
        Ok(Err(error)) => return Ok(closing(error.into_response())),
        Err(_) => return Ok(closing(StatusCode::REQUEST_TIMEOUT.into_response())),
    };
    parts.extensions.insert(Arc::new(held));
    let mut request = Request::from_parts(parts, Body::from(bytes));
    DefaultBodyLimit::max(limit).apply(&mut request);
    Ok(next.run(request).await)
}

/// Bytes of a body at an address, and whether it flows to its handler.
pub(super) fn limit_of(path: &str, config: &Http) -> (usize, bool) {
    match path {
        "/api/v1/imports" | "/api/v1/plugins" => (config.upload_limit, true),
        // One more than the reader takes, so that its own words are heard.
        "/api/v1/process-definitions" => (process::definition::MAX_BYTES + 1, false),
        _ => (config.body_limit, false),
    }
}

/// The whole body with its share of the memory.
async fn read(
    body: Body,
    limit: usize,
    share: &Arc<Semaphore>,
) -> Result<(Bytes, Option<OwnedSemaphorePermit>), ApiError> {
    let mut chunks = body.into_data_stream();
    let (mut bytes, mut held) = (Vec::new(), None::<OwnedSemaphorePermit>);
    while let Some(chunk) = chunks.next().await {
        let chunk = chunk.map_err(|error| bad_request("body", &error.to_string()))?;
        let length = bytes.len() + chunk.len();
        if length > limit {
            return Err(too_large());
        }
        let needed = length.saturating_sub(FREE).div_ceil(UNIT);
        let missing = needed.saturating_sub(held.as_ref().map_or(0, OwnedSemaphorePermit::num_permits));
        if missing > 0 {
            let more = Arc::clone(share).try_acquire_many_owned(u32::try_from(missing).unwrap_or(u32::MAX));
            let more = more.map_err(|_| Error::Unavailable("too many bodies at once".into()))?;
            match &mut held {
                Some(held) => held.merge(more),
                None => held = Some(more),
            }
        }
        bytes.extend_from_slice(&chunk);
    }
    Ok((bytes.into(), held))
}

/// A body that ends with an error when nothing comes for a while.
fn watched(body: Body, pause: Duration) -> Body {
    let chunks = Some(body.into_data_stream());
    Body::from_stream(stream::unfold(chunks, move |chunks| async move {
        let mut chunks = chunks?;
        match timeout(pause, chunks.next()).await {
            Ok(chunk) => chunk.map(|chunk| (chunk, Some(chunks))),
            Err(late) => Some((Err(axum::Error::new(late)), None)),
        }
    }))
}

/// The rest of the body is not wanted: the connection ends with the answer.
fn closing(mut response: Response) -> Response {
    response.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
    response
}

fn too_large() -> ApiError {
    ApiError(Error::TooLarge(Message::key("error.body_too_large")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn bodies_share_their_memory_and_small_ones_need_none() {
        let share = Arc::new(Semaphore::new(100));
        let sent = async |kib: usize| read(Body::from(vec![b'x'; kib * 1024]), 1024 * 1024, &share).await;
        let (bytes, held) = sent(64 + 90).await.unwrap();
        assert_eq!((bytes.len(), share.available_permits()), (154 * 1024, 10));
        assert!(matches!(sent(64 + 11).await, Err(ApiError(Error::Unavailable(_)))));
        assert!(sent(64).await.unwrap().1.is_none());
        drop(held);
        assert_eq!(share.available_permits(), 100);
        assert!(matches!(sent(1025).await, Err(ApiError(Error::TooLarge(_)))));
    }
}
