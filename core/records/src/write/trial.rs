//! What a dry run would have claimed so far: constraints are asked against the records that are there and against the
//! rows tried before. Kept in memory, some 60 bytes a row; gone with the run.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use kernel::RecordId;
use uuid::Uuid;

use super::claims::Claim;

/// The claims of one dry run; cheap to clone.
#[derive(Debug, Clone, Default)]
pub struct Trial(Arc<Mutex<HashMap<Uuid, Vec<Tried>>>>);

#[derive(Debug)]
struct Tried {
    id: RecordId,
    range: Option<(i64, i64)>,
    /// By how much the sum of its key would have changed.
    added: i128,
}

impl Trial {
    /// A record tried before with the same key; of ranges, one that has something in common.
    pub(super) fn in_the_way(&self, id: RecordId, claim: &Claim) -> Option<RecordId> {
        let common = |tried: &&Tried| match (tried.range, claim.range) {
            (Some((low, high)), Some((from, to))) => low < to && high > from,
            _ => true,
        };
        let tried = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        tried.get(&claim.digest)?.iter().filter(|tried| tried.id != id).find(common).map(|tried| tried.id)
    }

    /// What other records tried before would have added to the sum of a key.
    pub(super) fn added(&self, id: RecordId, digest: Uuid) -> i128 {
        let tried = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let others = tried.get(&digest).into_iter().flatten().filter(|tried| tried.id != id);
        others.map(|tried| tried.added).sum()
    }

    /// Keeps what a record would have claimed in the place of what it claims now.
    pub(super) fn keep(&self, id: RecordId, before: Option<&Claim>, after: Option<&Claim>) {
        let mut tried = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let amount = |claim: &Claim| i128::from(claim.amount.unwrap_or(0));
        if let Some(before) = before.filter(|claim| claim.amount.is_some()) {
            tried.entry(before.digest).or_default().push(Tried { id, range: None, added: -amount(before) });
        }
        if let Some(after) = after {
            tried.entry(after.digest).or_default().push(Tried { id, range: after.range, added: amount(after) });
        }
    }
}
