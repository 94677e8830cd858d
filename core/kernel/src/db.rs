//! The database: the only holder of connections.
//!
//! SQLite: one writing connection and several readers over a WAL file, `synchronous=FULL`; a write transaction begins
//! IMMEDIATE, so it never fails half-way on a lock. PostgreSQL: one pool for both. Callers get a `Tx` for writing and
//! `read()` for reading; they never see which database it is, except through `backend()` when they build SQL.

use std::str::FromStr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use sea_orm::sea_query::{Expr, ExprTrait, OnConflict, Query};
use sea_orm::{
    ConnectionTrait, DatabaseConnection, DatabaseTransaction, DbBackend, DbErr, ExecResult, QueryResult,
    SqliteTransactionMode, SqlxPostgresConnector, SqlxSqliteConnector, Statement, TransactionOptions, TransactionTrait,
};
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous};
use tokio::sync::watch;

use crate::id::TenantId;

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

/// A handle on the database; cheap to clone.
#[derive(Debug, Clone)]
pub struct Db {
    write: DatabaseConnection,
    read: DatabaseConnection,
    committed: Arc<watch::Sender<u64>>,
    enqueued: Arc<watch::Sender<u64>>,
}

impl Db {
    /// Opens the database, making the SQLite file when it is absent. Migrations are run by the caller.
    ///
    /// # Errors
    /// When it cannot be reached or the URL is not understood.
    pub async fn open(options: &DbOptions) -> Result<Self, DbErr> {
        let (write, read) = if options.url.starts_with("sqlite:") {
            open_sqlite(options).await?
        } else if options.url.starts_with("postgres:") || options.url.starts_with("postgresql:") {
            let pool = open_postgres(options).await?;
            (pool.clone(), pool)
        } else {
            return Err(DbErr::Custom("the database URL must begin with sqlite: or postgres:".into()));
        };
        let channel = || Arc::new(watch::Sender::new(0));
        Ok(Self { write, read, committed: channel(), enqueued: channel() })
    }

    /// Which SQL it speaks.
    pub fn backend(&self) -> DbBackend {
        self.read.get_database_backend()
    }

    /// A connection for reading.
    pub const fn read(&self) -> &DatabaseConnection {
        &self.read
    }

    /// A connection for migrations.
    pub const fn for_migrations(&self) -> &DatabaseConnection {
        &self.write
    }

    /// Begins a write transaction. Dropping it without `commit` undoes everything.
    ///
    /// # Errors
    /// When no connection can be had in time.
    pub async fn begin(&self) -> Result<Tx, DbErr> {
        let options = TransactionOptions {
            sqlite_transaction_mode: Some(SqliteTransactionMode::Immediate),
            ..TransactionOptions::default()
        };
        let options = if self.backend() == DbBackend::Sqlite { options } else { TransactionOptions::default() };
        let tx = self.write.begin_with_options(options).await?;
        let (committed, enqueued) = (Arc::clone(&self.committed), Arc::clone(&self.enqueued));
        Ok(Tx { tx, committed, enqueued, has_jobs: Arc::default() })
    }

    /// The same database, with `watch` told of every statement made through this handle and its clones from now on:
    /// to see what a request costs.
    #[must_use]
    pub fn watched(mut self, watch: impl Fn(&Statement) + Clone + Send + Sync + 'static) -> Self {
        let written = watch.clone();
        self.write.set_metric_callback(move |info| written(info.statement));
        self.read.set_metric_callback(move |info| watch(info.statement));
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
        self.write.close_by_ref().await?;
        self.read.close_by_ref().await
    }
}

