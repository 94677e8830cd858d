//! The words after `cargo xtask`: parsed by hand, because they are few and this program must build in seconds.

use std::path::PathBuf;

use crate::exec::{Failure, Outcome};
use crate::stages::Stage;

/// What to do.
pub enum Command {
    /// Print this text.
    Help(&'static str),
    /// Put everything in place that the other commands need.
    Setup,
    /// Build and start the product with demo data.
    Run(RunOptions),
    /// Run test stages, in order.
    Test(Vec<Stage>),
    /// Check the house rules; without compiling when `rules_only`.
    Tidy {
        /// Leave out rustfmt and clippy.
        rules_only: bool,
    },
    /// Write (or only compare) generated files.
    Codegen {
        /// Fail when a generated file is stale instead of writing it.
        check: bool,
    },
    /// Run the benchmarks with these arguments.
    Bench(Vec<String>),
    /// Run this command with a private PostgreSQL cluster.
    Postgres(Vec<String>),
    /// Wait for a server and print how to sign in (started by `run` itself).
    Announce(Announcement),
}

/// Options of `cargo xtask run`.
#[derive(Default, Debug, PartialEq, Eq)]
pub struct RunOptions {
    /// Where the demo company's data lives; `None` is `run-data` in the target folder.
    pub data: Option<PathBuf>,
    /// `HOST:PORT`; `None` takes the first free port from 8080 on.
    pub listen: Option<String>,
    /// Given to `verstak serve` as they are.
    pub serve: Vec<String>,
}

/// What the announcer waits for and prints.
#[derive(Debug, PartialEq, Eq)]
pub struct Announcement {
    /// `HOST:PORT` of the server.
    pub address: String,
    /// The demo admin.
    pub email: String,
    /// The demo admin's password.
    pub password: String,
}

const HELP: &str = "\
cargo xtask COMMAND

  run      set up, build everything, make a demo company and start the server
  test     all test stages in order, or the named ones
  tidy     formatting, lints and house rules
  codegen  write the OpenAPI snapshot and the portal's types from it
  bench    run the benchmarks, write tests/bench/RESULTS.md
  postgres run a command with a private PostgreSQL cluster
  setup    only put in place what the others need (they do it themselves)

cargo xtask COMMAND --help tells more. All built files are in cargo's target folder
(CARGO_TARGET_DIR is followed).";

const HELP_RUN: &str = "\
cargo xtask run [--data DIR] [--listen HOST:PORT] [-- ARGUMENTS OF `verstak serve`]

Sets up, builds the portal, the plugins and the server, makes a demo company on the first
run, starts the server and prints the address and the sign-in. Ctrl-C stops it.

  --data DIR          where the data lives (default: run-data in the target folder);
                      delete the folder to start again
  --listen HOST:PORT  default: 127.0.0.1 and the first free port from 8080 on";

const HELP_TEST: &str = "\
cargo xtask test [STAGE...]

Runs all stages, or the named ones, in this order. What fails names the command to repeat; the
rest go on unless they stand on it (setup, build). The last line is `N passed, N failed`.

  setup     what has to be on the machine (wasm target, npm packages, PostgreSQL, Chromium)
  tidy      formatting, licences, layers and the other house rules, clippy of guests
  portal    lint, unit tests, build and size of the web portal
  build     plugins as components, the workspace with all its tests, packages
  lint      what the compiler and clippy said of the workspace as it was built: nothing
  plugins   `verstak plugin check` and `test` of every plugin, host-side tests of guest crates
  rust      all tests of the workspace, on SQLite
  postgres  the integration tests again on a private PostgreSQL cluster
  codegen   generated files are those the code generates now
  browser   Playwright in Chromium against the real server";

const HELP_TIDY: &str = "\
cargo xtask tidy [--rules]

rustfmt, clippy without warnings (it comes with a build of everything), licences of dependencies, layers between crates, module
docs, file lengths, left-over words, machine paths, dead links in documents.

  --rules  only what needs no compiler (seconds)";

const HELP_CODEGEN: &str = "\
cargo xtask codegen [--check]

portal/openapi.json from `verstak openapi`, portal/src/api/schema.d.ts from that.

