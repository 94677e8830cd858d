//! Completing a task: exactly once, by one or by several, through the contract, together with whatever follows.

use kernel::db::{ConnectionTrait, Tx};
use kernel::error::FieldError;
use kernel::{Ctx, Error, Fields, Result, TaskId, Value};
use records::{Change, Foreseen, WriteOptions};
use serde_json::{Map, Value as Json, json};

use super::access::{self, Standing};
use super::check::{self, Brought};
use super::model::{Completion, Task, TaskState};
use super::parts::{self, Vote};
use super::store::{self, Stored};
use super::{Tasks, hand, made};
use crate::input::{self, MAX_NOTE, wrong};

impl Tasks {
    /// Completes a task, or when several must complete it, the actor's part of it. The task comes back as it is now:
    /// still `open` while completions are missing. What follows in its process happens in the same transaction.
    ///
    /// # Errors
    /// `NotFound`, `Denied`; conflicts `task.completed`, `task.cancelled`, `task.claimed` (somebody else has it),
    /// `task.voted` (the actor did their part), `task.main_action_missing`; `task.invalid` or `record.invalid` by
    /// field; whatever the owner of the task says.
    pub async fn complete(&self, ctx: &Ctx, id: TaskId, input: Completion) -> Result<Task> {
        input::variables("variables", &input.variables)?;
        input::text("comment", input.comment.as_deref().unwrap_or_default(), MAX_NOTE)?;
        let result = input.result.filter(|result| !result.is_null());
        if let Some(result) = &result {
            input::json("result", result)?;
        }
        let done = Done {
            variables: &input.variables,
            result,
            comment: input.comment.as_deref(),
            acceptance: input.acceptance,
        };
        let planned = hand::planned("state", Value::Text(TaskState::Completed.name().into()));
        let foreseen = self.foresee(ctx, Some(id), planned).await?;
        let fields = check::of_record(&input.variables);
        if !fields.is_empty() {
            // First the judgement, so that a refused completion has not changed the record already.
            let seen = store::load(self.db.read(), ctx.tenant, id).await?;
            let standing = access::acting(self.db.read(), ctx, &seen).await?;
            self.judge(self.db.read(), ctx, &seen, standing, &done).await?;
            self.write_subject(ctx, &seen, fields).await?;
        }
        let tx = self.db.begin().await?;
        let task = self.complete_in(&tx, ctx, id, done, &foreseen).await?;
        tx.commit().await?;
        Ok(task.shown(ctx))
    }

    /// Whether the actor may complete the task like this: their own part of it so far, and the main action's result.
    async fn judge(
        &self,
        conn: &impl ConnectionTrait,
        ctx: &Ctx,
        task: &Stored,
        standing: Standing,
        done: &Done<'_>,
    ) -> Result<(Option<Vote>, Option<Json>)> {
        may_complete(task, standing)?;
        let own = own_part(conn, ctx, task).await?;
        if own.as_ref().is_some_and(|vote| vote.completed.is_some()) {
            return Err(Error::Conflict { code: "task.voted", current: None });
        }
        let action = match action_result(task, own.as_ref(), done.result.as_ref())? {
            Some(action) => Some(action),
            None => self.settled(conn, ctx, task).await?,
        };
        let record = self.subject_fields(conn, ctx, task).await?;
        check::contract(task, &brought(task, own.as_ref(), done.variables, record.as_ref(), action.is_some()))?;
        Ok((own, action))
    }

    async fn complete_in(&self, tx: &Tx, ctx: &Ctx, id: TaskId, done: Done<'_>, foreseen: &Foreseen) -> Result<Stored> {
        let mut old = self.load_with_instance(tx, ctx, id).await?;
        let standing = access::acting(tx, ctx, &old).await?;
        let mut task = old.clone();
        self.finish(tx, ctx, &old, &mut task, standing, &done).await?;
        if done.acceptance {
            self.to_review(tx, ctx, &mut task).await?;
        }
        self.adopt(tx, ctx, &mut old, &mut task, foreseen).await?;
        self.keep(tx, ctx, &old, &mut task, done.comment).await?;
        self.follow(tx, ctx, &old, &task).await?;
        Ok(task)
    }

