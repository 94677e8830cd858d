//! The pure stepper: `(definition, state, event) -> (state, commands)`.
//!
//! Owns: what tokens do. Must not know: databases, clocks, who does the work. Deterministic: time and outside data come
//! in with the event, ids are counted in the state. So dry run, replay and property tests need nothing else. Token
//! semantics: BPMN 2.0.2 chapter 13 and the choices of the specification.
//!
//! | module | what |
//! |---|---|
//! | `state`, `event` | what goes in and comes out |
//! | `budget` | what stepping may cost |
//! | `run` | one step: the queue of tokens, until nothing can move |
//! | `flow` | a token arrives at a node and leaves it |
//! | `starts` | where an instance begins |
//! | `gateways`, `inclusive`, `complex` | joins, races |
//! | `activities` | tasks, services, calls, scripts |
//! | `events`, `parts`, `throws` | arming, coming, throwing; several events of one element |
//! | `scopes` | opening, finishing, cancelling |
//! | `repeat` | loops and multi-instances |
//! | `errors` | errors and escalations on their way outwards |
//! | `compensation`, `transactions` | what was completed is undone |
//! | `variables` | lookup, write-back, evaluation |
//! | `timers` | ISO 8601 and cron into instants |
//! | `incidents` | raising, retry, skip |
//! | `outside` | what each `Event` does |
//! | `next` | what would follow: previews and dry runs |

mod activities;
pub mod budget;
mod compensation;
mod complex;
mod errors;
pub mod event;
mod events;
mod flow;
mod gateways;
mod incidents;
mod inclusive;
pub mod next;
mod outside;
mod parts;
mod repeat;
mod run;
mod scopes;
mod starts;
pub mod state;
mod throws;
pub mod timers;
mod transactions;
mod variables;

#[cfg(test)]
mod tests;

pub use event::{Command, Event, Input, Outcome};
pub use state::State;

use crate::definition::model::Definition;
use budget::Limits;
use run::Run;
use state::Status;

/// What an event does to an instance. A fresh instance is `State::new` and `Event::Start`.
///
/// Nothing fails: what goes wrong is an incident in the state. An event about something that is no more (an unknown
/// wait, an instance that is over, a second start) changes nothing and is told by `Outcome::stale`.
pub fn step(definition: &Definition, state: State, event: Event, input: &Input<'_>) -> Outcome {
    step_within(definition, state, event, input, Limits::default())
}

/// The same within other limits.
fn step_within(definition: &Definition, state: State, event: Event, input: &Input<'_>, limits: Limits) -> Outcome {
    let process = definition.process(&state.process).map(|process| process.scope);
    let (Some(process), Status::Active) = (process, state.status) else {
        return Outcome { state, commands: Vec::new(), stale: true };
    };
    let mut run = Run::new(definition, process, state, input, limits);
    if run.happen(event) {
        run.drain();
        run.outcome(false)
    } else {
        run.keep_on_the_way();
        run.outcome(true)
    }
}
