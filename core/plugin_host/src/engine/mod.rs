//! The WebAssembly engine: configuration, compiled code, and calls within budgets.
//!
//! Owns wasmtime and everything unsafe about it. Must not know tenants, hooks or databases: a call brings its own
//! [`State`](crate::capabilities::State). Component bytes enter and become [`Code`]; inputs enter a call, and an
//! answer or a [`Fault`] leaves, always within the budget.

mod budget;
mod call;
mod code;
mod compile;
mod fault;
mod meter;
mod stdio;

use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use kernel::child::ChildCommand;
use tokio::sync::Semaphore;
use wasmtime::component::Linker;
use wasmtime::{Config, InstanceAllocationStrategy, PoolingAllocationConfig};

use crate::capabilities::State;

pub use budget::{Budget, Caps};
pub use call::Outcome;
pub(crate) use call::{Effect, Invoke};
pub use code::{Code, CodeError};
pub use compile::compile_alone;
pub use fault::{Fault, OverBudget};
pub(crate) use meter::Meter;
pub use meter::Usage;
pub(crate) use stdio::Captured;

/// One beat of the CPU clock of guests.
const TICK: Duration = Duration::from_millis(10);
/// Stack of WebAssembly code; deeper recursion traps.
/// One slot of so many is kept for hooks and conditions, which other calls wait for.
const KEPT: usize = 4;
const WASM_STACK: usize = 512 * 1024;
/// Core modules of one component, the adapters of WASI included.
const CORE_INSTANCES: u32 = 12;

/// How the engine is set up.
#[derive(Debug, Clone)]
pub struct EngineConfig {
    /// Calls at the same time.
    pub slots: u32,
    /// Where compiled code is kept between starts; none: compiled anew.
    pub cache: Option<PathBuf>,
    /// What compiles components, where compiled code is kept; none: this process itself.
    pub compiler: Option<ChildCommand>,
    /// The most that any call may get.
    pub caps: Caps,
}

impl Default for EngineConfig {
    fn default() -> Self {
        Self { slots: 64, cache: None, compiler: None, caps: Caps::default() }
    }
}

/// The engine; cheap to clone.
#[derive(Clone)]
pub struct Engine {
    inner: Arc<Inner>,
}

struct Inner {
    wasmtime: wasmtime::Engine,
    linker: Linker<State>,
    slots: Semaphore,
    /// Slots of calls that others may stand within.
    outer: Semaphore,
    cache: Option<PathBuf>,
    compiler: Option<ChildCommand>,
    /// Held by the one compilation that there is at a time.
    compiling: Mutex<()>,
    caps: Caps,
    running: Arc<AtomicUsize>,
    ticker: std::thread::Thread,
}

impl Engine {
    /// Starts the engine and its ticker thread, which ends with the last clone.
    ///
    /// # Errors
    /// When the machine cannot run compiled WebAssembly.
    pub fn new(config: &EngineConfig) -> wasmtime::Result<Self> {
        let wasmtime = pooling(config).or_else(|error| {
            tracing::warn!(%error, "no room to reserve plugin memory: plugins are allocated one by one");
            wasmtime::Engine::new(&base())
        })?;
        let mut linker = Linker::new(&wasmtime);
        wasmtime_wasi::p2::add_to_linker_async(&mut linker)?;
        crate::capabilities::link(&mut linker)?;
        let running = Arc::new(AtomicUsize::new(0));
        let ticker = tick(&wasmtime, Arc::clone(&running))?;
        let slots = usize::try_from(config.slots).unwrap_or(1);
        let kept = Ord::max(slots / KEPT, 1);
        let outer = Semaphore::new(Ord::max(slots.saturating_sub(kept), 1));
        let inner = Inner {
            wasmtime,
            linker,
            slots: Semaphore::new(slots),
            outer,
            cache: config.cache.clone(),
            compiler: config.compiler.clone(),
            compiling: Mutex::default(),
            caps: config.caps.clone(),
            running,
            ticker,
        };
        Ok(Self { inner: Arc::new(inner) })
    }

    /// The operator's caps.
    pub fn caps(&self) -> &Caps {
        &self.inner.caps
    }

    fn begin(&self) -> Running<'_> {
        if self.inner.running.fetch_add(1, Ordering::SeqCst) == 0 {
            self.inner.ticker.unpark();
        }
        Running(&self.inner.running)
    }
}

/// A call under way: the ticker beats while there is one.
struct Running<'a>(&'a AtomicUsize);

impl Drop for Running<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}

fn base() -> Config {
    let mut config = Config::new();
    config
        .concurrency_support(false)
        .epoch_interruption(true)
        .max_wasm_stack(WASM_STACK)
        .async_stack_size(WASM_STACK * 3)
        .wasm_memory64(false)
        .wasm_multi_memory(false)
        .wasm_relaxed_simd(false)
        .memory_init_cow(true);
    config
}

fn pooling(config: &EngineConfig) -> wasmtime::Result<wasmtime::Engine> {
    let mut pool = PoolingAllocationConfig::new();
    pool.total_component_instances(config.slots)
        .total_core_instances(config.slots.saturating_mul(CORE_INSTANCES))
        .total_memories(config.slots)
        .total_tables(config.slots.saturating_mul(CORE_INSTANCES))
        .total_stacks(config.slots)
        .max_core_instances_per_component(CORE_INSTANCES)
        .max_memories_per_component(1)
        .max_tables_per_component(CORE_INSTANCES)
        .max_memory_size(config.caps.memory)
        .table_elements(Caps::TABLE_ELEMENTS)
        .max_unused_warm_slots(16)
        .linear_memory_keep_resident(64 * 1024)
        .table_keep_resident(16 * 1024);
    let mut with_pool = base();
    with_pool.allocation_strategy(InstanceAllocationStrategy::Pooling(pool));
    wasmtime::Engine::new(&with_pool)
}

/// Beats while calls are under way, sleeps while there are none.
fn tick(engine: &wasmtime::Engine, running: Arc<AtomicUsize>) -> std::io::Result<std::thread::Thread> {
    let engine = engine.weak();
    let beat = move || {
        while let Some(engine) = engine.upgrade() {
            engine.increment_epoch();
            drop(engine);
            match running.load(Ordering::SeqCst) {
                0 => std::thread::park_timeout(Duration::from_secs(1)),
                _ => std::thread::sleep(TICK),
            }
        }
    };
    Ok(std::thread::Builder::new().name("plugin-ticker".to_owned()).spawn(beat)?.thread().clone())
}
