//! The indexed text of a record: all that filters and words are looked for in, in the form of `words::indexed`, in four
//! parts, so that what stands in one kind of fields does not come up where another is asked.

use std::borrow::Cow;
use std::collections::BTreeSet;

use kernel::phone::Country;
use kernel::value::FieldType;
use kernel::{Fields, TenantId, Value, words};
use sha2::{Digest, Sha256};

use crate::catalogue::{EntityDef, FieldDef};
use crate::write::{PendingChange, searchable, words_of};

/// The parts of a document, as columns of SQLite's index: the title, other texts of one line, phones and addresses (with
/// the record's number), long texts.
pub(super) const PARTS: [&str; 4] = ["title", "words", "reach", "long"];
/// Where words of lists are looked for.
pub(super) const WORDS: [usize; 3] = [0, 1, 2];
/// Characters of two bytes that stand for those of the parts: the first, and how many are each part's own.
const OWN: (u32, u32) = (0x80, 480);

/// The parts of a record's text, in the order of `PARTS`.
pub(crate) type Document = [String; 4];

/// The forms that phones, addresses and accounts of a record are compared in, by field.
pub(crate) type Forms<'a> = Vec<(&'a FieldDef, BTreeSet<String>)>;

/// Whether the field's text is in the document.
pub(crate) fn is_told(field: &FieldDef) -> bool {
    matches!(field.kind, FieldType::Text | FieldType::LongText) || field.kind.is_multi()
}

/// The forms of an image.
pub(crate) fn forms<'a>(def: &'a EntityDef, image: &Fields, home: Option<Country>) -> Forms<'a> {
    let form = |field: &'a FieldDef| match image.get(&field.key) {
        Some(Value::Multi(values)) => {
            Some((field, values.iter().flat_map(|item| searchable(field.kind, &item.value, home)).collect()))
        }
        _ => None,
    };
    def.fields.iter().filter(|field| field.kind.is_multi()).filter_map(form).collect()
}

/// The document of an image. Longer than the searched text of lists, which has an end: whatever is found there is here.
pub(crate) fn document(def: &EntityDef, image: &Fields, number: i64, forms: &Forms<'_>) -> Document {
    let mut parts = Document::default();
    let [_, _, reach, _] = &mut parts;
    add(reach, &number.to_string());
    between(reach, &words_of(def, image, number));
    for field in def.fields.iter().filter(|field| is_told(field)) {
        let Some(part) = parts.get_mut(part_of(field)) else { continue };
        match image.get(&field.key) {
            Some(Value::Text(text)) => add(part, text),
            Some(Value::Multi(values)) => values.iter().for_each(|item| add(part, &item.value)),
            _ => {}
        }
    }
    for form in forms.iter().flat_map(|(_, forms)| forms) {
        let [_, _, reach, _] = &mut parts;
        let form = words::indexed(form);
        if !reach.contains(&form) {
            reach.push(' ');
            reach.push_str(&form);
        }
    }
    parts
}

/// Which part the field's text is in.
pub(super) fn part_of(field: &FieldDef) -> usize {
    match field.kind {
        _ if field.key == "title" => 0,
        FieldType::LongText => 3,
        kind if kind.is_multi() => 2,
        _ => 1,
    }
}

fn add(part: &mut String, text: &str) {
    part.push(' ');
    part.push_str(&words::indexed(text));
    // What becomes another letter when something invisible between its halves is gone.
    if let Cow::Owned(composed) = words::composed(text) {
        part.push(' ');
        part.push_str(&words::indexed(&composed));
    }
}

