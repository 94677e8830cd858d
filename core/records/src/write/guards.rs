//! The rules of stages: what has to be so before a record enters one. Everybody who moves a record passes here, from
//! whichever side; all that stands in the way is told at once. What cannot be judged is refused.

use std::collections::HashMap;

use kernel::error::{Condition, FieldError, Refusal};
use kernel::expression::Names;
use kernel::{Ctx, Error, Fields, Message, Result, Value};
use serde_json::{Value as Json, json};

use super::{Operation, PendingChange, Row, WriteOptions, Written};
use crate::catalogue::{EntityDef, field_label};
use crate::stages::{Guard, Pipeline, Pipelines, Semantic, Stage, StageRules};
use crate::{Catalogue, Records};

/// The code of a refused move.
const REFUSED: &str = "stage.refused";
/// How HTTP tells it: a conflict with the present state.
const CONFLICT: u16 = 409;

/// Whoever moves records, as rules see them.
struct Mover {
    /// Keys and names of their roles.
    roles: Vec<(String, String)>,
    /// Keys of all roles with their names.
    names: HashMap<String, String>,
    json: Json,
}

impl Records {
    /// Gives changes that the rules of stages refuse their outcome and leaves the others.
    pub(super) async fn judge(
        &self,
        catalogue: &Catalogue,
        ctx: &Ctx,
        def: &EntityDef,
        rows: &mut Vec<Row>,
        options: &WriteOptions,
        outcomes: &mut HashMap<usize, Result<Written>>,
    ) -> Result<()> {
        if options.unguarded || !def.staged {
            return Ok(());
        }
        self.judge_conversions(catalogue, def, rows, options, outcomes);
        let guarded = |row: &Row| {
            entered(&catalogue.pipelines, &row.change)
                .is_some_and(|(pipeline, stage)| pipeline.archived || stage.rules.guards())
        };
        let unfinished = self.unfinished(catalogue, ctx, def, rows).await?;
        if unfinished.is_empty() && !rows.iter().any(guarded) {
            return Ok(());
        }
        let mover = self.mover(ctx).await?;
        rows.retain(|row| {
            let Some((pipeline, stage)) = entered(&catalogue.pipelines, &row.change) else { return true };
            let entry = Entry { ctx, def, pipeline, stage, mover: &mover, change: &row.change, catalogue };
            let mut conditions = entry.conditions();
            conditions.extend(
                unfinished
                    .get(&row.change.id)
                    .into_iter()
                    .flatten()
                    .map(|title| condition("task_open", None, Message::key("condition.task_open").with("task", title))),
            );
            if conditions.is_empty() {
                return true;
            }
            outcomes.insert(row.index, Err(entry.refusal(conditions)));
            false
        });
        Ok(())
    }

    /// Refuses moves into stages that are reached by converting only. A record that begins there was converted before it
    /// came: that is how history is taken over.
    fn judge_conversions(
        &self,
        catalogue: &Catalogue,
        def: &EntityDef,
        rows: &mut Vec<Row>,
        options: &WriteOptions,
        outcomes: &mut HashMap<usize, Result<Written>>,
    ) {
        let code = self.rules_of(&def.key).and_then(|rules| rules.converts());
        let Some(code) = code.filter(|_| !options.converting) else { return };
        rows.retain(|row| {
            let refused = by_hand(&catalogue.pipelines, &row.change);
            if refused {
                outcomes.insert(row.index, Err(Error::Conflict { code, current: None }));
            }
            !refused
        });
    }

    async fn mover(&self, ctx: &Ctx) -> Result<Mover> {
        let conn = self.db().read();
        let roles = people::role::of_actor(conn, ctx).await?;
        let names = people::role::list(conn, ctx.tenant).await?;
        let roles: Vec<(String, String)> = roles.into_iter().map(|role| (role.key, role.name)).collect();
        let json = json!({
            "user": ctx.user(),
            "department": ctx.department,
            "roles": roles.iter().map(|(key, _)| key).collect::<Vec<_>>(),
            "admin": ctx.rights.is_admin(),
        });
        Ok(Mover { roles, names: names.into_iter().map(|role| (role.key, role.name)).collect(), json })
    }
}

/// The stage that a change enters, if it enters one.
fn entered<'a>(pipelines: &'a Pipelines, change: &PendingChange) -> Option<(&'a Pipeline, &'a Stage)> {
    let writes = matches!(change.operation, Operation::Create | Operation::Update);
    if !writes || !change.changes("stage") {
        return None;
    }
    pipelines.stage(&change.entity.key, change.after.get("stage")?.as_text()?)
}

/// Whether a change moves a record from where it was not won into a stage that is reached by converting only.
fn by_hand(pipelines: &Pipelines, change: &PendingChange) -> bool {
    let Some(before) = change.before.as_ref().filter(|_| change.operation == Operation::Update) else { return false };
    let old = before.get("stage").and_then(Value::as_text).unwrap_or_default();
    let was_won = || {
        let stood = pipelines.stage_ever(&change.entity.key, old);
        stood.is_some_and(|(_, stage)| stage.semantic == Semantic::Won)
    };
    entered(pipelines, change).is_some_and(|(_, stage)| stage.rules.convert_only) && !was_won()
}

