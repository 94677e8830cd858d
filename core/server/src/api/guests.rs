//! `/guest/*`: what somebody without an account sees and does by a personal link. Every question carries the link's token;
//! an unknown one, one that ended and one whose maker may no longer see the record are alike: 404.
//!
//! A guest sees with the eyes of whoever made the link, and no more than the link names. What a guest does is done by the
//! product in the guest's name, after the maker's right to do it was asked.

use std::sync::Arc;

use ::documents::{DocumentInput, TemplateKind};
use ::people::Identity;
use ::people::guest::{self, Link, NewComment, Scope};
use ::records::{Along, Change, Record, WriteOptions};
use axum::body::Body as HttpBody;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::{Extension, Json};
use futures::TryStreamExt;
use kernel::access::Action;
use kernel::db::Tx;
use kernel::text::Message;
use kernel::{Actor, Ctx, Error, RecordId, Result, UserId, Value};
use serde::Deserialize;
use serde_json::{Map, json};
use utoipa::ToSchema;

use super::guest_view::{GuestView, asks, has_paper, view};
use super::share::ANSWERED;
use crate::http::address::Address;
use crate::http::auth::{accepted, same_origin};
use crate::http::{ApiResult, Body, Header, NO_STORE};
use crate::state::AppState;

/// Whom wrong tokens are counted for, beside their address.
const GUESSING: &str = "guest link";
/// Longer texts are no token.
const MAX_TOKEN: usize = 200;
/// How often an answer is tried while others change the record.
const TRIES: u32 = 3;

/// Which link.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct GuestBody {
    /// What stands behind `#` in its address.
    token: String,
}

/// A link that opens something.
pub(super) struct Opened {
    pub(super) link: Link,
    pub(super) maker: Identity,
    /// The maker's, in the guest's language.
    pub(super) ctx: Ctx,
    pub(super) record: Record,
}

impl Opened {
    /// The product, in the guest's name.
    fn hands(&self, state: &AppState) -> Ctx {
        Ctx { actor: Actor::Guest { id: self.link.id }, ..self.maker.tenant.system_ctx(&state.env) }
    }

    fn id(&self) -> RecordId {
        self.record.id
    }

    /// Reads the record anew, as whoever made the link sees it now.
    async fn look_again(&mut self, state: &AppState) -> Result<()> {
        self.record = state.records.get(&self.ctx, &self.link.entity, self.id()).await?;
        Ok(())
    }
}

/// Opens a link for a request.
async fn open(state: &AppState, address: &Address, headers: &HeaderMap, token: &str) -> Result<Opened> {
    same_origin(&Method::POST, headers, &state.config.http.public_url)?;
    state.limits.look_up(&address.key())?;
    let found = find(state, headers, token).await;
    if matches!(found, Err(Error::NotFound(_))) {
        // Guesses are counted as attempts to sign in are.
        state.limits.sign_in(&address.key(), GUESSING)?;
    }
    found
}

async fn find(state: &AppState, headers: &HeaderMap, token: &str) -> Result<Opened> {
    let gone = |error: Error| match error {
        Error::NotFound(_) | Error::Unauthenticated | Error::Denied(_) => Error::NotFound("guest link".to_owned()),
        error => error,
    };
    if token.len() > MAX_TOKEN {
        return Err(Error::NotFound("guest link".to_owned()));
    }
    let link = guest::find(state.db.read(), token, state.env.now()).await?;
    let maker = state.identities.of_user(link.tenant, UserId(link.owner)).await.map_err(gone)?;
    let ctx = Ctx { locale: accepted(headers), ..maker.ctx(&state.env) };
    let record = state.records.get(&ctx, &link.entity, RecordId(link.record)).await.map_err(gone)?;
    Ok(Opened { link, maker, ctx, record })
}

/// The same for something that changes the record: whoever made the link must be allowed to.
async fn open_to_write(
    state: &AppState,
    address: &Address,
    headers: &HeaderMap,
    token: &str,
    scope: Scope,
) -> Result<Opened> {
    let opened = open(state, address, headers, token).await?;
    state.limits.sign_in(&address.key(), &opened.link.id.to_string())?;
    let tx = state.db.begin().await?;
    let may = state.records.may_in(&tx, &opened.ctx, &opened.link.entity, opened.id(), Action::Update).await?;
    tx.rollback().await?;
    if !may || opened.link.scope < scope {
        return Err(Error::NotFound("guest link".to_owned()));
    }
    Ok(opened)
}

