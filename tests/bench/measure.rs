//! Times of many calls. A comparison takes its sides in turn, so that what else the machine does hits both.

use std::time::Duration;

use tokio::time::Instant;

use crate::Outcome;

/// One stretch: how long each call took, and all of them.
#[derive(Default, Clone)]
pub struct Stretch {
    /// Each call.
    pub times: Vec<Duration>,
    /// From the first to the last.
    pub elapsed: Duration,
    /// What the measured process computed meanwhile.
    pub cpu: Duration,
}

/// All stretches of one side.
#[derive(Default)]
pub struct Side {
    stretches: Vec<Stretch>,
}

/// Two sides measured in turn.
#[derive(Default)]
pub struct Pair {
    /// What is measured.
    pub ours: Side,
    /// What it is held against.
    pub base: Side,
}

impl Stretch {
    /// Calls per second.
    pub fn rate(&self) -> f64 {
        count(self.times.len()) / self.elapsed.as_secs_f64().max(1e-9)
    }
}

impl Side {
    /// Adds a stretch.
    pub fn add(&mut self, stretch: Stretch) {
        self.stretches.push(stretch);
    }

    /// The time that this many of 1000 calls stayed within, in microseconds.
    pub fn micros(&self, per_mille: usize) -> f64 {
        let mut all: Vec<Duration> = self.stretches.iter().flat_map(|s| s.times.iter().copied()).collect();
        all.sort_unstable();
        let place = (all.len() * per_mille / 1000).min(all.len().saturating_sub(1));
        all.get(place).map_or(0.0, |time| time.as_secs_f64() * 1e6)
    }

    /// Calls per second: the middle stretch.
    pub fn rate(&self) -> f64 {
        middle(self.rates())
    }

    /// Processor time of the measured process for a call, in microseconds: what a busy machine hardly changes.
    pub fn cpu(&self) -> f64 {
        let calls: usize = self.stretches.iter().map(|s| s.times.len()).sum();
        let cpu: Duration = self.stretches.iter().map(|s| s.cpu).sum();
        cpu.as_secs_f64() * 1e6 / count(calls).max(1.0)
    }

    /// How far the stretches lie apart: (largest - smallest) / middle.
    pub fn spread(&self) -> f64 {
        let rates = self.rates();
        let (least, most) = rates.iter().fold((f64::MAX, 0.0_f64), |(a, b), rate| (a.min(*rate), b.max(*rate)));
        if rates.is_empty() { 0.0 } else { (most - least) / middle(rates).max(1e-9) }
    }

    fn rates(&self) -> Vec<f64> {
        self.stretches.iter().map(Stretch::rate).collect()
    }
}

impl Pair {
    /// Throughput of ours as a part of the other's: the middle of the ratios of neighbouring stretches.
    pub fn throughput_ratio(&self) -> f64 {
        let pairs = self.ours.stretches.iter().zip(&self.base.stretches);
        middle(pairs.map(|(ours, base)| ours.rate() / base.rate().max(1e-9)).collect())
    }

    /// Ours / the other's, of the middle call.
    pub fn p50_ratio(&self) -> f64 {
        self.ours.micros(500) / self.base.micros(500).max(1e-9)
    }
}

/// Takes two sides in turn, the second first in every other round; the first round warms up and does not count.
pub fn in_turn(
    rounds: usize,
    mut ours: impl FnMut() -> Outcome<Stretch>,
    mut base: impl FnMut() -> Outcome<Stretch>,
) -> Outcome<Pair> {
    let mut pair = Pair::default();
    for round in 0..=rounds {
        let (a, b) = if round % 2 == 0 {
            let a = ours()?;
            (a, base()?)
        } else {
            let b = base()?;
            (ours()?, b)
        };
        if round > 0 {
            pair.ours.add(a);
            pair.base.add(b);
        }
    }
    Ok(pair)
}

/// Processor time of a process so far, in steps of 10 ms.
pub fn processor(process: u32) -> Outcome<Duration> {
    let text = std::fs::read_to_string(format!("/proc/{process}/stat"))?;
    let after_name = text.rsplit_once(')').map_or("", |(_, rest)| rest);
    // The fields after the name begin with the third; user and system time are the 14th and 15th, in 1/100 s.
    let ticks: u64 = after_name.split_whitespace().skip(11).take(2).filter_map(|word| word.parse::<u64>().ok()).sum();
    Ok(Duration::from_millis(ticks * 10))
}

/// Runs a stretch and takes the processor time of a process meanwhile.
pub fn with_processor(process: u32, stretch: impl FnOnce() -> Outcome<Stretch>) -> Outcome<Stretch> {
    let before = processor(process)?;
    let stretch = stretch()?;
    Ok(Stretch { cpu: processor(process)?.saturating_sub(before), ..stretch })
}

/// A clock for stretches.
pub fn now() -> Instant {
    Instant::now()
}

/// A count as a number to compute with.
pub fn count(count: usize) -> f64 {
    u32::try_from(count).map_or(f64::MAX, f64::from)
}

/// The middle one.
pub fn middle(mut all: Vec<f64>) -> f64 {
    all.sort_by(f64::total_cmp);
    all.get(all.len() / 2).copied().unwrap_or_default()
}
