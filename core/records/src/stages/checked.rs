//! A list of stages as it was sent: everything that is wrong with it, by place.

use std::collections::{BTreeSet, HashSet};

use kernel::Locale;
use kernel::error::{FieldError, FieldErrors};
use kernel::text::latin;
use serde::Deserialize;
use serde_json::Value as Json;

use super::rules::ROOTS;
use super::{Guard, Pipeline, Pipelines, Semantic, StageClock, StageContract, StageRules, StageTasks};
use crate::catalogue::change::worded;
use crate::catalogue::choices::is_color;
use crate::catalogue::{EntityDef, Labels};

/// Stages of a pipeline.
pub const MAX_STAGES: usize = 60;
/// Characters of a key.
pub(super) const MAX_KEY: usize = 40;
/// Fields that a stage asks for, stages it is entered from, roles that move there.
const MAX_NAMED: usize = 100;
/// Characters of what the task of a stage says.
const MAX_WORDS: usize = 5_000;

/// A stage as somebody wants it.
#[derive(Debug, Clone, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct StageInput {
    /// Its key: of a stage that is there, or of a new one (Latin letters, digits, `_`); made from the name where absent. Keys
    /// are never changed: a stage keeps its history under another name.
    #[serde(default)]
    pub key: Option<String>,
    /// Its name by language: `{"en": "Offer sent"}`.
    #[schema(value_type = std::collections::BTreeMap<String, String>)]
    pub label: Labels,
    /// What it means.
    pub semantic: Semantic,
    /// `#rrggbb`.
    pub color: String,
    /// How likely a record in it is to be won, percent; none: by its place. Of open stages alone.
    #[serde(default)]
    pub probability: Option<i64>,
    /// How long a record may stand there, ISO 8601 in working time of the company: `P1D` is eight hours. Of open stages alone.
    #[serde(default)]
    pub duration: Option<String>,
    /// How long before that its owner is reminded.
    #[serde(default)]
    pub remind: Option<String>,
    /// Fields that must have a value to enter it.
    #[serde(default)]
    pub required: Vec<String>,
    /// What must be true to enter it: CEL over `record`, `before` and `actor`.
    #[serde(default)]
    pub guard: Option<String>,
    /// What people read when it is not, by language.
    #[serde(default)]
    #[schema(value_type = Option<std::collections::BTreeMap<String, String>>)]
    pub guard_message: Option<Labels>,
    /// The only stages it is entered from, by key; empty: from all.
    #[serde(default)]
    pub from: Vec<String>,
    /// The only roles, by key, whose people (and administrators) move records there; empty: all.
    #[serde(default)]
    pub roles: Vec<String>,
    /// The task that is made when a record enters; the record does not leave before it is done.
    #[serde(default)]
    pub contract: Option<StageContract>,
    /// What is done when a record enters, in this order: actions of automation rules, `{kind, parameters}`.
    #[serde(default)]
    #[schema(value_type = Vec<Object>)]
    pub on_enter: Vec<Json>,
    /// Of won stages of leads: whether converting is the only way in. As it was where absent; of a new stage it is.
    #[serde(default)]
    pub convert_only: Option<bool>,
}

/// A stage that may be kept.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct CheckedStage {
    pub key: String,
    pub labels: Labels,
    pub semantic: Semantic,
    pub color: String,
    pub probability: Option<i64>,
    pub rules: StageRules,
}

/// What a list of stages is checked against.
pub(super) struct Against<'a> {
    pub def: &'a EntityDef,
    pub pipelines: &'a Pipelines,
    /// The pipeline that they are for; none for a new one.
    pub pipeline: Option<&'a Pipeline>,
    /// Keys of roles.
    pub roles: &'a BTreeSet<String>,
    pub clock: Option<&'a dyn StageClock>,
    pub tasks: Option<&'a dyn StageTasks>,
    /// Whether records of the entity are converted.
    pub converts: bool,
}

