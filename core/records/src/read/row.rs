//! A row of an entity's table: which columns it has in which order. The one description that selects, decoding, inserts
//! and sort keys share.

use std::collections::HashMap;

use kernel::access::Rights;
use kernel::db::{ConnectionTrait, Line, filled};
use kernel::filter::{DOCUMENT, Storage};
use kernel::value::FieldType;
use kernel::{FieldKey, Fields, RecordId, Result, TenantId, Value};
use sea_orm::sea_query::{Alias, Expr, ExprTrait, Order, Query, SelectStatement};
use serde_json::{Map, Value as Json};
use uuid::Uuid;

use crate::Record;
use crate::catalogue::{EntityDef, FieldDef};
use crate::computed;

/// Some fields of an entity as columns: id, version, the columns of the fields in the order of their keys, the document
/// of custom values if one of the fields is in it.
pub(crate) struct Row<'a> {
    def: &'a EntityDef,
    pub fields: Vec<&'a FieldDef>,
    document: bool,
    /// Those of the fields that are read for live formulas alone.
    pub besides: Vec<FieldKey>,
}

impl<'a> Row<'a> {
    /// Of these fields.
    pub fn of(def: &'a EntityDef, mut fields: Vec<&'a FieldDef>) -> Self {
        let more = computed::besides(def, &fields);
        let besides = more.iter().map(|field| field.key.clone()).collect();
        fields.extend(more);
        // Each row becomes a map by key: sorted here once, not row by row.
        fields.sort_by(|one, other| one.key.cmp(&other.key));
        let document = fields.iter().any(|field| matches!(field.storage, Storage::Document(..)));
        Self { def, fields, document, besides }
    }

    /// Of every field.
    pub fn whole(def: &'a EntityDef) -> Self {
        Self::of(def, def.fields.iter().collect())
    }

    /// Of the fields that an actor sees.
    pub fn visible(def: &'a EntityDef, rights: &Rights) -> Self {
        Self::of(def, def.fields.iter().filter(|field| def.shows(rights, field)).collect())
    }

    /// The columns behind id and version.
    pub fn columns(&self) -> impl Iterator<Item = &'static str> {
        let of_field = |field: &&FieldDef| match field.storage {
            Storage::Column(column) => Some(column),
            _ => None,
        };
        self.fields.iter().filter_map(of_field).chain(self.document.then_some(DOCUMENT))
    }

    /// How many columns there are in all.
    pub fn width(&self) -> usize {
        2 + self.columns().count()
    }

    /// A select of them.
    pub fn select(&self) -> SelectStatement {
        let table = self.def.table;
        let mut select = Query::select();
        select.from(table).column((table, "id")).column((table, "version"));
        for column in self.columns() {
            select.column((table, column));
        }
        select
    }

    /// A row of the select as a record, money as its amount with the currency beside it; fields that are link rows stay
    /// out.
    pub fn decode<'r>(&self, row: impl Into<Line<'r>>) -> Result<Record> {
        let row = row.into();
        let document = match self.document {
            true => Value::from_cell(FieldType::Json, row, self.width() - 1)?,
            false => Value::Null,
        };
        let mut values = Vec::with_capacity(self.fields.len());
        let mut index = 2;
        for field in &self.fields {
            let value = match &field.storage {
                Storage::Column(_) => {
                    index += 1;
                    Value::from_cell(field.kind, row, index - 1)?
                }
                Storage::Document(key, _) => {
                    let kept = match &document {
                        Value::Json(document) => document.get(key.as_str()),
                        _ => None,
                    };
                    match (kept, &field.moved, &document) {
                        (Some(kept), ..) => flat(field.kind, kept),
                        // Its type has changed, and this value is on its way.
                        (None, Some(moved), Value::Json(document)) => {
                            moved.value_in(document, field).unwrap_or(Value::Null)
                        }
                        _ => Value::Null,
                    }
                }
                Storage::Links | Storage::Stages => continue,
            };
            values.push((field.key.clone(), value));
        }
        let values: Fields = values.into_iter().collect();
        let (id, version) = (RecordId(filled(row.id(0)?)?), filled(row.int(1)?)?);
        Ok(Record { id, version, entity: self.def.key.clone(), fields: values })
    }

    /// The cells of an image in the order of `columns`.
    pub fn cells(&self, image: &Fields) -> Vec<Expr> {
        let cell = |field: &&FieldDef| match field.storage {
            Storage::Column(_) => Some(Expr::val(self.def.value_of(image, field).to_cell(field.kind))),
            _ => None,
        };
        let mut cells: Vec<Expr> = self.fields.iter().filter_map(cell).collect();
        if self.document {
            let kept = self.fields.iter().filter_map(|field| {
                let (key, value) = in_document(field, image)?;
                (value != Json::Null).then_some((key, value))
            });
            cells.push(Expr::val(Json::Object(kept.collect::<Map<_, _>>())));
        }
        cells
    }
}

/// What the document keeps of a field; of a money field's currency nothing by itself.
pub(crate) fn in_document(field: &FieldDef, image: &Fields) -> Option<(String, Json)> {
    match &field.storage {
        Storage::Document(key, _) if field.part_of.is_none() && !field.is_live() => {
            let value = image.get(&field.key).unwrap_or(&Value::Null);
            Some((key.to_string(), value.to_document(field.kind)))
        }
        _ => None,
    }
}

fn flat(kind: FieldType, kept: &Json) -> Value {
    let whole = if kind == FieldType::Currency { FieldType::Money } else { kind };
    match (kind, Value::from_document(whole, kept)) {
        (FieldType::Money, Value::Money(money)) => money.amount.map_or(Value::Null, Value::Decimal),
        (FieldType::Currency, Value::Money(money)) => Value::Text(money.currency.code().to_owned()),
        (_, value) => value,
    }
}

/// A column of the entity's own table in SQL.
pub(crate) fn column(def: &EntityDef, name: &'static str) -> Expr {
    Expr::col((Alias::new(def.table), Alias::new(name)))
}

/// The link rows of these records by (record, field), in their order.
pub(crate) async fn links_of(
    conn: &impl ConnectionTrait,
    tenant: TenantId,
    entity: &str,
    records: &[RecordId],
) -> Result<HashMap<(RecordId, String), Vec<Uuid>>> {
    let select = Query::select()
        .columns(["record_id", "field", "target_id"])
        .from("record_link")
        .and_where(Expr::col("record_id").is_in(records.iter().copied()))
        .and_where(Expr::col("tenant_id").eq(tenant.0))
        .and_where(Expr::col("entity").eq(entity))
        .order_by("sort", Order::Asc)
        .take();
    let mut links: HashMap<(RecordId, String), Vec<Uuid>> = HashMap::new();
    for row in conn.query_all(&select).await? {
        let key = (row.try_get_by_index(0)?, row.try_get_by_index(1)?);
        links.entry(key).or_default().push(row.try_get_by_index(2)?);
    }
    Ok(links)
}
