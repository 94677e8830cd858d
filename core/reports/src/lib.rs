//! Reports as data: measures, the funnel over steps and stages, the forecast, plans, processes, tasks; what is saved of them,
//! dashboards, letters by schedule, exports.
//!
//! Owns: what is counted and how it is grouped; saved reports, dashboards, plans, schedules, exports (tables `report_*`). Must not
//! know: others' tables and columns (it combines the relations that `process`, `work`, `records` and `people` give), how a report
//! is drawn, HTTP. Data enters as a `Ctx` with what to group by and leaves as rows of groups and figures. People without full
//! rights get what they may see; whatever is saved runs with its reader's rights.
//!
//! | module | what |
//! |---|---|
//! | `measures` | the registry of measures, and questions of them |
//! | `funnel` | how many come to each step or stage, go on, and where they pile up |
//! | `axes` | what the funnel can be grouped by |
//! | `forecast` | what open deals are likely to bring |
//! | `managers` | people beside each other |
//! | `plans` | what measures are to come to, and what they came to |
//! | `hints` | what somebody should look at, with numbers |
//! | `saved` | saved reports, their schedules and letters |
//! | `dashboards` | cards beside each other; homes by role |
//! | `export` | answers as CSV and XLSX |
//! | `sharing` | with whom saved things are shared |
//! | `refs` | what ids are called |
//! | `processes` | instances and how long they took |
//! | `tasks` | tasks by process, step and people |

mod axes;
mod dashboards;
mod export;
mod forecast;
mod funnel;
mod hints;
mod managers;
mod measures;
mod plans;
mod processes;
mod refs;
mod saved;
mod sharing;
mod tasks;

pub use dashboards::moving as moving_dashboards;
pub use dashboards::{
    Acting, Card, CardState, CardView, DashboardInput, DashboardView, Empty, Home, HomeInput, HomeQuery, HomeView,
    ReadCards, ReadDashboard, TasksCard,
};
pub use export::{
    Cell, EXPORT, Export, ExportFile, ExportInput, ExportSteps, Exported, Format, SWEEP, Sweep, Table, table_of,
    workbook,
};
pub use forecast::{Bag, Forecast, ForecastInput, MonthForecast, StageOdds};
pub use funnel::{Closed, Funnel, FunnelInput, FunnelRow, Mode, PileUp};
pub use hints::{Hint, HintQuery, Hints};
pub use managers::{ManagerRow, Managers, ManagersInput};
pub use measures::{
    Answer, Axis as NamedAxis, Brought, Column, Compare, Declared, Drill, MeasureView, Measures, Query, RangeInput,
    Row as MeasureRow, Totals, Unit,
};
pub use plans::{
    PeriodKind, PlanInput, PlanPeriod, PlanPeriodView, PlanQuery, PlanView, PlanWho, Plans, PlansInput,
    Who as PlanWhose,
};
pub use processes::{ProcessReport, ProcessReportInput, ProcessRow};
pub use refs::{Named, RefsView};
pub use saved::moving;
pub use saved::{
    DUE, Due, Every, Kind, LETTER, Last, Letters, NewSaved, NewSchedule, OnlyIf, Operator, Outcome, Question, RunInput,
    Saved, SavedChange, ScheduleChange, ScheduleView, SendInput, SentState, SentView,
};
pub use sharing::{Person, Sharing};
pub use tasks::{TaskReport, TaskReportInput, TaskRow};

use std::sync::{Arc, OnceLock};

use kernel::error::FieldError;
use kernel::{Db, Error, Result, Timestamp};
use process::runtime::Processes;
use records::Records;
use serde::{Deserialize, Serialize};

/// The code of errors about wrong input here.
pub const INVALID: &str = "report.invalid";
/// Error code of a sum of records that is asked for by what their rows sell.
pub const FAN_OUT: &str = "report.fan_out";
/// The code of conflicts with another version than was seen.
pub const CONFLICT: &str = "report.conflict";
/// The code of conflicts with a limit of what is kept.
pub const TOO_MANY: &str = "report.too_many";
/// Axes of one report.
pub const MAX_AXES: usize = 4;
/// Groups of an answer.
const MAX_ROWS: u64 = 10_000;

/// The service of this crate; cheap to clone.
#[derive(Clone)]
pub struct Reports {
    records: Records,
    processes: Processes,
    brought: Arc<OnceLock<Arc<dyn Brought>>>,
    kept: Arc<dashboards::KeptCards>,
    answers: Arc<measures::KeptAnswers<Answer>>,
    funnels: Arc<measures::KeptAnswers<Funnel>>,
}

impl Reports {
    /// Over the services below it.
    pub fn new(records: &Records, processes: &Processes) -> Self {
        Self {
            records: records.clone(),
            processes: processes.clone(),
            brought: Arc::default(),
            kept: Arc::new(dashboards::kept()),
            answers: Arc::new(measures::kept(measures::ANSWER_ROWS)),
            funnels: Arc::new(measures::kept(measures::FUNNEL_GROUPS)),
        }
    }

    /// Says what modules have brought. Only the first call counts.
    pub fn set_brought(&self, brought: Arc<dyn Brought>) {
        drop(self.brought.set(brought));
    }

    const fn db(&self) -> &Db {
        self.processes.db()
    }
}

fn invalid(field: &str, reason: impl std::fmt::Display) -> Error {
    Error::field(INVALID, field, FieldError::new("invalid").with("reason", reason))
}

/// The version that whoever changes something has seen.
///
/// # Errors
/// `report.invalid` naming `If-Match` when they do not say.
fn seen_version(seen: Option<i64>) -> Result<i64> {
    seen.ok_or_else(|| invalid("If-Match", "the version that was changed is missing"))
}

/// A stretch of time; open where an end is absent.
#[derive(Debug, Clone, Copy, Default, Deserialize, Serialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Period {
    /// From this instant on.
    #[schema(value_type = Option<String>)]
    pub from: Option<Timestamp>,
    /// Before this instant.
    #[schema(value_type = Option<String>)]
    pub to: Option<Timestamp>,
}

impl From<Period> for kernel::clock::Period {
    fn from(period: Period) -> Self {
        Self { from: period.from, to: period.to }
    }
}
