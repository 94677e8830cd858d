//! Work of people: tasks (of processes and by hand alike), working calendars, notifications, letters out.
//!
//! Owns: tasks with their states, executors, contract and counters; working time; the mail outbox. Must not know: HTTP,
//! BPMN, how an instance moves on (it states the port `TaskOwner`). Data enters as a `Ctx` with typed input and leaves
//! as `Task`s.
//!
//! | module | what |
//! |---|---|
//! | `tasks` | tasks and the step contract |
//! | `calendar` | working time |
//! | `notifications` | what people are told |
//! | `mail` | the outbox and SMTP |
//! | `people_rows` | questions to people's tables inside a transaction |
//! | `input` | limits of what comes from outside |

pub mod calendar;
mod input;
pub mod mail;
pub mod notifications;
mod people_rows;
pub mod tasks;

pub use calendar::{CalendarOf, CalendarSettings, Calendars, WorkingTime};
pub use input::INVALID;
pub use mail::{Mail, MailOptions, MailOwner, MailTls};
pub use tasks::{
    ActionRunner, ExecutorRule, NewTask, Origin, Task, TaskContract, TaskOwner, TaskQuery, TaskState, Tasks,
};

#[cfg(test)]
mod tests;
