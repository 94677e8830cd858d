//! The journal: instances that a person may see, narrowed, counted, with who has their tasks and since when.

use std::collections::HashMap;

use kernel::db::ConnectionTrait;
use kernel::words::folded;
use kernel::{Ctx, InstanceId, Result};
use people::staff;
use records::read::Query as Records;
use sea_orm::sea_query::{Cond, Expr, ExprTrait, Func, Order, Query};
use serde::{Deserialize, Serialize};
use uuid::Uuid;
use work::tasks::relations;

use super::instances::{InstanceView, MAX_LIMIT, seen_by};
use super::map::MapWho;
use super::{Processes, invalid, store};

/// Records that words may mean, of one entity, and entities of which they may be.
const MAX_MEANT: u64 = 500;
const MAX_ENTITIES: u64 = 20;
/// Characters of words.
const MAX_WORDS: usize = 200;

/// Which instances.
#[derive(Debug, Clone, Default, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields, default)]
#[into_params(parameter_in = Query)]
pub struct InstanceQuery {
    /// Of this definition, by id or key.
    pub definition: Option<String>,
    /// `active`, `completed`, `cancelled`, or `incident`: active with something wrong.
    pub state: Option<String>,
    /// About this record.
    pub subject: Option<Uuid>,
    /// Standing at this element.
    pub element: Option<String>,
    /// Those with an open task behind its deadline, or with `false` the others.
    pub overdue: Option<bool>,
    /// Active ones with something wrong, or with `false` the others.
    pub incident: Option<bool>,
    /// Of whom: `me` or a person's id. They have an open task of it, or started it.
    pub person: Option<String>,
    /// The same of the people of a department.
    pub department: Option<Uuid>,
    /// Words of the process's name or of the record that it is about.
    pub q: Option<String>,
    /// `newest` first (by default) or `oldest`.
    pub sort: Option<String>,
    /// Page size, 1 to 500; 50 by default.
    pub limit: Option<u64>,
    /// Where the page before ended.
    #[param(value_type = Option<Uuid>)]
    pub cursor: Option<InstanceId>,
    /// Whether to count all of them.
    pub total: bool,
}

/// A page of instances, without what they left.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct Instances {
    /// The instances.
    pub items: Vec<InstanceView>,
    /// For the next page, if there is one.
    #[schema(value_type = Option<Uuid>)]
    pub next_cursor: Option<InstanceId>,
    /// All of them, where that was asked.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub total: Option<i64>,
}

impl Processes {
    /// Instances that the person may see.
    ///
    /// # Errors
    /// `process.invalid` naming `limit`, `state`, `person`, `q` or `sort`, `NotFound` for the definition.
    pub async fn instances(&self, ctx: &Ctx, query: &InstanceQuery) -> Result<Instances> {
        let limit = query.limit.unwrap_or(50);
        if limit == 0 || limit > MAX_LIMIT {
            return Err(invalid("limit", format!("from 1 to {MAX_LIMIT}")));
        }
        let order = match query.sort.as_deref() {
            None | Some("newest") => Order::Desc,
            Some("oldest") => Order::Asc,
            Some(_) => return Err(invalid("sort", "newest or oldest")),
        };
        let narrowed = self.narrowed(ctx, query).await?;
        let total = match query.total {
            true => Some(self.count(&narrowed).await?),
            false => None,
        };
        let mut select = store::select();
        select.cond_where(narrowed);
        if let Some(cursor) = query.cursor {
            // Ids are ordered by time; instances of timers are the exception and stand where their id does.
            let id = Expr::col("id");
            select.and_where(if order == Order::Asc { id.gt(cursor) } else { id.lt(cursor) });
        }
        select.order_by("id", order).limit(limit + 1);
        let rows = self.db.read().query_all(&select).await?;
        let page = usize::try_from(limit).unwrap_or(usize::MAX);
        let mut items = Vec::with_capacity(rows.len());
        for row in rows.iter().take(page) {
            items.push(self.view(ctx, store::from_row(row)?).await?);
        }
        self.add_tasks(ctx, &mut items).await?;
        let next_cursor = if rows.len() > page { items.last().map(|last| last.id) } else { None };
        Ok(Instances { items, next_cursor, total })
    }

    async fn count(&self, narrowed: &Cond) -> Result<i64> {
        let mut select = Query::select();
        select.expr(Func::count(Expr::col("id"))).from("process_instance").cond_where(narrowed.clone());
        let row = self.db.read().query_one(&select).await?;
        Ok(row.map(|row| row.try_get_by_index(0)).transpose()?.unwrap_or_default())
    }

