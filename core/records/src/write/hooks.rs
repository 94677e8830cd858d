//! The port of before-hooks: records asks, whoever runs plugins answers.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::sync::Arc;

use kernel::db::Tx;
use kernel::error::{FieldErrors, Refusal};
use kernel::value::FieldType;
use kernel::{Ctx, Error, FieldKey, Fields, RecordId, Value};

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
    /// When the database fails: then the change is not written either.
    async fn write(&self, tx: &Tx) -> Result<(), Error>;
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
