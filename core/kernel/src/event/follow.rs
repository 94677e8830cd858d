//! Readers of the whole log: each event is seen at least once and made into jobs by whoever it concerns.

use std::collections::BTreeSet;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use super::{Cursor, Event, Selection};
use crate::Result;
use crate::clock::Env;
use crate::db::Db;
use crate::id::TenantId;
use crate::jobs::{self, NewJob};

/// Events read at once.
const READ: u64 = 500;
/// A burst of commits is answered once.
const BURST: Duration = Duration::from_millis(50);
/// Commits of other processes are not noticed: the log is looked at this often anyhow.
const LOOK: Duration = Duration::from_secs(1);

/// A named reader; of several processes with the same name one makes the jobs of an event.
#[derive(Debug)]
pub struct Follower {
    db: Db,
    env: Env,
    name: &'static str,
    repeat: usize,
    /// How far this process has read, and how many events of that were not written down.
    passed: Mutex<(Cursor, usize)>,
}

/// Whom events concern.
#[async_trait::async_trait]
pub trait Concern: Send + Sync {
    /// The jobs that these events make, oldest first. May be asked again about events that made none.
    async fn jobs(&self, events: Vec<Event>) -> Result<Vec<NewJob>>;

    /// Whether events of some companies alone concern it: then it is asked which (`heard`), and those of others are passed
    /// without being read.
    fn picks(&self) -> bool {
        false
    }

    /// Of these companies, those whose events may make jobs.
    async fn heard(&self, tenants: BTreeSet<TenantId>) -> Result<BTreeSet<TenantId>> {
        Ok(tenants)
    }
}

impl Follower {
    /// A reader that may see up to `repeat` events again after a restart, if they made no jobs: writing down how far it
    /// came costs a commit.
    pub fn new(db: &Db, env: &Env, name: &'static str, repeat: usize) -> Self {
        Self { db: db.clone(), env: env.clone(), name, repeat, passed: Mutex::default() }
    }

    /// Reads the log up to its end. Returns how many jobs were enqueued.
    ///
    /// # Errors
    /// When the database fails; nothing is lost, the next call goes on from there.
    pub async fn read_on(&self, concern: &dyn Concern) -> Result<usize> {
        let mut enqueued = 0;
        loop {
            let written = super::reader(self.db.read(), self.name).await?;
            let (passed, before) = self.passed();
            // What made no jobs was perhaps passed without writing it down.
            let (from, before) = if self.repeat > 0 && passed > written { (passed, before) } else { (written, 0) };
            let Some((to, count, events)) = self.next(concern, from).await? else { return Ok(enqueued) };
            let unwritten = before + count;
            let made = if events.is_empty() { Vec::new() } else { concern.jobs(events).await? };
            if made.is_empty() && unwritten < self.repeat {
                self.pass(to, unwritten);
                continue;
            }
            let tx = self.db.begin().await?;
            if !super::advance(&tx, self.name, written, to).await? {
                // Another process was here.
                tx.rollback().await?;
                return Ok(enqueued);
            }
            let jobs = made.len();
            for job in made {
                jobs::enqueue(&tx, &self.env, job).await?;
            }
            tx.commit().await?;
            enqueued += jobs;
        }
    }

    /// The next part of the log: its last place, how many events it has, and those that may concern somebody.
    async fn next(&self, concern: &dyn Concern, from: Cursor) -> Result<Option<(Cursor, usize, Vec<Event>)>> {
        if !concern.picks() {
            let events = super::read_after(self.db.read(), from, &Selection::default(), READ).await?;
            let to = events.last().map(Event::cursor);
            return Ok(to.map(|to| (to, events.len(), events)));
        }
        let places = super::places_after(self.db.read(), from, READ).await?;
        let Some((to, _)) = places.last().copied() else { return Ok(None) };
        let heard = concern.heard(places.iter().map(|(_, tenant)| *tenant).collect()).await?;
        if heard.is_empty() {
            return Ok(Some((to, places.len(), Vec::new())));
        }
        Ok(Some((to, places.len(), super::read_of(self.db.read(), &heard, (from, to)).await?)))
    }

    /// Does `look` after every commit and at least once a second, until told to stop; what fails is done again then.
    pub async fn serve<F, T>(&self, whom: &str, stop: &CancellationToken, look: impl Fn() -> F)
    where
        F: Future<Output = Result<T>>,
    {
        let mut commits = self.db.commits();
        while !stop.is_cancelled() {
            if let Err(error) = look().await {
                tracing::error!(%error, "events could not be handed to {whom}");
            }
            self.news(&mut commits, stop).await;
        }
    }

    fn passed(&self) -> (Cursor, usize) {
        *self.passed.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn pass(&self, to: Cursor, unwritten: usize) {
        *self.passed.lock().unwrap_or_else(PoisonError::into_inner) = (to, unwritten);
    }

    /// Waits until there is something new to read, or it is time to look, or to stop.
    pub async fn news(&self, commits: &mut watch::Receiver<u64>, stop: &CancellationToken) {
        tokio::select! {
            () = stop.cancelled() => {}
            _ = commits.changed() => tokio::time::sleep(BURST).await,
            () = tokio::time::sleep(LOOK) => {}
        }
    }
}
