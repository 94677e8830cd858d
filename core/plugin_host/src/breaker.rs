//! Circuit breakers: one per tenant, plugin and extension point. Pure but for the lock around the table.
//!
//! Opens after 5 failures in a row or 10 of the last 20 calls; after a pause one call is let through as a probe; the
//! pause doubles from 30 seconds to 10 minutes; three openings within an hour stop the point for good.

use std::collections::{HashMap, VecDeque};
use std::sync::{Mutex, PoisonError};

use kernel::{TenantId, Timestamp};
use serde::Serialize;

const IN_A_ROW: u32 = 5;
const WINDOW: usize = 20;
const FIRST_PAUSE: i64 = 30;
const LONGEST_PAUSE: i64 = 600;
const OPENINGS: usize = 3;
/// Seconds.
pub(crate) const OPENINGS_WITHIN: i64 = 3_600;

/// State of a breaker, as the API names it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum BreakerState {
    /// Calls pass.
    Closed,
    /// Calls are held back.
    Open,
    /// One call is let through to see.
    HalfOpen,
    /// Stopped until an admin enables the plugin again.
    Disabled,
}

/// What a finished call changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Change {
    /// Nothing.
    None,
    /// Opened for so many seconds.
    Opened(i64),
    /// Closed again.
    Closed,
    /// Opened too often: stop the point for good.
    Stop,
}

#[derive(Debug, Default)]
struct Breaker {
    in_a_row: u32,
    recent: VecDeque<bool>,
    open_until: Option<Timestamp>,
    probing: bool,
    pause: i64,
    openings: VecDeque<Timestamp>,
}

impl Breaker {
    fn state(&self, now: Timestamp) -> BreakerState {
        match self.open_until {
            None => BreakerState::Closed,
            Some(until) if now < until => BreakerState::Open,
            Some(_) => BreakerState::HalfOpen,
        }
    }

    fn allow(&mut self, now: Timestamp) -> bool {
        match self.state(now) {
            BreakerState::Closed => true,
            BreakerState::HalfOpen if !self.probing => {
                self.probing = true;
                true
            }
            _ => false,
        }
    }

    fn record(&mut self, now: Timestamp, good: bool) -> Change {
        if self.open_until.is_some() {
            return self.probed(now, good);
        }
        self.recent.push_back(good);
        if self.recent.len() > WINDOW {
            self.recent.pop_front();
        }
        self.in_a_row = if good { 0 } else { self.in_a_row + 1 };
        let failures = self.recent.iter().filter(|good| !**good).count();
        if self.in_a_row >= IN_A_ROW || failures * 2 >= WINDOW {
            return self.open(now, FIRST_PAUSE);
        }
        Change::None
    }

    fn probed(&mut self, now: Timestamp, good: bool) -> Change {
        if !self.probing {
            return Change::None;
        }
        self.probing = false;
        if !good {
            return self.open(now, (self.pause * 2).min(LONGEST_PAUSE));
        }
        let openings = std::mem::take(&mut self.openings);
        *self = Self { openings, ..Self::default() };
        Change::Closed
    }

    fn open(&mut self, now: Timestamp, pause: i64) -> Change {
        self.openings.push_back(now);
        self.openings.retain(|at| at.plus_seconds(OPENINGS_WITHIN) > now);
        self.pause = pause;
        self.open_until = Some(now.plus_seconds(pause));
        self.recent.clear();
        self.in_a_row = 0;
        if self.openings.len() >= OPENINGS { Change::Stop } else { Change::Opened(pause) }
    }
}

/// Where a breaker stands.
pub(crate) type Key = (TenantId, String, String);

/// All breakers of this process.
#[derive(Debug, Default)]
pub(crate) struct Breakers(Mutex<HashMap<Key, Breaker>>);

