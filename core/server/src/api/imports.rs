//! `/imports`: files with rows into records. A file is uploaded, mapped, checked, started; its progress is polled.

use std::path::PathBuf;

use ::records::import::{ColumnValues, Header, Import, Mapped, Options, Source};
use axum::Json;
use axum::body::Body as HttpBody;
use axum::extract::multipart::Field;
use axum::extract::{FromRequest, Multipart, Path, Request, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use futures::stream;
use kernel::Error;
use serde::Deserialize;
use tokio::io::AsyncWriteExt;
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use super::view::Items;
use crate::http::body::{bad_form, bad_request, file_name, missing};
use crate::http::{ApiResult, Body, Caller, Params};
use crate::sheet_link;
use crate::state::AppState;

/// A file to import, as a form.
#[derive(Debug, ToSchema)]
#[expect(dead_code, reason = "only describes the form")]
pub struct UploadForm {
    /// What the rows become.
    entity: String,
    /// CSV or XLSX.
    #[schema(value_type = String, format = Binary)]
    file: String,
}

/// Where columns go, and how.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RunBody {
    /// The mapping of before when left out.
    mapping: Option<Vec<Mapped>>,
    /// Those of before when left out.
    options: Option<Options>,
}

/// A table on the internet.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = ImportLink)]
pub struct LinkBody {
    /// What the rows become.
    entity: String,
    /// An https link: to a sheet of Google that everybody with the link may see, or to any CSV or XLSX file.
    url: String,
}

/// Which column, and for what.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ValuesQuery {
    /// Its place, from 0.
    #[serde(default)]
    column: usize,
    /// Key of the field that the values are for; that of the mapping when left out.
    #[serde(default)]
    field: Option<String>,
}

/// Which report.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ReportQuery {
    /// Rows that were taken without some of their cells, instead of those that were refused.
    #[serde(default)]
    left_out: bool,
}

/// `GET /imports`: the caller's own, newest first.
#[utoipa::path(get, path = "/imports", tag = "imports", responses((status = 200, body = Items<Import>)))]
pub async fn list(State(state): State<AppState>, caller: Caller) -> ApiResult<Json<Items<Import>>> {
    Ok(Json(Items { items: state.imports.list(&caller.ctx).await? }))
}

/// `POST /imports`
#[utoipa::path(post, path = "/imports", tag = "imports", request_body(content = UploadForm, content_type = "multipart/form-data"),
    responses((status = 201, body = Import)))]
pub async fn upload(
    State(state): State<AppState>,
    caller: Caller,
    request: Request,
) -> ApiResult<(StatusCode, Json<Import>)> {
    let mut form = Multipart::from_request(request, &()).await.map_err(|e| bad_request("body", &e.body_text()))?;
    let (mut entity, mut file) = (None, None);
    while let Some(part) = form.next_field().await.map_err(|error| bad_form(&error))? {
        match part.name() {
            Some("entity") => entity = Some(part.text().await.map_err(|error| bad_form(&error))?),
            Some("file") if file.is_none() => {
                let name = file_name(&part).unwrap_or_else(|| "file".to_owned());
                let kept = Temporary(state.imports.temporary(&caller.ctx).await?);
                receive(part, &kept.0).await?;
                file = Some((name, kept));
            }
            _ => {}
        }
    }
    let (name, file) = file.ok_or_else(|| missing("file", "no_file"))?;
    let entity = entity.ok_or_else(|| missing("entity", "no_entity"))?;
    let import = state.imports.upload(&caller.ctx, &entity, &name, Source::File(file.0.clone())).await?;
    Ok((StatusCode::CREATED, Json(import)))
}

/// `POST /imports/link`: fetches a table and takes it in like an uploaded file.
#[utoipa::path(post, path = "/imports/link", tag = "imports", operation_id = "imports_link", request_body = LinkBody,
    responses((status = 201, body = Import)))]
pub async fn link(
    State(state): State<AppState>,
    caller: Caller,
    Body(body): Body<LinkBody>,
) -> ApiResult<(StatusCode, Json<Import>)> {
    // Nothing is fetched for somebody who may not import it.
    state.imports.may(&caller.ctx, &body.entity).await?;
    let most = usize::try_from(state.imports.max_bytes()).unwrap_or(usize::MAX);
    let plain = state.config.webhooks.allow_private;
    let found = sheet_link::fetch(&state.wire, &body.url, plain, most, caller.ctx.locale).await?;
    let import = state.imports.upload(&caller.ctx, &body.entity, &found.name, Source::Bytes(found.bytes)).await?;
    Ok((StatusCode::CREATED, Json(import)))
}

/// A file that is gone when it is dropped, wherever the upload breaks off, unless it was moved away.
struct Temporary(PathBuf);

impl Drop for Temporary {
    fn drop(&mut self) {
        drop(std::fs::remove_file(&self.0));
    }
}

/// Writes an uploaded file to disk piece by piece.
async fn receive(mut part: Field<'_>, path: &std::path::Path) -> ApiResult<()> {
    let mut file = tokio::fs::File::create(path).await.map_err(Error::internal)?;
    while let Some(piece) = part.chunk().await.map_err(|error| bad_form(&error))? {
        file.write_all(&piece).await.map_err(Error::internal)?;
    }
    Ok(file.flush().await.map_err(Error::internal)?)
}

