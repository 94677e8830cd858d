//! Where the tasks of a plan stand in time: dependencies, working days, what has no slack. Pure.

use crate::days::{Calendar, Day};

/// A task of a plan.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// How long, in working days; one at least.
    pub days: i64,
    /// Places in the list of those that must end before it begins.
    pub after: Vec<usize>,
    /// Where it stands now.
    pub now: Option<(Day, Day)>,
    /// It stays where it is: its stage is accepted, or it is done.
    pub fixed: bool,
}

/// Where a task stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Placed {
    /// First day.
    pub start: Day,
    /// Last day.
    pub end: Day,
    /// It cannot be late without the whole plan being late.
    pub critical: bool,
}

/// What becomes of gaps before tasks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Gaps {
    /// They stay: a task is only ever pushed.
    Keep,
    /// Tasks are pulled to where those before them end.
    Close,
}

/// Places every task; none where they wait for one another in a circle.
///
/// A task begins on the first working day after the last of those it follows, never before `first`. It keeps a later
/// beginning that it has, unless gaps are closed.
pub fn place(first: Day, steps: &[Step], gaps: Gaps, calendar: &Calendar) -> Option<Vec<Placed>> {
    let order = order(steps)?;
    let mut placed: Vec<Option<(Day, Day)>> = vec![None; steps.len()];
    for index in &order {
        let step = steps.get(*index)?;
        let at = match step.now {
            Some(now) if step.fixed => now,
            now => {
                let ends = step.after.iter().filter_map(|other| placed.get(*other).copied().flatten());
                let earliest = ends.map(|(_, end)| calendar.next(end)).max().map_or(first, |day| day.max(first));
                let kept = now.map(|(start, _)| start).filter(|start| gaps == Gaps::Keep && *start > earliest);
                let start = calendar.first(kept.unwrap_or(earliest));
                (start, calendar.end(start, step.days))
            }
        };
        *placed.get_mut(*index)? = Some(at);
    }
    let placed: Vec<(Day, Day)> = placed.into_iter().collect::<Option<_>>()?;
    let critical = critical(steps, &placed, &order, calendar);
    let all = placed.into_iter().zip(critical);
    Some(all.map(|((start, end), critical)| Placed { start, end, critical }).collect())
}

/// Each after those it follows.
fn order(steps: &[Step]) -> Option<Vec<usize>> {
    let mut left: Vec<usize> = steps.iter().map(|step| step.after.len()).collect();
    let mut followers = vec![Vec::new(); steps.len()];
    for (index, step) in steps.iter().enumerate() {
        for other in &step.after {
            followers.get_mut(*other)?.push(index);
        }
    }
    let mut ready: Vec<usize> =
        left.iter().enumerate().filter(|(_, left)| **left == 0).map(|(index, _)| index).collect();
    let mut order = Vec::with_capacity(steps.len());
    while let Some(index) = ready.pop() {
        order.push(index);
        for follower in followers.get(index)? {
            let left = left.get_mut(*follower)?;
            *left -= 1;
            if *left == 0 {
                ready.push(*follower);
            }
        }
    }
    (order.len() == steps.len()).then_some(order)
}

/// Critical path method, backwards from the last day: whoever may not end later.
fn critical(steps: &[Step], placed: &[(Day, Day)], order: &[usize], calendar: &Calendar) -> Vec<bool> {
    let last = placed.iter().map(|(_, end)| *end).max().unwrap_or(Day(0));
    // The latest end of each, as working days before the last day of the plan.
    let mut room = vec![0_i64; steps.len()];
    for index in order.iter().rev() {
        let (Some(step), Some((start, end))) = (steps.get(*index), placed.get(*index)) else { continue };
        let mine = room.get(*index).copied().unwrap_or(0);
        let slack = calendar.between(end.plus(1), last) - mine;
        // What follows me leaves them so many working days before the end.
        let needed = mine + calendar.between(*start, *end).max(1);
        if let Some(room) = room.get_mut(*index) {
            *room = slack;
        }
        for other in &step.after {
            // Those before are later in this walk, so that their place still holds what is needed after them.
            if let Some(room) = room.get_mut(*other) {
                *room = (*room).max(needed);
            }
        }
    }
    room.into_iter().map(|slack| slack <= 0).collect()
}

