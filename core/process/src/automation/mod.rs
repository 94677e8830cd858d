//! Rules of automation: when something happened to a record, do this.
//!
//! Owns: the tables of rules and of what they did. Must not know: HTTP, what a plugin is. Rules are asked after the commit, by
//! the event log (the reader of processes makes the jobs, so each event is handed over once, whatever node reads it). One job
//! answers one event: its rules in their order, each with a row of its own (`automation_run`) that is made once for rule,
//! record and occasion. What is done goes through the services of processes, or in the transaction that notes it as done.
//!
//! | module | what |
//! |---|---|
//! | `model` | a rule as administrators write it |
//! | `of_stages` | what pipeline stages do on entering, as rules |
//! | `check` | whether it may be kept |
//! | `words` | parameters: texts with expressions |
//! | `rules` | rules in the database, and who changes them |
//! | `known` | those that are switched on, kept in memory |
//! | `moving` | rules that move between companies |
//! | `runs` | rows of what rules did |
//! | `reader` | events become jobs |
//! | `answer` | a job: rules on one event |
//! | `act` | the actions of a run |
//! | `people` | to whom tasks, notices and letters go |
//! | `letters` | what became of letters |
//! | `looks` | fields that rules name, and options of fields |
//! | `given_up` | jobs that nobody tries any more |
//! | `view` | runs as people see them; retry |
//! | `dates` | rules about a date of the record |
//! | `schedule` | rules about a time |
//! | `buttons` | rules with a button on the card |
//! | `hooks` | rules with an address at which somebody outside sends something |
//! | `apply` | a rule on records that were there before it |
//! | `dry_run` | what would have happened |
//! | `drawn` | a rule as the drawing of a process |

mod act;
mod answer;
mod apply;
mod buttons;
mod check;
mod dates;
mod drawn;
mod dry_run;
mod given_up;
mod hooks;
mod known;
mod letters;
mod looks;
mod model;
mod moving;
mod of_stages;
mod people;
pub(crate) mod reader;
mod rules;
mod runs;
mod schedule;
mod view;
mod words;

use std::sync::Arc;
use std::time::Duration;

use ::people::Identities;
use kernel::jobs::Handler;

pub(crate) use self::people::{executors, names_people};
pub(crate) use known::KnownRules;

pub use apply::{ApplySteps, Fitting};
pub use buttons::{ButtonRun, ButtonView};
pub use dates::DATES;
pub use dry_run::{DryRunInput, DryRunOutcome, Example, Foreseen, Problem};
pub use hooks::{Called, Hook, HookView, NewHook};
pub use model::{Action, ActsAs, PlacedRule, Rule, Trigger, TriggerKind};
pub use moving::object;
pub use rules::{MAX_ACTIONS, MAX_RULES};
pub use runs::{RunState, SWEEP};
pub use view::{RunPage, RunQuery, RunView};

use crate::runtime::Processes;

/// The code of errors about a wrong rule.
pub const INVALID: &str = "config.invalid";
/// Rules that may set each other off in a row.
pub const MAX_HOPS: u8 = kernel::ctx::MAX_HOPS_REQUEST;

/// For one dry run.
const PATIENCE: Duration = Duration::from_secs(20);

/// The service of rules; cheap to clone.
#[derive(Clone)]
pub struct Automations {
    processes: Processes,
    identities: Identities,
    /// For one dry run: shorter than a request may take.
    patience: Duration,
}

impl Automations {
    /// Over the services below it; from now on it is told what becomes of its letters, and of fields
    /// that are to go.
    pub fn new(processes: &Processes, identities: &Identities) -> Self {
        processes.tasks().mail().add_owner(Arc::new(letters::Letters));
        let automations = Self { processes: processes.clone(), identities: identities.clone(), patience: PATIENCE };
        processes.records().add_looker(Arc::new(looks::RuleLooks(automations.clone())));
        processes.records().set_stage_acts(Arc::new(automations.clone()));
        automations
    }

    /// The same with another time for one dry run; then the answer says how far it came.
    #[must_use]
    pub const fn patient(mut self, patience: Duration) -> Self {
        self.patience = patience;
        self
    }

    /// Handlers of its jobs.
    pub fn handlers(&self) -> Vec<Arc<dyn Handler>> {
        vec![
            Arc::new(answer::Answer(self.clone(), reader::NEAR)),
            Arc::new(answer::Answer(self.clone(), reader::FAR)),
            Arc::new(answer::GoOn(self.clone())),
            Arc::new(runs::Sweep(self.clone())),
            Arc::new(dates::Look(self.clone())),
        ]
    }
}
