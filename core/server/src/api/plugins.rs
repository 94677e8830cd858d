//! `/plugins`: what is installed, what this company runs, and the plugins' own routes.

use ::records::catalogue::declared::Purged;
use axum::Json;
use axum::body::Bytes;
use axum::extract::{FromRequest, Multipart, Path, Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use futures::stream;
use kernel::{Error, Message, db};
use plugin_host::gates::Gate;
use plugin_host::settings::Settings;
use plugin_host::view::{PluginDetail, PluginSummary};
use plugin_host::{Cost, Given, Grants, HttpCaller, HttpRequest, HttpResponse, LogEntry, LogLevel};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use super::records::matched;
use super::view::Items;
use crate::http::body::{bad_form, bad_request, given, media_type, missing};
use crate::http::{ApiResult, Body, Caller, NO_STORE, Params};
use crate::state::AppState;

/// A package (`.vpkg`), for the API's description.
#[derive(Debug, ToSchema)]
#[schema(value_type = String, format = Binary)]
pub struct PackageFile(#[expect(dead_code, reason = "only described")] Bytes);

/// `GET /plugins`
#[utoipa::path(get, path = "/plugins", tag = "plugins", responses((status = 200, body = Items<PluginSummary>)))]
pub async fn list(State(state): State<AppState>, caller: Caller) -> ApiResult<Json<Items<PluginSummary>>> {
    Ok(Json(Items { items: state.plugins.list(&caller.ctx).await? }))
}

/// `POST /plugins`: installs a package, sent as the body or as the multipart field `file`.
#[utoipa::path(post, path = "/plugins", tag = "plugins", request_body(content = PackageFile, content_type = "application/octet-stream"),
    responses((status = 201, body = PluginDetail)))]
pub async fn install(State(state): State<AppState>, caller: Caller, request: Request) -> ApiResult<Response> {
    people::require_admin(&caller.ctx)?;
    if !state.config.plugins.tenant_upload {
        caller.require_operator()?;
    }
    let bytes = uploaded(request).await?;
    // The body flowed in here: nobody around can send it again.
    let id = db::again_raced(|| state.plugins.install(&caller.ctx, &bytes)).await?;
    Ok((StatusCode::CREATED, detail(&state, &caller, &id).await?).into_response())
}

/// The plugin as it is now; with a secret in it nobody may keep the answer.
async fn detail(state: &AppState, caller: &Caller, id: &str) -> ApiResult<Response> {
    let detail = state.plugins.get(&caller.ctx, id).await?;
    let secret = detail.secret.is_some();
    Ok(if secret { (NO_STORE, Json(detail)).into_response() } else { Json(detail).into_response() })
}

/// A file that is sent as the body or as the multipart field `file`.
pub(super) async fn uploaded(request: Request) -> ApiResult<Bytes> {
    let too_large = || Error::TooLarge(Message::key("error.body_too_large"));
    let form = media_type(request.headers()).is_some_and(|kind| kind.starts_with("multipart/"));
    if !form {
        return Ok(Bytes::from_request(request, &()).await.map_err(|_| too_large())?);
    }
    let mut parts = Multipart::from_request(request, &()).await.map_err(|e| bad_request("body", &e.body_text()))?;
    while let Some(part) = parts.next_field().await.map_err(|error| bad_form(&error))? {
        if part.name() == Some("file") {
            return part.bytes().await.map_err(|error| bad_form(&error));
        }
    }
    Err(missing("file", "no_file").into())
}

/// `GET /plugins/{id}`
#[utoipa::path(get, path = "/plugins/{id}", tag = "plugins", params(("id" = String, Path)), responses((status = 200, body = PluginDetail)))]
pub async fn get(State(state): State<AppState>, caller: Caller, Path(id): Path<String>) -> ApiResult<Response> {
    detail(&state, &caller, &id).await
}

/// What an administrator allows.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct EnableBody {
    /// `"requested"`, or the keys of permissions.
    grants: GrantsBody,
    /// The version whose permissions were looked at: needed when it asks for more than the one before. An older one takes the
    /// company back. The newest when left out.
    version: Option<String>,
    /// Settings; those before stay when left out.
    #[schema(value_type = Option<std::collections::BTreeMap<String, serde_json::Value>>)]
    settings: Option<Settings>,
    /// The departments that it is on for, with those below them; `null` for everybody. Those before stay when left out; at
    /// first it is on for everybody.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<Vec<Uuid>>)]
    departments: Option<Gate>,
    /// Whom the roles that it brings are given to, by their keys; whoever has one keeps it.
    #[serde(default)]
    #[schema(value_type = std::collections::BTreeMap<String, Vec<Uuid>>)]
    roles: Given,
}

