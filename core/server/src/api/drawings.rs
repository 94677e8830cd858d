//! `/process-drawings`: processes that people are still drawing.

use ::process::drawings::{
    CompareInput, Compared, DrawingChange, DrawingDryRun, DrawingKind, DrawingPage, DrawingPublish, DrawingQuery,
    DrawingView, FixInput, Lease, LeaseInput, NewDrawing, NewNote, Note, RevisionChange, RevisionPage, RevisionQuery,
    RevisionView, Save, Saved, StepsInput,
};
use ::process::runtime::{DefinitionView, DryRun};
use axum::Json;
use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use utoipa::IntoParams;
use uuid::Uuid;

use super::records::if_match;
use super::view::Items;
use crate::http::{ApiResult, Body, Caller, Params};
use crate::state::AppState;

/// What to call a new drawing.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields, default)]
#[into_params(parameter_in = Query)]
pub struct CreateParams {
    /// By default as its process.
    title: Option<String>,
    /// `draft` by default.
    #[param(inline)]
    kind: DrawingKind,
}

/// How to read a drawing.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields, default)]
#[into_params(parameter_in = Query)]
pub struct XmlParams {
    /// In UTF-8, with a diagram laid out when it has none.
    layout: bool,
}

/// How to save a drawing.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields, default)]
#[into_params(parameter_in = Query)]
pub struct SaveParams {
    /// Beside the current revision, whoever edits: what was not saved yet when another took over.
    aside: bool,
}

/// `GET /process-drawings`: the newest first.
#[utoipa::path(get, path = "/process-drawings", tag = "drawings", operation_id = "drawings", params(DrawingQuery), responses((status = 200, body = DrawingPage)))]
pub async fn list(
    State(state): State<AppState>,
    caller: Caller,
    Params(params): Params<DrawingQuery>,
) -> ApiResult<Json<DrawingPage>> {
    Ok(Json(state.processes.drawings(&caller.ctx, &params).await?))
}

/// `POST /process-drawings`: keeps a BPMN 2.0 file (the body, as XML), right or wrong, byte for byte.
#[utoipa::path(post, path = "/process-drawings", tag = "drawings", operation_id = "create_drawing", params(CreateParams), request_body(content = String, content_type = "application/xml"), responses((status = 201, body = DrawingView)))]
pub async fn create(
    State(state): State<AppState>,
    caller: Caller,
    Params(params): Params<CreateParams>,
    body: Bytes,
) -> ApiResult<(StatusCode, Json<DrawingView>)> {
    let new = NewDrawing { xml: body.to_vec(), title: params.title, kind: params.kind };
    Ok((StatusCode::CREATED, Json(state.processes.create_drawing(&caller.ctx, new).await?)))
}

/// `POST /process-drawings/from-steps`: a drawing from lines of text; what is wrong is told by line (`lines.<number>`).
#[utoipa::path(post, path = "/process-drawings/from-steps", tag = "drawings", operation_id = "draw_steps", request_body = StepsInput, responses((status = 201, body = DrawingView)))]
pub async fn from_steps(
    State(state): State<AppState>,
    caller: Caller,
    Body(body): Body<StepsInput>,
) -> ApiResult<(StatusCode, Json<DrawingView>)> {
    Ok((StatusCode::CREATED, Json(state.processes.draw_steps(&caller.ctx, body).await?)))
}

/// `POST /process-drawings/compare`: what differs between two of drawings, revisions and versions.
#[utoipa::path(post, path = "/process-drawings/compare", tag = "drawings", operation_id = "compare_drawings", request_body = CompareInput, responses((status = 200, body = Compared)))]
pub async fn compare(
    State(state): State<AppState>,
    caller: Caller,
    Body(body): Body<CompareInput>,
) -> ApiResult<Json<Compared>> {
    caller.require_role()?;
    Ok(Json(state.processes.compare_drawings(&caller.ctx, body).await?))
}

/// `GET /process-drawings/{id}`
#[utoipa::path(get, path = "/process-drawings/{id}", tag = "drawings", operation_id = "drawing", params(("id" = Uuid, Path)), responses((status = 200, body = DrawingView)))]
pub async fn get(State(state): State<AppState>, caller: Caller, Path(id): Path<Uuid>) -> ApiResult<Json<DrawingView>> {
    Ok(Json(state.processes.drawing(&caller.ctx, id).await?))
}

/// `PATCH /process-drawings/{id}`: its title, kind and pair; what is absent stays.
#[utoipa::path(patch, path = "/process-drawings/{id}", tag = "drawings", operation_id = "change_drawing", params(("id" = Uuid, Path)), request_body = DrawingChange, responses((status = 200, body = DrawingView)))]
pub async fn change(
    State(state): State<AppState>,
    caller: Caller,
    Path(id): Path<Uuid>,
    Body(body): Body<DrawingChange>,
) -> ApiResult<Json<DrawingView>> {
    Ok(Json(state.processes.change_drawing(&caller.ctx, id, body).await?))
}

