//! `log`, standard output and standard error: lines for the tenant's admin, capped.

use serde::{Deserialize, Serialize};

use super::State;
use crate::bindings::verstak::runtime::log;
use crate::texts::truncate;

/// Bytes of one line.
const MAX_LINE: usize = 8 * 1024;
/// Lines of one call.
const MAX_LINES: usize = 200;
/// Bytes of all lines of one call.
const MAX_BYTES: usize = 64 * 1024;

/// How serious a line is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum LogLevel {
    /// For developers.
    Debug,
    /// Worth reading.
    Info,
    /// The admin may want to look at it.
    Warning,
    /// Something did not work.
    Error,
}

impl LogLevel {
    /// The word in the API and the database.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Debug => "debug",
            Self::Info => "info",
            Self::Warning => "warning",
            Self::Error => "error",
        }
    }
}

/// One line of a plugin's log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogLine {
    /// How serious.
    pub level: LogLevel,
    /// What.
    pub message: String,
}

impl State {
    fn add_line(&mut self, level: LogLevel, mut message: String) {
        let bytes: usize = self.lines.iter().map(|line| line.message.len()).sum();
        if self.lines.len() >= MAX_LINES || bytes >= MAX_BYTES {
            self.lost_lines = self.lost_lines.saturating_add(1);
            return;
        }
        truncate(&mut message, MAX_LINE);
        self.lines.push(LogLine { level, message });
    }

    /// Adds what was printed, and how many lines were lost.
    pub(super) fn collect_printed(&mut self) {
        let printed = self.printed.text();
        for line in printed.lines().filter(|line| !line.trim().is_empty()) {
            self.add_line(LogLevel::Info, line.to_owned());
        }
        if self.lost_lines > 0 {
            let message = format!("{} more lines were thrown away", self.lost_lines);
            self.lines.push(LogLine { level: LogLevel::Warning, message });
        }
    }
}

impl log::Host for State {
    async fn write(&mut self, level: log::Level, line: String) -> wasmtime::Result<()> {
        self.enter_shared("log")?;
        let level = match level {
            log::Level::Debug => LogLevel::Debug,
            log::Level::Info => LogLevel::Info,
            log::Level::Warning => LogLevel::Warning,
            log::Level::Error => LogLevel::Error,
        };
        self.add_line(level, line);
        Ok(())
    }
}