/// Where one field's end and the next one's beginning may be read as one number, as words of lists are.
fn between(part: &mut String, texts: &[Cow<'_, str>]) {
    let numeric = |c: Option<char>| c.is_some_and(|c| !c.is_alphabetic());
    let meets = |(one, other): (&Cow<'_, str>, &Cow<'_, str>)| {
        numeric(one.chars().next_back()) && numeric(other.chars().next())
    };
    if texts.iter().zip(texts.iter().skip(1)).any(meets) {
        add(part, &texts.join(" "));
    }
}

/// Whether a change puts another document in the place of the present one.
pub(crate) fn changes(change: &PendingChange) -> bool {
    change.before.is_none() || change.changed().any(is_told)
}

/// Three private characters that stand for an entity of a company: documents begin with them on SQLite, where they are a
/// group like others. That two entities may share them costs a few candidates.
pub(super) fn mark_of(tenant: TenantId, entity: &str) -> String {
    let digest = Sha256::new().chain_update(tenant.0.as_bytes()).chain_update(entity).finalize();
    let pairs = digest.as_slice().chunks_exact(2).take(3);
    let private = pairs.map(|pair| 0xe000 + pair.iter().fold(0, |sum, byte| sum << 8 | u32::from(*byte)) % 0x1900);
    private.filter_map(char::from_u32).collect()
}

/// The different groups of three characters of a text, in order.
pub(super) fn groups(text: &str) -> Vec<[char; 3]> {
    let mut seen = std::collections::HashSet::new();
    let mut found = Vec::new();
    let mut last = [' '; 2];
    for (place, c) in text.chars().enumerate() {
        let [one, two] = last;
        last = [two, c];
        if place >= 2 && seen.insert([one, two, c]) {
            found.push([one, two, c]);
        }
    }
    found
}

/// A text of a part as SQLite's index has it: written in characters that are the part's own, so each group of three belongs
/// to one part, as `number_of` makes it on PostgreSQL. Kept, so it stays as it is.
pub(super) fn in_part(part: usize, text: &str) -> String {
    let (first, count) = OWN;
    let first = first + count * u32::try_from(part).unwrap_or_default();
    text.chars().filter_map(|c| char::from_u32(first + place_of(c))).collect()
}

/// Which of a part's own characters stands for one. Other alphabets share the last 128, which costs a few candidates.
fn place_of(c: char) -> u32 {
    match u32::from(c) {
        ascii @ 0x20..0x80 => ascii - 0x20,
        cyrillic @ 0x400..0x500 => cyrillic - 0x400 + 96,
        other => other % 128 + 352,
    }
}

/// A group of a part as a number: kept on PostgreSQL, so it stays as it is. Groups that share a number cost a few candidates.
pub(super) fn number_of(part: usize, group: [char; 3]) -> i32 {
    let joined = group.into_iter().fold(0_u64, |sum, c| sum << 21 | u64::from(u32::from(c)));
    let joined = joined ^ u64::try_from(part).unwrap_or_default() << 61;
    // Fibonacci hashing (Knuth, The Art of Computer Programming, vol. 3, section 6.4), after the halves were mixed.
    let mixed = (joined ^ (joined >> 29)).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    i32::from_be_bytes([0, 8, 16, 24].map(|shift| u8::try_from(mixed >> (56 - shift) & 0xff).unwrap_or_default()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn groups_are_those_of_the_text_and_their_numbers_stay() {
        assert_eq!(groups("трутру"), [['т', 'р', 'у'], ['р', 'у', 'т'], ['у', 'т', 'р']]);
        assert!(groups("ab").is_empty());
        assert_eq!(number_of(0, ['т', 'р', 'у']), NUMBER);
        let all: std::collections::HashSet<i32> =
            ('а'..='я').flat_map(|a| ('а'..='я').map(move |b| number_of(1, [a, b, 'о']))).collect();
        assert!(all.len() > 1_020, "{} of 1,024 are different", all.len());
    }

    /// Databases hold it.
    const NUMBER: i32 = 1_697_178_047;

    #[test]
    fn parts_share_no_group_and_lose_no_character() {
        let text = "тру\"ба \0e7~ їґ😀\u{ffff}\u{7f}";
        let parts: Vec<String> = (0..PARTS.len()).map(|part| in_part(part, text)).collect();
        assert_eq!((in_part(0, "тa").as_str(), in_part(3, "\u{ff}").as_str()), ("\u{122}\u{c1}", "\u{7ff}"));
        for (place, part) in parts.iter().enumerate() {
            assert_eq!((part.chars().count(), part.len()), (text.chars().count(), 2 * text.chars().count()));
            let groups = groups(part);
            assert!(!groups.is_empty());
            for other in parts.iter().skip(place + 1) {
                assert!(super::groups(other).iter().all(|group| !groups.contains(group)), "{place}");
            }
        }
        // A part of a text stays a part of it.
        assert!(in_part(2, text).contains(&in_part(2, "ба \0e")));
    }

    #[test]
    fn entities_have_marks_of_their_own() {
        let tenant = TenantId(uuid::Uuid::from_u128(7));
        assert_eq!(mark_of(tenant, "lead").chars().count(), 3);
        assert_ne!(mark_of(tenant, "lead"), mark_of(tenant, "deal"));
        assert_ne!(mark_of(tenant, "lead"), mark_of(TenantId(uuid::Uuid::from_u128(8)), "lead"));
    }
}
