//! To whom tasks, notices and letters of rules and processes go.

use std::collections::BTreeSet;

use ::people::staff;
use kernel::{Ctx, Error, RecordId, RecordRef, Result, Value};
use records::EntityDef;
use serde_json::Value as Json;
use work::tasks::ExecutorRule;

use crate::runtime::Processes;

/// The client of the record, as an address of letters.
pub(super) const CLIENT: &str = "client";

/// The parts of a parameter that names people: a text with commas, or a list.
pub(super) fn parts(value: Option<&Json>) -> Vec<String> {
    let texts: Vec<&str> = match value {
        Some(Json::String(text)) => text.split(',').collect(),
        Some(Json::Array(items)) => items.iter().filter_map(Json::as_str).collect(),
        _ => Vec::new(),
    };
    texts.into_iter().map(|text| text.trim().to_owned()).filter(|text| !text.is_empty()).collect()
}

/// People as tasks name them.
///
/// # Errors
/// The first part that names nobody, in English.
pub(crate) fn executors(value: Option<&Json>) -> Result<Vec<ExecutorRule>, String> {
    parts(value).iter().map(|part| part.parse()).collect()
}

/// Whether a parameter of a letter names anybody otherwise than by an address.
pub(crate) fn names_people(value: Option<&Json>) -> bool {
    parts(value).iter().any(|part| part == CLIENT || part.parse::<ExecutorRule>().is_ok())
}

impl Processes {
    /// Addresses that the parts of a letter name: `client`, people, or addresses as written.
    ///
    /// # Errors
    /// When the database fails, or the record is gone.
    pub(crate) async fn addresses(
        &self,
        ctx: &Ctx,
        value: Option<&Json>,
        subject: Option<&RecordRef>,
    ) -> Result<Vec<String>> {
        let mut found = Vec::new();
        for part in parts(value) {
            if part == CLIENT {
                if let Some(subject) = subject {
                    found.extend(self.client(ctx, subject).await?);
                }
            } else if let Ok(rule) = part.parse::<ExecutorRule>() {
                for person in self.people_of(ctx, &[rule], subject).await? {
                    let user = staff::person(self.db().read(), ctx.tenant, person).await?;
                    found.extend(user.map(|user| user.email));
                }
            } else {
                found.push(part);
            }
        }
        let mut seen = BTreeSet::new();
        found.retain(|address| seen.insert(address.to_lowercase()));
        Ok(found)
    }

    /// The first address of the record itself, else of its contact, else of its company.
    async fn client(&self, ctx: &Ctx, subject: &RecordRef) -> Result<Option<String>> {
        let records = self.records();
        let record = records.get(ctx, &subject.entity, subject.id).await?;
        if let Some(own) = first(record.fields.get("emails")) {
            return Ok(Some(own));
        }
        let def = records.entity(ctx, &subject.entity).await?;
        for target in ["contact", "company"] {
            for id in linked(&def, &record.fields, target) {
                match records.get(ctx, target, id).await {
                    Ok(client) => {
                        if let Some(address) = first(client.fields.get("emails")) {
                            return Ok(Some(address));
                        }
                    }
                    Err(Error::NotFound(_)) => {}
                    Err(error) => return Err(error),
                }
            }
        }
        Ok(None)
    }
}

fn first(emails: Option<&Value>) -> Option<String> {
    match emails {
        Some(Value::Multi(all)) => all.first().map(|one| one.value.clone()),
        _ => None,
    }
}

/// Records of an entity that a record points to.
fn linked(def: &EntityDef, fields: &kernel::Fields, target: &str) -> Vec<RecordId> {
    let points = def.fields.iter().filter(|field| field.targets.iter().any(|entity| *entity == target));
    let ids = points.filter_map(|field| fields.get(&field.key)).flat_map(|value| match value {
        Value::Id(id) => vec![RecordId(*id)],
        Value::Ids(ids) => ids.iter().copied().map(RecordId).collect(),
        _ => Vec::new(),
    });
    ids.take(10).collect()
}
