//! The table of directories: a row for each that somebody has made or changed.

use kernel::db::{ConnectionTrait, Tx};
use kernel::{BatchId, Ctx, Error, Result, TenantId, audit};
use sea_orm::sea_query::{Expr, ExprTrait, Order, Query};
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::{Directory, Item, complete};
use crate::catalogue::Labels;
use crate::catalogue::store::{read, touch};

/// What of a directory is kept as JSON.
#[derive(Debug, Serialize, Deserialize)]
struct Definition {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    label: Option<Labels>,
    #[serde(default)]
    items: Vec<Item>,
}

/// Every directory of a tenant: the product's, then its own in the order they were made, those that were taken away too.
pub(in crate::catalogue) async fn load(conn: &impl ConnectionTrait, tenant: TenantId) -> Result<Vec<Directory>> {
    let select = Query::select()
        .columns(["key", "definition", "version", "removed_at"])
        .from("directory")
        .and_where(Expr::col("tenant_id").eq(tenant.0))
        .order_by("created_at", Order::Asc)
        .order_by("key", Order::Asc)
        .take();
    let mut kept = Vec::new();
    for row in conn.query_all(&select).await? {
        let Some(Definition { label, items }) = read(&row, 1)? else { continue };
        let removed = row.try_get_by_index::<Option<i64>>(3)?.is_some();
        kept.push(Directory {
            key: row.try_get_by_index(0)?,
            label,
            items,
            version: row.try_get_by_index(2)?,
            removed,
        });
    }
    Ok(complete(kept))
}

/// Writes a directory, and counts the change. The transaction has taken the catalogue.
pub(super) async fn save(tx: &Tx, ctx: &Ctx, one: &Directory) -> Result<()> {
    let definition = Definition { label: one.label.clone(), items: one.items.clone() };
    let definition = serde_json::to_value(definition).map_err(Error::internal)?;
    if one.version == 0 {
        let insert = Query::insert()
            .into_table("directory")
            .columns(["id", "tenant_id", "key", "definition", "version", "created_at"])
            .values_panic([
                ctx.id().into(),
                ctx.tenant.into(),
                one.key.as_str().into(),
                definition.into(),
                1_i64.into(),
                ctx.now().0.into(),
            ])
            .to_owned();
        tx.execute(&insert).await?;
        return Ok(());
    }
    let update = Query::update()
        .table("directory")
        .value("definition", definition)
        .value("version", one.version.saturating_add(1))
        .value("removed_at", one.removed.then(|| ctx.now().0))
        .and_where(Expr::col("tenant_id").eq(ctx.tenant.0))
        .and_where(Expr::col("key").eq(one.key.as_str()))
        .to_owned();
    tx.execute(&update).await?;
    Ok(())
}

/// Shows the items again that went with a batch: its undo needs them.
pub(crate) async fn bring_back(tx: &Tx, ctx: &Ctx, batch: BatchId) -> Result<()> {
    touch(tx, ctx.tenant).await?;
    for mut one in load(tx, ctx.tenant).await? {
        let mut back = Vec::new();
        for item in one.items.iter_mut().filter(|item| item.batch == Some(batch.0)) {
            if item.removed {
                item.removed = false;
            } else {
                item.archived = false;
            }
            item.batch = None;
            back.push(item.key.clone());
        }
        if !back.is_empty() {
            save(tx, ctx, &one).await?;
            audit::record(tx, ctx, "directory.restored", &one.key, json!({"items": back, "batch": batch})).await?;
        }
    }
    Ok(())
}
