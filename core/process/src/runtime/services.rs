//! Service tasks: a job per call, made in the transaction of the step that asks; the answer comes back as a new step.
//!
//! A call carries an idempotency key (instance and wait), since its job may come twice. Record operations and letters
//! are done here; what needs a higher layer (webhooks, plugins) is a `Service`.

use kernel::ctx::Cause;
use kernel::db::Tx;
use kernel::jobs::{self, Handler, Job, JobError, Lane, NewJob};
use kernel::text::Message;
use kernel::{Actor, BatchId, Ctx, Error, InstanceId, RecordId, RecordRef, Result};
use messaging::mail::{LetterState, MailOutcome, MailOwner, NewMail, Parts, Reference, addresses};
use records::{Change, WriteOptions};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value as Json, json};
use uuid::Uuid;

use super::Processes;
use super::advance::Round;
use super::store::{self, Stored};
use crate::automation::names_people;
use crate::definition::model::{Definition, ElementId, NodeKind, SERVICES};
use crate::stepper::Event;
use crate::stepper::state::WaitId;

/// The job of a call of somebody else's service.
pub(super) const CALL: &str = "process.service";
/// The job of a call that our own database answers.
pub(super) const OWN: &str = "process.own_service";
/// Services that are done with our own database.
const OWN_SERVICES: [&str; 8] =
    ["create-record", "update-record", "delete-record", "link", "unlink", "email", "notice", "start-process"];
/// References of letters that service tasks send: `process:<wait>`, with the instance's id.
const LETTER: &str = "process:";

/// One call of a service.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ServiceCall {
    /// The instance; of a rule of automation its run.
    pub instance: InstanceId,
    /// Its wait, or the place of the action: with the instance the idempotency key.
    pub wait: WaitId,
    /// The service task; empty when a rule asks.
    pub element: String,
    /// `v:service`.
    pub kind: String,
    /// Evaluated parameters.
    pub parameters: Map<String, Json>,
    /// The record the instance is about.
    pub subject: Option<RecordRef>,
    /// Why the step was made that asks for it: what it writes goes on from there. A wait that was ended by a record's
    /// change is further down the chain than the instance's beginning.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cause: Option<Cause>,
    /// The undo group that its changes of records belong to, where whoever asks has one.
    #[serde(skip)]
    pub batch: Option<BatchId>,
}

impl ServiceCall {
    /// The instance and element that ask; none when a rule does.
    pub fn of_process(&self) -> Option<(InstanceId, &str)> {
        (!self.element.is_empty()).then_some((self.instance, self.element.as_str()))
    }

    /// What an operation on records answers, which is known before it is done; nothing of other calls.
    pub(crate) fn record_answer(&self) -> Option<Json> {
        let new = match self.kind.as_str() {
            "create-record" => true,
            "update-record" | "delete-record" | "link" | "unlink" => false,
            _ => return None,
        };
        let (entity, id, _) = target(self, !new).ok()?;
        let id = if new { RecordId(self.idempotency_key()) } else { id };
        Some(json!({"entity": entity, "id": id}))
    }

    /// The same for every try of this call, and of no other.
    pub fn idempotency_key(&self) -> Uuid {
        Self::key_of(self.instance, self.wait)
    }

    /// The same of a call that is not worded.
    pub(crate) fn key_of(instance: InstanceId, wait: u32) -> Uuid {
        kernel::id::derived(&format!("{instance}:{wait}"))
    }
}

/// Why a service did not do what was asked.
#[derive(Debug, Clone, PartialEq)]
pub enum ServiceFailure {
    /// Trying again may help.
    Again(String),
    /// It never will: an incident at once.
    Never(String),
    /// A BPMN error with this code, for a boundary event.
    Bpmn(String),
}

/// A kind of service that a higher layer does.
#[async_trait::async_trait]
pub trait Service: Send + Sync {
    /// Whether it does this `v:service`.
    fn serves(&self, kind: &str) -> bool;
    /// Does it. Called outside of any transaction; may be asked again with the same idempotency key.
    ///
    /// # Errors
    /// Why it was not done.
    async fn call(&self, ctx: &Ctx, call: &ServiceCall) -> Result<Json, ServiceFailure>;
}

