//! The main action of a task: what the step is for.
//!
//! What lies within our own tables is done in one transaction with its result. Records are written by their own
//! pipeline, whose transaction ends before the result is noted; a crash between the two is healed by the id that was
//! noted before (`create-record`) or by repeating (`set-fields`). A letter's result exists when the letter was handed
//! over to the mail server, not before.

use kernel::error::FieldError;
use kernel::{Ctx, Error, RecordId, Result, TaskId};
use messaging::mail::{Decision, NewMail, Parts, Reference, addresses};
use records::{Change, Told, WriteOptions};
use serde_json::{Map, Value as Json, json};

use super::Tasks;
use super::access::{self, Standing};
use super::check::{self, Brought};
use super::complete::{own_part, personal};
use super::made::Made;
use super::model::{ActionInput, Task};
use super::parts::{self, Vote};
use super::record::Way;
use super::store::{self, Stored};
use crate::input::{self, MAX_NOTE, invalid, wrong};

/// Main actions this crate does itself.
pub const KINDS: [&str; 10] =
    ["form", "approve", "acknowledge", "set-fields", "create-record", "email", "call", "meeting", "quote", "invoice"];

impl Tasks {
    /// Does the main action of a task.
    ///
    /// # Errors
    /// `NotFound`, `Denied`; conflicts `task.completed`, `task.cancelled`, `task.claimed`, `task.no_main_action`,
    /// `task.action_done`, `task.action_pending` (a letter is on its way), `task.letter_unsure` (decide first),
    /// `mail.not_configured`; `task.invalid`, `record.invalid` by field.
    pub async fn act(&self, ctx: &Ctx, id: TaskId, input: ActionInput) -> Result<Task> {
        check_input(&input)?;
        let task = store::load(self.db.read(), ctx.tenant, id).await?;
        self.may_act(self.db.read(), ctx, &task).await?;
        let Some(kind) = task.action_kind() else {
            return Err(Error::Conflict { code: "task.no_main_action", current: None });
        };
        if input.kind != kind {
            let value: String = input.kind.chars().take(100).collect();
            return Err(wrong("kind", FieldError::new("choice").with("value", value)));
        }
        match kind {
            "form" | "approve" | "acknowledge" => self.act_personally(ctx, &task, &input).await?,
            "set-fields" => self.set_fields(ctx, &task, &input).await?,
            "create-record" => self.create_record(ctx, &task, &input).await?,
            "email" => self.send_letter(ctx, &task, &input).await?,
            kind if Made::of(kind).is_some() => self.make_record(ctx, &task, &input).await?,
            _ => self.run_elsewhere(ctx, &task, &input).await?,
        }
        self.get(ctx, id).await
    }

    pub(super) async fn may_act(
        &self,
        conn: &impl kernel::db::ConnectionTrait,
        ctx: &Ctx,
        task: &Stored,
    ) -> Result<()> {
        let standing = access::acting(conn, ctx, task).await?;
        check::still_open(task)?;
        match standing {
            Standing::Candidate if task.needed() == 1 && task.assignee.is_some() => {
                Err(Error::Conflict { code: "task.claimed", current: None })
            }
            Standing::Above if task.needed() > 1 && personal(task) => Err(Error::Denied("action")),
            _ => Ok(()),
        }
    }

    /// `form`, `approve`, `acknowledge`: the actor's own word. It may be changed until the task is completed.
    async fn act_personally(&self, ctx: &Ctx, seen: &Stored, input: &ActionInput) -> Result<()> {
        let said = said(ctx, seen, input)?;
        let fields = check::of_record(&input.variables);
        if !fields.is_empty() {
            self.write_subject(ctx, seen, fields).await?;
        }
        let record = self.subject_fields(self.db.read(), ctx, seen).await?;
        let tx = self.db.begin().await?;
        let old = store::load_locked(&tx, ctx.tenant, seen.id).await?;
        self.may_act(&tx, ctx, &old).await?;
        let mut task = old.clone();
        if task.needed() > 1 {
            let me = ctx.user().ok_or(Error::Denied("action"))?;
            let mut vote = own_part(&tx, ctx, &old).await?.unwrap_or_default();
            if vote.completed.is_some() {
                return Err(Error::Conflict { code: "task.voted", current: None });
            }
            vote.variables.extend(check::of_process(&input.variables));
            vote = Vote { user: me.0, action: Some(said), ..vote };
            parts::save_vote(&tx, task.id, &vote).await?;
        } else {
            task.action.given.extend(check::of_process(&input.variables));
            let nothing = Map::new();
            let brought =
                Brought { variables: &nothing, given: &task.action.given, record: record.as_ref(), action_done: true };
            // A form is done when nothing required is missing in it.
            task.action.done = input.kind != "form" || check::contract(&old, &brought).is_ok();
            task.action.result = Some(said);
        }
        self.keep(&tx, ctx, &old, &mut task, input.comment.as_deref()).await?;
        Ok(tx.commit().await?)
    }

