//! The actions of a run. Requests, plugins and processes go through services, which know a call that comes twice; what is
//! done with our own database is done in the transaction that notes it.

use std::sync::Arc;

use kernel::db::Tx;
use kernel::error::FieldError;
use kernel::jobs;
use kernel::text::Message;
use kernel::{Actor, Ctx, Error, InstanceId, RecordId, RecordRef, Result, Value};
use messaging::mail::{LetterState, NewMail};
use records::{Along, WriteOptions};
use serde_json::{Map, Value as Json, json};
use work::tasks::{NewTask, TaskContract};

use super::answer::{LINK, Scene, job_of, waits};
use super::model::{Action, ActsAs, SCRIPT};
use super::rules::Kept;
use super::runs::{self, Came, Run, RunState};
use super::{Automations, apply, letters, people, words};
use crate::definition::time;
use crate::runtime::{MessageInput, Notice, ServiceCall, ServiceFailure, Thrown, failure, letter};
use crate::stepper::budget::weigh;

/// Tries of an action that may go well later.
const TRIES: i64 = 6;
/// Bytes of an answer that are kept for the actions after it.
const MAX_RESULT: usize = 65_536;

/// A run at an action.
struct At<'a> {
    /// Whoever acts, and why.
    acting: Ctx,
    scene: &'a Scene,
    subject: RecordRef,
    call: ServiceCall,
}

/// What is made in the transaction that notes it.
enum Ours {
    Task(Box<NewTask>),
    Notice(Notice),
    Letter(Box<NewMail>),
    Message(Box<Thrown>),
    Value(Json),
}

/// Notes an action on records as done in the transaction of their change.
#[derive(Debug)]
struct Noted {
    ctx: Ctx,
    run: Run,
    result: Json,
    last: bool,
}

#[async_trait::async_trait]
impl Along for Noted {
    async fn write(&self, tx: &Tx) -> Result<()> {
        let further = Came::Further { result: &self.result, last: self.last };
        match runs::came(tx, &self.ctx, &mut self.run.clone(), further).await? {
            true => Ok(()),
            false => Err(Error::Unavailable("somebody else goes on with the run".into())),
        }
    }
}

impl Automations {
    /// Does what is left of a run.
    pub(super) async fn go_on(&self, ctx: &Ctx, kept: &Kept, mut run: Run, by_hand: bool) -> Result<()> {
        let (rule, event) = (&kept.placed.rule, run.event.clone());
        let Some(scene) = self.scene(ctx, rule, &event, waits(rule)).await? else {
            let why = Message::key("automation.gone").in_locale(ctx.locale);
            return self.end(ctx, &mut run, RunState::Failed, Some(&why)).await;
        };
        let acting = match self.acting(ctx, kept, &run).await? {
            Ok(acting) => acting,
            Err(why) => return self.end(ctx, &mut run, RunState::Failed, Some(&why)).await,
        };
        let actions = &rule.actions;
        if by_hand && let Err(error) = self.send_again(&acting, &scene, &run, actions).await {
            return match failure(&error) {
                ServiceFailure::Again(_) => Err(error),
                ServiceFailure::Never(why) | ServiceFailure::Bpmn(why) => {
                    self.end(ctx, &mut run, RunState::Failed, Some(&why)).await
                }
            };
        }
        while let Some(action) = actions.get(run.step) {
            let last = run.step + 1 == actions.len();
            match self.act(&acting, &scene, &mut run, action, last).await {
                Ok(true) => {}
                Ok(false) => return Ok(()),
                Err(ServiceFailure::Again(why)) if run.tries + 1 < TRIES => {
                    return self.try_later(ctx, &mut run, &why).await;
                }
                Err(ServiceFailure::Again(why) | ServiceFailure::Never(why) | ServiceFailure::Bpmn(why)) => {
                    let why = format!("{}: {why}", action.kind);
                    return self.end(ctx, &mut run, RunState::Failed, Some(&why)).await;
                }
            }
        }
        if run.state == RunState::Running { self.end(ctx, &mut run, RunState::Done, None).await } else { Ok(()) }
    }

    /// Whoever a rule acts as, and why; or why it cannot, for people.
    async fn acting(&self, ctx: &Ctx, kept: &Kept, run: &Run) -> Result<Result<Ctx, String>> {
        let rule = &kept.placed.rule;
        let cause = run.event.cause.through(&format!("{LINK}{}", rule.name));
        let actor = |user| Actor::Rule { id: kept.placed.id, name: rule.name.clone(), user };
        if rule.acts_as == ActsAs::Rule {
            return Ok(Ok(Ctx { cause, ..ctx.acting_as(actor(None)) }));
        }
        let words = |key: &str| Ok(Err(Message::key(key).in_locale(ctx.locale)));
        let Some(user) = run.event.actor.user() else { return words("automation.nobody") };
        match self.identities.of_user(ctx.tenant, user).await {
            Ok(identity) => Ok(Ok(Ctx { cause, ..identity.ctx(&ctx.env).acting_as(actor(Some(user))) })),
            Err(Error::NotFound(_) | Error::Unauthenticated) => words("automation.person_gone"),
            Err(error) => Err(error),
        }
    }

