//! A private PostgreSQL cluster for one run, gone afterwards however the run ends.
//!
//! Owns: the cluster's folder, port and life. A small keeper process holds the server and waits for our end of a
//! pipe to close; that happens on success, failure, Ctrl-C and kill -9 alike, and then it stops the server and removes
//! the folder. Must not know: what the database is used for.

use std::net::TcpListener;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use crate::exec::{self, Context, Failure, Outcome};
use crate::scratch::{self, Scratch};
use crate::setup;
use crate::workspace::Workspace;

/// How safe the cluster writes.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Durability {
    /// Nothing is forced to disk: tests.
    Off,
    /// As in production: benchmarks.
    On,
}

/// A running cluster; dropping it stops the server and removes its folder.
pub struct Cluster {
    keeper: Child,
    folder: PathBuf,
    /// `postgres://` address of an empty database whose user may create more.
    pub url: String,
}

/// The folder of PostgreSQL's server programs: PATH first, else the newest below Debian's place.
pub fn programs() -> Option<PathBuf> {
    let on_path = std::env::var_os("PATH").and_then(|path| {
        std::env::split_paths(&path).find_map(|folder| {
            // A link on PATH leads to the folder that holds all of the programs.
            let initdb = folder.join("initdb").canonicalize().ok()?;
            initdb.parent().filter(|folder| folder.join("postgres").is_file()).map(Path::to_owned)
        })
    });
    on_path.or_else(|| newest(Path::new("/usr/lib/postgresql")))
}

fn newest(folder: &Path) -> Option<PathBuf> {
    let versions = std::fs::read_dir(folder).ok()?.flatten().filter_map(|entry| {
        let version: u32 = entry.file_name().to_str()?.parse().ok()?;
        let programs = entry.path().join("bin");
        programs.join("initdb").is_file().then_some((version, programs))
    });
    versions.max().map(|(_, programs)| programs)
}

impl Cluster {
    /// For tests: below what is thrown away.
    ///
    /// # Errors
    /// PostgreSQL's programs are missing, no account to run them under (they refuse root), or the server does not start.
    pub fn for_tests(scratch: &Scratch) -> Outcome<Self> {
        Self::start(scratch.path(), Account::unprivileged()?.as_ref(), Durability::Off)
    }

    /// For benchmarks: on a disk, as in production.
    ///
    /// # Errors
    /// As for tests.
    pub fn for_benchmarks(workspace: &Workspace) -> Outcome<Self> {
        let account = Account::unprivileged()?;
        Self::start(&place(&workspace.target, account.is_some()), account.as_ref(), Durability::On)
    }

    /// Makes a cluster and waits until it answers.
    fn start(below: &Path, account: Option<&Account>, durability: Durability) -> Outcome<Self> {
        let programs = programs().ok_or_else(|| Failure::new("PostgreSQL's server programs are not installed"))?;
        let folder = below.join(format!("pg-{}", std::process::id()));
        std::fs::create_dir_all(&folder).context(folder.display())?;
        if let Some(account) = account {
            std::os::unix::fs::chown(&folder, Some(account.user), Some(account.group)).context(folder.display())?;
        }
        let made =
            initialise(&programs, &folder, account).and_then(|()| Self::serve(&programs, &folder, account, durability));
        if made.is_err() {
            drop(std::fs::remove_dir_all(&folder));
        }
        made
    }

    fn serve(programs: &Path, folder: &Path, account: Option<&Account>, durability: Durability) -> Outcome<Self> {
        let port = free_port()?;
        let mut server = vec![programs.join("postgres").display().to_string()];
        server.extend(server_arguments(folder, port, durability));
        let keeper = start_keeper(folder, account, &server)?;
        let url = format!("postgres://verstak@127.0.0.1:{port}/postgres");
        let mut cluster = Self { keeper, folder: folder.to_owned(), url };
        cluster.wait_until_ready()?;
        Ok(cluster)
    }

    fn wait_until_ready(&mut self) -> Outcome<()> {
        for _ in 0..300 {
            if says_ready(&self.folder.join("data/postmaster.pid")) {
                return Ok(());
            }
            if self.keeper.try_wait().context("PostgreSQL")?.is_some() {
                break;
            }
            std::thread::sleep(std::time::Duration::from_millis(100));
        }
        let log = std::fs::read_to_string(self.folder.join("log")).unwrap_or_default();
        Err(Failure::new(format!("PostgreSQL did not start; its log says:\n{log}")))
    }
}

/// The server writes its state into the eighth line of this file (`pg_ctl` waits for the same word).
fn says_ready(state: &Path) -> bool {
    std::fs::read_to_string(state).is_ok_and(|text| text.lines().nth(7).is_some_and(|line| line.trim() == "ready"))
}

impl Drop for Cluster {
    fn drop(&mut self) {
        drop(self.keeper.stdin.take());
        drop(self.keeper.wait());
        drop(std::fs::remove_dir_all(&self.folder));
    }
}

fn server_arguments(folder: &Path, port: u16, durability: Durability) -> Vec<String> {
    let data = folder.join("data").display().to_string();
    let mut words: Vec<String> = ["-D", &data, "-h", "127.0.0.1", "-p", &port.to_string()].map(str::to_owned).into();
    let mut settings = vec!["max_connections=200", "unix_socket_directories=", "timezone=UTC", "log_timezone=UTC"];
    match durability {
        Durability::Off => settings.extend(["fsync=off", "synchronous_commit=off", "full_page_writes=off"]),
        Durability::On => settings.extend(["shared_buffers=512MB", "max_wal_size=4GB"]),
    }
    words.extend(settings.into_iter().flat_map(|setting| ["-c".to_owned(), setting.to_owned()]));
    words
}

