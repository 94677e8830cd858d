//! What has to be on the machine: put there when we can, named exactly when we cannot.
//!
//! Owns: the wasm target, Node.js and npm packages, Debian's packages. Nothing is fetched that is already there.
//! Every command asks only for what it needs; running a step twice costs milliseconds.

use std::hash::{DefaultHasher, Hasher};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use crate::exec::{self, Context, Failure, Outcome};
use crate::postgres;
use crate::workspace::Workspace;

/// The target that plugins are built for: a plain build gives a component.
pub const GUEST_TRIPLE: &str = "wasm32-wasip2";
const NODE_MINIMUM: [u32; 2] = [20, 19];
const NPM_MINIMUM: [u32; 2] = [10, 0];

/// Everything the tests need.
pub fn all(workspace: &Workspace) -> Outcome<()> {
    wasm_target()?;
    npm_packages(&workspace.path("portal"))?;
    npm_packages(&workspace.path("xtask/codegen"))?;
    npm_packages(&workspace.path("tests/browser"))?;
    postgres_server()?;
    chromium().map(drop)
}

/// The guests' target in the machine's own toolchain.
pub fn wasm_target() -> Outcome<()> {
    let sysroot = exec::capture(exec::tool("rustc").args(["--print", "sysroot"]))?;
    if Path::new(sysroot.trim()).join("lib/rustlib").join(GUEST_TRIPLE).join("lib").is_dir() {
        return Ok(());
    }
    exec::run(exec::tool("rustup").args(["target", "add", GUEST_TRIPLE])).map_err(|failure| {
        Failure::new(format!(
            "plugins need Rust's target {GUEST_TRIPLE}, and it could not be added. Add it to the toolchain by hand \
             (`rustup target add {GUEST_TRIPLE}`, or your distribution's package of it).\n  {failure}"
        ))
    })
}

/// Node.js and npm, new enough for the portal's tools.
pub fn node() -> Outcome<()> {
    at_least("node", NODE_MINIMUM)?;
    at_least("npm", NPM_MINIMUM)
}

fn at_least(program: &str, minimum: [u32; 2]) -> Outcome<()> {
    let [major, minor] = minimum;
    let wish = format!("the portal needs {program} {major}.{minor} or newer on PATH");
    let printed = exec::capture(exec::tool(program).arg("--version"))
        .map_err(|failure| Failure::new(format!("{wish}.\n  {failure}")))?;
    match version(&printed) {
        Some(found) if found >= minimum => Ok(()),
        _ => Err(Failure::new(format!("{wish}; found {}", printed.trim()))),
    }
}

/// Major and minor of `v20.20.2` or `11.19.1`.
fn version(printed: &str) -> Option<[u32; 2]> {
    let mut numbers = printed.trim().trim_start_matches('v').split('.').map(str::parse::<u32>);
    Some([numbers.next()?.ok()?, numbers.next()?.ok()?])
}

/// `npm ci` in a folder when its lock file changed since the last install. Folders without one need nothing.
pub fn npm_packages(folder: &Path) -> Outcome<()> {
    let lock = folder.join("package-lock.json");
    if !lock.is_file() {
        return Ok(());
    }
    node()?;
    let wanted = format!("{:016x}", fingerprint(std::slice::from_ref(&lock))?);
    let stamp = folder.join("node_modules/.verstak-lock");
    let stamped = std::fs::read_to_string(&stamp).is_ok_and(|stamped| stamped == wanted);
    if stamped || installed_by_hand(folder, &lock) {
        return Ok(());
    }
    // `npm ci` refuses a lock file in which optional packages of other platforms are missing, as they are where the
    // registry in reach has no copies of them; `install` keeps to the lock all the same.
    let arguments = ["install", "--no-save", "--no-audit", "--no-fund", "--loglevel=error"];
    exec::run(exec::tool("npm").current_dir(folder).args(arguments))?;
    std::fs::write(&stamp, wanted).context(stamp.display())
}

