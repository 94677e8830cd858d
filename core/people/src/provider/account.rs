//! Whom a provider means. The first time an account is found by its e-mail, if the provider vouches for that; from then on
//! by issuer and subject alone (OpenID Connect Core 1.0, 5.7), whatever becomes of e-mails.

use kernel::clock::Env;
use kernel::db::Tx;
use kernel::{Ctx, Db, Error, Result, TenantId, UserId, audit};
use sea_orm::{ActiveValue::Set, ColumnTrait, EntityTrait, QueryFilter};
use serde_json::json;
use uuid::Uuid;

use super::attempt::{self, Attempt};
use super::{Provider, check_role, domains_of, enabled, tenant_of};
use crate::entities::{Fetch, Run, Store, provider_account, user as users};
use crate::sign_in::{Visit, open_in};
use crate::tenant::one_by_one;
use crate::user::{self, NewUser, User, normal_email};
use crate::{factor, require_admin};

/// Characters of a subject (OpenID Connect Core 1.0, 2).
pub const MAX_SUBJECT: usize = 255;

/// What a provider said of somebody, its signature, audience, nonce and time judged already.
#[derive(Debug, Clone)]
pub struct Proven {
    /// The person at this issuer.
    pub subject: String,
    /// Their e-mail there.
    pub email: Option<String>,
    /// Whether it says that the e-mail is theirs; none: it says nothing of it.
    pub verified: Option<bool>,
    /// Their name there.
    pub name: Option<String>,
}

/// How it went.
#[derive(Debug)]
pub enum Entered {
    /// The secret of a new session.
    In {
        /// For the cookie; never stored.
        secret: String,
    },
    /// They have a second factor here: its code is asked for next.
    Code,
}

/// Lets in whom a provider means, or asks for their second factor.
///
/// # Errors
/// `Conflict` with a code `auth.provider_*`, each with its way out.
pub async fn enter(
    db: &Db,
    env: &Env,
    provider: &Provider,
    attempt: &Attempt,
    browser: &str,
    who: &Proven,
    visit: &Visit,
) -> Result<Entered> {
    let tenant = tenant_of(db, provider).await?;
    let ctx = tenant.system_ctx(env);
    let tx = db.begin().await?;
    one_by_one(&tx, tenant.id).await?;
    // What it was believed for while it was asked may have changed.
    let now = enabled(&tx, provider.id).await?;
    // The chores may have sealed its secret anew: that is no change.
    if (Provider { client_secret: provider.client_secret.clone(), ..now }) != *provider {
        return Err(refused("auth.provider_off"));
    }
    if who.subject.is_empty() || who.subject.chars().count() > MAX_SUBJECT || who.subject.contains('\0') {
        return Err(refused("auth.provider_answer"));
    }
    let account = match known(&tx, &ctx, provider, who).await? {
        Some(account) => account,
        None => join(&tx, &ctx, provider, who).await?,
    };
    if !account.active {
        return Err(refused("auth.provider_barred"));
    }
    let entered = if factor::state_in(&tx, account.id).await? {
        attempt::wait(&tx, env, provider, attempt, browser, &account).await?;
        Entered::Code
    } else {
        Entered::In { secret: open_in(&tx, env, &account, &tenant, visit, Some(provider.id)).await? }
    };
    tx.commit().await?;
    Ok(entered)
}

/// Lets in whoever a provider has named in this browser, by the code of their second factor. Gives the session's secret and
/// where they were going.
///
/// # Errors
/// `Conflict("auth.provider_state")` when nobody is waited for, and those of the second factor.
pub async fn show_code(db: &Db, env: &Env, browser: &str, code: &str, visit: &Visit) -> Result<(String, String)> {
    let (waiting, user) = attempt::waiting(db, env, browser).await?;
    let provider = enabled(db.read(), waiting.provider_id).await?;
    let tenant = tenant_of(db, &provider).await?;
    let account = user::get(db.read(), tenant.id, UserId(user)).await?;
    factor::judge(db, env, &account, Some(code)).await?;
    let tx = db.begin().await?;
    one_by_one(&tx, tenant.id).await?;
    attempt::spend(&tx, &waiting).await?;
    if !user::get(&tx, tenant.id, UserId(user)).await?.active {
        return Err(refused("auth.provider_barred"));
    }
    let secret = open_in(&tx, env, &account, &tenant, visit, Some(provider.id)).await?;
    tx.commit().await?;
    Ok((secret, waiting.next))
}

