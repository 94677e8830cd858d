//! What the plugin's pages ask of its code: figures of a source, an answer to a press, a tree.
//!
//! Sources and trees only show: whatever writes answers `denied`. A press is done once for its [`Deed::key`]; parameters
//! and state of the view come from the browser, where anybody may write them.

use crate::bindings::ui_act::exports::verstak::plugin::ui_act as acts;
use crate::bindings::ui_data::exports::verstak::plugin::ui_data as data;
use crate::value::{Fields, describe};
use crate::{Failure, Field, FieldMessage, HostError, Message, Value};

pub use crate::bindings::imports::verstak::pages::views::View;
pub use data::{Row as Figure, Rows as Figures};

impl View {
    /// A text of the page's address.
    pub fn param(&self, name: &str) -> Option<&str> {
        self.params.text(name)
    }

    /// The id of the record that the page stands on, when it is one of this entity.
    pub fn record_of(&self, entity: &str) -> Option<&str> {
        self.record.as_ref().filter(|record| record.entity == entity).map(|record| record.id.as_str())
    }
}

/// A question to a source.
#[derive(Debug, Clone, PartialEq)]
pub struct Ask {
    /// What the page stands on.
    pub view: View,
    /// What the source gives.
    pub input: Vec<Field>,
    /// Where the portion before ended.
    pub cursor: Option<String>,
}

impl Fields for Ask {
    fn value(&self, name: &str) -> Option<&Value> {
        self.input.value(name)
    }
}

impl Figure {
    /// A row without fields yet; the id is unique in the answer.
    pub fn new(id: impl Into<String>) -> Self {
        Figure { id: id.into(), fields: Vec::new() }
    }

    /// Adds a column's value.
    #[must_use]
    pub fn with(mut self, column: &str, value: impl Into<Value>) -> Self {
        self.fields.push(Field::new(column, value));
        self
    }
}

impl Figures {
    /// One row: figures of a `stats` block.
    pub fn one(row: Figure) -> Self {
        Self::from(vec![row])
    }
}

impl From<Vec<Figure>> for Figures {
    fn from(rows: Vec<Figure>) -> Self {
        Figures { rows, next: None }
    }
}

/// Somebody pressed something.
#[derive(Debug, Clone, PartialEq)]
pub struct Deed(pub acts::Call);

impl Deed {
    /// The same for every try of this press and of no other.
    pub fn key(&self) -> &str {
        &self.0.key
    }

    /// What the page stands on.
    pub fn view(&self) -> &View {
        &self.0.view
    }

    /// Ids of the row it stands on or of the chosen rows.
    pub fn rows(&self) -> &[String] {
        &self.0.rows
    }

    /// The one row it stands on.
    ///
    /// # Errors
    /// Refused when there is none.
    pub fn row(&self) -> Acted<&str> {
        self.0.rows.first().map(String::as_str).ok_or_else(|| NotActed::refuse(Message::new("", "No row is chosen")))
    }
}

impl Fields for Deed {
    fn value(&self, name: &str) -> Option<&Value> {
        self.0.input.value(name)
    }
}

/// What an act gives: an answer, or why it is not done.
pub type Acted<T = Answer> = Result<T, NotActed>;

pub use acts::Failure as NotActed;

impl NotActed {
    /// It is not to be done, and that is no failure of the plugin: people read why.
    pub fn refuse(message: Message) -> Self {
        NotActed::Refused(message)
    }
}

/// What the host refused is refused; what it could not do is a failure.
impl From<HostError> for NotActed {
    fn from(error: HostError) -> Self {
        match error {
            HostError::Denied(_) | HostError::NotFound(_) | HostError::Conflict(_) | HostError::Invalid(_) => {
                NotActed::Refused(error.into())
            }
            HostError::Limit(_) | HostError::Unavailable(_) | HostError::Internal(_) => {
                NotActed::Failed(describe(&error))
            }
        }
    }
}

/// What people read of a refusal: the host says it in their language.
fn words(error: &HostError) -> String {
    match error {
        HostError::Denied(text) | HostError::NotFound(text) | HostError::Conflict(text) => text.clone(),
        HostError::Invalid(invalid) => {
            let mut words = vec![invalid.text.as_str()];
            for field in &invalid.fields {
                if !words.contains(&field.text.as_str()) {
                    words.push(&field.text);
                }
            }
            words.join(" ")
        }
        other => describe(other),
    }
}

/// A refusal of one row, to be shown beside it.
impl From<HostError> for Message {
    fn from(error: HostError) -> Self {
        Message::new("", &words(&error))
    }
}

impl From<Failure> for NotActed {
    fn from(failure: Failure) -> Self {
        NotActed::Failed(failure.0)
    }
}

/// What the page does after a press.
#[derive(Debug, Clone, PartialEq)]
pub struct Answer(pub acts::Answer);

/// An answer that changes nothing yet.
pub fn answer() -> Answer {
    Answer(acts::Answer { patches: Vec::new(), errors: Vec::new(), refused: Vec::new() })
}

impl Answer {
    fn patch(mut self, patch: acts::Patch) -> Self {
        self.0.patches.push(patch);
        self
    }

    /// Words for a moment.
    #[must_use]
    pub fn toast(self, text: Message) -> Self {
        self.patch(acts::Patch::Toast(acts::Toast { text, tone: acts::Tone::Ok }))
    }

    /// Words about something that went wrong.
    #[must_use]
    pub fn warn(self, text: Message) -> Self {
        self.patch(acts::Patch::Toast(acts::Toast { text, tone: acts::Tone::Danger }))
    }

    /// Reads these sources anew; all of them when none is named.
    #[must_use]
    pub fn refresh(self, sources: &[&str]) -> Self {
        self.patch(acts::Patch::Refresh(sources.iter().map(|name| (*name).to_owned()).collect()))
    }

    /// Sets a value of the page's state.
    #[must_use]
    pub fn set(self, name: &str, value: impl Into<Value>) -> Self {
        let state = vec![Field::new(name, value)];
        self.patch(acts::Patch::Set(acts::Assignment { params: Vec::new(), state }))
    }

    /// Opens a page of the portal by its address, beginning with `/`.
    #[must_use]
    pub fn open(self, address: impl Into<String>) -> Self {
        self.patch(acts::Patch::Open(address.into()))
    }

    /// Closes the panel or modal.
    #[must_use]
    pub fn close(self) -> Self {
        self.patch(acts::Patch::Close)
    }

    /// Words at an input.
    #[must_use]
    pub fn error(mut self, input: &str, message: Message) -> Self {
        self.0.errors.push(FieldMessage { field: input.to_owned(), message });
        self
    }

    /// A row of the selection for which it was not done.
    #[must_use]
    pub fn refused(mut self, row: &str, message: Message) -> Self {
        self.0.refused.push(acts::Refused { id: row.to_owned(), message });
        self
    }
}