/// npm writes its own record of an install; one newer than the lock file is that lock file's.
fn installed_by_hand(folder: &Path, lock: &Path) -> bool {
    match (modified(&folder.join("node_modules/.package-lock.json")), modified(lock)) {
        (Some(installed), Some(locked)) => installed >= locked,
        _ => false,
    }
}

fn modified(path: &Path) -> Option<SystemTime> {
    path.metadata().and_then(|data| data.modified()).ok()
}

/// A hash over names and contents of files; the same for the same files on the same toolchain.
pub fn fingerprint(files: &[PathBuf]) -> Outcome<u64> {
    let mut hasher = DefaultHasher::new();
    for file in files {
        let bytes = std::fs::read(file).context(file.display())?;
        hasher.write(file.as_os_str().as_encoded_bytes());
        hasher.write_usize(bytes.len());
        hasher.write(&bytes);
    }
    Ok(hasher.finish())
}

/// PostgreSQL's server programs, for the private clusters of tests and benchmarks.
pub fn postgres_server() -> Outcome<()> {
    if postgres::programs().is_none() {
        debian_package("postgresql", "the tests on PostgreSQL need its server programs (initdb, postgres)")?;
    }
    match postgres::programs() {
        Some(_) => Ok(()),
        None => Err(Failure::new("postgresql is installed, but initdb is neither on PATH nor in /usr/lib/postgresql")),
    }
}

const HEADLESS: &str = "chromium-headless-shell";

/// The browser of the browser tests: `VERSTAK_CHROMIUM`, else Debian's or another Chromium on PATH. The one that is built
/// without windows needs a fifth less time for the same pages.
pub fn chromium() -> Outcome<PathBuf> {
    if let Some(path) = std::env::var_os("VERSTAK_CHROMIUM").map(PathBuf::from) {
        return if path.is_file() {
            Ok(path)
        } else {
            Err(Failure::new(format!("VERSTAK_CHROMIUM names {}, which is no file", path.display())))
        };
    }
    if find_chromium().is_none() {
        debian_package(HEADLESS, "the browser tests need Chromium (or VERSTAK_CHROMIUM=/path/to/it)")?;
    }
    find_chromium().ok_or_else(|| Failure::new("chromium is installed, but not on PATH"))
}

fn find_chromium() -> Option<PathBuf> {
    let folders = std::env::var_os("PATH")?;
    let names = [HEADLESS, "chromium", "chromium-browser", "google-chrome", "google-chrome-stable"];
    std::env::split_paths(&folders).flat_map(|folder| names.map(|name| folder.join(name))).find(|path| path.is_file())
}

fn debian_package(name: &str, why: &str) -> Outcome<()> {
    if !exec::in_path("apt-get") {
        return Err(Failure::new(format!("{why}. Install {name} with your system's package manager")));
    }
    if !is_root() {
        return Err(Failure::new(format!("{why}. Run: sudo apt-get update && sudo apt-get install -y {name}")));
    }
    let apt = |arguments: &[&str]| {
        exec::run(exec::tool("apt-get").env("DEBIAN_FRONTEND", "noninteractive").args(["-q"]).args(arguments))
    };
    apt(&["update"]).and_then(|()| apt(&["install", "-y", "--no-install-recommends", name])).map_err(|failure| {
        Failure::new(format!("{why}, and Debian's package {name} could not be installed.\n  {failure}"))
    })
}

/// Whether this process runs as root.
pub fn is_root() -> bool {
    use std::os::unix::fs::MetadataExt;
    Path::new("/proc/self").metadata().is_ok_and(|data| data.uid() == 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_read_and_nonsense_is_none() {
        for (printed, expected) in [
            ("v20.20.2\n", Some([20, 20])),
            ("11.19.1", Some([11, 19])),
            ("v22.0.0-nightly", Some([22, 0])),
            ("20", None),
            ("", None),
            ("vv.1", None),
            ("99999999999.1", None),
        ] {
            assert_eq!(version(printed), expected, "{printed:?}");
        }
    }
}
