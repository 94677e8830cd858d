//! The port of before-hooks: records asks, whoever runs plugins answers.

use std::borrow::Cow;
use std::collections::{BTreeSet, HashSet};
use std::sync::Arc;

use kernel::db::Tx;
use kernel::error::{FieldErrors, Refusal};
use kernel::value::FieldType;
use kernel::{Ctx, Error, FieldKey, Fields, RecordId, Value};

use super::{Row, WriteOptions};
use crate::catalogue::{EntityDef, FieldDef};

/// What is done to a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Operation {
    /// Made.
    Create,
    /// Changed.
    Update,
    /// Put into the recycle bin.
    Delete,
    /// Taken out of it.
    Restore,
}

impl Operation {
    /// As in event kinds: `created`.
    pub const fn past(self) -> &'static str {
        match self {
            Self::Create => "created",
            Self::Update => "updated",
            Self::Delete => "deleted",
            Self::Restore => "restored",
        }
    }

    /// The operation that an event of a record tells of, e.g. `lead.created`; none of other events.
    pub fn of_event(kind: &str) -> Option<Self> {
        let (_, past) = kind.rsplit_once('.')?;
        [Self::Create, Self::Update, Self::Delete, Self::Restore].into_iter().find(|operation| operation.past() == past)
    }
}

/// What a before-hook wants written in the transaction of a change, if that is written: a letter about the record.
#[async_trait::async_trait]
pub trait Along: std::fmt::Debug + Send + Sync {
    /// Writes it.
    ///
    /// # Errors
    /// Why not: then the change is not written either.
    async fn write(&self, tx: &Tx) -> Result<(), Error>;
}

/// Writes what goes along with a change.
pub(super) async fn write_along(tx: &Tx, along: &[Arc<dyn Along>]) -> Result<(), Error> {
    for one in along {
        one.write(tx).await?;
    }
    Ok(())
}

/// The same of rows that were written. Gives those that may not be, with the reason: the others are written without them.
pub(super) async fn along_rows(
    tx: &Tx,
    rows: &[Row],
    lost: &HashSet<RecordId>,
    options: &WriteOptions,
) -> Result<Vec<(usize, Error)>, Error> {
    let mut refused = Vec::new();
    for row in rows.iter().filter(|row| !lost.contains(&row.change.id)) {
        let written = write_along(tx, &row.change.along).await;
        match written {
            Ok(()) if refused.is_empty() => write_along(tx, options.along.as_slice()).await?,
            Ok(()) => {}
            Err(error) if is_fault(&error) && refused.is_empty() => return Err(error),
            // The transaction goes back in any case: perhaps that is why.
            Err(error) if is_fault(&error) => break,
            Err(error) => refused.push((row.index, error)),
        }
    }
    Ok(refused)
}

/// Whether an error says nothing about what was asked for.
const fn is_fault(error: &Error) -> bool {
    matches!(error, Error::Database(_) | Error::Internal(_) | Error::Raced(_) | Error::Unavailable(_))
}

/// A change that is about to be written, as a before-hook sees it.
#[derive(Debug, Clone)]
pub struct PendingChange {
    /// The entity, of the snapshot that the change is planned with.
    pub entity: Arc<EntityDef>,
    /// The record.
    pub id: RecordId,
    /// What is done.
    pub operation: Operation,
    /// The version it had (0 for a new one).
    pub version: i64,
    /// How it was, as an image: money with its currency as one value.
    pub before: Option<Fields>,
    /// How it will be, likewise.
    pub after: Fields,
    /// Fields that the actor set, as opposed to defaults.
    pub given: BTreeSet<FieldKey>,
    /// Whether it points to what a record was merged into, or back: then what is read-only otherwise may, too.
    pub merging: bool,
    /// Set by the hook that refuses it; later hooks are not asked.
    pub refusal: Option<Refusal>,
    /// Written with it.
    pub along: Vec<Arc<dyn Along>>,
}

