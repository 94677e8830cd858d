//! Compilation of components in a child process whose memory and processor time are limited: a component of a few megabytes
//! may ask for hundreds of them while it is compiled, and the compiler may fail in other ways than by an error.
//!
//! The child is the server's own binary ([`compile_alone`]); it reads the component from its standard input and writes
//! compiled code into a file of the parent's choice. In programs that have no such command the compiler runs inside.

use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::Duration;

use rustix::process::{Resource, Rlimit, Signal, setrlimit};
use tokio::time::Instant;
use wasmparser::{Parser, Payload};

use super::CodeError;

/// How often a child is looked at.
const LOOK: Duration = Duration::from_millis(20);
/// Wall time of a child for each second of processor time that it may use.
const WALL_PER_CPU: u32 = 4;
const MIB: u64 = 1024 * 1024;
/// Of what a child says when it fails.
const MAX_WORDS: usize = 500;

/// What a compilation may use.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CompileLimits {
    /// Bytes of memory.
    pub memory: u64,
    /// Seconds of processor time.
    pub seconds: u64,
}

/// The program that compiles components.
#[derive(Debug, Clone)]
pub struct Compiler {
    /// The server's own binary.
    pub program: PathBuf,
    /// Its hidden command; file, memory and seconds come after it.
    pub command: String,
    /// What it may use.
    pub limits: CompileLimits,
}

fn invalid(words: impl Into<String>) -> CodeError {
    CodeError::Invalid(words.into())
}

/// Refuses what has several memories, before the compiler sees it.
pub(super) fn one_memory(bytes: &[u8]) -> Result<(), CodeError> {
    let mut memories = 0;
    for part in Parser::new(0).parse_all(bytes) {
        if let Payload::MemorySection(section) = part.map_err(|error| invalid(error.to_string()))? {
            memories += section.count();
        }
    }
    if memories > 1 {
        return Err(invalid(format!(
            "it has {memories} memories, as components composed of several others do; this host runs components with one \
             memory: build it as one component"
        )));
    }
    Ok(())
}

impl Compiler {
    /// Compiles into a file.
    pub(super) fn run(&self, bytes: &[u8], out: &Path) -> Result<(), CodeError> {
        let started = Command::new(&self.program)
            .arg(&self.command)
            .arg(out)
            .args([self.limits.memory.to_string(), self.limits.seconds.to_string()])
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn();
        let mut child = started.map_err(|error| invalid(format!("the compiler cannot be started: {error}")))?;
        if let Some(mut input) = child.stdin.take() {
            // A child that ends early says why by itself.
            drop(input.write_all(bytes));
        }
        let status = self.wait(&mut child)?;
        let mut words = String::new();
        if let Some(said) = child.stderr.take() {
            drop(said.take(64 * 1024).read_to_string(&mut words));
        }
        if status.success() { Ok(()) } else { Err(self.failed(status, &words)) }
    }

    fn wait(&self, child: &mut Child) -> Result<ExitStatus, CodeError> {
        let until = Instant::now() + Duration::from_secs(self.limits.seconds).saturating_mul(WALL_PER_CPU);
        loop {
            match child.try_wait() {
                Ok(Some(status)) => return Ok(status),
                Ok(None) if Instant::now() < until => std::thread::sleep(LOOK),
                Ok(None) => {
                    drop(child.kill());
                    drop(child.wait());
                    return Err(self.too_slow());
                }
                Err(error) => return Err(invalid(format!("the compiler is lost: {error}"))),
            }
        }
    }

    fn too_slow(&self) -> CodeError {
        invalid(format!("it takes longer than {} s to be compiled", self.limits.seconds))
    }

    fn failed(&self, status: ExitStatus, words: &str) -> CodeError {
        let signal = std::os::unix::process::ExitStatusExt::signal(&status);
        if [Signal::XCPU, Signal::KILL].iter().any(|one| signal == Some(one.as_raw())) {
            return self.too_slow();
        }
        if words.contains("memory allocation of") || words.contains("os error 12") {
            return invalid(format!("it needs more than {} MiB of memory to be compiled", self.limits.memory / MIB));
        }
        let words: String = words.trim().chars().take(MAX_WORDS).collect();
        match (signal, status.code()) {
            (None, Some(1)) => invalid(words.strip_prefix("verstak: ").unwrap_or(&words)),
            _ => invalid(format!("the compiler failed at it: {words}")),
        }
    }
}

/// The child's side: limits itself, compiles standard input and writes the code. The limits must be there before the program
/// begins, since its allocator reserves memory at once: the child takes them and then becomes the same program anew, which
/// is told so by `limited`.
///
/// # Errors
/// What is wrong with the component, or with the file.
pub fn compile_alone(out: &Path, limits: CompileLimits, limited: bool) -> Result<(), String> {
    if !limited {
        let mut anew = Command::new(std::env::current_exe().map_err(|error| error.to_string())?);
        anew.args(std::env::args_os().skip(1)).arg("--limited");
        limit(limits)?;
        return Err(std::os::unix::process::CommandExt::exec(&mut anew).to_string());
    }
    let mut bytes = Vec::new();
    std::io::stdin().read_to_end(&mut bytes).map_err(|error| error.to_string())?;
    // One thread: less memory at once, and the other processors stay with those who wait for answers.
    let mut config = super::base();
    config.parallel_compilation(false);
    let engine = wasmtime::Engine::new(&config).map_err(|error| format!("{error:#}"))?;
    let code = engine.precompile_component(&bytes).map_err(|error| format!("{error:#}"))?;
    std::fs::write(out, code).map_err(|error| error.to_string())
}

fn limit(limits: CompileLimits) -> Result<(), String> {
    // The kernel tells a process that it has used up its time a second before it ends it.
    let limit = |resource: Resource, most: u64| {
        let limit = Rlimit { current: Some(most), maximum: Some(most.saturating_add(1)) };
        setrlimit(resource, limit).map_err(|error| error.to_string())
    };
    limit(Resource::Core, 0)?;
    limit(Resource::Data, limits.memory)?;
    limit(Resource::Cpu, limits.seconds)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A component of so many modules, each with a memory.
    fn composed(modules: usize) -> Vec<u8> {
        let module = b"\0asm\x01\0\0\0\x05\x03\x01\0\x01";
        let mut bytes = b"\0asm\x0d\0\x01\0".to_vec();
        for _ in 0..modules {
            bytes.extend([1, u8::try_from(module.len()).unwrap()]);
            bytes.extend(module);
        }
        bytes
    }

    #[test]
    fn several_memories_are_refused_with_words() {
        one_memory(&composed(1)).unwrap();
        let error = one_memory(&composed(2)).unwrap_err().to_string();
        assert!(error.contains("it has 2 memories") && error.contains("build it as one component"), "{error}");
        assert!(one_memory(b"\0asm nonsense").is_err());
    }
}
