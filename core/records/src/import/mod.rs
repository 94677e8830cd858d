//! Imports: CSV and XLSX files into records.
//!
//! Owns: reading the files, proposing and checking a mapping, the dry run, the import itself as a job, its progress,
//! the refused rows and their report. Must not know: HTTP; how records are written (`Records::write` does, so hooks,
//! validation, access and history are those of every other change, and the importing person's rights bind).
//!
//! A file is read once at upload into a spool of plain rows under `<dir>/<import id>/`; the dry run and the import read
//! that, 200 rows at a time. `start` opens a batch, so `Records::undo` takes the whole import back. The life of an
//! import: uploaded -> checking -> checked -> running -> done; running -> cancelled or failed -> running (resume).
//!
//! | module | what |
//! |---|---|
//! | `source` | files into the spool: encodings, delimiters, workbooks, limits |
//! | `header` | choosing the header, what stands in a column |
//! | `suggest`, `synonyms`, `exports_of_others` | columns to fields, by name |
//! | `cell`, `lookup`, `convert` | cells to values |
//! | `lines` | product rows: several rows of the file of one record |
//! | `run` | the job: rights, chunks, progress |
//! | `rows` | what becomes of the rows of a chunk |
//! | `groups` | reasons, the same ones together |
//! | `model` | an import as its owner sees it |
//! | `store` | the tables |
//! | `report` | refused rows, and those that lack cells, as CSV |

mod cell;
mod convert;
mod exports_of_others;
mod groups;
mod header;
mod lines;
mod lookup;
mod model;
mod problem;
mod report;
mod rows;
mod run;
mod source;
mod store;
mod suggest;
mod synonyms;

pub(crate) use cell::{plain_day, plain_number};
pub use convert::RowProblem;
pub use groups::Group;
pub use lines::ProductRows;
pub use model::{
    Column, ColumnValue, ColumnValues, Duplicates, Header, Import, Offered, Options, RowError, Source, State, TopRow,
};
pub use problem::{INVALID, refused_link};
pub use report::{ERROR_COLUMN, Report, escape, unescape};
pub use source::{MAX_CELL, MAX_COLUMNS, MAX_ROWS};
pub use suggest::{FULL_NAME, Mapped, Target, ValueMeaning};

use std::path::{Path, PathBuf};
use std::sync::Arc;

use kernel::access::Action;
use kernel::jobs::{self, Handler, NewJob};
use kernel::{Actor, Ctx, Error, Result};
use people::Identities;
use serde_json::json;
use tokio::sync::Semaphore;
use uuid::Uuid;

use self::problem::Problem;
use self::source::ReadError;
use self::store::Stored;
use crate::Records;

/// Days the file of an import is kept after its end.
pub const KEPT_DAYS: i64 = 30;
/// The folder of uploads on their way.
const INCOMING: &str = "incoming";
/// Files read as a whole for somebody who waits, at the same time; each may hold a workbook's texts in memory.
const READERS: usize = 2;
/// How much larger than the largest upload the rows of one may be: texts of workbooks are kept once and named often.
const SPOOL: u64 = 8;
/// How much larger than that the rows of all imports of a company.
const COMPANY: u64 = 8;
/// Refused rows shown with an import; the report has all.
const SHOWN_ERRORS: u64 = 50;

/// The service of imports; cheap to clone.
#[derive(Clone)]
pub struct Imports {
    records: Records,
    identities: Identities,
    dir: PathBuf,
    max_bytes: u64,
    readers: Arc<Semaphore>,
    products: Option<Arc<dyn ProductRows>>,
}

impl Imports {
    /// Over the records service. Files of at most `max_bytes` are kept under `dir`, which all nodes must share.
    pub fn new(records: &Records, identities: &Identities, dir: &Path, max_bytes: u64) -> Self {
        Self {
            records: records.clone(),
            identities: identities.clone(),
            dir: dir.to_owned(),
            max_bytes,
            readers: Arc::new(Semaphore::new(READERS)),
            products: None,
        }
    }

