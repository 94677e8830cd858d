//! Live events: one reader of the event log for all open streams of this node.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::Duration;

use kernel::event::{self, Cursor, Event, Selection};
use kernel::{Db, Error, Timestamp};
use people::Identity;
use tokio::sync::broadcast;
use tokio_util::sync::CancellationToken;

/// Events kept for a slow stream; one that falls further behind reads the log itself.
const BACKLOG: usize = 4_096;
/// Events read at once.
const PAGE: u64 = 500;
/// How often another node's commits are looked for.
const POLL: Duration = Duration::from_millis(500);

/// Judged events that are remembered for a person's other streams.
const JUDGED: usize = 2_048;
/// Seconds for which a judgement holds: as long as an identity is kept.
const HOLDS_SECONDS: i64 = 5;

/// Whose streams see the same: a person, and what narrows their rights.
type Who = (uuid::Uuid, Option<uuid::Uuid>);

/// Which events somebody may see, asked once for all of their streams.
#[derive(Debug)]
pub struct Ears {
    person: uuid::Uuid,
    judged: tokio::sync::Mutex<VecDeque<(Cursor, Timestamp, Option<Event>)>>,
}

impl Ears {
    /// Those of the events that the person may see, in their order; `ask` is asked about those that nobody has asked
    /// about a moment ago.
    ///
    /// # Errors
    /// Those of `ask`.
    pub async fn judge<F: Future<Output = kernel::Result<Vec<Event>>>>(
        &self,
        now: Timestamp,
        events: Vec<Event>,
        ask: impl FnOnce(Vec<Event>) -> F,
    ) -> kernel::Result<Vec<Event>> {
        let mut judged = self.judged.lock().await;
        judged.retain(|(_, at, _)| at.plus_seconds(HOLDS_SECONDS) > now && *at <= now);
        let known: BTreeMap<Cursor, Option<Event>> =
            judged.iter().map(|(cursor, _, seen)| (*cursor, seen.clone())).collect();
        let (old, new): (Vec<Event>, Vec<Event>) =
            events.into_iter().partition(|event| known.contains_key(&event.cursor()));
        let mut seen: Vec<Event> =
            old.iter().filter_map(|event| known.get(&event.cursor()).cloned().flatten()).collect();
        if !new.is_empty() {
            let cursors: Vec<Cursor> = new.iter().map(Event::cursor).collect();
            let visible = ask(new).await?;
            for cursor in cursors {
                let event = visible.iter().find(|event| event.cursor() == cursor).cloned();
                judged.push_back((cursor, now, event));
            }
            while judged.len() > JUDGED {
                judged.pop_front();
            }
            seen.extend(visible);
            seen.sort_by_key(Event::cursor);
        }
        Ok(seen)
    }
}

/// An open stream of somebody.
#[derive(Debug)]
pub struct Listener {
    /// What they share with their other streams.
    pub ears: Arc<Ears>,
    open: Arc<Mutex<HashMap<uuid::Uuid, usize>>>,
}

impl Drop for Listener {
    fn drop(&mut self) {
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = open.get_mut(&self.ears.person) {
            *count = count.saturating_sub(1);
            if *count == 0 {
                open.remove(&self.ears.person);
            }
        }
    }
}

/// A feed of events as they are committed; cheap to clone.
#[derive(Debug, Clone)]
pub struct Feed {
    db: Db,
    events: broadcast::Sender<Arc<Event>>,
    /// Where the newest listeners began, until the reader has taken notice of it.
    begun: Arc<Mutex<Option<Cursor>>>,
    /// Open streams by person.
    open: Arc<Mutex<HashMap<uuid::Uuid, usize>>>,
    ears: Arc<Mutex<HashMap<Who, Weak<Ears>>>>,
}

impl Feed {
    /// A feed that nobody reads yet.
    pub fn new(db: &Db) -> Self {
        Self {
            db: db.clone(),
            events: broadcast::Sender::new(BACKLOG),
            begun: Arc::default(),
            open: Arc::default(),
            ears: Arc::default(),
        }
    }

