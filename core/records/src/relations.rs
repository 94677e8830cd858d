//! What reports read of records inside their queries: selects and expressions with named columns. Whoever reads them
//! knows these columns and no table.

use std::sync::Arc;

use kernel::access::Action;
use kernel::clock::Period;
use kernel::error::FieldError;
use kernel::value::FieldType;
use kernel::{Ctx, db};
use sea_orm::DbBackend;
use sea_orm::sea_query::{CaseStatement, Condition, Expr, ExprTrait, Func, Query, SelectStatement};

use crate::catalogue::EntityDef;
use crate::shape::Asker;

/// The records of tasks, for the queries of the crate that owns them (`EntityOwner`), which joins to them what it keeps
/// beside. Read only: they are written by the pipeline alone. Columns are those of the common shape (`id`, `tenant_id`,
/// `version`, `title`, `owner`, `creator`, `created_at`, `updated_at`, `deleted_at`, `search`), those of the fields of
/// `task` in the catalogue, and `due_sort`, the deadline or, without one, the end of time.
pub const TASK: &str = "task";

/// Steps of an entity's records through stages, those entered in `entered`. Records in the recycle bin have none.
///
/// | column | what |
/// |---|---|
/// | `template`, `process`, `step` | pipeline, key of the entity, stage |
/// | `entered_at`, `left_at` | microseconds; null while it stands there |
/// | `thing`, `record_id`, `entity` | the record |
/// | `started_by` | who moved it there |
/// | `finished` | 1 when the record is now in a stage that ends its pipeline, else 0 |
pub fn stage_steps(ctx: &Ctx, def: &EntityDef, entered: Period) -> SelectStatement {
    let table = "stage_transition";
    let ends = Query::select()
        .column("key")
        .from("stage")
        .and_where(Expr::col("tenant_id").eq(ctx.tenant.0))
        .and_where(Expr::col("semantic").ne("open"))
        .take();
    let mut select = Query::select();
    select
        .expr_as(Expr::col((table, "pipeline_id")), "template")
        .expr_as(Expr::val(def.key.as_str()), "process")
        .expr_as(Expr::col((table, "stage")), "step")
        .expr_as(Expr::col((table, "entered_at")), "entered_at")
        .expr_as(Expr::col((table, "left_at")), "left_at")
        .expr_as(Expr::col((table, "record_id")), "thing")
        .expr_as(Expr::col((table, "record_id")), "record_id")
        .expr_as(Expr::col((table, "entity")), "entity")
        .expr_as(Expr::col((table, "entered_by")), "started_by")
        .expr_as(Expr::case(column(def, "stage").in_subquery(ends), 1).finally(0), "finished")
        .from(table)
        .inner_join(def.table, column(def, "id").equals((table, "record_id")))
        .and_where(Expr::col((table, "tenant_id")).eq(ctx.tenant.0))
        .and_where(Expr::col((table, "entity")).eq(def.key.as_str()))
        .and_where(column(def, "deleted_at").is_null())
        .cond_where(db::within(entered, &Expr::col((table, "entered_at"))));
    select
}

/// How far an entity's records have come in each pipeline that they have been in, by ranks of its stages. Records in the
/// recycle bin have none.
///
/// | column | what |
/// |---|---|
/// | `template`, `process` | pipeline, key of the entity |
/// | `furthest` | the highest rank among the stages that it has stood in; null when none of them has one |
/// | `thing`, `record_id`, `entity` | the record |
/// | `step`, `started_by` | nothing, as in steps that are of no stage |
pub fn furthest(ctx: &Ctx, def: &EntityDef, ranks: &[(String, i64)]) -> SelectStatement {
    let table = "stage_transition";
    let mut rank = CaseStatement::new();
    for (stage, place) in ranks {
        rank = rank.case(Expr::col((table, "stage")).eq(stage.as_str()), *place);
    }
    let rank: Expr = if ranks.is_empty() { Expr::cust("CAST(NULL AS BIGINT)") } else { rank.into() };
    let mut passed = Query::select();
    passed
        .expr_as(Expr::col((table, "pipeline_id")), "template")
        .expr_as(Expr::col((table, "record_id")), "record_id")
        .expr_as(Func::max(rank), "furthest")
        .from(table)
        .and_where(Expr::col((table, "tenant_id")).eq(ctx.tenant.0))
        .and_where(Expr::col((table, "entity")).eq(def.key.as_str()))
        .group_by_col((table, "pipeline_id"))
        .group_by_col((table, "record_id"));
    let passed_col = |column: &'static str| Expr::col(("passed", column));
    let mut select = Query::select();
    select
        .expr_as(passed_col("template"), "template")
        .expr_as(Expr::val(def.key.as_str()), "process")
        .expr_as(passed_col("furthest"), "furthest")
        .expr_as(passed_col("record_id"), "thing")
        .expr_as(passed_col("record_id"), "record_id")
        .expr_as(Expr::val(def.key.as_str()), "entity")
        .expr_as(Expr::cust("NULL"), "step")
        .expr_as(Expr::cust("NULL"), "started_by")
        .from_subquery(passed, "passed")
        .inner_join(def.table, column(def, "id").equals(("passed", "record_id")))
        .and_where(column(def, "deleted_at").is_null());
    select
}

