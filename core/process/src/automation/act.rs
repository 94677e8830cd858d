//! The actions of a run. Records, requests and plugins go through the services of processes, which know a call that comes
//! twice; tasks, notices and letters are made in the transaction that notes them as done.

use std::collections::BTreeMap;

use kernel::db::Tx;
use kernel::jobs;
use kernel::text::Message;
use kernel::{Actor, Ctx, Error, InstanceId, RecordId, RecordRef, Result, Value};
use messaging::mail::LetterState;
use messaging::notifications::{self, Kind};
use serde_json::{Map, Value as Json, json};
use work::tasks::{NewTask, TaskContract};

use super::answer::{LINK, Scene, job_of};
use super::model::{Action, ActsAs, TriggerKind};
use super::rules::Kept;
use super::runs::{self, Came, Run, RunState};
use super::{Automations, letters, people, words};
use crate::definition::time;
use crate::runtime::{ServiceCall, ServiceFailure, StartInput, failure, letter};

/// Tries of an action that may go well later.
const TRIES: i64 = 6;
/// Characters of a notice.
const MAX_NOTICE: usize = 1_000;

/// A run at an action.
struct At<'a> {
    /// Whoever acts, and why.
    acting: Ctx,
    scene: &'a Scene,
    subject: RecordRef,
    call: ServiceCall,
}

