//! What happens to a task, in the event log: `task.created`, `task.updated`, `task.completed`, `task.cancelled`.

use kernel::db::Tx;
use kernel::event::{self, Event, NewEvent};
use kernel::{Ctx, Result};
use serde_json::{Map, Value as Json, json};

use super::store::Stored;

/// The entity key of tasks in the event log.
pub const ENTITY: &str = "task";

/// Writes the event of a change. `old` is none for a new task; `note` is kept as the field `note`.
pub(super) async fn append(tx: &Tx, ctx: &Ctx, old: Option<&Stored>, new: &Stored, note: Option<&str>) -> Result<()> {
    let kind = match old {
        None => "task.created",
        Some(old) if old.state != new.state => match new.state {
            super::model::TaskState::Completed => "task.completed",
            super::model::TaskState::Cancelled => "task.cancelled",
            super::model::TaskState::Open => "task.updated",
        },
        Some(_) => "task.updated",
    };
    let event = NewEvent {
        kind: kind.into(),
        entity: ENTITY,
        record: new.id,
        version: new.version,
        changes: Json::Object(changes(old, new, note)),
    };
    Ok(event::append(tx, ctx, None, vec![event]).await?)
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

fn image(task: &Stored) -> Map<String, Json> {
    let image = json!({
        "state": task.state,
        "title": task.title,
        "description": task.description,
        "instance": task.instance,
        "element": task.element,
        "subject": task.subject,
        "assignee": task.assignee,
        "role": task.role,
        "due": task.due,
        "checklist": if task.checklist.is_empty() { Json::Null } else { json!(task.checklist) },
        "main_action": task.contract.main_action.as_ref().map(|_| {
            json!({"done": task.action.done, "state": task.action.state, "result": task.action.result})
        }),
        "votes": if task.action.votes == 0 { Json::Null } else { json!(task.action.votes) },
        "reminders_sent": if task.reminders_sent == 0 { Json::Null } else { json!(task.reminders_sent) },
        "overdue": task.overdue_marked,
        "result": task.result,
        "completed_by": task.completed_by,
    });
    if let Json::Object(mut image) = image {
        if task.description.is_empty() {
            image.insert("description".into(), Json::Null);
        }
        image
    } else {
        Map::new()
    }
}

impl super::Tasks {
    /// The history of a task that the actor sees, newest first, older than row `before` where given; at most 200 rows.
    ///
    /// # Errors
    /// `NotFound`.
    pub async fn history(&self, ctx: &Ctx, id: uuid::Uuid, before: Option<i64>, limit: u64) -> Result<Vec<Event>> {
        self.get(ctx, id).await?;
        Ok(event::of_record(self.db.read(), ctx.tenant, id, before, limit.clamp(1, 200)).await?)
    }

    /// Says something about a task that the actor sees; it stands in the history.
    ///
    /// # Errors
    /// `NotFound`; `task.invalid` naming `text`.
    pub async fn comment(&self, ctx: &Ctx, id: uuid::Uuid, text: &str) -> Result<()> {
        crate::input::text("text", text, crate::input::MAX_NOTE)?;
        if text.trim().is_empty() {
            return Err(crate::input::wrong("text", kernel::error::FieldError::new("required")));
        }
        self.get(ctx, id).await?;
        let tx = self.db.begin().await?;
        let old = super::store::load_locked(&tx, ctx.tenant, id).await?;
        let mut new = old.clone();
        super::store::save(&tx, ctx, &old, &mut new).await?;
        append(&tx, ctx, Some(&old), &new, Some(text)).await?;
        Ok(tx.commit().await?)
    }
}
