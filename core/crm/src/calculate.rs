//! What a document of sale comes to: rows and terms in, figures out. The same for those who only ask and for documents
//! that are kept.

use chrono::NaiveDate;
use kernel::error::{FieldError, FieldErrors};
use kernel::value::{Currency, FieldType, Money};
use kernel::{Error, Locale, Result, Value};
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use serde_json::Value as Json;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::rows::{self, Row, number, optional};
use crate::totals::{self, TaxRounding, Terms, Totals, Wrong};
use crate::words;

/// The code of errors about rows and terms.
pub(crate) const INVALID: &str = "sale.invalid";

/// What is to be reckoned.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CalculateInput {
    /// ISO 4217; the company's where it is left out.
    #[serde(default)]
    pub currency: Option<String>,
    /// Up to 200.
    #[schema(value_type = Vec<Row>)]
    pub rows: Json,
    /// Off the whole document.
    #[serde(default)]
    pub discount: WholeDiscount,
    /// `group` (by default) or `row`.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    pub tax_rounding: Option<String>,
    /// The smallest sum that is paid in cash.
    #[serde(default)]
    #[schema(value_type = Option<f64>)]
    pub cash_rounding: Json,
    /// The day whose rates and prices count, `YYYY-MM-DD`; today where it is left out.
    #[serde(default)]
    #[schema(value_type = Option<String>, format = Date)]
    pub tax_date: Option<NaiveDate>,
    /// The client, for price lists of some clients.
    #[serde(default)]
    pub company: Option<Uuid>,
    /// Who sells.
    #[serde(default)]
    pub organization: Option<Uuid>,
}

/// A discount on a whole document: one of the two, or none.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct WholeDiscount {
    /// Percent, 0 to 100.
    #[schema(value_type = Option<f64>)]
    pub percent: Json,
    /// An amount.
    #[schema(value_type = Option<f64>)]
    pub amount: Json,
}

/// Rows with their figures, and what they come to.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct Calculated {
    /// As they came, with figures.
    pub rows: Vec<Row>,
    /// Together.
    pub totals: TotalsView,
}

/// What a document comes to. Rows without a price count for nothing.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct TotalsView {
    /// ISO 4217.
    pub currency: String,
    /// Without tax.
    #[serde(serialize_with = "number")]
    #[schema(value_type = f64)]
    pub net: Decimal,
    /// All taxes.
    #[serde(serialize_with = "number")]
    #[schema(value_type = f64)]
    pub tax: Decimal,
    /// What is to be paid.
    #[serde(serialize_with = "number")]
    #[schema(value_type = f64)]
    pub total: Decimal,
    /// What was added to make it payable in cash.
    #[serde(serialize_with = "number")]
    #[schema(value_type = f64)]
    pub rounding: Decimal,
    /// By tax, in the order in which rows have them.
    pub by_tax: Vec<TaxView>,
    /// Rows whose price is not known.
    pub unpriced: usize,
    /// The total in the reader's language.
    pub in_words: Option<String>,
}

/// What the rows of one tax come to.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct TaxView {
    /// Which, where it is known.
    pub tax: Option<Uuid>,
    /// Percent; null: without tax.
    #[serde(serialize_with = "optional")]
    #[schema(value_type = Option<f64>)]
    pub rate: Option<Decimal>,
    /// Whether prices hold it.
    pub included: bool,
    /// Without the tax.
    #[serde(serialize_with = "number")]
    #[schema(value_type = f64)]
    pub net: Decimal,
    /// The tax.
    #[serde(serialize_with = "number")]
    #[schema(value_type = f64)]
    pub amount: Decimal,
}

