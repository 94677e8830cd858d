//! `POST /read/file`: all rows of a source of a page as a file, for the `download` of an action. Read as the caller, as
//! `POST /read` does, portion by portion.

use axum::extract::{Extension, State};
use axum::http::header;
use axum::response::{IntoResponse, Response};
use kernel::{Ctx, Error, Result};
use plugin_host::surfaces::viewer;
use records::Catalogue;
use reports::{Cell, Format, Table, table_of};
use serde::Deserialize;
use serde_json::Value;
use utoipa::ToSchema;
use uuid::Uuid;

use super::super::entities::FieldView;
use super::read::{Page, ReadItem, SourceRow, SourceRows};
use super::stand::{Stand, bounded};
use crate::http::layers::RequestId;
use crate::http::{ApiResult, Body, Caller};
use crate::state::AppState;

/// Rows of a file.
const MAX_ROWS: usize = 10_000;
/// Portions that are read for it: a source that gives a row at a time is not followed for ever.
const MAX_PORTIONS: usize = 400;

/// A source to take away.
#[derive(Debug, Deserialize, ToSchema)]
#[schema(as = ReadFileRequest)]
pub struct FileBody {
    /// Where.
    #[serde(flatten)]
    stand: Stand,
    /// Its name in the tree.
    name: String,
    /// As declared, with the values of its expressions.
    #[schema(value_type = std::collections::BTreeMap<String, Value>)]
    source: Value,
    /// What the file is to be.
    r#as: Format,
}

/// `POST /read/file`: a source of a page as CSV or XLSX, up to 10,000 rows.
#[utoipa::path(post, path = "/read/file", operation_id = "read_source_file", tag = "ui", request_body = FileBody,
    responses((status = 200, body = String, content_type = "text/csv")))]
pub async fn read_file(
    State(state): State<AppState>,
    caller: Caller,
    Extension(request): Extension<RequestId>,
    Body(body): Body<FileBody>,
) -> ApiResult<Response> {
    bounded("source", &body.source)?;
    let (open, view) = body.stand.open(&state, &caller.ctx, &viewer(&caller.identity)).await?;
    let page = Page::new(state.clone(), caller.ctx.clone(), open, view, request.0);
    let rows = whole(&page, &body.name, body.source).await?;
    let catalogue = state.records.catalogue_of(&caller.ctx).await?;
    let table = table(&rows, &catalogue, &caller.ctx);
    let (format, locale) = (body.r#as, caller.ctx.locale);
    let made = tokio::task::spawn_blocking(move || table_of(&table, format, locale)).await;
    let name: String =
        body.name.chars().filter(|letter| letter.is_ascii_alphanumeric() || "-_".contains(*letter)).collect();
    let heads = [
        (header::CONTENT_TYPE, format.media_type().to_owned()),
        (header::CONTENT_DISPOSITION, format!("attachment; filename=\"{name}.{}\"", format.name())),
        (header::CACHE_CONTROL, "no-store".to_owned()),
    ];
    Ok((heads, made.map_err(Error::internal)??).into_response())
}

/// All rows of a source.
async fn whole(page: &Page, name: &str, source: Value) -> Result<SourceRows> {
    let too_large = || Error::Conflict { code: "ui.file_too_large", current: None };
    let mut item = ReadItem::new(name, source);
    let mut all = page.ask(&item).await?;
    for _ in 0..MAX_PORTIONS {
        if all.rows.len() > MAX_ROWS {
            return Err(too_large());
        }
        let Some(cursor) = all.next_cursor.take() else { return Ok(all) };
        item.cursor = Some(cursor);
        let portion = page.ask(&item).await?;
        all.rows.extend(portion.rows);
        all.refs.extend(portion.refs);
        all.next_cursor = portion.next_cursor;
    }
    Err(too_large())
}

fn table(all: &SourceRows, catalogue: &Catalogue, ctx: &Ctx) -> Table {
    let title = |text: &str| Some(all.refs.get(&text.parse::<Uuid>().ok()?)?.title.clone());
    let stage = |row: &SourceRow, key: &str| {
        let (_, stage) = catalogue.pipelines.stage(row.entity.as_deref()?, key)?;
        Some(stage.name_in(ctx.locale).to_owned())
    };
    let cell = |row: &SourceRow, field: &FieldView| {
        let named = |text: &str| {
            let choice = field.choice(text).map(str::to_owned);
            let said = choice.or_else(|| if field.kind() == "stage" { stage(row, text) } else { title(text) });
            said.unwrap_or_else(|| text.to_owned())
        };
        Cell::of(row.fields.get(field.key()), field.kind(), ctx.locale, named)
    };
    let line = |row: &SourceRow| all.fields.iter().map(|field| cell(row, field)).collect();
    Table {
        head: all.fields.iter().map(|field| field.label().to_owned()).collect(),
        rows: all.rows.iter().map(line).collect(),
    }
}
