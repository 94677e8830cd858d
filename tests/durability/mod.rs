//! What was acknowledged is there after the worst.

mod kill;
mod server;
