//! Whether a rule may be kept: everything that it names must be there, every expression understood.

use ::people::{role, staff};
use kernel::db::ConnectionTrait;
use kernel::error::{FieldError, FieldErrors};
use kernel::filter::Filter;
use kernel::value::FieldType;
use kernel::{Ctx, Error, Result};
use records::catalogue::change::worded;
use records::happened;
use records::shape::Asker;
use records::{Catalogue, EntityDef};
use sea_orm::DbBackend;
use serde_json::{Map, Value as Json};
use work::tasks::ExecutorRule;

use super::model::{Action, ActsAs, Rule, SCRIPT, Trigger, TriggerKind};
use super::rules::MAX_ACTIONS;
use super::{Automations, INVALID, dates, people, schedule, words};
use crate::definition::time;
use crate::runtime::ids;

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
    pub(super) async fn checked(&self, ctx: &Ctx, entity: &str, rule: Rule) -> Result<Rule> {
        let catalogue = self.processes.records().catalogue(ctx.tenant).await?;
        self.checked_in(self.processes.db().read(), ctx, &catalogue, entity, rule).await
    }

    /// The same as a transaction sees what the rule names.
    ///
    /// # Errors
    /// As [`Automations::checked`].
    pub(super) async fn checked_in(
        &self,
        conn: &impl ConnectionTrait,
        ctx: &Ctx,
        catalogue: &Catalogue,
        entity: &str,
        mut rule: Rule,
    ) -> Result<Rule> {
        // Before anything of it is looked at.
        if serde_json::to_string(&rule).map_err(Error::internal)?.chars().count() > MAX_RULE {
            return Err(Error::field(INVALID, "do", FieldError::new("too_long").with("max", MAX_RULE)));
        }
        let def = catalogue.entity(entity)?;
        rule.name = rule.name.trim().to_owned();
        let kept = |text: Option<String>| text.filter(|text| !text.trim().is_empty());
        (rule.when, rule.delay) = (kept(rule.when), kept(rule.delay));
        rule.on.record = kept(rule.on.record);
        let mut errors = FieldErrors::new();
        let mut add = |found: Wrong| errors.extend(found.err());
        add(name(&rule.name));
        add(trigger(catalogue, def, &rule.on));
        add(match rule.on.event {
            TriggerKind::Button => button(conn, ctx, &mut rule.on).await?,
            TriggerKind::Webhook => webhook(def, &rule),
            TriggerKind::Schedule => scheduled(ctx, catalogue, def, conn.get_database_backend(), &rule.on),
            _ => Ok(()),
        });
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
            let found = self.action(conn, ctx, catalogue, def, action).await?;
            let late = needs_record(action).filter(|_| rule.on.event == TriggerKind::Deleted);
            let late = late.map(|part| (part, FieldError::new("rule_record_gone")));
            errors.extend(found.into_iter().chain(late).map(|(part, error)| (format!("do.{index}.{part}"), error)));
        }
        if errors.is_empty() { Ok(rule) } else { Err(Error::Invalid { code: INVALID, fields: errors }) }
    }

    async fn action(
        &self,
        conn: &impl ConnectionTrait,
        ctx: &Ctx,
        catalogue: &Catalogue,
        def: &EntityDef,
        action: &Action,
    ) -> Result<Vec<(String, FieldError)>> {
        let mut found = Vec::new();
        let asked = action.asked();
        let given = &*asked;
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
            "link" | "unlink" => link_of(catalogue, def, given),
            "task" => people_of(conn, ctx, "executors", given).await?.and_then(|()| within(given)),
            "notice" => people_of(conn, ctx, "to", given).await?,
            "email" => letter_of(conn, ctx, given).await?,
            "start-process" => self.process_of(conn, ctx, given).await?,
            "webhook" => url(given),
            _ => Ok(()),
        };
        found.extend(particular.err());
        Ok(found)
    }

    async fn process_of(&self, conn: &impl ConnectionTrait, ctx: &Ctx, given: &Map<String, Json>) -> Result<Wrong> {
        let Some(Json::String(key)) = given.get("process").filter(|value| !words::is_open(value)) else {
            return Ok(Ok(()));
        };
        let published = self.processes.is_published(conn, ctx, key).await?;
        let unknown = || (named("process"), FieldError::new("unknown_name").with("value", key));
        Ok(if published { Ok(()) } else { Err(unknown()) })
    }
}

