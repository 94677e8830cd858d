//! The sweep: uploads that a crash left half-way, those that no record got, files that were in the bin for long, and those of
//! records that were removed for good. Bytes go first, then the row: whatever stops it, the next sweep goes on.

use chrono_tz::Tz;
use kernel::files::{FileRow, State, offered, table};
use kernel::jobs::{Handler, Job, JobError, Lane};
use kernel::{Ctx, Error, Locale, Result, audit};
use serde_json::json;

use super::offered::OFFERED_SECONDS;
use super::{Files, described};

/// Kind of the job.
pub const SWEEP: &str = "files.sweep";
/// Seconds after which no upload is on its way any more.
const SENDING_SECONDS: i64 = 6 * 3_600;
/// Seconds after which an offered file is not waited for: longer than it may be taken, so that nobody takes one that goes.
const ABANDONED_SECONDS: i64 = 2 * OFFERED_SECONDS;
/// Files of one step.
const STEP: u64 = 200;

/// The job.
pub struct Sweep(pub Files);

#[async_trait::async_trait]
impl Handler for Sweep {
    fn kind(&self) -> &'static str {
        SWEEP
    }

    fn lane(&self) -> Lane {
        Lane::Long
    }

    async fn run(&self, _job: &Job) -> Result<(), JobError> {
        Ok(self.0.sweep().await.map(drop)?)
    }
}

impl Files {
    /// Removes what is left over. Gives how many files were forgotten.
    ///
    /// # Errors
    /// When the database or the store fails.
    pub async fn sweep(&self) -> Result<usize> {
        let now = self.records.env().now();
        let bin = now.plus_seconds(self.limits.bin_days.saturating_mul(-86_400));
        while self.step(State::Removed, bin).await? > 0 {}
        let mut forgotten = self.sweep_offered(now.plus_seconds(-ABANDONED_SECONDS)).await?;
        for (state, before) in
            [(State::Sending, now.plus_seconds(-SENDING_SECONDS)), (State::Condemned, now.plus_seconds(1))]
        {
            loop {
                let done = self.step(state, before).await?;
                forgotten += done;
                if done == 0 {
                    break;
                }
            }
        }
        Ok(forgotten)
    }

    /// What was sent for records that never came.
    async fn sweep_offered(&self, before: kernel::Timestamp) -> Result<usize> {
        let mut forgotten = 0;
        loop {
            let found = offered::abandoned(self.records.db().read(), before, STEP).await?;
            if found.is_empty() {
                return Ok(forgotten);
            }
            for file in &found {
                self.forget(file).await?;
            }
            forgotten += found.len();
        }
    }

    async fn step(&self, state: State, before: kernel::Timestamp) -> Result<usize> {
        let found = table::left_over(self.records.db().read(), state, before, STEP).await?;
        for file in &found {
            match state {
                State::Removed => self.condemn(file).await?,
                _ => self.forget(file).await?,
            }
        }
        Ok(found.len())
    }

    /// Out of the bin, for good.
    async fn condemn(&self, file: &FileRow) -> Result<()> {
        let ctx = Ctx::system(file.tenant, Tz::UTC, Locale::En, self.records.env());
        let tx = self.records.db().begin().await?;
        if table::turn(&tx, file, State::Condemned, ctx.now()).await? {
            let size = i64::try_from(file.size).map_err(Error::internal)?;
            table::release(&tx, file.tenant, size, 1).await?;
            let detail = json!({"entity": file.record.entity, "record": file.record.id, "before": described(file)});
            audit::record(&tx, &ctx, "file.purged", &file.id.to_string(), detail).await?;
        }
        Ok(tx.commit().await?)
    }

    async fn forget(&self, file: &FileRow) -> Result<()> {
        self.store.forget(file.tenant, file.id).await?;
        let tx = self.records.db().begin().await?;
        table::forget(&tx, file.tenant, file.id).await?;
        Ok(tx.commit().await?)
    }
}
