//! Lanes: jobs that hold a slot for long have slots of their own, so that those with a time never wait for them.

/// Where a kind of job has its slots.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lane {
    /// A moment of work with our own database: timers, deadlines, steps of processes.
    Short,
    /// Waits for others: mail and web servers, plugins.
    Waiting,
    /// Minutes of work of our own: imports, mass edits, cleaning up.
    Long,
    /// Minutes of work of plugins.
    Modules,
}

impl Lane {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Short, Self::Waiting, Self::Long, Self::Modules];
}

/// Jobs at the same time, by lane; at least one each.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Slots {
    /// Of [`Lane::Short`].
    pub short: usize,
    /// Of [`Lane::Waiting`].
    pub waiting: usize,
    /// Of [`Lane::Long`].
    pub long: usize,
    /// Of [`Lane::Modules`].
    pub modules: usize,
}

impl Slots {
    /// So many in each lane.
    pub const fn each(count: usize) -> Self {
        Self { short: count, waiting: count, long: count, modules: count }
    }

    /// Those of a lane.
    pub fn of(self, lane: Lane) -> usize {
        let slots = match lane {
            Lane::Short => self.short,
            Lane::Waiting => self.waiting,
            Lane::Long => self.long,
            Lane::Modules => self.modules,
        };
        slots.max(1)
    }

    /// How many of them the jobs of one company and kind may have: where a slot is held for long, some stay free for
    /// whoever comes next.
    pub fn of_line(self, lane: Lane) -> usize {
        match lane {
            Lane::Short => self.of(lane),
            Lane::Waiting | Lane::Long | Lane::Modules => self.of(lane).div_ceil(2),
        }
    }
}
