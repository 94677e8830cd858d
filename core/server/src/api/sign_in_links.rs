//! Links by which people set their password: asked for by whoever forgot it, or made by an administrator who invites.

use axum::Extension;
use axum::Json;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, Method, StatusCode};
use kernel::text::Message;
use kernel::{Ctx, Error, Locale, Result, Timestamp, UserId};
use messaging::mail::{NewMail, Parts, Reference};
use people::link::{self, Made, Purpose};
use people::tenant::{self, Tenant};
use people::user::{self, User};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use super::session::EVEN;
use crate::http::address::Address;
use crate::http::auth::same_origin;
use crate::http::{ApiResult, Body, Caller, Header, NO_STORE};
use crate::state::AppState;

/// The page that opens with a link. The secret stands behind `#`: no server and no log of a proxy is told of it.
const PAGE: &str = "/welcome#";

/// Whose password was forgotten.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ForgottenBody {
    email: String,
}

/// `POST /session/forgotten`: a letter with a link, good for an hour, to whoever has such an account, once a minute. The
/// answer is the same when there is none.
#[utoipa::path(post, path = "/session/forgotten", operation_id = "forgot_password", tag = "session",
    request_body = ForgottenBody, security(()), responses((status = 204)))]
pub async fn forgotten(
    State(state): State<AppState>,
    Extension(address): Extension<Address>,
    headers: HeaderMap,
    Body(body): Body<ForgottenBody>,
) -> ApiResult<StatusCode> {
    same_origin(&Method::POST, &headers, &state.config.http.public_url)?;
    if !sends_letters(&state) {
        return Err(Error::Conflict { code: "auth.no_letters", current: None }.into());
    }
    tokio::time::sleep(state.limits.sign_in(&address.key(), &body.email)?).await;
    let even = tokio::time::sleep(EVEN);
    for account in user::by_email(&state.db, &body.email).await? {
        if account.active {
            let tenant = tenant::get(&state.db, kernel::TenantId(account.tenant_id)).await?;
            let tx = state.db.begin().await?;
            let ctx = tenant.system_ctx(&state.env);
            if let Some((account, made)) = link::forgotten(&tx, &ctx, UserId(account.id)).await? {
                post(&state, &tx, &ctx, &tenant, &account, &made, Purpose::Reset).await?;
                tx.commit().await?;
            }
        }
    }
    even.await;
    Ok(StatusCode::NO_CONTENT)
}

/// The secret of a link.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct LinkBody {
    secret: String,
}

/// Whose link it is.
#[derive(Debug, Serialize, ToSchema)]
pub struct LinkView {
    purpose: Purpose,
    name: String,
    email: String,
    company: String,
    /// Slug of the company, to sign in with.
    tenant: String,
    #[schema(value_type = kernel::Locale)]
    locale: String,
    #[schema(value_type = String)]
    expires_at: Timestamp,
}

impl From<link::Found> for LinkView {
    fn from(found: link::Found) -> Self {
        Self {
            purpose: found.purpose,
            name: found.user.name,
            email: found.user.email,
            company: found.tenant.name,
            tenant: found.tenant.slug,
            locale: found.user.locale,
            expires_at: found.expires,
        }
    }
}

/// `POST /session/link`: whose link it is. 410 when it is good no more.
#[utoipa::path(post, path = "/session/link", operation_id = "find_sign_in_link", tag = "session", request_body = LinkBody,
    security(()), responses((status = 200, body = LinkView), (status = 410, body = crate::http::error::Problem)))]
pub async fn find(
    State(state): State<AppState>,
    Extension(address): Extension<Address>,
    headers: HeaderMap,
    Body(body): Body<LinkBody>,
) -> ApiResult<(Header, Json<LinkView>)> {
    same_origin(&Method::POST, &headers, &state.config.http.public_url)?;
    state.limits.look_up(&address.key())?;
    Ok((NO_STORE, Json(link::find(&state.db, &state.env, &body.secret).await?.into())))
}

/// A password for whoever a link is for.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct LinkPasswordBody {
    secret: String,
    password: String,
}

/// `POST /session/link/password`: sets it, and ends the person's sessions and links. They sign in with it then.
#[utoipa::path(post, path = "/session/link/password", operation_id = "set_password_by_link", tag = "session",
    request_body = LinkPasswordBody, security(()),
    responses((status = 200, body = LinkView), (status = 410, body = crate::http::error::Problem)))]
pub async fn password(
    State(state): State<AppState>,
    Extension(address): Extension<Address>,
    headers: HeaderMap,
    Body(body): Body<LinkPasswordBody>,
) -> ApiResult<(Header, Json<LinkView>)> {
    same_origin(&Method::POST, &headers, &state.config.http.public_url)?;
    state.limits.look_up(&address.key())?;
    let found = link::spend(&state.db, &state.env, &body.secret, &body.password).await?;
    state.forget_people();
    Ok((NO_STORE, Json(found.into())))
}

/// An invitation that was made.
#[derive(Debug, Serialize, ToSchema)]
pub struct Invitation {
    /// Where its link leads, from the address of the portal on. Shown once.
    path: String,
    #[schema(value_type = String)]
    expires_at: Timestamp,
    /// Whether a letter goes to the person. Without one the link is handed on by whoever invites.
    letter: bool,
}

/// `POST /users/{id}/invite`: a link by which the person sets their password, good for a week; by letter too, where
/// letters can be sent.
#[utoipa::path(post, path = "/users/{id}/invite", operation_id = "invite_user", tag = "people", params(("id" = Uuid, Path)),
    responses((status = 201, body = Invitation)))]
pub async fn invite(
    State(state): State<AppState>,
    caller: Caller,
    Path(id): Path<Uuid>,
) -> ApiResult<(StatusCode, Header, Json<Invitation>)> {
    let letter = sends_letters(&state);
    let tx = state.db.begin().await?;
    let (account, made) = link::invite(&tx, &caller.ctx, UserId(id)).await?;
    if letter {
        post(&state, &tx, &caller.ctx, &caller.identity.tenant, &account, &made, Purpose::Invite).await?;
    }
    tx.commit().await?;
    let path = format!("{PAGE}{}", made.secret);
    Ok((StatusCode::CREATED, NO_STORE, Json(Invitation { path, expires_at: made.expires, letter })))
}

/// Whether letters can be sent that lead back here: where people open the portal is never taken from a request, for whoever
/// asks might name another place.
fn sends_letters(state: &AppState) -> bool {
    state.mail.is_configured() && !state.config.http.public_url.is_empty()
}

async fn post(
    state: &AppState,
    tx: &kernel::db::Tx,
    ctx: &Ctx,
    tenant: &Tenant,
    account: &User,
    made: &Made,
    purpose: Purpose,
) -> Result<()> {
    let kind = if purpose == Purpose::Invite { "invite" } else { "reset" };
    let locale: Locale = account.locale.parse().unwrap_or(tenant.locale);
    let base = state.config.http.public_url.trim_end_matches('/');
    let say = |part: &str| {
        Message::key(&format!("letter.{kind}.{part}"))
            .with("name", &account.name)
            .with("company", &tenant.name)
            .with("email", &account.email)
            .with("link", format!("{base}{PAGE}{}", made.secret))
            .in_locale(locale)
    };
    let mail = NewMail {
        to: vec![account.email.clone()],
        cc: Vec::new(),
        subject: say("subject").replace(['\r', '\n'], " "),
        text: say("text"),
        reply_to: None,
        reference: Reference { kind: "user".into(), id: account.id },
        parts: Parts::default(),
    };
    state.mail.queue(tx, ctx, &mail).await?;
    Ok(())
}
