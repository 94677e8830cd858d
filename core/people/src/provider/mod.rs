//! Providers of identity of a company (OpenID Connect Core 1.0): where its people may sign in instead of typing a password
//! here, and what such a provider is believed.
//!
//! Owns: the settings, sign-ins that are under way, and which account an issuer means by a subject. Must not know: how a
//! provider is asked. What it said enters as `Proven`; a session or a refusal leaves.
//!
//! | module | what |
//! |---|---|
//! | `attempt` | sign-ins that are under way: each good once, in the browser that began it |
//! | `account` | whom the provider means, and letting them in |

pub mod account;
pub mod attempt;

use std::collections::BTreeSet;

use kernel::db::{ConnectionTrait, Tx};
use kernel::error::FieldError;
use kernel::seal::{self, Kept, Spot};
use kernel::{Ctx, Db, Error, Result, TenantId, Timestamp, audit};
use sea_orm::{ActiveValue::Set, ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};
use serde::{Deserialize, Serialize};
use serde_json::{Value as Json, json};
use url::Url;
use uuid::Uuid;

use crate::entities::{Fetch, Run, Store, department, role as roles, sign_in_provider, tenant as tenants};
use crate::tenant::{self, one_by_one};
use crate::user::User;
use crate::{INVALID, checked_name, require_admin, role};

pub use sign_in_provider::Model as Provider;

/// Providers of a company at most.
pub const MAX_PROVIDERS: usize = 10;
/// Domains of a provider at most, and characters of one (RFC 1035).
const MAX_DOMAINS: usize = 50;
const MAX_DOMAIN: usize = 253;
/// Characters of an issuer, of a client's name and of its secret.
const MAX_ISSUER: usize = 500;
const MAX_CLIENT: usize = 500;

/// A provider as it shall be.
#[derive(Clone, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SignInProviderInput {
    /// What the button says, up to 60 characters.
    pub label: String,
    /// Its issuer as it calls itself, e.g. `https://accounts.google.com`; its discovery document lies below it.
    pub issuer: String,
    /// What it calls us.
    pub client_id: String,
    /// The secret it gave us; never told again. Left out: as it is; empty: none. With another issuer it is given anew.
    #[serde(default)]
    pub client_secret: Option<String>,
    /// Domains of e-mails it is believed for, up to 50. None: any, but then nobody new is let in.
    #[serde(default)]
    pub domains: Vec<String>,
    /// Whether its e-mails count although it does not say that they are verified; with domains alone.
    #[serde(default)]
    pub trusts_email: bool,
    /// Whether people who have no account here get one; with domains alone.
    #[serde(default)]
    pub creates: bool,
    /// Role of new people; not one of administrators.
    #[serde(default)]
    pub role_id: Option<Uuid>,
    /// Department of new people.
    #[serde(default)]
    pub department_id: Option<Uuid>,
    /// Whether people other than administrators may go on signing in with a password.
    #[serde(default = "yes")]
    pub passwords: bool,
    /// Whether people may sign in by it.
    #[serde(default = "yes")]
    pub enabled: bool,
}

const fn yes() -> bool {
    true
}

/// A provider as administrators see it: without its secret.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct SignInProvider {
    /// Its id.
    pub id: Uuid,
    /// What the button says.
    pub label: String,
    /// Its issuer.
    pub issuer: String,
    /// What it calls us.
    pub client_id: String,
    /// Whether a secret is kept.
    pub has_secret: bool,
    /// Domains of e-mails it is believed for.
    pub domains: Vec<String>,
    /// Whether its e-mails count although it does not say that they are verified.
    pub trusts_email: bool,
    /// Whether people who have no account here get one.
    pub creates: bool,
    /// Role of new people.
    pub role_id: Option<Uuid>,
    /// Department of new people.
    pub department_id: Option<Uuid>,
    /// Whether people other than administrators may go on signing in with a password.
    pub passwords: bool,
    /// Whether people may sign in by it.
    pub enabled: bool,
    /// When it was made.
    #[schema(value_type = String)]
    pub created_at: Timestamp,
    /// The address to be entered at the provider, where people come back to; none while the server has no public address.
    pub callback: Option<String>,
}

