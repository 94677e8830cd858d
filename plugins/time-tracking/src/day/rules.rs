//! What a day comes to: worked time, the norm, violations. Pure.

use super::place::Keeps;
use crate::span::{self, Span};
use crate::zone::{HOUR, SECOND};

/// The bounds of a policy, in seconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Only what is missing over a period counts.
    pub flexible: bool,
    /// A start later than the plan by more than this is late.
    pub late_after: i64,
    /// An end earlier than the plan by more than this is early.
    pub early_before: i64,
    /// A day that lacks more than this is short.
    pub short_by: i64,
    /// A period that lacks more than this is told of.
    pub period_lack: i64,
    /// One's own day may be changed by so much without asking.
    pub silent_edit: i64,
    /// A day that is not finished so long after its planned end is forgotten.
    pub auto_close: i64,
    /// What is kept of where a day begins and ends.
    pub place: Keeps,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            flexible: false,
            late_after: 5 * 60,
            early_before: 5 * 60,
            short_by: 15 * 60,
            period_lack: 60 * 60,
            silent_edit: 15 * 60,
            auto_close: 4 * 3_600,
            place: Keeps::Nothing,
        }
    }
}

/// What the calendar says of a person's date.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Plan {
    /// Working intervals that begin on the date, in order.
    pub planned: Vec<Span>,
    /// The person's absences.
    pub absent: Vec<Span>,
}

impl Plan {
    /// What is left to work.
    pub fn working(&self) -> Vec<Span> {
        span::without(&self.planned, &self.absent)
    }

    /// Seconds.
    pub fn norm(&self) -> i64 {
        span::seconds(&self.working())
    }

    /// When work begins and ends; nothing on a free day.
    pub fn bounds(&self) -> Option<Span> {
        let working = self.working();
        Some(Span::new(working.first()?.start, working.last()?.end))
    }
}

/// A day as it was kept.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Kept {
    /// When it began.
    pub start: i64,
    /// When it ended; nothing: it goes on.
    pub end: Option<i64>,
    /// Pauses; the last one may go on.
    pub breaks: Vec<(i64, Option<i64>)>,
    /// Pauses in seconds where nobody knows when they were.
    pub rest: i64,
}

impl Kept {
    /// Seconds worked until an instant, or until the day's end.
    pub fn worked(&self, now: i64) -> i64 {
        let end = self.end.unwrap_or(now);
        let whole = Span::new(self.start, end);
        let pauses: Vec<Span> = self.breaks.iter().map(|(from, to)| Span::new(*from, to.unwrap_or(end))).collect();
        (span::seconds(&span::without(&[whole], &pauses)) - self.rest).max(0)
    }

    /// Seconds of pauses between the start and an instant, whatever came later.
    pub fn rested(&self, until: i64) -> i64 {
        let until_then = Self { end: Some(until), ..self.clone() };
        Span::new(self.start, until).seconds() - until_then.worked(until)
    }

    /// Whether a pause goes on.
    pub fn paused(&self) -> bool {
        self.breaks.last().is_some_and(|(_, to)| to.is_none())
    }
}

/// What a day breaks, in seconds.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Broken {
    /// Between the planned start and the start.
    pub late: i64,
    /// Between the end and the planned end.
    pub early: i64,
    /// Norm less worked.
    pub short: i64,
}

impl Broken {
    /// The keys of the field `violations`.
    pub fn kinds(self) -> Vec<String> {
        let all = [("late", self.late), ("early", self.early), ("short", self.short)];
        all.into_iter().filter(|(_, by)| *by > 0).map(|(kind, _)| kind.to_owned()).collect()
    }
}

/// What a start breaks: it is known at once.
pub fn late(start: i64, plan: &Plan, limits: &Limits) -> i64 {
    let Some(bounds) = plan.bounds().filter(|_| !limits.flexible) else { return 0 };
    let by = (start - bounds.start) / SECOND;
    if by > limits.late_after { by } else { 0 }
}

/// What a day breaks; of one that goes on only the start is judged.
pub fn judge(kept: &Kept, plan: &Plan, limits: &Limits) -> Broken {
    let mut broken = Broken { late: late(kept.start, plan, limits), ..Broken::default() };
    let (Some(end), Some(bounds), false) = (kept.end, plan.bounds(), limits.flexible) else { return broken };
    let (early, lack) = ((bounds.end - end) / SECOND, plan.norm() - kept.worked(end));
    broken.early = if early > limits.early_before { early } else { 0 };
    broken.short = if lack > limits.short_by { lack } else { 0 };
    broken
}

/// When a day that nobody finished is forgotten: after its planned end, without a plan 12 hours after its start.
pub fn forgotten_at(start: i64, plan: &Plan, limits: &Limits) -> i64 {
    let end = plan.planned.last().map(|span| span.end).filter(|end| *end > start);
    end.map_or(start + 12 * HOUR, |end| end + limits.auto_close * SECOND)
}

/// Whether a date was missed: a plan, no start by its end.
pub fn missed(plan: &Plan, now: i64) -> bool {
    plan.bounds().is_some_and(|bounds| bounds.end <= now)
}

