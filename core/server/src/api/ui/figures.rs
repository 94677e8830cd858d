//! Counts and sums as a page's source: a row for each group, with what its columns are.

use std::collections::BTreeMap;

use ::records::catalogue::field_label;
use ::records::read::{Aggregate, GroupBy, Measure, MeasureOp, Query, Refs};
use ::records::{EntityDef, references};
use kernel::value::FieldType;
use kernel::{Ctx, Fields, Message, Result};
use plugin_host::surfaces::spec::{Axis, Figures, Measured};
use serde_json::{Map, Value};
use uuid::Uuid;

use super::super::entities::{self, FieldView};
use super::super::records::parse_filter;
use super::super::view::refs;
use super::read::{SourceRow, SourceRows};
use super::rows::seen;
use crate::state::AppState;

/// What is computed where nothing is said.
const COUNT: Measured = Measured { op: MeasureOp::Count, field: None };

/// The groups with their figures.
pub(super) async fn read(state: &AppState, ctx: &Ctx, asked: Figures) -> Result<SourceRows> {
    let entity = asked.aggregate;
    let (_, def) = seen(state, ctx, &entity).await?;
    let axis = |axis: &Axis| match axis {
        Axis::Field(field) => GroupBy { field: field.clone(), bucket: None },
        Axis::Bucket { field, bucket } => GroupBy { field: field.clone(), bucket: Some(*bucket) },
    };
    let ask = Aggregate {
        besides: 0,
        query: Query { filter: parse_filter(asked.filter.as_ref())?, ..Query::default() },
        group_by: asked.group_by.iter().map(axis).collect(),
        measures: asked.measures.iter().map(|one| Measure { op: one.op, field: one.field.clone() }).collect(),
    };
    let groups = state.records.aggregate(ctx, &entity, &ask).await?;
    let axes: Vec<&str> = asked.group_by.iter().map(Axis::field).collect();
    let titles = titles(state, ctx, &def, &axes, groups.iter().map(|group| &group.group)).await?;
    let row = |(place, group): (usize, ::records::read::Group)| {
        let id = if axes.is_empty() { "all".to_owned() } else { place.to_string() };
        let fields = group.group.into_iter().chain(group.values).collect();
        SourceRow { id, version: None, entity: None, fields }
    };
    let rows: Vec<SourceRow> = groups.into_iter().enumerate().map(row).collect();
    let keys: Vec<String> = axes.iter().map(ToString::to_string).collect();
    let mut fields = entities::fields(state, ctx, &entity, Some(&keys)).await?;
    let measures = if asked.measures.is_empty() { vec![COUNT] } else { asked.measures };
    fields.extend(measures.iter().map(|measure| column(&def, measure, ctx)));
    Ok(SourceRows { rows, fields, refs: refs(titles), ..SourceRows::default() })
}

/// The column of a figure.
fn column(def: &EntityDef, measure: &Measured, ctx: &Ctx) -> FieldView {
    let field = measure.field.as_deref().and_then(|key| def.field(key));
    let of = field.map(|field| field_label(def, field, ctx.locale)).unwrap_or_default();
    let (word, kind) = match measure.op {
        MeasureOp::Count => ("count", FieldType::Integer),
        MeasureOp::Sum => ("sum", field.map_or(FieldType::Decimal, |field| field.kind)),
        MeasureOp::Avg => ("avg", FieldType::Decimal),
        MeasureOp::Min => ("min", field.map_or(FieldType::Decimal, |field| field.kind)),
        MeasureOp::Max => ("max", field.map_or(FieldType::Decimal, |field| field.kind)),
    };
    // The amount alone: its currencies stand beside it.
    let kind = if kind == FieldType::Money { FieldType::Decimal } else { kind };
    let label = Message::key(&format!("ui.measure.{word}")).with("field", of).in_locale(ctx.locale);
    FieldView::computed(&measure.name(), label, kind.name())
}

/// Names of what groups are made by.
async fn titles(
    state: &AppState,
    ctx: &Ctx,
    def: &EntityDef,
    axes: &[&str],
    groups: impl Iterator<Item = &Map<String, Value>>,
) -> Result<Refs> {
    let mut wanted: BTreeMap<String, Vec<Uuid>> = BTreeMap::new();
    for group in groups {
        for field in axes.iter().filter_map(|axis| def.field(axis)) {
            let id = group.get(field.key.as_str()).and_then(Value::as_str).and_then(|text| Uuid::parse_str(text).ok());
            let Some(id) = id else { continue };
            for target in references::pointed_to(field, &Fields::new()) {
                wanted.entry(target.to_string()).or_default().push(id);
            }
        }
    }
    let mut titles = Refs::new();
    for (entity, ids) in wanted {
        state.records.titles(ctx, &entity, &ids, &mut titles).await?;
    }
    Ok(titles)
}
