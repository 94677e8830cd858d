//! What the stepper asks for, done in the transaction of the step: tasks are made, jobs enqueued, calls begun.

use std::collections::BTreeMap;

use kernel::ctx::Cause;
use kernel::db::{ConnectionTrait, Tx};
use kernel::event::{self, NewEvent};
use kernel::jobs::{self, NewJob};
use kernel::text::Message;
use kernel::{Ctx, Error, InstanceId, Result, Timestamp};
use sea_orm::sea_query::{Expr, ExprTrait, Query};
use serde_json::{Map, Value as Json, json};
use uuid::Uuid;
use work::tasks::{Escalation, ExecutorRule, MainAction, NewTask, Origin, Task, TaskContract, TaskOwner};

use super::advance::Round;
use super::publish::{THROWN, Thrown};
use super::store::Stored;
use super::{Processes, locks, services, timers};
use crate::definition::contract::{Contract, Executor};
use crate::definition::model::{Binding, Definition, ElementId, Node, NodeKind};
use crate::stepper::Event;
use crate::stepper::event::{Command, Evaluated};
use crate::stepper::state::{Role, State, Status, Wait, WaitId, WaitKind};

/// Calls of processes inside one another.
const MAX_DEPTH: i64 = 20;
/// Bytes of a text that a form shows at first.
const MAX_SHOWN: usize = 10_000;
/// The entity of events about instances.
pub const ENTITY: &str = "process_instance";

