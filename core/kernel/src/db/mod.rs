//! The database: the only holder of connections.
//!
//! SQLite: one writing connection and several readers over a WAL file, `synchronous=FULL`; a write transaction begins
//! IMMEDIATE, so it never fails half-way on a lock. PostgreSQL: one pool for both. Callers get a `Tx` for writing and
//! `read()` for reading; they never see which database it is, except through `backend()` when they build SQL.
//!
//! | module | what |
//! |---|---|
//! | `tx` | a write transaction |
//! | `again` | work that lost a race for locks is done again |
//! | `errors` | what the database refused |
//! | `lines` | rows read where the database has them |
//! | `others` | who else is connected |
//! | `pending` | PostgreSQL: changes that go in one journey |
//! | `rows` | statements and rows, the same for both |
//! | `sqlite` | connections of SQLite, on the caller's thread |
//! | `sums` | sums that reach beyond 64 bits |
//! | `writer` | SQLite's writing connection: transactions one after another, committed in groups |

mod again;
mod errors;
mod lines;
mod others;
mod pending;
mod rows;
mod sqlite;
mod sums;
#[cfg(test)]
mod tests;
mod tx;
mod writer;

use std::str::FromStr;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use futures::FutureExt;
use sea_orm::sea_query::{Cond, Expr, ExprTrait};
use sea_orm::{DatabaseConnection, DbBackend, DbErr, SqlxPostgresConnector, SqlxSqliteConnector, Statement};
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous};
use tokio::sync::watch;

pub use again::{TRIES, again, again_raced};
pub(crate) use errors::is_too_long;
pub use errors::{is_lost, taken};
pub use lines::{Line, filled};
pub use others::connected;
pub use rows::{Cell, ConnectionTrait, ExecResult, QueryResult};
pub use sums::{halves, sum_at, summed};
pub use tx::Tx;

use crate::clock::Period;
use crate::seal::{self, Seals};
use crate::words;

use sqlite::{Connections, LONGEST, Place, Wanted};
use writer::Writer;

/// Told of every statement before it is made.
type Watch = Arc<dyn Fn(&Statement) + Send + Sync>;

/// How to open the database.
#[derive(Debug, Clone)]
pub struct DbOptions {
    /// `sqlite:/path/file.db` or `postgres://...`.
    pub url: String,
    /// Reading connections (PostgreSQL: all connections).
    pub connections: u32,
    /// SQLite: survive a power cut (`synchronous=FULL`), not only a crash of the process.
    pub full_sync: bool,
}

impl DbOptions {
    /// Defaults for a URL.
    pub fn new(url: &str) -> Self {
        Self { url: url.to_owned(), connections: 8, full_sync: true }
    }
}

/// Whether a cell with an instant lies in a period, as a condition; true of a period open at both ends.
pub fn within(period: Period, cell: &Expr) -> Cond {
    let from = period.from.map(|from| cell.clone().gte(from.0));
    let to = period.to.map(|to| cell.clone().lt(to.0));
    Cond::all().add_option(from).add_option(to)
}

/// A handle on the database; cheap to clone.
#[derive(Debug, Clone)]
pub struct Db {
    read: Reader,
    write: Write,
    committed: Arc<watch::Sender<u64>>,
    enqueued: Arc<watch::Sender<u64>>,
    seals: Arc<OnceLock<Seals>>,
}

/// Where statements are read that belong to no transaction.
#[derive(Debug, Clone)]
pub struct Reader(Read);

#[derive(Debug, Clone)]
enum Read {
    Sqlite(Arc<Connections>),
    Postgres(DatabaseConnection),
}

#[derive(Debug, Clone)]
enum Write {
    /// The pool is for migrations alone, and opened by them.
    Sqlite(Arc<Writer>, DatabaseConnection),
    Postgres(DatabaseConnection),
}

impl Db {
    /// Opens the database, making the SQLite file when it is absent. Migrations are run by the caller.
    ///
    /// # Errors
    /// When it cannot be reached or the URL is not understood.
    pub async fn open(options: &DbOptions) -> Result<Self, DbErr> {
        let (read, write) = if options.url.starts_with("sqlite:") {
            open_sqlite(options).await?
        } else if options.url.starts_with("postgres:") || options.url.starts_with("postgresql:") {
            let pool = open_postgres(options).await?;
            (Read::Postgres(pool.clone()), Write::Postgres(pool))
        } else {
            return Err(DbErr::Custom("the database URL must begin with sqlite: or postgres:".into()));
        };
        let channel = || Arc::new(watch::Sender::new(0));
        let seals = Arc::new(OnceLock::new());
        Ok(Self { read: Reader(read), write, committed: channel(), enqueued: channel(), seals })
    }