    /// Completes a task, or the actor's part of it, if the contract is kept.
    pub(super) async fn finish(
        &self,
        tx: &Tx,
        ctx: &Ctx,
        old: &Stored,
        task: &mut Stored,
        standing: Standing,
        done: &Done<'_>,
    ) -> Result<()> {
        let (own, action) = self.judge(tx, ctx, old, standing, done).await?;
        if task.needed() > 1 {
            self.vote(tx, ctx, task, own, action, done).await?;
        } else {
            task.action.given.extend(check::of_process(done.variables));
            if old.action_kind() == Some("form") {
                task.action.done = true;
                task.action.result.get_or_insert_with(|| json!({"by": ctx.user()}));
            } else if let Some(action) = action {
                task.action.done = true;
                task.action.result = Some(action);
                task.action.state = None;
            }
            task.result = done.result.clone().or_else(|| approval(task)).or_else(|| made::result(task));
            task.state = TaskState::Completed;
        }
        if task.state == TaskState::Completed {
            task.variables.extend(task.action.given.clone());
            task.completed = Some(ctx.now());
            task.completed_by = ctx.user().map(|user| user.0);
            if task.assignee.is_none() && old.needed() == 1 {
                task.assignee = task.completed_by;
            }
        }
        Ok(())
    }

    /// Tells the owner of a task that it was completed just now.
    pub(super) async fn follow(&self, tx: &Tx, ctx: &Ctx, old: &Stored, task: &Stored) -> Result<()> {
        if old.state != TaskState::Completed
            && task.state == TaskState::Completed
            && task.instance.is_some()
            && let Some(owner) = self.owner.get()
        {
            owner.completed(tx, ctx, &task.view(ctx.now()), &task.action.given).await?;
        }
        Ok(())
    }

    /// One person's part of a task that several must complete; the last one completes it.
    async fn vote(
        &self,
        tx: &Tx,
        ctx: &Ctx,
        task: &mut Stored,
        own: Option<Vote>,
        action: Option<Json>,
        done: &Done<'_>,
    ) -> Result<()> {
        let me = ctx.user().ok_or(Error::Denied("action"))?;
        let mut vote = own.unwrap_or_default();
        vote.user = me.0;
        vote.variables.extend(check::of_process(done.variables));
        vote.action = action.or(vote.action);
        vote.result = done.result.clone();
        vote.completed = Some(ctx.now());
        parts::save_vote(tx, task.id, &vote).await?;
        let votes: Vec<Vote> =
            parts::votes(tx, task.id).await?.into_iter().filter(|vote| vote.completed.is_some()).collect();
        task.action.votes = u32::try_from(votes.len()).unwrap_or(u32::MAX);
        if task.action.votes < task.needed() {
            return Ok(());
        }
        for vote in &votes {
            task.action.given.extend(vote.variables.clone());
        }
        if personal(task) {
            task.action.done = votes.iter().all(|vote| vote.action.is_some()) || task.action_kind() == Some("form");
            task.action.result = Some(together(task, &votes));
        }
        let results = votes.iter().map(|vote| vote.result.clone().unwrap_or(Json::Null)).collect();
        task.result = approval(task).or(Some(Json::Array(results)));
        task.state = TaskState::Completed;
        Ok(())
    }

