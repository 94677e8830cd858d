//! Which events a webhook wants, and what it is told of one. Pure.

use kernel::event::Event;
use serde_json::{Value as Json, json};

/// Characters of a pattern.
const MAX_PATTERN: usize = 150;
/// Names of changed fields that are told.
const MAX_CHANGED: usize = 300;
/// The field with the stage.
const STAGE: &str = "stage";
const STAGED: &str = ".stage:";

/// The entity that a pattern names, and the stage where it names one; nothing when it is no pattern.
pub(super) fn parts(pattern: &str) -> Option<(&str, Option<&str>)> {
    if pattern.len() > MAX_PATTERN || pattern.contains(|letter: char| letter.is_control() || letter.is_whitespace()) {
        return None;
    }
    if let Some((entity, stage)) = pattern.split_once(STAGED) {
        return (!entity.is_empty() && !stage.is_empty()).then_some((entity, Some(stage)));
    }
    let (entity, what) = pattern.rsplit_once('.')?;
    let word = !what.is_empty() && what.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_');
    (!entity.is_empty() && (what == "*" || word)).then_some((entity, None))
}

/// Whether a pattern means an event.
pub(super) fn means(pattern: &str, event: &Event) -> bool {
    if let Some((entity, stage)) = pattern.split_once(STAGED) {
        return event.entity == entity && entered(event) == Some(stage);
    }
    match pattern.strip_suffix(".*") {
        Some(entity) => event.kind.rsplit_once('.').is_some_and(|(of, _)| of == entity),
        None => event.kind == pattern,
    }
}

/// The stage that a record came into.
fn entered(event: &Event) -> Option<&str> {
    event.changes.get(STAGE).and_then(|pair| pair.get(1)).and_then(Json::as_str)
}

/// Whether there is something to tell of an event as its reader sees it: a change of nothing that they see is none.
pub(super) fn is_news(event: &Event) -> bool {
    !event.kind.ends_with(".updated") || event.changes.as_object().is_some_and(|changes| !changes.is_empty())
}

/// What is sent of an event as its reader sees it: which record, and the names of what changed. Values are read through the
/// API, by whoever may.
pub(super) fn payload(event: &Event) -> Json {
    let changed: Vec<&String> = event.changes.as_object().into_iter().flat_map(|changes| changes.keys()).collect();
    let changed: Vec<&String> = changed.into_iter().take(MAX_CHANGED).collect();
    let mut data = json!({
        "entity": event.entity,
        "id": event.record,
        "version": event.version,
        "changed": changed,
        "cursor": event.cursor().to_string(),
    });
    if let (Some(stage), Json::Object(data)) = (entered(event), &mut data) {
        data.insert(STAGE.to_owned(), json!(stage));
    }
    json!({"type": event.kind, "timestamp": event.at, "data": data})
}

#[cfg(test)]
mod tests {
    use kernel::clock::Env;
    use kernel::ctx::{Actor, Cause};
    use kernel::{TenantId, Timestamp};
    use uuid::Uuid;

    use super::*;

    fn event(kind: &str, entity: &str, changes: Json) -> Event {
        Event {
            id: 7,
            tx: 0,
            tenant: TenantId(Uuid::nil()),
            at: Timestamp(0),
            kind: kind.to_owned(),
            entity: entity.to_owned(),
            record: Uuid::nil(),
            version: 2,
            actor: Actor::System,
            cause: Cause::root(&Env::system()),
            batch: None,
            changes,
        }
    }

    #[test]
    fn patterns_name_an_entity_and_what_happened_to_it() {
        for (pattern, expected) in [
            ("deal.created", Some(("deal", None))),
            ("deal.*", Some(("deal", None))),
            ("deal.stage:won", Some(("deal", Some("won")))),
            ("test.thing.updated", Some(("test.thing", None))),
            ("deal", None),
            ("deal.", None),
            (".created", None),
            ("deal.stage:", None),
            ("deal.Created", None),
            ("deal. created", None),
            ("*", None),
        ] {
            assert_eq!(parts(pattern), expected, "{pattern}");
        }
    }

    #[test]
    fn events_are_meant_by_name_entity_and_stage() {
        let moved = event("deal.updated", "deal", json!({"stage": ["new", "won"], "amount": [1, 2]}));
        for (pattern, expected) in [
            ("deal.updated", true),
            ("deal.*", true),
            ("deal.stage:won", true),
            ("deal.stage:new", false),
            ("deal.created", false),
            ("lead.stage:won", false),
            ("lead.*", false),
        ] {
            assert_eq!(means(pattern, &moved), expected, "{pattern}");
        }
        // A file is no change of the record.
        assert!(!means("deal.*", &event("file.added", "deal", json!({}))));
    }

    #[test]
    fn names_are_told_and_no_values() {
        let told = payload(&event("deal.updated", "deal", json!({"stage": ["new", "won"], "amount": [1, 4711]})));
        assert_eq!(told["data"]["changed"], json!(["stage", "amount"]));
        assert_eq!((&told["type"], &told["data"]["stage"]), (&json!("deal.updated"), &json!("won")));
        assert!(!told.to_string().contains("4711"), "{told}");
        assert!(is_news(&event("deal.created", "deal", json!({}))));
        assert!(!is_news(&event("deal.updated", "deal", json!({}))));
    }
}
