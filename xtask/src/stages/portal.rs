//! The portal by itself: lint, unit tests, build, size. All commands are the scripts of its package.json.

use std::path::{Path, PathBuf};

use crate::exec::{self, Context, Outcome};
use crate::report::Counts;
use crate::setup;
use crate::workspace::Workspace;

/// Lint, unit tests, build and the size limit.
pub fn test(workspace: &Workspace, counts: &mut Counts) -> Outcome<()> {
    let folder = workspace.path("portal");
    setup::npm_packages(&folder)?;
    script(&folder, "lint", |_| {})?;
    script(&folder, "test", |line| counts.read(line))?;
    build(workspace)?;
    script(&folder, "size", |line| counts.read(line))
}

/// Builds the portal when its sources changed since the last build.
pub fn build(workspace: &Workspace) -> Outcome<()> {
    let folder = workspace.path("portal");
    setup::npm_packages(&folder)?;
    let own = Path::new("portal");
    let sources: Vec<PathBuf> = workspace.files()?.into_iter().filter(|file| file.starts_with(own)).collect();
    let absolute: Vec<PathBuf> = sources.iter().map(|file| workspace.root.join(file)).collect();
    let wanted = format!("{:016x}", setup::fingerprint(&absolute)?);
    let stamp = workspace.target.join("portal-built");
    let built = std::fs::read_to_string(&stamp).is_ok_and(|stamped| stamped == wanted);
    if built && folder.join("dist/index.html").is_file() {
        return Ok(());
    }
    script(&folder, "build", |_| {})?;
    std::fs::create_dir_all(&workspace.target).context("target folder")?;
    std::fs::write(&stamp, wanted).context(stamp.display())
}

fn script(folder: &Path, name: &str, on_line: impl FnMut(&str)) -> Outcome<()> {
    let mut npm = exec::tool("npm");
    npm.current_dir(folder).env("NO_COLOR", "1").args(["run", "--silent", name]);
    exec::tee(&mut npm, on_line)
}
