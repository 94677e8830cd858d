//! Main actions that leave a record: a call and a meeting are done when such an activity has a result, a quote and an
//! invoice when the one that was made from the task is a draft no more.
//!
//! What became of the record is not told by anybody: it is looked at whenever somebody asks for the task or completes it.

use kernel::db::ConnectionTrait;
use kernel::filter::{Filter, Op, Operand, Test};
use kernel::{Ctx, Error, Fields, RecordId, RecordRef, Result, Value};
use records::{Change, WriteOptions};
use serde_json::{Map, Value as Json, json};

use super::act::{fields_of, not_done};
use super::history::ENTITY;
use super::model::ActionInput;
use super::store::{self, Stored};
use super::{Tasks, check};

const ACTIVITY: &str = "activity";

/// What a main action leaves behind.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Made {
    /// An activity of this kind.
    Activity(&'static str),
    /// A document of this entity.
    Document(&'static str),
}

impl Made {
    /// Of a main action that leaves something.
    pub fn of(kind: &str) -> Option<Self> {
        match kind {
            "call" => Some(Self::Activity("call")),
            "meeting" => Some(Self::Activity("meeting")),
            "quote" => Some(Self::Document("quote")),
            "invoice" => Some(Self::Document("invoice")),
            _ => None,
        }
    }

    const fn entity(self) -> &'static str {
        match self {
            Self::Activity(_) => ACTIVITY,
            Self::Document(entity) => entity,
        }
    }

    /// Whether what was made is what the step is for.
    fn is_settled(self, fields: &Fields) -> bool {
        match self {
            Self::Activity(_) => fields.get("result").is_some_and(|result| !result.is_empty()),
            Self::Document(_) => fields.get("state").and_then(Value::as_text).is_some_and(|state| state != "draft"),
        }
    }
}

impl Tasks {
    /// Makes the record of the action, or fills in the one that was made before.
    pub(super) async fn make_record(&self, ctx: &Ctx, task: &Stored, input: &ActionInput) -> Result<()> {
        not_done(task)?;
        let Some(made) = task.action_kind().and_then(Made::of) else { return Ok(()) };
        if let Some(known) = self.made_before(self.db.read(), ctx, task, made).await? {
            if !input.fields.is_empty() {
                let mut fields = input.fields.clone();
                if matches!(made, Made::Activity(_)) {
                    with_done(&mut fields);
                }
                let change = Change::Update { id: known, version: None, fields };
                self.records.write_one(ctx, made.entity(), change, &WriteOptions::default()).await?;
            }
            return self.note_made(ctx, task, made, known).await;
        }
        let (id, reserved_before) = self.reserve(ctx, task.id).await?;
        if !(reserved_before && self.is_made(ctx, made.entity(), id).await) {
            let fields = fields_of(task, input);
            let result = match made {
                Made::Activity(kind) => {
                    let change = Change::CreateAs { id, fields: activity(task, kind, fields) };
                    self.records.write_one(ctx, ACTIVITY, change, &WriteOptions::default()).await.map(drop)
                }
                Made::Document(kind) => {
                    let Some(drafts) = self.drafts.get() else {
                        return Err(Error::Unavailable(format!("nobody makes `{kind}`")));
                    };
                    drafts.draft(ctx, kind, task.subject.as_ref(), id, fields).await
                }
            };
            self.made_once(ctx, made.entity(), id, result).await?;
        }
        self.note_made(ctx, task, made, id).await
    }

