//! Which value the record that stays has in each field.

use std::collections::BTreeMap;

use kernel::error::{FieldError, FieldErrors};
use kernel::phone::Country;
use kernel::value::FieldType;
use kernel::{Ctx, RecordId, Value};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value as Json};
use utoipa::ToSchema;

use crate::Record;
use crate::catalogue::{EntityDef, FieldDef};
use crate::write::searchable;

/// A field of the record that stays.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct MergeField {
    /// Its key.
    pub key: String,
    /// Whose value it is; none of a list of them all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<uuid::Uuid>, nullable = false)]
    pub from: Option<RecordId>,
    /// Whether the records say different things: then it may be chosen.
    pub differs: bool,
    /// What it will be.
    pub value: Json,
}

/// Whether the field is the merging person's to decide: what is closed to them stays as the record that stays has it, and so
/// does its stage.
fn is_open(def: &EntityDef, ctx: &Ctx, field: &FieldDef) -> bool {
    let own = !field.system && field.part_of.is_none();
    let kind = !matches!(field.kind, FieldType::Stage | FieldType::Pipeline);
    own && kind && def.shows(&ctx.rights, field) && ctx.rights.changes(&def.key, &field.key)
}

/// Whether several values are one list.
const fn is_united(kind: FieldType) -> bool {
    kind.is_multi() || matches!(kind, FieldType::Links | FieldType::Choices)
}

/// The values of the record that stays, as chosen.
pub(super) fn chosen(
    def: &EntityDef,
    ctx: &Ctx,
    into: &Record,
    others: &[Record],
    wanted: &BTreeMap<String, RecordId>,
    home: Option<Country>,
) -> Result<Vec<MergeField>, FieldErrors> {
    let mut errors = FieldErrors::new();
    for (key, from) in wanted {
        let field = def.field(key).filter(|field| is_open(def, ctx, field) && !is_united(field.kind));
        if field.is_none() {
            errors.insert(key.clone(), FieldError::new("read_only"));
        } else if *from != into.id && !others.iter().any(|record| record.id == *from) {
            errors.insert(key.clone(), FieldError::new("missing"));
        }
    }
    if !errors.is_empty() {
        return Err(errors);
    }
    let all: Vec<&Record> = std::iter::once(into).chain(others).collect();
    let open = def.fields.iter().filter(|field| is_open(def, ctx, field));
    Ok(open.filter_map(|field| one(def, field, &all, wanted.get(field.key.as_str()), home)).collect())
}

fn one(
    def: &EntityDef,
    field: &FieldDef,
    all: &[&Record],
    wanted: Option<&RecordId>,
    home: Option<Country>,
) -> Option<MergeField> {
    let key = field.key.to_string();
    let filled = |record: &&&Record| !value(record, field).is_empty();
    let first = all.iter().find(filled).or(all.first())?;
    if is_united(field.kind) {
        let mut united = Vec::new();
        for record in all {
            if let Json::Array(items) = value(record, field).to_json() {
                unite(field, &mut united, &items, home);
            }
        }
        let mine = all.first().map(|record| value(record, field).to_json());
        let differs = all.iter().filter(filled).any(|record| Some(value(record, field).to_json()) != mine);
        let value = if united.is_empty() { Json::Null } else { Json::Array(united) };
        return Some(MergeField { key, from: None, differs, value });
    }
    let from = wanted.and_then(|id| all.iter().find(|record| record.id == *id)).unwrap_or(first);
    let whole = |record: &Record| (value(record, field), def.currency_of(field).map(|part| value(record, part)));
    let differs = all.iter().filter(filled).any(|record| whole(record) != whole(first));
    Some(MergeField { key, from: Some(from.id), differs, value: value(from, field).to_json() })
}

fn value(record: &Record, field: &FieldDef) -> Value {
    record.fields.get(&field.key).cloned().unwrap_or(Value::Null)
}

/// Adds the items of a list that are not in it yet: of phones and addresses, however they are written.
pub(crate) fn unite(field: &FieldDef, all: &mut Vec<Json>, new: &[Json], home: Option<Country>) {
    let form = |item: &Json| {
        let text = item.get("value").and_then(Json::as_str);
        text.filter(|_| field.kind.is_multi()).map(|text| searchable(field.kind, text, home))
    };
    for item in new {
        let known = all.iter().any(|known| match (form(known), form(item)) {
            (Some(one), Some(other)) => one == other,
            _ => known == item,
        });
        if !known {
            all.push(item.clone());
        }
    }
}

/// What is written to the record that stays.
pub(super) fn written(def: &EntityDef, into: &Record, others: &[Record], fields: &[MergeField]) -> Map<String, Json> {
    let mut written = Map::new();
    for chosen in fields {
        let Some(field) = def.field(&chosen.key) else { continue };
        if chosen.from == Some(into.id) || value(into, field).to_json() == chosen.value && chosen.from.is_none() {
            continue;
        }
        written.insert(chosen.key.clone(), chosen.value.clone());
        let from = chosen.from.and_then(|id| others.iter().find(|record| record.id == id));
        if let (Some(from), Some(currency)) = (from, def.currency_of(field)) {
            written.insert(currency.key.to_string(), value(from, currency).to_json());
        }
    }
    written
}
