//! Connections of SQLite, used on the caller's thread.
//!
//! A message to a thread of its own and back costs more than most statements, so there is none: a statement runs where it
//! is asked for. What takes longer than a moment holds up other work of that thread; so a read is interrupted then and
//! begun again where another thread takes over that work, and a transaction that was slow once goes on there.

use std::borrow::Cow;
use std::cell::RefCell;
use std::collections::VecDeque;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use regex::{Regex, RegexBuilder};
use rusqlite::functions::FunctionFlags;
use rusqlite::types::{ToSqlOutput, Value as Owned, ValueRef};
use rusqlite::{CachedStatement, OpenFlags, Row, params_from_iter};
use sea_orm::sea_query::Value;
use sea_orm::{ConnAcquireErr, DbErr, Statement};
use tokio::runtime::{Handle, RuntimeFlavor};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::Instant;

use super::errors::{failed, too_long};
use super::rows::wrong;
use super::{ExecResult, MAPPED, Watch};
use crate::words;

/// How long to wait for a free connection, and for a lock.
const WAIT: Duration = Duration::from_secs(30);
/// Instructions of SQLite's machine between two looks at what is left.
const STRIDE: i32 = 10_000;
/// So many strides, some milliseconds, may a read keep a thread that has other requests to serve.
const MOMENT: u64 = 20;
/// A read of so many strides is given up: about a minute.
pub(super) const LONGEST: u64 = 200_000;
/// Patterns that a connection keeps, and bytes of what each may learn.
const PATTERNS: usize = 4;
const PATTERN_BYTES: usize = 256 * 1024;
/// A change that took longer makes the rest of its transaction run aside.
const SLOW: Duration = Duration::from_millis(5);

/// Where the file is, and how it is opened.
#[derive(Debug, Clone)]
pub(super) struct Place {
    pub(super) file: PathBuf,
    /// Survive a power cut.
    pub(super) full_sync: bool,
    pub(super) writes: bool,
}

/// A connection.
pub(super) struct Connection {
    conn: rusqlite::Connection,
    /// Strides that the statement on it may take yet.
    left: Arc<AtomicU64>,
    /// Something on it took long; until the lease ends.
    slow: bool,
}

/// How much of an answer is wanted.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Wanted {
    One,
    All,
}

/// Why a statement was not read to its end.
enum Halt {
    /// It takes longer than it may here.
    Long,
    Failed(DbErr),
}

impl From<rusqlite::Error> for Halt {
    fn from(error: rusqlite::Error) -> Self {
        match error.sqlite_error_code() {
            Some(rusqlite::ErrorCode::OperationInterrupted) => Self::Long,
            _ => Self::Failed(failed(error)),
        }
    }
}

/// Runs something long on this thread while another one takes over the work that waits for it.
pub(super) fn aside<T>(work: impl FnOnce() -> T) -> T {
    match Handle::try_current().map(|handle| handle.runtime_flavor()) {
        Ok(RuntimeFlavor::MultiThread) => tokio::task::block_in_place(work),
        _ => work(),
    }
}

impl Connection {
    fn open(place: &Place) -> Result<Self, DbErr> {
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX | OpenFlags::SQLITE_OPEN_URI;
        let flags = if place.writes { flags | OpenFlags::SQLITE_OPEN_CREATE } else { flags };
        let left = Arc::new(AtomicU64::new(u64::MAX));
        let open = |file: &Path| {
            let conn = rusqlite::Connection::open_with_flags(file, flags)?;
            prepare(&conn, place, &left)?;
            Ok(conn)
        };
        let opened = open(&place.file);
        let conn =
            opened.map_err(|error: rusqlite::Error| DbErr::Custom(format!("cannot open the SQLite file: {error}")))?;
        Ok(Self { conn, left, slow: false })
    }

