//! What rows are filled in with from the catalogue of products: names, units, taxes by their day, prices by price lists.
//! Copied into the row: later changes of the catalogue reach it only when somebody asks for them.

use std::collections::{BTreeMap, BTreeSet};

use chrono::NaiveDate;
use kernel::error::{FieldError, FieldErrors};
use kernel::value::FieldType;
use kernel::{Ctx, Fields, RecordId, Result, Value};
use records::Record;
use records::import::ProductRows;
use records::read::Query;
use rust_decimal::Decimal;
use serde_json::{Map, Value as Json, json};
use uuid::Uuid;

use crate::prices::Prices;
use crate::rows::{self, Row};
use crate::sales::{Sales, filtered};
use crate::sums::{self, decimal, id, text};

/// For whom and when something is sold.
#[derive(Debug, Clone, Default)]
pub(crate) struct Sale {
    /// ISO 4217.
    pub currency: String,
    pub company: Option<Uuid>,
    pub organization: Option<Uuid>,
    /// The day whose rates and prices count.
    pub day: NaiveDate,
    /// What of that which rows have is chosen anew.
    pub refresh: Refresh,
}

/// Fields that say for whom and when something is sold, besides the currency.
const ABOUT: [(&str, FieldType); 4] = [
    ("company", FieldType::Link),
    ("organization", FieldType::Link),
    ("tax_date", FieldType::Date),
    ("document_date", FieldType::Date),
];

/// What is chosen anew.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Refresh {
    #[default]
    Nothing,
    /// Rates of taxes.
    Rates,
    /// Rates and prices.
    All,
}

/// What a refresh changed in a row.
#[derive(Debug, Clone, PartialEq, serde::Serialize, utoipa::ToSchema)]
pub struct RowChange {
    /// The row's number from 0.
    pub row: usize,
    /// The price before and now.
    #[schema(value_type = Vec<Option<f64>>)]
    pub price: [Option<serde_json::Number>; 2],
    /// The rate of the tax before and now.
    #[schema(value_type = Vec<Option<f64>>)]
    pub tax_rate: [Option<serde_json::Number>; 2],
}

impl Sales {
    /// Fills in what rows leave out. Gives what it changed of what they had.
    ///
    /// # Errors
    /// `record.invalid` naming `rows.<n>.product` or `rows.<n>.tax`: not there, or not to be seen.
    pub(crate) async fn fill(&self, ctx: &Ctx, sale: &Sale, rows: &mut [Row]) -> Result<Vec<RowChange>> {
        let before: Vec<_> = rows.iter().map(|row| (row.price, row.tax_rate)).collect();
        let products = self.known(ctx, "product", rows, |row| row.product).await?;
        let mode = self.tax_mode(ctx, sale).await?;
        for row in rows.iter_mut() {
            let Some(product) = row.product.and_then(|product| products.get(&product)) else { continue };
            copy(product, row, &mode);
        }
        let prices = Prices::load(self, ctx, sale, rows).await?;
        for row in rows.iter_mut().filter(|row| row.price.is_none() || sale.refresh == Refresh::All) {
            if let Some((price, included)) = prices.of(row) {
                row.price = Some(price);
                row.tax_included = included.or(row.tax_included);
            }
        }
        self.rates(ctx, sale, rows).await?;
        for row in rows.iter_mut() {
            row.tax_included = row.tax_included.or(Some(mode == "included"));
        }
        let changed = before.into_iter().zip(rows.iter()).enumerate();
        let changed = changed.filter(|(_, ((price, rate), row))| (*price, *rate) != (row.price, row.tax_rate));
        Ok(changed.map(|(place, (before, row))| difference(place, before, row)).collect())
    }

    /// Records that rows point to.
    async fn known(
        &self,
        ctx: &Ctx,
        entity: &str,
        rows: &[Row],
        of: impl Fn(&Row) -> Option<Uuid>,
    ) -> Result<BTreeMap<Uuid, Record>> {
        let ids: BTreeSet<Uuid> = rows.iter().filter_map(&of).collect();
        if ids.is_empty() {
            return Ok(BTreeMap::new());
        }
        let ids: Vec<RecordId> = ids.into_iter().map(RecordId).collect();
        let found = self.records.get_many(ctx, entity, &ids).await?;
        let found: BTreeMap<Uuid, Record> = found.into_iter().map(|record| (record.id.0, record)).collect();
        let missing = rows.iter().enumerate().filter(|(_, row)| of(row).is_some_and(|id| !found.contains_key(&id)));
        let errors: FieldErrors =
            missing.map(|(place, _)| (format!("rows.{place}.{entity}"), FieldError::new("missing"))).collect();
        if errors.is_empty() { Ok(found) } else { Err(sums::invalid(errors)) }
    }

