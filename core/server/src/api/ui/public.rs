//! `/public/{company}/{plugin}/{page}`: a page of a plugin for people without an account, what its sources say, and what is
//! sent by it; `/plugins/{id}/public-pages`: which of them are open, and personal links to them.
//!
//! Nothing of whoever asks counts, not even a session: everybody sees what a stranger sees. By a personal link the plugin's code
//! hears for which record the page is opened; one that is not good opens nothing. Only that code is asked; what it says goes
//! through the host, which tells strangers neither reasons of failures nor words of others.

use std::collections::BTreeMap;

use axum::Json;
use axum::body::Bytes;
use axum::extract::{Extension, Path, State};
use axum::http::{HeaderMap, Method, StatusCode};
use kernel::{Error, RecordRef, Result};
use people::tenant::{self, Tenant};
use plugin_host::surfaces::spec::Spec;
use plugin_host::surfaces::{PublicLinkView, PublicPageView, Visit};
use plugin_host::{Acted, Deed, View};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use super::super::view::Items;
use super::computed;
use super::read::{ReadAnswer, ReadItem, SourceRows, Teller, sound};
use super::stand::{bounded, small};
use crate::http::address::Address;
use crate::http::auth::{accepted, same_origin};
use crate::http::layers::RequestId;
use crate::http::{ApiResult, Body, Caller, Header, NO_STORE, Params};
use crate::state::AppState;

/// The header with what stands behind `#` in a personal link: no log of addresses has it.
const LINK: &str = "x-page-link";

/// A page for people without an account.
#[derive(Debug, Serialize, ToSchema)]
pub struct PublicView {
    /// Whose page it is.
    company: String,
    /// Its title, in the language asked for.
    title: String,
    /// What to draw.
    #[schema(value_type = BTreeMap<String, Value>)]
    tree: Value,
    /// Names the tree.
    tree_hash: String,
    /// Texts of the package, by key.
    texts: BTreeMap<String, String>,
}

/// Which page: what stands in its address.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Path)]
pub struct At {
    company: String,
    plugin: String,
    page: String,
}

/// A stranger at a page.
struct Guest {
    company: Tenant,
    visit: Visit,
    /// Whom what is sent is counted for.
    address: String,
    at: At,
    /// What a personal link opens the page for.
    record: Option<RecordRef>,
}

impl Guest {
    /// What is counted: bounded by the pages that there are.
    fn place(&self) -> String {
        format!("{} {}", self.at.plugin, self.at.page)
    }
}

async fn come(state: &AppState, address: &Address, headers: &HeaderMap, at: At, hash: Option<&str>) -> Result<Guest> {
    let company = tenant::by_slug(&state.db, &at.company).await?;
    let visit = state.plugins.visit(&company, &at.plugin, &at.page, accepted(headers), hash).await?;
    let mut guest = Guest { company, visit, address: address.key(), at, record: None };
    state.limits.public_call(&guest.address, &guest.company.slug, &guest.place())?;
    if let Some(token) = headers.get(LINK) {
        let token = token.to_str().unwrap_or_default();
        guest.record = Some(state.plugins.linked(&guest.visit, token).await?);
    }
    Ok(guest)
}

/// `GET /public/{company}/{plugin}/{page}`: the page. 404 when there is none, or it is not open; 409 `public.closed` with the
/// plugin's words while it is off.
#[utoipa::path(get, path = "/public/{company}/{plugin}/{page}", operation_id = "open_public_page", tag = "public",
    params(At), security(()),
    responses((status = 200, body = PublicView), (status = 404, body = crate::http::error::Problem)))]
pub async fn public_open(
    State(state): State<AppState>,
    Extension(address): Extension<Address>,
    headers: HeaderMap,
    Path(at): Path<At>,
) -> ApiResult<(Header, Json<PublicView>)> {
    let guest = come(&state, &address, &headers, at, None).await?;
    let missing = || Error::NotFound("a tree".to_owned());
    let (tree, tree_hash) = guest.visit.tree().ok_or_else(missing)?;
    let (title, texts) = (guest.visit.title(), guest.visit.texts());
    Ok((NO_STORE, Json(PublicView { company: guest.company.name, title, tree, tree_hash, texts })))
}

/// Sources of a public page.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = PublicReadRequest)]
pub struct PublicReadBody {
    /// The tree that is shown; another one is 409 `ui.stale`.
    tree_hash: Option<String>,
    /// Parameters of the page, up to 16 KiB.
    #[serde(default)]
    #[schema(value_type = BTreeMap<String, Value>)]
    params: Map<String, Value>,
    /// State of the page, up to 16 KiB.
    #[serde(default)]
    #[schema(value_type = BTreeMap<String, Value>)]
    state: Map<String, Value>,
    /// 1 to 20.
    items: Vec<ReadItem>,
}

