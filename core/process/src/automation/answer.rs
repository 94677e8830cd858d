//! The jobs: rules on one event in their order; runs whose time has come.

use std::sync::Arc;

use kernel::access::Rights;
use kernel::event::Event;
use kernel::expression::Expression;
use kernel::jobs::{self, Handler, Job, JobError, Lane, NewJob};
use kernel::text::Message;
use kernel::{Ctx, Error, RecordId, Result, Timestamp, Value};
use records::EntityDef;
use records::happened::{self, Happened};
use records::stages::StageClock;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::model::{Rule, TriggerKind};
use super::rules::{self, Kept};
use super::runs::{self, Came, ONCE, Run, RunState};
use super::{Automations, MAX_HOPS, dates, reader, words};
use crate::definition::time;

/// The job of a run whose time has come, or that is tried again.
pub(super) const GO_ON: &str = "automation.run";
/// What the links of rules in a chain of causes begin with.
pub(super) const LINK: &str = "rule:";

/// What the job of a run carries.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Going {
    pub run: Uuid,
    /// Somebody asked for it by hand: letters that did not go out are sent again.
    #[serde(default)]
    pub by_hand: bool,
}

/// What a run is about.
pub(super) struct Scene {
    pub def: Arc<EntityDef>,
    pub happened: Happened,
    /// Whether the record is in the recycle bin.
    pub deleted: bool,
}

/// Answers events of one of both kinds.
pub(super) struct Answer(pub Automations, pub &'static str);

#[async_trait::async_trait]
impl Handler for Answer {
    fn kind(&self) -> &'static str {
        self.1
    }

    fn lane(&self) -> Lane {
        if self.1 == reader::NEAR { Lane::Short } else { Lane::Waiting }
    }

    async fn dead(&self, _: &Job, _: &str) {
        self.0.tell_given_up().await;
    }

    async fn run(&self, job: &Job) -> Result<(), JobError> {
        let event: Event = job.read()?;
        Ok(self.0.answer(&event).await?)
    }
}

/// Goes on with runs.
pub(super) struct GoOn(pub Automations);

#[async_trait::async_trait]
impl Handler for GoOn {
    fn kind(&self) -> &'static str {
        GO_ON
    }

    fn lane(&self) -> Lane {
        Lane::Waiting
    }

    async fn dead(&self, _: &Job, _: &str) {
        self.0.tell_given_up().await;
    }

    async fn run(&self, job: &Job) -> Result<(), JobError> {
        let going: Going = job.read()?;
        let tenant = job.tenant.ok_or_else(|| JobError::Fatal("a run without a tenant".into()))?;
        let ctx = self.0.processes.system(tenant).await?;
        let Some(run) = runs::by_id(self.0.processes.db().read(), tenant, going.run).await? else { return Ok(()) };
        Ok(self.0.take_up(&ctx, run, going.by_hand).await?)
    }
}

impl Automations {
    async fn answer(&self, event: &Event) -> Result<()> {
        if self.is_taken_back(event).await? {
            return Ok(());
        }
        let ctx = self.processes.system(event.tenant).await?;
        let conn = self.processes.db().read();
        let all = self.processes.rules().of_company(conn, ctx.now(), event.tenant).await?;
        let date = dates::meant(event);
        let meant = |kept: &&Kept| {
            let looks = || date.map_or_else(|| kept.looks_at(event), |(rule, _)| kept.placed.id == rule);
            kept.placed.entity == event.entity && looks()
        };
        for kept in all.iter().filter(meant) {
            self.fire(&ctx, kept, event).await?;
        }
        Ok(())
    }

    /// One rule on one event.
    async fn fire(&self, ctx: &Ctx, kept: &Kept, event: &Event) -> Result<()> {
        match self.begin(ctx, kept, event, false).await? {
            Begun::New(run) if run.state == RunState::Running => self.go_on(ctx, kept, run, false).await,
            // Cut off in the middle.
            Begun::Known(run) if run.state == RunState::Running && is_of(&run, event) => {
                self.go_on(ctx, kept, run, false).await
            }
            _ => Ok(()),
        }
    }

