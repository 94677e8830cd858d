//! The suite: the product over HTTP on a real database, SQLite or PostgreSQL.
//!
//! `VERSTAK_TEST_DATABASE=postgres` with `VERSTAK_TEST_POSTGRES_URL` chooses the second. Every test has a database of
//! its own, a clock that stands still and jobs that run when told; see `app`.
#![cfg(test)]

mod access;
mod app;
mod automation;
mod compat;
mod configuration;
mod durability;
mod events;
mod files;
mod hostile;
mod jobs;
mod messaging;
mod modules;
mod people;
mod plugin;
mod process;
mod records;
mod reports;
mod sales;
