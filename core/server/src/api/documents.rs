//! Papers of records: `/document-templates`, `/documents`, and the letters that bring them.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Response;
use documents::{DocumentInput, LetterDraft, Made, MadeState, Paper, PaperSettings, SendInput, Template};
use kernel::{Locale, RecordId, Timestamp};
use messaging::mail::LetterState;
use serde::{Deserialize, Serialize};
use serde_json::Map;
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use super::own_templates::shown;
use super::records::answer;
use super::timeline::ActorView;
use super::view::{Items, RecordView};
use crate::http::{ApiResult, Body, Caller, Params};
use crate::state::AppState;

/// A paper of a record.
#[derive(Debug, Serialize, ToSchema)]
pub struct DocumentView {
    id: Uuid,
    /// The kind of paper; null of a record that is no document of sale.
    template: Option<Paper>,
    /// By which template of the company's own; null where it is ours.
    own: Option<Uuid>,
    /// Which of its settings, or of its versions.
    template_version: i64,
    locale: Locale,
    /// How it stands.
    state: MadeState,
    /// Its file, of the record; null until it is made.
    file: Option<Uuid>,
    file_name: String,
    /// Of its bytes, in hexadecimal.
    sha256: Option<String>,
    /// The letter that brings it.
    letter: Option<LetterView>,
    /// What went wrong.
    problem: Option<String>,
    #[schema(value_type = String)]
    created_at: Timestamp,
    created_by: ActorView,
}

/// The letter that brings a paper.
#[derive(Debug, Serialize, ToSchema)]
pub struct LetterView {
    to: Vec<String>,
    cc: Vec<String>,
    subject: String,
    /// How it stands; null while the paper is being made.
    state: Option<LetterState>,
}

impl DocumentView {
    fn of(made: Made) -> Self {
        let state = made.letter_state;
        Self {
            id: made.id,
            template: made.template,
            own: made.own,
            template_version: made.template_version,
            locale: made.locale,
            state: made.state,
            file: (made.state == MadeState::Kept).then_some(made.file),
            file_name: made.file_name,
            sha256: made.sha256,
            letter: made.letter.map(|letter| LetterView {
                to: letter.to,
                cc: letter.cc,
                subject: letter.subject,
                state,
            }),
            problem: made.problem,
            created_at: made.created_at,
            created_by: ActorView::of(&made.actor, &Default::default()),
        }
    }
}

/// `GET /document-templates`: how papers look.
#[utoipa::path(get, path = "/document-templates", tag = "documents", operation_id = "list_document_templates", responses((status = 200, body = Items<Template>)))]
pub async fn templates(State(state): State<AppState>, caller: Caller) -> ApiResult<Json<Items<Template>>> {
    Ok(Json(Items { items: state.documents.templates(&caller.ctx).await? }))
}

/// New settings of a template.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct TemplateBody {
    /// The version that was seen.
    version: i64,
    /// All of them: what is left out is as the product brings it.
    settings: PaperSettings,
}

/// `PUT /document-templates/{key}`: papers that are made from now on look so (administrators).
#[utoipa::path(put, path = "/document-templates/{key}", tag = "documents", operation_id = "put_document_template", params(("key" = String, Path)),
    request_body = TemplateBody, responses((status = 200, body = Template)))]
pub async fn put_template(
    State(state): State<AppState>,
    caller: Caller,
    Path(key): Path<String>,
    Body(body): Body<TemplateBody>,
) -> ApiResult<Json<Template>> {
    Ok(Json(state.documents.put_template(&caller.ctx, &key, body.version, &body.settings).await?))
}

/// Whose papers.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct OfRecord {
    /// `quote`, `order`, `invoice`, or another entity of which papers are made.
    entity: String,
    /// The record.
    id: Uuid,
}

/// `GET /documents`: papers of a record, newest first.
#[utoipa::path(get, path = "/documents", tag = "documents", operation_id = "list_documents", params(OfRecord), responses((status = 200, body = Items<DocumentView>)))]
pub async fn list(
    State(state): State<AppState>,
    caller: Caller,
    Params(of): Params<OfRecord>,
) -> ApiResult<Json<Items<DocumentView>>> {
    let made = state.documents.list(&caller.ctx, &of.entity, RecordId(of.id)).await?;
    Ok(Json(Items { items: made.into_iter().map(DocumentView::of).collect() }))
}

/// `POST /documents`: makes a paper of an issued document and keeps it among the record's files. The same paper is made
/// once.
#[utoipa::path(post, path = "/documents", tag = "documents", operation_id = "make_document", request_body = DocumentInput, responses((status = 200, body = DocumentView)))]
pub async fn make(
    State(state): State<AppState>,
    caller: Caller,
    Body(body): Body<DocumentInput>,
) -> ApiResult<Json<DocumentView>> {
    Ok(Json(DocumentView::of(state.documents.make(&caller.ctx, &body).await?)))
}

/// `POST /documents/preview`: a paper that is not kept; a draft is marked as one and has no number.
#[utoipa::path(post, path = "/documents/preview", tag = "documents", operation_id = "preview_document", request_body = DocumentInput, responses((status = 200, body = String, content_type = "application/pdf")))]
pub async fn preview(
    State(state): State<AppState>,
    caller: Caller,
    Body(body): Body<DocumentInput>,
) -> ApiResult<Response> {
    let (bytes, kind) = state.documents.preview(&caller.ctx, &body).await?;
    shown(bytes, kind)
}

/// Which letter.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct LetterParams {
    /// The paper; the usual one where it is left out.
    #[serde(default)]
    template: Option<Paper>,
    /// A template of the company's own instead.
    #[serde(default)]
    own: Option<Uuid>,
    /// Its language; the client's where it is left out.
    #[serde(default)]
    locale: Option<Locale>,
}

/// `GET /records/{entity}/{id}/letter`: the letter that would bring a document's paper. `{number}` in it is filled in when the number
/// is drawn.
#[utoipa::path(get, path = "/records/{entity}/{id}/letter", tag = "documents", operation_id = "draft_letter", params(("entity" = String, Path), ("id" = Uuid, Path), LetterParams),
    responses((status = 200, body = LetterDraft)))]
pub async fn letter(
    State(state): State<AppState>,
    caller: Caller,
    Path((entity, id)): Path<(String, RecordId)>,
    Params(params): Params<LetterParams>,
) -> ApiResult<Json<LetterDraft>> {
    Ok(Json(state.documents.letter(&caller.ctx, &entity, id, params.template, params.own, params.locale).await?))
}

/// `POST /records/{entity}/{id}/send`: sends a quote, order or invoice with its paper. A quote is `sending` until the mail server has
/// the letter, then `sent`; without recipients it is `sent` at once. An invoice that is a draft is issued.
#[utoipa::path(post, path = "/records/{entity}/{id}/send", tag = "documents", operation_id = "send_document", params(("entity" = String, Path), ("id" = Uuid, Path)),
    request_body = SendInput, responses((status = 200, body = RecordView)))]
pub async fn send(
    State(state): State<AppState>,
    caller: Caller,
    Path((entity, id)): Path<(String, RecordId)>,
    Body(body): Body<SendInput>,
) -> ApiResult<Response> {
    let written = if body.to.is_empty() && entity == "quote" {
        state.sales.step(&caller.ctx, &entity, id, Map::new(), "sent").await?
    } else {
        state.documents.send(&caller.ctx, &entity, id, body).await?.written
    };
    answer(&state, &caller.ctx, StatusCode::OK, written).await
}