/// In its own process group, so that Ctrl-C reaches it only as the end of the pipe.
fn start_keeper(folder: &Path, account: Option<&Account>, server: &[String]) -> Outcome<Child> {
    const SCRIPT: &str = r#"
folder=$1; shift
exec 3<&0
"$@" >"$folder/log" 2>&1 </dev/null 3<&- &
server=$!
cat <&3 >/dev/null &
reader=$!
trap 'kill -INT "$server" 2>/dev/null; wait "$server"; rm -rf "$folder"; exit' EXIT
# Ends when the pipe closes or when the server has died on its own.
while kill -0 "$server" 2>/dev/null && kill -0 "$reader" 2>/dev/null; do sleep 0.2; done
kill -0 "$reader" 2>/dev/null && exit 1
"#;
    let mut keeper = exec::tool("sh");
    keeper.args(["-c", SCRIPT, "postgres-keeper"]).arg(folder);
    if let Some(account) = account {
        keeper.args(account.prefix());
    }
    keeper.args(server).current_dir("/").stdin(Stdio::piped()).stdout(Stdio::null()).process_group(0);
    keeper.spawn().context("sh")
}

fn initialise(programs: &Path, folder: &Path, account: Option<&Account>) -> Outcome<()> {
    let initdb = programs.join("initdb");
    let mut command = match account.map(Account::prefix) {
        Some(prefix) => {
            let mut command = exec::tool("setpriv");
            command.args(prefix.iter().skip(1)).arg(initdb);
            command
        }
        None => exec::tool(initdb),
    };
    command.current_dir("/").arg("-D").arg(folder.join("data"));
    command.args(["-U", "verstak", "--auth=trust", "-E", "UTF8", "--locale=C.UTF-8", "--no-sync", "--no-instructions"]);
    exec::quietly(&mut command)
}

/// The account a root process lends to PostgreSQL, which refuses to run as root.
struct Account {
    user: u32,
    group: u32,
}

impl Account {
    /// `postgres`, else `nobody`; `None` when we are not root and need no other account.
    fn unprivileged() -> Outcome<Option<Self>> {
        if !setup::is_root() {
            return Ok(None);
        }
        let accounts = std::fs::read_to_string("/etc/passwd").context("/etc/passwd")?;
        let found = ["postgres", "nobody"].into_iter().find_map(|name| Self::in_passwd(&accounts, name));
        found.map(Some).ok_or_else(|| Failure::new("PostgreSQL refuses to run as root, and there is no other account"))
    }

    fn in_passwd(accounts: &str, name: &str) -> Option<Self> {
        let line = accounts.lines().find(|line| line.split(':').next() == Some(name))?;
        let mut numbers = line.split(':').skip(2).map(str::parse::<u32>);
        Some(Self { user: numbers.next()?.ok()?, group: numbers.next()?.ok()? })
    }

    fn prefix(&self) -> Vec<String> {
        let Self { user, group } = self;
        vec![
            "setpriv".into(),
            format!("--reuid={user}"),
            format!("--regid={group}"),
            "--clear-groups".into(),
            "--".into(),
        ]
    }
}

/// The target folder when the other account can reach it, else the system's folder for temporary files.
fn place(target: &Path, other_account: bool) -> PathBuf {
    use std::os::unix::fs::MetadataExt;
    let open = |folder: &Path| folder.metadata().is_ok_and(|data| data.mode() & 0o001 != 0);
    if !other_account || target.ancestors().all(open) { target.to_owned() } else { std::env::temp_dir() }
}

/// A port nobody listens on just now.
pub fn free_port() -> Outcome<u16> {
    let listener = TcpListener::bind(("127.0.0.1", 0)).context("a free port")?;
    Ok(listener.local_addr().context("a free port")?.port())
}

/// Runs a command of the caller's with a cluster of its own.
pub fn run_with(words: &[String]) -> Outcome<()> {
    let Some((program, arguments)) = words.split_first() else { return Err(Failure::new("no command is given")) };
    setup::postgres_server()?;
    let scratch = Scratch::new()?;
    let cluster = Cluster::for_tests(&scratch)?;
    let mut command = exec::tool(program);
    command.args(arguments).env(scratch::VARIABLE, scratch.path());
    pass_on(&mut command, &cluster);
    exec::run(&mut command)
}

/// The variables by which tests and benchmarks learn of the cluster.
pub fn pass_on(command: &mut Command, cluster: &Cluster) {
    command.env("VERSTAK_TEST_DATABASE", "postgres").env("VERSTAK_TEST_POSTGRES_URL", &cluster.url);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn accounts_are_found_by_their_whole_name() {
        let accounts =
            "root:x:0:0::/root:/bin/sh\npostgres-old:x:7:8::/:\npostgres:x:101:104::/:\nbroken:x\nbad:x:a:b::";
        let found = |name| Account::in_passwd(accounts, name).map(|account| (account.user, account.group));
        assert_eq!(found("postgres"), Some((101, 104)));
        for name in ["post", "", "broken", "bad", "missing"] {
            assert_eq!(found(name), None, "{name}");
        }
    }

    #[test]
    fn a_folder_the_other_account_cannot_enter_is_not_used() {
        let closed = std::env::temp_dir().join(format!("xtask-closed-{}", std::process::id()));
        std::fs::create_dir_all(closed.join("inner")).expect("a temporary folder");
        let permissions = std::os::unix::fs::PermissionsExt::from_mode(0o700);
        std::fs::set_permissions(&closed, permissions).expect("permissions");
        assert_eq!(place(&closed.join("inner"), true), std::env::temp_dir());
        assert_eq!(place(&closed.join("inner"), false), closed.join("inner"));
        std::fs::remove_dir_all(&closed).expect("removed");
    }
}
