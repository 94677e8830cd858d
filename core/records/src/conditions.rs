//! Conditions of fields and validation rules, asked about a change: what a field is like now, and what speaks against
//! writing. One engine for the pipeline, for forms that ask while somebody types, and for the list of old gaps.
//!
//! A write answers for what it touches and for what it makes necessary. A gap from before keeps a record from moving to another
//! stage, not from other changes. What cannot be answered is closed: a condition that fails makes a field required and
//! read-only and offers no choice, a rule that fails is broken.

use std::collections::BTreeMap;
use std::sync::Arc;

use kernel::db::Tx;
use kernel::error::{FieldError, FieldErrors, Refusal};
use kernel::expression::exact::{NOW, Outcome, TODAY};
use kernel::expression::{Expression, Names};
use kernel::value::FieldType;
use kernel::{Actor, Ctx, Error, Fields, Message, Result, Value, audit};
use serde_json::{Value as Json, json};

use crate::catalogue::condition::{ACTOR, Asked, BEFORE, ConditionsDef, RuleDef};
use crate::catalogue::formula::RECORD;
use crate::catalogue::{EntityDef, FieldDef};
use crate::computed::Moment;
use crate::invalid;
use crate::write::{Along, Operation, PendingChange};

/// The code of a refusal by a validation rule.
pub const BROKEN: &str = "record.rule";
/// The code of a refusal that a reason overrides.
pub const WARNED: &str = "record.warned";
/// Characters of such a reason.
pub const MAX_REASON: usize = 500;
/// What stands for nothing in particular among errors by field.
pub const RECORD_AS_WHOLE: &str = "record";

/// What expressions see.
pub(crate) struct Scene<'a> {
    def: &'a EntityDef,
    record: &'a Fields,
    before: Option<&'a Fields>,
    actor: &'a Json,
    moment: &'a Moment,
}

/// Who acts, as expressions see them.
pub(crate) fn actor_of(ctx: &Ctx) -> Json {
    let kind = match &ctx.actor {
        Actor::User { .. } => "user",
        Actor::Token { .. } => "token",
        Actor::Plugin { .. } => "plugin",
        Actor::Import { .. } => "import",
        Actor::Process { .. } => "process",
        Actor::Guest { .. } => "guest",
        Actor::Rule { .. } => "rule",
        Actor::System => "system",
    };
    json!({
        "id": ctx.user().map(|user| user.0.to_string()),
        "kind": kind,
        "department": ctx.department.map(|department| department.0.to_string()),
        "admin": ctx.rights.is_admin(),
    })
}

/// What an expression takes of an image; what is not there (any more) is empty.
pub(crate) fn picture(def: &EntityDef, image: &Fields, expression: &Expression, name: &str) -> Fields {
    let value = |key: &str| def.field(key).map_or(Value::Null, |field| def.value_of(image, field));
    if expression.takes_all_of(name) {
        return def.fields.iter().map(|field| (field.key.clone(), value(&field.key))).collect();
    }
    expression.fields_of(name).map(|key| (key.into(), value(key))).collect()
}

impl<'a> Scene<'a> {
    /// Images as the pipeline has them.
    pub fn new(
        def: &'a EntityDef,
        record: &'a Fields,
        before: Option<&'a Fields>,
        actor: &'a Json,
        moment: &'a Moment,
    ) -> Self {
        Self { def, record, before, actor, moment }
    }

    /// How it was before the change, seen as if it were written now.
    fn earlier(&self) -> Option<Self> {
        let before = self.before?;
        Some(Self { record: before, ..*self })
    }

    /// Whether an expression holds.
    pub fn holds(&self, asked: &Asked) -> std::result::Result<bool, String> {
        let expression = asked.0.as_ref().map_err(Clone::clone)?;
        self.with_names(expression, |names| expression.holds(names))
    }

    /// What an expression gives.
    fn outcome(&self, expression: &Expression) -> std::result::Result<Outcome, String> {
        self.with_names(expression, |names| expression.outcome(names))
    }