    async fn set_fields(&self, ctx: &Ctx, task: &Stored, input: &ActionInput) -> Result<()> {
        let fields = fields_of(task, input);
        if fields.is_empty() {
            return Err(wrong("fields", FieldError::new("required")));
        }
        if task.subject.is_none() {
            return Err(wrong("fields", invalid("the task has no subject")));
        }
        self.write_subject(ctx, task, fields.clone()).await?;
        let keys: Vec<&String> = fields.keys().collect();
        self.note_done(ctx, task.id, json!({"fields": keys, "by": ctx.user()})).await
    }

    async fn create_record(&self, ctx: &Ctx, task: &Stored, input: &ActionInput) -> Result<()> {
        not_done(task)?;
        let parameters = task.contract.main_action.as_ref().map(|action| &action.parameters);
        let entity = parameters.and_then(|p| p.get("entity")).and_then(Json::as_str).or(input.entity.as_deref());
        let entity = entity.ok_or_else(|| wrong("entity", FieldError::new("required")))?;
        let unknown = || {
            let value: String = entity.chars().take(100).collect();
            wrong("entity", FieldError::new("choice").with("value", value))
        };
        let def = self.records.entity(ctx, entity).await.map_err(|_| unknown())?;
        let (id, reserved_before) = self.reserve(ctx, task.id).await?;
        if !(reserved_before && self.is_made(ctx, &def.key, id).await) {
            let change = Change::CreateAs { id, fields: fields_of(task, input) };
            let made = self.records.write_one(ctx, &def.key, change, &WriteOptions::default()).await.map(drop);
            self.made_once(ctx, &def.key, id, made).await?;
        }
        self.note_done(ctx, task.id, json!({"entity": def.key, "id": id, "by": ctx.user()})).await
    }

    /// Whether a record was made, whoever may see it and whatever became of it.
    pub(super) async fn is_made(&self, ctx: &Ctx, entity: &str, id: RecordId) -> bool {
        let eyes = Ctx::system(ctx.tenant, ctx.zone, ctx.locale, &ctx.env);
        self.records.get_deleted(&eyes, entity, id).await.is_ok()
    }

    /// What became of making a record under a reserved id: whoever pressed twice finds what the other one made.
    pub(super) async fn made_once(&self, ctx: &Ctx, entity: &str, id: RecordId, made: Result<()>) -> Result<()> {
        match made {
            Err(Error::Database(_) | Error::Conflict { code: "taken", .. }) if self.is_made(ctx, entity, id).await => {
                Ok(())
            }
            made => made,
        }
    }

    /// The id of the record to make, noted before it is made.
    pub(super) async fn reserve(&self, ctx: &Ctx, id: TaskId) -> Result<(RecordId, bool)> {
        let tx = self.db.begin().await?;
        let old = store::load_locked(&tx, ctx.tenant, id).await?;
        self.may_act(&tx, ctx, &old).await?;
        not_done(&old)?;
        if let Some(pending) = old.action.pending {
            return Ok((RecordId(pending), true));
        }
        let mut task = old.clone();
        let record = ctx.id();
        task.action.pending = Some(record);
        self.write(&tx, ctx, Some(&old), &mut task, Told::Nothing, &Way::plain()).await?;
        tx.commit().await?;
        Ok((RecordId(record), false))
    }

    async fn send_letter(&self, ctx: &Ctx, seen: &Stored, input: &ActionInput) -> Result<()> {
        if input.decision.is_some() {
            return self.decide_letter(ctx, seen, input.decision).await;
        }
        if !self.mail.is_configured() {
            return Err(Error::Conflict { code: "mail.not_configured", current: None });
        }
        let mail = letter(ctx, self, seen, input).await?;
        let tx = self.db.begin().await?;
        let old = store::load_locked(&tx, ctx.tenant, seen.id).await?;
        self.may_act(&tx, ctx, &old).await?;
        not_done(&old)?;
        match old.action.state.as_deref() {
            Some("queued") => return Err(Error::Conflict { code: "task.action_pending", current: None }),
            Some("unsure") => return Err(Error::Conflict { code: "task.letter_unsure", current: None }),
            _ => {}
        }
        let mut task = old.clone();
        task.action.pending = Some(self.mail.queue(&tx, ctx, &mail).await?);
        task.action.state = Some("queued".into());
        task.action.problem = None;
        self.keep(&tx, ctx, &old, &mut task, None).await?;
        Ok(tx.commit().await?)
    }

    async fn decide_letter(&self, ctx: &Ctx, seen: &Stored, decision: Option<Decision>) -> Result<()> {
        let (Some(decision), Some(letter), Some("unsure")) =
            (decision, seen.action.pending, seen.action.state.as_deref())
        else {
            return Err(wrong("decision", invalid("there is no letter in doubt")));
        };
        self.mail.decide(ctx, letter, decision).await
    }

