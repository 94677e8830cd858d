//! Templates of a company's own: `/document-templates/own`, and how papers would look before anything is kept.

use axum::Json;
use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use documents::{
    NewTemplate, OwnTemplate, OwnVersion, Paper, SettingsTrial, TemplateEdit, TemplateKind, Trial, Uploaded,
};
use kernel::{Error, Timestamp};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use super::files::disposition;
use super::timeline::ActorView;
use super::view::Items;
use crate::http::{ApiResult, Body, Caller, Params};
use crate::state::AppState;

/// A version of an own template.
#[derive(Debug, Serialize, ToSchema)]
pub struct OwnVersionView {
    /// From 1.
    version: i64,
    file_name: String,
    /// Bytes.
    size: i64,
    /// Of its bytes, in hexadecimal.
    sha256: String,
    /// Names in it that no paper of the entity had.
    unknown: Vec<String>,
    #[schema(value_type = String)]
    created_at: Timestamp,
    created_by: ActorView,
}

impl OwnVersionView {
    fn of(version: OwnVersion) -> Self {
        Self {
            version: version.version,
            file_name: version.file_name,
            size: version.size,
            sha256: version.sha256,
            unknown: version.unknown,
            created_at: version.created_at,
            created_by: ActorView::of(&version.actor, &Default::default()),
        }
    }
}

/// The bytes of a paper that is shown and not kept.
pub(super) fn shown(bytes: Vec<u8>, kind: TemplateKind) -> ApiResult<Response> {
    let way = if kind == TemplateKind::Typ { "inline" } else { "attachment" };
    let name = if kind == TemplateKind::Typ { "preview.pdf" } else { "preview.docx" };
    let disposition = HeaderValue::from_str(&disposition(way, name)).map_err(Error::internal)?;
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static(kind.media_type())),
        (header::CONTENT_DISPOSITION, disposition),
        (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
    ];
    Ok((headers, bytes).into_response())
}

/// A file that somebody uploaded: saved, never shown as a page of ours.
fn saved(name: &str, bytes: Vec<u8>) -> ApiResult<Response> {
    let disposition = HeaderValue::from_str(&disposition("attachment", name)).map_err(Error::internal)?;
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static("application/octet-stream")),
        (header::CONTENT_DISPOSITION, disposition),
        (header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
        (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
    ];
    Ok((headers, bytes).into_response())
}

/// `GET /document-templates/own`: those of entities that the caller reads.
#[utoipa::path(get, path = "/document-templates/own", tag = "documents", operation_id = "list_own_templates", responses((status = 200, body = Items<OwnTemplate>)))]
pub async fn list(State(state): State<AppState>, caller: Caller) -> ApiResult<Json<Items<OwnTemplate>>> {
    Ok(Json(Items { items: state.documents.own_templates(&caller.ctx).await? }))
}

/// What is uploaded.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct AddParams {
    /// Entity of whose records it makes papers.
    entity: String,
    /// Which kind of paper, of a document of sale; the usual one where it is left out.
    #[serde(default)]
    paper: Option<Paper>,
    /// What people call it; as its file where it is left out.
    #[serde(default)]
    title: Option<String>,
    /// The name of the file: `.typ`, `.zip` or `.docx`.
    name: String,
}

/// `POST /document-templates/own`: adds a template (administrators). The body is the file itself, up to 2 MB; it is set
/// once with an example, so what is wrong with it is told with its line.
#[utoipa::path(post, path = "/document-templates/own", tag = "documents", operation_id = "add_own_template", params(AddParams),
    request_body(content = String, content_type = "application/octet-stream"), responses((status = 201, body = OwnTemplate)))]
pub async fn add(
    State(state): State<AppState>,
    caller: Caller,
    Params(params): Params<AddParams>,
    body: Bytes,
) -> ApiResult<(StatusCode, Json<OwnTemplate>)> {
    let new = NewTemplate { entity: params.entity, paper: params.paper, title: params.title };
    let file = Uploaded { name: params.name, bytes: body.to_vec() };
    Ok((StatusCode::CREATED, Json(state.documents.add_own(&caller.ctx, new, file).await?)))
}

/// A new version.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ReplaceParams {
    /// The name of the file: `.typ`, `.zip` or `.docx`.
    name: String,
    /// The version that was seen.
    seen: i64,
}

/// `PUT /document-templates/own/{id}/content`: its next version (administrators); papers that were made stay as they are.
#[utoipa::path(put, path = "/document-templates/own/{id}/content", tag = "documents", operation_id = "replace_own_template", params(("id" = Uuid, Path), ReplaceParams),
    request_body(content = String, content_type = "application/octet-stream"), responses((status = 200, body = OwnTemplate)))]
pub async fn replace(
    State(state): State<AppState>,
    caller: Caller,
    Path(id): Path<Uuid>,
    Params(params): Params<ReplaceParams>,
    body: Bytes,
) -> ApiResult<Json<OwnTemplate>> {
    let file = Uploaded { name: params.name, bytes: body.to_vec() };
    Ok(Json(state.documents.replace_own(&caller.ctx, id, params.seen, file).await?))
}

