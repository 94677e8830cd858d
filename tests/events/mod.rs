//! The event log: its order, its readers, the live stream.

mod log;
mod stream;
