//! The queue of jobs, schedules and leases.

mod long;
mod order;
mod queue;
mod schedules;
mod upgrade;
