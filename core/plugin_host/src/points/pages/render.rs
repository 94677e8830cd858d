//! A tree that the plugin makes.

use kernel::{Ctx, Error, Result};
use serde_json::Value as Json;
use wasmtime::Store;
use wasmtime::component::Instance;

use super::{RENDER, View};
use crate::PluginHost;
use crate::bindings::types::Field;
use crate::bindings::ui_render as wit;
use crate::bindings::views;
use crate::capabilities::State;
use crate::engine::{Code, Effect, Fault, Invoke};
use crate::surfaces::{self, Open, Rendered};

/// A surface to draw.
pub(super) struct Draw {
    pub(super) view: views::View,
    pub(super) input: Vec<Field>,
}

impl Invoke for Draw {
    type Answer = String;
    const EFFECT: Effect = Effect::Reads;

    async fn invoke(
        self,
        code: &Code,
        store: &mut Store<State>,
        instance: &Instance,
    ) -> wasmtime::Result<std::result::Result<String, String>> {
        let guest = code.indices::<wit::GuestIndices>(RENDER.export)?.load(&mut *store, instance)?;
        guest.call_render(store, &self.view, &self.input).await
    }
}

impl PluginHost {
    /// The tree that the plugin of a surface makes for somebody.
    ///
    /// # Errors
    /// `NotFound` for a surface whose tree is declared; `plugin.failed` with its name and the reason, also for a tree that is
    /// none or names what the plugin has no grant for.
    pub async fn render(&self, ctx: &Ctx, open: &Open, view: &View, input: &Json) -> Result<Rendered> {
        let surface = open.surface().filter(|surface| surface.declared.rendered);
        let surface = surface.ok_or_else(|| Error::NotFound("a surface that the plugin draws".to_owned()))?;
        let point = open.point(&RENDER, &surface.declared.id);
        self.goes(ctx, open, &point)?;
        let catalogue = self.inner.services.records.catalogue_of(ctx).await?;
        let draw = Draw { view: view.to_wit(open), input: super::view::input(input) };
        let mut tree = Err("no tree".to_owned());
        let judge = |text: &String| {
            let made = surfaces::rendered(&open.plugin.version, &catalogue, surface, text);
            tree = made.map_err(|error| error.to_string());
            tree.as_ref().map(drop).map_err(Clone::clone)
        };
        self.call(ctx, &point, draw, judge).await.map_err(|fault| open.failed(ctx, &fault))?;
        tree.map_err(|why| open.failed(ctx, &Fault::WrongAnswer(why)))
    }
}
