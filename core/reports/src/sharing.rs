//! With whom saved reports and dashboards are shared, and who reads them. To be shared shows no record: whoever reads one
//! sees figures with their own rights.

use kernel::db::ConnectionTrait;
use kernel::error::FieldError;
use kernel::{Ctx, Db, Error, Result};
use people::role::{self, Role};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::{INVALID, invalid};

/// Roles of one audience.
const MAX_ROLES: usize = 50;
/// Characters of a key that an error tells.
const SHOWN: usize = 80;

/// With whom something is shared.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields, default)]
#[schema(as = ReportSharing)]
pub struct Sharing {
    /// With everybody in the company who has a role.
    pub all: bool,
    /// With these roles.
    pub roles: Vec<Uuid>,
}

impl Sharing {
    /// Whether anybody but its owner reads it.
    pub(crate) const fn is_any(&self) -> bool {
        self.all || !self.roles.is_empty()
    }

    /// Whether the roles are there, or were when it was shared `before`: a role that is gone keeps nobody from saving the rest.
    pub(crate) async fn check(&self, conn: &impl ConnectionTrait, ctx: &Ctx, before: &Self) -> Result<()> {
        if self.roles.len() > MAX_ROLES {
            return Err(Error::field(INVALID, "shared", FieldError::new("too_many").with("max", MAX_ROLES)));
        }
        if self.roles.is_empty() {
            return Ok(());
        }
        let known: Vec<Uuid> = role::list(conn, ctx.tenant).await?.into_iter().map(|role| role.id).collect();
        match self.roles.iter().find(|role| !known.contains(role) && !before.roles.contains(role)) {
            Some(role) => Err(invalid("shared", format!("there is no role {role}"))),
            None => Ok(()),
        }
    }

    /// Its roles by key, in order; those that are gone are left out.
    pub(crate) fn keys(&self, known: &[Role]) -> Vec<String> {
        let named = |id: &Uuid| known.iter().find(|role| role.id == *id).map(|role| role.key.clone());
        let mut keys: Vec<String> = self.roles.iter().filter_map(named).collect();
        keys.sort_unstable();
        keys
    }

    /// What is shared with everybody, or with roles of these keys.
    ///
    /// # Errors
    /// `report.invalid` naming `roles` where there is no such role or nobody reads it, `shared` where there are too many.
    pub(crate) async fn of_keys(conn: &impl ConnectionTrait, ctx: &Ctx, all: bool, keys: &[String]) -> Result<Self> {
        let known = role::list(conn, ctx.tenant).await?;
        let mut shared = Self { all, roles: Vec::new() };
        for key in keys {
            let shown = || key.chars().take(SHOWN).collect::<String>();
            let unknown = || Error::field(INVALID, "roles", FieldError::new("unknown_name").with("value", shown()));
            shared.roles.push(known.iter().find(|role| role.key == *key).ok_or_else(unknown)?.id);
        }
        if !shared.is_any() {
            return Err(Error::field(INVALID, "roles", FieldError::new("required")));
        }
        shared.check(conn, ctx, &Self::default()).await?;
        Ok(shared)
    }
}

/// Who reads.
pub(crate) struct Reader {
    pub(crate) user: Uuid,
    /// Ids and keys of their roles.
    pub(crate) roles: Vec<(Uuid, String)>,
    pub(crate) admin: bool,
    /// Whether they may change nothing.
    reads: bool,
}

impl Reader {
    /// The person of a context.
    ///
    /// # Errors
    /// `Denied` for an actor that is no person.
    pub(crate) async fn of(db: &Db, ctx: &Ctx) -> Result<Self> {
        let user = ctx.user().ok_or(Error::Denied("action"))?.0;
        let roles = role::of_actor(db.read(), ctx).await?.into_iter().map(|role| (role.id, role.key)).collect();
        Ok(Self { user, roles, admin: ctx.rights.is_admin(), reads: ctx.rights.reads_alone() })
    }

