//! Texts the server itself shows: locales, messages by key with parameters, translations compiled in.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fmt;
use std::str::FromStr;
use std::sync::LazyLock;

use serde::{Deserialize, Serialize};

/// A language of the product.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, Default, utoipa::ToSchema,
)]
#[serde(rename_all = "lowercase")]
pub enum Locale {
    /// English
    #[default]
    En,
    /// Russian
    Ru,
    /// Ukrainian
    Uk,
}

impl Locale {
    /// All languages, English first.
    pub const ALL: [Self; 3] = [Self::En, Self::Ru, Self::Uk];

    /// The ISO 639-1 code.
    pub const fn code(self) -> &'static str {
        match self {
            Self::En => "en",
            Self::Ru => "ru",
            Self::Uk => "uk",
        }
    }
}

impl fmt::Display for Locale {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

impl FromStr for Locale {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let code = text.split(['-', '_']).next().unwrap_or_default();
        Self::ALL
            .into_iter()
            .find(|locale| locale.code().eq_ignore_ascii_case(code))
            .ok_or_else(|| format!("unknown locale `{text}`; use en, ru or uk"))
    }
}

/// A text to show: a key of the translations with its parameters, or words that are already in the reader's language
/// (a plugin's message).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Message {
    /// A key of `i18n/*.json`; `{name}` in the text is replaced by the parameter.
    Key {
        /// Dotted key.
        key: String,
        /// Values to put in.
        #[serde(default)]
        params: BTreeMap<String, String>,
    },
    /// Words as they are.
    Words(String),
}

impl Message {
    /// A message without parameters.
    pub fn key(key: &str) -> Self {
        Self::Key { key: key.to_owned(), params: BTreeMap::new() }
    }

    /// Adds a parameter (words stay as they are).
    #[must_use]
    pub fn with(mut self, name: &str, value: impl fmt::Display) -> Self {
        if let Self::Key { params, .. } = &mut self {
            params.insert(name.to_owned(), value.to_string());
        }
        self
    }

    /// The words in a language: its own translation, else English, else the key.
    pub fn in_locale(&self, locale: Locale) -> String {
        match self {
            Self::Words(words) => words.clone(),
            Self::Key { key, params } => {
                let mut text = lookup(locale, key).unwrap_or(key).to_owned();
                for (name, value) in params {
                    text = text.replace(&format!("{{{name}}}"), value);
                }
                text
            }
        }
    }
}

impl From<String> for Message {
    fn from(words: String) -> Self {
        Self::Words(words)
    }
}

impl From<&str> for Message {
    fn from(words: &str) -> Self {
        Self::Words(words.to_owned())
    }
}

/// The translation of a key: the locale's own, else English.
pub fn lookup(locale: Locale, key: &str) -> Option<&'static str> {
    TEXTS.get(locale, key)
}

static TEXTS: LazyLock<Texts> = LazyLock::new(|| {
    Texts::new([
        (Locale::En, include_str!("../i18n/en.json")),
        (Locale::Ru, include_str!("../i18n/ru.json")),
        (Locale::Uk, include_str!("../i18n/uk.json")),
    ])
});

/// Texts by locale and key, read from flat JSON objects.
#[derive(Debug, Default)]
pub struct Texts(HashMap<Locale, HashMap<String, String>>);

