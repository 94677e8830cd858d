//! Reading: one record, several, lists, aggregates. The tenant and the asker's rights are part of every statement;
//! hidden fields are not even selected.

mod aggregate;
mod cells;
mod list;
mod narrow;
mod refs;
mod row;

pub use aggregate::{Aggregate, Bucket, Group, GroupBy, Measure, MeasureOp};
pub use list::{MAX_LIMIT, Page, Query, Sort};
pub use refs::{Ref, Refs};

pub(crate) use list::MAX_WORDS;
pub(crate) use row::{Row, column, in_document};

use std::collections::HashMap;

use futures::FutureExt;
use kernel::access::Action;
use kernel::db::ConnectionTrait;
use kernel::filter::{Filter, Storage};
use kernel::value::FieldType;
use kernel::{Ctx, Error, Locale, RecordId, Result, Value};
use sea_orm::sea_query::{Expr, ExprTrait, Order, Query as Sql, SelectStatement};
use uuid::Uuid;

use crate::catalogue::{EntityDef, title_label};
use crate::shape::Asker;
use crate::{Catalogue, Record, Records, computed};

impl Records {
    /// One record that is not in the recycle bin.
    ///
    /// # Errors
    /// `NotFound` when it does not exist or may not be seen.
    pub async fn get(&self, ctx: &Ctx, entity: &str, id: RecordId) -> Result<Record> {
        let mut found = self.some(ctx, entity, &[id], false).await?;
        found.pop().ok_or_else(|| Error::NotFound(format!("{entity} {id}")))
    }

    /// One record as a transaction sees it.
    ///
    /// # Errors
    /// `NotFound` when it does not exist or may not be seen.
    pub async fn get_in(&self, conn: &impl ConnectionTrait, ctx: &Ctx, entity: &str, id: RecordId) -> Result<Record> {
        let catalogue = self.open_to(ctx, self.catalogue_in(conn, ctx.tenant).await?);
        let def = catalogue.entity(entity)?;
        let mut found = load(conn, &catalogue, ctx, def, &[id], Action::Read, false).await?;
        found.pop().ok_or_else(|| Error::NotFound(format!("{entity} {id}")))
    }

    /// The newest record that matches and may be seen, as a transaction sees it.
    ///
    /// # Errors
    /// `record.invalid` naming `filter`.
    pub async fn newest_in(
        &self,
        conn: &impl ConnectionTrait,
        ctx: &Ctx,
        entity: &str,
        filter: &Filter,
    ) -> Result<Option<RecordId>> {
        let catalogue = self.open_to(ctx, self.catalogue_in(conn, ctx.tenant).await?);
        let def = catalogue.entity(entity)?;
        if !ctx.rights.may(&def.key, Action::Read) {
            return Ok(None);
        }
        let asker = Asker::new(&catalogue, ctx, conn.get_database_backend());
        let matches = asker.asked(def, filter).map_err(|error| Error::field(crate::INVALID, "filter", error))?;
        let mut select = Sql::select();
        select.column((def.table, "id")).from(def.table).and_where(Expr::col((def.table, "deleted_at")).is_null());
        select.and_where(matches).order_by((def.table, "id"), Order::Desc).limit(1);
        def.own(&mut select, ctx.tenant);
        if let Some(allowed) = asker.allowed(def, Action::Read) {
            select.and_where(allowed);
        }
        Ok(conn.query_one(&select).await?.map(|row| row.try_get_by_index(0)).transpose()?)
    }

    /// Whose a record is, as a transaction sees it, whatever its reader may see; deleted ones too.
    ///
    /// # Errors
    /// `NotFound`.
    pub async fn owner_in(
        &self,
        conn: &impl ConnectionTrait,
        ctx: &Ctx,
        entity: &str,
        id: RecordId,
    ) -> Result<Option<Uuid>> {
        let catalogue = self.catalogue_in(conn, ctx.tenant).await?;
        let def = catalogue.entity(entity)?;
        let mut select = Sql::select();
        select.column((def.table, "owner")).from(def.table).and_where(Expr::col((def.table, "id")).eq(id));
        def.own(&mut select, ctx.tenant);
        let row = conn.query_one(&select).await?.ok_or_else(|| Error::NotFound(format!("{entity} {id}")))?;
        Ok(row.try_get_by_index(0)?)
    }

    /// Those of the records that exist, are not in the recycle bin and may be seen, in the order asked for.
    ///
    /// # Errors
    /// `NotFound` for an unknown entity.
    pub async fn get_many(&self, ctx: &Ctx, entity: &str, ids: &[RecordId]) -> Result<Vec<Record>> {
        let found = self.some(ctx, entity, ids, false).await?;
        let mut by_id: HashMap<RecordId, Record> = found.into_iter().map(|r| (r.id, r)).collect();
        Ok(ids.iter().filter_map(|id| by_id.remove(id)).collect())
    }

    /// One record, also out of the recycle bin.
    ///
    /// # Errors
    /// `NotFound` when it does not exist or may not be seen.
    pub async fn get_deleted(&self, ctx: &Ctx, entity: &str, id: RecordId) -> Result<Record> {
        let mut found = self.some(ctx, entity, &[id], true).await?;
        found.pop().ok_or_else(|| Error::NotFound(format!("{entity} {id}")))
    }

