//! Starting other programs: what is run is shown, what fails is named with the command to repeat.
//!
//! Owns: the environment children get and the failure type of this crate.
//! Must not know: what the programs are for.

use std::ffi::OsStr;
use std::fmt;
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Command, ExitStatus, Stdio};

/// The answer of everything in this crate that can go wrong.
pub type Outcome<T> = Result<T, Failure>;

/// Why a command of ours stopped, in words for a person, with the command to repeat where there is one.
#[derive(Debug)]
pub struct Failure {
    reason: String,
    command: Option<String>,
}

impl Failure {
    /// A failure without a command behind it.
    pub fn new(reason: impl Into<String>) -> Self {
        Self { reason: reason.into(), command: None }
    }

    fn of(command: &Command, reason: impl Into<String>) -> Self {
        Self { reason: reason.into(), command: Some(show(command)) }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}", self.reason)?;
        match &self.command {
            Some(command) => write!(out, "\n  command: {command}"),
            None => Ok(()),
        }
    }
}

/// Adds "what we were doing" to an I/O error.
pub trait Context<T> {
    /// Turns the error into a [`Failure`] that starts with `doing`.
    fn context(self, doing: impl fmt::Display) -> Outcome<T>;
}

impl<T, E: fmt::Display> Context<T> for Result<T, E> {
    fn context(self, doing: impl fmt::Display) -> Outcome<T> {
        self.map_err(|error| Failure::new(format!("{doing}: {error}")))
    }
}

/// A command without the variables that `cargo run` set for this program: build scripts that watch them
/// (`CARGO_PKG_NAME`, `CARGO_MANIFEST_DIR`, ...) would be run again at every change between `cargo` and `cargo xtask`.
/// Standard input is empty, so that nothing ever waits for a person.
pub fn tool(program: impl AsRef<OsStr>) -> Command {
    let mut command = Command::new(program);
    for (name, _) in std::env::vars_os() {
        if name.to_str().is_some_and(set_by_cargo_run) {
            command.env_remove(name);
        }
    }
    command.stdin(Stdio::null());
    command
}

fn set_by_cargo_run(name: &str) -> bool {
    const EXACT: &[&str] = &["CARGO_BIN_NAME", "CARGO_CRATE_NAME", "CARGO_PRIMARY_PACKAGE", "LD_LIBRARY_PATH"];
    name.starts_with("CARGO_PKG_") || name.starts_with("CARGO_MANIFEST_") || EXACT.contains(&name)
}

/// `cargo` itself: the one that started us, so that the toolchain stays the same.
pub fn cargo(directory: &Path) -> Command {
    let mut command = tool(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.current_dir(directory);
    command
}

/// The command as a person would type it, with the folder and variables we set.
pub fn show(command: &Command) -> String {
    let mut words = Vec::new();
    if let Some(directory) = command.get_current_dir() {
        words.push(format!("cd {} &&", directory.display()));
    }
    for (name, value) in command.get_envs() {
        if let Some(value) = value {
            words.push(format!("{}={}", name.to_string_lossy(), quoted(value)));
        }
    }
    words.push(quoted(command.get_program()));
    words.extend(command.get_args().map(quoted));
    words.join(" ")
}

fn quoted(word: &OsStr) -> String {
    let word = word.to_string_lossy();
    let plain = |c: char| c.is_alphanumeric() || "-_./=:,@+%".contains(c);
    if !word.is_empty() && word.chars().all(plain) {
        word.into_owned()
    } else {
        format!("'{}'", word.replace('\'', "'\\''"))
    }
}

/// Shows and runs a command; its output goes to the terminal.
pub fn run(command: &mut Command) -> Outcome<()> {
    announce(command);
    let status = command.status().map_err(|error| not_started(command, &error))?;
    judge(command, status)
}

/// Runs a command and gives its standard output; standard error goes to the terminal.
pub fn capture(command: &mut Command) -> Outcome<String> {
    let output = command.stderr(Stdio::inherit()).output().map_err(|error| not_started(command, &error))?;
    judge(command, output.status)?;
    String::from_utf8(output.stdout).map_err(|_| Failure::of(command, "the output is not UTF-8"))
}

/// Runs a command and shows its output only when it fails.
pub fn quietly(command: &mut Command) -> Outcome<()> {
    let output = command.output().map_err(|error| not_started(command, &error))?;
    if !output.status.success() {
        eprint!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    }
    judge(command, output.status)
}

/// Shows and runs a command; its standard output goes to the terminal and, line by line, to `on_line`.
pub fn tee(command: &mut Command, mut on_line: impl FnMut(&str)) -> Outcome<()> {
    announce(command);
    let mut child = command.stdout(Stdio::piped()).spawn().map_err(|error| not_started(command, &error))?;
    if let Some(output) = child.stdout.take() {
        let mut reader = BufReader::new(output);
        let mut bytes = Vec::new();
        while matches!(reader.read_until(b'\n', &mut bytes), Ok(read) if read > 0) {
            let line = String::from_utf8_lossy(&bytes).into_owned();
            print!("{line}");
            on_line(line.trim_end());
            bytes.clear();
        }
    }
    let status = child.wait().map_err(|error| not_started(command, &error))?;
    judge(command, status)
}

/// Whether a program of this name can be started from PATH.
pub fn in_path(program: &str) -> bool {
    std::env::var_os("PATH")
        .is_some_and(|path| std::env::split_paths(&path).any(|folder| folder.join(program).is_file()))
}

fn announce(command: &Command) {
    println!("$ {}", show(command));
    // A closed standard output is noticed at the next line printed.
    drop(std::io::stdout().flush());
}

fn not_started(command: &Command, error: &std::io::Error) -> Failure {
    Failure::of(command, format!("{} could not be started: {error}", command.get_program().to_string_lossy()))
}

fn judge(command: &Command, status: ExitStatus) -> Outcome<()> {
    if status.success() {
        return Ok(());
    }
    Err(Failure::of(command, format!("{} failed with {status}", command.get_program().to_string_lossy())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shown_commands_can_be_pasted() {
        let mut command = Command::new("psql");
        command.env("PGPASSWORD", "a b").arg("-c").arg("select 'x'").arg("");
        assert_eq!(show(&command), r"PGPASSWORD='a b' psql -c 'select '\''x'\''' ''");
    }

    #[test]
    fn variables_of_cargo_run_are_known() {
        for (name, expected) in [
            ("CARGO_PKG_NAME", true),
            ("CARGO_MANIFEST_DIR", true),
            ("CARGO_TARGET_DIR", false),
            ("CARGO_HOME", false),
            ("PATH", false),
        ] {
            assert_eq!(set_by_cargo_run(name), expected, "{name}");
        }
    }

    #[test]
    fn a_failure_names_the_command() {
        let failure = quietly(&mut Command::new("false")).expect_err("false fails");
        assert!(failure.to_string().contains("command: false"), "{failure}");
        let missing = quietly(&mut Command::new("no-such-program-here")).expect_err("missing program");
        assert!(missing.to_string().contains("could not be started"), "{missing}");
    }

    #[test]
    fn tee_gives_every_line_even_without_a_last_newline_or_utf8() {
        let mut lines = Vec::new();
        tee(Command::new("printf").arg("a\\nb\\377\\nc"), |line| lines.push(line.to_owned())).expect("printf runs");
        assert_eq!(lines, ["a", "b\u{fffd}", "c"]);
    }
}