    fn with_names<T>(&self, expression: &Expression, ask: impl FnOnce(&Names<'_>) -> T) -> T {
        let nothing = Fields::new();
        let record = picture(self.def, self.record, expression, RECORD);
        let before = picture(self.def, self.before.unwrap_or(&nothing), expression, BEFORE);
        let names = Names::new()
            .with_exact(RECORD, &record)
            .with_exact(BEFORE, &before)
            .with(ACTOR, self.actor)
            .with_value(TODAY, &self.moment.today)
            .with_value(NOW, &self.moment.now);
        ask(&names)
    }

    /// An answer, or what stands for it where there is none.
    fn answer(&self, asked: &Asked, closed: bool, problems: &mut Vec<String>) -> bool {
        self.holds(asked).unwrap_or_else(|problem| {
            problems.push(problem);
            closed
        })
    }

    fn every(&self, asked: &[Asked], closed: bool, problems: &mut Vec<String>) -> bool {
        asked.iter().all(|one| self.answer(one, closed, problems))
    }

    fn any(&self, asked: &[Asked], closed: bool, problems: &mut Vec<String>) -> bool {
        asked.iter().any(|one| self.answer(one, closed, problems))
    }

    /// What a field is like.
    pub fn state(&self, field: &FieldDef) -> State {
        let mut problems = Vec::new();
        let Some(conditions) = field.conditions.as_deref() else {
            return State { visible: true, required: field.required, read_only: false, options: None, problems };
        };
        let visible = self.every(&conditions.visible, true, &mut problems);
        let required = self.any(&conditions.required, true, &mut problems);
        let read_only = self.any(&conditions.read_only, true, &mut problems);
        let options = self.options(field, conditions, &mut problems);
        State { visible, required: visible && (required || field.required), read_only, options, problems }
    }

    fn options(&self, field: &FieldDef, of: &ConditionsDef, problems: &mut Vec<String>) -> Option<Vec<String>> {
        if of.options_when.is_empty() {
            return None;
        }
        let mut offered = Vec::with_capacity(field.choices.len());
        for choice in field.choices.iter().filter(|choice| !choice.archived) {
            let asked = of.options_when.get(&choice.key).map(Vec::as_slice).unwrap_or_default();
            if self.every(asked, false, problems) {
                offered.push(choice.key.clone());
            }
        }
        Some(offered)
    }

    /// What of a rule is broken: nothing, the rule, or that it cannot be asked.
    pub fn broken(&self, rule: &RuleDef) -> Option<Option<String>> {
        let meant = rule.when.as_ref().map_or(Ok(true), |when| self.holds(when));
        match meant.and_then(|meant| if meant { self.holds(&rule.check) } else { Ok(true) }) {
            Ok(true) => None,
            Ok(false) => Some(None),
            Err(problem) => Some(Some(problem)),
        }
    }
}

/// Why an expression can never answer yes or no: what it gives of an image is something else. None where it answers, and where
/// it cannot be asked of this image.
pub(crate) fn misfit(def: &EntityDef, text: &str, image: &Fields, ctx: &Ctx) -> Option<String> {
    let asked = Asked::new(text);
    let expression = asked.0.as_ref().ok()?;
    let (actor, moment) = (actor_of(ctx), Moment::of(ctx));
    let scene = Scene::new(def, image, Some(image), &actor, &moment);
    if let Some(problem) = scene.with_names(expression, |names| expression.type_error(names)) {
        return Some(problem);
    }
    match scene.outcome(expression).ok()? {
        Outcome::Value(Value::Boolean(_) | Value::Null) => None,
        _ => Some("it gives something else than true or false".to_owned()),
    }
}

/// What a field is like in a record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct State {
    /// Whether forms show it.
    pub visible: bool,
    /// Whether it must have a value.
    pub required: bool,
    /// Whether its value stays as it is.
    pub read_only: bool,
    /// Keys of the choices that are offered; none: all of them.
    pub options: Option<Vec<String>>,
    /// Conditions that could not be answered, in English.
    pub problems: Vec<String>,
}

impl State {
    /// The first key of a value that is not offered.
    fn refuses<'v>(&self, value: &'v Value) -> Option<&'v str> {
        let options = self.options.as_ref()?;
        let mut keys: &[String] = &[];
        match value {
            Value::Text(key) => return Some(key.as_str()).filter(|key| !options.iter().any(|option| option == key)),
            Value::Texts(texts) => keys = texts,
            _ => {}
        }
        keys.iter().find(|key| !options.contains(key)).map(String::as_str)
    }
}

