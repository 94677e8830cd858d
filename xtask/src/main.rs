//! `cargo xtask`: the project's own commands, doing all their set-up themselves.
//!
//! Owns: what has to be on the machine, the order of the test stages, the house rules that no compiler checks.
//! Must not know: anything of the product beyond its command line (`verstak ...`) and its folders.
//! Data enters as command-line words and environment variables, and leaves as an exit code and printed lines.

mod bench;
mod cli;
mod codegen;
mod exec;
mod packages;
mod postgres;
mod report;
mod run;
mod scratch;
mod setup;
mod stages;
mod tidy;
mod workspace;

use std::process::ExitCode;

use exec::Outcome;

fn main() -> ExitCode {
    match dispatch(std::env::args().skip(1).collect()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            eprintln!("\nxtask: {failure}");
            ExitCode::FAILURE
        }
    }
}

fn dispatch(words: Vec<String>) -> Outcome<()> {
    let command = cli::parse(&words)?;
    if let cli::Command::Help(text) = command {
        println!("{text}");
        return Ok(());
    }
    let workspace = workspace::Workspace::find()?;
    match command {
        cli::Command::Help(_) => Ok(()),
        cli::Command::Setup => setup::all(&workspace),
        cli::Command::Run(options) => run::run(&workspace, &options),
        cli::Command::Test(stages) => stages::run(&workspace, &stages),
        cli::Command::Tidy { rules_only } => {
            tidy::run(&workspace, rules_only)?;
            if rules_only { Ok(()) } else { stages::lint(&workspace) }
        }
        cli::Command::Codegen { check } => codegen::run(&workspace, check),
        cli::Command::Bench(arguments) => bench::run(&workspace, &arguments),
        cli::Command::Postgres(words) => postgres::run_with(&words),
        cli::Command::Announce(announcement) => run::announce(&announcement),
    }
}