/// Does what a service task asks for later, or, for letters, puts them into the outbox now.
pub(super) async fn enqueue(
    tx: &Tx,
    ctx: &Ctx,
    definition: &Definition,
    stored: &Stored,
    wait: WaitId,
    element: &ElementId,
    parameters: Map<String, Json>,
) -> Result<()> {
    let Some(NodeKind::Service(service)) = definition.find(element).map(|node| &definition.node(node).kind) else {
        return Ok(());
    };
    let call = ServiceCall {
        instance: stored.id,
        wait,
        element: element.to_string(),
        kind: service.kind.clone(),
        parameters,
        subject: stored.subject.clone(),
        cause: Some(if ctx.cause.hop > stored.cause.hop { &ctx.cause } else { &stored.cause }.clone()),
        batch: None,
    };
    let payload = serde_json::to_value(&call).map_err(Error::internal)?;
    let kind = if OWN_SERVICES.contains(&call.kind.as_str()) { OWN } else { CALL };
    let mut job = NewJob::now(&ctx.env, kind, payload).for_tenant(ctx.tenant);
    job.max_attempts = i64::from(service.retries).max(1);
    jobs::enqueue(tx, &ctx.env, job).await?;
    Ok(())
}

/// Runs service calls of one of both kinds.
pub(super) struct Call(pub(super) Processes, pub(super) &'static str);

#[async_trait::async_trait]
impl Handler for Call {
    fn kind(&self) -> &'static str {
        self.1
    }

    fn lane(&self) -> Lane {
        if self.1 == OWN { Lane::Short } else { Lane::Waiting }
    }

    /// The job took its worker with it too often: what else goes wrong is an answer.
    async fn dead(&self, _: &Job, _: &str) {
        self.0.tell_given_up_of(self.1).await;
    }

    async fn run(&self, job: &Job) -> Result<(), JobError> {
        let tenant = job.tenant.ok_or_else(|| JobError::Fatal("a service job without a tenant".into()))?;
        let call: ServiceCall =
            serde_json::from_value(job.payload.clone()).map_err(|error| JobError::Fatal(error.to_string()))?;
        let ctx = self.0.system(tenant).await?;
        let Some(stored) = store::load(self.0.db.read(), tenant, call.instance).await? else { return Ok(()) };
        if !stored.state.waits.contains_key(&call.wait) {
            return Ok(());
        }
        let step = Ctx { cause: call.cause.clone().unwrap_or(stored.cause), ..ctx };
        let process = stored.state.process.to_string();
        let cause = step.cause.through(&format!("process:{process}"));
        let ctx = Ctx { cause, actor: Actor::Process { id: call.instance, process }, ..step.clone() };
        match call.kind.as_str() {
            "email" => return Ok(self.0.send(&ctx, &call).await?),
            "notice" => return Ok(self.0.notify(&ctx, &call).await?),
            _ => {}
        }
        let event = match self.0.do_call(&ctx, &call, WriteOptions::default()).await {
            Ok(answer) => Event::Come { wait: call.wait, variables: Map::new(), result: Some(answer) },
            Err(ServiceFailure::Bpmn(code)) => Event::Error { wait: call.wait, code, variables: Map::new() },
            Err(ServiceFailure::Again(reason)) if job.attempt < job.max_attempts => {
                return Err(JobError::Retry(reason));
            }
            // The job ends well: the incident is where people look, not among the dead letters.
            Err(ServiceFailure::Again(message) | ServiceFailure::Never(message)) => {
                Event::Failed { wait: call.wait, message: message.into() }
            }
        };
        // What follows in the process is as far from the cause as the step that asked.
        self.0.happen(&step, call.instance, event).await?;
        Ok(())
    }
}

impl Processes {
    /// Does what a service task or a rule asks for, but for letters and notices. A change of a record is written with the
    /// options; what goes along with it, if something changes and no other crate owns its entity.
    ///
    /// # Errors
    /// Why it was not done.
    pub(crate) async fn do_call(
        &self,
        ctx: &Ctx,
        call: &ServiceCall,
        options: WriteOptions,
    ) -> Result<Json, ServiceFailure> {
        match call.kind.as_str() {
            "create-record" => self.create_record(ctx, call, &options).await,
            "update-record" => self.update_record(ctx, call, &options).await,
            "delete-record" => self.delete_record(ctx, call, &options).await,
            "link" | "unlink" => self.change_links(ctx, call, &options).await,
            "start-process" => self.start_another(ctx, call).await,
            kind => match self.services.get().into_iter().flatten().find(|service| service.serves(kind)) {
                Some(service) => service.call(ctx, call).await,
                None => Err(ServiceFailure::Never(format!(
                    "there is no service `{kind}`; {} and plugin:<id>/<action> exist",
                    SERVICES.join(", ")
                ))),
            },
        }
    }

    async fn create_record(
        &self,
        ctx: &Ctx,
        call: &ServiceCall,
        options: &WriteOptions,
    ) -> Result<Json, ServiceFailure> {
        let (entity, _, fields) = target(call, false)?;
        let id = RecordId(call.idempotency_key());
        match self.records.get(ctx, &entity, id).await {
            Ok(_) => return Ok(json!({"entity": entity, "id": id})),
            Err(Error::NotFound(_)) => {}
            Err(error) => return Err(failure(&error)),
        }
        self.write(ctx, &entity, Change::CreateAs { id, fields }, options).await?;
        Ok(json!({"entity": entity, "id": id}))
    }

