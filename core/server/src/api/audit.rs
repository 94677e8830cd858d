//! `/audit`: who signed in, who changed rights, people, modules, settings. Administrators read it; nobody changes it.

use std::collections::BTreeMap;

use axum::Json;
use axum::extract::State;
use kernel::audit::{self, Act, Wanted};
use kernel::error::FieldError;
use kernel::text::lookup;
use kernel::{Error, Locale, Timestamp, UserId};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use super::timeline::ActorView;
use super::view::RefView;
use crate::http::{ApiResult, Caller, Params};
use crate::state::AppState;

/// Acts of a page unless it is said.
const PAGE: u64 = 50;
/// People whose names are looked up.
const MAX_PEOPLE: u64 = 10_000;
/// Characters of an area.
const MAX_AREA: usize = 40;

/// Which acts.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct AuditParams {
    /// The first part of their action: `session`, `user`, `role`, `plugin`, …
    area: Option<String>,
    /// Whoever did them.
    person: Option<Uuid>,
    /// Those since then.
    #[param(value_type = Option<String>)]
    since: Option<Timestamp>,
    /// Those before.
    #[param(value_type = Option<String>)]
    until: Option<Timestamp>,
    /// `next_cursor` of the page before.
    cursor: Option<String>,
    /// 1 to 200; 50 by default.
    limit: Option<u64>,
}

/// One act.
#[derive(Debug, Serialize, ToSchema)]
pub struct ActView {
    id: Uuid,
    #[schema(value_type = String)]
    at: Timestamp,
    actor: ActorView,
    /// What was done, dotted.
    action: String,
    /// The same in words.
    text: String,
    /// To what: an id or a key.
    object: String,
    /// Its name, where it has one still.
    title: Option<String>,
    /// What changed.
    #[schema(value_type = Object)]
    detail: Value,
}

/// Acts, the newest first.
#[derive(Debug, Serialize, ToSchema)]
pub struct AuditPage {
    items: Vec<ActView>,
    next_cursor: Option<String>,
}

/// `GET /audit` (administrators).
#[utoipa::path(get, path = "/audit", operation_id = "audit", tag = "people", params(AuditParams),
    responses((status = 200, body = AuditPage)))]
pub async fn list(
    State(state): State<AppState>,
    caller: Caller,
    Params(params): Params<AuditParams>,
) -> ApiResult<Json<AuditPage>> {
    people::require_admin(&caller.ctx)?;
    let wanted = wanted(params)?;
    let acts = audit::list(&state.db, caller.ctx.tenant, &wanted).await?;
    let full = u64::try_from(acts.len()).is_ok_and(|count| count == wanted.limit);
    let next_cursor = acts.last().filter(|_| full).map(|act| format!("{}_{}", act.at.0, act.id));
    let names = names(&state, &caller).await?;
    let items = acts.into_iter().map(|act| view(act, &names, caller.ctx.locale)).collect();
    Ok(Json(AuditPage { items, next_cursor }))
}

fn wanted(params: AuditParams) -> Result<Wanted, Error> {
    let invalid = |field: &str| Error::field("request.invalid", field, FieldError::new("invalid"));
    if let Some(area) = &params.area
        && (area.len() > MAX_AREA || !area.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_'))
    {
        return Err(invalid("area"));
    }
    let before = params.cursor.as_deref().map(|cursor| place(cursor).ok_or_else(|| invalid("cursor"))).transpose()?;
    Ok(Wanted {
        area: params.area,
        among: &[],
        person: params.person.map(UserId),
        since: params.since,
        until: params.until,
        before,
        limit: params.limit.unwrap_or(PAGE).clamp(1, audit::PAGE),
    })
}

/// Where a page ended.
pub(super) fn place(cursor: &str) -> Option<(Timestamp, Uuid)> {
    let (at, id) = cursor.split_once('_')?;
    Some((Timestamp(at.parse().ok()?), id.parse().ok()?))
}

/// People, departments and roles by id.
pub(super) async fn names(state: &AppState, caller: &Caller) -> ApiResult<BTreeMap<Uuid, RefView>> {
    let (tenant, read) = (caller.ctx.tenant, state.db.read());
    let people =
        people::user::list(&state.db, tenant, None, MAX_PEOPLE).await?.into_iter().map(|one| (one.id, one.name));
    let departments = people::department::list(read, tenant).await?.into_iter().map(|one| (one.id, one.name));
    let roles = people::role::list(read, tenant).await?.into_iter().map(|role| (role.id, role.name));
    let named = |(id, title)| (id, RefView { entity: "user".into(), title });
    Ok(people.chain(departments).chain(roles).map(named).collect())
}

fn view(act: Act, names: &BTreeMap<Uuid, RefView>, locale: Locale) -> ActView {
    let known = act.object.parse::<Uuid>().ok().and_then(|id| names.get(&id)).map(|name| name.title.clone());
    let told =
        || ["name", "title", "email", "file"].iter().find_map(|key| act.detail.get(key)?.as_str().map(str::to_owned));
    ActView {
        id: act.id,
        at: act.at,
        actor: ActorView::of(&act.actor, names),
        text: lookup(locale, &format!("audit.{}", act.action)).unwrap_or(&act.action).to_owned(),
        title: known.or_else(told),
        action: act.action,
        object: act.object,
        detail: act.detail,
    }
}
