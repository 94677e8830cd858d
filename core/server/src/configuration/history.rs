//! What changed of the configuration, as the audit log has it: who, when, what it was, what it became. And the way back: an object is
//! put in as it was before a change, by the same work that takes files in.

use kernel::audit::{self, Act, Wanted};
use kernel::moving::Area;
use kernel::{Ctx, Error, Result};
use serde_json::{Value as Json, json};
use uuid::Uuid;

use super::owners;
use super::work::{self, Entry, Given, IMPORTED, Plan};
use crate::state::AppState;

/// First parts of acts that change the configuration.
const KINDS: &[&str] = &[
    "automation",
    "calendar",
    "configuration",
    "directory",
    documents::moving::KIND,
    "duplicates",
    "entity",
    "field",
    reports::moving_dashboards::HOME,
    "layout",
    messaging::messages::moving::KIND,
    "pipeline",
    "process",
    "role",
    "rule",
    reports::moving_dashboards::SHARED,
    reports::moving::SHARED,
    "stage",
    "view",
];

/// What an act changed.
#[derive(Debug, Clone, PartialEq)]
pub struct Changed {
    /// The area; none of what no file carries.
    pub area: Option<Area>,
    /// The object's name there.
    pub key: String,
    /// What it said; none: it was not there, or that is not kept.
    pub before: Option<Json>,
    /// What it says since then.
    pub after: Option<Json>,
    /// Whether it can be brought back to what it was.
    pub restorable: bool,
}

/// Acts that changed the configuration, the newest first. Of an area: the page may have fewer than it could.
///
/// # Errors
/// `config.denied`.
pub async fn list(state: &AppState, ctx: &Ctx, area: Option<Area>, wanted: Wanted) -> Result<Vec<(Act, Changed)>> {
    records::catalogue::moving::require(ctx)?;
    let among = area.map_or(KINDS, kinds_of);
    let acts = audit::list(&state.db, ctx.tenant, &Wanted { among, ..wanted }).await?;
    let told = |act: Act| {
        let changed = changed(&act);
        (act, changed)
    };
    Ok(acts.into_iter().map(told).collect())
}

/// First parts of the acts of an area.
const fn kinds_of(area: Area) -> &'static [&'static str] {
    match area {
        Area::Entities => &["entity"],
        Area::Directories => &["directory"],
        Area::Fields | Area::Conditions => &["field"],
        Area::Roles => &["role"],
        Area::Calendars => &["calendar"],
        Area::Gateways => &[messaging::messages::moving::KIND],
        Area::Pipelines => &["pipeline"],
        Area::Rules => &["rule"],
        Area::Duplicates => &["duplicates"],
        Area::Layouts => &["layout"],
        Area::Views => &["view"],
        Area::Templates | Area::OwnTemplates => &[documents::moving::KIND],
        Area::Processes => &["process"],
        Area::Automations => &["automation"],
        Area::Reports => &[reports::moving::SHARED],
        Area::Dashboards => &[reports::moving_dashboards::SHARED, reports::moving_dashboards::HOME],
    }
}

/// What an act changed, as files tell of it.
fn changed(act: &Act) -> Changed {
    let side = |name: &str| act.detail.get(name).filter(|spec| !spec.is_null()).cloned();
    let (before, after) = (side("before"), side("after"));
    let key = act.detail.get("key").and_then(Json::as_str).unwrap_or(&act.object).to_owned();
    let (kind, did) = act.action.split_once('.').unwrap_or_default();
    let (entity, rest) = act.object.split_once('.').unwrap_or((act.object.as_str(), ""));
    let rule = |rule: Json| json!({"entity": entity, "rule": rule});
    let conditions = |spec: Json| json!({"entity": entity, "field": rest, "conditions": spec});
    let bare = |area: Option<Area>, key: String| Changed { area, key, before: None, after: None, restorable: false };
    let whole = |area: Area, before: Option<Json>, after: Option<Json>, key: String| Changed {
        area: Some(area),
        key,
        restorable: before.is_some() || after.is_some(),
        before,
        after,
    };
    match (kind, did) {
        ("configuration", _) => Changed { restorable: act.action == IMPORTED, ..bare(None, act.object.clone()) },
        // A save in spite of a warning is none.
        ("rule", "overridden") => bare(None, key),
        ("rule", _) => whole(Area::Rules, before.map(rule), after.map(rule), key),
        ("automation", _) => whole(Area::Automations, before.map(rule), after.map(rule), key),
        ("field", "conditions") => {
            whole(Area::Conditions, before.map(conditions), after.filter(is_something).map(conditions), key)
        }
        // Their values come back with them.
        ("field", "removed") => Changed { restorable: true, ..whole(Area::Fields, before, after, key) },
        ("entity", "removed") => Changed { restorable: true, ..whole(Area::Entities, before, after, key) },
        ("field", "retyped" | "restored") => bare(Some(Area::Fields), key),
        ("entity", "restored") => bare(Some(Area::Entities), key),
        ("directory", _) => whole(Area::Directories, before, after, key),
        ("field", _) => whole(Area::Fields, before, after, key),
        ("entity", _) => whole(Area::Entities, before, after, key),
        ("role", _) => whole(Area::Roles, before, after, key),
        ("pipeline", _) => whole(Area::Pipelines, before, after, key),
        ("calendar", _) => whole(Area::Calendars, before, after, key),
        (messaging::messages::moving::KIND, _) => whole(Area::Gateways, before, after, key),
        ("duplicates", _) => whole(Area::Duplicates, before, after, key),
        ("layout", _) => whole(Area::Layouts, before, after, key),
        ("view", _) => whole(Area::Views, before, after, key),
        (reports::moving::SHARED, _) => whole(Area::Reports, before, after, key),
        (reports::moving_dashboards::SHARED | reports::moving_dashboards::HOME, _) => {
            whole(Area::Dashboards, before, after, key)
        }
        // Their versions are where they are uploaded.
        (documents::moving::KIND, _) if act.detail.get("file").is_some() => {
            let part = |name: &str| act.detail.get(name).and_then(Json::as_str).unwrap_or_default();
            bare(Some(Area::OwnTemplates), format!("{}.{}", part("entity"), part("title")))
        }
        (documents::moving::KIND, _) => whole(Area::Templates, before, after, key),
        // Their versions are where they are drawn.
        ("process", _) => bare(Some(Area::Processes), key),
        _ => bare(None, key),
    }
}

