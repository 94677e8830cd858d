//! What a call has used: CPU time of the thread while the call is being polled, and counters of the capabilities.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use cpu_time::ThreadTime;

/// What a call has used.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Usage {
    /// CPU time.
    pub cpu: Duration,
    /// Time from start to end.
    pub wall: Duration,
    /// Host calls.
    pub host_calls: u32,
    /// Rows read and written.
    pub rows: u32,
    /// Most linear memory at once, bytes.
    pub memory: usize,
}

/// CPU time so far, shared between the polling side and the guest's interrupt.
#[derive(Debug, Default)]
pub(crate) struct Meter {
    finished: AtomicU64,
    since: AtomicU64,
}

fn thread_nanos() -> u64 {
    ThreadTime::try_now().map_or(0, |now| u64::try_from(now.as_duration().as_nanos()).unwrap_or(u64::MAX))
}

impl Meter {
    /// CPU time used up to now; right on the thread that runs the call.
    pub(crate) fn now(&self) -> Duration {
        let open = thread_nanos().saturating_sub(self.since.load(Ordering::Relaxed));
        Duration::from_nanos(self.finished.load(Ordering::Relaxed).saturating_add(open))
    }

    /// CPU time used by all finished polls.
    pub(crate) fn total(&self) -> Duration {
        Duration::from_nanos(self.finished.load(Ordering::Relaxed))
    }
}

/// A future whose CPU time is counted.
pub(super) struct Metered<F> {
    inner: Pin<Box<F>>,
    meter: Arc<Meter>,
}

impl<F> Metered<F> {
    pub(super) fn new(inner: F, meter: Arc<Meter>) -> Self {
        Self { inner: Box::pin(inner), meter }
    }
}

impl<F: Future> Future for Metered<F> {
    type Output = F::Output;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let start = thread_nanos();
        self.meter.since.store(start, Ordering::Relaxed);
        let result = self.inner.as_mut().poll(context);
        self.meter.finished.fetch_add(thread_nanos().saturating_sub(start), Ordering::Relaxed);
        result
    }
}
