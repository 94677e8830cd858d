//! The writing connection of SQLite: one transaction after another, several of them committed as one where others wait.
//!
//! A commit waits for the disk, and SQLite has one writer at a time. So a transaction that is done while others wait
//! leaves its work in the open transaction of the file and hands the connection on; the next one works inside a
//! savepoint, and the last one, or the closer after it, commits for all. Nobody is told of success before that. A
//! member that fails is undone alone.
//!
//! Statements run on the caller's thread, without a pause between them in which somebody could go away; what waits for the
//! disk or another process does so aside.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use sea_orm::{ConnAcquireErr, DbErr, Statement};
use tokio::sync::oneshot;
use tokio::time::Instant;

use super::errors::undoes_all;
use super::sqlite::{Connection, Connections, LONGEST, Lease, Wanted, aside};
use super::{ExecResult, QueryResult, Watch};

/// Transactions committed as one.
const MAX_GROUP: usize = 32;
/// Older than this a group takes in nobody but those who wait already: who is done is to be told.
const LINGER: Duration = Duration::from_millis(5);
const MEMBER: &str = "SAVEPOINT member";
const JOIN: &str = "RELEASE member";
const LEAVE: &str = "ROLLBACK TO member";
const UNDONE: &str = "the database has undone the transaction";

type Told = oneshot::Sender<Result<(), String>>;

/// The one connection that writes.
#[derive(Debug)]
pub(super) struct Writer {
    connections: Arc<Connections>,
    /// Transactions waiting for their turn.
    waiting: AtomicUsize,
    /// Those whose work is in the open transaction of the file and not committed yet; none when there is no such.
    group: Mutex<Option<Vec<Told>>>,
}

impl Writer {
    pub(super) fn new(connections: Connections) -> Self {
        Self { connections: Arc::new(connections), waiting: AtomicUsize::new(0), group: Mutex::new(None) }
    }

    pub(super) fn watched(&self, watch: Watch) -> Self {
        Self::new(self.connections.watched(watch))
    }

    /// Closes the connection; a group that is open is committed before.
    pub(super) async fn close(&self) {
        let open = self.group().is_some();
        if open && let Ok(mut lease) = self.connections.lease().await {
            self.settle(&mut lease);
        }
        self.connections.close();
    }

    fn group(&self) -> MutexGuard<'_, Option<Vec<Told>>> {
        self.group.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// How many wait for their turn.
    pub(super) fn waiting(&self) -> usize {
        self.waiting.load(Ordering::SeqCst)
    }

    /// Waits for the connection.
    pub(super) async fn begin(self: &Arc<Self>) -> Result<Turn, DbErr> {
        let waiting = Waiting::new(self);
        let lease = self.connections.lease().await?;
        drop(waiting);
        let member = self.group().is_some();
        let state = State { lease: Some(lease), ..State::default() };
        Ok(Turn { writer: Arc::clone(self), member, state: Mutex::new(state) })
    }

    /// Commits for the group, unless somebody did.
    fn settle(&self, lease: &mut Lease) {
        let Some(group) = self.group().take() else { return };
        tell(group, &lease.conn().and_then(commit).map_err(|error| error.to_string()));
    }

    /// Comes after everybody who waits, and commits what they left open. Whoever has come in the meantime goes first, as
    /// long as the group has room: a commit costs as much for one as for many.
    async fn close_group(self: Arc<Self>) {
        let begun = Instant::now();
        loop {
            let mut lease = match self.connections.lease().await {
                Ok(lease) => lease,
                // Somebody works for longer than anybody waits: what was left open is to be committed all the same.
                Err(DbErr::ConnectionAcquire(ConnAcquireErr::Timeout)) => continue,
                Err(_) => return,
            };
            let room = self.group().as_ref().is_some_and(|group| group.len() < MAX_GROUP);
            if !room || self.waiting() == 0 || begun.elapsed() > LINGER {
                return self.settle(&mut lease);
            }
        }
    }
}

/// Waits for the disk; what cannot be made durable is undone.
fn commit(conn: &mut Connection) -> Result<(), DbErr> {
    let done = aside(|| conn.control("COMMIT"));
    if done.is_err() {
        drop(conn.control("ROLLBACK"));
    }
    done
}

fn tell(group: Vec<Told>, result: &Result<(), String>) {
    for member in group {
        drop(member.send(result.clone()));
    }
}

/// Counts somebody as waiting for as long as it lives.
struct Waiting<'a>(&'a Writer);

impl<'a> Waiting<'a> {
    fn new(writer: &'a Writer) -> Self {
        writer.waiting.fetch_add(1, Ordering::SeqCst);
        Self(writer)
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.0.waiting.fetch_sub(1, Ordering::SeqCst);
    }
}

/// How a transaction stands.
#[derive(Debug, Default)]
struct State {
    /// The connection, until the end.
    lease: Option<Lease>,
    /// Something was asked of the database: there is something to undo.
    begun: bool,
    /// SQLite itself undid everything, the group's work too.
    broken: bool,
    savepoints: u32,
}

impl State {
    fn conn(&mut self) -> Result<&mut Connection, DbErr> {
        let lease = self.lease.as_mut().ok_or_else(|| DbErr::Custom("the transaction is over".into()))?;
        lease.conn()
    }
}

/// The writing connection in the hands of one transaction. Undone when dropped before `commit`.
#[derive(Debug)]
pub(super) struct Turn {
    writer: Arc<Writer>,
    /// Joined a group that was open.
    member: bool,
    state: Mutex<State>,
}

