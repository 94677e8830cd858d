//! What the portal asks a plugin for its pages: figures of a source, an answer to a press, a tree.
//!
//! All three work as whoever looks (or as the plugin itself, as its manifest says) on a surface that they may see. Figures
//! and trees change nothing: whatever writes answers `denied`, so they may be asked again at any time.

mod act;
mod data;
mod kept;
mod render;
mod view;

use kernel::error::Refusal;
use kernel::{Ctx, Error, Message, Result};
use uuid::Uuid;

use super::{Point, PointKind};
use crate::PluginHost;
use crate::bindings::{ui_act, ui_data, ui_render, views};
use crate::capabilities::State;
use crate::engine::{Budget, Code, Engine, Fault};
use crate::loops;
use crate::manifest::Manifest;
use crate::surfaces::Open;

use act::Press;
pub use act::{Acted, Deed, Patch, RefusedRow, Toast};
use data::Ask;
pub use data::{ComputedRow, ComputedRows};
pub(crate) use kept::KeptFigures;
use render::Draw;
pub use view::View;

/// Sources that the plugin computes.
pub(crate) static DATA: PointKind = PointKind {
    name: "data",
    export: "ui-data",
    budget: Budget::PAGE,
    declared: |manifest| manifest.pages.sources.iter().cloned().collect(),
    check: |_| Ok(()),
    probe: |pre| Some(Box::new(ui_data::GuestIndices::new(pre).ok()?)),
};

/// Presses that it answers.
pub(crate) static ACT: PointKind = PointKind {
    name: "act",
    export: "ui-act",
    budget: Budget::ACTION,
    declared: |manifest| manifest.pages.acts.iter().cloned().collect(),
    check: |_| Ok(()),
    probe: |pre| Some(Box::new(ui_act::GuestIndices::new(pre).ok()?)),
};

/// Trees that it makes.
pub(crate) static RENDER: PointKind = PointKind {
    name: "render",
    export: "ui-render",
    budget: Budget::PAGE,
    declared: |manifest: &Manifest| manifest.rendered().map(|surface| surface.id.clone()).collect(),
    check: |_| Ok(()),
    probe: |pre| Some(Box::new(ui_render::GuestIndices::new(pre).ok()?)),
};

/// Bytes of an answer.
const MAX_ANSWER: usize = 1024 * 1024;

impl Open {
    /// The point behind this surface that is about to be called.
    fn point<'a>(&'a self, kind: &PointKind, id: &str) -> Point<'a> {
        let plugin = &self.plugin;
        Point {
            plugin,
            name: kind.point(id),
            link: loops::link(plugin.id(), &kind.point(id)),
            budget: kind.budget,
            anonymous: self.public,
            own: false,
            held: None,
        }
    }

    /// A call that did not work, with the plugin's name and the reason in the reader's language; strangers hear only that it
    /// did not.
    fn failed(&self, ctx: &Ctx, fault: &Fault) -> Error {
        if self.public {
            return Error::Unavailable(format!("plugin {} {fault}", self.plugin.id()));
        }
        let (title, reason) = (self.title(ctx.locale), fault.message().in_locale(ctx.locale));
        let message = Message::key("error.plugin.failed").with("plugin", title).with("reason", reason);
        self.refused(fault.code(), None, message)
    }

    fn refused(&self, code: &str, status: Option<u16>, message: Message) -> Error {
        let plugin = (!self.public).then(|| self.plugin.id().to_owned());
        Error::Refused(Box::new(Refusal { plugin, status, ..Refusal::new(code, message) }))
    }
}

/// What the code of a page says to a call without anything.
pub(super) async fn ask_nothing(
    engine: &Engine,
    code: &Code,
    state: State,
    kind: &PointKind,
    id: &str,
) -> Option<String> {
    let view = || views::View { surface: id.to_owned(), params: Vec::new(), state: Vec::new(), record: None };
    let fault = match kind.name {
        "data" => {
            let ask = Ask { source: id.to_owned(), view: view(), input: Vec::new(), cursor: None };
            engine.call(code, state, ask).await.answer.err()
        }
        "act" => {
            let (key, rows, input) = (Uuid::nil().to_string(), Vec::new(), Vec::new());
            let call = ui_act::Call { key, view: view(), entity: None, rows, input };
            engine.call(code, state, Press(id.to_owned(), call)).await.answer.err()
        }
        _ => engine.call(code, state, Draw { view: view(), input: Vec::new() }).await.answer.err(),
    };
    match fault? {
        Fault::Guest(said) => Some(said),
        _ => None,
    }
}

impl PluginHost {
    /// Refuses a call of a point that was stopped after repeated failures.
    fn goes(&self, ctx: &Ctx, open: &Open, point: &Point<'_>) -> Result<()> {
        if open.plugin.stopped().contains(&point.name) {
            return Err(open.failed(ctx, &Fault::Stopped));
        }
        Ok(())
    }
}
