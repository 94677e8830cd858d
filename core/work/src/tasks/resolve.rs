//! From rules to people: who may do a task, and who of them has it.

use std::collections::BTreeMap;

use kernel::db::{ConnectionTrait, Tx};
use kernel::{Ctx, Result};
use people::department::{self, Department};
use people::staff;
use people::user::User;
use records::relations::TASK;
use sea_orm::DbBackend;
use sea_orm::sea_query::{Expr, ExprTrait, Func, LockType, OnConflict, Query};
use uuid::Uuid;

use super::contract::{Assignment, ExecutorRule};
use super::model::TaskExecutor;

/// Characters of a queue's name.
const MAX_QUEUE: usize = 500;

/// People found for the rules.
#[derive(Debug, Default)]
pub(super) struct Resolved {
    /// One entry per rule.
    pub executors: Vec<TaskExecutor>,
    /// Key of the first role.
    pub role: Option<String>,
    /// People by id, with the role that brought them.
    pub people: BTreeMap<Uuid, (User, Option<String>)>,
}

impl Resolved {
    fn person(&mut self, rule: &ExecutorRule, person: Option<User>) {
        let user = person.as_ref().map(|user| user.id);
        let unresolved = user.is_none().then(|| rule.to_string());
        self.executors.push(TaskExecutor { role: None, user, unresolved });
        if let Some(person) = person {
            self.people.entry(person.id).or_insert((person, None));
        }
    }
}

/// Finds the people that rules name. `about` is whom `owner`, `head` and `deputy` speak of.
pub(super) async fn resolve(
    conn: &impl ConnectionTrait,
    ctx: &Ctx,
    rules: &[ExecutorRule],
    about: Option<Uuid>,
) -> Result<Resolved> {
    let mut found = Resolved::default();
    let mut departments: Option<Vec<Department>> = None;
    let of_owner = |rule: &ExecutorRule| !matches!(rule, ExecutorRule::Role(_) | ExecutorRule::User(_));
    let owner = match about.filter(|_| rules.iter().any(of_owner)) {
        Some(id) => staff::person(conn, ctx.tenant, id).await?,
        None => None,
    };
    for rule in rules {
        match rule {
            ExecutorRule::Role(name) => match staff::members(conn, ctx.tenant, name).await? {
                // Nobody has made it yet: the task names it all the same.
                None => {
                    found.role.get_or_insert_with(|| name.clone());
                    let (role, unresolved) = (Some(name.clone()), Some(rule.to_string()));
                    found.executors.push(TaskExecutor { role, user: None, unresolved });
                }
                Some((key, members)) => {
                    found.role.get_or_insert_with(|| key.clone());
                    let unresolved = members.is_empty().then(|| rule.to_string());
                    found.executors.push(TaskExecutor { role: Some(key.clone()), user: None, unresolved });
                    for member in members {
                        found.people.entry(member.id).or_insert((member, Some(key.clone())));
                    }
                }
            },
            ExecutorRule::User(name) => {
                let person = staff::named(conn, ctx.tenant, name).await?;
                found.person(rule, person);
            }
            ExecutorRule::Owner => found.person(rule, owner.clone().filter(|user| user.active)),
            ExecutorRule::Deputy if owner.as_ref().is_some_and(|user| staff::is_present(user, ctx.now())) => {
                found.person(rule, owner.clone());
            }
            ExecutorRule::Head | ExecutorRule::Deputy => {
                let head = head(conn, ctx, &mut departments, owner.as_ref()).await?;
                found.person(rule, head);
            }
        }
    }
    Ok(found)
}

async fn head(
    conn: &impl ConnectionTrait,
    ctx: &Ctx,
    departments: &mut Option<Vec<Department>>,
    of: Option<&User>,
) -> Result<Option<User>> {
    let Some(of) = of else { return Ok(None) };
    let all = match departments {
        Some(all) => all,
        None => departments.insert(department::list(conn, ctx.tenant).await?),
    };
    match staff::head_of(all, of) {
        Some(head) => Ok(staff::person(conn, ctx.tenant, head).await?.filter(|user| user.active)),
        None => Ok(None),
    }
}

/// Who of the candidates has the task at once; none when it waits to be claimed. `needed` is how many must complete it.
pub(super) async fn assign(
    tx: &Tx,
    ctx: &Ctx,
    found: &Resolved,
    rules: &[ExecutorRule],
    assignment: Assignment,
    needed: u32,
) -> Result<Option<Uuid>> {
    if needed > 1 {
        return Ok(None);
    }
    let present: Vec<Uuid> =
        found.people.values().filter(|(user, _)| staff::is_present(user, ctx.now())).map(|(user, _)| user.id).collect();
    match (present.as_slice(), assignment) {
        ([], _) => Ok(None),
        ([only], Assignment::Anyone) => Ok((found.people.len() == 1).then_some(*only)),
        (_, Assignment::Anyone) => Ok(None),
        (several, Assignment::Load) => least_loaded(tx, several).await,
        (several, Assignment::Turn) => next_in_turn(tx, ctx, several, rules).await,
    }
}

/// Who has the fewest open tasks; of equals the first by id.
async fn least_loaded(tx: &Tx, people: &[Uuid]) -> Result<Option<Uuid>> {
    let select = Query::select()
        .column("assignee")
        .expr(Func::count(Expr::col("id")))
        .from(TASK)
        .and_where(Expr::col("state").eq("open"))
        .and_where(Expr::col("assignee").is_in(people.iter().copied()))
        .group_by_col("assignee")
        .take();
    let mut load: BTreeMap<Uuid, i64> = people.iter().map(|id| (*id, 0)).collect();
    for row in tx.query_all(&select).await? {
        load.insert(row.try_get_by_index(0)?, row.try_get_by_index(1)?);
    }
    Ok(load.into_iter().min_by_key(|(id, count)| (*count, *id)).map(|(id, _)| id))
}

/// Who comes after the last one that the queue of these rules went to.
async fn next_in_turn(tx: &Tx, ctx: &Ctx, people: &[Uuid], rules: &[ExecutorRule]) -> Result<Option<Uuid>> {
    let names: Vec<String> = rules.iter().map(ToString::to_string).collect();
    let queue: String = names.join(",").chars().take(MAX_QUEUE).collect();
    let mut select = Query::select();
    select
        .column("user_id")
        .from("task_turn")
        .and_where(Expr::col("tenant_id").eq(ctx.tenant.0))
        .and_where(Expr::col("queue").eq(queue.as_str()));
    if tx.get_database_backend() == DbBackend::Postgres {
        select.lock(LockType::Update);
    }
    let last: Option<Uuid> = tx.query_one(&select).await?.map(|row| row.try_get_by_index(0)).transpose()?;
    let after = last.and_then(|last| people.iter().find(|id| **id > last));
    let Some(next) = after.or_else(|| people.first()).copied() else { return Ok(None) };
    let insert = Query::insert()
        .into_table("task_turn")
        .columns(["tenant_id", "queue", "user_id"])
        .values_panic([ctx.tenant.into(), queue.into(), next.into()])
        .on_conflict(OnConflict::columns(["tenant_id", "queue"]).update_columns(["user_id"]).to_owned())
        .to_owned();
    tx.later(&insert).await?;
    Ok(Some(next))
}
