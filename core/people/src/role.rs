//! Roles: what they grant (permission rows), what they take away (restriction rows), and rights on fields.

use std::collections::BTreeSet;

use kernel::access::{ANY, AccessRow, FieldRight, ProcessRights, RoleRights, RowKind};
use kernel::db::{ConnectionTrait, Tx};
use kernel::error::FieldError;
use kernel::{Ctx, Db, Error, Result, TenantId, audit};
use sea_orm::{ActiveValue::Set, ColumnTrait, EntityTrait, QueryFilter, QueryOrder};
use serde::{Deserialize, Serialize};
use serde_json::{Value as Json, json};
use uuid::Uuid;

use crate::entities::{Fetch, Run, Store, access_row, field_right, role, user_role};
use crate::tenant::one_by_one;
use crate::{INVALID, checked_name, moving, require_admin, staff};

/// Access rows and field rights of one role at most.
const MAX_ROWS: usize = 500;

/// A role with everything it says.
#[derive(Debug, Clone, Serialize)]
pub struct Role {
    /// Its id.
    pub id: Uuid,
    /// Its name in code and settings of plugins.
    pub key: String,
    /// Its name for people.
    pub name: String,
    /// Grants everything.
    pub admin: bool,
    /// Permission and restriction rows.
    pub rows: Vec<AccessRow>,
    /// Rights on fields.
    pub field_rights: Vec<FieldRight>,
    /// Rights on processes, messages and signals.
    pub processes: ProcessRights,
}

/// A role to make, or its new state.
#[derive(Debug, Clone, Default, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RoleInput {
    /// Its name in code; made once. Lower-case letters, digits, `_`.
    #[serde(default)]
    pub key: String,
    /// Its name for people.
    pub name: String,
    /// Grants everything.
    #[serde(default)]
    pub admin: bool,
    /// Permission and restriction rows.
    #[serde(default)]
    pub rows: Vec<AccessRow>,
    /// Rights on fields.
    #[serde(default)]
    pub field_rights: Vec<FieldRight>,
    /// Rights on processes, messages and signals. Left out: none for a new role, as they are for one there is.
    #[serde(default)]
    pub processes: Option<ProcessRights>,
}

/// All roles of the tenant, by name.
///
/// # Errors
/// When the database fails.
pub async fn list(conn: &impl ConnectionTrait, tenant: TenantId) -> Result<Vec<Role>> {
    let found = role::Entity::find().filter(role::Column::TenantId.eq(tenant.0)).order_by_asc(role::Column::Name);
    with_rows(conn, found.rows(conn).await?).await
}

/// What the roles of a person give.
///
/// # Errors
/// When the database fails.
pub async fn of_user(conn: &impl ConnectionTrait, user: Uuid) -> Result<Vec<Role>> {
    let held = user_role::Entity::find().filter(user_role::Column::UserId.eq(user)).rows(conn).await?;
    let found = role::Entity::find().filter(role::Column::Id.is_in(held.into_iter().map(|h| h.role_id)));
    with_rows(conn, found.order_by_asc(role::Column::Name).rows(conn).await?).await
}

/// What the roles of whoever acts give: the one with which an administrator looks, else all that the person has.
///
/// # Errors
/// When the database fails.
pub async fn of_actor(conn: &impl ConnectionTrait, ctx: &Ctx) -> Result<Vec<Role>> {
    match (ctx.as_role, ctx.user()) {
        (Some(one), _) => Ok(list(conn, ctx.tenant).await?.into_iter().filter(|role| role.id == one.0).collect()),
        (None, Some(user)) => of_user(conn, user.0).await,
        (None, None) => Ok(Vec::new()),
    }
}

impl Role {
    /// Its part of the access algebra.
    pub fn rights(&self) -> RoleRights {
        RoleRights {
            admin: self.admin,
            rows: self.rows.clone(),
            fields: self.field_rights.clone(),
            processes: self.processes.clone(),
        }
    }
}

async fn with_rows(conn: &impl ConnectionTrait, roles: Vec<role::Model>) -> Result<Vec<Role>> {
    let ids: Vec<Uuid> = roles.iter().map(|role| role.id).collect();
    let rows = access_row::Entity::find()
        .filter(access_row::Column::RoleId.is_in(ids.iter().copied()))
        .order_by_asc(access_row::Column::Id)
        .rows(conn)
        .await?;
    let fields = field_right::Entity::find()
        .filter(field_right::Column::RoleId.is_in(ids.iter().copied()))
        .order_by_asc(field_right::Column::Id)
        .rows(conn)
        .await?;
    roles.into_iter().map(|role| assemble(role, &rows, &fields)).collect()
}

