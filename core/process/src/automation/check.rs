//! Whether a rule may be kept: everything that it names must be there, every expression understood.

use ::people::staff;
use kernel::error::{FieldError, FieldErrors};
use kernel::value::FieldType;
use kernel::{Ctx, Error, Result};
use records::happened;
use records::{Catalogue, EntityDef};
use serde_json::{Map, Value as Json};
use work::tasks::ExecutorRule;

use super::model::{Action, Rule, Trigger, TriggerKind};
use super::rules::MAX_ACTIONS;
use super::{Automations, INVALID, dates, people, words};
use crate::definition::time;

/// Characters of a rule as it is kept, all of it.
const MAX_RULE: usize = 65_536;
/// Characters of a rule's name.
const MAX_NAME: usize = 100;
/// Parameters of an action.
const MAX_PARAMETERS: usize = 50;
/// Fields that set a rule off.
const MAX_FIELDS: usize = 50;

/// What is wrong, by part.
type Wrong = Result<(), (String, FieldError)>;

impl Automations {
    /// Passes a rule that the entity may have, tidied.
    ///
    /// # Errors
    /// `NotFound` for the entity; `config.invalid` by part, all of them at once.
    pub(super) async fn checked(&self, ctx: &Ctx, entity: &str, mut rule: Rule) -> Result<Rule> {
        // Before anything of it is looked at.
        if serde_json::to_string(&rule).map_err(Error::internal)?.chars().count() > MAX_RULE {
            return Err(Error::field(INVALID, "do", FieldError::new("too_long").with("max", MAX_RULE)));
        }
        let catalogue = self.processes.records().catalogue(ctx.tenant).await?;
        let def = catalogue.entity(entity)?;
        rule.name = rule.name.trim().to_owned();
        let kept = |text: Option<String>| text.filter(|text| !text.trim().is_empty());
        (rule.when, rule.delay) = (kept(rule.when), kept(rule.delay));
        let mut errors = FieldErrors::new();
        let mut add = |found: Wrong| errors.extend(found.err());
        add(name(&rule.name));
        add(trigger(&catalogue, def, &rule.on));
        if let Some(when) = &rule.when {
            add(happened::compile(def, when).map(drop).map_err(|error| ("when".to_owned(), error)));
        }
        if let Some(delay) = &rule.delay {
            add(span("delay", delay));
        }
        if rule.on.event == TriggerKind::Stuck && (rule.once || rule.delay.is_some()) {
            add(Err(("delay".to_owned(), FieldError::new("rule_waits_already"))));
        }
        add(match rule.actions.len() {
            0 => Err(("do".to_owned(), FieldError::new("required"))),
            count if count > MAX_ACTIONS => {
                Err(("do".to_owned(), FieldError::new("too_many").with("max", MAX_ACTIONS)))
            }
            _ => Ok(()),
        });
        for (index, action) in rule.actions.iter().take(MAX_ACTIONS).enumerate() {
            let found = self.action(ctx, &catalogue, def, action).await?;
            let late = needs_record(action).filter(|_| rule.on.event == TriggerKind::Deleted);
            let late = late.map(|part| (part, FieldError::new("rule_record_gone")));
            errors.extend(found.into_iter().chain(late).map(|(part, error)| (format!("do.{index}.{part}"), error)));
        }
        if errors.is_empty() { Ok(rule) } else { Err(Error::Invalid { code: INVALID, fields: errors }) }
    }

    async fn action(
        &self,
        ctx: &Ctx,
        catalogue: &Catalogue,
        def: &EntityDef,
        action: &Action,
    ) -> Result<Vec<(String, FieldError)>> {
        let mut found = Vec::new();
        let given = &action.parameters;
        if given.len() > MAX_PARAMETERS {
            found.push(("parameters".to_owned(), FieldError::new("too_many").with("max", MAX_PARAMETERS)));
            return Ok(found);
        }
        for (name, value) in given {
            found.extend(words::check(def, value, 0).err().map(|error| (named(name), error)));
        }
        let Some(needed) = needed(&action.kind) else {
            found.push(("kind".to_owned(), FieldError::new("unknown_name").with("value", &action.kind)));
            return Ok(found);
        };
        for name in needed.iter().filter(|name| given.get(**name).is_none_or(is_empty)) {
            found.push((named(name), FieldError::new("required")));
        }
        let particular = match action.kind.as_str() {
            "set-fields" | "move-stage" => fields(catalogue, def, given),
            "create-record" | "update-record" => others(catalogue, given),
            "task" => self.people_of(ctx, "executors", given).await?.and_then(|()| within(given)),
            "notice" => self.people_of(ctx, "to", given).await?,
            "email" => self.letter_of(ctx, given).await?,
            "start-process" => self.process_of(ctx, given).await?,
            "webhook" => url(given),
            _ => Ok(()),
        };
        found.extend(particular.err());
        Ok(found)
    }