async fn open_sqlite(options: &DbOptions) -> Result<(DatabaseConnection, DatabaseConnection), DbErr> {
    let sync = if options.full_sync { SqliteSynchronous::Full } else { SqliteSynchronous::Normal };
    let base = SqliteConnectOptions::from_str(&options.url)
        .map_err(|e| DbErr::Custom(e.to_string()))?
        .create_if_missing(true)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(sync)
        .foreign_keys(true)
        .busy_timeout(Duration::from_secs(30))
        // KiB per connection. The file is not mapped: every connection would count the mapped part as its own.
        .pragma("cache_size", "-16384")
        .pragma("temp_store", "MEMORY")
        .optimize_on_close(true, 400)
        .statement_cache_capacity(512)
        .with_regexp();
    let pool = |max: u32| {
        SqlitePoolOptions::new()
            .max_connections(max)
            .min_connections(1)
            .acquire_timeout(Duration::from_secs(30))
            .idle_timeout(None)
            .max_lifetime(None)
            .test_before_acquire(false)
    };
    let failed = |e: sqlx::Error| DbErr::Custom(format!("cannot open the SQLite file: {e}"));
    let write = pool(1).connect_with(base.clone()).await.map_err(failed)?;
    let read = pool(Ord::max(options.connections, 1)).connect_with(base).await.map_err(failed)?;
    Ok((SqlxSqliteConnector::from_sqlx_sqlite_pool(write), SqlxSqliteConnector::from_sqlx_sqlite_pool(read)))
}

async fn open_postgres(options: &DbOptions) -> Result<DatabaseConnection, DbErr> {
    let connect = PgConnectOptions::from_str(&options.url)
        .map_err(|e| DbErr::Custom(e.to_string()))?
        .application_name("verstak")
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

/// A write transaction.
#[derive(Debug)]
pub struct Tx {
    tx: DatabaseTransaction,
    committed: Arc<watch::Sender<u64>>,
    enqueued: Arc<watch::Sender<u64>>,
    has_jobs: Arc<AtomicBool>,
}

impl Tx {
    /// Makes everything durable and wakes the readers of the event log and the job queue.
    ///
    /// # Errors
    /// When the database refuses; then nothing was written.
    pub async fn commit(self) -> Result<(), DbErr> {
        self.tx.commit().await?;
        self.committed.send_modify(|count| *count = count.wrapping_add(1));
        if self.has_jobs.load(Ordering::Relaxed) {
            self.enqueued.send_modify(|count| *count = count.wrapping_add(1));
        }
        Ok(())
    }

    /// Wakes the workers after the commit.
    pub(crate) fn note_job(&self) {
        self.has_jobs.store(true, Ordering::Relaxed);
    }

    /// A transaction inside this one, to undo a part alone.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn savepoint(&self) -> Result<Self, DbErr> {
        // Its own commit wakes nobody: nothing is durable before the outer one.
        let nobody = || Arc::new(watch::Sender::new(0));
        let has_jobs = Arc::clone(&self.has_jobs);
        Ok(Self { tx: self.tx.begin().await?, committed: nobody(), enqueued: nobody(), has_jobs })
    }

    /// Undoes everything now.
    ///
    /// # Errors
    /// When the connection is gone; then the database undoes it by itself.
    pub async fn rollback(self) -> Result<(), DbErr> {
        self.tx.rollback().await
    }

    /// The next value of a tenant's sequence (1 first), `count` values reserved at once; gives the first of them.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn reserve(&self, tenant: TenantId, name: &str, count: i64) -> Result<i64, DbErr> {
        let insert = Query::insert()
            .into_table("sequence")
            .columns(["tenant_id", "name", "value"])
            .values_panic([tenant.0.into(), name.into(), count.into()])
            .on_conflict(
                OnConflict::columns(["tenant_id", "name"])
                    .value("value", Expr::col(("sequence", "value")).add(count))
                    .to_owned(),
            )
            .returning_col("value")
            .to_owned();
        let row = self.query_one(&insert).await?.ok_or_else(|| DbErr::RecordNotFound("sequence".into()))?;
        Ok(row.try_get_by_index::<i64>(0)? - count + 1)
    }
}

#[async_trait::async_trait]
impl ConnectionTrait for Tx {
    fn get_database_backend(&self) -> DbBackend {
        self.tx.get_database_backend()
    }

    async fn execute_raw(&self, statement: Statement) -> Result<ExecResult, DbErr> {
        self.tx.execute_raw(statement).await
    }

    async fn execute_unprepared(&self, sql: &str) -> Result<ExecResult, DbErr> {
        self.tx.execute_unprepared(sql).await
    }

    async fn query_one_raw(&self, statement: Statement) -> Result<Option<QueryResult>, DbErr> {
        self.tx.query_one_raw(statement).await
    }

    async fn query_all_raw(&self, statement: Statement) -> Result<Vec<QueryResult>, DbErr> {
        self.tx.query_all_raw(statement).await
    }
}
