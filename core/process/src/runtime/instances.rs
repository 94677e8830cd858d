//! Running and past instances as people see them.
//!
//! Who sees one: who started it; who has or had a task of it; whose roles let them see or operate its definition. Others
//! do not learn that it exists.

use std::collections::{HashMap, HashSet};

use kernel::access::{Definitions, ProcessAction};
use kernel::db::{ConnectionTrait, QueryResult};
use kernel::{Ctx, Error, InstanceId, RecordRef, Result, TenantId, Timestamp};
use sea_orm::sea_query::{Cond, Expr, ExprTrait, Order, Query, SelectStatement};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value as Json};
use uuid::Uuid;
use work::tasks::relations;

use super::advance::Outside;
use super::map::{MapWho, limit};
use super::slice::Slice;
use super::store::{self, Stored};
use super::{Processes, invalid};
use crate::definition::model::Definition;
use crate::stepper::event::{Visit, VisitOutcome};
use crate::stepper::next::{self, Preview};
use crate::stepper::state::{Status, WaitId};

/// Largest page.
pub(super) const MAX_LIMIT: u64 = 500;
/// Lines of the journal that are shown with the instance: the last ones.
const MAX_VISITED: u64 = 500;

/// An instance.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct InstanceView {
    /// Its id.
    #[schema(value_type = Uuid)]
    pub id: InstanceId,
    /// Its definition.
    pub definition: Uuid,
    /// Key of the definition.
    pub key: String,
    /// Version it runs on.
    pub version: i64,
    /// Its process.
    pub process: String,
    /// Name of the process.
    pub name: String,
    /// `active`, `completed` or `cancelled`.
    pub state: &'static str,
    /// The record it is about.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub subject: Option<RecordRef>,
    /// The instance that called it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Uuid>)]
    pub parent: Option<InstanceId>,
    /// Variables of the process.
    #[schema(value_type = Object)]
    pub variables: Map<String, Json>,
    /// Whether they are withheld: they may tell what a hidden field of the subject holds.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    #[schema(required = false)]
    pub withheld: bool,
    /// Where it stands.
    pub active: Vec<ActiveView>,
    /// What it left, in order; the last 500, without what was cancelled. All of it: `GET
    /// /process-instances/{id}/history`.
    pub visited: Vec<VisitView>,
    /// What went wrong and waits for an operator.
    pub incidents: Vec<IncidentView>,
    /// When it began.
    #[schema(value_type = String)]
    pub started_at: Timestamp,
    /// Who started it.
    pub started_by: Option<Uuid>,
    /// When it was over.
    #[schema(value_type = Option<String>)]
    pub ended_at: Option<Timestamp>,
}

/// Where an instance stands.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct ActiveView {
    /// The element.
    pub element: String,
    /// Its name.
    pub name: String,
    /// `task`, `service`, `call`, `timer`, `message`, `signal`, `condition`.
    pub kind: &'static str,
    /// Its number within the instance.
    pub wait: WaitId,
    /// Since when.
    #[schema(value_type = String)]
    pub since: Timestamp,
    /// When it comes by itself (timers); of a task in a list its deadline.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub due: Option<Timestamp>,
    /// In a list: whether its deadline has passed.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    #[schema(required = false)]
    pub late: bool,
    /// In a list: seconds of working time that it has taken so far.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub elapsed: Option<i64>,
    /// In a list: seconds of working time that it may take.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub limit: Option<i64>,
    /// In a list: who has its task.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub who: Option<MapWho>,
}

/// An element that was left.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct VisitView {
    /// The element.
    pub element: String,
    /// When it was entered.
    #[schema(value_type = String)]
    pub entered: Timestamp,
    /// When it was left.
    #[schema(value_type = String)]
    pub left: Timestamp,
    /// `completed`, `skipped`, `error`; in a history `cancelled` too.
    pub outcome: String,
    /// Whether it was undone since (compensated); said of an instance, not in its history.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    #[schema(required = false)]
    pub undone: bool,
    /// Who did it, if a person did.
    pub actor: Option<Uuid>,
    /// Why an operator did it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub note: Option<String>,
}

