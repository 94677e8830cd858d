//! Connections of SQLite.
//!
//! sqlx gives each of them a thread, and a statement is a message to it and back, which costs more than most
//! statements. So several go as one message, and connections are kept here: sqlx's own pool asks each one for a sign
//! of life whenever it comes back, a message more.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use futures::TryStreamExt;
use sea_orm::sea_query::Values;
use sea_orm::{ConnAcquireErr, DbErr, RuntimeErr, Statement};
use sea_query_sqlx::SqlxValues;
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection, SqliteQueryResult, SqliteRow};
use sqlx::{AssertSqlSafe, Connection, Either, Executor};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::Watch;
use super::lines::NearConnections;

/// How long to wait for a free connection.
const WAIT: Duration = Duration::from_secs(30);

/// Some connections to one file with equal settings.
pub(super) struct Connections {
    options: SqliteConnectOptions,
    free: Mutex<Vec<SqliteConnection>>,
    permits: Arc<Semaphore>,
    watch: Option<Watch>,
    /// None for a database in memory.
    pub(super) near: Option<Arc<NearConnections>>,
}

/// What the last of some statements gave.
#[derive(Default)]
pub(super) struct Answer {
    pub(super) rows: Vec<SqliteRow>,
    pub(super) done: SqliteQueryResult,
}

/// How much of an answer is wanted.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Wanted {
    Done,
    One,
    All,
}

impl Connections {
    /// At most `max` of them; the first is opened at once.
    pub(super) async fn open(options: SqliteConnectOptions, max: usize) -> Result<Self, DbErr> {
        let first = connect(&options).await?;
        Ok(Self {
            options,
            free: Mutex::new(vec![first]),
            permits: Arc::new(Semaphore::new(max)),
            watch: None,
            near: None,
        })
    }

    /// The same, with connections beside them that read on the caller's thread.
    pub(super) fn with_near(self, max: usize) -> Self {
        let near = Arc::new(NearConnections::new(self.options.clone(), max));
        Self { near: Some(near), ..self }
    }

    /// The same connections, watched from now on.
    pub(super) fn watched(&self, watch: Watch) -> Self {
        let free = std::mem::take(&mut *self.free());
        let permits = Arc::new(Semaphore::new(self.permits.available_permits()));
        let (options, near) = (self.options.clone(), self.near.clone());
        Self { options, free: Mutex::new(free), permits, watch: Some(watch), near }
    }

    fn free(&self) -> std::sync::MutexGuard<'_, Vec<SqliteConnection>> {
        self.free.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// One connection for the caller alone, first come, first served.
    pub(super) async fn lease(self: &Arc<Self>) -> Result<Lease, DbErr> {
        let permits = Arc::clone(&self.permits);
        let permit = match Arc::clone(&permits).try_acquire_owned() {
            Ok(permit) => permit,
            Err(_) => match tokio::time::timeout(WAIT, permits.acquire_owned()).await {
                Ok(Ok(permit)) => permit,
                Ok(Err(_)) => return Err(DbErr::ConnectionAcquire(ConnAcquireErr::ConnectionClosed)),
                Err(_) => return Err(DbErr::ConnectionAcquire(ConnAcquireErr::Timeout)),
            },
        };
        let kept = self.free().pop();
        let conn = match kept {
            Some(conn) => conn,
            None => connect(&self.options).await?,
        };
        Ok(Lease { conn: Some(conn), home: Arc::clone(self), _permit: permit })
    }

    /// Tells whoever watches of a statement.
    pub(super) fn tell(&self, statement: &Statement) {
        if let Some(watch) = &self.watch {
            watch(statement);
        }
    }

    /// Runs a statement by itself, on whichever connection is free.
    pub(super) async fn run(self: &Arc<Self>, statement: Statement, wanted: Wanted) -> Result<Answer, DbErr> {
        self.tell(&statement);
        self.lease().await?.send(vec![statement], wanted).await.map_err(failed)
    }

    /// Closes those that nobody holds; the others close when they come back.
    pub(super) async fn close(&self) -> Result<(), DbErr> {
        self.permits.close();
        if let Some(near) = &self.near {
            near.close();
        }
        let free = std::mem::take(&mut *self.free());
        for conn in free {
            conn.close().await.map_err(|error| DbErr::Conn(RuntimeErr::SqlxError(Arc::new(error))))?;
        }
        Ok(())
    }
}

async fn connect(options: &SqliteConnectOptions) -> Result<SqliteConnection, DbErr> {
    let connected = SqliteConnection::connect_with(options).await;
    connected.map_err(|error| DbErr::Custom(format!("cannot open the SQLite file: {error}")))
}

impl std::fmt::Debug for Connections {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Connections").field("free", &self.free().len()).finish_non_exhaustive()
    }
}

/// A connection in one caller's hands; it goes back when dropped.
pub(super) struct Lease {
    conn: Option<SqliteConnection>,
    home: Arc<Connections>,
    _permit: OwnedSemaphorePermit,
}

impl Lease {
    /// Runs statements one after another, up to the first that fails, and gives the answer of the last.
    pub(super) async fn send(&mut self, statements: Vec<Statement>, wanted: Wanted) -> Result<Answer, sqlx::Error> {
        let conn = self.conn.as_mut().ok_or(sqlx::Error::WorkerCrashed)?;
        let answer = send(conn, statements, wanted).await;
        if let Err(sqlx::Error::WorkerCrashed) = answer {
            self.conn = None;
        }
        answer
    }

    /// Closes the connection.
    pub(super) fn discard(mut self) {
        self.conn = None;
    }
}

impl std::fmt::Debug for Lease {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Lease").field("open", &self.conn.is_some()).finish_non_exhaustive()
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        if let Some(conn) = self.conn.take().filter(|_| !self.home.permits.is_closed()) {
            self.home.free().push(conn);
        }
    }
}

async fn send(conn: &mut SqliteConnection, statements: Vec<Statement>, wanted: Wanted) -> Result<Answer, sqlx::Error> {
    let count = statements.len();
    let (sql, values) = join(statements);
    let query = sqlx::query_with(AssertSqlSafe(sql), SqlxValues(values));
    if count == 1 && wanted == Wanted::One {
        let row = query.fetch_optional(conn).await?;
        return Ok(Answer { rows: row.into_iter().collect(), ..Answer::default() });
    }
    let mut stream = conn.fetch_many(query);
    let mut answer = Answer::default();
    let mut finished = 0;
    while let Some(part) = stream.try_next().await? {
        match part {
            Either::Left(done) => {
                finished += 1;
                answer.done = done;
            }
            Either::Right(row) if finished + 1 == count => answer.rows.push(row),
            Either::Right(_) => {}
        }
    }
    Ok(answer)
}

/// Statements as one text: sqlx takes it apart again and gives each its share of the values, in order.
fn join(statements: Vec<Statement>) -> (String, Values) {
    let mut statements = statements.into_iter();
    let Some(first) = statements.next() else { return (String::new(), Values(Vec::new())) };
    let mut sql = first.sql;
    let mut values = first.values.unwrap_or(Values(Vec::new()));
    for statement in statements {
        sql.push(';');
        sql.push_str(&statement.sql);
        values.0.extend(statement.values.into_iter().flat_map(|values| values.0));
    }
    (sql, values)
}

/// As SeaORM reports it.
pub(super) fn failed(error: sqlx::Error) -> DbErr {
    DbErr::Query(RuntimeErr::SqlxError(Arc::new(error)))
}
