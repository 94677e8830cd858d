//! Working calendars: of the company, of departments, of persons.
//!
//! Owns: the arithmetic of working time, calendars as people write them, which calendar counts for whom, holidays to put
//! into them. Must not know: tasks. A person's own calendar counts; without one that of their department or the nearest one above that has one;
//! then the company's; then Monday to Friday, 09:00 to 18:00 with the hour from 13:00 off, in the company's time zone.
//! That is eight hours a day: a contract's `P1D` is eight hours of working time, whatever the calendar says (the reader
//! of contracts turns it into seconds).

pub mod arithmetic;
pub mod holidays;
pub mod local;
pub mod moving;
mod settings;
mod store;

pub use arithmetic::{Uncountable, WorkingTime};
pub use settings::{CalendarSettings, CycleSettings, DaySettings, WeekSettings};
pub(crate) use store::Known;
pub use store::{CHANGED, CalendarOf, Calendars};

/// Seconds of working time that a contract's `P1D` means.
pub const WORKING_DAY_SECONDS: i64 = 8 * 3_600;
/// Seconds of working time that a contract's `P1W` means: five working days.
pub const WORKING_WEEK_SECONDS: i64 = 5 * WORKING_DAY_SECONDS;
