//! Who may depend on whom: the layers of core/, and libraries that only one layer may know.
//!
//! Data enters as `cargo metadata --no-deps` (or a guest's manifest) and leaves as findings.

use std::collections::BTreeMap;
use std::path::{Component, Path, PathBuf};

use serde_json::Value;

use super::Finding;

/// The layers of core/ from the lowest up. A package may use those of the layers below its own: never sideways, never up.
const LAYERS: &[&[&str]] = &[
    &["kernel"],
    &["people"],
    &["records"],
    &["crm", "messaging"],
    &["documents", "work"],
    &["process"],
    &["reports"],
    &["plugin_host"],
    &["verstak"],
];

/// Packages around the layers: the schema, which imports no entity, the tests and the commands.
const AROUND: &[&str] = &["migrations", "tests", "xtask"];

/// Libraries with one home: the rest of the product must not know of them.
const HOMES: &[(&str, &[&str])] = &[
    ("axum", &["verstak", "tests"]),
    ("tower-http", &["verstak", "tests"]),
    ("clap", &["verstak", "tests"]),
    ("wasmtime", &["plugin_host", "tests"]),
    ("wasmtime-wasi", &["plugin_host", "tests"]),
    ("sqlx", &["kernel", "tests"]),
    ("typst", &["documents"]),
    ("typst-layout", &["documents"]),
    ("typst-pdf", &["documents"]),
];

/// Documents that show the layers as one line.
const PICTURES: &[&str] = &["README.md", "core/README.md"];

/// Checks that the documents show the layers as they are.
pub fn check_pictures(texts: &BTreeMap<PathBuf, String>) -> Vec<Finding> {
    let picture = picture();
    let wrong = PICTURES.iter().filter(|file| !texts.get(Path::new(file)).is_some_and(|text| text.contains(&picture)));
    wrong.map(|file| Finding::new(Path::new(file), 0, format!("should show the layers: {picture}"))).collect()
}

/// The layers in one line, by the folders of core/.
fn picture() -> String {
    let folder = |package: &&str| if *package == "verstak" { "server" } else { *package }.to_owned();
    let layers = LAYERS.iter().map(|layer| match layer {
        [one] => folder(one),
        several => format!("{{{}}}", several.iter().map(folder).collect::<Vec<_>>().join(", ")),
    });
    layers.collect::<Vec<_>>().join(" <- ")
}

/// Checks the packages of the workspace.
pub fn check(metadata: &Value) -> Vec<Finding> {
    let Some(packages) = metadata.get("packages").and_then(Value::as_array) else {
        return vec![Finding::new(Path::new("Cargo.toml"), 0, "cargo metadata lists no packages")];
    };
    packages.iter().flat_map(check_package).collect()
}

fn check_package(package: &Value) -> Vec<Finding> {
    let name = text(package, "name");
    let manifest = PathBuf::from(text(package, "manifest_path"));
    if !ours(name) {
        return vec![Finding::new(
            &manifest,
            0,
            format!("`{name}` has no layer: give it one in xtask/src/tidy/layers.rs"),
        )];
    }
    let dependencies = package.get("dependencies").and_then(Value::as_array).into_iter().flatten();
    let broken = dependencies.filter_map(|dependency| {
        let used = text(dependency, "name");
        let only_tests = dependency.get("kind").and_then(Value::as_str) == Some("dev");
        // Anyone's tests may make a database.
        if ours(used) && !may_use(name, used) && !(only_tests && used == "migrations") {
            return Some(format!("`{name}` must not depend on `{used}`: never sideways, never up"));
        }
        let home = HOMES.iter().find(|(library, _)| *library == used && !only_tests)?;
        (!home.1.contains(&name)).then(|| format!("`{name}` must not know `{used}`; its home is {}", home.1.join(", ")))
    });
    broken.map(|message| Finding::new(&manifest, 0, message)).collect()
}

fn layer(package: &str) -> Option<usize> {
    LAYERS.iter().position(|layer| layer.contains(&package))
}

fn ours(package: &str) -> bool {
    layer(package).is_some() || AROUND.contains(&package)
}

/// Whether one of our packages may use another.
fn may_use(package: &str, used: &str) -> bool {
    match (layer(package), layer(used)) {
        (Some(above), Some(below)) => below < above,
        (Some(_), None) => package == "verstak" && used == "migrations",
        (None, _) => package == "tests" && !["tests", "xtask"].contains(&used),
    }
}

fn text<'a>(value: &'a Value, key: &str) -> &'a str {
    value.get(key).and_then(Value::as_str).unwrap_or_default()
}

/// Checks a plugin or an example: of our own it may see only the SDK.
pub fn check_guest(manifest: &Path, text: &str) -> Vec<Finding> {
    let table: toml::Table = match text.parse() {
        Ok(table) => table,
        Err(error) => return vec![Finding::new(manifest, 0, format!("is no TOML: {error}"))],
    };
    let folder = manifest.parent().unwrap_or(Path::new(""));
    let beside = |path: &str| {
        let reached = plain(&folder.join(path));
        !reached.starts_with("sdk") && !reached.starts_with(folder)
    };
    let targets = table.get("target").and_then(toml::Value::as_table).into_iter().flat_map(toml::Table::values);
    let owners = std::iter::once(&table).chain(targets.filter_map(toml::Value::as_table));
    let sections = owners.flat_map(|owner| SECTIONS.iter().filter_map(move |section| owner.get(*section)));
    let named = sections.filter_map(toml::Value::as_table).flatten();
    let broken = named.filter_map(|(name, value)| {
        let path = value.get("path").and_then(toml::Value::as_str).filter(|path| beside(path));
        let place = path.or_else(|| value.get("git").and_then(toml::Value::as_str))?;
        Some(format!("`{name}` at {place} is not part of the SDK; plugins see only sdk/"))
    });
    let replaced = ["patch", "replace"].into_iter().filter(|section| table.contains_key(*section));
    let replaced = replaced.map(|section| format!("`[{section}]` puts something else in the place of a library"));
    broken.chain(replaced).map(|message| Finding::new(manifest, 0, message)).collect()
}