impl Turn {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Does something on the connection, inside the transaction.
    fn with<T>(&self, work: impl FnOnce(&mut Connection) -> Result<T, DbErr>) -> Result<T, DbErr> {
        let mut state = self.state();
        let begun = std::mem::replace(&mut state.begun, true);
        let conn = state.conn()?;
        if !begun {
            if self.member { conn.control(MEMBER)? } else { conn.begin()? }
        }
        let done = work(conn);
        if done.as_ref().is_err_and(undoes_all) {
            state.broken = true;
        }
        done
    }

    /// Runs a statement whose rows nobody wants.
    pub(super) fn execute(&self, statement: &Statement) -> Result<ExecResult, DbErr> {
        self.writer.connections.tell(statement);
        self.with(|conn| conn.execute(statement))
    }

    /// Runs a text of statements.
    pub(super) fn batch(&self, sql: &str) -> Result<ExecResult, DbErr> {
        self.with(|conn| conn.batch(sql))
    }

    /// Runs a statement and gives its rows.
    pub(super) fn query(&self, statement: &Statement, wanted: Wanted) -> Result<Vec<QueryResult>, DbErr> {
        self.writer.connections.tell(statement);
        self.with(|conn| conn.query(statement, wanted, LONGEST, QueryResult::copied))
    }

    /// Opens a savepoint.
    pub(super) fn savepoint(&self) -> Result<u32, DbErr> {
        let number = {
            let mut state = self.state();
            state.savepoints += 1;
            state.savepoints
        };
        self.with(|conn| conn.control(&format!("SAVEPOINT s{number}")))?;
        Ok(number)
    }

    /// Ends a savepoint, keeping what was done in it.
    pub(super) fn release(&self, number: u32) -> Result<(), DbErr> {
        self.with(|conn| conn.control(&format!("RELEASE s{number}")))
    }

    /// Ends a savepoint, undoing what was done in it. When that fails, so does the transaction.
    pub(super) fn undo(&self, number: u32) {
        let undone = self.with(|conn| {
            conn.control(&format!("ROLLBACK TO s{number}"))?;
            conn.control(&format!("RELEASE s{number}"))
        });
        if undone.is_err() {
            self.state().broken = true;
        }
    }

    /// Makes it durable: at once, or with those that wait.
    pub(super) async fn commit(&self) -> Result<(), DbErr> {
        let told = self.finish()?;
        let Some(told) = told else { return Ok(()) };
        match told.await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(error)) => Err(DbErr::Custom(error)),
            Err(_) => Err(DbErr::Custom("the database was closed before the commit".into())),
        }
    }

    /// Commits, or leaves the work in the open transaction when somebody waits for the connection: then whoever commits for
    /// all tells how that went.
    fn finish(&self) -> Result<Option<oneshot::Receiver<Result<(), String>>>, DbErr> {
        let mut state = self.state();
        if state.broken {
            return Err(DbErr::Custom(UNDONE.into()));
        }
        if !state.begun {
            state.lease = None;
            return Ok(None);
        }
        if self.member {
            state.conn()?.control(JOIN)?;
        }
        let told = self.hand_on();
        if told.is_none() {
            let done = state.conn().and_then(commit);
            let group = self.writer.group().take();
            tell(group.unwrap_or_default(), &done.as_ref().copied().map_err(ToString::to_string));
            state.begun = false;
            state.lease = None;
            return done.map(|()| None);
        }
        state.lease = None;
        Ok(told)
    }

    /// A seat in the group, when somebody waits for the connection.
    fn hand_on(&self) -> Option<oneshot::Receiver<Result<(), String>>> {
        let mut group = self.writer.group();
        if self.writer.waiting() == 0 || group.as_ref().map_or(0, Vec::len) >= MAX_GROUP {
            return None;
        }
        let (tell, told) = oneshot::channel();
        group.get_or_insert_default().push(tell);
        drop(group);
        if !self.member {
            tokio::spawn(Arc::clone(&self.writer).close_group());
        }
        Some(told)
    }

    /// Undoes everything and waits until the group it was in is committed: what was judged by the work of others, and is
    /// told now, is there for everybody.
    pub(super) async fn leave(&self) {
        let told = self.state().begun.then(|| self.listen()).flatten();
        self.rollback();
        if let Some(told) = told {
            drop(told.await);
        }
    }

    /// Word of how the commit of the group goes, when there is one.
    fn listen(&self) -> Option<oneshot::Receiver<Result<(), String>>> {
        let (tell, told) = oneshot::channel();
        self.writer.group().as_mut()?.push(tell);
        Some(told)
    }

    /// Undoes everything, when it is not over.
    pub(super) fn rollback(&self) {
        let mut state = self.state();
        let Some(mut lease) = state.lease.take() else { return };
        let begun = std::mem::replace(&mut state.begun, false);
        if !(begun || self.member) {
            return;
        }
        let mut lost = state.broken || !self.member;
        if begun && !lost {
            let left = lease.conn().and_then(|conn| conn.control(LEAVE).and_then(|()| conn.control(JOIN)));
            lost = left.is_err();
        }
        if lost {
            let undone = lease.conn().and_then(|conn| conn.control("ROLLBACK"));
            if undone.is_err() && !state.broken {
                // A connection that closes undoes its transaction.
                lease.discard();
            }
            let group = self.writer.group().take();
            tell(group.unwrap_or_default(), &Err(UNDONE.into()));
        } else if self.writer.waiting() == 0 {
            self.writer.settle(&mut lease);
        }
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        self.rollback();
    }
}
