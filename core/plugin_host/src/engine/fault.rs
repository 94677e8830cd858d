//! Why a call of a plugin failed. Texts of `Display` are for the plugin's log and for developers, [`Fault::message`] for people.

use kernel::Message;
use wasmtime::Trap;

/// A limit that a call ran into.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum OverBudget {
    /// CPU time.
    #[error("used more than {0} ms of CPU time")]
    Cpu(u128),
    /// Wall time.
    #[error("took longer than {0} ms")]
    Wall(u128),
    /// Linear memory.
    #[error("asked for more than {0} MiB of memory")]
    Memory(usize),
    /// Tables.
    #[error("asked for a table of more than {0} entries")]
    Table(usize),
    /// Host calls.
    #[error("made more than {0} host calls")]
    HostCalls(u32),
    /// Size of an answer or an argument.
    #[error("passed more than {0} KiB to the host at once")]
    Transfer(usize),
}

/// Why a call failed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// It ran into a limit and was stopped.
    #[error("stopped: {0}")]
    OverBudget(OverBudget),
    /// It crashed.
    #[error("crashed: {0}")]
    Trap(String),
    /// It said that it failed.
    #[error("failed: {0}")]
    Guest(String),
    /// Its answer makes no sense.
    #[error("gave a wrong answer: {0}")]
    WrongAnswer(String),
    /// All slots were taken for too long.
    #[error("too many plugin calls at once")]
    Busy,
    /// Its circuit breaker is open.
    #[error("switched off for a while after repeated failures")]
    BreakerOpen,
    /// It failed so often that it is not called until somebody looks.
    #[error("stopped after repeated failures until the plugin is enabled again")]
    Stopped,
    /// A chain of plugins that call each other.
    #[error("{0}")]
    Loop(String),
}

impl Fault {
    /// Short name for metrics.
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::OverBudget(OverBudget::Cpu(_)) => "cpu",
            Self::OverBudget(OverBudget::Wall(_)) => "wall",
            Self::OverBudget(OverBudget::Memory(_) | OverBudget::Table(_)) => "memory",
            Self::OverBudget(OverBudget::HostCalls(_)) => "host_calls",
            Self::OverBudget(OverBudget::Transfer(_)) => "transfer",
            Self::Trap(_) => "trap",
            Self::Guest(_) => "guest",
            Self::WrongAnswer(_) => "answer",
            Self::Busy => "busy",
            Self::BreakerOpen => "breaker",
            Self::Stopped => "stopped",
            Self::Loop(_) => "loop",
        }
    }

    /// What happened, for people who are not developers; the log of the plugin has the rest.
    pub fn message(&self) -> Message {
        let of = |key: &str| Message::key(&format!("plugin.fault.{key}"));
        match self {
            Self::OverBudget(OverBudget::Cpu(most) | OverBudget::Wall(most)) => of(self.kind()).with("max", most),
            Self::OverBudget(OverBudget::Memory(most)) => of("memory").with("max", format!("{most} MiB")),
            Self::OverBudget(OverBudget::Table(most)) => of("memory").with("max", most),
            Self::OverBudget(OverBudget::HostCalls(most)) => of("host_calls").with("max", most),
            Self::OverBudget(OverBudget::Transfer(most)) => of("transfer").with("max", format!("{most} KiB")),
            Self::Guest(words) => of("guest").with("words", words),
            Self::WrongAnswer(why) => of("answer").with("why", why),
            Self::Loop(chain) => Message::key("error.hook.loop").with("chain", chain),
            Self::Trap(_) | Self::Busy | Self::BreakerOpen | Self::Stopped => of(self.kind()),
        }
    }

    /// Whether the plugin is to blame, so that its breaker counts it.
    pub const fn counts(&self) -> bool {
        !matches!(self, Self::Busy | Self::BreakerOpen | Self::Stopped | Self::Loop(_))
    }

    /// What people's programs read: whether the plugin began to work.
    pub const fn code(&self) -> &'static str {
        if self.is_passing() { "plugin.unavailable" } else { "plugin.failed" }
    }

    /// Whether trying the same again later may help.
    pub const fn is_passing(&self) -> bool {
        matches!(self, Self::Busy | Self::BreakerOpen | Self::Stopped)
    }

    /// Reads what wasmtime says.
    pub(super) fn from_wasmtime(error: &wasmtime::Error, transfer: usize) -> Self {
        if let Some(limit) = error.downcast_ref::<OverBudget>() {
            return Self::OverBudget(*limit);
        }
        let deepest = error.root_cause().to_string();
        if deepest.contains("fuel allocated for hostcalls") {
            return Self::OverBudget(OverBudget::Transfer(transfer / 1024));
        }
        match error.downcast_ref::<Trap>() {
            Some(Trap::StackOverflow) => Self::Trap("the stack is used up: recursion without an end?".to_owned()),
            Some(Trap::MemoryOutOfBounds) => {
                Self::Trap("memory outside of its bounds: recursion without an end?".to_owned())
            }
            Some(Trap::UnreachableCodeReached) => {
                Self::Trap("panic or abort (see the plugin's log for its last words)".to_owned())
            }
            Some(trap) => Self::Trap(trap.to_string()),
            None => Self::Trap(deepest),
        }
    }
}
