//! Rows of an entity's table as records.

use std::borrow::Cow;
use std::collections::HashMap;

use kernel::access::Rights;
use kernel::filter::Storage;
use kernel::{Fields, Result, TenantId, Value};
use sea_orm::sea_query::{Expr, ExprTrait, Order, Query, SelectStatement};
use sea_orm::{ConnectionTrait, QueryResult};
use uuid::Uuid;

use crate::Record;
use crate::catalogue::{EntityDef, FieldDef};

/// The fields that an actor sees.
pub(crate) fn visible_fields(def: &'static EntityDef, rights: &Rights) -> Vec<&'static FieldDef> {
    def.fields.iter().filter(|field| rights.sees(def.key, field.key)).collect()
}

/// A select of id, version and the columns of these fields.
pub(crate) fn select_all(def: &EntityDef, fields: &[&FieldDef]) -> SelectStatement {
    let mut select = Query::select();
    select.from(def.table).column((def.table, "id")).column((def.table, "version"));
    for field in fields {
        if let Storage::Column(column) = field.storage {
            select.column((def.table, column));
        }
    }
    select
}

/// A row of `select_all` as a record; fields that are link rows stay out.
pub(crate) fn decode(def: &EntityDef, fields: &[&FieldDef], row: &QueryResult) -> Result<Record> {
    // The catalogue's keys are not sorted; a map that is made of a whole list at once sorts once.
    let mut values = Vec::with_capacity(fields.len());
    let mut index = 2;
    for field in fields {
        if matches!(field.storage, Storage::Column(_)) {
            values.push((Cow::Borrowed(field.key), Value::from_cell(field.kind, row, index)?));
            index += 1;
        }
    }
    let values: Fields = values.into_iter().collect();
    let entity = crate::catalogue::entity(def.key).map_or("", |def| def.key);
    Ok(Record { id: row.try_get_by_index(0)?, version: row.try_get_by_index(1)?, entity, fields: values })
}

/// The link rows of these records by (record, field), in their order.
pub(crate) async fn links_of(
    conn: &impl ConnectionTrait,
    tenant: TenantId,
    entity: &str,
    records: &[Uuid],
) -> Result<HashMap<(Uuid, String), Vec<Uuid>>> {
    let select = Query::select()
        .columns(["record_id", "field", "target_id"])
        .from("record_link")
        .and_where(Expr::col("record_id").is_in(records.iter().copied()))
        .and_where(Expr::col("tenant_id").eq(tenant.0))
        .and_where(Expr::col("entity").eq(entity))
        .order_by("sort", Order::Asc)
        .take();
    let mut links: HashMap<(Uuid, String), Vec<Uuid>> = HashMap::new();
    for row in conn.query_all(&select).await? {
        let key = (row.try_get_by_index(0)?, row.try_get_by_index(1)?);
        links.entry(key).or_default().push(row.try_get_by_index(2)?);
    }
    Ok(links)
}
