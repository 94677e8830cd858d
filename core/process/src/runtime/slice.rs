//! Stepping in slices of processor time: short steps where they are asked for, long ones off the async threads.

use std::time::Duration;

use cpu_time::ThreadTime;
use kernel::{Error, Result};

use crate::stepper::budget::Pace;

/// Processor time of all steps of one transaction: then what is left goes back into the job queue.
pub(super) const SLICE: Duration = Duration::from_millis(50);

/// What a step may take on a thread that serves others: most take a tenth of it, and a change of threads, with the
/// writing connection in hand, costs more than they do.
const MOMENT: Duration = Duration::from_millis(1);

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

/// Does work here and now that stops by itself after a moment, or earlier when nothing is left. Gives what is left
/// afterwards.
pub(super) fn here<T>(left: Duration, work: impl FnOnce(&Slice) -> T) -> (T, Duration) {
    let slice = Slice { begun: ThreadTime::now(), left: left.min(MOMENT) };
    let done = work(&slice);
    (done, left.saturating_sub(slice.begun.elapsed()))
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
