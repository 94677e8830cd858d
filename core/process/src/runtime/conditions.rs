//! Conditional start events of processes: a change of a record that makes the condition true starts an instance about
//! the record. It must have been false before the change, or the record not there (BPMN 2.0.2, 10.5.2, "Conditional").

use kernel::expression::{Expression, Names};
use kernel::{InstanceId, RecordRef, Result};
use serde_json::{Map, Value as Json, json};

use super::Processes;
use super::advance::Round;
use super::locks;
use super::publish::Start;

use crate::definition::starts::Beginning;
use crate::stepper::Event;

/// What an event says of a field: before and after.
type Changes = Map<String, Json>;

impl Round<'_> {
    /// Those of the conditional starts that this change of a record makes true; `new` when the change made the record.
    /// One that cannot be answered, though the record has what it asks for, begins an instance with an incident: one for
    /// each version, not for each change.
    pub(super) async fn conditional_starts(
        &mut self,
        starts: Vec<Start>,
        subject: &RecordRef,
        changes: &Changes,
        new: bool,
    ) -> Result<Vec<Start>> {
        let now = self.processes.subject(self.tx, self.ctx, subject).await?;
        let Some(now) = now.as_object() else { return Ok(Vec::new()) };
        let (before, after) = (side(now, changes, 0), side(now, changes, 1));
        let mut fresh = Vec::new();
        for start in starts {
            let Some(condition) = self.processes.condition(self, &start).await? else { continue };
            match holds(&condition, &after) {
                Ok(true) if new || !holds(&condition, &before).unwrap_or(false) => fresh.push(start),
                Ok(_) => {}
                Err(problem) => self.broken(&start, problem, subject).await?,
            }
        }
        Ok(fresh)
    }

    async fn broken(&mut self, start: &Start, problem: String, subject: &RecordRef) -> Result<()> {
        let mark = format!("broken:{}:{}:{}", start.definition, start.version, start.element);
        let id = InstanceId(kernel::id::derived(&mark));
        if locks::lock(self.tx, self.ctx.tenant, id).await?.is_none() {
            let (at, variables) = (start.element.as_str().into(), Map::new());
            let event = Event::StartStopped { at, variables, message: problem.into() };
            self.start_with(id, start, event, Some(subject.clone()));
        }
        Ok(())
    }
}

impl Processes {
    async fn condition(&self, round: &Round<'_>, start: &Start) -> Result<Option<Expression>> {
        let definition = self.ready(round.tx, round.ctx.tenant, start.definition, start.version).await?;
        Ok(match definition.beginning(&start.element) {
            Some(Beginning::Condition(condition)) => Some(condition.clone()),
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

/// The condition is asked about records of every kind: what asks for fields that this kind does not have is not about
/// it.
fn holds(condition: &Expression, record: &Json) -> Result<bool, String> {
    if condition.fields_of("record").any(|field| record.get(field).is_none()) {
        return Ok(false);
    }
    let (vars, nothing) = (json!({}), Json::Null);
    let names =
        Names::new().with("vars", &vars).with("record", record).with("instance", &nothing).with("actor", &nothing);
    condition.holds(&names)
}
