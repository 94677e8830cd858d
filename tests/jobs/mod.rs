//! The queue of jobs, schedules and leases.

mod lanes;
mod long;
mod lost;
mod order;
mod probe;
mod queue;
mod schedules;
mod upgrade;
