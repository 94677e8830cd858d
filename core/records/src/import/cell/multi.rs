//! Phones, e-mails, sites and messengers: several in a cell, several cells in a row.

use kernel::value::{FieldType, MultiValue};

use crate::import::problem::Problem;

/// Digits of the shortest number.
const SHORTEST: usize = 5;

/// Words in headers that tell what an address is for.
const KINDS: [(&str, &[&str]); 6] = [
    ("work", &["work", "office", "рабоч", "служебн", "робоч", "корпоратив"]),
    ("mobile", &["mobile", "cell", "моб", "сотов"]),
    ("home", &["home", "домашн", "личн", "особист"]),
    ("telegram", &["telegram", "телеграм"]),
    ("whatsapp", &["whatsapp", "ватсап", "вотсап"]),
    ("viber", &["viber", "вайбер"]),
];

/// What the values of a column with this header are for.
pub(in crate::import) fn kind_of_header(field: FieldType, header: &str) -> &'static str {
    let header = header.to_lowercase();
    let fits = |kind: &str| matches!(kind, "telegram" | "whatsapp" | "viber") == (field == FieldType::Messengers);
    let found = KINDS.iter().find(|(kind, words)| fits(kind) && words.iter().any(|word| header.contains(word)));
    found.map_or("other", |(kind, _)| kind)
}

/// The values of a cell.
pub(in crate::import) fn multi(field: FieldType, text: &str, kind: &str) -> Result<Vec<MultiValue>, Problem> {
    let mut values: Vec<MultiValue> = Vec::new();
    let text = kernel::words::normalized(text);
    for part in text.split([';', '\n', '\r', ',']) {
        let part = kernel::words::address(part);
        if part.is_empty() {
            continue;
        }
        let part = match field {
            FieldType::Emails => address(&part)?,
            FieldType::Phones if digits(&part) < SHORTEST => match values.last_mut() {
                // An extension or a note behind a number.
                Some(number) => {
                    number.value = format!("{}, {part}", number.value);
                    continue;
                }
                None => phone(&part)?,
            },
            FieldType::Phones => phone(&part)?,
            _ => &part,
        };
        if !values.iter().any(|known| known.value == part) {
            values.push(MultiValue { value: part.to_owned(), kind: kind.to_owned() });
        }
    }
    Ok(values)
}

/// `Ann <ann@example.org>` is the address inside.
fn address(text: &str) -> Result<&str, Problem> {
    let inside = text.split_once('<').and_then(|(_, rest)| rest.split_once('>')).map_or(text, |(address, _)| address);
    let inside = inside.trim().trim_start_matches("mailto:");
    let good = inside.split_once('@').is_some_and(|(local, domain)| {
        !local.is_empty() && !domain.is_empty() && !domain.contains('@') && !inside.contains(char::is_whitespace)
    });
    if good { Ok(inside) } else { Err(Problem::new("email").with("value", text)) }
}

fn digits(text: &str) -> usize {
    text.chars().filter(char::is_ascii_digit).count()
}

/// Whatever has five to 24 digits (a number and its extension) and no more than a note beside them.
fn phone(text: &str) -> Result<&str, Problem> {
    let letters = text.chars().filter(|c| c.is_alphabetic()).count();
    if (SHORTEST..=24).contains(&digits(text)) && letters <= 20 {
        Ok(text)
    } else {
        Err(Problem::new("phone").with("value", text))
    }
}
