//! A write transaction.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use futures::{FutureExt, TryFutureExt};
use sea_orm::sea_query::{Expr, ExprTrait, OnConflict, Query};
use sea_orm::{
    DatabaseConnection, DatabaseTransaction, DbBackend, DbErr, Statement, StatementBuilder, TransactionTrait,
};
use tokio::sync::watch;

use super::again;
use super::pending::Pending;
use super::rows::{ConnectionTrait, ExecResult, QueryResult};
use super::sqlite::Wanted;
use super::writer::{Turn, Writer};
use crate::id::TenantId;

/// A write transaction.
#[derive(Debug)]
pub struct Tx {
    way: Way,
    committed: Arc<watch::Sender<u64>>,
    enqueued: Arc<watch::Sender<u64>>,
    has_jobs: Arc<AtomicBool>,
    /// Inside another one: nothing is durable by its commit.
    is_part: bool,
}

#[derive(Debug)]
enum Way {
    Sqlite(Arc<Turn>),
    /// Part of a transaction of SQLite.
    Savepoint(Savepoint),
    Postgres(Postgres),
}

/// A transaction of the driver's, or part of one, with what waits to be sent.
#[derive(Debug)]
struct Postgres {
    tx: DatabaseTransaction,
    pending: Mutex<Pending>,
}

impl Postgres {
    fn new(tx: DatabaseTransaction) -> Self {
        Self { tx, pending: Mutex::default() }
    }

    fn pending(&self) -> std::sync::MutexGuard<'_, Pending> {
        self.pending.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn later(&self, statement: Statement) -> Result<(), DbErr> {
        let refused = self.pending().add(statement);
        let Some(statement) = refused else { return Ok(()) };
        self.flush().await?;
        let refused = self.pending().add(statement);
        match refused {
            Some(statement) => self.tx.execute_raw(statement).await.map(drop),
            None => Ok(()),
        }
    }

    /// Sends what waits.
    async fn flush(&self) -> Result<(), DbErr> {
        let waiting = self.pending().take();
        match waiting {
            Some(statement) => self.tx.execute_raw(statement).await.map(drop),
            None => Ok(()),
        }
    }

    async fn commit(self) -> Result<(), DbErr> {
        self.flush().await?;
        self.tx.commit().await
    }

    /// The driver's transaction, with everything in it that was asked for.
    async fn flushed(&self) -> Result<&DatabaseTransaction, DbErr> {
        self.flush().await?;
        Ok(&self.tx)
    }
}

/// Undone when dropped before its end.
#[derive(Debug)]
struct Savepoint {
    turn: Arc<Turn>,
    number: u32,
    over: bool,
}

impl Drop for Savepoint {
    fn drop(&mut self) {
        if !self.over {
            self.turn.undo(self.number);
        }
    }
}

type Channel = Arc<watch::Sender<u64>>;

impl Tx {
    pub(super) async fn on_sqlite(writer: &Arc<Writer>, committed: Channel, enqueued: Channel) -> Result<Self, DbErr> {
        let way = Way::Sqlite(Arc::new(writer.begin().await?));
        Ok(Self { way, committed, enqueued, has_jobs: Arc::default(), is_part: false })
    }

    pub(super) async fn on_postgres(
        pool: &DatabaseConnection,
        committed: Channel,
        enqueued: Channel,
    ) -> Result<Self, DbErr> {
        let way = Way::Postgres(Postgres::new(pool.begin().await?));
        Ok(Self { way, committed, enqueued, has_jobs: Arc::default(), is_part: false })
    }

    fn turn(&self) -> Result<&Turn, &Postgres> {
        match &self.way {
            Way::Sqlite(turn) => Ok(turn),
            Way::Savepoint(savepoint) => Ok(&savepoint.turn),
            Way::Postgres(tx) => Err(tx),
        }
    }

