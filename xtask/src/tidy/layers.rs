//! Who may depend on whom: the layers of core/, and libraries that only one layer may know.
//!
//! Data enters as `cargo metadata --no-deps` (or a guest's manifest) and leaves as findings.

use std::path::{Component, Path, PathBuf};

use serde_json::Value;

use super::Finding;

/// What each of our packages may use of our own, from the lowest up; never sideways, never up.
/// `migrations` knows no entities; anyone's tests may make a database with it.
const LAYERS: &[(&str, &[&str])] = &[
    ("migrations", &[]),
    ("kernel", &[]),
    ("people", &["kernel"]),
    ("records", &["kernel", "people"]),
    ("crm", &["kernel", "people", "records"]),
    ("work", &["kernel", "people", "records"]),
    ("process", &["kernel", "people", "records", "work"]),
    ("plugin_host", &["kernel", "people", "records", "crm", "work", "process"]),
    ("verstak", &["kernel", "people", "records", "crm", "work", "process", "plugin_host", "migrations"]),
    ("tests", &["kernel", "people", "records", "crm", "work", "process", "plugin_host", "migrations", "verstak"]),
    ("xtask", &[]),
];

/// Libraries with one home: the rest of the product must not know of them.
const HOMES: &[(&str, &[&str])] = &[
    ("axum", &["verstak", "tests"]),
    ("tower-http", &["verstak", "tests"]),
    ("clap", &["verstak", "tests"]),
    ("wasmtime", &["plugin_host", "tests"]),
    ("wasmtime-wasi", &["plugin_host", "tests"]),
    ("sqlx", &["kernel", "tests"]),
];

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
    let Some((_, allowed)) = LAYERS.iter().find(|(layer, _)| *layer == name) else {
        return vec![Finding::new(
            &manifest,
            0,
            format!("`{name}` has no layer: give it one in xtask/src/tidy/layers.rs"),
        )];
    };
    let dependencies = package.get("dependencies").and_then(Value::as_array).into_iter().flatten();
    let broken = dependencies.filter_map(|dependency| {
        let used = text(dependency, "name");
        let only_tests = dependency.get("kind").and_then(Value::as_str) == Some("dev");
        let ours = LAYERS.iter().any(|(layer, _)| *layer == used);
        if ours && !allowed.contains(&used) && !(only_tests && used == "migrations") {
            return Some(format!("`{name}` must not depend on `{used}`: never sideways, never up"));
        }
        let home = HOMES.iter().find(|(library, _)| *library == used && !only_tests)?;
        (!home.1.contains(&name)).then(|| format!("`{name}` must not know `{used}`; its home is {}", home.1.join(", ")))
    });
    broken.map(|message| Finding::new(&manifest, 0, message)).collect()
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
    let sections = ["dependencies", "dev-dependencies", "build-dependencies"];
    let tables = sections.iter().filter_map(|section| table.get(*section)).filter_map(toml::Value::as_table);
    let paths = tables.flatten().filter_map(|(name, value)| Some((name, value.get("path")?.as_str()?)));
    let broken = paths.filter(|(_, path)| {
        let reached = plain(&folder.join(path));
        !reached.starts_with("sdk") && !reached.starts_with(folder)
    });
    broken
        .map(|(name, path)| {
            let message = format!("`{name}` at {path} is not part of the SDK; plugins see only sdk/");
            Finding::new(manifest, 0, message)
        })
        .collect()
}

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
            ("[dependencies", 1),
            ("", 0),
            ("dependencies = 3", 0),
        ] {
            assert_eq!(check_guest(manifest, text).len(), expected, "{text}");
        }
    }
}