impl Round<'_> {
    /// Does one command of a step that is written already.
    pub(super) async fn obey(
        &mut self,
        definition: &Definition,
        stored: &Stored,
        before: &BTreeMap<WaitId, Wait>,
        command: Command,
    ) -> Result<()> {
        match command {
            Command::OpenTask { wait, element, parameters } => {
                self.open_task(definition, stored, wait, &element, parameters).await
            }
            Command::CallService { wait, element, parameters } => {
                services::enqueue(self.tx, &self.caused(), definition, stored, wait, &element, parameters).await
            }
            Command::CallProcess { wait, element, variables } => {
                self.call(definition, stored, wait, &element, variables).await
            }
            Command::ArmTimer { at, .. } => timers::arm(self.tx, self.ctx, at).await,
            Command::Withdraw { wait } => self.withdraw(stored, before.get(&wait), wait).await,
            Command::Message { name, key, variables } => {
                self.cause = self.further(stored);
                self.post_message(Thrown { name, key, variables, subject: None, sender: None });
                Ok(())
            }
            Command::Signal { name, variables } => {
                self.cause = self.further(stored);
                self.signal(&name, variables, None).await.map(drop)
            }
            Command::Continue => self.go_on_later(stored.id).await,
            Command::Escalated { code } => {
                if let Some((parent, wait)) = stored.parent {
                    self.post(parent, Event::Escalation { wait, code });
                }
                Ok(())
            }
            Command::Failed { code } => {
                if let Some((parent, wait)) = stored.parent {
                    let variables = stored.state.variables().cloned().unwrap_or_default();
                    self.post(parent, Event::Error { wait, code, variables });
                }
                self.tell(stored, "failed").await
            }
            Command::Incident { .. } => self.tell(stored, "incident").await,
            Command::Ended => self.ended(stored).await,
            Command::Visit(_) | Command::Subscribe { .. } | Command::Resolved { .. } => Ok(()),
        }
    }

    async fn ended(&mut self, stored: &Stored) -> Result<()> {
        if let (Some((parent, wait)), Status::Completed) = (stored.parent, stored.state.status) {
            let variables = stored.state.variables().cloned().unwrap_or_default();
            self.post(parent, Event::Come { wait, variables, result: None });
        }
        self.tell(stored, if stored.state.status == Status::Completed { "completed" } else { "cancelled" }).await
    }

    /// The context of what is done now.
    pub(super) fn caused(&self) -> Ctx {
        Ctx { cause: self.cause.clone(), ..self.ctx.clone() }
    }

    /// Why what an instance sets off happens.
    fn further(&self, stored: &Stored) -> Cause {
        self.cause.through(&format!("{THROWN}{}", stored.state.process))
    }

    /// Puts what happened into the event log.
    pub(super) async fn tell(&self, stored: &Stored, what: &str) -> Result<()> {
        let changes = match &stored.subject {
            Some(subject) => json!({"subject_entity": [null, subject.entity], "subject_id": [null, subject.id]}),
            None => json!({}),
        };
        let told = NewEvent {
            kind: format!("{ENTITY}.{what}"),
            entity: ENTITY,
            record: stored.id.0,
            version: stored.revision,
            changes,
        };
        Ok(event::append(self.tx, &self.caused(), None, vec![told]).await?)
    }

    async fn open_task(
        &mut self,
        definition: &Definition,
        stored: &Stored,
        wait: WaitId,
        element: &ElementId,
        parameters: Evaluated,
    ) -> Result<()> {
        let Some((node, contract)) = user_task(definition, element) else { return Ok(()) };
        let shown = parameters.form;
        let (executors, mut contract) = match (
            executors(contract, parameters.executors),
            promised(contract, parameters.main_action, parameters.escalate),
        ) {
            (Ok(executors), Ok(contract)) => (executors, contract),
            (Err(message), _) | (_, Err(message)) => {
                self.post(stored.id, Event::Failed { wait, message: message.into() });
                return Ok(());
            }
        };
        contract.tells = definition.tells.clone();
        for field in &mut contract.form {
            field.value = shown.get(&field.name).filter(|value| fits(&field.kind, value)).cloned();
        }
        let process = definition.process(&stored.state.process).map_or("", |process| process.name.as_str());
        let task = NewTask {
            title: if node.name.is_empty() { node.id.to_string() } else { node.name.clone() },
            description: node.documentation.clone(),
            origin: Some(Origin {
                instance: stored.id,
                wait,
                element: element.to_string(),
                process_name: process.to_owned(),
                definition: stored.definition,
            }),
            subject: stored.subject.clone(),
            executors,
            contract,
            variables: of_member(&stored.state, wait),
            owner: stored.started_by.filter(|_| stored.subject.is_none()).map(|user| user.0),
            ..NewTask::default()
        };
        match self.processes.tasks.open(self.tx, self.ctx, task).await {
            // Refused before anything was written: the step stands, and the task is made when somebody has mended it.
            Err(Error::Invalid { fields, .. }) => {
                let first = fields.into_values().next().map(|error| error.message);
                let message = first.unwrap_or_else(|| Message::key("field.invalid"));
                self.post(stored.id, Event::Failed { wait, message });
                Ok(())
            }
            other => other.map(drop),
        }
    }

    async fn withdraw(&mut self, stored: &Stored, wait: Option<&Wait>, number: WaitId) -> Result<()> {
        match wait.map(|wait| &wait.kind) {
            Some(WaitKind::Task) => self.processes.tasks.withdraw(self.tx, self.ctx, stored.id, number).await,
            Some(WaitKind::Call) => self.cancel_called(stored, number).await,
            Some(_) => Ok(()),
            // Asked for and taken back in one step.
            None => {
                self.cancel_called(stored, number).await?;
                self.processes.tasks.withdraw(self.tx, self.ctx, stored.id, number).await
            }
        }
    }

    async fn cancel_called(&mut self, stored: &Stored, wait: WaitId) -> Result<()> {
        let select = Query::select()
            .column("id")
            .from("process_instance")
            .and_where(Expr::col("parent_id").eq(stored.id))
            .and_where(Expr::col("parent_wait").eq(i64::from(wait)))
            .and_where(Expr::col("status").eq("active"))
            .take();
        for row in self.tx.query_all(&select).await? {
            self.post(row.try_get_by_index(0)?, Event::Cancel);
        }
        Ok(())
    }

    async fn call(
        &mut self,
        definition: &Definition,
        stored: &Stored,
        wait: WaitId,
        element: &ElementId,
        variables: Map<String, Json>,
    ) -> Result<()> {
        let Some(NodeKind::Call { process, binding }) =
            definition.find(element).map(|node| &definition.node(node).kind)
        else {
            return Ok(());
        };
        let fail = |message: String| Event::Failed { wait, message: message.into() };
        if stored.depth >= MAX_DEPTH {
            self.post(stored.id, fail(format!("processes call one another more than {MAX_DEPTH} times deep")));
            return Ok(());
        }
        let own = *binding == Binding::Deployment && definition.process(process).is_some_and(|p| p.executable);
        let called = match (own, binding) {
            (true, _) => Some((stored.definition, stored.version)),
            (_, Binding::Version(version)) => {
                let found = self.processes.callable(self.tx, self.ctx.tenant, process).await?;
                match found {
                    Some((id, _)) => self.processes.version(self.tx, self.ctx.tenant, id, *version).await?,
                    None => None,
                }
            }
            _ => self.processes.callable(self.tx, self.ctx.tenant, process).await?,
        };
        let Some((id, version)) = called else {
            self.post(stored.id, fail(format!("no published process has the id `{process}`: publish it, then retry")));
            return Ok(());
        };
        let child = Stored {
            depth: stored.depth + 1,
            parent: Some((stored.id, wait)),
            subject: stored.subject.clone(),
            cause: self.cause.clone(),
            ..Stored::new(self.ctx, id, version, process.as_str())
        };
        self.begins.push((child, Event::Start { at: None, variables }));
        Ok(())
    }
}

/// Whether a form can show a variable in a field of this kind.
fn fits(kind: &str, value: &Json) -> bool {
    match value {
        Json::Number(_) => kind == "number",
        Json::Bool(_) => kind == "boolean",
        Json::String(text) => ["text", "date", "choice"].contains(&kind) && text.len() <= MAX_SHOWN,
        _ => false,
    }
}

/// The counter and item of the loop or multi-instance member that a task is for: whoever does it must see which it is.
fn of_member(state: &State, wait: WaitId) -> Map<String, Json> {
    let scope = state.waits.get(&wait).and_then(|wait| state.scopes.get(&wait.scope));
    let Some((scope, Role::Member { index })) = scope.map(|scope| (scope, &scope.role)) else { return Map::new() };
    let given = scope.variables.iter().filter(|(_, value)| !value.is_null());
    let mut variables: Map<String, Json> = given.map(|(name, value)| (name.clone(), value.clone())).collect();
    variables.insert("loopCounter".to_owned(), json!(index));
    variables
}

