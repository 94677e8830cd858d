//! Values of some fields of all matching records, for figures that no database computes (working time, medians).

use std::collections::HashMap;
use std::sync::Arc;

use kernel::db::ConnectionTrait;
use kernel::error::FieldError;
use kernel::filter::{Filter, MAX_LIST};
use kernel::value::FieldType;
use kernel::{Ctx, Error, Result, Value};
use sea_orm::sea_query::{Expr, ExprTrait, Order, Query as Sql};
use uuid::Uuid;

use super::list::{Query, matching};
use crate::Records;
use crate::relations::{self, Joined};
use crate::shape::Asker;

impl Records {
    /// The values of these fields (or `id`, or `link.field`) of all records that match and may be seen, in no order; none when there are more
    /// than `most`.
    ///
    /// # Errors
    /// `request.invalid` naming `filter`, or `fields` with one that cannot be read so; `NotFound`.
    pub async fn cells(
        &self,
        ctx: &Ctx,
        entity: &str,
        filter: Option<&Filter>,
        fields: &[&str],
        most: u64,
    ) -> Result<Option<Vec<Vec<Value>>>> {
        let catalogue = self.catalogue_of(ctx).await?;
        let def = catalogue.entity(entity)?;
        let conn = self.db.read();
        let asker = Asker::new(&catalogue, ctx, conn.get_database_backend());
        let (mut select, mut kinds) = (Sql::select(), Vec::with_capacity(fields.len()));
        select.from(def.table).limit(most.saturating_add(1));
        for key in fields {
            if *key == "id" {
                select.column((def.table, "id"));
                kinds.push(FieldType::Link);
                continue;
            }
            let found = def.field(key).filter(|field| def.shows(&ctx.rights, field));
            let cell = match key.split_once('.') {
                Some((link, field)) => {
                    let from = Joined::new(Arc::clone(def), asker.backend());
                    relations::hop(&asker, ctx, &from, link, field).map(|(cell, kind)| (kind, cell))
                }
                None => found.and_then(|field| Some((field.kind, field.cell(def, asker.backend())?))),
            };
            let (kind, cell) = cell.ok_or_else(|| {
                Error::field("request.invalid", "fields", FieldError::new("choice").with("value", *key))
            })?;
            select.expr(cell);
            kinds.push(kind);
        }
        let query = Query { filter: filter.cloned(), ..Query::default() };
        matching(&mut select, ctx, def, &asker, &query)?;
        let rows = conn.query_all(&select).await?;
        if u64::try_from(rows.len()).unwrap_or(u64::MAX) > most {
            return Ok(None);
        }
        let mut cells = Vec::with_capacity(rows.len());
        for row in &rows {
            let values = kinds.iter().enumerate().map(|(index, kind)| Value::from_cell(*kind, row, index));
            cells.push(values.collect::<Result<Vec<_>, _>>()?);
        }
        Ok(Some(cells))
    }

    /// The first of what a field of several links of these records points to, by record, where the actor sees the field.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn first_links(&self, ctx: &Ctx, entity: &str, field: &str, ids: &[Uuid]) -> Result<HashMap<Uuid, Uuid>> {
        let catalogue = self.catalogue_of(ctx).await?;
        let mut first = HashMap::new();
        if !catalogue.find(entity).is_some_and(|def| def.field(field).is_some_and(|f| def.shows(&ctx.rights, f))) {
            return Ok(first);
        }
        for some in ids.chunks(MAX_LIST) {
            let select = Sql::select()
                .columns(["record_id", "target_id"])
                .from("record_link")
                .and_where(Expr::col("tenant_id").eq(ctx.tenant.0))
                .and_where(Expr::col("field").eq(field))
                .and_where(Expr::col("record_id").is_in(some.iter().copied()))
                .order_by("sort", Order::Asc)
                .take();
            for row in self.db.read().query_all(&select).await? {
                first.entry(row.try_get_by_index(0)?).or_insert(row.try_get_by_index(1)?);
            }
        }
        Ok(first)
    }
}