    /// With somebody who fills in what product rows leave out.
    #[must_use]
    pub fn with_products(mut self, products: Arc<dyn ProductRows>) -> Self {
        self.products = Some(products);
        self
    }

    /// The job handlers to register, and the schedule `import.clean_up` wants to be set for (daily).
    pub fn handlers(&self) -> Vec<Arc<dyn Handler>> {
        vec![Arc::new(run::RunJob(self.clone())), Arc::new(run::CleanUpJob(self.clone()))]
    }

    /// A path for streaming an upload to before `upload` takes it. The folder exists afterwards.
    ///
    /// # Errors
    /// When the disk refuses.
    pub async fn temporary(&self, ctx: &Ctx) -> Result<PathBuf> {
        let dir = self.dir.join(INCOMING);
        tokio::fs::create_dir_all(&dir).await.map_err(Error::internal)?;
        Ok(dir.join(ctx.id().to_string()))
    }

    /// Takes a file in: reads it and suggests a mapping.
    ///
    /// # Errors
    /// `NotFound` for an unknown entity, `Denied` without the right to create, `TooLarge`, `import.invalid` when the
    /// file is not fit to be imported (field `file`).
    pub async fn upload(&self, ctx: &Ctx, entity: &str, file_name: &str, source: Source) -> Result<Import> {
        let taken = if let Source::File(path) = &source { Some(path.clone()) } else { None };
        let result = self.add(ctx, entity, file_name, source).await;
        if let (Err(_), Some(path)) = (&result, taken) {
            // Whatever went wrong, the file was ours to take: it must not stay behind.
            drop(tokio::fs::remove_file(path).await);
        }
        result
    }

    async fn add(&self, ctx: &Ctx, entity: &str, file_name: &str, source: Source) -> Result<Import> {
        let def = &*self.records.entity(ctx, entity).await?;
        let user = may_import(ctx, &def.key)?;
        let id = ctx.id();
        let dir = self.dir.join(id.to_string());
        let taken = match self.room(ctx).await? {
            0 => Err(Problem::new("no_room").into()),
            room => self.take_in(&dir, source, room).await,
        };
        let found = match taken {
            Ok(found) => found,
            Err(error) => {
                drop(tokio::fs::remove_dir_all(&dir).await);
                return Err(match error {
                    ReadError::Refused(problem) => problem.into_error("file", ctx.locale),
                    ReadError::Io(error) => Error::internal(error),
                });
            }
        };
        let columns = found.columns.into_iter().enumerate();
        let stored = Stored {
            id,
            tenant: ctx.tenant,
            user,
            entity: def.key.to_string(),
            file_name: file_name.chars().filter(|c| !c.is_control()).take(200).collect(),
            format: found.format.to_owned(),
            state: State::Uploaded,
            columns: columns.map(|(index, (name, samples))| Column { index, name, samples }).collect(),
            mapping: suggest::suggest(def, &ctx.rights, &found.called),
            settings: store::Settings {
                options: Options::default(),
                delimiter: found.delimiter,
                run: None,
                head: found.head,
                partial: 0,
                reasons: Vec::new(),
            },
            total: found.rows,
            processed: 0,
            accepted: 0,
            refused: 0,
            skipped: 0,
            batch: None,
            problem: None,
            created_at: ctx.now(),
            finished_at: None,
        };
        // The file is taken: nobody around can send it again.
        kernel::db::again_raced(|| self.insert(&stored)).await?;
        let top = self.top(&stored).await;
        Ok(Import { top, ..self.view(ctx, stored, Vec::new()).await? })
    }

    async fn insert(&self, stored: &Stored) -> Result<()> {
        let tx = self.records.db().begin().await?;
        store::insert(&tx, stored).await?;
        Ok(tx.commit().await?)
    }

