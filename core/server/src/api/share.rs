//! `/records/{entity}/{id}/share`: personal links by which somebody without an account opens a record.

use std::collections::BTreeMap;

use ::people::guest::{self, Link, NewComment, NewLink, Scope};
use ::people::staff;
use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use kernel::access::Action;
use kernel::db::Tx;
use kernel::error::FieldError;
use kernel::{Ctx, Error, RecordId, Result, Timestamp};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use super::view::Items;
use crate::http::{ApiResult, Body, Caller, Header, NO_STORE};
use crate::state::AppState;

/// The page that opens with a link. The token stands behind `#`: no server and no log of a proxy is told of it.
const PAGE: &str = "/g#";
/// What can be accepted or declined.
pub(super) const ANSWERED: &str = "quote";

/// A link that is good.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = GuestLink)]
pub struct LinkView {
    id: Uuid,
    /// What the guest may do.
    scope: Scope,
    /// What is shown; null: the fields of the card.
    fields: Option<Vec<String>>,
    /// For whom it is.
    label: String,
    /// Who made it: it shows what they may see, while they may.
    made_by: Uuid,
    /// Their name.
    made_by_name: String,
    #[schema(value_type = String)]
    created: Timestamp,
    #[schema(value_type = String)]
    expires: Timestamp,
    /// How often it was opened.
    opened: i64,
    /// When it was opened last.
    #[schema(value_type = Option<String>)]
    opened_at: Option<Timestamp>,
}

/// A link that was made.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = MadeGuestLink)]
pub struct MadeView {
    #[serde(flatten)]
    link: LinkView,
    /// Where it leads, from the address of the portal on. Shown once.
    path: String,
}

fn view(link: Link, names: &BTreeMap<Uuid, String>) -> LinkView {
    LinkView {
        id: link.id,
        scope: link.scope,
        fields: link.fields,
        label: link.label,
        made_by: link.owner,
        made_by_name: names.get(&link.owner).cloned().unwrap_or_default(),
        created: link.created,
        expires: link.expires,
        opened: link.opened,
        opened_at: link.opened_at,
    }
}

/// `GET /records/{entity}/{id}/share`: links of a record that are good, newest first, for whoever may change it.
#[utoipa::path(get, path = "/records/{entity}/{id}/share", operation_id = "list_guest_links", tag = "records",
    params(("entity" = String, Path), ("id" = Uuid, Path)), responses((status = 200, body = Items<LinkView>)))]
pub async fn list(
    State(state): State<AppState>,
    caller: Caller,
    Path((entity, id)): Path<(String, RecordId)>,
) -> ApiResult<Json<Items<LinkView>>> {
    let tx = state.db.begin().await?;
    changeable(&state, &tx, &caller.ctx, &entity, id).await?;
    let links = guest::of_record(&tx, &caller.ctx, id.0).await?;
    let mut owners: Vec<Uuid> = links.iter().map(|link| link.owner).collect();
    owners.sort_unstable();
    owners.dedup();
    let people = staff::by_ids(&tx, caller.ctx.tenant, &owners).await?;
    tx.rollback().await?;
    let names: BTreeMap<Uuid, String> = people.into_iter().map(|person| (person.id, person.name)).collect();
    Ok(Json(Items { items: links.into_iter().map(|link| view(link, &names)).collect() }))
}

/// `POST /records/{entity}/{id}/share`: a link, shown only here. It shows what the caller may see, as long as they may.
#[utoipa::path(post, path = "/records/{entity}/{id}/share", operation_id = "make_guest_link", tag = "records",
    params(("entity" = String, Path), ("id" = Uuid, Path)), request_body = NewLink,
    responses((status = 201, body = MadeView)))]
pub async fn make(
    State(state): State<AppState>,
    caller: Caller,
    Path((entity, id)): Path<(String, RecordId)>,
    Body(body): Body<NewLink>,
) -> ApiResult<(StatusCode, Header, Json<MadeView>)> {
    let ctx = &caller.ctx;
    state.records.get(ctx, &entity, id).await?;
    fits(&state, ctx, &entity, &body).await?;
    let tx = state.db.begin().await?;
    changeable(&state, &tx, ctx, &entity, id).await?;
    let (link, token) = guest::make(&tx, ctx, &entity, id.0, &body).await?;
    tx.commit().await?;
    let names = BTreeMap::from([(link.owner, caller.identity.user.name.clone())]);
    let made = MadeView { link: view(link, &names), path: format!("{PAGE}{token}") };
    Ok((StatusCode::CREATED, NO_STORE, Json(made)))
}

