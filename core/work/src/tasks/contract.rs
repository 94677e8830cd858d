//! The step contract as a task keeps it: what the step is for, who does it, by when, what must be filled.

use std::collections::BTreeSet;
use std::fmt;
use std::str::FromStr;

use kernel::RecordRef;
use kernel::access::Rights;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::{Map, Value as Json};

/// Who may do a task. As text: `role:<key or name>`, `head`, `owner`, `user:<id or e-mail>`, `deputy`.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum ExecutorRule {
    /// Holders of a role, by its key or name.
    Role(String),
    /// Head of the owner's department, or the nearest one above who is somebody else.
    Head,
    /// Owner of the subject.
    Owner,
    /// A person, by id or e-mail.
    User(String),
    /// Who stands in for the owner: their head while they are absent, else the owner.
    Deputy,
}

impl FromStr for ExecutorRule {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let text = text.trim();
        let named = |name: &str| {
            let name = name.trim();
            let good = !name.is_empty() && name.chars().count() <= 254 && !name.contains('\0');
            good.then(|| name.to_owned()).ok_or_else(|| "an executor's name has 1 to 254 characters".to_owned())
        };
        match text.split_once(':') {
            Some(("role", name)) => named(name).map(Self::Role),
            Some(("user", name)) => named(name).map(Self::User),
            None if text == "head" => Ok(Self::Head),
            None if text == "owner" => Ok(Self::Owner),
            None if text == "deputy" => Ok(Self::Deputy),
            _ => Err(format!(
                "`{}` is not an executor; use role:<key>, user:<id or e-mail>, head, owner or deputy",
                text.chars().take(100).collect::<String>()
            )),
        }
    }
}

impl fmt::Display for ExecutorRule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Role(name) => write!(f, "role:{name}"),
            Self::User(name) => write!(f, "user:{name}"),
            Self::Head => f.write_str("head"),
            Self::Owner => f.write_str("owner"),
            Self::Deputy => f.write_str("deputy"),
        }
    }
}

impl Serialize for ExecutorRule {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for ExecutorRule {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

/// What a task promises. Lengths are seconds of working time.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct TaskContract {
    /// From the making of the task to its deadline.
    pub duration: Option<i64>,
    /// Before the deadline.
    pub remind_before: Vec<i64>,
    /// What the step is for.
    pub main_action: Option<MainAction>,
    /// Whether the task cannot be completed before the main action has a result.
    pub require_main_action: bool,
    /// How one of several executors is chosen.
    pub assignment: Assignment,
    /// How many must complete it.
    pub completed_by: CompletedBy,
    /// What is to be filled.
    pub form: Vec<FormField>,
    /// What happens after the deadline.
    pub escalate: Vec<Escalation>,
    /// What its values may tell of the subject.
    #[serde(skip_serializing_if = "Tells::is_nothing")]
    pub tells: Tells,
    /// The stage that its subject does not leave before it is done.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stage: Option<String>,
}

/// What values that a process made may tell of its subject: those from whom a field of it is hidden do not get them.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Tells {
    /// Nothing that the task does not say openly.
    #[default]
    Nothing,
    /// What these fields hold.
    Fields(BTreeSet<String>),
    /// Perhaps any field.
    Anything,
}

impl Tells {
    const fn is_nothing(&self) -> bool {
        matches!(self, Self::Nothing)
    }

    /// What both tell.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        match (self, other) {
            (Self::Nothing, tells) | (tells, Self::Nothing) => tells,
            (Self::Fields(fields), Self::Fields(more)) => Self::Fields(fields.into_iter().chain(more).collect()),
            (Self::Anything, _) | (_, Self::Anything) => Self::Anything,
        }
    }

    /// Whether it tells of a field that these rights hide.
    pub fn is_hidden(&self, rights: &Rights, subject: Option<&RecordRef>) -> bool {
        let Some(RecordRef { entity, .. }) = subject else { return false };
        match self {
            Self::Nothing => false,
            Self::Fields(fields) => fields.iter().any(|field| !rights.sees(entity, field)),
            Self::Anything => rights.hides_of(entity),
        }
    }
}

/// What a step is for.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct MainAction {
    /// `form`, `approve`, `acknowledge`, `set-fields`, `create-record`, `email`, or an action of a higher layer
    /// (`plugin:<id>/<action>`), which the port `ActionRunner` does.
    pub kind: String,
    /// Its parameters, already evaluated.
    #[serde(default)]
    #[schema(value_type = Object)]
    pub parameters: Map<String, Json>,
}

/// How one of several executors is chosen. Absent people are passed over.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Assignment {
    /// Anyone may claim it; a single candidate has it at once.
    #[default]
    Anyone,
    /// Who has the fewest open tasks.
    Load,
    /// By turn.
    Turn,
}

