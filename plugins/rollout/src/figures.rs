//! Before and after, goals, money, adoption, training: every figure the module computes. Pure.

/// Below so many cases a comparison is not told.
pub const FEW: i64 = 30;
/// Below so many people a group is not shown by itself.
pub const SMALL_GROUP: i64 = 5;

/// To one decimal, half away from zero.
pub fn tenth(value: f64) -> f64 {
    let scaled = value * 10.0;
    // 89.45 is 894.4999... in binary: what is a hair below a half is a half.
    (scaled + scaled.signum() * 1e-9).round() / 10.0
}

/// What is compared.
#[derive(Debug, Clone, PartialEq)]
pub struct Window<'a> {
    /// The figure's key, the version of its definition, and whose it is: only equal ones are compared.
    pub same: (&'a str, i64, &'a str),
    /// Working days that it was measured over.
    pub days: i64,
    /// What was measured.
    pub value: f64,
    /// Cases.
    pub n: i64,
}

/// What a comparison says.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Change {
    /// Percent, to one decimal; none where it was nothing before.
    Percent(Option<f64>),
    /// Too few cases to tell.
    Few,
    /// They are not alike.
    Unlike,
}

/// From before to after.
pub fn change(before: &Window, after: &Window) -> Change {
    if before.same != after.same || before.days != after.days {
        return Change::Unlike;
    }
    if before.n < FEW || after.n < FEW {
        return Change::Few;
    }
    let percent = || tenth((after.value - before.value) / before.value.abs() * 100.0);
    Change::Percent((before.value != 0.0).then(percent))
}

/// How far a goal is reached, 0 to 150 percent; none where the target is what it was before.
pub fn degree(before: f64, after: f64, target: f64) -> Option<f64> {
    (target != before).then(|| tenth(((after - before) / (target - before) * 100.0).clamp(0.0, 150.0)))
}

/// The mean of degrees by weight.
pub fn weighted(degrees: &[(f64, i64)]) -> Option<f64> {
    let weight: i64 = degrees.iter().map(|(_, weight)| weight).sum();
    let sum: f64 = degrees.iter().map(|(degree, weight)| degree * float(*weight)).sum();
    (weight > 0).then(|| tenth(sum / float(weight)))
}

/// Months until the first year's cost is back; none without a gain.
pub fn payback(cost: f64, monthly: f64) -> Option<f64> {
    (monthly > 0.0).then(|| tenth(cost / monthly))
}

/// How bills stand to the limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Spent {
    /// Within it.
    Within,
    /// Over 90 %.
    Near,
    /// Over it: the board decides.
    Over,
}

/// Where a sum stands.
pub fn spent(sum: f64, limit: f64) -> Spent {
    match limit {
        limit if limit <= 0.0 => Spent::Within,
        limit if sum > limit => Spent::Over,
        limit if sum > limit * 0.9 => Spent::Near,
        _ => Spent::Within,
    }
}

/// A part of a whole in percent, to one decimal; none of nothing.
pub fn percent(part: i64, whole: i64) -> Option<f64> {
    (whole > 0).then(|| tenth(float(part) / float(whole) * 100.0))
}

/// Of those in scope who were not excused, how many attended, in percent.
pub fn attended(scope: i64, attended: i64, excused: i64) -> Option<f64> {
    percent(attended, scope - excused)
}

/// The mean of marks, to one decimal; none of fewer than five, so that nobody is known by their answer.
pub fn mean(marks: &[i64]) -> Option<f64> {
    let count = whole(marks.len());
    (count >= SMALL_GROUP).then(|| tenth(float(marks.iter().sum()) / float(count)))
}

/// A week of a department.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Week {
    /// People, and those who changed something on three of five days.
    pub people: (i64, i64),
    /// Open deals, and those touched in seven days.
    pub deals: (i64, i64),
    /// Tasks, and those that are not late.
    pub tasks: (i64, i64),
}

impl Week {
    /// Several groups as one.
    #[must_use]
    pub fn with(self, other: Week) -> Week {
        let sum = |one: (i64, i64), two: (i64, i64)| (one.0 + two.0, one.1 + two.1);
        Week {
            people: sum(self.people, other.people),
            deals: sum(self.deals, other.deals),
            tasks: sum(self.tasks, other.tasks),
        }
    }

    /// The mean of the parts that there are, in percent.
    pub fn adoption(self) -> Option<f64> {
        let part = |(whole, part): (i64, i64)| (whole > 0).then(|| float(part) / float(whole) * 100.0);
        let parts: Vec<f64> = [self.people, self.deals, self.tasks].into_iter().filter_map(part).collect();
        let count = i64::try_from(parts.len()).unwrap_or(0);
        (count > 0).then(|| tenth(parts.iter().sum::<f64>() / float(count)))
    }

