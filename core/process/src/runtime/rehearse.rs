//! Dry runs and previews: stepping that changes nothing, with a limit for each person, so that nobody takes the
//! processors from the others.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use kernel::{Ctx, Error, Result, UserId};
use tokio::sync::Semaphore;

use super::slice::{self, SLICE, Slice};

/// Rehearsals that run at once; the others wait for their turn.
const AT_ONCE: usize = 2;
/// Rehearsals of one person, running or waiting.
const OF_ONE: usize = 4;
/// Processor time of one.
const TIME: Duration = SLICE.saturating_mul(10);

/// Who is at it.
#[derive(Debug, Clone)]
pub(super) struct Rehearsals {
    people: Arc<Mutex<HashMap<Option<UserId>, usize>>>,
    slots: Arc<Semaphore>,
}

impl Default for Rehearsals {
    fn default() -> Self {
        Self { people: Arc::default(), slots: Arc::new(Semaphore::new(AT_ONCE)) }
    }
}

/// One of a person's places; given back when it is dropped.
struct Place {
    of: Option<UserId>,
    people: Arc<Mutex<HashMap<Option<UserId>, usize>>>,
}

impl Rehearsals {
    /// Steps for a person, in the time of a rehearsal.
    ///
    /// # Errors
    /// `Limited` when the person has too many of them under way.
    pub(super) async fn run<T: Send + 'static>(
        &self,
        ctx: &Ctx,
        work: impl FnOnce(&Slice) -> T + Send + 'static,
    ) -> Result<T> {
        let place = self.enter(ctx.user())?;
        let slot = Arc::clone(&self.slots).acquire_owned().await.map_err(Error::internal)?;
        // They end with the work, not with the request: whoever hangs up does not get another place for it.
        let held = move |slice: &Slice| {
            let done = work(slice);
            drop((place, slot));
            done
        };
        Ok(slice::work(TIME, held).await?.0)
    }

    fn enter(&self, of: Option<UserId>) -> Result<Place> {
        let mut people = self.people.lock().unwrap_or_else(PoisonError::into_inner);
        let taken = people.entry(of).or_default();
        if *taken >= OF_ONE {
            return Err(Error::Limited { retry_after: 1 });
        }
        *taken += 1;
        Ok(Place { of, people: Arc::clone(&self.people) })
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut people = self.people.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(taken) = people.get_mut(&self.of) {
            *taken = taken.saturating_sub(1);
            if *taken == 0 {
                people.remove(&self.of);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_person_has_so_many_rehearsals_and_no_more_and_gets_places_back() {
        let rehearsals = Rehearsals::default();
        let (ann, bob) = (Some(UserId(uuid::Uuid::from_u128(1))), Some(UserId(uuid::Uuid::from_u128(2))));
        let mut places: Vec<_> = (0..OF_ONE).map(|_| rehearsals.enter(ann).unwrap()).collect();
        assert!(matches!(rehearsals.enter(ann), Err(Error::Limited { .. })));
        assert!(rehearsals.enter(bob).is_ok());
        places.pop();
        assert!(rehearsals.enter(ann).is_ok());
        places.clear();
        assert!(rehearsals.people.lock().unwrap().is_empty());
    }
}
