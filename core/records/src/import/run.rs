//! The job that checks or imports a file, 200 rows at a time.
//!
//! A job may be killed at any point and run again, and must then neither lose nor double a row. Rows are written by
//! `Records::write`, which commits by itself, and the progress is committed after it. So between the two commits a
//! crash leaves at most one chunk of rows written but not counted. That chunk is repeated, and repeating is harmless:
//! a new record's id is made from the import's id and the row's number (`rows::record_id`), so rows that are there already
//! are recognised and only counted; an update writes the same values again, which changes nothing. Progress may end inside a
//! record with more product rows than are read at once: what comes after it is read with the beginning of that record.

use std::collections::{HashMap, HashSet};
use std::hash::RandomState;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use kernel::jobs::{self, Handler, Job, JobError, Lane};
use kernel::phone::Country;
use kernel::{Actor, Ctx, Error, Result};
use serde::Deserialize;
use tokio::sync::mpsc;
use uuid::Uuid;

use super::cell::Votes;
use super::convert::Plan;
use super::lines::{self, Together};
use super::problem::Problem;
use super::rows::{Outcome, Run, Stop};
use super::source::spool::{self, Row};
use super::store::{self, Stored};
use super::{Imports, State, groups};
use crate::write::{CHUNK, Trial};

/// The kind of job.
pub(super) const KIND: &str = "import.run";
/// Rows of the file after which a chunk ends with its record: records with product rows have many of them.
const LONG_CHUNK: u64 = 1_000;
/// Rows after which the database looks at its tables again.
const MANY: u64 = 1_000;
/// Chunks after which the person's rights are looked up again.
const RIGHTS_FOR: usize = 20;

/// The unique key of a run's job.
pub(super) fn key(run: Uuid) -> String {
    format!("{KIND}:{run}")
}

/// Runs imports and dry runs.
pub(super) struct RunJob(pub(super) Imports);

/// Removes old files.
pub(super) struct CleanUpJob(pub(super) Imports);

#[derive(Debug, Deserialize)]
struct Payload {
    import: Uuid,
    run: Uuid,
}

#[async_trait::async_trait]
impl Handler for RunJob {
    fn kind(&self) -> &'static str {
        KIND
    }

    fn lane(&self) -> Lane {
        Lane::Long
    }

    async fn run(&self, job: &Job) -> Result<(), JobError> {
        let payload: Payload = job.read()?;
        let tenant = job.tenant.ok_or_else(|| JobError::Fatal("an import belongs to a tenant".into()))?;
        let Some(import) = store::of_job(self.0.records.db().read(), tenant, payload.import).await? else {
            return Ok(());
        };
        match self.0.work(import, payload.run).await {
            Ok(()) => Ok(()),
            Err(Stop::Fault(error)) => Err(error.into()),
            Err(Stop::Hopeless(problem)) => Ok(self.0.fail(job, &problem).await?),
        }
    }

    async fn dead(&self, job: &Job, error: &str) {
        let problem = Problem::new("stopped").with("reason", error);
        if let Err(error) = self.0.fail(job, &problem).await {
            tracing::error!(%error, job = %job.id, "a failed import could not be marked as such");
        }
    }
}

#[async_trait::async_trait]
impl Handler for CleanUpJob {
    fn kind(&self) -> &'static str {
        "import.clean_up"
    }

    fn lane(&self) -> Lane {
        Lane::Long
    }

    async fn run(&self, _job: &Job) -> Result<(), JobError> {
        self.0.clean_up().await?;
        Ok(())
    }
}

