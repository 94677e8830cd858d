//! Rows of documents of sale in their wire form: what is sold, how many, for how much. Kept with the document as one
//! JSON value, so that a row passes every door its document passes. Figures are the product's: what comes in with
//! them is computed anew.

use kernel::Value;
use kernel::error::{FieldError, FieldErrors};
use kernel::value::{FieldType, decimal_to_json};
use rust_decimal::Decimal;
use serde::{Serialize, Serializer};
use serde_json::{Map, Value as Json};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::totals::{Discount, Figures, Line, RowTax, Totals, Wrong};

/// Rows of one document.
pub const MAX_ROWS: usize = 200;
/// Characters of a unit.
const MAX_UNIT: usize = 30;
/// Characters of a row's name.
const MAX_TITLE: usize = 255;
/// A row sells fewer than this.
const MAX_QUANTITY: i64 = 1_000_000_000;
/// The largest price or amount.
const MAX_AMOUNT: i64 = 99_999_999_999;

/// A row.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct Row {
    /// Its own; given by the product where it has none.
    #[schema(required = false)]
    pub id: Option<Uuid>,
    /// What is sold, of the catalogue.
    #[schema(required = false)]
    pub product: Option<Uuid>,
    /// What it is called on the document.
    #[schema(required = false)]
    pub title: Option<String>,
    /// What is counted: pieces, hours.
    #[schema(required = false)]
    pub unit: Option<String>,
    /// How many, with up to 4 decimals; negative in a credit note. One where it is left out.
    #[serde(serialize_with = "number")]
    #[schema(value_type = f64, required = false)]
    pub quantity: Decimal,
    /// Of one, with up to 4 decimals; null: not known yet.
    #[serde(serialize_with = "optional")]
    #[schema(value_type = Option<f64>, required = false)]
    pub price: Option<Decimal>,
    /// Off the row, percent.
    #[serde(serialize_with = "optional")]
    #[schema(value_type = Option<f64>, required = false)]
    pub discount_percent: Option<Decimal>,
    /// Off the row, an amount; instead of percent.
    #[serde(serialize_with = "optional")]
    #[schema(value_type = Option<f64>, required = false)]
    pub discount_amount: Option<Decimal>,
    /// The tax; null: without tax, which is not 0 %.
    #[schema(required = false)]
    pub tax: Option<Uuid>,
    /// Its percent.
    #[serde(serialize_with = "optional")]
    #[schema(value_type = Option<f64>, required = false)]
    pub tax_rate: Option<Decimal>,
    /// Whether the price holds the tax; by the price list or the organization where it is left out, else it does not.
    #[schema(required = false)]
    pub tax_included: Option<bool>,
    /// The row that it was copied from, of the document before.
    #[schema(required = false)]
    pub source: Option<Uuid>,
    /// How many of an order's row are invoiced; the product's.
    #[serde(serialize_with = "optional", skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<f64>, required = false)]
    pub invoiced: Option<Decimal>,
    /// What it comes to; null without a price. The product's.
    #[schema(required = false)]
    pub figures: Option<RowFigures>,
}

/// What a row comes to.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, ToSchema)]
pub struct RowFigures {
    /// Price by quantity.
    #[serde(serialize_with = "number")]
    #[schema(value_type = f64)]
    pub gross: Decimal,
    /// Off the row.
    #[serde(serialize_with = "number")]
    #[schema(value_type = f64)]
    pub discount: Decimal,
    /// Its share of the document's discount.
    #[serde(serialize_with = "number")]
    #[schema(value_type = f64)]
    pub share: Decimal,
    /// Without tax.
    #[serde(serialize_with = "number")]
    #[schema(value_type = f64)]
    pub net: Decimal,
    /// Its tax.
    #[serde(serialize_with = "number")]
    #[schema(value_type = f64)]
    pub tax: Decimal,
    /// With tax.
    #[serde(serialize_with = "number")]
    #[schema(value_type = f64)]
    pub total: Decimal,
}

impl From<Figures> for RowFigures {
    fn from(row: Figures) -> Self {
        Self {
            gross: row.gross,
            discount: row.discount,
            share: row.share,
            net: row.net,
            tax: row.tax,
            total: row.total,
        }
    }
}

/// A decimal as a JSON number.
pub(crate) fn number<S: Serializer>(value: &Decimal, to: S) -> Result<S::Ok, S::Error> {
    decimal_to_json(*value).serialize(to)
}

/// The same, or null.
pub(crate) fn optional<S: Serializer>(value: &Option<Decimal>, to: S) -> Result<S::Ok, S::Error> {
    value.map_or(Json::Null, decimal_to_json).serialize(to)
}

