//! What a version brings besides permissions, entities and fields: who gets new roles, what it does by itself, what
//! can stop a change, what anybody may call. Pure.

use kernel::Locale;
use records::Catalogue;
use records::catalogue::entity_label;
use serde::Serialize;

use crate::manifest::{Hook, Manifest, OnFailure, RouteAuth};
use crate::registry::Version;

/// A kind of thing that a plugin brings.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Brought {
    /// A role, for administrators to give.
    Role,
    /// It looks at changes before they are saved, and may refuse them.
    Hook,
    /// Work of its own.
    Job,
    /// It hears of events.
    Listens,
    /// An event that it publishes.
    Publishes,
    /// An address that answers HTTP.
    Route,
}

/// How it differs from the version before.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum BroughtChange {
    /// The version before did not have it.
    New,
    /// It is another.
    Changed,
    /// The new version does not have it.
    Gone,
}

/// One thing that a plugin brings.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, utoipa::ToSchema)]
#[schema(as = PluginBrings)]
pub struct BringView {
    /// What it is.
    pub what: Brought,
    /// Its id among its kind.
    pub key: String,
    /// What people call it; empty where it has no name.
    pub label: String,
    /// Of a hook its entity, of a role the entities that it gives rights to; as people call them.
    pub entities: Vec<String>,
    /// Of a hook what it is called for, of a subscription the events.
    pub on: Vec<String>,
    /// Of a hook: the condition under which it is called.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub when: Option<String>,
    /// Of a hook: while it fails, changes are refused (else they pass, marked as not checked).
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub guards: Option<bool>,
    /// Of a job: when it runs, in cron's words; none where it is begun otherwise.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub cron: Option<String>,
    /// Of a route: who may call it; `none` is anybody.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub auth: Option<RouteAuth>,
    /// In an update: how it differs; none where it is as it was.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub change: Option<BroughtChange>,
}

impl BringView {
    fn new(what: Brought, key: &str, label: &str) -> Self {
        Self {
            what,
            key: key.to_owned(),
            label: label.to_owned(),
            entities: Vec::new(),
            on: Vec::new(),
            when: None,
            guards: None,
            cron: None,
            auth: None,
            change: None,
        }
    }
}

/// What a version brings, with its own entities named too.
pub(super) fn brings(catalogue: &Catalogue, version: &Version, locale: Locale) -> Vec<BringView> {
    let after = catalogue.with(&version.declared);
    let named = |key: &str| after.find(key).map_or_else(|| key.to_owned(), |def| entity_label(def, true, locale));
    let manifest = &version.manifest;
    let roles = manifest.roles.iter().map(|role| {
        let default = format!("role.{}", role.key);
        let text = role.label.as_deref().unwrap_or(&default).trim_start_matches('@');
        let mut entities: Vec<String> = role.rows.iter().map(|row| named(&row.entity)).collect();
        entities.dedup();
        let label = version.texts.words(locale, text, [], &role.key);
        BringView { entities, ..BringView::new(Brought::Role, &role.key, &label) }
    });
    roles.chain(acts(manifest, locale, &named)).collect()
}

fn acts(manifest: &Manifest, locale: Locale, named: &impl Fn(&str) -> String) -> Vec<BringView> {
    let hook = |hook: &Hook| BringView {
        entities: vec![named(&hook.entity)],
        on: hook.operations.iter().map(ToString::to_string).collect(),
        when: hook.when.clone(),
        guards: Some(hook.on_failure == OnFailure::Abort),
        ..BringView::new(Brought::Hook, &hook.id, "")
    };
    let jobs = manifest.jobs.iter().map(|job| BringView {
        cron: job.cron.clone(),
        ..BringView::new(Brought::Job, &job.id, job.title.in_locale(locale))
    });
    let listens = manifest
        .events
        .iter()
        .map(|one| BringView { on: one.on.clone(), ..BringView::new(Brought::Listens, &one.id, "") });
    let publishes =
        manifest.publishes.iter().map(|one| BringView::new(Brought::Publishes, &one.name, one.title.in_locale(locale)));
    let routes = manifest
        .routes
        .iter()
        .map(|route| BringView { auth: Some(route.auth), ..BringView::new(Brought::Route, &route.id(), "") });
    manifest.hooks.iter().map(hook).chain(jobs).chain(listens).chain(publishes).chain(routes).collect()
}

/// What the new version brings in its order, then what is gone.
pub(super) fn changes(before: Vec<BringView>, after: Vec<BringView>) -> Vec<BringView> {
    let same = |one: &BringView, other: &BringView| (one.what, &one.key) == (other.what, &other.key);
    let gone: Vec<BringView> = before.iter().filter(|then| !after.iter().any(|now| same(then, now))).cloned().collect();
    let marked = |now: BringView| {
        let change = match before.iter().find(|then| same(then, &now)) {
            None => Some(BroughtChange::New),
            // Another name alone is nothing to decide on.
            Some(then) if BringView { label: now.label.clone(), ..then.clone() } != now => Some(BroughtChange::Changed),
            Some(_) => None,
        };
        BringView { change, ..now }
    };
    let gone = gone.into_iter().map(|then| BringView { change: Some(BroughtChange::Gone), ..then });
    after.into_iter().map(marked).chain(gone).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(declared: &str) -> Vec<BringView> {
        let text = format!("id = \"acme.leads\"\nversion = \"1.0.0\"\napi = \"1\"\ntitle.en = \"x\"\n{declared}");
        acts(&Manifest::parse(&text).unwrap(), Locale::En, &|key: &str| key.to_uppercase())
    }

    const HOOK: &str = r#"
[permissions.records.lead]
read = ["title"]
reason.en = "x"
[[hooks]]
id = "check"
entity = "lead"
operations = ["create", "update"]
when = "fields.amount > 10"
"#;
    const ROUTE: &str = "[[routes]]\nmethod = \"POST\"\npath = \"/form\"\nauth = \"none\"\n";

    #[test]
    fn a_guard_and_an_open_route_say_what_they_are() {
        let found = of(&format!("{HOOK}{ROUTE}"));
        let [hook, route] = found.as_slice() else { panic!("{found:?}") };
        assert_eq!((hook.entities[0].as_str(), hook.guards), ("LEAD", Some(true)));
        assert_eq!((hook.on.join(" "), hook.when.as_deref()), ("create update".to_owned(), Some("fields.amount > 10")));
        assert_eq!((route.key.as_str(), route.auth), ("POST /form", Some(RouteAuth::None)));
    }

    #[test]
    fn an_upgrade_marks_what_is_new_changed_and_gone() {
        use BroughtChange::{Changed, Gone, New};
        let check = |before: &str, after: &str, expected: &[Option<BroughtChange>]| {
            let found: Vec<_> = changes(of(before), of(after)).into_iter().map(|one| one.change).collect();
            assert_eq!(found, expected, "{before} {after}");
        };
        check(HOOK, HOOK, &[None]);
        check(HOOK, &HOOK.replace("[\"create\", \"update\"]", "[\"create\"]"), &[Some(Changed)]);
        check(HOOK, &format!("{HOOK}on_failure = \"skip\"\n"), &[Some(Changed)]);
        check(HOOK, ROUTE, &[Some(New), Some(Gone)]);
        check(ROUTE, &ROUTE.replace("none", "user"), &[Some(Changed)]);
    }
}