    /// Makes the run of a rule on an event, unless its occasion has one. `by_job`: a job does what is to be done at once,
    /// else whoever asks.
    pub(super) async fn begin(&self, ctx: &Ctx, kept: &Kept, event: &Event, by_job: bool) -> Result<Begun> {
        let rule = &kept.placed.rule;
        let occasion = if rule.once { ONCE.to_owned() } else { runs::occasion_of(event) };
        let before = runs::by_occasion(self.processes.db().read(), kept.placed.id, event.record, &occasion).await?;
        if let Some(run) = before.as_ref().filter(|run| !is_idle(run, event)) {
            return Ok(Begun::Known(run.clone()));
        }
        let Some(scene) = self.scene(ctx, rule, event, false).await? else { return Ok(Begun::Nothing) };
        let (state, why, due) = match self.verdict(ctx, rule, &scene, event).await? {
            Verdict::Nothing => return Ok(Begun::Nothing),
            Verdict::Now => (RunState::Running, None, by_job.then(|| ctx.now())),
            Verdict::Later(at) => (RunState::Waiting, None, Some(at)),
            Verdict::Never(state, why) => (state, Some(why), None),
        };
        let run = Run {
            id: ctx.id(),
            number: 0,
            tenant: event.tenant,
            rule: kept.placed.id,
            entity: event.entity.clone(),
            record: event.record,
            occasion,
            event: event.clone(),
            state,
            at: event.at,
            due: due.filter(|_| state == RunState::Waiting),
            ended: why.is_some().then(|| ctx.now()),
            step: 0,
            results: Vec::new(),
            error: why,
            tries: 0,
        };
        let tx = self.processes.db().begin().await?;
        if let Some(before) = &before {
            runs::give_way(&tx, before).await?;
        }
        if !runs::make(&tx, &run).await? {
            tx.rollback().await?;
            let conn = self.processes.db().read();
            let other = runs::by_occasion(conn, run.rule, run.record, &run.occasion).await?;
            // Whoever made it goes on with it.
            return Ok(other.filter(|_| by_job).map_or(Begun::Nothing, Begun::Known));
        }
        if let Some(at) = due {
            jobs::enqueue(&tx, &ctx.env, job_of(ctx, &run, at, false)?).await?;
        }
        tx.commit().await?;
        Ok(Begun::New(run))
    }

    async fn verdict(&self, ctx: &Ctx, rule: &Rule, scene: &Scene, event: &Event) -> Result<Verdict> {
        // Of one that waits in a stage the condition is asked when the time is over.
        let stuck = rule.on.event == TriggerKind::Stuck;
        match if stuck { Ok(true) } else { meant(rule, scene) } {
            Ok(false) => return Ok(Verdict::Nothing),
            Ok(true) => {}
            Err(problem) => return Ok(Verdict::Never(RunState::Failed, problem)),
        }
        if event.cause.hop >= MAX_HOPS {
            let links = event.cause.chain.iter().map(|link| link.trim_start_matches(LINK)).chain([rule.name.as_str()]);
            let chain = links.collect::<Vec<_>>().join(" -> ");
            let message = Message::key("automation.loop").with("max", MAX_HOPS).with("chain", chain);
            return Ok(Verdict::Never(RunState::Stopped, message.in_locale(ctx.locale)));
        }
        let span = if stuck { rule.on.after.as_deref() } else { rule.delay.as_deref() };
        let Some(span) = span else { return Ok(Verdict::Now) };
        let seconds = match time::working(span) {
            Ok(seconds) => seconds,
            Err(problem) => return Ok(Verdict::Never(RunState::Failed, problem)),
        };
        Ok(match self.processes.at(ctx, event.at, seconds).await? {
            Some(at) => Verdict::Later(at),
            None => {
                let words = Message::key("field.no_hours").in_locale(ctx.locale);
                Verdict::Never(RunState::Failed, words)
            }
        })
    }