    async fn update_record(
        &self,
        ctx: &Ctx,
        call: &ServiceCall,
        options: &WriteOptions,
    ) -> Result<Json, ServiceFailure> {
        let (entity, id, fields) = target(call, true)?;
        self.write(ctx, &entity, Change::Update { id, version: None, fields }, options).await?;
        Ok(json!({"entity": entity, "id": id}))
    }

    async fn delete_record(
        &self,
        ctx: &Ctx,
        call: &ServiceCall,
        options: &WriteOptions,
    ) -> Result<Json, ServiceFailure> {
        let (entity, id, _) = target(call, true)?;
        match self.write(ctx, &entity, Change::Delete { id, version: None }, options).await {
            Err(ServiceFailure::Never(_)) if self.gone(ctx, &entity, id).await => {}
            other => other?,
        }
        Ok(json!({"entity": entity, "id": id}))
    }

    async fn gone(&self, ctx: &Ctx, entity: &str, id: RecordId) -> bool {
        matches!(self.records.get(ctx, entity, id).await, Err(Error::NotFound(_)))
    }

    async fn write(
        &self,
        ctx: &Ctx,
        entity: &str,
        change: Change,
        options: &WriteOptions,
    ) -> Result<(), ServiceFailure> {
        let written = self.records.write_one(ctx, entity, change, options).await;
        written.map(drop).map_err(|error| failure(&error))
    }

    /// Tells people in the transaction of the step that follows.
    async fn notify(&self, ctx: &Ctx, call: &ServiceCall) -> Result<()> {
        let notice = self.notice(ctx, call).await;
        let tx = self.db.begin().await?;
        let event = match notice {
            Ok(notice) => {
                let told = notice.tell(&tx, ctx).await?;
                Event::Come { wait: call.wait, variables: Map::new(), result: Some(json!({"told": told})) }
            }
            Err(error) => match failure(&error) {
                ServiceFailure::Again(_) => return Err(error),
                ServiceFailure::Never(why) | ServiceFailure::Bpmn(why) => {
                    Event::Failed { wait: call.wait, message: why.into() }
                }
            },
        };
        // Whoever was quicker has told them.
        if !Round::new(self, &tx, ctx).run(call.instance, event).await? {
            return Ok(tx.rollback().await?);
        }
        Ok(tx.commit().await?)
    }

    /// A letter with the addresses of the people that it names, and of the record's client.
    async fn with_addresses(&self, ctx: &Ctx, call: &ServiceCall) -> Result<ServiceCall> {
        let mut call = call.clone();
        for name in ["to", "cc"] {
            if names_people(call.parameters.get(name)) {
                let named = self.addresses(ctx, call.parameters.get(name), call.subject.as_ref()).await?;
                call.parameters.insert(name.to_owned(), json!(named));
            }
        }
        Ok(call)
    }

    /// Puts the letter into the outbox; the step follows when it is settled.
    async fn send(&self, ctx: &Ctx, call: &ServiceCall) -> Result<()> {
        let call = match self.with_addresses(ctx, call).await {
            Ok(call) => call,
            Err(Error::NotFound(what)) => {
                let event = Event::Failed { wait: call.wait, message: format!("not found: {what}").into() };
                return self.happen(ctx, call.instance, event).await.map(drop);
            }
            Err(error) => return Err(error),
        };
        let tx = self.db.begin().await?;
        let mail = letter(&call, LETTER);
        let key = call.idempotency_key();
        match self.tasks.mail().queue_once(&tx, ctx, key, &mail).await {
            Ok(LetterState::Sent) => {
                let event =
                    Event::Come { wait: call.wait, variables: Map::new(), result: Some(json!({"letter": key})) };
                Round::new(self, &tx, ctx).run(call.instance, event).await?;
            }
            // Trying again is no answer to whether it went out.
            Ok(LetterState::Unsure) => {
                let message = Message::key("process.letter.undecided").with("letter", key);
                Round::new(self, &tx, ctx).run(call.instance, Event::Failed { wait: call.wait, message }).await?;
            }
            Ok(LetterState::Queued | LetterState::Sending | LetterState::Failed) => {}
            Err(Error::Invalid { fields, .. }) => {
                let reasons: Vec<String> = fields
                    .iter()
                    .map(|(field, error)| format!("{field}: {}", error.message.in_locale(ctx.locale)))
                    .collect();
                let message = Message::key("process.letter.wrong").with("reason", reasons.join("; "));
                Round::new(self, &tx, ctx).run(call.instance, Event::Failed { wait: call.wait, message }).await?;
            }
            Err(error) => return Err(error),
        }
        Ok(tx.commit().await?)
    }
}