impl Imports {
    async fn work(&self, import: Stored, run: Uuid) -> Result<(), Stop> {
        let current = import.settings.run == Some(run) && matches!(import.state, State::Checking | State::Running);
        if !current {
            return Ok(());
        }
        let mut ctx = self.person(&import).await?;
        let catalogue = self.records.catalogue_of(&ctx).await?;
        let gone = || Stop::Hopeless(Problem::new("entity_gone"));
        let def = Arc::clone(catalogue.find(&import.entity).ok_or_else(gone)?);
        let dry = (import.state == State::Checking).then(Trial::default);
        let strict = import.settings.options.strict;
        let (columns, mapping) = (&import.columns, &import.mapping);
        let mut plan = Plan::load(&self.records, &ctx, &catalogue, &def, columns, mapping, strict).await?;
        plan.decide(self.votes(&import, plan.dated()).await?);
        let home = Country::of_currency(&catalogue.pipelines.currency);
        let (seen, hasher) = (HashSet::new(), RandomState::new());
        let mut run = Run { import, run, catalogue, def, plan, dry, home, seen, hasher };
        if run.dry.is_some() {
            // What an interrupted dry run saw is gone with it: begin again.
            self.restart(&mut run).await?;
        }
        let mut chunks = self.chunks(&run.import, run.plan.own_columns()).await?;
        let mut count = 0_usize;
        while let Some(rows) = chunks.recv().await {
            count += 1;
            if count.is_multiple_of(RIGHTS_FOR) {
                ctx = self.person(&run.import).await?;
            }
            let rows = rows.map_err(Error::internal)?;
            let outcome = self.chunk(&ctx, &mut run, rows, count == 1).await?;
            if !self.progress(&mut run, outcome).await? {
                return Ok(());
            }
        }
        self.finish(&run).await
    }

    /// The person who imports, with the rights they have now.
    async fn person(&self, import: &Stored) -> Result<Ctx, Stop> {
        match self.identities.of_user(import.tenant, import.user).await {
            Ok(identity) => {
                let actor = Actor::Import { id: import.user, import: import.id };
                Ok(identity.ctx(self.records.env()).acting_as(actor))
            }
            Err(Error::Unauthenticated | Error::NotFound(_)) => Err(Stop::Hopeless(Problem::new("person_gone"))),
            Err(error) => Err(Stop::Fault(error)),
        }
    }

    /// What all cells of these columns say about the order of day and month.
    async fn votes(&self, import: &Stored, columns: Vec<usize>) -> Result<HashMap<usize, Votes>, Stop> {
        let mut votes: HashMap<usize, Votes> = columns.into_iter().map(|column| (column, Votes::default())).collect();
        let path = self.spooled(import).await?;
        if votes.is_empty() {
            return Ok(votes);
        }
        let skip = import.settings.head.skip;
        let hearing = tokio::task::spawn_blocking(move || {
            for row in spool::rows(&path, skip)? {
                let row = row?;
                for (column, votes) in &mut votes {
                    row.cells.get(*column).into_iter().for_each(|cell| votes.hear(cell));
                }
            }
            Ok::<_, std::io::Error>(votes)
        });
        Ok(hearing.await.map_err(Error::internal)?.map_err(Error::internal)?)
    }

    /// The spool of an import that still has one.
    async fn spooled(&self, import: &Stored) -> Result<PathBuf, Stop> {
        self.spool_of(import).await.ok_or_else(|| Stop::Hopeless(Problem::new("file_missing")))
    }

    /// Rows that were not dealt with yet, read ahead by one chunk on a thread of their own. `own`: the columns of the record
    /// itself, where rows below each other may be of one.
    async fn chunks(
        &self,
        import: &Stored,
        own: Option<Vec<usize>>,
    ) -> Result<mpsc::Receiver<std::io::Result<Vec<Row>>>, Stop> {
        let path = self.spooled(import).await?;
        let (sender, receiver) = mpsc::channel(1);
        let (skip, done) = (import.settings.head.skip, import.processed);
        tokio::task::spawn_blocking(move || {
            let mut rows = match unread(&path, skip, done, own) {
                Ok(rows) => rows,
                Err(error) => return drop(sender.blocking_send(Err(error))),
            };
            loop {
                let chunk = next_chunk(&mut rows);
                let last = chunk.as_ref().is_ok_and(Vec::is_empty) || chunk.is_err();
                if chunk.as_ref().is_ok_and(Vec::is_empty) || sender.blocking_send(chunk).is_err() || last {
                    return;
                }
            }
        });
        Ok(receiver)
    }