    /// What is asked for, of what the person may see.
    async fn narrowed(&self, ctx: &Ctx, query: &InstanceQuery) -> Result<Cond> {
        let id = || Expr::col(("process_instance", "id"));
        let mut all = Cond::all().add(Expr::col(("process_instance", "tenant_id")).eq(ctx.tenant.0));
        all = all.add_option(seen_by(ctx));
        if let Some(definition) = &query.definition {
            all = all.add(Expr::col("definition_id").eq(self.find(ctx, definition).await?.id));
        }
        let wrong = || Expr::col("status").eq("active").and(Expr::col("incidents").gt(0));
        match query.state.as_deref() {
            None => {}
            Some(state @ ("active" | "completed" | "cancelled")) => all = all.add(Expr::col("status").eq(state)),
            Some("incident") => all = all.add(wrong()),
            Some(_) => return Err(invalid("state", "active, completed, cancelled or incident")),
        }
        all = all.add_option(query.subject.map(|subject| Expr::col("subject_id").eq(subject)));
        if let Some(element) = &query.element {
            let standing = Query::select()
                .column("instance_id")
                .from("process_wait")
                .and_where(Expr::col("tenant_id").eq(ctx.tenant.0))
                .and_where(Expr::col("element").eq(element.as_str()))
                .take();
            all = all.add(id().in_subquery(standing));
        }
        let either = |yes: bool, condition: Expr| if yes { condition } else { condition.not() };
        all = all.add_option(query.incident.map(|yes| either(yes, wrong())));
        let late = || id().in_subquery(relations::instances_late(ctx));
        all = all.add_option(query.overdue.map(|yes| either(yes, late())));
        if let Some(people) = self.people(ctx, query).await? {
            let started = Expr::col("started_by").is_in(people.iter().copied());
            all = all.add(id().in_subquery(relations::instances_with(ctx, &people)).or(started));
        }
        match query.q.as_deref().map(str::trim).filter(|words| !words.is_empty()) {
            Some(words) => Ok(all.add(self.meant(ctx, words).await?)),
            None => Ok(all),
        }
    }

    /// Of whom instances are asked for; none where nobody is named.
    async fn people(&self, ctx: &Ctx, query: &InstanceQuery) -> Result<Option<Vec<Uuid>>> {
        let person = match query.person.as_deref() {
            None => None,
            Some("me") => Some(ctx.user().map(|user| user.0).into_iter().collect::<Vec<_>>()),
            Some(id) => Some(vec![id.parse().map_err(|_| invalid("person", "`me` or a person's id"))?]),
        };
        let Some(department) = query.department else { return Ok(person) };
        let members = staff::people_in(self.db.read(), &[department]).await?.into_iter().map(|user| user.id);
        let mut members: Vec<Uuid> = members.collect();
        members.retain(|id| person.as_ref().is_none_or(|person| person.contains(id)));
        Ok(Some(members))
    }

    /// Instances that words may mean: of processes called so, about records that the person finds by them.
    async fn meant(&self, ctx: &Ctx, words: &str) -> Result<Cond> {
        if words.chars().nth(MAX_WORDS).is_some() {
            return Err(invalid("q", format!("at most {MAX_WORDS} characters")));
        }
        let low = folded(words);
        let called = self.definitions(ctx).await?.into_iter().filter(|view| folded(&view.name).contains(&low));
        let called: Vec<Uuid> = called.map(|view| view.id).collect();
        let entities = Query::select()
            .distinct()
            .column("subject_entity")
            .from("process_instance")
            .and_where(Expr::col("tenant_id").eq(ctx.tenant.0))
            .and_where(Expr::col("subject_entity").is_not_null())
            .limit(MAX_ENTITIES)
            .take();
        let mut any = Cond::any().add(Expr::col("definition_id").is_in(called));
        for row in self.db.read().query_all(&entities).await? {
            let entity: String = row.try_get_by_index(0)?;
            let fields = Some(vec!["title".to_owned()]);
            let ask = Records { words: Some(words.to_owned()), limit: Some(MAX_MEANT), fields, ..Records::default() };
            // Of what the person may not read nothing is found.
            let Ok(page) = self.records.query(ctx, &entity, &ask).await else { continue };
            any = any.add(Expr::col("subject_id").is_in(page.items.into_iter().map(|record| record.id)));
        }
        Ok(any)
    }

    /// Who has the tasks at which instances stand, until when, and for how long already.
    async fn add_tasks(&self, ctx: &Ctx, items: &mut [InstanceView]) -> Result<()> {
        let ids: Vec<InstanceId> = items.iter().filter(|one| !one.active.is_empty()).map(|one| one.id).collect();
        let tasks = self.tasks.open_of_all(ctx, &ids).await?;
        let people: Vec<Uuid> = tasks.values().flatten().filter_map(|task| task.assignee).collect();
        let names: HashMap<Uuid, String> = match people.is_empty() {
            true => HashMap::new(),
            false => {
                let known = staff::by_ids(self.db.read(), ctx.tenant, &people).await?;
                known.into_iter().map(|user| (user.id, user.name)).collect()
            }
        };
        let mut calendars = HashMap::new();
        for instance in items {
            let own = tasks.get(&instance.id).map(Vec::as_slice).unwrap_or_default();
            for active in &mut instance.active {
                let task = own.iter().find(|task| task.wait == active.wait);
                let user = task.and_then(|task| task.assignee);
                let calendar = match calendars.get(&user) {
                    Some(known) => std::sync::Arc::clone(known),
                    None => {
                        let known = self.calendar_of(ctx, user).await?;
                        calendars.insert(user, std::sync::Arc::clone(&known));
                        known
                    }
                };
                active.elapsed = calendar.between(active.since, ctx.now()).ok();
                if let Some(task) = task {
                    active.due = task.due.or(active.due);
                    active.late = active.due.is_some_and(|due| due < ctx.now());
                    let name = user.and_then(|user| names.get(&user).cloned());
                    let who = MapWho { user, name, role: task.role.clone() };
                    active.who = Some(who).filter(|who| who.user.is_some() || who.role.is_some());
                }
            }
        }
        Ok(())
    }
}