/// Which permissions.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(untagged)]
enum GrantsBody {
    #[schema(value_type = Vec<String>)]
    Keys(std::collections::BTreeSet<String>),
    Word(Requested),
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
enum Requested {
    Requested,
}

/// `POST /plugins/{id}/enable`
#[utoipa::path(post, path = "/plugins/{id}/enable", tag = "plugins", params(("id" = String, Path)), request_body = EnableBody, responses((status = 200, body = PluginDetail)))]
pub async fn enable(
    State(state): State<AppState>,
    caller: Caller,
    Path(id): Path<String>,
    Body(body): Body<EnableBody>,
) -> ApiResult<Response> {
    let keys = match body.grants {
        GrantsBody::Keys(keys) => Some(keys),
        GrantsBody::Word(Requested::Requested) => None,
    };
    let grants = match (body.version, keys) {
        (Some(version), keys) => Grants::Seen { version, keys },
        (None, Some(keys)) => Grants::Keys(keys),
        (None, None) => Grants::Requested,
    };
    let (settings, gate) = (body.settings.as_ref(), body.departments.as_ref());
    state.plugins.enable_for(&caller.ctx, &id, &grants, settings, gate, &body.roles).await?;
    // It may have brought roles, and rules that name its entities are judged anew.
    state.forget_people();
    detail(&state, &caller, &id).await
}

/// `POST /plugins/{id}/disable`
#[utoipa::path(post, path = "/plugins/{id}/disable", tag = "plugins", params(("id" = String, Path)), responses((status = 200, body = PluginDetail)))]
pub async fn disable(State(state): State<AppState>, caller: Caller, Path(id): Path<String>) -> ApiResult<Response> {
    state.plugins.disable(&caller.ctx, &id).await?;
    // Rules of roles that name its entities are judged anew.
    state.forget_people();
    detail(&state, &caller, &id).await
}

/// `POST /plugins/{id}/purge`: removes for good what a plugin that is off has left in this company, its records among it.
#[utoipa::path(post, path = "/plugins/{id}/purge", tag = "plugins", params(("id" = String, Path)), responses((status = 200, body = Purged)))]
pub async fn purge(State(state): State<AppState>, caller: Caller, Path(id): Path<String>) -> ApiResult<Json<Purged>> {
    let purged = state.plugins.purge(&caller.ctx, &id).await?;
    state.forget_people();
    Ok(Json(purged))
}

/// How what is held of a plugin is taken away.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
#[schema(as = PluginExportFormat)]
pub enum ExportAs {
    /// One JSON object a line: everything.
    #[default]
    Jsonl,
    /// A workbook with a sheet of each entity, for people; up to 100,000 records.
    Xlsx,
}

/// How to export.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ExportQuery {
    /// `jsonl` when left out.
    #[serde(default, rename = "as")]
    #[param(inline)]
    format: ExportAs,
}

/// `GET /plugins/{id}/export`: all that the company holds of a plugin, one JSON object a line: what it is and was set to
/// (without secrets), each of its entities with the definition and the records (those of the bin too), its fields on other
/// records, its keys (base64). For whoever switches it off and removes its data. `as=xlsx`: the records alone, a sheet of each
/// entity.
#[utoipa::path(get, path = "/plugins/{id}/export", operation_id = "export_plugin", tag = "plugins", params(("id" = String, Path), ExportQuery), responses((status = 200, body = String, content_type = "application/x-ndjson")))]
pub async fn export(
    State(state): State<AppState>,
    caller: Caller,
    Path(id): Path<String>,
    Params(query): Params<ExportQuery>,
) -> ApiResult<Response> {
    let name: String = id.chars().map(|letter| if letter.is_ascii_alphanumeric() { letter } else { '-' }).collect();
    if query.format == ExportAs::Xlsx {
        let book = state.plugins.workbook(&caller.ctx, &id).await?;
        return Ok((attached(XLSX, &format!("{name}.xlsx")), book).into_response());
    }
    let export = state.plugins.export(&caller.ctx, &id).await?;
    let host = state.plugins.clone();
    let lines = stream::try_unfold(Some(export), move |export| {
        let host = host.clone();
        async move {
            let Some(mut export) = export else { return Ok(None) };
            let Some(lines) = host.next_lines(&mut export).await? else { return Ok(None) };
            let text: String = lines.into_iter().map(|line| format!("{line}\n")).collect();
            Ok::<_, Error>(Some((Bytes::from(text), Some(export))))
        }
    });
    let headers = attached("application/x-ndjson", &format!("{name}.jsonl"));
    Ok((headers, axum::body::Body::from_stream(lines)).into_response())
}

