//! What rules of entities do inside the transaction of a change, and what they read there.

use kernel::access::Action;
use kernel::db::{ConnectionTrait, Tx};
use kernel::{Ctx, Error, RecordId, Result, Value};
use sea_orm::DbBackend;
use sea_orm::sea_query::{ExprTrait, LockType, Order, Query};

use super::{Row, derive};
use crate::catalogue::EntityDef;
use crate::read::{self, column};
use crate::{Record, Records};

/// Records of one search by values.
const MAX_FOUND: u64 = 100;

/// Whether a record was changed by somebody else meanwhile.
pub(super) fn is_lost(error: &Error) -> bool {
    matches!(error, Error::Conflict { code: "record.conflict", .. })
}

impl Records {
    /// Lets the rules of the entity do their part for each change, from the planned image on: a transaction may be begun
    /// again without some of its rows. Gives the first that is refused, by its index.
    pub(super) async fn within(
        &self,
        tx: &Tx,
        ctx: &Ctx,
        def: &EntityDef,
        rows: impl Iterator<Item = &mut Row>,
    ) -> Result<Option<(usize, Error)>> {
        let Some(rules) = self.rules_of(&def.key).filter(|rules| rules.acts_within()) else { return Ok(None) };
        let currency = match def.computed.is_empty() {
            true => String::new(),
            false => self.catalogue_in(tx, ctx.tenant).await?.pipelines.currency.clone(),
        };
        for row in rows {
            match &row.planned {
                Some(planned) => row.change.after = planned.clone(),
                None => row.planned = Some(row.change.after.clone()),
            }
            match rules.within(tx, ctx, &mut row.change).await {
                Ok(()) => derive::compute(&mut row.change, ctx, &currency),
                Err(error @ (Error::Database(_) | Error::Internal(_) | Error::Raced(_))) => return Err(error),
                Err(error) => return Ok(Some((row.index, error))),
            }
        }
        Ok(None)
    }

    /// A record as its writer keeps it from others until the transaction ends: an image of the pipeline, whole, whatever
    /// the actor may see. Deleted ones are not there.
    ///
    /// # Errors
    /// `NotFound`.
    pub async fn locked(&self, tx: &Tx, ctx: &Ctx, entity: &str, id: RecordId) -> Result<Record> {
        let catalogue = self.catalogue_in(tx, ctx.tenant).await?;
        let def = catalogue.entity(entity)?;
        let mut select = Query::select();
        select.column((def.table, "id")).from(def.table).and_where(column(def, "id").eq(id));
        def.own(&mut select, ctx.tenant);
        // SQLite has one writer at a time.
        if tx.get_database_backend() == DbBackend::Postgres {
            select.lock(LockType::Update);
        }
        tx.query_one(&select).await?;
        let mut found = self.whole(tx, ctx, def, &[id]).await?;
        found.pop().ok_or_else(|| Error::NotFound(format!("{entity} {id}")))
    }

    /// Up to 100 records with these values, oldest first, as a transaction sees them: images of the pipeline, whole,
    /// whatever the actor may see. `Null` finds those without one.
    ///
    /// # Errors
    /// `NotFound` for an unknown entity.
    pub async fn found_in(&self, tx: &Tx, ctx: &Ctx, entity: &str, same: &[(&str, Value)]) -> Result<Vec<Record>> {
        let catalogue = self.catalogue_in(tx, ctx.tenant).await?;
        let def = catalogue.entity(entity)?;
        let mut select = Query::select();
        select.column((def.table, "id")).from(def.table).and_where(column(def, "deleted_at").is_null());
        def.own(&mut select, ctx.tenant);
        for (key, value) in same {
            let field = def.field(key).ok_or_else(|| Error::Internal(format!("{entity} has no {key}")))?;
            let cell = field.cell(def, tx.get_database_backend());
            let cell = cell.ok_or_else(|| Error::Internal(format!("{entity}.{key} has no cell")))?;
            let test = if value.is_empty() { cell.is_null() } else { cell.eq(value.to_cell(field.kind)) };
            select.and_where(test);
        }
        select.order_by((def.table, "id"), Order::Asc).limit(MAX_FOUND);
        let mut ids: Vec<RecordId> = Vec::new();
        for row in tx.query_all(&select).await? {
            ids.push(row.try_get_by_index(0)?);
        }
        let mut found = self.whole(tx, ctx, def, &ids).await?;
        found.sort_by_key(|record| record.id);
        Ok(found)
    }

    /// Whether somebody may do that with a record, as a transaction sees it.
    ///
    /// # Errors
    /// `NotFound` for an unknown entity.
    pub async fn may_in(&self, tx: &Tx, ctx: &Ctx, entity: &str, id: RecordId, action: Action) -> Result<bool> {
        let catalogue = self.open_to(ctx, self.catalogue_in(tx, ctx.tenant).await?);
        let def = catalogue.entity(entity)?;
        Ok(!read::load(tx, &catalogue, ctx, def, &[id], action, false).await?.is_empty())
    }

    async fn whole(&self, tx: &Tx, ctx: &Ctx, def: &EntityDef, ids: &[RecordId]) -> Result<Vec<Record>> {
        let catalogue = self.catalogue_in(tx, ctx.tenant).await?;
        let eyes = Ctx::system(ctx.tenant, ctx.zone, ctx.locale, &ctx.env);
        read::load_whole(tx, &catalogue, &eyes, def, ids, Action::Read, false).await
    }
}
