//! What must stand in a record's indexed text (`words::indexed` of everything that is searched inside) if a filter is to
//! find it. Follows the compiler: each test here is weaker than its condition there, never stronger, so the index only
//! narrows and the condition decides.

use std::collections::BTreeSet;

use serde_json::Value as Json;

use super::{Filter, Op, Operand, Test};
use crate::phone::{self, Country};
use crate::value::FieldType;
use crate::words;

/// Characters that a piece has at least: the index knows groups of three.
const SHORTEST: usize = 3;

/// Pieces of text, in their indexed form.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Pieces {
    /// This one.
    One {
        /// Inside this field; none: wherever lists look for words.
        field: Option<String>,
        /// In its indexed form.
        text: String,
    },
    /// All of them.
    All(Vec<Self>),
    /// One of them at least.
    Any(Vec<Self>),
}

impl Pieces {
    /// A piece of text, inside a field or of the words of a list; none when it is too short to narrow anything.
    pub fn of(field: Option<&str>, text: &str) -> Option<Self> {
        let text = words::indexed(text);
        (text.chars().count() >= SHORTEST).then(|| Self::One { field: field.map(str::to_owned), text })
    }

    /// What all of the parts say; parts that say nothing are left out.
    pub fn all(parts: impl IntoIterator<Item = Option<Self>>) -> Option<Self> {
        let said: Vec<Self> = parts.into_iter().flatten().collect();
        Self::group(said, Self::All)
    }

    /// What one of the parts says; nothing when one of them says nothing.
    pub fn any(parts: impl IntoIterator<Item = Option<Self>>) -> Option<Self> {
        let said: Vec<Self> = parts.into_iter().collect::<Option<_>>()?;
        Self::group(said, Self::Any)
    }

    fn group(said: Vec<Self>, together: fn(Vec<Self>) -> Self) -> Option<Self> {
        let mut different: Vec<Self> = Vec::with_capacity(said.len());
        for part in said {
            if !different.contains(&part) {
                different.push(part);
            }
        }
        if different.len() > 1 { Some(together(different)) } else { different.pop() }
    }

    /// What a filter needs; `kind` tells the type of a field. Nothing where it needs no text, or looks through a link.
    pub fn of_filter(filter: &Filter, kind: &dyn Fn(&str) -> Option<FieldType>, home: Option<Country>) -> Option<Self> {
        match filter {
            Filter::And(parts) => Self::all(parts.iter().map(|part| Self::of_filter(part, kind, home))),
            Filter::Or(parts) => Self::any(parts.iter().map(|part| Self::of_filter(part, kind, home))),
            Filter::Not(_) => None,
            Filter::Test(test) => Self::of_test(test, kind(&test.field)?, home),
        }
    }

    fn of_test(test: &Test, kind: FieldType, home: Option<Country>) -> Option<Self> {
        let Operand::One(Json::String(term)) = &test.value else { return None };
        let inside = matches!(test.op, Op::Contains | Op::StartsWith);
        let field = Some(test.field.as_str());
        let address = || words::folded(&words::address(term));
        match kind {
            FieldType::Text | FieldType::LongText if inside => Self::of(field, &words::composed(term)),
            FieldType::Phones if inside => Self::of_digits(field, &address(), home),
            FieldType::Phones if test.op == Op::Eq => Self::of_number(field, &address(), home),
            kind if kind.is_multi() && (inside || test.op == Op::Eq) => Self::of(field, &address()),
            _ => None,
        }
    }

    /// What digits of a phone need (`has_digits`).
    pub fn of_digits(field: Option<&str>, term: &str, home: Option<Country>) -> Option<Self> {
        let Some(spellings) = phone::typed(term, home) else { return Self::of(field, term.trim()) };
        let whole = phone::numbers(term, home).iter().any(|number| number.starts().is_some());
        let typed = spellings.iter().map(|digits| Self::of(field, digits));
        Self::any(typed.chain(whole.then(|| Self::of_number(field, term, home))))
    }

    /// What a whole number needs (`is_number`): its cells begin with its last digits.
    fn of_number(field: Option<&str>, term: &str, home: Option<Country>) -> Option<Self> {
        let mut tails = BTreeSet::new();
        for number in phone::numbers(term, home) {
            let starts = number.starts().unwrap_or_else(|| vec![number.tail().to_owned()]);
            tails.extend(starts.iter().map(|start| start.split(':').next().unwrap_or_default().to_owned()));
        }
        if tails.is_empty() {
            return Self::of(field, term.trim());
        }
        Self::any(tails.iter().map(|tail| Self::of(field, tail)))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn check(filter: serde_json::Value, expected: Option<Pieces>) {
        let kind = |field: &str| match field {
            "title" => Some(FieldType::Text),
            "phones" => Some(FieldType::Phones),
            "emails" => Some(FieldType::Emails),
            "stage" => Some(FieldType::Stage),
            _ => None,
        };
        let filter = Filter::parse(&filter).unwrap();
        assert_eq!(Pieces::of_filter(&filter, &kind, Country::of_currency("RUB")), expected, "{filter:?}");
    }

    fn one(field: &str, text: &str) -> Pieces {
        Pieces::One { field: Some(field.into()), text: text.into() }
    }

    #[test]
    fn a_filter_needs_the_text_that_it_looks_for_and_nothing_it_only_may_find() {
        let has = |field: &str, term: &str| json!({"field": field, "op": "contains", "value": term});
        check(has("title", "Ёлка"), Some(one("title", "елка")));
        check(has("title", "Ёл"), None);
        check(has("stage", "new"), None);
        check(has("company.title", "pipes"), None);
        check(has("emails", "ANN@"), Some(one("emails", "ann@")));
        check(json!({"not": has("title", "pipes")}), None);
        check(json!({"or": [has("title", "pipes"), has("title", "ab")]}), None);
        check(json!({"and": [has("title", "pipes"), has("title", "ab")]}), Some(one("title", "pipes")));
        check(
            json!({"or": [has("title", "pipes"), has("emails", "valve")]}),
            Some(Pieces::Any(vec![one("title", "pipes"), one("emails", "valve")])),
        );
        check(has("phones", "916"), Some(one("phones", "916")));
        check(has("phones", "8 916"), Some(Pieces::Any(vec![one("phones", "8916"), one("phones", "7916")])));
        check(json!({"field": "phones", "op": "eq", "value": "8 916 123-45-67"}), Some(one("phones", "161234567")));
        check(json!({"field": "title", "op": "ne", "value": "pipes"}), None);
    }
}
