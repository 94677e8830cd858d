//! When a saved report is sent, and to whom: every day, week or month at an hour of the company's time zone.
//!
//! The job [`DUE`] looks for schedules that are due, sets each its next time and enqueues a job per letter in the same
//! transaction: a time that was missed while nothing ran is made up for once.

use std::collections::BTreeMap;

use kernel::db::{ConnectionTrait, QueryResult};
use kernel::error::FieldError;
use kernel::jobs::{Handler, Job, JobError, NewJob, enqueue};
use kernel::{Ctx, Error, Result, TenantId, Timestamp, audit};
use people::staff;
use sea_orm::sea_query::{Expr, ExprTrait, Func, Order, Query, SelectStatement};
use serde_json::{Value as Json, json};
use uuid::Uuid;

use super::letters::LETTER;
use super::schedule::{Every, Last, NewSchedule, ScheduleChange, ScheduleView, SendInput, SentState, next_at};
use super::store::{SCHEDULE, SENT};
use crate::sharing::Reader;
use crate::{CONFLICT, INVALID, Reports, TOO_MANY, invalid, seen_version};

/// The job that looks for what is due.
pub const DUE: &str = "reports.due";
/// Schedules of a report, people of one, schedules of one look.
const MAX_SCHEDULES: i64 = 20;
const MAX_RECIPIENTS: usize = 100;
const AT_ONCE: u64 = 200;

fn select() -> SelectStatement {
    Query::select()
        .columns(["id", "version", "every", "weekday", "month_day", "hour", "only_if", "recipients", "attach"])
        .columns(["enabled", "next_at", "report_id", "tenant_id"])
        .from(SCHEDULE)
        .take()
}

fn from_row(row: &QueryResult) -> Result<ScheduleView> {
    let small = |number: i64| u32::try_from(number).unwrap_or(0);
    let only_if: Option<Json> = row.try_get_by_index(6)?;
    let only_if = only_if.filter(|json| !json.is_null()).map(serde_json::from_value).transpose();
    Ok(ScheduleView {
        id: row.try_get_by_index(0)?,
        version: row.try_get_by_index(1)?,
        every: Every::named(&row.try_get_by_index::<String>(2)?),
        weekday: row.try_get_by_index::<Option<i64>>(3)?.map(small),
        month_day: row.try_get_by_index::<Option<i64>>(4)?.map(small),
        hour: small(row.try_get_by_index(5)?),
        only_if: only_if.map_err(Error::internal)?,
        recipients: serde_json::from_value(row.try_get_by_index::<Json>(7)?).map_err(Error::internal)?,
        attach: row.try_get_by_index(8)?,
        enabled: row.try_get_by_index(9)?,
        next_at: Timestamp(row.try_get_by_index(10)?),
        last: None,
    })
}

impl Reports {
    /// Somebody who may say when a report is sent: who may change it.
    async fn sender(&self, ctx: &Ctx, report: Uuid) -> Result<()> {
        let reader = Reader::of(self.db(), ctx).await?;
        let row = self.saved_row(self.db().read(), ctx, &reader, report).await?;
        match reader.edits(Some(row.owner), &row.shared) {
            true => Ok(()),
            false => Err(Error::Denied("action")),
        }
    }

    /// The schedules of a report.
    ///
    /// # Errors
    /// `NotFound`, `Denied`.
    pub async fn schedules(&self, ctx: &Ctx, report: Uuid) -> Result<Vec<ScheduleView>> {
        self.sender(ctx, report).await?;
        let select = select()
            .and_where(Expr::col("tenant_id").eq(ctx.tenant.0))
            .and_where(Expr::col("report_id").eq(report))
            .order_by("id", Order::Asc)
            .take();
        let rows = self.db().read().query_all(&select).await?;
        let mut views = rows.iter().map(from_row).collect::<Result<Vec<_>>>()?;
        let last = self.last_sent(ctx, report).await?;
        for view in &mut views {
            view.last = last.get(&view.id).cloned();
        }
        Ok(views)
    }

