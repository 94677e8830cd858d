//! Compiled components: compilation off the request path, a cache on disk, and what a component imports and exports.

use std::any::Any;
use std::collections::BTreeSet;
use std::collections::hash_map::DefaultHasher;
use std::hash::{Hash, Hasher};
use std::path::{Path, PathBuf};
use std::sync::PoisonError;

use kernel::child::ChildCommand;
use wasmtime::Store;
use wasmtime::component::{Component, Instance, InstancePre};

use super::compile::one_memory;
use super::{Engine, compile};
use crate::capabilities::State;
use crate::points::{Indices, POINTS};

const EXPORT_PREFIX: &str = "verstak:plugin/";

/// Why a component cannot be used.
#[derive(Debug, Clone, thiserror::Error)]
pub enum CodeError {
    /// The bytes are not a component, or one that cannot run here.
    #[error("component.wasm: {0}")]
    Invalid(String),
    /// It imports something that there is not.
    #[error("component.wasm imports `{0}`, which this host does not offer")]
    UnknownImport(String),
    /// It exports something unknown.
    #[error("component.wasm exports `{0}`, which this host does not call")]
    UnknownExport(String),
}

/// A compiled component, ready to be instantiated.
pub struct Code {
    pre: InstancePre<State>,
    /// Where the exports are, by name.
    exports: Vec<(&'static str, Indices)>,
    imports: BTreeSet<String>,
}

impl std::fmt::Debug for Code {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Code").field("imports", &self.imports).finish_non_exhaustive()
    }
}

impl Code {
    /// Interfaces of Verstak it imports, without versions, for example `verstak:storage/kv`.
    pub const fn imports(&self) -> &BTreeSet<String> {
        &self.imports
    }

    /// Whether it has an export.
    pub(crate) fn exports(&self, export: &str) -> bool {
        self.exports.iter().any(|(name, _)| *name == export)
    }

    /// Where the functions of an export are.
    pub(crate) fn indices<T: Any>(&self, export: &str) -> wasmtime::Result<&T> {
        let found = self.exports.iter().find(|(name, _)| *name == export);
        let indices = found.and_then(|(_, indices)| indices.downcast_ref());
        indices.ok_or_else(|| wasmtime::Error::msg(format!("the component does not export `{export}`")))
    }

    pub(super) async fn instantiate(&self, store: &mut Store<State>) -> wasmtime::Result<Instance> {
        self.pre.instantiate_async(store).await
    }
}

impl Engine {
    /// Compiles a component on a thread for blocking work, or loads what was compiled before. `hash` is the SHA-256
    /// of the bytes.
    ///
    /// # Errors
    /// When it is no component, or imports or exports what there is not.
    pub async fn compile(&self, bytes: Vec<u8>, hash: &str) -> Result<Code, CodeError> {
        let (engine, hash) = (self.clone(), hash.to_owned());
        tokio::task::spawn_blocking(move || engine.compile_now(&bytes, &hash))
            .await
            .map_err(|error| CodeError::Invalid(error.to_string()))?
    }

    fn compile_now(&self, bytes: &[u8], hash: &str) -> Result<Code, CodeError> {
        one_memory(bytes)?;
        let path = self.inner.cache.as_ref().map(|folder| self.cached_file(folder, hash));
        let cached = || path.as_deref().and_then(|path| self.load(path));
        if let Some(component) = cached() {
            return self.link(&component);
        }
        let _one_at_a_time = self.inner.compiling.lock().unwrap_or_else(PoisonError::into_inner);
        let component = match cached() {
            Some(component) => component,
            None => self.compile_fresh(bytes, path.as_deref())?,
        };
        self.link(&component)
    }

    fn compile_fresh(&self, bytes: &[u8], keep: Option<&Path>) -> Result<Component, CodeError> {
        if let (Some(compiler), Some(path)) = (&self.inner.compiler, keep) {
            return self.compile_beside(compiler, bytes, path);
        }
        let component = Component::from_binary(&self.inner.wasmtime, bytes)
            .map_err(|error| CodeError::Invalid(format!("{error:#}")))?;
        if let Some(path) = keep
            && let Err(error) = store(path, &component)
        {
            tracing::warn!(%error, "compiled plugin code could not be kept");
        }
        Ok(component)
    }

