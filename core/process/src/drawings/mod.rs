//! Drawings: processes that people are still drawing. A drawing may be wrong; publishing one makes a version, which may
//! not.
//!
//! Owns: drawings, their revisions byte for byte, who edits one now, notes on elements. Must not know: HTTP, how versions
//! run. Data enters as a `Ctx` with bytes or typed input and leaves as views; a published revision leaves as a version
//! through the one door that every version comes by (`runtime::definitions`).
//!
//! | module | what |
//! |---|---|
//! | `keep` | making, listing, changing, removing |
//! | `save` | a new revision; the race for it |
//! | `lease` | who edits |
//! | `revisions` | what was before |
//! | `retention` | which of that stays |
//! | `publish` | a revision becomes a version |
//! | `compare` | two of drawings and versions side by side |
//! | `notes` | what hurts at an element |
//! | `view` | what leaves |
//! | `store` | rows |
//!
//! Who designs (`process.design`) every process sees every drawing; who designs some, those of these processes and their
//! own. Others do not learn that a drawing exists.

mod compare;
mod keep;
mod lease;
mod notes;
mod publish;
mod retention;
mod revisions;
mod save;
mod store;
mod view;

pub use compare::{CompareInput, CompareSide, Compared};
pub use keep::{DrawingChange, DrawingPage, DrawingQuery, NewDrawing, StepsInput};
pub use lease::{Lease, LeaseAction, LeaseInput};
pub use notes::{NewNote, Note, Pain};
pub use publish::{DrawingDryRun, DrawingPublish};
pub use retention::{RETENTION, Retention};
pub use revisions::{RevisionChange, RevisionPage, RevisionQuery, RevisionView};
pub use save::{Fix, FixInput, Save, Saved};
pub use view::{DrawingKind, DrawingPerson, DrawingProblem, DrawingView, EditingView, PublishedAs};

use kernel::access::{Definitions, ProcessAction};
use kernel::error::FieldError;
use kernel::{Ctx, Error, Result};

/// The code of errors about wrong input here.
const INVALID: &str = "drawing.invalid";

/// Something wrong with the input, in words of ours.
fn invalid(field: &str, reason: impl std::fmt::Display) -> Error {
    Error::field(INVALID, field, FieldError::new("invalid").with("reason", reason))
}

/// The processes that the person designs.
///
/// # Errors
/// `Denied` when there is none.
fn designs(ctx: &Ctx) -> Result<Definitions<'_>> {
    match ctx.rights.processes(ProcessAction::Design) {
        Definitions::Keys(keys) if keys.is_empty() => Err(Error::Denied("design")),
        some => Ok(some),
    }
}
