//! What changes are planned with.

use std::collections::HashSet;

use kernel::BatchId;
use uuid::Uuid;

use super::WriteOptions;

/// Records that are being made in the same transaction: others may point to them.
pub(super) type Fresh = HashSet<Uuid>;

/// What changes are planned with.
#[derive(Default)]
pub(super) struct Manner<'a> {
    /// What is made with them.
    pub fresh: Fresh,
    /// Why they are written in spite of warnings.
    pub reason: Option<&'a str>,
    /// `WriteOptions::merging`.
    pub merging: bool,
    /// `WriteOptions::batch`.
    pub batch: Option<BatchId>,
    /// Archived choices may be set: what puts back what was, or takes over what another record has.
    pub archived: bool,
}

impl<'a> Manner<'a> {
    pub fn of(options: &'a WriteOptions) -> Self {
        Self {
            fresh: Fresh::new(),
            reason: options.reason.as_deref(),
            merging: options.merging,
            batch: options.batch,
            archived: options.unguarded || options.merging,
        }
    }
}