/// A user task of the definition with its contract.
pub(super) fn user_task<'a>(definition: &'a Definition, element: &str) -> Option<(&'a Node, &'a Contract)> {
    let node = definition.node(definition.find(element)?);
    match &node.kind {
        NodeKind::User(contract) => Some((node, contract)),
        _ => None,
    }
}

/// The rules of a contract; expressions give them as text, by commas, or as a list of texts.
pub(super) fn executors(contract: &Contract, evaluated: Vec<Json>) -> Result<Vec<ExecutorRule>, String> {
    let mut values = evaluated.into_iter();
    let mut rules = Vec::new();
    for executor in &contract.executors {
        rules.extend(named("executors", executor, &mut values)?);
    }
    Ok(rules)
}

/// The rules that one place in the file names; an expression takes the next of the evaluated values.
fn named(
    what: &str,
    executor: &Executor,
    values: &mut impl Iterator<Item = Json>,
) -> Result<Vec<ExecutorRule>, String> {
    let Executor::Expression(expression) = executor else {
        return Ok(vec![rule(executor).ok_or_else(|| format!("{what}: not understood"))?]);
    };
    let texts: Vec<String> = match values.next().unwrap_or(Json::Null) {
        Json::String(text) => text.split(',').map(|part| part.trim().to_owned()).collect(),
        Json::Array(items) => items.iter().map(|item| item.as_str().unwrap_or_default().to_owned()).collect(),
        _ => return Err(format!("{what}: `{}` gave neither text nor a list", expression.text())),
    };
    texts.iter().map(|text| text.parse().map_err(|reason| format!("{what}: {reason}"))).collect()
}

fn rule(executor: &Executor) -> Option<ExecutorRule> {
    match executor {
        Executor::Role(name) => Some(ExecutorRule::Role(name.clone())),
        Executor::Head => Some(ExecutorRule::Head),
        Executor::Owner => Some(ExecutorRule::Owner),
        Executor::User(name) => Some(ExecutorRule::User(name.clone())),
        Executor::Deputy => Some(ExecutorRule::Deputy),
        Executor::Expression(_) => None,
    }
}

/// The contract as a task keeps it.
fn promised(contract: &Contract, parameters: Map<String, Json>, people: Vec<Json>) -> Result<TaskContract, String> {
    let mut people = people.into_iter();
    let mut escalations = Vec::new();
    for escalate in &contract.escalate {
        for to in named("escalation", &escalate.to, &mut people)? {
            let (after, every, reassign) = (escalate.after, escalate.every, escalate.reassign);
            escalations.push(Escalation { to, after, every, reassign });
        }
    }
    Ok(TaskContract {
        duration: contract.duration,
        remind_before: contract.remind_before.clone(),
        main_action: contract.main_action.as_ref().map(|action| MainAction { kind: action.kind.clone(), parameters }),
        require_main_action: contract.require_main_action,
        assignment: contract.assignment,
        completed_by: contract.completed_by,
        form: contract.form.clone(),
        escalate: escalations,
        ..TaskContract::default()
    })
}

/// A completed task moves its instance on, in the transaction that completes it.
pub(super) struct TaskDone(pub(super) Processes);

#[async_trait::async_trait]
impl TaskOwner for TaskDone {
    async fn hold(&self, tx: &Tx, ctx: &Ctx, instance: InstanceId) -> Result<()> {
        locks::keep_from_others(tx, ctx.tenant, instance).await
    }

    async fn completed(&self, tx: &Tx, ctx: &Ctx, task: &Task, variables: &Map<String, Json>) -> Result<()> {
        let (Some(instance), Some(wait)) = (task.instance, task.wait) else { return Ok(()) };
        let event = Event::Come { wait, variables: variables.clone(), result: task.result.clone() };
        Round::new(&self.0, tx, ctx).run(instance, event).await.map(drop)
    }
}

impl Stored {
    /// An instance that has not begun, started by the acting person.
    pub(super) fn new(ctx: &Ctx, definition: Uuid, version: i64, process: &str) -> Self {
        Self {
            id: InstanceId(ctx.id()),
            definition,
            version,
            subject: None,
            parent: None,
            depth: 0,
            state: crate::stepper::State::new(process),
            revision: 0,
            started_at: ctx.now(),
            started_by: ctx.user(),
            ended_at: None,
            cause: ctx.cause.clone(),
        }
    }
}

/// A job of this crate for a tenant, due at once.
pub(super) async fn enqueue(
    tx: &Tx,
    ctx: &Ctx,
    kind: &str,
    payload: Json,
    at: Timestamp,
    unique: Option<String>,
) -> Result<()> {
    let job = NewJob { run_at: at, unique_key: unique, ..NewJob::now(&ctx.env, kind, payload).for_tenant(ctx.tenant) };
    jobs::enqueue(tx, &ctx.env, job).await?;
    Ok(())
}