/// `POST /public/{company}/{plugin}/{page}/read`: what sources of the page say, each with its own status.
#[utoipa::path(post, path = "/public/{company}/{plugin}/{page}/read", operation_id = "read_public_page", tag = "public",
    params(At), security(()),
    request_body = PublicReadBody,
    responses((status = 200, body = ReadAnswer), (status = 404, body = crate::http::error::Problem)))]
pub async fn public_read(
    State(state): State<AppState>,
    Extension(address): Extension<Address>,
    Extension(request): Extension<RequestId>,
    headers: HeaderMap,
    Path(at): Path<At>,
    Body(body): Body<PublicReadBody>,
) -> ApiResult<(Header, Json<ReadAnswer>)> {
    sound(&body.items)?;
    small(&body.params, &body.state)?;
    let guest = come(&state, &address, &headers, at, body.tree_hash.as_deref()).await?;
    let view = View { params: body.params, state: body.state, record: guest.record.clone() };
    let by = guest.visit.title();
    let teller = Teller { locale: guest.visit.ctx.locale, by: &by, request: &request.0 };
    let mut results = Vec::with_capacity(body.items.len());
    for item in body.items {
        let answer = ask(&state, &guest, &view, &item).await;
        results.push(teller.result(item.name, answer));
    }
    Ok((NO_STORE, Json(ReadAnswer { results })))
}

/// A portion of a source. Each costs a call of the plugin, and is counted as one.
async fn ask(state: &AppState, guest: &Guest, view: &View, item: &ReadItem) -> Result<SourceRows> {
    let Visit { open, ctx } = &guest.visit;
    match open.source(&item.name, &item.source)? {
        Spec::Plugin(asked) => {
            state.limits.public_call(&guest.address, &guest.company.slug, &guest.place())?;
            computed::rows(state, ctx, open, view, asked, item.cursor.clone()).await
        }
        _ => Err(Error::Denied("grant")),
    }
}

/// Something that a stranger sends.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = PublicActRequest)]
pub struct PublicActBody {
    /// The tree that is shown; another one is 409 `ui.stale`.
    tree_hash: Option<String>,
    /// Parameters of the page, up to 16 KiB.
    #[serde(default)]
    #[schema(value_type = BTreeMap<String, Value>)]
    params: Map<String, Value>,
    /// State of the page, up to 16 KiB.
    #[serde(default)]
    #[schema(value_type = BTreeMap<String, Value>)]
    state: Map<String, Value>,
    /// What, by its name in the tree.
    act: String,
    /// What was typed, up to 64 KiB.
    #[serde(default)]
    input: Value,
}

/// `POST /public/{company}/{plugin}/{page}/act`: the plugin does what somebody sends. Ten a minute from one address; with an
/// `Idempotency-Key` the plugin gets the same key for every try of the same press; something else under it is another press. 422
/// `file.invalid` with more files than the page's inputs take.
#[utoipa::path(post, path = "/public/{company}/{plugin}/{page}/act", operation_id = "act_on_public_page", tag = "public",
    params(At), security(()),
    request_body = PublicActBody,
    responses((status = 200, body = Acted), (status = 404, body = crate::http::error::Problem)))]
pub async fn public_act(
    State(state): State<AppState>,
    Extension(address): Extension<Address>,
    headers: HeaderMap,
    Path(at): Path<At>,
    Body(body): Body<PublicActBody>,
) -> ApiResult<(Header, Json<Acted>)> {
    same_origin(&Method::POST, &headers, &state.config.http.public_url)?;
    bounded("input", &body.input)?;
    small(&body.params, &body.state)?;
    let guest = come(&state, &address, &headers, at, body.tree_hash.as_deref()).await?;
    state.limits.public_send(&guest.address, &guest.company.slug, &guest.place())?;
    let Visit { open, ctx } = &guest.visit;
    // The portal sends no more either; wherever somebody else puts them, they count.
    let sent: Vec<&Value> = body.params.values().chain(body.state.values()).chain([&body.input]).collect();
    state.files.sent_at_most(ctx, open.plugin(), guest.visit.most_files(), &sent).await?;
    let key = key(&guest, &headers, &body);
    let view = View { params: body.params, state: body.state, record: guest.record.clone() };
    let deed = Deed { act: body.act, key, entity: None, rows: Vec::new(), input: body.input };
    Ok((NO_STORE, Json(state.plugins.act(ctx, open, deed, &view).await?)))
}

/// The same for every try of one press, and no other's: nobody knows who a stranger is, so whoever sends something else under the
/// key of another one makes a press of their own, and is not told what was made for them.
fn key(guest: &Guest, headers: &HeaderMap, body: &PublicActBody) -> Uuid {
    let Some(given) = headers.get("idempotency-key").and_then(|key| key.to_str().ok()) else {
        return guest.visit.ctx.id();
    };
    let PublicActBody { tree_hash: _, params, state, act, input } = body;
    let press = json!([guest.company.id, guest.place(), given, guest.record, act, params, state, input]);
    kernel::id::derived(&format!("public act {press}"))
}

/// A file that is sent by a form.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct SentFile {
    /// The input of the form, by its name in the tree.
    input: String,
    /// What the file is called, with its ending.
    name: String,
}

