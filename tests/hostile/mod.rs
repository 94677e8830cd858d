//! Malformed, huge and hostile input: refused with words, never a fault of ours.

mod addresses;
mod bodies;
mod connections;
mod doors;
mod uploads;