/// How many of the executors must complete a task. In JSON `"one"`, `"all"` or a number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum CompletedBy {
    /// The one who has it.
    #[default]
    One,
    /// Every candidate.
    All,
    /// So many different candidates; all of them when there are fewer.
    Count(u32),
}

impl CompletedBy {
    /// How many completions are needed when there are so many candidates; at least one.
    pub const fn needed(self, candidates: u32) -> u32 {
        let wanted = match self {
            Self::One => 1,
            Self::All => candidates,
            Self::Count(count) if count < candidates => count,
            Self::Count(_) => candidates,
        };
        if wanted == 0 { 1 } else { wanted }
    }
}

impl Serialize for CompletedBy {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::One => serializer.serialize_str("one"),
            Self::All => serializer.serialize_str("all"),
            Self::Count(count) => serializer.serialize_u32(*count),
        }
    }
}

impl<'de> Deserialize<'de> for CompletedBy {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let wrong = || serde::de::Error::custom("expected \"one\", \"all\" or a number from 1");
        match Json::deserialize(deserializer)? {
            Json::String(text) if text == "one" => Ok(Self::One),
            Json::String(text) if text == "all" => Ok(Self::All),
            Json::Number(number) => {
                let count = number.as_u64().and_then(|n| u32::try_from(n).ok()).filter(|n| *n > 0);
                count.map(Self::Count).ok_or_else(wrong)
            }
            _ => Err(wrong()),
        }
    }
}

/// A field to be filled at the hand-over.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct FormField {
    /// A variable, or `record.<field>` of the subject.
    pub name: String,
    /// Label; the name when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub label: Option<String>,
    /// `text`, `number`, `boolean`, `date`, `choice`.
    #[serde(default = "plain")]
    pub kind: String,
    /// Choices of `choice`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub choices: Vec<String>,
    /// Whether the task cannot be completed without it.
    #[serde(default)]
    pub required: bool,
    /// What the form shows at first: of a process, the variable as it was when the task was made. It is not an answer:
    /// who completes the task gives that.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    pub value: Option<serde_json::Value>,
}

fn plain() -> String {
    "text".to_owned()
}

impl FormField {
    /// The subject's field it fills, if it is one.
    pub fn record_field(&self) -> Option<&str> {
        self.name.strip_prefix("record.")
    }
}

/// What happens after the deadline.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Escalation {
    /// Whom to tell. `head` is the head above the assignee, or above the owner while nobody has the task.
    pub to: ExecutorRule,
    /// Working time after the deadline.
    pub after: i64,
    /// Working time between repetitions.
    #[serde(default)]
    pub every: Option<i64>,
    /// Whether the task is given to them.
    #[serde(default)]
    pub reassign: bool,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn executors_are_read_from_text_and_written_back() {
        for text in ["role:Технический специалист", "user:anna@example.org", "head", "owner", "deputy"]
        {
            assert_eq!(text.parse::<ExecutorRule>().unwrap().to_string(), text);
        }
        for wrong in ["", "role:", "user: ", "boss", "role", "head:1", "role:a\0b"] {
            assert!(wrong.parse::<ExecutorRule>().is_err(), "{wrong}");
        }
        assert!(format!("role:{}", "x".repeat(255)).parse::<ExecutorRule>().is_err());
    }

    #[test]
    fn completions_needed_never_exceed_the_candidates_nor_fall_to_none() {
        for (rule, candidates, expected) in [
            (CompletedBy::One, 5, 1),
            (CompletedBy::All, 3, 3),
            (CompletedBy::All, 0, 1),
            (CompletedBy::Count(2), 5, 2),
            (CompletedBy::Count(9), 3, 3),
            (CompletedBy::Count(1), 0, 1),
        ] {
            assert_eq!(rule.needed(candidates), expected, "{rule:?} of {candidates}");
        }
    }

    #[test]
    fn contracts_survive_storage() {
        let contract = TaskContract {
            duration: Some(28_800),
            remind_before: vec![3_600],
            completed_by: CompletedBy::Count(2),
            assignment: Assignment::Turn,
            escalate: vec![Escalation { to: ExecutorRule::Head, after: 0, every: Some(60), reassign: true }],
            ..TaskContract::default()
        };
        let json = serde_json::to_value(&contract).unwrap();
        assert_eq!(serde_json::from_value::<TaskContract>(json).unwrap(), contract);
        assert_eq!(serde_json::from_str::<TaskContract>("{}").unwrap(), TaskContract::default());
        for wrong in [r#"{"completed_by": 0}"#, r#"{"completed_by": "some"}"#, r#"{"duration": "P1D"}"#] {
            assert!(serde_json::from_str::<TaskContract>(wrong).is_err(), "{wrong}");
        }
    }
}
