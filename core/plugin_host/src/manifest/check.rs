//! Checks of a parsed manifest that its types cannot express.

use std::collections::BTreeSet;

use super::known::{FILE, MESSAGE};
use super::{
    API, Hook, Manifest, ManifestError, Operation, Parameter, Route, Setting, SettingType, Subscription, Text,
    measures, published, refusals, surfaces,
};
use crate::capabilities::{files, messaging};
use crate::points::POINTS;
use crate::when;

const MAX_ITEMS: usize = 100;
const MAX_BODY: usize = 1024 * 1024;

pub(crate) type Checked = Result<(), ManifestError>;

/// A problem at a place.
pub(crate) fn fail(place: impl Into<String>, problem: impl Into<String>) -> Checked {
    Err(ManifestError::new(place, problem))
}

/// Checks everything; stops at the first problem.
pub(super) fn check(manifest: &Manifest) -> Checked {
    identity(manifest)?;
    manifest.permissions.check()?;
    let counts = POINTS.iter().map(|point| (point.declared)(manifest).len());
    if counts
        .chain([manifest.settings.len(), manifest.surfaces.len(), manifest.publishes.len()])
        .any(|count| count > MAX_ITEMS)
    {
        return fail(
            "file",
            format!(
                "more than {MAX_ITEMS} hooks, events, publishes, routes, actions, conditions, jobs, surfaces or settings"
            ),
        );
    }
    if let Some(own) = manifest.implied.keys().find(|own| manifest.permissions.records_of(own)) {
        return fail(
            format!("permissions.records.{own}"),
            "is its own entity, which needs no permission: leave it out",
        );
    }
    published::check(manifest)?;
    measures::check(manifest)?;
    refusals::check(manifest)?;
    POINTS.iter().try_for_each(|point| (point.check)(manifest))?;
    let mut moments = BTreeSet::new();
    if manifest.moments.iter().any(|moment| !moments.insert(moment)) {
        return fail("moments", "each once");
    }
    each("surfaces", &manifest.surfaces, |one| one.id.clone(), surfaces::check)?;
    each("settings", &manifest.settings, |one| one.key.clone(), check_setting)
}

/// The part `[[hooks]]`.
pub(crate) fn hooks(manifest: &Manifest) -> Checked {
    each("hooks", &manifest.hooks, |hook| hook.id.clone(), |place, hook| check_hook(manifest, place, hook))
}

/// The part `[[events]]`.
pub(crate) fn events(manifest: &Manifest) -> Checked {
    each("events", &manifest.events, |one| one.id.clone(), |place, one| check_events(manifest, place, one))
}

/// The part `[[routes]]`.
pub(crate) fn routes(manifest: &Manifest) -> Checked {
    each("routes", &manifest.routes, Route::id, check_route)
}

pub(super) fn each<T>(
    name: &str,
    items: &[T],
    key: impl Fn(&T) -> String,
    check: impl Fn(&str, &T) -> Checked,
) -> Checked {
    let mut seen = BTreeSet::new();
    for (index, item) in items.iter().enumerate() {
        let place = format!("{name}[{index}]");
        if !seen.insert(key(item)) {
            return fail(place, format!("`{}` is declared twice", key(item)));
        }
        check(&place, item)?;
    }
    Ok(())
}

fn identity(manifest: &Manifest) -> Checked {
    let parts: Vec<&str> = manifest.id.split('.').collect();
    if parts.len() != 2 || !parts.iter().all(|part| is_name(part)) || manifest.id.len() > 64 {
        return fail("id", "must be `publisher.name` of lower-case letters, digits and hyphens, at most 64 characters");
    }
    let served = semver::Version::parse(API).map_err(|error| ManifestError::new("api", error.to_string()))?;
    if !manifest.api.matches(&served) {
        return fail("api", format!("this host serves {API}, the plugin wants {}", manifest.api));
    }
    text("title", &manifest.title)?;
    if manifest.description.0.is_empty() { Ok(()) } else { text("description", &manifest.description) }
}