    async fn view(&self, ctx: &Ctx, import: Stored, errors: Vec<RowError>) -> Result<Import> {
        let catalogue = self.records.catalogue_of(ctx).await?;
        Ok(view(&catalogue, ctx, import, errors))
    }

    /// Bytes that the rows of one more file may take.
    async fn room(&self, ctx: &Ctx) -> Result<u64> {
        let mut used = 0_u64;
        for id in store::ids(self.records.db().read(), ctx.tenant).await? {
            let spool = tokio::fs::metadata(spool_in(&self.dir.join(id.to_string()))).await;
            used = used.saturating_add(spool.map_or(0, |spool| spool.len()));
        }
        let one = self.max_bytes.saturating_mul(SPOOL);
        Ok(one.saturating_mul(COMPANY).saturating_sub(used).min(one))
    }

    async fn take_in(&self, dir: &Path, source: Source, room: u64) -> Result<source::Found, ReadError> {
        tokio::fs::create_dir_all(dir).await?;
        let file = dir.join("upload");
        match source {
            Source::Bytes(bytes) => tokio::fs::write(&file, bytes).await?,
            Source::File(path) => tokio::fs::rename(path, &file).await?,
        }
        if tokio::fs::metadata(&file).await?.len() > self.max_bytes {
            return Err(Problem::new("too_large").into());
        }
        let slot = Arc::clone(&self.readers).acquire_owned().await.map_err(std::io::Error::other)?;
        let spool = spool_in(dir);
        let reading = tokio::task::spawn_blocking(move || {
            let found = source::read(&file, &spool, room);
            drop(slot);
            drop(std::fs::remove_file(&file));
            found
        });
        // A reader that panics on a broken file is contained here.
        reading.await.unwrap_or_else(|_| Err(Problem::new("damaged").into()))
    }

    /// Whether the person may import such records, before a file is fetched for them.
    ///
    /// # Errors
    /// `NotFound` for an unknown entity, `Denied` without the right to create.
    pub async fn may(&self, ctx: &Ctx, entity: &str) -> Result<()> {
        let def = self.records.entity(ctx, entity).await?;
        may_import(ctx, &def.key).map(drop)
    }

    /// Bytes of the largest file.
    pub const fn max_bytes(&self) -> u64 {
        self.max_bytes
    }

    /// One import with its first refused rows.
    ///
    /// # Errors
    /// `NotFound`, also for somebody else's (administrators see all).
    pub async fn get(&self, ctx: &Ctx, id: Uuid) -> Result<Import> {
        let conn = self.records.db().read();
        let stored = store::find(conn, ctx, id).await?;
        let errors = store::refusals(conn, id, None, SHOWN_ERRORS).await?;
        let errors = errors.into_iter().flat_map(|refusal| {
            let row = refusal.row;
            refusal.problems.into_iter().map(move |problem| RowError { row, problem })
        });
        let (top, reasons) = (self.top(&stored).await, groups::sorted(stored.settings.reasons.clone()));
        let errors = errors.take(usize::try_from(SHOWN_ERRORS).unwrap_or(50)).collect();
        Ok(Import { top, reasons, ..self.view(ctx, stored, errors).await? })
    }