    /// The worst of the letters that were made last, by schedule.
    async fn last_sent(&self, ctx: &Ctx, report: Uuid) -> Result<BTreeMap<Uuid, Last>> {
        let select = Query::select()
            .columns(["schedule_id", "state", "problem", "at"])
            .from(SENT)
            .and_where(Expr::col("tenant_id").eq(ctx.tenant.0))
            .and_where(Expr::col("report_id").eq(report))
            .and_where(Expr::col("schedule_id").is_not_null())
            .order_by("at", Order::Desc)
            .limit(2_000)
            .take();
        let mut last: BTreeMap<Uuid, Last> = BTreeMap::new();
        for row in self.db().read().query_all(&select).await? {
            let one = Last {
                at: Timestamp(row.try_get_by_index(3)?),
                state: SentState::named(&row.try_get_by_index::<String>(1)?),
                error: row.try_get_by_index(2)?,
            };
            let known = last.entry(row.try_get_by_index(0)?).or_insert_with(|| one.clone());
            if known.at == one.at && one.state == SentState::Failed {
                *known = one;
            }
        }
        Ok(last)
    }

    async fn check_schedule(&self, ctx: &Ctx, view: &ScheduleView) -> Result<()> {
        let range = |field: &str, min: u32, max: u32| {
            Error::field(INVALID, field, FieldError::new("range").with("min", min).with("max", max))
        };
        if view.hour > 23 {
            return Err(range("hour", 0, 23));
        }
        if view.weekday.is_some_and(|day| !(1..=7).contains(&day)) {
            return Err(range("weekday", 1, 7));
        }
        if view.month_day.is_some_and(|day| !(1..=31).contains(&day)) {
            return Err(range("month_day", 1, 31));
        }
        if let Some(only_if) = &view.only_if {
            let measures = self.measures(ctx).await?;
            if !measures.items.iter().any(|one| one.key == only_if.measure) {
                return Err(invalid("only_if", "there is no such measure"));
            }
        }
        self.check_recipients(ctx, &view.recipients).await
    }

    /// Colleagues alone: active people of the company.
    async fn check_recipients(&self, ctx: &Ctx, recipients: &[Uuid]) -> Result<()> {
        if recipients.is_empty() || recipients.len() > MAX_RECIPIENTS {
            return Err(invalid("recipients", format!("1 to {MAX_RECIPIENTS} colleagues")));
        }
        let known = staff::by_ids(self.db().read(), ctx.tenant, recipients).await?;
        let there = |id: &Uuid| known.iter().any(|user| user.id == *id && user.active);
        match recipients.iter().find(|id| !there(id)) {
            Some(id) => Err(invalid("recipients", format!("{id} is no colleague"))),
            None => Ok(()),
        }
    }

