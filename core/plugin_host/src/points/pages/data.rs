//! Figures: a source that the plugin computes.

use std::collections::HashSet;

use kernel::value::FieldType;
use kernel::{Ctx, Result};
use serde_json::{Map, Value as Json};
use wasmtime::Store;
use wasmtime::component::Instance;

use super::kept::Known;
use super::{DATA, MAX_ANSWER, View};
use crate::PluginHost;
use crate::bindings::types::{Field, Value};
use crate::bindings::ui_data as wit;
use crate::bindings::views;
use crate::capabilities::{State, from_wit};
use crate::engine::{Code, Effect, Invoke};
use crate::surfaces::Open;
use crate::surfaces::spec::{ColumnSpec, Computed};

/// Rows of an answer.
const MAX_ROWS: usize = 2_000;
/// Characters of a row's id and of a cursor.
const MAX_ID: usize = 1_000;

/// A question to a source, by its name.
pub(super) struct Ask {
    pub(super) source: String,
    pub(super) view: views::View,
    pub(super) input: Vec<Field>,
    pub(super) cursor: Option<String>,
}

impl Invoke for Ask {
    type Answer = wit::Rows;
    const EFFECT: Effect = Effect::Reads;

    async fn invoke(
        self,
        code: &Code,
        store: &mut Store<State>,
        instance: &Instance,
    ) -> wasmtime::Result<Result<Self::Answer, String>> {
        let guest = code.indices::<wit::GuestIndices>(DATA.export)?.load(&mut *store, instance)?;
        guest.call_data(store, &self.source, &self.view, &self.input, self.cursor.as_deref()).await
    }
}

/// Rows that a plugin computed, in wire form.
#[derive(Debug, Clone, Default)]
pub struct ComputedRows {
    /// In the plugin's order.
    pub rows: Vec<ComputedRow>,
    /// For the next portion, if there is one.
    pub next: Option<String>,
}

/// A row.
#[derive(Debug, Clone)]
pub struct ComputedRow {
    /// Unique in the answer.
    pub id: String,
    /// By column.
    pub fields: Map<String, Json>,
}

impl PluginHost {
    /// Rows of a source that the plugin of a surface computes.
    ///
    /// # Errors
    /// `plugin.failed` with its name and the reason.
    pub async fn computed(
        &self,
        ctx: &Ctx,
        open: &Open,
        asked: &Computed,
        view: &View,
        cursor: Option<String>,
    ) -> Result<ComputedRows> {
        let point = open.point(&DATA, &asked.plugin);
        self.goes(ctx, open, &point)?;
        let db = &self.inner.services.db;
        let place = match self.inner.figures.known(db, ctx, open, asked, view, cursor.is_none()).await? {
            Known::Fresh(rows) => return Ok(ComputedRows::clone(&rows)),
            Known::Keep(place) => Some(place),
            Known::Ask => None,
        };
        let input = super::view::input(&asked.input);
        let ask = Ask { source: asked.plugin.clone(), view: view.to_wit(open), input, cursor };
        let mut rows = Err("no answer".to_owned());
        let judge = |answer: &wit::Rows| {
            rows = rows_of(asked, answer);
            rows.as_ref().map(drop).map_err(Clone::clone)
        };
        self.call(ctx, &point, ask, judge).await.map_err(|fault| open.failed(ctx, &fault))?;
        let rows = rows.map_err(|why| open.failed(ctx, &crate::engine::Fault::WrongAnswer(why)))?;
        if let Some(place) = place {
            self.inner.figures.keep(ctx, place, &rows);
        }
        Ok(rows)
    }
}

/// An answer as the declared columns have it.
fn rows_of(asked: &Computed, answer: &wit::Rows) -> Result<ComputedRows, String> {
    if answer.rows.len() > MAX_ROWS {
        return Err(format!("{} rows; at most {MAX_ROWS} go at once", answer.rows.len()));
    }
    if answer.next.as_ref().is_some_and(|next| next.len() > MAX_ID) {
        return Err(format!("a cursor of more than {MAX_ID} characters"));
    }
    let (mut ids, mut bytes) = (HashSet::new(), 0_usize);
    let mut rows = Vec::with_capacity(answer.rows.len());
    for row in &answer.rows {
        if row.id.is_empty() || row.id.len() > MAX_ID || !ids.insert(row.id.as_str()) {
            return Err(format!("the id `{:.50}` of a row is empty, long or not the only one", row.id));
        }
        let mut fields = Map::new();
        for cell in &row.fields {
            let value = cell_of(asked, cell)?;
            bytes = bytes.saturating_add(cell.name.len()).saturating_add(value.to_string().len());
            fields.insert(cell.name.clone(), value);
        }
        rows.push(ComputedRow { id: row.id.clone(), fields });
    }
    if bytes > MAX_ANSWER {
        return Err(format!("more than {} KiB", MAX_ANSWER / 1024));
    }
    Ok(ComputedRows { rows, next: answer.next.clone() })
}

fn cell_of(asked: &Computed, cell: &Field) -> Result<Json, String> {
    let column = asked.columns.iter().find(|column| column.key == cell.name);
    let column = column.ok_or_else(|| format!("the source declares no column `{:.50}`", cell.name))?;
    let kind = column.field_type()?;
    if !is_of(kind, &cell.value) {
        return Err(format!("{}: the value does not fit a column of type {}", cell.name, kind.name()));
    }
    let value = from_wit(kind, cell.value.clone()).map_err(|why| format!("{}: {why}", cell.name))?;
    Ok(value.to_json())
}

/// Whether a value is of the kind that the portal expects in such a column. Texts, numbers and JSON are judged when they are read.
const fn is_of(kind: FieldType, value: &Value) -> bool {
    use FieldType as Kind;
    let of_number = matches!(kind, Kind::Integer | Kind::Decimal | Kind::Duration);
    let of_time = matches!(kind, Kind::Date | Kind::Datetime);
    let of_id = matches!(kind, Kind::User | Kind::Department);
    let of_flag = matches!(kind, Kind::Boolean);
    match value {
        Value::Boolean(_) => of_flag || matches!(kind, Kind::Json),
        Value::Integer(_) | Value::Decimal(_) => !(of_flag || of_time || of_id),
        Value::Date(_) | Value::Instant(_) => !(of_flag || of_number || of_id),
        Value::Id(_) => !(of_flag || of_number || of_time),
        Value::Ids(_) | Value::Multi(_) | Value::Money(_) => matches!(kind, Kind::Json),
        _ => true,
    }
}

impl ColumnSpec {
    /// The type of its values.
    ///
    /// # Errors
    /// What types there are.
    pub fn field_type(&self) -> Result<FieldType, String> {
        let known: Option<FieldType> = serde_json::from_value(self.r#type.as_str().into()).ok();
        known.filter(|kind| COLUMN_TYPES.contains(kind)).ok_or_else(|| {
            let names: Vec<&str> = COLUMN_TYPES.iter().map(|kind| kind.name()).collect();
            format!("the column `{}` has the type `{}`; there are {}", self.key, self.r#type, names.join(", "))
        })
    }
}

/// What a computed column may be.
const COLUMN_TYPES: [FieldType; 12] = [
    FieldType::Text,
    FieldType::LongText,
    FieldType::Integer,
    FieldType::Decimal,
    FieldType::Duration,
    FieldType::Boolean,
    FieldType::Date,
    FieldType::Datetime,
    FieldType::Choice,
    FieldType::User,
    FieldType::Department,
    FieldType::Json,
];