    /// Which SQL it speaks.
    pub fn backend(&self) -> DbBackend {
        self.read.get_database_backend()
    }

    /// A connection for reading.
    pub const fn read(&self) -> &Reader {
        &self.read
    }

    /// What opens and seals the secrets that are kept here; nothing before [`crate::seal::prepare`].
    pub fn seals(&self) -> &Seals {
        self.seals.get().unwrap_or(&seal::NONE)
    }

    /// The first ones stay.
    pub(crate) fn set_seals(&self, seals: Seals) {
        drop(self.seals.set(seals));
    }

    /// A connection for migrations.
    pub const fn for_migrations(&self) -> &DatabaseConnection {
        match &self.write {
            Write::Sqlite(_, pool) | Write::Postgres(pool) => pool,
        }
    }

    /// Begins a write transaction. Dropping it without `commit` undoes everything.
    ///
    /// # Errors
    /// When no connection can be had in time.
    pub async fn begin(&self) -> Result<Tx, DbErr> {
        let (committed, enqueued) = (Arc::clone(&self.committed), Arc::clone(&self.enqueued));
        match &self.write {
            Write::Sqlite(writer, _) => Tx::on_sqlite(writer, committed, enqueued).boxed().await,
            Write::Postgres(pool) => Tx::on_postgres(pool, committed, enqueued).boxed().await,
        }
    }

    /// Has the database look at what stands in its tables, so that plans fit it: after very many rows came at once, and
    /// now and then. Looks at samples; nobody waits for it.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn learn(&self) -> Result<(), DbErr> {
        match &self.write {
            // Of the analysis no more than so many rows of each index are read.
            Write::Sqlite(..) => {
                let tx = self.begin().await?;
                tx.execute_unprepared("PRAGMA analysis_limit = 400").await?;
                tx.execute_unprepared("ANALYZE").await?;
                tx.commit().await
            }
            Write::Postgres(pool) => pool.execute_unprepared("ANALYZE").await.map(drop),
        }
    }

    /// The same database, with `watch` told of every statement made through this handle and its clones from now on:
    /// to see what a request costs.
    #[must_use]
    pub fn watched(mut self, watch: impl Fn(&Statement) + Clone + Send + Sync + 'static) -> Self {
        let told: Watch = Arc::new(watch.clone());
        match &mut self.read.0 {
            Read::Sqlite(connections) => *connections = Arc::new(connections.watched(Arc::clone(&told))),
            Read::Postgres(pool) => {
                let watch = watch.clone();
                pool.set_metric_callback(move |info| watch(info.statement));
            }
        }
        match &mut self.write {
            Write::Sqlite(writer, _) => *writer = Arc::new(writer.watched(told)),
            Write::Postgres(pool) => pool.set_metric_callback(move |info| watch(info.statement)),
        }
        self
    }

    /// Wakes up after each commit made through this handle or its clones. Another process's commits are not noticed:
    /// readers poll as well.
    pub fn commits(&self) -> watch::Receiver<u64> {
        self.committed.subscribe()
    }

    /// The same for commits that enqueued jobs: most do not, and looking for jobs after every one of them costs.
    pub(crate) fn enqueues(&self) -> watch::Receiver<u64> {
        self.enqueued.subscribe()
    }

    /// Closes all connections.
    ///
    /// # Errors
    /// When the driver fails to.
    pub async fn close(self) -> Result<(), DbErr> {
        if let Read::Sqlite(connections) = &self.read.0 {
            connections.close();
        }
        if let Write::Sqlite(writer, _) = &self.write {
            writer.close().await;
        }
        self.for_migrations().close_by_ref().await
    }
}

/// Bytes of the file that are mapped.
const MAPPED: &str = "17179869184";

