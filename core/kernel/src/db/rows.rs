//! Statements and rows, the same for both databases.
//!
//! sea-orm builds the SQL and carries PostgreSQL; its rows can only be those of its own drivers, and SQLite's are read
//! here without them (decision 0027). So the trait through which statements go and the row that comes back are ours, with
//! sea-orm's names.

use std::future::Future;

use rusqlite::types::{Value as Owned, ValueRef};
use sea_orm::{
    DatabaseConnection, DatabaseTransaction, DbBackend, DbErr, Statement, StatementBuilder, TryGetable,
    TryGetableFromJson,
};
use serde::de::DeserializeOwned;
use serde_json::Value as Json;
use uuid::Uuid;

/// Where statements go: a transaction, or a reader.
pub trait ConnectionTrait: Sync {
    /// Which SQL it speaks.
    fn get_database_backend(&self) -> DbBackend;

    /// Runs a statement that gives no rows.
    ///
    /// # Errors
    /// As all of these: when the database fails or refuses.
    fn execute_raw(&self, statement: Statement) -> impl Future<Output = Result<ExecResult, DbErr>> + Send;

    /// Runs a text of one statement or several, without values.
    ///
    /// # Errors
    /// As `execute_raw`.
    fn execute_unprepared(&self, sql: &str) -> impl Future<Output = Result<ExecResult, DbErr>> + Send;

    /// The first row of a statement.
    ///
    /// # Errors
    /// As `execute_raw`.
    fn query_one_raw(&self, statement: Statement) -> impl Future<Output = Result<Option<QueryResult>, DbErr>> + Send;

    /// All rows of a statement.
    ///
    /// # Errors
    /// As `execute_raw`.
    fn query_all_raw(&self, statement: Statement) -> impl Future<Output = Result<Vec<QueryResult>, DbErr>> + Send;

    /// Builds a statement and runs it.
    ///
    /// # Errors
    /// As `execute_raw`.
    fn execute<S: StatementBuilder>(&self, statement: &S) -> impl Future<Output = Result<ExecResult, DbErr>> + Send {
        self.execute_raw(self.get_database_backend().build(statement))
    }

    /// Builds a statement and gives its first row.
    ///
    /// # Errors
    /// As `execute_raw`.
    fn query_one<S: StatementBuilder>(
        &self,
        statement: &S,
    ) -> impl Future<Output = Result<Option<QueryResult>, DbErr>> + Send {
        self.query_one_raw(self.get_database_backend().build(statement))
    }

    /// Builds a statement and gives all its rows.
    ///
    /// # Errors
    /// As `execute_raw`.
    fn query_all<S: StatementBuilder>(
        &self,
        statement: &S,
    ) -> impl Future<Output = Result<Vec<QueryResult>, DbErr>> + Send {
        self.query_all_raw(self.get_database_backend().build(statement))
    }
}

macro_rules! through_the_driver {
    ($($driver:ty),+) => {$(
        impl ConnectionTrait for $driver {
            fn get_database_backend(&self) -> DbBackend {
                sea_orm::ConnectionTrait::get_database_backend(self)
            }

            async fn execute_raw(&self, statement: Statement) -> Result<ExecResult, DbErr> {
                Ok(sea_orm::ConnectionTrait::execute_raw(self, statement).await?.into())
            }

            async fn execute_unprepared(&self, sql: &str) -> Result<ExecResult, DbErr> {
                Ok(sea_orm::ConnectionTrait::execute_unprepared(self, sql).await?.into())
            }

            async fn query_one_raw(&self, statement: Statement) -> Result<Option<QueryResult>, DbErr> {
                Ok(sea_orm::ConnectionTrait::query_one_raw(self, statement).await?.map(Into::into))
            }

            async fn query_all_raw(&self, statement: Statement) -> Result<Vec<QueryResult>, DbErr> {
                let rows = sea_orm::ConnectionTrait::query_all_raw(self, statement).await?;
                Ok(rows.into_iter().map(Into::into).collect())
            }
        }
    )+};
}

through_the_driver!(DatabaseConnection, DatabaseTransaction);

/// What a statement without rows did.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ExecResult {
    pub(super) changed: u64,
}

impl ExecResult {
    /// Rows that it made, changed or removed.
    pub const fn rows_affected(self) -> u64 {
        self.changed
    }
}

