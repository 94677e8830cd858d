//! Rates of currencies: what one unit of a currency is worth in the company's own, from a day on.
//!
//! A figure in one currency takes for each amount the last rate on or before its day; where there is none, there is no
//! figure: amounts are never put together one to one.

use std::collections::{BTreeMap, BTreeSet};

use chrono::NaiveDate;
use kernel::db::ConnectionTrait;
use kernel::error::{FieldError, FieldErrors};
use kernel::value::Currency;
use kernel::{Ctx, Error, Result, TenantId, audit};
use people::require_admin;
use rust_decimal::Decimal;
use sea_orm::sea_query::{Expr, ExprTrait, OnConflict, Order, Query};
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::Records;

/// Rates of one change.
const MAX_GIVEN: usize = 1_000;
/// Digits behind the point.
const MAX_SCALE: u32 = 10;
/// Above this nothing is worth.
const MAX_RATE: i64 = 1_000_000_000;

/// A rate.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Rate {
    /// ISO 4217.
    pub currency: String,
    /// From this day on, `YYYY-MM-DD`.
    #[schema(value_type = String, format = Date)]
    pub day: NaiveDate,
    /// What one unit is worth in the company's currency, as text, up to 10 digits behind the point; null takes it away.
    #[schema(value_type = Option<String>)]
    pub rate: Option<Decimal>,
}

/// All rates of a company, as they count on a day.
#[derive(Debug, Default)]
pub struct Rates {
    own: String,
    by_currency: BTreeMap<String, BTreeMap<NaiveDate, Decimal>>,
}

impl Rates {
    /// What one unit of a currency is worth in another on a day; none where that is not known.
    pub fn between(&self, from: &str, to: &str, day: NaiveDate) -> Option<Decimal> {
        if from == to {
            return Some(Decimal::ONE);
        }
        self.in_own(from, day)?.checked_div(self.in_own(to, day)?)
    }

    fn in_own(&self, currency: &str, day: NaiveDate) -> Option<Decimal> {
        if currency == self.own {
            return Some(Decimal::ONE);
        }
        self.by_currency.get(currency)?.range(..=day).next_back().map(|(_, rate)| *rate)
    }
}

impl Records {
    /// The rates of the company, by currency, the newest first.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn currency_rates(&self, ctx: &Ctx) -> Result<Vec<Rate>> {
        rows(self.db.read(), ctx.tenant).await
    }

    /// The rates as figures use them.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn rates(&self, ctx: &Ctx) -> Result<Rates> {
        let own = people::tenant::currency(self.db.read(), ctx.tenant).await?;
        let mut rates = Rates { own, ..Rates::default() };
        for row in rows(self.db.read(), ctx.tenant).await? {
            if let Some(rate) = row.rate {
                rates.by_currency.entry(row.currency).or_default().insert(row.day, rate);
            }
        }
        Ok(rates)
    }

    /// Sets rates (administrators); the others stay.
    ///
    /// # Errors
    /// `Denied`; `rate.invalid` naming `rates.<n>`.
    pub async fn set_currency_rates(&self, ctx: &Ctx, given: &[Rate]) -> Result<()> {
        require_admin(ctx)?;
        let mut errors = FieldErrors::new();
        if given.len() > MAX_GIVEN {
            errors.insert("rates".to_owned(), FieldError::new("too_many").with("max", MAX_GIVEN));
        }
        let mut seen = BTreeSet::new();
        for (index, one) in given.iter().enumerate().take(MAX_GIVEN) {
            if let Err(error) = check(one) {
                errors.insert(format!("rates.{index}"), error);
            } else if !seen.insert((&one.currency, one.day)) {
                errors.insert(format!("rates.{index}"), FieldError::new("invalid").with("reason", "twice"));
            }
        }
        if !errors.is_empty() {
            return Err(Error::Invalid { code: "rate.invalid", fields: errors });
        }
        let tx = self.db.begin().await?;
        for one in given {
            match one.rate {
                Some(rate) => put(&tx, ctx.tenant, one, rate).await?,
                None => {
                    let gone = Query::delete()
                        .from_table("currency_rate")
                        .and_where(Expr::col("tenant_id").eq(ctx.tenant.0))
                        .and_where(Expr::col("currency").eq(one.currency.as_str()))
                        .and_where(Expr::col("day").eq(one.day.to_string()))
                        .to_owned();
                    tx.execute(&gone).await?;
                }
            }
        }
        audit::record(&tx, ctx, "currency_rates.changed", "", json!({ "rates": given })).await?;
        Ok(tx.commit().await?)
    }
}

