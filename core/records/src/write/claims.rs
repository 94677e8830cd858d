//! Constraints between records, held inside the commit.
//!
//! A record that a constraint means *claims* a key: a row of `record_claim` with a digest of the key's values and, as the
//! constraint wants it, a range or an amount. Whoever writes a record compares its claim with those of others and writes
//! it, in the transaction of the record: create, change, bin and restore alike, from every side.
//!
//! On SQLite there is one writer. On PostgreSQL writers of one key stand in line by advisory locks, taken before anything
//! is written: first a shared one of the entity, then one for each key in ascending order; a writer of many keys takes the
//! entity's alone. What a writer waits for is therefore never held by somebody who waits for the writer.

mod anew;

use std::collections::{BTreeSet, HashMap, HashSet};

use kernel::access::Action;
use kernel::db::{ConnectionTrait, Tx, sum_at, summed};
use kernel::error::{FieldError, FieldErrors, Refusal};
use kernel::value::{DECIMAL_SCALE, scaled};
use kernel::{Ctx, Error, Fields, Message, RecordId, RecordRef, Result, TenantId, Value, words};
use sea_orm::DbBackend;
use sea_orm::sea_query::{Expr, ExprTrait, Order, Query};
use sha2::{Digest, Sha256};
use uuid::Uuid;

use super::{PendingChange, Trial};
use crate::catalogue::constraint::{ConstraintDef, ConstraintKind, place};
use crate::catalogue::{EntityDef, FieldDef};
use crate::read;
use crate::stages::{Pipelines, Semantic};
use crate::{Catalogue, Inserts};

pub(crate) use anew::{claim_field, make_anew};

const TABLE: &str = "record_claim";
/// How HTTP tells of a broken constraint, where its plugin does not say otherwise.
const CONFLICT: u16 = 409;
/// Keys that a writer on PostgreSQL takes one by one; one that has more takes the whole entity.
const MAX_LOCKS: usize = 64;

/// What a record claims under a constraint.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Claim {
    /// Of the company, the entity, the constraint and the values of the key.
    pub digest: Uuid,
    /// A half-open range.
    pub range: Option<(i64, i64)>,
    /// In ten-thousandths where the field is a decimal.
    pub amount: Option<i64>,
}

/// What a change means under the constraints of its entity, in their order.
struct Asked {
    id: RecordId,
    before: Vec<Option<Claim>>,
    after: Vec<Result<Option<Claim>, FieldErrors>>,
}

/// What some changes of one entity claim.
pub(super) struct Claims(Vec<Asked>);

impl Claims {
    /// Of those changes whose claims differ.
    pub fn of<'a>(
        pipelines: &Pipelines,
        tenant: TenantId,
        def: &EntityDef,
        changes: impl Iterator<Item = &'a PendingChange>,
    ) -> Self {
        if def.constraints.is_empty() {
            return Self(Vec::new());
        }
        let claim = |constraint: &ConstraintDef, image: &Fields| claim_of(pipelines, tenant, def, constraint, image);
        let asked = changes.filter_map(|change| {
            let before = |constraint| change.before.as_ref().and_then(|image| claim(constraint, image).ok().flatten());
            let before: Vec<Option<Claim>> = def.constraints.iter().map(before).collect();
            let after: Vec<_> = def.constraints.iter().map(|constraint| claim(constraint, &change.after)).collect();
            let same = before.iter().zip(&after).all(|(before, after)| after.as_ref() == Ok(before));
            (!same).then_some(Asked { id: change.id, before, after })
        });
        Self(asked.collect())
    }

    /// Makes others who want one of the keys wait until the transaction is over. Before anything is written in it. Whoever writes
    /// several entities asks in the order of their keys.
    pub async fn lock(&self, tx: &Tx, tenant: TenantId, def: &EntityDef) -> Result<()> {
        if self.0.is_empty() || tx.get_database_backend() == DbBackend::Sqlite {
            return Ok(());
        }
        let after = self.0.iter().flat_map(|asked| asked.after.iter().flatten());
        let claims = self.0.iter().flat_map(|asked| &asked.before).chain(after).flatten();
        let keys: BTreeSet<i64> = claims.map(|claim| number(claim.digest)).collect();
        lock(tx, tenant, def, &keys).await
    }

    /// Compares the claims with those of others and writes them, but for changes that were lost. Gives those that break a
    /// constraint: the caller rolls back, leaves them out and begins again.
    pub async fn settle(
        &self,
        tx: &Tx,
        catalogue: &Catalogue,
        ctx: &Ctx,
        def: &EntityDef,
        lost: &HashSet<RecordId>,
    ) -> Result<HashMap<RecordId, Error>> {
        let mut broken = HashMap::new();
        let asked: Vec<&Asked> = self.0.iter().filter(|asked| !lost.contains(&asked.id)).collect();
        forget(tx, asked.iter().filter(|asked| asked.before.iter().any(Option::is_some)).map(|asked| asked.id), false)
            .await?;
        for asked in asked {
            match asked.problem(tx, def, None).await? {
                Some(problem) => {
                    broken.insert(asked.id, problem.told(tx, catalogue, ctx, def).await?);
                }
                None => asked.write(tx, ctx.tenant, def).await?,
            }
        }
        Ok(broken)
    }

    /// Those that would break a constraint, of a dry run: nothing is written, the others stand in `trial`. A claim that a
    /// record tried before would have given up still counts.
    pub async fn try_out(
        &self,
        conn: &impl ConnectionTrait,
        catalogue: &Catalogue,
        ctx: &Ctx,
        def: &EntityDef,
        trial: &Trial,
    ) -> Result<HashMap<RecordId, Error>> {
        let mut broken = HashMap::new();
        for asked in &self.0 {
            match asked.problem(conn, def, Some(trial)).await? {
                Some(problem) => {
                    broken.insert(asked.id, problem.told(conn, catalogue, ctx, def).await?);
                }
                None => asked.keep(trial),
            }
        }
        Ok(broken)
    }
}

