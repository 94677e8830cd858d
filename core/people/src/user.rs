//! Accounts of people.

use kernel::db::{ConnectionTrait, Tx};
use kernel::error::FieldError;
use kernel::{Ctx, Db, Error, Locale, Result, TenantId, Timestamp, UserId, audit};
use sea_orm::{ActiveValue::Set, ColumnTrait, Condition, EntityTrait, QueryFilter, QueryOrder, QuerySelect};
use serde::Deserialize;
use serde_json::{Map, Value as Json, json};
use uuid::Uuid;

use crate::entities::{Fetch, Run, Store, department, role, session, user, user_role};
use crate::provider::attempt;
use crate::tenant::one_by_one;
use crate::{INVALID, checked_name, link, password, require_admin, told, view_as};

pub use user::Model as User;

/// An account to make.
#[derive(Debug, Clone, Default, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewUser {
    /// The person's name.
    pub name: String,
    /// Sign-in name; unique in the tenant, letter case ignored.
    pub email: String,
    /// Without one the person cannot sign in until it is set.
    #[serde(default)]
    pub password: Option<String>,
    /// Their department.
    #[serde(default)]
    pub department_id: Option<Uuid>,
    /// What they are, e.g. `Chief accountant`; at most 200 characters.
    #[serde(default)]
    pub position: Option<String>,
    /// Ids of their roles.
    #[serde(default)]
    pub roles: Vec<Uuid>,
    /// Their language; the tenant's by default.
    #[serde(default)]
    pub locale: Option<String>,
    /// Operator of the installation. Never read from outside.
    #[serde(skip)]
    pub operator: bool,
}

/// Changes of an account.
#[derive(Debug, Clone, Default, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct UserPatch {
    /// New name.
    pub name: Option<String>,
    /// New sign-in name.
    pub email: Option<String>,
    /// New password; ends the person's sessions.
    pub password: Option<String>,
    /// New department; null takes it away.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<Uuid>)]
    pub department_id: Option<Option<Uuid>>,
    /// New position; null takes it away.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<String>)]
    pub position: Option<Option<String>>,
    /// All their roles from now on.
    pub roles: Option<Vec<Uuid>>,
    /// New language.
    pub locale: Option<String>,
    /// False bars the person from signing in and ends their sessions.
    pub active: Option<bool>,
    /// Absent until then; null = present.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<String>)]
    pub absent_until: Option<Option<Timestamp>>,
}

/// Tells `null` from a key that is not there.
fn given<'de, T: Deserialize<'de>, D: serde::Deserializer<'de>>(
    d: D,
) -> std::result::Result<Option<Option<T>>, D::Error> {
    Option::<T>::deserialize(d).map(Some)
}

/// Sign-in names are compared in this form.
pub fn normal_email(email: &str) -> String {
    email.trim().to_lowercase()
}

/// Accounts of the tenant by name; `q` looks inside name and e-mail.
///
/// # Errors
/// When the database fails.
pub async fn list(db: &Db, tenant: TenantId, q: Option<&str>, limit: u64) -> Result<Vec<User>> {
    let found = user::Entity::find().filter(user::Column::TenantId.eq(tenant.0)).order_by_asc(user::Column::Name);
    let Some(q) = q.map(str::trim).filter(|q| !q.is_empty()) else {
        return Ok(found.limit(limit).rows(db.read()).await?);
    };
    // A tenant has at most some thousands of people; letter case of every alphabet is compared here.
    let needle = q.to_lowercase();
    let mut all = found.rows(db.read()).await?;
    all.retain(|u| u.name.to_lowercase().contains(&needle) || u.email.contains(&needle));
    all.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
    Ok(all)
}

/// One account of the tenant.
///
/// # Errors
/// `NotFound`.
pub async fn get(conn: &impl ConnectionTrait, tenant: TenantId, id: UserId) -> Result<User> {
    let found = user::Entity::find_by_id(id.0).filter(user::Column::TenantId.eq(tenant.0)).row(conn).await?;
    found.ok_or_else(|| Error::NotFound(format!("user {id}")))
}

/// Accounts with this e-mail in any tenant: sign-in does not know the tenant yet.
///
/// # Errors
/// When the database fails.
pub async fn by_email(db: &Db, email: &str) -> Result<Vec<User>> {
    Ok(user::Entity::find().filter(user::Column::Email.eq(normal_email(email))).rows(db.read()).await?)
}

