//! Figures by measure as a page's source: `{"report": "query", "input": {...}}`, a row for each group.

use kernel::{Ctx, Result};
use plugin_host::surfaces::spec::Reported;
use reports::{Query, Unit};

use super::super::entities::FieldView;
use super::read::{SourceRow, SourceRows};
use crate::http::body::bad_request;
use crate::state::AppState;

/// The name of this report.
pub(super) const QUERY: &str = "query";

/// The groups with their figures, as `POST /reports/query` answers them.
pub(super) async fn read(state: &AppState, ctx: &Ctx, asked: Reported) -> Result<SourceRows> {
    let input = asked.input.unwrap_or_default();
    let query: Query = serde_json::from_value(input).map_err(|error| bad_request("input", &error.to_string()))?;
    let answer = state.reports.query_again(ctx, &query).await?;
    let row = |(place, row): (usize, reports::MeasureRow)| {
        let fields = row.group.into_iter().chain(row.figures.values).collect();
        SourceRow { id: place.to_string(), version: None, entity: None, fields }
    };
    let field = |column: reports::Column| {
        let kind = match column.unit {
            Some(Unit::Number | Unit::Percent | Unit::Money | Unit::Days) => "decimal",
            Some(Unit::Seconds) => "duration",
            None => "text",
        };
        FieldView::computed(&column.key, column.label, kind)
    };
    Ok(SourceRows {
        rows: answer.rows.into_iter().enumerate().map(row).collect(),
        fields: answer.columns.into_iter().map(field).collect(),
        at: Some(answer.as_of.to_string()).filter(|_| query.as_of.is_some()),
        ..SourceRows::default()
    })
}
