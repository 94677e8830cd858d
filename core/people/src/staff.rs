//! Questions about staff that others ask inside their transaction or query: members of a role, heads, who is present.

use std::collections::{HashMap, HashSet};

use kernel::db::ConnectionTrait;
use kernel::{Ctx, Result, TenantId, Timestamp};
use sea_orm::sea_query::{Expr, ExprTrait, Func, JoinType, Query, SelectStatement};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};
use uuid::Uuid;

use crate::department::{self, Department};
use crate::entities::{Fetch, role, user, user_role};
use crate::user::User;

/// Members of a role that become candidates at most.
pub const MAX_MEMBERS: u64 = 1_000;

/// The department of a person; none also for somebody unknown.
///
/// # Errors
/// When the database fails.
pub async fn department_of(conn: &impl ConnectionTrait, tenant: TenantId, id: Uuid) -> Result<Option<Uuid>> {
    Ok(person(conn, tenant, id).await?.and_then(|user| user.department_id))
}

/// An account of the tenant.
///
/// # Errors
/// When the database fails.
pub async fn person(conn: &impl ConnectionTrait, tenant: TenantId, id: Uuid) -> Result<Option<User>> {
    Ok(user::Entity::find_by_id(id).filter(user::Column::TenantId.eq(tenant.0)).row(conn).await?)
}

/// An active account by id or e-mail.
///
/// # Errors
/// When the database fails.
pub async fn named(conn: &impl ConnectionTrait, tenant: TenantId, name: &str) -> Result<Option<User>> {
    let found = match Uuid::parse_str(name) {
        Ok(id) => person(conn, tenant, id).await?,
        Err(_) => {
            let email = crate::user::normal_email(name);
            let all = user::Entity::find().filter(user::Column::TenantId.eq(tenant.0));
            all.filter(user::Column::Email.eq(email)).row(conn).await?
        }
    };
    Ok(found.filter(|user| user.active))
}

/// A role by key or else by name: its key, and its active members in a stable order (by id).
///
/// # Errors
/// When the database fails.
pub async fn members(conn: &impl ConnectionTrait, tenant: TenantId, name: &str) -> Result<Option<(String, Vec<User>)>> {
    let all = || role::Entity::find().filter(role::Column::TenantId.eq(tenant.0));
    let mut found = all().filter(role::Column::Key.eq(name)).row(conn).await?;
    if found.is_none() {
        found = all().filter(role::Column::Name.eq(name)).order_by_asc(role::Column::Id).row(conn).await?;
    }
    let Some(found) = found else { return Ok(None) };
    let held = Query::select().column("user_id").from("user_role").and_where(Expr::col("role_id").eq(found.id)).take();
    let members = user::Entity::find()
        .filter(user::Column::TenantId.eq(tenant.0))
        .filter(user::Column::Active.eq(true))
        .filter(Expr::col("id").in_subquery(held))
        .order_by_asc(user::Column::Id)
        .limit(MAX_MEMBERS)
        .rows(conn)
        .await?;
    Ok(Some((found.key, members)))
}

/// Active administrators of the tenant.
///
/// # Errors
/// When the database fails.
pub async fn admins(conn: &impl ConnectionTrait, tenant: TenantId) -> Result<Vec<Uuid>> {
    let roles = role::Entity::find().filter(role::Column::TenantId.eq(tenant.0)).filter(role::Column::Admin.eq(true));
    let ids: Vec<Uuid> = roles.rows(conn).await?.into_iter().map(|role| role.id).collect();
    let held = user_role::Entity::find().filter(user_role::Column::RoleId.is_in(ids)).rows(conn).await?;
    let found = user::Entity::find()
        .filter(user::Column::Id.is_in(held.into_iter().map(|held| held.user_id)))
        .filter(user::Column::Active.eq(true))
        .order_by_asc(user::Column::Id);
    Ok(found.rows(conn).await?.into_iter().map(|user| user.id).collect())
}

/// Whether a person is there to take work.
pub fn is_present(user: &User, now: Timestamp) -> bool {
    user.active && user.absent_until.is_none_or(|until| until <= now.0)
}

/// The head above a person: of their department, or the nearest one above that has a head other than them.
pub fn head_of(departments: &[Department], user: &User) -> Option<Uuid> {
    let by_id: HashMap<Uuid, &Department> = departments.iter().map(|d| (d.id, d)).collect();
    let mut seen = HashSet::new();
    let mut next = user.department_id;
    while let Some(department) = next.filter(|id| seen.insert(*id)).and_then(|id| by_id.get(&id)) {
        match department.heads.iter().find(|head| **head != user.id) {
            Some(head) => return Some(*head),
            None => next = department.parent_id,
        }
    }
    None
}

