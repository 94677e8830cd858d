//! Entities with an owner: another crate keeps more about their records than the catalogue says (a task has the contract
//! of its step) and is their only writer. Two doors, one writer:
//!
//! - through the pipeline: a change that was authorised, looked at by hooks and found valid is handed to the owner
//!   (`EntityOwner::write`) instead of being stored;
//! - through the owner's own services: it writes rows, links, history and the event by `Records::write_in`, inside its
//!   own transaction.

use std::sync::{Arc, PoisonError};

use kernel::db::Tx;
use kernel::phone::Country;
use kernel::{Ctx, Error, Fields, RecordId, Result};
use serde_json::{Map, Value as Json};

use super::{Along, EntityRules, Operation, PendingChange, WriteOptions, check, derive, store};
use crate::catalogue::EntityDef;
use crate::{Records, invalid, read, search};
use kernel::access::Action;

/// The only writer of an entity's records, and what is special about them.
#[async_trait::async_trait]
pub trait EntityOwner: EntityRules {
    /// Makes a planned change, which its actor may make, inside the transaction, and gives the record's version and
    /// image after it.
    ///
    /// # Errors
    /// Whatever the owner's own rules say against it; `record.conflict` when the record is no longer at
    /// `change.version`. Then nothing else is written in the transaction.
    async fn write(&self, tx: &Tx, ctx: &Ctx, change: &PendingChange, options: &WriteOptions) -> Result<(i64, Fields)>;
}

/// What the event log is told.
#[derive(Debug, Clone, Default)]
pub enum Told {
    /// Bookkeeping that nobody follows.
    #[default]
    Nothing,
    /// An event.
    Event {
        /// Its kind, when it is not the usual one of the operation.
        kind: Option<&'static str>,
        /// Changes beside the record's own fields, as `{key: [before, after]}`.
        more: Map<String, Json>,
    },
}

/// A change of a record that its owner writes inside its own transaction. The owner answers for rights and for what the
/// record points to, and has kept the record from others since it read it.
#[derive(Debug, Clone)]
pub struct Inner {
    /// The record.
    pub id: RecordId,
    /// What is done.
    pub operation: Operation,
    /// The version it has (0 for a new one); the next one is written.
    pub version: i64,
    /// How it was, in part: a field that is in neither image stays as it is. Empty for a new record.
    pub before: Fields,
    /// How it will be, in part.
    pub after: Fields,
    /// What the event log is told.
    pub told: Told,
}

/// What before-hooks made of a change that an owner plans.
#[derive(Debug, Clone, Default)]
pub struct Foreseen {
    /// Values that hooks put in place of others.
    pub patch: Fields,
    /// What the record has in these fields now.
    pub before: Fields,
    /// What they want written with the change: whoever makes it does so, in its transaction.
    pub along: Vec<Arc<dyn Along>>,
    /// The id that they were shown.
    pub record: Option<RecordId>,
}

impl Foreseen {
    /// Writes what goes with the change.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn write_along(&self, tx: &Tx) -> Result<()> {
        super::write_along(tx, &self.along).await
    }
}

impl Records {
    /// Whether some before-hook looks at changes of the entity.
    ///
    /// # Errors
    /// When it cannot be found out.
    pub async fn is_watched(&self, ctx: &Ctx, entity: &str) -> Result<bool> {
        match self.hooks.get() {
            Some(hooks) => hooks.watches(ctx, entity).await,
            None => Ok(false),
        }
    }