fn assemble(role: role::Model, rows: &[access_row::Model], fields: &[field_right::Model]) -> Result<Role> {
    let mine = rows.iter().filter(|row| row.role_id == role.id).map(|row| {
        let json = json!({"kind": row.kind, "entity": row.entity, "actions": row.actions, "filter": row.filter, "covers": row.covers});
        serde_json::from_value(json).map_err(Error::internal)
    });
    let rights = fields.iter().filter(|right| right.role_id == role.id).map(|right| {
        let json = json!({"entity": right.entity, "field": right.field, "right": right.access});
        serde_json::from_value(json).map_err(Error::internal)
    });
    Ok(Role {
        id: role.id,
        key: role.key,
        name: role.name,
        admin: role.admin,
        rows: mine.collect::<Result<_>>()?,
        field_rights: rights.collect::<Result<_>>()?,
        processes: serde_json::from_value(role.processes).map_err(Error::internal)?,
    })
}

/// Makes a role (administrators). `entities`: those there are; a permission for `*` covers them, or the ones it names.
///
/// # Errors
/// `Denied`, `people.invalid`.
pub async fn create(db: &Db, ctx: &Ctx, input: &RoleInput, entities: &BTreeSet<String>) -> Result<Role> {
    let tx = db.begin().await?;
    let saved = create_in(&tx, ctx, input, entities).await?;
    tx.commit().await?;
    Ok(saved)
}

/// The same inside a transaction.
///
/// # Errors
/// As `create`.
pub async fn create_in(tx: &Tx, ctx: &Ctx, input: &RoleInput, entities: &BTreeSet<String>) -> Result<Role> {
    require_admin(ctx)?;
    one_by_one(tx, ctx.tenant).await?;
    let key = checked_key(&input.key)?;
    let taken = role::Entity::find().filter(role::Column::TenantId.eq(ctx.tenant.0)).filter(role::Column::Key.eq(&key));
    if taken.row(tx).await?.is_some() {
        return Err(Error::field(INVALID, "key", FieldError::new("taken")));
    }
    let row = role::ActiveModel {
        id: Set(ctx.id()),
        tenant_id: Set(ctx.tenant.0),
        key: Set(key),
        name: Set(checked_name("name", &input.name, 200)?),
        admin: Set(input.admin),
        processes: Set(checked_processes(input.processes.as_ref())?.unwrap_or_else(|| json!({}))),
    };
    let row = row.add(tx).await?;
    write_rows(tx, ctx, row.id, input, entities).await?;
    let mut saved = with_rows(tx, vec![row]).await?;
    let saved = saved.pop().ok_or_else(|| Error::Internal("role vanished".into()))?;
    audit::record(tx, ctx, "role.created", &saved.id.to_string(), moving::told(None, Some(&saved))).await?;
    Ok(saved)
}

/// Changes a role (administrators). Its key stays. `entities` as with `create`: a permission for `*` that does not name
/// what it covers covers all there are now.
///
/// # Errors
/// `Denied`, `NotFound`, `people.invalid`.
pub async fn update(db: &Db, ctx: &Ctx, id: Uuid, input: &RoleInput, entities: &BTreeSet<String>) -> Result<Role> {
    require_admin(ctx)?;
    let tx = db.begin().await?;
    let saved = update_in(&tx, ctx, id, input, entities).await?;
    tx.commit().await?;
    Ok(saved)
}

/// The same inside a transaction.
///
/// # Errors
/// As `update`.
pub async fn update_in(tx: &Tx, ctx: &Ctx, id: Uuid, input: &RoleInput, entities: &BTreeSet<String>) -> Result<Role> {
    require_admin(ctx)?;
    one_by_one(tx, ctx.tenant).await?;
    let found = find(tx, ctx, id).await?;
    let before = with_rows(tx, vec![found.clone()]).await?.pop();
    let row = role::ActiveModel {
        id: Set(id),
        tenant_id: Set(ctx.tenant.0),
        key: Set(found.key),
        name: Set(checked_name("name", &input.name, 200)?),
        admin: Set(input.admin),
        processes: Set(checked_processes(input.processes.as_ref())?.unwrap_or(found.processes)),
    };
    row.change(tx).await?;
    access_row::Entity::delete_many().filter(access_row::Column::RoleId.eq(id)).run(tx).await?;
    field_right::Entity::delete_many().filter(field_right::Column::RoleId.eq(id)).run(tx).await?;
    write_rows(tx, ctx, id, input, entities).await?;
    crate::user::keep_an_admin(tx, ctx).await?;
    let mut saved = with_rows(tx, vec![find(tx, ctx, id).await?]).await?;
    let saved = saved.pop().ok_or_else(|| Error::Internal("role vanished".into()))?;
    audit::record(tx, ctx, "role.updated", &id.to_string(), moving::told(before.as_ref(), Some(&saved))).await?;
    Ok(saved)
}

/// Removes a role that nobody has (administrators).
///
/// # Errors
/// `Denied`, `NotFound`, `Conflict` while somebody has it.
pub async fn remove(db: &Db, ctx: &Ctx, id: Uuid) -> Result<()> {
    require_admin(ctx)?;
    let tx = db.begin().await?;
    remove_in(&tx, ctx, id).await?;
    tx.commit().await?;
    Ok(())
}

