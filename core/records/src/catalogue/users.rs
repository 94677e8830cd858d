//! What looks at a field and at its options: a field goes, or its values become others, and an option goes, only once
//! nothing does.

use std::sync::{Arc, PoisonError};

use kernel::access::AccessRow;
use kernel::db::{ConnectionTrait, Tx};
use kernel::filter::Filter;
use kernel::{Ctx, Error, Result};
use serde_json::{Value as Json, json};

use super::definition::{EntityDef, FieldDef};
use super::{Catalogue, rollup, rules, store};
use crate::Records;
use crate::shape::Asker;
use crate::views::{self, View};

/// Who else looks at fields and names their options, beside what the catalogue itself knows: asked before one goes.
#[async_trait::async_trait]
pub trait Looks: Send + Sync {
    /// What can do its work with the catalogue as it is `now` and could not `then`: `[{kind, key, name}]`.
    ///
    /// # Errors
    /// When the database fails.
    async fn users(&self, tx: &Tx, ctx: &Ctx, now: &Catalogue, then: &Catalogue) -> Result<Vec<Json>>;

    /// What names one of the items as an option of a field, resting or not: `[{kind, key, name}]`.
    ///
    /// # Errors
    /// When the database fails.
    async fn naming(&self, ctx: &Ctx, entity: &str, field: &str, items: &[String]) -> Result<Vec<Json>>;
}

impl Records {
    /// Says who else looks at fields.
    pub fn add_looker(&self, looks: Arc<dyn Looks>) {
        self.lookers.write().unwrap_or_else(PoisonError::into_inner).push(looks);
    }

    /// Whoever looks at fields above records.
    pub(super) fn lookers(&self) -> Vec<Arc<dyn Looks>> {
        self.lookers.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Passes a field that nothing looks at. `now`: the catalogue that has it.
    pub(super) async fn let_go(&self, tx: &Tx, ctx: &Ctx, now: &Catalogue, entity: &str, key: &str) -> Result<()> {
        let catalogue = self.drawn_in(tx, ctx).await?;
        let def = catalogue.entity(entity)?;
        let mut users = rules::users(def, key);
        users.extend(rules::users(def, &store::currency_key(key)));
        users.extend(rollup::users(&catalogue, entity, key));
        let mut left = EntityDef::clone(now.entity(entity)?);
        left.without_field(key);
        let then = now.with_entity(left);
        users.extend(views_of(tx, ctx, now, &then).await?);
        for looks in self.lookers() {
            users.extend(looks.users(tx, ctx, now, &then).await?);
        }
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

/// Views that administrators may change (shared ones and their own) whose filter or order would name what is gone.
async fn views_of(tx: &Tx, ctx: &Ctx, now: &Catalogue, then: &Catalogue) -> Result<Vec<Json>> {
    let all = views::changeable(tx, ctx).await?;
    let backend = tx.get_database_backend();
    let (seen, left) = (Asker::new(now, ctx, backend), Asker::new(then, ctx, backend));
    let works = |asker: &Asker<'_>, catalogue: &Catalogue, view: &View| {
        let Some(def) = catalogue.find(&view.entity) else { return false };
        let sorts = view.config.get("sort").and_then(Json::as_array).into_iter().flatten();
        let mut sorts = sorts.filter_map(|sort| sort.get("field").and_then(Json::as_str));
        let sorted = sorts.all(|key| def.field(key).is_some());
        let filter = view.config.get("filter").filter(|filter| !filter.is_null()).map(Filter::parse);
        sorted && filter.is_none_or(|filter| filter.is_ok_and(|filter| asker.rule(def, &filter).is_ok()))
    };
    let broken = all.iter().filter(|view| works(&seen, now, view) && !works(&left, then, view));
    Ok(broken.map(|view| json!({"kind": "view", "key": view.id, "name": view.name})).collect())
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
        self.with_entity(changed)
    }

    /// The same where an entity is another.
    fn with_entity(&self, changed: EntityDef) -> Self {
        let changed = Arc::new(changed);
        let entities = self.entities.iter().map(|one| Arc::clone(if one.key == changed.key { &changed } else { one }));
        Self::new(self.revision, self.pipelines.clone(), entities.collect())
    }
}
