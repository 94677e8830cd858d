//! `/configuration`: what administrators made of the company, as a file for another one; what changed, and the way back.

use axum::Json;
use axum::body::Bytes;
use axum::extract::{Path, Request, State};
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use kernel::audit::{self, Wanted};
use kernel::error::FieldError;
use kernel::moving::Area;
use kernel::text::lookup;
use kernel::{Error, Message, Timestamp, UserId};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use super::audit::{names, place};
use super::plugins::uploaded;
use super::timeline::ActorView;
use super::view::Items;
use crate::configuration::{self, Plan, history};
use crate::http::{ApiResult, Caller, Params};
use crate::state::AppState;

/// Changes of a page unless it is said.
const PAGE: u64 = 50;

/// Which areas.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct AreasParams {
    /// Names of areas with commas between them; all of them where absent.
    areas: Option<String>,
}

/// Whether something is only tried.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct TryParams {
    /// Only says what would be done.
    dry_run: Option<bool>,
}

/// Which changes.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ChangesParams {
    /// Of this area.
    area: Option<Area>,
    /// Whoever made them.
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

/// A file of configuration (zip), for the API's description.
#[derive(Debug, ToSchema)]
#[schema(value_type = String, format = Binary)]
pub struct ConfigurationFile(#[expect(dead_code, reason = "only described")] Bytes);

/// What there is of an area.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ConfigurationAreaContent)]
pub struct AreaView {
    area: Area,
    /// Objects that a file would carry.
    count: usize,
    /// Those that stay in the company.
    left_out: Vec<LeftOut>,
}

/// An object that stays in the company.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ConfigurationLeftOut)]
pub struct LeftOut {
    key: String,
    /// Why.
    message: String,
}

/// A change of the configuration.
#[derive(Debug, Serialize, ToSchema)]
pub struct ConfigurationChange {
    id: Uuid,
    #[schema(value_type = String)]
    at: Timestamp,
    actor: ActorView,
    /// What was done, dotted.
    action: String,
    /// The same in words.
    text: String,
    /// The area; absent of what no file carries.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    area: Option<Area>,
    /// The object's name.
    key: String,
    /// What it said; absent: it was not there, or that is not kept.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>, nullable = false)]
    before: Option<Value>,
    /// What it says since then; absent: it is gone, or that is not kept.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>, nullable = false)]
    after: Option<Value>,
    /// Of an import: how much it brought.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    note: Option<String>,
    /// Whether it can be brought back to what it was.
    restorable: bool,
}

/// Changes, the newest first.
#[derive(Debug, Serialize, ToSchema)]
pub struct ConfigurationChanges {
    items: Vec<ConfigurationChange>,
    next_cursor: Option<String>,
}

/// `GET /configuration`: a zip of what administrators made, without ids, people and records (administrators). The same content has
/// the same bytes.
#[utoipa::path(get, path = "/configuration", operation_id = "export", tag = "configuration", params(AreasParams),
    responses((status = 200, body = ConfigurationFile, content_type = "application/zip")))]
pub async fn export(
    State(state): State<AppState>,
    caller: Caller,
    Params(params): Params<AreasParams>,
) -> ApiResult<Response> {
    let areas = wanted_areas(params.areas.as_deref())?;
    let bytes = configuration::export(&state, &caller.ctx, &areas).await?;
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static("application/zip")),
        (header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
        (header::CONTENT_DISPOSITION, HeaderValue::from_static("attachment; filename=\"configuration.zip\"")),
    ];
    Ok((headers, bytes).into_response())
}

fn wanted_areas(text: Option<&str>) -> Result<Vec<Area>, Error> {
    let Some(text) = text else { return Ok(Area::ALL.to_vec()) };
    let named = |name: &str| {
        let short: String = name.chars().take(80).collect();
        let unknown = || FieldError::new("unknown_name").with("value", short);
        Area::named(name.trim()).ok_or_else(|| Error::field("request.invalid", "areas", unknown()))
    };
    let mut areas = text.split(',').take(100).map(named).collect::<Result<Vec<Area>, Error>>()?;
    areas.sort();
    areas.dedup();
    Ok(areas)
}

/// `GET /configuration/areas`: how much a file of each area would carry, and what stays (administrators).
#[utoipa::path(get, path = "/configuration/areas", operation_id = "areas", tag = "configuration",
    responses((status = 200, body = Items<AreaView>)))]
