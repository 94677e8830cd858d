//! `context`, `clock` and `limits`: open to every plugin, they reveal nothing beyond the call itself.

use kernel::Actor;
use uuid::Uuid;

use super::State;
use crate::bindings::verstak::runtime::{clock, context, limits};

impl context::Host for State {
    async fn current(&mut self) -> wasmtime::Result<context::Call> {
        self.enter_shared("context")?;
        let Some(caller) = &self.caller else { return Ok(nobody()) };
        let ctx = &caller.ctx;
        Ok(context::Call {
            invocation: caller.invocation.to_string(),
            root: ctx.cause.root.to_string(),
            hop: ctx.cause.hop,
            tenant: ctx.tenant.to_string(),
            actor: actor(&ctx.actor, caller.anonymous),
            locale: ctx.locale.code().to_owned(),
            time_zone: ctx.zone.name().to_owned(),
        })
    }
}

fn nobody() -> context::Call {
    let nil = Uuid::nil().to_string();
    context::Call {
        invocation: nil.clone(),
        root: nil.clone(),
        hop: 0,
        tenant: nil,
        actor: context::Actor { kind: context::ActorKind::System, id: None },
        locale: "en".to_owned(),
        time_zone: "UTC".to_owned(),
    }
}

/// Who acts, as guests see it.
pub(crate) fn actor(actor: &Actor, anonymous: bool) -> context::Actor {
    use context::ActorKind as Kind;
    let kind = match actor {
        Actor::User { .. } => Kind::User,
        Actor::Token { .. } => Kind::Token,
        Actor::Plugin { .. } if anonymous => Kind::Anonymous,
        Actor::Plugin { .. } => Kind::Plugin,
        Actor::Import { .. } => Kind::Import,
        Actor::Guest { .. } => Kind::Anonymous,
        // Released interfaces know no process and no rule: it is the product's own doing.
        Actor::Process { .. } | Actor::Rule { .. } | Actor::System => Kind::System,
    };
    context::Actor { kind, id: actor.user().map(|id| id.to_string()) }
}

impl clock::Host for State {
    async fn now(&mut self) -> wasmtime::Result<i64> {
        self.enter_shared("clock")?;
        Ok(self.caller.as_ref().map_or(0, |caller| caller.ctx.now().micros()))
    }
}

impl limits::Host for State {
    async fn left(&mut self) -> wasmtime::Result<limits::Remaining> {
        self.enter_shared("limits")?;
        let milliseconds =
            |all: std::time::Duration, used| u32::try_from(all.saturating_sub(used).as_millis()).unwrap_or(u32::MAX);
        Ok(limits::Remaining {
            cpu_milliseconds: milliseconds(self.budget.cpu, self.meter.own()),
            wall_milliseconds: milliseconds(self.budget.wall, self.started.elapsed()),
            memory_bytes: u64::try_from(self.budget.memory.saturating_sub(self.memory)).unwrap_or(u64::MAX),
            host_calls: self.budget.host_calls.saturating_sub(self.host_calls),
            rows: self.budget.rows.saturating_sub(self.rows),
        })
    }
}