    fn compile_beside(&self, compiler: &ChildCommand, bytes: &[u8], path: &Path) -> Result<Component, CodeError> {
        let half = half_of(path).map_err(|error| CodeError::Invalid(error.to_string()))?;
        let made = compile::beside(compiler, bytes, &half);
        let moved = made.and_then(|()| std::fs::rename(&half, path).map_err(|e| CodeError::Invalid(e.to_string())));
        if moved.is_err() {
            // It may have been begun.
            drop(std::fs::remove_file(&half));
        }
        moved?;
        self.load(path).ok_or_else(|| CodeError::Invalid("the compiled code cannot be used".to_owned()))
    }

    /// Content hash and the hash of everything about this engine that compiled code depends on.
    fn cached_file(&self, folder: &Path, hash: &str) -> PathBuf {
        let mut hasher = DefaultHasher::new();
        self.inner.wasmtime.precompile_compatibility_hash().hash(&mut hasher);
        folder.join(format!("{hash}-{:016x}.cwasm", hasher.finish()))
    }

    #[expect(unsafe_code, reason = "compiled code is only ever read from the host's own cache folder")]
    fn load(&self, path: &Path) -> Option<Component> {
        if !path.is_file() {
            return None;
        }
        // SAFETY: files in this folder are written by `store` alone, whole and under a name made of the hash of the
        // component and of the engine; packages cannot carry compiled code; the folder is readable by the server's
        // user only. Whoever can change it can change the server's binary and database as well.
        match unsafe { Component::deserialize_file(&self.inner.wasmtime, path) } {
            Ok(component) => Some(component),
            Err(error) => {
                tracing::warn!(%error, path = %path.display(), "kept plugin code is not usable: compiling anew");
                None
            }
        }
    }

    fn link(&self, component: &Component) -> Result<Code, CodeError> {
        let kind = component.component_type();
        let mut imports = BTreeSet::new();
        for (name, _) in kind.imports(&self.inner.wasmtime) {
            if name.starts_with("verstak:") {
                imports.insert(without_version(name).to_owned());
            } else if !name.starts_with("wasi:") {
                return Err(CodeError::UnknownImport(name.to_owned()));
            }
        }
        for (name, _) in kind.exports(&self.inner.wasmtime) {
            let known = without_version(name).strip_prefix(EXPORT_PREFIX);
            if !known.is_some_and(|name| POINTS.iter().any(|point| point.export == name)) {
                return Err(CodeError::UnknownExport(name.to_owned()));
            }
        }
        let pre = self.inner.linker.instantiate_pre(component).map_err(|error| missing(&error))?;
        let exports = POINTS.iter().filter_map(|point| Some((point.export, (point.probe)(&pre)?))).collect();
        Ok(Code { pre, exports, imports })
    }
}

fn without_version(name: &str) -> &str {
    name.split_once('@').map_or(name, |(name, _)| name)
}

/// wasmtime names what is missing in its own words: keep the name.
fn missing(error: &wasmtime::Error) -> CodeError {
    let text = format!("{error:#}");
    match text.split('`').nth(1) {
        Some(name) => CodeError::UnknownImport(name.to_owned()),
        None => CodeError::Invalid(text),
    }
}

/// Where a file is written before it is whole; its folder is there and this user's alone.
fn half_of(path: &Path) -> std::io::Result<PathBuf> {
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder)?;
        #[cfg(unix)]
        std::fs::set_permissions(folder, std::os::unix::fs::PermissionsExt::from_mode(0o700))?;
    }
    Ok(path.with_extension(format!("{}.half", std::process::id())))
}

/// Writes beside and renames, so that a reader never sees half a file.
fn store(path: &Path, component: &Component) -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    let half = half_of(path)?;
    std::fs::write(&half, component.serialize()?)?;
    Ok(std::fs::rename(&half, path)?)
}
