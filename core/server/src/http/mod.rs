//! What every request passes before and after its handler: ids, limits, sign-in, problem details, live events, the
//! portal's files. Must not know what any endpoint does.

pub mod auth;
pub mod body;
pub mod error;
pub mod feed;
pub mod health;
pub mod idempotency;
pub mod layers;
pub mod limit;
pub mod portal;

pub use auth::Caller;
pub use body::{Body, Params};
pub use error::{ApiError, ApiResult};