/// `PUT /process-drawings/{id}`: the same as `PATCH`.
#[utoipa::path(put, path = "/process-drawings/{id}", tag = "drawings", operation_id = "put_drawing", params(("id" = Uuid, Path)), request_body = DrawingChange, responses((status = 200, body = DrawingView)))]
pub async fn put(
    state: State<AppState>,
    caller: Caller,
    id: Path<Uuid>,
    body: Body<DrawingChange>,
) -> ApiResult<Json<DrawingView>> {
    change(state, caller, id, body).await
}

/// `DELETE /process-drawings/{id}`: with its revisions and notes; versions made from it stay.
#[utoipa::path(delete, path = "/process-drawings/{id}", tag = "drawings", operation_id = "remove_drawing", params(("id" = Uuid, Path)), responses((status = 204)))]
pub async fn remove(State(state): State<AppState>, caller: Caller, Path(id): Path<Uuid>) -> ApiResult<StatusCode> {
    state.processes.remove_drawing(&caller.ctx, id).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// A file somebody uploaded: shown by nobody's browser as a page of ours.
fn file(revision: i64, xml: Vec<u8>) -> Response {
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static("application/xml")),
        (header::CONTENT_DISPOSITION, HeaderValue::from_static("attachment; filename=\"drawing.bpmn\"")),
    ];
    tagged((headers, xml).into_response(), revision)
}

fn tagged(mut response: Response, revision: i64) -> Response {
    if let Ok(tag) = HeaderValue::from_str(&format!("\"{revision}\"")) {
        response.headers_mut().insert(header::ETAG, tag);
    }
    response
}

/// `GET /process-drawings/{id}/xml`: the current revision byte for byte, its number as `ETag`.
#[utoipa::path(get, path = "/process-drawings/{id}/xml", tag = "drawings", operation_id = "drawing_xml", params(("id" = Uuid, Path), XmlParams), responses((status = 200, body = String, content_type = "application/xml")))]
pub async fn xml(
    State(state): State<AppState>,
    caller: Caller,
    Path(id): Path<Uuid>,
    Params(params): Params<XmlParams>,
) -> ApiResult<Response> {
    let (revision, xml) = state.processes.drawing_xml(&caller.ctx, id, params.layout).await?;
    Ok(file(revision, xml))
}

/// `PUT /process-drawings/{id}/xml`: a new revision (the body, as XML) over the one of `If-Match`.
#[utoipa::path(put, path = "/process-drawings/{id}/xml", tag = "drawings", operation_id = "save_drawing", params(("id" = Uuid, Path), SaveParams, ("If-Match" = Option<String>, Header, description = "The revision that was changed; not asked of one set aside")), request_body(content = String, content_type = "application/xml"), responses((status = 200, body = Saved)))]
pub async fn save(
    State(state): State<AppState>,
    caller: Caller,
    Path(id): Path<Uuid>,
    Params(params): Params<SaveParams>,
    headers: HeaderMap,
    body: Bytes,
) -> ApiResult<Response> {
    let how = if params.aside { Save::Aside } else { Save::Over(if_match(&headers)?) };
    let saved = state.processes.save_drawing(&caller.ctx, id, body.to_vec(), how).await?;
    let revision = saved.revision;
    Ok(tagged(Json(saved).into_response(), revision))
}

/// `POST /process-drawings/{id}/fix`: does what a problem's `fix` says, over the revision of `If-Match`.
#[utoipa::path(post, path = "/process-drawings/{id}/fix", tag = "drawings", operation_id = "fix_drawing", params(("id" = Uuid, Path), ("If-Match" = String, Header, description = "The revision that was looked at")), request_body = FixInput, responses((status = 200, body = Saved)))]
pub async fn fix(
    State(state): State<AppState>,
    caller: Caller,
    Path(id): Path<Uuid>,
    headers: HeaderMap,
    Body(body): Body<FixInput>,
) -> ApiResult<Response> {
    let saved = state.processes.fix_drawing(&caller.ctx, id, body, if_match(&headers)?).await?;
    let revision = saved.revision;
    Ok(tagged(Json(saved).into_response(), revision))
}

/// `GET /process-drawings/{id}/revisions`: the newest first.
#[utoipa::path(get, path = "/process-drawings/{id}/revisions", tag = "drawings", operation_id = "drawing_revisions", params(("id" = Uuid, Path), RevisionQuery), responses((status = 200, body = RevisionPage)))]
pub async fn revisions(
    State(state): State<AppState>,
    caller: Caller,
    Path(id): Path<Uuid>,
    Params(params): Params<RevisionQuery>,
) -> ApiResult<Json<RevisionPage>> {
    Ok(Json(state.processes.drawing_revisions(&caller.ctx, id, &params).await?))
}

