//! `people`: colleagues of the tenant, by role and by id.

use kernel::{Locale, Timestamp};
use people::staff;
use people::user::User;
use records::Catalogue;
use serde::Deserialize;
use uuid::Uuid;

use super::{Caller, State, host_error, id_from_wit};
use crate::bindings::types::HostError;
use crate::bindings::verstak::people::people as wit;
use crate::manifest::check::text;
use crate::manifest::permissions::{Grant, Part, Permission};
use crate::manifest::{ManifestError, Text};

const BATCH: usize = 200;

/// What the manifest says: `[permissions.people]`.
pub(crate) const PART: Part = Part::of::<PeoplePermission>("people");

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct PeoplePermission {
    #[serde(default)]
    reason: Text,
}

impl Permission for PeoplePermission {
    fn check(&self) -> Result<(), ManifestError> {
        text("permissions.people.reason", &self.reason)
    }

    fn grants(&self, _catalogue: Option<&Catalogue>, locale: Locale) -> Vec<Grant> {
        let title = match locale {
            Locale::En => "Colleagues: names, roles, who is present",
            Locale::Ru => "Сотрудники: имена, роли, кто на месте",
            Locale::Uk => "Співробітники: імена, ролі, хто на місці",
        };
        vec![Grant {
            key: "people".to_owned(),
            title: title.to_owned(),
            reason: self.reason.clone(),
            scope: Default::default(),
        }]
    }
}

impl wit::Host for State {
    async fn role_members(&mut self, role: String) -> wasmtime::Result<Result<Vec<wit::Member>, HostError>> {
        self.enter()?;
        let caller = match self.granted("people") {
            Ok(caller) => caller,
            Err(error) => return Ok(Err(error)),
        };
        Ok(match members(&caller, &role).await {
            Ok(members) => self.take_rows(members.len()).map(|()| members),
            Err(error) => Err(host_error(&error)),
        })
    }

    async fn users(&mut self, ids: Vec<String>) -> wasmtime::Result<Result<Vec<Option<wit::Member>>, HostError>> {
        self.enter()?;
        let caller = match self.granted("people").and_then(|caller| self.take_rows(ids.len()).map(|()| caller)) {
            Ok(caller) => caller,
            Err(error) => return Ok(Err(error)),
        };
        if ids.len() > BATCH {
            return Ok(Err(HostError::Limit(format!("more than {BATCH} ids at once"))));
        }
        Ok(by_ids(&caller, &ids).await)
    }
}

/// Members of a role named by id or key. An unknown role has no members.
async fn members(caller: &Caller, role: &str) -> kernel::Result<Vec<wit::Member>> {
    if role.contains('\0') {
        return Ok(Vec::new());
    }
    let found = staff::role_members(caller.services.db.read(), caller.ctx.tenant, role).await?;
    Ok(found.into_iter().map(|user| member(user, caller.ctx.now())).collect())
}

async fn by_ids(caller: &Caller, ids: &[String]) -> Result<Vec<Option<wit::Member>>, HostError> {
    let wanted: Vec<Uuid> = ids.iter().map(|id| id_from_wit(id)).collect::<Result<_, _>>()?;
    let found = staff::by_ids(caller.services.db.read(), caller.ctx.tenant, &wanted)
        .await
        .map_err(|error| host_error(&error))?;
    let now = caller.ctx.now();
    let one = |id: &Uuid| found.iter().find(|user| user.id == *id).map(|user| member(user.clone(), now));
    Ok(wanted.iter().map(one).collect())
}

fn member(user: User, now: Timestamp) -> wit::Member {
    wit::Member {
        present: staff::is_present(&user, now),
        id: user.id.to_string(),
        name: user.name,
        department: user.department_id.map(|id| id.to_string()),
    }
}
