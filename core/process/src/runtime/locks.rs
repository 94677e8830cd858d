//! Locks of instances: one step of an instance at a time.
//!
//! An instance and those it has called are a tree, and what happens to one of them goes on with others: a child that ends
//! moves its parent on, a parent that is cancelled ends its children. So whoever locks one of a tree has locked its root
//! before, and no two of them wait for each other. Several roots are locked in the order of their ids. SQLite has one
//! writer at a time, and needs no locks.

use std::collections::HashMap;

use kernel::db::{ConnectionTrait, Tx};
use kernel::{InstanceId, Result, TenantId};
use sea_orm::sea_query::{Expr, ExprTrait, LockType, Order, SelectStatement};
use sea_orm::{DbBackend, Statement, Value};

use super::store::{self, Stored};

fn locks(tx: &Tx) -> bool {
    tx.get_database_backend() == DbBackend::Postgres
}

/// Rows of these instances, locked in the order of their ids.
fn these(tenant: TenantId, ids: &[InstanceId], locks: bool) -> SelectStatement {
    let mut select = store::select();
    select.and_where(Expr::col("id").is_in(ids.iter().copied())).and_where(Expr::col("tenant_id").eq(tenant.0));
    if locks {
        select.order_by("id", Order::Asc).lock(LockType::Update);
    }
    select
}

/// The instance, kept from other steps until the transaction ends.
///
/// # Errors
/// When the database fails or the state cannot be read.
pub(crate) async fn lock(tx: &Tx, tenant: TenantId, id: InstanceId) -> Result<Option<Stored>> {
    if locks(tx) {
        // Most are roots.
        let mut root = these(tenant, &[id], true);
        if let Some(row) = tx.query_one(root.and_where(Expr::col("parent_id").is_null())).await? {
            return store::from_row(&row).map(Some);
        }
        lock_roots(tx, tenant, &[id]).await?;
    }
    tx.query_one(&these(tenant, &[id], locks(tx))).await?.as_ref().map(store::from_row).transpose()
}

/// Keeps an instance from other steps until the transaction ends, without reading it.
///
/// # Errors
/// When the database fails.
pub(crate) async fn keep_from_others(tx: &Tx, tenant: TenantId, id: InstanceId) -> Result<()> {
    if locks(tx) {
        lock_roots(tx, tenant, &[id]).await?;
        let mut select = these(tenant, &[id], true);
        tx.query_one(select.clear_selects().column("id")).await?;
    }
    Ok(())
}

/// The same of several at once; those that do not exist are left out.
///
/// # Errors
/// When the database fails or a state cannot be read.
pub(crate) async fn lock_many(
    tx: &Tx,
    tenant: TenantId,
    ids: impl IntoIterator<Item = InstanceId>,
) -> Result<HashMap<InstanceId, Stored>> {
    let ids: Vec<InstanceId> = ids.into_iter().collect();
    if locks(tx) {
        lock_roots(tx, tenant, &ids).await?;
    }
    let rows = tx.query_all(&these(tenant, &ids, locks(tx))).await?;
    rows.iter().map(|row| store::from_row(row).map(|stored| (stored.id, stored))).collect()
}

/// Locks the instances that called these, and called those, at the beginning of it all; of what nobody called itself.
async fn lock_roots(tx: &Tx, tenant: TenantId, ids: &[InstanceId]) -> Result<()> {
    if ids.is_empty() {
        return Ok(());
    }
    let places: Vec<String> = (2..ids.len() + 2).map(|place| format!("${place}")).collect();
    let sql = format!(
        "WITH RECURSIVE up AS (
            SELECT id, parent_id FROM process_instance WHERE tenant_id = $1 AND id IN ({})
            UNION SELECT above.id, above.parent_id FROM up
            CROSS JOIN LATERAL (SELECT id, parent_id FROM process_instance WHERE id = up.parent_id LIMIT 1) above
        )
        SELECT id FROM process_instance
        WHERE id = ANY (ARRAY (SELECT id FROM up WHERE parent_id IS NULL)) ORDER BY id FOR UPDATE",
        places.join(", ")
    );
    let values = std::iter::once(Value::from(tenant.0)).chain(ids.iter().map(|id| Value::from(id.0)));
    tx.query_all_raw(Statement::from_sql_and_values(DbBackend::Postgres, sql, values)).await?;
    Ok(())
}
