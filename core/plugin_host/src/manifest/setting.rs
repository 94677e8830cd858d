//! What an admin can set, as the manifest declares it.

use serde::{Deserialize, Serialize};

use super::Text;

/// The kind of a setting.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum SettingType {
    /// One line.
    Text,
    /// A whole number.
    Integer,
    /// Yes or no.
    Boolean,
    /// One of `choices`.
    Choice,
    /// A role of the tenant.
    Role,
    /// A user of the tenant.
    User,
    /// A stage of `entity`, by its key.
    Stage,
    /// A field of `entity`, by its key.
    Field,
    /// Text that the plugin never reads.
    Secret,
}

impl SettingType {
    /// Whether it names something of an entity.
    pub const fn is_of_entity(self) -> bool {
        matches!(self, Self::Stage | Self::Field)
    }

    /// Its name in manifests and in messages.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::Integer => "integer",
            Self::Boolean => "boolean",
            Self::Choice => "choice",
            Self::Role => "role",
            Self::User => "user",
            Self::Stage => "stage",
            Self::Field => "field",
            Self::Secret => "secret",
        }
    }
}

/// One thing an admin can set.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Setting {
    /// Unique in the plugin.
    pub key: String,
    /// Its kind.
    #[serde(rename = "type")]
    pub kind: SettingType,
    /// Shown beside the input.
    pub label: Text,
    /// Shown below the input.
    #[serde(default)]
    pub help: Text,
    /// Must be set before the plugin can be enabled.
    #[serde(default)]
    pub required: bool,
    /// Until an admin sets it.
    pub default: Option<serde_json::Value>,
    /// Of a choice.
    #[serde(default)]
    pub choices: Vec<Choice>,
    /// Of an integer.
    pub min: Option<i64>,
    /// Of an integer.
    pub max: Option<i64>,
    /// Of a stage or a field: whose.
    pub entity: Option<String>,
}

/// One entry of a choice.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Choice {
    /// Kept.
    pub value: String,
    /// Shown.
    pub label: Text,
}
