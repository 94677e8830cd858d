//! Ids: UUID version 7 (RFC 9562, section 5.7) behind one newtype per kind of thing.
//!
//! Ids are ordered by the time they were made, so they are good primary keys; the time and the random bits come from
//! the caller's environment, so tests are repeatable.

use std::fmt;
use std::str::FromStr;

use sea_orm::sea_query::Nullable;
use sea_orm::{ColIdx, QueryResult, TryGetError, TryGetable};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use uuid::Uuid;

use crate::clock::Env;
use crate::key::EntityKey;

/// A fresh UUIDv7 made from the environment's clock and randomness.
pub fn fresh(env: &Env) -> Uuid {
    let millis = u64::try_from(env.now().micros() / 1_000).unwrap_or_default();
    let mut random = [0_u8; 10];
    env.fill_random(&mut random);
    uuid::Builder::from_unix_timestamp_millis(millis, &random).into_uuid()
}

/// The id that always belongs to this text: version 8 (RFC 9562, section 5.8) over its SHA-256. For things that must be
/// made once however often their job is run.
pub fn derived(text: &str) -> Uuid {
    let hash: [u8; 32] = Sha256::digest(text.as_bytes()).into();
    let mut bytes = [0_u8; 16];
    bytes.iter_mut().zip(hash).for_each(|(to, from)| *to = from);
    uuid::Builder::from_custom_bytes(bytes).into_uuid()
}

macro_rules! id {
    ($($(#[$doc:meta])* $name:ident),+ $(,)?) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub Uuid);

        impl $name {
            /// A new id of this kind.
            pub fn fresh(env: &Env) -> Self {
                Self(fresh(env))
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }

        impl FromStr for $name {
            type Err = uuid::Error;
            fn from_str(text: &str) -> Result<Self, Self::Err> {
                Uuid::parse_str(text).map(Self)
            }
        }

        impl From<$name> for sea_orm::Value {
            fn from(id: $name) -> Self {
                id.0.into()
            }
        }

        impl Nullable for $name {
            fn null() -> sea_orm::Value {
                Uuid::null()
            }
        }

        impl TryGetable for $name {
            fn try_get_by<I: ColIdx>(row: &QueryResult, index: I) -> Result<Self, TryGetError> {
                Uuid::try_get_by(row, index).map(Self)
            }
        }

        impl crate::db::Cell for $name {
            fn read(cell: rusqlite::types::ValueRef<'_>) -> Result<Self, sea_orm::DbErr> {
                Uuid::read(cell).map(Self)
            }
        }
    )+};
}

id! {
    /// A company using this installation.
    TenantId,
    /// A person with an account in a tenant.
    UserId,
    /// A department of a tenant.
    DepartmentId,
    /// A role of a tenant.
    RoleId,
    /// A set of changes that can be undone together.
    BatchId,
    /// A record of an entity of the catalogue.
    RecordId,
    /// A task: the record of the entity `task` and its contract have the same id.
    TaskId,
    /// An instance of a process.
    InstanceId,
}

impl From<TaskId> for RecordId {
    fn from(task: TaskId) -> Self {
        Self(task.0)
    }
}

/// A record, whatever its entity is.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RecordRef {
    /// Key of its entity.
    #[schema(value_type = String)]
    pub entity: EntityKey,
    /// Its id.
    #[schema(value_type = Uuid)]
    pub id: RecordId,
}
