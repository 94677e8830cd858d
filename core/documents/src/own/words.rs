//! A record as words of a language, by the keys of its fields: what own templates read beside what stands on every paper.
//! What its reader does not see is empty.

use std::collections::BTreeMap;

use kernel::value::FieldType;
use kernel::{Ctx, Fields, Locale, Result, Value};
use records::catalogue::{choice_label, field_label, text};
use records::read::Refs;
use records::{Catalogue, EntityDef, FieldDef, Record};
use uuid::Uuid;

use crate::format;
use crate::service::Documents;

/// Fields that would make another paper of each look at a record.
const RESTLESS: [&str; 6] = ["updated_at", "editor", "last_activity_at", "stage_since", "stage_due", "rows_amount"];

/// Words by the keys of fields.
pub(crate) type Said = BTreeMap<String, String>;

struct Speaker<'a> {
    catalogue: &'a Catalogue,
    def: &'a EntityDef,
    refs: &'a Refs,
    ctx: &'a Ctx,
    locale: Locale,
}

/// Fields that have words at all: rows and other structures stand on papers in their own way.
pub(crate) fn is_said(field: &FieldDef) -> bool {
    !RESTLESS.contains(&field.key.as_str()) && field.key.as_str() != "rows"
}

/// The same keys with the names of the fields: a record that shows where each of them stands.
pub(crate) fn sample(def: &EntityDef, locale: Locale) -> Said {
    let fields = def.fields.iter().filter(|field| is_said(field));
    fields.map(|field| (field.key.to_string(), format!("«{}»", field_label(def, field, locale)))).collect()
}

impl Documents {
    /// The words of some fields of an entity, in a language.
    pub(crate) async fn said(&self, ctx: &Ctx, entity: &str, fields: &Fields, locale: Locale) -> Result<Said> {
        let catalogue = self.records.catalogue_of(ctx).await?;
        let Some(def) = catalogue.find(entity) else { return Ok(Said::new()) };
        let record =
            Record { id: kernel::RecordId(Uuid::nil()), version: 1, entity: def.key.clone(), fields: fields.clone() };
        let refs = self.records.refs(ctx, std::slice::from_ref(&record)).await?;
        let speaker = Speaker { catalogue: &catalogue, def, refs: &refs, ctx, locale };
        let known = def.fields.iter().filter(|field| is_said(field));
        Ok(known
            .map(|field| {
                let value = fields.get(&field.key).unwrap_or(&Value::Null);
                (field.key.to_string(), speaker.words(field, value))
            })
            .collect())
    }
}

impl Speaker<'_> {
    fn words(&self, field: &FieldDef, value: &Value) -> String {
        let locale = self.locale;
        match value {
            Value::Null => String::new(),
            Value::Boolean(yes) => text(if *yes { "yes" } else { "no" }, locale),
            Value::Integer(number) => number.to_string(),
            Value::Decimal(number) => format::quantity(*number, locale),
            Value::Money(money) => {
                money.amount.map_or_else(String::new, |amount| format::money(amount, money.currency, locale))
            }
            Value::Text(key) => self.choice(field, key),
            Value::Date(day) => format::date(*day, locale),
            Value::Instant(at) => {
                let at = at.utc().with_timezone(&self.ctx.zone).naive_local();
                format!("{} {}", format::date(at.date(), locale), at.format("%H:%M"))
            }
            Value::Id(id) => self.title(field, *id),
            Value::Ids(ids) => joined(ids.iter().map(|id| self.title(field, *id))),
            Value::Texts(keys) => joined(keys.iter().map(|key| self.choice(field, key))),
            Value::Multi(values) => joined(values.iter().map(|item| item.value.clone())),
            Value::Json(_) => String::new(),
        }
    }

    /// The name of a choice or a stage; a text as it is.
    fn choice(&self, field: &FieldDef, key: &str) -> String {
        if field.kind == FieldType::Stage {
            let stage = self.catalogue.pipelines.stage(&self.def.key, key);
            return stage.map_or_else(|| key.to_owned(), |(_, stage)| stage.name_in(self.locale).to_owned());
        }
        let choice = field.choices.iter().find(|choice| choice.key == key);
        choice.map_or_else(|| key.to_owned(), |choice| choice_label(self.def, field, choice, self.locale))
    }

    fn title(&self, field: &FieldDef, id: Uuid) -> String {
        if field.kind == FieldType::Pipeline {
            let own = self.catalogue.pipelines.of(&self.def.key).find(|pipeline| pipeline.id == id);
            return own.map(|pipeline| pipeline.name_in(self.locale).to_owned()).unwrap_or_default();
        }
        self.refs.get(&id).map(|named| named.title.clone()).unwrap_or_default()
    }
}

fn joined(parts: impl Iterator<Item = String>) -> String {
    let parts: Vec<String> = parts.filter(|part| !part.is_empty()).collect();
    parts.join(", ")
}
