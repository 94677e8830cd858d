//! Shapes of answers that several resources share.

use std::collections::BTreeMap;

use ::records::Record;
use ::records::read::{Ref, Refs};
use kernel::access::Action;
use kernel::{Ctx, EntityKey, Fields, RecordId};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

/// A record.
#[derive(Debug, Serialize, ToSchema)]
pub struct RecordView {
    /// Its id.
    #[schema(value_type = Uuid)]
    pub id: RecordId,
    /// Counts its changes, from 1.
    pub version: i64,
    /// Its entity.
    #[schema(value_type = String)]
    pub entity: EntityKey,
    /// Its fields by key.
    #[schema(value_type = BTreeMap<String, serde_json::Value>)]
    pub fields: Fields,
    /// Titles of what it points to, by id (in answers with one record).
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub refs: Option<BTreeMap<Uuid, RefView>>,
}

/// What an id means to a reader.
#[derive(Debug, Serialize, ToSchema)]
pub struct RefView {
    /// Entity key, or `user`, `department`.
    pub entity: String,
    /// Its name.
    pub title: String,
}

/// A page of records.
#[derive(Debug, Serialize, ToSchema)]
pub struct PageView {
    /// The records.
    pub items: Vec<RecordView>,
    /// For the next page, if there is one.
    pub next_cursor: Option<String>,
    /// All of them, if asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub total: Option<i64>,
    /// Titles of what the records point to, by id.
    pub refs: BTreeMap<Uuid, RefView>,
}

/// A list that is not paged.
#[derive(Debug, Serialize, ToSchema)]
pub struct Items<T> {
    /// All of them.
    pub items: Vec<T>,
}

impl From<Record> for RecordView {
    fn from(record: Record) -> Self {
        Self { id: record.id, version: record.version, entity: record.entity, fields: record.fields, refs: None }
    }
}

impl RecordView {
    /// A record that the actor has just written: its fields only when they may read such records at all. A token for
    /// writing alone learns nothing from answers.
    pub fn written(record: Record, ctx: &Ctx) -> Self {
        let mut view = Self::from(record);
        if !ctx.rights.may(&view.entity, Action::Read) {
            view.fields = Fields::default();
        }
        view
    }
}

impl From<Ref> for RefView {
    fn from(r: Ref) -> Self {
        Self { entity: r.entity.into(), title: r.title }
    }
}

/// Titles as views.
pub fn refs(refs: Refs) -> BTreeMap<Uuid, RefView> {
    refs.into_iter().map(|(id, r)| (id, r.into())).collect()
}
