//! Counts and sums per pipeline, stage, owner and currency, kept by the write pipeline: heads of boards need no scan.
//!
//! A write adds rows of differences to `stage_total` in its own transaction, so writers never wait for each other; a reader
//! adds them up. Now and then a writer puts them together (`fold`), so that there are few.
//! Only entities of the core with a column `amount` have totals: own entities are counted.

use std::collections::BTreeMap;

use kernel::access::{Action, Scope};
use kernel::db::{ConnectionTrait, halves, summed as summed_halves};
use kernel::filter::Filter;
use kernel::jobs::{Handler, Job, JobError};
use kernel::value::{FieldType, scaled};
use kernel::{Ctx, FieldKey, Fields, Result, TenantId, Value};
use sea_orm::sea_query::{Alias, Expr, ExprTrait, Func, InsertStatement, Order, Query, SelectStatement};
use sea_orm::{DbBackend, Statement};
use uuid::Uuid;

use crate::catalogue::{EntityDef, FieldDef};
use crate::write::PendingChange;
use crate::{Catalogue, Records};

/// The job that puts together what writers have left.
pub const FOLD: &str = "records.fold_totals";
const TABLE: &str = "stage_total";
/// The money that is summed.
const AMOUNT: &str = "amount";
/// What totals are told apart by.
const KEYS: [&str; 4] = ["pipeline", "stage", "owner", "currency"];
/// Rows of differences after which a writer puts them together.
const FOLDED_AT: u32 = 400;

/// The money that an entity has totals of.
fn summed(def: &EntityDef) -> Option<&FieldDef> {
    let field = def.field(AMOUNT).filter(|field| field.kind == FieldType::Money)?;
    (def.staged && !def.is_shared()).then_some(field)
}

/// What a row of totals is of: pipeline, stage, owner, currency.
type Key = (Uuid, String, Option<Uuid>, Option<String>);

#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
struct Sums {
    records: i64,
    amounts: i64,
    amount: i128,
}

impl Sums {
    fn add(&mut self, sign: i64, amount: Option<i64>) {
        self.records += sign;
        self.amounts += sign * i64::from(amount.is_some());
        self.amount += i128::from(sign) * i128::from(amount.unwrap_or(0));
    }
}

/// What an image counts in; none in the recycle bin.
fn place(def: &EntityDef, money: &FieldDef, image: &Fields) -> Option<(Key, Option<i64>)> {
    if image.get("deleted_at").is_some_and(|at| !at.is_empty()) {
        return None;
    }
    let stage = image.get("stage").and_then(Value::as_text).unwrap_or_default().to_owned();
    let amount = match def.value_of(image, money) {
        Value::Decimal(amount) => scaled(amount),
        _ => None,
    };
    let currency = def.currency_of(money).map(|currency| def.value_of(image, currency));
    let currency = currency.as_ref().and_then(Value::as_text).map(str::to_owned);
    let id = |key: &str| image.get(key).and_then(Value::as_id);
    Some(((id("pipeline").unwrap_or_default(), stage, id("owner"), currency), amount))
}

/// What the changes mean for the totals, to be written; none when they stay as they are.
pub(crate) fn differences(ctx: &Ctx, def: &EntityDef, changes: &[&PendingChange]) -> Option<InsertStatement> {
    let money = summed(def)?;
    let mut differences: BTreeMap<Key, Sums> = BTreeMap::new();
    for change in changes {
        let before = change.before.as_ref().and_then(|image| place(def, money, image));
        let after = place(def, money, &change.after);
        if before == after {
            continue;
        }
        for (sign, place) in [(-1, before), (1, after)] {
            if let Some((key, amount)) = place {
                differences.entry(key).or_default().add(sign, amount);
            }
        }
    }
    differences.retain(|_, sums| *sums != Sums::default());
    let mut insert = Query::insert();
    insert.into_table(TABLE).columns(["tenant_id", "entity"].into_iter().chain(COLUMNS));
    for ((pipeline, stage, owner, currency), sums) in &differences {
        let (upper, lower) = halves(sums.amount);
        insert.values_panic([
            ctx.tenant.0.into(),
            def.key.as_str().into(),
            (*pipeline).into(),
            stage.as_str().into(),
            (*owner).into(),
            currency.clone().into(),
            sums.records.into(),
            sums.amounts.into(),
            lower.into(),
            upper.into(),
        ]);
    }
    (!differences.is_empty()).then_some(insert)
}

/// Columns of a row but for whose it is.
const COLUMNS: [&str; 8] = ["pipeline", "stage", "owner", "currency", "records", "amounts", "amount", "amount_upper"];

