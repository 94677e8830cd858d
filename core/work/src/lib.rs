//! Work of people: tasks (of processes and by hand alike) and working calendars.
//!
//! Owns: tasks with their states, executors, contract and counters; working time. Must not know: HTTP, BPMN, how an
//! instance moves on (it states the port `TaskOwner`). Data enters as a `Ctx` with typed input and leaves as `Task`s.