impl From<Provider> for SignInProvider {
    fn from(row: Provider) -> Self {
        Self {
            domains: domains_of(&row),
            has_secret: row.client_secret.as_deref().is_some_and(seal::is_there),
            id: row.id,
            label: row.label,
            issuer: row.issuer,
            client_id: row.client_id,
            trusts_email: row.trusts_email,
            creates: row.creates,
            role_id: row.role_id,
            department_id: row.department_id,
            passwords: row.passwords,
            enabled: row.enabled,
            created_at: Timestamp(row.created_at),
            callback: None,
        }
    }
}

/// What the page of sign-in is told.
#[derive(Debug, Default)]
pub struct Offer {
    /// Id and label of each.
    pub providers: Vec<(Uuid, String)>,
    /// Whether there are companies to be named.
    pub asks_company: bool,
}

/// The company's providers, oldest first (administrators).
///
/// # Errors
/// `Denied`.
pub async fn list(db: &Db, ctx: &Ctx) -> Result<Vec<Provider>> {
    require_admin(ctx)?;
    of_tenant(db.read(), ctx.tenant).await
}

/// One of the company's (administrators).
///
/// # Errors
/// `Denied`, `NotFound`.
pub async fn one(db: &Db, ctx: &Ctx, id: Uuid) -> Result<Provider> {
    require_admin(ctx)?;
    own(db.read(), ctx.tenant, id).await
}

/// Makes one (administrators). With `plain` its addresses may do without TLS.
///
/// # Errors
/// `Denied`; `people.invalid` naming what is wrong; `secrets.locked`.
pub async fn create(db: &Db, ctx: &Ctx, input: &SignInProviderInput, plain: bool) -> Result<Provider> {
    require_admin(ctx)?;
    let tx = db.begin().await?;
    one_by_one(&tx, ctx.tenant).await?;
    if of_tenant(&tx, ctx.tenant).await?.len() >= MAX_PROVIDERS {
        return Err(wrong("label", FieldError::new("too_many").with("max", MAX_PROVIDERS)));
    }
    let id = ctx.id();
    let secret = checked_secret(input.client_secret.as_deref())?.flatten();
    let row = sign_in_provider::ActiveModel {
        id: Set(id),
        tenant_id: Set(ctx.tenant.0),
        client_secret: Set(sealed(db, ctx, id, &input.issuer, secret)?),
        created_at: Set(ctx.now().0),
        ..checked(&tx, ctx, input, plain).await?
    };
    let saved = row.add(&tx).await?;
    audit::record(&tx, ctx, "provider.created", &saved.id.to_string(), detail(&saved)).await?;
    tx.commit().await?;
    Ok(saved)
}

/// Changes one, all of it but the secret where none is given; sign-ins that are under way end, for they were begun at what it
/// was before (administrators).
///
/// # Errors
/// `Denied`, `NotFound`; `people.invalid` naming what is wrong; `secrets.locked`.
pub async fn change(db: &Db, ctx: &Ctx, id: Uuid, input: &SignInProviderInput, plain: bool) -> Result<Provider> {
    require_admin(ctx)?;
    let tx = db.begin().await?;
    one_by_one(&tx, ctx.tenant).await?;
    let before = own(&tx, ctx.tenant, id).await?;
    let row = checked(&tx, ctx, input, plain).await?;
    let secret = checked_secret(input.client_secret.as_deref())?;
    // What one provider gave is not shown to another one.
    if secret.is_none() && before.client_secret.is_some() && input.issuer.trim() != before.issuer {
        return Err(wrong("client_secret", FieldError::new("required")));
    }
    let row = sign_in_provider::ActiveModel { id: Set(id), ..row };
    // The same secret sealed anew would look like another one.
    let same = |secret: &Option<String>| {
        input.issuer.trim() == before.issuer && opened(db, &before).is_ok_and(|row| row.client_secret == *secret)
    };
    let row = match secret.filter(|secret| !same(secret)) {
        Some(secret) => {
            let sealed = sealed(db, ctx, id, &input.issuer, secret)?;
            sign_in_provider::ActiveModel { client_secret: Set(sealed), ..row }
        }
        None => row,
    };
    row.change(&tx).await?;
    let saved = own(&tx, ctx.tenant, id).await?;
    if saved != before {
        attempt::end_of_provider(&tx, id).await?;
    }
    let told = json!({"before": detail(&before), "after": detail(&saved), "secret": before.client_secret != saved.client_secret});
    audit::record(&tx, ctx, "provider.updated", &id.to_string(), told).await?;
    tx.commit().await?;
    Ok(saved)
}