    /// The rows of a statement, each made into something where it stands. `make` may be called more than once for a row.
    /// A read is given up after `longest` strides; a change is never interrupted, it would undo the transaction.
    pub(super) fn query<T, E: From<DbErr>>(
        &mut self,
        statement: &Statement,
        wanted: Wanted,
        longest: u64,
        make: impl Fn(&Row<'_>) -> Result<T, E>,
    ) -> Result<Vec<T>, E> {
        let rows = match self.slow {
            true => aside(|| self.rows(statement, wanted, longest, &make)),
            false => match self.rows(statement, wanted, MOMENT, &make) {
                Err(Halt::Long) => {
                    self.slow = true;
                    aside(|| self.rows(statement, wanted, longest, &make))
                }
                rows => rows,
            },
        };
        match rows {
            Ok(rows) => rows,
            Err(Halt::Long) => Err(too_long().into()),
            Err(Halt::Failed(error)) => Err(error.into()),
        }
    }

    fn rows<T, E>(
        &mut self,
        statement: &Statement,
        wanted: Wanted,
        strides: u64,
        make: impl Fn(&Row<'_>) -> Result<T, E>,
    ) -> Result<Result<Vec<T>, E>, Halt> {
        let begun = Instant::now();
        let (sql, values) = written(statement);
        let mut prepared = self.conn.prepare_cached(&sql)?;
        let changes = !prepared.readonly();
        self.left.store(if changes { u64::MAX } else { strides }, Ordering::Relaxed);
        let mut rows = prepared.query(params_from_iter(cells(values).map_err(Halt::Failed)?))?;
        let mut found = Vec::new();
        while let Some(row) = rows.next()? {
            match make(row) {
                Ok(made) => found.push(made),
                Err(error) => return Ok(Err(error)),
            }
            // A change is done to its end: its rows come when all are changed, but SQLite says so only then.
            if wanted == Wanted::One && !changes {
                break;
            }
        }
        drop(rows);
        drop(prepared);
        self.slow |= changes && begun.elapsed() > SLOW;
        Ok(Ok(found))
    }

    /// Runs a statement whose rows, if any, nobody wants.
    pub(super) fn execute(&mut self, statement: &Statement) -> Result<ExecResult, DbErr> {
        if self.slow { aside(|| self.step(statement)) } else { self.step(statement) }
    }

    fn step(&mut self, statement: &Statement) -> Result<ExecResult, DbErr> {
        let begun = Instant::now();
        self.left.store(u64::MAX, Ordering::Relaxed);
        let (sql, values) = written(statement);
        let mut prepared = self.conn.prepare_cached(&sql).map_err(failed)?;
        run_through(&mut prepared, values)?;
        let changed = if prepared.readonly() { 0 } else { self.conn.changes() };
        drop(prepared);
        self.slow |= begun.elapsed() > SLOW;
        Ok(ExecResult { changed })
    }

    /// Runs a text of one statement or several, as long as it takes.
    pub(super) fn batch(&mut self, sql: &str) -> Result<ExecResult, DbErr> {
        self.left.store(u64::MAX, Ordering::Relaxed);
        aside(|| self.conn.execute_batch(sql)).map_err(failed)?;
        Ok(ExecResult { changed: self.conn.changes() })
    }

    /// Opens or ends something.
    pub(super) fn control(&self, sql: &str) -> Result<(), DbErr> {
        self.left.store(u64::MAX, Ordering::Relaxed);
        self.conn.prepare_cached(sql).and_then(|mut prepared| prepared.execute([])).map(drop).map_err(failed)
    }

    /// Takes the lock of writers, and waits for it when another process has it.
    pub(super) fn begin(&self) -> Result<(), DbErr> {
        const BEGIN: &str = "BEGIN IMMEDIATE";
        let begun = self.conn.prepare_cached(BEGIN).and_then(|mut prepared| prepared.execute([]));
        match begun {
            Err(error) if error.sqlite_error_code() == Some(rusqlite::ErrorCode::DatabaseBusy) => aside(|| {
                self.conn.busy_timeout(WAIT).map_err(failed)?;
                let begun = self.control(BEGIN);
                self.conn.busy_timeout(Duration::ZERO).map_err(failed)?;
                begun
            }),
            begun => begun.map(drop).map_err(failed),
        }
    }
}

fn run_through(prepared: &mut CachedStatement<'_>, values: &[Value]) -> Result<(), DbErr> {
    let mut rows = prepared.query(params_from_iter(cells(values)?)).map_err(failed)?;
    while rows.next().map_err(failed)?.is_some() {}
    Ok(())
}

/// The text of a statement and what is bound in it. SQLite looks at a bound LIMIT when it plans, and so plans anew
/// whenever one is bound, which is a tenth of a list's time: a limit at the end stands in the text.
fn written(statement: &Statement) -> (Cow<'_, str>, &[Value]) {
    let values = statement.values.as_ref().map_or(&[][..], |values| &values.0);
    match (statement.sql.strip_suffix(" LIMIT ?"), values.split_last()) {
        (Some(head), Some((Value::BigUnsigned(Some(limit)), before))) => {
            (Cow::Owned(format!("{head} LIMIT {limit}")), before)
        }
        _ => (Cow::Borrowed(&statement.sql), values),
    }
}

fn cells(values: &[Value]) -> Result<Vec<ToSqlOutput<'_>>, DbErr> {
    values.iter().map(cell).collect()
}

/// A value as it is bound.
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

/// The patterns that were asked for last: what one has learned of itself is learned once, not by each statement.
#[derive(Default)]
struct Patterns(VecDeque<Arc<Regex>>);

impl Patterns {
    fn of(&mut self, pattern: &str) -> Result<Arc<Regex>, regex::Error> {
        let place = self.0.iter().position(|known| known.as_str() == pattern);
        let asked = match place.and_then(|place| self.0.remove(place)) {
            Some(known) => known,
            None => Arc::new(RegexBuilder::new(pattern).dfa_size_limit(PATTERN_BYTES).build()?),
        };
        self.0.truncate(PATTERNS - 1);
        self.0.push_front(Arc::clone(&asked));
        Ok(asked)
    }
}

/// Settings, the collation and the function of filters.
fn prepare(conn: &rusqlite::Connection, place: &Place, left: &Arc<AtomicU64>) -> rusqlite::Result<()> {
    conn.busy_timeout(if place.writes { Duration::ZERO } else { WAIT })?;
    conn.set_prepared_statement_cache_capacity(512);
    // KiB per connection, for what it writes; what it reads is mapped: pages that all connections share and that the
    // system may take back.
    for (name, value) in [("cache_size", "-16384"), ("mmap_size", MAPPED), ("temp_store", "2"), ("foreign_keys", "1")] {
        conn.pragma_update(None, name, value)?;
    }
    if place.writes {
        conn.pragma_update(None, "journal_mode", "WAL")?;
        conn.pragma_update(None, "synchronous", if place.full_sync { "FULL" } else { "NORMAL" })?;
    } else {
        conn.pragma_update(None, "query_only", "1")?;
    }
    conn.create_collation(words::COLLATION, words::compare)?;
    let flags = FunctionFlags::SQLITE_UTF8 | FunctionFlags::SQLITE_DETERMINISTIC;
    let patterns = RefCell::new(Patterns::default());
    conn.create_scalar_function("regexp", 2, flags, move |call| {
        let pattern = call.get_or_create_aux(0, |pattern| {
            let pattern = pattern.as_str().map_err(|error| error.to_string())?;
            let known = patterns.borrow_mut().of(pattern);
            known.map_err(|error| error.to_string()).map_err(Box::<dyn std::error::Error + Send + Sync>::from)
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

/// Some connections to one file with equal settings, opened when they are needed.
pub(super) struct Connections {
    place: Place,
    free: Mutex<Vec<Connection>>,
    permits: Arc<Semaphore>,
    watch: Option<Watch>,
}

impl Connections {
    /// At most `max` of them; the first is opened at once.
    pub(super) fn open(place: Place, max: usize) -> Result<Self, DbErr> {
        let first = Connection::open(&place)?;
        Ok(Self { place, free: Mutex::new(vec![first]), permits: Arc::new(Semaphore::new(max)), watch: None })
    }

    /// The same connections, watched from now on.
    pub(super) fn watched(&self, watch: Watch) -> Self {
        let free = std::mem::take(&mut *self.free());
        let permits = Arc::new(Semaphore::new(self.permits.available_permits()));
        Self { place: self.place.clone(), free: Mutex::new(free), permits, watch: Some(watch) }
    }

    fn free(&self) -> MutexGuard<'_, Vec<Connection>> {
        self.free.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// One connection for the caller alone, first come, first served.
    pub(super) async fn lease(self: &Arc<Self>) -> Result<Lease, DbErr> {
        // No statement waits for anything: work of many would never let other work go on.
        tokio::task::consume_budget().await;
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
        let conn = kept.map_or_else(|| Connection::open(&self.place), Ok)?;
        Ok(Lease { conn: Some(conn), home: Arc::clone(self), _permit: permit })
    }

    /// Tells whoever watches of a statement.
    pub(super) fn tell(&self, statement: &Statement) {
        if let Some(watch) = &self.watch {
            watch(statement);
        }
    }

    /// Rows of a statement by itself, on whichever connection is free; given up after `longest` strides.
    pub(super) async fn read<T, E: From<DbErr>>(
        self: &Arc<Self>,
        statement: &Statement,
        wanted: Wanted,
        longest: u64,
        make: impl Fn(&Row<'_>) -> Result<T, E>,
    ) -> Result<Vec<T>, E> {
        self.tell(statement);
        self.lease().await?.conn()?.query(statement, wanted, longest, make)
    }

    /// Closes those that nobody holds; the others close when they come back.
    pub(super) fn close(&self) {
        self.permits.close();
        for connection in std::mem::take(&mut *self.free()) {
            if self.place.writes {
                // What the planner should know of, of the tables that changed; at most so many rows of each.
                drop(connection.conn.execute_batch("PRAGMA analysis_limit = 400; PRAGMA optimize"));
            }
        }
    }
}

impl std::fmt::Debug for Connections {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Connections").field("free", &self.free().len()).finish_non_exhaustive()
    }
}

/// A connection in one caller's hands; it goes back when dropped.
pub(super) struct Lease {
    conn: Option<Connection>,
    home: Arc<Connections>,
    _permit: OwnedSemaphorePermit,
}

impl Lease {
    /// The connection.
    pub(super) fn conn(&mut self) -> Result<&mut Connection, DbErr> {
        self.conn.as_mut().ok_or(DbErr::ConnectionAcquire(ConnAcquireErr::ConnectionClosed))
    }

    /// Closes the connection, which undoes its transaction.
    pub(super) fn discard(&mut self) {
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
        if let Some(mut conn) = self.conn.take().filter(|_| !self.home.permits.is_closed()) {
            conn.slow = false;
            self.home.free().push(conn);
        }
    }
}

#[cfg(test)]
mod tests {
    use sea_orm::DbBackend;

    use super::*;

    fn check(sql: &str, values: Vec<Value>, text: &str, bound: usize) {
        let statement = Statement::from_sql_and_values(DbBackend::Sqlite, sql, values);
        let (written, values) = written(&statement);
        assert_eq!((&*written, values.len()), (text, bound));
    }

    #[test]
    fn patterns_are_kept_that_were_asked_for_last() {
        let mut patterns = Patterns::default();
        let first = patterns.of("a").unwrap();
        for others in [["b", "c", "d"], ["e", "f", "g"]] {
            for other in others {
                drop(patterns.of(other).unwrap());
            }
            assert!(Arc::ptr_eq(&first, &patterns.of("a").unwrap()), "asked for between the others");
        }
        for other in ["b", "c", "d", "e"] {
            drop(patterns.of(other).unwrap());
        }
        assert!(!Arc::ptr_eq(&first, &patterns.of("a").unwrap()), "{PATTERNS} others came after it");
        assert!(patterns.of("(").is_err());
        assert_eq!(patterns.0.len(), PATTERNS);
    }

    #[test]
    fn a_limit_at_the_end_alone_stands_in_the_text() {
        let (one, limit) = (Value::from(1_i64), Value::from(20_u64));
        let both = vec![one.clone(), limit.clone()];
        check("SELECT a FROM t WHERE b = ? LIMIT ?", both, "SELECT a FROM t WHERE b = ? LIMIT 20", 1);
        check("SELECT a FROM t LIMIT ?", vec![one.clone()], "SELECT a FROM t LIMIT ?", 1);
        check("SELECT a FROM t LIMIT ? OFFSET ?", vec![limit.clone(), limit], "SELECT a FROM t LIMIT ? OFFSET ?", 2);
        check("SELECT a FROM t WHERE b = ' LIMIT ?'", Vec::new(), "SELECT a FROM t WHERE b = ' LIMIT ?'", 0);
        check("SELECT a FROM t LIMIT ?", Vec::new(), "SELECT a FROM t LIMIT ?", 0);
        check("SELECT a FROM t WHERE b = ?", vec![one], "SELECT a FROM t WHERE b = ?", 1);
    }
}