    /// A run whose time has come, or that is tried again.
    async fn take_up(&self, ctx: &Ctx, mut run: Run, by_hand: bool) -> Result<()> {
        if !matches!(run.state, RunState::Waiting | RunState::Running) {
            return Ok(());
        }
        if self.is_taken_back(&run.event).await? {
            let why = Message::key("automation.undone").in_locale(ctx.locale);
            return self.end(ctx, &mut run, RunState::Passed, Some(&why)).await;
        }
        let kept = rules::by_id(self.processes.db().read(), run.tenant, run.rule).await?;
        let Some(kept) = kept.filter(|kept| run.state == RunState::Running || kept.placed.rule.enabled) else {
            let why = Message::key("automation.off").in_locale(ctx.locale);
            return self.end(ctx, &mut run, RunState::Passed, Some(&why)).await;
        };
        // What waited for its time, and what is tried again by hand with nothing done: the mend may be that it is not meant.
        let asked = (run.state == RunState::Waiting && run.tries == 0) || (run.state == RunState::Running && by_hand);
        if asked && run.step == 0 && !self.still(ctx, &kept, &mut run).await? {
            return Ok(());
        }
        if run.state == RunState::Waiting {
            let tx = self.processes.db().begin().await?;
            if !runs::came(&tx, ctx, &mut run, Came::Going).await? {
                return Ok(tx.rollback().await?);
            }
            tx.commit().await?;
        }
        self.go_on(ctx, &kept, run, by_hand).await
    }

    /// Whether what a run waited for, or is tried again for, still is so; one for which it is not ends here.
    async fn still(&self, ctx: &Ctx, kept: &Kept, run: &mut Run) -> Result<bool> {
        let rule = &kept.placed.rule;
        let deletion = rule.on.event == TriggerKind::Deleted;
        let (stuck, waited) = (rule.on.event == TriggerKind::Stuck, run.state == RunState::Waiting);
        let later = waited || waits(rule);
        let scene = self.scene(ctx, rule, &run.event, later).await?.filter(|scene| !scene.deleted || deletion);
        let stays = scene.as_ref().is_some_and(|scene| !stuck || stays(scene, rule, run.event.at));
        match scene.filter(|_| stays).map(|scene| meant(rule, &scene)) {
            Some(Ok(true)) => return Ok(true),
            Some(Err(problem)) => self.end(ctx, run, RunState::Failed, Some(&problem)).await?,
            // Most records leave a stage in time: that is no story.
            _ if stuck && waited => {
                let tx = self.processes.db().begin().await?;
                runs::forget(&tx, run).await?;
                tx.commit().await?;
            }
            _ => {
                let why = Message::key("automation.passed").in_locale(ctx.locale);
                self.end(ctx, run, RunState::Passed, Some(&why)).await?;
            }
        }
        Ok(false)
    }

    pub(super) async fn end(&self, ctx: &Ctx, run: &mut Run, state: RunState, why: Option<&str>) -> Result<()> {
        let tx = self.processes.db().begin().await?;
        runs::came(&tx, ctx, run, Came::Ended { state, why }).await?;
        Ok(tx.commit().await?)
    }

