//! The points where plugins come in: before a save, after a commit, over HTTP, in processes. Each finds who is concerned, checks
//! breaker and loops, calls the engine and turns the answer into something the core understands.

mod actions;
pub(crate) mod before;
pub(crate) mod events;
pub(crate) mod http;
pub(crate) mod signature;

use std::sync::Arc;

use kernel::Ctx;
use uuid::Uuid;

use crate::PluginHost;
use crate::breaker::Change;
use crate::capabilities::{Caller, LogLevel, LogLine, State};
use crate::engine::{Answer, Budget, Fault, Input};
use crate::loops;
use crate::registry::Enabled;

/// A point of a plugin that is about to be called.
pub(crate) struct Point<'a> {
    pub(crate) plugin: &'a Arc<Enabled>,
    /// `hook:check`, `event:created`, `http:POST /web-form`: names it in logs, costs and breakers.
    pub(crate) name: String,
    /// What the guest's own writes carry in their cause chain.
    pub(crate) link: String,
    pub(crate) budget: Budget,
    pub(crate) anonymous: bool,
    /// Whether the guest acts as itself, because there is no person.
    pub(crate) own: bool,
}

impl PluginHost {
    /// Calls a point: breaker, loops, engine, journal.
    pub(crate) async fn call(&self, ctx: &Ctx, point: &Point<'_>, input: Input) -> Result<Answer, Fault> {
        let plugin = point.plugin;
        let key = (ctx.tenant, plugin.id().to_owned(), point.name.clone());
        let invocation = ctx.id();
        if let Err(chain) = loops::check(&ctx.cause, &point.link) {
            let fault = Fault::Loop(format!("plugins set each other off in a loop: {chain}"));
            self.note(ctx, plugin.id(), &point.name, invocation, LogLevel::Error, fault.to_string());
            return Err(Fault::Loop(chain));
        }
        if !self.inner.breakers.allow(&key, ctx.now()) {
            return Err(Fault::BreakerOpen);
        }
        let caller = Caller {
            ctx: ctx.clone(),
            plugin: Arc::clone(plugin),
            services: self.inner.services.clone(),
            anonymous: point.anonymous,
            own: point.own,
            invocation,
            link: point.link.clone(),
        };
        let budget = point.budget.within(self.inner.engine.caps());
        let outcome = self.inner.engine.call(&plugin.version.code, State::new(caller, budget), input).await;
        self.inner.journal.call(ctx, plugin.id(), &point.name, invocation, &outcome);
        let good = outcome.answer.as_ref().err().is_none_or(|fault| !fault.counts());
        let change = self.inner.breakers.record(&key, ctx.now(), good);
        self.breaker_changed(ctx, plugin.id(), &point.name, invocation, change).await;
        outcome.answer
    }

    /// A guest answered with something that makes no sense: its breaker and log learn of it too.
    pub(crate) async fn wrong_answer(&self, ctx: &Ctx, point: &Point<'_>, why: String) -> Fault {
        let key = (ctx.tenant, point.plugin.id().to_owned(), point.name.clone());
        let fault = Fault::WrongAnswer(why);
        let invocation = ctx.id();
        self.note(ctx, point.plugin.id(), &point.name, invocation, LogLevel::Error, fault.to_string());
        let change = self.inner.breakers.record(&key, ctx.now(), false);
        self.breaker_changed(ctx, point.plugin.id(), &point.name, invocation, change).await;
        fault
    }

    pub(crate) fn note(
        &self,
        ctx: &Ctx,
        plugin: &str,
        point: &str,
        invocation: Uuid,
        level: LogLevel,
        message: String,
    ) {
        self.inner.journal.line(ctx, plugin, point, invocation, LogLine { level, message }, None);
    }

    async fn breaker_changed(&self, ctx: &Ctx, plugin: &str, point: &str, invocation: Uuid, change: Change) {
        let message = match change {
            Change::None => return,
            Change::Closed => "works again: the breaker is closed".to_owned(),
            Change::Opened(seconds) => format!("failed repeatedly: not called for {seconds} s"),
            Change::Stop => {
                "failed repeatedly three times in an hour: stopped until the plugin is enabled again".to_owned()
            }
        };
        tracing::warn!(plugin, point, tenant = %ctx.tenant, "{message}");
        let level = if change == Change::Closed { LogLevel::Info } else { LogLevel::Error };
        self.note(ctx, plugin, point, invocation, level, message);
        if change == Change::Stop
            && let Err(error) = self.stop_point(ctx, plugin, point).await
        {
            tracing::error!(%error, plugin, point, "a failing plugin point could not be stopped");
        }
    }
}