/// `PATCH /document-templates/own/{id}`: another title; the one that is taken where nobody chooses (administrators).
#[utoipa::path(patch, path = "/document-templates/own/{id}", tag = "documents", operation_id = "edit_own_template", params(("id" = Uuid, Path)),
    request_body = TemplateEdit, responses((status = 200, body = OwnTemplate)))]
pub async fn edit(
    State(state): State<AppState>,
    caller: Caller,
    Path(id): Path<Uuid>,
    Body(body): Body<TemplateEdit>,
) -> ApiResult<Json<OwnTemplate>> {
    Ok(Json(state.documents.edit_own(&caller.ctx, id, body).await?))
}

/// `DELETE /document-templates/own/{id}` (administrators): refused while it is the usual one or makes a paper.
#[utoipa::path(delete, path = "/document-templates/own/{id}", tag = "documents", operation_id = "remove_own_template", params(("id" = Uuid, Path)), responses((status = 204)))]
pub async fn remove(State(state): State<AppState>, caller: Caller, Path(id): Path<Uuid>) -> ApiResult<StatusCode> {
    state.documents.remove_own(&caller.ctx, id).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// `GET /document-templates/own/{id}/versions`: newest first (administrators).
#[utoipa::path(get, path = "/document-templates/own/{id}/versions", tag = "documents", operation_id = "own_template_versions", params(("id" = Uuid, Path)), responses((status = 200, body = Items<OwnVersionView>)))]
pub async fn versions(
    State(state): State<AppState>,
    caller: Caller,
    Path(id): Path<Uuid>,
) -> ApiResult<Json<Items<OwnVersionView>>> {
    let all = state.documents.own_versions(&caller.ctx, id).await?;
    Ok(Json(Items { items: all.into_iter().map(OwnVersionView::of).collect() }))
}

/// `GET /document-templates/own/{id}/versions/{version}/content`: as it was uploaded (administrators).
#[utoipa::path(get, path = "/document-templates/own/{id}/versions/{version}/content", tag = "documents", operation_id = "own_template_file", params(("id" = Uuid, Path), ("version" = i64, Path)),
    responses((status = 200, content_type = "application/octet-stream", body = String)))]
pub async fn file(
    State(state): State<AppState>,
    caller: Caller,
    Path((id, version)): Path<(Uuid, i64)>,
) -> ApiResult<Response> {
    let (name, bytes) = state.documents.own_file(&caller.ctx, id, version).await?;
    saved(&name, bytes)
}

/// What was seen before going back.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RestoreBody {
    /// The version that was seen.
    seen: i64,
}

/// `POST /document-templates/own/{id}/versions/{version}/restore`: an older version becomes the newest (administrators).
#[utoipa::path(post, path = "/document-templates/own/{id}/versions/{version}/restore", tag = "documents", operation_id = "restore_own_template", params(("id" = Uuid, Path), ("version" = i64, Path)),
    request_body = RestoreBody, responses((status = 200, body = OwnTemplate)))]
pub async fn restore(
    State(state): State<AppState>,
    caller: Caller,
    Path((id, version)): Path<(Uuid, i64)>,
    Body(body): Body<RestoreBody>,
) -> ApiResult<Json<OwnTemplate>> {
    Ok(Json(state.documents.restore_own(&caller.ctx, id, version, body.seen).await?))
}

/// `POST /document-templates/own/{id}/preview`: a draft by it, with a record or an example (administrators).
#[utoipa::path(post, path = "/document-templates/own/{id}/preview", tag = "documents", operation_id = "preview_own_template", params(("id" = Uuid, Path)),
    request_body = Trial, responses((status = 200, body = String, content_type = "application/pdf")))]
pub async fn preview(
    State(state): State<AppState>,
    caller: Caller,
    Path(id): Path<Uuid>,
    Body(body): Body<Trial>,
) -> ApiResult<Response> {
    let (bytes, kind) = state.documents.try_own(&caller.ctx, id, &body).await?;
    shown(bytes, kind)
}

/// `POST /document-templates/{key}/preview`: a draft with settings that are not kept yet (administrators).
#[utoipa::path(post, path = "/document-templates/{key}/preview", tag = "documents", operation_id = "preview_document_template", params(("key" = String, Path)),
    request_body = SettingsTrial, responses((status = 200, body = String, content_type = "application/pdf")))]
pub async fn preview_settings(
    State(state): State<AppState>,
    caller: Caller,
    Path(key): Path<String>,
    Body(body): Body<SettingsTrial>,
) -> ApiResult<Response> {
    shown(state.documents.try_settings(&caller.ctx, &key, &body).await?, TemplateKind::Typ)
}

/// `GET /document-templates/{key}/content`: a template of ours, to begin an own one with.
#[utoipa::path(get, path = "/document-templates/{key}/content", tag = "documents", operation_id = "document_template_source", params(("key" = String, Path)),
    responses((status = 200, content_type = "application/octet-stream", body = String)))]
pub async fn source(State(state): State<AppState>, caller: Caller, Path(key): Path<String>) -> ApiResult<Response> {
    caller.require_role()?;
    let (name, source) = state.documents.source(&key)?;
    saved(&name, source.as_bytes().to_vec())
}
