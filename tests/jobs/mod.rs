//! The queue of jobs, schedules and leases.

mod queue;
mod schedules;
