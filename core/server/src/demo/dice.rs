//! Repeatable chance: the same seed tells the same story.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use kernel::Timestamp;
use kernel::clock::{Clock, Random, TestRandom};

/// A seeded source of choices.
#[derive(Debug)]
pub(super) struct Dice(TestRandom);

impl Dice {
    pub(super) const fn new(seed: u64) -> Self {
        Self(TestRandom::new(seed))
    }

    /// A number from 0 to `below` - 1.
    pub(super) fn below(&self, below: usize) -> usize {
        let mut bytes = [0_u8; 8];
        self.0.fill(&mut bytes);
        let below = u64::try_from(below.max(1)).unwrap_or(1);
        usize::try_from(u64::from_le_bytes(bytes) % below).unwrap_or_default()
    }

    /// A number from `from` to `to`, both included.
    pub(super) fn between(&self, from: i64, to: i64) -> i64 {
        let span = usize::try_from(to - from + 1).unwrap_or(1);
        from + i64::try_from(self.below(span)).unwrap_or_default()
    }

    /// True in so many of a hundred cases.
    pub(super) fn chance(&self, percent: usize) -> bool {
        self.below(100) < percent
    }

    /// One of several.
    pub(super) fn pick<'a, T: ?Sized>(&self, of: &[&'a T]) -> &'a T
    where
        &'a T: Default,
    {
        of.get(self.below(of.len())).copied().unwrap_or_default()
    }
}

/// A clock that is moved through the past while the story is told.
#[derive(Debug)]
pub(super) struct Past(AtomicI64);

impl Past {
    pub(super) fn at(start: Timestamp) -> Arc<Self> {
        Arc::new(Self(AtomicI64::new(start.0)))
    }

    /// Moves to an instant, never backwards.
    pub(super) fn go_to(&self, at: Timestamp) {
        self.0.fetch_max(at.0, Ordering::SeqCst);
    }

    /// Lets minutes pass.
    pub(super) fn pass(&self, minutes: i64) {
        self.go_to(self.now().plus_seconds(minutes * 60));
    }
}

impl Clock for Past {
    fn now(&self) -> Timestamp {
        Timestamp(self.0.load(Ordering::SeqCst))
    }
}
