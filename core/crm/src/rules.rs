//! Titles and what follows from other fields, as a table by entity.

use kernel::error::{FieldError, FieldErrors};
use kernel::filter::Filter;
use kernel::value::Currency;
use kernel::{Ctx, Fields, Result, Value};
use records::{EntityRules, Operation, PendingChange};

use crate::numbers;
use crate::sums::{self, text};

/// Longest title made of a text, in characters.
const MAX_WORDS: usize = 80;

/// The rules of one entity.
#[derive(Debug, Clone, Copy)]
pub struct Rules {
    entity: &'static str,
    /// What a record without a title is called by; the first that it has.
    called: &'static [Name],
    /// Whether it keeps when it was done.
    done: bool,
    /// What follows from its rows.
    rows: Rows,
    /// What is wrong with a new image, beside what its fields say.
    wrong: fn(&Fields) -> FieldErrors,
}

/// What rows are to a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Rows {
    None,
    /// What somebody is interested in.
    Interest,
    /// What its amount is made of.
    Amount,
}

/// A way to call a record.
#[derive(Debug, Clone, Copy)]
enum Name {
    /// Last, first and middle name.
    Person,
    /// The first line of a text.
    Text(&'static str),
    /// A number.
    Number(&'static str),
}

/// Nothing special.
const PLAIN: Rules = Rules { entity: "", called: &[], done: false, rows: Rows::None, wrong: |_| FieldErrors::new() };

/// What is special, by entity.
pub const ALL: [Rules; 7] = [
    Rules { entity: "lead", called: &[Name::Person, Name::Text("company_title")], rows: Rows::Interest, ..PLAIN },
    Rules { entity: "contact", called: &[Name::Person], ..PLAIN },
    Rules { entity: "activity", called: &[Name::Text("text")], done: true, ..PLAIN },
    Rules { entity: "deal", rows: Rows::Amount, ..PLAIN },
    Rules { entity: "price", called: &[Name::Number("price")], ..PLAIN },
    Rules { entity: "price_list", wrong: wrong_list, ..PLAIN },
    Rules { entity: "number_series", wrong: wrong_series, ..PLAIN },
];

impl EntityRules for Rules {
    fn entity(&self) -> &'static str {
        self.entity
    }

    fn converts(&self) -> Option<&'static str> {
        (self.entity == "lead").then_some("lead.convert_required")
    }

    fn defaults(&self, _: &Ctx, change: &mut PendingChange) {
        if self.done && change.after.get("done").is_none_or(Value::is_empty) {
            change.after.insert("done".into(), Value::Boolean(false));
        }
        if self.rows == Rows::Amount && change.changes("rows") && sums::has_rows(&change.after) {
            sums::begin_amount(change);
        }
    }

    fn follow(&self, ctx: &Ctx, change: &mut PendingChange) {
        if self.done && change.changes("done") {
            let done = change.after.get("done") == Some(&Value::Boolean(true));
            change.after.insert("done_at".into(), if done { Value::Instant(ctx.now()) } else { Value::Null });
        }
        match self.rows {
            Rows::None => {}
            Rows::Interest => sums::tidy_rows(ctx, change),
            Rows::Amount => sums::of_deal(ctx, change),
        }
    }

    fn check(&self, _: &Ctx, change: &PendingChange) -> Result<()> {
        if matches!(change.operation, Operation::Delete | Operation::Restore) {
            return Ok(());
        }
        if self.rows != Rows::None && change.changes("rows") {
            sums::rows_of(&change.after)?;
        }
        if self.rows == Rows::Amount && sums::has_rows(&change.after) && sums::concerns(change) {
            sums::reckoned(&change.after)?;
        }
        let wrong = (self.wrong)(&change.after);
        if wrong.is_empty() { Ok(()) } else { Err(sums::invalid(wrong)) }
    }

    fn title(&self, image: &Fields) -> Option<String> {
        self.called.iter().map(|name| name.of(image)).find(|title| !title.is_empty())
    }
}

impl Name {
    fn of(self, image: &Fields) -> String {
        let part = |key: &str| image.get(key).and_then(Value::as_text).unwrap_or_default();
        match self {
            Self::Person => {
                let parts = ["last_name", "first_name", "middle_name"].map(part);
                parts.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" ")
            }
            Self::Number(key) => sums::decimal(image, key).map(|number| number.to_string()).unwrap_or_default(),
            Self::Text(key) => part(key).lines().next().unwrap_or_default().chars().take(MAX_WORDS).collect(),
        }
    }
}

/// What is wrong with a price list.
fn wrong_list(list: &Fields) -> FieldErrors {
    let mut errors = FieldErrors::new();
    if let Err(error) = text(list, "list_currency").parse::<Currency>() {
        errors.insert("list_currency".to_owned(), error);
    }
    if let Some(Value::Json(clients)) = list.get("clients")
        && let Err(error) = Filter::parse(clients)
    {
        errors.insert("clients".to_owned(), error);
    }
    let derived = sums::id(list, "percent_of").is_some();
    if derived && sums::decimal(list, "percent").is_none() {
        errors.insert("percent".to_owned(), FieldError::new("required"));
    }
    errors
}

/// What is wrong with a series of numbers.
fn wrong_series(series: &Fields) -> FieldErrors {
    let pattern = numbers::check(text(series, "pattern"));
    pattern.err().map(|error| ("pattern".to_owned(), error)).into_iter().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn title(entity: &str, fields: &[(&str, &str)]) -> Option<String> {
        let image = fields.iter().map(|(key, text)| ((*key).into(), Value::Text((*text).to_owned()))).collect();
        ALL.iter().find(|rules| rules.entity == entity)?.title(&image)
    }

    #[test]
    fn people_are_called_by_their_names_and_letters_by_their_first_line() {
        let person = [("last_name", "Ivanova"), ("middle_name", "Petrovna"), ("company_title", "Vesna")];
        assert_eq!(title("lead", &person).as_deref(), Some("Ivanova Petrovna"));
        assert_eq!(title("contact", &person).as_deref(), Some("Ivanova Petrovna"));
        assert_eq!(title("lead", &[("company_title", "Vesna")]).as_deref(), Some("Vesna"));
        assert_eq!(title("contact", &[("company_title", "Vesna")]), None);
        assert_eq!(title("activity", &[("text", "Called back\nno answer")]).as_deref(), Some("Called back"));
        assert_eq!(title("activity", &[("text", &"x".repeat(200))]).map(|title| title.len()), Some(MAX_WORDS));
        assert_eq!(title("lead", &[]), None);
    }
}
