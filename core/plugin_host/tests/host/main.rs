//! The plugin host against real components on a real database.

mod plugins;
mod support;
