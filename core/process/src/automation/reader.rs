//! Events become jobs: those that a rule looks at, one job for an event.

use std::collections::BTreeSet;

use kernel::clock::Env;
use kernel::ctx::Cause;
use kernel::event::Event;
use kernel::jobs::NewJob;
use kernel::{Actor, Ctx, Db, Error, Result, Timestamp};
use records::batch;
use serde_json::Value as Json;
use uuid::Uuid;

use super::KnownRules;
use super::model::Rule;
use super::rules::Kept;

/// The job of an event whose rules do with our own database all that they do.
pub(super) const NEAR: &str = "automation.event";
/// The job of an event with a rule that asks somebody else's server, or a plugin, or sets a paper.
pub(super) const FAR: &str = "automation.far_event";

/// The jobs that rules make of events, oldest first. Events of one record are answered one after another.
pub(crate) async fn jobs(rules: &KnownRules, db: &Db, env: &Env, events: &[Event]) -> Result<Vec<NewJob>> {
    let tenants: BTreeSet<_> = events.iter().map(|event| event.tenant.0).collect();
    let rules = rules.of(db.read(), env.now(), &tenants).await?;
    let asked = |event: &Event| far(rules.get(&event.tenant)?, event);
    let seen: Vec<(&Event, bool)> = events.iter().filter_map(|event| Some((event, asked(event)?))).collect();
    if seen.is_empty() {
        return Ok(Vec::new());
    }
    let batches = seen.iter().filter_map(|(event, _)| event.batch).map(|batch| batch.0).collect();
    let silent = batch::without_rules(db.read(), &batches).await?;
    let meant = seen.into_iter().filter(|(event, _)| event.batch.is_none_or(|batch| !silent.contains(&batch)));
    let job = |(event, far): (&Event, bool)| {
        let payload = serde_json::to_value(event).map_err(Error::internal)?;
        let job = NewJob::now(env, if far { FAR } else { NEAR }, payload).for_tenant(event.tenant);
        Ok(job.in_order(format!("automation:{}", event.record)))
    };
    meant.map(job).collect()
}

/// What happened to a record at a time without changing it, as an event that stands in no log.
pub(super) fn unlogged(ctx: &Ctx, (entity, record): (&str, Uuid), what: &str, at: Timestamp, changes: Json) -> Event {
    Event {
        id: 0,
        tx: 0,
        tenant: ctx.tenant,
        at,
        kind: format!("{entity}.{what}"),
        entity: entity.to_owned(),
        record,
        version: 0,
        actor: Actor::System,
        cause: Cause::root(&ctx.env),
        batch: None,
        changes,
    }
}

/// None when no rule looks at the event; else whether one of those that do asks somebody else.
fn far(rules: &[Kept], event: &Event) -> Option<bool> {
    let meant: Vec<&Kept> = rules.iter().filter(|kept| kept.looks_at(event)).collect();
    if meant.is_empty() { None } else { Some(meant.iter().any(|kept| is_far(&kept.placed.rule))) }
}

/// Whether a rule asks somebody else, or does what takes as long.
pub(super) fn is_far(rule: &Rule) -> bool {
    let far = |kind: &str| matches!(kind, "webhook" | "document") || kind.starts_with("plugin:");
    rule.actions.iter().any(|action| far(&action.kind))
}

impl Kept {
    /// Whether it is set off by an event.
    pub(super) fn looks_at(&self, event: &Event) -> bool {
        self.tenant == event.tenant
            && self.placed.entity == event.entity
            && self.since < event.cursor()
            && self.placed.rule.on.is_set_off_by(event)
    }
}
