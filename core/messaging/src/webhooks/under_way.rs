//! How many deliveries of a webhook are under way at once: a receiver that is slow takes no more of the slots that its
//! company's deliveries share. Counted by process.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use uuid::Uuid;

/// Deliveries of a webhook that one process has under way.
const AT_ONCE: usize = 2;

/// What is under way, by webhook.
#[derive(Debug, Default)]
pub(super) struct UnderWay(Mutex<HashMap<Uuid, usize>>);

/// A delivery under way; over when dropped.
#[derive(Debug)]
pub(super) struct Going<'a> {
    of: &'a UnderWay,
    webhook: Uuid,
}

impl UnderWay {
    /// Has another delivery be under way; none while as many are as may be.
    pub fn begin(&self, webhook: Uuid) -> Option<Going<'_>> {
        let mut all = self.counts();
        let count = all.entry(webhook).or_default();
        if *count >= AT_ONCE {
            return None;
        }
        *count += 1;
        Some(Going { of: self, webhook })
    }

    fn counts(&self) -> MutexGuard<'_, HashMap<Uuid, usize>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Going<'_> {
    fn drop(&mut self) {
        let mut all = self.of.counts();
        if let Some(count) = all.get_mut(&self.webhook) {
            *count -= 1;
            if *count == 0 {
                all.remove(&self.webhook);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_webhook_has_its_own_and_what_ends_makes_room() {
        let (all, one, other) = (UnderWay::default(), Uuid::from_u128(1), Uuid::from_u128(2));
        let first = all.begin(one).unwrap();
        let _second = all.begin(one).unwrap();
        assert!(all.begin(one).is_none());
        let third = all.begin(other).unwrap();
        drop(first);
        assert!(all.begin(one).is_some());
        drop(third);
        assert_eq!(all.counts().len(), 1, "nothing is kept of who has none");
    }
}
