//! People of a company as modules see them: whether they may still sign in or not, with their department, position and
//! roles. Pages of many by one statement each.

use std::collections::HashMap;

use kernel::db::{ConnectionTrait, QueryResult};
use kernel::{Result, TenantId};
use sea_orm::sea_query::{Expr, ExprTrait, Order, Query, SelectStatement};
use uuid::Uuid;

use crate::department::{self, Department};

/// People of one answer at most.
pub const MAX_PEOPLE: u64 = 2_000;

/// Somebody of the company.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Person {
    /// The account.
    pub id: Uuid,
    /// Their name.
    pub name: String,
    /// Their department.
    pub department: Option<Uuid>,
    /// Its name; empty where there is none.
    pub department_name: String,
    /// What they are.
    pub position: Option<String>,
    /// Whether they may sign in.
    pub active: bool,
    /// Keys of their roles, in order.
    pub roles: Vec<String>,
    /// Whether they may do everything.
    pub admin: bool,
}

/// Which people.
#[derive(Debug, Clone, Copy)]
pub enum Which<'a> {
    /// These.
    Ids(&'a [Uuid]),
    /// Active ones after this id.
    After(Option<Uuid>, u64),
    /// Those of these departments; active ones alone, or all.
    In(&'a [Uuid], bool),
}

/// People of the company in the order of their ids; at most [`MAX_PEOPLE`].
///
/// # Errors
/// When the database fails.
pub async fn people(conn: &impl ConnectionTrait, tenant: TenantId, which: Which<'_>) -> Result<Vec<Person>> {
    let mut select = Query::select();
    select
        .columns(["id", "name", "department_id", "position", "active"])
        .from("user_account")
        .and_where(Expr::col("tenant_id").eq(tenant.0))
        .order_by("id", Order::Asc)
        .limit(MAX_PEOPLE);
    narrow(&mut select, which);
    let rows = conn.query_all(&select).await?;
    let mut found = rows.iter().map(person).collect::<Result<Vec<_>>>()?;
    let ids: Vec<Uuid> = found.iter().map(|person| person.id).collect();
    let mut roles = roles_of(conn, tenant, &ids).await?;
    let any = found.iter().any(|person| person.department.is_some());
    let departments = if any { department::list(conn, tenant).await? } else { Vec::new() };
    let name = |id: Uuid| departments.iter().find(|department| department.id == id).map(|found| found.name.clone());
    for person in &mut found {
        person.department_name = person.department.and_then(name).unwrap_or_default();
        for (role, admin) in roles.remove(&person.id).unwrap_or_default() {
            person.roles.push(role);
            person.admin |= admin;
        }
    }
    Ok(found)
}

fn narrow(select: &mut SelectStatement, which: Which<'_>) {
    match which {
        Which::Ids(ids) => drop(select.and_where(Expr::col("id").is_in(ids.iter().copied()))),
        Which::After(after, limit) => {
            select.and_where(Expr::col("active").eq(true)).limit(Ord::min(limit, MAX_PEOPLE));
            if let Some(after) = after {
                select.and_where(Expr::col("id").gt(after));
            }
        }
        Which::In(departments, active) => {
            select.and_where(Expr::col("department_id").is_in(departments.iter().copied()));
            if active {
                select.and_where(Expr::col("active").eq(true));
            }
        }
    }
}

fn person(row: &QueryResult) -> Result<Person> {
    Ok(Person {
        id: row.try_get_by_index(0)?,
        name: row.try_get_by_index(1)?,
        department: row.try_get_by_index(2)?,
        department_name: String::new(),
        position: row.try_get_by_index(3)?,
        active: row.try_get_by_index(4)?,
        roles: Vec::new(),
        admin: false,
    })
}

/// Keys of the roles of people, and whether each may do everything.
async fn roles_of(
    conn: &impl ConnectionTrait,
    tenant: TenantId,
    people: &[Uuid],
) -> Result<HashMap<Uuid, Vec<(String, bool)>>> {
    let mut found: HashMap<Uuid, Vec<(String, bool)>> = HashMap::new();
    if people.is_empty() {
        return Ok(found);
    }
    let select = Query::select()
        .column(("user_role", "user_id"))
        .columns([("role", "key"), ("role", "admin")])
        .from("user_role")
        .inner_join("role", Expr::col(("role", "id")).equals(("user_role", "role_id")))
        .and_where(Expr::col(("role", "tenant_id")).eq(tenant.0))
        .and_where(Expr::col(("user_role", "user_id")).is_in(people.iter().copied()))
        .order_by(("role", "key"), Order::Asc)
        .take();
    for row in conn.query_all(&select).await? {
        found.entry(row.try_get_by_index(0)?).or_default().push((row.try_get_by_index(1)?, row.try_get_by_index(2)?));
    }
    Ok(found)
}

/// All heads above a person, nearest first, each once, the person left out: with how many departments above their own
/// each is. A loop in the data ends the walk.
pub fn heads_above(departments: &[Department], person: Uuid, own: Option<Uuid>) -> Vec<(Uuid, u32)> {
    let above = department::with_those_above(departments, own.map(kernel::DepartmentId));
    let mut found: Vec<(Uuid, u32)> = Vec::new();
    for (level, id) in (0_u32..).zip(above) {
        let Some(department) = departments.iter().find(|department| department.id == id.0) else { continue };
        for head in &department.heads {
            if *head != person && !found.iter().any(|(known, _)| known == head) {
                found.push((*head, level));
            }
        }
    }
    found
}

/// The departments that somebody heads, and all below these.
pub fn departments_under(departments: &[Department], head: Uuid) -> Vec<Uuid> {
    department::subtree(departments, None, kernel::UserId(head)).into_iter().map(|id| id.0).collect()
}

/// A department and all below it; none of an unknown one.
pub fn with_those_below(departments: &[Department], id: Uuid) -> Vec<Uuid> {
    let known = departments.iter().any(|department| department.id == id);
    if known { department::below_of(departments, id) } else { Vec::new() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn heads_come_nearest_first_and_once() {
        let id = Uuid::from_u128;
        let department = |n: u128, parent: Option<u128>, heads: &[u128]| Department {
            id: id(n),
            parent_id: parent.map(id),
            heads: heads.iter().map(|n| id(*n)).collect(),
            name: n.to_string(),
        };
        let all = [department(1, None, &[100]), department(2, Some(1), &[200, 100]), department(3, Some(2), &[300])];
        let check = |person: u128, own: Option<u128>, expected: &[(u128, u32)]| {
            let found = heads_above(&all, id(person), own.map(id));
            let found: Vec<(u128, u32)> = found.into_iter().map(|(head, level)| (head.as_u128(), level)).collect();
            assert_eq!(found, expected, "{person} in {own:?}");
        };
        check(5, Some(3), &[(300, 0), (200, 1), (100, 1)]);
        check(300, Some(3), &[(200, 1), (100, 1)]);
        check(100, Some(1), &[]);
        check(5, None, &[]);
        assert_eq!(departments_under(&all, id(200)), [id(2), id(3)]);
        assert_eq!(with_those_below(&all, id(9)), Vec::<Uuid>::new());
    }
}