/// The part `[[actions]]`.
pub(crate) fn actions(manifest: &Manifest) -> Checked {
    each(
        "actions",
        &manifest.actions,
        |one| one.id.clone(),
        |place, one| {
            name(place, "id", &one.id)?;
            words(place, &one.title, &one.description)?;
            parameters(&format!("{place}.input"), &one.input)?;
            parameters(&format!("{place}.output"), &one.output)
        },
    )
}

/// The part `[[conditions]]`; they share one space of names with actions, for processes call them in the same way.
pub(crate) fn conditions(manifest: &Manifest) -> Checked {
    each(
        "conditions",
        &manifest.conditions,
        |one| one.id.clone(),
        |place, one| {
            name(place, "id", &one.id)?;
            if manifest.actions.iter().any(|action| action.id == one.id) {
                return fail(format!("{place}.id"), format!("`{}` is an action already", one.id));
            }
            words(place, &one.title, &one.description)?;
            parameters(&format!("{place}.input"), &one.input)
        },
    )
}

pub(super) fn words(place: &str, title: &Text, description: &Text) -> Checked {
    text(&format!("{place}.title"), title)?;
    if description.0.is_empty() { Ok(()) } else { text(&format!("{place}.description"), description) }
}

pub(super) fn parameters(place: &str, parameters: &[Parameter]) -> Checked {
    if parameters.len() > MAX_ITEMS {
        return fail(place, format!("more than {MAX_ITEMS} parameters"));
    }
    each(
        place,
        parameters,
        |one| one.name.clone(),
        |place, one| {
            let mut letters = one.name.bytes();
            let begins = letters.next().is_some_and(|first| first.is_ascii_alphabetic());
            if !begins || !letters.all(|byte| byte.is_ascii_alphanumeric() || byte == b'_') || one.name.len() > 64 {
                return fail(format!("{place}.name"), "must be a letter, then letters, digits and `_`, at most 64");
            }
            if one.label.0.is_empty() { Ok(()) } else { text(&format!("{place}.label"), &one.label) }
        },
    )
}

fn check_hook(manifest: &Manifest, place: &str, hook: &Hook) -> Checked {
    name(place, "id", &hook.id)?;
    let Some(permission) = manifest.records(&hook.entity) else {
        return fail(
            format!("{place}.entity"),
            format!("add [permissions.records.{}] with the fields it reads", hook.entity),
        );
    };
    if hook.operations.is_empty() {
        return fail(format!("{place}.operations"), "name at least one of create, update, delete, restore");
    }
    if let Some(field) = hook.watch.iter().find(|field| !permission.reads(field)) {
        return fail(format!("{place}.watch"), format!("`{field}` is not among the fields it may read"));
    }
    if !hook.watch.is_empty() && !hook.operations.contains(&Operation::Update) {
        return fail(format!("{place}.watch"), "only updates have watched fields");
    }
    if !(0..=10_000).contains(&hook.order) {
        return fail(format!("{place}.order"), "must be from 0 to 10000");
    }
    if hook.timeout_ms == Some(0) {
        return fail(format!("{place}.timeout_ms"), "must be positive");
    }
    match &hook.when {
        Some(text) => when::When::compile(text)
            .map(|_| ())
            .map_err(|problem| ManifestError::new(format!("{place}.when"), problem)),
        None => Ok(()),
    }
}

fn check_events(manifest: &Manifest, place: &str, subscription: &Subscription) -> Checked {
    name(place, "id", &subscription.id)?;
    if subscription.on.is_empty() {
        return fail(format!("{place}.on"), "name at least one event");
    }
    for event in &subscription.on {
        let Some((entity, _)) = event.split_once('.') else {
            return fail(format!("{place}.on"), format!("`{event}` is not an event name such as `lead.created`"));
        };
        if entity == FILE {
            if manifest.permissions.asks(files::PART.name) {
                continue;
            }
            return fail(format!("{place}.on"), format!("`{event}` needs [permissions.files]"));
        }
        if entity == MESSAGE {
            if manifest.permissions.asks(messaging::PART.name) {
                continue;
            }
            return fail(format!("{place}.on"), format!("`{event}` needs [permissions.messaging]"));
        }
        if manifest.records(entity).is_none() && !manifest.hears(event) {
            let ways = format!("add [permissions.records.{entity}] with the fields it reads");
            return fail(
                format!("{place}.on"),
                format!("{ways}; of an event of another plugin: name `{event}` in `listen` of [permissions.events]"),
            );
        }
    }
    Ok(())
}

