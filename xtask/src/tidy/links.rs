//! Dead links in documents: relative targets must exist, anchors must be headings.
//!
//! Data enters as the text of a Markdown file and leaves as findings; links to the outside are not followed.

use std::path::Path;

use super::Finding;

/// Checks the links of one document of the repository at `root`.
pub fn check(root: &Path, file: &Path, text: &str) -> Vec<Finding> {
    links(text)
        .into_iter()
        .filter_map(|(line, target)| Some(Finding::new(file, line, dead(root, file, text, &target)?)))
        .collect()
}

/// Link targets with their lines: `[text](target)`, `![picture](target "title")` and `[name]: target`.
pub fn links(text: &str) -> Vec<(usize, String)> {
    let mut found = Vec::new();
    for (number, line) in prose(text) {
        if let Some(target) = definition(line) {
            found.push((number, target));
            continue;
        }
        let line = without_code_spans(line);
        let mut rest = line.as_str();
        while let Some((_, after)) = rest.split_once("](") {
            let Some(target) = inline_target(after) else { break };
            found.push((number, target.to_owned()));
            rest = after;
        }
    }
    found
}

/// Lines outside fenced code, numbered from 1.
fn prose(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let mut fence: Option<&str> = None;
    (1..).zip(text.lines()).filter(move |(_, line)| {
        let start = line.trim_start();
        let mark = ["```", "~~~"].into_iter().find(|mark| start.starts_with(mark));
        match (fence, mark) {
            (None, Some(mark)) => {
                fence = Some(mark);
                false
            }
            (Some(open), Some(mark)) if open == mark => {
                fence = None;
                false
            }
            (open, _) => open.is_none(),
        }
    })
}

fn definition(line: &str) -> Option<String> {
    let (name, target) = line.strip_prefix('[')?.split_once("]:")?;
    let target = target.split_whitespace().next()?;
    (!name.contains(']')).then(|| target.trim_matches(['<', '>']).to_owned())
}

fn inline_target(after: &str) -> Option<&str> {
    if let Some(quoted) = after.strip_prefix('<') {
        return quoted.split_once('>').map(|(target, _)| target);
    }
    let mut depth = 0_u32;
    let end = after.char_indices().find(|(_, character)| match character {
        '(' => {
            depth += 1;
            false
        }
        ')' if depth > 0 => {
            depth -= 1;
            false
        }
        ')' => true,
        other => other.is_whitespace(),
    });
    end.and_then(|(end, _)| after.get(..end))
}

fn without_code_spans(line: &str) -> String {
    // Odd pieces between backticks are code; a lonely backtick opens none.
    let pieces: Vec<&str> = line.split('`').collect();
    let closed = pieces.len() % 2 == 1;
    let count = pieces.len();
    let kept = pieces.into_iter().enumerate().filter(|(index, _)| index % 2 == 0 || (!closed && index + 1 == count));
    kept.map(|(_, piece)| piece).collect::<Vec<_>>().join(" ")
}

fn dead(root: &Path, file: &Path, text: &str, target: &str) -> Option<String> {
    let outside = ["http://", "https://", "mailto:"].iter().any(|scheme| target.starts_with(scheme));
    if outside {
        return None;
    }
    let (path, anchor) = target.split_once('#').unwrap_or((target, ""));
    let folder = file.parent().unwrap_or(Path::new(""));
    let reached = match path.strip_prefix('/') {
        Some(from_root) => root.join(from_root),
        None if path.is_empty() => root.join(file),
        None => root.join(folder).join(path.replace("%20", " ")),
    };
    if !reached.exists() {
        return Some(format!("dead link: {target}"));
    }
    if anchor.is_empty() || reached.extension().is_none_or(|extension| extension != "md") {
        return None;
    }
    let read = if path.is_empty() { Ok(text.to_owned()) } else { std::fs::read_to_string(&reached) };
    let known = read.is_ok_and(|text| anchors(&text).any(|heading| heading == anchor.to_lowercase()));
    (!known).then(|| {
        format!("dead link: no heading #{anchor} in {}", reached.strip_prefix(root).unwrap_or(&reached).display())
    })
}

/// Anchors of a document's headings: lower case, punctuation gone, spaces as hyphens.
fn anchors(text: &str) -> impl Iterator<Item = String> {
    let headings = prose(text).filter_map(|(_, line)| {
        let title = line.trim_start_matches('#');
        (title.len() < line.len() && title.starts_with(' ')).then_some(title)
    });
    headings.map(|title| {
        let kept = title.trim().chars().filter(|c| c.is_alphanumeric() || " -_".contains(*c));
        kept.map(|c| if c == ' ' { '-' } else { c }).collect::<String>().to_lowercase()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn targets_are_found_and_code_is_not() {
        for (text, expected) in [
            ("see [a](b.md) and ![c](d.png \"title\")", vec!["b.md", "d.png"]),
            ("[x]: y.md", vec!["y.md"]),
            ("`[a](b)` and [c](d)", vec!["d"]),
            ("a ` lonely [c](d)", vec!["d"]),
            ("```\n[a](b)\n```\n[c](d)", vec!["d"]),
            ("~~~\n```\n[a](b)\n~~~", vec![]),
            ("[a](b(c).md)", vec!["b(c).md"]),
            ("[a](<b c.md>)", vec!["b c.md"]),
            ("[[a](b)](c)", vec!["b", "c"]),
            ("[a](unclosed", vec![]),
            ("](", vec![]),
            ("[a]()", vec![""]),
            ("", vec![]),
        ] {
            let found: Vec<String> = links(text).into_iter().map(|(_, target)| target).collect();
            assert_eq!(found, expected, "{text:?}");
        }
    }

    #[test]
    fn dead_links_are_named_with_their_line() {
        let root = std::env::temp_dir().join(format!("xtask-links-{}", std::process::id()));
        std::fs::create_dir_all(root.join("docs")).expect("a temporary folder");
        std::fs::write(root.join("docs/other.md"), "# Первый заголовок: да\n").expect("a file");
        let text = "# Own heading\n[ok](other.md) [ok](/docs/other.md#первый-заголовок-да) [ok](#own-heading)\n\
                    [dead](missing.md)\n[dead](#nowhere) [dead](other.md#nowhere)\n[out](https://example.org/x)";
        let found = check(&root, Path::new("docs/this.md"), text);
        std::fs::write(root.join("docs/this.md"), text).expect("a file");
        let found_again = check(&root, Path::new("docs/this.md"), text);
        std::fs::remove_dir_all(&root).expect("removed");
        let lines: Vec<usize> = found_again.iter().map(|finding| finding.line).collect();
        assert_eq!(lines, [3, 4, 4], "{found_again:?}");
        assert!(found.len() > found_again.len(), "an anchor of a file that is not there is dead");
    }
}
