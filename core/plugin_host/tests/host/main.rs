//! The plugin host against real components on a real database.

mod administration;
mod chains;
mod contained;
mod plugins;
mod support;
