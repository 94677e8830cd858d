//! Building the workspace once and running its tests, on SQLite and on PostgreSQL.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::process::Command;

use serde_json::Value;

use crate::exec::{self, Context, Failure, Outcome};
use crate::postgres::{self, Cluster};
use crate::report::Counts;
use crate::scratch::{self, Scratch};
use crate::setup;
use crate::workspace::{LINTER, Workspace};

/// The package whose tests run on both databases.
const INTEGRATION: &str = "tests";

/// Everything that any stage needs, with one set of features, so that nothing is compiled twice.
pub fn build_everything(workspace: &Workspace) -> Outcome<()> {
    workspace.ensure_portal_folder()?;
    exec::run(workspace.cargo().args(["build", "--workspace", "--all-targets", "--locked"]))
}

/// What the compiler and clippy said of the workspace when it was built: nothing, or the stage fails. Cargo keeps what was
/// said and says it again, so that nothing is compiled here.
pub fn lint(workspace: &Workspace) -> Outcome<()> {
    workspace.ensure_portal_folder()?;
    if !exec::in_path(LINTER) {
        return Err(Failure::new(format!("{LINTER} is missing: rustup component add clippy")));
    }
    let mut cargo = workspace.cargo();
    cargo.args(["build", "--workspace", "--all-targets", "--locked", "--message-format=json"]);
    let said: BTreeSet<String> = exec::capture(&mut cargo)?.lines().filter_map(warning).collect();
    for warning in &said {
        eprintln!("{warning}");
    }
    if said.is_empty() {
        Ok(())
    } else {
        Err(Failure::new(format!("{} warnings of the compiler or clippy", said.len())))
    }
}

/// The text of a compiler's message, for one about a place in the code: summaries have none.
fn warning(message: &str) -> Option<String> {
    let message: Value = serde_json::from_str(message).ok()?;
    let said =
        message.get("message").filter(|_| message.get("reason").and_then(Value::as_str) == Some("compiler-message"))?;
    said.get("spans")?.as_array().filter(|spans| !spans.is_empty())?;
    said.get("rendered")?.as_str().map(str::to_owned)
}

/// The server for people who only want to run it. The whole workspace is chosen (without its tests), so that its
/// dependencies are the ones the tests use.
pub fn build_binary(workspace: &Workspace) -> Outcome<()> {
    workspace.ensure_portal_folder()?;
    exec::run(workspace.cargo().args(["build", "--workspace", "--bins", "--locked"]))
}

/// All tests of the workspace, on SQLite.
pub fn test(workspace: &Workspace, counts: &mut Counts) -> Outcome<()> {
    let mut cargo = workspace.cargo();
    // No crate has examples in its docs that are run: looking for them takes as long as many tests.
    cargo.args(["test", "--workspace", "--tests", "--locked", "--no-fail-fast"]).env("VERSTAK_TEST_DATABASE", "sqlite");
    let scratch = Scratch::new()?;
    tell(&mut cargo, workspace, &scratch);
    exec::tee(&mut cargo, |line| counts.read(line))
}

/// The integration tests again, on a cluster of their own.
pub fn test_on_postgres(workspace: &Workspace, counts: &mut Counts) -> Outcome<()> {
    setup::postgres_server()?;
    let executables = integration_tests(workspace)?;
    let scratch = Scratch::new()?;
    let cluster = Cluster::for_tests(&scratch)?;
    for executable in executables {
        let folder = workspace.path(INTEGRATION);
        let mut tests = exec::tool(&executable);
        tests.current_dir(&folder).env("CARGO_MANIFEST_DIR", &folder);
        postgres::pass_on(&mut tests, &cluster);
        tell(&mut tests, workspace, &scratch);
        exec::tee(&mut tests, |line| counts.read(line))?;
    }
    Ok(())
}

/// What tests may want to start or read.
pub fn tell(command: &mut Command, workspace: &Workspace, scratch: &Scratch) {
    command
        .env(scratch::VARIABLE, scratch.path())
        .env("VERSTAK_BIN", workspace.binary())
        .env("VERSTAK_PACKAGES", workspace.package_folder())
        .env("VERSTAK_COMPONENTS", workspace.guest_target());
}

/// The built test programs of the integration package. They are started directly: choosing the package with
/// `cargo test -p` would choose other features and compile the world again.
fn integration_tests(workspace: &Workspace) -> Outcome<Vec<PathBuf>> {
    let mut cargo = workspace.cargo();
    cargo.args(["test", "--workspace", "--locked", "--no-run", "--message-format=json"]);
    let messages = exec::capture(&mut cargo)?;
    let manifest = workspace.path(INTEGRATION).join("Cargo.toml").display().to_string();
    let found: Vec<PathBuf> = messages.lines().filter_map(|line| test_program(line, &manifest)).collect();
    if found.is_empty() {
        return Err(Failure::new(format!("cargo built no tests of the package `{INTEGRATION}`")));
    }
    Ok(found)
}

fn test_program(message: &str, manifest: &str) -> Option<PathBuf> {
    let message: Value = serde_json::from_str(message).ok()?;
    let ours = message.get("manifest_path").and_then(Value::as_str) == Some(manifest);
    let is_test = message.pointer("/profile/test").and_then(Value::as_bool) == Some(true);
    let executable = message.get("executable").and_then(Value::as_str)?;
    (ours && is_test).then(|| PathBuf::from(executable))
}

impl Workspace {
    /// The server embeds `portal/dist`; a compiler pass before the portal is built needs at least the folder.
    pub fn ensure_portal_folder(&self) -> Outcome<()> {
        let folder = self.path("portal/dist");
        std::fs::create_dir_all(&folder).context(folder.display())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_compiler_said_of_a_place_is_told_once() {
        let of = |reason: &str, spans: &str| {
            format!(r#"{{"reason": "{reason}", "message": {{"spans": {spans}, "rendered": "unused"}}}}"#)
        };
        assert_eq!(warning(&of("compiler-message", "[{}]")), Some("unused".to_owned()));
        for other in
            [of("compiler-message", "[]"), of("compiler-artifact", "[{}]"), "{}".to_owned(), "not json".to_owned()]
        {
            assert_eq!(warning(&other), None, "{other}");
        }
    }

    #[test]
    fn only_test_programs_of_the_package_are_taken() {
        let line = |manifest: &str, test: bool, executable: &str| {
            format!(r#"{{"manifest_path": "{manifest}", "profile": {{"test": {test}}}, "executable": {executable}}}"#)
        };
        let ours = "/r/tests/Cargo.toml";
        for (message, expected) in [
            (line(ours, true, "\"/t/a\""), Some(PathBuf::from("/t/a"))),
            (line(ours, false, "\"/t/a\""), None),
            (line(ours, true, "null"), None),
            (line("/r/xtask/Cargo.toml", true, "\"/t/a\""), None),
            ("{}".to_owned(), None),
            ("not json".to_owned(), None),
            (String::new(), None),
        ] {
            assert_eq!(test_program(&message, ours), expected, "{message}");
        }
    }
}