/// Takes one away; sign-ins that are under way end, sessions go on (administrators). Whom its issuer means is remembered: a
/// provider of the same issuer that is made later knows them.
///
/// # Errors
/// `Denied`, `NotFound`.
pub async fn remove(db: &Db, ctx: &Ctx, id: Uuid) -> Result<()> {
    require_admin(ctx)?;
    let tx = db.begin().await?;
    one_by_one(&tx, ctx.tenant).await?;
    let before = own(&tx, ctx.tenant, id).await?;
    attempt::end_of_provider(&tx, id).await?;
    sign_in_provider::Entity::delete_many().filter(sign_in_provider::Column::Id.eq(id)).run(&tx).await?;
    audit::record(&tx, ctx, "provider.removed", &id.to_string(), detail(&before)).await?;
    Ok(tx.commit().await?)
}

/// The buttons of the sign-in page: those of the company named by its slug, or of the only one there is. An unknown company
/// looks like one without providers.
///
/// # Errors
/// When the database fails.
pub async fn offered(db: &Db, slug: Option<&str>) -> Result<Offer> {
    let mut first = tenants::Entity::find().limit(2).rows(db.read()).await?;
    let several = first.len() > 1;
    let found = match slug {
        Some(slug) => tenants::Entity::find().filter(tenants::Column::Slug.eq(slug)).row(db.read()).await?,
        None if several => None,
        None => first.pop(),
    };
    let all = match found {
        Some(tenant) => of_tenant(db.read(), TenantId(tenant.id)).await?,
        None => Vec::new(),
    };
    let providers = all.into_iter().filter(|row| row.enabled).map(|row| (row.id, row.label)).collect();
    let any = sign_in_provider::Entity::find().filter(sign_in_provider::Column::Enabled.eq(true)).limit(1);
    let asks_company = several && any.row(db.read()).await?.is_some();
    Ok(Offer { providers, asks_company })
}

/// A provider by which people may sign in now, whichever company's it is.
///
/// # Errors
/// `Conflict("auth.provider_off")`.
pub async fn enabled(conn: &impl ConnectionTrait, id: Uuid) -> Result<Provider> {
    let found = sign_in_provider::Entity::find_by_id(id).filter(sign_in_provider::Column::Enabled.eq(true));
    found.row(conn).await?.ok_or(Error::Conflict { code: "auth.provider_off", current: None })
}

/// A provider with its secret as it was given: to be shown to the provider alone.
///
/// # Errors
/// `Conflict("secrets.locked")` where the key of its secret is not here.
pub fn opened(db: &Db, row: &Provider) -> Result<Provider> {
    let open = |kept: &String| db.seals().open(&place(row.tenant_id, row.id, &row.issuer), kept);
    Ok(Provider { client_secret: row.client_secret.as_ref().map(open).transpose()?, ..row.clone() })
}

/// Secrets of all companies, where they lie.
///
/// # Errors
/// When the database fails.
pub async fn secrets(db: &Db) -> Result<Vec<Kept>> {
    let all = sign_in_provider::Entity::find().filter(sign_in_provider::Column::ClientSecret.is_not_null());
    let kept = |row: Provider| Kept {
        tenant: TenantId(row.tenant_id),
        what: format!("sign-in by the provider {}", row.label),
        place: place(row.tenant_id, row.id, &row.issuer),
        text: row.client_secret.unwrap_or_default(),
        spot: Spot {
            table: "sign_in_provider",
            column: "client_secret",
            member: None,
            row: vec![("id", row.id.into())],
        },
    };
    Ok(all.rows(db.read()).await?.into_iter().map(kept).collect())
}

