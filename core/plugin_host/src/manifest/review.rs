//! What a version asks for in place of another one. Pure.

use kernel::Locale;
use serde::Serialize;

use super::Manifest;
use super::permissions::Grant;

/// How a permission differs from that of the version before.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum PermissionChange {
    /// The version before did not ask for it.
    New,
    /// It allows more.
    Wider,
    /// It allows less.
    Narrower,
    /// It is not asked for any more.
    Gone,
}

/// A permission of the new version, or one that is gone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Difference {
    pub(crate) key: String,
    /// None: as it was.
    pub(crate) change: Option<PermissionChange>,
}

/// Permissions of the new version in its order, then those that are gone. Without a version before, all are new.
pub(crate) fn differences(before: Option<&Manifest>, after: &Manifest) -> Vec<Difference> {
    let grants = |manifest: &Manifest| manifest.permissions.grants(None, Locale::En);
    let (before, after) = (before.map(grants).unwrap_or_default(), grants(after));
    let find = |all: &[Grant], key: &str| all.iter().position(|one| one.key == key);
    let compared = after.iter().map(|now| {
        let then = find(&before, &now.key).and_then(|index| before.get(index));
        let change = match then {
            None => Some(PermissionChange::New),
            Some(then) if !then.covers(now) => Some(PermissionChange::Wider),
            Some(then) if !now.covers(then) => Some(PermissionChange::Narrower),
            Some(_) => None,
        };
        Difference { key: now.key.clone(), change }
    });
    let gone = before.iter().filter(|then| find(&after, &then.key).is_none());
    let gone = gone.map(|then| Difference { key: then.key.clone(), change: Some(PermissionChange::Gone) });
    compared.chain(gone).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn manifest(permissions: &str) -> Manifest {
        let text = format!("id = \"acme.leads\"\nversion = \"1.0.0\"\napi = \"1\"\ntitle.en = \"x\"\n{permissions}");
        Manifest::parse(&text).unwrap()
    }

    fn lead(actions: &str, read: &str) -> String {
        format!("[permissions.records.lead]\nactions = [{actions}]\nread = [{read}]\nreason.en = \"x\"\n")
    }

    fn check(before: &str, after: &str, expected: &[(&str, Option<PermissionChange>)]) {
        let found = differences(Some(&manifest(before)), &manifest(after));
        let found: Vec<_> = found.iter().map(|one| (one.key.as_str(), one.change)).collect();
        assert_eq!(found, expected, "{before} {after}");
    }

    #[test]
    fn what_is_new_wider_narrower_and_gone_is_told_apart() {
        use PermissionChange::{Gone, Narrower, New, Wider};
        let (title, all) = (lead("\"read\"", "\"title\""), lead("\"read\"", "\"*\""));
        check(&title, &title, &[("records.lead", None)]);
        check(&title, &all, &[("records.lead", Some(Wider))]);
        check(&all, &title, &[("records.lead", Some(Narrower))]);
        check(&title, &lead("\"read\", \"delete\"", "\"title\""), &[("records.lead", Some(Wider))]);
        let kv = "[permissions.kv]\nreason.en = \"x\"\n";
        check(&title, &format!("{title}{kv}"), &[("records.lead", None), ("kv", Some(New))]);
        check(kv, &title, &[("records.lead", Some(New)), ("kv", Some(Gone))]);
        check(
            &title,
            &format!("[permissions]\nrun_as = \"plugin\"\n{title}"),
            &[("records.lead", None), ("run_as", Some(New))],
        );
        assert!(differences(None, &manifest(kv)).iter().all(|one| one.change == Some(New)));
    }
}