    /// How the organization's prices have their tax; empty where nobody said.
    async fn tax_mode(&self, ctx: &Ctx, sale: &Sale) -> Result<String> {
        let Some(organization) = sale.organization else { return Ok(String::new()) };
        let found = self.records.get_many(ctx, "organization", &[RecordId(organization)]).await?;
        Ok(found.first().map(|found| text(&found.fields, "tax_mode").to_owned()).unwrap_or_default())
    }

    /// Rates of taxes on the day: of those with the same code, the last one that begins on or before it.
    async fn rates(&self, ctx: &Ctx, sale: &Sale, rows: &mut [Row]) -> Result<()> {
        let wanted = |row: &Row| row.tax.filter(|_| row.tax_rate.is_none() || sale.refresh != Refresh::Nothing);
        let named = self.known(ctx, "tax", rows, wanted).await?;
        if named.is_empty() {
            return Ok(());
        }
        let codes: BTreeSet<&str> = named.values().map(|tax| text(&tax.fields, "code")).collect();
        let filter = filtered(&json!({"field": "code", "op": "in", "value": codes}))?;
        let query = Query { filter, limit: Some(500), ..Query::default() };
        let all = self.records.query(ctx, "tax", &query).await?.items;
        for row in rows.iter_mut() {
            let Some(tax) = wanted(row).and_then(|tax| named.get(&tax)) else { continue };
            let code = text(&tax.fields, "code");
            let begun = all.iter().filter(|one| text(&one.fields, "code") == code && begins(&one.fields) <= sale.day);
            let Some(valid) = begun.max_by_key(|one| begins(&one.fields)) else { continue };
            row.tax = Some(valid.id.0);
            row.tax_rate = decimal(&valid.fields, "rate");
        }
        Ok(())
    }
}

#[async_trait::async_trait]
impl ProductRows for Sales {
    async fn fill_in(
        &self,
        ctx: &Ctx,
        entity: &str,
        known: Option<RecordId>,
        fields: &mut Map<String, Json>,
    ) -> Result<()> {
        let Ok(mut rows) = rows::parse(fields.get("rows").unwrap_or(&Json::Null)) else { return Ok(()) };
        let mut about = match known {
            Some(known) => self.records.get(ctx, entity, known).await?.fields,
            None => Fields::default(),
        };
        for (key, kind) in ABOUT {
            if let Some(Ok(value)) = fields.get(key).map(|json| Value::from_json(kind, json)) {
                about.insert(key.into(), value);
            }
        }
        let mut sale = self.sale_of(ctx, entity, &about, Refresh::Nothing).await?;
        // What a lead is interested in has no price yet.
        if let Some(currency) = fields.get("currency").and_then(Json::as_str).filter(|_| entity != "lead") {
            currency.clone_into(&mut sale.currency);
        }
        self.fill(ctx, &sale, &mut rows).await?;
        fields.insert("rows".to_owned(), bare(rows::to_json(&rows)));
        Ok(())
    }
}

/// Rows without their empty parts: a value of JSON has a largest size, which many rows should not reach by saying nothing.
fn bare(mut rows: Json) -> Json {
    for row in rows.as_array_mut().into_iter().flatten().filter_map(Json::as_object_mut) {
        row.retain(|_, part| !part.is_null());
    }
    rows
}

/// The first day of a rate; one without a day was always there.
fn begins(tax: &Fields) -> NaiveDate {
    if let Some(Value::Date(day)) = tax.get("valid_from") { *day } else { NaiveDate::MIN }
}

/// Copies what a row leaves out from its product.
fn copy(product: &Record, row: &mut Row, mode: &str) {
    let own = |key: &str| Some(text(&product.fields, key).to_owned()).filter(|text| !text.is_empty());
    row.title = row.title.take().or_else(|| own("title"));
    row.unit = row.unit.take().or_else(|| own("unit"));
    if row.tax.is_none() && row.tax_rate.is_none() && mode != "none" {
        row.tax = id(&product.fields, "tax");
    }
}

fn difference(row: usize, before: (Option<Decimal>, Option<Decimal>), now: &Row) -> RowChange {
    let number = |value: Option<Decimal>| match kernel::value::decimal_to_json(value?) {
        serde_json::Value::Number(number) => Some(number),
        _ => None,
    };
    RowChange { row, price: [number(before.0), number(now.price)], tax_rate: [number(before.1), number(now.tax_rate)] }
}