    /// Makes a schedule.
    ///
    /// # Errors
    /// `NotFound`, `Denied`; `report.invalid` naming the field; conflict `report.too_many`.
    pub async fn create_schedule(&self, ctx: &Ctx, report: Uuid, new: &NewSchedule) -> Result<ScheduleView> {
        self.sender(ctx, report).await?;
        let mut recipients = new.recipients.clone();
        recipients.sort_unstable();
        recipients.dedup();
        let mut view = ScheduleView {
            id: ctx.id(),
            version: 1,
            every: new.every,
            weekday: new.weekday.filter(|_| new.every == Every::Week),
            month_day: new.month_day.filter(|_| new.every == Every::Month),
            hour: new.hour,
            only_if: new.only_if.clone(),
            recipients,
            attach: new.attach,
            enabled: true,
            next_at: ctx.now(),
            last: None,
        };
        self.check_schedule(ctx, &view).await?;
        view.next_at = next_at(&view, ctx.zone, ctx.now());
        let insert = Query::insert()
            .into_table(SCHEDULE)
            .columns([
                "id",
                "tenant_id",
                "report_id",
                "version",
                "every",
                "weekday",
                "month_day",
                "hour",
                "only_if",
                "recipients",
                "attach",
                "enabled",
                "next_at",
                "created_at",
            ])
            .values_panic([
                view.id.into(),
                ctx.tenant.0.into(),
                report.into(),
                1_i64.into(),
                view.every.name().into(),
                view.weekday.map(i64::from).into(),
                view.month_day.map(i64::from).into(),
                i64::from(view.hour).into(),
                json!(view.only_if).into(),
                json!(view.recipients).into(),
                view.attach.into(),
                true.into(),
                view.next_at.0.into(),
                ctx.now().0.into(),
            ])
            .to_owned();
        let count = Query::select()
            .expr(Func::count(Expr::col("id")))
            .from(SCHEDULE)
            .and_where(Expr::col("report_id").eq(report))
            .take();
        let tx = self.db().begin().await?;
        let known = tx.query_one(&count).await?.map_or(Ok(0), |row| row.try_get_by_index::<i64>(0))?;
        if known >= MAX_SCHEDULES {
            return Err(Error::Conflict { code: TOO_MANY, current: Some(json!({ "max": MAX_SCHEDULES })) });
        }
        tx.execute(&insert).await?;
        let detail = json!({"report": report, "recipients": view.recipients});
        audit::record(&tx, ctx, "report.scheduled", &view.id.to_string(), detail).await?;
        tx.commit().await?;
        Ok(view)
    }

    async fn schedule(&self, conn: &impl ConnectionTrait, ctx: &Ctx, report: Uuid, id: Uuid) -> Result<ScheduleView> {
        let select = select()
            .and_where(Expr::col("tenant_id").eq(ctx.tenant.0))
            .and_where(Expr::col("report_id").eq(report))
            .and_where(Expr::col("id").eq(id))
            .take();
        let row = conn.query_one(&select).await?.ok_or_else(|| Error::NotFound(format!("schedule {id}")))?;
        from_row(&row)
    }

    /// Changes a schedule, over the version that was seen.
    ///
    /// # Errors
    /// `NotFound`, `Denied`; `report.invalid`, also naming `If-Match`; conflict `report.conflict`.
    pub async fn change_schedule(
        &self,
        ctx: &Ctx,
        report: Uuid,
        id: Uuid,
        change: ScheduleChange,
        seen: Option<i64>,
    ) -> Result<ScheduleView> {
        self.sender(ctx, report).await?;
        let mut view = self.schedule(self.db().read(), ctx, report, id).await?;
        let seen = seen_version(seen)?;
        view.every = change.every.unwrap_or(view.every);
        view.weekday = change.weekday.or(view.weekday).filter(|_| view.every == Every::Week);
        view.month_day = change.month_day.or(view.month_day).filter(|_| view.every == Every::Month);
        view.hour = change.hour.unwrap_or(view.hour);
        view.only_if = change.only_if.unwrap_or(view.only_if);
        view.recipients = change.recipients.unwrap_or(view.recipients);
        view.attach = change.attach.unwrap_or(view.attach);
        view.enabled = change.enabled.unwrap_or(view.enabled);
        self.check_schedule(ctx, &view).await?;
        view.next_at = next_at(&view, ctx.zone, ctx.now());
        let update = Query::update()
            .table(SCHEDULE)
            .value("version", Expr::col("version").add(1_i64))
            .value("every", view.every.name())
            .value("weekday", view.weekday.map(i64::from))
            .value("month_day", view.month_day.map(i64::from))
            .value("hour", i64::from(view.hour))
            .value("only_if", json!(view.only_if))
            .value("recipients", json!(view.recipients))
            .value("attach", view.attach)
            .value("enabled", view.enabled)
            .value("next_at", view.next_at.0)
            .and_where(Expr::col("id").eq(id))
            .and_where(Expr::col("version").eq(seen))
            .to_owned();
        let tx = self.db().begin().await?;
        if tx.execute(&update).await?.rows_affected() != 1 {
            return Err(Error::Conflict { code: CONFLICT, current: Some(json!({ "version": view.version })) });
        }
        let detail = json!({"report": report, "recipients": view.recipients});
        audit::record(&tx, ctx, "report.scheduled", &id.to_string(), detail).await?;
        tx.commit().await?;
        self.schedule(self.db().read(), ctx, report, id).await
    }

