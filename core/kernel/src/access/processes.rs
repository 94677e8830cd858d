//! Rights on processes: of roles per definition, and per name of a message or signal. They only grant; those of several
//! roles add up.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::ANY;

/// What may be done with a process definition and its instances.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum ProcessAction {
    /// Start instances, and try what would happen.
    Start,
    /// See all instances.
    See,
    /// Retry, skip, set variables, cancel, migrate; send whatever its instances wait for. Whoever may, sees them too.
    Operate,
    /// Deploy versions.
    Design,
    /// Choose the version that new instances get.
    Publish,
}

impl ProcessAction {
    /// All actions.
    pub const ALL: [Self; 5] = [Self::Start, Self::See, Self::Operate, Self::Design, Self::Publish];
}

/// What a role grants on processes. Definitions are named by their keys; `*` stands for every one, also those that come
/// later.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct ProcessRights {
    /// Actions by definition.
    pub definitions: BTreeMap<String, BTreeSet<ProcessAction>>,
    /// Names of messages that may be published.
    pub messages: BTreeSet<String>,
    /// Names of signals that may be broadcast.
    pub signals: BTreeSet<String>,
}

/// The definitions on which something may be done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Definitions<'a> {
    /// Every one.
    All,
    /// Those with these keys.
    Keys(Vec<&'a str>),
}

impl ProcessRights {
    /// How many names it has.
    pub fn len(&self) -> usize {
        self.definitions.len() + self.messages.len() + self.signals.len()
    }

    /// Whether it grants nothing.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Every name in it.
    pub fn names(&self) -> impl Iterator<Item = &String> {
        self.definitions.keys().chain(&self.messages).chain(&self.signals)
    }

    /// Adds what other rights grant.
    pub fn extend(&mut self, more: &Self) {
        for (definition, actions) in &more.definitions {
            self.definitions.entry(definition.clone()).or_default().extend(actions);
        }
        self.messages.extend(more.messages.iter().cloned());
        self.signals.extend(more.signals.iter().cloned());
    }

    /// The definitions on which the action is granted.
    pub fn with(&self, action: ProcessAction) -> Definitions<'_> {
        let grants = |actions: &BTreeSet<ProcessAction>| {
            actions.contains(&action) || (action == ProcessAction::See && actions.contains(&ProcessAction::Operate))
        };
        if self.definitions.get(ANY).is_some_and(grants) {
            return Definitions::All;
        }
        let granted = self.definitions.iter().filter(|(_, actions)| grants(actions));
        Definitions::Keys(granted.map(|(key, _)| key.as_str()).collect())
    }

    /// Whether a name, or every one, is among these.
    pub(super) fn has(names: &BTreeSet<String>, name: &str) -> bool {
        names.contains(name) || names.contains(ANY)
    }
}

impl Definitions<'_> {
    /// Whether this one is among them.
    pub fn contain(&self, key: &str) -> bool {
        match self {
            Self::All => true,
            Self::Keys(keys) => keys.contains(&key),
        }
    }
}