impl Row {
    /// The row as it is reckoned; none while its price is not known.
    pub fn line(&self) -> Option<Line> {
        let tax = self.tax_rate.map(|rate| RowTax { tax: self.tax, rate, included: self.tax_included == Some(true) });
        let discount = discount(self.discount_percent, self.discount_amount);
        Some(Line { quantity: self.quantity, price: self.price?, discount, tax })
    }
}

/// A discount of its two kinds of numbers.
pub(crate) fn discount(percent: Option<Decimal>, amount: Option<Decimal>) -> Discount {
    match (percent, amount) {
        (Some(percent), _) => Discount::Percent(percent),
        (None, Some(amount)) => Discount::Amount(amount),
        (None, None) => Discount::None,
    }
}

/// Rows as JSON.
pub fn to_json(rows: &[Row]) -> Json {
    rows.iter().map(|row| serde_json::to_value(row).unwrap_or(Json::Null)).collect()
}

/// Reads rows; null are none.
///
/// # Errors
/// What is wrong, by `rows`, `rows.<n>` or `rows.<n>.<part>`.
pub fn parse(json: &Json) -> Result<Vec<Row>, FieldErrors> {
    let one = |key: &str, error: FieldError| FieldErrors::from([(key.to_owned(), error)]);
    let items = match json {
        Json::Null => return Ok(Vec::new()),
        Json::Array(items) => items,
        _ => return Err(one("rows", FieldError::new("type").with("type", "rows"))),
    };
    if items.len() > MAX_ROWS {
        return Err(one("rows", FieldError::new("too_many").with("max", MAX_ROWS)));
    }
    let (mut rows, mut errors) = (Vec::with_capacity(items.len()), FieldErrors::new());
    for (index, item) in items.iter().enumerate() {
        match item {
            Json::Object(parts) => match Reader::new(parts).row() {
                Ok(row) => rows.push(row),
                Err(wrong) => {
                    errors.extend(wrong.into_iter().map(|(key, error)| (format!("rows.{index}.{key}"), error)))
                }
            },
            _ => drop(errors.insert(format!("rows.{index}"), FieldError::new("type").with("type", "row"))),
        }
    }
    if errors.is_empty() { Ok(rows) } else { Err(errors) }
}

/// The parts of a row.
const PARTS: [&str; 14] = [
    "id",
    "product",
    "title",
    "unit",
    "quantity",
    "price",
    "discount_percent",
    "discount_amount",
    "tax",
    "tax_rate",
    "tax_included",
    "source",
    "invoiced",
    "figures",
];

/// Reads the parts of one row.
struct Reader<'a> {
    parts: &'a Map<String, Json>,
    errors: FieldErrors,
}

impl<'a> Reader<'a> {
    const fn new(parts: &'a Map<String, Json>) -> Self {
        Self { parts, errors: FieldErrors::new() }
    }

    fn row(mut self) -> Result<Row, FieldErrors> {
        if let Some(key) = self.parts.keys().find(|key| !PARTS.contains(&key.as_str())) {
            self.errors.insert(key.chars().take(100).collect(), FieldError::new("unknown"));
        }
        let row = Row {
            id: self.value("id", FieldType::Link).as_id(),
            product: self.value("product", FieldType::Link).as_id(),
            title: self.text("title", MAX_TITLE),
            unit: self.text("unit", MAX_UNIT),
            quantity: self.decimal("quantity", -MAX_QUANTITY, MAX_QUANTITY).unwrap_or(Decimal::ONE),
            price: self.decimal("price", 0, MAX_AMOUNT),
            discount_percent: self.decimal("discount_percent", 0, 100),
            discount_amount: self.decimal("discount_amount", -MAX_AMOUNT, MAX_AMOUNT),
            tax: self.value("tax", FieldType::Link).as_id(),
            tax_rate: self.decimal("tax_rate", 0, 100),
            tax_included: match self.value("tax_included", FieldType::Boolean) {
                Value::Boolean(included) => Some(included),
                _ => None,
            },
            source: self.value("source", FieldType::Link).as_id(),
            invoiced: self.decimal("invoiced", -MAX_AMOUNT, MAX_AMOUNT),
            figures: None,
        };
        if row.discount_percent.is_some() && row.discount_amount.is_some() {
            self.errors.insert("discount_amount".to_owned(), FieldError::worded("invalid", "sale.two_discounts"));
        }
        if self.errors.is_empty() { Ok(row) } else { Err(self.errors) }
    }

