//! API tokens: a person's rights for a program, narrowed by scopes; shown once, stored hashed.

use std::collections::BTreeSet;

use kernel::access::{AccessRow, Action, RowKind};
use kernel::clock::Env;
use kernel::error::FieldError;
use kernel::{Ctx, Db, Error, Result, Timestamp, UserId, audit};
use sea_orm::{ActiveValue::Set, ColumnTrait, EntityTrait, QueryFilter, QueryOrder};
use serde::{Deserialize, Serialize};
use serde_json::json;
use sha2::{Digest, Sha256};
use uuid::Uuid;

use crate::entities::{Fetch, Store, api_token};
use crate::{INVALID, checked_name, user};

pub use api_token::Model as Token;

/// What a token may do of what its person may.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Scope {
    /// See records.
    Read,
    /// Make, change and delete records.
    Write,
    /// Company settings, people, plugins.
    Admin,
}

impl Scope {
    /// Everything the person may do.
    pub const ALL: [Self; 3] = [Self::Read, Self::Write, Self::Admin];
}

impl std::str::FromStr for Scope {
    type Err = String;
    fn from_str(text: &str) -> std::result::Result<Self, String> {
        serde_json::from_value(json!(text)).map_err(|_| format!("unknown scope `{text}`; use read, write or admin"))
    }
}

/// A token to make.
#[derive(Debug, Clone, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewToken {
    /// What it is for.
    pub name: String,
    /// What it may do; everything by default.
    #[serde(default)]
    pub scopes: Vec<Scope>,
    /// When it ends; never by default.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    pub expires_at: Option<Timestamp>,
}

/// SHA-256 of a secret of 256 random bits, in hexadecimal: such a secret needs no slow hash.
pub fn hash_of(secret: &str) -> String {
    hex::encode(Sha256::digest(secret.as_bytes()))
}

/// Makes a token for a person: for oneself, or for anybody by an administrator. The secret is given only here.
///
/// # Errors
/// `Denied`, `NotFound`, `people.invalid`.
pub async fn create(db: &Db, ctx: &Ctx, owner: UserId, input: &NewToken) -> Result<(Token, String)> {
    if ctx.user() != Some(owner) || matches!(ctx.actor, kernel::Actor::Token { .. }) {
        crate::require_admin(ctx)?;
    }
    if input.expires_at.is_some_and(|at| at <= ctx.now()) {
        return Err(Error::field(INVALID, "expires_at", FieldError::new("invalid").with("reason", "in the past")));
    }
    let scopes: BTreeSet<Scope> =
        if input.scopes.is_empty() { Scope::ALL.into() } else { input.scopes.iter().copied().collect() };
    let secret = format!("vst_{}", ctx.env.secret());
    let tx = db.begin().await?;
    user::get(&tx, ctx.tenant, owner).await?;
    let row = api_token::ActiveModel {
        id: Set(ctx.id()),
        tenant_id: Set(ctx.tenant.0),
        user_id: Set(owner.0),
        name: Set(checked_name("name", &input.name, 200)?),
        token_hash: Set(hash_of(&secret)),
        scopes: Set(json!(scopes)),
        created_at: Set(ctx.now().0),
        expires_at: Set(input.expires_at.map(|at| at.0)),
        revoked_at: Set(None),
    };
    let saved = row.add(&tx).await?;
    audit::record(
        &tx,
        ctx,
        "token.created",
        &saved.id.to_string(),
        json!({"name": saved.name, "scopes": scopes, "user": owner}),
    )
    .await?;
    tx.commit().await?;
    Ok((saved, secret))
}

/// The person's tokens that are not revoked, newest first.
///
/// # Errors
/// When the database fails.
pub async fn list(db: &Db, ctx: &Ctx) -> Result<Vec<Token>> {
    let Some(user) = ctx.user() else { return Ok(Vec::new()) };
    let found = api_token::Entity::find()
        .filter(api_token::Column::TenantId.eq(ctx.tenant.0))
        .filter(api_token::Column::UserId.eq(user.0))
        .filter(api_token::Column::RevokedAt.is_null())
        .order_by_desc(api_token::Column::CreatedAt);
    Ok(found.rows(db.read()).await?)
}

/// Revokes a token: one's own, or anybody's by an administrator.
///
/// # Errors
/// `NotFound`.
pub async fn revoke(db: &Db, ctx: &Ctx, id: Uuid) -> Result<()> {
    let tx = db.begin().await?;
    let found = api_token::Entity::find_by_id(id).filter(api_token::Column::TenantId.eq(ctx.tenant.0)).row(&tx).await?;
    let mine = |row: &Token| ctx.user().is_some_and(|user| user.0 == row.user_id) || ctx.rights.is_admin();
    let Some(row) = found.filter(mine) else { return Err(Error::NotFound(format!("token {id}"))) };
    let update = api_token::ActiveModel { id: Set(row.id), revoked_at: Set(Some(ctx.now().0)), ..Default::default() };
    update.change(&tx).await?;
    audit::record(&tx, ctx, "token.revoked", &id.to_string(), json!({"name": row.name})).await?;
    Ok(tx.commit().await?)
}

/// The live token with this secret.
pub(crate) async fn find(db: &Db, env: &Env, secret: &str) -> Result<Option<Token>> {
    let found = api_token::Entity::find()
        .filter(api_token::Column::TokenHash.eq(hash_of(secret)))
        .filter(api_token::Column::RevokedAt.is_null())
        .row(db.read())
        .await?;
    Ok(found.filter(|row| row.expires_at.is_none_or(|at| at > env.now().0)))
}

/// Scopes as restriction rows: what a token was not given, it may not do.
pub(crate) fn restrictions(scopes: &BTreeSet<Scope>) -> Vec<AccessRow> {
    let mut barred = BTreeSet::new();
    if !scopes.contains(&Scope::Read) {
        barred.insert(Action::Read);
    }
    if !scopes.contains(&Scope::Write) {
        barred.extend([Action::Create, Action::Update, Action::Delete]);
    }
    if barred.is_empty() {
        return Vec::new();
    }
    vec![AccessRow { kind: RowKind::Restriction, entity: "*".into(), actions: barred, filter: None, covers: None }]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reading_token_is_barred_from_every_change() {
        let rows = restrictions(&BTreeSet::from([Scope::Read]));
        let rights = kernel::access::Rights::everything().restricted(rows);
        assert!(rights.may("lead", Action::Read));
        assert!(!rights.may("lead", Action::Create) && !rights.may("deal", Action::Delete));
        let some = kernel::access::Rights::everything().restricted(restrictions(&BTreeSet::from([Scope::Write])));
        assert!(rights.reads_alone() && !some.reads_alone());
        assert!(restrictions(&Scope::ALL.into()).is_empty());
    }
}
