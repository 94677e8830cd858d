//! Values out of their wire form, or what is wrong with it.

use chrono::NaiveDate;
use rust_decimal::Decimal;
use rust_decimal::prelude::FromPrimitive;
use serde_json::{Map, Value as Json};
use uuid::Uuid;

use super::{Currency, DECIMAL_DIGITS, DECIMAL_SCALE, FieldType, MAX_JSON_BYTES, MAX_VALUES, MultiValue, Value, other};
use crate::clock::Timestamp;
use crate::error::FieldError;
use crate::words;

/// Parts of an address, each a text of at most 255 characters; `country` is a code of ISO 3166-1 (two letters).
pub const ADDRESS_PARTS: [&str; 6] = ["street", "building", "city", "region", "postal_code", "country"];

impl Value {
    /// Reads the wire form of a field of this type. Empty text becomes `Null`. Of money it is the amount, a decimal.
    ///
    /// # Errors
    /// What is wrong, as a field error: `type`, `precision`, `date`, `datetime`, `id`, `too_many`, `too_long`.
    pub fn from_json(kind: FieldType, json: &Json) -> Result<Self, FieldError> {
        let wrong = || FieldError::new("type").with("type", kind.name());
        match (kind, json) {
            (_, Json::Null) => Ok(Self::Null),
            (FieldType::Boolean, Json::Bool(b)) => Ok(Self::Boolean(*b)),
            (FieldType::Integer, Json::Number(n)) => whole(n).map(Self::Integer).ok_or_else(wrong),
            (FieldType::Decimal | FieldType::Money, Json::Number(n)) => decimal_from_text(&n.to_string()),
            (FieldType::Duration, Json::Number(n)) => seconds(n).ok_or_else(wrong),
            (FieldType::Links, Json::Array(items)) => ids_from_json(items),
            (FieldType::Choices, Json::Array(items)) => texts_from_json(items),
            (FieldType::Address, Json::Object(parts)) => address_from_json(parts),
            (FieldType::Formula, _) => Err(FieldError::new("read_only")),
            (_, Json::Array(items)) if kind.is_multi() => multi_from_json(items),
            (_, Json::String(text)) if kind.is_multi() && !text.trim().is_empty() => {
                multi_from_json(std::slice::from_ref(json))
            }
            (FieldType::Json, any) => {
                let long = any.to_string().len() > MAX_JSON_BYTES;
                if long {
                    Err(FieldError::new("too_long").with("max", MAX_JSON_BYTES))
                } else {
                    Ok(Self::Json(any.clone()))
                }
            }
            (_, Json::String(text)) if text.trim().is_empty() => Ok(Self::Null),
            (_, Json::String(text)) => Self::from_text(kind, text),
            _ => Err(wrong()),
        }
    }

    /// A value that did not come by the wire (a plugin's), under the same rules.
    ///
    /// # Errors
    /// As `from_json`.
    pub fn kept(self, kind: FieldType) -> Result<Self, FieldError> {
        match self {
            Self::Text(_) | Self::Texts(_) | Self::Multi(_) | Self::Ids(_) | Self::Json(_) => {
                Self::from_json(kind, &self.to_json())
            }
            plain => Ok(plain),
        }
    }

    fn from_text(kind: FieldType, text: &str) -> Result<Self, FieldError> {
        match kind {
            FieldType::Text | FieldType::Choice | FieldType::Stage => {
                let text = clean(text)?.replace(turns, "");
                Ok(Some(words::composed(&text).trim().to_owned())
                    .filter(|line| !line.is_empty())
                    .map_or(Self::Null, Self::Text))
            }
            FieldType::Choices => texts_from_json(&[Json::from(text)]),
            FieldType::Currency => text.parse::<Currency>().map(|currency| Self::Text(currency.code().to_owned())),
            FieldType::LongText => Ok(Self::Text(words::normalized(&clean(text)?).into_owned())),
            FieldType::Decimal | FieldType::Money => decimal_from_text(text.trim()),
            FieldType::Integer | FieldType::Duration => {
                text.trim().parse().map(Self::Integer).map_err(|_| FieldError::new("type").with("type", kind.name()))
            }
            FieldType::Date => NaiveDate::parse_from_str(text.trim(), "%Y-%m-%d")
                .ok()
                .filter(|day| (1..=9999).contains(&chrono::Datelike::year(day)))
                .map(Self::Date)
                .ok_or_else(|| FieldError::new("date")),
            FieldType::Datetime => Timestamp::parse(text.trim())
                .filter(|at| (1..=9999).contains(&chrono::Datelike::year(&at.utc())))
                .map(Self::Instant)
                .ok_or_else(|| FieldError::new("datetime")),
            kind if kind.is_id() => Uuid::parse_str(text.trim()).map(Self::Id).map_err(|_| FieldError::new("id")),
            _ => Err(FieldError::new("type").with("type", kind.name())),
        }
    }
}

