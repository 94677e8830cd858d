//! Malformed, huge and hostile input: refused with words, never a fault of ours.

mod addresses;
mod bodies;
mod bombs;
mod connections;
mod crowd;
mod doors;
mod uploads;
