//! Which revisions stay: the first, the current one, named and published ones for ever; the others a day, then the last
//! of each hour for a month.

use kernel::db::ConnectionTrait;
use kernel::jobs::{Handler, Job, JobError, Lane};
use kernel::{Result, Timestamp};
use sea_orm::sea_query::{Cond, Expr, ExprTrait, Order, Query};
use uuid::Uuid;

use super::store::{DRAWING, REVISION};
use crate::runtime::Processes;

/// The scheduled job.
pub const RETENTION: &str = "process.drawings";
/// Revisions of one transaction.
const BATCH: u64 = 500;
const HOUR: i64 = 3_600 * 1_000_000;
const DAY: i64 = 24 * HOUR;
const MONTH: i64 = 30 * DAY;

/// Removes revisions that nobody needs any more, and what is kept of migrations.
pub struct Retention(pub Processes);

#[async_trait::async_trait]
impl Handler for Retention {
    fn kind(&self) -> &'static str {
        RETENTION
    }

    fn lane(&self) -> Lane {
        Lane::Long
    }

    async fn run(&self, _: &Job) -> Result<(), JobError> {
        Ok(self.0.forget_revisions().await?)
    }
}

/// A revision that may go.
#[derive(Debug, Clone, Copy)]
struct Old {
    drawing: Uuid,
    revision: i64,
    at: i64,
}

impl Processes {
    /// Removes revisions that nobody needs any more, some at a time, of every company, and migrations that nobody can take
    /// back.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn forget_revisions(&self) -> Result<()> {
        let now = self.now();
        self.forget_migrations(now).await?;
        let mut last: Option<Old> = None;
        loop {
            let page = self.old_revisions(now, last).await?;
            let Some(end) = page.last().copied() else { return Ok(()) };
            // The one before stays when it is the last of its hour: known now that the next one is.
            let seen: Vec<Old> = last.into_iter().chain(page).collect();
            let gone = seen.windows(2).filter_map(|pair| match pair {
                [old, next] if is_gone(*old, Some(*next), now) => Some(*old),
                _ => None,
            });
            self.remove(gone.collect()).await?;
            if is_gone(end, None, now) {
                self.remove(vec![end]).await?;
            }
            last = Some(end);
        }
    }

    async fn old_revisions(&self, now: Timestamp, after: Option<Old>) -> Result<Vec<Old>> {
        let of = |column: &'static str| (REVISION, column);
        let mut select = Query::select();
        select
            .columns(["drawing_id", "revision", "at"].map(of))
            .from(REVISION)
            .inner_join(DRAWING, Expr::col((DRAWING, "id")).equals(of("drawing_id")))
            .and_where(Expr::col(of("at")).lt(now.0 - DAY))
            .and_where(Expr::col(of("revision")).gt(1))
            .and_where(Expr::col(of("name")).is_null())
            .and_where(Expr::col(of("version")).is_null())
            .and_where(Expr::col(of("revision")).not_equals((DRAWING, "revision")))
            .order_by(of("drawing_id"), Order::Asc)
            .order_by(of("revision"), Order::Asc)
            .limit(BATCH);
        if let Some(after) = after {
            let place = Expr::tuple([Expr::col(of("drawing_id")), Expr::col(of("revision"))]);
            select.and_where(place.gt(Expr::tuple([Expr::val(after.drawing), Expr::val(after.revision)])));
        }
        let rows = self.db().read().query_all(&select).await?;
        let read = |row: &kernel::db::QueryResult| {
            Ok(Old {
                drawing: row.try_get_by_index(0)?,
                revision: row.try_get_by_index(1)?,
                at: row.try_get_by_index(2)?,
            })
        };
        rows.iter().map(read).collect()
    }

    async fn remove(&self, gone: Vec<Old>) -> Result<()> {
        if gone.is_empty() {
            return Ok(());
        }
        let these = gone.iter().fold(Cond::any(), |any, old| {
            let this = Expr::col("drawing_id").eq(old.drawing).and(Expr::col("revision").eq(old.revision));
            any.add(this)
        });
        let delete = Query::delete()
            .from_table(REVISION)
            .cond_where(these)
            // Named or published meanwhile: it stays.
            .and_where(Expr::col("name").is_null())
            .and_where(Expr::col("version").is_null())
            .to_owned();
        let tx = self.db().begin().await?;
        tx.execute(&delete).await?;
        Ok(tx.commit().await?)
    }
}

/// Whether a revision older than a day goes, given the next of its kind.
fn is_gone(old: Old, next: Option<Old>, now: Timestamp) -> bool {
    let same_hour = |next: Old| next.drawing == old.drawing && next.at.div_euclid(HOUR) == old.at.div_euclid(HOUR);
    old.at < now.0 - MONTH || next.is_some_and(same_hour)
}
