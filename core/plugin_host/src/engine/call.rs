//! One call: a fresh instance in a slot of the pool, its budget enforced, its answer or fault, and what it used.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{AcquireError, SemaphorePermit};
use tokio::time::{Instant, timeout};
use wasmtime::component::Instance;
use wasmtime::{CallHook, Store, UpdateDeadline};

use super::meter::Metered;
use super::{Budget, Code, Engine, Fault, OverBudget, Usage};
use crate::capabilities::{LogLine, State};
use crate::texts::said;

/// What a call may do to the company, and so what may stand within it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Effect {
    /// It writes, and waits for hooks: calls that stand within it.
    Writes,
    /// It stands within a call that writes. What it writes by itself waits for hooks no longer than its wall time.
    Judges,
    /// It answers a question: whatever writes is denied.
    Reads,
}

/// A question to an export of a component.
pub(crate) trait Invoke: Send {
    /// What comes back.
    type Answer: Send;

    /// What it may do: for the slots that it takes, and for whatever writes.
    const EFFECT: Effect;

    /// Asks. The outer error is wasmtime's, the inner one the guest's own words.
    fn invoke(
        self,
        code: &Code,
        store: &mut Store<State>,
        instance: &Instance,
    ) -> impl Future<Output = wasmtime::Result<Result<Self::Answer, String>>> + Send;
}

/// How a call went.
#[derive(Debug)]
pub struct Outcome<T> {
    /// The answer, or why there is none.
    pub answer: Result<T, Fault>,
    /// What it used.
    pub usage: Usage,
    /// What it wrote to its log.
    pub lines: Vec<LogLine>,
}

impl Engine {
    /// Calls a component. Whatever it does, this returns within the wall time of the budget and leaves nothing behind.
    pub(crate) async fn call<I: Invoke>(&self, code: &Code, state: State, input: I) -> Outcome<I::Answer> {
        let budget = *state.budget();
        let started = Instant::now();
        let Ok(Ok(_slots)) = timeout(budget.wall, self.slots(I::EFFECT)).await else {
            return Outcome { answer: Err(Fault::Busy), usage: Usage::default(), lines: Vec::new() };
        };
        let _running = self.begin();
        let meter = state.meter();
        let mut store = self.store(state, &budget);
        let work = Metered::new(run(code, &mut store, input), Arc::clone(&meter));
        let answer = match timeout(budget.wall, work).await {
            Ok(Ok(Ok(answer))) => Ok(answer),
            Ok(Ok(Err(text))) => Err(Fault::Guest(said(text))),
            Ok(Err(error)) => Err(Fault::from_wasmtime(&error, budget.transfer)),
            Err(_) => Err(Fault::OverBudget(OverBudget::Wall(budget.wall.as_millis()))),
        };
        let (host_calls, rows, memory, lines) = store.into_data().finish();
        let usage = Usage { cpu: meter.total(), wall: started.elapsed(), host_calls, rows, memory };
        Outcome { answer, usage, lines }
    }

    /// A slot; for a call that others may stand within one of those that leave room for them: else as many as there are slots
    /// would wait for one another.
    async fn slots(&self, effect: Effect) -> Result<(Option<SemaphorePermit<'_>>, SemaphorePermit<'_>), AcquireError> {
        let outer = if effect == Effect::Writes { Some(self.inner.outer.acquire().await?) } else { None };
        Ok((outer, self.inner.slots.acquire().await?))
    }

    fn store(&self, state: State, budget: &Budget) -> Store<State> {
        let (meter, cpu) = (state.meter(), budget.cpu);
        let mut store = Store::new(&self.inner.wasmtime, state);
        store.limiter(|state| state);
        store.set_hostcall_fuel(budget.transfer);
        store.set_epoch_deadline(1);
        let asked = Arc::clone(&meter);
        store.epoch_deadline_callback(move |_| within(asked.own(), cpu));
        store.call_hook(move |_, at| {
            match at {
                CallHook::CallingWasm | CallHook::ReturningFromHost => meter.enter(),
                CallHook::ReturningFromWasm | CallHook::CallingHost => meter.leave(),
            }
            Ok(())
        });
        store
    }
}

fn within(used: Duration, cpu: Duration) -> wasmtime::Result<UpdateDeadline> {
    if used >= cpu {
        return Err(wasmtime::Error::new(OverBudget::Cpu(cpu.as_millis())));
    }
    Ok(UpdateDeadline::Yield(1))
}

async fn run<I: Invoke>(
    code: &Code,
    store: &mut Store<State>,
    input: I,
) -> wasmtime::Result<Result<I::Answer, String>> {
    let instance = code.instantiate(store).await?;
    input.invoke(code, store, &instance).await
}
