//! `kv`: a small store of the plugin's own, one per tenant, with time to live and compare-and-swap.

use std::collections::BTreeSet;

use kernel::db::{ConnectionTrait, Tx};
use kernel::{Db, Locale, TenantId, Timestamp};
use records::Catalogue;
use sea_orm::DbErr;
use sea_orm::sea_query::{Expr, ExprTrait, Func, OnConflict, Order, Query, SelectStatement};
use serde::Deserialize;

use super::{Caller, State, host_error};
use crate::bindings::types::HostError;
use crate::bindings::verstak::storage::kv as wit;
use crate::manifest::check::text;
use crate::manifest::permissions::{Grant, Part, Permission};
use crate::manifest::{ManifestError, Text};

/// Keys in one call.
const BATCH: usize = 200;
/// Bytes of a key.
const MAX_KEY: usize = 200;
/// Bytes of a value.
const MAX_VALUE: usize = 64 * 1024;
/// Keys of one plugin in one tenant.
const MAX_KEYS: usize = 10_000;
/// Keys that are looked through at once.
const PAGE: usize = 1_000;

const TABLE: &str = "plugin_kv";

/// What the manifest says: `[permissions.kv]`.
pub(crate) const PART: Part = Part::of::<KvPermission>("kv");

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct KvPermission {
    #[serde(default)]
    reason: Text,
}

impl Permission for KvPermission {
    fn check(&self) -> Result<(), ManifestError> {
        text("permissions.kv.reason", &self.reason)
    }

    fn grants(&self, _catalogue: Option<&Catalogue>, locale: Locale) -> Vec<Grant> {
        let title = match locale {
            Locale::En => "Keeps data of its own",
            Locale::Ru => "Хранит собственные данные",
            Locale::Uk => "Зберігає власні дані",
        };
        vec![Grant {
            key: "kv".to_owned(),
            title: title.to_owned(),
            reason: self.reason.clone(),
            scope: Default::default(),
        }]
    }
}

type Answer<T> = wasmtime::Result<Result<T, HostError>>;

impl wit::Host for State {
    async fn get(&mut self, keys: Vec<String>) -> Answer<Vec<Option<wit::Entry>>> {
        self.enter()?;
        let caller = match self.granted("kv").and_then(|caller| check_keys(&keys).map(|()| caller)) {
            Ok(caller) => caller,
            Err(error) => return Ok(Err(error)),
        };
        Ok(read(&caller, &keys).await.map_err(|error| host_error(&error.into())))
    }

    async fn set(&mut self, puts: Vec<wit::Put>) -> Answer<()> {
        self.enter()?;
        let caller = match self.writes("kv").and_then(|caller| check_puts(&puts).map(|()| caller)) {
            Ok(caller) => caller,
            Err(error) => return Ok(Err(error)),
        };
        Ok(write(&caller, puts).await)
    }

    async fn swap(&mut self, put: wit::Put, expected: Option<u64>) -> Answer<u64> {
        self.enter()?;
        let caller = match self.writes("kv").and_then(|caller| check_puts(std::slice::from_ref(&put)).map(|()| caller))
        {
            Ok(caller) => caller,
            Err(error) => return Ok(Err(error)),
        };
        Ok(swap(&caller, put, expected).await)
    }

    async fn delete(&mut self, keys: Vec<String>) -> Answer<()> {
        self.enter()?;
        let caller = match self.writes("kv").and_then(|caller| check_keys(&keys).map(|()| caller)) {
            Ok(caller) => caller,
            Err(error) => return Ok(Err(error)),
        };
        Ok(delete(&caller, &keys).await.map_err(|error| host_error(&error.into())))
    }

    async fn keys(&mut self, prefix: String, after: Option<String>) -> Answer<Vec<String>> {
        self.enter()?;
        let caller = match self.granted("kv") {
            Ok(caller) => caller,
            Err(error) => return Ok(Err(error)),
        };
        if prefix.contains('\0') || after.as_ref().is_some_and(|after| after.contains('\0')) {
            return Ok(Err(HostError::Limit("a key has no character U+0000".to_owned())));
        }
        Ok(list(&caller, &prefix, after.as_deref()).await.map_err(|error| host_error(&error.into())))
    }
}

