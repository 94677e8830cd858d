//! Verstak plugins in Rust. A plugin is a WebAssembly component: it exports handlers, imports what its manifest asks
//! for, keeps no state between calls (every call gets a fresh instance) and reaches nothing else.
//!
//! ```ignore
//! use verstak_plugin::prelude::*;
//!
//! plugin! { hooks { "amount" => each amount_before_won } }
//!
//! fn amount_before_won(change: &mut Change) -> Outcome {
//!     if change.text("stage") == Some("won") && change.is_empty("amount") {
//!         change.reject(Message::new("amount.missing", "Fill in the amount first")).on("amount");
//!     }
//!     Ok(())
//! }
//! ```
//!
//! | module | what |
//! |---|---|
//! | [`hooks`] | before-hooks: look at a change, patch it or refuse it |
//! | [`events`] | what happened, after commit |
//! | [`http`] | the plugin's own routes |
//! | [`steps`] | actions and conditions: steps of processes, main actions of tasks |
//! | [`files`] | files of records |
//! | [`uploads`] | files that strangers send by a public page |
//! | [`links`] | personal links to public pages, and where these stand |
//! | [`documents`] | papers of records and of the plugin's own data, workbooks |
//! | [`fetch`] | requests to other servers |
//! | [`jobs`] | work on a schedule, later, or step by step; enqueueing it |
//! | [`pages`] | figures, presses and trees of the plugin's pages |
//! | [`messaging`] | letters and SMS |
//! | [`processes`] | start processes, send messages and signals |
//! | [`tasks`] | see and complete tasks |
//! | [`records`] | read and write the tenant's records, alone and together |
//! | [`timeline`] | what happened with records, also in the past |
//! | [`kv`] | the plugin's own small store |
//! | [`gates`] | whom modules are on for |
//! | [`people`] | colleagues, heads, departments |
//! | [`address`] | the IP address of whoever acts |
//! | [`calendars`] | working time of people, local times |
//! | [`notify`] | notices to people |
//! | [`health`] | how the system and what it is joined to are |
//! | [`runtime`] | log, settings, clock, context, limits, files of the package |
//! | [`reports`] | figures by measure |
//! | [`value`] | values of fields, messages for people |

pub mod address;
pub mod bindings;
pub mod calendars;
pub mod documents;
pub mod events;
pub mod fetch;
pub mod files;
pub mod gates;
pub mod health;
pub mod hooks;
pub mod http;
pub mod jobs;
pub mod kv;
pub mod links;
mod macros;
pub mod messaging;
pub mod notify;
pub mod pages;
pub mod people;
pub mod processes;
pub mod records;
pub mod reports;
pub mod runtime;
pub mod steps;
pub mod tasks;
pub mod timeline;
pub mod uploads;
pub mod value;

pub use bindings::imports::verstak::types::types::{
    Field, FieldError, FieldMessage, HostError, Message, Money, MultiValue, Row, Value,
};

/// What a handler answers: an error is a failure of the plugin, not a refusal of the change.
pub type Outcome<T = ()> = Result<T, Failure>;

/// Why a handler could not do its work; goes to the plugin's log.
#[derive(Debug, Clone, PartialEq)]
pub struct Failure(pub String);

impl From<HostError> for Failure {
    fn from(error: HostError) -> Self {
        Failure(error.to_string())
    }
}

impl From<String> for Failure {
    fn from(text: String) -> Self {
        Failure(text)
    }
}

impl From<&str> for Failure {
    fn from(text: &str) -> Self {
        Failure(text.to_owned())
    }
}

/// All that most plugins need.
pub mod prelude {
    pub use crate::events::{Event, EventExt};
    pub use crate::hooks::{Change, Operation};
    pub use crate::http::{Request, Response};
    pub use crate::jobs::{Answer, NewJob, Ran, Run};
    pub use crate::pages::{Acted, Ask, Deed, Figure, Figures, NotActed, View, answer};
    pub use crate::records::{Draft, Query, RowExt};
    pub use crate::runtime::Settings;
    pub use crate::steps::{Call, Done, NotDone};
    pub use crate::value::{Fields, phone};
    pub use crate::{Failure, HostError, Message, MultiValue, Outcome, Row, Value};
    pub use crate::{
        address, calendars, debug, documents, error, fetch, files, gates, health, info, jobs, kv, links, messaging,
        notify, people, plugin, processes, records, reports, runtime, tasks, timeline, uploads, warning,
    };
}
