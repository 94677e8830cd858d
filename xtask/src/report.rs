//! Counting tests of all runners, timing stages, the table at the end.
//!
//! Data enters as lines that test runners print and leaves as totals and text. Only this module reads the clock.

use std::time::{Duration, Instant};

/// How many tests a runner reported.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Tests that passed.
    pub passed: u64,
    /// Tests that failed.
    pub failed: u64,
    /// Tests that were not run.
    pub skipped: u64,
    /// Tests that failed first and passed when run again; not among the passed.
    pub flaky: u64,
}

impl Counts {
    /// Adds the counts of another runner.
    pub fn add(&mut self, other: Self) {
        self.passed += other.passed;
        self.failed += other.failed;
        self.skipped += other.skipped;
        self.flaky += other.flaky;
    }

    /// Reads one line of cargo test, Vitest, Playwright or the plain `N passed, N failed`; other lines count nothing.
    pub fn read(&mut self, line: &str) {
        let line = without_colours(line);
        let line = line.trim();
        if let Some(rest) = line.strip_prefix("test result:") {
            self.read_numbers(rest.split([';', '.']));
        } else if let Some(rest) = line.strip_prefix("Tests ") {
            self.read_numbers(rest.split('|'));
        } else if line.split(',').all(is_count) {
            self.read_numbers(line.split(','));
        } else if is_count(line.split('(').next().unwrap_or_default()) {
            self.read_numbers(line.split('('));
        }
    }

    fn read_numbers<'a>(&mut self, parts: impl Iterator<Item = &'a str>) {
        for part in parts {
            let mut words = part.split_whitespace();
            let (Some(number), Some(word)) = (words.next(), words.next()) else { continue };
            let Ok(number) = number.parse::<u64>() else { continue };
            match word {
                "passed" => self.passed += number,
                "failed" => self.failed += number,
                "ignored" | "skipped" | "todo" => self.skipped += number,
                "flaky" => self.flaky += number,
                _ => {}
            }
        }
    }
}

fn is_count(part: &str) -> bool {
    let mut words = part.split_whitespace();
    let number = words.next().is_some_and(|word| word.parse::<u64>().is_ok());
    number && matches!(words.next(), Some("passed" | "failed" | "skipped" | "flaky")) && words.next().is_none()
}

fn without_colours(line: &str) -> String {
    let mut plain = String::with_capacity(line.len());
    let mut characters = line.chars();
    while let Some(character) = characters.next() {
        if character == '\u{1b}' {
            // A colour sequence: ESC [ digits ; digits letter.
            characters.by_ref().find(|c| c.is_ascii_alphabetic());
        } else {
            plain.push(character);
        }
    }
    plain
}

/// A running stop watch.
pub struct Watch(Instant);

impl Watch {
    /// Starts now.
    #[expect(clippy::disallowed_methods, reason = "measures how long a command of the build took; no product code")]
    pub fn start() -> Self {
        Self(Instant::now())
    }

    /// Time since the start.
    pub fn elapsed(&self) -> Duration {
        self.0.elapsed()
    }
}

/// One finished (or failed) stage.
pub struct Line {
    /// The stage's name.
    pub name: String,
    /// How long it took.
    pub took: Duration,
    /// What its runners counted.
    pub counts: Counts,
    /// Whether it ended well.
    pub passed: bool,
}

/// The table of stages, with a total.
pub fn table(lines: &[Line]) -> String {
    let mut text =
        format!("\n{:<12} {:>8} {:>8} {:>8} {:>8} {:>8}\n", "stage", "time", "passed", "failed", "skipped", "flaky");
    let mut total = Counts::default();
    let mut time = Duration::ZERO;
    for line in lines {
        total.add(line.counts);
        time += line.took;
        text += &row(&line.name, line.took, line.counts, if line.passed { "" } else { "  <- failed" });
    }
    text + &row("total", time, total, "")
}

fn row(name: &str, took: Duration, counts: Counts, mark: &str) -> String {
    let Counts { passed, failed, skipped, flaky } = counts;
    format!("{name:<12} {:>8} {passed:>8} {failed:>8} {skipped:>8} {flaky:>8}{mark}\n", minutes(took))
}

/// `2m05s`, `7.3s`.
pub fn minutes(time: Duration) -> String {
    let seconds = time.as_secs();
    if seconds < 60 { format!("{:.1}s", time.as_secs_f64()) } else { format!("{}m{:02}s", seconds / 60, seconds % 60) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(line: &str, expected: (u64, u64, u64, u64)) {
        let mut counts = Counts::default();
        counts.read(line);
        assert_eq!((counts.passed, counts.failed, counts.skipped, counts.flaky), expected, "{line:?}");
    }

    #[test]
    fn counts_of_every_runner_are_read() {
        check(
            "test result: ok. 12 passed; 0 failed; 1 ignored; 0 measured; 0 filtered out; finished in 0.1s",
            (12, 0, 1, 0),
        );
        check("test result: FAILED. 3 passed; 2 failed; 0 ignored; 0 measured; 0 filtered out", (3, 2, 0, 0));
        check("      Tests  14 passed (14)", (14, 0, 0, 0));
        check("\u{1b}[2m      Tests \u{1b}[22m \u{1b}[1m\u{1b}[32m5 passed\u{1b}[39m | 1 skipped (6)", (5, 0, 1, 0));
        check("      Tests  1 failed | 4 passed (5)", (4, 1, 0, 0));
        check("  7 passed (12.3s)", (7, 0, 0, 0));
        check("  1 failed", (0, 1, 0, 0));
        check("  2 flaky", (0, 0, 0, 2));
        check("4 passed, 0 failed", (4, 0, 0, 0));
        check("4 passed, 0 failed, 2 skipped", (4, 0, 2, 0));
    }

    #[test]
    fn other_lines_count_nothing() {
        for line in [
            "",
            "passed",
            "7",
            "7 passed out",
            "x passed",
            "test a ... ok",
            "Test Files  3 passed (3)",
            "99999999999999999999999 passed",
            "\u{1b}",
            "\u{1b}[",
            "test result:",
            "Tests ",
            "7 passed files (3)",
        ] {
            check(line, (0, 0, 0, 0));
        }
    }

    #[test]
    fn the_table_marks_the_failed_stage_and_adds_up() {
        let line = |name: &str, passed| Line {
            name: name.into(),
            took: Duration::from_secs(65),
            counts: Counts { passed: 2, failed: 1, skipped: 0, flaky: 0 },
            passed,
        };
        let text = table(&[line("tidy", true), line("rust", false)]);
        let rows: Vec<&str> = text.lines().collect();
        assert!(rows.iter().any(|row| row.starts_with("rust") && row.ends_with("<- failed")), "{text}");
        assert!(rows.iter().any(|row| row.starts_with("total") && row.contains("2m10s")), "{text}");
    }
}
