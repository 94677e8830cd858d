//! A person's full name in one cell.

/// Its parts; all words are in one of them.
#[derive(Debug, Default, PartialEq, Eq)]
pub(in crate::import) struct FullName {
    /// Surname.
    pub last: String,
    /// Given name.
    pub first: String,
    /// Patronymic or middle name.
    pub middle: String,
}

const PATRONYMICS: [&str; 8] = ["вич", "вна", "чна", "ьич", "їч", "ыч", "оглы", "кызы"];
const SURNAMES: [&str; 22] = [
    "ов",
    "ова",
    "ев",
    "ева",
    "ёв",
    "ёва",
    "ин",
    "ина",
    "ын",
    "ына",
    "ский",
    "ская",
    "цкий",
    "цкая",
    "ський",
    "ська",
    "цький",
    "цька",
    "енко",
    "чук",
    "щук",
    "юк",
];

fn ends(word: &str, endings: &[&str]) -> bool {
    let word = word.to_lowercase();
    endings.iter().any(|ending| word.ends_with(ending) && word.len() > ending.len() + 2)
}

/// Splits a name by what its words look like. Cyrillic names are written surname first unless the endings say
/// otherwise, Latin ones surname last.
pub(in crate::import) fn full_name(text: &str) -> FullName {
    let words: Vec<&str> = text.split_whitespace().collect();
    let name = |last: &str, first: &str, middle: &str| FullName {
        last: last.into(),
        first: first.into(),
        middle: middle.into(),
    };
    let cyrillic = text.chars().any(|c| ('\u{400}'..='\u{4ff}').contains(&c));
    match words.as_slice() {
        [] => FullName::default(),
        [one] => name("", one, ""),
        [first, last] if !cyrillic || (ends(last, &SURNAMES) && !ends(first, &SURNAMES)) => name(last, first, ""),
        [first, middle] if ends(middle, &PATRONYMICS) => name("", first, middle),
        [last, first] => name(last, first, ""),
        [first, middle, last] if ends(middle, &PATRONYMICS) || !cyrillic => name(last, first, middle),
        [last, first, middle] => name(last, first, middle),
        [last, rest @ ..] => name(last, &rest.join(" "), ""),
    }
}
