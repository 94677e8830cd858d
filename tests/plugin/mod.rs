//! The plugin `lead-desk` in the whole product: the main job of the platform.

mod follow_up;
mod lead_desk;
mod web_form;
