//! The physical limit: the statements of a request, prepared once and driven in a loop through sqlx, on pools that
//! the product's own code opened with its own settings. Rows are fetched and thrown away.
//!
//! Statements between the first and the last that writes are one transaction, those before and after are not, as in
//! the request they were seen in. Every client holds a connection for reading; on SQLite there is one for writing.

use std::sync::Arc;
use std::time::Duration;

use kernel::Db;
use sea_orm::sea_query::Value;
use sea_orm::{DbBackend, Statement};
use sqlx::{AssertSqlSafe, PgPool, SqlitePool};
use uuid::Uuid;

use crate::Outcome;
use crate::client::join;
use crate::measure::{Stretch, now};
use crate::requests::Scenario;

/// The statements of a request.
#[derive(Clone)]
pub struct Recipe {
    before: Vec<Step>,
    inside: Vec<Step>,
    after: Vec<Step>,
}

#[derive(Clone)]
struct Step {
    sql: Arc<str>,
    values: Vec<Value>,
    rows: bool,
}

/// Values of the captured request that each repetition replaces.
#[derive(Clone, Default)]
pub struct Swap {
    /// Ids: captured, own.
    pub id: Option<(Uuid, Uuid)>,
    /// The record's number: captured, own.
    pub number: Option<(i64, i64)>,
}

/// One call of a loop: what to run, with which values.
pub type Turn = (Arc<Recipe>, Swap);

/// Pools opened by the product.
#[derive(Clone)]
pub struct Bare {
    db: Db,
}

impl Recipe {
    /// Sorts the statements of a request.
    pub fn new(statements: &[Statement]) -> Self {
        let writes = |s: &Statement| ["INSERT", "UPDATE", "DELETE"].iter().any(|word| s.sql.starts_with(word));
        let first = statements.iter().position(writes).unwrap_or(statements.len());
        let last = statements.iter().rposition(writes).map_or(statements.len(), |last| last + 1);
        let steps = |range: Option<&[Statement]>| range.unwrap_or_default().iter().map(Step::new).collect();
        Self {
            before: steps(statements.get(..first)),
            inside: steps(statements.get(first..last)),
            after: steps(statements.get(last..)),
        }
    }

    /// How many statements: outside a transaction, inside one.
    pub fn counts(&self) -> (usize, usize) {
        (self.before.len() + self.after.len(), self.inside.len())
    }

    /// The statements as text, for a look.
    pub fn texts(&self) -> impl Iterator<Item = &str> {
        self.before.iter().chain(&self.inside).chain(&self.after).map(|step| &*step.sql)
    }
}

impl Step {
    fn new(statement: &Statement) -> Self {
        let values = statement.values.as_ref().map(|values| values.0.clone()).unwrap_or_default();
        let rows = statement.sql.starts_with("SELECT") || statement.sql.contains(" RETURNING ");
        Self { sql: statement.sql.as_str().into(), values, rows }
    }
}

impl Swap {
    fn id(&self, id: Option<Uuid>) -> Option<Uuid> {
        match self.id {
            Some((captured, own)) if id == Some(captured) => Some(own),
            _ => id,
        }
    }

    fn number(&self, number: Option<i64>) -> Option<i64> {
        match self.number {
            Some((captured, own)) if number == Some(captured) => Some(own),
            _ => number,
        }
    }
}

impl Bare {
    /// Over pools of the product.
    pub const fn new(db: Db) -> Self {
        Self { db }
    }

    /// Drives so many clients for a while.
    pub async fn drive(&self, clients: usize, length: Duration, scenario: &Arc<Scenario>) -> Outcome<Stretch> {
        let one = |client| tokio::spawn(one(self.db.clone(), client, length, Arc::clone(scenario)));
        let tasks: Vec<_> = (0..clients).map(one).collect();
        let mut parts = Vec::with_capacity(clients);
        for task in tasks {
            parts.push(task.await?);
        }
        join(parts)
    }
}

async fn one(db: Db, client: usize, length: Duration, scenario: Arc<Scenario>) -> Outcome<Stretch> {
    let write = db.for_migrations();
    let turn = |n: usize| scenario.turn(client, n);
    match db.backend() {
        DbBackend::Sqlite => {
            // One connection writes; each client has one of its own to read, with the same settings.
            let write = write.get_sqlite_connection_pool();
            let read = SqlitePool::connect_with(write.connect_options().as_ref().clone()).await?;
            sqlite::repeat(&read, write, length, turn).await
        }
        _ => {
            let pool = write.get_postgres_connection_pool();
            postgres::repeat(pool, pool, length, turn).await
        }
    }
}

/// The loop for one driver: sqlx's types differ, the words do not.
macro_rules! looped {
    ($name:ident, $driver:ty, $pool:ty, $begin:literal) => {
        mod $name {
            use super::*;

            type Query<'q> = sqlx::query::Query<'q, $driver, <$driver as sqlx::Database>::Arguments>;

            pub(super) async fn repeat(
                read: &$pool,
                write: &$pool,
                length: Duration,
                turn: impl Fn(usize) -> Option<Turn> + Send,
            ) -> Outcome<Stretch> {
                let mut reader = read.acquire().await?;
                let mut times = Vec::new();
                let begin = now();
                while begin.elapsed() < length {
                    let Some((recipe, swap)) = turn(times.len()) else { break };
                    let start = now();
                    for step in &recipe.before {
                        run(step, &swap, &mut reader).await?;
                    }
                    if !recipe.inside.is_empty() {
                        let mut tx = write.begin_with($begin).await?;
                        for step in &recipe.inside {
                            run(step, &swap, &mut tx).await?;
                        }
                        tx.commit().await?;
                    }
                    for step in &recipe.after {
                        run(step, &swap, &mut reader).await?;
                    }
                    times.push(start.elapsed());
                }
                Ok(Stretch { times, elapsed: begin.elapsed(), ..Stretch::default() })
            }

            async fn run(
                step: &Step,
                swap: &Swap,
                connection: &mut <$driver as sqlx::Database>::Connection,
            ) -> Outcome {
                let mut query: Query<'_> = sqlx::query(AssertSqlSafe(Arc::clone(&step.sql)));
                for value in &step.values {
                    query = match value {
                        Value::Bool(value) => query.bind(*value),
                        Value::Int(value) => query.bind(*value),
                        Value::BigInt(value) => query.bind(swap.number(*value)),
                        Value::BigUnsigned(value) => query.bind(value.map(i64::try_from).transpose()?),
                        Value::Double(value) => query.bind(*value),
                        Value::String(value) => query.bind(value.clone()),
                        Value::Bytes(value) => query.bind(value.clone()),
                        Value::Json(value) => query.bind(value.as_deref().cloned()),
                        Value::Uuid(value) => query.bind(swap.id(*value)),
                        other => return Err(format!("a value of a kind that is not replayed: {other:?}").into()),
                    };
                }
                if step.rows {
                    query.fetch_all(connection).await?;
                } else {
                    query.execute(connection).await?;
                }
                Ok(())
            }
        }
    };
}

looped!(sqlite, sqlx::Sqlite, SqlitePool, "BEGIN IMMEDIATE");
looped!(postgres, sqlx::Postgres, PgPool, "BEGIN");
