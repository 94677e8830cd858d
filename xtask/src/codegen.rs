//! Generated files: the OpenAPI snapshot and the portal's types from it.
//!
//! Owns: where they are and how they are made. With `check` nothing is written and a stale file is a failure.

use std::path::Path;

use crate::exec::{self, Context, Failure, Outcome};
use crate::packages;
use crate::setup;
use crate::stages;
use crate::workspace::Workspace;

const SNAPSHOT: &str = "portal/openapi.json";
const TYPES: &str = "portal/src/api/schema.d.ts";

/// Builds the server and generates (or compares) both files.
pub fn run(workspace: &Workspace, check: bool) -> Outcome<()> {
    setup::npm_packages(&workspace.path("xtask/codegen"))?;
    stages::build_everything(workspace)?;
    generate(workspace, check)
}

/// The same with a server that is built already.
pub fn generate(workspace: &Workspace, check: bool) -> Outcome<()> {
    let mut description = exec::capture(packages::verstak(workspace).arg("openapi"))?;
    if !description.ends_with('\n') {
        description.push('\n');
    }
    let fresh = workspace.target.join("codegen");
    std::fs::create_dir_all(&fresh).context(fresh.display())?;
    let snapshot = fresh.join("openapi.json");
    std::fs::write(&snapshot, &description).context(snapshot.display())?;
    let types = fresh.join("schema.d.ts");
    exec::run(
        exec::tool("node")
            .arg(workspace.path("xtask/codegen/node_modules/openapi-typescript/bin/cli.js"))
            .arg(&snapshot)
            .arg("--output")
            .arg(&types)
            .current_dir(workspace.path("xtask/codegen")),
    )?;
    place(&snapshot, &workspace.path(SNAPSHOT), check)?;
    place(&types, &workspace.path(TYPES), check)
}

fn place(fresh: &Path, kept: &Path, check: bool) -> Outcome<()> {
    let new = std::fs::read(fresh).context(fresh.display())?;
    if std::fs::read(kept).is_ok_and(|old| old == new) {
        return Ok(());
    }
    if check {
        return Err(Failure::new(format!("{} is stale: run `cargo xtask codegen` and commit it", kept.display())));
    }
    if let Some(folder) = kept.parent() {
        std::fs::create_dir_all(folder).context(folder.display())?;
    }
    std::fs::write(kept, new).context(kept.display())?;
    println!("wrote {}", kept.display());
    Ok(())
}