    /// Commits what became of a chunk. False when this run is no longer the one that counts.
    async fn progress(&self, run: &mut Run, outcome: Outcome) -> Result<bool> {
        let tx = self.records.db().begin().await?;
        let Some(mut now) = store::of_job_locked(&tx, run.import.tenant, run.import.id).await? else {
            return Ok(false);
        };
        // A cancelled import still counts what was written before it noticed.
        let ours = now.settings.run == Some(run.run) || (now.state == State::Cancelled && now.settings.run.is_none());
        if !ours || now.processed != run.import.processed {
            return Ok(false);
        }
        now.processed += outcome.rows;
        now.accepted += outcome.accepted;
        now.skipped += outcome.skipped;
        now.refused += u64::try_from(outcome.refused.len()).unwrap_or_default();
        now.settings.partial += u64::try_from(outcome.partial.len()).unwrap_or_default();
        let mut told = outcome.refused;
        told.extend(outcome.partial);
        groups::count(&mut now.settings.reasons, &told);
        store::refuse(&tx, now.id, &told).await?;
        store::update(&tx, &now).await?;
        jobs::came_further(&tx, &key(run.run)).await?;
        tx.commit().await?;
        let goes_on = now.settings.run == Some(run.run);
        run.import = now;
        Ok(goes_on)
    }

    async fn restart(&self, run: &mut Run) -> Result<()> {
        if run.import.processed == 0 {
            return Ok(());
        }
        let tx = self.records.db().begin().await?;
        let import = &mut run.import;
        import.begin_anew();
        store::forget_refusals(&tx, import.id).await?;
        store::update(&tx, import).await?;
        tx.commit().await?;
        Ok(())
    }

    async fn finish(&self, run: &Run) -> Result<(), Stop> {
        let state = if run.dry.is_some() { State::Checked } else { State::Done };
        self.settle(&run.import, Some(run.run), state, None).await?;
        // So that plans fit what is there now; the import is done without it too.
        if run.dry.is_none()
            && run.import.processed >= MANY
            && let Err(error) = self.records.db().learn().await
        {
            tracing::warn!(%error, "the database could not renew its statistics");
        }
        Ok(())
    }

    /// Marks the import of a job as failed.
    async fn fail(&self, job: &Job, problem: &Problem) -> Result<()> {
        let (Ok(payload), Some(tenant)) = (job.read::<Payload>(), job.tenant) else { return Ok(()) };
        let Some(import) = store::of_job(self.records.db().read(), tenant, payload.import).await? else {
            return Ok(());
        };
        let locale = self.identities.of_user(tenant, import.user).await.map(|identity| identity.locale());
        let words = problem.text(locale.unwrap_or_default());
        self.settle(&import, Some(payload.run), State::Failed, Some(words)).await
    }

    async fn settle(&self, import: &Stored, run: Option<Uuid>, state: State, problem: Option<String>) -> Result<()> {
        let tx = self.records.db().begin().await?;
        let found = store::of_job_locked(&tx, import.tenant, import.id).await?;
        let Some(mut now) = found.filter(|now| now.settings.run == run) else { return Ok(()) };
        now.state = state;
        now.problem = problem;
        now.settings.run = None;
        now.finished_at = (state != State::Checked).then(|| self.records.env().now());
        store::update(&tx, &now).await?;
        tx.commit().await?;
        Ok(())
    }
}

/// Rows after the first `done` below the header. Work may have ended inside a record that is too long to be read at once.
fn unread(
    path: &Path,
    skip: u64,
    done: u64,
    own: Option<Vec<usize>>,
) -> std::io::Result<Together<impl Iterator<Item = std::io::Result<Row>> + use<>>> {
    let before = match &own {
        Some(own) if done > 0 => {
            let read = spool::rows(path, skip)?.take(usize::try_from(done).unwrap_or(usize::MAX));
            lines::last_first(read, own)?
        }
        _ => None,
    };
    Ok(Together::new(spool::rows(path, skip + done)?, own, before))
}

fn next_chunk(rows: &mut impl Iterator<Item = std::io::Result<Row>>) -> std::io::Result<Vec<Row>> {
    let (mut chunk, mut length) = (Vec::new(), 0);
    while chunk.len() < CHUNK && length < LONG_CHUNK {
        let Some(row) = rows.next() else { break };
        let row = row?;
        length += row.length();
        chunk.push(row);
    }
    Ok(chunk)
}
