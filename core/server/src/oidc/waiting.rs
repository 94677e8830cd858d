//! How many steps of sign-ins wait for a provider at once: each holds a place among the requests that are in work, so one that
//! is slow takes no more than its share, nor do all that a company has set up, and all of them together leave the others room.
//! Counted by process.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use uuid::Uuid;

/// Steps that wait for one provider, for those of a company, and for all: a quarter of the requests in work (`http.concurrency`) as
/// it is by default.
pub(super) const OF_ONE: usize = 16;
const OF_COMPANY: usize = 32;
const OF_ALL: usize = 128;

/// A company and a provider of its own.
type Whose = (Uuid, Uuid);

/// What waits, by company and provider.
#[derive(Debug, Default)]
pub(super) struct Waiting(Mutex<HashMap<Whose, usize>>);

/// A step that waits; over when dropped.
#[derive(Debug)]
pub(super) struct Waits<'a> {
    of: &'a Waiting,
    whose: Whose,
}

impl Waiting {
    /// Has another step wait; none while as many do as may.
    pub fn begin(&self, company: Uuid, provider: Uuid) -> Option<Waits<'_>> {
        let (mut all, whose) = (self.counts(), (company, provider));
        let together: usize = all.values().sum();
        let of_company: usize = all.iter().filter(|(other, _)| other.0 == company).map(|(_, count)| count).sum();
        let count = all.get(&whose).copied().unwrap_or_default();
        if count >= OF_ONE || of_company >= OF_COMPANY || together >= OF_ALL {
            return None;
        }
        all.insert(whose, count + 1);
        Some(Waits { of: self, whose })
    }

    fn counts(&self) -> MutexGuard<'_, HashMap<Whose, usize>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Waits<'_> {
    fn drop(&mut self) {
        let mut all = self.of.counts();
        if let Some(count) = all.get_mut(&self.whose) {
            *count -= 1;
            if *count == 0 {
                all.remove(&self.whose);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_provider_and_each_company_has_its_share_of_what_all_have() {
        let all = Waiting::default();
        // Of a company's ten providers more than one may do at once.
        let begin = |company, provider| {
            let (company, provider) = (Uuid::from_u128(company), Uuid::from_u128(provider));
            (0..=OF_ONE).filter_map(|_| all.begin(company, provider)).collect::<Vec<_>>()
        };
        let one: Vec<_> = (0..10).flat_map(|provider| begin(1, provider)).collect();
        assert_eq!(one.len(), OF_COMPANY);
        let other = begin(2, 100);
        assert_eq!((other.len(), all.counts().len()), (OF_ONE, 3), "the company beside has its own");
        let rest: Vec<_> = (3..100).flat_map(|company| begin(company, company)).collect();
        assert_eq!(one.len() + other.len() + rest.len(), OF_ALL);
        assert!(begin(200, 200).is_empty());
        drop((one, other, rest));
        assert_eq!(begin(200, 200).len(), OF_ONE);
        assert!(all.counts().is_empty(), "nothing is kept of who has none");
    }
}
