//! What was acknowledged is there after the worst.

mod caller;
mod kill;
mod letters;
mod process;
mod server;
mod undo;