impl Automations {
    /// Does what is left of a run.
    pub(super) async fn go_on(&self, ctx: &Ctx, kept: &Kept, mut run: Run, by_hand: bool) -> Result<()> {
        let (rule, event) = (&kept.placed.rule, run.event.clone());
        let later = rule.delay.is_some() || matches!(rule.on.event, TriggerKind::Stuck | TriggerKind::Date);
        let Some(scene) = self.scene(ctx, rule, &event, later).await? else {
            let why = Message::key("automation.gone").in_locale(ctx.locale);
            return self.end(ctx, &mut run, RunState::Failed, Some(&why)).await;
        };
        let acting = match self.acting(ctx, kept, &run).await? {
            Ok(acting) => acting,
            Err(why) => return self.end(ctx, &mut run, RunState::Failed, Some(&why)).await,
        };
        let actions = &rule.actions;
        if by_hand {
            self.send_again(&acting, &scene, &run, actions).await?;
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
        let ours = matches!(action.kind.as_str(), "task" | "notice" | "email");
        let result = if ours { None } else { Some(self.outside(&at).await?) };
        let written = async {
            let tx = self.processes.db().begin().await?;
            let result = match result {
                Some(result) => result,
                None => self.inside(&tx, &at).await?,
            };
            if !runs::came(&tx, acting, run, Came::Further { result: &result, last }).await? {
                tx.rollback().await?;
                return Ok(false);
            }
            tx.commit().await?;
            Ok(true)
        };
        written.await.map_err(|error: Error| failure(&error))
    }

    /// Through the services of processes.
    async fn outside(&self, at: &At<'_>) -> Result<Json, ServiceFailure> {
        if at.call.kind != "start-process" {
            return self.processes.do_call(&at.acting, &at.call).await;
        }
        let mut variables = at.call.parameters.clone();
        let definition = match variables.remove("process") {
            Some(Json::String(key)) => key,
            _ => return Err(ServiceFailure::Never("the parameter `process` is missing".into())),
        };
        let id = InstanceId(at.call.idempotency_key());
        let subject = Some(at.subject.clone());
        let input = StartInput { definition, version: None, process: None, subject, variables };
        self.processes.begin_once(&at.acting, id, input).await.map_err(|error| failure(&error))?;
        Ok(json!({"instance": id}))
    }

    /// In the transaction that notes it.
    async fn inside(&self, tx: &Tx, at: &At<'_>) -> Result<Json> {
        match at.call.kind.as_str() {
            "task" => self.task(tx, at).await,
            "notice" => self.notice(tx, at).await,
            _ => self.email(tx, at).await,
        }
    }

    async fn task(&self, tx: &Tx, at: &At<'_>) -> Result<Json> {
        let wrong = |why: String| Error::field(super::INVALID, "task", said(why));
        let duration = match text(&at.call.parameters, "within") {
            span if span.is_empty() => None,
            span => Some(time::working(&span).map_err(wrong)?),
        };
        let owner = match at.scene.happened.field("owner") {
            Value::Id(owner) => Some(owner),
            _ => None,
        };
        let new = NewTask {
            title: text(&at.call.parameters, "title"),
            description: text(&at.call.parameters, "description"),
            subject: at.about(),
            executors: people::executors(at.call.parameters.get("executors")).map_err(wrong)?,
            contract: TaskContract { duration, ..TaskContract::default() },
            owner,
            ..NewTask::default()
        };
        let id = self.processes.tasks().open(tx, &at.acting, new).await?;
        Ok(json!({"entity": "task", "id": id}))
    }

    async fn notice(&self, tx: &Tx, at: &At<'_>) -> Result<Json> {
        let wrong = |why: String| Error::field(super::INVALID, "to", said(why));
        let named = people::executors(at.call.parameters.get("to")).map_err(wrong)?;
        let people = self.told(&at.acting, &named, &at.subject).await?;
        if people.is_empty() {
            return Err(wrong(Message::key("automation.no_people").in_locale(at.acting.locale)));
        }
        let words: String = text(&at.call.parameters, "text").chars().take(MAX_NOTICE).collect();
        let params = BTreeMap::from([("text".to_owned(), words)]);
        let link = format!("/records/{}/{}", at.subject.entity, at.subject.id);
        // Whoever set the rule off is told too, if they are meant.
        let ctx = at.acting.acting_as(Actor::System);
        let count = people.len();
        notifications::tell_at(tx, &ctx, Kind::Rule, people, &link, &params).await?;
        Ok(json!({"told": count}))
    }

    async fn email(&self, tx: &Tx, at: &At<'_>) -> Result<Json> {
        let mut call = at.call.clone();
        for name in ["to", "cc"] {
            let addresses = self.addresses(&at.acting, call.parameters.get(name), &at.subject).await?;
            call.parameters.insert(name.to_owned(), json!(addresses));
        }
        let wrong = |key: &str| {
            let words = Message::key(key).with("letter", call.idempotency_key()).in_locale(at.acting.locale);
            Err(Error::field(super::INVALID, "to", said(words)))
        };
        if call.parameters.get("to").and_then(Json::as_array).is_none_or(Vec::is_empty) {
            return wrong("automation.no_address");
        }
        let (key, mail) = (call.idempotency_key(), letter(&call, letters::LETTER));
        match self.processes.tasks().mail().queue_once(tx, &at.acting, key, &mail).await? {
            LetterState::Unsure => wrong("process.letter.undecided"),
            _ => Ok(json!({"letter": key})),
        }
    }

    /// Letters of actions that are done, if no mail server took them.
    async fn send_again(&self, acting: &Ctx, scene: &Scene, run: &Run, actions: &[Action]) -> Result<()> {
        let done = actions.iter().enumerate().take(run.step).filter(|(_, action)| action.kind == "email");
        for (step, action) in done {
            let Ok(at) = at(acting, scene, run, step, action) else { continue };
            let tx = self.processes.db().begin().await?;
            self.email(&tx, &at).await?;
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

/// A run at one of its actions, with the parameters as they are now.
fn at<'a>(acting: &Ctx, scene: &'a Scene, run: &Run, step: usize, action: &Action) -> Result<At<'a>, ServiceFailure> {
    let results = Json::Array(run.results.iter().take(step).cloned().collect());
    let parameters = words::evaluate(&scene.def, &action.parameters, &scene.happened, &results);
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

fn text(parameters: &Map<String, Json>, name: &str) -> String {
    match parameters.get(name) {
        Some(Json::String(text)) => text.clone(),
        Some(Json::Null) | None => String::new(),
        Some(other) => other.to_string(),
    }
}

fn said(why: String) -> kernel::error::FieldError {
    kernel::error::FieldError::new("invalid").with("reason", why)
}
