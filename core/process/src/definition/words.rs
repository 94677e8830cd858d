//! Codes and translations of problems: the reader speaks English; its sentences are the texts of the catalogue, as with
//! gettext, and their parameters are read back from them.

use std::sync::LazyLock;

use kernel::Locale;
use kernel::text::Texts;

use super::Problem;

/// Texts of this crate.
pub(crate) static TEXTS: LazyLock<Texts> = LazyLock::new(|| {
    Texts::new([
        (Locale::En, include_str!("../../i18n/en.json")),
        (Locale::Ru, include_str!("../../i18n/ru.json")),
        (Locale::Uk, include_str!("../../i18n/uk.json")),
    ])
});

/// Sentences in plain words, where the reader's own tell developers of settings by their names in the file.
static PLAIN: LazyLock<Texts> = LazyLock::new(|| Texts::new([(Locale::En, include_str!("../../i18n/plain.en.json"))]));

/// The prefix of problems in the catalogue.
const PREFIX: &str = "problem.";
/// The code of what the catalogue does not know.
const UNKNOWN: &str = "invalid";
/// What is a problem itself within another.
const NESTED: [&str; 2] = ["problem", "reason"];
/// Problems within one another.
const MAX_NESTED: usize = 4;

/// A sentence with its gaps.
struct Sentence {
    /// Its key in the catalogue.
    key: &'static str,
    /// What stands before each gap, and its name.
    gaps: Vec<(&'static str, &'static str)>,
    /// What stands behind the last.
    tail: &'static str,
}

/// Those that say most first: they fit least.
static SENTENCES: LazyLock<Vec<Sentence>> = LazyLock::new(|| {
    let keys = TEXTS.keys(Locale::En).into_iter().filter(|key| key.starts_with(PREFIX));
    let mut sentences: Vec<Sentence> =
        keys.filter_map(|key| Some(Sentence::new(key, TEXTS.get(Locale::En, key)?))).collect();
    sentences.sort_by_key(|sentence| (std::cmp::Reverse(sentence.said()), sentence.key));
    sentences
});

impl Sentence {
    fn new(key: &'static str, text: &'static str) -> Self {
        let (mut gaps, mut rest) = (Vec::new(), text);
        // The last brace before one that closes opens the gap: `${{text}}` is a gap in braces.
        while let Some((before, name, behind)) = gap(rest) {
            gaps.push((before, name));
            rest = behind;
        }
        Self { key, gaps, tail: rest }
    }

    fn said(&self) -> usize {
        self.gaps.iter().map(|(before, _)| before.len()).sum::<usize>() + self.tail.len()
    }

    /// What stands in the gaps of a text, if it is this sentence.
    fn read<'a>(&self, text: &'a str) -> Option<Vec<(&'static str, &'a str)>> {
        let Some((first, _)) = self.gaps.first() else { return (text == self.tail).then(Vec::new) };
        let mut rest = text.strip_prefix(first)?.strip_suffix(self.tail)?;
        let mut values = Vec::with_capacity(self.gaps.len());
        for (place, (_, name)) in self.gaps.iter().enumerate() {
            match self.gaps.get(place + 1) {
                Some((between, _)) => {
                    let (value, behind) = rest.split_once(between)?;
                    values.push((*name, value));
                    rest = behind;
                }
                None => values.push((*name, rest)),
            }
        }
        Some(values)
    }
}

/// What stands before the first gap, its name, and what stands behind it.
fn gap(text: &str) -> Option<(&str, &str, &str)> {
    // A brace that closes nothing is a brace.
    let closed = |(close, _): (usize, &str)| Some((text.get(..close)?.rfind('{')?, close));
    let (open, close) = text.match_indices('}').find_map(closed)?;
    Some((text.get(..open)?, text.get(open + 1..close)?, text.get(close + 1..)?))
}

