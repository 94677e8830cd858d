//! Names of people and departments, for answers that show ids: kept a few seconds by tenant, so that a list does not
//! ask for the same names again and again.
//!
//! A change made by this process is seen at once (`forget`), one made by another node within `KEPT_SECONDS`.

use std::collections::HashMap;
use std::sync::Arc;

use kernel::clock::Env;
use kernel::db::ConnectionTrait;
use kernel::kept::Kept;
use kernel::{Db, Result, TenantId};
use sea_orm::sea_query::{Expr, ExprTrait, Query};
use uuid::Uuid;

/// Seconds that names are kept.
const KEPT_SECONDS: i64 = 5;
/// Tenants whose names are kept at most.
const MAX_TENANTS: usize = 256;

/// Names of one tenant.
#[derive(Debug, Default)]
pub struct Known {
    /// Of accounts, inactive ones too.
    pub users: HashMap<Uuid, String>,
    /// Of departments.
    pub departments: HashMap<Uuid, String>,
}

/// Names by tenant; cheap to clone.
#[derive(Debug, Clone)]
pub struct Names {
    kept: Arc<Kept<TenantId, Arc<Known>>>,
}

impl Default for Names {
    fn default() -> Self {
        Self { kept: Arc::new(Kept::of(MAX_TENANTS)) }
    }
}

impl Names {
    /// The tenant's names.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn of(&self, db: &Db, env: &Env, tenant: TenantId) -> Result<Arc<Known>> {
        let now = env.now();
        if let Some((at, known)) = self.kept.get(&tenant)
            && at.plus_seconds(KEPT_SECONDS) > now
        {
            return Ok(known);
        }
        let since = self.kept.moment();
        let known = Arc::new(Known {
            users: read(db.read(), "user_account", tenant).await?,
            departments: read(db.read(), "department", tenant).await?,
        });
        self.kept.put(since, tenant, now, Arc::clone(&known));
        Ok(known)
    }

    /// Forgets everything: call after any change of people or departments.
    pub fn forget(&self) {
        self.kept.forget_all();
    }
}

async fn read(conn: &impl ConnectionTrait, table: &'static str, tenant: TenantId) -> Result<HashMap<Uuid, String>> {
    let select =
        Query::select().columns(["id", "name"]).from(table).and_where(Expr::col("tenant_id").eq(tenant.0)).take();
    let mut names = HashMap::new();
    for row in conn.query_all(&select).await? {
        names.insert(row.try_get_by_index(0)?, row.try_get_by_index(1)?);
    }
    Ok(names)
}