/// Why a change cannot be.
struct Problem<'a> {
    constraint: &'a ConstraintDef,
    other: Option<RecordId>,
    fields: FieldErrors,
}

impl Asked {
    /// The first constraint that it breaks.
    async fn problem<'a>(
        &self,
        conn: &impl ConnectionTrait,
        def: &'a EntityDef,
        trial: Option<&Trial>,
    ) -> Result<Option<Problem<'a>>> {
        for ((constraint, before), after) in def.constraints.iter().zip(&self.before).zip(&self.after) {
            let claim = match after {
                Ok(claim) => claim.as_ref(),
                Err(fields) => return Ok(Some(Problem { constraint, other: None, fields: fields.clone() })),
            };
            let problem = |other| Some(Problem { constraint, other, fields: FieldErrors::new() });
            if constraint.spec.kind == ConstraintKind::Balance {
                if self.overdraws(conn, def, constraint, before.as_ref(), claim, trial).await? {
                    return Ok(problem(None));
                }
            } else if let Some(claim) = claim
                && let Some(other) = self.in_the_way(conn, claim, trial).await?
            {
                return Ok(problem(Some(other)));
            }
        }
        Ok(None)
    }

    /// Another record with the same key; of ranges, one that has something in common.
    async fn in_the_way(
        &self,
        conn: &impl ConnectionTrait,
        claim: &Claim,
        trial: Option<&Trial>,
    ) -> Result<Option<RecordId>> {
        if let Some(other) = trial.and_then(|trial| trial.in_the_way(self.id, claim)) {
            return Ok(Some(other));
        }
        let mut select = Query::select();
        select
            .column("record_id")
            .from(TABLE)
            .and_where(Expr::col("digest").eq(claim.digest))
            .and_where(Expr::col("record_id").ne(self.id))
            .order_by("record_id", Order::Asc)
            .limit(1);
        if let Some((from, to)) = claim.range {
            select.and_where(Expr::col("low").lt(to)).and_where(Expr::col("high").gt(from));
        }
        Ok(conn.query_one(&select).await?.map(|row| row.try_get_by_index(0)).transpose()?)
    }

    /// Whether a sum that the change lowers would be below its bound.
    async fn overdraws(
        &self,
        conn: &impl ConnectionTrait,
        def: &EntityDef,
        constraint: &ConstraintDef,
        before: Option<&Claim>,
        after: Option<&Claim>,
        trial: Option<&Trial>,
    ) -> Result<bool> {
        let bound = bound(def, constraint);
        let touched: BTreeSet<Uuid> = before.into_iter().chain(after).map(|claim| claim.digest).collect();
        for digest in touched {
            let part = |claim: Option<&Claim>| {
                claim.filter(|claim| claim.digest == digest).and_then(|claim| claim.amount).unwrap_or(0)
            };
            if part(after) >= part(before) {
                continue;
            }
            let mut select = Query::select();
            select
                .exprs(summed(&Expr::col("amount")))
                .from(TABLE)
                .and_where(Expr::col("digest").eq(digest))
                .and_where(Expr::col("record_id").ne(self.id));
            let others = conn.query_one(&select).await?.map_or(Ok(None), |row| sum_at(&row, 0))?;
            let tried = trial.map_or(0, |trial| trial.added(self.id, digest));
            if others.unwrap_or(0) + tried + i128::from(part(after)) < i128::from(bound) {
                return Ok(true);
            }
        }
        Ok(false)
    }

    fn keep(&self, trial: &Trial) {
        for (before, after) in self.before.iter().zip(&self.after) {
            trial.keep(self.id, before.as_ref(), after.as_ref().ok().and_then(Option::as_ref));
        }
    }

    async fn write(&self, tx: &Tx, tenant: TenantId, def: &EntityDef) -> Result<()> {
        if self.before.iter().any(Option::is_some) {
            forget(tx, std::iter::once(self.id), true).await?;
        }
        let claims = def.constraints.iter().zip(&self.after);
        let claims = claims.filter_map(|(constraint, claim)| Some((constraint, claim.as_ref().ok()?.as_ref()?)));
        insert(tx, tenant, def, claims.map(|(constraint, claim)| (self.id, constraint, claim))).await
    }
}

