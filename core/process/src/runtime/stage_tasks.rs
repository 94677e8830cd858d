//! Tasks of pipeline stages: the step contract without a drawn process.

use kernel::db::Tx;
use kernel::error::{FieldError, FieldErrors};
use kernel::{Actor, Ctx, Error, RecordId, RecordRef, Result};
use records::stages::{StageContract, StageEntered, StageEscalation, StageTasks};
use work::tasks::{Escalation, ExecutorRule, FormField, MAIN_ACTIONS, MainAction, NewTask, TaskContract, Tasks};

use super::Processes;
use crate::definition::time;

/// Bytes of an action's parameters: they go into each task of the stage.
const MAX_PARAMETERS: usize = 32 * 1024;

/// What is wrong, by part of the contract.
type Wrong = (&'static str, FieldError);

#[async_trait::async_trait]
impl StageTasks for Processes {
    fn wrong(&self, contract: &StageContract) -> FieldErrors {
        let (executors, promised) = (executors(contract), promised(contract));
        let kept = promised.as_ref().map_or(Ok(()), Tasks::may_keep);
        let mut errors = if let Err(Error::Invalid { fields, .. }) = kept { fields } else { FieldErrors::new() };
        let found = [executors.err(), promised.err()].into_iter().flatten();
        errors.extend(found.map(|(part, error)| (part.to_owned(), error)));
        errors
    }

    async fn enter(&self, tx: &Tx, ctx: &Ctx, record: &RecordRef, entered: &StageEntered) -> Result<()> {
        let wrong = |(part, error): Wrong| Error::field(records::INVALID, part, error);
        let of = &entered.contract;
        let new = NewTask {
            title: of.title.in_locale(ctx.locale).to_owned(),
            description: of.description.clone(),
            subject: Some(record.clone()),
            executors: executors(of).map_err(wrong)?,
            contract: TaskContract { stage: Some(entered.stage.clone()), ..promised(of).map_err(wrong)? },
            ..NewTask::default()
        };
        // It is the stage's, not of whoever moved the record: they do not take it back.
        self.tasks.open(tx, &ctx.acting_as(Actor::System), new).await.map(drop)
    }

    async fn leave(&self, tx: &Tx, ctx: &Ctx, record: &RecordRef, stage: &str) -> Result<()> {
        self.tasks.withdraw_of_stage(tx, ctx, record, stage).await
    }

    async fn open(&self, ctx: &Ctx, entity: &str, at: &[(RecordId, String)]) -> Result<Vec<(RecordId, String)>> {
        self.tasks.open_of_stages(ctx, entity, at).await
    }
}

/// Who does it.
fn executors(contract: &StageContract) -> Result<Vec<ExecutorRule>, Wrong> {
    let rule = |text: &String| {
        let read = text.parse::<ExecutorRule>();
        read.map_err(|reason| ("executors", FieldError::new("invalid").with("reason", reason)))
    };
    contract.executors.iter().map(rule).collect()
}

/// What the task promises.
fn promised(contract: &StageContract) -> Result<TaskContract, Wrong> {
    let seconds = |part: &'static str, text: &Option<String>| match text.as_deref().map(time::working) {
        None => Ok(None),
        Some(Ok(seconds)) if seconds > 0 => Ok(Some(seconds)),
        Some(Ok(_)) => Err((part, FieldError::new("duration_positive"))),
        Some(Err(reason)) => Err((part, FieldError::new("invalid").with("reason", reason))),
    };
    let (duration, remind) = (seconds("duration", &contract.duration)?, seconds("remind", &contract.remind)?);
    if remind.is_some() && remind >= duration {
        return Err(("remind", FieldError::new("remind_shorter")));
    }
    let field = |key: &String| FormField {
        name: format!("record.{key}"),
        label: None,
        kind: "text".to_owned(),
        choices: Vec::new(),
        required: true,
        value: None,
    };
    Ok(TaskContract {
        duration,
        remind_before: remind.into_iter().collect(),
        main_action: main_action(contract)?,
        require_main_action: contract.require_main_action,
        form: contract.form.iter().map(field).collect(),
        escalate: escalations(contract)?,
        ..TaskContract::default()
    })
}

/// What the task is done by.
fn main_action(contract: &StageContract) -> Result<Option<MainAction>, Wrong> {
    let Some(kind) = &contract.main_action else {
        let wanted = contract.require_main_action || !contract.parameters.is_empty();
        return if wanted { Err(("main_action", FieldError::new("required"))) } else { Ok(None) };
    };
    if !MAIN_ACTIONS.contains(&kind.as_str()) && !kind.starts_with("plugin:") {
        let value: String = kind.chars().take(100).collect();
        return Err(("main_action", FieldError::new("choice").with("value", value)));
    }
    let parameters = contract.parameters.clone();
    if serde_json::to_string(&parameters).map_or(usize::MAX, |text| text.len()) > MAX_PARAMETERS {
        return Err(("main_action", FieldError::new("too_long").with("max", MAX_PARAMETERS)));
    }
    Ok(Some(MainAction { kind: kind.clone(), parameters }))
}

/// What happens after the deadline.
fn escalations(contract: &StageContract) -> Result<Vec<Escalation>, Wrong> {
    if !contract.escalate.is_empty() && contract.duration.is_none() {
        return Err(("escalate", FieldError::new("escalate_duration")));
    }
    contract.escalate.iter().map(escalation).collect()
}

fn escalation(given: &StageEscalation) -> Result<Escalation, Wrong> {
    let to = given.to.parse::<ExecutorRule>();
    let to = to.map_err(|reason| ("escalate", FieldError::new("invalid").with("reason", reason)))?;
    let after = span(given.after.as_deref(), 0)?.unwrap_or(0);
    Ok(Escalation { to, after, every: span(given.every.as_deref(), 1)?, reassign: given.reassign })
}

/// Working time of at least so many seconds.
fn span(text: Option<&str>, least: i64) -> Result<Option<i64>, Wrong> {
    match text.map(time::working) {
        None => Ok(None),
        Some(Ok(seconds)) if seconds >= least => Ok(Some(seconds)),
        Some(Ok(_)) => Err(("escalate", FieldError::new("duration_positive"))),
        Some(Err(reason)) => Err(("escalate", FieldError::new("invalid").with("reason", reason))),
    }
}
