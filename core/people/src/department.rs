//! Departments: a tree per tenant, each with a head.

use std::collections::{HashMap, HashSet};

use kernel::error::FieldError;
use kernel::{Ctx, Db, DepartmentId, Error, Result, TenantId, UserId, audit};
use sea_orm::{
    ActiveModelTrait, ActiveValue::Set, ColumnTrait, ConnectionTrait, EntityTrait, PaginatorTrait, QueryFilter,
    QueryOrder,
};
use serde::Deserialize;
use serde_json::json;
use uuid::Uuid;

use crate::entities::{department, user};
use crate::{INVALID, checked_name, require_admin};

pub use department::Model as Department;

/// A department to make or its new state.
#[derive(Debug, Clone, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct DepartmentInput {
    /// Its name.
    pub name: String,
    /// The department above it.
    #[serde(default)]
    pub parent_id: Option<Uuid>,
    /// Who leads it.
    #[serde(default)]
    pub head_id: Option<Uuid>,
}

/// All departments of the tenant, by name.
///
/// # Errors
/// When the database fails.
pub async fn list(conn: &impl ConnectionTrait, tenant: TenantId) -> Result<Vec<Department>> {
    let found = department::Entity::find().filter(department::Column::TenantId.eq(tenant.0));
    Ok(found.order_by_asc(department::Column::Name).all(conn).await?)
}

/// Makes a department (administrators).
///
/// # Errors
/// `Denied`, `people.invalid`.
pub async fn create(db: &Db, ctx: &Ctx, input: &DepartmentInput) -> Result<Department> {
    require_admin(ctx)?;
    let tx = db.begin().await?;
    check(&tx, ctx, None, input).await?;
    let row = department::ActiveModel {
        id: Set(ctx.id()),
        tenant_id: Set(ctx.tenant.0),
        parent_id: Set(input.parent_id),
        head_id: Set(input.head_id),
        name: Set(checked_name("name", &input.name, 200)?),
    };
    let saved = row.insert(&tx).await?;
    audit::record(&tx, ctx, "department.created", &saved.id.to_string(), json!({"name": saved.name})).await?;
    tx.commit().await?;
    Ok(saved)
}

/// Changes a department (administrators).
///
/// # Errors
/// `Denied`, `NotFound`, `people.invalid` (also when it would come to be inside itself).
pub async fn update(db: &Db, ctx: &Ctx, id: Uuid, input: &DepartmentInput) -> Result<Department> {
    require_admin(ctx)?;
    let tx = db.begin().await?;
    find(&tx, ctx, id).await?;
    check(&tx, ctx, Some(id), input).await?;
    let row = department::ActiveModel {
        id: Set(id),
        tenant_id: Set(ctx.tenant.0),
        parent_id: Set(input.parent_id),
        head_id: Set(input.head_id),
        name: Set(checked_name("name", &input.name, 200)?),
    };
    let saved = row.update(&tx).await?;
    audit::record(&tx, ctx, "department.updated", &id.to_string(), json!({"name": saved.name})).await?;
    tx.commit().await?;
    Ok(saved)
}

/// Removes an empty department (administrators).
///
/// # Errors
/// `Denied`, `NotFound`, `Conflict` while people or departments are in it.
pub async fn remove(db: &Db, ctx: &Ctx, id: Uuid) -> Result<()> {
    require_admin(ctx)?;
    let tx = db.begin().await?;
    find(&tx, ctx, id).await?;
    let people = user::Entity::find().filter(user::Column::DepartmentId.eq(id)).count(&tx).await?;
    let inside = department::Entity::find().filter(department::Column::ParentId.eq(id)).count(&tx).await?;
    if people + inside > 0 {
        return Err(Error::Conflict { code: "department.not_empty", current: None });
    }
    department::Entity::delete_by_id(id).exec(&tx).await?;
    audit::record(&tx, ctx, "department.removed", &id.to_string(), json!({})).await?;
    tx.commit().await?;
    Ok(())
}

async fn find(conn: &impl ConnectionTrait, ctx: &Ctx, id: Uuid) -> Result<Department> {
    let found = department::Entity::find_by_id(id).filter(department::Column::TenantId.eq(ctx.tenant.0));
    found.one(conn).await?.ok_or_else(|| Error::NotFound(format!("department {id}")))
}

async fn check(conn: &impl ConnectionTrait, ctx: &Ctx, id: Option<Uuid>, input: &DepartmentInput) -> Result<()> {
    let all = list(conn, ctx.tenant).await?;
    if let Some(parent) = input.parent_id {
        if !all.iter().any(|d| d.id == parent) {
            return Err(Error::field(INVALID, "parent_id", FieldError::new("missing")));
        }
        if id.is_some_and(|id| below(&all, &[id]).contains(&parent)) {
            return Err(Error::field(INVALID, "parent_id", FieldError::new("cycle")));
        }
    }
    if let Some(head) = input.head_id {
        let known = user::Entity::find_by_id(head).filter(user::Column::TenantId.eq(ctx.tenant.0)).one(conn).await?;
        if known.is_none() {
            return Err(Error::field(INVALID, "head_id", FieldError::new("missing")));
        }
    }
    Ok(())
}

/// The departments under a person: their own, those they head, and everything below these.
pub fn subtree(all: &[Department], own: Option<DepartmentId>, user: UserId) -> Vec<DepartmentId> {
    let headed = all.iter().filter(|d| d.head_id == Some(user.0)).map(|d| d.id);
    let roots: Vec<Uuid> = own.map(|d| d.0).into_iter().chain(headed).collect();
    let mut found: Vec<DepartmentId> = below(all, &roots).into_iter().map(DepartmentId).collect();
    found.sort();
    found
}

/// The roots and everything below them; a loop in the data ends the walk instead of the process.
fn below(all: &[Department], roots: &[Uuid]) -> HashSet<Uuid> {
    let mut children: HashMap<Uuid, Vec<Uuid>> = HashMap::new();
    for department in all {
        if let Some(parent) = department.parent_id {
            children.entry(parent).or_default().push(department.id);
        }
    }
    let mut found = HashSet::new();
    let mut open: Vec<Uuid> = roots.to_vec();
    while let Some(id) = open.pop() {
        if found.insert(id) {
            open.extend(children.get(&id).into_iter().flatten());
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_subtree_is_ones_own_and_headed_departments_with_all_below() {
        let id = |n: u128| Uuid::from_u128(n);
        let department = |n: u128, parent: Option<u128>, head: Option<u128>| Department {
            id: id(n),
            tenant_id: id(0),
            parent_id: parent.map(id),
            head_id: head.map(id),
            name: n.to_string(),
        };
        let all = [
            department(1, None, None),
            department(2, Some(1), Some(100)),
            department(3, Some(2), None),
            department(4, Some(1), None),
            department(5, Some(6), None),
            department(6, Some(5), None),
        ];
        let names = |own: Option<u128>, user: u128| {
            subtree(&all, own.map(|n| DepartmentId(id(n))), UserId(id(user)))
                .iter()
                .map(|d| d.0.as_u128())
                .collect::<Vec<_>>()
        };
        assert_eq!(names(Some(4), 100), [2, 3, 4]);
        assert_eq!(names(Some(1), 200), [1, 2, 3, 4]);
        assert_eq!(names(None, 200), [0_u128; 0]);
        assert_eq!(names(Some(5), 200), [5, 6]);
    }
}
