//! Before-hooks: a change comes in, the plugin patches it, refuses it, or lets it pass.

use crate::bindings::hooks::exports::verstak::plugin::hooks::{Change as Raw, Rejection, Verdict};
use crate::value::Fields;
use crate::{Field, FieldMessage, Message, Value};

pub use crate::bindings::hooks::exports::verstak::plugin::hooks::Operation;

/// One record about to be saved. Reads show the record as it would be, this hook's own patches included.
pub struct Change {
    raw: Raw,
    patch: Vec<String>,
    rejection: Option<Rejection>,
}

impl Change {
    /// Wraps what the host sent.
    pub fn new(raw: Raw) -> Self {
        Change { raw, patch: Vec::new(), rejection: None }
    }

    /// Entity key, for example "lead".
    pub fn entity(&self) -> &str {
        &self.raw.entity
    }

    /// Id of the record; on create the id it will have.
    pub fn record(&self) -> &str {
        &self.raw.id
    }

    /// What is being done.
    pub fn operation(&self) -> Operation {
        self.raw.operation
    }

    /// True on create.
    pub fn is_new(&self) -> bool {
        self.raw.operation == Operation::Create
    }

    /// True when whoever makes the change sets this field (not a default).
    pub fn was_set(&self, name: &str) -> bool {
        self.raw.set.iter().any(|field| field == name)
    }

    /// True when the field is set to a value other than it had.
    pub fn differs(&self, name: &str) -> bool {
        self.was_set(name) && self.raw.before.value(name) != self.raw.fields.value(name)
    }

    /// The fields set, with their values before the change.
    pub fn before(&self) -> &[Field] {
        &self.raw.before
    }

    /// Sets a field of the record; needs the write permission for it.
    pub fn set(&mut self, name: &str, value: impl Into<Value>) {
        let value = value.into();
        match self.raw.fields.iter_mut().find(|field| field.name == name) {
            Some(field) => field.value = value,
            None => self.raw.fields.push(Field { name: name.to_owned(), value }),
        }
        if !self.patch.iter().any(|field| field == name) {
            self.patch.push(name.to_owned());
        }
    }

    /// Refuses the change with a text for the person who makes it. Add field texts with [`Refusal::on`].
    pub fn reject(&mut self, message: Message) -> Refusal<'_> {
        Refusal(self.rejection.insert(Rejection { message, fields: Vec::new() }))
    }

    /// True once the change has been refused.
    pub fn is_rejected(&self) -> bool {
        self.rejection.is_some()
    }

    /// The answer for the host.
    pub fn into_verdict(self) -> Verdict {
        if let Some(rejection) = self.rejection {
            return Verdict::Reject(rejection);
        }
        if self.patch.is_empty() {
            return Verdict::Pass;
        }
        let patched = |field: &Field| self.patch.contains(&field.name);
        Verdict::Patch(self.raw.fields.into_iter().filter(patched).collect())
    }
}

impl Fields for Change {
    fn value(&self, name: &str) -> Option<&Value> {
        self.raw.fields.value(name)
    }
}

/// A refusal being written.
pub struct Refusal<'a>(&'a mut Rejection);

impl Refusal<'_> {
    /// Shows the same text beside a field.
    pub fn on(self, field: &str) -> Self {
        let message = self.0.message.clone();
        self.on_with(field, message)
    }

    /// Shows a text of its own beside a field.
    pub fn on_with(self, field: &str, message: Message) -> Self {
        self.0.fields.push(FieldMessage::new(field, message));
        self
    }
}