    /// The result of an action that leaves a record, where its record is as it must be; none of what is done already.
    pub(super) async fn settled(&self, conn: &impl ConnectionTrait, ctx: &Ctx, task: &Stored) -> Result<Option<Json>> {
        let Some(made) = task.action_kind().and_then(Made::of).filter(|_| !task.action.done) else { return Ok(None) };
        let eyes = Ctx::system(ctx.tenant, ctx.zone, ctx.locale, &ctx.env);
        if let Some(id) = self.made_before(conn, ctx, task, made).await?
            && made.is_settled(&self.records.get_in(conn, &eyes, made.entity(), id).await?.fields)
        {
            return Ok(Some(told(made, id)));
        }
        let Made::Activity(kind) = made else { return Ok(None) };
        // Also one that was written down elsewhere, on the card of the subject.
        let since = task.created.to_string();
        let found = Filter::And(vec![
            Filter::test("kind", Op::Eq, kind),
            Filter::test("record_id", Op::Eq, about(task).id.to_string()),
            Filter::Test(Test { field: "result".into(), op: Op::NotEmpty, value: Operand::None }),
            Filter::any(vec![
                Filter::test("created_at", Op::Gte, since.clone()),
                Filter::test("done_at", Op::Gte, since),
            ]),
        ]);
        Ok(self.records.newest_in(conn, &eyes, ACTIVITY, &found).await?.map(|id| told(made, id)))
    }

    /// The record that was made from the task, unless it was deleted since.
    async fn made_before(
        &self,
        conn: &impl ConnectionTrait,
        ctx: &Ctx,
        task: &Stored,
        made: Made,
    ) -> Result<Option<RecordId>> {
        let id = task.action.result.as_ref().and_then(|result| result.get("id")).and_then(Json::as_str);
        let Some(id) = id.and_then(|id| id.parse().ok()).map(RecordId) else { return Ok(None) };
        let eyes = Ctx::system(ctx.tenant, ctx.zone, ctx.locale, &ctx.env);
        match self.records.get_in(conn, &eyes, made.entity(), id).await {
            Ok(_) => Ok(Some(id)),
            Err(Error::NotFound(_)) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Keeps which record it is, and that the action is done where nothing is left to do with it.
    async fn note_made(&self, ctx: &Ctx, task: &Stored, made: Made, id: RecordId) -> Result<()> {
        let eyes = Ctx::system(ctx.tenant, ctx.zone, ctx.locale, &ctx.env);
        let fields = self.records.get_deleted(&eyes, made.entity(), id).await?.fields;
        let mut result = told(made, id);
        if let Some(result) = result.as_object_mut() {
            result.insert("by".to_owned(), json!(ctx.user()));
        }
        if made.is_settled(&fields) {
            return self.note_done(ctx, task.id, result).await;
        }
        let tx = self.db.begin().await?;
        let old = store::load_locked(&tx, ctx.tenant, task.id).await?;
        check::still_open(&old)?;
        let mut task = old.clone();
        task.action.result = Some(result);
        (task.action.state, task.action.pending) = (Some("made".to_owned()), None);
        self.keep(&tx, ctx, &old, &mut task, None).await?;
        Ok(tx.commit().await?)
    }
}

/// What was made, as the result of its task.
pub(super) fn result(task: &Stored) -> Option<Json> {
    let makes = |kind: &&str| *kind == "create-record" || Made::of(kind).is_some();
    let result = task.action_kind().filter(makes).and(task.action.result.as_ref())?;
    Some(json!({"entity": result.get("entity"), "id": result.get("id")}))
}

fn told(made: Made, id: RecordId) -> Json {
    json!({"entity": made.entity(), "id": id})
}

/// The record that the action is about: the subject, else the task itself.
fn about(task: &Stored) -> RecordRef {
    let itself = || RecordRef { entity: ENTITY.into(), id: task.id.into() };
    task.subject.clone().unwrap_or_else(itself)
}

/// A new activity about the task's subject, called like the task where nobody says otherwise.
fn activity(task: &Stored, kind: &str, mut fields: Map<String, Json>) -> Map<String, Json> {
    let RecordRef { entity, id } = about(task);
    with_done(&mut fields);
    fields.entry("title").or_insert_with(|| json!(task.title));
    for (key, value) in [("kind", json!(kind)), ("record_entity", json!(entity)), ("record_id", json!(id))] {
        fields.insert(key.to_owned(), value);
    }
    fields
}

/// What has a result was done, where nobody says otherwise.
fn with_done(fields: &mut Map<String, Json>) {
    if fields.get("result").and_then(Json::as_str).is_some_and(|result| !result.trim().is_empty()) {
        fields.entry("done").or_insert(json!(true));
    }
}