/// The same inside a transaction.
///
/// # Errors
/// As `remove`.
pub async fn remove_in(tx: &Tx, ctx: &Ctx, id: Uuid) -> Result<()> {
    require_admin(ctx)?;
    one_by_one(tx, ctx.tenant).await?;
    let before = with_rows(tx, vec![find(tx, ctx, id).await?]).await?.pop();
    let held = user_role::Entity::find().filter(user_role::Column::RoleId.eq(id)).row(tx).await?;
    if held.is_some() {
        return Err(Error::Conflict { code: "role.in_use", current: None });
    }
    access_row::Entity::delete_many().filter(access_row::Column::RoleId.eq(id)).run(tx).await?;
    field_right::Entity::delete_many().filter(field_right::Column::RoleId.eq(id)).run(tx).await?;
    role::Entity::delete_by_id(id).run(tx).await?;
    audit::record(tx, ctx, "role.removed", &id.to_string(), moving::told(before.as_ref(), None)).await?;
    Ok(())
}

/// Gives a role to people of the company who do not have it yet; whoever has it keeps it (administrators). Others are left
/// out: the caller has said who is not there.
///
/// # Errors
/// `Denied`, `NotFound` for the role.
pub async fn give(tx: &Tx, ctx: &Ctx, id: Uuid, people: &BTreeSet<Uuid>) -> Result<()> {
    require_admin(ctx)?;
    one_by_one(tx, ctx.tenant).await?;
    let role = find(tx, ctx, id).await?;
    let held = user_role::Entity::find().filter(user_role::Column::RoleId.eq(id)).rows(tx).await?;
    let held: BTreeSet<Uuid> = held.into_iter().map(|row| row.user_id).collect();
    let wanted: Vec<Uuid> = people.difference(&held).copied().collect();
    let mut given = Vec::with_capacity(wanted.len());
    for user in staff::by_ids(tx, ctx.tenant, &wanted).await? {
        user_role::ActiveModel { user_id: Set(user.id), role_id: Set(id) }.add(tx).await?;
        given.push(user.id);
    }
    if !given.is_empty() {
        audit::record(tx, ctx, "role.given", &id.to_string(), json!({"key": role.key, "people": given})).await?;
    }
    Ok(())
}

async fn find(tx: &Tx, ctx: &Ctx, id: Uuid) -> Result<role::Model> {
    let found = role::Entity::find_by_id(id).filter(role::Column::TenantId.eq(ctx.tenant.0)).row(tx).await?;
    found.ok_or_else(|| Error::NotFound(format!("role {id}")))
}

/// The entities that a row covers: those it names, as far as they are there, else all there are. Restrictions bind
/// everything, and what names its entity covers nothing else.
fn covered(row: &AccessRow, entities: &BTreeSet<String>) -> Option<BTreeSet<String>> {
    if row.entity != ANY || row.kind == RowKind::Restriction {
        return None;
    }
    Some(row.covers.as_ref().map_or_else(|| entities.clone(), |named| named & entities))
}

async fn write_rows(tx: &Tx, ctx: &Ctx, id: Uuid, input: &RoleInput, entities: &BTreeSet<String>) -> Result<()> {
    if input.rows.len() > MAX_ROWS || input.field_rights.len() > MAX_ROWS {
        return Err(Error::field(INVALID, "rows", FieldError::new("too_many").with("max", MAX_ROWS)));
    }
    let text = |json: Json| json.as_str().unwrap_or_default().to_owned();
    for row in &input.rows {
        let model = access_row::ActiveModel {
            id: Set(ctx.id()),
            tenant_id: Set(ctx.tenant.0),
            role_id: Set(id),
            kind: Set(text(json!(row.kind))),
            entity: Set(row.entity.clone()),
            actions: Set(json!(row.actions)),
            filter: Set(row.filter.as_ref().map(|f| f.to_json())),
            covers: Set(covered(row, entities).map(|covers| json!(covers))),
        };
        model.add(tx).await?;
    }
    for right in &input.field_rights {
        let model = field_right::ActiveModel {
            id: Set(ctx.id()),
            tenant_id: Set(ctx.tenant.0),
            role_id: Set(id),
            entity: Set(right.entity.clone()),
            field: Set(right.field.clone()),
            access: Set(text(json!(right.right))),
        };
        model.add(tx).await?;
    }
    Ok(())
}

/// Rights on processes as they are kept.
fn checked_processes(rights: Option<&ProcessRights>) -> Result<Option<Json>> {
    let Some(rights) = rights else { return Ok(None) };
    if rights.len() > MAX_ROWS {
        return Err(Error::field(INVALID, "processes", FieldError::new("too_many").with("max", MAX_ROWS)));
    }
    for name in rights.names() {
        checked_name("processes", name, 255)?;
    }
    serde_json::to_value(rights).map(Some).map_err(Error::internal)
}

fn checked_key(key: &str) -> Result<String> {
    let key = checked_name("key", key, 60)?;
    if key.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_') {
        Ok(key)
    } else {
        Err(Error::field(INVALID, "key", FieldError::new("invalid").with("reason", "a-z 0-9 _")))
    }
}
