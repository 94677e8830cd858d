//! What is closed to somebody whatever their roles say: modules that are on for other departments.

use std::collections::{BTreeSet, HashMap};

/// Modules with what they brought. Nothing of it exists for the person: no record, no field, no page, no hook.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Closed {
    /// Ids of the modules.
    pub modules: BTreeSet<String>,
    /// Keys of their entities.
    pub entities: BTreeSet<String>,
    /// Keys of the fields that they added to other entities, by entity.
    pub fields: HashMap<String, BTreeSet<String>>,
}

impl Closed {
    /// Whether it is a field that a closed module added to an entity of others.
    pub fn has_field(&self, entity: &str, field: &str) -> bool {
        self.fields.get(entity).is_some_and(|fields| fields.contains(field))
    }
}
