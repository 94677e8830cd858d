//! Playwright in Chromium against the real server: the harness is `tests/browser`.

use super::rust;
use crate::exec::{self, Failure, Outcome};
use crate::report::Counts;
use crate::scratch::Scratch;
use crate::setup;
use crate::workspace::Workspace;

/// So many tests of a run may pass only when run again, each told by name with its trace: what two processors and a
/// browser do to a clock now and then. More of them are a fault of the change.
const MOST_FLAKY: u64 = 2;

/// Runs all browser tests with the built server, packages and portal.
pub fn test(workspace: &Workspace, counts: &mut Counts) -> Outcome<()> {
    let folder = workspace.path("tests/browser");
    setup::npm_packages(&folder)?;
    let chromium = setup::chromium()?;
    exec::run(exec::tool("node").current_dir(&folder).args(["node_modules/typescript/bin/tsc", "--noEmit"]))?;
    let mut playwright = exec::tool("node");
    playwright.current_dir(&folder).arg("node_modules/@playwright/test/cli.js").arg("test");
    playwright.env("NO_COLOR", "1").env("VERSTAK_CHROMIUM", chromium);
    playwright.env("VERSTAK_BROWSER_OUTPUT", workspace.target.join("browser"));
    let scratch = Scratch::new()?;
    rust::tell(&mut playwright, workspace, &scratch);
    exec::tee(&mut playwright, |line| counts.read(line))?;
    if counts.flaky > MOST_FLAKY {
        return Err(Failure::new(format!(
            "{} browser tests passed only when run again, {MOST_FLAKY} may: see their traces in {}",
            counts.flaky,
            workspace.target.join("browser").display()
        )));
    }
    Ok(())
}
