//! Compilation of components in a child process whose memory and processor time are limited: a component of a few megabytes
//! may ask for hundreds of them while it is compiled, and the compiler may fail in other ways than by an error.
//!
//! The child is the server's own binary ([`compile_alone`]); it reads the component from its standard input and writes
//! compiled code into a file of the parent's choice. In programs that have no such command the compiler runs inside.

use std::io::Read;
use std::path::Path;

use kernel::child::{self, ChildCommand, ChildLimits, Fault};
use wasmparser::{Parser, Payload};

use super::CodeError;

const MIB: u64 = 1024 * 1024;
/// Of what a child says when it fails.
const MAX_WORDS: usize = 500;

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

/// Compiles into a file.
pub(super) fn beside(compiler: &ChildCommand, bytes: &[u8], out: &Path) -> Result<(), CodeError> {
    let limits = compiler.limits;
    let answer = compiler.run(&[out.as_os_str().to_owned()], bytes);
    answer.map(drop).map_err(|fault| match fault {
        Fault::TooSlow => invalid(format!("it takes longer than {} s to be compiled", limits.seconds)),
        Fault::TooMuchMemory => {
            invalid(format!("it needs more than {} MiB of memory to be compiled", limits.memory / MIB))
        }
        Fault::Refused(words) => invalid(words.chars().take(MAX_WORDS).collect::<String>()),
        Fault::Broken(words) => {
            invalid(format!("the compiler failed at it: {}", words.chars().take(MAX_WORDS).collect::<String>()))
        }
    })
}

/// The child's side: compiles standard input and writes the code.
///
/// # Errors
/// What is wrong with the component, or with the file.
pub fn compile_alone(out: &Path, limits: ChildLimits, limited: bool) -> Result<(), String> {
    child::begin(limits, limited)?;
    let mut bytes = Vec::new();
    std::io::stdin().read_to_end(&mut bytes).map_err(|error| error.to_string())?;
    // One thread: less memory at once, and the other processors stay with those who wait for answers.
    let mut config = super::base();
    config.parallel_compilation(false);
    let engine = wasmtime::Engine::new(&config).map_err(|error| format!("{error:#}"))?;
    let code = engine.precompile_component(&bytes).map_err(|error| format!("{error:#}"))?;
    std::fs::write(out, code).map_err(|error| error.to_string())
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