/// `GET /process-drawings/{id}/revisions/{revision}/xml`: byte for byte.
#[utoipa::path(get, path = "/process-drawings/{id}/revisions/{revision}/xml", tag = "drawings", operation_id = "drawing_revision_xml", params(("id" = Uuid, Path), ("revision" = i64, Path)), responses((status = 200, body = String, content_type = "application/xml")))]
pub async fn revision_xml(
    State(state): State<AppState>,
    caller: Caller,
    Path((id, revision)): Path<(Uuid, i64)>,
) -> ApiResult<Response> {
    Ok(file(revision, state.processes.drawing_revision_xml(&caller.ctx, id, revision).await?))
}

/// `PATCH /process-drawings/{id}/revisions/{revision}`: names it; one with a name stays for ever.
#[utoipa::path(patch, path = "/process-drawings/{id}/revisions/{revision}", tag = "drawings", operation_id = "name_revision", params(("id" = Uuid, Path), ("revision" = i64, Path)), request_body = RevisionChange, responses((status = 200, body = RevisionView)))]
pub async fn name_revision(
    State(state): State<AppState>,
    caller: Caller,
    Path((id, revision)): Path<(Uuid, i64)>,
    Body(body): Body<RevisionChange>,
) -> ApiResult<Json<RevisionView>> {
    Ok(Json(state.processes.name_revision(&caller.ctx, id, revision, body).await?))
}

/// `POST /process-drawings/{id}/lease`: edits it for 90 seconds, or goes on to; 409 with who does while another edits.
#[utoipa::path(post, path = "/process-drawings/{id}/lease", tag = "drawings", operation_id = "lease_drawing", params(("id" = Uuid, Path)), request_body = LeaseInput, responses((status = 200, body = Lease)))]
pub async fn lease(
    State(state): State<AppState>,
    caller: Caller,
    Path(id): Path<Uuid>,
    Body(body): Body<LeaseInput>,
) -> ApiResult<Json<Lease>> {
    Ok(Json(state.processes.lease_drawing(&caller.ctx, id, body.action).await?))
}

/// `POST /process-drawings/{id}/publish`: the current revision becomes a version; what keeps it from that is told by
/// element.
#[utoipa::path(post, path = "/process-drawings/{id}/publish", tag = "drawings", operation_id = "publish_drawing", params(("id" = Uuid, Path)), request_body = DrawingPublish, responses((status = 200, body = DefinitionView)))]
pub async fn publish(
    State(state): State<AppState>,
    caller: Caller,
    Path(id): Path<Uuid>,
    Body(body): Body<DrawingPublish>,
) -> ApiResult<Json<DefinitionView>> {
    Ok(Json(state.processes.publish_drawing(&caller.ctx, id, body).await?))
}

/// `POST /process-drawings/{id}/dry-run`: what would happen to an instance of exactly this revision.
#[utoipa::path(post, path = "/process-drawings/{id}/dry-run", tag = "drawings", operation_id = "dry_run_drawing", params(("id" = Uuid, Path)), request_body = DrawingDryRun, responses((status = 200, body = DryRun)))]
pub async fn dry_run(
    State(state): State<AppState>,
    caller: Caller,
    Path(id): Path<Uuid>,
    Body(body): Body<DrawingDryRun>,
) -> ApiResult<Json<DryRun>> {
    caller.require_role()?;
    Ok(Json(state.processes.dry_run_drawing(&caller.ctx, id, body).await?))
}

/// `GET /process-drawings/{id}/notes`: what hurts at its elements.
#[utoipa::path(get, path = "/process-drawings/{id}/notes", tag = "drawings", operation_id = "drawing_notes", params(("id" = Uuid, Path)), responses((status = 200, body = Items<Note>)))]
pub async fn notes(
    State(state): State<AppState>,
    caller: Caller,
    Path(id): Path<Uuid>,
) -> ApiResult<Json<Items<Note>>> {
    Ok(Json(Items { items: state.processes.drawing_notes(&caller.ctx, id).await? }))
}

/// `POST /process-drawings/{id}/notes`
#[utoipa::path(post, path = "/process-drawings/{id}/notes", tag = "drawings", operation_id = "add_drawing_note", params(("id" = Uuid, Path)), request_body = NewNote, responses((status = 201, body = Note)))]
pub async fn add_note(
    State(state): State<AppState>,
    caller: Caller,
    Path(id): Path<Uuid>,
    Body(body): Body<NewNote>,
) -> ApiResult<(StatusCode, Json<Note>)> {
    Ok((StatusCode::CREATED, Json(state.processes.add_note(&caller.ctx, id, body).await?)))
}

/// `DELETE /process-drawings/{id}/notes/{note}`
#[utoipa::path(delete, path = "/process-drawings/{id}/notes/{note}", tag = "drawings", operation_id = "remove_drawing_note", params(("id" = Uuid, Path), ("note" = Uuid, Path)), responses((status = 204)))]
pub async fn remove_note(
    State(state): State<AppState>,
    caller: Caller,
    Path((id, note)): Path<(Uuid, Uuid)>,
) -> ApiResult<StatusCode> {
    state.processes.remove_note(&caller.ctx, id, note).await?;
    Ok(StatusCode::NO_CONTENT)
}
