//! `/users`, `/departments`, `/roles`, `/tokens`, `/tenant`: the people of a company and what they may do.

use std::collections::{BTreeMap, BTreeSet};

use ::people::department::{self, Department, DepartmentInput};
use ::people::role::{self, Role, RoleInput};
use ::people::tenant::{self, TenantPatch};
use ::people::token::{self, NewToken, Token};
use ::people::user::{self, NewUser, User, UserPatch};
use ::records::catalogue::Labels;
use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use kernel::access::ProcessRights;
use kernel::{Error, Locale, Timestamp, UserId};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use super::view::Items;
use crate::http::{ApiResult, Body, Caller, Header, NO_STORE, Params};
use crate::state::AppState;

/// Accounts of one answer.
const MAX_USERS: u64 = 1_000;

/// An account.
#[derive(Debug, Serialize, ToSchema)]
pub struct UserView {
    id: Uuid,
    name: String,
    email: String,
    #[schema(value_type = kernel::Locale)]
    locale: String,
    active: bool,
    department_id: Option<Uuid>,
    position: Option<String>,
    /// Ids.
    roles: Vec<Uuid>,
    #[schema(value_type = Option<String>)]
    absent_until: Option<Timestamp>,
    /// Whether a code is asked for when they sign in; told to administrators alone.
    second_factor: bool,
    /// Whether a sign-in provider knows who they are; told to administrators alone.
    linked: bool,
}

/// Who has a second factor, and whom providers know.
#[derive(Default)]
struct WaysIn {
    factors: BTreeSet<Uuid>,
    linked: BTreeSet<Uuid>,
}

fn user_view(user: User, roles: &[(Uuid, Uuid)], ways: &WaysIn) -> UserView {
    UserView {
        second_factor: ways.factors.contains(&user.id),
        linked: ways.linked.contains(&user.id),
        roles: roles.iter().filter(|(holder, _)| *holder == user.id).map(|(_, role)| *role).collect(),
        id: user.id,
        name: user.name,
        email: user.email,
        locale: user.locale,
        active: user.active,
        department_id: user.department_id,
        position: user.position,
        absent_until: user.absent_until.map(Timestamp),
    }
}

/// Which accounts.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct UserParams {
    /// Part of a name or e-mail.
    q: Option<String>,
}

/// `GET /users`. Somebody without a role, or a token for writing alone, is told only of themselves.
#[utoipa::path(get, path = "/users", tag = "people", params(UserParams), responses((status = 200, body = Items<UserView>)))]
pub async fn users(
    State(state): State<AppState>,
    caller: Caller,
    Params(params): Params<UserParams>,
) -> ApiResult<Json<Items<UserView>>> {
    let mut found = user::list(&state.db, caller.ctx.tenant, params.q.as_deref(), MAX_USERS).await?;
    if !caller.is_told_of_others() {
        found.retain(|user| user.id == caller.identity.user.id);
    }
    let ids: Vec<Uuid> = found.iter().map(|u| u.id).collect();
    let roles = user::roles_of(state.db.read(), &ids).await?;
    let ways = ways_in(&state, &caller).await?;
    Ok(Json(Items { items: found.into_iter().map(|u| user_view(u, &roles, &ways)).collect() }))
}

/// How people come in, as far as the caller is told of it.
async fn ways_in(state: &AppState, caller: &Caller) -> ApiResult<WaysIn> {
    if !caller.ctx.rights.is_admin() {
        return Ok(WaysIn::default());
    }
    let tenant = caller.ctx.tenant;
    let linked = ::people::provider::account::holders(&state.db, tenant).await?;
    Ok(WaysIn { factors: ::people::factor::holders(&state.db, tenant).await?, linked })
}

async fn one_user(state: &AppState, caller: &Caller, saved: User) -> ApiResult<UserView> {
    state.forget_people();
    let roles = user::roles_of(state.db.read(), &[saved.id]).await?;
    Ok(user_view(saved, &roles, &ways_in(state, caller).await?))
}

