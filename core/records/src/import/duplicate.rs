//! Rows and records that are the same client: by phone, e-mail, or origin.

use std::collections::{BTreeSet, HashMap, HashSet};

use kernel::access::Action;
use kernel::filter::phone_cell;
use kernel::{Ctx, RecordId, Result};
use sea_orm::ConnectionTrait;
use sea_orm::sea_query::{Cond, Expr, ExprTrait, Query};
use serde_json::{Map, Value as Json};

use crate::Catalogue;
use crate::catalogue::EntityDef;
use crate::shape::Asker;

/// Comparisons of one statement; SQLite nests them, and at most 1,000 deep.
const LIST: usize = 200;

/// What two records of the same client share.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) enum Key {
    /// External system and the id in it. Comes first: it is the surest.
    Origin(Option<String>, String),
    /// An address in lower case.
    Email(String),
    /// The last nine digits of a phone.
    Phone(String),
}

/// The keys of a row's fields.
pub(super) fn keys(fields: &Map<String, Json>) -> BTreeSet<Key> {
    let values = |field: &str| {
        let items = fields.get(field).and_then(Json::as_array).into_iter().flatten();
        items.filter_map(|item| item.get("value")?.as_str().map(str::to_owned)).collect::<Vec<_>>()
    };
    let text = |field: &str| fields.get(field).and_then(Json::as_str).map(str::to_owned);
    let mut keys: BTreeSet<Key> = values("emails").iter().map(|e| Key::Email(compared("emails", e))).collect();
    keys.extend(values("phones").iter().map(|phone| Key::Phone(compared("phones", phone))));
    keys.extend(text("origin_id").map(|id| Key::Origin(text("origin_system"), id)));
    keys
}

/// The form in which two values of a field are the same: a phone's last nine digits, the rest in lower case.
pub(super) fn compared(field: &str, value: &str) -> String {
    if field == "phones" { phone_start(&phone_cell(value)) } else { value.trim().to_lowercase() }
}

fn phone_start(cell: &str) -> String {
    cell.split(':').next().unwrap_or_default().to_owned()
}

/// Records that have one of the keys and that the importing person may see.
///
/// # Errors
/// When the database fails.
pub(super) async fn find(
    conn: &impl ConnectionTrait,
    catalogue: &Catalogue,
    ctx: &Ctx,
    def: &EntityDef,
    keys: &BTreeSet<Key>,
) -> Result<HashMap<Key, BTreeSet<RecordId>>> {
    let mut found: Vec<(Key, RecordId)> = Vec::new();
    for keys in keys.iter().collect::<Vec<_>>().chunks(LIST) {
        by_communication(conn, ctx, def, keys, &mut found).await?;
        by_origin(conn, ctx, def, keys, &mut found).await?;
    }
    let ids: BTreeSet<RecordId> = found.iter().map(|(_, id)| *id).collect();
    let visible = visible(conn, catalogue, ctx, def, &ids).await?;
    let mut by_key: HashMap<Key, BTreeSet<RecordId>> = HashMap::new();
    for (key, id) in found.into_iter().filter(|(_, id)| visible.contains(id)) {
        by_key.entry(key).or_default().insert(id);
    }
    Ok(by_key)
}

async fn by_communication(
    conn: &impl ConnectionTrait,
    ctx: &Ctx,
    def: &EntityDef,
    keys: &[&Key],
    found: &mut Vec<(Key, RecordId)>,
) -> Result<()> {
    // Each alternative names the tenant and the field, so that each is a search of the index by itself.
    let place = |field: &str| Expr::col("tenant_id").eq(ctx.tenant.0).and(Expr::col("field").eq(field));
    let mut any = Cond::any();
    let mut emails = Vec::new();
    for key in keys {
        match key {
            Key::Phone(start) => {
                let range = Expr::col("value").gte(format!("{start}:")).and(Expr::col("value").lt(format!("{start};")));
                any = any.add(place("phones").and(range));
            }
            Key::Email(address) => emails.push(address.as_str()),
            Key::Origin(..) => {}
        }
    }
    if !emails.is_empty() {
        any = any.add(place("emails").and(Expr::col("value").is_in(emails)));
    }
    if any.is_empty() {
        return Ok(());
    }
    let mut select = Query::select();
    select.columns(["record_id", "field", "value"]).from("communication").cond_where(any);
    select.and_where(Expr::col("entity").eq(def.key.as_str()));
    for row in conn.query_all(&select).await? {
        let (id, field, value): (RecordId, String, String) =
            (row.try_get_by_index(0)?, row.try_get_by_index(1)?, row.try_get_by_index(2)?);
        let key = if field == "phones" { Key::Phone(phone_start(&value)) } else { Key::Email(value) };
        found.push((key, id));
    }
    Ok(())
}

async fn by_origin(
    conn: &impl ConnectionTrait,
    ctx: &Ctx,
    def: &EntityDef,
    keys: &[&Key],
    found: &mut Vec<(Key, RecordId)>,
) -> Result<()> {
    let mut by_system: HashMap<Option<&str>, Vec<&str>> = HashMap::new();
    for key in keys {
        if let Key::Origin(system, id) = key {
            by_system.entry(system.as_deref()).or_default().push(id);
        }
    }
    for (system, ids) in by_system {
        let same = match system {
            Some(system) => Expr::col("origin_system").eq(system),
            None => Expr::col("origin_system").is_null(),
        };
        let mut select = Query::select();
        select.columns(["id", "origin_id"]).from(def.table);
        def.own(&mut select, ctx.tenant);
        select.and_where(same).and_where(Expr::col("origin_id").is_in(ids));
        for row in conn.query_all(&select).await? {
            found.push((Key::Origin(system.map(str::to_owned), row.try_get_by_index(1)?), row.try_get_by_index(0)?));
        }
    }
    Ok(())
}

async fn visible(
    conn: &impl ConnectionTrait,
    catalogue: &Catalogue,
    ctx: &Ctx,
    def: &EntityDef,
    ids: &BTreeSet<RecordId>,
) -> Result<HashSet<RecordId>> {
    let mut visible = HashSet::new();
    if !ctx.rights.may(&def.key, Action::Read) {
        return Ok(visible);
    }
    let asker = Asker::new(catalogue, ctx, conn.get_database_backend());
    for ids in ids.iter().copied().collect::<Vec<_>>().chunks(LIST) {
        let mut select = Query::select();
        select
            .column((def.table, "id"))
            .from(def.table)
            .and_where(Expr::col((def.table, "deleted_at")).is_null())
            .and_where(Expr::col((def.table, "id")).is_in(ids.iter().copied()));
        def.own(&mut select, ctx.tenant);
        if let Some(allowed) = asker.allowed(def, Action::Read) {
            select.and_where(allowed);
        }
        for row in conn.query_all(&select).await? {
            visible.insert(row.try_get_by_index::<RecordId>(0)?);
        }
    }
    Ok(visible)
}
