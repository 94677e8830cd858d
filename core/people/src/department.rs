//! Departments: a tree per tenant, each with one head or several; who was in which of them when.

use std::collections::{HashMap, HashSet};

use kernel::db::{ConnectionTrait, Tx};
use kernel::error::FieldError;
use kernel::{Ctx, Db, DepartmentId, Error, Result, TenantId, Timestamp, UserId, audit};
use sea_orm::sea_query::{Expr, ExprTrait};
use sea_orm::{ActiveValue::Set, ColumnTrait, EntityTrait, QueryFilter, QueryOrder};
use serde::Deserialize;
use serde_json::json;
use uuid::Uuid;

use crate::entities::{Fetch, Run, Store, department, department_head, department_member, user};
use crate::tenant::one_by_one;
use crate::{INVALID, checked_name, require_admin};

/// People who may lead a department together.
const MAX_HEADS: usize = 20;

/// A department.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Department {
    /// Its id.
    pub id: Uuid,
    /// The department above it.
    pub parent_id: Option<Uuid>,
    /// Who leads it, the first one first.
    pub heads: Vec<Uuid>,
    /// Its name.
    pub name: String,
}

/// A department to make or its new state.
#[derive(Debug, Clone, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct DepartmentInput {
    /// Its name.
    pub name: String,
    /// The department above it.
    #[serde(default)]
    pub parent_id: Option<Uuid>,
    /// Who leads it, or leads it first where there are several: the others stay.
    #[serde(default)]
    pub head_id: Option<Uuid>,
    /// All who lead it, the first one first; `head_id` then says nothing.
    #[serde(default)]
    pub head_ids: Option<Vec<Uuid>>,
}

/// All departments of the tenant, by name.
///
/// # Errors
/// When the database fails.
pub async fn list(conn: &impl ConnectionTrait, tenant: TenantId) -> Result<Vec<Department>> {
    let found = department::Entity::find().filter(department::Column::TenantId.eq(tenant.0));
    let rows = found.order_by_asc(department::Column::Name).rows(conn).await?;
    let heads = department_head::Entity::find().filter(department_head::Column::TenantId.eq(tenant.0));
    let mut by_department: HashMap<Uuid, Vec<Uuid>> = HashMap::new();
    for head in heads.order_by_asc(department_head::Column::Sort).rows(conn).await? {
        by_department.entry(head.department_id).or_default().push(head.user_id);
    }
    let with_heads = |row: department::Model| Department {
        heads: by_department.remove(&row.id).unwrap_or_default(),
        id: row.id,
        parent_id: row.parent_id,
        name: row.name,
    };
    Ok(rows.into_iter().map(with_heads).collect())
}

/// Makes a department (administrators).
///
/// # Errors
/// `Denied`, `people.invalid`.
pub async fn create(db: &Db, ctx: &Ctx, input: &DepartmentInput) -> Result<Department> {
    require_admin(ctx)?;
    let tx = db.begin().await?;
    one_by_one(&tx, ctx.tenant).await?;
    let saved = checked(&tx, ctx, None, ctx.id(), input).await?;
    row(ctx, &saved).add(&tx).await?;
    save_heads(&tx, ctx, &saved).await?;
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
    one_by_one(&tx, ctx.tenant).await?;
    let known = list(&tx, ctx.tenant).await?.into_iter().find(|department| department.id == id);
    let known = known.ok_or_else(|| Error::NotFound(format!("department {id}")))?;
    let saved = checked(&tx, ctx, Some(&known), id, input).await?;
    row(ctx, &saved).change(&tx).await?;
    save_heads(&tx, ctx, &saved).await?;
    let detail = json!({"name": saved.name, "heads": saved.heads});
    audit::record(&tx, ctx, "department.updated", &id.to_string(), detail).await?;
    tx.commit().await?;
    Ok(saved)
}

fn row(ctx: &Ctx, department: &Department) -> department::ActiveModel {
    department::ActiveModel {
        id: Set(department.id),
        tenant_id: Set(ctx.tenant.0),
        parent_id: Set(department.parent_id),
        name: Set(department.name.clone()),
    }
}

async fn save_heads(tx: &Tx, ctx: &Ctx, department: &Department) -> Result<()> {
    let old = department_head::Entity::delete_many().filter(department_head::Column::DepartmentId.eq(department.id));
    old.run(tx).await?;
    for (sort, head) in (0_i64..).zip(&department.heads) {
        let head = department_head::ActiveModel {
            tenant_id: Set(ctx.tenant.0),
            department_id: Set(department.id),
            user_id: Set(*head),
            sort: Set(sort),
        };
        head.add(tx).await?;
    }
    Ok(())
}

/// Writes down that somebody is in a department (or in none) from now on.
pub(crate) async fn moved(tx: &Tx, ctx: &Ctx, person: Uuid, to: Option<Uuid>) -> Result<()> {
    let now = ctx.now().0;
    let of_person = || department_member::Column::UserId.eq(person);
    let open = department_member::Entity::update_many()
        .col_expr(department_member::Column::Until, Expr::val(now))
        .filter(of_person())
        .filter(department_member::Column::Until.is_null());
    open.run(tx).await?;
    // Two moves in one moment: only the last one was ever true.
    let gone = department_member::Entity::delete_many().filter(of_person());
    gone.filter(department_member::Column::Since.eq(now)).run(tx).await?;
    if let Some(department) = to {
        let stay = department_member::ActiveModel {
            tenant_id: Set(ctx.tenant.0),
            user_id: Set(person),
            department_id: Set(department),
            since: Set(now),
            until: Set(None),
        };
        stay.add(tx).await?;
    }
    Ok(())
}