/// A button says what it is and whom it is for.
async fn button(conn: &impl ConnectionTrait, ctx: &Ctx, on: &mut Trigger) -> Result<Wrong> {
    let label = on.label.take().unwrap_or_default();
    match worded(label) {
        Ok(label) => on.label = Some(label),
        Err(error) => return Ok(Err(("on.label".to_owned(), error))),
    }
    let wrong = |error: FieldError| Ok(Err(("on.roles".to_owned(), error)));
    if on.roles.is_empty() {
        return wrong(FieldError::new("required"));
    }
    let known = role::list(conn, ctx.tenant).await?;
    match on.roles.iter().find(|key| !known.iter().any(|role| role.key == **key)) {
        Some(key) => wrong(FieldError::new("unknown_name").with("value", key)),
        None => Ok(Ok(())),
    }
}

/// What comes from outside is about a record that it names, or makes one; nobody of the company sends it.
fn webhook(def: &EntityDef, rule: &Rule) -> Wrong {
    let on = &rule.on;
    if on.record.is_none() && on.make.is_empty() {
        return Err(("on.record".to_owned(), FieldError::new("required")));
    }
    if on.make.len() > MAX_PARAMETERS {
        return Err(("on.make".to_owned(), FieldError::new("too_many").with("max", MAX_PARAMETERS)));
    }
    if let Some(record) = &on.record {
        happened::compile(def, record).map(drop).map_err(|error| ("on.record".to_owned(), error))?;
    }
    for (key, value) in &on.make {
        let part = || format!("on.make.{key}");
        field_of(def, key).map_err(|(_, error)| (part(), error))?;
        words::check(def, value, 0).map_err(|error| (part(), error))?;
    }
    match rule.acts_as {
        ActsAs::Rule => Ok(()),
        ActsAs::Actor => Err(("as".to_owned(), FieldError::new("invalid").with("reason", "actor"))),
    }
}

/// A schedule says when, and chooses records that there may be.
fn scheduled(ctx: &Ctx, catalogue: &Catalogue, def: &EntityDef, backend: DbBackend, on: &Trigger) -> Wrong {
    let wrong = |part: &str, error: FieldError| Err((format!("on.{part}"), error));
    let Some(cron) = on.cron.as_deref() else { return wrong("cron", FieldError::new("required")) };
    if let Err(reason) = schedule::cron(cron, ctx.zone, ctx.now()) {
        return wrong("cron", FieldError::new("invalid").with("reason", reason));
    }
    if let Err(error) = schedule::most(on) {
        return wrong("most", error);
    }
    let Some(filter) = &on.filter else { return Ok(()) };
    // A rule sees every field.
    let system = Ctx::system(ctx.tenant, ctx.zone, ctx.locale, &ctx.env);
    let asker = Asker::new(catalogue, &system, backend);
    let asked = Filter::parse(filter).and_then(|filter| asker.asked(def, &filter).map(drop));
    asked.or_else(|error| wrong("filter", error))
}

/// Whether every field that a rule names by itself or in an expression is there.
pub(super) fn names_what_is_there(catalogue: &Catalogue, def: &EntityDef, rule: &Rule) -> bool {
    let action = |action: &Action| {
        let asked = action.asked();
        let given = &*asked;
        let named = match action.kind.as_str() {
            "set-fields" | "move-stage" => fields(catalogue, def, given),
            "create-record" | "update-record" => others(catalogue, given),
            "link" | "unlink" => link_of(catalogue, def, given),
            _ => Ok(()),
        };
        named.is_ok() && given.values().all(|value| words::check(def, value, 0).is_ok())
    };
    trigger(catalogue, def, &rule.on).is_ok()
        && rule.when.as_ref().is_none_or(|when| happened::compile(def, when).is_ok())
        && (rule.on.event != TriggerKind::Webhook || webhook(def, rule).is_ok())
        && rule.actions.iter().all(action)
}

async fn people_of(conn: &impl ConnectionTrait, ctx: &Ctx, part: &str, given: &Map<String, Json>) -> Result<Wrong> {
    let value = given.get(part);
    if value.is_some_and(words::is_open) {
        return Ok(Ok(()));
    }
    for name in people::parts(value) {
        let rule = match name.parse::<ExecutorRule>() {
            Ok(rule) => rule,
            Err(reason) => return Ok(Err((named(part), FieldError::new("invalid").with("reason", reason)))),
        };
        if !is_known(conn, ctx, &rule).await? {
            return Ok(Err((named(part), FieldError::new("unknown_name").with("value", name))));
        }
    }
    Ok(Ok(()))
}

