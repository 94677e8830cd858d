//! What was acknowledged is there after the worst.

mod caller;
mod kill;
mod letters;
mod process;
pub mod server;
mod undo;
