//! Booked time: rows of `time_entry`, by timer, by hand, by grid, by import.

pub mod book;
pub mod chain;
pub mod hook;
pub mod split;
pub mod timer;
pub mod totals;

use verstak_plugin::prelude::*;

use crate::refusal::{Done, No, Trouble};

/// The entity.
pub const ENTITY: &str = "time_entry";

/// The entities an entry may be about: each has a field of its name.
pub const SUBJECTS: [&str; 4] = ["task", "deal", "lead", "company"];

/// Fields that say what an entry is about and for what.
pub const SHARED: [&str; 7] = ["task", "deal", "lead", "company", "activity", "note", "billable"];

/// What administrators let time be booked on besides tasks.
#[derive(Debug, Clone, Copy)]
pub struct Books {
    deals: bool,
    leads: bool,
    companies: bool,
}

impl Books {
    /// As administrators have set it.
    pub fn of(set: &Settings) -> Self {
        let on = |key: &str| set.boolean(key).unwrap_or(true);
        Self { deals: on("book_deals"), leads: on("book_leads"), companies: on("book_companies") }
    }

    fn takes(self, entity: &str) -> bool {
        match entity {
            "deal" => self.deals,
            "lead" => self.leads,
            "company" => self.companies,
            _ => true,
        }
    }

    /// Passes where a change names nothing that time is not booked on. What comes along with a task is not named.
    ///
    /// # Errors
    /// `time.subject`.
    pub fn must_take(self, change: &Change) -> Done {
        let named = |entity: &str| change.differs(entity) && change.id(entity).is_some();
        match SUBJECTS.into_iter().find(|entity| named(entity) && !self.takes(entity)) {
            Some(_) => Err(not_booked()),
            None => Ok(()),
        }
    }
}

fn not_booked() -> Trouble {
    No::wrong("time.subject", "entry.subject", "Time is not booked on this").into()
}

/// What time is booked on.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Subject {
    /// `task`, `deal`, `lead`, `company`; empty: nothing in particular.
    pub entity: String,
    /// Which.
    pub id: String,
}

impl Subject {
    /// One of the entities that time is booked on.
    ///
    /// # Errors
    /// `time.subject`.
    pub fn new(entity: &str, id: &str) -> Done<Self> {
        if entity.is_empty() && id.is_empty() {
            return Ok(Self::default());
        }
        if !SUBJECTS.contains(&entity) {
            return Err(not_booked());
        }
        Ok(Self { entity: entity.to_owned(), id: id.to_owned() })
    }

    /// What a row is about.
    pub fn of_row(row: &impl Fields) -> Self {
        let found = SUBJECTS.iter().find_map(|entity| Some((entity, row.id(entity)?)));
        found.map_or_else(Self::default, |(entity, id)| Self { entity: (*entity).to_owned(), id: id.to_owned() })
    }

    /// Puts it into a draft.
    pub fn put(&self, draft: Draft) -> Draft {
        if self.entity.is_empty() { draft } else { draft.with(&self.entity, Value::link(&self.id)) }
    }

    /// Whether it is there. The plugin reads every task: that a person sees this one is checked where they name it.
    ///
    /// # Errors
    /// `time.subject_gone`.
    pub fn must_be_there(&self) -> Done {
        if self.entity.is_empty() || records::get(&self.entity, &self.id)?.is_some() {
            return Ok(());
        }
        Err(No { status: 404, ..No::wrong("time.subject_gone", "entry.subject_gone", "This record is not there") }
            .into())
    }

    /// Whether whoever acts sees it.
    ///
    /// # Errors
    /// As the host says.
    pub fn is_seen(&self) -> Result<bool, HostError> {
        Ok(self.entity.is_empty()
            || records::visible(&self.entity, std::slice::from_ref(&self.id))?.first() == Some(&true))
    }
}
