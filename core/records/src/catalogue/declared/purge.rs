//! Removes for good what a plugin that does not run has left: its entities with their records, its fields with their
//! values. History and the audit stay.

use kernel::db::{ConnectionTrait, Tx};
use kernel::files::table;
use kernel::filter::Storage;
use kernel::{Ctx, Result};
use sea_orm::sea_query::{Alias, Expr, ExprTrait, Query, SelectStatement};
use serde::Serialize;
use serde_json::Value as Json;

use crate::catalogue::{indexed, store};
use crate::{Catalogue, Records, search, write};

/// What was removed.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct Purged {
    /// Entities.
    pub entities: u64,
    /// Records of them.
    pub records: u64,
    /// Fields on other entities.
    pub fields: u64,
    /// Records of the product that had a value in a field which the plugin alone filled; they have none now.
    pub emptied: u64,
}

/// What is kept of records beside their rows, by the column of the record.
const BESIDE: [(&str, &str); 5] = [
    ("record_link", "record_id"),
    ("record_link", "target_id"),
    ("communication", "record_id"),
    ("stage_transition", "record_id"),
    ("record_claim", "record_id"),
];
/// What is kept of an entity, by the column of its key.
const OF_ENTITY: [(&str, &str); 7] = [
    ("stage", "entity"),
    ("pipeline", "entity"),
    ("record_view", "entity"),
    ("field_condition", "entity"),
    ("validation_rule", "entity"),
    ("field_definition", "entity"),
    ("entity_definition", "key"),
];

impl Records {
    /// Removes everything that a plugin declared in the company. The caller has seen to it that the plugin does not run,
    /// commits, and then calls `forget_catalogue`.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn purge_declared(&self, tx: &Tx, ctx: &Ctx, plugin: &str) -> Result<Purged> {
        let kept = store::all(tx, ctx.tenant).await?;
        let mut purged = Purged::default();
        if !kept.has_any_of(plugin) {
            return Ok(purged);
        }
        store::touch(tx, ctx.tenant).await?;
        let fields = kept.fields.iter().filter(|(_, _, row)| row.owner.plugin() == Some(plugin));
        let core = Catalogue::core();
        for (entity, key, row) in fields {
            // Of its own entities all goes below.
            let Some(def) = core.find(entity) else { continue };
            if matches!(row.definition.kind, kernel::value::FieldType::Link | kernel::value::FieldType::Links) {
                remove(tx, ctx, "record_link", &[("entity", entity), ("field", key)]).await?;
            } else {
                let nothing = write::with_members(vec![(key.to_string(), Json::Null)], tx.get_database_backend());
                let update = Query::update()
                    .table(Alias::new(def.table))
                    .value("custom", nothing)
                    .and_where(Expr::col("tenant_id").eq(ctx.tenant.0))
                    .and_where(Expr::col("custom").is_not_null())
                    .to_owned();
                tx.execute(&update).await?;
                search::mark(tx, ctx.tenant, entity).await?;
            }
            remove(tx, ctx, "field_definition", &[("entity", entity), ("key", key)]).await?;
            remove(tx, ctx, "field_condition", &[("entity", entity), ("field", key)]).await?;
            purged.fields += 1;
        }
        if kept.fields.iter().any(|(_, _, row)| row.owner.plugin() == Some(plugin) && row.definition.indexed) {
            indexed::look_again(tx, ctx).await?;
        }
        for (entity, _) in kept.entities.iter().filter(|(_, row)| row.owner.plugin() == Some(plugin)) {
            purged.records += purge_entity(tx, ctx, entity).await?;
            purged.entities += 1;
        }
        Ok(purged)
    }

    /// Empties a field of the product in every record of the company, for what filled it is gone. Says in how many.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn empty_field(&self, tx: &Tx, ctx: &Ctx, entity: &str, field: &str) -> Result<u64> {
        let core = Catalogue::core();
        let found = core.find(entity).and_then(|def| Some((def.table, def.field(field)?)));
        // What an older version of the product had is not there any more.
        let Some((table, field)) = found.filter(|(_, field)| field.may_be_emptied()) else { return Ok(0) };
        let Storage::Column(column) = field.storage else { return Ok(0) };
        let update = Query::update()
            .table(Alias::new(table))
            .value(column, Expr::cust("NULL"))
            .and_where(Expr::col("tenant_id").eq(ctx.tenant.0))
            .and_where(Expr::col(column).is_not_null())
            .to_owned();
        Ok(tx.execute(&update).await?.rows_affected())
    }
}

async fn purge_entity(tx: &Tx, ctx: &Ctx, entity: &str) -> Result<u64> {
    search::forget(tx, ctx.tenant, entity).await?;
    table::condemn_entity(tx, ctx.tenant, entity).await?;
    let records: SelectStatement = Query::select()
        .column("id")
        .from("shared_record")
        .and_where(Expr::col("tenant_id").eq(ctx.tenant.0))
        .and_where(Expr::col("entity").eq(entity))
        .take();
    for (table, column) in BESIDE {
        let delete = Query::delete()
            .from_table(table)
            .and_where(Expr::col("tenant_id").eq(ctx.tenant.0))
            .and_where(Expr::col(column).in_subquery(records.clone()))
            .to_owned();
        tx.execute(&delete).await?;
    }
    let removed = remove(tx, ctx, "shared_record", &[("entity", entity)]).await?;
    for (table, column) in OF_ENTITY {
        remove(tx, ctx, table, &[(column, entity)]).await?;
    }
    Ok(removed)
}

async fn remove(tx: &Tx, ctx: &Ctx, table: &'static str, of: &[(&'static str, &str)]) -> Result<u64> {
    let mut delete = Query::delete();
    delete.from_table(table).and_where(Expr::col("tenant_id").eq(ctx.tenant.0));
    for (column, value) in of {
        delete.and_where(Expr::col(*column).eq(*value));
    }
    Ok(tx.execute(&delete).await?.rows_affected())
}