    /// Too small to be shown by itself.
    pub fn is_small(self) -> bool {
        self.people.0 < SMALL_GROUP
    }
}

/// `green`, `amber`, `red`.
pub fn light(adoption: f64, green: i64, amber: i64) -> &'static str {
    match adoption {
        value if value >= float(green) => "green",
        value if value >= float(amber) => "amber",
        _ => "red",
    }
}

/// Why a module is not yet switched on for everybody.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Pilot {
    /// Working days that it has run.
    pub days: i64,
    /// Adoption, in percent.
    pub adoption: Option<f64>,
    /// Defects of severity 1 that are not over.
    pub severe: i64,
}

impl Pilot {
    /// Whether it has passed: so many days, so much adoption, nothing severe.
    pub fn passed(self, days: i64, adoption: i64) -> bool {
        self.days >= days && self.adoption.is_some_and(|value| value >= float(adoption)) && self.severe == 0
    }
}

/// A count as a whole number.
pub fn whole(count: usize) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

/// A whole number as a float; the figures of a company fit.
pub fn float(number: i64) -> f64 {
    i32::try_from(number).map_or_else(|_| number.to_string().parse().unwrap_or(f64::MAX), f64::from)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn window(value: f64, n: i64) -> Window<'static> {
        Window { same: ("lead.first_answer", 1, "Sales"), days: 20, value, n }
    }

    #[test]
    fn before_and_after_are_compared_when_they_are_alike() {
        assert_eq!(change(&window(240.0, 40), &window(105.0, 38)), Change::Percent(Some(-56.3)));
        assert_eq!(change(&window(240.0, 40), &window(105.0, 12)), Change::Few);
        assert_eq!(change(&window(0.0, 40), &window(105.0, 40)), Change::Percent(None));
        let other = Window { days: 19, ..window(105.0, 38) };
        assert_eq!(change(&window(240.0, 40), &other), Change::Unlike);
        let other = Window { same: ("lead.first_answer", 2, "Sales"), ..window(105.0, 38) };
        assert_eq!(change(&window(240.0, 40), &other), Change::Unlike);
    }

    #[test]
    fn a_goal_is_reached_from_0_to_150_percent() {
        assert_eq!(degree(240.0, 105.0, 60.0), Some(75.0));
        assert_eq!(degree(240.0, 300.0, 60.0), Some(0.0));
        assert_eq!(degree(10.0, 100.0, 20.0), Some(150.0));
        assert_eq!(degree(10.0, 100.0, 10.0), None);
        assert_eq!(weighted(&[(75.0, 1), (150.0, 2)]), Some(125.0));
        assert_eq!(weighted(&[]), None);
    }

    #[test]
    fn money_comes_back_where_there_is_a_gain() {
        assert_eq!(payback(105_000.0, 15_000.0), Some(7.0));
        assert_eq!(payback(105_000.0, 0.0), None);
        assert_eq!(payback(105_000.0, -1.0), None);
        assert_eq!(spent(95_000.0, 100_000.0), Spent::Near);
        assert_eq!(spent(90_000.0, 100_000.0), Spent::Within);
        assert_eq!(spent(105_000.0, 100_000.0), Spent::Over);
        assert_eq!(spent(105_000.0, 0.0), Spent::Within);
    }

    #[test]
    fn adoption_is_the_mean_of_its_parts() {
        let week = Week { people: (10, 8), deals: (50, 30), tasks: (20, 18) };
        assert_eq!(week.adoption(), Some(76.7));
        assert_eq!(light(76.7, 70, 40), "green");
        assert_eq!(light(69.9, 70, 40), "amber");
        assert_eq!(light(39.9, 70, 40), "red");
        assert_eq!(Week { people: (10, 8), ..Week::default() }.adoption(), Some(80.0));
        assert_eq!(Week::default().adoption(), None);
        assert!(Week { people: (4, 4), ..Week::default() }.is_small());
    }

    #[test]
    fn attendance_leaves_the_excused_aside() {
        assert_eq!(attended(40, 34, 2), Some(89.5));
        assert_eq!(attended(40, 35, 2), Some(92.1));
        assert_eq!(attended(2, 0, 2), None);
        assert_eq!(percent(15, 45), Some(33.3));
    }

    #[test]
    fn few_answers_have_no_mean() {
        assert_eq!(mean(&[4, 5, 3, 4]), None);
        assert_eq!(mean(&[4, 5, 3, 4, 5]), Some(4.2));
    }

    #[test]
    fn a_pilot_passes_by_days_adoption_and_no_severe_defect() {
        let pilot = |days, adoption, severe| Pilot { days, adoption: Some(adoption), severe }.passed(10, 70);
        assert!(!pilot(9, 72.0, 0));
        assert!(!pilot(10, 64.0, 0));
        assert!(!pilot(10, 72.0, 1));
        assert!(pilot(10, 72.0, 0));
    }
}
