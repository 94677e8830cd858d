//! Conditional start events of processes: a change of a record that makes the condition true starts an instance about
//! the record. It must have been false before the change, or the record not there (BPMN 2.0.2, 10.5.2, "Conditional").

use kernel::Result;
use kernel::expression::{Expression, Names};
use serde_json::{Map, Value as Json, json};
use uuid::Uuid;

use super::Processes;
use super::advance::Round;
use super::publish::Start;
use crate::definition::model::{NodeKind, Trigger};

/// What an event says of a field: before and after.
type Changes = Map<String, Json>;

impl Round<'_> {
    /// The conditional starts that this change of a record makes true; `new` when the change made the record.
    pub(super) async fn conditional_starts(
        &self,
        (entity, record): (&str, Uuid),
        changes: &Changes,
        new: bool,
    ) -> Result<Vec<Start>> {
        let starts = self.starts_by("condition", "").await?;
        if starts.is_empty() {
            return Ok(starts);
        }
        let now = self.processes.subject(self.tx, self.ctx, entity, record).await?;
        let Some(now) = now.as_object() else { return Ok(Vec::new()) };
        let (before, after) = (side(now, changes, 0), side(now, changes, 1));
        let mut fresh = Vec::new();
        for start in starts {
            let Some(condition) = self.processes.condition(self, &start).await? else { continue };
            if holds(&condition, &after) && (new || !holds(&condition, &before)) {
                fresh.push(start);
            }
        }
        Ok(fresh)
    }
}

impl Processes {
    async fn condition(&self, round: &Round<'_>, start: &Start) -> Result<Option<Expression>> {
        let definition = self.ready(round.tx, round.ctx.tenant, start.definition, start.version).await?;
        let node = definition.find(&start.element).map(|node| definition.node(node));
        Ok(match node.map(|node| &node.kind) {
            Some(NodeKind::Start { trigger: Trigger::Conditional(condition), .. }) => Some(condition.clone()),
            _ => None,
        })
    }
}

/// The record before (0) or after (1) the change: as it is now, with what the event says.
fn side(now: &Map<String, Json>, changes: &Changes, side: usize) -> Json {
    let mut record = now.clone();
    for (field, pair) in changes {
        if let Some(value) = pair.get(side) {
            record.insert(field.clone(), value.clone());
        }
    }
    Json::Object(record)
}

/// The condition is asked about records of every kind: one that cannot be answered is not true of this one.
fn holds(condition: &Expression, record: &Json) -> bool {
    let (vars, nothing) = (json!({}), Json::Null);
    let names =
        Names::new().with("vars", &vars).with("record", record).with("instance", &nothing).with("actor", &nothing);
    condition.holds(&names).unwrap_or(false)
}