    async fn try_later(&self, ctx: &Ctx, run: &mut Run, why: &str) -> Result<()> {
        let minutes = (run.tries + 1) * (run.tries + 1);
        let at = ctx.now().plus_seconds(minutes * 60);
        let tx = self.processes.db().begin().await?;
        if !runs::came(&tx, ctx, run, Came::Again { at, why }).await? {
            return Ok(tx.rollback().await?);
        }
        jobs::enqueue(&tx, &ctx.env, job_of(ctx, run, at, false)?).await?;
        Ok(tx.commit().await?)
    }

    /// One action. False when somebody else has brought the run further.
    async fn act(
        &self,
        acting: &Ctx,
        scene: &Scene,
        run: &mut Run,
        action: &Action,
        last: bool,
    ) -> Result<bool, ServiceFailure> {
        let at = at(acting, scene, run, run.step, action)?;
        if matches!(action.kind.as_str(), "task" | "notice" | "email" | "message" | SCRIPT) {
            return self.inside(&at, run, last).await.map_err(|error| failure(&error));
        }
        let known = at.call.record_answer();
        let note = known.map(|result| Noted { ctx: acting.clone(), run: run.clone(), result, last });
        let on_records = note.is_some();
        let result = bounded(self.outside(&at, note.map(|note| -> Arc<dyn Along> { Arc::new(note) })).await?);
        self.noted(acting, run, &result, last, on_records).await.map_err(|error| failure(&error))
    }

    /// Notes an action of a service as done, unless it has noted itself.
    async fn noted(&self, ctx: &Ctx, run: &mut Run, result: &Json, last: bool, on_records: bool) -> Result<bool> {
        let db = self.processes.db();
        if on_records
            && let Some(now) = runs::by_id(db.read(), run.tenant, run.id).await?
            && now.step > run.step
        {
            *run = now;
            return Ok(true);
        }
        let tx = db.begin().await?;
        if !runs::came(&tx, ctx, run, Came::Further { result, last }).await? {
            tx.rollback().await?;
            return Ok(false);
        }
        tx.commit().await?;
        Ok(true)
    }

    /// Through the services of processes.
    async fn outside(&self, at: &At<'_>, note: Option<Arc<dyn Along>>) -> Result<Json, ServiceFailure> {
        let options = WriteOptions { along: note, batch: at.call.batch, ..WriteOptions::default() };
        self.processes.do_call(&at.acting, &at.call, options).await
    }

    /// In the transaction that notes it. People are looked for before: a transaction must not wait for a second
    /// connection.
    async fn inside(&self, at: &At<'_>, run: &mut Run, last: bool) -> Result<bool> {
        let ours = match at.call.kind.as_str() {
            "task" => Ours::Task(Box::new(task(at)?)),
            "notice" => Ours::Notice(self.processes.notice(&at.acting, &at.call).await?),
            "message" => Ours::Message(Box::new(self.processes.thrown(&at.acting, message(at)).await?)),
            SCRIPT => Ours::Value(bounded(at.call.parameters.get(SCRIPT).cloned().unwrap_or_default())),
            _ => Ours::Letter(Box::new(self.letter(at).await?)),
        };
        let tx = self.processes.db().begin().await?;
        let result = self.make(&tx, at, ours).await?;
        if !runs::came(&tx, &at.acting, run, Came::Further { result: &result, last }).await? {
            tx.rollback().await?;
            return Ok(false);
        }
        tx.commit().await?;
        Ok(true)
    }

    async fn make(&self, tx: &Tx, at: &At<'_>, ours: Ours) -> Result<Json> {
        match ours {
            Ours::Task(new) => {
                let id = self.processes.tasks().open(tx, &at.acting, *new).await?;
                Ok(json!({"entity": "task", "id": id}))
            }
            Ours::Notice(notice) => {
                let told = notice.tell(tx, &at.acting).await?;
                Ok(json!({"told": told}))
            }
            Ours::Message(message) => {
                let delivered = self.processes.deliver_in(tx, &at.acting, *message).await?;
                serde_json::to_value(delivered).map_err(Error::internal)
            }
            Ours::Value(value) => Ok(value),
            Ours::Letter(mail) => {
                let key = at.call.idempotency_key();
                match self.processes.tasks().mail().queue_once(tx, &at.acting, key, &mail).await? {
                    LetterState::Unsure => Err(nobody(at, "process.letter.undecided")),
                    _ => Ok(json!({"letter": key})),
                }
            }
        }
    }

    async fn letter(&self, at: &At<'_>) -> Result<NewMail> {
        let mut call = at.call.clone();
        for name in ["to", "cc"] {
            let addresses = self.processes.addresses(&at.acting, call.parameters.get(name), Some(&at.subject)).await?;
            call.parameters.insert(name.to_owned(), json!(addresses));
        }
        if call.parameters.get("to").and_then(Json::as_array).is_none_or(Vec::is_empty) {
            return Err(nobody(at, "automation.no_address"));
        }
        Ok(letter(&call, letters::LETTER))
    }

