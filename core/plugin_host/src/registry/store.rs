//! The tables `plugin`, `plugin_version`, `plugin_tenant` and `plugin_change`.

use std::collections::{BTreeMap, BTreeSet};

use kernel::db::{ConnectionTrait, QueryResult, Tx};
use kernel::{TenantId, Timestamp};
use sea_orm::sea_query::{Expr, ExprTrait, LockType, OnConflict, Order, Query};
use sea_orm::{DbBackend, DbErr};
use serde::de::DeserializeOwned;

use crate::gates::Gate;
use crate::package::Level;
use crate::settings::Settings;

/// What a company has of a plugin. One that is *enabled* is to run this version with these grants and settings; one that
/// is not keeps them for later.
#[derive(Debug, Clone)]
pub(crate) struct TenantRow {
    pub(crate) plugin: String,
    pub(crate) version: String,
    pub(crate) enabled: bool,
    pub(crate) grants: BTreeSet<String>,
    pub(crate) settings: Settings,
    pub(crate) secret: String,
    /// Points stopped for good by the breaker.
    pub(crate) stopped: BTreeSet<String>,
    pub(crate) departments: Gate,
}

/// A version that is *installed*: any company may enable it. Without its bytes.
#[derive(Debug, Clone)]
pub(crate) struct Installed {
    pub(crate) plugin: String,
    pub(crate) version: String,
    pub(crate) level: String,
    pub(crate) hash: String,
    pub(crate) installed_at: Timestamp,
}

fn json<T: DeserializeOwned>(row: &QueryResult, index: usize) -> Result<T, DbErr> {
    serde_json::from_value(row.try_get_by_index(index)?).map_err(|error| DbErr::Type(error.to_string()))
}

/// The number of changes made so far by anybody.
pub(crate) async fn counter(conn: &impl ConnectionTrait) -> Result<i64, DbErr> {
    let select = Query::select().column("counter").from("plugin_change").and_where(Expr::col("id").eq(1)).take();
    conn.query_one(&select).await?.map_or(Ok(0), |row| row.try_get_by_index(0))
}

/// Tells every process that something has changed.
pub(crate) async fn touch(tx: &Tx) -> Result<(), DbErr> {
    let update = Query::update()
        .table("plugin_change")
        .value("counter", Expr::col("counter").add(1))
        .and_where(Expr::col("id").eq(1))
        .to_owned();
    tx.execute(&update).await.map(drop)
}

/// The table of what tenants have of plugins.
pub(crate) const TENANTS: &str = "plugin_tenant";
const TENANT_COLUMNS: [&str; 8] =
    ["plugin", "version", "enabled", "grants", "settings", "secret", "stopped", "departments"];

fn gate(row: &QueryResult, index: usize) -> Result<Gate, DbErr> {
    let kept: Option<serde_json::Value> = row.try_get_by_index(index)?;
    kept.map(|kept| serde_json::from_value(kept).map_err(|error| DbErr::Type(error.to_string()))).transpose()
}

fn tenant_row(row: &QueryResult) -> Result<TenantRow, DbErr> {
    Ok(TenantRow {
        plugin: row.try_get_by_index(0)?,
        version: row.try_get_by_index(1)?,
        enabled: row.try_get_by_index(2)?,
        grants: json(row, 3)?,
        settings: json::<BTreeMap<_, _>>(row, 4)?,
        secret: row.try_get_by_index(5)?,
        stopped: json(row, 6)?,
        departments: gate(row, 7)?,
    })
}

/// All rows of a tenant, enabled or not.
pub(crate) async fn of_tenant(conn: &impl ConnectionTrait, tenant: TenantId) -> Result<Vec<TenantRow>, DbErr> {
    let select = Query::select()
        .columns(TENANT_COLUMNS)
        .from("plugin_tenant")
        .and_where(Expr::col("tenant_id").eq(tenant.0))
        .order_by("plugin", Order::Asc)
        .take();
    conn.query_all(&select).await?.iter().map(tenant_row).collect()
}

/// All rows of all tenants.
pub(crate) async fn of_all(conn: &impl ConnectionTrait) -> Result<Vec<(TenantId, TenantRow)>, DbErr> {
    let select = Query::select()
        .columns(TENANT_COLUMNS)
        .column("tenant_id")
        .from(TENANTS)
        .order_by("tenant_id", Order::Asc)
        .order_by("plugin", Order::Asc)
        .take();
    let whose =
        |row: &QueryResult| -> Result<TenantId, DbErr> { row.try_get_by_index(TENANT_COLUMNS.len()).map(TenantId) };
    conn.query_all(&select).await?.iter().map(|row| Ok((whose(row)?, tenant_row(row)?))).collect()
}

/// The gates of what a tenant has enabled, by plugin; those that are on for everybody have none.
pub(crate) async fn gates(conn: &impl ConnectionTrait, tenant: TenantId) -> Result<Vec<(String, Gate)>, DbErr> {
    let select = Query::select()
        .columns(["plugin", "departments"])
        .from("plugin_tenant")
        .and_where(Expr::col("tenant_id").eq(tenant.0))
        .and_where(Expr::col("enabled").eq(true))
        .and_where(Expr::col("departments").is_not_null())
        .take();
    let rows = conn.query_all(&select).await?;
    rows.iter().map(|row| Ok((row.try_get_by_index(0)?, gate(row, 1)?))).collect()
}

