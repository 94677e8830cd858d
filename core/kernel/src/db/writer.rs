//! The writing connection of SQLite: one transaction after another, several of them committed as one where others wait.
//!
//! A commit waits for the disk, and SQLite has one writer at a time. So a transaction that is done while others wait
//! leaves its work in the open transaction of the file and hands the connection on; the next one works inside a
//! savepoint, and the last one, or the closer after it, commits for all. Nobody is told of success before that. A
//! member that fails is undone alone.
//!
//! What needs no answer is sent along with what comes next (`Turn::later`): also BEGIN, savepoints and COMMIT.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use sea_orm::{DbBackend, DbErr, Statement};
use tokio::runtime::Handle;
use tokio::sync::oneshot;

use super::Watch;
use super::sqlite::{Answer, Connections, Lease, Wanted, failed};

/// Transactions committed as one.
const MAX_GROUP: usize = 32;
/// Statements that wait for one which needs an answer.
const MAX_LATER: usize = 64;
const MEMBER: &str = "SAVEPOINT member";
const JOIN: &str = "RELEASE member";
const LEAVE: &str = "ROLLBACK TO member";

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
    pub(super) const fn over(connections: Arc<Connections>) -> Self {
        Self { connections, waiting: AtomicUsize::new(0), group: Mutex::new(None) }
    }

    pub(super) fn new(connections: Connections) -> Self {
        Self::over(Arc::new(connections))
    }

    pub(super) fn watched(&self, watch: Watch) -> Self {
        Self::new(self.connections.watched(watch))
    }

    /// Closes the connection; a group that is open is committed before.
    pub(super) async fn close(&self) -> Result<(), DbErr> {
        let open = self.group().is_some();
        if open && let Ok(mut lease) = self.connections.lease().await {
            self.settle(&mut lease).await;
        }
        self.connections.close().await
    }

    fn group(&self) -> MutexGuard<'_, Option<Vec<Told>>> {
        self.group.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// How many wait for their turn.
    pub(super) fn waiting(&self) -> usize {
        self.waiting.load(Ordering::SeqCst)
    }

    /// Waits for the connection and begins.
    pub(super) async fn begin(self: &Arc<Self>) -> Result<Turn, DbErr> {
        let waiting = Waiting::new(self);
        let lease = self.connections.lease().await?;
        drop(waiting);
        let member = self.group().is_some();
        let begin = if member { MEMBER } else { "BEGIN IMMEDIATE" };
        Ok(Turn {
            writer: Arc::clone(self),
            member,
            lease: tokio::sync::Mutex::new(Some(lease)),
            queue: Mutex::new(Queue { later: vec![control(begin)], ..Queue::default() }),
        })
    }

    /// Commits for the group, unless somebody did.
    async fn settle(&self, lease: &mut Lease) {
        let Some(group) = self.group().take() else { return };
        let sent = lease.send(vec![control("COMMIT")], Wanted::Done).await;
        if sent.is_err() {
            drop(lease.send(vec![control("ROLLBACK")], Wanted::Done).await);
        }
        tell(group, &sent.map(drop).map_err(|error| error.to_string()));
    }

    /// Comes after everybody who waits now, and commits what they left open.
    async fn close_group(self: Arc<Self>) {
        if let Ok(mut lease) = self.connections.lease().await {
            self.settle(&mut lease).await;
        }
    }
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

/// What one transaction has not sent yet, and how it stands.
#[derive(Debug, Default)]
struct Queue {
    later: Vec<Statement>,
    /// Something was sent: there is something to undo.
    sent: bool,
    /// SQLite itself undid everything, the group's work too.
    broken: bool,
    over: bool,
    savepoints: u32,
}

/// The writing connection in the hands of one transaction. Undone when dropped before `commit`.
#[derive(Debug)]
pub(super) struct Turn {
    writer: Arc<Writer>,
    /// Joined a group that was open.
    member: bool,
    lease: tokio::sync::Mutex<Option<Lease>>,
    queue: Mutex<Queue>,
}