impl Against<'_> {
    /// The stages with their keys.
    ///
    /// # Errors
    /// By place: `stages` or `stages.<n>.<what>`.
    pub fn check(&self, given: Vec<StageInput>) -> Result<Vec<CheckedStage>, FieldErrors> {
        let mut errors = FieldErrors::new();
        if given.len() > MAX_STAGES {
            errors.insert("stages".into(), FieldError::new("too_many").with("max", MAX_STAGES));
            return Err(errors);
        }
        for (semantic, code) in
            [(Semantic::Open, "stage_open"), (Semantic::Won, "stage_won"), (Semantic::Lost, "stage_lost")]
        {
            if !given.iter().any(|stage| stage.semantic == semantic) {
                errors.insert("stages".into(), FieldError::new(code));
            }
        }
        if given.first().is_some_and(|first| first.semantic != Semantic::Open) && errors.is_empty() {
            errors.insert("stages".into(), FieldError::new("stage_first"));
        }
        let keys = self.keys(&given, &mut errors);
        let named: HashSet<&str> = keys.iter().map(String::as_str).collect();
        let mut checked = Vec::with_capacity(given.len());
        for (index, (stage, key)) in given.into_iter().zip(&keys).enumerate() {
            let mut wrong = |what: &str, error| drop(errors.insert(format!("stages.{index}.{what}"), error));
            checked.extend(self.stage(stage, key, &named, &mut wrong));
        }
        if errors.is_empty() { Ok(checked) } else { Err(errors) }
    }

    /// The keys of all, those of new stages made where they have none.
    fn keys(&self, given: &[StageInput], errors: &mut FieldErrors) -> Vec<String> {
        let mine = |key: &str| {
            let mut all = self.pipeline.into_iter().flat_map(|one| one.stages.iter().chain(&one.gone));
            all.any(|stage| stage.key == key)
        };
        let elsewhere = |key: &str| !mine(key) && self.pipelines.stage_ever(&self.def.key, key).is_some();
        let mut keys: Vec<String> = Vec::with_capacity(given.len());
        let asked: HashSet<&str> = given.iter().filter_map(|stage| stage.key.as_deref()).collect();
        for (index, stage) in given.iter().enumerate() {
            let key = match &stage.key {
                Some(key) => {
                    let plain = key.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b"_-".contains(&b));
                    let code = if !mine(key) && (key.is_empty() || key.len() > MAX_KEY || !plain) {
                        Some("choice_key")
                    } else if elsewhere(key) || keys.contains(key) {
                        Some("taken")
                    } else {
                        None
                    };
                    if let Some(code) = code {
                        errors.insert(format!("stages.{index}.key"), FieldError::new(code).with("max", MAX_KEY));
                    }
                    key.clone()
                }
                None => {
                    let has = |key: &str| {
                        mine(key) || elsewhere(key) || asked.contains(key) || keys.iter().any(|other| other == key)
                    };
                    free_key(&stage.label, "stage", has)
                }
            };
            keys.push(key);
        }
        keys
    }

    fn stage(
        &self,
        given: StageInput,
        key: &str,
        named: &HashSet<&str>,
        wrong: &mut dyn FnMut(&str, FieldError),
    ) -> Option<CheckedStage> {
        let open = given.semantic == Semantic::Open;
        if !is_color(&given.color) {
            wrong("color", FieldError::new("color"));
        }
        if given.probability.is_some_and(|percent| !(0..=100).contains(&percent)) {
            wrong("probability", FieldError::new("range").with("min", 0).with("max", 100));
        }
        let (duration, remind) = self.times(&given, wrong);
        let required = self.required(&given, wrong);
        if given.from.len() > MAX_NAMED || given.roles.len() > MAX_NAMED {
            wrong("from", FieldError::new("too_many").with("max", MAX_NAMED));
        }
        if let Some(unknown) = given.from.iter().find(|from| !named.contains(from.as_str())) {
            wrong("from", FieldError::new("unknown_name").with("value", short(unknown)));
        }
        if let Some(unknown) = given.roles.iter().find(|role| !self.roles.contains(*role)) {
            wrong("roles", FieldError::new("unknown_name").with("value", short(unknown)));
        }
        let guard = given.guard.as_deref().map(str::trim).filter(|text| !text.is_empty()).map(Guard::new);
        if let Some(problem) = guard.as_ref().and_then(|guard| self.problem(guard)) {
            wrong("guard", problem);
        }
        let guard_message = match given.guard_message.filter(|labels| labels.0.values().any(|words| !words.is_empty()))
        {
            Some(labels) => worded(labels).map_err(|error| wrong("guard_message", error)).ok(),
            None => None,
        };
        let contract = given.contract.and_then(|contract| self.contract(contract, wrong));
        let labels = worded(given.label).map_err(|error| wrong("label", error)).ok()?;
        let before = self.pipeline.and_then(|one| one.stages.iter().find(|stage| stage.key == key));
        let renamed = before
            .is_some_and(|stage| stage.rules.renamed || stage.labels.as_ref().is_some_and(|before| *before != labels));
        let won_before = before.filter(|stage| stage.semantic == Semantic::Won);
        let convert_only = given.convert_only.or(won_before.map(|stage| stage.rules.convert_only)).unwrap_or(true);
        let rules = StageRules {
            contract,
            on_enter: given.on_enter,
            convert_only: convert_only && self.converts && given.semantic == Semantic::Won,
            duration,
            remind,
            required: required.into_iter().map(Into::into).collect(),
            guard_message: guard_message.filter(|_| guard.is_some()),
            guard,
            from: given.from,
            roles: given.roles,
            renamed: renamed && self.def.owner.plugin().is_some(),
        };
        let probability = given.probability.filter(|_| open);
        Some(CheckedStage {
            key: key.to_owned(),
            labels,
            semantic: given.semantic,
            color: given.color,
            probability,
            rules,
        })
    }

    /// How long a record may stand there, and how long before that its owner is reminded.
    fn times(&self, given: &StageInput, wrong: &mut dyn FnMut(&str, FieldError)) -> (Option<String>, Option<String>) {
        let text =
            |text: &Option<String>| text.as_deref().map(str::trim).filter(|text| !text.is_empty()).map(str::to_owned);
        let (duration, remind) = (text(&given.duration), text(&given.remind));
        let read = |text: &str| match self.clock {
            Some(clock) => clock.seconds(text).map_err(|reason| FieldError::new("invalid").with("reason", reason)),
            None => Err(FieldError::new("invalid").with("reason", "there is no calendar")),
        };
        let mut seconds = |what: &str, text: &Option<String>| match text.as_deref().map(read) {
            Some(Ok(seconds)) if seconds > 0 => Some(seconds),
            Some(Ok(_)) => {
                wrong(what, FieldError::new("duration_positive"));
                None
            }
            Some(Err(error)) => {
                wrong(what, error);
                None
            }
            None => None,
        };
        let (long, before) = (seconds("duration", &duration), seconds("remind", &remind));
        if duration.is_some() && given.semantic != Semantic::Open {
            wrong("duration", FieldError::new("duration_open"));
        }
        if remind.is_some() && before.is_some() && long.is_none_or(|long| before >= Some(long)) {
            wrong("remind", FieldError::new("remind_shorter"));
        }
        (duration, remind)
    }

    /// Fields that must have a value: of the entity, such as people fill in.
    fn required(&self, given: &StageInput, wrong: &mut dyn FnMut(&str, FieldError)) -> Vec<String> {
        let mut kept: Vec<String> = Vec::with_capacity(given.required.len());
        if given.required.len() > MAX_NAMED {
            wrong("required", FieldError::new("too_many").with("max", MAX_NAMED));
            return kept;
        }
        for key in &given.required {
            if self.def.field(key).is_none_or(|field| field.system) {
                wrong("required", FieldError::new("unknown_name").with("value", short(key)));
            }
            if !kept.contains(key) {
                kept.push(key.clone());
            }
        }
        kept
    }

    /// The task of a stage, tidied.
    fn contract(&self, mut given: StageContract, wrong: &mut dyn FnMut(&str, FieldError)) -> Option<StageContract> {
        let kept = |text: Option<String>| text.map(|text| text.trim().to_owned()).filter(|text| !text.is_empty());
        (given.duration, given.remind, given.main_action) =
            (kept(given.duration), kept(given.remind), kept(given.main_action));
        if given.description.chars().count() > MAX_WORDS {
            wrong("contract.description", FieldError::new("too_long").with("max", MAX_WORDS));
        }
        if given.form.len() > MAX_NAMED || given.executors.len() > MAX_NAMED {
            wrong("contract.form", FieldError::new("too_many").with("max", MAX_NAMED));
        }
        let fills = |key: &String| self.def.field(key).is_some_and(|field| !field.system);
        if let Some(unknown) = given.form.iter().find(|key| !fills(key)) {
            wrong("contract.form", FieldError::new("unknown_name").with("value", short(unknown)));
        }
        match self.tasks {
            Some(tasks) => {
                for (part, error) in tasks.wrong(&given) {
                    wrong(&format!("contract.{part}"), error);
                }
            }
            None => wrong("contract", FieldError::new("invalid").with("reason", "there are no tasks")),
        }
        let title = worded(given.title).map_err(|error| wrong("contract.title", error)).ok()?;
        Some(StageContract { title, ..given })
    }

    /// What is wrong with a guard: its text, a name it does not know, a field that is not there.
    fn problem(&self, guard: &Guard) -> Option<FieldError> {
        let expression = match guard.expression() {
            Ok(expression) => expression,
            Err(reason) => return Some(FieldError::new("invalid").with("reason", reason)),
        };
        if let Some(name) = expression.names().find(|name| !ROOTS.contains(name) && !is_type(name)) {
            return Some(FieldError::new("unknown_name").with("value", short(name)));
        }
        let fields = ["record", "before"].into_iter().flat_map(|root| expression.fields_of(root));
        let unknown = fields.into_iter().find(|field| self.def.field(field).is_none());
        unknown.map(|field| FieldError::new("unknown_name").with("value", short(field)))
    }
}

/// Names of types, which `type(...)` is compared to.
fn is_type(name: &str) -> bool {
    ["bool", "int", "uint", "double", "string", "bytes", "list", "map", "null_type", "timestamp", "duration"]
        .contains(&name)
}

fn short(text: &str) -> String {
    text.chars().take(80).collect()
}

/// A key made from a name, which nobody has.
pub(super) fn free_key(label: &Labels, otherwise: &str, has: impl Fn(&str) -> bool) -> String {
    let words: String = latin(label.in_locale(Locale::En), '_').chars().take(MAX_KEY - 6).collect();
    let words = if words.is_empty() { otherwise } else { words.trim_end_matches('_') };
    let numbered = (1..).map(|n| if n == 1 { words.to_owned() } else { format!("{words}_{n}") });
    numbered.into_iter().find(|key| !has(key)).unwrap_or_default()
}
