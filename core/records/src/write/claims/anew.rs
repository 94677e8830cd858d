//! Claims of records that are there already: of an entity whose constraints have changed, of a field that has become unique.

use std::collections::BTreeSet;

use kernel::db::{ConnectionTrait, Tx};
use kernel::{Ctx, Fields, RecordId, Result};
use sea_orm::sea_query::{Expr, ExprTrait, Order, Query};
use uuid::Uuid;

use super::{Asked, Claim, TABLE, claim_of, insert, lock};
use crate::Catalogue;
use crate::catalogue::EntityDef;
use crate::catalogue::constraint::{ConstraintDef, of_field};
use crate::read::{self, Row};
use crate::stages::{self, Pipelines};

/// Records looked at at a time.
const PAGE: u64 = 500;
/// Groups of records with the same value that are told.
const DOUBLES: u64 = 20;
/// Records of such a group that are told.
const DOUBLED: u64 = 10;

/// Makes the claims of an entity whose constraints have changed, but those of the company's own fields. Writers who know its
/// constraints wait.
///
/// # Errors
/// `record.constraint` with the first record that breaks one.
pub(crate) async fn make_anew(tx: &Tx, ctx: &Ctx, catalogue: &Catalogue, def: &EntityDef) -> Result<()> {
    lock(tx, ctx.tenant, def, &BTreeSet::new()).await?;
    let of_fields = Expr::col("rule").like(format!("{}%", of_field("")));
    let delete = Query::delete()
        .from_table(TABLE)
        .and_where(Expr::col("tenant_id").eq(ctx.tenant.0))
        .and_where(Expr::col("entity").eq(def.key.as_str()))
        .and_where(of_fields.not())
        .to_owned();
    tx.execute(&delete).await?;
    if def.constraints.iter().all(ConstraintDef::is_of_field) {
        return Ok(());
    }
    let pipelines = stages::load(tx, ctx.tenant, String::new()).await?;
    let row = Row::whole(def);
    let mut after: Option<RecordId> = None;
    loop {
        let images = images(tx, ctx, def, &row, after).await?;
        let Some((last, _)) = images.last() else { return Ok(()) };
        after = Some(*last);
        for (id, image) in images {
            let claim = |constraint: &ConstraintDef| match constraint.is_of_field() {
                true => Ok(None),
                false => claim_of(&pipelines, ctx.tenant, def, constraint, &image),
            };
            let claims = def.constraints.iter().map(claim).collect();
            let asked = Asked { id, before: vec![None; def.constraints.len()], after: claims };
            match asked.problem(tx, def, None).await? {
                Some(problem) => return Err(problem.told(tx, catalogue, ctx, def).await?),
                None => asked.write(tx, ctx.tenant, def).await?,
            }
        }
    }
}

/// Records of an entity behind one, in the order of their ids and without those in the recycle bin, as images of the
/// pipeline; none at the end.
async fn images(
    tx: &Tx,
    ctx: &Ctx,
    def: &EntityDef,
    row: &Row<'_>,
    after: Option<RecordId>,
) -> Result<Vec<(RecordId, Fields)>> {
    let mut select = row.select();
    def.page(&mut select, ctx.tenant, after, PAGE);
    select.and_where(Expr::col((def.table, "deleted_at")).is_null());
    let mut page = tx.query_all(&select).await?.iter().map(|found| row.decode(found)).collect::<Result<Vec<_>>>()?;
    read::fill_links(tx, ctx, def, row, &mut page).await?;
    Ok(page.into_iter().map(|record| (record.id, def.gathered(record.fields))).collect())
}

/// Claims anew what records have in a field of the company's own, or lets go of it where the definition says that they may
/// have the same. Writers who know its constraints wait. Gives records that have the same, some of some groups.
///
/// # Errors
/// When the database fails.
pub(crate) async fn claim_field(tx: &Tx, ctx: &Ctx, def: &EntityDef, key: &str) -> Result<Vec<Vec<RecordId>>> {
    lock(tx, ctx.tenant, def, &BTreeSet::new()).await?;
    let rule = of_field(key);
    let delete = Query::delete()
        .from_table(TABLE)
        .and_where(Expr::col("tenant_id").eq(ctx.tenant.0))
        .and_where(Expr::col("entity").eq(def.key.as_str()))
        .and_where(Expr::col("rule").eq(rule.as_str()))
        .to_owned();
    tx.execute(&delete).await?;
    let Some(constraint) = def.constraints.iter().find(|one| one.spec.key == rule) else { return Ok(Vec::new()) };
    let (row, pipelines) = (Row::of(def, def.field(key).into_iter().collect()), Pipelines::default());
    let mut after: Option<RecordId> = None;
    loop {
        let images = images(tx, ctx, def, &row, after).await?;
        let Some((last, _)) = images.last() else { break };
        after = Some(*last);
        let claim = |image: &Fields| claim_of(&pipelines, ctx.tenant, def, constraint, image).ok().flatten();
        let found = images.iter().filter_map(|(id, image)| Some((*id, claim(image)?)));
        let claims: Vec<(RecordId, Claim)> = found.collect();
        insert(tx, ctx.tenant, def, claims.iter().map(|(id, claim)| (*id, constraint, claim))).await?;
    }
    doubled(tx, ctx, def, &rule).await
}

/// Records with the same claim under a rule, some of some groups.
async fn doubled(tx: &Tx, ctx: &Ctx, def: &EntityDef, rule: &str) -> Result<Vec<Vec<RecordId>>> {
    let mut of_rule = Query::select();
    of_rule
        .from(TABLE)
        .and_where(Expr::col("tenant_id").eq(ctx.tenant.0))
        .and_where(Expr::col("entity").eq(def.key.as_str()))
        .and_where(Expr::col("rule").eq(rule));
    let mut several = of_rule.clone();
    several.column("digest").group_by_col("digest").and_having(Expr::cust("count(*)").gt(1_i64));
    several.order_by("digest", Order::Asc).limit(DOUBLES);
    let rows = tx.query_all(&several).await?;
    let digests = rows.iter().map(|row| Ok(row.try_get_by_index(0)?)).collect::<Result<Vec<Uuid>>>()?;
    let mut groups = Vec::with_capacity(digests.len());
    for digest in digests {
        let mut select = of_rule.clone();
        select.column("record_id").and_where(Expr::col("digest").eq(digest));
        select.order_by("record_id", Order::Asc).limit(DOUBLED);
        let rows = tx.query_all(&select).await?;
        groups.push(rows.iter().map(|row| Ok(row.try_get_by_index(0)?)).collect::<Result<Vec<RecordId>>>()?);
    }
    Ok(groups)
}
