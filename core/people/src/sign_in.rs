//! Sessions of the portal: made by e-mail and password or by a provider, stored hashed, revocable, sliding for 30 days.

use kernel::clock::Env;
use kernel::db::Tx;
use kernel::{Actor, Ctx, Db, Error, Result, TenantId, Timestamp, UserId, audit};
use sea_orm::sea_query::Condition;
use sea_orm::{ActiveValue::Set, ColumnTrait, EntityTrait, QueryFilter};
use serde_json::json;
use uuid::Uuid;

use crate::entities::{Fetch, Run, Store, session};
use crate::tenant::{self, Tenant};
use crate::token::hash_of;
use crate::user::User;
use crate::{factor, password, provider, user as users, view_as};

/// Seconds of a session without use.
pub const SESSION_SECONDS: i64 = 30 * 24 * 3_600;
/// How often its use is written down.
pub(crate) const SEEN_SECONDS: i64 = 300;

/// What somebody typed to sign in.
#[derive(Debug, Clone)]
pub struct SignIn {
    /// Their e-mail.
    pub email: String,
    /// Their password.
    pub password: String,
    /// Slug of the company, where the e-mail has accounts in several.
    pub tenant: Option<String>,
    /// What their second factor shows, or a code for a lost device.
    pub code: Option<String>,
    /// The browser's name, for the list of sessions.
    pub agent: String,
    /// Where they sign in from, for the same list; empty when unknown.
    pub address: String,
}

/// From where somebody signs in.
#[derive(Debug, Clone, Default)]
pub struct Visit {
    /// The browser's name, for the list of sessions.
    pub agent: String,
    /// The address, for the same list; empty when unknown.
    pub address: String,
}

/// How signing in went.
#[derive(Debug)]
pub enum Outcome {
    /// The secret of a new session.
    In {
        /// For the cookie; never stored.
        secret: String,
    },
    /// The password is right in several companies: ask which.
    Choose(Vec<Tenant>),
}

/// Signs in.
///
/// # Errors
/// `Conflict("auth.invalid_credentials")` without telling which of the two was wrong, `Conflict("auth.provider_only")` where
/// the company wants its people to sign in by a provider, and those of the second factor.
pub async fn sign_in(db: &Db, env: &Env, input: &SignIn) -> Result<Outcome> {
    let mut accounts = Vec::new();
    for account in users::by_email(db, &input.email).await? {
        let tenant = tenant::get(db, TenantId(account.tenant_id)).await?;
        if account.active && input.tenant.as_ref().is_none_or(|slug| *slug == tenant.slug) {
            accounts.push((account, tenant));
        }
    }
    if accounts.is_empty() {
        password::verify(&input.password, None).await?;
    }
    let mut matching = Vec::new();
    for (account, tenant) in accounts {
        if password::verify(&input.password, account.password_hash.as_deref()).await? {
            matching.push((account, tenant));
        }
    }
    match matching.len() {
        0 => Err(Error::Conflict { code: "auth.invalid_credentials", current: None }),
        1 => {
            let Some((account, tenant)) = matching.pop() else { return Err(Error::Unauthenticated) };
            provider::judge_password(db, &account).await?;
            factor::judge(db, env, &account, input.code.as_deref()).await?;
            let visit = Visit { agent: input.agent.clone(), address: input.address.clone() };
            let tx = db.begin().await?;
            let secret = open_in(&tx, env, &account, &tenant, &visit, None).await?;
            tx.commit().await?;
            Ok(Outcome::In { secret })
        }
        _ => Ok(Outcome::Choose(matching.into_iter().map(|(_, tenant)| tenant).collect())),
    }
}

/// Opens a session; `provider` says by which one, if not with a password.
pub(crate) async fn open_in(
    tx: &Tx,
    env: &Env,
    account: &User,
    tenant: &Tenant,
    visit: &Visit,
    provider: Option<Uuid>,
) -> Result<String> {
    let (secret, now) = (env.secret(), env.now());
    let row = session::ActiveModel {
        id: Set(kernel::id::fresh(env)),
        tenant_id: Set(account.tenant_id),
        user_id: Set(account.id),
        token_hash: Set(hash_of(&secret)),
        created_at: Set(now.0),
        seen_at: Set(now.0),
        expires_at: Set(now.plus_seconds(SESSION_SECONDS).0),
        agent: Set(visit.agent.chars().take(300).collect()),
        address: Set(visit.address.chars().take(64).collect()),
        as_user: Set(None),
        as_role: Set(None),
        as_until: Set(None),
    };
    forget_ended(tx, now).await?;
    row.add(tx).await?;
    let ctx = Ctx { actor: Actor::User { id: UserId(account.id) }, ..tenant.system_ctx(env) };
    let mut detail = json!({"address": visit.address});
    if let (Some(provider), Some(detail)) = (provider, detail.as_object_mut()) {
        detail.insert("provider".into(), json!(provider));
    }
    audit::record(tx, &ctx, "session.opened", &account.id.to_string(), detail).await?;
    Ok(secret)
}

/// Ends the session with this secret, if there is one.
///
/// # Errors
/// When the database fails.
pub async fn sign_out(db: &Db, env: &Env, secret: &str) -> Result<()> {
    let Some(found) = find(db, secret, env.now()).await? else { return Ok(()) };
    let ctx = view_as::ctx_of(db, env, &found).await?;
    let this = session::Column::Id.eq(found.id);
    let tx = db.begin().await?;
    view_as::end_with(&tx, &ctx, Condition::all().add(this.clone()), "signed_out").await?;
    session::Entity::delete_many().filter(this).run(&tx).await?;
    Ok(tx.commit().await?)
}

/// Removes sessions that ended before `now`.
///
/// # Errors
/// When the database fails.
pub async fn forget_ended(tx: &Tx, now: Timestamp) -> Result<()> {
    session::Entity::delete_many().filter(session::Column::ExpiresAt.lt(now.0)).run(tx).await?;
    Ok(())
}

/// The live session with this secret; writes its use down now and then.
pub(crate) async fn find(db: &Db, secret: &str, now: Timestamp) -> Result<Option<session::Model>> {
    let found = session::Entity::find()
        .filter(session::Column::TokenHash.eq(hash_of(secret)))
        .filter(session::Column::ExpiresAt.gt(now.0))
        .row(db.read())
        .await?;
    if let Some(row) = &found
        && Timestamp(row.seen_at).plus_seconds(SEEN_SECONDS) < now
    {
        let update = session::ActiveModel {
            id: Set(row.id),
            seen_at: Set(now.0),
            expires_at: Set(now.plus_seconds(SESSION_SECONDS).0),
            ..Default::default()
        };
        let tx = db.begin().await?;
        session::Entity::update_many().set(update).filter(session::Column::Id.eq(row.id)).run(&tx).await?;
        tx.commit().await?;
    }
    Ok(found)
}