const XLSX: &str = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet";

/// Heads of a file that is taken away.
fn attached(media_type: &str, name: &str) -> [(HeaderName, String); 3] {
    [
        (header::CONTENT_TYPE, media_type.to_owned()),
        (header::CONTENT_DISPOSITION, format!("attachment; filename=\"{name}\"")),
        (header::CACHE_CONTROL, "no-store".to_owned()),
    ]
}

/// New settings.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SettingsBody {
    #[schema(value_type = std::collections::BTreeMap<String, serde_json::Value>)]
    settings: Settings,
}

/// `PUT /plugins/{id}/settings`
#[utoipa::path(put, path = "/plugins/{id}/settings", tag = "plugins", params(("id" = String, Path)), request_body = SettingsBody, responses((status = 200, body = PluginDetail)))]
pub async fn settings(
    State(state): State<AppState>,
    caller: Caller,
    Path(id): Path<String>,
    Body(body): Body<SettingsBody>,
) -> ApiResult<Response> {
    state.plugins.set_settings(&caller.ctx, &id, &body.settings).await?;
    detail(&state, &caller, &id).await
}

/// Whom a module is on for.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct GateBody {
    /// Departments, with those below them; `null` for everybody, none of them for nobody.
    #[serde(deserialize_with = "named")]
    #[schema(value_type = Option<Vec<Uuid>>)]
    departments: Gate,
}

/// What must be said, if only by `null`.
fn named<'de, D: serde::Deserializer<'de>>(from: D) -> Result<Gate, D::Error> {
    Gate::deserialize(from)
}

/// `PUT /plugins/{id}/gate`: whom the module is on for. For everybody else it does not exist, from the next request on. With
/// `If-Match` only over the gate that was seen (`gate_version`): 409 `plugin.gate_changed` otherwise.
#[utoipa::path(put, path = "/plugins/{id}/gate", operation_id = "set_plugin_gate", tag = "plugins", params(("id" = String, Path), ("If-Match" = Option<String>, Header, description = "The `gate_version` that was seen")), request_body = GateBody, responses((status = 200, body = PluginDetail)))]
pub async fn gate(
    State(state): State<AppState>,
    caller: Caller,
    Path(id): Path<String>,
    headers: HeaderMap,
    Body(body): Body<GateBody>,
) -> ApiResult<Response> {
    state.plugins.set_gate(&caller.ctx, &id, &body.departments, matched(&headers)).await?;
    detail(&state, &caller, &id).await
}

/// `POST /plugins/{id}/secret`: makes a new secret for signed routes.
#[utoipa::path(post, path = "/plugins/{id}/secret", tag = "plugins", params(("id" = String, Path)), responses((status = 200, body = PluginDetail)))]
pub async fn rotate_secret(
    State(state): State<AppState>,
    caller: Caller,
    Path(id): Path<String>,
) -> ApiResult<Response> {
    state.plugins.rotate_secret(&caller.ctx, &id).await?;
    detail(&state, &caller, &id).await
}

