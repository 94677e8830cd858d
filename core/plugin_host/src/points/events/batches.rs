//! Which events go to a plugin together. Pure.
//!
//! A call happens in the name of one actor and carries one chain of causes on, so that rights and loop protection stay
//! those of each event: events with another actor or chain go in another call. The calls are in such an order that a
//! record's events come in theirs.

use std::collections::HashMap;

use kernel::ctx::{Actor, Cause};
use kernel::event::Event;
use uuid::Uuid;

/// Events delivered at once.
pub(super) const DELIVER: usize = 200;

/// Cuts events, oldest first, into calls.
pub(super) fn batches(events: Vec<Event>) -> Vec<Vec<Event>> {
    let mut batches: Vec<Vec<Event>> = Vec::new();
    let mut last: HashMap<Uuid, usize> = HashMap::new();
    for event in events {
        let from = last.get(&event.record).copied().unwrap_or_default();
        let room =
            |batch: &Vec<Event>| batch.len() < DELIVER && batch.first().is_some_and(|first| alike(first, &event));
        let index = (from..batches.len()).find(|index| batches.get(*index).is_some_and(room));
        last.insert(event.record, index.unwrap_or(batches.len()));
        match index.and_then(|index| batches.get_mut(index)) {
            Some(batch) => batch.push(event),
            None => batches.push(vec![event]),
        }
    }
    batches
}

/// Whether two events may share a call: the same actor, as far from the first act and by the same way.
fn alike(one: &Event, other: &Event) -> bool {
    one.actor == other.actor && one.cause.hop == other.cause.hop && one.cause.chain == other.cause.chain
}

/// In whose name a batch is handled, and why: one cause where the events have one, else one of the same length.
pub(super) fn origin(batch: &[Event]) -> Option<(Actor, Cause)> {
    let first = batch.first()?;
    let mut cause = first.cause.clone();
    if batch.iter().any(|event| event.cause.root != cause.root) {
        cause.root = kernel::id::derived(&format!("events after {}", first.before()));
    }
    Some((first.actor.clone(), cause))
}

#[cfg(test)]
mod tests {
    use kernel::{TenantId, Timestamp, UserId};
    use serde_json::Value as Json;

    use super::*;

    fn event(id: i64, record: u128, user: u128, chain: &[&str]) -> Event {
        let chain: Vec<String> = chain.iter().map(|link| (*link).to_owned()).collect();
        Event {
            id,
            tx: 0,
            tenant: TenantId(Uuid::nil()),
            at: Timestamp(0),
            kind: "lead.updated".to_owned(),
            entity: "lead".to_owned(),
            record: Uuid::from_u128(record),
            version: id,
            actor: Actor::User { id: UserId(Uuid::from_u128(user)) },
            cause: Cause {
                root: Uuid::from_u128(u128::try_from(id).unwrap()),
                hop: u8::try_from(chain.len()).unwrap(),
                chain,
            },
            batch: None,
            changes: Json::Null,
        }
    }

    fn ids(events: Vec<Event>) -> Vec<Vec<i64>> {
        batches(events).iter().map(|batch| batch.iter().map(|event| event.id).collect()).collect()
    }

    #[test]
    fn actors_and_chains_part_and_records_stay_in_order() {
        let mixed = vec![event(1, 1, 1, &[]), event(2, 2, 2, &[]), event(3, 3, 1, &[]), event(4, 4, 1, &["a:x"])];
        assert_eq!(ids(mixed), [vec![1, 3], vec![2], vec![4]]);
        // The second change of record 1 is another person's: what the first person did to it since comes after.
        let crossed = vec![event(1, 1, 1, &[]), event(2, 1, 2, &[]), event(3, 1, 1, &[]), event(4, 2, 1, &[])];
        assert_eq!(ids(crossed), [vec![1, 4], vec![2], vec![3]]);
    }

    #[test]
    fn a_batch_has_two_hundred_events_of_many_causes() {
        let many: Vec<Event> = (0..500).map(|n| event(n + 1, u128::try_from(n).unwrap(), 1, &[])).collect();
        let made = batches(many);
        assert_eq!(made.iter().map(Vec::len).collect::<Vec<_>>(), [200, 200, 100]);
        let (_, cause) = origin(&made[0]).unwrap();
        assert!(made[0].iter().all(|event| event.cause.root != cause.root) && cause.hop == 0);
        let (_, cause) = origin(&made[0][..1]).unwrap();
        assert_eq!(cause, made[0][0].cause);
    }
}
