//! What can be asked of the pipeline.

use kernel::access::Action;
use kernel::{RecordId, Timestamp, UserId};
use serde_json::{Map, Value as Json};

use super::Operation;

/// A change to make.
#[derive(Debug, Clone)]
pub enum Change {
    /// A new record.
    Create {
        /// In wire form.
        fields: Map<String, Json>,
    },
    /// A new record whose id the caller made, so that it can tell after a crash whether the record was written.
    /// Writing it again fails in the database.
    CreateAs {
        /// A fresh UUIDv7.
        id: RecordId,
        /// In wire form.
        fields: Map<String, Json>,
    },
    /// A new record of something that happened before, as `CreateAs`: it stands at its moment, as that person's doing.
    CreatePast {
        /// Made by the caller.
        id: RecordId,
        /// In wire form.
        fields: Map<String, Json>,
        /// When it happened.
        at: Timestamp,
        /// Whose doing it was.
        by: Option<UserId>,
    },
    /// New values of an existing one.
    Update {
        /// Which.
        id: RecordId,
        /// The version the writer saw; none = whatever it is.
        version: Option<i64>,
        /// In wire form; fields not named stay.
        fields: Map<String, Json>,
    },
    /// Into the recycle bin.
    Delete {
        /// Which.
        id: RecordId,
        /// The version the writer saw.
        version: Option<i64>,
    },
    /// Into the recycle bin, because another record stands for it now.
    Merge {
        /// Which.
        id: RecordId,
        /// The version the writer saw.
        version: Option<i64>,
        /// The other one.
        into: RecordId,
    },
    /// Out of the recycle bin.
    Restore {
        /// Which.
        id: RecordId,
    },
}

impl Change {
    pub(super) const fn operation(&self) -> Operation {
        match self {
            Self::Create { .. } | Self::CreateAs { .. } | Self::CreatePast { .. } => Operation::Create,
            Self::Update { .. } => Operation::Update,
            Self::Delete { .. } | Self::Merge { .. } => Operation::Delete,
            Self::Restore { .. } => Operation::Restore,
        }
    }

    pub(super) const fn action(&self) -> Action {
        match self {
            Self::Create { .. } | Self::CreateAs { .. } | Self::CreatePast { .. } => Action::Create,
            Self::Update { .. } => Action::Update,
            Self::Delete { .. } | Self::Merge { .. } | Self::Restore { .. } => Action::Delete,
        }
    }

    /// The record that is there already.
    pub(crate) const fn id(&self) -> Option<RecordId> {
        match self {
            Self::Create { .. } | Self::CreateAs { .. } | Self::CreatePast { .. } => None,
            Self::Update { id, .. } | Self::Delete { id, .. } | Self::Merge { id, .. } | Self::Restore { id } => {
                Some(*id)
            }
        }
    }

    pub(super) const fn past(&self) -> Option<Past> {
        match self {
            Self::CreatePast { at, by, .. } => Some((*at, *by)),
            _ => None,
        }
    }

    pub(super) const fn version(&self) -> Option<i64> {
        match self {
            Self::Update { version, .. } | Self::Delete { version, .. } | Self::Merge { version, .. } => *version,
            _ => None,
        }
    }
}

/// When something happened, and whose doing it was.
pub(super) type Past = (Timestamp, Option<UserId>);
