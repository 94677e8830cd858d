//! Records that are not in the index yet: those from before there was one, and those whose documents may lack a field that
//! was brought back. A job puts them in, chunk by chunk; it goes on where it was interrupted.

use std::sync::Arc;

use kernel::db::{ConnectionTrait, QueryResult, Tx};
use kernel::jobs::{Handler, Job, JobError, Lane};
use kernel::phone::Country;
use kernel::{Ctx, RecordId, Result, TenantId, Value};
use people::tenant;
use sea_orm::DbBackend;
use sea_orm::sea_query::{Expr, ExprTrait, LockType, OnConflict, Order, Query};
use uuid::Uuid;

use super::document::{Document, document, forms};
use super::keep::{index_some, keep};
use crate::Records;
use crate::catalogue::EntityDef;
use crate::read::Row;

/// The job that fills gaps, and puts what waits into the index.
pub const FILL: &str = "records.fill_search";
/// Records of one transaction: other writers of SQLite wait for it.
const CHUNK: u64 = 200;

/// Opens a gap: all records of the entity are put into the index anew, and until then its lists do not use it. Belongs into
/// a transaction that changes the revision of the catalogue.
pub(crate) async fn mark(tx: &Tx, tenant: TenantId, entity: &str) -> Result<()> {
    let insert = Query::insert()
        .into_table("search_gap")
        .columns(["tenant_id", "entity", "filled_to"])
        .values_panic([tenant.0.into(), entity.into(), Option::<Uuid>::None.into()])
        .on_conflict(OnConflict::columns(["tenant_id", "entity"]).update_column("filled_to").to_owned())
        .to_owned();
    Ok(tx.later(&insert).await?)
}

/// Takes the texts of an entity whose records are removed for good out of the index.
///
/// # Errors
/// When the database fails.
pub(crate) async fn forget(tx: &Tx, tenant: TenantId, entity: &str) -> Result<()> {
    let of = || Expr::col("tenant_id").eq(tenant.0).and(Expr::col("entity").eq(entity));
    if tx.get_database_backend() == sea_orm::DbBackend::Sqlite {
        let documents = Query::select().column("id").from("search_document").and_where(of()).take();
        let indexed = Expr::col("rowid").in_subquery(documents);
        tx.execute(&Query::delete().from_table("search_index").and_where(indexed).take()).await?;
        tx.execute(&Query::delete().from_table("search_pending").and_where(of()).take()).await?;
    }
    for table in ["search_document", "search_gap"] {
        tx.execute(&Query::delete().from_table(table).and_where(of()).take()).await?;
    }
    Ok(())
}

impl Records {
    /// Fills every gap of every company, and puts what waits into the index.
    ///
    /// # Errors
    /// When the database fails; what was filled stays so.
    pub async fn fill_search(&self) -> Result<()> {
        self.index_pending().await?;
        let gaps = Query::select().columns(["tenant_id", "entity"]).from("search_gap").take();
        let rows = self.db().read().query_all(&gaps).await?;
        let tenants = if rows.is_empty() { Vec::new() } else { tenant::list(self.db()).await? };
        for row in rows {
            let (id, entity): (TenantId, String) = (TenantId(row.try_get_by_index(0)?), row.try_get_by_index(1)?);
            let Some(tenant) = tenants.iter().find(|tenant| tenant.id == id) else { continue };
            let ctx = tenant.system_ctx(self.env());
            let catalogue = self.catalogue(id).await?;
            // Of an entity that was removed: the gap stays until it is brought back.
            let Some(def) = catalogue.find(&entity) else { continue };
            let home = Country::of_currency(&catalogue.pipelines.currency);
            while self.fill_some(&ctx, def, home).await? {}
        }
        Ok(())
    }

    /// Puts every record of a company into the index anew, by the next run of the job.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn rebuild_search(&self, tenant: TenantId) -> Result<()> {
        let catalogue = self.catalogue(tenant).await?;
        let tx = self.db().begin().await?;
        for def in catalogue.entities() {
            mark(&tx, tenant, &def.key).await?;
        }
        Ok(tx.commit().await?)
    }

    /// Puts the next records of a gap into the index. Gives whether there may be more.
    async fn fill_some(&self, ctx: &Ctx, def: &Arc<EntityDef>, home: Option<Country>) -> Result<bool> {
        let tx = self.db().begin().await?;
        let gap = Expr::col("tenant_id").eq(ctx.tenant.0).and(Expr::col("entity").eq(def.key.as_str()));
        // Another node may be at it: the second one waits and goes on behind it.
        let mut place = Query::select();
        place.column("filled_to").from("search_gap").and_where(gap.clone()).lock(LockType::Update);
        let Some(row) = tx.query_one(&place).await? else { return Ok(false) };
        let documents = after(&tx, ctx, def, home, row.try_get_by_index(0)?).await?;
        let last = documents.last().map(|(record, _)| record.0);
        if let Some(insert) = keep(ctx, def, tx.get_database_backend(), documents) {
            tx.later(&insert).await?;
        }
        if tx.get_database_backend() == DbBackend::Sqlite {
            index_some(&tx).await?;
        }
        match last {
            Some(last) => {
                let update = Query::update().table("search_gap").value("filled_to", last).and_where(gap).take();
                tx.later(&update).await?;
            }
            None => tx.later(&Query::delete().from_table("search_gap").and_where(gap).take()).await?,
        }
        tx.commit().await?;
        Ok(last.is_some())
    }
}

/// The documents of the next records behind a place. Writers of these records wait, so that their documents come after.
async fn after(
    tx: &Tx,
    ctx: &Ctx,
    def: &EntityDef,
    home: Option<Country>,
    filled_to: Option<Uuid>,
) -> Result<Vec<(RecordId, Document)>> {
    let row = Row::whole(def);
    let mut select = row.select();
    select.order_by((def.table, "id"), Order::Asc).limit(CHUNK).lock(LockType::NoKeyUpdate);
    if let Some(last) = filled_to {
        select.and_where(Expr::col((def.table, "id")).gt(last));
    }
    def.own(&mut select, ctx.tenant);
    let made = |found: &QueryResult| -> Result<(RecordId, Document)> {
        let record = row.decode(found)?;
        let number = if let Some(Value::Integer(number)) = record.fields.get("number") { *number } else { 0 };
        Ok((record.id, document(def, &record.fields, number, &forms(def, &record.fields, home))))
    };
    tx.query_all(&select).await?.iter().map(made).collect()
}

/// The job.
pub struct Fill(pub Records);

#[async_trait::async_trait]
impl Handler for Fill {
    fn kind(&self) -> &'static str {
        FILL
    }

    fn lane(&self) -> Lane {
        Lane::Long
    }

    async fn run(&self, _job: &Job) -> Result<(), JobError> {
        Ok(self.0.fill_search().await?)
    }
}
