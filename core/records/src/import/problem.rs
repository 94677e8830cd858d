//! What is wrong with a file, a cell or a request about an import: a code with its parameters, told in the reader's
//! language (`i18n/import.*.json` of this crate).

use std::sync::LazyLock;

use kernel::error::FieldError;
use kernel::text::Texts;
use kernel::{Error, Locale, Message};

/// The code of errors about files and mappings that cannot be imported.
pub const INVALID: &str = "import.invalid";

static TEXTS: LazyLock<Texts> = LazyLock::new(|| {
    Texts::new([
        (Locale::En, include_str!("../../i18n/import.en.json")),
        (Locale::Ru, include_str!("../../i18n/import.ru.json")),
        (Locale::Uk, include_str!("../../i18n/import.uk.json")),
    ])
});

/// A code with the values its text names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Problem {
    /// e.g. `number`.
    pub code: &'static str,
    params: Vec<(&'static str, String)>,
}

impl Problem {
    /// A problem whose text has no parameters yet.
    pub(super) const fn new(code: &'static str) -> Self {
        Self { code, params: Vec::new() }
    }

    /// Adds a parameter; long values are cut, they only remind of the cell.
    pub(super) fn with(mut self, name: &'static str, value: impl std::fmt::Display) -> Self {
        let mut text: String = value.to_string();
        if text.chars().count() > 80 {
            text = text.chars().take(80).chain(['…']).collect();
        }
        self.params.push((name, text));
        self
    }

    /// The words.
    pub(super) fn text(&self, locale: Locale) -> String {
        let mut text = label(self.code, locale);
        for (name, value) in &self.params {
            text = text.replace(&format!("{{{name}}}"), value);
        }
        text
    }

    /// As an error of the request.
    pub(super) fn into_error(self, field: &str, locale: Locale) -> Error {
        let message = Message::Words(self.text(locale));
        Error::field(INVALID, field, FieldError { code: self.code.to_owned(), message })
    }
}

/// That a link leads to nothing that can be imported: `link`, `link_closed`, `link_forbidden`, `link_away`, `too_large`.
pub fn refused_link(code: &'static str, locale: Locale) -> Error {
    Problem::new(code).into_error("url", locale)
}

/// A text of imports by key.
pub(super) fn label(key: &str, locale: Locale) -> String {
    TEXTS.get(locale, key).unwrap_or(key).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_language_has_every_text_with_the_same_parameters() {
        assert_eq!(TEXTS.differences(), [""; 0]);
    }
}