    /// Letters of actions that are done, if no mail server took them: only those are worded anew.
    async fn send_again(&self, acting: &Ctx, scene: &Scene, run: &Run, actions: &[Action]) -> Result<()> {
        let done = actions.iter().enumerate().take(run.step).filter(|(_, action)| action.kind == "email");
        for (step, action) in done {
            let key = ServiceCall::key_of(InstanceId(run.id), u32::try_from(step).unwrap_or(u32::MAX));
            match self.processes.tasks().mail().state_of(acting, key).await? {
                Some(LetterState::Failed) => {}
                Some(LetterState::Unsure) => {
                    let words = Message::key("process.letter.undecided").with("letter", key);
                    return Err(wrong("to", words.in_locale(acting.locale)));
                }
                _ => continue,
            }
            let at = at(acting, scene, run, step, action).map_err(|failure| match failure {
                ServiceFailure::Again(why) | ServiceFailure::Never(why) | ServiceFailure::Bpmn(why) => {
                    wrong("parameters", why)
                }
            })?;
            let mail = self.letter(&at).await?;
            let tx = self.processes.db().begin().await?;
            self.make(&tx, &at, Ours::Letter(Box::new(mail))).await?;
            tx.commit().await?;
        }
        Ok(())
    }
}

impl At<'_> {
    /// The record, unless it is in the bin.
    fn about(&self) -> Option<RecordRef> {
        (!self.scene.deleted).then(|| self.subject.clone())
    }
}

/// The task that parameters word.
fn task(at: &At<'_>) -> Result<NewTask> {
    let parameters = &at.call.parameters;
    let duration = match text(parameters, "within") {
        span if span.is_empty() => None,
        span => Some(time::working(&span).map_err(|why| wrong("within", why))?),
    };
    let owner = match at.scene.happened.field("owner") {
        Value::Id(owner) => Some(owner),
        _ => None,
    };
    Ok(NewTask {
        title: text(parameters, "title"),
        description: text(parameters, "description"),
        subject: at.about(),
        executors: people::executors(parameters.get("executors")).map_err(|why| wrong("executors", why))?,
        contract: TaskContract { duration, ..TaskContract::default() },
        owner,
        ..NewTask::default()
    })
}

/// The message that parameters word: its name, `key`, and its variables.
fn message(at: &At<'_>) -> MessageInput {
    let mut variables = at.call.parameters.clone();
    let name = text(&variables, "message");
    let key = Some(text(&variables, "key")).filter(|key| !key.is_empty());
    for own in ["message", "key"] {
        variables.remove(own);
    }
    MessageInput { name, key, variables, subject: at.about() }
}

/// A run at one of its actions, with the parameters as they are now.
fn at<'a>(acting: &Ctx, scene: &'a Scene, run: &Run, step: usize, action: &Action) -> Result<At<'a>, ServiceFailure> {
    let results = Json::Array(run.results.iter().take(step).cloned().collect());
    let parameters = words::evaluate(&scene.def, &action.asked(), &scene.happened, &results);
    let subject = RecordRef { entity: run.entity.as_str().into(), id: RecordId(run.record) };
    let (kind, parameters) = worded(&action.kind, parameters.map_err(ServiceFailure::Never)?);
    let call = ServiceCall {
        instance: InstanceId(run.id),
        wait: u32::try_from(step).unwrap_or(u32::MAX),
        element: String::new(),
        kind,
        parameters,
        subject: Some(subject.clone()),
        cause: None,
        batch: apply::batch_of(&run.event),
    };
    Ok(At { acting: acting.clone(), scene, subject, call })
}

/// An action as the services of processes call it.
pub(super) fn worded(kind: &str, mut parameters: Map<String, Json>) -> (String, Map<String, Json>) {
    let fields = |fields: Map<String, Json>| Map::from_iter([("fields".to_owned(), Json::Object(fields))]);
    match kind {
        "set-fields" | "move-stage" => ("update-record".to_owned(), fields(parameters)),
        "create-record" | "update-record" => {
            // Fields may be called like a parameter.
            let mut own = Map::new();
            for name in ["entity", "id"] {
                own.extend(parameters.remove_entry(name));
            }
            own.extend(fields(parameters));
            (kind.to_owned(), own)
        }
        _ => (kind.to_owned(), parameters),
    }
}

/// What somebody else answered, or that it is too much to keep.
fn bounded(result: Json) -> Json {
    let bytes = result.to_string().len();
    // What is too deep could not be read back.
    if bytes > MAX_RESULT || weigh(&result).is_err() { json!({"too_large": bytes}) } else { result }
}

fn text(parameters: &Map<String, Json>, name: &str) -> String {
    match parameters.get(name) {
        Some(Json::String(text)) => text.clone(),
        Some(Json::Null) | None => String::new(),
        Some(other) => other.to_string(),
    }
}

fn wrong(part: &str, why: String) -> Error {
    Error::field(super::INVALID, part, FieldError::new("invalid").with("reason", why))
}

/// There is nobody to tell, or nothing is known of the letter.
fn nobody(at: &At<'_>, key: &str) -> Error {
    let words = Message::key(key).with("letter", at.call.idempotency_key()).in_locale(at.acting.locale);
    wrong("to", words)
}
