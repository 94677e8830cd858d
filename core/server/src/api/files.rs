//! Files of records: `/records/{entity}/{id}/files` and `/files/{id}`. Bytes flow in and out in pieces; what a browser may
//! show in its own window is a closed list, and even that in a sandbox.

use std::collections::BTreeMap;

use ::records::files::has_thumbnail;
use axum::Json;
use axum::body::Body as HttpBody;
use axum::extract::{FromRequest, Multipart, Path, Request, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use futures::TryStreamExt;
use kernel::files::{FileRow, kind};
use kernel::{RecordId, Timestamp};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use super::timeline::ActorView;
use super::view::{Items, RefView, refs};
use crate::http::body::{bad_form, bad_request, file_name, media_type, missing};
use crate::http::range::{self, Part};
use crate::http::{ApiResult, Body, Caller, Params};
use crate::state::AppState;

/// A file of a record.
#[derive(Debug, Serialize, ToSchema)]
pub struct FileView {
    id: Uuid,
    /// Entity of its record.
    entity: String,
    /// Its record.
    #[schema(value_type = Uuid)]
    record: RecordId,
    /// Without folders and tricks.
    name: String,
    /// By its content, whatever its sender said.
    media_type: String,
    /// Bytes.
    size: u64,
    /// Of its bytes, in hexadecimal.
    sha256: String,
    #[schema(value_type = String)]
    created_at: Timestamp,
    created_by: ActorView,
    /// Since when it is in the bin.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, nullable = false)]
    removed_at: Option<Timestamp>,
    /// Whether a browser shows it in a window of its own (`/content` without `download`).
    shown: bool,
    /// Whether `/thumbnail` may have a small picture.
    thumbnail: bool,
}

impl FileView {
    fn of(file: FileRow, names: &BTreeMap<Uuid, RefView>) -> Self {
        Self {
            id: file.id,
            created_by: ActorView::of(&file.actor, names),
            shown: kind::is_shown(&file.media_type),
            thumbnail: has_thumbnail(&file),
            entity: file.record.entity.to_string(),
            record: file.record.id,
            name: file.name,
            media_type: file.media_type,
            size: file.size,
            sha256: file.sha256,
            created_at: file.created_at,
            removed_at: file.removed_at,
        }
    }
}

async fn view(state: &AppState, caller: &Caller, file: FileRow) -> ApiResult<Json<FileView>> {
    let names = refs(state.files.names(&caller.ctx, std::slice::from_ref(&file)).await?);
    Ok(Json(FileView::of(file, &names)))
}

/// Which files.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ListParams {
    /// Those in the bin instead.
    #[serde(default)]
    removed: bool,
}

/// `GET /records/{entity}/{id}/files`: newest first.
#[utoipa::path(get, path = "/records/{entity}/{id}/files", tag = "files",
    params(("entity" = String, Path), ("id" = Uuid, Path), ListParams), responses((status = 200, body = Items<FileView>)))]
pub async fn list(
    State(state): State<AppState>,
    caller: Caller,
    Path((entity, id)): Path<(String, RecordId)>,
    Params(params): Params<ListParams>,
) -> ApiResult<Json<Items<FileView>>> {
    let (found, names) = state.files.list(&caller.ctx, &entity, id, params.removed).await?;
    let names = refs(names);
    Ok(Json(Items { items: found.into_iter().map(|file| FileView::of(file, &names)).collect() }))
}

/// A file as a form.
#[derive(Debug, ToSchema)]
#[expect(dead_code, reason = "only describes the form")]
pub struct FileForm {
    /// Its bytes, with its name.
    #[schema(value_type = String, format = Binary)]
    file: String,
}

/// What a file that is sent without a form is called.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct UploadParams {
    /// Its name, when the body is the file itself.
    name: Option<String>,
}

/// `POST /records/{entity}/{id}/files`: a form with a part `file`, or the bytes themselves with `?name=`.
#[utoipa::path(post, path = "/records/{entity}/{id}/files", tag = "files",
    params(("entity" = String, Path), ("id" = Uuid, Path), UploadParams),
    request_body(content = FileForm, content_type = "multipart/form-data"), responses((status = 201, body = FileView)))]
