//! Snapshots by tenant, kept in memory. A change made by this process is seen by the next operation (`forget`), one
//! made by another node within `FRESH_SECONDS`.

use std::collections::BTreeSet;
use std::sync::Arc;

use futures::FutureExt;
use kernel::db::ConnectionTrait;
use kernel::kept::Kept;
use kernel::{Ctx, Result, TenantId};

use super::layout::Layouts;
use super::{Catalogue, EntityDef, core_entities, store};
use crate::duplicates::Policies;
use crate::{Records, stages};

/// Seconds after which the revision of a snapshot is asked for again.
const FRESH_SECONDS: i64 = 1;
/// Tenants whose snapshots are kept at most.
const MAX_TENANTS: usize = 2_000;

/// Snapshots by tenant; cheap to clone.
#[derive(Debug, Clone)]
pub(crate) struct Known {
    core: Arc<[Arc<EntityDef>]>,
    /// With the time when their revision was last seen to be the newest.
    snapshots: Arc<Kept<TenantId, Arc<Catalogue>>>,
    /// For people to whom some entities are closed: the whole snapshot, and what is left of it.
    narrowed: Arc<Kept<(TenantId, BTreeSet<String>), Narrowed>>,
}

/// A whole snapshot with what is left of it.
type Narrowed = (Arc<Catalogue>, Arc<Catalogue>);

impl Default for Known {
    fn default() -> Self {
        Self {
            core: core_entities::all().into(),
            snapshots: Arc::new(Kept::of(MAX_TENANTS)),
            narrowed: Arc::new(Kept::of(MAX_TENANTS)),
        }
    }
}

impl Known {
    /// The entities of the product.
    pub(super) fn core(&self) -> &[Arc<EntityDef>] {
        &self.core
    }
}

impl Records {
    /// The newest snapshot of a tenant's catalogue.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn catalogue(&self, tenant: TenantId) -> Result<Arc<Catalogue>> {
        self.catalogue_in(self.db().read(), tenant).await
    }

    /// The same over a connection: inside a transaction, which must not wait for a second connection of the pool.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn catalogue_in(&self, conn: &impl ConnectionTrait, tenant: TenantId) -> Result<Arc<Catalogue>> {
        let now = self.env().now();
        let snapshots = &self.known.snapshots;
        let known = snapshots.get(&tenant);
        if let Some((at, catalogue)) = &known
            && at.plus_seconds(FRESH_SECONDS) > now
            && *at <= now
        {
            return Ok(Arc::clone(catalogue));
        }
        self.looked_up(conn, tenant, known.map(|(_, catalogue)| catalogue)).boxed().await
    }

    /// The snapshot of a catalogue, read anew unless it is as it was.
    async fn looked_up(
        &self,
        conn: &impl ConnectionTrait,
        tenant: TenantId,
        known: Option<Arc<Catalogue>>,
    ) -> Result<Arc<Catalogue>> {
        let (now, snapshots) = (self.env().now(), &self.known.snapshots);
        let since = snapshots.moment();
        // The revision is read first: a change between the two reads is read again next time, never missed.
        let revision = store::revision(conn, tenant).await?;
        let currency = people::tenant::currency(conn, tenant).await?;
        if let Some(catalogue) = known
            && catalogue.revision == revision
            && catalogue.pipelines.currency == currency
        {
            snapshots.put(since, tenant, now, Arc::clone(&catalogue));
            return Ok(catalogue);
        }
        let pipelines = stages::load(conn, tenant, currency).await?;
        let own = store::load(conn, tenant).await?;
        let duplicates = Policies::load(conn, tenant).await?;
        let layouts = Layouts::load(conn, tenant).await?;
        let directories = Arc::clone(&own.directories);
        let made = Catalogue::new(revision, pipelines, own.applied_to(&self.known.core));
        let catalogue = Arc::new(Catalogue { duplicates, layouts, directories, ..made });
        snapshots.put(since, tenant, now, Arc::clone(&catalogue));
        Ok(catalogue)
    }

    /// The newest snapshot for whoever acts: without the entities of modules that are closed to them.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn catalogue_of(&self, ctx: &Ctx) -> Result<Arc<Catalogue>> {
        Ok(self.open_to(ctx, self.catalogue(ctx.tenant).await?))
    }

    /// What is left of a snapshot for whoever acts.
    pub(crate) fn open_to(&self, ctx: &Ctx, whole: Arc<Catalogue>) -> Arc<Catalogue> {
        let Some(closed) = ctx.rights.closed().filter(|closed| !closed.entities.is_empty()) else { return whole };
        let (key, narrowed) = ((ctx.tenant, closed.entities.clone()), &self.known.narrowed);
        match narrowed.get(&key) {
            Some((_, (of, left))) if Arc::ptr_eq(&of, &whole) => left,
            _ => {
                let left = Arc::new(whole.without(&closed.entities));
                narrowed.put(narrowed.moment(), key, self.env().now(), (whole, Arc::clone(&left)));
                left
            }
        }
    }

    /// The definition of an entity in the newest snapshot, for whoever acts.
    ///
    /// # Errors
    /// `NotFound`.
    pub async fn entity(&self, ctx: &Ctx, key: &str) -> Result<Arc<EntityDef>> {
        self.catalogue_of(ctx).await?.entity(key).map(Arc::clone)
    }

    /// The same for those who define entities, whatever is closed to them.
    ///
    /// # Errors
    /// `NotFound`.
    pub async fn defined(&self, ctx: &Ctx, key: &str) -> Result<Arc<EntityDef>> {
        self.catalogue(ctx.tenant).await?.entity(key).map(Arc::clone)
    }

    /// Forgets a tenant's snapshot: call after any change of what it is made of.
    pub fn forget_catalogue(&self, tenant: TenantId) {
        self.known.snapshots.forget(&tenant);
    }
}
