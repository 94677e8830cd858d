//! The pure stepper: `(definition, state, event) -> (state, commands)`.
//!
//! Deterministic: time and outside data come in with the event, ids are counted in the state. So dry run, replay and
//! property tests need nothing else. Token semantics: BPMN 2.0.2 chapter 13 and the choices of the specification.

pub mod event;
pub mod state;

pub use event::{Command, Event, Input, Outcome};
pub use state::State;
