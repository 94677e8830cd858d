//! Work that lost a race for locks, done again.
//!
//! PostgreSQL ends one of two transactions that wait for each other (40P01), or whose order cannot be kept (40001):
//! nothing of it was written, and the same work succeeds when the other one is through. Every transaction begins inside
//! a request, a job or a reader of the event log. Readers go on by themselves; requests and jobs pass here.

use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// Times the same work is done until its loss is told.
pub const TRIES: usize = 8;

tokio::task_local! {
    /// Whether the work in hand has committed something.
    static COMMITTED: Arc<AtomicBool>;
}

/// Does `work`, and again while `lost` says of its result that it lost a race, unless it has committed something by
/// then: half a work is not done twice.
pub async fn again<T, F: Future<Output = T>>(lost: impl Fn(&T) -> bool, mut work: impl FnMut() -> F) -> T {
    let mut left = TRIES;
    loop {
        let committed = Arc::new(AtomicBool::new(false));
        let done = COMMITTED.scope(Arc::clone(&committed), work()).await;
        let committed = committed.load(Ordering::Relaxed);
        if committed {
            note_commit();
        }
        left = left.saturating_sub(1);
        if committed || left == 0 || !lost(&done) {
            return done;
        }
    }
}

/// The same for the work of a service.
///
/// # Errors
/// Those of the work; `Raced` when it lost every time.
pub async fn again_raced<T, F: Future<Output = crate::Result<T>>>(work: impl FnMut() -> F) -> crate::Result<T> {
    again(|done| matches!(done, Err(crate::Error::Raced(_))), work).await
}

/// Something is durable: the work around it is not done again.
pub(super) fn note_commit() {
    // Outside of any such work there is nobody to tell.
    COMMITTED.try_with(|committed| committed.store(true, Ordering::Relaxed)).unwrap_or_default();
}
