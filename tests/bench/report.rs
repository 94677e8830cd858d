//! The tables, with the machine and the versions they were measured on.

use std::path::Path;
use std::process::Command;

use kernel::clock::Env;

use crate::Outcome;
use crate::arguments::Arguments;

/// Markdown in the making.
pub struct Report {
    text: String,
}

/// A line for whoever waits.
pub fn say(line: &str) {
    use std::io::Write;
    drop(writeln!(std::io::stderr(), "{line}"));
}

impl Report {
    /// Begins with machine, versions, date.
    pub fn new(arguments: &Arguments) -> Self {
        let mut report = Self { text: "# Benchmarks\n\nWritten by `cargo xtask bench`; every ratio is of two sides measured in turn in one run.\n\n".to_owned() };
        let rows = machine(arguments).into_iter().map(|(name, value)| vec![name.to_owned(), value]).collect::<Vec<_>>();
        report.table(&["", ""], &rows);
        report
    }

    /// A heading and what is to be known about the table below.
    pub fn section(&mut self, title: &str, text: &str) {
        self.text.push_str(&format!("\n## {title}\n\n{text}\n\n"));
    }

    /// A table.
    pub fn table(&mut self, heads: &[&str], rows: &[Vec<String>]) {
        let mut line = |cells: String| self.text.push_str(&format!("| {cells} |\n"));
        line(heads.join(" | "));
        line(vec!["---"; heads.len()].join(" | "));
        for row in rows {
            line(row.join(" | "));
        }
    }

    /// A paragraph.
    pub fn paragraph(&mut self, text: &str) {
        self.text.push_str(&format!("\n{text}\n"));
    }

    /// Writes the file.
    pub fn write(&self, path: &Path) -> Outcome {
        std::fs::write(path, &self.text).map_err(|error| format!("{}: {error}", path.display()))?;
        say(&format!("written: {}", path.display()));
        Ok(())
    }
}

fn machine(arguments: &Arguments) -> Vec<(&'static str, String)> {
    let read = |path: &str| std::fs::read_to_string(path).unwrap_or_default();
    let after = |text: &str, key: &str| {
        text.lines()
            .find(|line| line.starts_with(key))
            .and_then(|line| line.split_once(':'))
            .map(|(_, value)| value.trim().to_owned())
    };
    let (cpu, memory) = (read("/proc/cpuinfo"), read("/proc/meminfo"));
    let cores = std::thread::available_parallelism().map_or(0, usize::from);
    let kib: u64 =
        after(&memory, "MemTotal").and_then(|text| text.trim_end_matches(" kB").parse().ok()).unwrap_or_default();
    let lock = std::fs::read_to_string(arguments.root.join("Cargo.lock")).unwrap_or_default();
    let crates = ["wasmtime", "sqlx", "sea-orm", "axum", "tokio"].map(|name| format!("{name} {}", locked(&lock, name)));
    vec![
        ("date", Env::system().now().utc().format("%Y-%m-%d %H:%M UTC").to_string()),
        ("CPU", format!("{}, {cores} cores", after(&cpu, "model name").unwrap_or_default())),
        ("memory", format!("{:.1} GiB", f64::from(u32::try_from(kib / 1024).unwrap_or(u32::MAX)) / 1024.0)),
        ("kernel", read("/proc/sys/kernel/osrelease").trim().to_owned()),
        ("load before", read("/proc/loadavg").split(' ').take(3).collect::<Vec<_>>().join(" ")),
        ("revision", said("git", &["-C", &arguments.root.display().to_string(), "describe", "--always", "--dirty"])),
        ("compiler", said("rustc", &["--version"])),
        ("libraries", crates.join(", ")),
        (
            "measured",
            format!(
                "{} rounds of {:.1} s for each side after one that does not count",
                arguments.rounds,
                arguments.stretch.as_secs_f64()
            ),
        ),
    ]
}

fn locked(lock: &str, name: &str) -> String {
    let after = lock.split_once(&format!("name = \"{name}\"\nversion = \"")).map_or("", |(_, rest)| rest);
    after.split('"').next().unwrap_or_default().to_owned()
}

fn said(program: &str, arguments: &[&str]) -> String {
    let output = Command::new(program).args(arguments).output();
    output.map(|output| String::from_utf8_lossy(&output.stdout).trim().to_owned()).unwrap_or_default()
}