/// A problem's code, such as `no_executable_process`, and its words in a language.
pub fn of(problem: &Problem, locale: Locale) -> (&'static str, String) {
    told(&problem.message, locale, MAX_NESTED).unwrap_or_else(|| (UNKNOWN, problem.message.clone()))
}

fn told(text: &str, locale: Locale, levels: usize) -> Option<(&'static str, String)> {
    let (sentence, values) = SENTENCES.iter().find_map(|sentence| Some((sentence, sentence.read(text)?)))?;
    let plain = if locale == Locale::En { PLAIN.get(locale, sentence.key) } else { None };
    let mut words = plain.or_else(|| TEXTS.get(locale, sentence.key))?.to_owned();
    for (name, value) in values {
        let nested = if NESTED.contains(&name) && levels > 0 { told(value, locale, levels - 1) } else { None };
        let value = nested.map_or_else(|| value.to_owned(), |(_, words)| words);
        // One after another: a value with braces is put in last where it can be.
        words = words.replacen(&format!("{{{name}}}"), &value, 1);
    }
    Some((sentence.key.strip_prefix(PREFIX)?, words))
}

/// A text of this crate with one gap, `text`.
pub fn text(locale: Locale, key: &str, value: &str) -> String {
    TEXTS.get(locale, key).unwrap_or(key).replace("{text}", value)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::definition::Severity;

    fn problem(message: &str) -> Problem {
        Problem { element: String::new(), severity: Severity::Error, message: message.to_owned() }
    }

    #[test]
    fn every_language_has_every_text() {
        assert_eq!(TEXTS.differences(), Vec::<String>::new());
    }

    #[test]
    fn plain_words_name_no_settings_of_files() {
        for key in PLAIN.keys(Locale::En) {
            let gaps = |text| Sentence::new("", text).gaps.into_iter().map(|(_, name)| name).collect::<Vec<_>>();
            let (plain, sentence) = (PLAIN.get(Locale::En, key), TEXTS.get(Locale::En, key));
            let [mut said, mut read] = [plain, sentence].map(|text| gaps(text.expect("a sentence of that key")));
            said.sort_unstable();
            read.sort_unstable();
            assert_eq!(said, read, "{key}");
        }
        for locale in Locale::ALL {
            for key in TEXTS.keys(locale).into_iter().filter(|key| key.starts_with(PREFIX)) {
                let plain = if locale == Locale::En { PLAIN.get(locale, key) } else { None };
                let words = plain.or_else(|| TEXTS.get(locale, key)).expect("a text");
                assert!(!words.contains("v:"), "{locale}: {words}");
            }
        }
        let late = of(&problem("v:escalate means nothing without v:duration"), Locale::En);
        assert_eq!(late.1, "somebody is to be told when it is late, but there is no time to be done in");
    }

    #[test]
    fn sentences_are_read_back() {
        for (message, code, russian) in [
            ("the file has no process", "no_process", "в файле нет процесса"),
            ("the id is longer than 255 characters", "id_too_long", "id длиннее 255 символов"),
            (
                "condition: `a +` is no expression in CEL: syntax {name}",
                "condition_wrong",
                "условие: `a +` — не выражение CEL: syntax {name}",
            ),
            ("v:duration: `P0D` is no time at all", "no_time", "v:duration: `P0D` — это нисколько времени"),
            (
                "`adHocSubProcess`: ad-hoc sub-processes are not supported: draw the order as a sub-process",
                "refused_element",
                "`adHocSubProcess`: подпроцессы без порядка не исполняются: нарисуйте порядок подпроцессом",
            ),
            (
                "`${a.b()}` cannot be translated (`b(...)` is a call): write it in CEL, such as `vars.amount > 100`",
                "not_translated",
                "`${a.b()}` не переводится (`b(...)` — вызов): напишите на CEL, например `vars.amount > 100`",
            ),
            ("something else", "invalid", "something else"),
        ] {
            assert_eq!(of(&problem(message), Locale::Ru), (code, russian.to_owned()));
            assert_eq!(of(&problem(message), Locale::En).1, message);
        }
    }
}
