//! The points where plugins come in: before a save, after a commit, over HTTP, in processes, in jobs, behind pages. Each finds who is concerned,
//! checks breaker and loops, calls the engine and turns the answer into something the core understands.
//!
//! To add a point: its export in `sdk/wit`, a file here with its `KIND` and its call, its declaration in the manifest, and a
//! line in [`POINTS`]. The checks of exports and manifests, budgets and views go by the table.

mod actions;
pub(crate) mod before;
pub(crate) mod events;
pub(crate) mod http;
pub(crate) mod jobs;
pub(crate) mod lifecycle;
pub(crate) mod moments;
pub(crate) mod pages;
pub(crate) mod signature;
mod stop;

use std::any::Any;
use std::sync::Arc;

use kernel::{Ctx, Error, Result};
use uuid::Uuid;
use wasmtime::component::InstancePre;

use crate::PluginHost;
use crate::breaker::{Change, Permit};
use crate::capabilities::messaging::Held;
use crate::capabilities::{Caller, LogLevel, LogLine, State};
use crate::engine::{Budget, Code, Engine, Fault, Invoke};
use crate::loops;
use crate::manifest::check::Checked;
use crate::manifest::{Manifest, RunAs};
use crate::registry::Running;

pub(crate) use actions::{ACTION, CONDITION};
pub(crate) use jobs::KIND as JOBS;
use pages::{ACT, DATA, RENDER};

/// Where the functions of an export are in a component: the `GuestIndices` of its bindings.
pub(crate) type Indices = Box<dyn Any + Send + Sync>;

/// A kind of point.
pub(crate) struct PointKind {
    /// What the names of its points begin with in logs, costs and breakers.
    pub(crate) name: &'static str,
    /// What a component exports for it.
    pub(crate) export: &'static str,
    /// What a call may use.
    pub(crate) budget: Budget,
    /// The points that a manifest declares.
    pub(crate) declared: fn(&Manifest) -> Vec<String>,
    /// What the types of the declaration cannot express.
    pub(crate) check: fn(&Manifest) -> Checked,
    pub(crate) probe: fn(&InstancePre<State>) -> Option<Indices>,
}

impl PointKind {
    /// `hook:check`, `event:created`, `http:POST /web-form`.
    pub(crate) fn point(&self, id: &str) -> String {
        format!("{}:{id}", self.name)
    }
}

/// Everything there is.
pub(crate) static POINTS: [&PointKind; 11] = [
    &before::KIND,
    &events::KIND,
    &http::KIND,
    &ACTION,
    &CONDITION,
    &JOBS,
    &DATA,
    &ACT,
    &RENDER,
    &lifecycle::KIND,
    &moments::KIND,
];

/// The names of all points of a manifest.
pub(crate) fn names(manifest: &Manifest) -> impl Iterator<Item = String> {
    POINTS.iter().flat_map(|kind| (kind.declared)(manifest).into_iter().map(|id| kind.point(&id)))
}

/// What a call at a point of this name may use.
pub(crate) fn budget_of(name: &str) -> Option<&'static Budget> {
    let kind = name.split(':').next()?;
    POINTS.iter().find(|point| point.name == kind).map(|point| &point.budget)
}

/// What the SDK calls a point of this kind when there is none with an id.
pub(crate) fn word(kind: &PointKind) -> &'static str {
    match kind.name {
        "event" => "subscription",
        "data" => "source",
        other => other,
    }
}

/// Calls a point outside of any company with nothing to do. What it says when it does not do it; nothing for kinds that cannot
/// be asked so.
pub(crate) async fn ask_nothing(engine: &Engine, code: &Code, kind: &PointKind, id: &str) -> Option<String> {
    let state = State::detached(kind.budget.within(engine.caps()));
    let said = |fault: Fault| match fault {
        Fault::Guest(said) => Some(said),
        _ => None,
    };
    match kind.name {
        "hook" => engine.call(code, state, before::Before(id, &[])).await.answer.err().and_then(said),
        "event" => {
            engine.call(code, state, events::Handle(id.to_owned(), Vec::new())).await.answer.err().and_then(said)
        }
        "job" => jobs::ask_nothing(engine, code, state, id).await,
        "moment" => moments::ask_nothing(engine, code, state, id).await,
        "action" | "condition" => actions::ask_nothing(engine, code, state, kind, id).await,
        "data" | "act" | "render" => pages::ask_nothing(engine, code, state, kind, id).await,
        _ => None,
    }
}