    /// Makes everything durable and wakes the readers of the event log and the job queue.
    ///
    /// # Errors
    /// When the database refuses, also one of the statements that needed no answer; then nothing was written.
    pub async fn commit(self) -> Result<(), DbErr> {
        match self.way {
            Way::Sqlite(turn) => turn.commit().boxed().await?,
            Way::Savepoint(mut savepoint) => {
                savepoint.turn.release(savepoint.number)?;
                savepoint.over = true;
            }
            Way::Postgres(postgres) => postgres.commit().boxed().await?,
        }
        if !self.is_part {
            again::note_commit();
        }
        self.committed.send_modify(|count| *count = count.wrapping_add(1));
        if self.has_jobs.load(Ordering::Relaxed) {
            self.enqueued.send_modify(|count| *count = count.wrapping_add(1));
        }
        if !self.is_part {
            // On SQLite no statement waits for anything: work of many transactions would never let other work go on.
            tokio::task::yield_now().await;
        }
        Ok(())
    }

    /// Makes a change whose answer nobody needs: PostgreSQL is given it together with the next statement that needs
    /// one, or the commit, and says there what was wrong with it; SQLite says so at once.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn later<S: StatementBuilder>(&self, statement: &S) -> Result<(), DbErr> {
        match self.turn() {
            Ok(turn) => turn.execute(&DbBackend::Sqlite.build(statement)).map(drop),
            Err(postgres) => postgres.later(DbBackend::Postgres.build(statement)).boxed().await,
        }
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
        let way = match &self.way {
            // What waits is sent first: its errors are not the savepoint's.
            Way::Postgres(postgres) => Way::Postgres(Postgres::new(postgres.flushed().await?.begin().await?)),
            Way::Sqlite(turn) | Way::Savepoint(Savepoint { turn, .. }) => {
                let turn = Arc::clone(turn);
                let number = turn.savepoint()?;
                Way::Savepoint(Savepoint { turn, number, over: false })
            }
        };
        // Its own commit wakes nobody: nothing is durable before the outer one.
        let nobody = || Arc::new(watch::Sender::new(0));
        Ok(Self { way, committed: nobody(), enqueued: nobody(), has_jobs: Arc::clone(&self.has_jobs), is_part: true })
    }

    /// Undoes everything now.
    ///
    /// # Errors
    /// When the connection is gone; then the database undoes it by itself.
    pub async fn rollback(self) -> Result<(), DbErr> {
        match self.way {
            Way::Sqlite(turn) => turn.leave().boxed().await,
            Way::Savepoint(savepoint) => drop(savepoint),
            Way::Postgres(postgres) => postgres.tx.rollback().boxed().await?,
        }
        Ok(())
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

impl ConnectionTrait for Tx {
    fn get_database_backend(&self) -> DbBackend {
        match &self.way {
            Way::Postgres(_) => DbBackend::Postgres,
            Way::Sqlite(_) | Way::Savepoint(_) => DbBackend::Sqlite,
        }
    }

    async fn execute_raw(&self, statement: Statement) -> Result<ExecResult, DbErr> {
        match self.turn() {
            Ok(turn) => turn.execute(&statement),
            Err(postgres) => {
                postgres.flushed().and_then(|tx| ConnectionTrait::execute_raw(tx, statement)).boxed().await
            }
        }
    }

    async fn execute_unprepared(&self, sql: &str) -> Result<ExecResult, DbErr> {
        match self.turn() {
            Ok(turn) => turn.batch(sql),
            Err(postgres) => {
                postgres.flushed().and_then(|tx| ConnectionTrait::execute_unprepared(tx, sql)).boxed().await
            }
        }
    }

    async fn query_one_raw(&self, statement: Statement) -> Result<Option<QueryResult>, DbErr> {
        match self.turn() {
            Ok(turn) => Ok(turn.query(&statement, Wanted::One)?.into_iter().next()),
            Err(postgres) => {
                postgres.flushed().and_then(|tx| ConnectionTrait::query_one_raw(tx, statement)).boxed().await
            }
        }
    }

    async fn query_all_raw(&self, statement: Statement) -> Result<Vec<QueryResult>, DbErr> {
        match self.turn() {
            Ok(turn) => turn.query(&statement, Wanted::All),
            Err(postgres) => {
                postgres.flushed().and_then(|tx| ConnectionTrait::query_all_raw(tx, statement)).boxed().await
            }
        }
    }
}
