//! Work that must not be trusted with the server's own process: a child of the same binary with limits of memory and
//! processor time, which reads its input from standard input and answers on standard output.
//!
//! Data enters as bytes and leaves as bytes, or as why there are none ([`Fault`]).

use std::ffi::OsString;
use std::io::{Read, Write};
use std::path::PathBuf;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::thread::JoinHandle;
use std::time::Duration;

use rustix::process::{Resource, Rlimit, Signal, setrlimit};
use tokio::time::Instant;

/// How often a child is looked at.
const LOOK: Duration = Duration::from_millis(20);
/// Wall time of a child for each second of processor time that it may use.
const WALL_PER_CPU: u32 = 4;
/// Of what a child says when it fails.
const MAX_WORDS: u64 = 64 * 1024;
/// Of its answer: 64 MiB.
const MAX_ANSWER: u64 = 64 * 1024 * 1024;

/// What a child may use.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ChildLimits {
    /// Bytes of memory.
    pub memory: u64,
    /// Seconds of processor time.
    pub seconds: u64,
}

/// A hidden command of the server's own binary.
#[derive(Debug, Clone)]
pub struct ChildCommand {
    /// The binary.
    pub program: PathBuf,
    /// The command; its arguments, memory and seconds come after it.
    pub command: String,
    /// What it may use.
    pub limits: ChildLimits,
}

/// Why a child gave no answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fault {
    /// It used up its time.
    TooSlow,
    /// It asked for more memory than it may have.
    TooMuchMemory,
    /// It said no: what it wrote to standard error, when it ended with code 1.
    Refused(String),
    /// It could not be started, or broke down.
    Broken(String),
}

impl ChildCommand {
    /// Runs it to its end; blocks. Gives what it wrote to standard output, up to 64 MiB.
    ///
    /// # Errors
    /// [`Fault`].
    pub fn run(&self, arguments: &[OsString], input: &[u8]) -> Result<Vec<u8>, Fault> {
        let started = Command::new(&self.program)
            .arg(&self.command)
            .args(arguments)
            .args([self.limits.memory.to_string(), self.limits.seconds.to_string()])
            .env_clear()
            // Threads would take memory, and processors from those who wait for answers.
            .env("RAYON_NUM_THREADS", "1")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn();
        let mut child = started.map_err(|error| Fault::Broken(format!("it cannot be started: {error}")))?;
        let answer = child.stdout.take().map(|pipe| drained(pipe, MAX_ANSWER));
        let words = child.stderr.take().map(|pipe| drained(pipe, MAX_WORDS));
        if let Some(mut pipe) = child.stdin.take() {
            // A child that ends early says why by itself.
            drop(pipe.write_all(input));
        }
        let status = self.wait(&mut child);
        let (answer, words) = (read(answer), read(words));
        let status = status?;
        if status.success() { Ok(answer) } else { Err(fault(status, &String::from_utf8_lossy(&words))) }
    }

    fn wait(&self, child: &mut Child) -> Result<ExitStatus, Fault> {
        let until = Instant::now() + Duration::from_secs(self.limits.seconds).saturating_mul(WALL_PER_CPU);
        loop {
            match child.try_wait() {
                Ok(Some(status)) => return Ok(status),
                Ok(None) if Instant::now() < until => std::thread::sleep(LOOK),
                Ok(None) => {
                    drop(child.kill());
                    drop(child.wait());
                    return Err(Fault::TooSlow);
                }
                Err(error) => return Err(Fault::Broken(format!("it is lost: {error}"))),
            }
        }
    }
}

/// Reads a pipe on a thread of its own, so that the child never waits for somebody to read.
fn drained(mut pipe: impl Read + Send + 'static, most: u64) -> JoinHandle<Vec<u8>> {
    std::thread::spawn(move || {
        let mut bytes = Vec::new();
        drop(pipe.by_ref().take(most).read_to_end(&mut bytes));
        drop(std::io::copy(&mut pipe, &mut std::io::sink()));
        bytes
    })
}

fn read(pipe: Option<JoinHandle<Vec<u8>>>) -> Vec<u8> {
    pipe.and_then(|thread| thread.join().ok()).unwrap_or_default()
}

fn fault(status: ExitStatus, words: &str) -> Fault {
    let signal = std::os::unix::process::ExitStatusExt::signal(&status);
    if [Signal::XCPU, Signal::KILL].iter().any(|one| signal == Some(one.as_raw())) {
        return Fault::TooSlow;
    }
    if words.contains("memory allocation of") || words.contains("os error 12") {
        return Fault::TooMuchMemory;
    }
    match (signal, status.code()) {
        (None, Some(1)) => Fault::Refused(words.strip_prefix("verstak: ").unwrap_or(words).trim().to_owned()),
        _ => Fault::Broken(words.trim().to_owned()),
    }
}

/// The child's side: takes the limits. They must be there before the program begins, since its allocator reserves memory
/// at once: so the child takes them and becomes the same program anew, which is told so by the argument `--limited`.
///
/// # Errors
/// When the limits cannot be taken.
pub fn begin(limits: ChildLimits, limited: bool) -> Result<(), String> {
    if limited {
        return Ok(());
    }
    let mut anew = Command::new(std::env::current_exe().map_err(|error| error.to_string())?);
    anew.args(std::env::args_os().skip(1)).arg("--limited");
    limit(limits)?;
    Err(std::os::unix::process::CommandExt::exec(&mut anew).to_string())
}

fn limit(limits: ChildLimits) -> Result<(), String> {
    // The kernel tells a process that it has used up its time a second before it ends it.
    let limit = |resource: Resource, most: u64| {
        let limit = Rlimit { current: Some(most), maximum: Some(most.saturating_add(1)) };
        setrlimit(resource, limit).map_err(|error| error.to_string())
    };
    limit(Resource::Core, 0)?;
    limit(Resource::Data, limits.memory)?;
    limit(Resource::Cpu, limits.seconds)
}
