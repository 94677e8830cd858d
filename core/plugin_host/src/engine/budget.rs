//! What a call may use, by kind of call, and the operator's caps.

use std::time::Duration;

const MIB: usize = 1024 * 1024;

/// What one call may use.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Budget {
    /// CPU time of its own code, measured on the thread.
    pub cpu: Duration,
    /// Time from start to end.
    pub wall: Duration,
    /// Bytes of linear memory.
    pub memory: usize,
    /// Calls of host functions.
    pub host_calls: u32,
    /// Rows read and written through the host.
    pub rows: u32,
    /// Requests to other servers.
    pub requests: u32,
    /// Papers and workbooks.
    pub papers: u32,
    /// Bytes in one answer, or handed to the host in one call.
    pub transfer: usize,
    /// Changes or events in the call: so many calls of a function that answers all of them alike (settings, context, time,
    /// limits, log) count as one.
    pub batch: u32,
}

impl Budget {
    /// A before-hook: somebody is waiting for a save.
    pub const HOOK: Self = Self {
        cpu: Duration::from_millis(50),
        wall: Duration::from_millis(500),
        memory: 32 * MIB,
        host_calls: 100,
        rows: 1_000,
        requests: 0,
        papers: 0,
        transfer: 2 * MIB,
        batch: 1,
    };
    /// An HTTP route.
    pub const HTTP: Self = Self {
        cpu: Duration::from_millis(250),
        wall: Duration::from_secs(10),
        memory: 64 * MIB,
        host_calls: 500,
        rows: 5_000,
        requests: 5,
        papers: 2,
        transfer: 8 * MIB,
        batch: 1,
    };
    /// Figures or a tree of a page: somebody is waiting for it to show.
    pub const PAGE: Self = Self {
        cpu: Duration::from_millis(50),
        wall: Duration::from_secs(1),
        memory: 32 * MIB,
        host_calls: 100,
        rows: 2_000,
        transfer: 2 * MIB,
        requests: 0,
        papers: 0,
        batch: 1,
    };
    /// A batch of events.
    pub const EVENTS: Self = Self {
        cpu: Duration::from_millis(500),
        wall: Duration::from_secs(30),
        memory: 64 * MIB,
        host_calls: 1_000,
        rows: 10_000,
        requests: 20,
        papers: 10,
        transfer: 4 * MIB,
        batch: 1,
    };
    /// An action of a process or task.
    pub const ACTION: Self = Self::EVENTS;
    /// A question of a process.
    pub const CONDITION: Self = Self::HTTP;
    /// A step of a job.
    pub const JOB: Self = Self {
        cpu: Duration::from_secs(10),
        wall: Duration::from_secs(300),
        memory: 128 * MIB,
        host_calls: 10_000,
        rows: 100_000,
        requests: 200,
        papers: 50,
        transfer: 8 * MIB,
        batch: 1,
    };
    /// A moment of a company: an administrator waits for it.
    pub const MOMENT: Self = Self { cpu: Duration::from_secs(2), wall: Duration::from_secs(10), ..Self::EVENTS };
    /// The check at installation.
    pub const HEALTH: Self = Self { cpu: Duration::from_millis(250), wall: Duration::from_secs(5), ..Self::HOOK };

    /// More time for a batch: hooks get the CPU of one call for every 50 changes begun.
    #[must_use]
    pub fn for_batch(self, changes: usize) -> Self {
        let times = u32::try_from(changes.div_ceil(50)).unwrap_or(u32::MAX).max(1);
        Self { cpu: self.cpu.saturating_mul(times), wall: self.wall.saturating_mul(times), ..self }.shared_by(changes)
    }

    /// For a call with so many changes or events.
    #[must_use]
    pub fn shared_by(self, batch: usize) -> Self {
        Self { batch: u32::try_from(batch).unwrap_or(u32::MAX).max(1), ..self }
    }

    /// Lowered to the operator's caps, after the patience of the machine.
    #[must_use]
    pub fn within(self, caps: &Caps) -> Self {
        Self {
            cpu: self.cpu.min(caps.cpu),
            wall: self.wall.saturating_mul(caps.patience).min(caps.wall),
            memory: self.memory.min(caps.memory),
            ..self
        }
    }
}

/// The operator's caps on every call.
#[derive(Debug, Clone)]
pub struct Caps {
    /// CPU time.
    pub cpu: Duration,
    /// Time from start to end.
    pub wall: Duration,
    /// Bytes of linear memory.
    pub memory: usize,
    /// How many times longer than its budget a call may last from start to end: more than once on a machine that keeps calls
    /// waiting for a processor. What they use of it stays limited.
    pub patience: u32,
}

impl Caps {
    /// Entries of a table of functions.
    pub const TABLE_ELEMENTS: usize = 20_000;
    /// Resources a guest may hold at once.
    pub const HANDLES: usize = 100;
}

impl Default for Caps {
    fn default() -> Self {
        Self { cpu: Duration::from_secs(10), wall: Duration::from_secs(300), memory: 128 * MIB, patience: 1 }
    }
}
