//! How words are compared, sorted and looked for: in Unicode's normalization form C, without letter case, ё as е
//! (Russian writes either), and without the characters that nobody sees.
//!
//! | what | where |
//! |---|---|
//! | `composed` | what is kept: form C (UAX #15), nothing invisible in a single line |
//! | `folded` | what is looked for inside longer texts, and compared in memory |
//! | `indexed` | what the index of searched texts holds: whatever is found inside a text is found inside this of it |
//! | `compare`, `in_order` | order and equality in the database: the collation `COLLATION` |
//!
//! The order is that of the Unicode collation algorithm with Ukrainian tailoring (CLDR), which is right for Russian and
//! English too, to the second level: letters and accents count, case does not. On SQLite `compare` is the collation, on
//! PostgreSQL its ICU does the same (core/decisions/0017).

use std::borrow::Cow;
use std::cmp::Ordering;
use std::sync::LazyLock;

use icu_collator::options::{CollatorOptions, Strength};
use icu_collator::{CollatorBorrowed, CollatorPreferences};
use icu_normalizer::ComposingNormalizerBorrowed;
use sea_orm::DbBackend;
use sea_orm::sea_query::Expr;

/// The name of the collation in both databases.
pub const COLLATION: &str = "verstak";

static COLLATOR: LazyLock<Option<CollatorBorrowed<'static>>> = LazyLock::new(|| {
    let mut options = CollatorOptions::default();
    options.strength = Some(Strength::Secondary);
    let ukrainian = icu_locale_core::locale!("uk");
    CollatorBorrowed::try_new(CollatorPreferences::from(&ukrainian), options).ok()
});

/// Text in form C.
pub fn normalized(text: &str) -> Cow<'_, str> {
    if text.is_ascii() { Cow::Borrowed(text) } else { ComposingNormalizerBorrowed::new_nfc().normalize(text) }
}

/// A single line as it is kept: form C, without what is invisible (joiners stay: letters and pictures need them).
pub fn composed(text: &str) -> Cow<'_, str> {
    let text = normalized(text);
    if text.is_ascii() || !text.contains(is_hidden) { text } else { Cow::Owned(text.replace(is_hidden, "")) }
}

/// An address (of mail, of a page, an account) as it is kept: without anything invisible, joiners neither.
pub fn address(text: &str) -> Cow<'_, str> {
    match composed(text.trim()) {
        kept if kept.is_ascii() => kept,
        kept => Cow::Owned(kept.replace(['\u{200c}', '\u{200d}'], "").trim().to_owned()),
    }
}

/// Whether nothing of it can be seen: blanks, marks without a shape, letters that are drawn as nothing.
pub fn is_blank(text: &str) -> bool {
    let blank = |c: char| c.is_whitespace() || c.is_control() || is_hidden(c) || is_empty_letter(c);
    text.chars().all(blank)
}

/// Joiners, fillers of Hangul, the empty pattern of Braille, selectors of a variant.
const fn is_empty_letter(c: char) -> bool {
    matches!(
        c,
        '\u{200c}' | '\u{200d}' | '\u{34f}' | '\u{115f}' | '\u{1160}' | '\u{2800}' | '\u{3164}' | '\u{ffa0}'
            | '\u{fe00}'..='\u{fe0f}' | '\u{e0000}'..='\u{e0fff}'
    )
}

/// Marks without a shape: soft hyphen, zero-width space, marks of direction, word joiner, byte order mark.
const fn is_hidden(c: char) -> bool {
    matches!(
        c,
        '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{feff}'
    )
}

/// The form in which texts are the same to people: form C, lower case, е for ё, plain spaces, nothing invisible.
pub fn folded(text: &str) -> String {
    if text.is_ascii() {
        return text.to_ascii_lowercase();
    }
    let fold = |c: char| match c {
        'ё' => 'е',
        c if c.is_whitespace() && c != '\n' => ' ',
        c => c,
    };
    composed(text).to_lowercase().chars().map(fold).collect()
}

/// The form of texts in the index that narrows a search. Each character becomes what it becomes by itself, wherever it
/// stands, so a part of a text stays a part of it; and characters that any comparison of this product takes for the same
/// become the same: letter case in full (ẞ, ß and ss too), ё as е, every blank and control character as a space, what
/// nobody sees as nothing. Private characters become spaces: the index marks texts with them.
pub fn indexed(text: &str) -> String {
    let mut form = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            'a'..='z' | '0'..='9' | '!'..='/' | 'а'..='я' | 'і' | 'ї' | 'є' | 'ґ' => form.push(c),
            'A'..='Z' => form.push(c.to_ascii_lowercase()),
            'ё' | 'Ё' => form.push('е'),
            c if is_hidden(c) => {}
            c if c.is_whitespace() || c.is_control() || is_private(c) => form.push(' '),
            c => form.extend(c.to_lowercase().flat_map(char::to_uppercase).flat_map(char::to_lowercase)),
        }
    }
    form
}

/// Whether nobody but this product gives the character a meaning (Unicode, section 23.5; the basic plane).
const fn is_private(c: char) -> bool {
    matches!(c, '\u{e000}'..='\u{f8ff}')
}