    /// What an event was about, as expressions of a rule see it; nothing when the record is gone for good, or its entity.
    /// `later`: of the record only what it is now counts.
    pub(super) async fn scene(&self, ctx: &Ctx, rule: &Rule, event: &Event, later: bool) -> Result<Option<Scene>> {
        let records = self.processes.records();
        let def = match records.defined(ctx, &event.entity).await {
            Err(Error::NotFound(_)) => return Ok(None),
            def => def?,
        };
        let id = RecordId(event.record);
        let Some(image) = records.images(ctx, &event.entity, &[id]).await?.remove(&id) else { return Ok(None) };
        let actor = if asks_who(rule) { self.who(ctx, event).await? } else { ctx.acting_as(event.actor.clone()) };
        let deleted = image.get("deleted_at").is_some_and(|at| *at != Value::Null);
        let happened = Happened::to(&def, &image, event, later, &actor);
        Ok(Some(Scene { def, happened, deleted }))
    }

    /// Whoever made a change, with what they may do now.
    async fn who(&self, ctx: &Ctx, event: &Event) -> Result<Ctx> {
        let Some(user) = event.actor.user() else { return Ok(ctx.acting_as(event.actor.clone())) };
        match self.identities.of_user(ctx.tenant, user).await {
            Ok(identity) => Ok(identity.ctx(&ctx.env).acting_as(event.actor.clone())),
            Err(Error::NotFound(_) | Error::Unauthenticated) => {
                Ok(Ctx { rights: Arc::new(Rights::default()), ..ctx.acting_as(event.actor.clone()) })
            }
            Err(error) => Err(error),
        }
    }
}

/// The run of a rule on an event.
pub(super) enum Begun {
    /// There is nothing to do.
    Nothing,
    /// There was one of its occasion.
    Known(Run),
    /// It was made.
    New(Run),
}

/// What is to be done about an event.
enum Verdict {
    Nothing,
    Now,
    Later(Timestamp),
    Never(RunState, String),
}

/// Whether an event began a run.
fn is_of(run: &Run, event: &Event) -> bool {
    runs::occasion_of(&run.event) == runs::occasion_of(event)
}

/// Whether a run of a rule that acts once ended with nothing done, so that a new event may do it.
fn is_idle(run: &Run, event: &Event) -> bool {
    let over = matches!(run.state, RunState::Passed | RunState::Failed | RunState::Stopped);
    over && run.occasion == ONCE && run.step == 0 && run.results.is_empty() && !is_of(run, event)
}

/// Whether the condition of a rule holds.
fn meant(rule: &Rule, scene: &Scene) -> Result<bool, String> {
    condition(rule, &scene.def)?.map_or(Ok(true), |condition| scene.happened.holds(&condition))
}

/// The condition of a rule, ready to be asked.
pub(super) fn condition(rule: &Rule, def: &EntityDef) -> Result<Option<Expression>, String> {
    let when = rule.when.as_deref().map(|when| happened::compile(def, when));
    when.transpose().map_err(|error| words::said(&error))
}

/// Whether of the record only what it is when the rule acts counts.
pub(super) fn waits(rule: &Rule) -> bool {
    rule.delay.is_some() || matches!(rule.on.event, TriggerKind::Stuck | TriggerKind::Date | TriggerKind::Schedule)
}

/// Whether a record has been in the stage of a rule since then.
fn stays(scene: &Scene, rule: &Rule, since: Timestamp) -> bool {
    let in_stage = scene.happened.now("stage").as_text() == rule.on.stage.as_deref();
    in_stage && matches!(scene.happened.now("stage_since"), Value::Instant(at) if at <= since)
}

/// Whether an expression of a rule may look at whoever acts.
fn asks_who(rule: &Rule) -> bool {
    let actions = || serde_json::to_string(&rule.actions).unwrap_or_default();
    rule.when.as_ref().is_some_and(|when| when.contains("actor")) || actions().contains("actor")
}

/// The job of a run.
pub(super) fn job_of(ctx: &Ctx, run: &Run, at: Timestamp, by_hand: bool) -> Result<NewJob> {
    let payload = serde_json::to_value(Going { run: run.id, by_hand }).map_err(Error::internal)?;
    let mut job = NewJob::now(&ctx.env, GO_ON, payload).for_tenant(run.tenant);
    job.run_at = at;
    Ok(job)
}