/// How much a change answers for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Scope {
    /// A new record, or a move to another stage: for everything.
    Whole,
    /// What it touches and makes necessary.
    Touched,
}

impl Scope {
    /// That of a change.
    pub fn of(change: &PendingChange) -> Self {
        let moves = change.entity.staged && change.changes("stage");
        if change.operation == Operation::Create || moves { Self::Whole } else { Self::Touched }
    }
}

/// What conditions of fields say against a change. What is closed to the writer asks nothing of them.
pub(crate) fn fields(change: &PendingChange, scene: &Scene<'_>, ctx: &Ctx) -> FieldErrors {
    let (def, scope) = (&change.entity, Scope::of(change));
    let mut errors = FieldErrors::new();
    for field in def.fields.iter().filter(|field| field.conditions.is_some()) {
        if ctx.rights.closes(&def.key, &field.key) {
            continue;
        }
        let error = of_field(change, field, scene, scope);
        errors.extend(error.map(|error| (field.key.to_string(), error)));
    }
    errors
}

fn of_field(change: &PendingChange, field: &FieldDef, scene: &Scene<'_>, scope: Scope) -> Option<FieldError> {
    let (state, touched) = (scene.state(field), changes_whole(change, field));
    let value = scene.def.value_of(scene.record, field);
    if state.read_only && touched && !field.system {
        let error = FieldError::new("locked");
        return Some(explained(error, &state));
    }
    let answers = scope == Scope::Whole || touched;
    let earlier = || scene.earlier().map(|scene| scene.state(field));
    if value.is_empty() {
        let needed = state.required && (answers || !earlier().is_some_and(|before| before.required));
        return needed.then(|| explained(FieldError::new("required"), &state));
    }
    let refused = state.refuses(&value)?;
    let new = answers || earlier().is_none_or(|before| before.refuses(&value).is_none());
    new.then(|| explained(FieldError::new("option_not_now").with("value", refused), &state))
}

/// With what kept a condition from being answered, so that an administrator finds it.
fn explained(error: FieldError, state: &State) -> FieldError {
    match state.problems.first() {
        Some(problem) => FieldError { code: error.code, message: unanswered(problem) },
        None => error,
    }
}

fn unanswered(problem: &str) -> Message {
    Message::key("field.condition_fails").with("problem", problem)
}

/// Whether the field, or its currency, will differ.
fn changes_whole(change: &PendingChange, field: &FieldDef) -> bool {
    let currency = if field.kind == FieldType::Money { change.entity.currency_of(field) } else { None };
    change.changes(&field.key) || currency.is_some_and(|currency| change.changes(&currency.key))
}

/// A rule that a change breaks.
pub(crate) struct Broken {
    pub rule: Arc<RuleDef>,
    /// Why it could not be asked.
    pub problem: Option<String>,
}

impl Broken {
    /// What somebody is told.
    pub fn message(&self, ctx: &Ctx) -> Message {
        match &self.problem {
            Some(problem) => {
                Message::key("field.rule_fails").with("rule", &self.rule.spec.name).with("problem", problem)
            }
            None => Message::Words(self.rule.spec.message.in_locale(ctx.locale).to_owned()),
        }
    }
}

/// The rules that a change breaks and answers for, in their order. Those of a module that does not exist for whoever acts ask
/// nothing of them.
pub(crate) fn broken(change: &PendingChange, scene: &Scene<'_>, ctx: &Ctx) -> Vec<Broken> {
    let scope = Scope::of(change);
    let touched = |rule: &RuleDef| {
        let named = |expression: &Expression| {
            let all = [RECORD, BEFORE].into_iter().any(|name| expression.takes_all_of(name));
            all || expression.fields_of(RECORD).any(|key| change.changes(key))
        };
        rule.expressions().any(named) || rule.spec.field.as_ref().is_some_and(|key| change.changes(key))
    };
    let open = |rule: &RuleDef| rule.owner.plugin().is_none_or(|plugin| !ctx.is_closed(plugin));
    let asked = |rule: &RuleDef| rule.spec.enabled && open(rule) && (scope == Scope::Whole || touched(rule));
    let rules = change.entity.rules.iter().filter(|rule| asked(rule));
    rules.filter_map(|rule| Some(Broken { problem: scene.broken(rule)?, rule: Arc::clone(rule) })).collect()
}