/// `POST /guest/open`: the record of a link. 404 when it is good no more.
#[utoipa::path(post, path = "/guest/open", operation_id = "open_guest_link", tag = "guests", request_body = GuestBody,
    security(()), responses((status = 200, body = GuestView), (status = 404, body = crate::http::error::Problem)))]
pub async fn look(
    State(state): State<AppState>,
    Extension(address): Extension<Address>,
    headers: HeaderMap,
    Body(body): Body<GuestBody>,
) -> ApiResult<(Header, Json<GuestView>)> {
    let opened = open(&state, &address, &headers, &body.token).await?;
    let tx = state.db.begin().await?;
    guest::opened(&tx, &opened.link, state.env.now()).await?;
    tx.commit().await?;
    Ok((NO_STORE, Json(view(&state, &opened).await?)))
}

/// What a guest writes.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct GuestCommentBody {
    token: String,
    /// What the guest is called; up to 100 characters.
    name: String,
    /// Up to 5,000 characters.
    text: String,
}

/// `POST /guest/comments`: a comment, which is a note of the record.
#[utoipa::path(post, path = "/guest/comments", operation_id = "comment_as_guest", tag = "guests",
    request_body = GuestCommentBody, security(()),
    responses((status = 200, body = GuestView), (status = 404, body = crate::http::error::Problem)))]
pub async fn comment(
    State(state): State<AppState>,
    Extension(address): Extension<Address>,
    headers: HeaderMap,
    Body(body): Body<GuestCommentBody>,
) -> ApiResult<(Header, Json<GuestView>)> {
    let opened = open_to_write(&state, &address, &headers, &body.token, Scope::Comment).await?;
    let new = NewComment { author: &body.name, user: None, answer: None, text: &body.text };
    guest::check(&new)?;
    guest::room(state.db.read(), &opened.link).await?;
    let hands = opened.hands(&state);
    // The note first: nothing that the guest sees as told is unknown to the company.
    note(&state, &opened, &hands, "guest.commented", &new).await.map_err(untold)?;
    let tx = state.db.begin().await?;
    guest::write(&tx, &hands, &opened.link, &new).await?;
    tx.commit().await?;
    Ok((NO_STORE, Json(view(&state, &opened).await?)))
}

/// A guest's answer to a quote.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct GuestAnswerBody {
    token: String,
    /// Accepted, or declined.
    accept: bool,
    /// What the guest is called; up to 100 characters.
    name: String,
    /// Up to 5,000 characters.
    #[serde(default)]
    text: String,
}

/// `POST /guest/answer`: accepts or declines a quote that was sent. 409 `sale.state` when it was answered or is not open.
#[utoipa::path(post, path = "/guest/answer", operation_id = "answer_as_guest", tag = "guests",
    request_body = GuestAnswerBody, security(()),
    responses((status = 200, body = GuestView), (status = 404, body = crate::http::error::Problem)))]
pub async fn answer(
    State(state): State<AppState>,
    Extension(address): Extension<Address>,
    headers: HeaderMap,
    Body(body): Body<GuestAnswerBody>,
) -> ApiResult<(Header, Json<GuestView>)> {
    let mut opened = open_to_write(&state, &address, &headers, &body.token, Scope::Accept).await?;
    let to = if body.accept { "accepted" } else { "declined" };
    let new = NewComment { author: &body.name, user: None, answer: Some(to), text: &body.text };
    guest::check(&new)?;
    let hands = opened.hands(&state);
    let along = Answered {
        ctx: hands.clone(),
        link: opened.link.clone(),
        author: body.name.clone(),
        answer: to,
        text: body.text.clone(),
    };
    decide(&state, &mut opened, &hands, along).await?;
    // Who answered is written with the answer; the note is for those who read the timeline.
    if let Err(error) = note(&state, &opened, &hands, &format!("guest.{to}"), &new).await {
        tracing::error!(%error, link = %opened.link.id, "the note of a guest's answer could not be written");
    }
    // It is answered, even where whoever made the link sees it no more.
    if opened.look_again(&state).await.is_err() {
        opened.record.fields.insert("state".into(), Value::Text(to.to_owned()));
    }
    Ok((NO_STORE, Json(view(&state, &opened).await?)))
}

