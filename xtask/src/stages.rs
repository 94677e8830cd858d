//! The stages of `cargo xtask test`, in their order, each with its time and its count of tests.
//!
//! Owns: what is run and with which variables. Everything of the workspace is compiled once, in one profile and with
//! one set of features (`--workspace --all-targets`), with clippy as its compiler: the lints are those of that pass.

mod browser;
mod portal;
mod rust;

use crate::codegen;
use crate::exec::{self, Failure, Outcome};
use crate::packages;
use crate::report::{self, Counts, Watch};
use crate::setup;
use crate::tidy;
use crate::workspace::Workspace;

pub use portal::build as build_portal;
pub use rust::{build_binary, build_everything, lint};

/// One step of the whole test.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// What has to be on the machine.
    Setup,
    /// House rules, formatting, lints of guests.
    Tidy,
    /// The web portal by itself.
    Portal,
    /// Components, the workspace with its tests, packages.
    Build,
    /// No warnings of the compiler or clippy.
    Lint,
    /// Every plugin by the developer's own commands.
    Plugins,
    /// The workspace's tests, on SQLite.
    Rust,
    /// The integration tests again, on PostgreSQL.
    Postgres,
    /// Generated files are fresh.
    Codegen,
    /// The product in a browser.
    Browser,
}

impl Stage {
    /// All of them, in order.
    pub const ALL: [Self; 10] = [
        Self::Setup,
        Self::Tidy,
        Self::Portal,
        Self::Build,
        Self::Lint,
        Self::Plugins,
        Self::Rust,
        Self::Postgres,
        Self::Codegen,
        Self::Browser,
    ];

    /// The word for it on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Self::Setup => "setup",
            Self::Tidy => "tidy",
            Self::Portal => "portal",
            Self::Build => "build",
            Self::Lint => "lint",
            Self::Plugins => "plugins",
            Self::Rust => "rust",
            Self::Postgres => "postgres",
            Self::Codegen => "codegen",
            Self::Browser => "browser",
        }
    }

    /// The stage of this name.
    pub fn named(name: &str) -> Outcome<Self> {
        let known = Self::ALL.map(Self::name).join(", ");
        let found = Self::ALL.into_iter().find(|stage| stage.name() == name);
        found.ok_or_else(|| Failure::new(format!("no stage `{name}`; there are {known}")))
    }

    /// Whether every later stage stands on it.
    fn carries_the_rest(self) -> bool {
        matches!(self, Self::Setup | Self::Build)
    }

    /// Adds what its runners count to `counts`, also when it fails in the end.
    fn run(self, workspace: &Workspace, counts: &mut Counts) -> Outcome<()> {
        match self {
            Self::Setup => setup::all(workspace),
            Self::Tidy => tidy::run(workspace, false),
            Self::Portal => portal::test(workspace, counts),
            Self::Build => build(workspace),
            Self::Lint => rust::lint(workspace),
            Self::Plugins => plugins(workspace, counts),
            Self::Rust => rust::test(workspace, counts),
            Self::Postgres => rust::test_on_postgres(workspace, counts),
            Self::Codegen => codegen::generate(workspace, true),
            Self::Browser => browser::test(workspace, counts),
        }
    }
}

/// Runs stages, also after one that failed unless the rest stand on it, so that one run tells everything that is
/// broken; prints the table and the closing line either way.
pub fn run(workspace: &Workspace, stages: &[Stage]) -> Outcome<()> {
    let mut lines = Vec::new();
    let mut total = Counts::default();
    let mut failures = Vec::new();
    for stage in stages {
        println!("\n=== {} ===", stage.name());
        let watch = Watch::start();
        let mut counts = Counts::default();
        let result = stage.run(workspace, &mut counts);
        let took = watch.elapsed();
        if result.is_err() {
            // A stage can also fail before, after or without tests.
            counts.failed = counts.failed.max(1);
        }
        total.add(counts);
        println!("=== {}: {} ===", stage.name(), report::minutes(took));
        lines.push(report::Line { name: stage.name().into(), took, counts, passed: result.is_ok() });
        if let Err(failure) = result {
            println!("stage {} failed: {failure}", stage.name());
            failures.push(format!("stage {} failed: {failure}", stage.name()));
            if stage.carries_the_rest() {
                break;
            }
        }
    }
    print!("{}", report::table(&lines));
    println!("\n{} passed, {} failed", total.passed, total.failed);
    if failures.is_empty() { Ok(()) } else { Err(Failure::new(failures.join("\n"))) }
}

fn build(workspace: &Workspace) -> Outcome<()> {
    setup::wasm_target()?;
    build_portal(workspace)?;
    packages::build_components(workspace)?;
    rust::build_everything(workspace)?;
    packages::pack(workspace, &workspace.binary())
}

fn plugins(workspace: &Workspace, counts: &mut Counts) -> Outcome<()> {
    let verstak = workspace.binary();
    for folder in packages::folders(workspace) {
        exec::run(&mut packages::command(workspace, &verstak, "check", &folder))?;
        exec::tee(&mut packages::command(workspace, &verstak, "test", &folder), |line| counts.read(line))?;
    }
    let tested = ["sdk", "plugins", "examples"].map(|folder| workspace.path(folder));
    for folder in workspace.standalone()?.iter().filter(|own| tested.iter().any(|below| own.starts_with(below))) {
        let mut cargo = exec::cargo(folder);
        cargo.args(["test", "--target-dir"]).arg(workspace.guest_target());
        exec::tee(&mut cargo, |line| counts.read(line))?;
    }
    Ok(())
}
