//! Live events: one reader of the event log for all open streams of this node.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use kernel::Db;
use kernel::event::{self, Event, Selection};
use tokio::sync::broadcast;
use tokio_util::sync::CancellationToken;

/// Events kept for a slow stream; one that falls further behind reads the log itself.
const BACKLOG: usize = 4_096;
/// Events read at once.
const PAGE: u64 = 500;
/// How often another node's commits are looked for.
const POLL: Duration = Duration::from_millis(500);

/// A feed of events as they are committed; cheap to clone.
#[derive(Debug, Clone)]
pub struct Feed {
    db: Db,
    events: broadcast::Sender<Arc<Event>>,
    /// Where the newest listeners began, until the reader has taken notice of it.
    begun: Arc<Mutex<Option<event::Cursor>>>,
}

impl Feed {
    /// A feed that nobody reads yet.
    pub fn new(db: &Db) -> Self {
        Self { db: db.clone(), events: broadcast::Sender::new(BACKLOG), begun: Arc::default() }
    }

    /// Events from now on, and the place in the log where "now" is: every event after it will be heard; older ones may
    /// be too, when the reader is a little behind.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn subscribe(&self) -> Result<(broadcast::Receiver<Arc<Event>>, event::Cursor), sea_orm::DbErr> {
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
    async fn step(&self, cursor: &mut Option<event::Cursor>) -> Result<bool, sea_orm::DbErr> {
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