    async fn people_of(&self, ctx: &Ctx, part: &str, given: &Map<String, Json>) -> Result<Wrong> {
        let value = given.get(part);
        if value.is_some_and(words::is_open) {
            return Ok(Ok(()));
        }
        for name in people::parts(value) {
            let rule = match name.parse::<ExecutorRule>() {
                Ok(rule) => rule,
                Err(reason) => return Ok(Err((named(part), FieldError::new("invalid").with("reason", reason)))),
            };
            if !self.is_known(ctx, &rule).await? {
                return Ok(Err((named(part), FieldError::new("unknown_name").with("value", name))));
            }
        }
        Ok(Ok(()))
    }

    /// Whether there is such a role or person; the owner and those around them are found when the time comes.
    async fn is_known(&self, ctx: &Ctx, rule: &ExecutorRule) -> Result<bool> {
        let conn = self.processes.db().read();
        Ok(match rule {
            ExecutorRule::Role(name) => staff::members(conn, ctx.tenant, name).await?.is_some(),
            ExecutorRule::User(name) => staff::named(conn, ctx.tenant, name).await?.is_some(),
            ExecutorRule::Head | ExecutorRule::Owner | ExecutorRule::Deputy => true,
        })
    }

    async fn letter_of(&self, ctx: &Ctx, given: &Map<String, Json>) -> Result<Wrong> {
        for part in ["to", "cc"] {
            let value = given.get(part);
            if value.is_some_and(words::is_open) {
                continue;
            }
            for name in people::parts(value).into_iter().filter(|name| *name != people::CLIENT && !name.contains('@')) {
                let known = match name.parse::<ExecutorRule>() {
                    Ok(rule) => self.is_known(ctx, &rule).await?,
                    Err(_) => false,
                };
                if !known {
                    return Ok(Err((named(part), FieldError::new("email").with("value", name))));
                }
            }
        }
        Ok(Ok(()))
    }

    async fn process_of(&self, ctx: &Ctx, given: &Map<String, Json>) -> Result<Wrong> {
        let Some(Json::String(key)) = given.get("process").filter(|value| !words::is_open(value)) else {
            return Ok(Ok(()));
        };
        let published = self.processes.is_published(ctx, key).await?;
        let unknown = || (named("process"), FieldError::new("unknown_name").with("value", key));
        Ok(if published { Ok(()) } else { Err(unknown()) })
    }
}

/// Parameters that an action cannot do without; nothing for what is no action.
fn needed(kind: &str) -> Option<&'static [&'static str]> {
    Some(match kind {
        "set-fields" | "delete-record" => &[],
        "move-stage" => &["stage"],
        "create-record" => &["entity"],
        "update-record" => &["entity", "id"],
        "task" => &["title"],
        "notice" => &["to", "text"],
        "email" => &["to", "subject", "text"],
        "start-process" => &["process"],
        "webhook" => &["url"],
        plugin if plugin.starts_with("plugin:") && plugin.contains('/') => &[],
        _ => return None,
    })
}

/// The part of an action that cannot be done about a record in the recycle bin.
fn needs_record(action: &Action) -> Option<String> {
    let to_client = |part: &&str| people::parts(action.parameters.get(*part)).iter().any(|name| name == people::CLIENT);
    match action.kind.as_str() {
        "start-process" => Some("kind".to_owned()),
        "email" => ["to", "cc"].into_iter().find(to_client).map(named),
        _ => None,
    }
}

fn is_empty(value: &Json) -> bool {
    match value {
        Json::Null => true,
        Json::String(text) => text.trim().is_empty(),
        Json::Array(items) => items.is_empty(),
        _ => false,
    }
}

fn named(parameter: &str) -> String {
    format!("parameters.{parameter}")
}

fn name(name: &str) -> Wrong {
    let wrong = |error| Err(("name".to_owned(), error));
    match name.chars().count() {
        0 => wrong(FieldError::new("required")),
        count if count > MAX_NAME => wrong(FieldError::new("too_long").with("max", MAX_NAME)),
        _ if name.contains('\0') => wrong(FieldError::new("characters")),
        _ => Ok(()),
    }
}

fn span(part: &str, text: &str) -> Wrong {
    let invalid = |reason: String| (part.to_owned(), FieldError::new("invalid").with("reason", reason));
    match time::working(text) {
        Ok(seconds) if seconds > 0 => Ok(()),
        Ok(_) => Err(invalid(format!("`{text}` is no time"))),
        Err(reason) => Err(invalid(reason)),
    }
}

