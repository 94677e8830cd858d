//! Who a task would come to and until when, without making it; which open tasks an instance has, whoever sees them.

use std::collections::{BTreeMap, HashMap};

use kernel::db::ConnectionTrait;
use kernel::{Ctx, InstanceId, RecordRef, Result, Timestamp};
use records::relations::TASK;
use sea_orm::sea_query::{Expr, ExprTrait, Func, Query};
use uuid::Uuid;

use super::contract::ExecutorRule;
use super::model::TaskExecutor;
use super::{Tasks, resolve};

/// A task that nobody has made.
#[derive(Debug, Clone)]
pub struct Prospect {
    /// One for each rule.
    pub executors: Vec<TaskExecutor>,
    /// Everybody who might do it.
    pub people: Vec<Uuid>,
    /// Its deadline; none without a duration, or when the calendar cannot hold it.
    pub due: Option<Timestamp>,
}

/// An open task of a process instance.
#[derive(Debug, Clone)]
pub struct OpenTask {
    /// The instance's wait that it ends.
    pub wait: u32,
    /// Who has it.
    pub assignee: Option<Uuid>,
    /// The first role among its executors.
    pub role: Option<String>,
    /// Its deadline.
    pub due: Option<Timestamp>,
}

impl Tasks {
    /// Who a task with these rules would come to, made at `from`. Queues are not moved on: of several people nobody has
    /// it yet.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn prospect(
        &self,
        ctx: &Ctx,
        rules: &[ExecutorRule],
        subject: Option<&RecordRef>,
        duration: Option<i64>,
        from: Timestamp,
    ) -> Result<Prospect> {
        let conn = self.db.read();
        let me = ctx.user().map(|user| user.0);
        let owner = match subject {
            Some(subject) => self.records.owner_in(conn, ctx, &subject.entity, subject.id).await?.or(me),
            None => me,
        };
        let plain = [ExecutorRule::Owner];
        let found = resolve::resolve(conn, ctx, if rules.is_empty() { &plain } else { rules }, owner).await?;
        let people: Vec<Uuid> = found.people.keys().copied().collect();
        let assignee = if let [one] = people.as_slice() { Some(*one) } else { None };
        let due = match duration {
            Some(seconds) => self.calendar_for(conn, ctx, assignee, &found).await?.add(from, seconds).ok(),
            None => None,
        };
        Ok(Prospect { executors: found.executors, people, due })
    }

    /// Open tasks of an instance. Whoever asks has seen to it that their reader may know of them.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn open_of(&self, ctx: &Ctx, instance: InstanceId) -> Result<Vec<OpenTask>> {
        Ok(self.open_of_all(ctx, &[instance]).await?.into_values().flatten().collect())
    }

    /// The same of several instances at once.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn open_of_all(&self, ctx: &Ctx, instances: &[InstanceId]) -> Result<HashMap<InstanceId, Vec<OpenTask>>> {
        let mut found: HashMap<InstanceId, Vec<OpenTask>> = HashMap::new();
        if instances.is_empty() {
            return Ok(found);
        }
        let select = Query::select()
            .column(("task_contract", "wait"))
            .columns(["assignee", "role", "due_at"].map(|column| (TASK, column)))
            .column(("task_contract", "instance_id"))
            .from(TASK)
            .inner_join("task_contract", Expr::col(("task_contract", "id")).equals((TASK, "id")))
            .and_where(Expr::col((TASK, "tenant_id")).eq(ctx.tenant.0))
            .and_where(Expr::col(("task_contract", "instance_id")).is_in(instances.iter().copied()))
            .and_where(Expr::col((TASK, "state")).eq("open"))
            .and_where(Expr::col((TASK, "deleted_at")).is_null())
            .take();
        for row in self.db.read().query_all(&select).await? {
            let Some(wait) = row.try_get_by_index::<Option<i64>>(0)? else { continue };
            found.entry(row.try_get_by_index(4)?).or_default().push(OpenTask {
                wait: u32::try_from(wait).unwrap_or_default(),
                assignee: row.try_get_by_index(1)?,
                role: row.try_get_by_index(2)?,
                due: row.try_get_by_index::<Option<i64>>(3)?.map(Timestamp),
            });
        }
        Ok(found)
    }

    /// How many open tasks of a process definition are late, by element.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn late_of(&self, ctx: &Ctx, definition: Uuid) -> Result<BTreeMap<String, i64>> {
        let mut select = Query::select();
        select
            .column("element")
            .expr(Func::count(Expr::col("id")))
            .from(TASK)
            .and_where(Expr::col("tenant_id").eq(ctx.tenant.0))
            .and_where(Expr::col("definition_id").eq(definition))
            .and_where(Expr::col("state").eq("open"))
            .and_where(Expr::col("deleted_at").is_null())
            .and_where(Expr::col("element").is_not_null())
            .and_where(Expr::col("due_at").lt(ctx.now().0))
            .group_by_col("element");
        let rows = self.db.read().query_all(&select).await?;
        rows.iter().map(|row| Ok((row.try_get_by_index(0)?, row.try_get_by_index(1)?))).collect()
    }
}