impl Turn {
    fn queue(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Has a statement sent with whatever is sent next; its error comes there.
    pub(super) async fn later(&self, statement: Statement) -> Result<(), DbErr> {
        self.writer.connections.tell(&statement);
        let full = {
            let mut queue = self.queue();
            queue.later.push(statement);
            queue.later.len() >= MAX_LATER
        };
        if full { self.flush().await } else { Ok(()) }
    }

    /// Runs a statement after those that wait.
    pub(super) async fn run(&self, statement: Statement, wanted: Wanted) -> Result<Answer, DbErr> {
        self.writer.connections.tell(&statement);
        self.send(Some(statement), wanted).await.map_err(failed)
    }

    async fn flush(&self) -> Result<(), DbErr> {
        self.send(None, Wanted::Done).await.map(drop).map_err(failed)
    }

    async fn send(&self, last: Option<Statement>, wanted: Wanted) -> Result<Answer, sqlx::Error> {
        let mut lease = self.lease.lock().await;
        let statements = {
            let mut queue = self.queue();
            queue.sent = true;
            let mut statements = std::mem::take(&mut queue.later);
            statements.extend(last);
            statements
        };
        let lease = lease.as_mut().ok_or(sqlx::Error::WorkerCrashed)?;
        if statements.is_empty() {
            return Ok(Answer::default());
        }
        let answer = lease.send(statements, wanted).await;
        if answer.as_ref().is_err_and(undoes_all) {
            self.queue().broken = true;
        }
        answer
    }

    /// Opens a savepoint. What waited is sent first: its errors are not the savepoint's.
    pub(super) async fn savepoint(&self) -> Result<u32, DbErr> {
        self.flush().await?;
        let mut queue = self.queue();
        queue.savepoints += 1;
        let number = queue.savepoints;
        queue.later.push(control(&format!("SAVEPOINT s{number}")));
        Ok(number)
    }

    /// Ends a savepoint, keeping what was done in it.
    pub(super) async fn release(&self, number: u32) -> Result<(), DbErr> {
        self.queue().later.push(control(&format!("RELEASE s{number}")));
        self.flush().await
    }

    /// Ends a savepoint, undoing what was done in it, with whatever is sent next.
    pub(super) fn undo(&self, number: u32) {
        let begin = format!("SAVEPOINT s{number}");
        let mut queue = self.queue();
        match queue.later.iter().position(|statement| statement.sql == begin) {
            Some(unsent) => queue.later.truncate(unsent),
            None => {
                queue.later = vec![control(&format!("ROLLBACK TO s{number}")), control(&format!("RELEASE s{number}"))];
            }
        }
    }

    /// Makes it durable: at once, or with those that wait.
    pub(super) async fn commit(self: Arc<Self>) -> Result<(), DbErr> {
        if self.member {
            // Others' work depends on it: it goes on when the caller does not.
            let sent = tokio::spawn(self.finish()).await;
            return sent.unwrap_or_else(|error| Err(DbErr::Custom(error.to_string())));
        }
        self.finish().await
    }

    async fn finish(self: Arc<Self>) -> Result<(), DbErr> {
        if self.queue().broken {
            return Err(DbErr::Custom("the database has undone the transaction".into()));
        }
        if !self.member && !self.queue().sent && self.queue().later.len() == 1 {
            // Nothing but BEGIN.
            self.queue().over = true;
            return Ok(());
        }
        if self.member {
            self.queue().later.push(control(JOIN));
        }
        if let Some(told) = self.hand_on().await.map_err(failed)? {
            return match told.await {
                Ok(Ok(())) => Ok(()),
                Ok(Err(error)) => Err(DbErr::Custom(error)),
                Err(_) => Err(DbErr::Custom("the database was closed before the commit".into())),
            };
        }
        self.send(Some(control("COMMIT")), Wanted::Done).await.map_err(failed)?;
        self.queue().over = true;
        let group = self.writer.group().take();
        tell(group.unwrap_or_default(), &Ok(()));
        *self.lease.lock().await = None;
        Ok(())
    }

    /// Leaves the work in the open transaction, when somebody waits for the connection.
    async fn hand_on(&self) -> Result<Option<oneshot::Receiver<Result<(), String>>>, sqlx::Error> {
        let members = self.writer.group().as_ref().map_or(0, Vec::len);
        if self.writer.waiting() == 0 || members >= MAX_GROUP {
            return Ok(None);
        }
        self.send(None, Wanted::Done).await?;
        let (tell, told) = oneshot::channel();
        self.queue().over = true;
        self.writer.group().get_or_insert_default().push(tell);
        if !self.member {
            tokio::spawn(Arc::clone(&self.writer).close_group());
        }
        *self.lease.lock().await = None;
        Ok(Some(told))
    }

    /// Undoes everything now.
    pub(super) async fn rollback(self: Arc<Self>) {
        let lease = self.lease.lock().await.take();
        if let Some(lease) = lease
            && let Some(undo) = self.undone(lease)
        {
            undo.await;
        }
    }

    /// What is left to do for a transaction that was given up; nothing when it was over.
    fn undone(&self, mut lease: Lease) -> Option<impl Future<Output = ()> + Send + use<>> {
        let (member, writer) = (self.member, Arc::clone(&self.writer));
        let (sent, broken) = {
            let mut queue = self.queue();
            if std::mem::replace(&mut queue.over, true) || !(queue.sent || member) {
                return None;
            }
            (queue.sent, queue.broken)
        };
        Some(async move {
            let mut lost = broken || !member;
            if sent && !lost {
                lost = lease.send(vec![control(LEAVE), control(JOIN)], Wanted::Done).await.is_err();
            }
            if lost {
                drop(lease.send(vec![control("ROLLBACK")], Wanted::Done).await);
                let group = writer.group().take();
                tell(group.unwrap_or_default(), &Err("the database has undone the transaction".into()));
            } else if writer.waiting() == 0 {
                writer.settle(&mut lease).await;
            }
        })
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        let Some(lease) = self.lease.get_mut().take() else { return };
        match Handle::try_current() {
            Ok(runtime) => {
                if let Some(undo) = self.undone(lease) {
                    runtime.spawn(undo);
                }
            }
            // A connection that closes undoes its transaction.
            Err(_) if !self.queue().over => lease.discard(),
            Err(_) => {}
        }
    }
}

/// A statement that opens or ends something.
fn control(sql: &str) -> Statement {
    Statement::from_string(DbBackend::Sqlite, sql)
}

/// Errors after which SQLite may have undone the whole transaction: FULL, IOERR, NOMEM, BUSY, INTERRUPT (sqlite.org,
/// "Response To Errors Within A Transaction"), and a connection that is gone.
fn undoes_all(error: &sqlx::Error) -> bool {
    match error {
        sqlx::Error::Database(error) => {
            let code: i64 = error.code().and_then(|code| code.parse().ok()).unwrap_or(0);
            matches!(code & 0xff, 5 | 7 | 9 | 10 | 13)
        }
        sqlx::Error::WorkerCrashed => true,
        _ => false,
    }
}
