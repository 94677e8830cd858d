//! What a call has used: CPU time of the thread while the call is being polled, how much of it was the guest's own, and
//! counters of the capabilities.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use cpu_time::ThreadTime;

/// What a call has used.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Usage {
    /// CPU time, that of the host for the plugin included; a budget counts the plugin's own alone.
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

/// CPU time so far, shared between the polling side and the guest's interrupt, in nanoseconds.
///
/// Only the guest's own counts against a budget: what the host does for it (a save with its hooks, SQL) takes longer in a
/// company of many rules and on a slow machine, and is bounded by rows, calls and the time from start to end.
#[derive(Debug, Default)]
pub(crate) struct Meter {
    finished: AtomicU64,
    own: AtomicU64,
    /// The thread's time when the guest's code was entered; 0 outside of it. A call never waits inside: it is left first.
    entered: AtomicU64,
}

fn thread_nanos() -> u64 {
    ThreadTime::try_now().map_or(0, |now| u64::try_from(now.as_duration().as_nanos()).unwrap_or(u64::MAX))
}

impl Meter {
    /// CPU time of the guest's own code up to now; right on the thread that runs the call.
    pub(crate) fn own(&self) -> Duration {
        let open = match self.entered.load(Ordering::Relaxed) {
            0 => 0,
            since => thread_nanos().saturating_sub(since),
        };
        Duration::from_nanos(self.own.load(Ordering::Relaxed).saturating_add(open))
    }

    /// The guest's code begins or goes on.
    pub(super) fn enter(&self) {
        self.entered.store(thread_nanos(), Ordering::Relaxed);
    }

    /// The guest's code ends or asks something of the host.
    pub(super) fn leave(&self) {
        let since = self.entered.swap(0, Ordering::Relaxed);
        if since > 0 {
            self.own.fetch_add(thread_nanos().saturating_sub(since), Ordering::Relaxed);
        }
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
        let result = self.inner.as_mut().poll(context);
        self.meter.finished.fetch_add(thread_nanos().saturating_sub(start), Ordering::Relaxed);
        result
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Works until the thread has used some time more.
    fn work() {
        let until = thread_nanos() + 2_000_000;
        while thread_nanos() < until {}
    }

    #[test]
    fn what_the_host_does_meanwhile_is_not_the_guests_own() {
        let meter = Meter::default();
        work();
        assert_eq!(meter.own(), Duration::ZERO, "it was not entered yet");
        meter.enter();
        work();
        let inside = meter.own();
        assert!(inside >= Duration::from_millis(2), "its time runs while it is inside: {inside:?}");
        meter.leave();
        let left = meter.own();
        work();
        assert_eq!(meter.own(), left, "the host works");
        meter.enter();
        work();
        meter.leave();
        assert!(meter.own() >= left + Duration::from_millis(2), "it goes on where it stood");
        meter.leave();
        work();
        assert!(meter.own() < left + Duration::from_secs(1), "left twice it is out");
    }
}