/// Something that went wrong.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct IncidentView {
    /// Its number within the instance.
    pub id: u32,
    /// Where.
    pub element: String,
    /// What is wrong and what to do.
    pub message: String,
    /// Since when.
    #[schema(value_type = String)]
    pub since: Timestamp,
}

/// Which part of a history.
#[derive(Debug, Clone, Default, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields, default)]
#[into_params(parameter_in = Query)]
pub struct HistoryQuery {
    /// Page size, 1 to 500; 100 by default.
    pub limit: Option<u64>,
    /// Where the page before ended.
    pub cursor: Option<i64>,
}

/// A page of what an instance left, in order.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct History {
    /// The elements, what was cancelled among them.
    pub items: Vec<VisitView>,
    /// For the next page, if there is one.
    pub next_cursor: Option<i64>,
}

impl Processes {
    /// An instance with its journal.
    ///
    /// # Errors
    /// `NotFound` when it does not exist or may not be seen.
    pub async fn instance(&self, ctx: &Ctx, id: InstanceId) -> Result<InstanceView> {
        self.visible(ctx, id).await?;
        let stored = self.stored(ctx.tenant, id).await?;
        let definition = self.ready(self.db.read(), ctx.tenant, stored.definition, stored.version).await?;
        let mut view = self.view(ctx, stored).await?;
        view.visited = self.visited(ctx.tenant, id).await?;
        mark_undone(&definition, &mut view.visited);
        Ok(view)
    }

    /// What would follow if this wait came now: the "next step" of a task.
    ///
    /// # Errors
    /// `NotFound` when there is no such wait, `Limited` when the person has too many previews under way.
    pub async fn next(&self, ctx: &Ctx, id: InstanceId, wait: WaitId, variables: Map<String, Json>) -> Result<Preview> {
        self.visible(ctx, id).await?;
        let stored = self.stored(ctx.tenant, id).await?;
        let conn = self.db.read();
        let definition = self.ready(conn, ctx.tenant, stored.definition, stored.version).await?;
        let record = match &stored.subject {
            Some(subject) => self.subject_for(conn, ctx, subject).await?,
            None => Json::Null,
        };
        let outside = self.outside(ctx, record, &definition, &stored).await?;
        let moment = Outside::moment(ctx, &stored);
        let mut stored = stored;
        if definition.tells.is_hidden(&ctx.rights, stored.subject.as_ref()) {
            // What they may not see decides nothing here: where it would, both ways are possible.
            stored.state.scopes.values_mut().for_each(|scope| scope.variables.clear());
        }
        let rehearsal = move |slice: &Slice| {
            next::after(&definition, &stored.state, wait, variables, &outside.input(&moment, slice))
        };
        let preview = self.rehearsals.run(ctx, rehearsal).await?;
        preview.ok_or_else(|| Error::NotFound(format!("wait {wait}")))
    }

    async fn stored(&self, tenant: TenantId, id: InstanceId) -> Result<Stored> {
        let stored = store::load(self.db.read(), tenant, id).await?;
        stored.ok_or_else(|| Error::NotFound(format!("process instance {id}")))
    }

