//! Plugins in the whole product: `lead-desk`, the main job of the platform, and the examples `process-action`, `lead-papers` and
//! `quiet-leads`.

mod actions;
mod follow_up;
mod health;
mod jobs;
mod lead_desk;
mod papers;
mod web_form;
