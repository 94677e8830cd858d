//! What plugins wrote to their logs and what they cost: gathered in memory, written in batches, so that a save never
//! waits for a line of a log. `flush` writes; the server calls it every second, the API before it reads.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use kernel::db::{ConnectionTrait, QueryResult, Tx};
use kernel::{Ctx, Db, Result, TenantId, Timestamp};
use sea_orm::DbErr;
use sea_orm::sea_query::{Expr, ExprTrait, Func, OnConflict, Order, Query};
use serde::Serialize;
use uuid::Uuid;

use crate::capabilities::{LogLevel, LogLine};
use crate::engine::{Outcome, Usage};

/// Lines kept in memory when the database cannot take them.
const MAX_WAITING: usize = 10_000;
/// Lines of a page.
const PAGE: u64 = 100;
/// Lines kept of one plugin in one tenant.
const KEPT_LINES: u64 = 10_000;

/// A line of a plugin's log as admins read it.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct LogEntry {
    /// Its id; also the cursor.
    pub id: Uuid,
    /// When.
    #[schema(value_type = String)]
    pub at: Timestamp,
    /// How serious.
    #[schema(value_type = crate::LogLevel)]
    pub level: String,
    /// Where: `hook:check`, `event:created`, `http:POST /web-form`, `host`.
    pub point: String,
    /// What.
    pub message: String,
    /// The call it belongs to.
    pub invocation: Uuid,
    /// How long the call took, microseconds.
    pub duration_us: Option<i64>,
}

/// What a point of a plugin cost since a day.
#[derive(Debug, Clone, Default, Serialize, utoipa::ToSchema)]
#[schema(as = PluginCost)]
pub struct Cost {
    /// Where.
    pub point: String,
    /// Calls.
    pub calls: i64,
    /// Calls that failed.
    pub failures: i64,
    /// CPU time, microseconds.
    pub cpu_us: i64,
    /// Time from start to end, microseconds.
    pub wall_us: i64,
    /// Calls of host functions.
    pub host_calls: i64,
    /// Rows read and written.
    pub rows: i64,
}

struct Line {
    tenant: TenantId,
    plugin: String,
    entry: LogEntry,
}

#[derive(Default)]
struct Waiting {
    lines: Vec<Line>,
    costs: HashMap<(TenantId, String, String, String), Cost>,
    /// Of the line made last: the next one has a greater id, so that lines stay in the order in which they were written.
    last: Uuid,
}

impl Waiting {
    fn add_line(&mut self, mut line: Line) {
        if line.entry.id <= self.last {
            line.entry.id = Uuid::from_u128(self.last.as_u128().saturating_add(1));
        }
        self.last = line.entry.id;
        if self.lines.len() < MAX_WAITING {
            self.lines.push(line);
        }
    }

    fn add_cost(&mut self, key: (TenantId, String, String, String), cost: &Cost) {
        let all = self.costs.entry(key).or_default();
        all.calls += cost.calls;
        all.failures += cost.failures;
        all.cpu_us += cost.cpu_us;
        all.wall_us += cost.wall_us;
        all.host_calls += cost.host_calls;
        all.rows += cost.rows;
    }
}

/// Gathers lines and costs.
#[derive(Default)]
pub(crate) struct Journal(Mutex<Waiting>);

fn number(value: u128) -> i64 {
    i64::try_from(value).unwrap_or(i64::MAX)
}

