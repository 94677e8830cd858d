//! npm lock files: no download addresses, and licences of what is shipped.
//!
//! Data enters as the text of a package-lock.json and leaves as findings.

use std::path::Path;

use serde_json::{Map, Value};

use super::{Finding, licences};

/// Checks one lock file.
pub fn check(file: &Path, text: &str) -> Vec<Finding> {
    let parsed: Result<Value, _> = serde_json::from_str(text);
    let packages = match parsed {
        Ok(Value::Object(lock)) => lock.get("packages").and_then(Value::as_object).cloned(),
        _ => None,
    };
    let Some(packages) = packages else { return vec![Finding::new(file, 0, "is no lock file of npm 7 or newer")] };
    packages
        .iter()
        .filter(|(name, _)| !name.is_empty())
        .filter_map(|(name, package)| Some((name, package.as_object()?)))
        .filter_map(|(name, package)| Some(Finding::new(file, 0, format!("`{name}` {}", problem(name, package)?))))
        .collect()
}

/// Packages with a licence of their own that we accept, each with its reason.
const OWN: &[&str] = &[
    // MIT, and its mark must stay visible on every diagram: `tests/browser/specs/processes.spec.ts` looks at it.
    "bpmn-js",
];

fn problem(place: &str, package: &Map<String, Value>) -> Option<String> {
    if package.contains_key("resolved") {
        return Some("has a download address; `npm install --omit-lockfile-registry-resolved` writes none".into());
    }
    // Tools of the build are not part of the product.
    if package.get("dev").and_then(Value::as_bool) == Some(true) {
        return None;
    }
    match package.get("license").and_then(Value::as_str) {
        Some(licence) if licence.starts_with("SEE LICENSE IN") && OWN.contains(&package_name(place)) => None,
        None => Some("names no licence".into()),
        Some(licence) => match licences::accepted(licence, licences::extra_of(package_name(place))) {
            Ok(true) => None,
            Ok(false) => Some(format!("is under {licence}, which we do not accept")),
            Err(mistake) => Some(format!("has the licence {licence:?}: {mistake}")),
        },
    }
}

/// The package that npm puts in this folder, also below another one's.
fn package_name(place: &str) -> &str {
    place.rsplit_once("node_modules/").map_or(place, |(_, name)| name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lock_files_are_judged() {
        for (text, expected) in [
            (r#"{"packages": {"": {"license": "UNLICENSED"}, "node_modules/a": {"license": "MIT"}}}"#, 0),
            (r#"{"packages": {"node_modules/a": {"license": "GPL-3.0"}}}"#, 1),
            (r#"{"packages": {"node_modules/bpmn-js": {"license": "SEE LICENSE IN LICENSE"}}}"#, 0),
            (r#"{"packages": {"node_modules/a": {"license": "SEE LICENSE IN LICENSE"}}}"#, 1),
            (r#"{"packages": {"node_modules/a": {"license": "GPL-3.0", "dev": true}}}"#, 0),
            (r#"{"packages": {"node_modules/a": {"license": "MIT", "resolved": "somewhere"}}}"#, 1),
            (r#"{"packages": {"node_modules/a": {}}}"#, 1),
            (r#"{"packages": {"node_modules/@fontsource/inter": {"license": "OFL-1.1"}}}"#, 0),
            (r#"{"packages": {"node_modules/a/node_modules/@fontsource/inter": {"license": "OFL-1.1"}}}"#, 0),
            (r#"{"packages": {"node_modules/a": {"license": "OFL-1.1"}}}"#, 1),
            (r#"{"packages": {"node_modules/a": {"license": "("}}}"#, 1),
            (r#"{"packages": []}"#, 1),
            ("[]", 1),
            ("{", 1),
            ("", 1),
        ] {
            assert_eq!(check(Path::new("package-lock.json"), text).len(), expected, "{text}");
        }
    }
}
