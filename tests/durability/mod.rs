//! What was acknowledged is there after the worst.

mod kill;
mod process;
mod server;