/// Refuses a password where the company wants its people to sign in by a provider. Administrators and operators pass: whoever
/// sets providers up must get in when they fail.
pub(crate) async fn judge_password(db: &Db, account: &User) -> Result<()> {
    let closed = sign_in_provider::Entity::find()
        .filter(sign_in_provider::Column::TenantId.eq(account.tenant_id))
        .filter(sign_in_provider::Column::Enabled.eq(true))
        .filter(sign_in_provider::Column::Passwords.eq(false))
        .limit(1);
    if account.operator || closed.row(db.read()).await?.is_none() {
        return Ok(());
    }
    let admin = role::of_user(db.read(), account.id).await?.iter().any(|role| role.admin);
    if admin { Ok(()) } else { Err(Error::Conflict { code: "auth.provider_only", current: None }) }
}

/// Domains of e-mails that a provider is believed for; none: any.
pub(crate) fn domains_of(row: &Provider) -> Vec<String> {
    serde_json::from_value(row.domains.clone()).unwrap_or_default()
}

/// Refuses a role that is not the company's, or of administrators: what somebody else's server says makes nobody one.
pub(crate) async fn check_role(tx: &Tx, ctx: &Ctx, id: Option<Uuid>) -> Result<()> {
    let Some(id) = id else { return Ok(()) };
    let found = roles::Entity::find_by_id(id).filter(roles::Column::TenantId.eq(ctx.tenant.0)).row(tx).await?;
    match found {
        None => Err(wrong("role_id", FieldError::new("missing"))),
        Some(role) if role.admin => Err(wrong("role_id", FieldError::new("provider_admin"))),
        Some(_) => Ok(()),
    }
}

async fn of_tenant(conn: &impl ConnectionTrait, tenant: TenantId) -> Result<Vec<Provider>> {
    let found = sign_in_provider::Entity::find()
        .filter(sign_in_provider::Column::TenantId.eq(tenant.0))
        .order_by_asc(sign_in_provider::Column::CreatedAt)
        .order_by_asc(sign_in_provider::Column::Id);
    Ok(found.rows(conn).await?)
}

async fn own(conn: &impl ConnectionTrait, tenant: TenantId, id: Uuid) -> Result<Provider> {
    let found = sign_in_provider::Entity::find_by_id(id).filter(sign_in_provider::Column::TenantId.eq(tenant.0));
    found.row(conn).await?.ok_or_else(|| Error::NotFound(format!("provider {id}")))
}

/// What of a row is said by the input, the secret left out.
async fn checked(
    tx: &Tx,
    ctx: &Ctx,
    input: &SignInProviderInput,
    plain: bool,
) -> Result<sign_in_provider::ActiveModel> {
    let domains = checked_domains(&input.domains)?;
    if domains.is_empty() && (input.creates || input.trusts_email) {
        return Err(wrong("domains", FieldError::new("provider_domains")));
    }
    check_role(tx, ctx, input.role_id).await?;
    if let Some(id) = input.department_id {
        let found = department::Entity::find_by_id(id).filter(department::Column::TenantId.eq(ctx.tenant.0));
        found.row(tx).await?.ok_or_else(|| wrong("department_id", FieldError::new("missing")))?;
    }
    Ok(sign_in_provider::ActiveModel {
        label: Set(checked_name("label", &input.label, 60)?),
        issuer: Set(checked_issuer(&input.issuer, plain)?),
        client_id: Set(checked_name("client_id", &input.client_id, MAX_CLIENT)?),
        domains: Set(json!(domains)),
        trusts_email: Set(input.trusts_email),
        creates: Set(input.creates),
        role_id: Set(input.role_id),
        department_id: Set(input.department_id),
        passwords: Set(input.passwords),
        enabled: Set(input.enabled),
        ..Default::default()
    })
}

/// What a secret is sealed for: it goes to this issuer alone.
fn place(tenant: Uuid, provider: Uuid, issuer: &str) -> String {
    format!("sign_in_provider/{tenant}/{provider}/{}", issuer.trim())
}

fn sealed(db: &Db, ctx: &Ctx, id: Uuid, issuer: &str, secret: Option<String>) -> Result<Option<String>> {
    secret.map(|secret| db.seals().seal(&ctx.env, &place(ctx.tenant.0, id, issuer), &secret)).transpose()
}