pub async fn upload(
    State(state): State<AppState>,
    caller: Caller,
    Path((entity, id)): Path<(String, RecordId)>,
    Params(params): Params<UploadParams>,
    request: Request,
) -> ApiResult<(StatusCode, Json<FileView>)> {
    let (ctx, files) = (&caller.ctx, &state.files);
    // Before anything is read of what may not be written.
    files.may_add(ctx, &entity, id).await?;
    let is_form = media_type(request.headers()).is_some_and(|kind| kind == "multipart/form-data");
    let added = if is_form {
        let mut form = Multipart::from_request(request, &()).await.map_err(|e| bad_request("body", &e.body_text()))?;
        let mut added = None;
        while let Some(part) = form.next_field().await.map_err(|error| bad_form(&error))? {
            if part.name() != Some("file") || added.is_some() {
                continue;
            }
            let name = params.name.clone().or_else(|| file_name(&part)).unwrap_or_default();
            let bytes = part.map_err(|error| bad_form(&error).0);
            added = Some(files.add(ctx, &entity, id, &name, Box::pin(bytes)).await?);
        }
        added.ok_or_else(|| missing("file", "no_file"))?
    } else {
        let name = params.name.ok_or_else(|| missing("name", "required"))?;
        let bytes = request.into_body().into_data_stream();
        let bytes = bytes.map_err(|error| bad_request("body", &error.to_string()));
        files.add(ctx, &entity, id, &name, bytes).await?
    };
    Ok((StatusCode::CREATED, view(&state, &caller, added).await?))
}

/// `GET /files/{id}`
#[utoipa::path(get, path = "/files/{id}", tag = "files", params(("id" = Uuid, Path)),
    responses((status = 200, body = FileView)))]
pub async fn get(State(state): State<AppState>, caller: Caller, Path(id): Path<Uuid>) -> ApiResult<Json<FileView>> {
    let file = state.files.get(&caller.ctx, id).await?;
    view(&state, &caller, file).await
}

/// Another name.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RenameBody {
    name: String,
}

/// `PATCH /files/{id}`
#[utoipa::path(patch, path = "/files/{id}", tag = "files", params(("id" = Uuid, Path)),
    request_body = RenameBody, responses((status = 200, body = FileView)))]
pub async fn rename(
    State(state): State<AppState>,
    caller: Caller,
    Path(id): Path<Uuid>,
    Body(body): Body<RenameBody>,
) -> ApiResult<Json<FileView>> {
    let file = state.files.rename(&caller.ctx, id, &body.name).await?;
    view(&state, &caller, file).await
}

/// `DELETE /files/{id}`: into the bin.
#[utoipa::path(delete, path = "/files/{id}", tag = "files", params(("id" = Uuid, Path)),
    responses((status = 204)))]
pub async fn remove(State(state): State<AppState>, caller: Caller, Path(id): Path<Uuid>) -> ApiResult<StatusCode> {
    state.files.remove(&caller.ctx, id).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// `POST /files/{id}/restore`: out of the bin.
#[utoipa::path(post, path = "/files/{id}/restore", tag = "files", params(("id" = Uuid, Path)),
    responses((status = 200, body = FileView)))]
pub async fn restore(State(state): State<AppState>, caller: Caller, Path(id): Path<Uuid>) -> ApiResult<Json<FileView>> {
    let file = state.files.restore(&caller.ctx, id).await?;
    view(&state, &caller, file).await
}

/// How to have it.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ContentParams {
    /// To be saved, whatever it is.
    #[serde(default)]
    download: bool,
}

/// `GET /files/{id}/content`: its bytes, or the part that `Range` asks for.
#[utoipa::path(get, path = "/files/{id}/content", tag = "files",
    params(("id" = Uuid, Path), ContentParams),
    responses((status = 200, content_type = "application/octet-stream", body = String), (status = 206, content_type = "application/octet-stream", body = String), (status = 304), (status = 416)))]
pub async fn content(
    State(state): State<AppState>,
    caller: Caller,
    Path(id): Path<Uuid>,
    Params(params): Params<ContentParams>,
    asked: HeaderMap,
) -> ApiResult<Response> {
    let file = state.files.get(&caller.ctx, id).await?;
    let tag = format!("\"{}\"", file.sha256);
    if range::is_known(&asked, &tag) {
        return Ok(with_tag(StatusCode::NOT_MODIFIED.into_response(), &tag));
    }
    let (status, from, length) = match range::of(&asked, &tag, file.size) {
        Part::Whole => (StatusCode::OK, 0, file.size),
        Part::Some { from, length } => (StatusCode::PARTIAL_CONTENT, from, length),
        Part::Outside => {
            let mut response = with_tag(StatusCode::RANGE_NOT_SATISFIABLE.into_response(), &tag);
            set(response.headers_mut(), header::CONTENT_RANGE, &format!("bytes */{}", file.size));
            // The empty body is ours: nothing else is said.
            set(response.headers_mut(), header::CONTENT_TYPE, "application/octet-stream");
            return Ok(response);
        }
    };
    let pieces = state.files.read(&file, from, length).await?;
    let mut response = with_tag(HttpBody::from_stream(pieces.map_err(std::io::Error::other)).into_response(), &tag);
    *response.status_mut() = status;
    let headers = response.headers_mut();
    describe(headers, &file, params.download);
    set(headers, header::CONTENT_LENGTH, &length.to_string());
    set(headers, header::ACCEPT_RANGES, "bytes");
    if status == StatusCode::PARTIAL_CONTENT {
        let last = from.saturating_add(length).saturating_sub(1);
        set(headers, header::CONTENT_RANGE, &format!("bytes {from}-{last}/{}", file.size));
    }
    Ok(response)
}

