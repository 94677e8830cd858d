//! `people`: colleagues of the tenant, by role and by id.

use kernel::{Db, Locale, TenantId, Timestamp};
use people::entities::{role, user, user_role};
use sea_orm::{ColumnTrait, Condition, EntityTrait, QueryFilter, QueryOrder};
use serde::Deserialize;
use uuid::Uuid;

use super::{Caller, State, host_error, uuid_from_wit};
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

    fn grants(&self, locale: Locale) -> Vec<Grant> {
        let title = match locale {
            Locale::En => "Colleagues: names, roles, who is present",
            Locale::Ru => "Сотрудники: имена, роли, кто на месте",
            Locale::Uk => "Співробітники: імена, ролі, хто на місці",
        };
        vec![Grant { key: "people".to_owned(), title: title.to_owned(), reason: self.reason.clone() }]
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
    let (db, tenant) = (&caller.services.db, caller.ctx.tenant);
    let Some(role) = find_role(db, tenant, role).await? else { return Ok(Vec::new()) };
    let holders = user_role::Entity::find().filter(user_role::Column::RoleId.eq(role)).all(db.read()).await?;
    let found = user::Entity::find()
        .filter(user::Column::TenantId.eq(tenant.0))
        .filter(user::Column::Id.is_in(holders.into_iter().map(|holder| holder.user_id)))
        .filter(user::Column::Active.eq(true))
        .order_by_asc(user::Column::Id)
        .all(db.read())
        .await?;
    Ok(found.into_iter().map(|user| member(user, caller.ctx.now())).collect())
}

async fn find_role(db: &Db, tenant: TenantId, role: &str) -> kernel::Result<Option<Uuid>> {
    let named = match Uuid::parse_str(role) {
        Ok(id) => Condition::all().add(role::Column::Id.eq(id)),
        Err(_) => Condition::all().add(role::Column::Key.eq(role)),
    };
    let found = role::Entity::find().filter(role::Column::TenantId.eq(tenant.0)).filter(named).one(db.read()).await?;
    Ok(found.map(|role| role.id))
}

async fn by_ids(caller: &Caller, ids: &[String]) -> Result<Vec<Option<wit::Member>>, HostError> {
    let wanted: Vec<Uuid> = ids.iter().map(|id| uuid_from_wit(id)).collect::<Result<_, _>>()?;
    let found = user::Entity::find()
        .filter(user::Column::TenantId.eq(caller.ctx.tenant.0))
        .filter(user::Column::Id.is_in(wanted.iter().copied()))
        .all(caller.services.db.read())
        .await
        .map_err(|error| host_error(&error.into()))?;
    let now = caller.ctx.now();
    let one = |id: &Uuid| found.iter().find(|user| user.id == *id).map(|user| member(user.clone(), now));
    Ok(wanted.iter().map(one).collect())
}

fn member(user: user::Model, now: Timestamp) -> wit::Member {
    wit::Member {
        present: user.active && user.absent_until.is_none_or(|until| until <= now.micros()),
        id: user.id.to_string(),
        name: user.name,
        department: user.department_id.map(|id| id.to_string()),
    }
}
