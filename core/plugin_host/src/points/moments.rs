//! `moments`: what a plugin does when a company has enabled it, and before it is switched off. What comes of it is written
//! to its log; it keeps nobody from anything.

use std::sync::Arc;

use kernel::{Actor, Ctx};
use wasmtime::Store;
use wasmtime::component::Instance;

use super::{Point, PointKind};
use crate::PluginHost;
use crate::bindings::moments as wit;
use crate::capabilities::{LogLevel, State};
use crate::engine::{Budget, Code, Effect, Engine, Fault, Invoke};
use crate::loops;
use crate::manifest::Moment;
use crate::registry::{OnNode, Running};

/// Moments of a company.
pub(crate) static KIND: PointKind = PointKind {
    name: "moment",
    export: "moments",
    budget: Budget::MOMENT,
    declared: |manifest| manifest.moments.iter().map(|moment| moment.name().to_owned()).collect(),
    check: |_| Ok(()),
    probe: |pre| Some(Box::new(wit::GuestIndices::new(pre).ok()?)),
};

/// A moment, by its name.
pub(crate) struct At(pub(crate) String);

impl Invoke for At {
    type Answer = ();
    const EFFECT: Effect = Effect::Writes;

    async fn invoke(
        self,
        code: &Code,
        store: &mut Store<State>,
        instance: &Instance,
    ) -> wasmtime::Result<Result<(), String>> {
        let guest = code.indices::<wit::GuestIndices>(KIND.export)?.load(&mut *store, instance)?;
        guest.call_run(store, &self.0).await
    }
}

/// What it says to a moment outside of any company.
pub(super) async fn ask_nothing(engine: &Engine, code: &Code, state: State, id: &str) -> Option<String> {
    match engine.call(code, state, At(id.to_owned())).await.answer.err()? {
        Fault::Guest(said) => Some(said),
        _ => None,
    }
}

impl PluginHost {
    /// Calls a plugin that the company runs at a moment, if it wants to be.
    pub(crate) async fn at_moment(&self, ctx: &Ctx, plugin: &str, moment: Moment) {
        let plugins = match self.inner.registry.tenant(ctx.tenant).await {
            Ok(plugins) => plugins,
            Err(error) => return tracing::error!(%error, plugin, "a plugin was not called: {}", moment.name()),
        };
        if let Some(OnNode::Running(running)) = plugins.get(plugin)
            && running.manifest().moments.contains(&moment)
        {
            self.moment(ctx, &running, moment).await;
        }
    }

    async fn moment(&self, ctx: &Ctx, plugin: &Arc<Running>, moment: Moment) {
        let mut ctx = ctx.acting_as(Actor::Plugin { id: plugin.id().to_owned(), user: ctx.user() });
        // It concerns the whole company, whoever switches.
        ctx.closed = None;
        let point = Point {
            plugin,
            name: KIND.point(moment.name()),
            link: loops::link(plugin.id(), moment.name()),
            budget: KIND.budget,
            anonymous: false,
            own: true,
            held: None,
        };
        if let Err(fault) = self.call(&ctx, &point, At(moment.name().to_owned()), |()| Ok(())).await {
            let line = format!("{}: {fault}", moment.name());
            self.note(&ctx, plugin.id(), &point.name, ctx.id(), LogLevel::Error, line);
        }
    }
}
