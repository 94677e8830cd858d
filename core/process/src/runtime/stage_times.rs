//! Working time of pipeline stages: deadlines by the company's calendar, as those of steps; what the owner of a record is
//! told of them.

use std::collections::BTreeMap;

use kernel::jobs::{Handler, Job, JobError};
use kernel::{Ctx, Error, Result, Timestamp, Value};
use messaging::notifications::{self, Kind};
use records::stages::{STAGE_TOLD, StageClock, StageTold};

use super::Processes;
use crate::definition::time;

#[async_trait::async_trait]
impl StageClock for Processes {
    fn seconds(&self, text: &str) -> Result<i64, String> {
        time::working(text)
    }

    async fn at(&self, ctx: &Ctx, from: Timestamp, seconds: i64) -> Result<Option<Timestamp>> {
        let calendar = self.tasks.calendars().of_department(self.db.read(), ctx, None).await?;
        let moment = if seconds < 0 { calendar.subtract(from, -seconds) } else { calendar.add(from, seconds) };
        Ok(moment.ok())
    }
}

/// Tells the owner of a record that stands in its stage too long, or soon will. For a deadline that it no longer has, it
/// says nothing.
pub(super) struct TellOfStage(pub Processes);

#[async_trait::async_trait]
impl Handler for TellOfStage {
    fn kind(&self) -> &'static str {
        STAGE_TOLD
    }

    async fn run(&self, job: &Job) -> Result<(), JobError> {
        let told: StageTold = job.read()?;
        let tenant = job.tenant.ok_or_else(|| JobError::Fatal("a job of no tenant".into()))?;
        let ctx = people::tenant::get(&self.0.db, tenant).await?.system_ctx(&self.0.env);
        let record = match self.0.records.get(&ctx, &told.entity, told.record).await {
            Err(Error::NotFound(_)) => return Ok(()),
            found => found?,
        };
        if record.fields.get("stage_due") != Some(&Value::Instant(told.due)) {
            return Ok(());
        }
        let Some(Value::Id(owner)) = record.fields.get("owner") else { return Ok(()) };
        let text = |key: &str| record.fields.get(key).and_then(Value::as_text).unwrap_or_default().to_owned();
        let catalogue = self.0.records.catalogue(tenant).await?;
        let stage = catalogue.pipelines.stage_ever(&told.entity, &text("stage"));
        let stage = stage.map(|(_, stage)| stage.name_in(ctx.locale).to_owned()).unwrap_or_default();
        let params = BTreeMap::from([("title".to_owned(), text("title")), ("stage".to_owned(), stage)]);
        let kind = if told.over { Kind::StageOverdue } else { Kind::StageReminder };
        let link = format!("/records/{}/{}", told.entity, told.record);
        let tx = self.0.db.begin().await?;
        notifications::tell_at(&tx, &ctx, kind, [*owner], &link, &params).await?;
        tx.commit().await?;
        Ok(())
    }
}
