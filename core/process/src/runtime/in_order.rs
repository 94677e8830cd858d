//! Long work on many instances, in their order: some at a time, each step one transaction with its progress, so a crash
//! neither repeats nor forgets an instance.

use kernel::db::{ConnectionTrait, Tx};
use kernel::jobs::long::{LongJob, Step};
use kernel::{Ctx, Error, InstanceId, Result};
use people::Identities;
use sea_orm::sea_query::{Expr, ExprTrait, Order, SelectStatement};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value as Json, json};

use super::Processes;

/// Instances of one step.
const STEP: u64 = 25;
/// Instances that a report lists; the others are counted.
pub(super) const LISTED: usize = 1_000;

/// What is done to each instance; itself the input of the job.
#[async_trait::async_trait]
pub(super) trait Each: DeserializeOwned + Send + Sync {
    /// What comes of it.
    type Report: Default + Serialize + DeserializeOwned + Send;
    /// Where their ids stand in `left`.
    const ID: &'static str;

    /// Those that are left, without columns.
    fn left(&self, ctx: &Ctx, job: &LongJob) -> SelectStatement;

    /// Does it to one, in the transaction of its step, and counts it.
    async fn one(
        &self,
        processes: &Processes,
        tx: &Tx,
        ctx: &Ctx,
        job: &LongJob,
        id: InstanceId,
        report: &mut Self::Report,
    ) -> Result<()>;
}

/// Does it to the next instances.
pub(super) async fn step<E: Each>(processes: &Processes, identities: &Identities, job: &LongJob) -> Result<Step> {
    let each: E = serde_json::from_value(job.input.clone()).map_err(Error::internal)?;
    let after: Option<InstanceId> = serde_json::from_value(job.cursor.clone()).map_err(Error::internal)?;
    let mut report: E::Report = match &job.result {
        Json::Null => E::Report::default(),
        result => serde_json::from_value(result.clone()).map_err(Error::internal)?,
    };
    let person = identities.of_user(job.tenant, job.user).await?;
    let ctx = job.acting(person.ctx(&processes.env));
    let mut next = each.left(&ctx, job);
    next.column(E::ID).order_by(E::ID, Order::Asc).limit(STEP);
    if let Some(after) = after {
        next.and_where(Expr::col(E::ID).gt(after));
    }
    let rows = processes.db.read().query_all(&next).await?;
    let ids: Vec<InstanceId> = rows.iter().map(|row| row.try_get_by_index(0)).collect::<Result<_, _>>()?;
    let Some(last) = ids.last().copied() else {
        return Ok(Step { tx: None, cursor: json!(after), done: job.done, result: json!(report), over: true });
    };
    let done = job.done + i64::try_from(ids.len()).unwrap_or(0);
    let tx = processes.db.begin().await?;
    for id in ids {
        each.one(processes, &tx, &ctx, job, id, &mut report).await?;
    }
    Ok(Step { tx: Some(tx), cursor: json!(last), done, result: json!(report), over: false })
}