fn whole(number: &serde_json::Number) -> Option<i64> {
    let float = || number.as_f64().filter(|f| f.fract() == 0.0 && f.abs() < 9e15).and_then(i64::from_f64);
    number.as_i64().or_else(float)
}

/// Seconds of a duration: not negative, at most a hundred years.
fn seconds(number: &serde_json::Number) -> Option<Value> {
    whole(number).filter(|seconds| (0..=100 * 366 * 86_400).contains(seconds)).map(Value::Integer)
}

/// Reads decimal text such as `1000`, `-0.5`, `1e3`.
///
/// # Errors
/// `type` if it is no number, `precision` past 15 significant digits or 4 after the point.
pub fn decimal_from_text(text: &str) -> Result<Value, FieldError> {
    let parsed = if text.contains(['e', 'E']) { Decimal::from_scientific(text) } else { Decimal::from_str_exact(text) };
    let unread = |_| match text.parse::<f64>() {
        Ok(number) if number.is_finite() => FieldError::new("precision"),
        _ => FieldError::new("type").with("type", "decimal"),
    };
    let value = parsed.map_err(unread)?.normalize();
    let digits = value.mantissa().unsigned_abs().checked_ilog10().map_or(1, |log| log + 1);
    let whole_digits = value.trunc().mantissa().unsigned_abs().checked_ilog10().map_or(0, |log| log + 1);
    if value.scale() > DECIMAL_SCALE || digits > DECIMAL_DIGITS || whole_digits > DECIMAL_DIGITS - DECIMAL_SCALE + 1 {
        return Err(FieldError::new("precision"));
    }
    Ok(Value::Decimal(value))
}