impl PendingChange {
    /// Whether the field will differ.
    pub fn changes(&self, key: &str) -> bool {
        let Some(field) = self.entity.field(key).filter(|field| !field.is_live()) else { return false };
        let after = self.own(&self.after, field);
        match &self.before {
            None => !after.is_empty(),
            Some(before) => self.own(before, field) != after,
        }
    }

    /// The fields that will differ, in the entity's order.
    pub fn changed(&self) -> impl Iterator<Item = &FieldDef> {
        let touched = self.touched();
        self.entity.fields.iter().filter(move |field| {
            let place = field.part_of.as_ref().unwrap_or(&field.key);
            touched.binary_search(&place).is_ok() && self.changes(&field.key)
        })
    }

    /// Keys whose values in the images differ, in order. Both images are in the order of their keys: one walk finds the
    /// few of many.
    pub(super) fn touched(&self) -> Vec<&FieldKey> {
        let Some(before) = &self.before else { return self.after.keys().collect() };
        let mut old = before.iter().peekable();
        let mut keys = Vec::new();
        for (key, value) in self.after.iter() {
            while let Some((gone, _)) = old.next_if(|(other, _)| *other < key) {
                keys.push(gone);
            }
            if old.next_if(|(other, _)| *other == key).is_none_or(|(_, had)| had != value) {
                keys.push(key);
            }
        }
        keys.extend(old.map(|(gone, _)| gone));
        keys
    }

    /// Whether it says nothing: what follows from what the record has is worked out anew.
    pub(super) fn says_nothing(&self) -> bool {
        self.operation == Operation::Update && self.given.is_empty()
    }

    /// A field's own value in an image, without a copy where it stands there as it is.
    fn own<'a>(&self, image: &'a Fields, field: &FieldDef) -> Cow<'a, Value> {
        if matches!(field.kind, FieldType::Money | FieldType::Currency) {
            return Cow::Owned(self.entity.value_of(image, field));
        }
        image.get(&field.key).map_or(Cow::Owned(Value::Null), Cow::Borrowed)
    }

    /// Puts values into the new image: an amount keeps its currency, a currency its amount.
    pub(crate) fn assign(&mut self, values: Fields) {
        let entity = Arc::clone(&self.entity);
        let of_money = |key: &FieldKey| {
            entity.field(key).is_some_and(|field| matches!(field.kind, FieldType::Money | FieldType::Currency))
        };
        if !values.keys().any(of_money) {
            return self.after.extend(values);
        }
        let mut flat = entity.flat(&self.after);
        flat.extend(entity.flat(&values));
        self.after = entity.gathered(flat);
    }

    /// Puts a hook's values into the new image.
    ///
    /// # Errors
    /// Fields that do not exist, are the product's own, or have another type; then nothing is changed.
    pub fn patch(&mut self, values: Fields) -> Result<(), FieldErrors> {
        let mut errors = FieldErrors::new();
        let mut kept = Fields::new();
        for (key, value) in values {
            match super::input::assignable(&self.entity, &key, value) {
                Ok(value) => drop(kept.insert(key, value)),
                Err(error) => drop(errors.insert(key.to_string(), error)),
            }
        }
        if errors.is_empty() {
            self.assign(kept);
            Ok(())
        } else {
            Err(errors)
        }
    }
}

/// Runs the before-hooks of a tenant. Asked outside of any transaction, with at most 200 changes of one entity.
#[async_trait::async_trait]
pub trait BeforeHooks: Send + Sync {
    /// Whether some hook looks at changes of the entity: if not, nothing has to be planned for it.
    ///
    /// # Errors
    /// When it cannot be found out.
    async fn watches(&self, ctx: &Ctx, entity: &str) -> Result<bool, Error>;

    /// Lets every hook look at the changes, patch them or refuse them (`PendingChange::refusal`).
    ///
    /// # Errors
    /// When a hook that must run could not: then none of the changes is written.
    async fn before(&self, ctx: &Ctx, changes: &mut [PendingChange]) -> Result<(), Error>;
}
