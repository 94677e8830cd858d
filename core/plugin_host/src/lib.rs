//! Plugins: sandboxed WebAssembly components that hook into saves, react to events, answer HTTP, do steps of
//! processes and jobs of their own.
//!
//! Owns: the engine and its budgets, packages and manifests, which tenant runs what with which grants, what guests may
//! ask of the host, circuit breakers, loop protection, plugins' logs and costs. Must not know: HTTP routing, the
//! portal. Changes enter through the before-hook port of `records`, events through the event log, requests through
//! [`PluginHost::http`], service tasks and main actions through the ports of `process` and `work`; patches, refusals,
//! responses, results and log lines leave.
//!
//! | module | what |
//! |---|---|
//! | `manifest` | `plugin.toml` |
//! | `package` | `.vpkg` files |
//! | `engine` | wasmtime, compiled code, calls within budgets |
//! | `capabilities` | the imports of guests, one file each |
//! | `registry` | installed versions, what tenants enabled |
//! | `when` | CEL conditions |
//! | `texts` | translations of plugins |
//! | `settings` | settings against their schema |
//! | `secrets` | settings of the type secret: sealed where they lie, opened for the wire alone |
//! | `surfaces` | pages as data: `ui/*.toml` checked and compiled, who sees them, what their sources may ask |
//! | `points` | before-hooks, events, HTTP, actions, conditions and jobs |
//! | `jobs` | runs of jobs: schedules, tries, cursors |
//! | `sheets` | what a company holds of a plugin as a workbook |
//! | `files` | files fetched for plugins |
//! | `health` | the port for questions how the system is |
//! | `outbound` | the port for requests to other servers |
//! | `breaker`, `loops` | failing and circular plugins |
//! | `figures` | measures that plugins bring |
//! | `roles` | roles that plugins bring, given to people |
//! | `gates` | modules that are on for some departments alone |
//! | `journal` | logs and costs |
//! | `bench` | hooks without SQL around them |
//! | `dev` | scaffold, build, pack and test plugins |
//! | `offered` | packages beside the program |
//! | `templates` | processes to begin with that plugins bring |
//! | `host`, `manage`, `view` | the service: start, administration, what the API shows |

pub mod bench;
mod bindings;
pub mod breaker;
mod capabilities;
pub mod dev;
pub mod engine;
pub mod export;
mod figures;
mod files;
pub mod gates;
pub mod health;
mod host;
mod jobs;
mod journal;
mod loops;
mod manage;
pub mod manifest;
mod offered;
pub mod outbound;
pub mod package;
mod points;
mod registry;
mod roles;
mod secrets;
pub mod settings;
mod sheets;
pub mod surfaces;
mod templates;
pub mod texts;
pub mod view;
pub mod when;

pub use capabilities::{LogLevel, LogLine, State};
pub use host::{HostConfig, PluginHost};
pub use jobs::{JOB as RUN_JOB, JobHandler};
pub use journal::{Cost, LogEntry};
pub use manage::Grants;
pub use offered::Offered;
pub use points::events::{EventHandler, JOB as EVENT_JOB};
pub use points::http::{HttpCaller, HttpRequest, HttpResponse};
pub use points::pages::{Acted, ComputedRow, ComputedRows, Deed, Patch, RefusedRow, Toast, View};
pub use points::signature::{SIGNATURE as SIGNATURE_HEADER, TIMESTAMP as TIMESTAMP_HEADER, sign};
pub use roles::Given;
pub use secrets::secrets;