    /// Counts a stream that somebody opens; it is theirs until the listener is dropped.
    ///
    /// # Errors
    /// `Limited` when `most` are open already.
    pub fn listen(&self, identity: &Identity, most: usize) -> kernel::Result<Listener> {
        let who: Who = (identity.person(), identity.through());
        let person = who.0;
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        let count = open.entry(person).or_default();
        if *count >= most {
            return Err(Error::Limited { retry_after: 5 });
        }
        *count += 1;
        let mut ears = self.ears.lock().unwrap_or_else(PoisonError::into_inner);
        ears.retain(|_, ears| ears.strong_count() > 0);
        let known = ears.get(&who).and_then(Weak::upgrade);
        let mine = known.unwrap_or_else(|| Arc::new(Ears { person, judged: tokio::sync::Mutex::default() }));
        ears.insert(who, Arc::downgrade(&mine));
        Ok(Listener { ears: mine, open: Arc::clone(&self.open) })
    }

    /// Events from now on, and the place in the log where "now" is: every event after it will be heard; older ones may
    /// be too, when the reader is a little behind.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn subscribe(&self) -> Result<(broadcast::Receiver<Arc<Event>>, Cursor), sea_orm::DbErr> {
        let events = self.events.subscribe();
        let head = event::head(self.db.read()).await?;
        let mut begun = self.begun.lock().unwrap_or_else(PoisonError::into_inner);
        *begun = Some(begun.map_or(head, |other| Ord::min(other, head)));
        drop(begun);
        Ok((events, head))
    }

    /// Reads the log and tells the streams, until stopped. With nobody listening it rests.
    pub async fn run(self, stop: CancellationToken) {
        let mut commits = self.db.commits();
        let mut cursor = None;
        while !stop.is_cancelled() {
            match self.step(&mut cursor).await {
                Ok(true) => continue,
                Ok(false) => {}
                Err(error) => tracing::error!(%error, "the event log could not be read"),
            }
            tokio::select! {
                () = stop.cancelled() => return,
                _ = commits.changed() => {}
                () = tokio::time::sleep(POLL) => {}
            }
        }
    }

    /// One page. True when there may be more.
    async fn step(&self, cursor: &mut Option<Cursor>) -> Result<bool, sea_orm::DbErr> {
        let begun = {
            let mut begun = self.begun.lock().unwrap_or_else(PoisonError::into_inner);
            if self.events.receiver_count() == 0 {
                (*begun, *cursor) = (None, None);
                return Ok(false);
            }
            begun.take()
        };
        // Whoever is listening and has not said from where will do so in a moment.
        let Some(after) = cursor.or(begun) else { return Ok(false) };
        *cursor = Some(after);
        let events = event::read_after(self.db.read(), after, &Selection::default(), PAGE).await?;
        let full = u64::try_from(events.len()).unwrap_or(0) == PAGE;
        for event in events {
            *cursor = Some(event.cursor());
            // Nobody listening any more is no error.
            drop(self.events.send(Arc::new(event)));
        }
        Ok(full)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use kernel::clock::Env;
    use kernel::ctx::Cause;
    use kernel::{Actor, TenantId};

    use super::*;

    fn event(id: i64) -> Event {
        Event {
            id,
            tx: 0,
            tenant: TenantId(uuid::Uuid::nil()),
            at: Timestamp(0),
            kind: "lead.updated".into(),
            entity: "lead".into(),
            record: uuid::Uuid::nil(),
            version: 1,
            actor: Actor::System,
            cause: Cause::root(&Env::system()),
            batch: None,
            changes: serde_json::Value::Null,
        }
    }

    #[tokio::test]
    async fn one_person_is_asked_about_once_however_many_streams_they_have() {
        let ears = Ears { person: uuid::Uuid::nil(), judged: tokio::sync::Mutex::default() };
        let asked = AtomicUsize::new(0);
        let hear = async |now: i64, ids: std::ops::Range<i64>| {
            let odd = |events: Vec<Event>| {
                asked.fetch_add(events.len(), Ordering::Relaxed);
                std::future::ready(Ok(events.into_iter().filter(|event| event.id % 2 == 1).collect()))
            };
            let seen = ears.judge(Timestamp(now * 1_000_000), ids.map(event).collect(), odd).await.unwrap();
            (seen.iter().map(|event| event.id).collect::<Vec<_>>(), asked.swap(0, Ordering::Relaxed))
        };
        assert_eq!(hear(10, 0..4).await, (vec![1, 3], 4));
        assert_eq!(hear(10, 0..4).await, (vec![1, 3], 0));
        assert_eq!(hear(11, 2..6).await, (vec![3, 5], 2));
        // Rights may have changed since.
        assert_eq!(hear(20, 0..4).await, (vec![1, 3], 4));
    }
}