/// A point of a plugin that is about to be called.
pub(crate) struct Point<'a> {
    pub(crate) plugin: &'a Arc<Running>,
    /// `hook:check`, `event:created`, `http:POST /web-form`: names it in logs, costs and breakers.
    pub(crate) name: String,
    /// What the guest's own writes carry in their cause chain.
    pub(crate) link: String,
    pub(crate) budget: Budget,
    pub(crate) anonymous: bool,
    /// Whether the guest acts as itself, because there is no person.
    pub(crate) own: bool,
    /// Where messages wait until the call is done.
    pub(crate) held: Option<Arc<Held>>,
}

impl PluginHost {
    /// Calls a point: loops, breaker, engine, journal. `judge` says what is wrong with an answer that makes no sense.
    pub(crate) async fn call<I: Invoke>(
        &self,
        ctx: &Ctx,
        point: &Point<'_>,
        input: I,
        judge: impl FnOnce(&I::Answer) -> Result<(), String> + Send,
    ) -> Result<I::Answer, Fault> {
        let mut permit = self.permit(ctx, point)?;
        let answer = self.attempt(ctx, point, input, judge).await;
        let fault = answer.as_ref().err().cloned();
        self.tell(ctx, point, &mut permit, fault.as_ref()).await;
        answer
    }

    /// Leave to call a point: no loop, no open breaker.
    pub(crate) fn permit(&self, ctx: &Ctx, point: &Point<'_>) -> Result<Permit<'_>, Fault> {
        let plugin = point.plugin.id();
        if let Err(chain) = loops::check(&ctx.cause, &point.link) {
            let fault = Fault::Loop(format!("plugins set each other off in a loop: {chain}"));
            self.note(ctx, plugin, &point.name, ctx.id(), LogLevel::Error, fault.to_string());
            return Err(Fault::Loop(chain));
        }
        let key = (ctx.tenant, plugin.to_owned(), point.name.clone());
        self.inner.breakers.allow(&key, ctx.now()).ok_or(Fault::BreakerOpen)
    }

    /// One call: engine and journal.
    pub(crate) async fn attempt<I: Invoke>(
        &self,
        ctx: &Ctx,
        point: &Point<'_>,
        input: I,
        judge: impl FnOnce(&I::Answer) -> Result<(), String> + Send,
    ) -> Result<I::Answer, Fault> {
        let plugin = point.plugin;
        let invocation = ctx.id();
        let caller = Caller {
            ctx: ctx.clone(),
            plugin: Arc::clone(plugin),
            services: self.inner.services.clone(),
            anonymous: point.anonymous,
            own: point.own,
            effect: I::EFFECT,
            held: point.held.clone(),
            invocation,
            link: point.link.clone(),
        };
        let budget = point.budget.within(self.inner.engine.caps());
        let mut outcome = self.inner.engine.call(&plugin.version.code, State::new(caller, budget), input).await;
        if let Ok(answer) = &outcome.answer
            && let Err(why) = judge(answer)
        {
            outcome.answer = Err(Fault::WrongAnswer(why));
        }
        self.inner.journal.call(ctx, plugin.id(), &point.name, invocation, &outcome);
        outcome.answer
    }

    /// Tells the breaker how a call went. Gives what will be said of calls from now on, where it has opened.
    pub(crate) async fn tell(
        &self,
        ctx: &Ctx,
        point: &Point<'_>,
        permit: &mut Permit<'_>,
        fault: Option<&Fault>,
    ) -> Option<Fault> {
        if fault.is_some_and(|fault| !fault.counts()) {
            return None;
        }
        let change = permit.record(ctx.now(), fault.is_none());
        self.breaker_changed(ctx, point.plugin.id(), &point.name, ctx.id(), change).await;
        match change {
            Change::None | Change::Closed => None,
            Change::Opened(_) => Some(Fault::BreakerOpen),
            Change::Stop => Some(Fault::Stopped),
        }
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

    /// Puts into a context what is closed now to the person behind it, and where the plugin runs as they do also what they
    /// may do; nothing where there is nobody.
    pub(crate) async fn as_now(&self, ctx: &mut Ctx, run_as: RunAs) -> Result<()> {
        let as_actor = run_as == RunAs::Actor;
        if as_actor {
            ctx.rights = Arc::default();
        }
        let Some(user) = ctx.user() else { return Ok(()) };
        if !as_actor && !self.inner.gates.any(ctx.tenant).await? {
            return Ok(());
        }
        match self.inner.identities.of_user(ctx.tenant, user).await {
            Ok(identity) => {
                ctx.closed.clone_from(&identity.closed);
                if as_actor {
                    ctx.rights = Arc::clone(&identity.rights);
                }
                Ok(())
            }
            Err(Error::Unauthenticated | Error::NotFound(_)) => Ok(()),
            Err(error) => Err(error),
        }
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
