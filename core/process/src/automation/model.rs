//! A rule as administrators write it.

use std::borrow::Cow;

use kernel::event::Event;
use records::Operation;
use records::catalogue::Labels;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value as Json};
use uuid::Uuid;

/// The action that is an expression, and its parameter.
pub(super) const SCRIPT: &str = "script";

/// A rule of automation.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = AutomationRule)]
pub struct Rule {
    /// Its name, for administrators and in the history of what it changes.
    pub name: String,
    /// What sets it off.
    pub on: Trigger,
    /// Only changes for which this holds are meant, in CEL over `record`, `before`, `actor`, `today`, `now` and, of a webhook,
    /// `vars`; all of them where absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub when: Option<String>,
    /// Whether it acts once for a record and never again.
    #[serde(default)]
    pub once: bool,
    /// Working time of the company between the change and the actions, ISO 8601: `P1D` is eight hours. Then the condition
    /// is asked again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub delay: Option<String>,
    /// What is done, in this order.
    #[serde(rename = "do")]
    pub actions: Vec<Action>,
    /// With whose rights.
    #[serde(default, rename = "as")]
    pub acts_as: ActsAs,
    /// Whether it looks at changes.
    #[serde(default = "yes")]
    pub enabled: bool,
}

const fn yes() -> bool {
    true
}

/// With whose rights a rule acts.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ActsAs {
    /// The product's own, as service tasks of processes.
    #[default]
    Rule,
    /// Those that the person who made the change has when it acts.
    Actor,
}

/// What sets a rule off.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = AutomationTrigger)]
pub struct Trigger {
    /// Which kind of change.
    pub event: TriggerKind,
    /// Of `updated`: one of these fields changed; none named: any.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schema(required = false)]
    pub fields: Vec<String>,
    /// Of `stage_entered`, `stage_left`, `stuck`: the key of the stage.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub stage: Option<String>,
    /// Of `stuck`: working time of the company in the stage, ISO 8601.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub after: Option<String>,
    /// Of `date`: the field, a date or a time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub field: Option<String>,
    /// Of `date`: how long after it, ISO 8601 in days and hours; with a minus before it. None: then.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub offset: Option<String>,
    /// Of `date` on a day: the local time from which it counts; `09:00` where absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub at: Option<String>,
    /// Of `button`: what stands on it, by language.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<std::collections::BTreeMap<String, String>>, nullable = false)]
    pub label: Option<Labels>,
    /// Of `button`: keys of the roles whose people may press it, one at least; administrators always may.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schema(required = false)]
    pub roles: Vec<String>,
    /// Of `schedule`: a cron expression of five fields, in the company's time zone. What was missed while nothing ran is
    /// made up for once.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub cron: Option<String>,
    /// Of `schedule`: which records it chooses, as lists are filtered; all of them where absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>, nullable = false)]
    pub filter: Option<Json>,
    /// Of `webhook`: an expression over `vars`, what was sent, that gives the id of the record; none, or null: one is made.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub record: Option<String>,
    /// Of `webhook`: fields of the record that is made, as parameters of actions over `vars`; none: none is made.
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    #[schema(value_type = Object, required = false)]
    pub make: Map<String, Json>,
    /// Of `schedule`: records of one time, the oldest first; 1 to 500, 500 where absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub most: Option<u64>,
}

/// A kind of change.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum TriggerKind {
    /// The record was made.
    Created,
    /// Fields of it changed.
    Updated,
    /// It came into the stage, also by being made there.
    StageEntered,
    /// It went out of the stage into another.
    StageLeft,
    /// It has stood in the stage for a time.
    Stuck,
    /// It went into the recycle bin.
    Deleted,
    /// A date of it comes, or came some time ago.
    Date,
    /// Somebody presses a button on its card.
    Button,
    /// A time comes, and the record is among those that are chosen then.
    Schedule,
    /// Somebody outside sends something to the rule's own address: JSON, or a form of a website.
    Webhook,
}

impl Trigger {
    /// Whether changes of this kind may set it off; of an update with its fields, where they are known.
    pub fn may_be_set_off_by(&self, operation: Operation, fields: &[String]) -> bool {
        let touches = |key: &str| fields.is_empty() || fields.iter().any(|field| field == key);
        let updates = operation == Operation::Update;
        match self.event {
            TriggerKind::Created => operation == Operation::Create,
            TriggerKind::Deleted => operation == Operation::Delete,
            TriggerKind::Updated => updates && (self.fields.is_empty() || self.fields.iter().any(|key| touches(key))),
            TriggerKind::StageEntered | TriggerKind::Stuck => {
                operation == Operation::Create || (updates && touches("stage"))
            }
            TriggerKind::StageLeft => updates && touches("stage"),
            TriggerKind::Date | TriggerKind::Button | TriggerKind::Schedule | TriggerKind::Webhook => false,
        }
    }

