//! Test scripts of plugins: TOML files of steps. The format is described in `sdk/testkit/README.md`.

use std::collections::BTreeMap;
use std::net::IpAddr;

use messaging::messages::{Channel, MessageState};
use serde::Deserialize;
use serde_json::{Map, Value as Json};

use super::system::ScriptPart;
use crate::jobs::RunState;

/// A file of tests; its steps share one company.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Script {
    /// Language of people and messages.
    #[serde(default)]
    pub(super) locale: kernel::Locale,
    /// Settings of the plugin.
    #[serde(default)]
    pub(super) settings: BTreeMap<String, Json>,
    /// What other servers answer.
    #[serde(default)]
    pub(super) answers: Vec<WebAnswer>,
    /// What the mail server refuses.
    #[serde(default)]
    pub(super) mail: Vec<RefusedMail>,
    /// Gateways of SMS.
    #[serde(default)]
    pub(super) gateways: Vec<ScriptGateway>,
    /// Templates of papers that the company brought.
    #[serde(default)]
    pub(super) templates: Vec<ScriptTemplate>,
    /// How the system is.
    #[serde(default)]
    pub(super) health: Vec<ScriptPart>,
    /// The company.
    #[serde(default)]
    pub(super) company: Company,
    /// Its departments.
    #[serde(default)]
    pub(super) departments: Vec<Department>,
    /// People beside `admin`.
    #[serde(default)]
    pub(super) users: Vec<User>,
    /// What happens.
    pub(super) steps: Vec<Step>,
}

/// Somebody of the company.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct User {
    pub(super) name: String,
    #[serde(default)]
    pub(super) roles: Vec<String>,
    /// Absent for the next thousand days.
    #[serde(default)]
    pub(super) absent: bool,
    /// Name of their department.
    pub(super) department: Option<String>,
    /// Names of the departments that they head.
    #[serde(default)]
    pub(super) head_of: Vec<String>,
    pub(super) position: Option<String>,
}

/// The company.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Company {
    /// IANA name of its time zone.
    pub(super) zone: Option<String>,
    /// When the first step happens, RFC 3339; 2026-01-12T09:00:00Z where absent, and not before it.
    pub(super) begin: Option<String>,
}

/// A department.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Department {
    pub(super) name: String,
    /// Name of the one above it, which stands before it.
    pub(super) above: Option<String>,
}

/// One act and what is expected of it.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Step {
    pub(super) title: String,
    /// Who acts.
    #[serde(rename = "as")]
    pub(super) actor: Option<String>,
    /// The IP address that they act from.
    pub(super) address: Option<IpAddr>,
    pub(super) create: Option<Write>,
    pub(super) update: Option<Write>,
    pub(super) remove: Option<Write>,
    pub(super) find: Option<Find>,
    /// Looks at the open tasks of the company.
    pub(super) tasks: Option<FindTasks>,
    pub(super) http: Option<Http>,
    /// Asks for an action or a condition, as a process would.
    pub(super) action: Option<Ask>,
    /// Asks a source of a page that the plugin computes.
    pub(super) data: Option<Figures>,
    /// Presses something on a page.
    pub(super) act: Option<Press>,
    /// Begins a job of the plugin and runs it to its end.
    pub(super) job: Option<Work>,
    /// Looks at the runs of a job.
    pub(super) runs: Option<Runs>,
    /// Looks at the files of a record.
    pub(super) files: Option<FindFiles>,
    /// Looks at the papers of a record that are kept.
    pub(super) papers: Option<FindPapers>,
    /// Looks at what went to another server.
    pub(super) fetched: Option<Fetched>,
    /// Looks at the messages that the plugin sent.
    pub(super) messages: Option<FindMessages>,
    /// Looks at the notices of somebody.
    pub(super) notices: Option<FindNotices>,
    /// Looks at the events that the plugin published.
    pub(super) published: Option<FindPublished>,
    /// Sets a calendar.
    pub(super) calendar: Option<SetCalendar>,
    /// Changes somebody of the company.
    pub(super) patch_user: Option<PatchUser>,
    /// Says how the system is from now on.
    pub(super) health: Option<Vec<ScriptPart>>,
    /// Switches the plugin off (`false`) or on again.
    pub(super) enabled: Option<bool>,
    /// Hands out events and runs jobs.
    pub(super) events: bool,
    /// Moves the clock.
    pub(super) advance_seconds: i64,
    /// Remembers the record as `$name`.
    pub(super) save: Option<String>,
    /// Values the record or task must have.
    pub(super) fields: Option<Map<String, Json>>,
    /// The refusal that must come.
    pub(super) refused: Option<Refused>,
}