/// `DELETE /plugins/{id}`: removes a plugin that no company runs.
#[utoipa::path(delete, path = "/plugins/{id}", tag = "plugins", params(("id" = String, Path)), responses((status = 204)))]
pub async fn uninstall(State(state): State<AppState>, caller: Caller, Path(id): Path<String>) -> ApiResult<StatusCode> {
    people::require_admin(&caller.ctx)?;
    if !state.config.plugins.tenant_upload {
        caller.require_operator()?;
    }
    state.plugins.uninstall(&caller.ctx, &id).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Which lines.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct LogParams {
    /// Id of the last line of the page before.
    cursor: Option<Uuid>,
    /// At least as serious.
    #[param(value_type = Option<LogLevel>)]
    level: Option<String>,
}

/// A page of a plugin's log, newest first.
#[derive(Debug, Serialize, ToSchema)]
pub struct LogPage {
    items: Vec<LogEntry>,
    next_cursor: Option<Uuid>,
}

/// `GET /plugins/{id}/logs`
#[utoipa::path(get, path = "/plugins/{id}/logs", tag = "plugins", params(("id" = String, Path), LogParams), responses((status = 200, body = LogPage)))]
pub async fn logs(
    State(state): State<AppState>,
    caller: Caller,
    Path(id): Path<String>,
    Params(params): Params<LogParams>,
) -> ApiResult<Json<LogPage>> {
    let level = params.level.as_deref().map(level).transpose()?;
    let items = state.plugins.logs(&caller.ctx, &id, params.cursor, level).await?;
    let next_cursor = items.last().filter(|_| items.len() >= 100).map(|line| line.id);
    Ok(Json(LogPage { items, next_cursor }))
}

fn level(text: &str) -> Result<LogLevel, Error> {
    serde_json::from_value(text.into()).map_err(|_| bad_request("level", "debug, info, warning, error"))
}

/// `GET /plugins/{id}/cost`
#[utoipa::path(get, path = "/plugins/{id}/cost", tag = "plugins", params(("id" = String, Path)), responses((status = 200, body = Items<Cost>)))]
pub async fn cost(
    State(state): State<AppState>,
    caller: Caller,
    Path(id): Path<String>,
) -> ApiResult<Json<Items<Cost>>> {
    Ok(Json(Items { items: state.plugins.cost(&caller.ctx, &id).await? }))
}

/// `ANY /plugins/{id}/http/{path}`: a plugin's routes for people who are signed in.
pub async fn call(
    State(state): State<AppState>,
    caller: Caller,
    Path((id, _)): Path<(String, String)>,
    request: Request,
) -> ApiResult<Response> {
    let prefix = format!("/api/v1/plugins/{id}/http");
    let request = convert(request, &prefix).await?;
    Ok(answer(state.plugins.http(HttpCaller::User(&caller.ctx), &id, request).await?))
}

/// `ANY /hooks/{tenant}/{plugin}/{path}`: a plugin's public routes, which prove by themselves who calls.
pub async fn hook(
    State(state): State<AppState>,
    Path((tenant, id, _)): Path<(String, String, String)>,
    request: Request,
) -> ApiResult<Response> {
    let found = people::tenant::by_slug(&state.db, &tenant).await?;
    let request = convert(request, &format!("/hooks/{tenant}/{id}")).await?;
    Ok(answer(state.plugins.http(HttpCaller::Public(found.id), &id, request).await?))
}

async fn convert(request: Request, prefix: &str) -> ApiResult<HttpRequest> {
    let (parts, body) = request.into_parts();
    let query = parts.uri.query().unwrap_or_default();
    let query: Vec<(String, String)> =
        serde_urlencoded::from_str(query).map_err(|e| bad_request("query", &e.to_string()))?;
    let path = parts.uri.path();
    let bytes = Bytes::from_request(Request::new(body), &())
        .await
        .map_err(|_| Error::TooLarge(Message::key("error.body_too_large")))?;
    Ok(HttpRequest {
        method: parts.method.to_string(),
        path: path.strip_prefix(prefix).unwrap_or(path).to_owned(),
        query,
        headers: headers(&parts.headers),
        body: bytes.to_vec(),
    })
}

fn headers(map: &HeaderMap) -> Vec<(String, String)> {
    map.iter().filter_map(|(name, value)| Some((name.as_str().to_owned(), value.to_str().ok()?.to_owned()))).collect()
}

fn answer(response: HttpResponse) -> Response {
    let status = StatusCode::from_u16(response.status).unwrap_or(StatusCode::OK);
    let mut answer = (status, response.body).into_response();
    for (name, value) in response.headers {
        if let (Ok(name), Ok(value)) = (HeaderName::try_from(name), HeaderValue::try_from(value)) {
            answer.headers_mut().insert(name, value);
        }
    }
    answer
}
