//! Saved reports: a question with a name, kept by a person, shared with roles or all. It runs with its reader's rights,
//! never its author's.
//!
//! | module | what |
//! |---|---|
//! | `question` | any question, read by its kind |
//! | `keep` | making, listing, changing, removing |
//! | `moving` | shared reports that move between companies |
//! | `store` | rows |
//! | `schedule` | what a schedule is, and when it is due next |
//! | `schedules` | when it is sent to whom |
//! | `letters` | the letters themselves |

mod keep;
mod letters;
pub mod moving;
mod question;
mod schedule;
mod schedules;
mod store;

pub use keep::{NewSaved, Saved, SavedChange};
pub(crate) use keep::{checked_description, checked_json, checked_name};
pub(crate) use letters::ENTITY;
pub use letters::{LETTER, Letters, SentView};
pub use question::{Kind, Outcome, Question, RunInput};
pub use schedule::{Every, Last, NewSchedule, OnlyIf, Operator, ScheduleChange, ScheduleView, SendInput, SentState};
pub use schedules::{DUE, Due};
pub(crate) use store::shared_names;
