//! What administrators of a company made of it, as a file that another company takes in; and what changed, with the way back.
//!
//! Owns: the file, the order in which areas are put in, the table of what imports changed. Must not know: what the objects say
//! (`kernel::moving`): their owners gather and put them. Everything of an import happens in one transaction. A dry run is
//! the same work, undone at its end, so that it tells what the import would meet.
//!
//! | module | what |
//! |---|---|
//! | `file` | the zip and its limits |
//! | `owners` | who has the objects of an area |
//! | `work` | objects compared with what is there, and put in |
//! | `history` | what changed, as the audit log has it; restoring |

pub mod file;
pub mod history;
mod owners;
mod work;

use kernel::moving::{Area, Gathered};
use kernel::{Ctx, Error, Result};
use tokio::sync::{Semaphore, SemaphorePermit};

use crate::state::AppState;

pub use file::Objects;
pub use work::{Entry, Plan};

/// Files that are read at once: read as JSON, a small one takes a lot of memory.
static READING: Semaphore = Semaphore::const_new(1);

/// What there is of an area, and what of it stays in the company.
///
/// # Errors
/// `config.denied`.
pub async fn areas(state: &AppState, ctx: &Ctx) -> Result<Vec<(Area, Gathered)>> {
    records::catalogue::moving::require(ctx)?;
    let mut all = Vec::with_capacity(Area::ALL.len());
    for area in Area::ALL {
        all.push((area, owners::gather(state, state.db.read(), ctx, area).await?));
    }
    Ok(all)
}

/// A file of these areas.
///
/// # Errors
/// `config.denied`.
pub async fn export(state: &AppState, ctx: &Ctx, areas: &[Area]) -> Result<Vec<u8>> {
    records::catalogue::moving::require(ctx)?;
    let mut objects = Objects::new();
    for area in areas {
        objects.insert(*area, owners::gather(state, state.db.read(), ctx, *area).await?.objects);
    }
    file::write(&objects)
}

/// Takes a file in, or only says what that would do. Nothing of it is left where it cannot be taken in as a whole.
///
/// # Errors
/// `config.denied`; `config.file` naming what is wrong with the file; conflict `config.import` with the plan where something is
/// missing or contradicts what is there.
pub async fn import(state: &AppState, ctx: &Ctx, bytes: &[u8], dry_run: bool) -> Result<Plan> {
    records::catalogue::moving::require(ctx)?;
    let _turn = turn().await?;
    let owned = bytes.to_vec();
    let read = tokio::task::spawn_blocking(move || file::read(&owned)).await.map_err(Error::internal)?;
    work::put(state, ctx, work::given(read?), dry_run, false).await
}

async fn turn() -> Result<SemaphorePermit<'static>> {
    READING.acquire().await.map_err(Error::internal)
}
