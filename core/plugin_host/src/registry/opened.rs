//! The table `plugin_public_page`: which pages of its plugins a company has opened to people without an account. A row for
//! each, so that two who switch different pages do not undo one another.

use std::collections::{BTreeMap, BTreeSet};

use kernel::db::{ConnectionTrait, Tx};
use kernel::{TenantId, Timestamp};
use sea_orm::DbErr;
use sea_orm::sea_query::{Expr, ExprTrait, OnConflict, Query};
use serde_json::json;

const TABLE: &str = "plugin_public_page";

/// What strangers read while the plugin is off, by language; nothing: as if there were no page.
pub(crate) type Words = BTreeMap<String, String>;

/// Whether a page is open, and what is said of it while its plugin is off.
pub(crate) async fn one(
    conn: &impl ConnectionTrait,
    tenant: TenantId,
    plugin: &str,
    surface: &str,
) -> Result<Option<Words>, DbErr> {
    let select = Query::select()
        .column("closed")
        .from(TABLE)
        .and_where(Expr::col("tenant_id").eq(tenant.0))
        .and_where(Expr::col("plugin").eq(plugin))
        .and_where(Expr::col("surface").eq(surface))
        .take();
    let Some(row) = conn.query_one(&select).await? else { return Ok(None) };
    let kept: Option<serde_json::Value> = row.try_get_by_index(0)?;
    let words = kept.map(|kept| serde_json::from_value(kept).map_err(|error| DbErr::Type(error.to_string())));
    Ok(Some(words.transpose()?.unwrap_or_default()))
}

/// The open pages of a plugin in a company.
pub(crate) async fn all(
    conn: &impl ConnectionTrait,
    tenant: TenantId,
    plugin: &str,
) -> Result<BTreeSet<String>, DbErr> {
    let select = Query::select()
        .column("surface")
        .from(TABLE)
        .and_where(Expr::col("tenant_id").eq(tenant.0))
        .and_where(Expr::col("plugin").eq(plugin))
        .take();
    conn.query_all(&select).await?.iter().map(|row| row.try_get_by_index(0)).collect()
}

/// Opens a page. Says whether it was closed before.
pub(crate) async fn open(
    tx: &Tx,
    tenant: TenantId,
    plugin: &str,
    surface: &str,
    now: Timestamp,
) -> Result<bool, DbErr> {
    let insert = Query::insert()
        .into_table(TABLE)
        .columns(["tenant_id", "plugin", "surface", "changed_at"])
        .values_panic([tenant.0.into(), plugin.into(), surface.into(), now.micros().into()])
        .on_conflict(OnConflict::columns(["tenant_id", "plugin", "surface"]).do_nothing().to_owned())
        .to_owned();
    Ok(tx.execute(&insert).await?.rows_affected() == 1)
}

/// Closes a page. Says whether it was open before.
pub(crate) async fn close(tx: &Tx, tenant: TenantId, plugin: &str, surface: &str) -> Result<bool, DbErr> {
    let delete = Query::delete()
        .from_table(TABLE)
        .and_where(Expr::col("tenant_id").eq(tenant.0))
        .and_where(Expr::col("plugin").eq(plugin))
        .and_where(Expr::col("surface").eq(surface))
        .to_owned();
    Ok(tx.execute(&delete).await?.rows_affected() == 1)
}

/// Notes what is said of an open page while its plugin is off.
pub(crate) async fn note(tx: &Tx, tenant: TenantId, plugin: &str, surface: &str, words: &Words) -> Result<(), DbErr> {
    let update = Query::update()
        .table(TABLE)
        .value("closed", json!(words))
        .and_where(Expr::col("tenant_id").eq(tenant.0))
        .and_where(Expr::col("plugin").eq(plugin))
        .and_where(Expr::col("surface").eq(surface))
        .to_owned();
    tx.execute(&update).await.map(drop)
}
