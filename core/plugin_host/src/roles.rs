//! Roles that plugins bring: made where a company has none by their keys, given to people when a plugin is enabled. From then on
//! they are the company's: disabling leaves them with whoever has them, and what they say of the plugin's entities grants
//! nothing while it is off.

use std::collections::{BTreeMap, BTreeSet};

use kernel::db::Tx;
use kernel::error::{FieldError, FieldErrors};
use kernel::{Ctx, Error, Result};
use people::role::{self, Role, RoleInput};
use people::staff;
use uuid::Uuid;

use crate::registry::Version;

/// People of one role that are named at once.
const MAX_PEOPLE: usize = 1_000;

/// Whom the roles of a plugin are given to, by their keys.
pub type Given = BTreeMap<String, BTreeSet<Uuid>>;

/// Makes the roles that a version brings, where the company has none by their keys: those that it has are its own.
pub(crate) async fn bring(tx: &Tx, ctx: &Ctx, version: &Version) -> Result<()> {
    if version.manifest.roles.is_empty() {
        return Ok(());
    }
    let known = role::list(tx, ctx.tenant).await?;
    for role in version.manifest.roles.iter().filter(|role| !known.iter().any(|known| known.key == role.key)) {
        let rows = role.rows.iter().map(|row| row.row().map_err(Error::Internal));
        let name = version.role_names.get(&role.key).map_or(role.key.as_str(), |name| name.in_locale(ctx.locale));
        let input = RoleInput {
            key: role.key.clone(),
            name: name.to_owned(),
            rows: rows.collect::<Result<_>>()?,
            field_rights: role.field_rights.clone(),
            ..RoleInput::default()
        };
        people::role::create_in(tx, ctx, &input, &BTreeSet::new()).await?;
    }
    Ok(())
}

/// Gives the roles of a version to people, beside those who have them; after they were brought.
///
/// # Errors
/// `plugin.invalid` naming `roles.<key>`: no role of the plugin, or somebody who is not of the company.
pub(crate) async fn give(tx: &Tx, ctx: &Ctx, version: &Version, given: &Given) -> Result<()> {
    if given.values().all(BTreeSet::is_empty) && given.keys().all(|key| brings(version, key)) {
        return Ok(());
    }
    let known = role::list(tx, ctx.tenant).await?;
    let mut errors = FieldErrors::new();
    let mut gifts: Vec<(&Role, &BTreeSet<Uuid>)> = Vec::with_capacity(given.len());
    for (key, people) in given {
        match known.iter().find(|role| role.key == *key && brings(version, key)) {
            None => drop(errors.insert(place(key), FieldError::new("unknown_name").with("value", shown(key)))),
            Some(role) => match wrong(tx, ctx, people).await? {
                Some(error) => drop(errors.insert(place(key), error)),
                None => gifts.push((role, people)),
            },
        }
    }
    if !errors.is_empty() {
        return Err(Error::Invalid { code: crate::manage::INVALID, fields: errors });
    }
    for (role, people) in gifts {
        role::give(tx, ctx, role.id, people).await?;
    }
    Ok(())
}

fn brings(version: &Version, key: &str) -> bool {
    version.manifest.roles.iter().any(|role| role.key == key)
}

fn place(key: &str) -> String {
    format!("roles.{}", shown(key))
}

fn shown(key: &str) -> String {
    key.chars().take(80).collect()
}

/// What is wrong with those whom a role is given to.
async fn wrong(tx: &Tx, ctx: &Ctx, people: &BTreeSet<Uuid>) -> Result<Option<FieldError>> {
    if people.len() > MAX_PEOPLE {
        return Ok(Some(FieldError::new("too_many").with("max", MAX_PEOPLE)));
    }
    let wanted: Vec<Uuid> = people.iter().copied().collect();
    let there: BTreeSet<Uuid> = staff::by_ids(tx, ctx.tenant, &wanted).await?.into_iter().map(|user| user.id).collect();
    Ok((there.len() < people.len()).then(|| FieldError::new("missing")))
}
