//! What was acknowledged is there after the worst.

mod backup;
mod caller;
mod files;
mod jobs;
mod kill;
mod letters;
mod messages;
mod modules;
mod papers;
mod plugins;
mod process;
pub mod server;
mod two;
mod undo;
