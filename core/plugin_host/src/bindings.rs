//! Host side of `sdk/wit`, generated: traits that `capabilities` implement, types, and typed exports.

wasmtime::component::bindgen!({
    path: "../../sdk/wit",
    world: "verstak:plugin/plugin",
    imports: { default: async | trappable },
    exports: { default: async },
});

pub use exports::verstak::plugin::{
    actions, conditions, events, hooks, http, jobs, lifecycle, moments, ui_act, ui_data, ui_render,
};
pub use verstak::jobs::runs;
pub use verstak::pages::views;
pub use verstak::types::types;
pub use verstak::work::{steps, subjects};