/// Writes an answer once: on the record that was seen to ask for it. What somebody else changed meanwhile is looked at
/// before the next try. `guest.refused` where it is sent and yet not the guest's to answer.
async fn decide(state: &AppState, opened: &mut Opened, hands: &Ctx, along: Answered) -> Result<()> {
    let to = along.answer;
    let options = WriteOptions { along: Some(Arc::new(along)), ..WriteOptions::default() };
    for left in (0..TRIES).rev() {
        if !asks(opened) {
            break;
        }
        let fields = Map::from_iter([("state".to_owned(), json!(to))]);
        let change = Change::Update { id: opened.id(), version: Some(opened.record.version), fields };
        match state.records.write_one(hands, ANSWERED, change, &options).await {
            Ok(_) => return Ok(()),
            Err(Error::Conflict { code: "record.conflict", .. }) if left > 0 => {
                opened.look_again(state).await.map_err(untold)?;
            }
            Err(error) => return Err(untold(error)),
        }
    }
    let sent = opened.record.fields.get("state").and_then(Value::as_text) == Some("sent");
    Err(Error::Conflict { code: if sent { "guest.refused" } else { "sale.state" }, current: None })
}

/// `POST /guest/paper`: the paper of a quote, order or invoice that has its number. 404 when there is none.
#[utoipa::path(post, path = "/guest/paper", operation_id = "guest_paper", tag = "guests", request_body = GuestBody,
    security(()), responses((status = 200, body = String, content_type = "application/pdf"),
    (status = 404, body = crate::http::error::Problem)))]
pub async fn paper(
    State(state): State<AppState>,
    Extension(address): Extension<Address>,
    headers: HeaderMap,
    Body(body): Body<GuestBody>,
) -> ApiResult<Response> {
    let opened = open(&state, &address, &headers, &body.token).await?;
    let catalogue = state.records.catalogue_of(&opened.ctx).await?;
    let def = catalogue.entity(&opened.link.entity)?;
    if !has_paper(def, &opened) {
        return Err(Error::NotFound("paper".to_owned()).into());
    }
    // The same paper is made once, and kept for whoever asks next.
    let input = DocumentInput {
        template: None,
        own: None,
        entity: opened.link.entity.clone(),
        id: opened.link.record,
        locale: None,
        format: None,
    };
    let made = state.documents.make(&opened.ctx, &input).await.map_err(no_paper)?;
    let file = state.files.get(&opened.ctx, made.file).await.map_err(no_paper)?;
    let pieces = state.files.read(&file, 0, file.size).await?;
    // The company's usual template may be one that makes Word files.
    let (kind, named) = if made.file_name.ends_with(".docx") {
        (TemplateKind::Docx, "attachment; filename=\"document.docx\"")
    } else {
        (TemplateKind::Typ, "attachment; filename=\"document.pdf\"")
    };
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static(kind.media_type())),
        (header::CONTENT_DISPOSITION, HeaderValue::from_static(named)),
        (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
        (header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
    ];
    let bytes = HttpBody::from_stream(pieces.map_err(std::io::Error::other));
    Ok((StatusCode::OK, headers, bytes).into_response())
}

/// Who answered, written with the answer.
#[derive(Debug)]
struct Answered {
    ctx: Ctx,
    link: Link,
    author: String,
    answer: &'static str,
    text: String,
}

#[async_trait::async_trait]
impl Along for Answered {
    async fn write(&self, tx: &Tx) -> Result<(), Error> {
        let new = NewComment { author: &self.author, user: None, answer: Some(self.answer), text: &self.text };
        guest::write(tx, &self.ctx, &self.link, &new).await
    }
}

/// What a guest is told of a refusal: nothing of the record, nor of rules.
fn untold(error: Error) -> Error {
    match error {
        Error::Conflict { .. } => Error::Conflict { code: "sale.state", current: None },
        Error::Invalid { .. } | Error::Refused(_) | Error::Denied(_) | Error::NotFound(_) => {
            Error::Conflict { code: "guest.refused", current: None }
        }
        error => error,
    }
}

/// What a guest is told where the paper cannot be made: what it lacks is the company's own business.
fn no_paper(error: Error) -> Error {
    match error {
        Error::Conflict { .. }
        | Error::Invalid { .. }
        | Error::Refused(_)
        | Error::Denied(_)
        | Error::NotFound(_)
        | Error::TooLarge(_) => Error::NotFound("paper".to_owned()),
        error => error,
    }
}

/// A note of the record in the company's language.
async fn note(state: &AppState, opened: &Opened, hands: &Ctx, words: &str, new: &NewComment<'_>) -> Result<()> {
    let said = Message::key(words).with("name", new.author.trim()).with("text", new.text.trim());
    let text = said.in_locale(hands.locale);
    state.records.add_note(hands, &opened.link.entity, opened.id(), text.trim()).await.map(drop)
}
