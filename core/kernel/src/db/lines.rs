//! Rows read where the database has them.
//!
//! On SQLite sqlx copies each cell of each row and sends the row from its thread to the caller's; a page of a list spends
//! more on that than on its statement. So what is read most goes another way: on a connection of its own, on the caller's
//! thread, each row turned into what is wanted while the statement stands on it. A statement that takes more than a
//! moment is begun again where it holds nobody up. PostgreSQL's rows come over its connection as before, and so do those of
//! a database in memory, whose connections share it by the driver's own means.

use std::borrow::Cow;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use regex::Regex;
use rusqlite::types::{ToSqlOutput, Value as Owned, ValueRef};
use rusqlite::{Connection, OpenFlags, Row, functions::FunctionFlags, params_from_iter};
use sea_orm::sea_query::{SelectStatement, Value};
use sea_orm::{ConnectionTrait, DbBackend, DbErr, QueryResult, Statement, TryGetableFromJson};
use sqlx::sqlite::SqliteConnectOptions;
use tokio::runtime::{Handle, RuntimeFlavor};
use tokio::sync::Semaphore;
use uuid::Uuid;

use super::sqlite::Wanted;
use super::{MAPPED, Read, Reader};
use crate::{Error, Result, words};

/// Instructions of SQLite's machine between two looks at the clock.
const STRIDE: i32 = 10_000;
/// So many strides, some milliseconds, may a statement keep a thread that has other requests to serve.
const MOMENT: u64 = 20;
/// A statement of so many strides is given up: about a minute.
const LONGEST: u64 = 200_000;
/// How long to wait for a lock, as the other connections do.
const WAIT: Duration = Duration::from_secs(30);

/// A row: as SQLite stands on it, or fetched.
#[derive(Clone, Copy)]
pub enum Line<'a> {
    /// On SQLite, read in place.
    Here(&'a Row<'a>),
    /// From elsewhere.
    Fetched(&'a QueryResult),
}

impl std::fmt::Debug for Line<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Line")
    }
}

impl<'a> From<&'a QueryResult> for Line<'a> {
    fn from(row: &'a QueryResult) -> Self {
        Self::Fetched(row)
    }
}

fn wrong(error: impl std::fmt::Display) -> DbErr {
    DbErr::Type(error.to_string())
}

impl<'a> Line<'a> {
    /// A whole number.
    ///
    /// # Errors
    /// As all of these: when there is no such column, or it holds another type.
    pub fn int(self, index: usize) -> Result<Option<i64>, DbErr> {
        match self {
            Self::Here(row) => row.get(index).map_err(wrong),
            Self::Fetched(row) => row.try_get_by_index(index),
        }
    }

    /// Yes or no.
    ///
    /// # Errors
    /// As `int`.
    pub fn flag(self, index: usize) -> Result<Option<bool>, DbErr> {
        match self {
            Self::Here(row) => row.get(index).map_err(wrong),
            Self::Fetched(row) => row.try_get_by_index(index),
        }
    }

    /// A text.
    ///
    /// # Errors
    /// As `int`.
    pub fn text(self, index: usize) -> Result<Option<Cow<'a, str>>, DbErr> {
        match self {
            Self::Here(row) => match row.get_ref(index).map_err(wrong)? {
                ValueRef::Null => Ok(None),
                cell => cell.as_str().map(|text| Some(Cow::Borrowed(text))).map_err(wrong),
            },
            Self::Fetched(row) => Ok(row.try_get_by_index::<Option<String>>(index)?.map(Cow::Owned)),
        }
    }

    /// An id.
    ///
    /// # Errors
    /// As `int`.
    pub fn id(self, index: usize) -> Result<Option<Uuid>, DbErr> {
        match self {
            Self::Here(row) => match row.get_ref(index).map_err(wrong)? {
                ValueRef::Null => Ok(None),
                cell => Uuid::from_slice(cell.as_blob().map_err(wrong)?).map(Some).map_err(wrong),
            },
            Self::Fetched(row) => row.try_get_by_index(index),
        }
    }

    /// What a cell of JSON means.
    ///
    /// # Errors
    /// As `int`.
    pub fn json<T: TryGetableFromJson>(self, index: usize) -> Result<Option<T>, DbErr> {
        match self {
            Self::Here(row) => match row.get_ref(index).map_err(wrong)? {
                ValueRef::Null => Ok(None),
                ValueRef::Text(json) | ValueRef::Blob(json) => serde_json::from_slice(json).map(Some).map_err(wrong),
                other => Err(wrong(format!("no JSON but {}", other.data_type()))),
            },
            Self::Fetched(row) => row.try_get_by_index(index),
        }
    }
}