/// `GET /files/{id}/thumbnail`: a PNG of at most 320 by 320 pixels.
#[utoipa::path(get, path = "/files/{id}/thumbnail", tag = "files", params(("id" = Uuid, Path)),
    responses((status = 200, content_type = "image/png", body = String), (status = 304), (status = 404)))]
pub async fn thumbnail(
    State(state): State<AppState>,
    caller: Caller,
    Path(id): Path<Uuid>,
    asked: HeaderMap,
) -> ApiResult<Response> {
    let file = state.files.get(&caller.ctx, id).await?;
    let tag = format!("\"small-{}\"", file.sha256);
    if range::is_known(&asked, &tag) {
        return Ok(with_tag(StatusCode::NOT_MODIFIED.into_response(), &tag));
    }
    let picture = state.files.thumbnail(&file).await?;
    let mut response = with_tag(picture.into_response(), &tag);
    set(response.headers_mut(), header::CONTENT_TYPE, "image/png");
    set(response.headers_mut(), header::CONTENT_SECURITY_POLICY, SANDBOX);
    Ok(response)
}

/// Of whatever is shown: nothing runs, nothing is loaded.
const SANDBOX: &str = "default-src 'none'; style-src 'unsafe-inline'; sandbox; frame-ancestors 'none'";
/// Of PDF, which browsers do not show in a sandbox; their readers are one.
const PDF: &str = "default-src 'none'; object-src 'self'; style-src 'unsafe-inline'; frame-ancestors 'none'";

fn describe(headers: &mut HeaderMap, file: &FileRow, download: bool) {
    let shown = kind::is_shown(&file.media_type);
    let text = file.media_type.starts_with("text/");
    // Of texts a browser is told nothing finer: it shows them all alike.
    let sent = match shown {
        true if text => "text/plain; charset=utf-8",
        true => &file.media_type,
        // The type of what is not shown is for programs.
        false if text => "application/octet-stream",
        false => &file.media_type,
    };
    set(headers, header::CONTENT_TYPE, sent);
    let policy = if file.media_type == "application/pdf" { PDF } else { SANDBOX };
    set(headers, header::CONTENT_SECURITY_POLICY, policy);
    set(headers, header::X_CONTENT_TYPE_OPTIONS, "nosniff");
    let way = if shown && !download { "inline" } else { "attachment" };
    set(headers, header::CONTENT_DISPOSITION, &disposition(way, &file.name));
}

/// `Content-Disposition` (RFC 6266) with the name twice: in plain letters, and whole (RFC 8187).
pub(super) fn disposition(way: &str, name: &str) -> String {
    let plain = |letter: char| if letter.is_ascii_alphanumeric() || ".-_ ".contains(letter) { letter } else { '_' };
    let plain: String = name.chars().map(plain).collect();
    let whole: String = name
        .bytes()
        .map(|byte| match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'.' | b'-' | b'_' => char::from(byte).to_string(),
            byte => format!("%{byte:02X}"),
        })
        .collect();
    format!("{way}; filename=\"{plain}\"; filename*=UTF-8''{whole}")
}

/// Rights are asked each time, so a cache asks too.
fn with_tag(mut response: Response, tag: &str) -> Response {
    set(response.headers_mut(), header::ETAG, tag);
    set(response.headers_mut(), header::CACHE_CONTROL, "private, no-cache, no-transform");
    response
}

fn set(headers: &mut HeaderMap, name: header::HeaderName, value: &str) {
    if let Ok(value) = HeaderValue::from_str(value) {
        headers.insert(name, value);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_in_headers_are_letters_and_nothing_else() {
        assert_eq!(
            disposition("inline", "Отчёт \"1\"; x=\r\n.pdf"),
            "inline; filename=\"_____ _1__ x___.pdf\"; filename*=UTF-8''%D0%9E%D1%82%D1%87%D1%91%D1%82%20%221%22%3B%20x%3D%0D%0A.pdf"
        );
    }
}
