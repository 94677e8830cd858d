//! Plugins in the whole product: `lead-desk`, the main job of the platform, and the examples `process-action` and
//! `quiet-leads`.

mod actions;
mod follow_up;
mod jobs;
mod lead_desk;
mod web_form;