/// Whether a change of one's own day is so small that nobody is asked.
pub fn is_silent(kept: Option<&Kept>, start: i64, end: i64, rest: i64, limits: &Limits) -> bool {
    let Some(kept) = kept else { return false };
    let Some(was_end) = kept.end else { return false };
    let was_rest = Span::new(kept.start, was_end).seconds() - kept.worked(was_end);
    let moved = (start - kept.start).abs().max((end - was_end).abs()) / SECOND;
    moved.max((rest - was_rest).abs()) <= limits.silent_edit
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::zone::{MINUTE, Zone};

    fn at(time: &str) -> i64 {
        Zone::named("Europe/Kyiv").read(&format!("2026-03-03T{time}")).unwrap()
    }

    fn spans(all: &[(&str, &str)]) -> Vec<Span> {
        all.iter().map(|(from, to)| Span::new(at(from), at(to))).collect()
    }

    fn full() -> Plan {
        Plan { planned: spans(&[("09:00", "13:00"), ("14:00", "18:00")]), absent: Vec::new() }
    }

    fn day(start: &str, end: &str, pause: Option<(&str, &str)>) -> Kept {
        let breaks = pause.iter().map(|(from, to)| (at(from), Some(at(to)))).collect();
        Kept { start: at(start), end: Some(at(end)), breaks, rest: 0 }
    }

    #[test]
    fn acceptance_1_a_day_of_7_57_breaks_nothing() {
        let kept = day("09:03", "18:00", Some(("13:00", "14:00")));
        assert_eq!(kept.worked(0), 7 * 3_600 + 57 * 60);
        assert_eq!(judge(&kept, &full(), &Limits::default()), Broken::default());
    }

    #[test]
    fn rule_3_late_is_counted_to_the_second() {
        let limits = Limits::default();
        assert_eq!(late(at("09:05:00"), &full(), &limits), 0);
        assert_eq!(late(at("09:05:01"), &full(), &limits), 301);
        assert_eq!(late(at("09:05:01"), &full(), &Limits { flexible: true, ..limits }), 0);
    }

    #[test]
    fn rule_3_an_early_end_and_a_short_day_are_told_apart() {
        let kept = day("09:00", "17:54:59", Some(("13:00", "14:00")));
        let broken = judge(&kept, &full(), &Limits::default());
        assert_eq!(broken, Broken { late: 0, early: 301, short: 0 });
        let kept = day("09:00", "17:40", Some(("13:00", "14:00")));
        assert_eq!(judge(&kept, &full(), &Limits::default()).kinds(), ["early", "short"]);
    }

    #[test]
    fn acceptance_10_an_absence_in_the_morning_moves_the_start_and_the_norm() {
        let limits = Limits::default();
        let off = Plan { absent: spans(&[("09:00", "13:00")]), ..full() };
        assert_eq!((late(at("14:00"), &off, &limits), off.norm()), (0, 4 * 3_600));
        assert_eq!(late(at("14:00"), &full(), &limits), 18_000);
    }

    #[test]
    fn acceptance_11_half_a_rate_lacks_by_its_own_norm() {
        let half = Plan { planned: spans(&[("09:00", "13:00")]), absent: Vec::new() };
        let short = |end| judge(&day("09:00", end, None), &half, &Limits { early_before: 3_600, ..Limits::default() });
        assert_eq!(short("12:50"), Broken::default());
        assert_eq!(short("12:44").short, 16 * 60);
    }

    #[test]
    fn a_pause_after_an_instant_is_none_before_it() {
        let kept = day("09:00", "18:00", Some(("13:00", "14:00")));
        let rested = |until| kept.rested(at(until));
        assert_eq!([rested("12:00"), rested("13:30"), rested("17:00")], [0, 1_800, 3_600]);
        assert_eq!(Kept { rest: 600, ..kept.clone() }.rested(at("12:00")), 600);
        let goes_on = Kept { breaks: vec![(at("13:00"), None)], end: None, ..kept };
        assert_eq!(goes_on.rested(at("13:20")), 1_200);
    }

    #[test]
    fn rule_2_a_day_nobody_finished_is_forgotten_four_hours_after_its_plan() {
        let limits = Limits::default();
        assert_eq!(forgotten_at(at("09:00"), &full(), &limits), at("22:00"));
        assert_eq!(forgotten_at(at("09:00"), &Plan::default(), &limits), at("21:00"));
        assert_eq!(forgotten_at(at("19:00"), &full(), &limits), at("19:00") + 12 * HOUR);
    }

    #[test]
    fn rule_3_missed_is_a_plan_without_a_start_by_its_end() {
        assert!(!missed(&full(), at("17:59:59")));
        assert!(missed(&full(), at("18:00")));
        assert!(!missed(&Plan { absent: spans(&[("00:00", "23:59")]), ..full() }, at("18:00")));
    }

    #[test]
    fn rule_7_a_quarter_of_an_hour_is_changed_without_asking() {
        let (kept, limits) = (day("09:00", "18:00", Some(("13:00", "14:00"))), Limits::default());
        let silent = |start: i64, rest| is_silent(Some(&kept), at("09:00") + start, at("18:00"), rest, &limits);
        assert!(silent(15 * MINUTE, 3_600));
        assert!(!silent(15 * MINUTE + SECOND, 3_600));
        assert!(!silent(0, 3_600 - 16 * 60));
        assert!(!is_silent(None, at("09:00"), at("18:00"), 0, &limits));
    }
}
