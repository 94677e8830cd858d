//! Values of some fields of all matching records, for figures that no database computes (working time, medians).

use kernel::db::ConnectionTrait;
use kernel::error::FieldError;
use kernel::filter::Filter;
use kernel::value::FieldType;
use kernel::{Ctx, Error, Result, Value};
use sea_orm::sea_query::Query as Sql;

use super::list::{Query, matching};
use crate::Records;
use crate::shape::Asker;

impl Records {
    /// The values of these fields (or `id`) of all records that match and may be seen, in no order; none when there are more
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
            let cell = found.and_then(|field| Some((field.kind, field.cell(def, asker.backend())?)));
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
}
