//! Licences of everything we build with: SPDX expressions (SPDX 2.3, annex D) judged against a short list.
//!
//! Data enters as `cargo metadata` and leaves as findings. `cargo deny` reads the same list from deny.toml where it is
//! installed; this check needs nothing installed.

use std::path::Path;

use serde_json::Value;

use super::Finding;

/// Licences we accept as they are. Keep deny.toml the same.
const ACCEPTED: &[&str] = &[
    "0BSD",
    "Apache-2.0",
    "BSD-2-Clause",
    "BSD-3-Clause",
    "CC0-1.0",
    "ISC",
    "MIT",
    "MIT-0",
    "MPL-2.0",
    "Unicode-3.0",
    "Unicode-DFS-2016",
    "Unlicense",
    "Zlib",
];

/// Packages accepted under another licence, each with its reason.
const EXCEPTIONS: &[(&str, &str)] = &[
    // A list of certificate authorities, data and no code; the licence asks only to be passed on with the data.
    ("webpki-roots", "CDLA-Permissive-2.0"),
];

/// Licences of fonts alone: what is shown may be under them, what is run may not.
const FONTS: &[&str] = &["OFL-1.1"];

/// Whether a package is a font, by its name: those of npm stand in these places.
fn is_font(name: &str) -> bool {
    name.starts_with("@fontsource/") || name.starts_with("@fontsource-variable/") || name == "typst-assets"
}

/// Licences a package may have besides those everybody may.
pub fn extra_of(name: &str) -> &'static [&'static str] {
    if is_font(name) { FONTS } else { &[] }
}

/// Judges every package that comes from elsewhere.
pub fn check(metadata: &Value) -> Vec<Finding> {
    let packages = metadata.get("packages").and_then(Value::as_array).into_iter().flatten();
    let foreign = packages.filter(|package| package.get("source").is_some_and(Value::is_string));
    foreign.filter_map(problem).map(|message| Finding::new(Path::new("Cargo.lock"), 0, message)).collect()
}

fn problem(package: &Value) -> Option<String> {
    let name = package.get("name").and_then(Value::as_str).unwrap_or("a package without a name");
    let Some(licence) = package.get("license").and_then(Value::as_str) else {
        return Some(format!("`{name}` names no licence"));
    };
    let excepted = EXCEPTIONS.iter().filter(|(package, _)| *package == name).map(|(_, licence)| *licence);
    let extra: Vec<&str> = excepted.chain(extra_of(name).iter().copied()).collect();
    match accepted(licence, &extra) {
        Ok(true) => None,
        Ok(false) => Some(format!("`{name}` is under {licence}, which we do not accept")),
        Err(mistake) => Some(format!("`{name}` has the licence {licence:?}, which is not understood: {mistake}")),
    }
}

/// Whether an expression can be satisfied with accepted licences. The old `MIT/Apache-2.0` means `OR`.
///
/// # Errors
/// The expression is not one.
pub fn accepted(expression: &str, extra: &[&str]) -> Result<bool, String> {
    let spaced = expression.replace('(', " ( ").replace(')', " ) ").replace('/', " OR ");
    let words: Vec<&str> = spaced.split_whitespace().collect();
    let mut parser = Parser { words: &words, extra };
    let verdict = parser.any()?;
    match parser.words.first() {
        None => Ok(verdict),
        Some(word) => Err(format!("`{word}` is not expected")),
    }
}

struct Parser<'a> {
    words: &'a [&'a str],
    extra: &'a [&'a str],
}

impl Parser<'_> {
    fn any(&mut self) -> Result<bool, String> {
        let mut verdict = self.all()?;
        while self.take("OR") {
            verdict |= self.all()?;
        }
        Ok(verdict)
    }

    fn all(&mut self) -> Result<bool, String> {
        let mut verdict = self.one()?;
        while self.take("AND") {
            verdict &= self.one()?;
        }
        Ok(verdict)
    }

    fn one(&mut self) -> Result<bool, String> {
        if self.take("(") {
            let verdict = self.any()?;
            return if self.take(")") { Ok(verdict) } else { Err("a `)` is missing".into()) };
        }
        let Some((word, rest)) = self.words.split_first() else { return Err("it ends too early".into()) };
        if ["OR", "AND", "WITH", ")"].contains(word) {
            return Err(format!("`{word}` is not expected"));
        }
        self.words = rest;
        if self.take("WITH") {
            // An exception only permits more than its licence does.
            let Some((_, rest)) = self.words.split_first() else { return Err("WITH what?".into()) };
            self.words = rest;
        }
        Ok(ACCEPTED.contains(word) || self.extra.contains(word))
    }

    fn take(&mut self, wanted: &str) -> bool {
        match self.words.split_first() {
            Some((word, rest)) if *word == wanted => {
                self.words = rest;
                true
            }
            _ => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn expressions_are_judged() {
        for (expression, expected) in [
            ("MIT", true),
            ("MIT/Apache-2.0", true),
            ("GPL-3.0", false),
            ("GPL-3.0 OR MIT", true),
            ("GPL-3.0 AND MIT", false),
            ("(MIT OR GPL-2.0) AND Unicode-3.0", true),
            ("MIT OR GPL-2.0 AND GPL-3.0", true),
            ("(MIT OR GPL-2.0) AND GPL-3.0", false),
            ("Apache-2.0 WITH LLVM-exception", true),
            ("Apache-2.0 WITH LLVM-exception OR Apache-2.0 OR MIT", true),
            ("mit", false),
        ] {
            assert_eq!(accepted(expression, &[]), Ok(expected), "{expression}");
        }
    }

    #[test]
    fn nonsense_is_an_error_and_never_accepted() {
        for expression in [
            "",
            "OR",
            "MIT OR",
            "AND MIT",
            "(MIT",
            "MIT)",
            "MIT Apache-2.0",
            "MIT WITH",
            "()",
            "/",
            "MIT//ISC",
            "WITH x",
        ] {
            assert!(accepted(expression, &[]).is_err(), "{expression:?}");
        }
    }

    #[test]
    fn only_foreign_packages_are_judged_and_exceptions_are_by_name() {
        let packages = json!({"packages": [
            {"name": "ours", "source": null, "license": "Proprietary"},
            {"name": "good", "source": "registry", "license": "ISC"},
            {"name": "webpki-roots", "source": "registry", "license": "CDLA-Permissive-2.0"},
            {"name": "other-roots", "source": "registry", "license": "CDLA-Permissive-2.0"},
            {"name": "typst-assets", "source": "registry", "license": "Apache-2.0 AND OFL-1.1"},
            {"name": "not-a-font", "source": "registry", "license": "OFL-1.1"},
            {"name": "silent", "source": "registry", "license": null},
            {"name": "broken", "source": "registry", "license": "MIT OR"},
        ]});
        let found: Vec<String> = check(&packages).into_iter().map(|finding| finding.message).collect();
        assert_eq!(found.len(), 4, "{found:?}");
        for name in ["other-roots", "not-a-font", "silent", "broken"] {
            assert!(found.iter().any(|message| message.contains(name)), "{name}: {found:?}");
        }
    }
}
