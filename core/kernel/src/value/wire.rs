//! The wire form straight into a serializer: what `Value::to_json` gives, without building it first. Lists of records
//! are most of what the product answers.

use serde::{Serialize, Serializer};

use super::{Value, decimal_to_json};

impl Serialize for Value {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Null => serializer.serialize_unit(),
            Self::Boolean(b) => serializer.serialize_bool(*b),
            Self::Integer(i) => serializer.serialize_i64(*i),
            Self::Decimal(d) => decimal_to_json(*d).serialize(serializer),
            Self::Money(money) => money.amount.map(decimal_to_json).serialize(serializer),
            Self::Text(text) => serializer.serialize_str(text),
            Self::Date(day) => serializer.collect_str(&day.format("%Y-%m-%d")),
            Self::Instant(at) => at.serialize(serializer),
            Self::Id(id) => id.serialize(serializer),
            Self::Ids(ids) => ids.serialize(serializer),
            Self::Texts(texts) => texts.serialize(serializer),
            Self::Multi(values) => values.serialize(serializer),
            Self::Json(json) => json.serialize(serializer),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use uuid::Uuid;

    use super::super::{Money, MultiValue, Value, unscaled};
    use crate::clock::Timestamp;

    #[test]
    fn serialized_values_are_their_json() {
        let id = Uuid::from_u128(0x0192_4f5a_7000_7000_8000_0000_0000_0001);
        let multi = MultiValue { value: "+79161234567".into(), kind: "work".into() };
        let all = [
            Value::Null,
            Value::Boolean(true),
            Value::Integer(-7),
            Value::Decimal(unscaled(1_250_000)),
            Value::Decimal(unscaled(12_345)),
            Value::Text("Анна \"A\"".into()),
            Value::Date("2026-02-28".parse().unwrap()),
            Value::Instant(Timestamp(1_768_208_400_000_000)),
            Value::Instant(Timestamp(1_768_208_400_120_003)),
            Value::Id(id),
            Value::Ids(vec![id, id]),
            Value::Texts(vec!["a".into(), "b".into()]),
            Value::Money(Money { amount: Some(unscaled(5)), currency: "JPY".parse().unwrap() }),
            Value::Multi(vec![multi]),
            Value::Json(json!({ "b": [1, null], "a": 0.5 })),
        ];
        for value in all {
            assert_eq!(serde_json::to_string(&value).unwrap(), value.to_json().to_string());
        }
    }
}