/// One row of a tenant.
pub(crate) async fn in_tenant(
    conn: &impl ConnectionTrait,
    tenant: TenantId,
    plugin: &str,
) -> Result<Option<TenantRow>, DbErr> {
    let select = Query::select()
        .columns(TENANT_COLUMNS)
        .from("plugin_tenant")
        .and_where(Expr::col("tenant_id").eq(tenant.0))
        .and_where(Expr::col("plugin").eq(plugin))
        .take();
    conn.query_one(&select).await?.as_ref().map(tenant_row).transpose()
}

/// Whether a tenant runs a plugin; it stays so until the transaction ends.
pub(crate) async fn stays_enabled(tx: &Tx, tenant: TenantId, plugin: &str) -> Result<bool, DbErr> {
    let mut select = Query::select()
        .column("plugin")
        .from("plugin_tenant")
        .and_where(Expr::col("tenant_id").eq(tenant.0))
        .and_where(Expr::col("plugin").eq(plugin))
        .and_where(Expr::col("enabled").eq(true))
        .take();
    // SQLite has one writer at a time.
    if tx.get_database_backend() == DbBackend::Postgres {
        select.lock(LockType::Update);
    }
    Ok(tx.query_one(&select).await?.is_some())
}

/// Writes what a tenant has of a plugin.
pub(crate) async fn put_tenant(tx: &Tx, tenant: TenantId, row: &TenantRow, now: Timestamp) -> Result<(), DbErr> {
    let to_json =
        |value: Result<serde_json::Value, serde_json::Error>| value.map_err(|error| DbErr::Type(error.to_string()));
    let mut columns = vec!["tenant_id"];
    columns.extend(TENANT_COLUMNS);
    columns.push("changed_at");
    let insert = Query::insert()
        .into_table("plugin_tenant")
        .columns(columns)
        .values_panic([
            tenant.0.into(),
            row.plugin.as_str().into(),
            row.version.as_str().into(),
            row.enabled.into(),
            to_json(serde_json::to_value(&row.grants))?.into(),
            to_json(serde_json::to_value(&row.settings))?.into(),
            row.secret.as_str().into(),
            to_json(serde_json::to_value(&row.stopped))?.into(),
            row.departments.as_ref().map(|named| to_json(serde_json::to_value(named))).transpose()?.into(),
            now.micros().into(),
        ])
        .on_conflict(
            OnConflict::columns(["tenant_id", "plugin"])
                .update_columns([
                    "version",
                    "enabled",
                    "grants",
                    "settings",
                    "secret",
                    "stopped",
                    "departments",
                    "changed_at",
                ])
                .to_owned(),
        )
        .to_owned();
    tx.execute(&insert).await.map(drop)
}

/// Whether any tenant runs a plugin.
pub(crate) async fn is_used(conn: &impl ConnectionTrait, plugin: &str) -> Result<bool, DbErr> {
    let select = Query::select()
        .column("plugin")
        .from("plugin_tenant")
        .and_where(Expr::col("plugin").eq(plugin))
        .and_where(Expr::col("enabled").eq(true))
        .limit(1)
        .take();
    Ok(conn.query_one(&select).await?.is_some())
}

/// The key a plugin's packages must be signed with; `None` when it was never installed.
pub(crate) async fn pinned(conn: &impl ConnectionTrait, plugin: &str) -> Result<Option<Option<String>>, DbErr> {
    let select = Query::select().column("signer").from("plugin").and_where(Expr::col("id").eq(plugin)).take();
    conn.query_one(&select).await?.map(|row| row.try_get_by_index(0)).transpose()
}

const VERSION_COLUMNS: [&str; 5] = ["plugin", "version", "level", "hash", "installed_at"];

fn installed(row: &QueryResult) -> Result<Installed, DbErr> {
    Ok(Installed {
        plugin: row.try_get_by_index(0)?,
        version: row.try_get_by_index(1)?,
        level: row.try_get_by_index(2)?,
        hash: row.try_get_by_index(3)?,
        installed_at: Timestamp(row.try_get_by_index(4)?),
    })
}

/// All versions of all plugins, by plugin, the newest installed last.
pub(crate) async fn versions(conn: &impl ConnectionTrait) -> Result<Vec<Installed>, DbErr> {
    let select = Query::select()
        .columns(VERSION_COLUMNS)
        .from("plugin_version")
        .order_by("plugin", Order::Asc)
        .order_by("installed_at", Order::Asc)
        .take();
    conn.query_all(&select).await?.iter().map(installed).collect()
}

/// One version.
pub(crate) async fn version(
    conn: &impl ConnectionTrait,
    plugin: &str,
    version: &str,
) -> Result<Option<Installed>, DbErr> {
    let select = Query::select()
        .columns(VERSION_COLUMNS)
        .from("plugin_version")
        .and_where(Expr::col("plugin").eq(plugin))
        .and_where(Expr::col("version").eq(version))
        .take();
    conn.query_one(&select).await?.as_ref().map(installed).transpose()
}