/// `POST /users`
#[utoipa::path(post, path = "/users", tag = "people", request_body = NewUser, responses((status = 201, body = UserView)))]
pub async fn create_user(
    State(state): State<AppState>,
    caller: Caller,
    Body(body): Body<NewUser>,
) -> ApiResult<(StatusCode, Json<UserView>)> {
    let saved = user::create(&state.db, &caller.ctx, &body).await?;
    Ok((StatusCode::CREATED, Json(one_user(&state, &caller, saved).await?)))
}

/// `PATCH /users/{id}`
#[utoipa::path(patch, path = "/users/{id}", tag = "people", params(("id" = Uuid, Path)), request_body = UserPatch, responses((status = 200, body = UserView)))]
pub async fn update_user(
    State(state): State<AppState>,
    caller: Caller,
    Path(id): Path<Uuid>,
    Body(body): Body<UserPatch>,
) -> ApiResult<Json<UserView>> {
    let saved = user::update(&state.db, &caller.ctx, UserId(id), &body).await?;
    Ok(Json(one_user(&state, &caller, saved).await?))
}

/// A department.
#[derive(Debug, Serialize, ToSchema)]
pub struct DepartmentView {
    id: Uuid,
    name: String,
    parent_id: Option<Uuid>,
    /// The first of those who lead it.
    head_id: Option<Uuid>,
    /// All who lead it.
    head_ids: Vec<Uuid>,
}

impl From<Department> for DepartmentView {
    fn from(d: Department) -> Self {
        Self { id: d.id, name: d.name, parent_id: d.parent_id, head_id: d.heads.first().copied(), head_ids: d.heads }
    }
}

/// `GET /departments`. Somebody without a role, or a token for writing alone, is told only of their own.
#[utoipa::path(get, path = "/departments", tag = "people", responses((status = 200, body = Items<DepartmentView>)))]
pub async fn departments(State(state): State<AppState>, caller: Caller) -> ApiResult<Json<Items<DepartmentView>>> {
    let mut found = department::list(state.db.read(), caller.ctx.tenant).await?;
    if !caller.is_told_of_others() {
        found.retain(|department| Some(department.id) == caller.identity.user.department_id);
    }
    Ok(Json(Items { items: found.into_iter().map(DepartmentView::from).collect() }))
}

/// `POST /departments`
#[utoipa::path(post, path = "/departments", tag = "people", request_body = DepartmentInput, responses((status = 201, body = DepartmentView)))]
pub async fn create_department(
    State(state): State<AppState>,
    caller: Caller,
    Body(body): Body<DepartmentInput>,
) -> ApiResult<(StatusCode, Json<DepartmentView>)> {
    let saved = department::create(&state.db, &caller.ctx, &body).await?;
    state.forget_people();
    Ok((StatusCode::CREATED, Json(saved.into())))
}

/// `PATCH /departments/{id}`: the department's new state as a whole.
#[utoipa::path(patch, path = "/departments/{id}", tag = "people", params(("id" = Uuid, Path)), request_body = DepartmentInput, responses((status = 200, body = DepartmentView)))]
pub async fn update_department(
    State(state): State<AppState>,
    caller: Caller,
    Path(id): Path<Uuid>,
    Body(body): Body<DepartmentInput>,
) -> ApiResult<Json<DepartmentView>> {
    let saved = department::update(&state.db, &caller.ctx, id, &body).await?;
    state.forget_people();
    Ok(Json(saved.into()))
}

/// `DELETE /departments/{id}`
#[utoipa::path(delete, path = "/departments/{id}", tag = "people", params(("id" = Uuid, Path)), responses((status = 204)))]
pub async fn remove_department(
    State(state): State<AppState>,
    caller: Caller,
    Path(id): Path<Uuid>,
) -> ApiResult<StatusCode> {
    department::remove(&state.db, &caller.ctx, id).await?;
    state.forget_people();
    Ok(StatusCode::NO_CONTENT)
}

/// A role.
#[derive(Debug, Serialize, ToSchema)]
pub struct RoleView {
    id: Uuid,
    key: String,
    name: String,
    admin: bool,
    /// Only for administrators. A permission for the entity `*` covers the entities that `covers` names: those there were
    /// when it was saved, or that were let in.
    #[schema(value_type = Vec<kernel::access::AccessRow>)]
    rows: Value,
    /// Only for administrators.
    #[schema(value_type = Vec<kernel::access::FieldRight>)]
    field_rights: Value,
    /// Only for administrators.
    processes: Option<ProcessRights>,
    /// Rules that name what is not there (any more): they are false.
    problems: Vec<RuleProblem>,
}

