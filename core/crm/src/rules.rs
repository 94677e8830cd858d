//! Titles and what follows from other fields, as a table by entity.

use kernel::{Ctx, Fields, Value};
use records::{EntityRules, PendingChange};

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
}

/// A way to call a record.
#[derive(Debug, Clone, Copy)]
enum Name {
    /// Last, first and middle name.
    Person,
    /// The first line of a text.
    Text(&'static str),
}

/// What is special, by entity.
pub const ALL: [Rules; 3] = [
    Rules { entity: "lead", called: &[Name::Person, Name::Text("company_title")], done: false },
    Rules { entity: "contact", called: &[Name::Person], done: false },
    Rules { entity: "activity", called: &[Name::Text("text")], done: true },
];

impl EntityRules for Rules {
    fn entity(&self) -> &'static str {
        self.entity
    }

    fn defaults(&self, _: &Ctx, change: &mut PendingChange) {
        if self.done && change.after.get("done").is_none_or(Value::is_empty) {
            change.after.insert("done".into(), Value::Boolean(false));
        }
    }

    fn follow(&self, ctx: &Ctx, change: &mut PendingChange) {
        if self.done && change.changes("done") {
            let done = change.after.get("done") == Some(&Value::Boolean(true));
            change.after.insert("done_at".into(), if done { Value::Instant(ctx.now()) } else { Value::Null });
        }
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
            Self::Text(key) => part(key).lines().next().unwrap_or_default().chars().take(MAX_WORDS).collect(),
        }
    }
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
