//! What follows from the rows of a record: figures of each row, and the record's sums. Over images of the pipeline and
//! over records as they are read alike.

use kernel::error::{FieldError, FieldErrors};
use kernel::value::{Currency, Money};
use kernel::{Ctx, Error, Fields, Locale, Result, Value};
use records::PendingChange;
use rust_decimal::Decimal;
use serde_json::Value as Json;
use uuid::Uuid;

use crate::calculate::{self, TotalsView};
use crate::rows::{self, Row};
use crate::totals::{Terms, Totals};

/// Fields that sums are made of.
const INPUTS: [&str; 6] = ["rows", "discount_percent", "discount_amount", "amount", "tax_rounding", "cash_rounding"];

/// Rows of a document with their figures, and what they come to, in words of a language; none where it has no currency.
///
/// # Errors
/// `record.invalid` by row.
pub fn figures(fields: &Fields, locale: Locale) -> Result<Option<(Vec<Row>, TotalsView)>> {
    let Some((rows, totals, currency)) = reckoned(fields)? else { return Ok(None) };
    let view = TotalsView::of(&totals, &rows, currency, locale);
    Ok(Some((rows, view)))
}

/// The text of a field; empty where there is none.
pub(crate) fn text<'a>(fields: &'a Fields, key: &str) -> &'a str {
    fields.get(key).and_then(Value::as_text).unwrap_or_default()
}

/// The id of a field.
pub(crate) fn id(fields: &Fields, key: &str) -> Option<Uuid> {
    fields.get(key).and_then(Value::as_id)
}

/// The decimal of a field; of money the amount.
pub(crate) fn decimal(fields: &Fields, key: &str) -> Option<Decimal> {
    match fields.get(key) {
        Some(Value::Decimal(value)) => Some(*value),
        Some(Value::Money(money)) => money.amount,
        _ => None,
    }
}

/// The currency of a record's amount.
pub(crate) fn currency(fields: &Fields) -> Option<Currency> {
    match fields.get("amount") {
        Some(Value::Money(money)) => Some(money.currency),
        _ => text(fields, "currency").parse().ok(),
    }
}

/// The rows of a record.
///
/// # Errors
/// `record.invalid` by row.
pub(crate) fn rows_of(fields: &Fields) -> Result<Vec<Row>> {
    let json = if let Some(Value::Json(json)) = fields.get("rows") { json } else { &Json::Null };
    rows::parse(json).map_err(invalid)
}

pub(crate) fn invalid(fields: FieldErrors) -> Error {
    Error::Invalid { code: records::INVALID, fields }
}

/// The terms of a record; none while its currency is not known.
pub(crate) fn terms_of(fields: &Fields) -> Option<Terms> {
    Some(Terms {
        currency: currency(fields)?,
        discount: rows::discount(decimal(fields, "discount_percent"), decimal(fields, "discount_amount")),
        tax_rounding: calculate::rounding_named(Some(text(fields, "tax_rounding"))).unwrap_or_default(),
        cash: decimal(fields, "cash_rounding"),
    })
}

/// The rows of a record with their figures, and what they come to.
///
/// # Errors
/// `record.invalid`, `sale.invalid`, `sale.mixed_tax_mode`.
pub(crate) fn reckoned(fields: &Fields) -> Result<Option<(Vec<Row>, Totals, Currency)>> {
    let mut rows = rows_of(fields)?;
    let Some(terms) = terms_of(fields) else { return Ok(None) };
    one_discount(fields)?;
    let totals = calculate::reckon(&mut rows, &terms)?;
    Ok(Some((rows, totals, terms.currency)))
}

fn one_discount(fields: &Fields) -> Result<()> {
    if ["discount_percent", "discount_amount"].iter().any(|key| decimal(fields, key).is_none()) {
        return Ok(());
    }
    let error = FieldError::worded("invalid", "sale.two_discounts");
    Err(Error::field(records::INVALID, "discount_amount", error))
}

/// What a record's rows come to, for a reader.
///
/// # Errors
/// As `reckoned`.
pub(crate) fn view(ctx: &Ctx, fields: &Fields) -> Result<Option<(Vec<Row>, TotalsView)>> {
    let view = |(rows, totals, currency): (Vec<Row>, Totals, Currency)| {
        let totals = TotalsView::of(&totals, &rows, currency, ctx.locale);
        (rows, totals)
    };
    Ok(reckoned(fields)?.map(view))
}

