//! THE step: one event goes into the stepper, and everything that comes out is written in one transaction.
//!
//! A step may cause others (a called process begins, a message finds its receiver): they follow in the same
//! transaction, one after another, up to `MAX_CHAIN`.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use futures::FutureExt;
use kernel::ctx::Cause;
use kernel::db::{ConnectionTrait, Tx};
use kernel::{Ctx, Error, InstanceId, RecordRef, Result, Timestamp};
use serde_json::{Value as Json, json};

use super::Processes;
use super::locks;
use super::publish::Thrown;
use super::slice::{self, SLICE, Slice};
use super::store::{self, Stored};
use crate::definition::model::{Definition, ElementId};
use crate::stepper::budget::Pace;
use crate::stepper::event::{Command, Visit};
use crate::stepper::state::{Status, Wait, WaitId};
use crate::stepper::{self, Event, Input, State};

/// Steps of one transaction, with those of the transactions it goes on from.
const MAX_CHAIN: u32 = 1_000;
/// Steps after which the rest of a transaction is put off: what is begun then only begins.
const AT_ONCE: u32 = 200;

/// Steps of one transaction: those done and those to come.
pub(super) struct Round<'a> {
    pub(super) processes: &'a Processes,
    pub(super) tx: &'a Tx,
    pub(super) ctx: &'a Ctx,
    /// Why what is done now is done.
    pub(super) cause: Cause,
    queue: VecDeque<(Queued, Cause)>,
    /// Instances that begin, before anything else happens.
    pub(super) begins: Vec<(Stored, Event)>,
    followed: Option<Followed>,
    /// Instances that were written.
    pub(super) written: Vec<InstanceId>,
    /// Steps of this transaction, and of those it goes on from.
    pub(super) steps: u32,
    /// Processor time that is left for steps.
    pub(super) left: Duration,
    /// Why a job was given up: what it was to bring is an incident where it was to come.
    pub(super) given_up: Option<String>,
}

/// What is still to be done when everything before it has come to rest.
enum Queued {
    /// An event of an instance.
    Event(InstanceId, Event),
    /// A message finds its receiver.
    Message(Thrown),
}

/// An instance as the round left it, with what it left behind.
pub(super) struct Followed {
    pub(super) stored: Stored,
    pub(super) visits: Vec<Visit>,
}

/// What is still to be done of a step: kept on a list of ours, since a step may begin an instance whose first step
/// begins another one, a thousand times, and the stack of a thread is small.
enum Work {
    Begin(Box<(Stored, Event)>),
    Obey(Box<Written>),
}

/// A step that is written, and what it asks for.
struct Written {
    definition: Arc<Definition>,
    stored: Stored,
    before: BTreeMap<WaitId, Wait>,
    cause: Cause,
    commands: std::vec::IntoIter<Command>,
}

impl<'a> Round<'a> {
    pub(super) fn new(processes: &'a Processes, tx: &'a Tx, ctx: &'a Ctx) -> Self {
        Self {
            processes,
            tx,
            ctx,
            cause: ctx.cause.clone(),
            queue: VecDeque::new(),
            begins: Vec::new(),
            followed: None,
            written: Vec::new(),
            steps: 0,
            left: SLICE,
            given_up: None,
        }
    }

    /// A transaction that tells of what a job that was given up should have brought.
    pub(super) fn given_up(processes: &'a Processes, tx: &'a Tx, ctx: &'a Ctx, reason: &str) -> Self {
        Self { given_up: Some(reason.to_owned()), ..Self::new(processes, tx, ctx) }
    }

    /// A transaction that goes on from others with so many steps.
    pub(super) fn after(processes: &'a Processes, tx: &'a Tx, ctx: &'a Ctx, steps: u32) -> Self {
        Self { steps, ..Self::new(processes, tx, ctx) }
    }

    /// The same with so much processor time left.
    pub(super) fn within(self, left: Duration) -> Self {
        Self { left, ..self }
    }

    /// Has an event happen when everything before it has come to rest.
    pub(super) fn post(&mut self, instance: InstanceId, event: Event) {
        self.queue.push_back((Queued::Event(instance, event), self.cause.clone()));
    }

    /// Has a message find its receiver when everything before it has come to rest.
    pub(super) fn post_message(&mut self, message: Thrown) {
        self.queue.push_back((Queued::Message(message), self.cause.clone()));
    }

    /// One event of one instance and everything it causes. False when there is no such instance, or the event was
    /// about something that is no more.
    pub(super) async fn run(&mut self, instance: InstanceId, event: Event) -> Result<bool> {
        match locks::lock(self.tx, self.ctx.tenant, instance).await? {
            Some(stored) => self.run_on(stored, event).await,
            None => Ok(false),
        }
    }

    /// The same with an instance that the caller has locked and read.
    pub(super) async fn run_on(&mut self, stored: Stored, event: Event) -> Result<bool> {
        let happened = self.step(stored, event).await?;
        self.drain().await?;
        Ok(happened)
    }

