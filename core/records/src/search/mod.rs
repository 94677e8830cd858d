//! The index of searched texts: finds the records that may hold a word or a part of one, a phone or a part of it, without
//! reading the others. It only narrows: the conditions of `kernel::filter` and of lists decide, so rights, hidden fields
//! and foreign rows are as without it (core/decisions/0021).
//!
//! | module | what |
//! |---|---|
//! | `document` | the indexed text of a record, and its groups of three letters |
//! | `keep` | documents into the index, inside the write's own transaction |
//! | `find` | candidates for what a list looks for, and whether to use them |
//! | `fill` | records that are not in the index yet |
//!
//! An entity with a row in `search_gap` has records outside of the index: its lists are read without, until a job has
//! filled the gap.

mod document;
mod fill;
mod find;
mod keep;

pub use fill::{FILL, Fill};

pub(crate) use document::{Forms, changes, document, forms};
pub(crate) use fill::{forget, mark};
pub(crate) use find::{Newest, Search, needed};
pub(crate) use keep::keep;

use std::collections::HashMap;
use std::sync::atomic::AtomicU32;
use std::sync::{Mutex, PoisonError};

use kernel::{EntityKey, TenantId};

/// Entities that are remembered at most.
const MAX_KNOWN: usize = 20_000;

/// What this process knows of the index.
#[derive(Debug, Default)]
pub(crate) struct Known {
    /// Entities without a gap, and in which revision of their catalogue that was seen: a gap opens with a new revision.
    whole: Mutex<HashMap<(TenantId, EntityKey), i64>>,
    /// Documents written since the pending ones were last put into the index.
    written: AtomicU32,
}

impl Known {
    fn is_whole(&self, tenant: TenantId, entity: &EntityKey, revision: i64) -> bool {
        let whole = self.whole.lock().unwrap_or_else(PoisonError::into_inner);
        whole.get(&(tenant, entity.clone())) == Some(&revision)
    }

    fn note_whole(&self, tenant: TenantId, entity: &EntityKey, revision: i64) {
        let mut whole = self.whole.lock().unwrap_or_else(PoisonError::into_inner);
        if whole.len() >= MAX_KNOWN {
            whole.clear();
        }
        whole.insert((tenant, entity.clone()), revision);
    }
}