/// Working days behind what was agreed: by where it stands, or by today when it should be done and is not.
pub fn late(agreed_end: Day, end: Day, today: Day, done: bool, calendar: &Calendar) -> i64 {
    let reached = if done { end } else { end.max(today) };
    if reached <= agreed_end { 0 } else { calendar.between(agreed_end.plus(1), reached) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> Day {
        Day::parse(text).unwrap()
    }

    fn chain(count: usize) -> Vec<Step> {
        (0..count)
            .map(|index| Step { days: 5, after: index.checked_sub(1).into_iter().collect(), now: None, fixed: false })
            .collect()
    }

    fn ends(placed: &[Placed]) -> Vec<String> {
        placed.iter().map(|one| one.end.to_string()).collect()
    }

    #[test]
    fn tasks_follow_one_another_five_working_days_each() {
        let placed = place(day("2026-06-01"), &chain(21), Gaps::Keep, &Calendar::default()).unwrap();
        let ends = ends(&placed);
        assert_eq!((&*ends[0], &*ends[2], &*ends[20]), ("2026-06-05", "2026-06-19", "2026-10-23"));
        assert!(placed.iter().all(|one| one.critical));
        let placed =
            place(day("2026-06-01"), &chain(21), Gaps::Keep, &Calendar::of([(day("2026-06-24"), false)])).unwrap();
        assert_eq!((&*placed[3].end.to_string(), &*placed[20].end.to_string()), ("2026-06-29", "2026-10-26"));
    }

    #[test]
    fn a_later_end_pushes_and_an_earlier_one_pulls_on_request_only() {
        let calendar = Calendar::default();
        let mut steps = chain(3);
        let keep = |steps: &mut Vec<Step>, gaps| {
            let placed = place(day("2026-06-01"), steps, gaps, &calendar).unwrap();
            for (step, placed) in steps.iter_mut().zip(&placed) {
                step.now = Some((placed.start, placed.end));
            }
            ends(&placed)
        };
        assert_eq!(keep(&mut steps, Gaps::Keep), ["2026-06-05", "2026-06-12", "2026-06-19"]);
        steps[0].days = 7;
        assert_eq!(keep(&mut steps, Gaps::Keep), ["2026-06-09", "2026-06-16", "2026-06-23"]);
        steps[0].days = 5;
        assert_eq!(keep(&mut steps, Gaps::Keep), ["2026-06-05", "2026-06-16", "2026-06-23"]);
        assert_eq!(keep(&mut steps, Gaps::Close), ["2026-06-05", "2026-06-12", "2026-06-19"]);
    }

    #[test]
    fn what_is_accepted_stands() {
        let mut steps = chain(2);
        steps[0].now = Some((day("2026-05-04"), day("2026-05-08")));
        steps[0].fixed = true;
        let placed = place(day("2026-06-01"), &steps, Gaps::Close, &Calendar::default()).unwrap();
        assert_eq!(ends(&placed), ["2026-05-08", "2026-06-05"]);
    }

    #[test]
    fn what_has_slack_is_not_critical() {
        let step = |days, after: &[usize]| Step { days, after: after.to_vec(), now: None, fixed: false };
        // 0 -> 1 -> 3 and 0 -> 2 -> 3: 2 is shorter; 4 stands alone.
        let steps = [step(5, &[]), step(5, &[0]), step(2, &[0]), step(1, &[1, 2]), step(3, &[])];
        let placed = place(day("2026-06-01"), &steps, Gaps::Keep, &Calendar::default()).unwrap();
        let critical: Vec<bool> = placed.iter().map(|one| one.critical).collect();
        assert_eq!(critical, [true, true, false, true, false]);
        assert_eq!(placed[3].start, day("2026-06-15"));
    }

    #[test]
    fn a_circle_is_no_plan() {
        let mut steps = chain(3);
        steps[0].after = vec![2];
        assert_eq!(place(day("2026-06-01"), &steps, Gaps::Keep, &Calendar::default()), None);
        steps[0].after = vec![9];
        assert_eq!(place(day("2026-06-01"), &steps, Gaps::Keep, &Calendar::default()), None);
    }

    #[test]
    fn two_hundred_tasks_are_placed() {
        let mut steps = chain(200);
        steps[100].after = vec![3, 50, 99];
        let placed = place(day("2026-06-01"), &steps, Gaps::Keep, &Calendar::default()).unwrap();
        assert_eq!(placed[199].end, Calendar::default().end(day("2026-06-01"), 1_000));
    }

    #[test]
    fn lateness_is_counted_against_what_was_agreed() {
        let calendar = Calendar::default();
        let check = |end: &str, today: &str, done| late(day("2026-06-05"), day(end), day(today), done, &calendar);
        assert_eq!(check("2026-06-05", "2026-06-01", false), 0);
        assert_eq!(check("2026-06-09", "2026-06-01", false), 2);
        assert_eq!(check("2026-06-05", "2026-06-10", false), 3);
        assert_eq!(check("2026-06-05", "2026-06-10", true), 0);
    }
}
