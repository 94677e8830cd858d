//! Records of the tenant, through the same door as people use; needs a `records` permission per entity.

use crate::bindings::imports::verstak::records::records as raw;
use crate::value::Fields;
use crate::{Field, HostError, Row, Value};

pub use raw::{Page, Query, Saved, Sort, Update};

/// Fields of a record to create or change.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Draft(pub Vec<Field>);

impl Draft {
    /// No fields yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a field.
    #[must_use]
    pub fn with(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.0.push(Field::new(name, value));
        self
    }

    /// Adds a field when there is a value.
    #[must_use]
    pub fn with_some(self, name: &str, value: Option<impl Into<Value>>) -> Self {
        match value {
            Some(value) => self.with(name, value),
            None => self,
        }
    }
}

/// Reading a row.
pub trait RowExt: Fields {}
impl RowExt for Row {}
impl Fields for Row {
    fn value(&self, name: &str) -> Option<&Value> {
        self.fields.value(name)
    }
}

impl Query {
    /// All records of an entity, 50 at a time.
    pub fn of(entity: &str) -> Self {
        Query { entity: entity.to_owned(), filter: None, sort: Vec::new(), fields: Vec::new(), limit: 50, cursor: None }
    }

    /// Keeps what the filter (JSON, as in the HTTP API) matches.
    #[must_use]
    pub fn filter(mut self, json: impl Into<String>) -> Self {
        self.filter = Some(json.into());
        self
    }

    /// At most this many rows, 1 to 200.
    #[must_use]
    pub fn limit(mut self, rows: u32) -> Self {
        self.limit = rows;
        self
    }

    /// Only these fields.
    #[must_use]
    pub fn fields(mut self, names: &[&str]) -> Self {
        self.fields = names.iter().map(|name| (*name).to_owned()).collect();
        self
    }

    /// One page of rows.
    pub fn run(&self) -> Result<Page, HostError> {
        raw::find(self)
    }
}

/// One record, or `None` when it does not exist or may not be seen.
pub fn get(entity: &str, id: &str) -> Result<Option<Row>, HostError> {
    Ok(raw::get(entity, &[id.to_owned()])?.into_iter().next().flatten())
}

/// Several records in the order asked for.
pub fn get_many(entity: &str, ids: &[String]) -> Result<Vec<Option<Row>>, HostError> {
    raw::get(entity, ids)
}

/// How many records match.
pub fn count(entity: &str, filter: Option<&str>) -> Result<u64, HostError> {
    raw::count(entity, filter)
}

/// Groups and measures as JSON, in and out.
pub fn aggregate(entity: &str, request: &str) -> Result<String, HostError> {
    raw::aggregate(entity, request)
}

/// Creates one record.
pub fn create(entity: &str, draft: Draft) -> Result<Saved, HostError> {
    one(raw::create(entity, &[draft.0])?)
}

/// Creates up to 200 records; one result each.
pub fn create_many(entity: &str, drafts: Vec<Draft>) -> Result<Vec<Result<Saved, HostError>>, HostError> {
    let rows: Vec<Vec<Field>> = drafts.into_iter().map(|draft| draft.0).collect();
    raw::create(entity, &rows)
}

/// Changes one record, whatever its version.
pub fn change(entity: &str, id: &str, draft: Draft) -> Result<Saved, HostError> {
    one(raw::change(entity, &[Update { id: id.to_owned(), version: None, fields: draft.0 }])?)
}

/// Changes up to 200 records; one result each.
pub fn change_many(entity: &str, updates: &[Update]) -> Result<Vec<Result<Saved, HostError>>, HostError> {
    raw::change(entity, updates)
}

/// Moves one record to the bin.
pub fn remove(entity: &str, id: &str) -> Result<Saved, HostError> {
    one(raw::remove(entity, &[id.to_owned()])?)
}

fn one(results: Vec<Result<Saved, HostError>>) -> Result<Saved, HostError> {
    results.into_iter().next().unwrap_or_else(|| Err(HostError::Internal("the host gave no result".to_owned())))
}