/// Role ids of the given people: pairs of (user, role).
///
/// # Errors
/// When the database fails.
pub async fn roles_of(conn: &impl ConnectionTrait, users: &[Uuid]) -> Result<Vec<(Uuid, Uuid)>> {
    let rows = user_role::Entity::find().filter(user_role::Column::UserId.is_in(users.iter().copied())).rows(conn);
    Ok(rows.await?.into_iter().map(|row| (row.user_id, row.role_id)).collect())
}

/// Active members of a role who are present now, in a stable order (by id).
///
/// # Errors
/// When the database fails.
pub async fn present_members(db: &Db, tenant: TenantId, role: &str, now: Timestamp) -> Result<Vec<User>> {
    let roles = role::Entity::find().filter(role::Column::TenantId.eq(tenant.0)).filter(role::Column::Key.eq(role));
    let Some(role) = roles.row(db.read()).await? else { return Ok(Vec::new()) };
    let members = user_role::Entity::find().filter(user_role::Column::RoleId.eq(role.id)).rows(db.read()).await?;
    let present = Condition::any().add(user::Column::AbsentUntil.is_null()).add(user::Column::AbsentUntil.lte(now.0));
    let found = user::Entity::find()
        .filter(user::Column::TenantId.eq(tenant.0))
        .filter(user::Column::Id.is_in(members.into_iter().map(|m| m.user_id)))
        .filter(user::Column::Active.eq(true))
        .filter(present)
        .order_by_asc(user::Column::Id);
    Ok(found.rows(db.read()).await?)
}

/// Makes an account (administrators).
///
/// # Errors
/// `Denied`, `people.invalid`.
pub async fn create(db: &Db, ctx: &Ctx, input: &NewUser) -> Result<User> {
    let hash = match &input.password {
        Some(password) => Some(password::hash(&ctx.env, password, &input.email).await?),
        None => None,
    };
    let tx = db.begin().await?;
    let saved = create_in(&tx, ctx, input, hash).await?;
    tx.commit().await?;
    Ok(saved)
}

/// The same inside a transaction, with the hash made before it began.
///
/// # Errors
/// As `create`.
pub async fn create_in(tx: &Tx, ctx: &Ctx, input: &NewUser, hash: Option<String>) -> Result<User> {
    require_admin(ctx)?;
    one_by_one(tx, ctx.tenant).await?;
    let email = checked_email(&input.email)?;
    free_email(tx, ctx, &email, None).await?;
    check_department(tx, ctx, input.department_id).await?;
    let row = user::ActiveModel {
        id: Set(ctx.id()),
        tenant_id: Set(ctx.tenant.0),
        email: Set(email),
        name: Set(checked_name("name", &input.name, 200)?),
        password_hash: Set(hash),
        locale: Set(checked_locale(input.locale.as_deref())?.unwrap_or(ctx.locale).code().into()),
        department_id: Set(input.department_id),
        active: Set(true),
        operator: Set(input.operator),
        absent_until: Set(None),
        position: Set(checked_position(input.position.as_deref())?),
        created_at: Set(ctx.now().0),
    };
    let saved = row.add(tx).await?;
    set_roles(tx, ctx, saved.id, &input.roles).await?;
    crate::department::moved(tx, ctx, saved.id, saved.department_id).await?;
    audit::record(tx, ctx, "user.created", &saved.id.to_string(), json!({"email": saved.email, "roles": input.roles}))
        .await?;
    let changes = json!({"name": [null, saved.name], "department": [null, saved.department_id]});
    told::user(tx, ctx, "created", saved.id, changes).await?;
    Ok(saved)
}

