//! What companies have, kept in memory with the revision that it is of. The revision is asked for at each use: a change by
//! another node counts from its commit on.
//!
//! Whoever owns what is kept owns a table of revisions too (`tenant_id`, `revision`), and counts each change in it
//! (`touch`). A company without a row there has changed nothing yet.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use sea_orm::sea_query::{Expr, ExprTrait, OnConflict, Query};
use uuid::Uuid;

use crate::Result;
use crate::clock::Timestamp;
use crate::db::{ConnectionTrait, Tx};
use crate::id::TenantId;
use crate::kept::{Kept, Moment};

/// Seconds after which it is read anew whatever its revision: an older node beside this one counts no changes.
const KEPT_SECONDS: i64 = 60;

/// What companies have, by company.
#[derive(Debug)]
pub struct ByRevision<V> {
    table: &'static str,
    kept: Kept<TenantId, (i64, Arc<[V]>)>,
}

/// What is known of some companies, and whose is to be read anew.
#[derive(Debug)]
pub struct Look<V> {
    since: Moment,
    found: HashMap<TenantId, Arc<[V]>>,
    /// With their revisions.
    stale: BTreeMap<Uuid, i64>,
}

impl<V> Look<V> {
    /// The companies whose it is to read now; then `ByRevision::keep` has all of it.
    pub fn stale(&self) -> BTreeSet<Uuid> {
        self.stale.keys().copied().collect()
    }
}

impl<V> ByRevision<V> {
    /// Of at most so many companies, with revisions in this table.
    pub fn of(table: &'static str, companies: usize) -> Self {
        Self { table, kept: Kept::of(companies) }
    }

    /// What is known of these companies. The revisions are read before whatever is stale: a change between the two reads
    /// is read again next time, never missed.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn look(&self, conn: &impl ConnectionTrait, now: Timestamp, tenants: &BTreeSet<Uuid>) -> Result<Look<V>> {
        let mut look = Look { since: self.kept.moment(), found: HashMap::new(), stale: BTreeMap::new() };
        let revisions = revisions(conn, self.table, tenants).await?;
        for tenant in tenants {
            let revision = revisions.get(tenant).copied().unwrap_or_default();
            match self.kept.get(&TenantId(*tenant)) {
                Some((at, (of, known))) if of == revision && at <= now && at.plus_seconds(KEPT_SECONDS) > now => {
                    look.found.insert(TenantId(*tenant), known);
                }
                _ => {
                    look.stale.insert(*tenant, revision);
                }
            }
        }
        Ok(look)
    }

    /// Keeps what was read of the stale ones, in its order, and gives what all have.
    pub fn keep(&self, now: Timestamp, look: Look<V>, read: Vec<(TenantId, V)>) -> HashMap<TenantId, Arc<[V]>> {
        let mut by_tenant: HashMap<Uuid, Vec<V>> = HashMap::new();
        for (tenant, value) in read {
            by_tenant.entry(tenant.0).or_default().push(value);
        }
        let mut all = look.found;
        for (tenant, revision) in look.stale {
            let values: Arc<[V]> = Arc::from(by_tenant.remove(&tenant).unwrap_or_default());
            self.kept.put(look.since, TenantId(tenant), now, (revision, Arc::clone(&values)));
            all.insert(TenantId(tenant), values);
        }
        all
    }
}

/// Counts a change of what a company has, in its transaction: all that keep it read it anew. Whoever changes it first
/// does this: others that do wait here until the transaction ends.
///
/// # Errors
/// When the database fails.
pub async fn touch(tx: &Tx, table: &'static str, tenant: TenantId) -> Result<()> {
    let mut again = OnConflict::column("tenant_id");
    again.value("revision", Expr::col((table, "revision")).add(1));
    let insert = Query::insert()
        .into_table(table)
        .columns(["tenant_id", "revision"])
        .values_panic([tenant.0.into(), 1_i64.into()])
        .on_conflict(again)
        .to_owned();
    tx.execute(&insert).await?;
    Ok(())
}

async fn revisions(
    conn: &impl ConnectionTrait,
    table: &'static str,
    tenants: &BTreeSet<Uuid>,
) -> Result<HashMap<Uuid, i64>> {
    let select = Query::select()
        .columns(["tenant_id", "revision"])
        .from(table)
        .and_where(Expr::col("tenant_id").is_in(tenants.iter().copied()))
        .take();
    let mut found = HashMap::new();
    for row in conn.query_all(&select).await? {
        found.insert(row.try_get_by_index(0)?, row.try_get_by_index(1)?);
    }
    Ok(found)
}