/// A cell that must not be empty.
///
/// # Errors
/// When it is.
pub fn filled<T>(cell: Option<T>) -> Result<T, DbErr> {
    cell.ok_or_else(|| DbErr::Type("an empty cell where none may be".into()))
}

impl Reader {
    /// Rows of a select, each made into something where it stands. `make` may be called more than once for a row.
    ///
    /// # Errors
    /// When the database fails, or `make` does.
    pub async fn lines<T>(&self, select: &SelectStatement, make: impl Fn(Line<'_>) -> Result<T>) -> Result<Vec<T>> {
        match &self.0 {
            Read::Sqlite(connections) => {
                let statement = DbBackend::Sqlite.build(select);
                let Some(near) = &connections.near else {
                    let rows = connections.run(statement, Wanted::All).await?.rows;
                    return rows.into_iter().map(|row| make((&QueryResult::from(row)).into())).collect();
                };
                connections.tell(&statement);
                near.read(&statement, LONGEST, make).await
            }
            Read::Postgres(pool) => pool.query_all(select).await?.iter().map(|row| make(row.into())).collect(),
        }
    }
}

/// A connection, and how many strides the statement on it may take yet.
struct Near {
    conn: Connection,
    left: Arc<AtomicU64>,
}

/// Connections that read on the caller's thread.
pub(super) struct NearConnections {
    options: SqliteConnectOptions,
    free: Mutex<Vec<Near>>,
    permits: Semaphore,
}

impl std::fmt::Debug for NearConnections {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("NearConnections").finish_non_exhaustive()
    }
}

/// Why a statement was not read to its end.
enum Halt {
    /// It takes longer than it may here.
    Long,
    Failed(Error),
}

impl From<rusqlite::Error> for Halt {
    fn from(error: rusqlite::Error) -> Self {
        match error.sqlite_error_code() {
            Some(rusqlite::ErrorCode::OperationInterrupted) => Self::Long,
            _ => Self::Failed(DbErr::Custom(error.to_string()).into()),
        }
    }
}

impl NearConnections {
    /// At most `max` of them, opened when they are needed.
    pub(super) fn new(options: SqliteConnectOptions, max: usize) -> Self {
        Self { options, free: Mutex::new(Vec::new()), permits: Semaphore::new(max) }
    }

    fn free(&self) -> std::sync::MutexGuard<'_, Vec<Near>> {
        self.free.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Closes those that nobody holds, and lets nobody have more.
    pub(super) fn close(&self) {
        self.permits.close();
        self.free().clear();
    }

