//! Jobs: work that the plugin does on a schedule (`cron` in the manifest), later, or in many steps.
//!
//! A job that cannot be done in one call answers [`more`] with a cursor; the host notes it and calls again with a fresh
//! instance and a fresh budget, after a crash of the server too. Work of a call may come twice, from the same cursor:
//! what must happen once should remember [`Run::key`] or what it did.
//!
//! ```ignore
//! plugin! { jobs { "nightly" => nightly } }
//!
//! fn nightly(run: &Run) -> Ran {
//!     let page = Query { cursor: run.cursor.clone(), ..Query::of("lead") }.run()?;
//!     // ... look at page.rows ...
//!     match page.next {
//!         Some(cursor) => jobs::more(cursor, None, ""),
//!         None => Ok(Answer::Done),
//!     }
//! }
//! ```

use std::fmt;

use crate::bindings::imports::verstak::jobs::jobs as queue;
use crate::bindings::imports::verstak::jobs::runs as raw;
use crate::{Failure, HostError};

pub use queue::NewJob;
pub use raw::{Answer, Call as Run, Failure as NotDone, Step};

/// What a job answers.
pub type Ran = Result<Answer, NotDone>;

/// There is more to do from this cursor on. `progress` from 0 to 1, `message` for the administrator who watches.
///
/// # Errors
/// Never: it is what a job returns.
pub fn more(cursor: impl Into<String>, progress: Option<f64>, message: impl Into<String>) -> Ran {
    Ok(Answer::More(Step { cursor: cursor.into(), progress, message: message.into() }))
}

impl NotDone {
    /// Trying again later may help.
    pub fn again(why: impl fmt::Display) -> Self {
        NotDone::Again(why.to_string())
    }

    /// It never will.
    pub fn never(why: impl fmt::Display) -> Self {
        NotDone::Never(why.to_string())
    }
}

/// What the host could not do now may be done later; what it refused stays refused.
impl From<HostError> for NotDone {
    fn from(error: HostError) -> Self {
        match error {
            HostError::Conflict(_) | HostError::Limit(_) | HostError::Unavailable(_) | HostError::Internal(_) => {
                NotDone::again(crate::value::describe(&error))
            }
            HostError::Denied(_) | HostError::NotFound(_) | HostError::Invalid(_) => {
                NotDone::never(crate::value::describe(&error))
            }
        }
    }
}

impl From<Failure> for NotDone {
    fn from(failure: Failure) -> Self {
        NotDone::Again(failure.0)
    }
}

impl NewJob {
    /// A run of a job of the manifest, as soon as there is room.
    pub fn new(job: &str) -> Self {
        NewJob { job: job.to_owned(), input: "{}".to_owned(), run_at: None, dedup_key: None }
    }

    /// What [`Run::input`] is, a JSON object in text.
    #[must_use]
    pub fn input(mut self, json: impl Into<String>) -> Self {
        self.input = json.into();
        self
    }

    /// Not before, microseconds since 1970-01-01T00:00:00Z.
    #[must_use]
    pub fn at(mut self, at: i64) -> Self {
        self.run_at = Some(at);
        self
    }

    /// Not before so many seconds from now.
    #[must_use]
    pub fn after_seconds(self, seconds: i64) -> Self {
        self.at(crate::runtime::now().saturating_add(seconds.saturating_mul(1_000_000)))
    }

    /// While a run of the job with this key waits to begin, this one is that one.
    #[must_use]
    pub fn once_as(mut self, key: impl Into<String>) -> Self {
        self.dedup_key = Some(key.into());
        self
    }
}

/// Enqueues one run; answers its id. Needs the `jobs` permission.
///
/// # Errors
/// `Invalid`, `Limit` when too many wait, `Denied`.
pub fn enqueue(job: NewJob) -> Result<String, HostError> {
    let made = enqueue_many(&[job])?;
    made.into_iter().next().unwrap_or_else(|| Err(HostError::Internal("the host gave no result".to_owned())))
}

/// Enqueues up to 200 runs; one result each.
///
/// # Errors
/// As [`enqueue`], for all of them.
pub fn enqueue_many(jobs: &[NewJob]) -> Result<Vec<Result<String, HostError>>, HostError> {
    queue::enqueue(jobs)
}