    async fn run_elsewhere(&self, ctx: &Ctx, task: &Stored, input: &ActionInput) -> Result<()> {
        not_done(task)?;
        let Some(runner) = self.actions.get() else {
            return Err(Error::Unavailable(format!("nobody does `{}`", input.kind)));
        };
        let mut parameters = task.contract.main_action.as_ref().map(|a| a.parameters.clone()).unwrap_or_default();
        parameters.extend(input.parameters.clone());
        let result = runner.run(ctx, &task.view(ctx.now()), &input.kind, &parameters).await?;
        input::json("result", &result)?;
        self.note_done(ctx, task.id, result).await
    }

    pub(super) async fn note_done(&self, ctx: &Ctx, id: TaskId, result: Json) -> Result<()> {
        let tx = self.db.begin().await?;
        let old = store::load_locked(&tx, ctx.tenant, id).await?;
        check::still_open(&old)?;
        let mut task = old.clone();
        task.action.done = true;
        task.action.result = Some(result);
        (task.action.state, task.action.pending) = (None, None);
        self.keep(&tx, ctx, &old, &mut task, None).await?;
        Ok(tx.commit().await?)
    }
}

fn check_input(input: &ActionInput) -> Result<()> {
    input::variables("variables", &input.variables)?;
    input::variables("fields", &input.fields)?;
    input::variables("parameters", &input.parameters)?;
    input::text("comment", input.comment.as_deref().unwrap_or_default(), MAX_NOTE)
}

/// A single action is done once.
pub(super) fn not_done(task: &Stored) -> Result<()> {
    if task.action.done { Err(Error::Conflict { code: "task.action_done", current: None }) } else { Ok(()) }
}

/// The word of a personal action.
fn said(ctx: &Ctx, task: &Stored, input: &ActionInput) -> Result<Json> {
    let mut said = json!({"by": ctx.user(), "at": ctx.now()});
    if let Some(comment) = input.comment.as_deref().filter(|comment| !comment.trim().is_empty())
        && let Some(object) = said.as_object_mut()
    {
        object.insert("comment".into(), json!(comment));
    }
    match input.kind.as_str() {
        "approve" => {
            let result = input.result.as_deref().unwrap_or_default();
            if !["approved", "rejected"].contains(&result) {
                let value: String = result.chars().take(100).collect();
                return Err(wrong("result", FieldError::new("choice").with("value", value)));
            }
            if let Some(object) = said.as_object_mut() {
                object.insert("result".into(), json!(result));
            }
        }
        "form" => {
            let mut errors = kernel::error::FieldErrors::new();
            for (name, value) in &input.variables {
                let field = task.contract.form.iter().find(|field| field.name == *name);
                let result = match field {
                    None => Err(FieldError::new("unknown")),
                    Some(field) if field.record_field().is_some() => Ok(()),
                    Some(field) => check::of_kind(field, value),
                };
                if let Err(error) = result {
                    errors.insert(name.chars().take(100).collect(), error);
                }
            }
            input::settle(errors)?;
        }
        _ => {}
    }
    Ok(said)
}

/// The contract's values with those given on top. In the contract they stand under `fields`, or beside the other
/// parameters.
pub(super) fn fields_of(task: &Stored, input: &ActionInput) -> Map<String, Json> {
    let parameters = task.contract.main_action.as_ref().map(|action| action.parameters.clone()).unwrap_or_default();
    let mut fields = match parameters.get("fields") {
        Some(Json::Object(fields)) => fields.clone(),
        _ => parameters.into_iter().filter(|(name, _)| name != "entity" && name != "fields").collect(),
    };
    fields.extend(input.fields.clone());
    fields
}

/// The letter: what the contract prepared, with what was given instead.
async fn letter(ctx: &Ctx, tasks: &Tasks, task: &Stored, input: &ActionInput) -> Result<NewMail> {
    let parameters = task.contract.main_action.as_ref().map(|action| &action.parameters);
    let prepared = |names: &[&str]| names.iter().find_map(|name| parameters?.get(*name)).cloned();
    let text = |given: &Option<String>, names: &[&str]| match (given, prepared(names)) {
        (Some(given), _) => given.clone(),
        (None, Some(Json::String(text))) => text,
        _ => String::new(),
    };
    let addresses = |given: &Option<Vec<String>>, names: &[&str]| match (given, prepared(names)) {
        (Some(given), _) => given.clone(),
        (None, Some(Json::String(text))) => self::addresses(&text),
        (None, Some(Json::Array(items))) => items.iter().filter_map(Json::as_str).map(str::to_owned).collect(),
        _ => Vec::new(),
    };
    let reply_to = match ctx.user() {
        Some(user) => people::staff::person(tasks.db.read(), ctx.tenant, user.0).await?.map(|person| person.email),
        None => None,
    };
    let mail = NewMail {
        to: addresses(&input.to, &["to"]),
        cc: addresses(&input.cc, &["cc"]),
        subject: text(&input.subject, &["subject"]),
        text: text(&input.text, &["text", "body"]),
        reply_to,
        reference: Reference { kind: super::letter::TASK.into(), id: task.id.0 },
        parts: Parts::default(),
    };
    mail.check()?;
    Ok(mail)
}