/// Whether the totals answer: only what they are told apart by is asked for, by the reader and by their rights.
pub(crate) fn answer(
    def: &EntityDef,
    ctx: &Ctx,
    filter: Option<&Filter>,
    asked: impl IntoIterator<Item = FieldKey>,
) -> bool {
    let known = |key: &str| KEYS.contains(&key);
    let scope = ctx.rights.scope(&def.key, Action::Read);
    let rule = match &scope {
        Scope::Where(rule) => Some(rule),
        Scope::Nothing | Scope::All => None,
    };
    summed(def).is_some()
        && filter.into_iter().chain(rule).all(|filter| filter.fields().into_iter().all(known))
        && asked.into_iter().all(|key| known(&key))
}

/// Whether the totals know the sum of this field.
pub(crate) fn sums(field: &str) -> bool {
    field == AMOUNT
}

/// The sum of the kept amounts, for `kernel::db::sum_at`.
pub(crate) fn amount(def: &EntityDef) -> [Expr; 2] {
    let [upper, lower] = summed_halves(&Expr::col((def.table, AMOUNT)));
    [upper.add(Expr::expr(Func::sum(Expr::col((def.table, "amount_upper")))).cast_as("bigint")), lower]
}

/// The totals in the place of the entity's table: filters and rights compile against it as against the records.
pub(crate) fn instead_of(def: &EntityDef, tenant: TenantId, select: &mut SelectStatement) {
    let totals = Query::select()
        .columns(["tenant_id"].into_iter().chain(COLUMNS))
        .expr_as(Expr::cust("NULL"), Alias::new("deleted_at"))
        .from(TABLE)
        .and_where(Expr::col("tenant_id").eq(tenant.0))
        .and_where(Expr::col("entity").eq(def.key.as_str()))
        .take();
    select.from_subquery(totals, Alias::new(def.table));
}

impl Records {
    /// Counts rows of differences that were written, and puts them together when they are many. A failure is told in the
    /// log alone: the totals are right without.
    pub(crate) async fn fold_after(&self, ctx: &Ctx, def: &EntityDef, written: usize) {
        if summed(def).is_none() || !self.totals.is_due(ctx.tenant, &def.key, written) {
            return;
        }
        if let Err(error) = self.fold(ctx.tenant, &def.key).await {
            tracing::warn!(%error, entity = %def.key, "totals of stages could not be put together");
        }
    }

    /// Puts the rows of an entity's totals together.
    async fn fold(&self, tenant: TenantId, entity: &str) -> Result<()> {
        let tx = self.db.begin().await?;
        let backend = tx.get_database_backend();
        let of = || [sea_orm::Value::from(tenant.0), entity.into()];
        match backend {
            DbBackend::Postgres => {
                // Rows that somebody else is putting together are left to them.
                tx.execute_raw(Statement::from_sql_and_values(backend, FOLD_POSTGRES, of())).await?;
            }
            _ => {
                let last = Query::select()
                    .column("id")
                    .from(TABLE)
                    .and_where(Expr::col("tenant_id").eq(tenant.0))
                    .and_where(Expr::col("entity").eq(entity))
                    .order_by("id", Order::Desc)
                    .limit(1)
                    .take();
                let Some(row) = tx.query_one(&last).await? else { return Ok(()) };
                let last: i64 = row.try_get_by_index(0)?;
                for sql in FOLD_SQLITE {
                    let values = of().into_iter().chain([last.into()]);
                    tx.execute_raw(Statement::from_sql_and_values(backend, sql, values)).await?;
                }
            }
        }
        Ok(tx.commit().await?)
    }

    /// Makes the totals of a company anew out of its records: writers wait meanwhile.
    ///
    /// # Errors
    /// When the database fails; nothing was changed.
    pub async fn rebuild_totals(&self, tenant: TenantId) -> Result<()> {
        let tx = self.db.begin().await?;
        for def in Catalogue::core().entities().iter().filter(|def| summed(def).is_some()) {
            if tx.get_database_backend() == DbBackend::Postgres {
                // A fold under way would leave a row that the removal below does not see.
                for lock in [format!("{} IN SHARE MODE", def.table), format!("{TABLE} IN SHARE ROW EXCLUSIVE MODE")] {
                    tx.execute_unprepared(&format!("LOCK TABLE {lock}")).await?;
                }
            }
            let delete = Query::delete()
                .from_table(TABLE)
                .and_where(Expr::col("tenant_id").eq(tenant.0))
                .and_where(Expr::col("entity").eq(def.key.as_str()))
                .to_owned();
            tx.execute(&delete).await?;
            let place = match tx.get_database_backend() {
                DbBackend::Postgres => "$1",
                _ => "?",
            };
            let sql = COUNT.replace("{entity}", &def.key).replace("{table}", def.table).replace("{tenant}", place);
            let values = [sea_orm::Value::from(tenant.0)];
            tx.execute_raw(Statement::from_sql_and_values(tx.get_database_backend(), sql, values)).await?;
        }
        Ok(tx.commit().await?)
    }
}