/// Where a manifest names what a package is built with.
const SECTIONS: [&str; 3] = ["dependencies", "dev-dependencies", "build-dependencies"];

/// The path without `.` and `..`, by its text alone.
fn plain(path: &Path) -> PathBuf {
    let mut result = PathBuf::new();
    for component in path.components() {
        match component {
            Component::CurDir => {}
            Component::ParentDir => {
                if !result.pop() {
                    result.push("..");
                }
            }
            other => result.push(other),
        }
    }
    result
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn found(package: &str, dependency: &str, kind: Option<&str>) -> usize {
        let dependencies = json!([{"name": dependency, "kind": kind}]);
        check(&json!({"packages": [{"name": package, "manifest_path": "Cargo.toml", "dependencies": dependencies}]}))
            .len()
    }

    #[test]
    fn layers_point_downwards_only() {
        for (package, dependency, kind, expected) in [
            ("records", "kernel", None, 0),
            ("kernel", "records", None, 1),
            ("crm", "work", None, 1),
            ("crm", "messaging", None, 1),
            ("work", "messaging", None, 0),
            ("process", "reports", None, 1),
            ("reports", "process", None, 0),
            ("plugin_host", "reports", None, 0),
            ("tests", "verstak", None, 0),
            ("tests", "xtask", None, 1),
            ("verstak", "migrations", None, 0),
            ("migrations", "kernel", None, 1),
            ("people", "people", None, 1),
            ("people", "records", Some("dev"), 1),
            ("people", "migrations", Some("dev"), 0),
            ("people", "migrations", None, 1),
            ("verstak", "plugin_host", None, 0),
            ("xtask", "kernel", None, 1),
            ("records", "axum", None, 1),
            ("verstak", "axum", None, 0),
            ("records", "axum", Some("dev"), 0),
            ("records", "serde", None, 0),
        ] {
            assert_eq!(found(package, dependency, kind), expected, "{package} -> {dependency} ({kind:?})");
        }
    }

    #[test]
    fn documents_show_the_layers() {
        let texts = |text: &str| PICTURES.iter().map(|file| (PathBuf::from(file), text.to_owned())).collect();
        let picture = "kernel <- people <- records <- {crm, messaging} <- {documents, work} <- process <- reports <- plugin_host <- server";
        assert_eq!(check_pictures(&texts(&format!("Layers: {picture}; never up"))), []);
        assert_eq!(check_pictures(&texts("kernel <- people <- records")).len(), PICTURES.len());
        assert_eq!(check_pictures(&BTreeMap::new()).len(), PICTURES.len());
    }

    #[test]
    fn unknown_packages_and_broken_metadata_are_findings() {
        assert_eq!(found("novelty", "kernel", None), 1);
        for metadata in [json!(null), json!({}), json!({"packages": 1}), json!({"packages": [{}]}), json!([])] {
            assert_eq!(check(&metadata).len(), 1, "{metadata}");
        }
    }

    #[test]
    fn guests_see_only_the_sdk() {
        let manifest = Path::new("plugins/lead-desk/Cargo.toml");
        for (text, expected) in [
            ("[dependencies]\nverstak_sdk = { path = \"../../sdk/rust\" }", 0),
            ("[dependencies]\nmacros = { path = \"macros\" }\nserde = \"1\"", 0),
            ("[dependencies]\nkernel = { path = \"../../core/kernel\" }", 1),
            ("[dev-dependencies]\nkernel = { path = \"./.././../core/kernel\" }", 1),
            ("[dependencies]\nx = { path = \"../../../elsewhere\" }", 1),
            ("[dependencies]\nx = { path = \"../../sdk/../core/kernel\" }", 1),
            ("[dependencies]\nx = { git = \"https://example.com/verstak\" }", 1),
            ("[target.'cfg(unix)'.dependencies]\nkernel = { path = \"../../core/kernel\" }", 1),
            ("[patch.crates-io]\nserde = { path = \"../../core/kernel\" }", 1),
            ("[dependencies", 1),
            ("", 0),
            ("dependencies = 3", 0),
        ] {
            assert_eq!(check_guest(manifest, text).len(), expected, "{text}");
        }
    }

    /// What a lock names without a source lies in this repository.
    #[test]
    fn modules_are_built_with_the_sdk_and_nothing_else_of_ours() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
        let mut modules = Vec::new();
        for entry in std::fs::read_dir(root.join("plugins")).unwrap() {
            let folder = entry.unwrap().path();
            let Ok(text) = std::fs::read_to_string(folder.join("Cargo.lock")) else { continue };
            let module = folder.file_name().unwrap().to_string_lossy().into_owned();
            let lock: toml::Table = text.parse().unwrap();
            let packages = lock["package"].as_array().unwrap().iter();
            let ours = packages.filter(|package| package.get("source").is_none());
            let mut ours: Vec<&str> = ours.map(|package| package["name"].as_str().unwrap()).collect();
            ours.retain(|name| *name != module);
            assert_eq!(ours, ["verstak-plugin"], "{module}");
            modules.push(module);
        }
        modules.sort();
        assert_eq!(modules, ["lead-desk", "rollout", "time-tracking"]);
    }
}