    /// Those of the instances that the person may see: for event streams.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn visible_instances(&self, ctx: &Ctx, ids: &[InstanceId]) -> Result<HashSet<InstanceId>> {
        if ids.is_empty() {
            return Ok(HashSet::new());
        }
        let mut select = Query::select();
        select.column("id").from("process_instance").and_where(Expr::col("tenant_id").eq(ctx.tenant.0));
        select.and_where(Expr::col("id").is_in(ids.iter().copied()));
        seen(&mut select, ctx);
        let rows = self.db.read().query_all(&select).await?;
        Ok(rows.iter().map(|row| row.try_get_by_index(0)).collect::<std::result::Result<_, _>>()?)
    }

    /// Passes when the person may see the instance.
    ///
    /// # Errors
    /// `NotFound`.
    pub(super) async fn visible(&self, ctx: &Ctx, id: InstanceId) -> Result<()> {
        let mut select = Query::select();
        select.column("id").from("process_instance").and_where(Expr::col("tenant_id").eq(ctx.tenant.0));
        select.and_where(Expr::col("id").eq(id));
        seen(&mut select, ctx);
        match self.db.read().query_one(&select).await? {
            Some(_) => Ok(()),
            None => Err(Error::NotFound(format!("process instance {id}"))),
        }
    }

    pub(super) async fn view(&self, ctx: &Ctx, stored: Stored) -> Result<InstanceView> {
        let definition = self.ready(self.db.read(), ctx.tenant, stored.definition, stored.version).await?;
        let active = stored.state.status == Status::Active;
        let withheld = definition.tells.is_hidden(&ctx.rights, stored.subject.as_ref());
        let incidents = stored.state.incidents.iter().map(|(id, incident)| IncidentView {
            id: *id,
            element: incident.element.to_string(),
            message: incident.message.in_locale(ctx.locale),
            since: incident.since,
        });
        Ok(InstanceView {
            id: stored.id,
            definition: stored.definition,
            key: definition.key.clone(),
            version: stored.version,
            process: stored.state.process.to_string(),
            name: definition.process(&stored.state.process).map(|process| process.name.clone()).unwrap_or_default(),
            state: store::status_name(stored.state.status),
            variables: if withheld { Map::new() } else { stored.state.variables().cloned().unwrap_or_default() },
            withheld,
            active: if active { standing(&definition, &stored) } else { Vec::new() },
            visited: Vec::new(),
            incidents: incidents.collect(),
            subject: stored.subject,
            parent: stored.parent.map(|(parent, _)| parent),
            started_at: stored.started_at,
            started_by: stored.started_by.map(|user| user.0),
            ended_at: stored.ended_at,
        })
    }

    /// The last of what was left.
    async fn visited(&self, tenant: TenantId, id: InstanceId) -> Result<Vec<VisitView>> {
        let mut select = visits(tenant, id);
        select.and_where(Expr::col("outcome").ne("cancelled"));
        select.order_by("number", Order::Desc).limit(MAX_VISITED);
        self.db.read().query_all(&select).await?.iter().rev().map(visit_of).collect()
    }

    /// What an instance left from its beginning on, by pages.
    ///
    /// # Errors
    /// `NotFound` when it does not exist or may not be seen, `process.invalid` naming `limit`.
    pub async fn history(&self, ctx: &Ctx, id: InstanceId, query: &HistoryQuery) -> Result<History> {
        self.visible(ctx, id).await?;
        let limit = query.limit.unwrap_or(100);
        if limit == 0 || limit > MAX_LIMIT {
            return Err(invalid("limit", format!("from 1 to {MAX_LIMIT}")));
        }
        let mut select = visits(ctx.tenant, id);
        if let Some(cursor) = query.cursor {
            select.and_where(Expr::col("number").gt(cursor));
        }
        select.order_by("number", Order::Asc).limit(limit + 1);
        let rows = self.db.read().query_all(&select).await?;
        let page = usize::try_from(limit).unwrap_or(usize::MAX);
        let shown = rows.get(..page.min(rows.len())).unwrap_or_default();
        let next_cursor = match shown.last() {
            Some(last) if rows.len() > page => Some(last.try_get_by_index(5)?),
            _ => None,
        };
        Ok(History { items: shown.iter().map(visit_of).collect::<Result<_>>()?, next_cursor })
    }
}