/// Whether sums have to be made anew.
pub(crate) fn concerns(change: &PendingChange) -> bool {
    INPUTS.iter().any(|key| change.changes(key))
}

/// Gives rows an id each; what is invoiced of a row stays what it was.
fn kept_rows(ctx: &Ctx, change: &PendingChange, rows: &mut [Row]) {
    let before = change.before.as_ref().and_then(|before| rows_of(before).ok()).unwrap_or_default();
    let mut seen: Vec<Uuid> = Vec::with_capacity(rows.len());
    for row in rows {
        let id = row.id.filter(|id| !seen.contains(id)).unwrap_or_else(|| ctx.id());
        seen.push(id);
        row.id = Some(id);
        row.invoiced = before.iter().find(|old| old.id == Some(id)).and_then(|old| old.invoiced);
    }
}

/// Rows without sums: what a lead is interested in.
pub(crate) fn tidy_rows(ctx: &Ctx, change: &mut PendingChange) {
    if !change.changes("rows") {
        return;
    }
    let Ok(mut rows) = rows_of(&change.after) else { return };
    kept_rows(ctx, change, &mut rows);
    put_rows(&mut change.after, &rows);
}

fn put_rows(fields: &mut Fields, rows: &[Row]) {
    let value = if rows.is_empty() { Value::Null } else { Value::Json(rows::to_json(rows)) };
    fields.insert("rows".into(), value);
}

/// Sums of a document. What is wrong is left as it is: `check` says so.
pub(crate) fn of_document(ctx: &Ctx, change: &mut PendingChange) {
    if !concerns(change) {
        return;
    }
    let Ok(Some((mut rows, totals, currency))) = reckoned(&change.after) else { return };
    kept_rows(ctx, change, &mut rows);
    put_rows(&mut change.after, &rows);
    let given = decimal(&change.after, "amount").unwrap_or_default();
    // Without rows the sum is given by hand.
    let (net, total) = if rows.is_empty() { (given, given) } else { (totals.net, totals.total) };
    for (key, value) in [("net", net), ("tax", totals.tax), ("rounding", totals.rounding)] {
        change.after.insert(key.into(), Value::Decimal(value));
    }
    change.after.insert("amount".into(), Value::Money(Money { amount: Some(total), currency }));
}

/// Sums of a deal: its amount is that of its rows until somebody sets it by hand; emptied or nought, it is so again.
pub(crate) fn of_deal(ctx: &Ctx, change: &mut PendingChange) {
    if !concerns(change) {
        return;
    }
    let Ok(Some((mut rows, totals, currency))) = reckoned(&change.after) else { return };
    kept_rows(ctx, change, &mut rows);
    put_rows(&mut change.after, &rows);
    let before = change.before.as_ref();
    let had_rows = before.is_some_and(|before| decimal(before, "rows_amount").is_some());
    if rows.is_empty() {
        if had_rows {
            change.after.insert("rows_amount".into(), Value::Null);
            change.after.insert("amount_by_hand".into(), Value::Null);
        }
        return;
    }
    let by_hand = match before {
        _ if change.given.contains("amount") => decimal(&change.after, "amount").is_some_and(|sum| !sum.is_zero()),
        Some(before) if had_rows => before.get("amount_by_hand") == Some(&Value::Boolean(true)),
        Some(before) => decimal(before, "amount").is_some(),
        None => false,
    };
    change.after.insert("rows_amount".into(), Value::Decimal(totals.total));
    change.after.insert("amount_by_hand".into(), Value::Boolean(by_hand));
    if !by_hand {
        change.after.insert("amount".into(), Value::Money(Money { amount: Some(totals.total), currency }));
    }
}

/// An amount to begin with, so that the record has a currency.
pub(crate) fn begin_amount(change: &mut PendingChange) {
    match change.after.get("amount") {
        None | Some(Value::Null) => drop(change.after.insert("amount".into(), Value::Decimal(Decimal::ZERO))),
        Some(Value::Money(money)) if money.amount.is_none() => {
            let money = Money { amount: Some(Decimal::ZERO), ..*money };
            change.after.insert("amount".into(), Value::Money(money));
        }
        Some(_) => {}
    }
}

/// Whether a record has rows.
pub(crate) fn has_rows(fields: &Fields) -> bool {
    matches!(fields.get("rows"), Some(Value::Json(Json::Array(rows))) if !rows.is_empty())
}