    /// The last 100 imports, newest first.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn list(&self, ctx: &Ctx) -> Result<Vec<Import>> {
        let all = store::list(self.records.db().read(), ctx).await?;
        let catalogue = self.records.catalogue_of(ctx).await?;
        Ok(all.into_iter().map(|stored| view(&catalogue, ctx, stored, Vec::new())).collect())
    }

    /// Begins a dry run with this mapping.
    ///
    /// # Errors
    /// `NotFound`, `import.state`, `import.invalid` (field `mapping`).
    pub async fn check(
        &self,
        ctx: &Ctx,
        id: Uuid,
        mapping: Option<Vec<Mapped>>,
        options: Option<Options>,
    ) -> Result<Import> {
        self.begin(ctx, id, mapping, options, State::Checking).await
    }

    /// Begins the import; without a mapping the last one holds.
    ///
    /// # Errors
    /// As `check`; `Denied` when known clients are to be updated without the right to.
    pub async fn start(
        &self,
        ctx: &Ctx,
        id: Uuid,
        mapping: Option<Vec<Mapped>>,
        options: Option<Options>,
    ) -> Result<Import> {
        self.begin(ctx, id, mapping, options, State::Running).await
    }

    async fn begin(
        &self,
        ctx: &Ctx,
        id: Uuid,
        mapping: Option<Vec<Mapped>>,
        options: Option<Options>,
        state: State,
    ) -> Result<Import> {
        let tx = self.records.db().begin().await?;
        let mut import = store::find_locked(&tx, ctx, id).await?;
        may_import(ctx, &import.entity)?;
        let fresh = import.batch.is_none() && matches!(import.state, State::Uploaded | State::Checked | State::Failed);
        if !fresh {
            return Err(wrong_state());
        }
        import.mapping = mapping.unwrap_or(import.mapping);
        import.settings.options = options.unwrap_or(import.settings.options);
        if import.settings.options.duplicates == Duplicates::Update && !ctx.rights.may(&import.entity, Action::Update) {
            return Err(Error::Denied("action"));
        }
        let def = &*self.records.entity(ctx, &import.entity).await?;
        convert::check_mapping(def, &ctx.rights, import.columns.len(), &import.mapping)
            .map_err(|(_, problem)| problem.into_error("mapping", ctx.locale))?;
        if state == State::Running {
            let actor = Actor::Import { id: import.user, import: id };
            let (ctx, rules) = (ctx.acting_as(actor), import.settings.options.run_rules);
            import.batch = Some(crate::batch::open_for_rules(&tx, &ctx, "import", rules).await?);
        }
        import.begin_anew();
        store::forget_refusals(&tx, id).await?;
        self.set_going(&tx, ctx, &mut import, state).await?;
        tx.commit().await?;
        self.view(ctx, import, Vec::new()).await
    }

    /// Stops a dry run or an import at the next 200 rows. What was written stays, and can be resumed or undone.
    ///
    /// # Errors
    /// `NotFound`, `import.state`.
    pub async fn cancel(&self, ctx: &Ctx, id: Uuid) -> Result<Import> {
        let tx = self.records.db().begin().await?;
        let mut import = store::find_locked(&tx, ctx, id).await?;
        import.state = match import.state {
            State::Checking => State::Uploaded,
            State::Running => State::Cancelled,
            _ => return Err(wrong_state()),
        };
        import.finished_at = (import.state == State::Cancelled).then(|| ctx.now());
        import.settings.run = None;
        store::update(&tx, &import).await?;
        tx.commit().await?;
        self.get(ctx, id).await
    }

    /// Goes on with an import that was cancelled or failed, after the last row that was dealt with.
    ///
    /// # Errors
    /// `NotFound`, `import.state` (also when its batch was undone).
    pub async fn resume(&self, ctx: &Ctx, id: Uuid) -> Result<Import> {
        let batch = store::find(self.records.db().read(), ctx, id).await?.batch.ok_or_else(wrong_state)?;
        if self.records.batch(ctx, batch).await?.undone_at.is_some() {
            return Err(wrong_state());
        }
        let tx = self.records.db().begin().await?;
        let mut import = store::find_locked(&tx, ctx, id).await?;
        if !matches!(import.state, State::Cancelled | State::Failed) {
            return Err(wrong_state());
        }
        self.set_going(&tx, ctx, &mut import, State::Running).await?;
        tx.commit().await?;
        self.get(ctx, id).await
    }

    /// Puts an import into a working state with the job that does the work. Each job has a run of its own: whichever
    /// job an earlier run left behind stops when it sees another one.
    async fn set_going(&self, tx: &kernel::db::Tx, ctx: &Ctx, import: &mut Stored, state: State) -> Result<()> {
        let run = ctx.id();
        import.state = state;
        import.settings.run = Some(run);
        import.problem = None;
        import.finished_at = None;
        store::update(tx, import).await?;
        let payload = json!({"import": import.id, "run": run});
        let job = NewJob::now(&ctx.env, run::KIND, payload).for_tenant(ctx.tenant).unique(run::key(run));
        jobs::enqueue(tx, &ctx.env, job).await?;
        Ok(())
    }

    /// The refused rows as CSV, piece by piece; or with `left_out` those that were taken without some of their cells.
    ///
    /// # Errors
    /// `NotFound`.
    pub async fn report(&self, ctx: &Ctx, id: Uuid, left_out: bool) -> Result<Report> {
        let import = store::find(self.records.db().read(), ctx, id).await?;
        let catalogue = self.records.catalogue_of(ctx).await?;
        Ok(Report::new(self.records.db(), ctx.locale, catalogue, import, left_out))
    }

    /// Removes the files of imports that ended, or were left lying, more than `KEPT_DAYS` ago. Returns how many.
    ///
    /// # Errors
    /// When the database or the disk fails.
    pub async fn clean_up(&self) -> Result<usize> {
        let before = self.records.env().now().plus_seconds(-KEPT_DAYS * 86_400);
        let mut removed = 0;
        for id in store::ended_before(self.records.db().read(), before).await? {
            let dir = self.dir.join(id.to_string());
            if tokio::fs::try_exists(&dir).await.unwrap_or(false) {
                tokio::fs::remove_dir_all(&dir).await.map_err(Error::internal)?;
                removed += 1;
            }
        }
        self.forget_incoming().await.map_err(Error::internal)?;
        Ok(removed)
    }

    /// Removes uploads that a crash left half-way, a day after.
    async fn forget_incoming(&self) -> std::io::Result<()> {
        let Ok(mut files) = tokio::fs::read_dir(self.dir.join(INCOMING)).await else { return Ok(()) };
        let before = self.records.env().now().plus_seconds(-86_400);
        while let Some(file) = files.next_entry().await? {
            let changed = file.metadata().await?.modified()?.duration_since(std::time::UNIX_EPOCH);
            let changed = changed.map_or(0, |age| i64::try_from(age.as_micros()).unwrap_or(i64::MAX));
            if changed < before.micros() {
                tokio::fs::remove_file(file.path()).await?;
            }
        }
        Ok(())
    }
}

