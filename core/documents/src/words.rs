//! Texts of papers and of the letters that bring them, by language (`i18n/*.json` of this crate).

use std::sync::LazyLock;

use kernel::Locale;
use kernel::text::Texts;

static TEXTS: LazyLock<Texts> = LazyLock::new(|| {
    Texts::new([
        (Locale::En, include_str!("../i18n/en.json")),
        (Locale::Ru, include_str!("../i18n/ru.json")),
        (Locale::Uk, include_str!("../i18n/uk.json")),
    ])
});

/// The text of a key.
pub(crate) fn word(locale: Locale, key: &str) -> &'static str {
    TEXTS.get(locale, key).unwrap_or_default()
}

/// The text of the first of these keys that there is.
pub(crate) fn first(locale: Locale, keys: &[&str]) -> &'static str {
    keys.iter().find_map(|key| TEXTS.get(locale, key)).unwrap_or_default()
}

/// A text with values for its `{names}`. What stands in a value is not looked at again.
pub(crate) fn filled(text: &str, values: &[(&str, &str)]) -> String {
    let mut made = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('{') {
        let (before, from) = rest.split_at(at);
        made.push_str(before);
        let named = from.find('}').and_then(|end| Some((from.get(1..end)?, from.get(end + 1..)?)));
        let value = named.and_then(|(name, after)| Some((values.iter().find(|(key, _)| *key == name)?.1, after)));
        match value {
            Some((value, after)) => {
                made.push_str(value);
                rest = after;
            }
            None => {
                made.push('{');
                rest = from.get(1..).unwrap_or_default();
            }
        }
    }
    made.push_str(rest);
    made
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_language_has_every_text_with_the_same_parameters() {
        assert_eq!(TEXTS.differences(), [""; 0]);
    }

    #[test]
    fn values_are_put_in_once() {
        let values = [("a", "{b}"), ("b", "x")];
        assert_eq!(filled("{a} {b} {c} { {", &values), "{b} x {c} { {");
    }
}