/// The letter that parameters word, with a reference of this prefix.
pub(crate) fn letter(call: &ServiceCall, prefix: &str) -> NewMail {
    let text = |name: &str| match call.parameters.get(name) {
        Some(Json::String(text)) => text.clone(),
        Some(Json::Array(items)) => items.iter().filter_map(Json::as_str).collect::<Vec<_>>().join(","),
        Some(Json::Null) | None => String::new(),
        Some(other) => other.to_string(),
    };
    NewMail {
        to: addresses(&text("to")),
        cc: addresses(&text("cc")),
        subject: text("subject"),
        text: text("text"),
        reply_to: Some(text("reply_to")).filter(|address| !address.is_empty()),
        reference: Reference { kind: format!("{prefix}{}", call.wait), id: call.instance.0 },
        parts: Parts::default(),
    }
}

/// Entity, id and fields of a record operation: parameters `entity`, `id` (both by default the subject's), `fields` (an
/// object) and one for each field.
pub(super) fn target(
    call: &ServiceCall,
    existing: bool,
) -> Result<(String, RecordId, Map<String, Json>), ServiceFailure> {
    let never = |reason: &str| ServiceFailure::Never(format!("{}: {reason}", call.kind));
    let mut parameters = call.parameters.clone();
    let entity = match (parameters.remove("entity"), &call.subject) {
        (Some(Json::String(entity)), _) => entity,
        (None, Some(subject)) if existing => subject.entity.to_string(),
        _ => return Err(never("the parameter `entity` is missing")),
    };
    let id = match (parameters.remove("id"), &call.subject) {
        (Some(Json::String(id)), _) => id.parse().map_err(|_| never("the parameter `id` is no id"))?,
        (None, Some(subject)) if subject.entity == entity.as_str() => subject.id,
        _ if existing => return Err(never("the parameter `id` is missing, and the process is about no such record")),
        _ => RecordId(Uuid::nil()),
    };
    let mut fields = match parameters.remove("fields") {
        Some(Json::Object(fields)) => fields,
        None => Map::new(),
        Some(_) => return Err(never("the parameter `fields` is no object")),
    };
    fields.extend(parameters);
    Ok((entity, id, fields))
}

/// What an error of a service of ours means to whoever asked.
pub fn failure(error: &Error) -> ServiceFailure {
    let locale = kernel::Locale::default();
    match error {
        Error::Database(_) | Error::Raced(_) | Error::Unavailable(_) | Error::Limited { .. } | Error::Internal(_) => {
            ServiceFailure::Again(error.to_string())
        }
        // People are told less; whoever mends the process must know what it was.
        Error::NotFound(what) => ServiceFailure::Never(format!("not found: {what}")),
        Error::Conflict { code, .. } if *code == "record.conflict" => ServiceFailure::Again(error.to_string()),
        _ => {
            let fields: Vec<String> =
                error.fields_in(locale).into_iter().map(|(field, (_, words))| format!("{field}: {words}")).collect();
            ServiceFailure::Never(
                format!("{} {}", error.message().in_locale(locale), fields.join("; ")).trim().to_owned(),
            )
        }
    }
}

/// Why a settled letter did not go out, or perhaps did not; nothing of one that did.
pub(crate) fn not_sent(outcome: &MailOutcome) -> Option<Message> {
    match outcome {
        MailOutcome::Sent => None,
        MailOutcome::Failed(reason) => Some(Message::key("process.letter.not_sent").with("reason", reason)),
        MailOutcome::Unsure(reason) => Some(Message::key("process.letter.unsure").with("reason", reason)),
    }
}

/// A settled letter of a service task is its answer.
pub(super) struct Letters(pub(super) Processes);

#[async_trait::async_trait]
impl MailOwner for Letters {
    fn owns(&self, kind: &str) -> bool {
        kind.starts_with(LETTER)
    }

    async fn settled(
        &self,
        tx: &Tx,
        ctx: &Ctx,
        reference: &Reference,
        letter: Uuid,
        outcome: &MailOutcome,
    ) -> Result<()> {
        let Some(wait) = reference.kind.strip_prefix(LETTER).and_then(|wait| wait.parse().ok()) else { return Ok(()) };
        let event = match not_sent(outcome) {
            None => Event::Come { wait, variables: Map::new(), result: Some(json!({"letter": letter})) },
            Some(message) => Event::Failed { wait, message },
        };
        Round::new(&self.0, tx, ctx).run(InstanceId(reference.id), event).await.map(drop)
    }
}
