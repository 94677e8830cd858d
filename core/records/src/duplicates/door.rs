//! The refusal of duplicates inside the write pipeline, at every door: who makes a record, or gives it another phone, is
//! compared with what is there and with what is written beside it.

use std::collections::{BTreeMap, BTreeSet};

use kernel::error::{FieldError, FieldErrors, Refusal};
use kernel::{Ctx, Error, Message, RecordId, RecordRef, Result};

use super::keys::{self, Key};
use super::{Mode, Reason, home, seen_keys};
use crate::catalogue::EntityDef;
use crate::write::{Operation, PendingChange};
use crate::{Catalogue, Records};

/// How HTTP tells of it.
const CONFLICT: u16 = 409;

/// Why a change is refused.
pub(crate) struct Double {
    entity: kernel::EntityKey,
    reason: Reason,
    /// The record that is there already; none of one that is written beside it.
    other: Option<RecordId>,
}

impl Double {
    /// As its writer is told.
    pub fn told(&self) -> Error {
        let message = Message::key("error.record.duplicate");
        let error = FieldError::new("duplicate");
        Error::Refused(Box::new(Refusal {
            fields: FieldErrors::from([(self.reason.field().to_owned(), error)]),
            other: self.other.map(|id| RecordRef { entity: self.entity.clone(), id }),
            status: Some(CONFLICT),
            ..Refusal::new("record.duplicate", message)
        }))
    }
}

impl Records {
    /// Those of the changes that would make a duplicate, where the company wants none. `leaving` are merged by the same
    /// write.
    pub(crate) async fn refused_doubles(
        &self,
        catalogue: &Catalogue,
        ctx: &Ctx,
        def: &EntityDef,
        changes: &[&PendingChange],
        leaving: &BTreeSet<RecordId>,
    ) -> Result<Vec<(RecordId, Double)>> {
        if catalogue.duplicates.of(&def.key) != Mode::Block || !def.merges() {
            return Ok(Vec::new());
        }
        let home = home(catalogue);
        let keys_of = |change: &PendingChange| match change.operation {
            Operation::Create | Operation::Update => {
                let keys = seen_keys(def, def, ctx, &change.after, home);
                let before = change.before.as_ref().map(|before| seen_keys(def, def, ctx, before, home));
                keys.into_iter().filter(|key| before.as_ref().is_none_or(|before| !before.contains(key))).collect()
            }
            Operation::Delete | Operation::Restore => BTreeSet::new(),
        };
        let asked: Vec<(RecordId, BTreeSet<Key>)> =
            changes.iter().map(|change| (change.id, keys_of(change))).filter(|(_, keys)| !keys.is_empty()).collect();
        let wanted: BTreeSet<Key> = asked.iter().flat_map(|(_, keys)| keys.iter().cloned()).collect();
        if wanted.is_empty() {
            return Ok(Vec::new());
        }
        let known = keys::find(self.db().read(), catalogue, ctx, def, &wanted).await?;
        let known = known.all();
        let mut beside: BTreeMap<Key, RecordId> = BTreeMap::new();
        let mut refused = Vec::new();
        for (id, keys) in asked {
            let there = known.iter().filter(|(other, _)| **other != id && !leaving.contains(other));
            let there = there.flat_map(|(other, shared)| shared.iter().map(move |key| (*other, *key)));
            let mut there = there.filter(|(_, key)| keys.contains(*key));
            let twin = || keys.iter().find(|key| beside.contains_key(*key));
            let double = match there.next() {
                Some((other, key)) => Some((Reason::of(key), Some(other))),
                None => twin().map(|key| (Reason::of(key), None)),
            };
            match double {
                Some((reason, other)) => {
                    refused.push((id, Double { entity: def.key.clone(), reason, other }));
                }
                None => beside.extend(keys.into_iter().map(|key| (key, id))),
            }
        }
        Ok(refused)
    }
}
