//! The server: bin `verstak`.
//!
//! Owns: the command line, configuration, the router with its layers, the public API, the embedded portal, set-up of
//! companies. Must not know: SQL of records, how plugins run. A request enters at `app`, passes `http`, becomes a
//! `Ctx` and a typed input in `api`, calls one service function and leaves as a view.
//!
//! | module | what |
//! |---|---|
//! | `cli` | commands of the binary |
//! | `config` | settings |
//! | `state` | the services, made once |
//! | `app` | the router and the running server |
//! | `http` | layers: ids, errors, sign-in, limits, idempotency, live events, portal files |
//! | `api` | one file per resource |
//! | `openapi` | the OpenAPI document |
//! | `private` | modes of the files it keeps |
//! | `alone` | who uses a data folder |
//! | `setup` | a new company |
//! | `demo` | believable data for a look around |
//! | `housekeeping` | removal of what has expired |
//! | `webhook` | requests of processes to other servers |

pub mod alone;
pub mod api;
pub mod app;
pub mod backup;
pub mod cli;
pub mod config;
pub mod demo;
mod drafts;
pub mod fetch;
pub mod housekeeping;
pub mod http;
pub mod openapi;
pub mod private;
pub mod setup;
pub mod state;
pub mod webhook;

pub use config::Config;
pub use state::AppState;