/// What is wrong with a rule.
#[derive(Debug, Serialize, ToSchema)]
pub struct RuleProblem {
    /// Its place in `rows`, from 0.
    row: usize,
    /// The entity where it makes no sense.
    entity: String,
    /// For people.
    message: String,
}

async fn problems(state: &AppState, caller: &Caller, role: &Role) -> ApiResult<Vec<RuleProblem>> {
    let mut problems = Vec::new();
    for (index, row) in role.rows.iter().enumerate() {
        for (entity, error) in state.records.problems_of_rule(caller.ctx.tenant, row).await? {
            problems.push(RuleProblem { row: index, entity, message: error.message.in_locale(caller.ctx.locale) });
        }
    }
    Ok(problems)
}

/// A role's name for its reader: one that a module brought has it in each language, until the company calls it otherwise.
fn role_name(names: &BTreeMap<String, Labels>, role: &Role, locale: Locale) -> String {
    let brought = names.get(&role.key).filter(|labels| labels.0.values().any(|label| *label == role.name));
    brought.map_or_else(|| role.name.clone(), |labels| labels.in_locale(locale).to_owned())
}

async fn role_view(state: &AppState, caller: &Caller, role: &Role, whole: bool) -> ApiResult<RoleView> {
    let names = state.plugins.role_names(&caller.ctx).await?;
    let json = |value: serde_json::Result<Value>| value.map_err(Error::internal);
    let empty = || Value::Array(Vec::new());
    Ok(RoleView {
        id: role.id,
        key: role.key.clone(),
        name: role_name(&names, role, caller.ctx.locale),
        admin: role.admin,
        rows: if whole { json(serde_json::to_value(&role.rows))? } else { empty() },
        field_rights: if whole { json(serde_json::to_value(&role.field_rights))? } else { empty() },
        processes: whole.then(|| role.processes.clone()),
        problems: if whole { problems(state, caller, role).await? } else { Vec::new() },
    })
}

/// `GET /roles`. Somebody without a role, or a token for writing alone, is told of none.
#[utoipa::path(get, path = "/roles", tag = "people", responses((status = 200, body = Items<RoleView>)))]
pub async fn roles(State(state): State<AppState>, caller: Caller) -> ApiResult<Json<Items<RoleView>>> {
    let mut found = role::list(state.db.read(), caller.ctx.tenant).await?;
    found.retain(|_| caller.is_told_of_others());
    let whole = caller.ctx.rights.is_admin();
    let mut items = Vec::with_capacity(found.len());
    for role in &found {
        items.push(role_view(&state, &caller, role, whole).await?);
    }
    Ok(Json(Items { items }))
}

/// `POST /roles`
#[utoipa::path(post, path = "/roles", tag = "people", request_body = RoleInput, responses((status = 201, body = RoleView)))]
pub async fn create_role(
    State(state): State<AppState>,
    caller: Caller,
    Body(body): Body<RoleInput>,
) -> ApiResult<(StatusCode, Json<RoleView>)> {
    ::people::require_admin(&caller.ctx)?;
    state.records.check_role(caller.ctx.tenant, None, &body).await?;
    let entities = state.records.entity_keys(caller.ctx.tenant).await?;
    let saved = role::create(&state.db, &caller.ctx, &body, &entities).await?;
    state.forget_people();
    Ok((StatusCode::CREATED, Json(role_view(&state, &caller, &saved, true).await?)))
}

/// `PATCH /roles/{id}`: the role's new state as a whole.
#[utoipa::path(patch, path = "/roles/{id}", tag = "people", params(("id" = Uuid, Path)), request_body = RoleInput, responses((status = 200, body = RoleView)))]
pub async fn update_role(
    State(state): State<AppState>,
    caller: Caller,
    Path(id): Path<Uuid>,
    Body(body): Body<RoleInput>,
) -> ApiResult<Json<RoleView>> {
    ::people::require_admin(&caller.ctx)?;
    let found = role::list(state.db.read(), caller.ctx.tenant).await?;
    let before = found.iter().find(|role| role.id == id);
    state.records.check_role(caller.ctx.tenant, before, &body).await?;
    let entities = state.records.entity_keys(caller.ctx.tenant).await?;
    let saved = role::update(&state.db, &caller.ctx, id, &body, &entities).await?;
    state.forget_people();
    Ok(Json(role_view(&state, &caller, &saved, true).await?))
}

