//! The job that checks or imports a file, 200 rows at a time.
//!
//! A job may be killed at any point and run again, and must then neither lose nor double a row. Rows are written by
//! `Records::write`, which commits by itself, and the progress is committed after it. So between the two commits a
//! crash leaves at most one chunk of rows written but not counted. That chunk is repeated, and repeating is harmless:
//! a new record's id is made from the import's id and the row's number (`record_id`), so rows that are there already
//! are recognised and only counted; an update writes the same values again, which changes nothing.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::hash::{BuildHasher, RandomState};

use kernel::jobs::{Handler, Job, JobError};
use kernel::{Actor, Ctx, Error, Fields, Result, Value};
use sea_orm::ConnectionTrait;
use sea_orm::sea_query::{Expr, ExprTrait, Query};
use serde::Deserialize;
use serde_json::{Map, Value as Json};
use tokio::sync::mpsc;
use uuid::Uuid;

use super::convert::{Plan, RowProblem};
use super::duplicate::{self, Key};
use super::problem::Problem;
use super::source::spool::{self, Row};
use super::store::{self, Refusal, Stored};
use super::{Duplicates, Imports, State, lookup};
use crate::catalogue::EntityDef;
use crate::write::{CHUNK, Change, WriteOptions};

/// The kind of job.
pub(super) const KIND: &str = "import.run";
/// Chunks after which the person's rights are looked up again.
const RIGHTS_FOR: usize = 20;

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

    async fn run(&self, _job: &Job) -> Result<(), JobError> {
        self.0.clean_up().await?;
        Ok(())
    }
}

/// Why the work ended before the last row.
enum Stop {
    /// Trying again may help.
    Fault(Error),
    /// It will not.
    Hopeless(Problem),
}

impl<E: Into<Error>> From<E> for Stop {
    fn from(error: E) -> Self {
        Self::Fault(error.into())
    }
}

/// What became of the rows of a chunk.
#[derive(Default)]
struct Outcome {
    accepted: u64,
    skipped: u64,
    refused: Vec<Refusal>,
}

/// A row on its way into a record.
struct Ready {
    row: Row,
    fields: Map<String, Json>,
    keys: BTreeSet<Key>,
}

/// One run over a file.
struct Run {
    import: Stored,
    run: Uuid,
    def: &'static EntityDef,
    plan: Plan,
    dry: bool,
    /// Keys of the rows that a dry run would have written, hashed.
    seen: HashSet<u64>,
    hasher: RandomState,
}

