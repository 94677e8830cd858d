//! Records over HTTP.

mod aggregates;
mod bulk;
mod crud;
mod filters;
mod idempotency;
mod lists;
mod own;
mod stages;
mod tasks;
mod timeline;
mod undo;
mod views;