/// `DELETE /roles/{id}`
#[utoipa::path(delete, path = "/roles/{id}", tag = "people", params(("id" = Uuid, Path)), responses((status = 204)))]
pub async fn remove_role(State(state): State<AppState>, caller: Caller, Path(id): Path<Uuid>) -> ApiResult<StatusCode> {
    role::remove(&state.db, &caller.ctx, id).await?;
    state.forget_people();
    Ok(StatusCode::NO_CONTENT)
}

/// An API token, without its secret.
#[derive(Debug, Serialize, ToSchema)]
pub struct TokenView {
    id: Uuid,
    name: String,
    #[schema(value_type = Vec<token::Scope>)]
    scopes: Value,
    #[schema(value_type = String)]
    created_at: Timestamp,
    #[schema(value_type = Option<String>)]
    expires_at: Option<Timestamp>,
    /// The token itself; only in the answer that made it.
    #[serde(skip_serializing_if = "Option::is_none")]
    token: Option<String>,
}

fn token_view(row: Token, secret: Option<String>) -> TokenView {
    TokenView {
        id: row.id,
        name: row.name,
        scopes: row.scopes,
        created_at: Timestamp(row.created_at),
        expires_at: row.expires_at.map(Timestamp),
        token: secret,
    }
}

/// `GET /tokens`: the caller's own.
#[utoipa::path(get, path = "/tokens", tag = "people", responses((status = 200, body = Items<TokenView>)))]
pub async fn tokens(State(state): State<AppState>, caller: Caller) -> ApiResult<Json<Items<TokenView>>> {
    let found = token::list(&state.db, &caller.ctx).await?;
    Ok(Json(Items { items: found.into_iter().map(|row| token_view(row, None)).collect() }))
}

/// `POST /tokens`: for oneself.
#[utoipa::path(post, path = "/tokens", tag = "people", request_body = NewToken, responses((status = 201, body = TokenView)))]
pub async fn create_token(
    State(state): State<AppState>,
    caller: Caller,
    Body(body): Body<NewToken>,
) -> ApiResult<(StatusCode, Header, Json<TokenView>)> {
    let owner = UserId(caller.identity.user.id);
    let (row, secret) = token::create(&state.db, &caller.ctx, owner, &body).await?;
    Ok((StatusCode::CREATED, NO_STORE, Json(token_view(row, Some(secret)))))
}

/// `DELETE /tokens/{id}`
#[utoipa::path(delete, path = "/tokens/{id}", tag = "people", params(("id" = Uuid, Path)), responses((status = 204)))]
pub async fn revoke_token(
    State(state): State<AppState>,
    caller: Caller,
    Path(id): Path<Uuid>,
) -> ApiResult<StatusCode> {
    token::revoke(&state.db, &caller.ctx, id).await?;
    state.forget_people();
    Ok(StatusCode::NO_CONTENT)
}

/// A company's settings.
#[derive(Debug, Serialize, ToSchema)]
pub struct TenantView {
    id: Uuid,
    slug: String,
    name: String,
    #[schema(value_type = kernel::Locale)]
    locale: String,
    currency: String,
    time_zone: String,
}

/// `PATCH /tenant`
#[utoipa::path(patch, path = "/tenant", tag = "people", request_body = TenantPatch, responses((status = 200, body = TenantView)))]
pub async fn update_tenant(
    State(state): State<AppState>,
    caller: Caller,
    Body(body): Body<TenantPatch>,
) -> ApiResult<Json<TenantView>> {
    let saved = tenant::update(&state.db, &caller.ctx, &body).await?;
    state.forget_people();
    Ok(Json(TenantView {
        id: saved.id.0,
        slug: saved.slug,
        name: saved.name,
        locale: saved.locale.code().into(),
        currency: saved.currency,
        time_zone: saved.zone.name().into(),
    }))
}
