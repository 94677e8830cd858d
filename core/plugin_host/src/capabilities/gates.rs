//! `gates`: whom the company's modules are on for, and saying so of others.

use std::collections::BTreeSet;

use kernel::{DepartmentId, Locale};
use people::{department, staff};
use records::Catalogue;
use serde::Deserialize;
use uuid::Uuid;

use super::{Caller, State, host_error, host_error_in, id_from_wit};
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
    /// Whether it says whom other modules are on for.
    #[serde(default)]
    set: bool,
    #[serde(default)]
    reason: Text,
}

/// The grant to set gates of others.
const SET: &str = "gates.set";

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
        let sets = match locale {
            Locale::En => "Switches other modules on and off for departments",
            Locale::Ru => "Включает и выключает другие модули для подразделений",
            Locale::Uk => "Вмикає та вимикає інші модулі для підрозділів",
        };
        let grant = |key: &str, title: &str| Grant {
            key: key.to_owned(),
            title: title.to_owned(),
            reason: self.reason.clone(),
            scope: Default::default(),
        };
        let sets = self.set.then(|| grant(SET, sets));
        std::iter::once(grant("gates", title)).chain(sets).collect()
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

    async fn modules(&mut self) -> Answer<Vec<wit::Module>> {
        self.enter()?;
        Ok(self.modules_of_company().await)
    }

    async fn set(&mut self, plugin: String, departments: Option<Vec<String>>) -> Answer<()> {
        self.enter()?;
        Ok(self.set_gate(&plugin, departments).await)
    }
}

impl State {
    async fn modules_of_company(&mut self) -> Result<Vec<wit::Module>, HostError> {
        let caller = self.granted("gates")?;
        let found = caller.services.gates.modules(&caller.ctx).await.map_err(|error| host_error(&error))?;
        self.take_rows(found.len())?;
        let module = |(id, title, version, gate): (String, String, String, Option<BTreeSet<Uuid>>)| wit::Module {
            id,
            title,
            version,
            departments: gate.map(|named| named.iter().map(ToString::to_string).collect()),
        };
        Ok(found.into_iter().map(module).collect())
    }

    async fn set_gate(&mut self, plugin: &str, departments: Option<Vec<String>>) -> Result<(), HostError> {
        let caller = self.writes(SET)?;
        if plugin == caller.plugin.id() {
            return Err(HostError::Denied("its own gate is the administrators'".to_owned()));
        }
        self.take_rows(departments.as_ref().map_or(1, Vec::len))?;
        let named = departments.map(|ids| ids.iter().map(|id| id_from_wit(id)).collect::<Result<BTreeSet<Uuid>, _>>());
        let (ctx, gate) = (caller.own_ctx(), named.transpose()?);
        let set = caller.services.gates.set(&ctx, plugin, &gate, None).await;
        set.map_err(|error| host_error_in(ctx.locale, &error))
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