    /// Those of the records that exist and may be seen, in no particular order.
    async fn some(&self, ctx: &Ctx, entity: &str, ids: &[RecordId], with_deleted: bool) -> Result<Vec<Record>> {
        async move {
            let catalogue = self.catalogue_of(ctx).await?;
            let def = catalogue.entity(entity)?;
            let (conn, row) = (self.db.read(), Row::visible(def, &ctx.rights));
            let asker = Asker::new(&catalogue, ctx, conn.get_database_backend());
            let Some(select) = asked(&asker, ctx, def, &row, ids, Action::Read, with_deleted) else {
                return Ok(Vec::new());
            };
            let mut records = conn.lines(&select, |line| row.decode(line)).await?;
            fill_links(conn, ctx, def, &row, &mut records).await?;
            computed::live(def, ctx, &catalogue.pipelines.currency, &row.besides, &mut records);
            in_words(def, ctx.locale, &mut records);
            Ok(records)
        }
        .boxed()
        .await
    }
}

/// Titles that a choice gave, in the reader's language.
pub(crate) fn in_words(def: &EntityDef, locale: Locale, records: &mut [Record]) {
    if def.title_from.is_none() {
        return;
    }
    for record in records {
        let title = record.fields.get("title").and_then(Value::as_text);
        if let Some(label) = title.and_then(|title| title_label(def, title, locale)) {
            record.fields.insert("title".into(), Value::Text(label));
        }
    }
}

/// The records with these ids that `action` may touch, with every field that the actor sees, in no particular order.
pub(crate) async fn load(
    conn: &impl ConnectionTrait,
    catalogue: &Catalogue,
    ctx: &Ctx,
    def: &EntityDef,
    ids: &[RecordId],
    action: Action,
    with_deleted: bool,
) -> Result<Vec<Record>> {
    load_row(conn, catalogue, ctx, def, Row::visible(def, &ctx.rights), ids, action, with_deleted).await
}

/// The same with every field, hidden ones too, as images of the write pipeline.
pub(crate) async fn load_whole(
    conn: &impl ConnectionTrait,
    catalogue: &Catalogue,
    ctx: &Ctx,
    def: &EntityDef,
    ids: &[RecordId],
    action: Action,
    with_deleted: bool,
) -> Result<Vec<Record>> {
    let found = load_row(conn, catalogue, ctx, def, Row::whole(def), ids, action, with_deleted).await?;
    let image = |record: Record| Record { fields: def.gathered(record.fields), ..record };
    Ok(found.into_iter().map(image).collect())
}

#[expect(clippy::too_many_arguments, reason = "what to read, of whom, for whom")]
async fn load_row(
    conn: &impl ConnectionTrait,
    catalogue: &Catalogue,
    ctx: &Ctx,
    def: &EntityDef,
    row: Row<'_>,
    ids: &[RecordId],
    action: Action,
    with_deleted: bool,
) -> Result<Vec<Record>> {
    let asker = Asker::new(catalogue, ctx, conn.get_database_backend());
    let Some(select) = asked(&asker, ctx, def, &row, ids, action, with_deleted) else { return Ok(Vec::new()) };
    let mut records = Vec::with_capacity(ids.len());
    for found in conn.query_all(&select).await? {
        records.push(row.decode(&found)?);
    }
    fill_links(conn, ctx, def, &row, &mut records).await?;
    computed::live(def, ctx, &catalogue.pipelines.currency, &row.besides, &mut records);
    Ok(records)
}

/// Of these records what `action` may touch; nothing to ask when there is none.
fn asked(
    asker: &Asker<'_>,
    ctx: &Ctx,
    def: &EntityDef,
    row: &Row<'_>,
    ids: &[RecordId],
    action: Action,
    with_deleted: bool,
) -> Option<SelectStatement> {
    if ids.is_empty() || !ctx.rights.may(&def.key, action) {
        return None;
    }
    let mut select = row.select();
    def.own(&mut select, ctx.tenant);
    match ids {
        [id] => select.and_where(Expr::col((def.table, "id")).eq(*id)),
        ids => select.and_where(Expr::col((def.table, "id")).is_in(ids.iter().copied())),
    };
    if !with_deleted {
        select.and_where(Expr::col((def.table, "deleted_at")).is_null());
    }
    if let Some(allowed) = asker.allowed(def, action) {
        select.and_where(allowed);
    }
    Some(select)
}

/// Fills the fields that are kept as link rows.
pub(crate) async fn fill_links(
    conn: &impl ConnectionTrait,
    ctx: &Ctx,
    def: &EntityDef,
    row: &Row<'_>,
    records: &mut [Record],
) -> Result<()> {
    let wanted: Vec<_> = row.fields.iter().filter(|field| field.storage == Storage::Links).collect();
    if wanted.is_empty() || records.is_empty() {
        return Ok(());
    }
    let ids: Vec<RecordId> = records.iter().map(|r| r.id).collect();
    let mut links = row::links_of(conn, ctx.tenant, &def.key, &ids).await?;
    for record in records {
        for field in &wanted {
            let targets = links.remove(&(record.id, field.key.to_string())).unwrap_or_default();
            let value = match (field.kind, targets.first()) {
                (FieldType::Links, _) => Value::Ids(targets),
                (_, Some(target)) => Value::Id(*target),
                (_, None) => Value::Null,
            };
            record.fields.insert(field.key.clone(), value);
        }
    }
    Ok(())
}
