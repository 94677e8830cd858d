//! Names that a template asks for and a paper does not have, found before anybody makes one. What a template is given for
//! a sample record is the measure: it has every name there is.

use std::collections::BTreeSet;

use serde_json::Value as Json;

/// Names that are told at once.
const TOLD: usize = 50;
/// Characters of a name that is told.
const MAX_NAME: usize = 80;
/// Names by which a source may know what it is given.
const MAX_BOUND: usize = 8;

/// How far a name leads in what a template is given.
pub(crate) enum Reach<'a> {
    /// There it is.
    Found(&'a Json),
    /// Beyond what is known: inside a list or a text.
    Beyond,
    /// There is no such name.
    Nothing,
}

/// Follows a name of parts.
pub(crate) fn follow<'a>(from: &'a Json, parts: &[&str]) -> Reach<'a> {
    let mut at = from;
    for part in parts {
        match at {
            Json::Object(object) => match object.get(*part) {
                Some(inner) => at = inner,
                None => return Reach::Nothing,
            },
            _ => return Reach::Beyond,
        }
    }
    Reach::Found(at)
}

const fn is_letter(letter: char) -> bool {
    letter.is_ascii_alphanumeric() || letter == '_' || letter == '-'
}

/// The names by which a source knows what it is given: `#let d = json("data.json")`; what it shares with ours: `data`.
fn bound(source: &str) -> BTreeSet<&str> {
    let mut names = BTreeSet::new();
    if source.contains("\"paper.typ\"") {
        names.insert("data");
    }
    for (at, _) in source.match_indices("json(\"data.json\")") {
        let before = source.get(..at).unwrap_or_default().trim_end();
        let Some(before) = before.strip_suffix('=') else { continue };
        let before = before.trim_end();
        let from = before.rfind(|letter: char| !is_letter(letter)).map_or(0, |place| place + 1);
        names.extend(before.get(from..).filter(|name| !name.is_empty()));
    }
    names
}

/// Names below one of these that stand in a source, without calls of functions at their ends.
fn asked<'a>(source: &'a str, name: &str) -> Vec<Vec<&'a str>> {
    let mut found = Vec::new();
    let mut rest = source;
    let start = format!("{name}.");
    let mut before = ' ';
    while let Some(at) = rest.find(&start) {
        let (skipped, from) = rest.split_at(at);
        let last = skipped.chars().next_back().unwrap_or(before);
        let tail = from.get(start.len()..).unwrap_or_default();
        if !is_letter(last) && last != '.' && last != '"' {
            let end = tail.find(|letter: char| !is_letter(letter) && letter != '.').unwrap_or(tail.len());
            let (path, after) = tail.split_at(end);
            let mut parts: Vec<&str> = path.split('.').collect();
            if after.starts_with('(') {
                parts.pop();
            }
            // The end of a sentence.
            parts.retain(|part| !part.is_empty());
            if !parts.is_empty() {
                found.push(parts);
            }
        }
        before = '.';
        rest = tail;
    }
    found
}

/// Names of a Typst source that what it is given does not have.
pub(crate) fn unknown_in(source: &str, given: &Json) -> Vec<String> {
    let mut unknown = BTreeSet::new();
    for name in bound(source).into_iter().take(MAX_BOUND) {
        for parts in asked(source, name) {
            if matches!(follow(given, &parts), Reach::Nothing) {
                unknown.insert(format!("{name}.{}", parts.join(".")));
            }
        }
    }
    unknown.into_iter().take(TOLD).map(|name| name.chars().take(MAX_NAME).collect()).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn names_that_a_paper_does_not_have_are_found() {
        let given = json!({"heading": "x", "rows": [{"title": "a"}], "record": {"title": "x"}, "logo": null});
        let source = r#"#let d = json("data.json")
            = #d.heading by #d.record.titel
            #d.rows.map(row => row.nothing) #d.rows.len() #d.at("x") #my.d.other #d.logo.
            See d.example-com for more."#;
        assert_eq!(unknown_in(source, &given), ["d.example-com", "d.record.titel"]);
        assert_eq!(unknown_in("#import \"paper.typ\": *\n#data.sum", &given), ["data.sum"]);
        assert_eq!(unknown_in("No #names.here", &given), [""; 0]);
    }
}
