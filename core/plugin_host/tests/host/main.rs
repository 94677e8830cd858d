//! The plugin host against real components on a real database.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a test that cannot go on should stop"
)]

mod administration;
mod chains;
mod contained;
mod deliveries;
mod figures;
mod files;
mod foreign;
mod gates;
mod guards;
mod jobs;
mod messages;
mod money;
mod moody;
mod notices;
mod pages;
mod papers;
mod platform;
mod plugins;
mod published;
mod reviews;
mod secrets;
mod states;
mod steps;
mod stores;
mod support;
mod web;