    /// The first step of a new instance and everything it causes.
    pub(super) async fn begin(&mut self, stored: Stored, event: Event) -> Result<()> {
        self.begins.push((stored, event));
        self.drain().await
    }

    /// The first step of a new instance and everything it causes, and what became of it.
    pub(super) async fn follow(&mut self, stored: Stored, event: Event) -> Result<Followed> {
        self.followed = Some(Followed { stored: stored.clone(), visits: Vec::new() });
        self.begin(stored, event).await?;
        self.followed.take().ok_or_else(|| Error::Internal("the instance was not followed".into()))
    }

    /// Has instances begin that are to begin.
    pub(super) async fn begin_waiting(&mut self) -> Result<()> {
        self.work(Vec::new()).await
    }

    /// Does what is queued.
    pub(super) async fn drain(&mut self) -> Result<()> {
        self.begin_waiting().await?;
        while let Some((queued, cause)) = self.queue.pop_front() {
            self.cause = cause;
            match queued {
                Queued::Event(instance, event) => {
                    if let Some(stored) = locks::lock(self.tx, self.ctx.tenant, instance).await? {
                        self.step(stored, event).await?;
                    }
                }
                Queued::Message(message) => {
                    self.deliver(message).await?;
                }
            }
        }
        Ok(())
    }

    /// One event of an instance that is locked and read, with what it begins. Whether it was about something that is
    /// there.
    pub(super) async fn step(&mut self, stored: Stored, event: Event) -> Result<bool> {
        let Some(written) = self.write(stored, event, false).await? else { return Ok(false) };
        self.work(vec![Work::Obey(Box::new(written))]).await?;
        Ok(true)
    }

    /// Does what was asked for, the latest first: an instance that a command begins comes to rest before the next
    /// command.
    async fn work(&mut self, mut list: Vec<Work>) -> Result<()> {
        async move {
            loop {
                list.extend(self.begins.drain(..).rev().map(|begin| Work::Begin(Box::new(begin))));
                match list.pop() {
                    None => return Ok(()),
                    Some(Work::Begin(begin)) => {
                        let (stored, event) = *begin;
                        self.cause = stored.cause.clone();
                        self.tell(&stored, "started").await?;
                        list.extend(self.write(stored, event, true).await?.map(|it| Work::Obey(Box::new(it))));
                    }
                    Some(Work::Obey(mut written)) => {
                        let Some(command) = written.commands.next() else { continue };
                        self.cause.clone_from(&written.cause);
                        self.obey(&written.definition, &written.stored, &written.before, command).await?;
                        list.push(Work::Obey(written));
                    }
                }
            }
        }
        .boxed()
        .await
    }

    /// Takes a step and writes it; none when the event was about something that is no more.
    async fn write(&mut self, mut stored: Stored, event: Event, fresh: bool) -> Result<Option<Written>> {
        async move {
            self.steps += 1;
            if self.steps > MAX_CHAIN {
                return Err(Error::Conflict { code: "process.chain_too_long", current: None });
            }
            if self.steps > AT_ONCE {
                self.left = Duration::ZERO;
            }
            let definition = self.processes.ready(self.tx, self.ctx.tenant, stored.definition, stored.version).await?;
            let event_text = serde_json::to_string(&event).map_err(Error::internal)?;
            let outside = Outside::of(self, &definition, &stored).await?;
            let process = ElementId::clone(&stored.state.process);
            let was = std::mem::replace(&mut stored.state, State::new(process));
            let before = was.waits.clone();
            // Of one that begins nothing is written yet, and there is little of it.
            let unwritten = fresh.then(|| was.clone());
            let moment = Outside::moment(self.ctx, &stored);
            let (at_once, left) =
                slice::here(self.left, |slice| stepper::step(&definition, was, event, &outside.input(&moment, slice)));
            let (outcome, left) = match at_once.state.paused {
                // From its beginning, where it keeps nobody up: steps are pure.
                Some(_) if !left.is_zero() => {
                    let was = match unwritten {
                        Some(state) => state,
                        None => self.as_it_stands(stored.id).await?,
                    };
                    let event: Event = serde_json::from_str(&event_text).map_err(Error::internal)?;
                    let shared = Arc::clone(&definition);
                    let step = move |slice: &Slice| stepper::step(&shared, was, event, &outside.input(&moment, slice));
                    slice::work(left, step).await?
                }
                _ => (at_once, left),
            };
            self.left = left;
            if outcome.stale {
                return Ok(None);
            }
            stored.state = outcome.state;
            stored.revision += 1;
            if stored.state.status != Status::Active {
                stored.ended_at = Some(self.ctx.now());
            }
            self.written.push(stored.id);
            let (visits, commands) = apart(outcome.commands);
            if let Some(followed) = self.followed.as_mut().filter(|followed| followed.stored.id == stored.id) {
                followed.stored = stored.clone();
                followed.visits.extend_from_slice(&visits);
            }
            store::save(self.tx, self.ctx.tenant, &stored, fresh).await?;
            store::save_waits(self.tx, self.ctx.tenant, &stored, &before).await?;
            store::save_visits(self.tx, self.ctx.tenant, &stored, self.ctx.user(), &visits).await?;
            store::save_step(self.tx, &stored, self.ctx.now(), self.ctx.user(), event_text).await?;
            let cause = self.cause.clone();
            Ok(Some(Written { definition, stored, before, cause, commands: commands.into_iter() }))
        }
        .boxed()
        .await
    }
}