/// Whether there is such a role or person; the owner and those around them are found when the time comes.
async fn is_known(conn: &impl ConnectionTrait, ctx: &Ctx, rule: &ExecutorRule) -> Result<bool> {
    Ok(match rule {
        ExecutorRule::Role(name) => staff::members(conn, ctx.tenant, name).await?.is_some(),
        ExecutorRule::User(name) => staff::named(conn, ctx.tenant, name).await?.is_some(),
        ExecutorRule::Head | ExecutorRule::Owner | ExecutorRule::Deputy => true,
    })
}

async fn letter_of(conn: &impl ConnectionTrait, ctx: &Ctx, given: &Map<String, Json>) -> Result<Wrong> {
    for part in ["to", "cc"] {
        let value = given.get(part);
        if value.is_some_and(words::is_open) {
            continue;
        }
        for name in people::parts(value).into_iter().filter(|name| *name != people::CLIENT && !name.contains('@')) {
            let known = match name.parse::<ExecutorRule>() {
                Ok(rule) => is_known(conn, ctx, &rule).await?,
                Err(_) => false,
            };
            if !known {
                return Ok(Err((named(part), FieldError::new("email").with("value", name))));
            }
        }
    }
    Ok(Ok(()))
}

/// Parameters that an action cannot do without; nothing for what is no action.
fn needed(kind: &str) -> Option<&'static [&'static str]> {
    Some(match kind {
        "set-fields" | "delete-record" | "convert-lead" | "document" => &[],
        "move-stage" => &["stage"],
        "create-record" => &["entity"],
        "update-record" => &["entity", "id"],
        "link" | "unlink" => &["field", "to"],
        "task" => &["title"],
        "notice" => &["to", "text"],
        "email" => &["to", "subject", "text"],
        "start-process" => &["process"],
        "message" => &["message"],
        "webhook" => &["url"],
        SCRIPT => &[SCRIPT],
        plugin if plugin.starts_with("plugin:") && plugin.contains('/') => &[],
        _ => return None,
    })
}

/// The part of an action that cannot be done about a record in the recycle bin.
fn needs_record(action: &Action) -> Option<String> {
    let to_client = |part: &&str| people::parts(action.parameters.get(*part)).iter().any(|name| name == people::CLIENT);
    match action.kind.as_str() {
        "start-process" | "document" => Some("kind".to_owned()),
        "link" | "unlink" if !action.parameters.contains_key("id") => Some("kind".to_owned()),
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
        ("on.label", on.label.is_some() && on.event != TriggerKind::Button),
        ("on.roles", !on.roles.is_empty() && on.event != TriggerKind::Button),
        ("on.cron", on.cron.is_some() && on.event != TriggerKind::Schedule),
        ("on.filter", on.filter.is_some() && on.event != TriggerKind::Schedule),
        ("on.record", on.record.is_some() && on.event != TriggerKind::Webhook),
        ("on.make", !on.make.is_empty() && on.event != TriggerKind::Webhook),
        ("on.most", on.most.is_some() && on.event != TriggerKind::Schedule),
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

/// A link of the record itself or, where `entity` says so, of another one.
fn link_of(catalogue: &Catalogue, def: &EntityDef, given: &Map<String, Json>) -> Wrong {
    let plain = |name: &str| given.get(name).filter(|value| !words::is_open(value));
    let of = match plain("entity").and_then(Json::as_str) {
        Some(entity) if catalogue.find(entity).is_none() => {
            return Err((named("entity"), FieldError::new("unknown_name").with("value", entity)));
        }
        Some(entity) => catalogue.find(entity).map(AsRef::as_ref),
        None if given.contains_key("entity") => None,
        None => Some(def),
    };
    // What an expression names is known when the time comes.
    if let (Some(def), Some(Json::String(key))) = (of, plain("field").filter(|value| !is_empty(value))) {
        let link = def.field(key).is_some_and(|field| matches!(field.kind, FieldType::Link | FieldType::Links));
        match field_of(def, key) {
            Err((_, error)) => return Err((named("field"), error)),
            Ok(()) if !link => return Err((named("field"), FieldError::new("unknown_name").with("value", key))),
            Ok(()) => {}
        }
    }
    match plain("to").filter(|value| !is_empty(value)) {
        Some(to) if !holds_open(to) && ids(Some(to)).is_none() => {
            Err((named("to"), FieldError::new("invalid").with("reason", "no id")))
        }
        _ => Ok(()),
    }
}

/// Whether one of several is known only when the record is.
fn holds_open(value: &Json) -> bool {
    value.as_array().is_some_and(|items| items.iter().any(words::is_open))
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
