//! What points to a record: links of every entity of the company, and what is about any record.

use std::collections::{BTreeMap, BTreeSet};

use kernel::filter::{Filter, Op};
use kernel::value::FieldType;
use kernel::{Ctx, RecordId, Result, Value};
use serde_json::{Map, Value as Json, json};

use crate::catalogue::{EntityDef, FieldDef};
use crate::read::Query;
use crate::{Record, Records, references};

/// The fields of an entity that may point to records of another one.
pub(super) fn fields<'a>(def: &'a EntityDef, to: &str) -> Vec<&'a FieldDef> {
    let points = |field: &&FieldDef| match field.kind {
        FieldType::Link | FieldType::Links => !field.system && field.targets.iter().any(|target| target.as_str() == to),
        FieldType::Record => true,
        _ => false,
    };
    def.fields.iter().filter(points).collect()
}

/// Those of an entity's records that point to some of these.
pub(super) fn filter(fields: &[&FieldDef], to: &str, ids: &[RecordId]) -> Filter {
    let ids: Vec<Json> = ids.iter().map(|id| json!(id)).collect();
    let one = |field: &&FieldDef| {
        let points = Filter::parse(&json!({"field": field.key, "op": "in", "value": ids})).ok();
        let points = points.unwrap_or(Filter::Or(Vec::new()));
        match field.kind {
            FieldType::Record => Filter::And(vec![Filter::test(references::ENTITY_BESIDE, Op::Eq, to), points]),
            _ => points,
        }
    };
    Filter::any(fields.iter().map(one).collect())
}

/// The values that point to another record instead; none when nothing of it does.
pub(super) fn redirected(
    record: &Record,
    fields: &[&FieldDef],
    from: &BTreeSet<RecordId>,
    into: RecordId,
) -> Map<String, Json> {
    let merged = |id: &uuid::Uuid| from.contains(&RecordId(*id));
    let mut changed = Map::new();
    for field in fields {
        match record.fields.get(&field.key) {
            Some(Value::Id(id)) if merged(id) => {
                changed.insert(field.key.to_string(), json!(into));
            }
            Some(Value::Ids(ids)) if ids.iter().any(merged) => {
                let mut all: Vec<uuid::Uuid> = Vec::with_capacity(ids.len());
                for id in ids.iter().map(|id| if merged(id) { into.0 } else { *id }) {
                    if !all.contains(&id) {
                        all.push(id);
                    }
                }
                changed.insert(field.key.to_string(), json!(all));
            }
            _ => {}
        }
    }
    changed
}

impl Records {
    /// How many records of each entity point to some of these, of what the actor sees.
    pub(super) async fn pointing(&self, ctx: &Ctx, def: &EntityDef, ids: &[RecordId]) -> Result<BTreeMap<String, i64>> {
        let catalogue = self.catalogue_of(ctx).await?;
        let mut counts = BTreeMap::new();
        for other in catalogue.entities() {
            let mut fields = fields(other, &def.key);
            fields.retain(|field| other.shows(&ctx.rights, field));
            if fields.is_empty() || !ctx.rights.may(&other.key, kernel::access::Action::Read) {
                continue;
            }
            let query = Query { filter: Some(filter(&fields, &def.key, ids)), ..Query::default() };
            let count = self.count(ctx, &other.key, &query).await?;
            if count > 0 {
                counts.insert(other.key.to_string(), count);
            }
        }
        Ok(counts)
    }
}