impl Breakers {
    fn with<T>(&self, look: impl FnOnce(&mut HashMap<Key, Breaker>) -> T) -> T {
        look(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Leave to make calls now; none while the breaker is open.
    pub(crate) fn allow(&self, key: &Key, now: Timestamp) -> Option<Permit<'_>> {
        let probe = self.with(|all| match all.get_mut(key) {
            None => Some(false),
            Some(breaker) => breaker.allow(now).then_some(breaker.probing),
        })?;
        Some(Permit { breakers: self, key: key.clone(), probe })
    }

    /// Takes note of how a call went. Points that never failed cost nothing.
    pub(crate) fn record(&self, key: &Key, now: Timestamp, good: bool) -> Change {
        self.with(|all| {
            if good && !all.contains_key(key) {
                return Change::None;
            }
            all.entry(key.clone()).or_default().record(now, good)
        })
    }

    /// The state shown to admins.
    pub(crate) fn state(&self, key: &Key, now: Timestamp) -> BreakerState {
        self.with(|all| all.get(key).map_or(BreakerState::Closed, |breaker| breaker.state(now)))
    }

    /// Forgets everything about a plugin in a tenant.
    pub(crate) fn reset(&self, tenant: TenantId, plugin: &str) {
        self.with(|all| all.retain(|(of, name, _), _| *of != tenant || name != plugin));
    }
}

/// Leave to make calls at a point. A probe whose outcome is never told, because its caller went away, gives its place back.
#[must_use]
pub(crate) struct Permit<'a> {
    breakers: &'a Breakers,
    key: Key,
    probe: bool,
}

impl Permit<'_> {
    /// Takes note of how a call under this permit went.
    pub(crate) fn record(&mut self, now: Timestamp, good: bool) -> Change {
        self.probe = false;
        self.breakers.record(&self.key, now, good)
    }
}

impl Drop for Permit<'_> {
    fn drop(&mut self) {
        if self.probe {
            self.breakers.with(|all| all.get_mut(&self.key).map(|breaker| breaker.probing = false));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const START: Timestamp = Timestamp(1_790_000_000_000_000);

    fn key() -> Key {
        (TenantId(uuid::Uuid::nil()), "a.b".to_owned(), "hook:x".to_owned())
    }

    fn fail(breakers: &Breakers, times: usize, now: Timestamp) -> Change {
        (0..times).map(|_| breakers.record(&key(), now, false)).last().unwrap()
    }

    #[test]
    fn five_failures_open_and_a_probe_closes() {
        let breakers = Breakers::default();
        assert_eq!(fail(&breakers, 4, START), Change::None);
        assert_eq!(breakers.record(&key(), START, true), Change::None);
        assert_eq!(fail(&breakers, 5, START), Change::Opened(30));
        assert!(breakers.allow(&key(), START.plus_seconds(29)).is_none());
        assert_eq!(breakers.state(&key(), START.plus_seconds(30)), BreakerState::HalfOpen);
        let mut probe = breakers.allow(&key(), START.plus_seconds(30)).expect("a probe");
        assert!(breakers.allow(&key(), START.plus_seconds(30)).is_none(), "only one probe");
        assert_eq!(probe.record(START.plus_seconds(31), true), Change::Closed);
        assert!(breakers.allow(&key(), START.plus_seconds(31)).is_some());
    }

    #[test]
    fn a_probe_whose_caller_goes_away_gives_its_place_back() {
        let breakers = Breakers::default();
        fail(&breakers, 5, START);
        let later = START.plus_seconds(30);
        drop(breakers.allow(&key(), later).expect("a probe"));
        let mut next = breakers.allow(&key(), later).expect("the next one");
        assert_eq!(next.record(later, false), Change::Opened(60));
        drop(next);
        assert!(breakers.allow(&key(), later).is_none(), "a probe that failed is over");
    }

    #[test]
    fn half_of_the_last_twenty_open() {
        let breakers = Breakers::default();
        let mut change = Change::None;
        for call in 0..20 {
            change = breakers.record(&key(), START, call % 2 == 0);
        }
        assert_eq!(change, Change::Opened(30));
    }

    #[test]
    fn pauses_double_and_three_openings_an_hour_stop() {
        let breakers = Breakers::default();
        assert_eq!(fail(&breakers, 5, START), Change::Opened(30));
        let later = START.plus_seconds(30);
        assert_eq!(breakers.allow(&key(), later).unwrap().record(later, false), Change::Opened(60));
        let later = later.plus_seconds(60);
        assert_eq!(breakers.allow(&key(), later).unwrap().record(later, false), Change::Stop);
        breakers.reset(TenantId(uuid::Uuid::nil()), "a.b");
        assert!(breakers.allow(&key(), later).is_some());
    }
}
