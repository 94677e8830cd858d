//! `/records/{entity}/{id}/access` and `/access/preview`: who may do what with a record and by which rules, and how many
//! records somebody reaches.

use std::collections::BTreeMap;

use ::people::directory::{self, Which};
use ::people::guest::{self, Link, Scope};
use ::people::{role, user};
use ::records::explain::{Explained, Reason, Verdict};
use axum::Json;
use axum::extract::{Path, State};
use kernel::access::{Action, RowKind};
use kernel::{Error, RecordId, Timestamp, UserId, Value};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use crate::http::{ApiResult, Body, Caller, Params};
use crate::state::AppState;

/// People of one answer: each is asked about with all their rules.
const PAGE: usize = 50;

/// About whom.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct AccessParams {
    /// About this person alone, whether they have access or not. Without: everybody who sees the record.
    user: Option<Uuid>,
    /// Where the page before ended.
    cursor: Option<Uuid>,
}

/// People with what they may do with a record.
#[derive(Debug, Serialize, ToSchema)]
pub struct AccessView {
    items: Vec<PersonAccessView>,
    /// For the next page, if there is one: a page looks at 50 people, none of whom may have access.
    next_cursor: Option<Uuid>,
    /// Who else sees it, without an account: personal links that are good. On the first page about everybody.
    also: Vec<AlsoView>,
}

/// Somebody who sees a record by something else than a role.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = AlsoSees)]
pub struct AlsoView {
    /// `guest`: by a personal link.
    kind: &'static str,
    /// The link.
    id: Uuid,
    /// For whom it is.
    label: String,
    /// What the guest may do.
    scope: Scope,
    /// Until when.
    #[schema(value_type = String)]
    expires: Timestamp,
}

impl From<Link> for AlsoView {
    fn from(link: Link) -> Self {
        Self { kind: "guest", id: link.id, label: link.label, scope: link.scope, expires: link.expires }
    }
}

/// What somebody may do with a record.
#[derive(Debug, Serialize, ToSchema)]
pub struct PersonAccessView {
    user: Uuid,
    name: String,
    /// Whether they may sign in; somebody who may not does nothing.
    active: bool,
    /// The module that brought the entity is off for their departments: nothing of it exists for them.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    #[schema(required = false)]
    off: bool,
    /// By action; `create`: whether they might make such a record.
    #[schema(value_type = BTreeMap<Action, VerdictView>)]
    actions: BTreeMap<Action, VerdictView>,
    fields: NarrowedFields,
}

/// Fields that are not open to somebody.
#[derive(Debug, Default, Serialize, ToSchema)]
pub struct NarrowedFields {
    /// Keys of those that they do not see.
    #[schema(value_type = Vec<String>)]
    hidden: Vec<kernel::FieldKey>,
    /// Keys of those that they see and do not change.
    #[schema(value_type = Vec<String>)]
    read_only: Vec<kernel::FieldKey>,
}

/// Whether an action is allowed.
#[derive(Debug, Default, Serialize, ToSchema)]
pub struct VerdictView {
    allowed: bool,
    /// What has a say about it. To people who are not administrators only the names of roles that grant.
    because: Vec<ReasonView>,
}

/// A rule that has a say.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = AccessReason)]
pub struct ReasonView {
    role: Uuid,
    name: String,
    /// The row of the role, from 0; absent: an administrator's role, or not told.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    row: Option<usize>,
    kind: RowKind,
    /// Whether the record passes the rule: a permission that is passed grants, a restriction that is not passed forbids.
    matched: bool,
    /// Which records the rule speaks of; absent: all, or not told.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<kernel::filter::shape::Filter>, nullable = false)]
    filter: Option<serde_json::Value>,
    /// The rule names what is not there for this person, and counts as false.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    #[schema(required = false)]
    broken: bool,
}

impl From<Reason> for ReasonView {
    fn from(reason: Reason) -> Self {
        let filter = reason.filter.map(|filter| filter.to_json());
        let Reason { role, name, row, kind, matched, broken, .. } = reason;
        Self { role, name, row, kind, matched, filter, broken }
    }
}

/// How much is told.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Told {
    /// Every rule.
    Rules,
    /// Names of the roles that grant.
    Names,
}

impl VerdictView {
    fn of(verdict: Verdict, told: Told) -> Self {
        let mut because: Vec<ReasonView> = verdict.because.into_iter().map(ReasonView::from).collect();
        if told == Told::Names {
            because.retain(|reason| verdict.allowed && reason.kind == RowKind::Permission && reason.matched);
            because.dedup_by_key(|reason| reason.role);
            because.iter_mut().for_each(|reason| (reason.row, reason.filter) = (None, None));
        }
        Self { allowed: verdict.allowed, because }
    }
}

impl PersonAccessView {
    fn of(person: &user::User, explained: Explained, told: Told) -> Self {
        let Explained { actions, hidden, read_only, off } = explained;
        let actions = actions.into_iter().map(|(action, verdict)| (action, VerdictView::of(verdict, told))).collect();
        let fields = if told == Told::Rules { NarrowedFields { hidden, read_only } } else { NarrowedFields::default() };
        Self { user: person.id, name: person.name.clone(), active: true, off, actions, fields }
    }