/// `DELETE /records/{entity}/{id}/share/{link}`: it opens nothing from now on.
#[utoipa::path(delete, path = "/records/{entity}/{id}/share/{link}", operation_id = "revoke_guest_link", tag = "records",
    params(("entity" = String, Path), ("id" = Uuid, Path), ("link" = Uuid, Path)), responses((status = 204)))]
pub async fn revoke(
    State(state): State<AppState>,
    caller: Caller,
    Path((entity, id, link)): Path<(String, RecordId, Uuid)>,
) -> ApiResult<StatusCode> {
    let tx = state.db.begin().await?;
    changeable(&state, &tx, &caller.ctx, &entity, id).await?;
    guest::revoke(&tx, &caller.ctx, id.0, link).await?;
    tx.commit().await?;
    Ok(StatusCode::NO_CONTENT)
}

/// An answer to a guest.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = GuestReply)]
pub struct ReplyBody {
    /// Up to 5,000 characters. The guest sees it with the caller's name; it is a note of the record too.
    text: String,
}

/// `POST /records/{entity}/{id}/share/{link}/comments`: an answer that the link's guest sees.
#[utoipa::path(post, path = "/records/{entity}/{id}/share/{link}/comments", operation_id = "reply_to_guest",
    tag = "records", params(("entity" = String, Path), ("id" = Uuid, Path), ("link" = Uuid, Path)),
    request_body = ReplyBody, responses((status = 204)))]
pub async fn reply(
    State(state): State<AppState>,
    caller: Caller,
    Path((entity, id, link)): Path<(String, RecordId, Uuid)>,
    Body(body): Body<ReplyBody>,
) -> ApiResult<StatusCode> {
    let ctx = &caller.ctx;
    let author = caller.identity.user.name.as_str();
    let comment = NewComment { author, user: ctx.user().map(|user| user.0), answer: None, text: &body.text };
    guest::check(&comment)?;
    let tx = state.db.begin().await?;
    changeable(&state, &tx, ctx, &entity, id).await?;
    let link = guest::one(&tx, ctx, id.0, link).await?;
    guest::room(&tx, &link).await?;
    tx.rollback().await?;
    // The note first: what the guest is told, colleagues see as well.
    state.records.add_note(ctx, &entity, id, &body.text).await?;
    let tx = state.db.begin().await?;
    guest::write(&tx, ctx, &link, &comment).await?;
    tx.commit().await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Whoever may change a record may show it to others.
async fn changeable(state: &AppState, tx: &Tx, ctx: &Ctx, entity: &str, id: RecordId) -> Result<()> {
    if !state.records.may_in(tx, ctx, entity, id, Action::Read).await? {
        return Err(Error::NotFound(format!("{entity} {id}")));
    }
    if state.records.may_in(tx, ctx, entity, id, Action::Update).await? {
        return Ok(());
    }
    Err(Error::Denied("action"))
}

/// Whether there is what a link names.
async fn fits(state: &AppState, ctx: &Ctx, entity: &str, new: &NewLink) -> Result<()> {
    let wrong = |field: &str, error: FieldError| Error::field(::people::INVALID, field, error);
    if new.scope == Scope::Accept && entity != ANSWERED {
        return Err(wrong("scope", FieldError::new("guest_accept")));
    }
    let catalogue = state.records.catalogue_of(ctx).await?;
    let def = catalogue.entity(entity)?;
    let sees = |key: &String| def.field(key).is_some_and(|field| def.shows(&ctx.rights, field));
    match new.fields.iter().flatten().find(|key| !sees(key)) {
        Some(key) => {
            let shown: String = key.chars().filter(|letter| !letter.is_control()).take(100).collect();
            Err(wrong("fields", FieldError::new("unknown_name").with("value", shown)))
        }
        None => Ok(()),
    }
}
