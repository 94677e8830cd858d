//! `gates`: whom the company's modules are on for.

use kernel::{DepartmentId, Locale};
use people::{department, staff};
use records::Catalogue;
use serde::Deserialize;
use uuid::Uuid;

use super::{Caller, State, host_error, id_from_wit};
use crate::bindings::types::HostError;
use crate::bindings::verstak::people::gates as wit;
use crate::gates::lets_in;
use crate::manifest::check::text;
use crate::manifest::permissions::{Grant, Part, Permission};
use crate::manifest::{ManifestError, Text};

/// People asked about at once.
const BATCH: usize = 200;

/// What the manifest says: `[permissions.gates]`.
pub(crate) const PART: Part = Part::of::<GatesPermission>("gates");

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct GatesPermission {
    #[serde(default)]
    reason: Text,
}

impl Permission for GatesPermission {
    fn check(&self) -> Result<(), ManifestError> {
        text("permissions.gates.reason", &self.reason)
    }

    fn grants(&self, _catalogue: Option<&Catalogue>, locale: Locale) -> Vec<Grant> {
        let title = match locale {
            Locale::En => "Modules: which of them are on for whom",
            Locale::Ru => "Модули: какие для кого включены",
            Locale::Uk => "Модулі: які для кого увімкнено",
        };
        let (key, title) = ("gates".to_owned(), title.to_owned());
        vec![Grant { key, title, reason: self.reason.clone(), scope: Default::default() }]
    }
}

type Answer<T> = wasmtime::Result<Result<T, HostError>>;

impl wit::Host for State {
    async fn departments(&mut self) -> Answer<Option<Vec<String>>> {
        self.enter()?;
        Ok(self.granted("gates").map(|caller| {
            let named = caller.plugin.enabled.departments.as_ref();
            named.map(|named| named.iter().map(ToString::to_string).collect())
        }))
    }

    async fn is_on(&mut self, plugin: Option<String>, people: Vec<String>) -> Answer<Vec<bool>> {
        self.enter()?;
        if people.len() > BATCH {
            return Ok(Err(HostError::Limit(format!("more than {BATCH} people at once"))));
        }
        let caller = match self.granted("gates").and_then(|caller| self.take_rows(people.len()).map(|()| caller)) {
            Ok(caller) => caller,
            Err(error) => return Ok(Err(error)),
        };
        let people: Vec<Uuid> = match people.iter().map(|id| id_from_wit(id)).collect() {
            Ok(people) => people,
            Err(error) => return Ok(Err(error)),
        };
        let plugin = plugin.unwrap_or_else(|| caller.plugin.id().to_owned());
        Ok(on_for(&caller, &plugin, &people).await.map_err(|error| host_error(&error)))
    }
}

async fn on_for(caller: &Caller, plugin: &str, people: &[Uuid]) -> kernel::Result<Vec<bool>> {
    let (tenant, db) = (caller.ctx.tenant, &caller.services.db);
    let Some(gate) = caller.services.gates.of(tenant, plugin).await? else { return Ok(vec![false; people.len()]) };
    let departments = department::list(db.read(), tenant).await?;
    let there = staff::by_ids(db.read(), tenant, people).await?;
    let is_on = |id: &Uuid| {
        let user = there.iter().find(|user| user.id == *id && user.active);
        user.is_some_and(|user| {
            lets_in(&gate, &department::with_those_above(&departments, user.department_id.map(DepartmentId)))
        })
    };
    Ok(people.iter().map(is_on).collect())
}
