//! What holds for entering a stage and standing in it.

use kernel::expression::{Expression, Names};
use kernel::{Ctx, FieldKey, RecordId, Result, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::Value as Json;

use super::StageContract;
use crate::catalogue::Labels;

/// Names that a guard knows: the record as it would be, as it is saved (null for a new one), and whoever acts.
pub(super) const ROOTS: [&str; 3] = ["record", "before", "actor"];

/// The rules of a stage. All that refuse a move are told at once.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct StageRules {
    /// How long a record may stand there, ISO 8601 in working time of the company: `P1D` is eight hours.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub duration: Option<String>,
    /// How long before that its owner is reminded.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub remind: Option<String>,
    /// Fields that must have a value.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub required: Vec<FieldKey>,
    /// What must be true.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub guard: Option<Guard>,
    /// What people read when it is not.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub guard_message: Option<Labels>,
    /// The only stages that it is entered from; empty: from all.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub from: Vec<String>,
    /// The only roles, by key, whose people move records there; empty: all.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub roles: Vec<String>,
    /// The task that is made on entering and done before leaving.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub contract: Option<StageContract>,
    /// Actions of automation that are done on entering.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub on_enter: Vec<Json>,
    /// Records that stand elsewhere enter it by converting only.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub convert_only: bool,
    /// An administrator has named a stage of a module otherwise.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub renamed: bool,
}

impl StageRules {
    /// As kept. Rules that this version does not understand let nothing in.
    pub(super) fn kept(json: Option<Json>) -> Self {
        let Some(json) = json else { return Self::default() };
        serde_json::from_value(json).unwrap_or_else(|error| {
            tracing::error!(%error, "the rules of a stage are not understood: it lets nothing in");
            Self { guard: Some(Guard::new("false")), ..Self::default() }
        })
    }

    /// Whether anything keeps a record from entering.
    pub fn guards(&self) -> bool {
        !self.required.is_empty() || self.guard.is_some() || !self.from.is_empty() || !self.roles.is_empty()
    }
}

/// A condition in CEL, compiled.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(from = "String", into = "String")]
pub struct Guard {
    text: String,
    compiled: Result<Expression, String>,
}

impl Guard {
    /// Compiles a condition; one that is wrong never holds.
    pub fn new(text: impl Into<String>) -> Self {
        let text = text.into();
        let compiled = Expression::compile(&text);
        Self { text, compiled }
    }

    /// As it was written.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The expression.
    ///
    /// # Errors
    /// What is wrong with it, in English.
    pub fn expression(&self) -> Result<&Expression, String> {
        self.compiled.as_ref().map_err(Clone::clone)
    }

    /// Whether it holds.
    ///
    /// # Errors
    /// Why that cannot be said, in English.
    pub fn holds(&self, names: &Names<'_>) -> Result<bool, String> {
        self.expression()?.holds(names)
    }
}

impl From<String> for Guard {
    fn from(text: String) -> Self {
        Self::new(text)
    }
}

impl From<Guard> for String {
    fn from(guard: Guard) -> Self {
        guard.text
    }
}

impl PartialEq for Guard {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text
    }
}

/// The job that tells the owner of a record about the deadline of its stage.
pub const STAGE_TOLD: &str = "stage.told";

/// What that job is about.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct StageTold {
    /// The entity.
    pub entity: String,
    /// The record.
    pub record: RecordId,
    /// The deadline it was made for: for another one it says nothing.
    pub due: Timestamp,
    /// Whether it has passed, or is near.
    pub over: bool,
}

/// The port of working time: records asks, whoever keeps calendars answers.
#[async_trait::async_trait]
pub trait StageClock: Send + Sync {
    /// A duration as it is written, in seconds of working time.
    ///
    /// # Errors
    /// What is wrong with it, in English.
    fn seconds(&self, text: &str) -> Result<i64, String>;

    /// So many seconds of the company's working time after (or before, where negative) a moment; none where its calendar has
    /// no such moment.
    ///
    /// # Errors
    /// When the database fails.
    async fn at(&self, ctx: &Ctx, from: Timestamp, seconds: i64) -> Result<Option<Timestamp>>;
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn rules_are_kept_as_they_were_written() {
        let kept =
            json!({"duration": "P1D", "required": ["close_date"], "guard": "record.amount > 0", "from": ["new"]});
        let rules = StageRules::kept(Some(kept.clone()));
        assert!(rules.guards());
        assert_eq!(serde_json::to_value(&rules).unwrap(), kept);
        assert_eq!(serde_json::to_value(StageRules::kept(None)).unwrap(), json!({}));
    }

    #[test]
    fn what_is_not_understood_lets_nothing_in() {
        for kept in [json!({"required": 1}), json!({"guard": "record.("}), json!("x")] {
            let rules = StageRules::kept(Some(kept.clone()));
            let guard = rules.guard.unwrap_or_else(|| panic!("{kept}"));
            assert_ne!(guard.holds(&Names::new()), Ok(true), "{kept}");
        }
    }
}
