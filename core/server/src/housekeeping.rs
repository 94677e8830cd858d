//! Chores of the server: what has expired is removed, once an hour.

use kernel::Db;
use kernel::clock::Env;
use kernel::db::ConnectionTrait;
use kernel::jobs::{Handler, Job, JobError, Lane, long};
use messaging::{Messages, Webhooks};
use sea_orm::sea_query::{Expr, ExprTrait, Query};

use crate::http::idempotency::KEPT_SECONDS;
use crate::secrets;

const KIND: &str = "housekeeping";
/// Chores by the clock (UTC): the job's kind and its cron expression.
pub const SCHEDULES: [(&str, &str); 12] = [
    (KIND, "17 * * * *"),
    ("import.clean_up", "41 3 * * *"),
    (process::runtime::SWEEP, "* * * * *"),
    (process::drawings::RETENTION, "37 * * * *"),
    (process::automation::DATES, "*/5 * * * *"),
    (process::automation::SWEEP, "13 5 * * *"),
    (records::totals::FOLD, "* * * * *"),
    (records::search::FILL, "* * * * *"),
    (records::files::SWEEP, "29 * * * *"),
    (records::export::SWEEP, "51 4 * * *"),
    (reports::DUE, "* * * * *"),
    (reports::SWEEP, "23 4 * * *"),
];

/// Seconds the end of a long job is remembered: a month.
const LONG_JOBS_SECONDS: i64 = 30 * 86_400;

/// Removes old idempotency keys, ended sessions, long jobs, messages of plugins and of webhooks, and has the database renew its statistics.
pub struct Cleanup {
    db: Db,
    env: Env,
    messages: Messages,
    webhooks: Webhooks,
}

impl Cleanup {
    /// Over a database, the messages of plugins and those of webhooks.
    pub fn new(db: &Db, env: &Env, messages: &Messages, webhooks: &Webhooks) -> Self {
        Self { db: db.clone(), env: env.clone(), messages: messages.clone(), webhooks: webhooks.clone() }
    }
}

#[async_trait::async_trait]
impl Handler for Cleanup {
    fn kind(&self) -> &'static str {
        KIND
    }

    fn lane(&self) -> Lane {
        Lane::Long
    }

    async fn run(&self, _job: &Job) -> Result<(), JobError> {
        let now = self.env.now();
        let keys = Query::delete()
            .from_table("idempotency_key")
            .and_where(Expr::col("created_at").lt(now.plus_seconds(-KEPT_SECONDS).0))
            .to_owned();
        let tx = self.db.begin().await?;
        tx.execute(&keys).await?;
        people::sign_in::forget_ended(&tx, now).await?;
        people::link::forget_ended(&tx, now).await?;
        people::provider::attempt::forget_ended(&tx, now).await?;
        people::guest::forget_ended(&tx, now).await?;
        long::clean(&tx, now.plus_seconds(-LONG_JOBS_SECONDS)).await?;
        tx.commit().await?;
        let forgotten = self.messages.forget_old(now).await?;
        if forgotten > 0 {
            tracing::info!(forgotten, "old messages of plugins were forgotten");
        }
        self.webhooks.forget_old().await?;
        let renewed = secrets::renew(&self.db, &self.env).await?;
        if renewed.sealed > 0 {
            tracing::info!(renewed.sealed, "secrets were sealed anew");
        }
        if renewed.closed > 0 {
            tracing::error!(
                renewed.closed,
                "secrets cannot be opened: put their key back, or give them anew (`verstak doctor`)"
            );
        }
        Ok(self.db.learn().await?)
    }
}