fn spool_in(dir: &Path) -> PathBuf {
    dir.join("rows.csv")
}

const fn wrong_state() -> Error {
    Error::Conflict { code: "import.state", current: None }
}

/// The person who imports; only somebody who may create such records.
fn may_import(ctx: &Ctx, entity: &str) -> Result<kernel::UserId> {
    if !ctx.rights.may(entity, Action::Create) {
        return Err(Error::Denied("action"));
    }
    ctx.user().ok_or(Error::Unauthenticated)
}

fn view(catalogue: &crate::Catalogue, ctx: &Ctx, import: Stored, errors: Vec<RowError>) -> Import {
    let targets = catalogue.find(&import.entity).map(|def| suggest::targets(def, &ctx.rights, ctx.locale));
    Import {
        id: import.id,
        entity: import.entity,
        file_name: import.file_name,
        format: import.format,
        state: import.state,
        columns: import.columns,
        mapping: import.mapping,
        targets: targets.unwrap_or_default(),
        options: import.settings.options,
        header: Some(import.settings.head)
            .filter(|head| head.skip > 0)
            .map(|head| Header { first: head.first, last: head.last }),
        top: Vec::new(),
        total: import.total,
        processed: import.processed,
        accepted: import.accepted,
        refused: import.refused,
        skipped: import.skipped,
        partial: import.settings.partial,
        batch: import.batch,
        problem: import.problem,
        errors,
        reasons: Vec::new(),
        created_at: import.created_at,
        finished_at: import.finished_at,
    }
}

#[cfg(test)]
pub(crate) mod tests;