/// Forgets whom providers mean by somebody, also where the code of their second factor is waited for: the next time they
/// are found by their e-mail again (administrators).
///
/// # Errors
/// `Denied`, `NotFound`.
pub async fn unlink(db: &Db, ctx: &Ctx, id: UserId) -> Result<()> {
    require_admin(ctx)?;
    user::get(db.read(), ctx.tenant, id).await?;
    let tx = db.begin().await?;
    one_by_one(&tx, ctx.tenant).await?;
    attempt::end_of_user(&tx, id.0).await?;
    let of = provider_account::Entity::delete_many().filter(provider_account::Column::UserId.eq(id.0));
    if of.run(&tx).await? > 0 {
        audit::record(&tx, ctx, "user.provider_unlinked", &id.to_string(), json!({})).await?;
    }
    Ok(tx.commit().await?)
}

/// Who of a company is known to a provider.
///
/// # Errors
/// When the database fails.
pub async fn holders(db: &Db, tenant: TenantId) -> Result<std::collections::BTreeSet<Uuid>> {
    let found = provider_account::Entity::find().filter(provider_account::Column::TenantId.eq(tenant.0));
    Ok(found.rows(db.read()).await?.into_iter().map(|row| row.user_id).collect())
}

/// The account that the issuer has meant before.
async fn known(tx: &Tx, ctx: &Ctx, provider: &Provider, who: &Proven) -> Result<Option<User>> {
    let found = provider_account::Entity::find()
        .filter(provider_account::Column::TenantId.eq(ctx.tenant.0))
        .filter(provider_account::Column::Issuer.eq(&provider.issuer))
        .filter(provider_account::Column::Subject.eq(&who.subject));
    let Some(link) = found.row(tx).await? else { return Ok(None) };
    // Whose domain is not among those allowed now stays out, known or not.
    if !domains_of(provider).is_empty() {
        vouched(provider, who)?;
    }
    provider_account::ActiveModel { id: Set(link.id), used_at: Set(ctx.now().0), ..Default::default() }
        .change(tx)
        .await?;
    Ok(Some(user::get(tx, ctx.tenant, UserId(link.user_id)).await?))
}

/// The account with the e-mail that the provider vouches for, or a new one; remembered by its subject.
async fn join(tx: &Tx, ctx: &Ctx, provider: &Provider, who: &Proven) -> Result<User> {
    let email = vouched(provider, who)?;
    let found = users::Entity::find()
        .filter(users::Column::TenantId.eq(ctx.tenant.0))
        .filter(users::Column::Email.eq(&email))
        .row(tx)
        .await?;
    let account = match found {
        // Not even linked: that nobody is let in is not all that barring means.
        Some(account) if !account.active => return Err(refused("auth.provider_barred")),
        Some(account) => account,
        None if provider.creates => newcomer(tx, ctx, provider, who, &email).await?,
        None => return Err(refused("auth.provider_unknown")),
    };
    let other = provider_account::Entity::find()
        .filter(provider_account::Column::UserId.eq(account.id))
        .filter(provider_account::Column::Issuer.eq(&provider.issuer));
    // An e-mail that went to somebody else there does not bring the account with it.
    if other.row(tx).await?.is_some() {
        return Err(refused("auth.provider_taken"));
    }
    let link = provider_account::ActiveModel {
        id: Set(ctx.id()),
        tenant_id: Set(ctx.tenant.0),
        user_id: Set(account.id),
        issuer: Set(provider.issuer.clone()),
        subject: Set(who.subject.clone()),
        created_at: Set(ctx.now().0),
        used_at: Set(ctx.now().0),
    };
    link.add(tx).await?;
    let detail = json!({"provider": provider.id, "issuer": provider.issuer, "email": email});
    audit::record(tx, ctx, "user.provider_linked", &account.id.to_string(), detail).await?;
    Ok(account)
}

/// The e-mail, where the provider is believed for it.
fn vouched(provider: &Provider, who: &Proven) -> Result<String> {
    let email = who.email.as_deref().filter(|email| !email.contains(odd)).map(normal_email);
    let email = email.filter(|email| !email.is_empty()).ok_or_else(|| refused("auth.provider_no_email"))?;
    if !who.verified.unwrap_or(provider.trusts_email) {
        return Err(refused("auth.provider_unverified"));
    }
    let domains = domains_of(provider);
    let domain = email.rsplit_once('@').map(|(_, domain)| domain);
    if !domains.is_empty() && !domain.is_some_and(|domain| domains.iter().any(|one| one == domain)) {
        return Err(refused("auth.provider_domain"));
    }
    Ok(email)
}

