//! Settings of the type secret: sealed where they lie (`kernel::seal`), opened for the wire alone. Guests name them and never read
//! them; neither does a form of the portal.

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};

use kernel::seal::{self, Kept, Spot};
use kernel::{Ctx, Db, Result, TenantId};
use serde_json::Value as Json;

use crate::bindings::types::HostError;
use crate::manifest::{Manifest, SettingType};
use crate::registry::store::{self, Installed, TENANTS, TenantRow};
use crate::registry::{Running, secret_keys};
use crate::settings::{self, Settings, is_sealed};

/// What a secret is sealed for.
fn place(tenant: TenantId, plugin: &str, key: &str) -> String {
    format!("{TENANTS}/{}/{plugin}/{key}", tenant.0)
}

fn is_secret(manifest: &Manifest, key: &str) -> bool {
    manifest.settings.iter().any(|setting| setting.key == key && setting.kind == SettingType::Secret)
}

/// What is kept of settings: those that an admin sent, checked, new secrets sealed. Secrets are never sent out, so one that does
/// not come back stays as it lies. With nothing sent all stays that this version has, but what was a secret in another one alone.
///
/// # Errors
/// Field errors named `settings.<key>`; `Conflict("secrets.locked")` of a new secret, where the key is not here.
pub(crate) fn settled(
    db: &Db,
    ctx: &Ctx,
    manifest: &Manifest,
    sent: Option<&Settings>,
    before: Option<&Settings>,
) -> Result<Settings> {
    let nothing = Settings::new();
    let before = before.unwrap_or(&nothing);
    let of = |pair: (&String, &Json)| (pair.0.clone(), pair.1.clone());
    let is_here = |key: &str| manifest.settings.iter().any(|one| one.key == key && one.kind != SettingType::Secret);
    let open = || before.iter().filter(|(key, value)| is_here(key) && !is_sealed(value)).map(of).collect();
    let sent: Settings = sent.cloned().unwrap_or_else(open);
    let is_there = |value: &Json| value.as_str().is_some_and(seal::is_there);
    let stays = before
        .iter()
        .filter(|(key, value)| is_secret(manifest, key) && !sent.contains_key(key.as_str()) && is_there(value));
    let stays: Settings = stays.map(of).collect();
    let mut whole = settings::check(manifest, &sent, &stays)?;
    for (key, value) in &mut whole {
        if let (true, Json::String(text)) = (is_secret(manifest, key), value) {
            *text = db.seals().seal(&ctx.env, &place(ctx.tenant, &manifest.id, key), text)?;
        }
    }
    for (key, mut value) in stays {
        // One of before that is clear; without the key it waits for the chores of a server that has it.
        if let Json::String(text) = &mut value
            && let Ok(Some(anew)) = db.seals().renewed(&ctx.env, &place(ctx.tenant, &manifest.id, &key), text)
        {
            *text = anew;
        }
        whole.insert(key, value);
    }
    Ok(whole)
}

/// A secret of a plugin's settings as it lies.
pub(crate) fn kept<'a>(plugin: &'a Running, key: &str) -> Result<&'a str, HostError> {
    if !is_secret(plugin.manifest(), key) {
        return Err(HostError::Denied(format!("there is no setting `{key}` of the type secret")));
    }
    let value = plugin.settings.get(key).and_then(Json::as_str).filter(|value| seal::is_there(value));
    value.ok_or_else(|| HostError::Unavailable(format!("nobody has set the secret `{key}`")))
}

/// The secret of what lies there. Where it does not open nothing else takes its place: the call fails.
pub(crate) fn open(db: &Db, tenant: TenantId, plugin: &Running, key: &str, kept: &str) -> Result<String, HostError> {
    db.seals().open(&place(tenant, plugin.id(), key), kept).map_err(|_| {
        let why = "this server does not have the key it is sealed with, or it was sealed for another place";
        HostError::Unavailable(format!("the secret `{key}` cannot be opened: {why}"))
    })
}

/// Both, for what only the wire sees.
pub(crate) fn opened(db: &Db, tenant: TenantId, plugin: &Running, key: &str) -> Result<String, HostError> {
    open(db, tenant, plugin, key, kept(plugin, key)?)
}

/// Secrets of all companies, where they lie. Those that are clear, of before, are told from other settings by the manifest.
///
/// # Errors
/// When the database fails.
pub async fn secrets(db: &Db) -> Result<Vec<Kept>> {
    let versions = store::versions(db.read()).await?;
    let (mut all, mut known) = (Vec::new(), BTreeMap::new());
    for (tenant, row) in store::of_all(db.read()).await? {
        let clear =
            row.settings.values().any(|value| value.as_str().is_some_and(|text| !text.is_empty()) && !is_sealed(value));
        let declared = if clear { declared(db, &versions, &row, &mut known).await? } else { BTreeSet::new() };
        for (key, value) in &row.settings {
            if let Some(text) = value.as_str().filter(|_| is_sealed(value) || declared.contains(key)) {
                all.push(at(tenant, &row.plugin, key, text));
            }
        }
    }
    Ok(all)
}

fn at(tenant: TenantId, plugin: &str, key: &str, text: &str) -> Kept {
    Kept {
        tenant,
        what: format!("the setting {key} of the module {plugin}"),
        place: place(tenant, plugin, key),
        text: text.to_owned(),
        spot: Spot {
            table: TENANTS,
            column: "settings",
            member: Some(key.to_owned()),
            row: vec![("tenant_id", tenant.0.into()), ("plugin", plugin.into())],
        },
    }
}

/// Which settings of a company's row are secrets: by the version that it runs; where it runs none, by any that is installed, for
/// the settings may have been given for the newest.
async fn declared(
    db: &Db,
    versions: &[Installed],
    row: &TenantRow,
    known: &mut BTreeMap<String, BTreeSet<String>>,
) -> Result<BTreeSet<String>> {
    let mut keys = BTreeSet::new();
    let concerns = |one: &&Installed| one.plugin == row.plugin && (!row.enabled || one.version == row.version);
    for one in versions.iter().filter(concerns) {
        if let Entry::Vacant(entry) = known.entry(one.hash.clone()) {
            let package = store::package(db.read(), &one.plugin, &one.version).await?;
            entry.insert(secret_keys(&package).unwrap_or_default());
        }
        keys.extend(known.get(&one.hash).into_iter().flatten().cloned());
    }
    Ok(keys)
}