    /// The subject's fields, when the form speaks of them. Read with the product's own eyes: that something is filled
    /// in is no secret of it.
    pub(super) async fn subject_fields(
        &self,
        conn: &impl ConnectionTrait,
        ctx: &Ctx,
        task: &Stored,
    ) -> Result<Option<Fields>> {
        let Some(subject) = task.subject.as_ref().filter(|_| speaks_of_record(task)) else { return Ok(None) };
        let eyes = Ctx::system(ctx.tenant, ctx.zone, ctx.locale, &ctx.env);
        match self.records.get_in(conn, &eyes, &subject.entity, subject.id).await {
            Ok(record) => Ok(Some(record.fields)),
            Err(Error::NotFound(_)) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Writes values into the subject, as the acting person, through the pipeline of records.
    pub(super) async fn write_subject(&self, ctx: &Ctx, task: &Stored, fields: Map<String, Json>) -> Result<()> {
        let Some(subject) = &task.subject else {
            return Err(wrong("variables", input::invalid("the task has no subject to keep record fields in")));
        };
        let change = Change::Update { id: subject.id, version: None, fields };
        match self.records.write_one(ctx, &subject.entity, change, &WriteOptions::default()).await {
            Ok(_) => Ok(()),
            // Under the names that the form has for them.
            Err(Error::Invalid { code, fields }) => Err(Error::Invalid {
                code,
                fields: fields.into_iter().map(|(key, error)| (format!("record.{key}"), error)).collect(),
            }),
            Err(error) => Err(error),
        }
    }
}

/// A completion on its way.
pub(super) struct Done<'a> {
    pub variables: &'a Map<String, Json>,
    pub result: Option<Json>,
    pub comment: Option<&'a str>,
    /// Whether whoever gave the task looks at it first.
    pub acceptance: bool,
}

fn speaks_of_record(task: &Stored) -> bool {
    task.contract.form.iter().any(|field| field.record_field().is_some())
}

/// Main actions of which everybody does their own, when several must complete the task.
pub(super) fn personal(task: &Stored) -> bool {
    matches!(task.action_kind(), Some("form" | "approve" | "acknowledge"))
}

pub(super) fn may_complete(task: &Stored, standing: Standing) -> Result<()> {
    check::still_open(task)?;
    match standing {
        Standing::Candidate if task.needed() == 1 && task.assignee.is_some() => {
            Err(Error::Conflict { code: "task.claimed", current: None })
        }
        // Votes are the candidates' own.
        Standing::Above if task.needed() > 1 => Err(Error::Denied("action")),
        _ => Ok(()),
    }
}

/// The actor's part of a task that several must complete.
pub(super) async fn own_part(conn: &impl ConnectionTrait, ctx: &Ctx, task: &Stored) -> Result<Option<Vote>> {
    let Some(me) = ctx.user().filter(|_| task.needed() > 1) else { return Ok(None) };
    Ok(parts::votes(conn, task.id).await?.into_iter().find(|vote| vote.user == me.0))
}

/// The result of the main action as far as it exists: done before, or an approval given with the completion.
pub(super) fn action_result(task: &Stored, own: Option<&Vote>, result: Option<&Json>) -> Result<Option<Json>> {
    let before = if task.needed() > 1 && personal(task) {
        own.and_then(|vote| vote.action.clone())
    } else {
        task.action.result.clone().filter(|_| task.action.done)
    };
    if task.action_kind() != Some("approve") {
        return Ok(before);
    }
    match result {
        Some(Json::String(given)) if ["approved", "rejected"].contains(&given.as_str()) => {
            let same = before.as_ref().filter(|before| before.get("result") == Some(&json!(given)));
            Ok(Some(same.cloned().unwrap_or_else(|| json!({"result": given}))))
        }
        Some(other) => {
            let value: String = other.to_string().chars().take(100).collect();
            Err(wrong("result", FieldError::new("choice").with("value", value)))
        }
        None => Ok(before),
    }
}

pub(super) fn brought<'a>(
    task: &'a Stored,
    own: Option<&'a Vote>,
    variables: &'a Map<String, Json>,
    record: Option<&'a Fields>,
    action_done: bool,
) -> Brought<'a> {
    let given = own.map_or(&task.action.given, |vote| &vote.variables);
    Brought { variables, given, record, action_done }
}

/// Of an approval: its result is the task's.
fn approval(task: &Stored) -> Option<Json> {
    if task.action_kind() != Some("approve") {
        return None;
    }
    task.action.result.as_ref().and_then(|result| result.get("result")).cloned()
}

/// The main action of several: rejected when anybody rejected.
fn together(task: &Stored, votes: &[Vote]) -> Json {
    let each: Vec<Json> = votes.iter().map(|vote| json!({"by": vote.user, "result": vote.action})).collect();
    if task.action_kind() == Some("approve") {
        let rejected = votes
            .iter()
            .any(|vote| vote.action.as_ref().and_then(|action| action.get("result")) == Some(&json!("rejected")));
        json!({"result": if rejected { "rejected" } else { "approved" }, "each": each})
    } else {
        json!({"each": each})
    }
}
