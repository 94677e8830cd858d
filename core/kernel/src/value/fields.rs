//! Fields of a record: a map in the order of its keys that is one piece of memory. Records are made by the hundred for
//! each page, from rows whose columns are in that order already; a tree would allocate per few fields.

use std::ops::{Deref, DerefMut, Index};

use litemap::LiteMap;
use serde::{Serialize, Serializer};

use super::Value;
use crate::FieldKey;

/// Fields of a record by key, in the order of their keys.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Fields(LiteMap<FieldKey, Value>);

impl Fields {
    /// None.
    pub const fn new() -> Self {
        Self(LiteMap::new_vec())
    }
}

impl Deref for Fields {
    type Target = LiteMap<FieldKey, Value>;
    fn deref(&self) -> &Self::Target {
        &self.0
    }
}

impl DerefMut for Fields {
    fn deref_mut(&mut self) -> &mut Self::Target {
        &mut self.0
    }
}

/// A field that is not there is empty.
impl Index<&str> for Fields {
    type Output = Value;
    fn index(&self, key: &str) -> &Value {
        self.0.get(key).unwrap_or(&Value::Null)
    }
}

impl FromIterator<(FieldKey, Value)> for Fields {
    fn from_iter<I: IntoIterator<Item = (FieldKey, Value)>>(fields: I) -> Self {
        Self(fields.into_iter().collect())
    }
}

impl Extend<(FieldKey, Value)> for Fields {
    fn extend<I: IntoIterator<Item = (FieldKey, Value)>>(&mut self, fields: I) {
        self.0.extend(fields);
    }
}

impl IntoIterator for Fields {
    type Item = (FieldKey, Value);
    type IntoIter = std::vec::IntoIter<Self::Item>;
    fn into_iter(self) -> Self::IntoIter {
        self.0.into_tuple_vec().into_iter()
    }
}

impl<'a> IntoIterator for &'a Fields {
    type Item = (&'a FieldKey, &'a Value);
    type IntoIter = <&'a LiteMap<FieldKey, Value> as IntoIterator>::IntoIter;
    fn into_iter(self) -> Self::IntoIter {
        (&self.0).into_iter()
    }
}

// As any map; `LiteMap` itself would write an empty one as a list.
impl Serialize for Fields {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_written_as_a_map_in_the_order_of_their_keys() {
        let field = |key: &str, value: i64| (FieldKey::new(key), Value::Integer(value));
        let mut fields: Fields = [field("b", 2), field("a", 1), field("c", 3), field("a", 4)].into_iter().collect();
        fields.extend([field("c", 5), field("aa", 6)]);
        assert_eq!(serde_json::to_string(&fields).unwrap(), r#"{"a":4,"aa":6,"b":2,"c":5}"#);
        assert_eq!((&fields["b"], &fields["z"]), (&Value::Integer(2), &Value::Null));
        assert_eq!(serde_json::to_string(&Fields::new()).unwrap(), "{}");
    }
}
