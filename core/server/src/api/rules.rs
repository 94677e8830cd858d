//! What a record would be like while somebody types, validation rules, and records with old gaps.

use std::collections::BTreeMap;

use ::records::catalogue::condition::ValidationRule;
use ::records::catalogue::rules::{PlacedRule, Tried, Trying};
use ::records::evaluate::Evaluated;
use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use kernel::{Ctx, Message, RecordId};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use super::view::Items;
use crate::http::{ApiResult, Body, Caller, Params};
use crate::state::AppState;

/// A record as it would be.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct EvaluateBody {
    /// Which; none: a new one.
    #[serde(default)]
    #[schema(value_type = Option<Uuid>)]
    id: Option<RecordId>,
    /// Values by key; others as they are kept.
    #[serde(default)]
    #[schema(value_type = std::collections::BTreeMap<String, Value>)]
    fields: Map<String, Value>,
}

/// What the record would be like.
#[derive(Debug, Serialize, ToSchema)]
pub struct EvaluatedView {
    /// Fields that have conditions, by key.
    fields: BTreeMap<String, StateView>,
    /// Values of formulas by key, an amount's currency beside it.
    #[schema(value_type = std::collections::BTreeMap<String, Value>)]
    formulas: BTreeMap<String, Value>,
    /// What speaks against writing it, and what could not be computed.
    errors: Vec<ErrorView>,
}

/// What a field is like in the record.
#[derive(Debug, Serialize, ToSchema)]
pub struct StateView {
    visible: bool,
    required: bool,
    read_only: bool,
    /// Keys of the choices that are offered; absent: all of them.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    options: Option<Vec<String>>,
}

/// Something that is wrong.
#[derive(Debug, Serialize, ToSchema)]
pub struct ErrorView {
    /// Where; absent: with the record as a whole.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    field: Option<String>,
    /// The name of the rule that says so.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    rule: Option<String>,
    /// `required`, `locked`, `option_not_now`, `rule`, `warning`, `condition`, `formula`, or what is wrong with a value.
    code: String,
    /// For people.
    message: String,
    /// Whether a reason overrides it.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    #[schema(required = false)]
    warn: bool,
}

/// A record that would not be taken as it is.
#[derive(Debug, Serialize, ToSchema)]
pub struct ViolationView {
    #[schema(value_type = Uuid)]
    id: RecordId,
    title: String,
    errors: Vec<ErrorView>,
}

/// A page of them.
#[derive(Debug, Serialize, ToSchema)]
pub struct ViolationsView {
    /// Those among the 200 records of this page: none does not mean that there are no more.
    items: Vec<ViolationView>,
    /// For the next page, if there is one.
    next_cursor: Option<String>,
}

/// Which page.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ViolationsParams {
    /// Where the page before ended.
    cursor: Option<String>,
}

/// Which rules.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct RulesParams {
    /// Of this entity.
    entity: Option<String>,
}

/// A validation rule to make.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewRule {
    /// Its entity.
    entity: String,
    /// The rule.
    rule: ValidationRule,
    /// Rules are asked from the smallest on; last where absent.
    #[serde(default)]
    place: Option<i64>,
}

/// A validation rule as it shall be.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ChangedRule {
    /// All of it.
    rule: ValidationRule,
    /// Its place; stays where absent.
    #[serde(default)]
    place: Option<i64>,
}

/// `POST /records/{entity}/evaluate`: states of fields, formulas and errors of a record as it would be; writes nothing.
#[utoipa::path(post, path = "/records/{entity}/evaluate", operation_id = "evaluate_record", tag = "records",
    params(("entity" = String, Path)), request_body = EvaluateBody, responses((status = 200, body = EvaluatedView)))]
pub async fn evaluate(
    State(state): State<AppState>,
    caller: Caller,
    Path(entity): Path<String>,
    Body(body): Body<EvaluateBody>,
) -> ApiResult<Json<EvaluatedView>> {
    let found = state.records.evaluate(&caller.ctx, &entity, body.id, &body.fields).await?;
    let errors = errors(&found, &caller.ctx);
    let state = |state: ::records::conditions::State| StateView {
        visible: state.visible,
        required: state.required,
        read_only: state.read_only,
        options: state.options,
    };
    let fields = found.states.into_iter().map(|(key, one)| (key, state(one))).collect();
    let formulas = found.formulas.into_iter().map(|(key, value)| (key, value.to_json())).collect();
    Ok(Json(EvaluatedView { fields, formulas, errors }))
}

/// `GET /entities/{entity}/violations`: records that would not be taken as they are, newest first.
#[utoipa::path(get, path = "/entities/{entity}/violations", operation_id = "list_violations", tag = "entities",
    params(("entity" = String, Path), ViolationsParams), responses((status = 200, body = ViolationsView)))]