pub async fn areas(State(state): State<AppState>, caller: Caller) -> ApiResult<Json<Items<AreaView>>> {
    let locale = caller.ctx.locale;
    let told = |(key, why): (String, Message)| LeftOut { key, message: why.in_locale(locale) };
    let found = configuration::areas(&state, &caller.ctx).await?;
    let items = found.into_iter().map(|(area, found)| AreaView {
        area,
        count: found.objects.len(),
        left_out: found.left_out.into_iter().map(told).collect(),
    });
    Ok(Json(Items { items: items.collect() }))
}

/// `POST /configuration/import`: takes a file in as a whole, or says with `dry_run` what that would do; sent as the body or as the
/// multipart field `file` (administrators). 409 `config.import` with the plan where something is missing or contradicts what is there.
#[utoipa::path(post, path = "/configuration/import", operation_id = "import", tag = "configuration", params(TryParams),
    request_body(content = ConfigurationFile, content_type = "application/octet-stream"), responses((status = 200, body = Plan)))]
pub async fn import(
    State(state): State<AppState>,
    caller: Caller,
    Params(params): Params<TryParams>,
    request: Request,
) -> ApiResult<Json<Plan>> {
    // Before anything of it is read.
    ::records::catalogue::moving::require(&caller.ctx)?;
    let bytes = uploaded(request).await?;
    Ok(Json(configuration::import(&state, &caller.ctx, &bytes, params.dry_run.unwrap_or(false)).await?))
}

/// `GET /configuration/changes`: who changed what of the configuration, and when (administrators). Of an area: a page may have fewer
/// than it could.
#[utoipa::path(get, path = "/configuration/changes", operation_id = "changes", tag = "configuration",
    params(ChangesParams), responses((status = 200, body = ConfigurationChanges)))]
pub async fn changes(
    State(state): State<AppState>,
    caller: Caller,
    Params(params): Params<ChangesParams>,
) -> ApiResult<Json<ConfigurationChanges>> {
    let invalid = || Error::field("request.invalid", "cursor", FieldError::new("invalid"));
    let area = params.area;
    let wanted = Wanted {
        person: params.person.map(UserId),
        since: params.since,
        until: params.until,
        before: params.cursor.as_deref().map(|cursor| place(cursor).ok_or_else(invalid)).transpose()?,
        limit: params.limit.unwrap_or(PAGE).clamp(1, audit::PAGE),
        ..Wanted::default()
    };
    let limit = wanted.limit;
    let found = history::list(&state, &caller.ctx, area, wanted).await?;
    let full = u64::try_from(found.len()).is_ok_and(|count| count == limit);
    let next_cursor = found.last().filter(|_| full).map(|(act, _)| format!("{}_{}", act.at.0, act.id));
    let names = names(&state, &caller).await?;
    let locale = caller.ctx.locale;
    let shown = found
        .into_iter()
        .filter(|(act, changed)| act.action != "rule.overridden" && area.is_none_or(|area| changed.area == Some(area)));
    let items = shown.map(|(act, changed)| {
        let count = |part: &str| act.detail.get(part).and_then(Value::as_u64);
        let note = count("created").zip(count("changed")).map(|(created, changed)| {
            Message::key("configuration.brought").with("created", created).with("changed", changed).in_locale(locale)
        });
        ConfigurationChange {
            id: act.id,
            at: act.at,
            actor: ActorView::of(&act.actor, &names),
            text: lookup(locale, &format!("audit.{}", act.action)).unwrap_or(&act.action).to_owned(),
            action: act.action.clone(),
            area: changed.area,
            key: changed.key,
            before: changed.before,
            after: changed.after,
            note,
            restorable: changed.restorable,
        }
    });
    Ok(Json(ConfigurationChanges { items: items.collect(), next_cursor }))
}

/// `POST /configuration/changes/{id}/restore`: brings an object back to what it was before a change, everything to what it was before
/// an import; or says with `dry_run` what that would do (administrators). 409 `config.no_history` where that is not kept.
#[utoipa::path(post, path = "/configuration/changes/{id}/restore", operation_id = "restore", tag = "configuration",
    params(("id" = Uuid, Path), TryParams), responses((status = 200, body = Plan)))]
pub async fn restore(
    State(state): State<AppState>,
    caller: Caller,
    Path(id): Path<Uuid>,
    Params(params): Params<TryParams>,
) -> ApiResult<Json<Plan>> {
    Ok(Json(history::restore(&state, &caller.ctx, id, params.dry_run.unwrap_or(false)).await?))
}
