//! Plugins in the whole product: `lead-desk`, the main job of the platform, and the example `process-action`.

mod actions;
mod follow_up;
mod lead_desk;
mod web_form;