/// Marks that turn the letters behind them around (UAX #9, section 2): one line that has them can pretend to be another.
const fn turns(letter: char) -> bool {
    matches!(letter, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// Refuses characters that no database keeps (NUL).
fn clean(text: &str) -> Result<String, FieldError> {
    if text.contains('\0') { Err(FieldError::new("characters")) } else { Ok(text.to_owned()) }
}

fn ids_from_json(items: &[Json]) -> Result<Value, FieldError> {
    if items.len() > MAX_VALUES {
        return Err(FieldError::new("too_many").with("max", MAX_VALUES));
    }
    let mut ids = Vec::with_capacity(items.len());
    for item in items {
        let id = item.as_str().and_then(|text| Uuid::parse_str(text).ok()).ok_or_else(|| FieldError::new("id"))?;
        if !ids.contains(&id) {
            ids.push(id);
        }
    }
    Ok(Value::Ids(ids))
}

fn texts_from_json(items: &[Json]) -> Result<Value, FieldError> {
    if items.len() > MAX_VALUES {
        return Err(FieldError::new("too_many").with("max", MAX_VALUES));
    }
    let mut texts: Vec<String> = Vec::with_capacity(items.len());
    for item in items {
        let text = item.as_str().ok_or_else(|| FieldError::new("type").with("type", "choices"))?;
        let text = clean(text)?.trim().to_owned();
        if text.chars().count() > 255 {
            return Err(FieldError::new("too_long").with("max", 255));
        }
        if !text.is_empty() && !texts.contains(&text) {
            texts.push(text);
        }
    }
    Ok(if texts.is_empty() { Value::Null } else { Value::Texts(texts) })
}

/// Known parts only, empty ones left out; no part at all is no address.
fn address_from_json(parts: &Map<String, Json>) -> Result<Value, FieldError> {
    let mut address = Map::new();
    for (key, part) in parts {
        let known = ADDRESS_PARTS.contains(&key.as_str());
        let text = match part {
            Json::Null => "",
            Json::String(text) if known => text.trim(),
            _ => return Err(FieldError::new("address").with("value", key.chars().take(80).collect::<String>())),
        };
        if text.chars().count() > 255 {
            return Err(FieldError::new("too_long").with("max", 255));
        }
        let letters = text.len() == 2 && text.bytes().all(|byte| byte.is_ascii_alphabetic());
        if key == "country" && !text.is_empty() && !letters {
            return Err(FieldError::new("address").with("value", "country"));
        }
        if !text.is_empty() {
            let text = if key == "country" { text.to_ascii_uppercase() } else { clean(text)? };
            address.insert(key.clone(), Json::String(text));
        }
    }
    Ok(if address.is_empty() { Value::Null } else { Value::Json(Json::Object(address)) })
}

fn multi_from_json(items: &[Json]) -> Result<Value, FieldError> {
    if items.len() > MAX_VALUES {
        return Err(FieldError::new("too_many").with("max", MAX_VALUES));
    }
    let mut values = Vec::with_capacity(items.len());
    for item in items {
        let parsed = match item {
            Json::String(text) => MultiValue { value: text.clone(), kind: other() },
            object => serde_json::from_value(object.clone()).map_err(|_| FieldError::new("multi_value"))?,
        };
        let value = words::address(&clean(&parsed.value)?).into_owned();
        if value.chars().count() > 255 || parsed.kind.chars().count() > 30 {
            return Err(FieldError::new("too_long").with("max", 255));
        }
        if !value.is_empty() {
            values.push(MultiValue { value, kind: clean(&parsed.kind)? });
        }
    }
    Ok(Value::Multi(values))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::value::{decimal_to_json, scaled, unscaled};

    fn check(kind: FieldType, input: Json, expected: Result<Json, &str>) {
        let got = Value::from_json(kind, &input).map(|v| v.to_json()).map_err(|e| e.code);
        assert_eq!(got, expected.map_err(str::to_owned), "{kind:?} from {input}");
    }

    #[test]
    fn values_are_read_from_json_or_refused_with_the_reason() {
        check(FieldType::Text, json!("  Ann "), Ok(json!("Ann")));
        check(FieldType::Text, json!(""), Ok(json!(null)));
        check(FieldType::Text, json!("и\u{306}од\u{200b}"), Ok(json!("йод")));
        check(FieldType::Text, json!("\u{feff}"), Ok(json!(null)));
        check(FieldType::Text, json!("invoice\u{202e}gpj.exe \u{2066}x\u{2069}"), Ok(json!("invoicegpj.exe x")));
        check(FieldType::LongText, json!("a\u{202e}b"), Ok(json!("a\u{202e}b")));
        check(FieldType::Text, json!("\u{202d}"), Ok(json!(null)));
        check(FieldType::LongText, json!("и\u{306}\n"), Ok(json!("й\n")));
        check(FieldType::Emails, json!("\u{200e}a@b.c\u{a0}"), Ok(json!([{"value": "a@b.c", "kind": "other"}])));
        check(FieldType::Text, json!(5), Err("type"));
        check(FieldType::Text, json!("a\u{0}b"), Err("characters"));
        check(FieldType::Integer, json!(5.0), Ok(json!(5)));
        check(FieldType::Integer, json!(5.5), Err("type"));
        check(FieldType::Integer, json!(1e300), Err("type"));
        check(FieldType::Money, json!(1000), Ok(json!(1000)));
        check(FieldType::Money, json!("99.9900"), Ok(json!(99.99)));
        check(FieldType::Money, json!(0.1), Ok(json!(0.1)));
        check(FieldType::Money, json!(1e30), Err("precision"));
        check(FieldType::Money, json!("12.34567"), Err("precision"));
        check(FieldType::Money, json!("NaN"), Err("type"));
        check(FieldType::Date, json!("2026-02-30"), Err("date"));
        check(FieldType::Date, json!("2026-02-28"), Ok(json!("2026-02-28")));
        check(FieldType::Datetime, json!("2026-02-28T10:00:00+03:00"), Ok(json!("2026-02-28T07:00:00Z")));
        check(FieldType::Datetime, json!("2026-02-28"), Err("datetime"));
        check(FieldType::Link, json!("nonsense"), Err("id"));
        check(FieldType::Boolean, json!("true"), Err("type"));
        check(FieldType::Phones, json!("+7 916 1"), Ok(json!([{"value": "+7 916 1", "kind": "other"}])));
        check(FieldType::Phones, json!([{"value": " ", "kind": "work"}]), Ok(json!([])));
        check(FieldType::Phones, json!([{"number": "1"}]), Err("multi_value"));
        check(FieldType::Phones, json!(vec!["1"; 101]), Err("too_many"));
        check(FieldType::Links, json!(["x"]), Err("id"));
        check(FieldType::Json, json!("x".repeat(70_000)), Err("too_long"));
        check(FieldType::Currency, json!("usd"), Ok(json!("USD")));
        check(FieldType::Currency, json!("EURO"), Err("choice"));
        check(FieldType::Duration, json!(5400), Ok(json!(5400)));
        check(FieldType::Duration, json!(-1), Err("type"));
        check(FieldType::Duration, json!("PT1H"), Err("type"));
        check(FieldType::Choices, json!(["a", "b", "a", ""]), Ok(json!(["a", "b"])));
        check(FieldType::Choices, json!([]), Ok(json!(null)));
        check(FieldType::Choices, json!([1]), Err("type"));
        check(FieldType::Choices, json!(vec!["x"; 101]), Err("too_many"));
        check(
            FieldType::Address,
            json!({"city": " Kyiv ", "country": "ua"}),
            Ok(json!({"city": "Kyiv", "country": "UA"})),
        );
        check(FieldType::Address, json!({"city": ""}), Ok(json!(null)));
        check(FieldType::Address, json!({"planet": "Mars"}), Err("address"));
        check(FieldType::Address, json!({"country": "Ukraine"}), Err("address"));
        check(FieldType::Address, json!({"city": "a\u{0}"}), Err("characters"));
        check(FieldType::Address, json!({"street": "x".repeat(256)}), Err("too_long"));
        check(FieldType::Formula, json!(1), Err("read_only"));
    }

    #[test]
    fn values_that_did_not_come_by_the_wire_are_under_the_same_rules() {
        let item = |text: &str| MultiValue { value: text.into(), kind: "work".into() };
        let check = |kind, value: Value, code: &str| assert_eq!(value.kept(kind).unwrap_err().code, code, "{kind:?}");
        check(FieldType::Phones, Value::Multi(vec![item("1"); 101]), "too_many");
        check(FieldType::Phones, Value::Multi(vec![item("a\0")]), "characters");
        check(FieldType::Emails, Value::Multi(vec![item(&"x".repeat(256))]), "too_long");
        check(FieldType::Text, Value::Text("a\0".into()), "characters");
        check(FieldType::Choices, Value::Texts(vec!["x".into(); 101]), "too_many");
        check(FieldType::Links, Value::Ids(vec![Uuid::nil(); 101]), "too_many");
        check(FieldType::Json, Value::Json(json!("x".repeat(70_000))), "too_long");
        let kept = Value::Multi(vec![item("\u{200e}a@b.c")]).kept(FieldType::Emails).unwrap();
        assert_eq!(kept, Value::Multi(vec![item("a@b.c")]));
    }

    proptest::proptest! {
        #[test]
        fn every_accepted_decimal_survives_json_and_the_cell(units in -99_999_999_999_999_i64..99_999_999_999_999, scale in 0_u32..=4) {
            let text = Decimal::new(units, scale).to_string();
            if let Ok(Value::Decimal(value)) = decimal_from_text(&text) {
                let Ok(Value::Decimal(back)) = Value::from_json(FieldType::Money, &decimal_to_json(value)) else { panic!("{text}") };
                proptest::prop_assert_eq!(back, value);
                proptest::prop_assert_eq!(unscaled(scaled(value).unwrap()), value);
            }
        }
    }
}
