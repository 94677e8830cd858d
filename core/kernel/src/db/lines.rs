//! Rows read where the database has them.
//!
//! A row that outlives its statement is a copy of each of its cells. What is read most goes another way on SQLite: each
//! row is turned into what is wanted while the statement stands on it. PostgreSQL's rows are fetched.

use std::borrow::Cow;

use rusqlite::Row;
use rusqlite::types::ValueRef;
use sea_orm::sea_query::SelectStatement;
use sea_orm::{DbBackend, DbErr};
use serde::de::DeserializeOwned;
use uuid::Uuid;

use super::rows::{self, Cell, ConnectionTrait, QueryResult, wrong};
use super::sqlite::{LONGEST, Wanted};
use super::{Read, Reader};
use crate::Result;

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

impl<'a> Line<'a> {
    /// A whole number.
    ///
    /// # Errors
    /// As all of these: when there is no such column, or it holds another type.
    pub fn int(self, index: usize) -> Result<Option<i64>, DbErr> {
        self.cell(index)
    }

    /// Yes or no.
    ///
    /// # Errors
    /// As `int`.
    pub fn flag(self, index: usize) -> Result<Option<bool>, DbErr> {
        self.cell(index)
    }

    /// An id.
    ///
    /// # Errors
    /// As `int`.
    pub fn id(self, index: usize) -> Result<Option<Uuid>, DbErr> {
        self.cell(index)
    }

    fn cell<T: Cell>(self, index: usize) -> Result<Option<T>, DbErr> {
        match self {
            Self::Here(row) => Option::read(row.get_ref(index).map_err(wrong)?),
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

    /// What a cell of JSON means.
    ///
    /// # Errors
    /// As `int`.
    pub fn json<T: DeserializeOwned>(self, index: usize) -> Result<Option<T>, DbErr> {
        match self {
            Self::Here(row) => match row.get_ref(index).map_err(wrong)? {
                ValueRef::Null => Ok(None),
                cell => rows::json(cell).map(Some),
            },
            Self::Fetched(row) => row.json(index),
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
                connections.read(&statement, Wanted::All, LONGEST, |row| make(Line::Here(row))).await
            }
            Read::Postgres(pool) => pool.query_all(select).await?.iter().map(|row| make(row.into())).collect(),
        }
    }
}