fn check_route(place: &str, route: &Route) -> Checked {
    if !["GET", "POST", "PUT", "PATCH", "DELETE"].contains(&route.method.as_str()) {
        return fail(format!("{place}.method"), "must be GET, POST, PUT, PATCH or DELETE");
    }
    let plain = |letter: char| letter.is_ascii_alphanumeric() || "-_./{}".contains(letter);
    let tricks = route.path.contains("..") || route.path.contains("//");
    if !route.path.starts_with('/') || !route.path.chars().all(plain) || tricks || route.path.len() > 200 {
        return fail(
            format!("{place}.path"),
            "must begin with `/` and have letters, digits, `-`, `_` and `.` only, or `{name}` as a whole part",
        );
    }
    let mut names = BTreeSet::new();
    for part in route.path.split('/').filter(|part| part.contains(['{', '}'])) {
        let name = part.strip_prefix('{').and_then(|part| part.strip_suffix('}')).unwrap_or_default();
        let plain = name.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_');
        if name.is_empty() || !plain || !names.insert(name) {
            let problem = format!("`{part}`: a parameter is a whole part, `{{name}}` of lower-case letters, each once");
            return fail(format!("{place}.path"), problem);
        }
    }
    if route.body_limit > MAX_BODY {
        return fail(format!("{place}.body_limit"), format!("at most {MAX_BODY} bytes"));
    }
    Ok(())
}

fn check_setting(place: &str, setting: &Setting) -> Checked {
    name(place, "key", &setting.key)?;
    text(&format!("{place}.label"), &setting.label)?;
    if (setting.kind == SettingType::Choice) == setting.choices.is_empty() {
        return fail(format!("{place}.choices"), "belong to type `choice`, and there must be some");
    }
    if setting.kind.is_of_entity() != setting.entity.is_some() {
        return fail(format!("{place}.entity"), "belongs to types `stage` and `field`, which need it");
    }
    if (setting.min.is_some() || setting.max.is_some()) && setting.kind != SettingType::Integer {
        return fail(place, "`min` and `max` belong to type `integer`");
    }
    match &setting.default {
        Some(value) => crate::settings::check_value(setting, value)
            .map_err(|code| ManifestError::new(format!("{place}.default"), format!("does not fit the type ({code})"))),
        None => Ok(()),
    }
}

pub(super) fn name(place: &str, key: &str, value: &str) -> Checked {
    let fits = value.len() <= 64
        && !value.is_empty()
        && value.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b"-_.".contains(&b));
    if fits {
        Ok(())
    } else {
        fail(format!("{place}.{key}"), "must be lower-case letters, digits, `-`, `_`, `.`, at most 64")
    }
}

/// English is there, and no unknown language.
pub(crate) fn text(place: &str, text: &Text) -> Checked {
    if text.0.get("en").is_none_or(|words| words.trim().is_empty()) {
        return fail(format!("{place}.en"), "English words are required");
    }
    if let Some(locale) = text.0.keys().find(|locale| !["en", "ru", "uk"].contains(&locale.as_str())) {
        return fail(format!("{place}.{locale}"), "unknown language; use en, ru or uk");
    }
    if text.0.values().any(|words| words.len() > 2_000) { fail(place, "longer than 2000 bytes") } else { Ok(()) }
}

fn is_name(part: &str) -> bool {
    part.starts_with(|letter: char| letter.is_ascii_lowercase())
        && part.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
}