impl Round<'_> {
    /// The state of an instance that is locked, as it is written: few steps are long, and most have no need of a copy.
    async fn as_it_stands(&self, id: InstanceId) -> Result<State> {
        let stored = store::load(self.tx, self.ctx.tenant, id).await?;
        Ok(stored.ok_or_else(|| Error::NotFound(format!("process instance {id}")))?.state)
    }
}

fn apart(commands: Vec<Command>) -> (Vec<Visit>, Vec<Command>) {
    let mut visits = Vec::new();
    let mut others = Vec::new();
    for command in commands {
        match command {
            Command::Visit(visit) => visits.push(visit),
            other => others.push(other),
        }
    }
    (visits, others)
}

/// What expressions see besides variables.
pub(super) struct Outside {
    record: Json,
    instance: Json,
    actor: Json,
    told: Vec<String>,
}

/// What a step is told of its surroundings, besides what expressions see.
pub(super) struct Moment {
    now: Timestamp,
    zone: chrono_tz::Tz,
    called: bool,
}

impl Outside {
    async fn of(round: &Round<'_>, definition: &Definition, stored: &Stored) -> Result<Self> {
        let record = match &stored.subject {
            Some(subject) => round.processes.subject(round.tx, round.ctx, subject).await?,
            None => Json::Null,
        };
        round.processes.outside(round.ctx, record, definition, stored).await
    }

    fn with(ctx: &Ctx, record: Json, definition: &Definition, stored: &Stored, told: Vec<String>) -> Self {
        let instance = json!({
            "id": stored.id,
            "key": definition.key,
            "process": stored.state.process,
            "started": stored.started_at,
        });
        let actor = ctx.user().map_or(Json::Null, |user| json!({"user": user}));
        Self { record, instance, actor, told }
    }

    /// When and for whom an instance is stepped.
    pub(super) fn moment(ctx: &Ctx, stored: &Stored) -> Moment {
        Moment { now: ctx.now(), zone: ctx.zone, called: stored.parent.is_some() }
    }

    pub(super) fn input<'a>(&'a self, moment: &Moment, pace: &'a dyn Pace) -> Input<'a> {
        Input {
            now: moment.now,
            record: &self.record,
            instance: &self.instance,
            actor: &self.actor,
            zone: moment.zone,
            called: moment.called,
            told: &self.told,
            pace,
        }
    }
}

impl Processes {
    /// What an instance about this record is told of its surroundings.
    pub(super) async fn outside(
        &self,
        ctx: &Ctx,
        record: Json,
        definition: &Definition,
        stored: &Stored,
    ) -> Result<Outside> {
        let told = self.told(ctx, definition).await?;
        Ok(Outside::with(ctx, record, definition, stored, told))
    }

    /// One event of one instance, in a transaction of its own.
    ///
    /// # Errors
    /// When the database fails, or a task cannot be made.
    pub(super) async fn happen(&self, ctx: &Ctx, instance: InstanceId, event: Event) -> Result<bool> {
        let tx = self.db.begin().await?;
        let happened = Round::new(self, &tx, ctx).run(instance, event).await?;
        tx.commit().await?;
        Ok(happened)
    }

    /// The subject's fields as expressions see them, null when it is gone. The process reads with the product's own
    /// rights: what it shows to people passes theirs again.
    pub(super) async fn subject(&self, conn: &impl ConnectionTrait, ctx: &Ctx, subject: &RecordRef) -> Result<Json> {
        let system = Ctx::system(ctx.tenant, ctx.zone, ctx.locale, &ctx.env);
        match self.records.get_in(conn, &system, &subject.entity, subject.id).await {
            Ok(record) => {
                let mut fields: serde_json::Map<String, Json> =
                    record.fields.iter().map(|(key, value)| (key.to_string(), value.to_json())).collect();
                fields.insert("id".to_owned(), json!(subject.id));
                fields.insert("entity".to_owned(), json!(subject.entity));
                Ok(Json::Object(fields))
            }
            Err(Error::NotFound(_)) => Ok(Json::Null),
            Err(error) => Err(error),
        }
    }

    /// The subject's fields as a person sees them: for what is only looked at.
    pub(super) async fn subject_for(
        &self,
        conn: &impl ConnectionTrait,
        ctx: &Ctx,
        subject: &RecordRef,
    ) -> Result<Json> {
        let mut record = self.subject(conn, ctx, subject).await?;
        if let Json::Object(fields) = &mut record {
            fields.retain(|field, _| ctx.rights.sees(&subject.entity, field));
        }
        Ok(record)
    }
}