    /// Shows before-hooks what an owner is about to write by its own services; outside of any transaction. `record` is
    /// none for a new one; `planned` are the fields that will differ.
    ///
    /// # Errors
    /// A hook's refusal, or that a hook that must run could not; `NotFound`.
    pub async fn foresee(
        &self,
        ctx: &Ctx,
        entity: &str,
        record: Option<RecordId>,
        planned: Fields,
    ) -> Result<Foreseen> {
        let Some(hooks) = self.hooks.get() else { return Ok(Foreseen::default()) };
        let catalogue = self.catalogue_of(ctx).await?;
        let def = catalogue.entity(entity)?;
        let eyes = Ctx::system(ctx.tenant, ctx.zone, ctx.locale, &ctx.env);
        let ids: Vec<RecordId> = record.into_iter().collect();
        let found = read::load_whole(self.db.read(), &catalogue, &eyes, def, &ids, Action::Read, false).await?;
        let known = found.into_iter().next();
        if let (Some(id), None) = (record, &known) {
            return Err(Error::NotFound(format!("{entity} {id}")));
        }
        let mut change = PendingChange {
            entity: Arc::clone(def),
            id: record.unwrap_or_else(|| RecordId(ctx.id())),
            operation: if record.is_some() { Operation::Update } else { Operation::Create },
            version: known.as_ref().map_or(0, |record| record.version),
            after: known.as_ref().map(|record| record.fields.clone()).unwrap_or_default(),
            before: known.map(|record| record.fields),
            given: planned.keys().cloned().collect(),
            merging: false,
            refusal: None,
            along: Vec::new(),
        };
        change.assign(planned);
        if let Some(rules) = self.rules_of(entity).filter(|_| change.before.is_none()) {
            rules.defaults(ctx, &mut change);
        }
        let shown = change.after.clone();
        let mut changes = [change];
        hooks.before(ctx, &mut changes).await?;
        let [change] = changes;
        if let Some(refusal) = change.refusal {
            return Err(Error::Refused(Box::new(refusal)));
        }
        let patch: Fields = change.after.into_iter().filter(|(key, value)| shown.get(key) != Some(value)).collect();
        let mut before = change.before.unwrap_or_default();
        before.retain(|key, _| patch.contains_key(key));
        Ok(Foreseen { patch, before, along: change.along, record: Some(change.id) })
    }

    /// Says who owns an entity; its records are written by nobody else from now on.
    pub fn add_owner(&self, owner: Arc<dyn EntityOwner>) {
        self.add_rules(Arc::<dyn EntityOwner>::clone(&owner));
        self.owners.write().unwrap_or_else(PoisonError::into_inner).push(owner);
    }

    pub(crate) fn owner_of(&self, entity: &str) -> Option<Arc<dyn EntityOwner>> {
        let owners = self.owners.read().unwrap_or_else(PoisonError::into_inner);
        owners.iter().find(|owner| owner.entity() == entity).map(Arc::clone)
    }

    /// The inner half of the pipeline: what follows from the change, validation, row, links, history and event, inside
    /// the caller's transaction. Gives the image as it was written.
    ///
    /// # Errors
    /// `record.invalid` by field.
    pub async fn write_in(
        &self,
        tx: &Tx,
        ctx: &Ctx,
        entity: &str,
        inner: Inner,
        options: &WriteOptions,
    ) -> Result<Fields> {
        let catalogue = self.catalogue_in(tx, ctx.tenant).await?;
        let def = catalogue.entity(entity)?;
        let new = inner.operation == Operation::Create;
        let mut change = PendingChange {
            entity: Arc::clone(def),
            id: inner.id,
            operation: inner.operation,
            version: inner.version,
            before: (!new).then_some(inner.before),
            after: inner.after,
            given: Default::default(),
            merging: false,
            refusal: None,
            along: Vec::new(),
        };
        if new {
            derive::after_hooks(&mut change, ctx, &catalogue.pipelines, self.rules_of(entity).as_deref());
        } else {
            derive::stamp(&mut change, ctx);
        }
        let mut errors = check::values(&change, &catalogue, &ctx.rights, false);
        errors.retain(|key, _| new || change.after.contains_key(key.as_str()));
        if !errors.is_empty() {
            return Err(invalid(errors));
        }
        let computed = !def.computed.is_empty();
        if !new && (computed || search::changes(&change)) {
            self.complete_images(tx, ctx, def, &mut change).await?;
        }
        if computed {
            derive::compute(&mut change, ctx, &catalogue.pipelines.currency);
        }
        let home = Country::of_currency(&catalogue.pipelines.currency);
        store::write_kept(tx, ctx, def, home, &mut change, options).await?;
        if let Told::Event { kind, more } = inner.told {
            store::tell(tx, ctx, &change, kind, more, options).await?;
        }
        Ok(change.after)
    }

    /// What people find the record by is made of all its words.
    async fn complete_images(&self, tx: &Tx, ctx: &Ctx, def: &EntityDef, change: &mut PendingChange) -> Result<()> {
        let catalogue = self.catalogue_in(tx, ctx.tenant).await?;
        let eyes = Ctx::system(ctx.tenant, ctx.zone, ctx.locale, &ctx.env);
        let found = read::load_whole(tx, &catalogue, &eyes, def, &[change.id], Action::Read, true).await?;
        let found = found.into_iter().next().ok_or_else(|| Error::NotFound(format!("{} {}", def.key, change.id)))?;
        for image in change.before.iter_mut().chain([&mut change.after]) {
            for (key, value) in &found.fields {
                image.entry(key.clone()).or_insert_with(|| value.clone());
            }
        }
        Ok(())
    }
}