/// The bytes of a version.
pub(crate) async fn package(conn: &impl ConnectionTrait, plugin: &str, version: &str) -> Result<Vec<u8>, DbErr> {
    let select = Query::select()
        .column("package")
        .from("plugin_version")
        .and_where(Expr::col("plugin").eq(plugin))
        .and_where(Expr::col("version").eq(version))
        .take();
    let row = conn.query_one(&select).await?.ok_or_else(|| DbErr::RecordNotFound(format!("{plugin} {version}")))?;
    row.try_get_by_index(0)
}

/// A version to be stored.
pub(crate) struct NewVersion<'a> {
    pub(crate) plugin: &'a str,
    pub(crate) version: &'a str,
    pub(crate) level: Level,
    pub(crate) signer: Option<&'a str>,
    pub(crate) hash: &'a str,
    pub(crate) package: &'a [u8],
}

/// Stores a version; one that is there stays as it is. Says whether it was stored.
pub(crate) async fn put_version(tx: &Tx, new: &NewVersion<'_>, now: Timestamp) -> Result<bool, DbErr> {
    let plugin = Query::insert()
        .into_table("plugin")
        .columns(["id", "signer", "installed_at"])
        .values_panic([new.plugin.into(), new.signer.into(), now.micros().into()])
        .on_conflict(OnConflict::column("id").do_nothing().to_owned())
        .to_owned();
    tx.execute(&plugin).await?;
    let version = Query::insert()
        .into_table("plugin_version")
        .columns(["plugin", "version", "level", "hash", "package", "installed_at"])
        .values_panic([
            new.plugin.into(),
            new.version.into(),
            new.level.name().into(),
            new.hash.into(),
            new.package.to_vec().into(),
            now.micros().into(),
        ])
        .on_conflict(OnConflict::columns(["plugin", "version"]).do_nothing().to_owned())
        .to_owned();
    Ok(tx.execute(&version).await?.rows_affected() == 1)
}

/// Removes what a company has of a plugin: row, keys, log, costs, runs of jobs. Gives how many rows there were.
pub(crate) async fn purge(tx: &Tx, tenant: TenantId, plugin: &str) -> Result<u64, DbErr> {
    let mut removed = 0;
    for table in [
        "plugin_tenant",
        "plugin_kv",
        "plugin_log",
        "plugin_cost",
        "plugin_seen",
        "plugin_job",
        "plugin_schedule",
        "plugin_fill",
        "plugin_public_page",
        "plugin_page_link",
    ] {
        let delete = Query::delete()
            .from_table(table)
            .and_where(Expr::col("tenant_id").eq(tenant.0))
            .and_where(Expr::col("plugin").eq(plugin))
            .to_owned();
        removed += tx.execute(&delete).await?.rows_affected();
    }
    Ok(removed)
}

/// Notes which fields of the product a plugin fills in a company; they stay noted until it is purged.
pub(crate) async fn note_fills(
    tx: &Tx,
    tenant: TenantId,
    plugin: &str,
    fields: impl Iterator<Item = (&str, &str)>,
) -> Result<(), DbErr> {
    for (entity, field) in fields {
        let insert = Query::insert()
            .into_table("plugin_fill")
            .columns(["tenant_id", "plugin", "entity", "field"])
            .values_panic([tenant.0.into(), plugin.into(), entity.into(), field.into()])
            .on_conflict(OnConflict::columns(["tenant_id", "plugin", "entity", "field"]).do_nothing().to_owned())
            .to_owned();
        tx.execute(&insert).await?;
    }
    Ok(())
}

/// The fields of the product, with their entities, that a plugin fills in a company and no other plugin does.
pub(crate) async fn fills_alone(tx: &Tx, tenant: TenantId, plugin: &str) -> Result<Vec<(String, String)>, DbErr> {
    let select = Query::select()
        .columns(["plugin", "entity", "field"])
        .from("plugin_fill")
        .and_where(Expr::col("tenant_id").eq(tenant.0))
        .take();
    let (mut mine, mut others) = (BTreeSet::new(), BTreeSet::new());
    for row in tx.query_all(&select).await? {
        let whose: String = row.try_get_by_index(0)?;
        let field = (row.try_get_by_index(1)?, row.try_get_by_index(2)?);
        if whose == plugin {
            mine.insert(field)
        } else {
            others.insert(field)
        };
    }
    Ok(mine.difference(&others).cloned().collect())
}

/// Removes a plugin's versions and what tenants set; their stores and logs stay until purged.
pub(crate) async fn remove(tx: &Tx, plugin: &str) -> Result<(), DbErr> {
    for (table, column) in [
        ("plugin_tenant", "plugin"),
        ("plugin_public_page", "plugin"),
        ("plugin_page_link", "plugin"),
        ("plugin_version", "plugin"),
        ("plugin", "id"),
    ] {
        let delete = Query::delete().from_table(table).and_where(Expr::col(column).eq(plugin)).to_owned();
        tx.execute(&delete).await?;
    }
    Ok(())
}
