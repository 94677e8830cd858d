//! Records as a page's source: what the caller may see of them, with their entity.

use ::records::EntityDef;
use ::records::read::{Query, Sort};
use kernel::access::Action;
use kernel::{Ctx, Error, RecordId, Result};
use plugin_host::surfaces::spec::{Listed, One};
use serde_json::{Map, Value};

use super::super::entities::{self, EntityView};
use super::super::records::parse_filter;
use super::super::view::refs;
use super::read::{SourceRow, SourceRows};
use crate::state::AppState;

/// A list.
pub(super) async fn list(
    state: &AppState,
    ctx: &Ctx,
    asked: Listed,
    cursor: Option<String>,
    total: bool,
) -> Result<SourceRows> {
    let entity = asked.records;
    let (shape, def) = seen(state, ctx, &entity).await?;
    let sees = |key: &str| def.shows_key(&ctx.rights, key);
    let query = Query {
        filter: parse_filter(asked.filter.as_ref())?,
        words: asked.q.filter(|words| !words.trim().is_empty()),
        sort: asked
            .sort
            .into_iter()
            .filter(|key| sees(&key.field))
            .map(|key| Sort { field: key.field, descending: key.desc })
            .collect(),
        fields: asked.fields.map(|fields| fields.into_iter().filter(|key| sees(key)).collect()),
        limit: asked.limit,
        cursor,
        total,
        deleted: false,
    };
    let page = state.records.query(ctx, &entity, &query).await?;
    let titles = state.records.refs(ctx, &page.items).await?;
    Ok(SourceRows {
        rows: page.items.into_iter().map(row).collect::<Result<_>>()?,
        fields: entities::fields(state, ctx, &entity, query.fields.as_deref()).await?,
        refs: refs(titles),
        next_cursor: page.next_cursor,
        total: page.total,
        shape: Some(shape),
        ..SourceRows::default()
    })
}

/// One record; where no id is known yet there is none.
pub(super) async fn one(state: &AppState, ctx: &Ctx, asked: One) -> Result<SourceRows> {
    let (shape, def) = seen(state, ctx, &asked.record).await?;
    let id: Option<RecordId> = match &asked.id {
        Value::Null => None,
        Value::String(text) if text.is_empty() => None,
        given => {
            let id = serde_json::from_value(given.clone());
            Some(id.map_err(|_| Error::NotFound(format!("{} {given}", asked.record)))?)
        }
    };
    let found = match id {
        Some(id) => vec![state.records.get(ctx, &asked.record, id).await?],
        None => Vec::new(),
    };
    let titles = state.records.refs(ctx, &found).await?;
    let wanted: Option<Vec<String>> =
        asked.fields.map(|keys| keys.into_iter().filter(|key| def.shows_key(&ctx.rights, key)).collect());
    let mut rows = found.into_iter().map(row).collect::<Result<Vec<_>>>()?;
    if let Some(wanted) = &wanted {
        rows.iter_mut().for_each(|row| row.fields.retain(|key, _| wanted.contains(key)));
    }
    let fields = entities::fields(state, ctx, &asked.record, wanted.as_deref()).await?;
    Ok(SourceRows { rows, fields, refs: refs(titles), shape: Some(shape), ..SourceRows::default() })
}

/// The entity, for those who may see records of it.
pub(super) async fn seen(state: &AppState, ctx: &Ctx, entity: &str) -> Result<(EntityView, std::sync::Arc<EntityDef>)> {
    if !ctx.rights.may(entity, Action::Read) {
        return Err(Error::NotFound(entity.to_owned()));
    }
    let def = state.records.entity(ctx, entity).await?;
    let catalogue = state.records.catalogue_of(ctx).await?;
    Ok((entities::view(&catalogue, &def, ctx, &[]), def))
}

fn row(record: ::records::Record) -> Result<SourceRow> {
    let fields: Map<String, Value> = match serde_json::to_value(record.fields).map_err(Error::internal)? {
        Value::Object(map) => map,
        _ => Map::new(),
    };
    let (entity, version) = (Some(record.entity.to_string()), Some(record.version));
    Ok(SourceRow { id: record.id.to_string(), version, entity, fields })
}