/// A file that waits for the press.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = PublicUpload)]
pub struct UploadView {
    /// What the input is sent with: good for an hour, and for one record.
    upload: String,
}

/// `POST /public/{company}/{plugin}/{page}/files`: a file for an input of a form, its bytes as the body: a picture, PDF, text or office
/// document of up to 5 MiB. It counts as something that is sent; 60 an hour from one address. 200 of a company wait at once: then those
/// from networks that have fewer there come in, and the oldest of the others go.
#[utoipa::path(post, path = "/public/{company}/{plugin}/{page}/files", operation_id = "send_public_file", tag = "public",
    params(At, SentFile), security(()), request_body(content = String, content_type = "application/octet-stream"),
    responses((status = 201, body = UploadView), (status = 404, body = crate::http::error::Problem)))]
pub async fn public_file(
    State(state): State<AppState>,
    Extension(address): Extension<Address>,
    headers: HeaderMap,
    Path(at): Path<At>,
    Params(sent): Params<SentFile>,
    body: Bytes,
) -> ApiResult<(StatusCode, Header, Json<UploadView>)> {
    same_origin(&Method::POST, &headers, &state.config.http.public_url)?;
    let guest = come(&state, &address, &headers, at, None).await?;
    if !guest.visit.takes_files(&sent.input) {
        return Err(Error::NotFound("an input that takes files".to_owned()).into());
    }
    state.limits.public_file(&guest.address, &guest.company.slug, &guest.place())?;
    let Visit { open, ctx } = &guest.visit;
    let upload = state.files.offer(ctx, open.plugin(), &address.near(), &sent.name, body).await?;
    Ok((StatusCode::CREATED, NO_STORE, Json(UploadView { upload })))
}

/// `GET /plugins/{id}/public-pages`: the pages of a plugin for people without an account (administrators).
#[utoipa::path(get, path = "/plugins/{id}/public-pages", operation_id = "list_public_pages", tag = "plugins",
    params(("id" = String, Path)), responses((status = 200, body = Items<PublicPageView>)))]
pub async fn public_list(
    State(state): State<AppState>,
    caller: Caller,
    Path(id): Path<String>,
) -> ApiResult<Json<Items<PublicPageView>>> {
    Ok(Json(Items { items: state.plugins.public_pages(&caller.ctx, &id).await? }))
}

/// Whether strangers may open a page.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = PublicPageInput)]
pub struct PublicPageBody {
    open: bool,
}

/// `PUT /plugins/{id}/public-pages/{page}`: opens a page to people without an account, or closes it (administrators). Gives all
/// of the plugin's.
#[utoipa::path(put, path = "/plugins/{id}/public-pages/{page}", operation_id = "set_public_page", tag = "plugins",
    params(("id" = String, Path), ("page" = String, Path)), request_body = PublicPageBody,
    responses((status = 200, body = Items<PublicPageView>)))]
pub async fn public_set(
    State(state): State<AppState>,
    caller: Caller,
    Path((id, page)): Path<(String, String)>,
    Body(body): Body<PublicPageBody>,
) -> ApiResult<Json<Items<PublicPageView>>> {
    state.plugins.set_public_page(&caller.ctx, &id, &page, body.open).await?;
    Ok(Json(Items { items: state.plugins.public_pages(&caller.ctx, &id).await? }))
}

/// Which links.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct LinksOf {
    /// Only those for this record.
    record: Option<Uuid>,
}

/// `GET /plugins/{id}/public-pages/{page}/links`: the personal links to a page that are good, newest first, up to 200 (administrators).
#[utoipa::path(get, path = "/plugins/{id}/public-pages/{page}/links", operation_id = "list_public_links", tag = "plugins",
    params(("id" = String, Path), ("page" = String, Path), LinksOf),
    responses((status = 200, body = Items<PublicLinkView>)))]
pub async fn public_links(
    State(state): State<AppState>,
    caller: Caller,
    Path((id, page)): Path<(String, String)>,
    Params(of): Params<LinksOf>,
) -> ApiResult<Json<Items<PublicLinkView>>> {
    Ok(Json(Items { items: state.plugins.page_links(&caller.ctx, &id, &page, of.record).await? }))
}

/// `DELETE /plugins/{id}/public-pages/{page}/links/{link}`: a personal link opens nothing from now on (administrators).
#[utoipa::path(delete, path = "/plugins/{id}/public-pages/{page}/links/{link}", operation_id = "revoke_public_link",
    tag = "plugins", params(("id" = String, Path), ("page" = String, Path), ("link" = Uuid, Path)), responses((status = 204)))]
pub async fn public_revoke(
    State(state): State<AppState>,
    caller: Caller,
    Path((id, page, link)): Path<(String, String, Uuid)>,
) -> ApiResult<StatusCode> {
    state.plugins.revoke_page_link(&caller.ctx, &id, &page, link).await?;
    Ok(StatusCode::NO_CONTENT)
}