impl Problem<'_> {
    /// In words, with the other record where the writer may see it.
    async fn told(
        self,
        conn: &impl ConnectionTrait,
        catalogue: &Catalogue,
        ctx: &Ctx,
        def: &EntityDef,
    ) -> Result<Error> {
        let spec = &self.constraint.spec;
        let mut words = match &spec.message {
            Some(words) => words.in_locale(ctx.locale).to_owned(),
            None => Message::key(&format!("error.constraint.{}", spec.kind.name())).in_locale(ctx.locale),
        };
        let other = match self.other {
            Some(id) => read::load(conn, catalogue, ctx, def, &[id], Action::Read, false).await?.pop(),
            None => None,
        };
        if let Some(title) = other.as_ref().and_then(|other| other.fields.get("title")?.as_text()) {
            words = format!("{words} ({title})");
        }
        let mut fields = self.fields;
        if fields.is_empty() {
            let named = spec.shown_at().filter(|key| def.shows_key(&ctx.rights, key));
            let error = FieldError { code: "constraint".to_owned(), message: Message::Words(words.clone()) };
            fields = named.map(|key| (key.to_string(), error.clone())).collect();
        }
        let code = spec.code.as_deref().unwrap_or("record.constraint");
        Ok(Error::Refused(Box::new(Refusal {
            plugin: def.owner.plugin().map(str::to_owned),
            fields,
            other: other.map(|other| RecordRef { entity: other.entity, id: other.id }),
            rule: Some(spec.key.clone()),
            status: Some(spec.status.unwrap_or(CONFLICT)),
            ..Refusal::new(code, Message::Words(words))
        })))
    }
}

/// What an image claims; none where the constraint does not mean it, or a part of the key is empty.
pub(super) fn claim_of(
    pipelines: &Pipelines,
    tenant: TenantId,
    def: &EntityDef,
    constraint: &ConstraintDef,
    image: &Fields,
) -> Result<Option<Claim>, FieldErrors> {
    let spec = &constraint.spec;
    let fail = |field: &str, error: FieldError| FieldErrors::from([(field.to_owned(), error)]);
    if image.get("deleted_at").is_some_and(|at| !at.is_empty()) {
        return Ok(None);
    }
    let wrong = |reason: String| fail(&spec.key, FieldError::new("invalid").with("reason", reason));
    if !constraint.means(def, image).map_err(wrong)? {
        return Ok(None);
    }
    let stage = image.get("stage").and_then(Value::as_text).unwrap_or_default();
    let open = || pipelines.stage_ever(&def.key, stage).is_none_or(|(_, stage)| stage.semantic == Semantic::Open);
    if spec.kind == ConstraintKind::OneOpen && def.staged && !open() {
        return Ok(None);
    }
    let value = |key: &str| def.field(key).map_or(Value::Null, |field| def.value_of(image, field));
    let mut values: Vec<Value> = spec.per.iter().map(|key| value(key)).collect();
    if values.iter().any(Value::is_empty) {
        return Ok(None);
    }
    if constraint.is_of_field() {
        values.iter_mut().for_each(fold);
    }
    let digest = digest(tenant, def, &spec.key, &values);
    let mut claim = Claim { digest, range: None, amount: None };
    if let (Some(from), Some(to)) = (&spec.from, &spec.to) {
        let Some(low) = place(&value(from)) else { return Ok(None) };
        let high = place(&value(to)).map_or(i64::MAX, |end| end.saturating_add(i64::from(spec.to_included)));
        if high <= low {
            return Err(fail(to, FieldError::new("range_order")));
        }
        claim.range = Some((low, high));
    }
    if let Some(key) = &spec.amount {
        claim.amount = match value(key) {
            Value::Integer(number) => Some(number),
            Value::Decimal(number) => scaled(number),
            _ => None,
        };
    }
    Ok(Some(claim))
}