  --check  write nothing, fail when a file is stale";

const HELP_BENCH: &str = "\
cargo xtask bench [ARGUMENTS OF THE BENCH BINARY]

Builds in release mode, starts a private PostgreSQL cluster (with fsync) and runs the
benchmarks; they write tests/bench/RESULTS.md. Takes long: run it on a quiet machine.";

const HELP_POSTGRES: &str = "\
cargo xtask postgres COMMAND [ARGUMENTS...]

Starts a private PostgreSQL cluster, runs the command with VERSTAK_TEST_DATABASE=postgres and
VERSTAK_TEST_POSTGRES_URL, removes the cluster. For example:
  cargo xtask postgres cargo test --workspace import";

const HELP_SETUP: &str = "\
cargo xtask setup

Adds what is missing: the wasm32-wasip2 target, npm packages, and as root on Debian the
packages postgresql and chromium. Says exactly what to install where it cannot.";

/// Parses the words after the program's name.
///
/// # Errors
/// An unknown command, stage or option, or an option without its value.
pub fn parse(words: &[String]) -> Outcome<Command> {
    let Some((command, rest)) = words.split_first() else { return Ok(Command::Help(HELP)) };
    let own = rest.iter().take_while(|word| *word != "--");
    let help = own.clone().any(|word| word == "--help" || word == "-h");
    match command.as_str() {
        "help" | "--help" | "-h" => Ok(Command::Help(HELP)),
        "setup" if help => Ok(Command::Help(HELP_SETUP)),
        "setup" => nothing_else(rest).map(|()| Command::Setup),
        "run" if help => Ok(Command::Help(HELP_RUN)),
        "run" => run_options(rest).map(Command::Run),
        "test" if help => Ok(Command::Help(HELP_TEST)),
        "test" => stages(rest).map(Command::Test),
        "tidy" if help => Ok(Command::Help(HELP_TIDY)),
        "tidy" => flag(rest, "--rules").map(|rules_only| Command::Tidy { rules_only }),
        "codegen" if help => Ok(Command::Help(HELP_CODEGEN)),
        "codegen" => flag(rest, "--check").map(|check| Command::Codegen { check }),
        "bench" if help => Ok(Command::Help(HELP_BENCH)),
        "bench" => Ok(Command::Bench(rest.iter().filter(|word| *word != "--").cloned().collect())),
        "postgres" if rest.is_empty() || rest.first().is_some_and(|word| word == "--help" || word == "-h") => {
            Ok(Command::Help(HELP_POSTGRES))
        }
        "postgres" => Ok(Command::Postgres(rest.to_vec())),
        "announce" => announcement(rest).map(Command::Announce),
        other => Err(Failure::new(format!("no command `{other}`\n\n{HELP}"))),
    }
}

fn nothing_else(rest: &[String]) -> Outcome<()> {
    match rest.first() {
        None => Ok(()),
        Some(word) => Err(Failure::new(format!("`{word}` is not understood"))),
    }
}

fn flag(rest: &[String], name: &str) -> Outcome<bool> {
    match rest {
        [] => Ok(false),
        [word] if word == name => Ok(true),
        [word, ..] => Err(Failure::new(format!("`{word}` is not understood"))),
    }
}

fn stages(rest: &[String]) -> Outcome<Vec<Stage>> {
    let wanted = rest.iter().map(|word| Stage::named(word)).collect::<Outcome<Vec<_>>>()?;
    // The order of the stages is theirs, whatever the order of the words.
    Ok(Stage::ALL.iter().copied().filter(|stage| wanted.is_empty() || wanted.contains(stage)).collect())
}

fn run_options(rest: &[String]) -> Outcome<RunOptions> {
    let mut options = RunOptions::default();
    let mut words = rest.iter();
    while let Some(word) = words.next() {
        let mut value = || words.next().cloned().ok_or_else(|| Failure::new(format!("`{word}` needs a value")));
        match word.as_str() {
            "--data" => options.data = Some(PathBuf::from(value()?)),
            "--listen" => options.listen = Some(value()?),
            "--" => options.serve = words.by_ref().cloned().collect(),
            other => return Err(Failure::new(format!("`{other}` is not understood\n\n{HELP_RUN}"))),
        }
    }
    Ok(options)
}

fn announcement(rest: &[String]) -> Outcome<Announcement> {
    match rest {
        [address, email, password] => {
            Ok(Announcement { address: address.clone(), email: email.clone(), password: password.clone() })
        }
        _ => Err(Failure::new("announce ADDRESS EMAIL PASSWORD")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(line: &str) -> Vec<String> {
        line.split_whitespace().map(str::to_owned).collect()
    }

    #[test]
    fn run_options_are_read_up_to_the_two_dashes() {
        let Ok(Command::Run(options)) = parse(&words("run --data d --listen :1 -- --help --role all")) else {
            panic!("a run command")
        };
        assert_eq!(options.data, Some(PathBuf::from("d")));
        assert_eq!(options.listen.as_deref(), Some(":1"));
        assert_eq!(options.serve, ["--help", "--role", "all"]);
    }

    #[test]
    fn stages_keep_their_own_order_and_default_to_all() {
        let Ok(Command::Test(stages)) = parse(&words("test rust tidy rust")) else { panic!("a test command") };
        assert_eq!(stages, [Stage::Tidy, Stage::Rust]);
        let Ok(Command::Test(all)) = parse(&words("test")) else { panic!("a test command") };
        assert_eq!(all, Stage::ALL);
    }

    #[test]
    fn mistakes_are_refused() {
        for line in [
            "fly",
            "test rest",
            "tidy --all",
            "codegen --check --check",
            "run --data",
            "run x",
            "setup x",
            "announce a",
        ] {
            assert!(parse(&words(line)).is_err(), "{line}");
        }
    }

    #[test]
    fn help_is_everywhere() {
        for line in [
            "",
            "help",
            "--help",
            "run -h",
            "test --help",
            "tidy -h",
            "codegen -h",
            "bench -h",
            "setup -h",
            "postgres -h",
        ] {
            assert!(matches!(parse(&words(line)), Ok(Command::Help(_))), "{line}");
        }
    }
}
