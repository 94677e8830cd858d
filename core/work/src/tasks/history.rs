//! What happens to a task, in the event log: `task.created`, `task.updated`, `task.completed`, `task.cancelled`,
//! `task.review`, `task.returned`,
//! `task.deleted`, `task.restored`.

use kernel::event::{self, Event};
use kernel::{Ctx, Result, TaskId};
use records::{Operation, Told};
use serde_json::{Map, Value as Json, json};

use super::model::TaskState;
use super::store::Stored;

/// The entity key of tasks in the event log.
pub const ENTITY: &str = "task";

/// What the event log is told of a change: its kind, and beside the record's own fields what became of the contract.
/// `old` is none for a new task; `note` is kept as the field `note`.
pub(super) fn told(old: Option<&Stored>, new: &Stored, operation: Operation, note: Option<&str>) -> Told {
    let kind = match (old, operation) {
        (Some(old), Operation::Update) if old.state != new.state => match new.state {
            TaskState::Completed => Some("task.completed"),
            TaskState::Cancelled => Some("task.cancelled"),
            TaskState::Review => Some("task.review"),
            TaskState::Open => (old.state == TaskState::Review).then_some("task.returned"),
        },
        _ => None,
    };
    Told::Event { kind, more: changes(old, new, note) }
}

fn changes(old: Option<&Stored>, new: &Stored, note: Option<&str>) -> Map<String, Json> {
    let (before, after) = (old.map(image), image(new));
    let mut changes = Map::new();
    for (key, value) in after {
        let was = before.as_ref().and_then(|before| before.get(&key)).cloned().unwrap_or(Json::Null);
        if was != value {
            changes.insert(key, json!([was, value]));
        }
    }
    if let Some(note) = note {
        changes.insert("note".into(), json!([null, note]));
    }
    changes
}

/// What the record itself does not say.
fn image(task: &Stored) -> Map<String, Json> {
    let image = json!({
        "subject": task.subject,
        "checklist": if task.checklist.is_empty() { Json::Null } else { json!(task.checklist) },
        "main_action": task.contract.main_action.as_ref().map(|_| {
            json!({"done": task.action.done, "state": task.action.state, "result": task.action.result})
        }),
        "votes": if task.action.votes == 0 { Json::Null } else { json!(task.action.votes) },
        "reminders_sent": if task.reminders_sent == 0 { Json::Null } else { json!(task.reminders_sent) },
        "overdue": task.overdue_marked,
        "result": task.result,
        "mark": task.action.mark,
    });
    if let Json::Object(image) = image { image } else { Map::new() }
}

impl super::Tasks {
    /// The history of a task that the actor sees, newest first, older than row `before` where given; at most 200 rows.
    ///
    /// # Errors
    /// `NotFound`.
    pub async fn history(&self, ctx: &Ctx, id: TaskId, before: Option<i64>, limit: u64) -> Result<Vec<Event>> {
        self.get(ctx, id).await?;
        Ok(event::of_record(self.db.read(), ctx.tenant, id.0, before, &[], limit.clamp(1, 200)).await?)
    }

    /// Says something about a task that the actor sees; it stands in the history.
    ///
    /// # Errors
    /// `NotFound`; `task.invalid` naming `text`.
    pub async fn comment(&self, ctx: &Ctx, id: TaskId, text: &str) -> Result<()> {
        crate::input::text("text", text, crate::input::MAX_NOTE)?;
        if text.trim().is_empty() {
            return Err(crate::input::wrong("text", kernel::error::FieldError::new("required")));
        }
        self.get(ctx, id).await?;
        let tx = self.db.begin().await?;
        let old = super::store::load_locked(&tx, ctx.tenant, id).await?;
        let mut new = old.clone();
        self.keep(&tx, ctx, &old, &mut new, Some(text)).await?;
        Ok(tx.commit().await?)
    }
}
