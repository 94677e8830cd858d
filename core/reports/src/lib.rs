//! Reports as data: the funnel over steps and stages, processes, tasks.
//!
//! Owns: what is counted and how it is grouped; no table. Must not know: others' tables and columns (it combines the
//! relations that `process`, `work`, `records` and `people` give), how a report is drawn, HTTP. Data enters as a `Ctx`
//! with what to group by and leaves as rows of groups and figures. People without full rights get what they may see.
//!
//! | module | what |
//! |---|---|
//! | `funnel` | how many come to each step, go on, and where they pile up |
//! | `axes` | what the funnel can be grouped by |
//! | `measures` | the registry of measures, and questions of them |
//! | `processes` | instances and how long they took |
//! | `tasks` | tasks by process, step and people |

mod axes;
mod funnel;
mod measures;
mod processes;
mod tasks;

pub use funnel::{Funnel, FunnelInput, FunnelRow, PileUp};
pub use measures::{
    Answer, Axis as NamedAxis, Brought, Column, Compare, Declared, Drill, MeasureView, Measures, Query, RangeInput,
    Row as MeasureRow, Totals, Unit,
};
pub use processes::{ProcessReport, ProcessReportInput, ProcessRow};
pub use tasks::{TaskReport, TaskReportInput, TaskRow};

use std::sync::{Arc, OnceLock};

use kernel::error::FieldError;
use kernel::{Db, Error, Timestamp};
use process::runtime::Processes;
use records::Records;
use serde::{Deserialize, Serialize};

/// The code of errors about wrong input here.
pub const INVALID: &str = "report.invalid";
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
}

impl Reports {
    /// Over the services below it.
    pub fn new(records: &Records, processes: &Processes) -> Self {
        Self { records: records.clone(), processes: processes.clone(), brought: Arc::default() }
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
