//! The port of entity rules: what is special about one entity and follows from nothing in the catalogue. Another crate
//! gives them (`crm` for sales, `work` for its tasks); the pipeline asks for them at their places.

use std::sync::{Arc, PoisonError};

use kernel::db::Tx;
use kernel::{Ctx, Fields, Result};

use super::PendingChange;
use crate::Records;

/// What is special about an entity.
#[async_trait::async_trait]
pub trait EntityRules: Send + Sync {
    /// The entity.
    fn entity(&self) -> &'static str;

    /// Fills in what a record has when nobody said otherwise, so that hooks see it.
    fn defaults(&self, _ctx: &Ctx, _change: &mut PendingChange) {}

    /// After the hooks: fills in what follows from the other fields.
    fn follow(&self, _ctx: &Ctx, _change: &mut PendingChange) {}

    /// Beside validation: passes a change that may be made.
    ///
    /// # Errors
    /// Why not; the change gets this outcome, others of the same call are not touched.
    fn check(&self, _ctx: &Ctx, _change: &PendingChange) -> Result<()> {
        Ok(())
    }

    /// The code of the conflict when somebody moves a record into a stage that is reached by converting only; none where
    /// records of the entity are not converted.
    fn converts(&self) -> Option<&'static str> {
        None
    }

    /// Kinds of events that it tells beside a change, for processes: the history of a record tells the change alone.
    fn told_beside(&self) -> &'static [&'static str] {
        &[]
    }

    /// Whether it has a part in the transaction (`within`).
    fn acts_within(&self) -> bool {
        false
    }

    /// Inside the transaction, before the record is written: fills in what only the transaction knows (a number without
    /// gaps) and changes what follows in other records. Undone with the transaction; not asked in a dry run.
    ///
    /// # Errors
    /// Why the change cannot be made; `record.conflict` when the record is no longer at `change.version`. Whoever
    /// does anything here has to look (`Records::locked`): later, a record that somebody else changed is left out of
    /// the transaction without undoing what was done for it.
    async fn within(&self, _tx: &Tx, _ctx: &Ctx, _change: &mut PendingChange) -> Result<()> {
        Ok(())
    }

    /// What a record with this image is called when nobody named it; none = by a way to reach it, else "Untitled".
    fn title(&self, _image: &Fields) -> Option<String> {
        None
    }
}

impl Records {
    /// Says what is special about an entity; one set of rules each.
    pub fn add_rules(&self, rules: Arc<dyn EntityRules>) {
        self.rules.write().unwrap_or_else(PoisonError::into_inner).push(rules);
    }

    pub(crate) fn rules_of(&self, entity: &str) -> Option<Arc<dyn EntityRules>> {
        let all = self.rules.read().unwrap_or_else(PoisonError::into_inner);
        all.iter().find(|rules| rules.entity() == entity).map(Arc::clone)
    }
}
