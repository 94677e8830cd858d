//! Tenants: the companies that use this installation.

use std::str::FromStr;

use chrono_tz::Tz;
use kernel::clock::Env;
use kernel::db::{ConnectionTrait, Tx};
use kernel::error::FieldError;
use kernel::text::latin;
use kernel::value::Currency;
use kernel::{Ctx, Db, Error, Locale, Result, TenantId, audit};
use sea_orm::sea_query::{Expr, ExprTrait, LockType, Query};
use sea_orm::{ActiveValue::Set, ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};
use serde::Deserialize;
use serde_json::json;

use crate::entities::{Fetch, Store, tenant};
use crate::{INVALID, checked_name};

/// A tenant as the rest of the product sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tenant {
    /// Its id.
    pub id: TenantId,
    /// Its name in addresses.
    pub slug: String,
    /// Its name.
    pub name: String,
    /// Language of new users and of texts for everybody.
    pub locale: Locale,
    /// ISO 4217 code of the default currency.
    pub currency: String,
    /// Time zone of days, deadlines and reports.
    pub zone: Tz,
}

impl Tenant {
    /// The system acting on this tenant.
    pub fn system_ctx(&self, env: &Env) -> Ctx {
        Ctx::system(self.id, self.zone, self.locale, env)
    }
}

impl From<tenant::Model> for Tenant {
    fn from(row: tenant::Model) -> Self {
        Self {
            id: TenantId(row.id),
            slug: row.slug,
            name: row.name,
            locale: row.locale.parse().unwrap_or_default(),
            currency: row.currency,
            zone: row.time_zone.parse().unwrap_or(Tz::UTC),
        }
    }
}

/// What a new tenant needs.
#[derive(Debug, Clone)]
pub struct NewTenant {
    /// Its name.
    pub name: String,
    /// Its language.
    pub locale: Locale,
}

/// Makes a tenant. Its slug is made from the name (letters are transliterated) and is unique.
///
/// # Errors
/// `people.invalid` on a wrong name.
pub async fn create(tx: &Tx, env: &Env, input: &NewTenant) -> Result<Tenant> {
    let name = checked_name("name", &input.name, 200)?;
    let (currency, zone) = match input.locale {
        Locale::En => ("USD", "UTC"),
        Locale::Ru => ("RUB", "Europe/Moscow"),
        Locale::Uk => ("UAH", "Europe/Kyiv"),
    };
    let base = slug_of(&name);
    let mut slug = base.clone();
    let mut n = 1;
    while tenant::Entity::find().filter(tenant::Column::Slug.eq(&slug)).row(tx).await?.is_some() {
        n += 1;
        slug = format!("{base}-{n}");
    }
    let row = tenant::ActiveModel {
        id: Set(TenantId::fresh(env).0),
        slug: Set(slug),
        name: Set(name),
        locale: Set(input.locale.code().into()),
        currency: Set(currency.into()),
        time_zone: Set(zone.into()),
        created_at: Set(env.now().0),
    };
    Ok(row.add(tx).await?.into())
}

/// Lets changes of a company's people, roles and departments come one after another, until the transaction ends: what
/// they must not break (an administrator stays, departments are a tree, addresses are unique) is seen only by looking at
/// all of them. SQLite has one writer anyway.
pub(crate) async fn one_by_one(tx: &Tx, id: TenantId) -> Result<()> {
    tenant::Entity::find_by_id(id.0).lock(LockType::NoKeyUpdate).row(tx).await?;
    Ok(())
}

/// All tenants, oldest first.
///
/// # Errors
/// When the database fails.
pub async fn list(db: &Db) -> Result<Vec<Tenant>> {
    let rows = tenant::Entity::find().order_by_asc(tenant::Column::CreatedAt).rows(db.read()).await?;
    Ok(rows.into_iter().map(Tenant::from).collect())
}

/// The tenant with this id.
///
/// # Errors
/// `NotFound`.
pub async fn get(db: &Db, id: TenantId) -> Result<Tenant> {
    let row = tenant::Entity::find_by_id(id.0).row(db.read()).await?;
    row.map(Tenant::from).ok_or_else(|| Error::NotFound(format!("tenant {id}")))
}

