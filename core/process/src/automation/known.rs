//! Rules that are switched on, kept parsed by company, by their revision: a rule of another node counts from its commit on, for
//! what an event did not set off is not made up for later.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use kernel::by_revision::{self, ByRevision};
use kernel::db::{ConnectionTrait, Tx};
use kernel::{Result, TenantId, Timestamp};
use uuid::Uuid;

use super::rules::{self, Kept};

const TABLE: &str = "automation_revision";
/// Companies whose rules are kept at most.
const MAX_TENANTS: usize = 2_000;

/// Rules by company; cheap to clone.
#[derive(Debug, Clone)]
pub(crate) struct KnownRules(Arc<ByRevision<Kept>>);

impl Default for KnownRules {
    fn default() -> Self {
        Self(Arc::new(ByRevision::of(TABLE, MAX_TENANTS)))
    }
}

impl KnownRules {
    /// Rules of these companies that are switched on, in their order.
    pub(super) async fn of(
        &self,
        conn: &impl ConnectionTrait,
        now: Timestamp,
        tenants: &BTreeSet<Uuid>,
    ) -> Result<HashMap<TenantId, Arc<[Kept]>>> {
        let look = self.0.look(conn, now, tenants).await?;
        let stale = look.stale();
        let read = if stale.is_empty() { Vec::new() } else { rules::enabled(conn, &stale).await? };
        Ok(self.0.keep(now, look, read.into_iter().map(|kept| (kept.tenant, kept)).collect()))
    }

    /// The same for one company.
    pub(super) async fn of_company(
        &self,
        conn: &impl ConnectionTrait,
        now: Timestamp,
        tenant: TenantId,
    ) -> Result<Arc<[Kept]>> {
        let mut all = self.of(conn, now, &BTreeSet::from([tenant.0])).await?;
        Ok(all.remove(&tenant).unwrap_or_else(|| Arc::from(Vec::new())))
    }
}

/// Counts a change of a company's rules, in its transaction: all that keep them read them anew.
pub(super) async fn touch(tx: &Tx, tenant: TenantId) -> Result<()> {
    by_revision::touch(tx, TABLE, tenant).await
}