impl Step {
    /// What it does or looks at: one thing, or what else it says would be left out unseen.
    pub(super) fn acts(&self) -> Vec<&'static str> {
        let all = [
            ("create", self.create.is_some()),
            ("update", self.update.is_some()),
            ("remove", self.remove.is_some()),
            ("find", self.find.is_some()),
            ("tasks", self.tasks.is_some()),
            ("http", self.http.is_some()),
            ("action", self.action.is_some()),
            ("data", self.data.is_some()),
            ("act", self.act.is_some()),
            ("job", self.job.is_some()),
            ("runs", self.runs.is_some()),
            ("files", self.files.is_some()),
            ("papers", self.papers.is_some()),
            ("fetched", self.fetched.is_some()),
            ("messages", self.messages.is_some()),
            ("notices", self.notices.is_some()),
            ("published", self.published.is_some()),
        ];
        all.into_iter().filter_map(|(name, there)| there.then_some(name)).collect()
    }
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Write {
    pub(super) entity: String,
    pub(super) record: Option<String>,
    #[serde(default)]
    pub(super) fields: Map<String, Json>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Find {
    pub(super) entity: String,
    pub(super) filter: Option<Json>,
    /// How many there must be.
    pub(super) count: usize,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct FindFiles {
    pub(super) entity: String,
    pub(super) record: String,
    /// How many there must be.
    pub(super) count: usize,
    /// What the newest must be called.
    pub(super) name: Option<String>,
    /// What it must be, as found out from its bytes.
    pub(super) media_type: Option<String>,
    /// What must stand in it.
    pub(super) text: Option<String>,
}

/// A template of papers that the company brought.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ScriptTemplate {
    /// Of whose records it makes papers.
    pub(super) entity: String,
    /// What its file is called; ends in `.typ`.
    pub(super) name: String,
    /// The file.
    pub(super) text: String,
    /// Whether it is taken where nobody chooses.
    #[serde(default)]
    pub(super) usual: bool,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct FindPapers {
    pub(super) entity: String,
    pub(super) record: String,
    /// How many there must be.
    pub(super) count: usize,
    /// What the newest must be called.
    pub(super) name: Option<String>,
    /// Words that must stand on it.
    pub(super) text: Option<String>,
}

/// Letters to an address that the mail server does not take.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RefusedMail {
    pub(super) to: String,
    pub(super) refuses: String,
}

#[derive(Debug, Clone, Deserialize)]
pub(super) struct ScriptGateway {
    pub(super) key: String,
    #[serde(flatten)]
    pub(super) input: Map<String, Json>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct FindMessages {
    /// How many there must be.
    pub(super) count: usize,
    /// Only those that go so.
    pub(super) channel: Option<Channel>,
    /// Only those to this address or number.
    pub(super) to: Option<String>,
    /// Only those that stand so.
    pub(super) state: Option<MessageState>,
    /// What the newest must be called.
    pub(super) key: Option<String>,
    /// Its subject.
    pub(super) subject: Option<String>,
    /// Words that must be in its text.
    pub(super) text: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct FindTasks {
    /// How many there must be.
    pub(super) count: usize,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Http {
    pub(super) method: String,
    pub(super) path: String,
    #[serde(default)]
    pub(super) body: Json,
    /// Signs with the tenant's secret.
    #[serde(default)]
    pub(super) signed: bool,
    #[serde(default)]
    pub(super) query: BTreeMap<String, String>,
    #[serde(default)]
    pub(super) headers: BTreeMap<String, String>,
    pub(super) status: u16,
    /// What the answer must begin with: `%PDF`.
    pub(super) begins: Option<String>,
    /// Values the JSON answer must have, as deep as they go; lists are compared whole.
    #[serde(default)]
    pub(super) answer: Map<String, Json>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct FindNotices {
    /// Whose.
    pub(super) of: String,
    /// How many of the plugin's there must be.
    pub(super) count: usize,
    /// Words that the newest must have.
    pub(super) text: Option<String>,
    /// Its address.
    pub(super) link: Option<String>,
    /// The reader confirms the newest.
    #[serde(default)]
    pub(super) confirm: bool,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct FindPublished {
    /// With the plugin's prefix: `news.said`.
    pub(super) name: String,
    /// How many there must be since the script began.
    pub(super) count: usize,
    /// What the newest must say.
    #[serde(default)]
    pub(super) fields: Map<String, Json>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct SetCalendar {
    /// `company`, `@Name` or `department:Name`.
    pub(super) of: String,
    /// As `PUT /api/v1/calendars/...`; absent: the inherited one again.
    pub(super) settings: Option<Json>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct PatchUser {
    pub(super) name: String,
    /// Name of their department; empty: none.
    pub(super) department: Option<String>,
    pub(super) active: Option<bool>,
    pub(super) roles: Option<Vec<String>>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Ask {
    /// Of the action or condition.
    pub(super) id: String,
    /// Entity of the subject.
    pub(super) entity: Option<String>,
    /// The subject.
    pub(super) record: Option<String>,
    #[serde(default)]
    pub(super) input: Map<String, Json>,
    /// The whole answer there must be.
    pub(super) result: Option<Json>,
    /// Words of the reason why it is not done.
    pub(super) failure: Option<String>,
    /// Code of the BPMN error there must be.
    pub(super) error: Option<String>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Figures {
    /// Of the page.
    pub(super) surface: String,
    /// By its name in the tree.
    pub(super) source: String,
    /// In place of the declared input, where that is an expression.
    pub(super) input: Option<Json>,
    #[serde(default)]
    pub(super) params: Map<String, Json>,
    #[serde(default)]
    pub(super) state: Map<String, Json>,
    /// One for each row there must be, with fields that it must have.
    #[serde(default)]
    pub(super) rows: Vec<Map<String, Json>>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Work {
    /// Of the job.
    pub(super) id: String,
    /// Calls that there must be.
    pub(super) steps: Option<i64>,
    /// Words of the reason why it is not done.
    pub(super) failure: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Press {
    /// Of the page.
    pub(super) surface: String,
    /// By its name in the tree.
    pub(super) act: String,
    /// The row it stands on, or the chosen ones: `$name` of saved records.
    #[serde(default)]
    pub(super) rows: Vec<String>,
    #[serde(default)]
    pub(super) input: Map<String, Json>,
    /// Words that it must say.
    pub(super) toast: Option<String>,
    /// Words beside an input or row that there must be.
    pub(super) problem: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Runs {
    /// Of the job.
    pub(super) id: String,
    /// How many there must be.
    pub(super) count: usize,
    /// Only those that stand so.
    pub(super) state: Option<RunState>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct WebAnswer {
    #[serde(default = "get")]
    pub(super) method: String,
    /// The whole address.
    pub(super) url: String,
    pub(super) status: u16,
    /// Names in lower case.
    #[serde(default)]
    pub(super) headers: BTreeMap<String, String>,
    /// A text as it is, anything else as JSON.
    #[serde(default)]
    pub(super) body: Json,
}

fn get() -> String {
    "GET".to_owned()
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Fetched {
    /// The whole address.
    pub(super) url: String,
    /// How many requests there must be.
    pub(super) count: usize,
    /// What the last of them must have sent, in JSON.
    pub(super) body: Option<Json>,
    /// Headers it must have had, secrets among them.
    #[serde(default)]
    pub(super) headers: BTreeMap<String, String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Refused {
    pub(super) code: Option<String>,
    /// Words that must be in the message.
    pub(super) detail: Option<String>,
    /// Fields that must be named.
    #[serde(default)]
    pub(super) fields: Vec<String>,
}
