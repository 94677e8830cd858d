//! Roles on their way between companies (`kernel::moving`), by key. Who has them does not move. Rows mean the same in any order, so
//! they stand in one that is always the same.

use std::collections::BTreeSet;

use kernel::access::{ANY, AccessRow, FieldRight, ProcessRights, RowKind};
use kernel::db::{ConnectionTrait, Tx};
use kernel::moving::{self, Area, Gathered, Moved, Object, Trouble};
use kernel::{Ctx, Error, Message, Result, TenantId};
use serde::{Deserialize, Serialize};
use serde_json::{Value as Json, json};

use crate::role::{self, Role, RoleInput};

/// A role.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct RoleSpec {
    key: String,
    name: String,
    #[serde(default)]
    admin: bool,
    #[serde(default)]
    rows: Vec<AccessRow>,
    #[serde(default)]
    field_rights: Vec<FieldRight>,
    #[serde(default)]
    processes: ProcessRights,
}

impl RoleSpec {
    fn of(role: &Role) -> Self {
        Self {
            key: role.key.clone(),
            name: role.name.clone(),
            admin: role.admin,
            rows: role.rows.clone(),
            field_rights: role.field_rights.clone(),
            processes: role.processes.clone(),
        }
        .in_order()
    }

    fn in_order(mut self) -> Self {
        self.rows.sort_by_cached_key(|row| moving::sorted(json!(row)).to_string());
        self.field_rights.sort_by_cached_key(|right| json!(right).to_string());
        self
    }

    fn input(&self) -> RoleInput {
        RoleInput {
            key: self.key.clone(),
            name: self.name.clone(),
            admin: self.admin,
            rows: self.rows.clone(),
            field_rights: self.field_rights.clone(),
            processes: Some(self.processes.clone()),
        }
    }
}

/// A role of a file, read.
///
/// # Errors
/// What is not understood, in English.
pub fn object(spec: Json) -> std::result::Result<Object, String> {
    let read = moving::read::<RoleSpec>(spec)?.in_order();
    Ok(Object { key: read.key.clone(), spec: moving::sorted(json!(read)) })
}

/// How the audit log keeps a change of a role.
pub(crate) fn told(before: Option<&Role>, after: Option<&Role>) -> Json {
    let key = before.or(after).map(|role| role.key.clone());
    json!({"key": key, "before": before.map(RoleSpec::of), "after": after.map(RoleSpec::of)})
}

/// The roles of a company, by key.
///
/// # Errors
/// When the database fails.
pub async fn gather(conn: &impl ConnectionTrait, tenant: TenantId) -> Result<Gathered> {
    let mut all = Gathered::default();
    let mut roles = role::list(conn, tenant).await?;
    roles.sort_by(|one, other| one.key.cmp(&other.key));
    for role in &roles {
        all.add(role.key.clone(), json!(RoleSpec::of(role)));
    }
    Ok(all)
}

/// What a role of a file says in a company with these entities: rights on kinds of records that are not there are none. Those, with
/// it.
///
/// # Errors
/// `config.invalid` where it is not understood.
pub fn fitted(moved: &Moved, entities: &BTreeSet<String>) -> Result<(Option<Json>, Vec<Trouble>)> {
    let Some(mut spec) = moved.wanted::<RoleSpec>()? else { return Ok((None, Vec::new())) };
    let mut skipped = BTreeSet::new();
    for row in spec.rows.iter_mut().filter(|row| row.entity == ANY && row.kind == RowKind::Permission) {
        if let Some(covers) = &mut row.covers {
            skipped.extend(covers.difference(entities).cloned());
            covers.retain(|entity| entities.contains(entity));
        }
    }
    let told = |entity: &String| {
        let entity: String = entity.chars().take(80).collect();
        Trouble::skipped(moved, "rows", Message::key("configuration.covers").with("entity", entity))
    };
    let troubles = skipped.iter().map(told).collect();
    Ok((Some(moving::sorted(json!(spec.in_order()))), troubles))
}

/// What a role of a file would be made of.
///
/// # Errors
/// `config.invalid` where it is not understood.
pub fn input(moved: &Moved) -> Result<Option<RoleInput>> {
    Ok(moved.wanted::<RoleSpec>()?.map(|spec| spec.input()))
}

/// Makes, changes or removes a role. `entities`: those there are.
///
/// # Errors
/// As `role::create_in`, `role::update_in`, `role::remove_in`.
pub async fn put(tx: &Tx, ctx: &Ctx, moved: &Moved, entities: &BTreeSet<String>) -> Result<()> {
    if moved.area != Area::Roles {
        return Err(Error::Internal(format!("{} is no role", moved.key)));
    }
    let known = role::list(tx, ctx.tenant).await?.into_iter().find(|role| role.key == moved.key);
    match (known, input(moved)?) {
        (None, Some(input)) => role::create_in(tx, ctx, &input, entities).await.map(drop),
        (Some(known), Some(input)) => role::update_in(tx, ctx, known.id, &input, entities).await.map(drop),
        (Some(known), None) => role::remove_in(tx, ctx, known.id).await,
        (None, None) => Ok(()),
    }
}
