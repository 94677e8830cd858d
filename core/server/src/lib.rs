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
//! | `configuration` | what administrators made, as a file: out of a company, into another; what changed |
//! | `state` | the services, made once |
//! | `app` | the router and the running server |
//! | `http` | layers: ids, errors, sign-in, limits, idempotency, live events, portal files |
//! | `api` | one file per resource |
//! | `openapi` | the OpenAPI document |
//! | `conversions`, `papers` | services of processes and rules: leads converted, papers made |
//! | `packages` | packages beside the program, installed at start |
//! | `private` | modes of the files it keeps |
//! | `alone` | who uses a data folder |
//! | `seen` | what somebody sees of the event log |
//! | `setup` | a new company |
//! | `demo` | believable data for a look around |
//! | `oidc` | providers of identity: where they are asked, and whether their word is believed |
//! | `housekeeping` | removal of what has expired |
//! | `secrets` | secrets of all owners together: sealed anew, named, given up |
//! | `standing` | how the system is, for plugins that ask |
//! | `sheet_link` | tables behind links, for imports |
//! | `webhook` | requests of processes to other servers |

pub mod alone;
pub mod api;
pub mod app;
pub mod backup;
pub mod cli;
pub mod config;
pub mod configuration;
mod conversions;
pub mod demo;
mod drafts;
pub mod fetch;
pub mod housekeeping;
pub mod http;
pub mod oidc;
pub mod openapi;
pub mod packages;
mod papers;
pub mod private;
pub mod secrets;
mod seen;
pub mod setup;
pub mod sheet_link;
mod standing;
pub mod state;
pub mod webhook;

pub use config::Config;
pub use state::AppState;
