//! Work of people: tasks (of processes and by hand alike), working calendars.
//!
//! Owns: tasks with their states, executors, contract and counters; working time. Must not know: HTTP,
//! BPMN, how an instance moves on (it states the port `TaskOwner`). Data enters as a `Ctx` with typed input and leaves
//! as `Task`s.
//!
//! | module | what |
//! |---|---|
//! | `tasks` | tasks and the step contract |
//! | `calendar` | working time |
//! | `notices` | what people are told, when and where they want it |
//! | `input` | limits of what comes from outside |

pub mod calendar;
mod input;
pub mod notices;
pub mod tasks;

pub use calendar::{CalendarOf, CalendarSettings, Calendars, WorkingTime};
pub use input::INVALID;
pub use tasks::{
    ActionRunner, ExecutorRule, NewTask, Origin, Task, TaskContract, TaskOwner, TaskQuery, TaskState, Tasks,
};

#[cfg(test)]
mod tests;