fn check(given: &Rate) -> Result<(), FieldError> {
    if !Currency::all().any(|known| known.code() == given.currency) {
        return Err(FieldError::new("choice").with("value", given.currency.chars().take(10).collect::<String>()));
    }
    let Some(rate) = given.rate else { return Ok(()) };
    if rate <= Decimal::ZERO || rate > Decimal::from(MAX_RATE) || rate.normalize().scale() > MAX_SCALE {
        return Err(FieldError::new("range").with("min", "0.0000000001").with("max", MAX_RATE));
    }
    Ok(())
}

async fn put(tx: &kernel::db::Tx, tenant: TenantId, one: &Rate, rate: Decimal) -> Result<()> {
    let insert = Query::insert()
        .into_table("currency_rate")
        .columns(["tenant_id", "currency", "day", "rate"])
        .values_panic([
            tenant.0.into(),
            one.currency.as_str().into(),
            one.day.to_string().into(),
            rate.normalize().to_string().into(),
        ])
        .on_conflict(OnConflict::columns(["tenant_id", "currency", "day"]).update_column("rate").to_owned())
        .to_owned();
    tx.execute(&insert).await?;
    Ok(())
}

async fn rows(conn: &impl ConnectionTrait, tenant: TenantId) -> Result<Vec<Rate>> {
    let select = Query::select()
        .columns(["currency", "day", "rate"])
        .from("currency_rate")
        .and_where(Expr::col("tenant_id").eq(tenant.0))
        .order_by("currency", Order::Asc)
        .order_by("day", Order::Desc)
        .take();
    let mut rates = Vec::new();
    for row in conn.query_all(&select).await? {
        let (day, rate): (String, String) = (row.try_get_by_index(1)?, row.try_get_by_index(2)?);
        rates.push(Rate {
            currency: row.try_get_by_index(0)?,
            day: day.parse().map_err(Error::internal)?,
            rate: Some(rate.parse().map_err(Error::internal)?),
        });
    }
    Ok(rates)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_rate_on_or_before_a_day_counts_and_where_there_is_none_nothing_does() {
        let day = |text: &str| text.parse::<NaiveDate>().unwrap();
        let mut rates = Rates { own: "UAH".into(), ..Rates::default() };
        for (currency, from, rate) in
            [("USD", "2027-01-04", "41.50"), ("USD", "2027-01-11", "42"), ("EUR", "2027-01-04", "45")]
        {
            let of = rates.by_currency.entry(currency.into()).or_default();
            of.insert(day(from), rate.parse().unwrap());
        }
        let worth =
            |from: &str, to: &str, on: &str| rates.between(from, to, day(on)).map(|rate| rate.normalize().to_string());
        assert_eq!(worth("USD", "UAH", "2027-01-05").as_deref(), Some("41.5"));
        assert_eq!(worth("USD", "UAH", "2027-01-11").as_deref(), Some("42"));
        assert_eq!(worth("USD", "UAH", "2027-01-03"), None);
        assert_eq!(worth("PLN", "UAH", "2027-01-11"), None);
        assert_eq!(worth("UAH", "USD", "2027-01-12"), Some((Decimal::ONE / Decimal::from(42)).normalize().to_string()));
        assert_eq!(worth("PLN", "PLN", "2000-01-01").as_deref(), Some("1"));
    }
}
