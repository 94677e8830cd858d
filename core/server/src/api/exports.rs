//! `/exports`: lists as files.

use ::records::export::{Format, ListExport};
use axum::body::Body as HttpBody;
use axum::extract::{Path, State};
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use futures::stream;
use kernel::Error;
use serde::Deserialize;
use serde_json::Value;
use utoipa::ToSchema;
use uuid::Uuid;

use super::files::disposition;
use super::jobs::{JobView, accepted};
use super::records::{QueryBody, SortKey, apply_view};
use crate::http::{ApiResult, Body, Caller};
use crate::state::AppState;

/// A list to make a file of.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ListExportInput {
    /// Of which entity.
    entity: String,
    /// A saved view; what stands beside it counts instead of its own.
    #[serde(default)]
    view: Option<Uuid>,
    /// Which records, in the query language.
    #[serde(default)]
    #[schema(value_type = Option<kernel::filter::shape::Filter>)]
    filter: Option<Value>,
    /// Words to look for.
    #[serde(default)]
    q: Option<String>,
    /// Order; newest first by default.
    #[serde(default)]
    sort: Vec<SortKey>,
    /// The columns; those of the view, else of the first list where there are none.
    #[serde(default)]
    fields: Option<Vec<String>>,
    /// The recycle bin.
    #[serde(default)]
    deleted: bool,
    /// What the file is.
    format: Format,
    /// What it is called, up to 100 characters; as the entity when left out.
    #[serde(default)]
    name: Option<String>,
}

/// `POST /exports`: a long job makes the file; `result.file` of the job says where it is.
#[utoipa::path(post, path = "/exports", tag = "records", operation_id = "export_list", request_body = ListExportInput, responses((status = 202, body = JobView)))]
pub async fn create(
    State(state): State<AppState>,
    caller: Caller,
    Body(input): Body<ListExportInput>,
) -> ApiResult<Response> {
    caller.require_role()?;
    let mut body = QueryBody::default();
    if let Some(view) = input.view {
        let config = state.records.view(&caller.ctx, view).await?.config;
        apply_view(&mut body, &config)?;
        let columns = config.get("columns").and_then(Value::as_array);
        let columns = columns.map(|all| all.iter().filter_map(Value::as_str).map(str::to_owned).collect());
        body.fields = columns.filter(|columns: &Vec<String>| !columns.is_empty());
    }
    body.filter = input.filter.or(body.filter);
    body.q = input.q.or(body.q);
    if !input.sort.is_empty() {
        body.sort = input.sort;
    }
    body.fields = input.fields.or(body.fields);
    body.deleted = input.deleted;
    let asked = ListExport { query: body.read()?, format: input.format, name: input.name };
    Ok(accepted(state.records.begin_list_export(&caller.ctx, &input.entity, asked).await?, &caller))
}

/// `GET /exports/{list}/content`: the file, for whoever asked for it, for a week, as long as their rights stay those it was
/// made with.
#[utoipa::path(get, path = "/exports/{list}/content", tag = "records", operation_id = "export_list_content", params(("list" = Uuid, Path)), responses((status = 200, body = String, content_type = "application/octet-stream")))]
pub async fn content(State(state): State<AppState>, caller: Caller, Path(id): Path<Uuid>) -> ApiResult<Response> {
    let file = state.records.list_export(&caller.ctx, id).await?;
    let (name, media_type) = (file.name.clone(), file.media_type);
    let records = state.records.clone();
    let pieces = stream::try_unfold((records, file), async |(records, mut file)| {
        Ok::<_, Error>(records.next_piece(&mut file).await?.map(|piece| (piece, (records, file))))
    });
    let mut response = HttpBody::from_stream(pieces).into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(media_type));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    if let Ok(value) = HeaderValue::from_str(&disposition("attachment", &name)) {
        headers.insert(header::CONTENT_DISPOSITION, value);
    }
    Ok(response)
}
