//! The real server as a process, to be killed.

use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;

use crate::app::{Database, PASSWORD, on_postgres, root};

/// The built product: named by `cargo xtask test`, else built now into the folder this test was built into.
pub fn binary() -> &'static Path {
    static BINARY: OnceLock<PathBuf> = OnceLock::new();
    BINARY.get_or_init(|| {
        if let Some(named) = std::env::var_os("VERSTAK_BIN") {
            return named.into();
        }
        let own = std::env::current_exe().unwrap();
        let debug = own.ancestors().nth(2).unwrap();
        let mut cargo = Command::new("cargo");
        cargo.args(["build", "-p", "verstak", "--bin", "verstak", "--target-dir"]).arg(debug.parent().unwrap());
        assert!(cargo.current_dir(root()).status().unwrap().success());
        debug.join("verstak")
    })
}

/// A command of the product on this database.
fn command(database: &Database, words: &[&str]) -> Command {
    command_at(database.folder(), database.url(), words)
}

/// The same by the places of the database, which may be used on another thread.
fn command_at(folder: &Path, url: &str, words: &[&str]) -> Command {
    let mut command = Command::new(binary());
    command.args(words).arg("--data").arg(folder).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    if on_postgres() {
        command.args(["--database-url", url]);
    }
    command.env("VERSTAK__HTTP__RATE_PER_SECOND", "0").env("VERSTAK__DATABASE__CONNECTIONS", "4");
    command
}

/// Runs a command to its end and gives what it printed.
pub fn run_at(folder: &Path, url: &str, words: &[&str]) -> String {
    let output = command_at(folder, url, words).spawn().unwrap().wait_with_output().unwrap();
    assert!(output.status.success(), "{words:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

/// A command that runs.
pub fn spawn_at(folder: &Path, url: &str, words: &[&str]) -> Child {
    command_at(folder, url, words).spawn().unwrap()
}

/// Runs a command to its end and gives what it printed.
pub fn run(database: &Database, words: &[&str], input: &str) -> String {
    let mut child = command(database, words).spawn().unwrap();
    child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "{words:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}

/// What a command says that must fail, with settings in its environment.
pub fn refused(database: &Database, words: &[&str], settings: &[(&str, String)]) -> String {
    let mut command = command(database, words);
    command.envs(settings.iter().map(|(key, value)| (key, value)));
    let output = command.spawn().unwrap().wait_with_output().unwrap();
    assert!(!output.status.success(), "{words:?}");
    String::from_utf8(output.stderr).unwrap()
}

/// A company in an empty database and a token of its administrator.
pub fn company(database: &Database) -> String {
    run(database, &["init", "--tenant", "Acme", "--admin", "admin@acme.test", "--password-stdin"], PASSWORD);
    run(database, &["token", "create", "--user", "admin@acme.test", "--name", "test"], "")
}

/// A running server.
pub struct Server {
    child: Child,
    pub url: String,
}

impl Server {
    /// Starts it and waits until it says that it is ready.
    pub fn start(database: &Database) -> Self {
        Self::start_with(database, &[])
    }

    /// The same with more words on its command line.
    pub fn start_with(database: &Database, words: &[&str]) -> Self {
        Self::start_in(database, words, &[])
    }

    /// The same with settings in its environment.
    pub fn start_in(database: &Database, words: &[&str], settings: &[(&str, String)]) -> Self {
        let words = [&["serve", "--listen", "127.0.0.1:0"], words].concat();
        let mut command = command(database, &words);
        command.envs(settings.iter().map(|(key, value)| (key, value)));
        let mut child = command.env("NO_COLOR", "1").spawn().unwrap();
        let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
        let mut said = Vec::new();
        let address = loop {
            let Some(line) = lines.next() else { panic!("the server ended: {said:#?}") };
            let line = line.unwrap();
            if let Some((_, rest)) = line.split_once("address=") {
                break rest.split_whitespace().next().unwrap().to_owned();
            }
            said.push(line);
        };
        // Its later words are read and thrown away, so that it never waits for us.
        std::thread::spawn(move || lines.for_each(drop));
        Self { child, url: format!("http://{address}") }
    }

    /// Its process id.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// kill -9 from another thread.
    pub fn killer(&self) -> impl FnOnce() + Send + 'static {
        let id = self.child.id().to_string();
        move || assert!(Command::new("kill").args(["-9", &id]).status().unwrap().success())
    }

    /// kill -9.
    pub fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}
