//! A rule on the records that fit it now, which its changes left alone: those that were there before it. A long job makes an
//! event of each, page by page; each is answered like any other event, once. What the actions change in records is one
//! batch, which can be undone; tasks, notices and letters stay.

use ::people::{Identities, require_admin};
use kernel::event::Event;
use kernel::filter::{Filter, Op};
use kernel::jobs::long::{self, LongJob, NewLongJob, Step, Steps};
use kernel::jobs::{self, NewJob};
use kernel::text::Message;
use kernel::{BatchId, Ctx, Error, RecordId, Result, Timestamp, Value};
use records::batch;
use records::happened::Happened;
use records::read::Query;
use serde::{Deserialize, Serialize};
use serde_json::json;
use tokio::time::Instant;
use uuid::Uuid;

use super::model::{Trigger, TriggerKind};
use super::rules::{self, Kept};
use super::{Automations, INVALID, answer, dates, reader};

/// The kind of long job, and of its batch.
const KIND: &str = "automation.apply";
const BATCH: &str = "automation";
/// What such an event is called behind the entity.
const APPLIED: &str = "applied";
/// Records that one application looks at.
const MAX_RECORDS: i64 = 100_000;
/// Records read at once.
const PAGE: u64 = 200;

/// How many records fit a rule now.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[schema(as = AutomationFitting)]
pub struct Fitting {
    /// Those among which it looked.
    pub looked_at: i64,
    /// Those for which its condition holds.
    pub fitting: i64,
    /// Whether its time was over before it had looked at all.
    pub truncated: bool,
}

/// What came of an application, as the result of its job.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Applied {
    /// The undo group.
    batch: BatchId,
    /// Records on which the rule acts.
    begun: i64,
}

#[derive(Debug, Serialize, Deserialize)]
struct Input {
    rule: Uuid,
    batch: BatchId,
}

/// A page of records that a rule looks at.
struct Looked {
    /// Events of those that fit.
    events: Vec<Event>,
    count: i64,
    next: Option<String>,
}

/// The batch that the changes of a run belong to.
pub(super) fn batch_of(event: &Event) -> Option<BatchId> {
    event.batch.filter(|_| dates::meant(event).is_some())
}

/// Which records a rule may be about now.
///
/// # Errors
/// Conflict `automation.not_applicable` for one that answers what a record as it stands cannot say.
fn candidates(on: &Trigger, until: Timestamp) -> Result<Filter> {
    let there = Filter::test("created_at", Op::Lte, json!(until));
    Ok(match on.event {
        TriggerKind::Created | TriggerKind::Updated | TriggerKind::Button => there,
        TriggerKind::StageEntered | TriggerKind::Stuck => {
            let stage = on.stage.clone().unwrap_or_default();
            Filter::all(vec![Filter::test("stage", Op::Eq, json!(stage)), there])
        }
        TriggerKind::Schedule => match &on.filter {
            Some(filter) => {
                let asked = Filter::parse(filter).map_err(|wrong| Error::field(INVALID, "on.filter", wrong))?;
                Filter::all(vec![asked, there])
            }
            None => there,
        },
        TriggerKind::StageLeft | TriggerKind::Deleted | TriggerKind::Date | TriggerKind::Webhook => {
            return Err(Error::Conflict { code: "automation.not_applicable", current: None });
        }
    })
}

impl Automations {
    /// Whether the application that an event belongs to was undone: what it has not done by then it does not do.
    pub(super) async fn is_taken_back(&self, event: &Event) -> Result<bool> {
        match batch_of(event) {
            Some(batch) => self.processes.records().is_taken_back(event.tenant, batch).await,
            None => Ok(false),
        }
    }

    /// How many records fit a rule now (administrators). Does nothing.
    ///
    /// # Errors
    /// `Denied`, `NotFound`, conflict `automation.not_applicable`.
    pub async fn fitting(&self, ctx: &Ctx, id: Uuid) -> Result<Fitting> {
        require_admin(ctx)?;
        let kept = self.one(ctx, id).await?;
        candidates(&kept.placed.rule.on, ctx.now())?;
        let system = self.processes.system(ctx.tenant).await?;
        let end = Instant::now() + self.patience;
        let (mut found, mut cursor) = (Fitting { looked_at: 0, fitting: 0, truncated: false }, None);
        loop {
            if Instant::now() >= end || found.looked_at >= MAX_RECORDS {
                found.truncated = true;
                return Ok(found);
            }
            let looked = self.look_at(&system, &kept, ctx.now(), cursor).await?;
            found.looked_at += looked.count;
            found.fitting += i64::try_from(looked.events.len()).unwrap_or(0);
            cursor = looked.next;
            if cursor.is_none() {
                return Ok(found);
            }
        }
    }

