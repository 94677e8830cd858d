//! One call: a fresh instance in a slot of the pool, its budget enforced, its answer or fault, and what it used.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::{Instant, timeout};
use wasmtime::{Store, UpdateDeadline};

use super::meter::Metered;
use super::{Budget, Code, Engine, Fault, OverBudget, Usage};
use crate::bindings::{events, hooks, http, steps};
use crate::capabilities::{LogLine, State};

/// What to call with what.
#[derive(Debug)]
pub enum Input {
    /// A hook by its id, with changes.
    Before(String, Vec<hooks::Change>),
    /// A subscription by its id, with events.
    Events(String, Vec<events::Event>),
    /// A route.
    Http(http::Request),
    /// An action by its id.
    Action(String, steps::Call),
    /// A condition by its id.
    Condition(String, steps::Call),
    /// The check at installation.
    Health,
}

/// What came back.
#[derive(Debug)]
pub enum Answer {
    /// One verdict per change.
    Verdicts(Vec<hooks::Verdict>),
    /// Of a route.
    Response(http::Response),
    /// Of an action: JSON in text, or why not.
    Result(Result<String, NotDone>),
    /// Of a condition, or why there is none.
    Holds(Result<bool, NotDone>),
    /// Nothing to say.
    Done,
}

/// A plugin's own word that an action is not to be done: an answer, not a failure of the plugin.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NotDone {
    /// It never will.
    Never(String),
    /// A BPMN error.
    Bpmn {
        /// Its code.
        code: String,
        /// What happened, for the log.
        text: String,
    },
}

/// How a call went.
#[derive(Debug)]
pub struct Outcome {
    /// The answer, or why there is none.
    pub answer: Result<Answer, Fault>,
    /// What it used.
    pub usage: Usage,
    /// What it wrote to its log.
    pub lines: Vec<LogLine>,
}

impl Engine {
    /// Calls a component. Whatever it does, this returns within the wall time of the budget and leaves nothing behind.
    pub async fn call(&self, code: &Code, state: State, input: Input) -> Outcome {
        let budget = *state.budget();
        let started = Instant::now();
        let Ok(Ok(_slot)) = timeout(budget.wall, self.inner.slots.acquire()).await else {
            return Outcome { answer: Err(Fault::Busy), usage: Usage::default(), lines: Vec::new() };
        };
        let _running = self.begin();
        let meter = state.meter();
        let mut store = self.store(state, &budget);
        let work = Metered::new(run(code, &mut store, input), Arc::clone(&meter));
        let answer = match timeout(budget.wall, work).await {
            Ok(Ok(Ok(answer))) => Ok(answer),
            Ok(Ok(Err(text))) => Err(Fault::Guest(text)),
            Ok(Err(error)) => Err(Fault::from_wasmtime(&error, budget.transfer)),
            Err(_) => Err(Fault::OverBudget(OverBudget::Wall(budget.wall.as_millis()))),
        };
        let (host_calls, rows, memory, lines) = store.into_data().finish();
        let usage = Usage { cpu: meter.total(), wall: started.elapsed(), host_calls, rows, memory };
        Outcome { answer, usage, lines }
    }

    fn store(&self, state: State, budget: &Budget) -> Store<State> {
        let (meter, cpu) = (state.meter(), budget.cpu);
        let mut store = Store::new(&self.inner.wasmtime, state);
        store.limiter(|state| state);
        store.set_hostcall_fuel(budget.transfer);
        store.set_epoch_deadline(1);
        store.epoch_deadline_callback(move |_| within(meter.now(), cpu));
        store
    }
}

fn within(used: Duration, cpu: Duration) -> wasmtime::Result<UpdateDeadline> {
    if used >= cpu {
        return Err(wasmtime::Error::new(OverBudget::Cpu(cpu.as_millis())));
    }
    Ok(UpdateDeadline::Yield(1))
}

/// The outer error is wasmtime's, the inner one the guest's own words.
async fn run(code: &Code, store: &mut Store<State>, input: Input) -> wasmtime::Result<Result<Answer, String>> {
    let absent = || wasmtime::Error::msg("the component has no such export");
    let instance = code.pre.instantiate_async(&mut *store).await?;
    match input {
        Input::Before(hook, changes) => {
            let guest = code.hooks.as_ref().ok_or_else(absent)?.load(&mut *store, &instance)?;
            Ok(guest.call_before(&mut *store, &hook, &changes).await?.map(Answer::Verdicts))
        }
        Input::Events(subscription, events) => {
            let guest = code.events.as_ref().ok_or_else(absent)?.load(&mut *store, &instance)?;
            Ok(guest.call_handle(&mut *store, &subscription, &events).await?.map(|()| Answer::Done))
        }
        Input::Http(request) => {
            let guest = code.http.as_ref().ok_or_else(absent)?.load(&mut *store, &instance)?;
            Ok(guest.call_handle(&mut *store, &request).await?.map(Answer::Response))
        }
        Input::Action(action, call) => {
            let guest = code.actions.as_ref().ok_or_else(absent)?.load(&mut *store, &instance)?;
            Ok(settle(guest.call_run(&mut *store, &action, &call).await?).map(Answer::Result))
        }
        Input::Condition(condition, call) => {
            let guest = code.conditions.as_ref().ok_or_else(absent)?.load(&mut *store, &instance)?;
            Ok(settle(guest.call_test(&mut *store, &condition, &call).await?).map(Answer::Holds))
        }
        Input::Health => {
            let guest = code.lifecycle.as_ref().ok_or_else(absent)?.load(&mut *store, &instance)?;
            Ok(guest.call_health(&mut *store).await?.map(|()| Answer::Done))
        }
    }
}

/// The outer error is what counts as a failure.
fn settle<T>(answer: Result<T, steps::Failure>) -> Result<Result<T, NotDone>, String> {
    match answer {
        Ok(answer) => Ok(Ok(answer)),
        Err(steps::Failure::Again(text)) => Err(text),
        Err(steps::Failure::Never(text)) => Ok(Err(NotDone::Never(text))),
        Err(steps::Failure::Error(error)) => Ok(Err(NotDone::Bpmn { code: error.code, text: error.text })),
    }
}
