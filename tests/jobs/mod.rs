//! The queue of jobs, schedules and leases.

mod order;
mod queue;
mod schedules;
mod upgrade;
