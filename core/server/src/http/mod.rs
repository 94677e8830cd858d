//! What every request passes before and after its handler: ids, limits, sign-in, problem details, live events, the
//! portal's files. Must not know what any endpoint does.

pub mod address;
pub mod again;
pub mod answers;
pub mod auth;
pub mod body;
pub mod error;
pub mod feed;
pub mod fingerprint;
pub mod health;
pub mod idempotency;
pub mod kept;
pub mod layers;
pub mod limit;
pub mod listen;
pub mod origin;
mod patience;
pub mod portal;
pub mod range;
pub mod receive;
mod viewing;

use axum::http::{HeaderName, header};

pub use auth::Caller;
pub use body::{Answer, Body, Params};
pub use error::{ApiError, ApiResult};

/// A header of an answer as a part of it.
pub type Header = [(HeaderName, &'static str); 1];

/// Of answers with a secret: nobody keeps them, neither caches (RFC 9111, 5.2.2.5) nor `Idempotency-Key`.
pub const NO_STORE: Header = [(header::CACHE_CONTROL, "no-store")];
