//! The job queue: work that is promised in the caller's transaction and done after it.
//!
//! Owns: enqueueing, claiming fairly (`claim`), lanes for what holds a slot for long (`lane`), retries with backoff, dead letters, schedules by cron expression, the leader lease, long
//! jobs with progress (`long`), what servers that ended held (`orphans`).
//! Must not know: what any job does (a `Handler` does). A job is run at least once: handlers must bear repetition.

mod claim;
mod lane;
mod lease;
pub mod long;
pub mod order;
mod orphans;
mod queue;
mod schedule;
mod worker;

pub use lane::{Lane, Slots};
pub use lease::hold;
pub use orphans::let_go;
pub use queue::{
    Dead, DeadOfKind, Job, NewJob, came_further, dead, dead_of_kind, enqueue, forget, forget_dead, hasten, hasten_one,
    note_progress, retry_dead, waits_since,
};
pub use schedule::{next_after, set_schedule, tick};
pub use worker::{Handler, JobError, Worker};
