//! `cargo xtask bench`: the benchmarks of `tests/bench` in release mode, with a PostgreSQL cluster beside SQLite.
//!
//! Must not know: what is measured; the bench binary writes `tests/bench/RESULTS.md` itself.

use crate::exec::{self, Outcome};
use crate::packages;
use crate::postgres::{self, Cluster};
use crate::setup;
use crate::stages;
use crate::workspace::Workspace;

/// Builds, starts the cluster as production would run it, runs the benchmarks.
pub fn run(workspace: &Workspace, arguments: &[String]) -> Outcome<()> {
    setup::wasm_target()?;
    setup::postgres_server()?;
    stages::build_portal(workspace)?;
    packages::build_components(workspace)?;
    exec::run(exec::cargo(&workspace.root).args(["build", "--release", "--workspace", "--bins", "--locked"]))?;
    let verstak = workspace.target.join("release/verstak");
    packages::pack(workspace, &verstak)?;
    let cluster = Cluster::for_benchmarks(workspace)?;
    let mut bench = exec::tool(workspace.target.join("release/bench"));
    bench.current_dir(&workspace.root).args(arguments);
    bench.env("VERSTAK_BIN", verstak);
    bench.env("VERSTAK_PACKAGES", workspace.package_folder()).env("VERSTAK_COMPONENTS", workspace.guest_target());
    postgres::pass_on(&mut bench, &cluster);
    exec::run(&mut bench)
}
