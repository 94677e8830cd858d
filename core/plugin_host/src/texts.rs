//! A plugin's own translations: flat TOML files by language, and messages from guests made into words.

use std::borrow::Cow;
use std::collections::BTreeMap;

use chrono::NaiveDate;
use kernel::Locale;
use records::catalogue::Labels;

use crate::package::Files;

/// Bytes of one message shown to people.
const MAX_MESSAGE: usize = 2_000;

/// Texts by language and key.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Texts(BTreeMap<String, BTreeMap<String, String>>);

impl Texts {
    /// Reads `i18n/<locale>.toml` out of a package's files.
    ///
    /// # Errors
    /// What is wrong with which file: syntax, or keys that English lacks.
    pub fn read(files: &Files) -> Result<Self, String> {
        let mut texts = BTreeMap::new();
        for locale in Locale::ALL {
            let path = format!("i18n/{locale}.toml");
            let Some(bytes) = files.get(&path) else { continue };
            let text = std::str::from_utf8(bytes).map_err(|_| format!("{path}: not UTF-8 text"))?;
            let table: BTreeMap<String, String> =
                toml::from_str(text).map_err(|error| format!("{path}: {}", error.message()))?;
            texts.insert(locale.code().to_owned(), table);
        }
        let texts = Self(texts);
        texts.check()?;
        Ok(texts)
    }

    fn check(&self) -> Result<(), String> {
        let Some(english) = self.0.get("en") else {
            return if self.0.is_empty() { Ok(()) } else { Err("i18n/en.toml: English texts are required".to_owned()) };
        };
        for (locale, table) in &self.0 {
            if let Some(key) = table.keys().find(|key| !english.contains_key(*key)) {
                return Err(format!("i18n/{locale}.toml: `{key}` is not in i18n/en.toml"));
            }
            if let Some(key) = english.keys().find(|key| !table.contains_key(*key)) {
                return Err(format!("i18n/{locale}.toml: `{key}` is missing"));
            }
        }
        Ok(())
    }

    /// The words of a key in every language of the package.
    pub(crate) fn in_all(&self, key: &str) -> Option<Labels> {
        let words = |locale: Locale| Some((locale, self.0.get(locale.code())?.get(key)?.clone()));
        let all: BTreeMap<Locale, String> = Locale::ALL.into_iter().filter_map(words).collect();
        (!all.is_empty()).then_some(Labels(all))
    }

    /// Whether there is a text, or one with plural forms.
    pub(crate) fn has(&self, key: &str) -> bool {
        let there = |key: &str| self.0.get("en").is_some_and(|table| table.contains_key(key));
        there(key) || there(&format!("{key}_other"))
    }

    /// All texts in a language, else in English.
    pub(crate) fn all(&self, locale: Locale) -> BTreeMap<String, String> {
        [locale.code(), "en"].into_iter().find_map(|code| self.0.get(code)).cloned().unwrap_or_default()
    }

    /// All keys.
    pub(crate) fn keys(&self) -> impl Iterator<Item = &str> {
        self.0.get("en").into_iter().flat_map(|table| table.keys().map(String::as_str))
    }

    /// The words of a message: the reader's language, else English, else the fall-back; `{name}` replaced by parameters. One
    /// that is a day (`YYYY-MM-DD`) stands as people write it in that language.
    pub fn words<'a>(
        &self,
        locale: Locale,
        key: &str,
        parameters: impl IntoIterator<Item = (&'a str, &'a str)>,
        fallback: &str,
    ) -> String {
        let found = [locale.code(), "en"].into_iter().find_map(|code| self.0.get(code)?.get(key));
        let mut words = found.map_or(fallback, String::as_str).to_owned();
        for (name, value) in parameters {
            words = words.replace(&format!("{{{name}}}"), &as_read(locale, value));
            truncate(&mut words, MAX_MESSAGE);
        }
        said(words)
    }
}

/// A parameter as readers of a language write it.
fn as_read(locale: Locale, value: &str) -> Cow<'_, str> {
    let day = (value.len() == 10).then(|| NaiveDate::parse_from_str(value, "%Y-%m-%d").ok()).flatten();
    match (day, locale) {
        (None, _) => Cow::Borrowed(value),
        (Some(day), Locale::En) => Cow::Owned(day.format("%b %-d, %Y").to_string()),
        (Some(day), Locale::Ru | Locale::Uk) => Cow::Owned(day.format("%d.%m.%Y").to_string()),
    }
}

/// Words of a guest, fit to be kept in a database and shown: without U+0000, which PostgreSQL takes nowhere, and not long.
pub(crate) fn said(mut words: String) -> String {
    words.retain(|letter| letter != '\0');
    truncate(&mut words, MAX_MESSAGE);
    words
}

/// Cuts a text to at most `limit` bytes at a character's border.
pub(crate) fn truncate(text: &mut String, limit: usize) {
    if text.len() > limit {
        let end = (0..=limit).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0);
        text.truncate(end);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(files: &[(&str, &str)]) -> Result<Texts, String> {
        Texts::read(&files.iter().map(|(path, text)| ((*path).to_owned(), text.as_bytes().to_vec())).collect())
    }

    #[test]
    fn words_come_in_the_readers_language() {
        let texts =
            texts(&[("i18n/en.toml", "a = \"Hello {who}\""), ("i18n/ru.toml", "a = \"Привет, {who}\"")]).unwrap();
        assert_eq!(texts.words(Locale::Ru, "a", [("who", "мир")], "?"), "Привет, мир");
        assert_eq!(texts.words(Locale::Uk, "a", [("who", "світ")], "?"), "Hello світ");
        assert_eq!(texts.words(Locale::En, "a", [("who", "2026-03-02")], "?"), "Hello Mar 2, 2026");
        assert_eq!(texts.words(Locale::Ru, "a", [("who", "2026-03-02")], "?"), "Привет, 02.03.2026");
        assert_eq!(texts.words(Locale::En, "a", [("who", "2026-13-02")], "?"), "Hello 2026-13-02");
        assert_eq!(texts.words(Locale::Ru, "b", [], "Fall-back"), "Fall-back");
        assert_eq!(texts.words(Locale::Ru, "b", [], &"ж".repeat(5_000)).len(), 2_000);
        assert_eq!(texts.words(Locale::Ru, "b", [], "a\0b"), "ab");
    }

    #[test]
    fn translations_must_have_the_same_keys() {
        assert!(texts(&[("i18n/ru.toml", "a = \"1\"")]).unwrap_err().contains("English"));
        assert!(texts(&[("i18n/en.toml", "a = \"1\""), ("i18n/ru.toml", "")]).unwrap_err().contains("`a` is missing"));
        assert!(texts(&[("i18n/en.toml", "a = 1")]).unwrap_err().contains("i18n/en.toml"));
    }
}