/// A record that is about to enter a stage.
struct Entry<'a> {
    ctx: &'a Ctx,
    catalogue: &'a Catalogue,
    def: &'a EntityDef,
    pipeline: &'a Pipeline,
    stage: &'a Stage,
    mover: &'a Mover,
    change: &'a PendingChange,
}

impl Entry<'_> {
    /// Everything that stands in the way.
    fn conditions(&self) -> Vec<Condition> {
        let rules = &self.stage.rules;
        let mut all = Vec::new();
        let old = self.change.before.as_ref().and_then(|before| before.get("stage")?.as_text());
        let inside = old.is_some_and(|old| self.pipeline.stages.iter().any(|stage| stage.key == old));
        if self.pipeline.archived && !inside {
            let name = self.pipeline.name_in(self.ctx.locale);
            all.push(condition("archived", None, Message::key("condition.archived").with("pipeline", name)));
        }
        if let Some(old) = old.filter(|old| !rules.from.is_empty() && !rules.from.iter().any(|from| from == old)) {
            all.push(self.from(rules, old));
        }
        // Administrators and the product itself may always; a token without that right may not.
        let may = |(key, _): &(String, String)| rules.roles.contains(key);
        if !rules.roles.is_empty() && !self.ctx.rights.is_admin() && !self.mover.roles.iter().any(may) {
            let name = |key: &String| self.mover.names.get(key).unwrap_or(key).clone();
            let names: Vec<String> = rules.roles.iter().map(name).collect();
            let message = Message::key("condition.roles").with("roles", names.join(", "));
            all.push(condition("roles", None, message));
        }
        all.extend(rules.required.iter().filter_map(|key| self.required(key)));
        all.extend(rules.guard.as_ref().and_then(|guard| self.guard(guard)));
        all
    }

    /// It is entered from other stages alone.
    fn from(&self, rules: &StageRules, old: &str) -> Condition {
        let name = |key: &str| {
            let found = self.catalogue.pipelines.stage_ever(&self.def.key, key);
            found.map_or_else(|| key.to_owned(), |(_, stage)| stage.name_in(self.ctx.locale).to_owned())
        };
        let from: Vec<String> = rules.from.iter().map(|key| format!("“{}”", name(key))).collect();
        let message = Message::key("condition.from").with("stages", from.join(", ")).with("stage", name(old));
        condition("from", None, message)
    }

    /// A field is empty. Of one that the mover does not see, no more is said.
    fn required(&self, key: &str) -> Option<Condition> {
        let Some(field) = self.def.field(key) else {
            // It was removed since: nobody could fill it in.
            return None;
        };
        if !self.def.value_of(&self.change.after, field).is_empty() {
            return None;
        }
        if !self.def.shows(&self.ctx.rights, field) {
            return Some(condition("hidden", None, Message::key("condition.hidden")));
        }
        let label = field_label(self.def, field, self.ctx.locale);
        let message = Message::key("condition.required").with("field", label);
        Some(condition("required", Some(key), message))
    }

    fn guard(&self, guard: &Guard) -> Option<Condition> {
        let whole = |image: &Fields| {
            let mut flat = self.def.flat(image);
            for field in &self.def.fields {
                flat.entry(field.key.clone()).or_insert(Value::Null);
            }
            flat
        };
        let (after, before) = (whole(&self.change.after), self.change.before.as_ref().map(whole));
        let names = Names::new()
            .with_fields("record", Some(&after))
            .with_fields("before", before.as_ref())
            .with("actor", &self.mover.json);
        let own = self.stage.rules.guard_message.as_ref().map(|labels| labels.in_locale(self.ctx.locale).to_owned());
        let message = match (guard.holds(&names), own) {
            (Ok(true), _) => return None,
            (_, Some(words)) => Message::Words(words),
            (Ok(false), None) => Message::key("condition.guard"),
            (Err(reason), None) => Message::key("condition.guard_failed").with("reason", reason),
        };
        Some(condition("guard", self.only_field(guard).as_deref(), message))
    }

    /// The one field that a guard asks about, where the mover may fill it in.
    fn only_field(&self, guard: &Guard) -> Option<String> {
        let expression = guard.expression().ok()?;
        let mut fields = expression.fields_of("record");
        let field = self.def.field(fields.next()?).filter(|_| fields.next().is_none())?;
        let fills = !field.system && self.def.shows(&self.ctx.rights, field);
        (fills && self.ctx.rights.changes(&self.def.key, &field.key)).then(|| field.key.to_string())
    }

    fn refusal(&self, conditions: Vec<Condition>) -> Error {
        let words: Vec<String> = conditions.iter().map(|one| one.message.in_locale(self.ctx.locale)).collect();
        let message = Message::key("error.stage.refused")
            .with("stage", self.stage.name_in(self.ctx.locale))
            .with("reasons", words.join(" "));
        let field = |one: &Condition| {
            Some((one.field.clone()?, FieldError { code: one.code.clone(), message: one.message.clone() }))
        };
        Error::Refused(Box::new(Refusal {
            fields: conditions.iter().filter_map(field).collect(),
            status: Some(CONFLICT),
            conditions,
            ..Refusal::new(REFUSED, message)
        }))
    }
}

fn condition(code: &str, field: Option<&str>, message: Message) -> Condition {
    Condition { code: code.to_owned(), field: field.map(str::to_owned), message }
}
