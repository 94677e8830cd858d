//! Bodies are received before their request takes a slot: within a time, within a size, and, beyond a small beginning,
//! within memory that all bodies share. Those whom nobody recognised share a smaller part, so that they cannot keep
//! others from sending. Uploads of known people flow to their handler instead: they may not stand still or crawl, and
//! are few at once, so that they never hold all the slots.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::body::{Body, Bytes, HttpBody};
use axum::extract::{DefaultBodyLimit, Request, State};
use axum::http::{HeaderValue, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use futures::{StreamExt, stream};
use kernel::{Error, Message, UserId};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::{Instant, timeout};

use super::auth::Caller;
use super::body::bad_request;
use super::error::Failure;
use super::{ApiError, ApiResult};
use crate::config::Config;
use crate::state::AppState;

/// Bytes of a body that anybody may send without a share of the memory.
const FREE: usize = 64 * 1024;
/// Bytes that one permit stands for.
const UNIT: usize = 1024;
/// Memory for the bodies of known people, in `UNIT`s.
const KNOWN: usize = 192 * 1024;
/// Memory for those of strangers.
const STRANGERS: usize = 32 * 1024;
/// Uploads at once, in all (or half of the slots, if that is less) and of one person.
const UPLOADS: usize = 64;
const UPLOADS_EACH: usize = 4;
/// Bytes of a form around a file.
const FORM: usize = 64 * 1024;
/// An upload that comes slower than so many bytes a second ends.
const SLOWEST: u64 = 1024;

/// The memory for bodies, and who uploads; cheap to clone.
#[derive(Clone, Debug)]
pub struct Memory {
    known: Arc<Semaphore>,
    strangers: Arc<Semaphore>,
    uploads: Arc<Mutex<HashMap<UserId, usize>>>,
}

/// An upload's place; free again when dropped.
#[derive(Debug)]
struct Place(Memory, UserId);

impl Memory {
    /// A place among `most` for an upload.
    ///
    /// # Errors
    /// `Limited` when this person has all of theirs, `Unavailable` when others have all.
    fn place(&self, user: UserId, most: usize) -> Result<Place, Error> {
        let mut uploads = self.uploads.lock().unwrap_or_else(PoisonError::into_inner);
        let mine = uploads.get(&user).copied().unwrap_or(0);
        if mine >= UPLOADS_EACH {
            return Err(Error::Limited { retry_after: 1 });
        }
        if uploads.values().sum::<usize>() >= most {
            return Err(Error::Unavailable("too many uploads at once".into()));
        }
        uploads.insert(user, mine + 1);
        Ok(Place(self.clone(), user))
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut uploads = self.0.uploads.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(mine) = uploads.get_mut(&self.1) {
            *mine = mine.saturating_sub(1);
            if *mine == 0 {
                uploads.remove(&self.1);
            }
        }
    }
}

impl Default for Memory {
    fn default() -> Self {
        Self {
            known: Arc::new(Semaphore::new(KNOWN)),
            strangers: Arc::new(Semaphore::new(STRANGERS)),
            uploads: Arc::default(),
        }
    }
}

/// The layer: reads the body of a request before it goes on. Whoever sent too much is told how much may be sent.
pub async fn layer(
    State((state, memory)): State<(AppState, Memory)>,
    request: Request,
    next: Next,
) -> ApiResult<Response> {
    let (limit, flows) = limit_of(request.method(), request.uri().path(), &state.config);
    let most = if flows && takes_file(request.uri().path()) { limit.saturating_sub(FORM) } else { limit };
    Ok(with_limit(received(state, memory, (limit, flows), request, next).await?, most))
}

/// An answer to a body that was too large, with the limit in its words.
fn with_limit(mut response: Response, limit: usize) -> Response {
    let told = response.extensions().get::<Failure>().map(|failure| Arc::clone(&failure.0));
    let message = match told.as_deref() {
        Some(Error::TooLarge(message)) => message.clone(),
        None if response.status() == StatusCode::PAYLOAD_TOO_LARGE => Message::key(TOO_LARGE),
        _ => return response,
    };
    if let Message::Key { key, params } = &message
        && key == TOO_LARGE
        && !params.contains_key("max")
    {
        let error = Error::TooLarge(message.with("max", size(limit)));
        response.extensions_mut().insert(Failure(Arc::new(error)));
    }
    response
}

/// Bytes in words.
pub fn size(bytes: usize) -> String {
    const KIB: usize = 1024;
    match bytes {
        whole if whole >= KIB * KIB && whole % (KIB * KIB) < KIB => format!("{} MiB", whole / KIB / KIB),
        whole if whole >= KIB => format!("{} KiB", whole / KIB),
        whole => format!("{whole} B"),
    }
}

async fn received(
    state: AppState,
    memory: Memory,
    (limit, flows): (usize, bool),
    request: Request,
    next: Next,
) -> ApiResult<Response> {
    let (mut parts, body) = request.into_parts();
    let pause = Duration::from_secs(state.config.http.body_seconds);
    let known = parts.extensions.get::<Caller>().map(|caller| caller.identity.person());
    if body.size_hint().lower() > u64::try_from(limit).unwrap_or(u64::MAX) {
        return Ok(closing(too_large().into_response()));
    }
    if flows {
        // Of strangers nothing is read: their handler refuses them.
        let most = UPLOADS.min(state.config.http.concurrency.div_ceil(2));
        let _place = match known.map(|user| memory.place(UserId(user), most)).transpose() {
            Ok(place) => place,
            Err(error) => return Ok(closing(ApiError(error).into_response())),
        };
        let body = if known.is_some() { watched(body, pause) } else { body };
        let mut request = Request::from_parts(parts, body);
        DefaultBodyLimit::max(limit).apply(&mut request);
        return Ok(next.run(request).await);
    }
    let share = if known.is_some() { memory.known } else { memory.strangers };
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

/// Whether a file of a record is sent to an address: `/records/{entity}/{id}/files`.
pub(super) fn takes_file(path: &str) -> bool {
    let inside = path.strip_prefix("/api/v1/records/").and_then(|rest| rest.strip_suffix("/files"));
    inside.is_some_and(|inside| inside.split('/').count() == 2)
}

/// Whether a stranger sends a file to an address: `/public/{company}/{plugin}/{page}/files`.
fn takes_offered(path: &str) -> bool {
    let inside = path.strip_prefix("/api/v1/public/").and_then(|rest| rest.strip_suffix("/files"));
    inside.is_some_and(|inside| inside.split('/').count() == 3)
}

/// Bytes of a body at an address, and whether it flows to its handler.
pub(super) fn limit_of(method: &Method, path: &str, config: &Config) -> (usize, bool) {
    if method == Method::POST && takes_file(path) {
        let file = usize::try_from(config.files.max_bytes).unwrap_or(usize::MAX);
        return (file.saturating_add(FORM), true);
    }
    if method == Method::POST && takes_offered(path) {
        return (records::files::MAX_OFFERED, false);
    }
    let config = &config.http;
    match path {
        "/api/v1/imports" | "/api/v1/plugins" if method == Method::POST => (config.upload_limit, true),
        // One more than the reader takes, so that its own words are heard.
        _ if takes_drawing(method, path) => (process::definition::MAX_BYTES + 1, false),
        _ => (config.body_limit, false),
    }
}

/// Whether a BPMN file is sent to an address: as a definition, as a drawing, or as a revision of one.
fn takes_drawing(method: &Method, path: &str) -> bool {
    match path.strip_prefix("/api/v1/process-") {
        Some("definitions" | "drawings") => method == Method::POST,
        Some(rest) => method == Method::PUT && rest.starts_with("drawings/") && rest.ends_with("/xml"),
        None => false,
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

/// A body that ends with an error when nothing comes for a while, or hardly anything.
fn watched(body: Body, pause: Duration) -> Body {
    let begun = Instant::now();
    let from = Some((body.into_data_stream(), 0_u64));
    Body::from_stream(stream::unfold(from, move |from| async move {
        let (mut chunks, mut come) = from?;
        let Ok(chunk) = timeout(pause, chunks.next()).await else {
            return Some((Err(axum::Error::new("nothing more came")), None));
        };
        let chunk = chunk?;
        come += chunk.as_ref().map_or(0, |chunk| u64::try_from(chunk.len()).unwrap_or(u64::MAX));
        let taken = begun.elapsed();
        if taken > pause && come < taken.as_secs() * SLOWEST {
            return Some((Err(axum::Error::new("it came too slowly")), None));
        }
        Some((chunk, Some((chunks, come))))
    }))
}

/// The rest of the body is not wanted: the connection ends with the answer.
fn closing(mut response: Response) -> Response {
    response.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
    response
}

/// What is said of a body that is too large.
pub(super) const TOO_LARGE: &str = "error.body_too_large";

fn too_large() -> ApiError {
    ApiError(Error::TooLarge(Message::key(TOO_LARGE)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn uploads_of_one_person_and_of_all_are_few_at_once() {
        let (memory, ann, bob) =
            (Memory::default(), UserId(uuid::Uuid::from_u128(1)), UserId(uuid::Uuid::from_u128(2)));
        let anns: Vec<_> = (0..4).map(|_| memory.place(ann, 5).unwrap()).collect();
        assert!(matches!(memory.place(ann, 5), Err(Error::Limited { .. })));
        let bobs = memory.place(bob, 5).unwrap();
        assert!(matches!(memory.place(bob, 5), Err(Error::Unavailable(_))));
        drop((anns, bobs));
        assert!(memory.uploads.lock().unwrap().is_empty());
        memory.place(bob, 5).unwrap();
    }

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
