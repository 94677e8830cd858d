//! Kernel: what every other part stands on, and nothing about any business.
//!
//! Owns: ids, clock and randomness, values, texts, the filter language and its SQL, the access algebra, the request
//! context, the database (connections, transactions), the event log, the audit log, jobs and schedules, files, the
//! address guard. Must not know: tenants' people, entities, plugins, HTTP. Data enters as a `Ctx` and typed
//! values and leaves as rows and values.
//!
//! | module | what |
//! |---|---|
//! | `id` | UUIDv7 newtypes |
//! | `key` | keys of entities and fields |
//! | `icons` | names of the pictures that the portal has |
//! | `child` | work in a child process with limits |
//! | `clock` | time and randomness as parameters |
//! | `value` | field types, values, their JSON and database forms |
//! | `text` | locales and translated messages |
//! | `words` | how texts are compared and sorted |
//! | `phone` | telephone numbers and when two are the same |
//! | `error` | the one service error |
//! | `moving` | objects of configuration between companies |
//! | `net` | the address guard of requests that others word |
//! | `filter` | the query language: AST, JSON form, SQL |
//! | `access` | rights of an actor: rows OR-ed, restrictions AND-ed |
//! | `ctx` | who acts, where, when, why |
//! | `expression` | CEL with guards: conditions and scripts |
//! | `db` | connections and transactions, committed in groups on SQLite; sequences |
//! | `event` | the append-only ordered event log and its readers (`Follower`) |
//! | `audit` | administrative acts |
//! | `files` | bytes in a store and rows about them |
//! | `seal` | secrets of others, sealed where they lie |
//! | `kept` | a short memory of what the database says, which changes make void |
//! | `by_revision` | what companies have, kept in memory by a revision that is counted |
//! | `jobs` | queue, worker, schedules, leases |

pub mod access;
pub mod audit;
pub mod by_revision;
pub mod child;
pub mod clock;
pub mod ctx;
pub mod db;
pub mod error;
pub mod event;
pub mod expression;
pub mod files;
pub mod filter;
pub mod icons;
pub mod id;
pub mod jobs;
pub mod kept;
pub mod key;
pub mod moving;
pub mod net;
pub mod phone;
pub mod seal;
pub mod text;
pub mod value;
pub mod words;

pub use clock::Timestamp;
pub use ctx::{Actor, Ctx};
pub use db::Db;
pub use error::{Error, Result};
pub use id::{BatchId, DepartmentId, InstanceId, RecordId, RecordRef, RoleId, TaskId, TenantId, UserId};
pub use key::{EntityKey, FieldKey};
pub use text::{Locale, Message};
pub use value::{Fields, Value};