/// Changes an account: administrators anything, a person their own language, presence and password.
///
/// # Errors
/// `Denied`, `NotFound`, `people.invalid`.
pub async fn update(db: &Db, ctx: &Ctx, id: UserId, patch: &UserPatch) -> Result<User> {
    let own = ctx.user() == Some(id);
    let only_own = patch.name.is_none()
        && patch.email.is_none()
        && patch.department_id.is_none()
        && patch.position.is_none()
        && patch.roles.is_none()
        && patch.active.is_none()
        && patch.password.is_none();
    if !(own && only_own) {
        require_admin(ctx)?;
    }
    let hash = match &patch.password {
        Some(password) => {
            let email = match &patch.email {
                Some(email) => email.clone(),
                None => get(db.read(), ctx.tenant, id).await?.email,
            };
            Some(password::hash(&ctx.env, password, &email).await?)
        }
        None => None,
    };
    let tx = db.begin().await?;
    one_by_one(&tx, ctx.tenant).await?;
    // Asked again now that nobody else changes anything: whoever was an administrator a moment ago may be none any more.
    if !(own && only_own) {
        still_admin(&tx, ctx).await?;
    }
    let before = get(&tx, ctx.tenant, id).await?;
    let row = patched(&tx, ctx, id, patch, hash).await?;
    row.change(&tx).await?;
    if let Some(department) = patch.department_id.filter(|new| *new != before.department_id) {
        crate::department::moved(&tx, ctx, id.0, department).await?;
    }
    if let Some(roles) = &patch.roles {
        set_roles(&tx, ctx, id.0, roles).await?;
    }
    if patch.password.is_some() || patch.active == Some(false) {
        end_sessions(&tx, ctx, id).await?;
    }
    if patch.password.is_some() || patch.active == Some(false) || patch.email.is_some() {
        link::end(&tx, id.0).await?;
    }
    if patch.roles.is_some() || patch.active == Some(false) {
        keep_an_admin(&tx, ctx).await?;
    }
    let detail = json!({"roles": patch.roles, "active": patch.active, "email": patch.email, "password": patch.password.is_some()});
    audit::record(&tx, ctx, "user.updated", &id.to_string(), detail).await?;
    let saved = get(&tx, ctx.tenant, id).await?;
    tell(&tx, ctx, &before, &saved).await?;
    tx.commit().await?;
    Ok(saved)
}

/// Tells modules what they work with; not of languages, passwords and sign-in names.
async fn tell(tx: &Tx, ctx: &Ctx, before: &User, now: &User) -> Result<()> {
    let until = |user: &User| user.absent_until.map(Timestamp);
    let mut changes = Map::new();
    for (field, before, now) in [
        ("name", json!(before.name), json!(now.name)),
        ("department", json!(before.department_id), json!(now.department_id)),
        ("position", json!(before.position), json!(now.position)),
        ("active", json!(before.active), json!(now.active)),
        ("absent_until", json!(until(before)), json!(until(now))),
    ] {
        if before != now {
            changes.insert(field.to_owned(), json!([before, now]));
        }
    }
    if changes.is_empty() {
        return Ok(());
    }
    let what = if before.active && !now.active { "blocked" } else { "updated" };
    told::user(tx, ctx, what, now.id, Json::Object(changes)).await
}

/// Refuses a person who has lost their right while they waited for their turn.
async fn still_admin(tx: &Tx, ctx: &Ctx) -> Result<()> {
    let Some(me) = ctx.user() else { return Ok(()) };
    let here = get(tx, ctx.tenant, me).await?.active;
    let roles = role::Entity::find()
        .filter(role::Column::TenantId.eq(ctx.tenant.0))
        .filter(role::Column::Admin.eq(true))
        .filter(role::Column::Id.is_in(roles_of(tx, &[me.0]).await?.into_iter().map(|(_, role)| role)));
    if here && roles.row(tx).await?.is_some() { Ok(()) } else { Err(Error::Denied("admin")) }
}

/// Ends all sessions of somebody, and first what one of them may still come of: a provider's word that waits for a code.
pub(crate) async fn end_sessions(tx: &Tx, ctx: &Ctx, id: UserId) -> Result<()> {
    attempt::end_of_user(tx, id.0).await?;
    let theirs = session::Column::UserId.eq(id.0);
    view_as::end_with(tx, ctx, Condition::all().add(theirs.clone()), "session_ended").await?;
    session::Entity::delete_many().filter(theirs).run(tx).await?;
    Ok(())
}

/// Changes one's own password; ends all of one's sessions.
///
/// # Errors
/// `people.invalid` when the present password is not right or the new one is not fit.
pub async fn change_password(db: &Db, ctx: &Ctx, id: UserId, present: &str, new: &str) -> Result<()> {
    let account = get(db.read(), ctx.tenant, id).await?;
    if !password::verify(present, account.password_hash.as_deref()).await? {
        return Err(Error::field(INVALID, "present", FieldError::new("wrong_password")));
    }
    let hash = password::hash(&ctx.env, new, &account.email).await?;
    let tx = db.begin().await?;
    user::ActiveModel { id: Set(id.0), password_hash: Set(Some(hash)), ..Default::default() }.change(&tx).await?;
    end_sessions(&tx, ctx, id).await?;
    link::end(&tx, id.0).await?;
    audit::record(&tx, ctx, "user.password_changed", &id.to_string(), json!({})).await?;
    Ok(tx.commit().await?)
}