    pub(crate) fn sees(&self, owner: Option<Uuid>, shared: &Sharing) -> bool {
        // Who has no role has nothing in common with the others.
        let all = shared.all && !self.roles.is_empty();
        owner == Some(self.user) || all || shared.roles.iter().any(|id| self.has(*id))
    }

    /// Who has made it changes it; what is shared an administrator too.
    pub(crate) fn edits(&self, owner: Option<Uuid>, shared: &Sharing) -> bool {
        owner == Some(self.user) || (self.admin && shared.is_any())
    }

    /// Whether changing it is offered: not to those who only read.
    pub(crate) fn may_edit(&self, owner: Option<Uuid>, shared: &Sharing) -> bool {
        !self.reads && self.edits(owner, shared)
    }

    fn has(&self, role: Uuid) -> bool {
        self.roles.iter().any(|(id, _)| *id == role)
    }
}

/// What a person keeps and shares, whatever it is: room for one more, a change over the version that was seen, owners.
pub(crate) mod kept {
    use kernel::db::{ConnectionTrait, Tx};
    use kernel::{Ctx, Db, Error, Result};
    use people::staff;
    use sea_orm::sea_query::{Expr, ExprTrait, Func, Query, UpdateStatement};
    use serde_json::json;
    use uuid::Uuid;

    use super::Person;
    use crate::{CONFLICT, TOO_MANY};

    /// Passes when the person has fewer than `most` in the table.
    pub(crate) async fn room(tx: &Tx, ctx: &Ctx, table: &'static str, owner: Uuid, most: i64) -> Result<()> {
        let count = Query::select()
            .expr(Func::count(Expr::col("id")))
            .from(table)
            .and_where(Expr::col("tenant_id").eq(ctx.tenant.0))
            .and_where(Expr::col("owner_id").eq(owner))
            .take();
        let own = tx.query_one(&count).await?.map_or(Ok(0), |row| row.try_get_by_index::<i64>(0))?;
        match own >= most {
            true => Err(Error::Conflict { code: TOO_MANY, current: Some(json!({ "max": most })) }),
            false => Ok(()),
        }
    }

    /// Changes the row with this id if it is as it was seen; `present` is its version now.
    pub(crate) async fn change(
        tx: &Tx,
        ctx: &Ctx,
        mut update: UpdateStatement,
        (id, seen, present): (Uuid, i64, i64),
    ) -> Result<()> {
        update
            .value("version", Expr::col("version").add(1_i64))
            .value("updated_at", ctx.now().0)
            .and_where(Expr::col("id").eq(id))
            .and_where(Expr::col("tenant_id").eq(ctx.tenant.0))
            .and_where(Expr::col("version").eq(seen));
        match tx.execute(&update).await?.rows_affected() {
            1 => Ok(()),
            _ => Err(Error::Conflict { code: CONFLICT, current: Some(json!({ "version": present })) }),
        }
    }

    /// Who these people are.
    pub(crate) async fn owners(db: &Db, ctx: &Ctx, ids: impl Iterator<Item = Uuid>) -> Result<Vec<Person>> {
        let mut ids: Vec<Uuid> = ids.collect();
        ids.sort_unstable();
        ids.dedup();
        let people = staff::by_ids(db.read(), ctx.tenant, &ids).await?;
        let name = |id: Uuid| people.iter().find(|one| one.id == id).map(|one| one.name.clone()).unwrap_or_default();
        Ok(ids.iter().map(|id| Person { id: *id, name: name(*id) }).collect())
    }

    /// One of them.
    pub(crate) fn owner(people: &[Person], id: Uuid) -> Person {
        people.iter().find(|person| person.id == id).cloned().unwrap_or(Person { id, name: String::new() })
    }
}

/// Somebody's name beside their id.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, utoipa::ToSchema)]
#[schema(as = ReportPerson)]
pub struct Person {
    /// Account.
    pub id: Uuid,
    /// Their name.
    pub name: String,
}