impl Texts {
    /// Reads the files of each language; one that is not a flat JSON object counts as empty (a test sees to it).
    pub fn new<'a>(files: impl IntoIterator<Item = (Locale, &'a str)>) -> Self {
        Self(files.into_iter().map(|(locale, json)| (locale, serde_json::from_str(json).unwrap_or_default())).collect())
    }

    /// The text of a key: the locale's own, else English.
    pub fn get(&self, locale: Locale, key: &str) -> Option<&str> {
        [locale, Locale::En].iter().find_map(|l| self.0.get(l)?.get(key)).map(String::as_str)
    }

    /// All keys of a language.
    pub fn keys(&self, locale: Locale) -> Vec<&str> {
        self.0.get(&locale).map(|texts| texts.keys().map(String::as_str).collect()).unwrap_or_default()
    }

    /// What languages have otherwise than English: missing texts, texts too many, other parameters. Whoever owns texts has
    /// a test that there is nothing.
    pub fn differences(&self) -> Vec<String> {
        let english: BTreeSet<&str> = self.keys(Locale::En).into_iter().collect();
        let mut found = Vec::new();
        for locale in Locale::ALL {
            let keys: BTreeSet<&str> = self.keys(locale).into_iter().collect();
            found.extend(english.symmetric_difference(&keys).map(|key| format!("{locale}: {key} is not in both")));
            let named = |locale: Locale, key: &str| self.get(locale, key).map(parameters).unwrap_or_default();
            let other = keys.iter().filter(|key| named(locale, key) != named(Locale::En, key));
            found.extend(other.map(|key| format!("{locale}: {key} has other parameters")));
        }
        found
    }
}

/// The names that stand in braces.
fn parameters(text: &str) -> BTreeSet<&str> {
    text.split('{').skip(1).filter_map(|rest| rest.split_once('}')).map(|(name, _)| name).collect()
}

/// A name in lower-case Latin letters and digits, whatever else stood between them as one `separator`. Cyrillic is
/// transliterated, other alphabets are left out.
pub fn latin(name: &str, separator: char) -> String {
    let mut latin = String::new();
    for c in name.to_lowercase().chars() {
        match c {
            'a'..='z' | '0'..='9' => latin.push(c),
            _ => match CYRILLIC.iter().find(|(letter, _)| *letter == c) {
                Some((_, letters)) => latin.push_str(letters),
                None if !latin.is_empty() && !latin.ends_with(separator) => latin.push(separator),
                None => {}
            },
        }
    }
    latin.trim_matches(separator).to_owned()
}

const CYRILLIC: [(char, &str); 37] = [
    ('а', "a"),
    ('б', "b"),
    ('в', "v"),
    ('г', "g"),
    ('ґ', "g"),
    ('д', "d"),
    ('е', "e"),
    ('є', "ie"),
    ('ё', "e"),
    ('ж', "zh"),
    ('з', "z"),
    ('и', "i"),
    ('і', "i"),
    ('ї', "i"),
    ('й', "y"),
    ('к', "k"),
    ('л', "l"),
    ('м', "m"),
    ('н', "n"),
    ('о', "o"),
    ('п', "p"),
    ('р', "r"),
    ('с', "s"),
    ('т', "t"),
    ('у', "u"),
    ('ф', "f"),
    ('х', "kh"),
    ('ц', "ts"),
    ('ч', "ch"),
    ('ш', "sh"),
    ('щ', "shch"),
    ('ъ', ""),
    ('ы', "y"),
    ('ь', ""),
    ('э', "e"),
    ('ю', "yu"),
    ('я', "ya"),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_language_has_every_text_with_the_same_parameters() {
        assert!(!TEXTS.keys(Locale::En).is_empty());
        assert_eq!(TEXTS.differences(), [""; 0]);
    }

    #[test]
    fn what_languages_have_otherwise_is_found() {
        let texts = Texts::new([
            (Locale::En, r#"{"a": "{x} and {y}", "b": "b"}"#),
            (Locale::Ru, r#"{"a": "{x} и {z}", "b": "б"}"#),
            (Locale::Uk, r#"{"a": "{y} і {x}", "c": "в"}"#),
        ]);
        let expected = ["ru: a has other parameters", "uk: b is not in both", "uk: c is not in both"];
        assert_eq!(texts.differences(), expected);
    }

    #[test]
    fn locales_are_read_leniently_and_refused_clearly() {
        assert_eq!("ru-RU".parse::<Locale>().unwrap(), Locale::Ru);
        assert_eq!("UK".parse::<Locale>().unwrap(), Locale::Uk);
        assert!("xx".parse::<Locale>().unwrap_err().contains("use en, ru or uk"));
    }
}
