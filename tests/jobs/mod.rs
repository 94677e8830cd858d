//! The queue of jobs, schedules and leases.

mod long;
mod queue;
mod schedules;