    /// Whether an event of the entity sets it off; of `stuck`, whether the time begins with it.
    pub fn is_set_off_by(&self, event: &Event) -> bool {
        let operation = Operation::of_event(&event.kind);
        let stage = |side: usize| event.changes.get("stage").and_then(|pair| pair.get(side)).and_then(Json::as_str);
        let named = |side: usize| self.stage.is_some() && stage(side) == self.stage.as_deref();
        match self.event {
            TriggerKind::Created => operation == Some(Operation::Create),
            TriggerKind::Deleted => operation == Some(Operation::Delete),
            TriggerKind::Updated => {
                // What happened to a document (`invoice.paid`) is a change of its fields too.
                let changed = !matches!(operation, Some(Operation::Create | Operation::Delete | Operation::Restore));
                let touches = |field: &String| event.changes.get(field).is_some();
                changed && (self.fields.is_empty() || self.fields.iter().any(touches))
            }
            TriggerKind::StageEntered | TriggerKind::Stuck => named(1),
            TriggerKind::StageLeft => named(0),
            // They come by no change.
            TriggerKind::Date | TriggerKind::Button | TriggerKind::Schedule | TriggerKind::Webhook => false,
        }
    }
}

/// Something that a rule does.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = AutomationAction)]
pub struct Action {
    /// `set-fields`, `move-stage`, `create-record`, `update-record`, `delete-record`, `link`, `unlink`, `convert-lead`,
    /// `task`, `notice`, `email`, `document`, `start-process`, `message`, `script`, `webhook`, or `plugin:<id>/<action>`.
    pub kind: String,
    /// By name. A text may hold expressions in `{{ }}`; one that begins with `=` is an expression as a whole. Beside what
    /// the condition sees there is `results`: what came of the actions before, the first at 0.
    #[serde(default)]
    #[schema(value_type = Object)]
    pub parameters: Map<String, Json>,
}

impl Action {
    /// Its parameters as they are evaluated: a script is an expression, whether it begins with `=` or not.
    pub(super) fn asked(&self) -> Cow<'_, Map<String, Json>> {
        match self.parameters.get(SCRIPT) {
            Some(Json::String(text)) if self.kind == SCRIPT && !text.trim_start().starts_with('=') => {
                let mut parameters = self.parameters.clone();
                parameters.insert(SCRIPT.to_owned(), format!("={text}").into());
                Cow::Owned(parameters)
            }
            _ => Cow::Borrowed(&self.parameters),
        }
    }
}

/// A rule with its place.
#[derive(Debug, Clone, PartialEq, Serialize, utoipa::ToSchema)]
#[schema(as = PlacedAutomation)]
pub struct PlacedRule {
    /// Its id.
    pub id: Uuid,
    /// Its entity.
    pub entity: String,
    /// Rules of an entity are asked from the smallest on.
    pub place: i64,
    /// The rule.
    pub rule: Rule,
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn check(trigger: Json, kind: &str, changes: Json, expected: bool) {
        let nil = Uuid::nil();
        let event = json!({
            "id": 1, "tx": 0, "tenant": nil, "at": "2026-03-16T09:00:00Z", "kind": kind, "entity": "deal", "record": nil,
            "version": 1, "actor": {"kind": "system"}, "cause": {"root": nil, "hop": 0}, "batch": null, "changes": changes,
        });
        let event: Event = serde_json::from_value(event).unwrap();
        let read: Trigger = serde_json::from_value(trigger.clone()).unwrap();
        assert_eq!(read.is_set_off_by(&event), expected, "{trigger} {kind}");
    }

    #[test]
    fn triggers_know_their_events() {
        let moved = || json!({"stage": ["new", "won"]});
        check(json!({"event": "created"}), "deal.created", json!({}), true);
        check(json!({"event": "created"}), "deal.updated", json!({}), false);
        check(json!({"event": "updated"}), "deal.updated", moved(), true);
        check(json!({"event": "updated"}), "deal.paid", moved(), true);
        check(json!({"event": "updated"}), "deal.restored", moved(), false);
        check(json!({"event": "updated", "fields": ["amount"]}), "deal.updated", moved(), false);
        check(json!({"event": "updated", "fields": ["amount", "stage"]}), "deal.updated", moved(), true);
        check(json!({"event": "stage_entered", "stage": "won"}), "deal.updated", moved(), true);
        check(json!({"event": "stage_entered", "stage": "won"}), "deal.created", json!({"stage": [null, "won"]}), true);
        check(json!({"event": "stage_entered", "stage": "new"}), "deal.updated", moved(), false);
        check(json!({"event": "stage_entered"}), "deal.updated", json!({}), false);
        check(json!({"event": "stage_left", "stage": "new"}), "deal.updated", moved(), true);
        check(json!({"event": "deleted"}), "deal.deleted", json!({}), true);
    }
}