    fn value(&mut self, key: &str, kind: FieldType) -> Value {
        match self.parts.get(key).map_or(Ok(Value::Null), |json| Value::from_json(kind, json)) {
            Ok(value) => value,
            Err(error) => {
                self.errors.insert(key.to_owned(), error);
                Value::Null
            }
        }
    }

    fn text(&mut self, key: &str, max: usize) -> Option<String> {
        let Value::Text(text) = self.value(key, FieldType::Text) else { return None };
        if text.chars().count() > max {
            self.errors.insert(key.to_owned(), FieldError::new("too_long").with("max", max));
        }
        Some(text)
    }

    fn decimal(&mut self, key: &str, min: i64, max: i64) -> Option<Decimal> {
        let Value::Decimal(value) = self.value(key, FieldType::Decimal) else { return None };
        if value < Decimal::from(min) || value > Decimal::from(max) {
            self.errors.insert(key.to_owned(), FieldError::new("range").with("min", min).with("max", max));
        }
        Some(value)
    }
}

/// What is wrong with totals, by field.
pub(crate) fn field_of(wrong: Wrong) -> (String, FieldError) {
    let named = |key: &str, code: &str| (key.to_owned(), FieldError::worded(code, &format!("sale.{code}")));
    match wrong {
        Wrong::Range(row) => named(&format!("rows.{row}.price"), "too_large"),
        Wrong::Discount(row) => named(&format!("rows.{row}.discount_amount"), "discount"),
        Wrong::Rate(row) => named(&format!("rows.{row}.tax_rate"), "rate"),
        Wrong::DocumentDiscount => named("discount_amount", "discount"),
        Wrong::BothSigns => named("discount_amount", "both_signs"),
        Wrong::MixedTaxMode => named("discount_amount", "mixed_tax_mode"),
        Wrong::Sum => named("rows", "too_large"),
    }
}

/// Puts figures of a document into its rows; those without a price have none.
pub(crate) fn put_figures(rows: &mut [Row], totals: &Totals) {
    let mut figures = totals.rows.iter().copied();
    for row in rows {
        row.figures = row.price.and_then(|_| figures.next()).map(RowFigures::from);
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn rows_are_read_and_written_alike() {
        let id = Uuid::from_u128(7);
        let given = json!([{"id": id, "title": " Drill ", "quantity": "1.75", "price": 12.98, "discount_percent": 15,
            "tax_rate": 20, "tax_included": true, "unit": null, "figures": {"gross": 1}}]);
        let rows = parse(&given).unwrap();
        assert_eq!((rows[0].title.as_deref(), rows[0].quantity), (Some("Drill"), "1.75".parse().unwrap()));
        assert_eq!(rows[0].figures, None);
        assert_eq!(parse(&to_json(&rows)).unwrap(), rows);
        assert_eq!(parse(&json!(null)).unwrap(), []);
        assert_eq!(parse(&json!([{}])).unwrap()[0].quantity, Decimal::ONE);
    }

    #[test]
    fn what_is_wrong_in_a_row_is_told_with_its_place() {
        let check = |row: Json, key: &str, code: &str| {
            let errors = parse(&json!([{}, row])).unwrap_err();
            assert_eq!(errors.get(&format!("rows.1.{key}")).map(|error| error.code.as_str()), Some(code), "{row}");
        };
        check(json!({"price": -1}), "price", "range");
        check(json!({"price": "1.23456"}), "price", "precision");
        check(json!({"price": "NaN"}), "price", "type");
        check(json!({"quantity": 1e30}), "quantity", "precision");
        check(json!({"quantity": -2_000_000_000_i64}), "quantity", "range");
        check(json!({"discount_percent": 101}), "discount_percent", "range");
        check(json!({"discount_percent": 1, "discount_amount": 1}), "discount_amount", "invalid");
        check(json!({"tax_rate": -1}), "tax_rate", "range");
        check(json!({"tax": "nonsense"}), "tax", "id");
        check(json!({"tax_included": "yes"}), "tax_included", "type");
        check(json!({"title": "x".repeat(256)}), "title", "too_long");
        check(json!({"title": "a\u{0}"}), "title", "characters");
        check(json!({"unit": "x".repeat(31)}), "unit", "too_long");
        check(json!({"cost": 1}), "cost", "unknown");
        let code = |json: Json| parse(&json).unwrap_err().into_iter().map(|(key, error)| (key, error.code)).next();
        assert_eq!(code(json!("x")), Some(("rows".into(), "type".into())));
        assert_eq!(code(json!([1])), Some(("rows.0".into(), "type".into())));
        assert_eq!(code(json!(vec![json!({}); 201])), Some(("rows".into(), "too_many".into())));
    }
}
