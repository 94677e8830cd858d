//! Answers wait in memory until their reader has taken them. Beyond a small beginning they share memory, and each person
//! has a part of it, so that nobody fills it with answers that they do not read.
//!
//! Whoever has a full part is refused before any work. A question whose answer does not fit is refused after it; what was
//! changed is always told.

use std::collections::HashMap;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, ready};

use axum::body::{Body, Bytes, HttpBody};
use axum::extract::{MatchedPath, Request, State};
use axum::middleware::Next;
use axum::response::Response;
use hyper::body::{Frame, SizeHint};
use kernel::Error;
use uuid::Uuid;

use super::ApiResult;
use super::auth::{Caller, reads};

/// Bytes of an answer that wait without a share.
const FREE: u64 = 64 * 1024;
/// Bytes of answers that wait, in all.
const ALL: u64 = 256 * 1024 * 1024;
/// Of one person.
const EACH: u64 = 64 * 1024 * 1024;
/// Bytes handed on at once: what the connection holds is not counted.
const PIECE: usize = 32 * 1024;

/// The answers that wait; cheap to clone.
#[derive(Clone, Debug, Default)]
pub struct Waiting(Arc<Mutex<HashMap<Uuid, u64>>>);

/// A share of the memory; free again when dropped.
#[derive(Debug)]
struct Share(Waiting, Uuid, u64);

impl Waiting {
    fn shares<T>(&self, with: impl FnOnce(&mut HashMap<Uuid, u64>) -> T) -> T {
        with(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Whether so many bytes more may wait for this person. An answer that is larger than a part may wait alone.
    ///
    /// # Errors
    /// `Limited` when theirs are too many, `Unavailable` when those of all are.
    fn room(&self, who: Uuid, more: u64) -> Result<(), Error> {
        let (mine, all) = self.shares(|shares| (shares.get(&who).copied().unwrap_or(0), shares.values().sum::<u64>()));
        if mine > 0 && mine.saturating_add(more) > EACH {
            return Err(Error::Limited { retry_after: 1 });
        }
        if all > 0 && all.saturating_add(more) > ALL {
            return Err(Error::Unavailable("too many answers wait to be read".into()));
        }
        Ok(())
    }

    fn share(&self, who: Uuid, bytes: u64) -> Share {
        self.shares(|shares| *shares.entry(who).or_default() += bytes);
        Share(self.clone(), who, bytes)
    }
}

impl Drop for Share {
    fn drop(&mut self) {
        let (who, bytes) = (self.1, self.2);
        self.0.shares(|shares| {
            if let Some(mine) = shares.get_mut(&who) {
                *mine = mine.saturating_sub(bytes);
                if *mine == 0 {
                    shares.remove(&who);
                }
            }
        });
    }
}

/// The layer: counts what waits.
pub async fn layer(State(waiting): State<Waiting>, request: Request, next: Next) -> ApiResult<Response> {
    // What strangers are answered is small, or the same for all of them.
    let Some(who) = request.extensions().get::<Caller>().map(|caller| caller.identity.person()) else {
        return Ok(next.run(request).await);
    };
    let operation = request.extensions().get::<MatchedPath>().map(MatchedPath::as_str).unwrap_or_default();
    let asks = reads(request.method(), operation);
    waiting.room(who, 1)?;
    let response = next.run(request).await;
    let Some(bytes) = response.body().size_hint().exact().filter(|bytes| *bytes > FREE) else { return Ok(response) };
    if asks {
        waiting.room(who, bytes)?;
    }
    let share = waiting.share(who, bytes);
    Ok(response.map(|body| Body::new(Read { body, rest: Bytes::new(), left: bytes, _share: share })))
}

/// A body that is handed on in pieces of their own memory, so that its share lasts until the last of them.
#[derive(Debug)]
struct Read {
    body: Body,
    rest: Bytes,
    left: u64,
    _share: Share,
}

impl HttpBody for Read {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        loop {
            if !self.rest.is_empty() {
                let length = PIECE.min(self.rest.len());
                let piece = Bytes::copy_from_slice(&self.rest.split_to(length));
                self.left = self.left.saturating_sub(u64::try_from(length).unwrap_or(u64::MAX));
                return Poll::Ready(Some(Ok(Frame::data(piece))));
            }
            match ready!(Pin::new(&mut self.body).poll_frame(context)) {
                Some(Ok(frame)) => match frame.into_data() {
                    Ok(data) => self.rest = data,
                    Err(other) => return Poll::Ready(Some(Ok(other))),
                },
                end => return Poll::Ready(end),
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        self.rest.is_empty() && self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.left)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_share_their_memory_by_person() {
        let (waiting, ann, bob) = (Waiting::default(), Uuid::from_u128(1), Uuid::from_u128(2));
        let large = waiting.share(ann, EACH);
        assert!(matches!(waiting.room(ann, 1), Err(Error::Limited { .. })));
        waiting.room(bob, 2 * EACH).unwrap();
        let others: Vec<_> = (2..5).map(|n| waiting.share(Uuid::from_u128(n), EACH)).collect();
        assert!(matches!(waiting.room(Uuid::from_u128(9), 1), Err(Error::Unavailable(_))));
        drop((large, others));
        assert!(waiting.shares(|shares| shares.is_empty()));
    }

    #[tokio::test]
    async fn a_share_lasts_until_the_last_piece_is_taken() {
        let waiting = Waiting::default();
        let text: Vec<u8> = (0..100_000_u32).map(|n| n.to_le_bytes()[0]).collect();
        let share = waiting.share(Uuid::nil(), 100_000);
        let mut body = Body::new(Read { body: text.clone().into(), rest: Bytes::new(), left: 100_000, _share: share });
        let mut taken = Vec::new();
        while !body.is_end_stream() {
            assert!(!waiting.shares(|shares| shares.is_empty()));
            let frame = std::future::poll_fn(|context| Pin::new(&mut body).poll_frame(context)).await;
            let piece = frame.unwrap().unwrap().into_data().unwrap();
            assert!(piece.len() <= PIECE);
            taken.extend_from_slice(&piece);
            assert_eq!(body.size_hint().exact(), Some(100_000 - u64::try_from(taken.len()).unwrap()));
        }
        drop(body);
        assert!(taken == text && waiting.shares(|shares| shares.is_empty()));
    }
}