/// Judges a change: what was found wrong before, its conditions and its rules, all at once. With a reason, or where nobody can be
/// asked, what only warns is kept in the audit log beside the change.
pub(crate) fn judge(
    change: &mut PendingChange,
    mut errors: FieldErrors,
    ctx: &Ctx,
    actor: &Json,
    reason: Option<&str>,
) -> Result<()> {
    let def = Arc::clone(&change.entity);
    let asks = def.rules.iter().any(|rule| rule.spec.enabled) || def.fields.iter().any(|f| f.conditions.is_some());
    if !asks {
        return if errors.is_empty() { Ok(()) } else { Err(invalid(errors)) };
    }
    let moment = Moment::of(ctx);
    let scene = Scene::new(&def, &change.after, change.before.as_ref(), actor, &moment);
    for (key, error) in fields(change, &scene, ctx) {
        errors.entry(key).or_insert(error);
    }
    let (warnings, broken): (Vec<_>, Vec<_>) =
        broken(change, &scene, ctx).into_iter().partition(|one| one.rule.spec.warn);
    if !broken.is_empty() {
        return Err(refusal(BROKEN, broken.iter().chain(&warnings), errors, ctx));
    }
    if !errors.is_empty() {
        return Err(invalid(errors));
    }
    let asked = matches!(ctx.actor, Actor::User { .. } | Actor::Token { .. });
    let reason = reason.map(str::trim).filter(|reason| !reason.is_empty());
    if !warnings.is_empty() && asked && reason.is_none() {
        return Err(refusal(WARNED, warnings.iter(), errors, ctx));
    }
    if !warnings.is_empty() {
        let rules = warnings.iter().map(|one| one.rule.spec.name.clone()).collect();
        let object = format!("{}:{}", def.key, change.id);
        let reason = reason.map(|reason| reason.chars().take(MAX_REASON).collect());
        change.along.push(Arc::new(Overridden { ctx: ctx.clone(), object, rules, reason }));
    }
    Ok(())
}

/// All broken rules as one refusal.
fn refusal<'b>(code: &str, broken: impl Iterator<Item = &'b Broken>, mut fields: FieldErrors, ctx: &Ctx) -> Error {
    let mut words = Vec::new();
    let mut first = None;
    for one in broken {
        let message = one.message(ctx);
        words.push(message.in_locale(ctx.locale));
        first.get_or_insert_with(|| one.rule.spec.name.clone());
        let place = one.rule.spec.field.clone().unwrap_or_else(|| RECORD_AS_WHOLE.to_owned());
        let code = if one.rule.spec.warn { "warning" } else { "rule" };
        match fields.get_mut(&place) {
            Some(there) => {
                let both = format!("{} {}", there.message.in_locale(ctx.locale), message.in_locale(ctx.locale));
                there.message = Message::Words(both);
            }
            None => drop(fields.insert(place, FieldError { code: code.to_owned(), message })),
        }
    }
    let words = Message::Words(words.join(" "));
    Error::Refused(Box::new(Refusal { fields, rule: first, status: Some(422), ..Refusal::new(code, words) }))
}

/// Kept with a change that was written in spite of warnings.
#[derive(Debug)]
struct Overridden {
    ctx: Ctx,
    object: String,
    rules: Vec<String>,
    /// None where nobody could be asked.
    reason: Option<String>,
}

#[async_trait::async_trait]
impl Along for Overridden {
    async fn write(&self, tx: &Tx) -> Result<(), Error> {
        let detail = json!({"rules": self.rules, "reason": self.reason});
        Ok(audit::record(tx, &self.ctx, "rule.overridden", &self.object, detail).await?)
    }
}

/// States of all fields that have conditions, by key.
pub(crate) fn states(def: &EntityDef, scene: &Scene<'_>, ctx: &Ctx) -> BTreeMap<String, State> {
    let asked = def.fields.iter().filter(|field| field.conditions.is_some() && def.shows(&ctx.rights, field));
    asked.map(|field| (field.key.to_string(), scene.state(field))).collect()
}