/// Letters that no e-mail has, and those that turn into others when an e-mail is compared: `ann@` with a Kelvin sign in it
/// would be somebody else's with a `k`.
fn odd(letter: char) -> bool {
    let turns = || letter.is_whitespace() || letter.to_lowercase().any(|small| small.is_ascii());
    letter.is_control() || (!letter.is_ascii() && turns())
}

async fn newcomer(tx: &Tx, ctx: &Ctx, provider: &Provider, who: &Proven, email: &str) -> Result<User> {
    let name: String =
        who.name.as_deref().unwrap_or_default().chars().filter(|letter| !letter.is_control()).take(200).collect();
    let input = NewUser {
        name: if name.trim().is_empty() { email.to_owned() } else { name },
        email: email.to_owned(),
        department_id: provider.department_id,
        roles: provider.role_id.into_iter().collect(),
        ..NewUser::default()
    };
    let made = match check_role(tx, ctx, provider.role_id).await {
        Ok(()) => user::create_in(tx, ctx, &input, None).await,
        Err(error) => Err(error),
    };
    // The role or the department is not there any more, or the e-mail is none.
    made.map_err(|error| if matches!(error, Error::Invalid { .. }) { refused("auth.provider_setup") } else { error })
}

const fn refused(code: &'static str) -> Error {
    Error::Conflict { code, current: None }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn provider(domains: &[&str], trusts_email: bool) -> Provider {
        Provider {
            id: Uuid::nil(),
            tenant_id: Uuid::nil(),
            label: "IdP".into(),
            issuer: "https://id.test".into(),
            client_id: "crm".into(),
            client_secret: None,
            domains: json!(domains),
            trusts_email,
            creates: false,
            role_id: None,
            department_id: None,
            passwords: true,
            enabled: true,
            created_at: 0,
        }
    }

    fn said(email: &str, verified: Option<bool>) -> Proven {
        Proven { subject: "1".into(), email: Some(email.into()), verified, name: None }
    }

    #[test]
    fn an_email_counts_where_the_provider_vouches_for_it() {
        let code = |provider: &Provider, who: &Proven| match vouched(provider, who) {
            Ok(email) => email,
            Err(error) => error.code().to_owned(),
        };
        let (open, closed, trusted) =
            (provider(&[], false), provider(&["acme.test"], false), provider(&["acme.test"], true));
        assert_eq!(code(&open, &said("Ann@Gmail.test", Some(true))), "ann@gmail.test");
        assert_eq!(code(&open, &said("ann@gmail.test", Some(false))), "auth.provider_unverified");
        assert_eq!(code(&open, &said("ann@gmail.test", None)), "auth.provider_unverified");
        assert_eq!(code(&open, &said(" ", Some(true))), "auth.provider_no_email");
        assert_eq!(code(&open, &said("ann\u{0}@gmail.test", Some(true))), "auth.provider_no_email");
        // A Kelvin sign becomes a k, a capital I with a dot an i and a dot, and a wide space goes.
        for other in ["mi\u{212a}e@gmail.test", "mike@\u{130}d.test", "mike@gmail.test\u{3000}"] {
            assert_eq!(code(&open, &said(other, Some(true))), "auth.provider_no_email", "{other}");
        }
        assert_eq!(code(&open, &said("\u{407}\u{436}ak@gmail.test", Some(true))), "\u{457}\u{436}ak@gmail.test");
        assert_eq!(code(&closed, &said("ann@acme.test", Some(true))), "ann@acme.test");
        for stranger in ["ann@evil.test", "ann@sub.acme.test", "ann@acme.test@evil.test", "ann@xacme.test", "ann"] {
            assert_eq!(code(&closed, &said(stranger, Some(true))), "auth.provider_domain", "{stranger}");
        }
        assert_eq!(code(&trusted, &said("ann@acme.test", None)), "ann@acme.test");
        assert_eq!(code(&trusted, &said("ann@acme.test", Some(false))), "auth.provider_unverified");
    }
}