fn check_keys(keys: &[String]) -> Result<(), HostError> {
    if keys.len() > BATCH {
        return Err(HostError::Limit(format!("more than {BATCH} keys at once")));
    }
    match keys.iter().find(|key| key.is_empty() || key.len() > MAX_KEY || key.contains('\0')) {
        Some(_) => Err(HostError::Limit(format!("a key has 1 to {MAX_KEY} bytes"))),
        None => Ok(()),
    }
}

fn check_puts(puts: &[wit::Put]) -> Result<(), HostError> {
    check_keys(&puts.iter().map(|put| put.key.clone()).collect::<Vec<_>>())?;
    match puts.iter().any(|put| put.value.len() > MAX_VALUE) {
        true => Err(HostError::Limit(format!("a value has at most {MAX_VALUE} bytes"))),
        false => Ok(()),
    }
}

/// Rows of this plugin and tenant that have not expired.
fn rows(caller: &Caller, columns: &[&'static str]) -> SelectStatement {
    let mut select = Query::select();
    select.columns(columns.iter().copied()).from(TABLE);
    select
        .and_where(Expr::col("tenant_id").eq(caller.ctx.tenant.0))
        .and_where(Expr::col("plugin").eq(caller.plugin.id()))
        .and_where(Expr::col("expires_at").is_null().or(Expr::col("expires_at").gt(caller.ctx.now().micros())));
    select
}

async fn read(caller: &Caller, keys: &[String]) -> Result<Vec<Option<wit::Entry>>, DbErr> {
    let mut select = rows(caller, &["key", "value", "revision"]);
    select.and_where(Expr::col("key").is_in(keys.iter().map(String::as_str)));
    let mut found = Vec::new();
    for row in caller.services.db.read().query_all(&select).await? {
        let revision = u64::try_from(row.try_get_by_index::<i64>(2)?).unwrap_or_default();
        found.push(wit::Entry { key: row.try_get_by_index(0)?, value: row.try_get_by_index(1)?, revision });
    }
    Ok(keys.iter().map(|key| found.iter().find(|entry| entry.key == *key).cloned()).collect())
}

/// Collations differ between databases: the prefix itself is compared here, and others may stand between those that have it.
async fn list(caller: &Caller, prefix: &str, after: Option<&str>) -> Result<Vec<String>, DbErr> {
    let (mut found, mut after) = (Vec::new(), after.map(str::to_owned));
    loop {
        let some = page(caller, prefix, after.as_deref()).await?;
        let is_last = some.len() < PAGE;
        after = some.last().cloned();
        found.extend(some.into_iter().filter(|key| key.starts_with(prefix)));
        if is_last || found.len() >= BATCH {
            found.truncate(BATCH);
            return Ok(found);
        }
    }
}

async fn page(caller: &Caller, prefix: &str, after: Option<&str>) -> Result<Vec<String>, DbErr> {
    let mut select = rows(caller, &["key"]);
    select.and_where(Expr::col("key").gte(prefix));
    if let Some(after) = after {
        select.and_where(Expr::col("key").gt(after));
    }
    select.order_by("key", Order::Asc).limit(u64::try_from(PAGE).unwrap_or(u64::MAX));
    let all = caller.services.db.read().query_all(&select).await?;
    all.iter().map(|row| row.try_get_by_index(0)).collect()
}

async fn begin(db: &Db) -> Result<Tx, HostError> {
    db.begin().await.map_err(|error| host_error(&error.into()))
}

async fn write(caller: &Caller, puts: Vec<wit::Put>) -> Result<(), HostError> {
    let failed = |error: DbErr| host_error(&error.into());
    let tx = begin(&caller.services.db).await?;
    // First in line, so that two at once do not both take the last room.
    lock(caller.ctx.tenant, caller.plugin.id(), &tx).await.map_err(failed)?;
    room(caller, &tx, &puts).await?;
    for put in puts {
        upsert(caller, &tx, put).await.map_err(failed)?;
    }
    tx.commit().await.map_err(failed)
}

async fn swap(caller: &Caller, put: wit::Put, expected: Option<u64>) -> Result<u64, HostError> {
    let failed = |error: DbErr| host_error(&error.into());
    let conflict = || HostError::Conflict("the key has another revision".to_owned());
    let tx = begin(&caller.services.db).await?;
    lock(caller.ctx.tenant, caller.plugin.id(), &tx).await.map_err(failed)?;
    let mut select = rows(caller, &["revision"]);
    select.and_where(Expr::col("key").eq(put.key.as_str()));
    let found = tx.query_one(&select).await.map_err(failed)?;
    let revision: Option<i64> = found.map(|row| row.try_get_by_index(0)).transpose().map_err(failed)?;
    if revision.and_then(|revision| u64::try_from(revision).ok()) != expected {
        return Err(conflict());
    }
    if expected.is_none() {
        room(caller, &tx, std::slice::from_ref(&put)).await?;
    }
    let revision = upsert(caller, &tx, put).await.map_err(failed)?;
    tx.commit().await.map_err(failed)?;
    Ok(u64::try_from(revision).unwrap_or_default())
}

/// Taking the next revision first makes others of the same plugin and tenant wait, on both databases.
async fn lock(tenant: TenantId, plugin: &str, tx: &Tx) -> Result<i64, DbErr> {
    tx.reserve(tenant, &format!("plugin_kv.{plugin}"), 1).await
}

/// Refuses keys that there is no room for. Those that are there already take none.
async fn room(caller: &Caller, tx: &Tx, puts: &[wit::Put]) -> Result<(), HostError> {
    let failed = |error: DbErr| host_error(&error.into());
    let keys: BTreeSet<&str> = puts.iter().map(|put| put.key.as_str()).collect();
    let there = count(tx, rows(caller, &[])).await.map_err(failed)?;
    if there.saturating_add(keys.len()) <= MAX_KEYS {
        return Ok(());
    }
    let mut known = rows(caller, &[]);
    known.and_where(Expr::col("key").is_in(keys.iter().copied()));
    let known = count(tx, known).await.map_err(failed)?;
    let wanted = there.saturating_add(keys.len()).saturating_sub(known);
    // A store that is fuller than it may be takes changes of what is there.
    if wanted > MAX_KEYS && keys.len() > known {
        return Err(HostError::Limit(format!("more than {MAX_KEYS} keys in this tenant")));
    }
    Ok(())
}

async fn count(tx: &Tx, mut select: SelectStatement) -> Result<usize, DbErr> {
    select.expr(Func::count(Expr::col("key")));
    let row = tx.query_one(&select).await?;
    let count: i64 = row.map_or(Ok(0), |row| row.try_get_by_index(0))?;
    Ok(usize::try_from(count).unwrap_or_default())
}

async fn upsert(caller: &Caller, tx: &Tx, put: wit::Put) -> Result<i64, DbErr> {
    let revision = lock(caller.ctx.tenant, caller.plugin.id(), tx).await?;
    let expires: Option<i64> = put.ttl_seconds.map(|seconds| expiry(caller.ctx.now(), seconds));
    let insert = Query::insert()
        .into_table(TABLE)
        .columns(["tenant_id", "plugin", "key", "value", "revision", "expires_at"])
        .values_panic([
            caller.ctx.tenant.0.into(),
            caller.plugin.id().into(),
            put.key.into(),
            put.value.into(),
            revision.into(),
            expires.into(),
        ])
        .on_conflict(
            OnConflict::columns(["tenant_id", "plugin", "key"])
                .update_columns(["value", "revision", "expires_at"])
                .to_owned(),
        )
        .to_owned();
    tx.later(&insert).await?;
    Ok(revision)
}

fn expiry(now: Timestamp, seconds: u32) -> i64 {
    now.plus_seconds(i64::from(seconds)).micros()
}

async fn delete(caller: &Caller, keys: &[String]) -> Result<(), DbErr> {
    let tx = caller.services.db.begin().await?;
    let statement = Query::delete()
        .from_table(TABLE)
        .and_where(Expr::col("tenant_id").eq(caller.ctx.tenant.0))
        .and_where(Expr::col("plugin").eq(caller.plugin.id()))
        .and_where(Expr::col("key").is_in(keys.iter().map(String::as_str)))
        .to_owned();
    tx.later(&statement).await?;
    tx.commit().await
}