impl Imports {
    async fn work(&self, import: Stored, run: Uuid) -> Result<(), Stop> {
        let current = import.settings.run == Some(run) && matches!(import.state, State::Checking | State::Running);
        if !current {
            return Ok(());
        }
        let def = crate::entity(&import.entity)?;
        let dry = import.state == State::Checking;
        let mut ctx = self.person(&import).await?;
        let plan = Plan::load(&self.records, &ctx, def, &import.columns, &import.mapping).await?;
        let mut run = Run { import, run, def, plan, dry, seen: HashSet::new(), hasher: RandomState::new() };
        if dry {
            // What an interrupted dry run saw is gone with it: begin again.
            self.restart(&mut run).await?;
        }
        let mut chunks = self.chunks(&run.import).await?;
        let mut count = 0_usize;
        while let Some(rows) = chunks.recv().await {
            count += 1;
            if count.is_multiple_of(RIGHTS_FOR) {
                ctx = self.person(&run.import).await?;
            }
            let read = u64::try_from(CHUNK).unwrap_or(u64::MAX);
            let rows = rows.map_err(Error::internal)?;
            let length = u64::try_from(rows.len()).unwrap_or(read);
            let outcome = self.chunk(&ctx, &mut run, rows, count == 1).await?;
            if !self.progress(&mut run, length, outcome).await? {
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

    /// Rows that were not dealt with yet, read ahead by one chunk on a thread of their own.
    async fn chunks(&self, import: &Stored) -> Result<mpsc::Receiver<std::io::Result<Vec<Row>>>, Stop> {
        let path = super::spool_in(&self.dir.join(import.id.to_string()));
        if !tokio::fs::try_exists(&path).await.unwrap_or(false) {
            return Err(Stop::Hopeless(Problem::new("file_missing")));
        }
        let (sender, receiver) = mpsc::channel(1);
        let skip = import.processed;
        tokio::task::spawn_blocking(move || {
            let mut rows = match spool::rows(&path, skip) {
                Ok(rows) => rows,
                Err(error) => return drop(sender.blocking_send(Err(error))),
            };
            loop {
                let chunk: std::io::Result<Vec<Row>> = rows.by_ref().take(CHUNK).collect();
                let last = chunk.as_ref().is_ok_and(Vec::is_empty) || chunk.is_err();
                if chunk.as_ref().is_ok_and(Vec::is_empty) || sender.blocking_send(chunk).is_err() || last {
                    return;
                }
            }
        });
        Ok(receiver)
    }

    /// Deals with a chunk of rows. `first` after a start, when a crash may have left some of them written.
    async fn chunk(&self, ctx: &Ctx, run: &mut Run, rows: Vec<Row>, first: bool) -> Result<Outcome, Stop> {
        let mut outcome = Outcome::default();
        let links = lookup::links(self.records.db().read(), ctx, &run.plan.wanted(&rows)).await?;
        let mut ready = Vec::with_capacity(rows.len());
        for row in rows {
            match run.plan.convert(&row, &links) {
                Ok(fields) => ready.push(Ready { keys: duplicate::keys(&fields), row, fields }),
                Err(problems) => outcome.refused.push(Refusal { row: row.number, cells: row.cells, problems }),
            }
        }
        if first && !run.dry {
            let written = self.written(run, &ready).await?;
            outcome.accepted += u64::try_from(written.len()).unwrap_or_default();
            ready.retain(|ready| !written.contains(&record_id(run.import.id, ready.row.number)));
        }
        // Rows of one client in one chunk go one after the other, so that the later one finds the earlier one's record.
        while !ready.is_empty() {
            let later = if run.import.settings.options.duplicates == Duplicates::Create {
                Vec::new()
            } else {
                repeated(&mut ready)
            };
            self.wave(ctx, run, ready, &mut outcome).await?;
            ready = later;
        }
        outcome.refused.sort_by_key(|refusal| refusal.row);
        Ok(outcome)
    }

    /// The records of these rows that an interrupted run has written already.
    async fn written(&self, run: &Run, ready: &[Ready]) -> Result<HashSet<Uuid>> {
        let ids = ready.iter().map(|ready| record_id(run.import.id, ready.row.number));
        let select = Query::select()
            .column("id")
            .from(run.def.table)
            .and_where(Expr::col("id").is_in(ids))
            .and_where(Expr::col("tenant_id").eq(run.import.tenant.0))
            .take();
        let rows = self.records.db().read().query_all(&select).await?;
        rows.iter().map(|row| Ok(row.try_get_by_index(0)?)).collect()
    }

    /// Decides about rows of different clients and writes them.
    async fn wave(&self, ctx: &Ctx, run: &mut Run, ready: Vec<Ready>, outcome: &mut Outcome) -> Result<(), Stop> {
        let (mut rows, mut changes) = (Vec::new(), Vec::new());
        for (ready, decision) in self.decide(ctx, run, ready).await? {
            match decision {
                Decision::Write(change) => {
                    rows.push(ready);
                    changes.push(change);
                }
                Decision::Skip => outcome.skipped += 1,
                Decision::Refuse(problem) => outcome.refused.push(Refusal {
                    row: ready.row.number,
                    cells: ready.row.cells,
                    problems: vec![RowProblem {
                        field: None,
                        code: problem.code.into(),
                        message: problem.text(ctx.locale),
                    }],
                }),
            }
        }
        if changes.is_empty() {
            return Ok(());
        }
        let options = WriteOptions { batch: run.import.batch, dry_run: run.dry, ..WriteOptions::default() };
        let written = self.records.write(ctx, run.def.key, changes, &options).await?;
        for (ready, result) in rows.into_iter().zip(written) {
            match result {
                Ok(_) => {
                    outcome.accepted += 1;
                    if run.dry {
                        run.seen.extend(ready.keys.iter().map(|key| run.hasher.hash_one(key)));
                    }
                }
                Err(error @ (Error::Database(_) | Error::Internal(_) | Error::Unavailable(_))) => {
                    return Err(error.into());
                }
                Err(error) => outcome.refused.push(Refusal {
                    row: ready.row.number,
                    cells: ready.row.cells,
                    problems: problems_of(&error, ctx),
                }),
            }
        }
        Ok(())
    }

    async fn decide(&self, ctx: &Ctx, run: &Run, ready: Vec<Ready>) -> Result<Vec<(Ready, Decision)>, Stop> {
        let how = run.import.settings.options.duplicates;
        let create = |ready: &Ready| {
            let id = record_id(run.import.id, ready.row.number);
            Decision::Write(Change::CreateAs { id, fields: ready.fields.clone() })
        };
        if how == Duplicates::Create {
            return Ok(ready
                .into_iter()
                .map(|ready| {
                    let decision = create(&ready);
                    (ready, decision)
                })
                .collect());
        }
        let conn = self.records.db().read();
        let keys: BTreeSet<Key> = ready.iter().flat_map(|ready| ready.keys.iter().cloned()).collect();
        let known = duplicate::find(conn, ctx, run.def, &keys).await?;
        let matches: Vec<BTreeSet<Uuid>> = ready.iter().map(|ready| matches_of(&ready.keys, &known)).collect();
        let ids: Vec<Uuid> =
            matches.iter().filter(|ids| how == Duplicates::Update && ids.len() == 1).flatten().copied().collect();
        let mut images: HashMap<Uuid, Fields> = HashMap::new();
        for record in self.records.get_many(ctx, run.def.key, &ids).await? {
            images.insert(record.id, record.fields);
        }
        let seen = |ready: &Ready| run.dry && ready.keys.iter().any(|key| run.seen.contains(&run.hasher.hash_one(key)));
        let decided = ready.into_iter().zip(matches).map(|(ready, ids)| {
            let decision = match (ids.len(), ids.first(), how) {
                (0, ..) if how == Duplicates::Skip && seen(&ready) => Decision::Skip,
                (0, ..) | (_, None, _) => create(&ready),
                (_, _, Duplicates::Skip) => Decision::Skip,
                (1, Some(id), _) => {
                    let fields = merged(ready.fields.clone(), images.get(id));
                    Decision::Write(Change::Update { id: *id, version: None, fields })
                }
                _ => Decision::Refuse(Problem::new("duplicate_ambiguous")),
            };
            (ready, decision)
        });
        Ok(decided.collect())
    }

    /// Commits what became of a chunk. False when this run is no longer the one that counts.
    async fn progress(&self, run: &mut Run, rows: u64, outcome: Outcome) -> Result<bool> {
        let tx = self.records.db().begin().await?;
        let Some(mut now) = store::of_job_locked(&tx, run.import.tenant, run.import.id).await? else {
            return Ok(false);
        };
        // A cancelled import still counts what was written before it noticed.
        let ours = now.settings.run == Some(run.run) || (now.state == State::Cancelled && now.settings.run.is_none());
        if !ours || now.processed != run.import.processed {
            return Ok(false);
        }
        now.processed += rows;
        now.accepted += outcome.accepted;
        now.skipped += outcome.skipped;
        now.refused += u64::try_from(outcome.refused.len()).unwrap_or_default();
        store::refuse(&tx, now.id, &outcome.refused).await?;
        store::update(&tx, &now).await?;
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
        (import.processed, import.accepted, import.refused, import.skipped) = (0, 0, 0, 0);
        store::forget_refusals(&tx, import.id).await?;
        store::update(&tx, import).await?;
        tx.commit().await?;
        Ok(())
    }

    async fn finish(&self, run: &Run) -> Result<(), Stop> {
        let state = if run.dry { State::Checked } else { State::Done };
        self.settle(&run.import, Some(run.run), state, None).await?;
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

/// What to do with a row.
enum Decision {
    Write(Change),
    Skip,
    Refuse(Problem),
}

/// The id of the record that a row becomes: a UUIDv7 (RFC 9562, section 5.7) with the time of the import and, in place
/// of random bits, the row's number and the last 48 random bits of the import's id. Ids of one import are in the order
/// of its rows.
fn record_id(import: Uuid, row: u64) -> Uuid {
    let [a, b, c, d, e, f, .., u, v, w, x, y, z] = *import.as_bytes();
    let millis = u64::from_be_bytes([0, 0, a, b, c, d, e, f]);
    let [.., high, middle, low] = row.to_be_bytes();
    // The builder takes 12 bits of the first two bytes and 6 of the third for itself to fill with version and variant.
    let [high, middle] = (u16::from_be_bytes([high, middle]) & 0x0FFF).to_be_bytes();
    uuid::Builder::from_unix_timestamp_millis(millis, &[high, middle, 0, low, u, v, w, x, y, z]).into_uuid()
}

/// Takes out the rows that share a key with an earlier one.
fn repeated(ready: &mut Vec<Ready>) -> Vec<Ready> {
    let mut known: HashSet<Key> = HashSet::new();
    let again: Vec<bool> = ready
        .iter()
        .map(|ready| {
            let again = ready.keys.iter().any(|key| known.contains(key));
            known.extend(ready.keys.iter().cloned());
            again
        })
        .collect();
    let mut again = again.into_iter();
    ready.extract_if(.., |_| again.next().unwrap_or_default()).collect()
}

/// The known records of a row; those of the same origin alone when there are any.
fn matches_of(keys: &BTreeSet<Key>, known: &HashMap<Key, BTreeSet<Uuid>>) -> BTreeSet<Uuid> {
    let of = |origin: bool| -> BTreeSet<Uuid> {
        let wanted = keys.iter().filter(|key| matches!(key, Key::Origin(..)) == origin);
        wanted.filter_map(|key| known.get(key)).flatten().copied().collect()
    };
    let by_origin = of(true);
    if by_origin.is_empty() { of(false) } else { by_origin }
}

/// The row's values over a record: phones and addresses are added to those it has.
fn merged(mut fields: Map<String, Json>, image: Option<&Fields>) -> Map<String, Json> {
    let Some(image) = image else { return fields };
    for (key, value) in &mut fields {
        if let (Json::Array(new), Some(Value::Multi(known))) = (&*value, image.get(key)) {
            let form = |text: &str| duplicate::compared(key, text);
            let mut all: Vec<Json> = known.iter().filter_map(|item| serde_json::to_value(item).ok()).collect();
            for item in new {
                let text = item.get("value").and_then(Json::as_str).unwrap_or_default();
                if !known.iter().any(|k| form(&k.value) == form(text)) {
                    all.push(item.clone());
                }
            }
            *value = Json::Array(all);
        }
    }
    fields
}

/// A refusal in the words of the person who imports.
fn problems_of(error: &Error, ctx: &Ctx) -> Vec<RowProblem> {
    let fields = error.fields_in(ctx.locale);
    let general = error.message().in_locale(ctx.locale);
    let said = fields.values().any(|(_, message)| *message == general);
    let mut problems: Vec<RowProblem> = Vec::new();
    if fields.is_empty() || (matches!(error, Error::Refused(_)) && !said) {
        problems.push(RowProblem { field: None, code: error.code().to_owned(), message: general });
    }
    problems.extend(fields.into_iter().map(|(field, (code, message))| RowProblem {
        field: Some(field),
        code,
        message,
    }));
    problems
}