/// None: as it is. Some(None): no secret.
fn checked_secret(secret: Option<&str>) -> Result<Option<Option<String>>> {
    match secret.map(str::trim) {
        None => Ok(None),
        Some("") => Ok(Some(None)),
        Some(secret) => Ok(Some(Some(checked_name("client_secret", secret, MAX_CLIENT)?))),
    }
}

/// An address without name, password, query and fragment (OpenID Connect Discovery 1.0, 3), as it was typed: an issuer is
/// compared letter by letter.
fn checked_issuer(issuer: &str, plain: bool) -> Result<String> {
    let issuer = checked_name("issuer", issuer, MAX_ISSUER)?;
    let refused = || wrong("issuer", FieldError::new("provider_issuer"));
    let url = Url::parse(&issuer).map_err(|_| refused())?;
    let scheme = url.scheme() == "https" || (plain && url.scheme() == "http");
    let host = url.host_str().is_some_and(|host| !host.is_empty());
    let bare =
        url.username().is_empty() && url.password().is_none() && url.query().is_none() && url.fragment().is_none();
    if scheme && host && bare && !issuer.contains(char::is_whitespace) { Ok(issuer) } else { Err(refused()) }
}

/// In small letters, each once, without an `@` in front.
fn checked_domains(domains: &[String]) -> Result<Vec<String>> {
    let named: BTreeSet<String> = domains
        .iter()
        .map(|domain| domain.trim().trim_start_matches('@').to_lowercase())
        .filter(|domain| !domain.is_empty())
        .collect();
    if named.len() > MAX_DOMAINS {
        return Err(wrong("domains", FieldError::new("too_many").with("max", MAX_DOMAINS)));
    }
    let odd = |letter: char| letter.is_whitespace() || letter.is_control() || "@,;/*".contains(letter);
    for domain in &named {
        if domain.chars().count() > MAX_DOMAIN || domain.contains(odd) || domain.starts_with('.') {
            let shown: String = domain.chars().filter(|letter| !letter.is_control()).take(100).collect();
            return Err(wrong("domains", FieldError::new("provider_domain").with("value", shown)));
        }
    }
    Ok(named.into_iter().collect())
}

fn wrong(field: &str, error: FieldError) -> Error {
    Error::field(INVALID, field, error)
}

/// What the audit is told: never the secret.
fn detail(row: &Provider) -> Json {
    json!({
        "label": row.label, "issuer": row.issuer, "client_id": row.client_id, "domains": row.domains,
        "trusts_email": row.trusts_email, "creates": row.creates, "role": row.role_id,
        "department": row.department_id, "passwords": row.passwords, "enabled": row.enabled,
    })
}

/// The company of a provider.
pub(crate) async fn tenant_of(db: &Db, row: &Provider) -> Result<tenant::Tenant> {
    tenant::get(db, TenantId(row.tenant_id)).await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_issuer_is_an_address_and_nothing_more() {
        for good in ["https://accounts.google.com", "https://id.acme.test/realms/crm", "https://id.acme.test:8443/"] {
            assert_eq!(checked_issuer(&format!(" {good} "), false).unwrap(), good);
        }
        for bad in [
            "",
            "accounts.google.com",
            "ftp://id.acme.test",
            "http://id.acme.test",
            "https://me:secret@id.acme.test",
            "https://id.acme.test/?realm=crm",
            "https://id.acme.test/#x",
            "https://id acme.test",
            "javascript:alert(1)",
        ] {
            assert!(checked_issuer(bad, false).is_err(), "{bad}");
        }
        assert!(checked_issuer("http://127.0.0.1:8080/realms/crm", true).is_ok());
    }

    #[test]
    fn domains_are_plain_and_named_once() {
        let typed = ["@Acme.Test", "acme.test ", "", "sub.acme.test"].map(str::to_owned);
        assert_eq!(checked_domains(&typed).unwrap(), ["acme.test", "sub.acme.test"]);
        for bad in ["a@b.test", "*.acme.test", "acme test", ".test", "a,b"] {
            assert!(checked_domains(&[bad.to_owned()]).is_err(), "{bad}");
        }
        let many: Vec<String> = (0..=MAX_DOMAINS).map(|n| format!("d{n}.test")).collect();
        assert!(checked_domains(&many).is_err());
    }
}