impl From<sea_orm::ExecResult> for ExecResult {
    fn from(result: sea_orm::ExecResult) -> Self {
        Self { changed: result.rows_affected() }
    }
}

/// A row of its own: it outlives the statement.
#[derive(Debug)]
pub struct QueryResult(Row);

#[derive(Debug)]
enum Row {
    Sqlite(Box<[Owned]>),
    Postgres(sea_orm::QueryResult),
}

impl From<sea_orm::QueryResult> for QueryResult {
    fn from(row: sea_orm::QueryResult) -> Self {
        Self(Row::Postgres(row))
    }
}

impl QueryResult {
    /// A copy of the row on which a statement of SQLite stands.
    pub(super) fn copied(row: &rusqlite::Row<'_>) -> Result<Self, DbErr> {
        let count = row.as_ref().column_count();
        let cell = |index| row.get_ref(index).map(Owned::try_from).map_err(wrong)?.map_err(wrong);
        (0..count).map(cell).collect::<Result<_, _>>().map(|cells| Self(Row::Sqlite(cells)))
    }

    /// A cell.
    ///
    /// # Errors
    /// When there is no such column, or it holds another type.
    pub fn try_get_by_index<T: Cell>(&self, index: usize) -> Result<T, DbErr> {
        match &self.0 {
            Row::Sqlite(cells) => {
                let cell = cells.get(index).ok_or_else(|| wrong(format!("no column {index}")))?;
                T::read(cell.into())
            }
            Row::Postgres(row) => row.try_get_by_index(index),
        }
    }

    /// What a cell of JSON means; none for an empty one.
    pub(super) fn json<T: DeserializeOwned>(&self, index: usize) -> Result<Option<T>, DbErr> {
        match &self.0 {
            Row::Sqlite(cells) => match cells.get(index).ok_or_else(|| wrong(format!("no column {index}")))? {
                Owned::Null => Ok(None),
                cell => json(cell.into()).map(Some),
            },
            Row::Postgres(row) => Ok(row.try_get_by_index::<Option<Told<T>>>(index)?.map(|told| told.0)),
        }
    }
}

/// Whatever a cell of JSON holds, read without a detour over a tree.
#[derive(serde::Deserialize)]
#[serde(transparent, bound = "T: DeserializeOwned")]
struct Told<T>(T);

impl<T: DeserializeOwned> TryGetableFromJson for Told<T> {}

/// What a cell can be read as: on PostgreSQL by its driver, on SQLite here.
pub trait Cell: TryGetable {
    /// From SQLite.
    ///
    /// # Errors
    /// When it holds another type.
    fn read(cell: ValueRef<'_>) -> Result<Self, DbErr>;
}

impl<T: Cell> Cell for Option<T> {
    fn read(cell: ValueRef<'_>) -> Result<Self, DbErr> {
        match cell {
            ValueRef::Null => Ok(None),
            cell => T::read(cell).map(Some),
        }
    }
}

macro_rules! as_rusqlite_reads {
    ($($kind:ty),+) => {$(
        impl Cell for $kind {
            fn read(cell: ValueRef<'_>) -> Result<Self, DbErr> {
                rusqlite::types::FromSql::column_result(cell).map_err(wrong)
            }
        }
    )+};
}

as_rusqlite_reads!(bool, i32, i64, f64, String);

impl Cell for Vec<u8> {
    fn read(cell: ValueRef<'_>) -> Result<Self, DbErr> {
        cell.as_bytes().map(<[u8]>::to_vec).map_err(wrong)
    }
}

impl Cell for Uuid {
    fn read(cell: ValueRef<'_>) -> Result<Self, DbErr> {
        Self::from_slice(cell.as_blob().map_err(wrong)?).map_err(wrong)
    }
}

impl Cell for Json {
    fn read(cell: ValueRef<'_>) -> Result<Self, DbErr> {
        json(cell)
    }
}

/// What a cell of JSON means.
pub(super) fn json<T: DeserializeOwned>(cell: ValueRef<'_>) -> Result<T, DbErr> {
    serde_json::from_slice(cell.as_bytes().map_err(wrong)?).map_err(wrong)
}

pub(super) fn wrong(error: impl std::fmt::Display) -> DbErr {
    DbErr::Type(error.to_string())
}