    /// Removes a schedule.
    ///
    /// # Errors
    /// `NotFound`, `Denied`.
    pub async fn remove_schedule(&self, ctx: &Ctx, report: Uuid, id: Uuid) -> Result<()> {
        self.sender(ctx, report).await?;
        let tx = self.db().begin().await?;
        self.schedule(&tx, ctx, report, id).await?;
        let delete = Query::delete().from_table(SCHEDULE).and_where(Expr::col("id").eq(id)).to_owned();
        tx.execute(&delete).await?;
        Ok(tx.commit().await?)
    }

    /// Sends a report now. Gives how many letters are made.
    ///
    /// # Errors
    /// `NotFound`; `Denied` when it goes to others and is not the actor's to change; `report.invalid` naming `recipients`.
    pub async fn send_report(&self, ctx: &Ctx, report: Uuid, input: &SendInput) -> Result<usize> {
        let me = ctx.user().ok_or(Error::Denied("action"))?.0;
        let recipients = match &input.recipients {
            None => {
                self.saved_report(ctx, report).await?;
                vec![me]
            }
            Some(recipients) => {
                self.sender(ctx, report).await?;
                self.check_recipients(ctx, recipients).await?;
                recipients.clone()
            }
        };
        let tx = self.db().begin().await?;
        for user in &recipients {
            let payload = json!({"report": report, "user": user, "attach": input.attach, "at": ctx.now()});
            let job = NewJob::now(&ctx.env, LETTER, payload).for_tenant(ctx.tenant);
            enqueue(&tx, &ctx.env, job.unique(format!("report:{report}:{user}"))).await?;
        }
        tx.commit().await?;
        Ok(recipients.len())
    }

    /// Enqueues the letters of schedules that are due; gives how many schedules were.
    async fn hand_out(&self) -> Result<usize> {
        let env = self.records.env();
        let now = env.now();
        let due = select()
            .and_where(Expr::col("enabled").eq(true))
            .and_where(Expr::col("next_at").lte(now.0))
            .order_by("next_at", Order::Asc)
            .limit(AT_ONCE)
            .take();
        let rows = self.db().read().query_all(&due).await?;
        for row in &rows {
            let view = from_row(row)?;
            let (report, tenant): (Uuid, Uuid) = (row.try_get_by_index(11)?, row.try_get_by_index(12)?);
            let company = people::tenant::get(self.db(), TenantId(tenant)).await?;
            let update = Query::update()
                .table(SCHEDULE)
                .value("next_at", next_at(&view, company.zone, now).0)
                .and_where(Expr::col("id").eq(view.id))
                .and_where(Expr::col("next_at").eq(view.next_at.0))
                .to_owned();
            let tx = self.db().begin().await?;
            if tx.execute(&update).await?.rows_affected() == 1 {
                for user in &view.recipients {
                    let payload = json!({
                        "report": report, "schedule": view.id, "user": user, "attach": view.attach,
                        "only_if": view.only_if, "at": view.next_at,
                    });
                    let job = NewJob::now(env, LETTER, payload).for_tenant(TenantId(tenant));
                    let key = format!("report:{}:{user}:{}", view.id, view.next_at.0);
                    enqueue(&tx, env, job.unique(key)).await?;
                }
            }
            tx.commit().await?;
        }
        Ok(rows.len())
    }
}

/// Looks for schedules that are due.
pub struct Due(pub Reports);

#[async_trait::async_trait]
impl Handler for Due {
    fn kind(&self) -> &'static str {
        DUE
    }

    async fn run(&self, _job: &Job) -> Result<(), JobError> {
        while self.0.hand_out().await? > 0 {}
        Ok(())
    }
}