fn trigger(catalogue: &Catalogue, def: &EntityDef, on: &Trigger) -> Wrong {
    let staged = matches!(on.event, TriggerKind::StageEntered | TriggerKind::StageLeft | TriggerKind::Stuck);
    let spare = [
        ("on.fields", !on.fields.is_empty() && on.event != TriggerKind::Updated),
        ("on.stage", on.stage.is_some() && !staged),
        ("on.after", on.after.is_some() && on.event != TriggerKind::Stuck),
        ("on.field", on.field.is_some() && on.event != TriggerKind::Date),
        ("on.offset", on.offset.is_some() && on.event != TriggerKind::Date),
        ("on.at", on.at.is_some() && on.event != TriggerKind::Date),
    ];
    if let Some((part, _)) = spare.into_iter().find(|(_, spare)| *spare) {
        return Err((part.to_owned(), FieldError::new("unknown")));
    }
    if on.fields.len() > MAX_FIELDS {
        return Err(("on.fields".to_owned(), FieldError::new("too_many").with("max", MAX_FIELDS)));
    }
    if let Some(key) = on.fields.iter().find(|key| def.field(key).is_none()) {
        return Err(("on.fields".to_owned(), FieldError::new("formula_field").with("field", key)));
    }
    if staged {
        let stage = on.stage.as_deref().unwrap_or_default();
        stage_of(catalogue, def, "on.stage", stage)?;
    }
    match (on.event, on.after.as_deref()) {
        (TriggerKind::Stuck, None) => Err(("on.after".to_owned(), FieldError::new("required"))),
        (TriggerKind::Stuck, Some(after)) => span("on.after", after),
        (TriggerKind::Date, _) => date(def, on),
        _ => Ok(()),
    }
}

fn date(def: &EntityDef, on: &Trigger) -> Wrong {
    let field = def.field(on.field.as_deref().unwrap_or_default());
    let dated =
        field.is_some_and(|field| matches!(field.kind, FieldType::Date | FieldType::Datetime) && !field.is_live());
    let invalid = |part: &str, reason: String| (part.to_owned(), FieldError::new("invalid").with("reason", reason));
    match on.field.as_deref() {
        None => return Err(("on.field".to_owned(), FieldError::new("required"))),
        Some(key) if !dated => {
            return Err(("on.field".to_owned(), FieldError::new("formula_field").with("field", key)));
        }
        Some(_) => {}
    }
    dates::offset(on.offset.as_deref().unwrap_or("P0D")).map_err(|reason| invalid("on.offset", reason))?;
    match on.at.as_deref().map(dates::time_of_day) {
        Some(Err(reason)) => Err(invalid("on.at", reason)),
        _ => Ok(()),
    }
}

fn stage_of(catalogue: &Catalogue, def: &EntityDef, part: &str, stage: &str) -> Wrong {
    if stage.is_empty() {
        return Err((part.to_owned(), FieldError::new("required")));
    }
    let known = catalogue.pipelines.of(&def.key).any(|pipeline| pipeline.stages.iter().any(|one| one.key == stage));
    if known { Ok(()) } else { Err((part.to_owned(), FieldError::new("unknown_name").with("value", stage))) }
}

/// Fields of the record itself.
fn fields(catalogue: &Catalogue, def: &EntityDef, given: &Map<String, Json>) -> Wrong {
    if given.is_empty() {
        return Err(("parameters".to_owned(), FieldError::new("required")));
    }
    for (key, value) in given {
        field_of(def, key)?;
        if let ("stage", Json::String(stage)) = (key.as_str(), value)
            && !words::is_open(value)
        {
            stage_of(catalogue, def, &named("stage"), stage)?;
        }
    }
    Ok(())
}

/// Fields of another record.
fn others(catalogue: &Catalogue, given: &Map<String, Json>) -> Wrong {
    let Some(Json::String(entity)) = given.get("entity") else { return Ok(()) };
    let Some(def) = catalogue.find(entity) else {
        return Err((named("entity"), FieldError::new("unknown_name").with("value", entity)));
    };
    given.keys().filter(|key| !["entity", "id"].contains(&key.as_str())).try_for_each(|key| field_of(def, key))
}

fn field_of(def: &EntityDef, key: &str) -> Wrong {
    match def.field(key) {
        None => Err((named(key), FieldError::new("unknown"))),
        Some(field) if field.system || field.formula.is_some() || field.rollup.is_some() => {
            Err((named(key), FieldError::new("read_only")))
        }
        Some(_) => Ok(()),
    }
}

fn within(given: &Map<String, Json>) -> Wrong {
    match given.get("within") {
        Some(Json::String(text)) if !text.is_empty() && !words::is_open(&Json::String(text.clone())) => {
            span(&named("within"), text)
        }
        _ => Ok(()),
    }
}

fn url(given: &Map<String, Json>) -> Wrong {
    match given.get("url") {
        Some(value @ Json::String(url))
            if !words::is_open(value) && !url.starts_with("https://") && !url.starts_with("http://") =>
        {
            Err((named("url"), FieldError::new("invalid").with("reason", "https://… or http://…")))
        }
        _ => Ok(()),
    }
}
