//! Personal links by which somebody sets their password: an invitation from an administrator, or because they forgot it.
//!
//! A link is good once, for a time, and for the account as it was: a new password, another e-mail or an end of the
//! account ends it. Its secret is told once and kept as a hash.

use kernel::clock::Env;
use kernel::db::{ConnectionTrait, Tx};
use kernel::{Actor, Ctx, Db, Error, Result, TenantId, Timestamp, UserId, audit};
use sea_orm::{ActiveValue::Set, ColumnTrait, EntityTrait, QueryFilter};
use serde::Serialize;
use serde_json::json;
use uuid::Uuid;

use crate::entities::{Fetch, Run, Store, sign_in_link, user};
use crate::tenant::{self, Tenant, one_by_one};
use crate::token::hash_of;
use crate::user::{User, end_sessions, get};
use crate::{password, require_admin};

/// Seconds between two links that somebody asks for who forgot their password.
const BETWEEN_SECONDS: i64 = 60;

/// What a link is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Purpose {
    /// A new person's first password.
    Invite,
    /// Another password for somebody who forgot theirs.
    Reset,
}

impl Purpose {
    /// Its name in the database.
    const fn name(self) -> &'static str {
        match self {
            Self::Invite => "invite",
            Self::Reset => "reset",
        }
    }

    /// How long such a link is good, in seconds: a week, an hour.
    pub const fn seconds(self) -> i64 {
        match self {
            Self::Invite => 7 * 24 * 3_600,
            Self::Reset => 3_600,
        }
    }
}

/// A link that was just made.
#[derive(Debug)]
pub struct Made {
    /// What stands in its address; never stored.
    pub secret: String,
    /// Until when it is good.
    pub expires: Timestamp,
}

/// Whose link it is.
#[derive(Debug)]
pub struct Found {
    /// What it is for.
    pub purpose: Purpose,
    /// The account.
    pub user: User,
    /// Its company.
    pub tenant: Tenant,
    /// Until when it is good.
    pub expires: Timestamp,
}

/// A link for a person who may sign in. One of the same purpose that they had is good no more.
///
/// # Errors
/// `NotFound`, `auth.barred`.
pub async fn make(tx: &Tx, ctx: &Ctx, id: UserId, purpose: Purpose) -> Result<(User, Made)> {
    one_by_one(tx, ctx.tenant).await?;
    let account = get(tx, ctx.tenant, id).await?;
    if !account.active {
        return Err(Error::Conflict { code: "auth.barred", current: None });
    }
    let of = sign_in_link::Entity::delete_many()
        .filter(sign_in_link::Column::UserId.eq(id.0))
        .filter(sign_in_link::Column::Purpose.eq(purpose.name()));
    of.run(tx).await?;
    let (secret, now) = (ctx.env.secret(), ctx.now());
    let expires = now.plus_seconds(purpose.seconds());
    let row = sign_in_link::ActiveModel {
        id: Set(ctx.id()),
        tenant_id: Set(ctx.tenant.0),
        user_id: Set(id.0),
        purpose: Set(purpose.name().to_owned()),
        secret_hash: Set(hash_of(&secret)),
        created_at: Set(now.0),
        expires_at: Set(expires.0),
    };
    row.add(tx).await?;
    audit::record(tx, ctx, "user.link_made", &id.to_string(), json!({"purpose": purpose})).await?;
    Ok((account, Made { secret, expires }))
}

/// A link for somebody who forgot their password, whoever asks; none within a minute of the last one, so that nobody is
/// flooded with letters, nor their link ended as soon as it comes.
///
/// # Errors
/// Those of `make`.
pub async fn forgotten(tx: &Tx, ctx: &Ctx, id: UserId) -> Result<Option<(User, Made)>> {
    one_by_one(tx, ctx.tenant).await?;
    let lately = sign_in_link::Entity::find()
        .filter(sign_in_link::Column::UserId.eq(id.0))
        .filter(sign_in_link::Column::Purpose.eq(Purpose::Reset.name()))
        .filter(sign_in_link::Column::CreatedAt.gt(ctx.now().plus_seconds(-BETWEEN_SECONDS).0));
    if lately.row(tx).await?.is_some() {
        return Ok(None);
    }
    make(tx, ctx, id, Purpose::Reset).await.map(Some)
}

/// A link made by an administrator for somebody else.
///
/// # Errors
/// `Denied` and those of `make`.
pub async fn invite(tx: &Tx, ctx: &Ctx, id: UserId) -> Result<(User, Made)> {
    require_admin(ctx)?;
    make(tx, ctx, id, Purpose::Invite).await
}

/// Whose link has this secret.
///
/// # Errors
/// `Conflict("auth.link_gone")` when there is none that is good still.
pub async fn find(db: &Db, env: &Env, secret: &str) -> Result<Found> {
    let row = live(db.read(), secret, env.now()).await?;
    let tenant = tenant::get(db, TenantId(row.tenant_id)).await?;
    let user = get(db.read(), tenant.id, UserId(row.user_id)).await?;
    let purpose = if row.purpose == Purpose::Invite.name() { Purpose::Invite } else { Purpose::Reset };
    Ok(Found { purpose, user, tenant, expires: Timestamp(row.expires_at) })
}

async fn live(conn: &impl ConnectionTrait, secret: &str, now: Timestamp) -> Result<sign_in_link::Model> {
    let found = sign_in_link::Entity::find()
        .filter(sign_in_link::Column::SecretHash.eq(hash_of(secret)))
        .filter(sign_in_link::Column::ExpiresAt.gt(now.0));
    found.row(conn).await?.ok_or(Error::Conflict { code: "auth.link_gone", current: None })
}

/// Sets the password of whoever the link is for; ends their sessions and all of their links.
///
/// # Errors
/// `Conflict("auth.link_gone")`, `people.invalid` when the password is not fit; the link is good still then.
pub async fn spend(db: &Db, env: &Env, secret: &str, password: &str) -> Result<Found> {
    let found = find(db, env, secret).await?;
    let hash = password::hash(env, password, &found.user.email).await?;
    let id = UserId(found.user.id);
    let ctx = Ctx { actor: Actor::User { id }, ..found.tenant.system_ctx(env) };
    let tx = db.begin().await?;
    one_by_one(&tx, ctx.tenant).await?;
    // Asked again now that nobody else changes anything: of two who open it together one is late.
    live(&tx, secret, env.now()).await?;
    user::ActiveModel { id: Set(id.0), password_hash: Set(Some(hash)), ..Default::default() }.change(&tx).await?;
    end_sessions(&tx, &ctx, id).await?;
    end(&tx, id.0).await?;
    audit::record(&tx, &ctx, "user.password_changed", &id.to_string(), json!({"by": found.purpose})).await?;
    tx.commit().await?;
    Ok(found)
}

/// Ends all links of somebody.
pub(crate) async fn end(tx: &Tx, user: Uuid) -> Result<()> {
    sign_in_link::Entity::delete_many().filter(sign_in_link::Column::UserId.eq(user)).run(tx).await?;
    Ok(())
}

/// Removes links that ended before `now`.
///
/// # Errors
/// When the database fails.
pub async fn forget_ended(tx: &Tx, now: Timestamp) -> Result<()> {
    sign_in_link::Entity::delete_many().filter(sign_in_link::Column::ExpiresAt.lt(now.0)).run(tx).await?;
    Ok(())
}