    /// Begins to apply a rule to the records that fit it now (administrators).
    ///
    /// # Errors
    /// `Denied`, `NotFound`, conflicts `automation.not_applicable`, `automation.off` for a rule that is switched off and
    /// `job.too_many`, `TooLarge`.
    pub async fn begin_apply(&self, ctx: &Ctx, id: Uuid) -> Result<LongJob> {
        require_admin(ctx)?;
        let kept = self.one(ctx, id).await?;
        if !kept.placed.rule.enabled {
            return Err(off());
        }
        let filter = Some(candidates(&kept.placed.rule.on, ctx.now())?);
        let system = self.processes.system(ctx.tenant).await?;
        let query = Query { filter, ..Query::default() };
        let total = self.processes.records().count(&system, &kept.placed.entity, &query).await?;
        if total > MAX_RECORDS {
            return Err(Error::TooLarge(Message::key("error.too_large").with("max", MAX_RECORDS)));
        }
        let tx = self.processes.db().begin().await?;
        let batch = batch::open_for_rules(&tx, ctx, BATCH, true).await?;
        let new = NewLongJob { kind: KIND, subject: None, input: json!(Input { rule: id, batch }), total };
        let (job, _) = long::begin(&tx, ctx, new, false).await?;
        tx.commit().await?;
        Ok(job)
    }

    /// The next records of a rule: newest first, an order that no change touches.
    async fn look_at(&self, ctx: &Ctx, kept: &Kept, until: Timestamp, cursor: Option<String>) -> Result<Looked> {
        let (entity, rule) = (kept.placed.entity.as_str(), &kept.placed.rule);
        let records = self.processes.records();
        let filter = Some(candidates(&rule.on, until)?);
        let query = Query { filter, fields: Some(Vec::new()), limit: Some(PAGE), cursor, ..Query::default() };
        let page = records.query(ctx, entity, &query).await?;
        let ids: Vec<RecordId> = page.items.iter().map(|record| record.id).collect();
        let def = records.defined(ctx, entity).await?;
        let wrong = |problem| Error::Internal(format!("the condition of a rule: {problem}"));
        let condition = answer::condition(rule, &def).map_err(wrong)?;
        let images = records.images(ctx, entity, &ids).await?;
        let mut events = Vec::new();
        for id in &ids {
            let Some(image) = images.get(id) else { continue };
            let happened = Happened::nothing(&def, *id, image, ctx);
            if condition.as_ref().is_some_and(|condition| happened.holds(condition) != Ok(true)) {
                continue;
            }
            let at = match happened.now("stage_since") {
                // Its time runs since then.
                Value::Instant(at) if rule.on.event == TriggerKind::Stuck => at,
                _ => until,
            };
            events.push(reader::unlogged(ctx, (entity, id.0), APPLIED, at, json!({})));
        }
        Ok(Looked { events, count: i64::try_from(ids.len()).unwrap_or(0), next: page.next_cursor })
    }
}

/// Does the steps of applications.
pub struct ApplySteps(Automations, Identities);

impl ApplySteps {
    /// Over the service of rules.
    pub fn new(automations: &Automations, identities: &Identities) -> Self {
        Self(automations.clone(), identities.clone())
    }
}

#[async_trait::async_trait]
impl Steps for ApplySteps {
    fn kind(&self) -> &'static str {
        KIND
    }

    async fn step(&self, job: &LongJob) -> Result<Step> {
        let input: Input = serde_json::from_value(job.input.clone()).map_err(Error::internal)?;
        let cursor: Option<String> = serde_json::from_value(job.cursor.clone()).map_err(Error::internal)?;
        let mut applied = match &job.result {
            serde_json::Value::Null => Applied { batch: input.batch, begun: 0 },
            result => serde_json::from_value(result.clone()).map_err(Error::internal)?,
        };
        let processes = &self.0.processes;
        let ctx = processes.system(job.tenant).await?;
        // Whoever began it may do so still.
        require_admin(&job.acting(self.1.of_user(job.tenant, job.user).await?.ctx(&ctx.env)))?;
        let kept = rules::by_id(processes.db().read(), job.tenant, input.rule).await?;
        let kept = kept.filter(|kept| kept.placed.rule.enabled).ok_or_else(off)?;
        let looked = self.0.look_at(&ctx, &kept, job.created_at, cursor).await?;
        let kind = if reader::is_far(&kept.placed.rule) { reader::FAR } else { reader::NEAR };
        let tx = processes.db().begin().await?;
        for event in looked.events {
            let event = Event {
                actor: job.started_by.actor.clone(),
                cause: job.started_by.cause.clone(),
                batch: Some(input.batch),
                changes: json!({"@rule": input.rule, "@value": job.id}),
                ..event
            };
            let payload = serde_json::to_value(&event).map_err(Error::internal)?;
            let answer = NewJob::now(&ctx.env, kind, payload).for_tenant(job.tenant);
            jobs::enqueue(&tx, &ctx.env, answer.in_order(format!("automation:{}", event.record))).await?;
            applied.begun += 1;
        }
        let (done, over) = (job.done + looked.count, looked.next.is_none());
        Ok(Step { tx: Some(tx), cursor: json!(looked.next), done, result: json!(applied), over })
    }
}

fn off() -> Error {
    Error::Conflict { code: "automation.off", current: None }
}