/// Reads the terms of an asker.
pub(crate) fn terms(input: &CalculateInput, own: &str) -> Result<Terms> {
    let mut errors = FieldErrors::new();
    let currency = input.currency.as_deref().unwrap_or(own).parse::<Currency>();
    let mut decimal = |key: &str, json: &Json, min: i64| match Value::from_json(FieldType::Decimal, json) {
        Ok(Value::Decimal(value)) if value < Decimal::from(min) => {
            errors.insert(key.to_owned(), FieldError::new("range").with("min", min).with("max", 99_999_999_999_i64));
            None
        }
        Ok(Value::Decimal(value)) => Some(value),
        Ok(_) => None,
        Err(error) => {
            errors.insert(key.to_owned(), error);
            None
        }
    };
    let percent = decimal("discount.percent", &input.discount.percent, 0);
    let amount = decimal("discount.amount", &input.discount.amount, -99_999_999_999);
    let cash = decimal("cash_rounding", &input.cash_rounding, 0);
    let tax_rounding = rounding_named(input.tax_rounding.as_deref());
    if tax_rounding.is_none() {
        let value = input.tax_rounding.iter().flat_map(|text| text.chars()).take(80).collect::<String>();
        errors.insert("tax_rounding".to_owned(), FieldError::new("choice").with("value", value));
    }
    if percent.is_some() && amount.is_some() {
        errors.insert("discount.amount".to_owned(), FieldError::worded("invalid", "sale.two_discounts"));
    }
    match currency {
        Ok(currency) if errors.is_empty() => Ok(Terms {
            currency,
            discount: rows::discount(percent, amount),
            tax_rounding: tax_rounding.unwrap_or_default(),
            cash,
        }),
        found => {
            errors.extend(found.err().map(|error| ("currency".to_owned(), error)));
            Err(Error::Invalid { code: INVALID, fields: errors })
        }
    }
}

/// The way of rounding with this key; group where there is none.
pub(crate) fn rounding_named(key: Option<&str>) -> Option<TaxRounding> {
    match key {
        None | Some("group") => Some(TaxRounding::Group),
        Some("row") => Some(TaxRounding::Row),
        Some(_) => None,
    }
}

/// Computes figures and puts them into the rows.
///
/// # Errors
/// `sale.mixed_tax_mode`; `sale.invalid` by field.
pub(crate) fn reckon(rows: &mut [Row], terms: &Terms) -> Result<Totals> {
    let priced: Vec<usize> = rows.iter().enumerate().filter(|(_, row)| row.price.is_some()).map(|(n, _)| n).collect();
    let lines: Vec<_> = rows.iter().filter_map(Row::line).collect();
    let totals = totals::calculate(&lines, terms).map_err(|wrong| told(in_document(wrong, &priced)))?;
    rows::put_figures(rows, &totals);
    Ok(totals)
}

/// Numbers of rows with a price as numbers of all rows.
fn in_document(wrong: Wrong, priced: &[usize]) -> Wrong {
    let place = |row: usize| priced.get(row).copied().unwrap_or(row);
    match wrong {
        Wrong::Range(row) => Wrong::Range(place(row)),
        Wrong::Discount(row) => Wrong::Discount(place(row)),
        Wrong::Rate(row) => Wrong::Rate(place(row)),
        whole => whole,
    }
}

fn told(wrong: Wrong) -> Error {
    let code = if wrong == Wrong::MixedTaxMode { "sale.mixed_tax_mode" } else { INVALID };
    let (field, error) = rows::field_of(wrong);
    Error::field(code, &field, error)
}

impl TotalsView {
    /// For a reader.
    pub(crate) fn of(totals: &Totals, rows: &[Row], currency: Currency, locale: Locale) -> Self {
        let by_tax = totals.by_tax.iter().map(|group| TaxView {
            tax: group.tax.and_then(|tax| tax.tax),
            rate: group.tax.map(|tax| tax.rate),
            included: group.tax.is_some_and(|tax| tax.included),
            net: group.net,
            amount: group.amount,
        });
        Self {
            currency: currency.code().to_owned(),
            net: totals.net,
            tax: totals.tax,
            total: totals.total,
            rounding: totals.rounding,
            by_tax: by_tax.collect(),
            unpriced: rows.iter().filter(|row| row.price.is_none()).count(),
            in_words: words::sum(Money { amount: Some(totals.total), currency }, locale),
        }
    }
}