/// The value of a field of the record that a link points to, with its type, where the actor may read it; none where there
/// is no such pair of fields or both records are kept in one table.
pub fn hop(asker: &Asker<'_>, ctx: &Ctx, from: &Joined, link: &str, field: &str) -> Option<(Expr, FieldType)> {
    let link = from.def.field(link).filter(|link| from.def.shows(&ctx.rights, link))?;
    let target = asker.entity(link.target()?)?;
    let field = target.field(field).filter(|field| field.is_sortable() && target.shows(&ctx.rights, field))?;
    if target.table == from.def.table || !ctx.rights.may(&target.key, Action::Read) {
        return None;
    }
    let mut select = Query::select();
    select
        .expr(field.cell(target, from.backend)?)
        .from(target.table)
        .and_where(column(target, "id").eq(link.cell(&from.def, from.backend)?))
        .and_where(column(target, "deleted_at").is_null());
    target.own(&mut select, ctx.tenant);
    if let Some(allowed) = asker.allowed(target, Action::Read) {
        select.and_where(allowed);
    }
    Some((Expr::SubQuery(None, Box::new(select.into())), field.kind))
}

/// The value of a field to group or sort by, or of `link.field`, with its type, where the actor may read it.
pub fn readable(asker: &Asker<'_>, ctx: &Ctx, from: &Joined, field: &str) -> Option<(Expr, FieldType)> {
    if let Some((link, field)) = field.split_once('.') {
        return hop(asker, ctx, from, link, field);
    }
    let found = from.def.field(field).filter(|f| f.is_sortable() && from.def.shows(&ctx.rights, f))?;
    Some((found.cell(&from.def, from.backend)?, found.kind))
}

/// Joins records of an entity to the rows of a select that name them by `entity` and `id`, the same for every row of
/// one select. Rows of records that the actor may not read, and of none, are left out. `Joined` then gives their fields.
///
/// # Errors
/// When an access row names something that does not exist (any more).
pub fn join(
    select: &mut SelectStatement,
    asker: &Asker<'_>,
    ctx: &Ctx,
    def: &EntityDef,
    entity: Expr,
    id: Expr,
) -> Result<(), FieldError> {
    let mut same = Condition::all().add(column(def, "id").eq(id)).add(entity.eq(def.key.as_str()));
    for own in def.place().conditions(def.table, ctx.tenant) {
        same = same.add(own);
    }
    select.inner_join(def.table, same);
    if !ctx.rights.may(&def.key, Action::Read) {
        select.and_where(Expr::val(1).eq(0));
    } else if let Some(allowed) = asker.allowed(def, Action::Read) {
        select.and_where(allowed);
    }
    Ok(())
}

/// An entity whose fields stand in a select with `join`.
#[derive(Debug, Clone)]
pub struct Joined {
    /// The entity.
    pub def: Arc<EntityDef>,
    backend: DbBackend,
}

impl Joined {
    /// For queries on this database.
    pub const fn new(def: Arc<EntityDef>, backend: DbBackend) -> Self {
        Self { def, backend }
    }

    /// The value of a field; none of a field that has several values or that there is not.
    pub fn value(&self, field: &str) -> Option<Expr> {
        self.def.field(field)?.cell(&self.def, self.backend)
    }
}

fn column(def: &EntityDef, name: &'static str) -> Expr {
    crate::read::column(def, name)
}