/// Counts the records of one entity of a company.
const COUNT: &str =
    "INSERT INTO stage_total (tenant_id, entity, pipeline, stage, owner, currency, records, amounts, amount, amount_upper)
    SELECT tenant_id, '{entity}', pipeline, stage, owner, currency, count(*), count(amount),
        coalesce(sum(amount & 4294967295), 0), coalesce(sum(amount >> 32), 0)
    FROM {table} WHERE tenant_id = {tenant} AND deleted_at IS NULL
    GROUP BY tenant_id, pipeline, stage, owner, currency";

const FOLD_POSTGRES: &str = "WITH mine AS (
        SELECT id FROM stage_total WHERE tenant_id = $1 AND entity = $2 FOR UPDATE SKIP LOCKED
    ), gone AS (DELETE FROM stage_total WHERE id IN (SELECT id FROM mine) RETURNING *),
    added AS (
        SELECT tenant_id, entity, pipeline, stage, owner, currency, sum(records) AS records, sum(amounts) AS amounts,
            sum(amount & 4294967295)::bigint AS lower, (sum(amount >> 32) + sum(amount_upper))::bigint AS upper
        FROM gone GROUP BY tenant_id, entity, pipeline, stage, owner, currency
    )
    INSERT INTO stage_total
        (tenant_id, entity, pipeline, stage, owner, currency, records, amounts, amount, amount_upper)
    SELECT tenant_id, entity, pipeline, stage, owner, currency, records, amounts,
        lower & 4294967295, upper + (lower >> 32)
    FROM added WHERE records <> 0 OR amounts <> 0 OR (lower & 4294967295) <> 0 OR upper + (lower >> 32) <> 0";

const FOLD_SQLITE: [&str; 2] = [
    "INSERT INTO stage_total
        (tenant_id, entity, pipeline, stage, owner, currency, records, amounts, amount, amount_upper)
    SELECT tenant_id, entity, pipeline, stage, owner, currency, records, amounts,
        lower & 4294967295, upper + (lower >> 32)
    FROM (
        SELECT tenant_id, entity, pipeline, stage, owner, currency, sum(records) AS records, sum(amounts) AS amounts,
            sum(amount & 4294967295) AS lower, sum(amount >> 32) + sum(amount_upper) AS upper
        FROM stage_total WHERE tenant_id = ? AND entity = ? AND id <= ?
        GROUP BY tenant_id, entity, pipeline, stage, owner, currency
    ) WHERE records <> 0 OR amounts <> 0 OR (lower & 4294967295) <> 0 OR upper + (lower >> 32) <> 0",
    "DELETE FROM stage_total WHERE tenant_id = ? AND entity = ? AND id <= ?",
];

/// How many rows of differences this process has written since it last put them together.
#[derive(Default)]
pub(crate) struct Pending(std::sync::Mutex<std::collections::HashMap<(TenantId, String), u32>>);

impl Pending {
    fn is_due(&self, tenant: TenantId, entity: &str, written: usize) -> bool {
        let mut pending = self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        let count = pending.entry((tenant, entity.to_owned())).or_default();
        // Of a bulk the changes share rows.
        *count = count.saturating_add(u32::try_from(written.min(20)).unwrap_or(u32::MAX));
        let due = *count >= FOLDED_AT;
        if due {
            *count = 0;
        }
        due
    }
}

/// Puts together what is left of writers that went away, and of writes inside transactions of others.
pub struct FoldTotals(pub Records);

#[async_trait::async_trait]
impl Handler for FoldTotals {
    fn kind(&self) -> &'static str {
        FOLD
    }

    async fn run(&self, _job: &Job) -> Result<(), JobError> {
        let many = Query::select()
            .columns(["tenant_id", "entity"])
            .from(TABLE)
            .add_group_by([Expr::col("tenant_id"), Expr::col("entity")])
            .and_having(Expr::cust("count(*)").gt(i64::from(FOLDED_AT)))
            .take();
        for row in self.0.db.read().query_all(&many).await.map_err(kernel::Error::from)? {
            let tenant = TenantId(row.try_get_by_index(0).map_err(kernel::Error::from)?);
            let entity: String = row.try_get_by_index(1).map_err(kernel::Error::from)?;
            self.0.fold(tenant, &entity).await?;
        }
        Ok(())
    }
}
