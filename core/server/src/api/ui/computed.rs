//! What a plugin computes as a page's source.

use kernel::value::FieldType;
use kernel::{Ctx, Error, Result};
use plugin_host::View;
use plugin_host::surfaces::Open;
use plugin_host::surfaces::spec::Computed;
use records::read::Refs;
use serde_json::Value;
use uuid::Uuid;

use super::super::entities::FieldView;
use super::super::view::refs;
use super::read::{SourceRow, SourceRows};
use crate::state::AppState;

/// The rows, with names of the people and departments in them.
pub(super) async fn read(
    state: &AppState,
    ctx: &Ctx,
    open: &Open,
    view: &View,
    asked: Computed,
    cursor: Option<String>,
) -> Result<SourceRows> {
    state.limits.page_code(ctx, open.plugin())?;
    rows(state, ctx, open, view, asked, cursor).await
}

/// The same for whoever counts the calls by themselves.
pub(super) async fn rows(
    state: &AppState,
    ctx: &Ctx,
    open: &Open,
    view: &View,
    asked: Computed,
    cursor: Option<String>,
) -> Result<SourceRows> {
    let answer = state.plugins.computed(ctx, open, &asked, view, cursor).await?;
    let (mut titles, mut fields) = (Refs::new(), Vec::with_capacity(asked.columns.len()));
    for column in &asked.columns {
        let kind = column.field_type().map_err(Error::internal)?;
        fields.push(FieldView::computed(&column.key, open.text(&column.label, ctx.locale), kind.name()));
        let target = match kind {
            FieldType::User => "user",
            FieldType::Department => "department",
            _ => continue,
        };
        let cells = answer.rows.iter().filter_map(|row| row.fields.get(&column.key).and_then(Value::as_str));
        let ids: Vec<Uuid> = cells.filter_map(|text| Uuid::parse_str(text).ok()).collect();
        state.records.titles(ctx, target, &ids, &mut titles).await?;
    }
    let row = |row: plugin_host::ComputedRow| SourceRow { id: row.id, version: None, entity: None, fields: row.fields };
    Ok(SourceRows {
        rows: answer.rows.into_iter().map(row).collect(),
        fields,
        refs: refs(titles),
        next_cursor: answer.next,
        ..SourceRows::default()
    })
}