async fn patched(tx: &Tx, ctx: &Ctx, id: UserId, patch: &UserPatch, hash: Option<String>) -> Result<user::ActiveModel> {
    let mut row = user::ActiveModel { id: Set(id.0), ..Default::default() };
    if let Some(name) = &patch.name {
        row.name = Set(checked_name("name", name, 200)?);
    }
    if let Some(email) = &patch.email {
        let email = checked_email(email)?;
        free_email(tx, ctx, &email, Some(id)).await?;
        row.email = Set(email);
    }
    if let Some(hash) = hash {
        row.password_hash = Set(Some(hash));
    }
    if let Some(department) = patch.department_id {
        check_department(tx, ctx, department).await?;
        row.department_id = Set(department);
    }
    if let Some(position) = &patch.position {
        row.position = Set(checked_position(position.as_deref())?);
    }
    if let Some(locale) = checked_locale(patch.locale.as_deref())? {
        row.locale = Set(locale.code().into());
    }
    if let Some(active) = patch.active {
        row.active = Set(active);
    }
    if let Some(until) = patch.absent_until {
        row.absent_until = Set(until.map(|t| t.0));
    }
    Ok(row)
}

fn checked_position(position: Option<&str>) -> Result<Option<String>> {
    position.filter(|text| !text.trim().is_empty()).map(|text| checked_name("position", text, 200)).transpose()
}

async fn set_roles(tx: &Tx, ctx: &Ctx, id: Uuid, roles: &[Uuid]) -> Result<()> {
    let known = role::Entity::find()
        .filter(role::Column::TenantId.eq(ctx.tenant.0))
        .filter(role::Column::Id.is_in(roles.iter().copied()))
        .rows(tx)
        .await?;
    if roles.iter().any(|id| !known.iter().any(|role| role.id == *id)) {
        return Err(Error::field(INVALID, "roles", FieldError::new("missing")));
    }
    user_role::Entity::delete_many().filter(user_role::Column::UserId.eq(id)).run(tx).await?;
    for role in known {
        user_role::ActiveModel { user_id: Set(id), role_id: Set(role.id) }.add(tx).await?;
    }
    Ok(())
}

/// Refuses a change that leaves the company without anybody who could undo it.
pub(crate) async fn keep_an_admin(tx: &Tx, ctx: &Ctx) -> Result<()> {
    let roles =
        role::Entity::find().filter(role::Column::TenantId.eq(ctx.tenant.0)).filter(role::Column::Admin.eq(true));
    let ids: Vec<Uuid> = roles.rows(tx).await?.into_iter().map(|role| role.id).collect();
    let holders = user_role::Entity::find().filter(user_role::Column::RoleId.is_in(ids)).rows(tx).await?;
    let active = user::Entity::find()
        .filter(user::Column::Id.is_in(holders.into_iter().map(|h| h.user_id)))
        .filter(user::Column::Active.eq(true))
        .row(tx)
        .await?;
    if active.is_none() {
        return Err(Error::field(INVALID, "roles", FieldError::new("last_admin")));
    }
    Ok(())
}

async fn free_email(tx: &Tx, ctx: &Ctx, email: &str, own: Option<UserId>) -> Result<()> {
    let found =
        user::Entity::find().filter(user::Column::TenantId.eq(ctx.tenant.0)).filter(user::Column::Email.eq(email));
    match found.row(tx).await? {
        Some(other) if own.is_none_or(|id| id.0 != other.id) => {
            Err(Error::field(INVALID, "email", FieldError::new("taken")))
        }
        _ => Ok(()),
    }
}

async fn check_department(tx: &Tx, ctx: &Ctx, id: Option<Uuid>) -> Result<()> {
    let Some(id) = id else { return Ok(()) };
    let found =
        department::Entity::find_by_id(id).filter(department::Column::TenantId.eq(ctx.tenant.0)).row(tx).await?;
    if found.is_some() { Ok(()) } else { Err(Error::field(INVALID, "department_id", FieldError::new("missing"))) }
}

fn checked_locale(text: Option<&str>) -> Result<Option<Locale>> {
    let parse = |text: &str| {
        text.parse().map_err(|e: String| Error::field(INVALID, "locale", FieldError::new("invalid").with("reason", e)))
    };
    text.map(parse).transpose()
}

/// An address good enough to sign in with: something, `@`, something; at most 254 characters (RFC 5321).
fn checked_email(email: &str) -> Result<String> {
    let email = normal_email(&checked_name("email", email, 254)?);
    let ok = email
        .split_once('@')
        .is_some_and(|(local, domain)| !local.is_empty() && !domain.is_empty() && !domain.contains('@'))
        && !email.contains(char::is_whitespace);
    if ok { Ok(email) } else { Err(Error::field(INVALID, "email", FieldError::new("email").with("value", email))) }
}