/// The tenant with this slug.
///
/// # Errors
/// `NotFound`.
pub async fn by_slug(db: &Db, slug: &str) -> Result<Tenant> {
    let row = tenant::Entity::find().filter(tenant::Column::Slug.eq(slug)).row(db.read()).await?;
    row.map(Tenant::from).ok_or_else(|| Error::NotFound(format!("tenant {slug}")))
}

/// Changes of a tenant's settings.
#[derive(Debug, Clone, Default, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct TenantPatch {
    /// New name.
    pub name: Option<String>,
    /// New language.
    pub locale: Option<String>,
    /// New currency, ISO 4217.
    pub currency: Option<String>,
    /// New time zone, IANA name.
    pub time_zone: Option<String>,
}

/// Changes the company's settings (administrators).
///
/// # Errors
/// `Denied`, `people.invalid`.
pub async fn update(db: &Db, ctx: &Ctx, patch: &TenantPatch) -> Result<Tenant> {
    crate::require_admin(ctx)?;
    let invalid =
        |field: &str, reason: String| Error::field(INVALID, field, FieldError::new("invalid").with("reason", reason));
    let mut row = tenant::ActiveModel { id: Set(ctx.tenant.0), ..Default::default() };
    if let Some(name) = &patch.name {
        row.name = Set(checked_name("name", name, 200)?);
    }
    if let Some(locale) = &patch.locale {
        row.locale = Set(Locale::from_str(locale).map_err(|e| invalid("locale", e))?.code().into());
    }
    if let Some(currency) = &patch.currency {
        let known = currency.parse::<Currency>().map_err(|_| invalid("currency", "ISO 4217: USD, EUR, UAH".into()))?;
        row.currency = Set(known.code().into());
    }
    if let Some(zone) = &patch.time_zone {
        Tz::from_str(zone).map_err(|e| invalid("time_zone", e.to_string()))?;
        row.time_zone = Set(zone.clone());
    }
    let tx = db.begin().await?;
    let changed =
        json!({"name": patch.name, "locale": patch.locale, "currency": patch.currency, "time_zone": patch.time_zone});
    row.change(&tx).await?;
    let saved = tenant::Entity::find_by_id(ctx.tenant.0).row(&tx).await?;
    let saved = saved.map(Tenant::from).ok_or_else(|| Error::NotFound(format!("tenant {}", ctx.tenant)))?;
    audit::record(&tx, ctx, "tenant.updated", &ctx.tenant.to_string(), changed).await?;
    tx.commit().await?;
    Ok(saved)
}

/// Latin letters, digits and hyphens.
fn slug_of(name: &str) -> String {
    let slug: String = latin(name, '-').chars().take(40).collect();
    if slug.is_empty() { "company".to_owned() } else { slug }
}

/// The company's currency, ISO 4217; empty for an unknown tenant.
///
/// # Errors
/// When the database fails.
pub async fn currency(conn: &impl ConnectionTrait, id: TenantId) -> Result<String> {
    let select = Query::select().column("currency").from("tenant").and_where(Expr::col("id").eq(id.0)).take();
    let row = conn.query_one(&select).await?;
    Ok(row.map_or(Ok(String::new()), |row| row.try_get_by_index(0))?)
}

/// The company's language; English for an unknown tenant.
///
/// # Errors
/// When the database fails.
pub async fn locale(conn: &impl ConnectionTrait, id: TenantId) -> Result<Locale> {
    let select = Query::select().column("locale").from("tenant").and_where(Expr::col("id").eq(id.0)).take();
    let row = conn.query_one(&select).await?;
    let code: String = row.map_or(Ok(String::new()), |row| row.try_get_by_index(0))?;
    Ok(code.parse().unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slugs_are_plain_in_every_alphabet() {
        for (name, slug) in [
            ("ООО «Верстак и Ко»", "ooo-verstak-i-ko"),
            ("Їжак & Sons", "izhak-sons"),
            ("  ", "company"),
            ("日本", "company"),
        ] {
            assert_eq!(slug_of(name), slug, "{name}");
        }
    }
}
