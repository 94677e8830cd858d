//! What looks at a field: it goes, or its values become others, only once nothing does.

use std::sync::Arc;

use kernel::access::AccessRow;
use kernel::db::{ConnectionTrait, Tx};
use kernel::{Ctx, Error, Result};
use serde_json::{Value as Json, json};

use super::definition::{EntityDef, FieldDef};
use super::{Catalogue, rollup, rules, store};
use crate::Records;
use crate::shape::Asker;

impl Records {
    /// Passes a field that nothing looks at.
    pub(super) async fn let_go(&self, tx: &Tx, ctx: &Ctx, entity: &str, key: &str) -> Result<()> {
        let catalogue = self.drawn_in(tx, ctx).await?;
        let def = catalogue.entity(entity)?;
        let mut users = rules::users(def, key);
        users.extend(rules::users(def, &store::currency_key(key)));
        users.extend(rollup::users(&catalogue, entity, key));
        none_of(&users)
    }

    /// Passes a field that may become the target: nothing computes or counts by it, and every rule of a role that makes
    /// sense goes on doing so.
    pub(super) async fn let_change(
        &self,
        conn: &impl ConnectionTrait,
        ctx: &Ctx,
        catalogue: &Catalogue,
        (def, target): (&EntityDef, &FieldDef),
    ) -> Result<()> {
        let roles = people::role::list(conn, ctx.tenant).await?;
        let mut users = rules::users(def, &target.key);
        users.extend(rollup::users(catalogue, &def.key, &target.key));
        let (backend, after) = (conn.get_database_backend(), catalogue.with_field(def, target));
        let (now, then) = (Asker::new(catalogue, ctx, backend), Asker::new(&after, ctx, backend));
        let breaks = |row: &AccessRow| {
            let Some(filter) = &row.filter else { return false };
            let mut spoken = catalogue.entities().iter().filter(|one| row.speaks_of(&one.key));
            spoken.any(|one| now.rule(one, filter).is_ok() && then.rule(one, filter).is_err())
        };
        let broken = roles.iter().filter(|role| role.rows.iter().any(breaks));
        users.extend(broken.map(|role| json!({"kind": "role", "key": role.key, "name": role.name})));
        none_of(&users)
    }
}

fn none_of(users: &[Json]) -> Result<()> {
    if users.is_empty() {
        return Ok(());
    }
    Err(Error::Conflict { code: "config.in_use", current: Some(json!({ "users": users })) })
}

impl Catalogue {
    /// The same where a field of an entity is another.
    fn with_field(&self, def: &EntityDef, field: &FieldDef) -> Self {
        let mut changed = def.clone();
        if let Some(known) = changed.field_mut(&field.key) {
            *known = field.clone();
        }
        let changed = Arc::new(changed);
        let entities = self.entities.iter().map(|one| Arc::clone(if one.key == def.key { &changed } else { one }));
        Self::new(self.revision, self.pipelines.clone(), entities.collect())
    }
}
