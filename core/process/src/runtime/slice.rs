//! Stepping off the async threads, in slices of processor time.

use std::time::Duration;

use cpu_time::ThreadTime;
use kernel::{Error, Result};

use crate::stepper::budget::Pace;

/// Processor time of all steps of one transaction: then what is left goes back into the job queue.
pub(super) const SLICE: Duration = Duration::from_millis(50);

/// A slice under way on the thread that measures it.
#[derive(Debug)]
pub(super) struct Slice {
    begun: ThreadTime,
    left: Duration,
}

impl Pace for Slice {
    fn is_over(&self) -> bool {
        self.begun.elapsed() >= self.left
    }
}

/// Does work that may take what is left of a slice on a thread for such work. Gives what is left afterwards.
///
/// # Errors
/// When the work panics.
pub(super) async fn work<T: Send + 'static>(
    left: Duration,
    work: impl FnOnce(&Slice) -> T + Send + 'static,
) -> Result<(T, Duration)> {
    let timed = move || {
        let slice = Slice { begun: ThreadTime::now(), left };
        let done = work(&slice);
        (done, left.saturating_sub(slice.begun.elapsed()))
    };
    tokio::task::spawn_blocking(timed).await.map_err(Error::internal)
}