/// Whether conditions ask anything.
fn is_something(spec: &Json) -> bool {
    spec.as_object().is_none_or(|parts| !parts.is_empty())
}

/// Brings an object back to what it was before a change, or everything to what it was before an import; or only says what that
/// would do.
///
/// # Errors
/// `config.denied`, `NotFound`; conflicts `config.no_history` where that is not kept, `config.import` with the plan where something
/// is missing or contradicts what is there.
pub async fn restore(state: &AppState, ctx: &Ctx, id: Uuid, dry_run: bool) -> Result<Plan> {
    records::catalogue::moving::require(ctx)?;
    let unknown = || Error::Conflict { code: "config.no_history", current: None };
    let act = audit::one(&state.db, ctx.tenant, id).await?;
    if !KINDS.iter().any(|kind| act.action.split('.').next() == Some(*kind)) {
        return Err(Error::NotFound(format!("change {id}")));
    }
    let changed = changed(&act);
    if !changed.restorable {
        return Err(unknown());
    }
    if act.action == IMPORTED {
        let import = act.object.parse::<Uuid>().map_err(|_| unknown())?;
        let given = work::reversed(state, ctx, import).await?.ok_or_else(unknown)?;
        return work::put(state, ctx, given, dry_run, true).await;
    }
    let area = changed.area.ok_or_else(unknown)?;
    if ["field.removed", "entity.removed"].contains(&act.action.as_str()) {
        return from_bin(state, ctx, area, &act.object, changed.before, dry_run).await;
    }
    let before = changed.before.map(|spec| owners::object(area, spec)).transpose().map_err(|_| unknown())?;
    let (key, spec) = before.map_or((changed.key, None), |object| (object.key, Some(object.spec)));
    work::put(state, ctx, Given::from([(area, vec![(key, spec)])]), dry_run, true).await
}

/// What was removed comes back with its values.
async fn from_bin(
    state: &AppState,
    ctx: &Ctx,
    area: Area,
    object: &str,
    before: Option<Json>,
    dry_run: bool,
) -> Result<Plan> {
    let entry = Entry { area, key: object.to_owned(), before: None, after: before };
    if !dry_run {
        match object.split_once('.') {
            Some((entity, field)) => state.records.set_field_removed(ctx, entity, field, false).await?,
            None => state.records.set_entity_removed(ctx, object, false).await?,
        }
    }
    Ok(Plan { create: vec![entry], applied: !dry_run, ..Plan::default() })
}

#[cfg(test)]
mod tests {
    use kernel::{Actor, Timestamp};

    use super::*;

    fn act(action: &str, object: &str, detail: Json) -> Changed {
        let (id, at) = (Uuid::nil(), Timestamp(0));
        changed(&Act { id, at, actor: Actor::System, action: action.into(), object: object.into(), detail })
    }

    #[test]
    fn acts_are_told_as_files_tell_them() {
        let rule = act("rule.updated", "deal.Big. Really", json!({"before": {"name": "Big. Really"}, "after": {}}));
        assert_eq!((rule.area, rule.key.as_str()), (Some(Area::Rules), "deal.Big. Really"));
        assert_eq!(rule.before, Some(json!({"entity": "deal", "rule": {"name": "Big. Really"}})));
        let layout =
            act("layout.changed", "deal", json!({"key": "deal@head", "before": null, "after": {"entity": "deal"}}));
        assert_eq!((layout.key.as_str(), layout.before, layout.restorable), ("deal@head", None, true));
        let condition = act("field.conditions", "deal.x_a", json!({"before": null, "after": {}}));
        assert_eq!((condition.after, condition.restorable), (None, false));
        assert!(act("field.removed", "deal.x_a", json!({})).restorable);
        assert!(!act("field.retyped", "deal.x_a", json!({})).restorable);
        assert!(!act("rule.overridden", "deal", json!({"before": 1})).restorable);
        assert!(!act("calendar.updated", "x", json!({})).restorable);
    }
}