/// `GET /imports/{id}`
#[utoipa::path(get, path = "/imports/{id}", tag = "imports", params(("id" = Uuid, Path)), responses((status = 200, body = Import)))]
pub async fn get(State(state): State<AppState>, caller: Caller, Path(id): Path<Uuid>) -> ApiResult<Json<Import>> {
    Ok(Json(state.imports.get(&caller.ctx, id).await?))
}

/// `POST /imports/{id}/header`: says which rows name the columns; the mapping is suggested anew.
#[utoipa::path(post, path = "/imports/{id}/header", tag = "imports", operation_id = "imports_header", params(("id" = Uuid, Path)), request_body = Header, responses((status = 200, body = Import)))]
pub async fn header(
    State(state): State<AppState>,
    caller: Caller,
    Path(id): Path<Uuid>,
    Body(header): Body<Header>,
) -> ApiResult<Json<Import>> {
    Ok(Json(state.imports.set_header(&caller.ctx, id, header).await?))
}

/// `GET /imports/{id}/values`: the different values of a column, with what they mean in a field.
#[utoipa::path(get, path = "/imports/{id}/values", tag = "imports", operation_id = "imports_values", params(("id" = Uuid, Path), ValuesQuery), responses((status = 200, body = ColumnValues)))]
pub async fn values(
    State(state): State<AppState>,
    caller: Caller,
    Path(id): Path<Uuid>,
    Params(query): Params<ValuesQuery>,
) -> ApiResult<Json<ColumnValues>> {
    Ok(Json(state.imports.values(&caller.ctx, id, query.column, query.field.as_deref()).await?))
}

/// `POST /imports/{id}/check`: a dry run.
#[utoipa::path(post, path = "/imports/{id}/check", tag = "imports", params(("id" = Uuid, Path)), request_body = RunBody, responses((status = 202, body = Import)))]
pub async fn check(
    State(state): State<AppState>,
    caller: Caller,
    Path(id): Path<Uuid>,
    Body(body): Body<RunBody>,
) -> ApiResult<(StatusCode, Json<Import>)> {
    Ok((StatusCode::ACCEPTED, Json(state.imports.check(&caller.ctx, id, body.mapping, body.options).await?)))
}

/// `POST /imports/{id}/start`
#[utoipa::path(post, path = "/imports/{id}/start", tag = "imports", params(("id" = Uuid, Path)), request_body = RunBody, responses((status = 202, body = Import)))]
pub async fn start(
    State(state): State<AppState>,
    caller: Caller,
    Path(id): Path<Uuid>,
    Body(body): Body<RunBody>,
) -> ApiResult<(StatusCode, Json<Import>)> {
    Ok((StatusCode::ACCEPTED, Json(state.imports.start(&caller.ctx, id, body.mapping, body.options).await?)))
}

/// `POST /imports/{id}/cancel`
#[utoipa::path(post, path = "/imports/{id}/cancel", tag = "imports", params(("id" = Uuid, Path)), responses((status = 200, body = Import)))]
pub async fn cancel(State(state): State<AppState>, caller: Caller, Path(id): Path<Uuid>) -> ApiResult<Json<Import>> {
    Ok(Json(state.imports.cancel(&caller.ctx, id).await?))
}

/// `POST /imports/{id}/resume`
#[utoipa::path(post, path = "/imports/{id}/resume", tag = "imports", params(("id" = Uuid, Path)), responses((status = 202, body = Import)))]
pub async fn resume(
    State(state): State<AppState>,
    caller: Caller,
    Path(id): Path<Uuid>,
) -> ApiResult<(StatusCode, Json<Import>)> {
    Ok((StatusCode::ACCEPTED, Json(state.imports.resume(&caller.ctx, id).await?)))
}

/// `GET /imports/{id}/report`: the refused rows with a column `error`, as CSV that can be mended and imported again.
#[utoipa::path(get, path = "/imports/{id}/report", tag = "imports", params(("id" = Uuid, Path), ReportQuery), responses((status = 200, content_type = "text/csv", body = String)))]
pub async fn report(
    State(state): State<AppState>,
    caller: Caller,
    Path(id): Path<Uuid>,
    Params(query): Params<ReportQuery>,
) -> ApiResult<Response> {
    let report = state.imports.report(&caller.ctx, id, query.left_out).await?;
    let name: String = report
        .file_name
        .chars()
        .map(|c| if c.is_ascii_alphanumeric() || ".-_ ".contains(c) { c } else { '_' })
        .collect();
    let pieces = stream::try_unfold(report, async |mut report| {
        Ok::<_, Error>(report.next().await?.map(|piece| (piece, report)))
    });
    let mut response = HttpBody::from_stream(pieces).into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/csv; charset=utf-8"));
    if let Ok(value) = HeaderValue::from_str(&format!("attachment; filename=\"{name}\"")) {
        headers.insert(header::CONTENT_DISPOSITION, value);
    }
    Ok(response)
}
