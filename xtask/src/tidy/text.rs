//! Rules about the text of single files: module docs, length, left-over words, machine paths, registry hosts.
//!
//! Data enters as one file's name and text and leaves as findings.

use std::path::Path;

use super::Finding;

/// Most lines of a file of code; files of tests may be longer.
const LONGEST: usize = 600;

/// Left-overs in code, by file extension. Written in two halves, so that this file does not find itself.
const LEFT_OVER: &[(&[&str], &str, &str)] = &[
    (&["rs"], concat!("to", "do!("), "finish it or leave it out"),
    (&["rs"], concat!("unimple", "mented!("), "finish it or leave it out"),
    (&["rs"], concat!("db", "g!("), "left-over of debugging"),
    (&["rs"], concat!("#[ig", "nore"), "no test is skipped"),
    (&["rs", "ts", "tsx"], concat!("TO", "DO"), "finish it or file an issue"),
    (&["rs", "ts", "tsx"], concat!("FIX", "ME"), "finish it or file an issue"),
    (&["ts", "tsx"], concat!("test.", "skip("), "no test is skipped"),
    (&["ts", "tsx"], concat!("it.", "skip("), "no test is skipped"),
    (&["ts", "tsx"], concat!(".on", "ly("), "left-over of debugging"),
    (&["ts", "tsx"], concat!("debug", "ger;"), "left-over of debugging"),
    (&["ts", "tsx"], concat!("waitFor", "Timeout("), "tests wait for what they expect, never for time"),
];

/// Hosts that belong to one machine's set-up, not into files.
const HOSTS: &[&str] = &[
    concat!("registry.", "npmjs.org"),
    concat!("registry.", "yarnpkg.com"),
    concat!("index.", "crates.io"),
    concat!("static.", "crates.io"),
    concat!("files.", "pythonhosted.org"),
    concat!("deb.", "debian.org"),
];

/// Paths of one machine.
const PLACES: &[&str] =
    &[concat!("/wo", "rk/main"), concat!("/wo", "rk/shared"), concat!("/ro", "ot/"), concat!("/ho", "me/")];

/// Checks one file of the repository.
pub fn check(file: &Path, text: &str) -> Vec<Finding> {
    let extension = file.extension().and_then(|extension| extension.to_str()).unwrap_or_default();
    let mut findings = Vec::new();
    // `tests.rs` beside a module says what it is by its name.
    let named = file.file_name().is_some_and(|name| name == "tests.rs");
    if extension == "rs" && !named && !opens_with_docs(text) {
        findings.push(Finding::new(file, 1, "must open with `//!`: what it owns, what it must not know"));
    }
    let lines = text.lines().count();
    if ["rs", "ts", "tsx"].contains(&extension) && lines > LONGEST && !is_test(file) && !is_generated(file) {
        findings.push(Finding::new(file, 0, format!("{lines} lines; split it (at most {LONGEST})")));
    }
    for (number, line) in (1..).zip(text.lines()) {
        findings.extend(line_problem(extension, line).map(|message| Finding::new(file, number, message)));
    }
    findings
}

/// Whether the first line that says anything is a module doc.
fn opens_with_docs(text: &str) -> bool {
    text.lines().map(str::trim).find(|line| !line.is_empty()).is_some_and(|line| line.starts_with("//!"))
}

fn is_test(file: &Path) -> bool {
    let name = file.file_name().and_then(|name| name.to_str()).unwrap_or_default();
    let stem = name.split('.').next().unwrap_or_default();
    let in_tests = file.components().any(|part| part.as_os_str() == "tests");
    in_tests || name.contains(".test.") || name.contains(".spec.") || stem == "tests" || stem.ends_with("_tests")
}

fn is_generated(file: &Path) -> bool {
    let name = file.file_name().and_then(|name| name.to_str()).unwrap_or_default();
    name.ends_with(".d.ts") || name.contains(".gen.")
}

fn line_problem(extension: &str, line: &str) -> Option<String> {
    for (extensions, word, why) in LEFT_OVER {
        if extensions.contains(&extension) && line.contains(word) {
            return Some(format!("`{word}`: {why}"));
        }
    }
    if let Some(host) = HOSTS.iter().find(|host| line.contains(*host)) {
        return Some(format!("`{host}`: hosts of package registries stay out of the repository"));
    }
    let place = PLACES.iter().find(|place| names_place(line, place))?;
    Some(format!("`{place}`: a path of one machine"))
}

/// Whether an absolute path starts in the line: `core/work/main.rs` names no place, `"/work/...` does.
fn names_place(line: &str, place: &str) -> bool {
    line.match_indices(place).any(|(start, _)| {
        let before = line.get(..start).and_then(|before| before.chars().next_back());
        before.is_none_or(|character| !character.is_alphanumeric() && !"._-/}~*".contains(character))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn count(file: &str, text: &str) -> usize {
        check(Path::new(file), text).len()
    }

    #[test]
    fn modules_open_with_docs() {
        for (text, expected) in [
            ("//! Owns x.\nfn a() {}", 0),
            ("\n\n//! Owns x.", 0),
            ("fn a() {}\n//! late", 1),
            ("/// not a module doc", 1),
            ("", 1),
        ] {
            assert_eq!(count("a.rs", text), expected, "{text:?}");
        }
        assert_eq!(count("a.ts", "let a = 1"), 0);
        assert_eq!(count("a/tests.rs", "use super::*;"), 0);
    }

    #[test]
    fn long_files_are_refused_outside_tests() {
        let long = format!("//! x\n{}", "// line\n".repeat(LONGEST));
        for (file, expected) in [
            ("core/a.rs", 1),
            ("portal/a.tsx", 1),
            ("tests/a.rs", 0),
            ("core/x/tests/a.rs", 0),
            ("core/x/src/tests.rs", 0),
            ("portal/a.test.ts", 0),
            ("portal/schema.d.ts", 0),
            ("docs/a.md", 0),
        ] {
            assert_eq!(count(file, &long), expected, "{file}");
        }
    }

    #[test]
    fn left_over_words_are_found_where_they_mean_something() {
        let doc = |line: String| format!("//! x\n{line}");
        assert_eq!(count("a.rs", &doc(concat!("to", "do!()").into())), 1);
        assert_eq!(count("a.rs", &doc(concat!("// TO", "DO later").into())), 1);
        assert_eq!(count("a.md", concat!("TO", "DO lists of the user")), 0);
        assert_eq!(count("a.spec.ts", concat!("test.on", "ly(x)")), 1);
        assert_eq!(count("a.rs", &doc("let todos = 1; // a todo list".into())), 0);
    }

    #[test]
    fn places_of_a_machine_are_found_and_our_own_folders_are_not() {
        for (line, expected) in [
            (concat!("see /wo", "rk/main/x"), 1),
            (concat!("\"/ro", "ot/.cargo\""), 1),
            (concat!("(/ho", "me/me)"), 1),
            (concat!("/ho", "me/"), 1),
            (concat!("core/wo", "rk/main.rs"), 0),
            (concat!("..", "/wo", "rk/main"), 0),
            (concat!("https://example.org/ro", "ot/x"), 0),
            (concat!("https://registry.", "npmjs.org/x"), 1),
        ] {
            assert_eq!(count("a.md", line), expected, "{line}");
        }
    }
}