impl Journal {
    fn with<T>(&self, look: impl FnOnce(&mut Waiting) -> T) -> T {
        look(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Takes down a finished call.
    pub(crate) fn call<T>(&self, ctx: &Ctx, plugin: &str, point: &str, invocation: Uuid, outcome: &Outcome<T>) {
        let failed = outcome.answer.as_ref().err();
        measure(plugin, point, &outcome.usage, failed.map(crate::engine::Fault::kind));
        self.add_cost(ctx, plugin, point, &outcome.usage, failed.is_some());
        let duration = Some(number(outcome.usage.wall.as_micros()));
        for line in &outcome.lines {
            self.line(ctx, plugin, point, invocation, line.clone(), duration);
        }
        if let Some(fault) = failed {
            let line = LogLine { level: LogLevel::Error, message: fault.to_string() };
            self.line(ctx, plugin, point, invocation, line, duration);
        }
    }

    fn add_cost(&self, ctx: &Ctx, plugin: &str, point: &str, usage: &Usage, failed: bool) {
        let day = ctx.now().utc().format("%Y-%m-%d").to_string();
        let cost = Cost {
            point: String::new(),
            calls: 1,
            failures: i64::from(failed),
            cpu_us: number(usage.cpu.as_micros()),
            wall_us: number(usage.wall.as_micros()),
            host_calls: i64::from(usage.host_calls),
            rows: i64::from(usage.rows),
        };
        self.with(|waiting| waiting.add_cost((ctx.tenant, plugin.to_owned(), point.to_owned(), day), &cost));
    }

    /// Adds a line.
    pub(crate) fn line(
        &self,
        ctx: &Ctx,
        plugin: &str,
        point: &str,
        invocation: Uuid,
        line: LogLine,
        duration_us: Option<i64>,
    ) {
        let entry = LogEntry {
            id: ctx.id(),
            at: ctx.now(),
            level: line.level.name().to_owned(),
            point: point.to_owned(),
            message: line.message.replace('\0', ""),
            invocation,
            duration_us,
        };
        self.with(|waiting| waiting.add_line(Line { tenant: ctx.tenant, plugin: plugin.to_owned(), entry }));
    }

    /// Writes what has been gathered.
    ///
    /// # Errors
    /// When the database fails; then they are written with the next ones, the oldest lines first as long as there is room.
    pub(crate) async fn flush(&self, db: &Db) -> Result<()> {
        let taken = self.with(|waiting| {
            let empty = Waiting { last: waiting.last, ..Waiting::default() };
            std::mem::replace(waiting, empty)
        });
        if taken.lines.is_empty() && taken.costs.is_empty() {
            return Ok(());
        }
        let written = write(db, &taken).await;
        if written.is_err() {
            self.with(|waiting| {
                let newer = std::mem::replace(&mut waiting.lines, taken.lines);
                waiting.lines.extend(newer);
                waiting.lines.truncate(MAX_WAITING);
                taken.costs.into_iter().for_each(|(key, cost)| waiting.add_cost(key, &cost));
            });
        }
        written
    }
}

async fn write(db: &Db, taken: &Waiting) -> Result<()> {
    let tx = db.begin().await?;
    for chunk in taken.lines.chunks(500) {
        write_lines(&tx, chunk).await?;
    }
    for ((tenant, plugin, point, day), cost) in &taken.costs {
        write_cost(&tx, *tenant, [plugin, point, day], cost).await?;
    }
    Ok(tx.commit().await?)
}

fn measure(plugin: &str, point: &str, usage: &Usage, failed: Option<&'static str>) {
    let labels = [("plugin", plugin.to_owned()), ("point", point.to_owned())];
    metrics::counter!("verstak_plugin_calls_total", &labels).increment(1);
    metrics::histogram!("verstak_plugin_cpu_seconds", &labels).record(usage.cpu.as_secs_f64());
    metrics::histogram!("verstak_plugin_wall_seconds", &labels).record(usage.wall.as_secs_f64());
    if let Some(kind) = failed {
        let labels = [("plugin", plugin.to_owned()), ("point", point.to_owned()), ("kind", kind.to_owned())];
        metrics::counter!("verstak_plugin_failures_total", &labels).increment(1);
    }
}

async fn write_lines(tx: &Tx, lines: &[Line]) -> Result<(), DbErr> {
    let columns = ["id", "tenant_id", "plugin", "at", "level", "point", "message", "invocation", "duration_us"];
    let mut insert = Query::insert();
    insert.into_table("plugin_log").columns(columns);
    for Line { tenant, plugin, entry } in lines {
        insert.values_panic([
            entry.id.into(),
            tenant.0.into(),
            plugin.as_str().into(),
            entry.at.micros().into(),
            entry.level.as_str().into(),
            entry.point.as_str().into(),
            entry.message.as_str().into(),
            entry.invocation.into(),
            entry.duration_us.into(),
        ]);
    }
    tx.later(&insert).await
}

const COUNTERS: [&str; 6] = ["calls", "failures", "cpu_us", "wall_us", "host_calls", "row_count"];

async fn write_cost(tx: &Tx, tenant: TenantId, [plugin, point, day]: [&String; 3], cost: &Cost) -> Result<(), DbErr> {
    let mut columns = vec!["tenant_id", "plugin", "point", "day"];
    columns.extend(COUNTERS);
    let mut conflict = OnConflict::columns(["tenant_id", "plugin", "point", "day"]);
    for column in COUNTERS {
        conflict.value(column, Expr::col(("plugin_cost", column)).add(Expr::col(("excluded", column))));
    }
    let insert = Query::insert()
        .into_table("plugin_cost")
        .columns(columns)
        .values_panic([
            tenant.0.into(),
            plugin.as_str().into(),
            point.as_str().into(),
            day.as_str().into(),
            cost.calls.into(),
            cost.failures.into(),
            cost.cpu_us.into(),
            cost.wall_us.into(),
            cost.host_calls.into(),
            cost.rows.into(),
        ])
        .on_conflict(conflict)
        .to_owned();
    tx.later(&insert).await
}

/// A page of a plugin's log, newest first, older than `before`; `level` leaves out what is less serious.
pub(crate) async fn read(
    db: &Db,
    tenant: TenantId,
    plugin: &str,
    before: Option<Uuid>,
    level: Option<LogLevel>,
) -> Result<Vec<LogEntry>> {
    let mut select = Query::select();
    select
        .columns(["id", "at", "level", "point", "message", "invocation", "duration_us"])
        .from("plugin_log")
        .and_where(Expr::col("tenant_id").eq(tenant.0))
        .and_where(Expr::col("plugin").eq(plugin));
    if let Some(before) = before {
        select.and_where(Expr::col("id").lt(before));
    }
    if let Some(level) = level {
        let levels = [LogLevel::Debug, LogLevel::Info, LogLevel::Warning, LogLevel::Error];
        select.and_where(Expr::col("level").is_in(levels.into_iter().filter(|one| *one >= level).map(LogLevel::name)));
    }
    select.order_by("id", Order::Desc).limit(PAGE);
    Ok(db.read().query_all(&select).await?.iter().map(entry).collect::<Result<_, DbErr>>()?)
}

fn entry(row: &QueryResult) -> Result<LogEntry, DbErr> {
    Ok(LogEntry {
        id: row.try_get_by_index(0)?,
        at: Timestamp(row.try_get_by_index(1)?),
        level: row.try_get_by_index(2)?,
        point: row.try_get_by_index(3)?,
        message: row.try_get_by_index(4)?,
        invocation: row.try_get_by_index(5)?,
        duration_us: row.try_get_by_index(6)?,
    })
}

/// What a plugin cost in a tenant since a day (`YYYY-MM-DD`), by point.
pub(crate) async fn costs(db: &Db, tenant: TenantId, plugin: &str, since: &str) -> Result<Vec<Cost>> {
    let mut select = Query::select();
    select.column("point");
    for column in COUNTERS {
        // Sums of BIGINT are NUMERIC on PostgreSQL.
        select.expr(Expr::expr(Func::sum(Expr::col(column))).cast_as("BIGINT"));
    }
    select
        .from("plugin_cost")
        .and_where(Expr::col("tenant_id").eq(tenant.0))
        .and_where(Expr::col("plugin").eq(plugin))
        .and_where(Expr::col("day").gte(since))
        .group_by_col("point")
        .order_by("point", Order::Asc);
    let cost = |row: &QueryResult| {
        Ok::<Cost, DbErr>(Cost {
            point: row.try_get_by_index(0)?,
            calls: row.try_get_by_index(1)?,
            failures: row.try_get_by_index(2)?,
            cpu_us: row.try_get_by_index(3)?,
            wall_us: row.try_get_by_index(4)?,
            host_calls: row.try_get_by_index(5)?,
            rows: row.try_get_by_index(6)?,
        })
    };
    Ok(db.read().query_all(&select).await?.iter().map(cost).collect::<Result<_, _>>()?)
}

/// Removes the oldest lines of a plugin past what is kept.
pub(crate) async fn trim(db: &Db, tenant: TenantId, plugin: &str) -> Result<()> {
    let of = |column: &'static str| Expr::col(column);
    let select = Query::select()
        .column("id")
        .from("plugin_log")
        .and_where(of("tenant_id").eq(tenant.0))
        .and_where(of("plugin").eq(plugin))
        .order_by("id", Order::Desc)
        .offset(KEPT_LINES)
        .limit(1)
        .take();
    let Some(row) = db.read().query_one(&select).await? else { return Ok(()) };
    let oldest: Uuid = row.try_get_by_index(0)?;
    let delete = Query::delete()
        .from_table("plugin_log")
        .and_where(of("tenant_id").eq(tenant.0))
        .and_where(of("plugin").eq(plugin))
        .and_where(of("id").lte(oldest))
        .to_owned();
    let tx = db.begin().await?;
    tx.execute(&delete).await?;
    Ok(tx.commit().await?)
}
