//! The process engine: BPMN 2.0 files become definitions, definitions become running instances.
//!
//! Owns: rules of automation, reading and judging BPMN, the pure stepper, persistence of instances, the step contract of user tasks.
//! Must not know: HTTP, the portal, how a plugin runs. Data enters as BPMN text, typed inputs with a `Ctx`, or events of
//! the outside (a task was completed, a timer is due) and leaves as definitions with problems, views and commands.
//!
//! | module | what |
//! |---|---|
//! | `automation` | rules: when something happened to a record, do this |
//! | `definition` | BPMN text -> model, with problems by element |
//! | `drawings` | processes that people are still drawing, right or wrong |
//! | `looks` | processes that name an option of a field |
//! | `runtime` | instances in the database: one transaction per step, jobs, operations, views |
//! | `stepper` | `(definition, state, event) -> (state, commands)`: no IO, no clock of its own |
//! | `templates` | processes of ours, in three languages |
//! | `wizard` | a process from lines of text |

pub mod automation;
pub mod definition;
pub mod drawings;
mod looks;
pub mod runtime;
pub mod stepper;
pub mod templates;
pub mod wizard;

pub use looks::ProcessLooks;

/// What a definition is called where an answer names a record's entity.
pub const DEFINITION: &str = "process_definition";
/// What an instance is called there.
pub const INSTANCE: &str = "process_instance";
