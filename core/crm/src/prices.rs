//! Which price is a product's: of the valid lists in the document's currency, the first by priority that has one; there
//! that of the largest quantity not above the row's. What no list has stays open; nothing is converted.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use kernel::filter::Filter;
use kernel::value::{Currency, DECIMAL_SCALE};
use kernel::{Ctx, Error, Fields, Result, Value};
use records::Record;
use records::read::{Query, Sort};
use rust_decimal::Decimal;
use serde_json::json;
use uuid::Uuid;

use crate::fill::{Refresh, Sale};
use crate::rows::Row;
use crate::sales::{Sales, filtered};
use crate::sums::{decimal, id, text};
use crate::totals::rounded;

/// Lists that are looked at.
const MAX_LISTS: u64 = 200;
/// Lists that are made of each other.
const MAX_DEPTH: usize = 4;
/// Prices that are looked at for one document.
const MAX_PRICES: usize = 10_000;

/// Prices of the products of some rows.
pub(crate) struct Prices {
    /// Valid ones, in the order in which they are asked.
    valid: Vec<Uuid>,
    lists: BTreeMap<Uuid, List>,
    /// By list and product, the smallest quantity first.
    entries: BTreeMap<(Uuid, Uuid), Vec<(Decimal, Decimal)>>,
}

/// A price list.
struct List {
    included: Option<bool>,
    percent_of: Option<Uuid>,
    percent: Decimal,
    rounded_to: Option<Decimal>,
}

impl Prices {
    /// Reads what rows with products without a price may cost.
    pub(crate) async fn load(sales: &Sales, ctx: &Ctx, sale: &Sale, rows: &[Row]) -> Result<Self> {
        let open = rows.iter().filter(|row| row.price.is_none() || sale.refresh == Refresh::All);
        let products: Vec<Uuid> = open.filter_map(|row| row.product).collect();
        let mut prices = Self { valid: Vec::new(), lists: BTreeMap::new(), entries: BTreeMap::new() };
        if products.is_empty() || !ctx.rights.may("price_list", kernel::access::Action::Read) {
            return Ok(prices);
        }
        let query = Query {
            sort: vec![
                Sort { field: "priority".into(), descending: false },
                Sort { field: "number".into(), descending: false },
            ],
            limit: Some(MAX_LISTS),
            ..Query::default()
        };
        for list in sales.records.query(ctx, "price_list", &query).await?.items {
            if fits(&list.fields, sale) && meant(sales, ctx, &list, sale).await? {
                prices.valid.push(list.id.0);
            }
            prices.lists.insert(list.id.0, List::of(&list.fields));
        }
        if !prices.valid.is_empty() {
            prices.read(sales, ctx, &products).await?;
        }
        Ok(prices)
    }

    async fn read(&mut self, sales: &Sales, ctx: &Ctx, products: &[Uuid]) -> Result<()> {
        let filter = filtered(&json!({"field": "product", "op": "in", "value": products}))?;
        let mut query = Query { filter, limit: Some(500), ..Query::default() };
        let mut found = 0;
        loop {
            let page = sales.records.query(ctx, "price", &query).await?;
            found += page.items.len();
            for price in page.items.iter().map(|item| &item.fields) {
                let place = id(price, "price_list").zip(id(price, "product"));
                if let Some((place, cost)) = place.zip(decimal(price, "price")) {
                    let from = decimal(price, "min_quantity").unwrap_or_default();
                    self.entries.entry(place).or_default().push((from, cost));
                }
            }
            query.cursor = page.next_cursor;
            if query.cursor.is_none() || found >= MAX_PRICES {
                break;
            }
        }
        self.entries.values_mut().for_each(|entries| entries.sort());
        Ok(())
    }

    /// The price of a row's product, and whether it holds the tax.
    pub(crate) fn of(&self, row: &Row) -> Option<(Decimal, Option<bool>)> {
        let product = row.product?;
        let in_list = |list: &Uuid| {
            let price = self.in_list(*list, product, row.quantity.abs(), MAX_DEPTH)?;
            Some((price, self.lists.get(list)?.included))
        };
        self.valid.iter().find_map(in_list)
    }

    fn in_list(&self, list: Uuid, product: Uuid, quantity: Decimal, depth: usize) -> Option<Decimal> {
        let entries = self.entries.get(&(list, product)).map_or(&[][..], Vec::as_slice);
        let own = entries.iter().rev().find(|(from, _)| *from <= quantity).map(|(_, price)| *price);
        if own.is_some() {
            return own;
        }
        let list = self.lists.get(&list)?;
        let other = self.in_list(list.percent_of?, product, quantity, depth.checked_sub(1)?)?;
        let price = other.checked_mul(list.percent)? / Decimal::ONE_HUNDRED;
        match list.rounded_to.filter(|step| *step > Decimal::ZERO) {
            Some(step) => Some(rounded(price.checked_div(step)?, 0) * step),
            None => Some(rounded(price, DECIMAL_SCALE)),
        }
    }
}

impl List {
    fn of(fields: &Fields) -> Self {
        let included =
            if let Some(Value::Boolean(included)) = fields.get("tax_included") { Some(*included) } else { None };
        Self {
            included,
            percent_of: id(fields, "percent_of"),
            percent: decimal(fields, "percent").unwrap_or(Decimal::ONE_HUNDRED),
            rounded_to: decimal(fields, "rounded_to"),
        }
    }
}

/// Whether a list is of the document's currency, day and organization.
fn fits(list: &Fields, sale: &Sale) -> bool {
    let day = |key: &str| if let Some(Value::Date(day)) = list.get(key) { Some(*day) } else { None };
    let currency = |code: &str| code.parse::<Currency>().ok();
    currency(text(list, "list_currency")) == currency(&sale.currency)
        && day("valid_from").is_none_or(|from: NaiveDate| from <= sale.day)
        && day("valid_to").is_none_or(|to| sale.day <= to)
        && id(list, "organization").is_none_or(|own| Some(own) == sale.organization)
}

/// Whether a list is for the client.
async fn meant(sales: &Sales, ctx: &Ctx, list: &Record, sale: &Sale) -> Result<bool> {
    let Some(Value::Json(clients)) = list.fields.get("clients") else { return Ok(true) };
    let Some(company) = sale.company else { return Ok(false) };
    let filter = json!({"and": [clients, {"field": "id", "op": "eq", "value": company}]});
    let Ok(filter) = Filter::parse(&filter) else { return Ok(false) };
    let query = Query { filter: Some(filter), ..Query::default() };
    match sales.records.count(ctx, "company", &query).await {
        Ok(count) => Ok(count > 0),
        // A filter that names what is gone is for nobody.
        Err(Error::Invalid { .. }) => Ok(false),
        Err(error) => Err(error),
    }
}