    async fn read<T>(
        &self,
        statement: &Statement,
        longest: u64,
        make: impl Fn(Line<'_>) -> Result<T>,
    ) -> Result<Vec<T>> {
        let permit = tokio::time::timeout(WAIT, self.permits.acquire()).await;
        let Ok(Ok(_permit)) = permit else { return Err(Error::Unavailable("no connection is free".into())) };
        let kept = self.free().pop();
        let near = kept.map_or_else(|| open(&self.options), Ok)?;
        let read = match near.read(statement, MOMENT, &make) {
            Err(Halt::Long) => aside(|| near.read(statement, longest, &make)),
            read => read,
        };
        if !self.permits.is_closed() {
            self.free().push(near);
        }
        read.map_err(|halt| match halt {
            Halt::Long => Error::Unavailable("reading took too long".into()),
            Halt::Failed(error) => error,
        })
    }
}

/// Runs something long on this thread while another one takes over the work that waits for it.
fn aside<T>(work: impl FnOnce() -> T) -> T {
    match Handle::try_current().map(|handle| handle.runtime_flavor()) {
        Ok(RuntimeFlavor::MultiThread) => tokio::task::block_in_place(work),
        _ => work(),
    }
}

impl Near {
    fn read<T>(
        &self,
        statement: &Statement,
        strides: u64,
        make: impl Fn(Line<'_>) -> Result<T>,
    ) -> Result<Vec<T>, Halt> {
        self.left.store(strides, Ordering::Relaxed);
        let mut prepared = self.conn.prepare_cached(&statement.sql)?;
        let values = statement.values.as_ref().map_or(&[][..], |values| &values.0);
        let cells =
            values.iter().map(cell).collect::<Result<Vec<_>, _>>().map_err(|error| Halt::Failed(error.into()))?;
        let mut rows = prepared.query(params_from_iter(cells))?;
        let mut found = Vec::new();
        while let Some(row) = rows.next()? {
            found.push(make(Line::Here(row)).map_err(Halt::Failed)?);
        }
        Ok(found)
    }
}

/// A value as sqlx binds it.
fn cell(value: &Value) -> Result<ToSqlOutput<'_>, DbErr> {
    let text = |text: &str| ToSqlOutput::Owned(Owned::Text(text.to_owned()));
    let whole = |number: i64| ToSqlOutput::Owned(Owned::Integer(number));
    let cell = match value {
        Value::Bool(value) => value.map(|value| whole(value.into())),
        Value::TinyInt(value) => value.map(|value| whole(value.into())),
        Value::SmallInt(value) => value.map(|value| whole(value.into())),
        Value::Int(value) => value.map(|value| whole(value.into())),
        Value::BigInt(value) => value.map(whole),
        Value::TinyUnsigned(value) => value.map(|value| whole(value.into())),
        Value::SmallUnsigned(value) => value.map(|value| whole(value.into())),
        Value::Unsigned(value) => value.map(|value| whole(value.into())),
        Value::BigUnsigned(value) => value.map(i64::try_from).transpose().map_err(wrong)?.map(whole),
        Value::Float(value) => value.map(|value| ToSqlOutput::Owned(Owned::Real(value.into()))),
        Value::Double(value) => value.map(|value| ToSqlOutput::Owned(Owned::Real(value))),
        Value::String(value) => value.as_ref().map(|value| ToSqlOutput::Borrowed(ValueRef::Text(value.as_bytes()))),
        Value::Char(value) => value.map(|value| text(value.encode_utf8(&mut [0; 4]))),
        Value::Bytes(value) => value.as_ref().map(|value| ToSqlOutput::Borrowed(ValueRef::Blob(value))),
        Value::Uuid(value) => {
            value.as_ref().map(|value| ToSqlOutput::Borrowed(ValueRef::Blob(value.as_bytes().as_slice())))
        }
        Value::Json(value) => value.as_ref().map(|value| text(&value.to_string())),
        other => return Err(DbErr::Type(format!("a value of a kind that is not bound: {other:?}"))),
    };
    Ok(cell.unwrap_or(ToSqlOutput::Owned(Owned::Null)))
}

/// A connection with the settings of the others, for reading alone.
fn open(options: &SqliteConnectOptions) -> Result<Near> {
    let failed = |error: rusqlite::Error| Error::from(DbErr::Custom(format!("cannot open the SQLite file: {error}")));
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX | OpenFlags::SQLITE_OPEN_URI;
    let conn = Connection::open_with_flags(options.get_filename(), flags).map_err(failed)?;
    let left = Arc::new(AtomicU64::new(0));
    prepare(&conn, &left).map_err(failed)?;
    Ok(Near { conn, left })
}

fn prepare(conn: &Connection, left: &Arc<AtomicU64>) -> rusqlite::Result<()> {
    conn.busy_timeout(WAIT)?;
    conn.set_prepared_statement_cache_capacity(256);
    for (name, value) in [("query_only", "1"), ("cache_size", "-16384"), ("mmap_size", MAPPED), ("temp_store", "2")] {
        conn.pragma_update(None, name, value)?;
    }
    conn.create_collation(words::COLLATION, words::compare)?;
    let flags = FunctionFlags::SQLITE_UTF8 | FunctionFlags::SQLITE_DETERMINISTIC;
    conn.create_scalar_function("regexp", 2, flags, |call| {
        let pattern = call.get_or_create_aux(0, |pattern| {
            let pattern = pattern.as_str().map_err(|error| error.to_string())?;
            Regex::new(pattern)
                .map_err(|error| error.to_string())
                .map_err(Box::<dyn std::error::Error + Send + Sync>::from)
        })?;
        Ok(match call.get_raw(1) {
            ValueRef::Null => None,
            ValueRef::Integer(number) => Some(pattern.is_match(&number.to_string())),
            ValueRef::Real(number) => Some(pattern.is_match(&number.to_string())),
            text => text.as_str().ok().map(|text| pattern.is_match(text)),
        })
    })?;
    let left = Arc::clone(left);
    let spent = move || left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(1)).is_err();
    conn.progress_handler(STRIDE, Some(spent))
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::Db;

    /// A whole number that a select gives, with another longest time.
    pub(in super::super) async fn read_for(
        db: &Db,
        select: &SelectStatement,
        longest: u64,
    ) -> Result<Vec<Option<i64>>> {
        let Read::Sqlite(connections) = &db.read().0 else { unreachable!("SQLite alone") };
        let near = connections.near.as_ref().unwrap();
        near.read(&DbBackend::Sqlite.build(select), longest, |line| Ok(line.int(0)?)).await
    }
}
