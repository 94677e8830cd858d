//! A record as cells of a file, in the words of its reader.

use chrono::NaiveDateTime;
use kernel::value::FieldType;
use kernel::{Ctx, Value};
use rust_decimal::Decimal;
use uuid::Uuid;

use crate::catalogue::{EntityDef, FieldDef, choice_label, text};
use crate::read::Refs;
use crate::{Catalogue, Record};

/// A cell.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Cell {
    Nothing,
    Text(String),
    Number(Decimal),
    Day(chrono::NaiveDate),
    /// On the clock of the company.
    Moment(NaiveDateTime),
}

impl Cell {
    /// As text.
    pub fn said(&self) -> String {
        match self {
            Self::Nothing => String::new(),
            Self::Text(text) => text.clone(),
            Self::Number(number) => number.normalize().to_string(),
            Self::Day(day) => day.to_string(),
            Self::Moment(at) => at.format("%Y-%m-%d %H:%M:%S").to_string(),
        }
    }
}

/// What values are called.
pub(super) struct Words<'a> {
    pub catalogue: &'a Catalogue,
    pub def: &'a EntityDef,
    pub refs: &'a Refs,
    pub ctx: &'a Ctx,
}

impl Words<'_> {
    /// The cells of a record.
    pub fn row(&self, record: &Record, columns: &[&FieldDef]) -> Vec<Cell> {
        let value = |field: &&FieldDef| self.cell(field, record.fields.get(&field.key).unwrap_or(&Value::Null));
        columns.iter().map(value).collect()
    }

    fn cell(&self, field: &FieldDef, value: &Value) -> Cell {
        match value {
            Value::Null => Cell::Nothing,
            Value::Boolean(yes) => Cell::Text(text(if *yes { "yes" } else { "no" }, self.ctx.locale)),
            Value::Integer(number) => Cell::Number(Decimal::from(*number)),
            Value::Decimal(number) => Cell::Number(*number),
            Value::Money(money) => money.amount.map_or(Cell::Nothing, Cell::Number),
            Value::Text(key) => Cell::Text(self.choice(field, key)),
            Value::Date(day) => Cell::Day(*day),
            Value::Instant(at) => Cell::Moment(at.utc().with_timezone(&self.ctx.zone).naive_local()),
            Value::Id(id) => Cell::Text(self.title(field, *id)),
            Value::Ids(ids) => joined(ids.iter().map(|id| self.title(field, *id))),
            Value::Texts(keys) => joined(keys.iter().map(|key| self.choice(field, key))),
            Value::Multi(values) => joined(values.iter().map(|item| item.value.clone())),
            Value::Json(json) => Cell::Text(json.to_string()),
        }
    }

    /// The name of a choice or a stage.
    fn choice(&self, field: &FieldDef, key: &str) -> String {
        if field.kind == FieldType::Stage {
            let stage = self.catalogue.pipelines.stage(&self.def.key, key);
            return stage.map_or_else(|| key.to_owned(), |(_, stage)| stage.name_in(self.ctx.locale).to_owned());
        }
        let choices = self.catalogue.choices(field);
        let choice = choices.iter().find(|choice| choice.key == key);
        choice.map_or_else(|| key.to_owned(), |choice| choice_label(self.def, field, choice, self.ctx.locale))
    }

    /// What something is called that the reader sees; nothing of what they do not.
    fn title(&self, field: &FieldDef, id: Uuid) -> String {
        if field.kind == FieldType::Pipeline {
            let own = self.catalogue.pipelines.of(&self.def.key).find(|pipeline| pipeline.id == id);
            return own.map(|pipeline| pipeline.name.clone()).unwrap_or_default();
        }
        self.refs.get(&id).map(|named| named.title.clone()).unwrap_or_default()
    }
}

/// Several in one cell, as an import takes them apart again: titles hold commas.
fn joined(parts: impl Iterator<Item = String>) -> Cell {
    let parts: Vec<String> = parts.filter(|part| !part.is_empty()).collect();
    if parts.is_empty() { Cell::Nothing } else { Cell::Text(parts.join("; ")) }
}