async fn open_sqlite(options: &DbOptions) -> Result<(Read, Write), DbErr> {
    let sync = if options.full_sync { SqliteSynchronous::Full } else { SqliteSynchronous::Normal };
    let migrating = SqliteConnectOptions::from_str(&options.url)
        .map_err(|e| DbErr::Custom(e.to_string()))?
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(sync)
        .foreign_keys(true)
        .busy_timeout(Duration::from_secs(30))
        .pragma("mmap_size", MAPPED)
        .pragma("temp_store", "MEMORY")
        .with_regexp()
        .collation(words::COLLATION, words::compare);
    if options.url.contains(":memory:") || options.url.contains("mode=memory") {
        return Err(DbErr::Custom("a database in memory cannot be shared: give a file".into()));
    }
    let file = migrating.get_filename().to_owned();
    let writer = first(&Place { file: file.clone(), full_sync: options.full_sync, writes: true }).await?;
    let readers = usize::try_from(Ord::max(options.connections, 1)).unwrap_or(1);
    let read = Connections::open(Place { file, full_sync: options.full_sync, writes: false }, readers)?;
    let pool = SqlitePoolOptions::new()
        .max_connections(1)
        .min_connections(0)
        .acquire_timeout(Duration::from_secs(30))
        .connect_lazy_with(migrating);
    let pool = SqlxSqliteConnector::from_sqlx_sqlite_pool(pool);
    Ok((Read::Sqlite(Arc::new(read)), Write::Sqlite(Arc::new(Writer::new(writer)), pool)))
}

/// The first connection. Of several that make one file at the same moment, the one that turns it to write-ahead logging
/// locks the others out for a moment, and no timeout of SQLite's waits for that (sqlite.org/wal.html).
async fn first(place: &Place) -> Result<Connections, DbErr> {
    let mut left = 600_u32;
    loop {
        match Connections::open(place.clone(), 1) {
            Err(error) if left > 0 && error.to_string().contains("database is locked") => left -= 1,
            opened => return opened,
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

async fn open_postgres(options: &DbOptions) -> Result<DatabaseConnection, DbErr> {
    let connect = PgConnectOptions::from_str(&options.url)
        .map_err(|e| DbErr::Custom(e.to_string()))?
        .application_name(others::NAME)
        .statement_cache_capacity(512);
    let pool = PgPoolOptions::new()
        .max_connections(Ord::max(options.connections, 2))
        .acquire_timeout(Duration::from_secs(30))
        .test_before_acquire(false)
        .connect_with(connect)
        .await
        .map_err(|e| DbErr::Custom(format!("cannot reach PostgreSQL: {e}")))?;
    Ok(SqlxPostgresConnector::from_sqlx_postgres_pool(pool))
}

impl ConnectionTrait for Reader {
    fn get_database_backend(&self) -> DbBackend {
        match &self.0 {
            Read::Sqlite(_) => DbBackend::Sqlite,
            Read::Postgres(_) => DbBackend::Postgres,
        }
    }

    async fn execute_raw(&self, statement: Statement) -> Result<ExecResult, DbErr> {
        match &self.0 {
            Read::Sqlite(connections) => {
                connections.tell(&statement);
                connections.lease().boxed().await?.conn()?.execute(&statement)
            }
            Read::Postgres(pool) => ConnectionTrait::execute_raw(pool, statement).boxed().await,
        }
    }

    async fn execute_unprepared(&self, sql: &str) -> Result<ExecResult, DbErr> {
        match &self.0 {
            Read::Sqlite(connections) => connections.lease().boxed().await?.conn()?.batch(sql),
            Read::Postgres(pool) => ConnectionTrait::execute_unprepared(pool, sql).boxed().await,
        }
    }

    async fn query_one_raw(&self, statement: Statement) -> Result<Option<QueryResult>, DbErr> {
        match &self.0 {
            Read::Sqlite(connections) => {
                let rows = connections.read(&statement, Wanted::One, LONGEST, QueryResult::copied).boxed().await?;
                Ok(rows.into_iter().next())
            }
            Read::Postgres(pool) => ConnectionTrait::query_one_raw(pool, statement).boxed().await,
        }
    }

    async fn query_all_raw(&self, statement: Statement) -> Result<Vec<QueryResult>, DbErr> {
        match &self.0 {
            Read::Sqlite(connections) => {
                connections.read(&statement, Wanted::All, LONGEST, QueryResult::copied).boxed().await
            }
            Read::Postgres(pool) => ConnectionTrait::query_all_raw(pool, statement).boxed().await,
        }
    }
}