    /// Somebody who may not sign in.
    fn barred(person: &user::User) -> Self {
        let none = Explained {
            actions: Action::ALL.map(|action| (action, Verdict::default())).into(),
            ..Explained::default()
        };
        Self { active: false, ..Self::of(person, none, Told::Rules) }
    }
}

/// `GET /records/{entity}/{id}/access`: who may do what with a record. Administrators are told every rule, its owner names,
/// everybody else about themselves.
#[utoipa::path(get, path = "/records/{entity}/{id}/access", tag = "records", operation_id = "record_access",
    params(("entity" = String, Path), ("id" = Uuid, Path), AccessParams), responses((status = 200, body = AccessView)))]
pub async fn of_record(
    State(state): State<AppState>,
    caller: Caller,
    Path((entity, id)): Path<(String, RecordId)>,
    Params(params): Params<AccessParams>,
) -> ApiResult<Json<AccessView>> {
    let record = state.records.get(&caller.ctx, &entity, id).await?;
    let own = caller.identity.user.id;
    let told = if caller.ctx.rights.is_admin() { Told::Rules } else { Told::Names };
    let owner = record.fields.get("owner") == Some(&Value::Id(own));
    if told == Told::Names && !owner && params.user != Some(own) {
        return Err(Error::Denied("admin").into());
    }
    let tenant = caller.ctx.tenant;
    let asked = match params.user {
        Some(user) => vec![user::get(state.db.read(), tenant, UserId(user)).await?.id],
        None => page(&state, &caller, params.cursor).await?,
    };
    let next_cursor = asked.last().copied().filter(|_| params.user.is_none() && asked.len() == PAGE);
    let mut items = Vec::new();
    for person in asked {
        items.push(of_person(&state, &caller, &entity, id, UserId(person), told).await?);
    }
    if params.user.is_none() {
        items.retain(|person| person.actions.get(&Action::Read).is_some_and(|read| read.allowed));
    }
    let links = match (params.user, params.cursor) {
        (None, None) => guest::of_record(state.db.read(), &caller.ctx, id.0).await?,
        _ => Vec::new(),
    };
    let also = links.into_iter().map(AlsoView::from).collect();
    Ok(Json(AccessView { items, next_cursor, also }))
}

/// Ids of people who may sign in, after one of them.
async fn page(state: &AppState, caller: &Caller, after: Option<Uuid>) -> ApiResult<Vec<Uuid>> {
    let found = directory::people(
        state.db.read(),
        caller.ctx.tenant,
        Which::After(after, u64::try_from(PAGE).unwrap_or(u64::MAX)),
    )
    .await?;
    Ok(found.into_iter().map(|person| person.id).collect())
}

async fn of_person(
    state: &AppState,
    caller: &Caller,
    entity: &str,
    id: RecordId,
    person: UserId,
    told: Told,
) -> ApiResult<PersonAccessView> {
    let account = user::get(state.db.read(), caller.ctx.tenant, person).await?;
    if !account.active {
        return Ok(PersonAccessView::barred(&account));
    }
    let identity = state.identities.of_user(caller.ctx.tenant, person).await?;
    let roles = role::of_user(state.db.read(), person.0).await?;
    let explained = state.records.explain(&identity.ctx(&state.env), &roles, entity, id).await?;
    Ok(PersonAccessView::of(&account, explained, told))
}

/// Whose reach.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PreviewBody {
    /// Somebody of the company; who may not sign in reaches nothing.
    user: Uuid,
    /// Of this entity.
    entity: String,
}

/// How many records somebody reaches.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = AccessPreview)]
pub struct PreviewView {
    /// Records that each action may touch, of those that are not in the recycle bin.
    #[schema(value_type = BTreeMap<Action, i64>)]
    counts: BTreeMap<Action, i64>,
    /// Whether any record may be made.
    create: bool,
}

/// `POST /access/preview`: how many records of an entity somebody may see, change and delete (administrators).
#[utoipa::path(post, path = "/access/preview", tag = "people", operation_id = "access_preview", request_body = PreviewBody,
    responses((status = 200, body = PreviewView)))]
pub async fn preview(
    State(state): State<AppState>,
    caller: Caller,
    Body(body): Body<PreviewBody>,
) -> ApiResult<Json<PreviewView>> {
    if !caller.ctx.rights.is_admin() {
        return Err(Error::Denied("admin").into());
    }
    let account = user::get(state.db.read(), caller.ctx.tenant, UserId(body.user)).await?;
    // What is off for the person alone is an answer; what nobody has is a mistake.
    state.records.catalogue_of(&caller.ctx).await?.entity(&body.entity)?;
    let nothing = [Action::Read, Action::Update, Action::Delete].map(|action| (action, 0)).into();
    if !account.active {
        return Ok(Json(PreviewView { counts: nothing, create: false }));
    }
    let person = state.identities.of_user(caller.ctx.tenant, UserId(body.user)).await?.ctx(&state.env);
    let counts = match state.records.reach(&person, &body.entity).await {
        Err(Error::NotFound(_)) => nothing,
        counted => counted?,
    };
    Ok(Json(PreviewView { create: person.rights.may(&body.entity, Action::Create), counts }))
}