pub async fn violations(
    State(state): State<AppState>,
    caller: Caller,
    Path(entity): Path<String>,
    Params(params): Params<ViolationsParams>,
) -> ApiResult<Json<ViolationsView>> {
    let page = state.records.violations(&caller.ctx, &entity, params.cursor).await?;
    let items = page.items.into_iter().map(|one| ViolationView {
        id: one.id,
        title: one.title,
        errors: errors(&one.found, &caller.ctx),
    });
    Ok(Json(ViolationsView { items: items.collect(), next_cursor: page.next_cursor }))
}

/// `POST /entities/{entity}/expressions/check`: tries a formula or condition on the newest records (administrators).
#[utoipa::path(post, path = "/entities/{entity}/expressions/check", operation_id = "check_expression", tag = "entities",
    params(("entity" = String, Path)), request_body = Trying, responses((status = 200, body = Items<Tried>)))]
pub async fn check_expression(
    State(state): State<AppState>,
    caller: Caller,
    Path(entity): Path<String>,
    Body(trying): Body<Trying>,
) -> ApiResult<Json<Items<Tried>>> {
    Ok(Json(Items { items: state.records.try_expression(&caller.ctx, &entity, trying).await? }))
}

/// `GET /validation-rules` (administrators)
#[utoipa::path(get, path = "/validation-rules", operation_id = "list_rules", tag = "entities", params(RulesParams),
    responses((status = 200, body = Items<PlacedRule>)))]
pub async fn list(
    State(state): State<AppState>,
    caller: Caller,
    Params(params): Params<RulesParams>,
) -> ApiResult<Json<Items<PlacedRule>>> {
    Ok(Json(Items { items: state.records.validation_rules(&caller.ctx, params.entity.as_deref()).await? }))
}

/// `POST /validation-rules` (administrators)
#[utoipa::path(post, path = "/validation-rules", operation_id = "create_rule", tag = "entities", request_body = NewRule,
    responses((status = 201, body = PlacedRule)))]
pub async fn create(
    State(state): State<AppState>,
    caller: Caller,
    Body(body): Body<NewRule>,
) -> ApiResult<(StatusCode, Json<PlacedRule>)> {
    let made = state.records.create_rule(&caller.ctx, &body.entity, body.rule, body.place).await?;
    Ok((StatusCode::CREATED, Json(made)))
}

/// `PUT /validation-rules/{id}` (administrators)
#[utoipa::path(put, path = "/validation-rules/{id}", operation_id = "change_rule", tag = "entities",
    params(("id" = Uuid, Path)), request_body = ChangedRule, responses((status = 200, body = PlacedRule)))]
pub async fn change(
    State(state): State<AppState>,
    caller: Caller,
    Path(id): Path<Uuid>,
    Body(body): Body<ChangedRule>,
) -> ApiResult<Json<PlacedRule>> {
    Ok(Json(state.records.change_rule(&caller.ctx, id, body.rule, body.place).await?))
}

/// `DELETE /validation-rules/{id}` (administrators)
#[utoipa::path(delete, path = "/validation-rules/{id}", operation_id = "remove_rule", tag = "entities",
    params(("id" = Uuid, Path)), responses((status = 204)))]
pub async fn remove(State(state): State<AppState>, caller: Caller, Path(id): Path<Uuid>) -> ApiResult<StatusCode> {
    state.records.remove_rule(&caller.ctx, id).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Everything that is wrong, in the reader's language.
fn errors(found: &Evaluated, ctx: &Ctx) -> Vec<ErrorView> {
    let words = |message: &Message| message.in_locale(ctx.locale);
    let plain = |field: &str, code: &str, message: &Message| ErrorView {
        field: Some(field.to_owned()),
        rule: None,
        code: code.to_owned(),
        message: words(message),
        warn: false,
    };
    let mut all: Vec<ErrorView> =
        found.errors.iter().map(|(field, error)| plain(field, &error.code, &error.message)).collect();
    all.extend(found.rules.iter().map(|rule| ErrorView {
        field: rule.field.clone(),
        rule: Some(rule.name.clone()),
        code: if rule.warn { "warning" } else { "rule" }.to_owned(),
        message: words(&rule.message),
        warn: rule.warn,
    }));
    let fails = |key: &str, problem: &String| Message::key(key).with("problem", problem);
    for (field, state) in &found.states {
        let told = state.problems.iter().map(|one| plain(field, "condition", &fails("field.condition_fails", one)));
        all.extend(told);
    }
    let formulas = found.problems.iter();
    all.extend(formulas.map(|(field, one)| plain(field, "formula", &fails("field.formula_fails", one))));
    all
}