/// The departments that the actor heads, with everything below them; empty for most people, after one quick question.
///
/// # Errors
/// When the database fails.
pub async fn headed(conn: &impl ConnectionTrait, ctx: &Ctx) -> Result<Vec<Uuid>> {
    let Some(me) = ctx.user() else { return Ok(Vec::new()) };
    let any = ids_of_headed_departments(ctx).limit(1).take();
    if conn.query_one(&any).await?.is_none() {
        return Ok(Vec::new());
    }
    let all = department::list(conn, ctx.tenant).await?;
    Ok(department::subtree(&all, None, me).into_iter().map(|d| d.0).collect())
}

/// Whether any of these people works in one of these departments.
///
/// # Errors
/// When the database fails.
pub async fn any_in(conn: &impl ConnectionTrait, users: &[Uuid], departments: &[Uuid]) -> Result<bool> {
    if users.is_empty() || departments.is_empty() {
        return Ok(false);
    }
    let count = Query::select()
        .expr(Func::count(Expr::col("id")))
        .from("user_account")
        .and_where(Expr::col("id").is_in(users.iter().copied()))
        .and_where(Expr::col("department_id").is_in(departments.iter().copied()))
        .take();
    let row = conn.query_one(&count).await?;
    Ok(row.map_or(Ok(0), |row| row.try_get_by_index::<i64>(0))? > 0)
}

/// Active people of these departments, by name.
///
/// # Errors
/// When the database fails.
pub async fn people_in(conn: &impl ConnectionTrait, departments: &[Uuid]) -> Result<Vec<User>> {
    if departments.is_empty() {
        return Ok(Vec::new());
    }
    let found = user::Entity::find()
        .filter(user::Column::DepartmentId.is_in(departments.iter().copied()))
        .filter(user::Column::Active.eq(true))
        .order_by_asc(user::Column::Name)
        .order_by_asc(user::Column::Id);
    Ok(found.limit(MAX_MEMBERS).rows(conn).await?)
}

/// Active members of a role named by id or key, in the order of their ids; none of an unknown role.
///
/// # Errors
/// When the database fails.
pub async fn role_members(conn: &impl ConnectionTrait, tenant: TenantId, role: &str) -> Result<Vec<User>> {
    let named = match Uuid::parse_str(role) {
        Ok(id) => role::Column::Id.eq(id),
        Err(_) => role::Column::Key.eq(role),
    };
    let found = role::Entity::find().filter(role::Column::TenantId.eq(tenant.0)).filter(named).row(conn).await?;
    let Some(found) = found else { return Ok(Vec::new()) };
    let holders = user_role::Entity::find().filter(user_role::Column::RoleId.eq(found.id)).rows(conn).await?;
    let members = user::Entity::find()
        .filter(user::Column::TenantId.eq(tenant.0))
        .filter(user::Column::Id.is_in(holders.into_iter().map(|holder| holder.user_id)))
        .filter(user::Column::Active.eq(true))
        .order_by_asc(user::Column::Id);
    Ok(members.rows(conn).await?)
}

/// Accounts of the tenant with these ids, inactive ones too, in no order; the unknown are left out.
///
/// # Errors
/// When the database fails.
pub async fn by_ids(conn: &impl ConnectionTrait, tenant: TenantId, ids: &[Uuid]) -> Result<Vec<User>> {
    let found = user::Entity::find()
        .filter(user::Column::TenantId.eq(tenant.0))
        .filter(user::Column::Id.is_in(ids.iter().copied()));
    Ok(found.rows(conn).await?)
}

/// The ids of the people of these departments as a select of one column, for `IN`.
pub fn ids_of_departments(departments: &[Uuid]) -> SelectStatement {
    Query::select()
        .column("id")
        .from("user_account")
        .and_where(Expr::col("department_id").is_in(departments.iter().copied()))
        .take()
}

/// The ids of the departments that the actor heads, without those below them, as a select of one column, for `IN`.
pub fn ids_of_headed_departments(ctx: &Ctx) -> SelectStatement {
    Query::select()
        .column("department_id")
        .from("department_head")
        .and_where(Expr::col("user_id").eq(ctx.user().map(|user| user.0)))
        .and_where(Expr::col("tenant_id").eq(ctx.tenant.0))
        .take()
}

/// Joins the person with an id to the rows of a select, none where there is nobody. Under `alias` it then has the
/// columns `id` and `department_id`.
pub fn join(select: &mut SelectStatement, alias: &'static str, id: impl Into<Expr>) {
    select.join_as(JoinType::LeftJoin, "user_account", alias, Expr::col((alias, "id")).eq(id));
}
