//! Frames: files of the package that a browser runs in an iframe of an opaque origin, for pixels that no block draws. A
//! frame reaches nothing but its own files, and the portal through a bridge that knows the sources and acts of its block.
//!
//! Owns: what a package may bring for frames, under which grant, and the files as they are served.

use std::sync::Arc;

use bytes::Bytes;
use kernel::{Error, Locale, Result, TenantId};
use records::Catalogue;
use serde::Deserialize;

use super::{Surface, Tree};
use crate::PluginHost;
use crate::manifest::check::text;
use crate::manifest::known::nearest;
use crate::manifest::permissions::{Grant, Part, Permission};
use crate::manifest::{Manifest, ManifestError, Text};
use crate::package::{Files, Package};
use crate::registry::{OnNode, Running};

/// Bytes of all files of a plugin's frames.
const MAX_BYTES: usize = 5 * 1024 * 1024;
/// Frames of a page.
const MAX_FRAMES: usize = 2;
/// What files may be, by their ending.
const TYPES: [(&str, &str); 12] = [
    ("html", "text/html; charset=utf-8"),
    ("js", "text/javascript; charset=utf-8"),
    ("css", "text/css; charset=utf-8"),
    ("json", "application/json"),
    ("txt", "text/plain; charset=utf-8"),
    ("svg", "image/svg+xml"),
    ("png", "image/png"),
    ("jpg", "image/jpeg"),
    ("gif", "image/gif"),
    ("webp", "image/webp"),
    ("woff2", "font/woff2"),
    ("mp3", "audio/mpeg"),
];
/// The grant.
const GRANT: &str = "ui.frame";

/// What the manifest says: `[permissions.ui]`.
pub(crate) const PART: Part = Part::of::<UiPermission>("ui");

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct UiPermission {
    #[serde(default)]
    frame: bool,
    #[serde(default)]
    reason: Text,
}

impl Permission for UiPermission {
    fn check(&self) -> Result<(), ManifestError> {
        if !self.frame {
            return Err(ManifestError::new("permissions.ui", "asks for nothing: add `frame = true`"));
        }
        text("permissions.ui.reason", &self.reason)
    }

    fn grants(&self, _catalogue: Option<&Catalogue>, locale: Locale) -> Vec<Grant> {
        let title = match locale {
            Locale::En => "Runs scripts of its own in a closed frame of its pages",
            Locale::Ru => "Выполняет собственные сценарии в закрытой рамке на своих страницах",
            Locale::Uk => "Виконує власні сценарії в закритій рамці на своїх сторінках",
        };
        let (key, title) = (GRANT.to_owned(), title.to_owned());
        vec![Grant { key, title, reason: self.reason.clone(), scope: Default::default() }]
    }
}

fn asks(manifest: &Manifest) -> bool {
    manifest.permissions.asks(PART.name)
}

/// The files of a package that its frames may load, by path below `ui/`; none where it does not ask for frames.
///
/// # Errors
/// A frame that is not asked for, or whose file is not there; too many bytes; a file of a type that is not served.
pub(crate) fn read(package: &Package, surfaces: &[Surface]) -> Result<Files, ManifestError> {
    let trees = || surfaces.iter().filter_map(|surface| surface.tree.as_ref());
    if !asks(&package.manifest) {
        let framed = trees().find_map(|tree| Some((tree, tree.found.frames.first()?)));
        let Some((tree, frame)) = framed else { return Ok(Files::new()) };
        let words = "a frame needs [permissions.ui] with `frame = true` and a reason in plugin.toml";
        return Err(ManifestError::new(&frame.place, words).in_file(&tree.file));
    }
    let is_tree = |path: &str| path.ends_with(".toml") && !path.contains('/');
    let own = package.assets.iter().filter(|(path, _)| !is_tree(path));
    let files: Files = own.map(|(path, bytes)| (path.clone(), bytes.clone())).collect();
    if files.values().map(Vec::len).sum::<usize>() > MAX_BYTES {
        return Err(ManifestError::new("permissions.ui", "files of frames may have 5 MiB in all"));
    }
    if let Some(path) = files.keys().find(|path| media_type(path).is_none()) {
        let known: Vec<&str> = TYPES.iter().map(|(ending, _)| *ending).collect();
        let words = format!("`ui/{path}` is of no type that a frame loads; there are {}", known.join(", "));
        return Err(ManifestError::new("permissions.ui", words));
    }
    trees().try_for_each(|tree| check(tree, &files).map_err(|error| error.in_file(&tree.file)))?;
    Ok(files)
}

/// Whether the frames of a tree are there.
///
/// # Errors
/// The first that is not, with the nearest that is.
pub(super) fn check(tree: &Tree, files: &Files) -> Result<(), ManifestError> {
    let frames = &tree.found.frames;
    if let Some(third) = frames.get(MAX_FRAMES) {
        return Err(ManifestError::new(&third.place, format!("a page has at most {MAX_FRAMES} frames")));
    }
    let pages = || files.keys().map(String::as_str).filter(|path| path.ends_with(".html"));
    match frames.iter().find(|frame| !pages().any(|path| path == frame.name)) {
        Some(lost) => {
            let near = nearest(&lost.name, pages());
            let hint = near.map_or_else(String::new, |near| format!("; did you mean `{near}`?"));
            Err(ManifestError::new(&lost.place, format!("the package has no page `ui/{}`{hint}", lost.name)))
        }
        None => Ok(()),
    }
}

fn media_type(path: &str) -> Option<&'static str> {
    let (_, ending) = path.rsplit_once('.')?;
    TYPES.iter().find(|(known, _)| *known == ending).map(|(_, kind)| *kind)
}

impl Running {
    /// Where the files of its frames are, below the address of the installation; nothing where it has none.
    pub(super) fn frames_at(&self, tenant: TenantId) -> Option<String> {
        let framed = !self.version.frames.is_empty() && self.has_grant(GRANT);
        framed.then(|| format!("/frames/{tenant}/{}/{}/", self.id(), self.version.hash))
    }
}

/// A file that a frame loads.
pub struct FrameFile {
    /// The bytes.
    pub bytes: Bytes,
    /// One of a closed set.
    pub media_type: &'static str,
}

/// A file where it lies in memory: strangers ask for it, and no copy waits for each of them.
struct Lying {
    plugin: Arc<Running>,
    path: String,
}

impl AsRef<[u8]> for Lying {
    fn as_ref(&self) -> &[u8] {
        self.plugin.version.frames.get(&self.path).map(Vec::as_slice).unwrap_or_default()
    }
}

impl PluginHost {
    /// A file of a plugin's frames, as the company runs it. It is part of the package and nothing of the company's, so whoever
    /// has the address gets it: a frame has no origin and carries no session.
    ///
    /// # Errors
    /// `NotFound` where there is none, or the company runs another version.
    pub async fn frame_file(&self, tenant: TenantId, plugin: &str, hash: &str, path: &str) -> Result<FrameFile> {
        let missing = || Error::NotFound(format!("file {path} of plugin {plugin}"));
        let plugins = self.inner.registry.tenant(tenant).await?;
        let Some(OnNode::Running(running)) = plugins.get(plugin) else { return Err(missing()) };
        if running.version.hash != hash || !running.has_grant(GRANT) {
            return Err(missing());
        }
        if !running.version.frames.contains_key(path) {
            return Err(missing());
        }
        let media_type = media_type(path).ok_or_else(missing)?;
        let bytes = Bytes::from_owner(Lying { plugin: running, path: path.to_owned() });
        Ok(FrameFile { bytes, media_type })
    }
}
