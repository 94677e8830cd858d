//! Rounding in reports and exports: the figures kept stay as they are, and printed lines add up. Pure.

/// To what and which way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rounding {
    /// Seconds; 0: not at all.
    pub step: i64,
    /// Up, else to the nearest (halves up).
    pub up: bool,
    /// The total, else each row.
    pub per_total: bool,
}

impl Rounding {
    /// One figure.
    pub const fn of(self, seconds: i64) -> i64 {
        if self.step <= 0 {
            return seconds;
        }
        let more = if self.up { self.step - 1 } else { self.step / 2 };
        (seconds + more) / self.step * self.step
    }

    /// The printed lines, and the line "rounding" that makes them add up where the total is rounded.
    pub fn lines(self, rows: &[i64]) -> (Vec<i64>, i64) {
        if !self.per_total {
            return (rows.iter().map(|row| self.of(*row)).collect(), 0);
        }
        let total: i64 = rows.iter().sum();
        (rows.to_vec(), self.of(total) - total)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rule_11_acceptance_16_printed_lines_add_up() {
        let rows = [7 * 60; 3];
        let up = Rounding { step: 15 * 60, up: true, per_total: false };
        assert_eq!(up.lines(&rows).0.iter().sum::<i64>(), 45 * 60);
        let (lines, rounding) = Rounding { per_total: true, ..up }.lines(&rows);
        assert_eq!((lines.iter().sum::<i64>(), rounding), (21 * 60, 9 * 60));
    }

    #[test]
    fn rule_11_the_nearest_step_takes_halves_up_and_no_step_changes_nothing() {
        let near = Rounding { step: 360, up: false, per_total: false };
        assert_eq!([near.of(179), near.of(180), near.of(540)], [0, 360, 720]);
        assert_eq!(Rounding { step: 0, ..near }.of(179), 179);
    }
}