/// The order of texts; `Equal` when only letter case or ё tells them apart.
pub fn compare(one: &str, other: &str) -> Ordering {
    match &*COLLATOR {
        // The rules see to composition themselves.
        Some(collator) => collator.compare(&without_yo(one), &without_yo(other)),
        // The rules are compiled in; without them there is still one order.
        None => folded(one).cmp(&folded(other)),
    }
}

/// A cell with text as it is compared and sorted in the database.
pub fn in_order(cell: Expr, backend: DbBackend) -> Expr {
    match backend {
        DbBackend::Sqlite => Expr::cust_with_exprs("? COLLATE verstak", [cell]),
        _ => Expr::cust_with_exprs("translate($1, 'ёЁ', 'еЕ') COLLATE \"verstak\"", [cell]),
    }
}

/// What a cell in that form is compared with.
pub fn operand(text: &str) -> Cow<'_, str> {
    match normalized(text) {
        Cow::Borrowed(text) => without_yo(text),
        Cow::Owned(text) => Cow::Owned(without_yo(&text).into_owned()),
    }
}

fn without_yo(text: &str) -> Cow<'_, str> {
    if !text.contains('ё') && !text.contains('Ё') {
        return Cow::Borrowed(text);
    }
    Cow::Owned(text.replace('ё', "е").replace('Ё', "Е"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sorted(words: &[&str]) -> Vec<String> {
        let mut words: Vec<String> = words.iter().rev().map(|word| (*word).to_owned()).collect();
        words.sort_by(|one, other| compare(one, other));
        words
    }

    #[test]
    fn words_stand_as_in_a_dictionary_of_their_language() {
        for right in [
            vec!["apple", "Banana", "cherry", "Date", "éclair", "fig"],
            vec!["арбуз", "Борис", "Ежевика", "Ёлка", "ель", "Жук", "Игорь", "йод", "объект", "яблоко"],
            vec![
                "Гора",
                "Ґанок",
                "Дім",
                "Економ",
                "Єва",
                "Зоря",
                "Ивко",
                "Іван",
                "Ігор",
                "Їва",
                "Йосип",
                "Щука",
                "Юр",
                "Яр",
            ],
        ] {
            assert_eq!(sorted(&right), right);
        }
    }

    #[test]
    fn case_and_yo_do_not_tell_texts_apart_but_letters_do() {
        for (one, other) in [("Пётр", "петр"), ("ЁЛКА", "елка"), ("и\u{306}од", "йод"), ("ООО\u{200b}", "ооо")]
        {
            assert_eq!(compare(one, other), Ordering::Equal, "{one} {other}");
            assert_eq!(folded(one), folded(other), "{one} {other}");
        }
        for (one, other) in [("Іван", "Їван"), ("мой", "мои"), ("a b", "ab"), ("гора", "ґора")] {
            assert_ne!(compare(one, other), Ordering::Equal, "{one} {other}");
            assert_ne!(folded(one), folded(other), "{one} {other}");
        }
    }

    #[test]
    fn letters_that_are_compared_as_the_same_are_the_same_in_the_index() {
        for c in '\u{20}'..=char::MAX {
            let form = indexed(&c.to_string());
            let kept = normalized(&c.to_string()) == c.to_string();
            for other in [c.to_lowercase().to_string(), c.to_uppercase().to_string(), folded(&c.to_string())] {
                assert!(indexed(&other) == form || !kept, "{c} {other}");
            }
            assert_eq!(indexed(&form), form, "{c}");
        }
        for (one, other) in [("ΟΔΟΣ", "οδος"), ("Kelvin", "\u{212a}elvin"), ("\u{17f}un", "sun"), ("STRAẞE", "strasse")]
        {
            assert_eq!(indexed(one), indexed(other));
        }
        assert_eq!(indexed("Жу\u{ad}к\u{a0}Ёж\n\0\u{e000}!"), "жук еж   !");
    }

    #[test]
    fn what_is_kept_is_composed_and_has_nothing_hidden() {
        assert_eq!(composed("Жу\u{ad}к\u{feff} и\u{306}"), "Жук й");
        assert_eq!(composed("👩\u{200d}🌾"), "👩\u{200d}🌾");
        assert_eq!(address(" \u{200e}ann\u{200d}@example.org\u{200b}\u{a0}"), "ann@example.org");
    }

    /// Indexes of SQLite hold this order: when a newer table of letters changes it, a migration must make them anew,
    /// under a new name of the collation.
    #[test]
    fn the_order_is_the_one_that_indexes_were_made_with() {
        use sha2::{Digest, Sha256};
        let mut letters: Vec<char> = ('\u{20}'..='\u{24f}').chain('\u{370}'..='\u{52f}').collect();
        letters.sort_by(|one, other| compare(&one.to_string(), &other.to_string()).then(one.cmp(other)));
        let order: String = letters.into_iter().collect();
        assert_eq!(
            hex::encode(Sha256::digest(order.as_bytes())),
            "30bdd2cf2871cc40a929902c7c4462095ea35e731f4c70807e66d32c2c0a1967"
        );
    }
}