/// Texts of a company's own field are the same when they are the same to people.
fn fold(value: &mut Value) {
    if let Value::Text(text) = value {
        *text = words::folded(text);
    }
}

fn digest(tenant: TenantId, def: &EntityDef, constraint: &str, values: &[Value]) -> Uuid {
    let values: Vec<serde_json::Value> = values.iter().map(Value::to_json).collect();
    let text = serde_json::json!([tenant.0, def.key.as_str(), constraint, values]).to_string();
    let hash: [u8; 32] = Sha256::digest(text.as_bytes()).into();
    let (first, _) = hash.split_first_chunk::<16>().unwrap_or((&[0; 16], &[]));
    Uuid::from_bytes(*first)
}

/// The least sum in the measure of amounts.
fn bound(def: &EntityDef, constraint: &ConstraintDef) -> i64 {
    let field = constraint.spec.amount.as_ref().and_then(|key| def.field(key));
    let decimal = field.is_some_and(|field: &FieldDef| field.kind == kernel::value::FieldType::Decimal);
    let measure = if decimal { 10_i64.saturating_pow(DECIMAL_SCALE) } else { 1 };
    constraint.spec.min.saturating_mul(measure)
}

/// The number of a lock.
fn number(digest: Uuid) -> i64 {
    let (high, _) = digest.as_u64_pair();
    i64::from_ne_bytes(high.to_ne_bytes())
}

/// Takes the locks; none of single keys means all of the entity's.
async fn lock(tx: &Tx, tenant: TenantId, def: &EntityDef, keys: &BTreeSet<i64>) -> Result<()> {
    if tx.get_database_backend() == DbBackend::Sqlite {
        return Ok(());
    }
    let entity = number(digest(tenant, def, "", &[]));
    let sql = if keys.is_empty() || keys.len() > MAX_LOCKS {
        format!("SELECT pg_advisory_xact_lock({entity})")
    } else {
        let keys: Vec<String> = keys.iter().map(|key| format!("({key})")).collect();
        let keys = keys.join(", ");
        format!(
            "SELECT pg_advisory_xact_lock_shared({entity}); \
             SELECT pg_advisory_xact_lock(key) FROM (VALUES {keys}) AS wanted (key)"
        )
    };
    tx.execute_unprepared(&sql).await?;
    Ok(())
}

/// Removes claims of records; amounts only where told.
async fn forget(tx: &Tx, ids: impl Iterator<Item = RecordId>, amounts: bool) -> Result<()> {
    let ids: Vec<RecordId> = ids.collect();
    if ids.is_empty() {
        return Ok(());
    }
    let mut delete = Query::delete();
    delete.from_table(TABLE).and_where(Expr::col("record_id").is_in(ids));
    if !amounts {
        delete.and_where(Expr::col("amount").is_null());
    }
    tx.later(&delete).await?;
    Ok(())
}

async fn insert<'a>(
    tx: &Tx,
    tenant: TenantId,
    def: &EntityDef,
    claims: impl Iterator<Item = (RecordId, &'a ConstraintDef, &'a Claim)>,
) -> Result<()> {
    let mut insert = Query::insert();
    insert.into_table(TABLE).columns(["tenant_id", "entity", "record_id", "rule", "digest", "low", "high", "amount"]);
    let mut rows = Inserts::new(tx, insert);
    for (record, constraint, claim) in claims {
        rows.add(vec![
            tenant.0.into(),
            def.key.as_str().into(),
            record.into(),
            constraint.spec.key.as_str().into(),
            claim.digest.into(),
            claim.range.map(|(low, _)| low).into(),
            claim.range.map(|(_, high)| high).into(),
            claim.amount.into(),
        ])
        .await?;
    }
    rows.send().await
}