/// The departments of people at an instant, by person: figures of a past day keep them.
///
/// # Errors
/// When the database fails.
pub async fn members_at(
    conn: &impl ConnectionTrait,
    tenant: TenantId,
    at: Timestamp,
) -> Result<HashMap<UserId, DepartmentId>> {
    let found = department_member::Entity::find()
        .filter(department_member::Column::TenantId.eq(tenant.0))
        .filter(department_member::Column::Since.lte(at.0))
        .filter(department_member::Column::Until.is_null().or(department_member::Column::Until.gt(at.0)));
    let rows = found.rows(conn).await?;
    Ok(rows.into_iter().map(|row| (UserId(row.user_id), DepartmentId(row.department_id))).collect())
}

/// Removes an empty department (administrators).
///
/// # Errors
/// `Denied`, `NotFound`, `Conflict` while people or departments are in it.
pub async fn remove(db: &Db, ctx: &Ctx, id: Uuid) -> Result<()> {
    require_admin(ctx)?;
    let tx = db.begin().await?;
    one_by_one(&tx, ctx.tenant).await?;
    let known = department::Entity::find_by_id(id).filter(department::Column::TenantId.eq(ctx.tenant.0));
    known.row(&tx).await?.ok_or_else(|| Error::NotFound(format!("department {id}")))?;
    let people = user::Entity::find().filter(user::Column::DepartmentId.eq(id)).number(&tx).await?;
    let inside = department::Entity::find().filter(department::Column::ParentId.eq(id)).number(&tx).await?;
    if people + inside > 0 {
        return Err(Error::Conflict { code: "department.not_empty", current: None });
    }
    let heads = department_head::Entity::delete_many().filter(department_head::Column::DepartmentId.eq(id));
    heads.run(&tx).await?;
    department::Entity::delete_by_id(id).run(&tx).await?;
    audit::record(&tx, ctx, "department.removed", &id.to_string(), json!({})).await?;
    tx.commit().await?;
    Ok(())
}

/// The department as it shall be.
async fn checked(
    tx: &Tx,
    ctx: &Ctx,
    known: Option<&Department>,
    id: Uuid,
    input: &DepartmentInput,
) -> Result<Department> {
    let all = list(tx, ctx.tenant).await?;
    let wrong = |field: &str, code: &str| Error::field(INVALID, field, FieldError::new(code));
    if let Some(parent) = input.parent_id {
        if !all.iter().any(|d| d.id == parent) {
            return Err(wrong("parent_id", "missing"));
        }
        if known.is_some() && below(&all, &[id]).contains(&parent) {
            return Err(wrong("parent_id", "cycle"));
        }
    }
    let field = if input.head_ids.is_some() { "head_ids" } else { "head_id" };
    let mut heads: Vec<Uuid> = Vec::new();
    let others = known.map(|known| known.heads.iter().skip(1).copied()).into_iter().flatten();
    let asked = input.head_ids.clone().unwrap_or_else(|| input.head_id.into_iter().chain(others).collect());
    for head in asked {
        if !heads.contains(&head) {
            heads.push(head);
        }
    }
    if heads.len() > MAX_HEADS {
        return Err(Error::field(INVALID, field, FieldError::new("too_many").with("max", MAX_HEADS)));
    }
    let there = user::Entity::find()
        .filter(user::Column::TenantId.eq(ctx.tenant.0))
        .filter(user::Column::Id.is_in(heads.iter().copied()))
        .number(tx)
        .await?;
    if usize::try_from(there) != Ok(heads.len()) {
        return Err(wrong(field, "missing"));
    }
    Ok(Department { id, parent_id: input.parent_id, heads, name: checked_name("name", &input.name, 200)? })
}

/// The departments under a person: their own, those they head, and everything below these.
pub fn subtree(all: &[Department], own: Option<DepartmentId>, user: UserId) -> Vec<DepartmentId> {
    let headed = all.iter().filter(|d| d.heads.contains(&user.0)).map(|d| d.id);
    let roots: Vec<Uuid> = own.map(|d| d.0).into_iter().chain(headed).collect();
    let mut found: Vec<DepartmentId> = below(all, &roots).into_iter().map(DepartmentId).collect();
    found.sort();
    found
}

/// A department with all that are above it, nearest first; none for a person in no department. A loop in the data ends
/// the walk instead of the process.
pub fn with_those_above(all: &[Department], own: Option<DepartmentId>) -> Vec<DepartmentId> {
    let above: HashMap<Uuid, Option<Uuid>> = all.iter().map(|d| (d.id, d.parent_id)).collect();
    let mut found = Vec::new();
    let mut next = own.map(|own| own.0);
    while let Some(id) = next.filter(|id| !found.contains(&DepartmentId(*id))) {
        found.push(DepartmentId(id));
        next = above.get(&id).copied().flatten();
    }
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
            parent_id: parent.map(id),
            heads: head.map(id).into_iter().collect(),
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
        let above = |own: Option<u128>| {
            let found = with_those_above(&all, own.map(|n| DepartmentId(id(n))));
            found.iter().map(|d| d.0.as_u128()).collect::<Vec<_>>()
        };
        assert_eq!(above(Some(3)), [3, 2, 1]);
        assert_eq!(above(Some(6)), [6, 5]);
        assert_eq!(above(None), [0_u128; 0]);
    }
}