fn visits(tenant: TenantId, id: InstanceId) -> SelectStatement {
    Query::select()
        .columns(["element", "entered_at", "left_at", "outcome", "actor", "number", "note"])
        .from("process_visit")
        .and_where(Expr::col("tenant_id").eq(tenant.0))
        .and_where(Expr::col("instance_id").eq(id))
        .take()
}

fn visit_of(row: &QueryResult) -> Result<VisitView> {
    Ok(VisitView {
        element: row.try_get_by_index(0)?,
        entered: Timestamp(row.try_get_by_index(1)?),
        left: Timestamp(row.try_get_by_index(2)?),
        outcome: row.try_get_by_index(3)?,
        undone: false,
        actor: row.try_get_by_index(4)?,
        note: row.try_get_by_index(6)?,
    })
}

/// Narrows a select of instances to those that the person may see.
pub(super) fn seen(select: &mut SelectStatement, ctx: &Ctx) {
    if let Some(seen) = seen_by(ctx) {
        select.cond_where(seen);
    }
}

/// Instances that the person may see: those they started, have tasks of, or see by a role; none where it is all of them.
pub(super) fn seen_by(ctx: &Ctx) -> Option<Cond> {
    let Definitions::Keys(keys) = ctx.rights.processes(ProcessAction::See) else { return None };
    let user = ctx.user().map(|user| user.0);
    let mut any = Cond::any()
        .add(Expr::col(("process_instance", "started_by")).eq(user))
        .add(Expr::col(("process_instance", "id")).in_subquery(relations::instances_assigned(ctx)))
        .add(Expr::col(("process_instance", "id")).in_subquery(relations::instances_offered(ctx)));
    if !keys.is_empty() {
        let definitions = Query::select()
            .column("id")
            .from("process_definition")
            .and_where(Expr::col("tenant_id").eq(ctx.tenant.0))
            .and_where(Expr::col("key").is_in(keys))
            .take();
        any = any.add(Expr::col(("process_instance", "definition_id")).in_subquery(definitions));
    }
    Some(any)
}

/// Marks what was undone since it was left.
fn mark_undone(definition: &Definition, visited: &mut [VisitView]) {
    let last: HashMap<String, Timestamp> = visited.iter().map(|visit| (visit.element.clone(), visit.left)).collect();
    for visit in visited.iter_mut().filter(|visit| visit.outcome == "completed") {
        let undo = definition.find(&visit.element).and_then(|node| definition.undo_of(node));
        let undo = undo.and_then(|undo| last.get(&*definition.node(undo).id));
        visit.undone = undo.is_some_and(|undo| *undo >= visit.left);
    }
}

/// What was left during the steps of one person, as `visited` reads it.
pub(super) fn visited_in(visits: &[Visit], ctx: &Ctx) -> Vec<VisitView> {
    let shown: Vec<&Visit> = visits.iter().filter(|visit| visit.outcome != VisitOutcome::Cancelled).collect();
    let last = shown.len().saturating_sub(usize::try_from(MAX_VISITED).unwrap_or(usize::MAX));
    let views = shown.into_iter().skip(last).map(|visit| VisitView {
        element: visit.element.to_string(),
        entered: visit.entered,
        left: visit.left,
        outcome: store::outcome_name(visit.outcome).to_owned(),
        undone: false,
        actor: ctx.user().map(|user| user.0),
        note: visit.note.clone(),
    });
    views.collect()
}

/// Where the instance stands, boundary events and armed starts left out.
fn standing(definition: &Definition, stored: &Stored) -> Vec<ActiveView> {
    let waits = stored.state.waits.iter().filter(|(_, wait)| wait.is_work()).filter_map(|(number, wait)| {
        let node = definition.find(&wait.element).map(|node| definition.node(node))?;
        let (kind, due) = store::shown(&wait.kind);
        Some(ActiveView {
            element: wait.element.to_string(),
            name: node.name.clone(),
            kind,
            wait: *number,
            since: wait.since,
            due,
            late: false,
            elapsed: None,
            limit: limit(node),
            who: None,
        })
    });
    waits.collect()
}
