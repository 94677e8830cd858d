//! Plans: what a measure is to come to in a month, a quarter or a year, for the company, a department or a person; beside it
//! what it came to, as the measure says, and where that leads.
//!
//! | module | what |
//! |---|---|
//! | `model` | what a plan is |
//! | `keep` | setting and removing |
//! | `fact` | reading, with what came of it |

mod fact;
mod keep;
mod model;

pub use model::{
    PeriodKind, PlanInput, PlanPeriod, PlanPeriodView, PlanQuery, PlanView, PlanWho, Plans, PlansInput, Who,
};

pub(crate) use fact::of_whom;

const PLAN: &str = "report_plan";
