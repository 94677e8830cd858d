//! Looking at the company as somebody else, or as whoever has one role alone: what an administrator's session is for, for
//! half an hour at most. It stands in the session, so that every request of it is answered as the other, and none may
//! change anything (the door of HTTP refuses).
//!
//! Whether it may be is judged anew whenever the identity is looked up. When its time is over, the administrator is none any
//! more or the other is barred, the session answers `view_as.ended` until somebody takes note (`stop`): a page that was drawn
//! as somebody else never acts for the administrator.

use std::collections::BTreeSet;
use std::sync::Arc;

use kernel::access::AccessRow;
use kernel::clock::Env;
use kernel::db::Tx;
use kernel::{Actor, Ctx, Db, Error, Result, TenantId, Timestamp, UserId, audit};
use sea_orm::sea_query::Condition;
use sea_orm::{ActiveValue::Set, ColumnTrait, EntityTrait, QueryFilter};
use serde_json::json;
use uuid::Uuid;

use crate::entities::{Fetch, Run, session};
use crate::identity::Credential;
use crate::token::{self, Scope};
use crate::{Identities, Identity, require_admin, role, sign_in, tenant};

/// Seconds for which somebody looks as another; they may begin again.
pub const SECONDS: i64 = 30 * 60;
/// Stands in a session in the place of the time, once the looking has ended and nobody has taken note yet.
const ENDED: i64 = 0;

/// As whom.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Target {
    /// Somebody of the company.
    Person(UserId),
    /// Oneself with this role and no other.
    Role(Uuid),
}

/// That an identity is looked through by an administrator.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Viewing {
    /// The administrator.
    pub by: UserId,
    /// What they are called.
    pub name: String,
    /// The role as which they look, with its name; none: as a person.
    pub role: Option<(Uuid, String)>,
    /// Until when.
    pub until: Timestamp,
}

impl Target {
    const fn columns(self) -> (Option<Uuid>, Option<Uuid>) {
        match self {
            Self::Person(id) => (Some(id.0), None),
            Self::Role(id) => (None, Some(id)),
        }
    }

    fn of(session: &session::Model) -> Option<Self> {
        let person = session.as_user.map(|id| Self::Person(UserId(id)));
        person.or_else(|| session.as_role.map(Self::Role))
    }
}

/// Begins to look as another, in the session that asks (administrators).
///
/// # Errors
/// `Denied`; `NotFound` for whoever is not of the company; conflicts `view_as.session` without a session of the portal,
/// `view_as.already`, and those of `Identities::seen`.
pub async fn start(identities: &Identities, own: &Identity, target: Target) -> Result<()> {
    let ctx = own.ctx(&identities.env);
    require_admin(&ctx)?;
    let Credential::Session(id) = own.credential else { return Err(refused("view_as.session")) };
    let seen = identities.seen(own, target).await?;
    let name = seen.viewing.as_ref().and_then(|viewing| viewing.role.clone()).map_or(seen.user.name, |(_, name)| name);
    let until = ctx.now().plus_seconds(SECONDS);
    let (as_user, as_role) = target.columns();
    let change = session::ActiveModel {
        as_user: Set(as_user),
        as_role: Set(as_role),
        as_until: Set(Some(until.0)),
        ..Default::default()
    };
    let tx = identities.db.begin().await?;
    let free = session::Entity::update_many()
        .set(change)
        .filter(session::Column::Id.eq(id))
        .filter(session::Column::TenantId.eq(ctx.tenant.0))
        .filter(session::Column::AsUntil.is_null());
    if free.run(&tx).await? == 0 {
        return Err(refused("view_as.already"));
    }
    let object = as_user.or(as_role).unwrap_or_default().to_string();
    let detail = json!({"name": name, "user": as_user, "role": as_role, "until": until});
    audit::record(&tx, &ctx, "session.view_as", &object, detail).await?;
    Ok(tx.commit().await?)
}

/// Ends it, or takes note that it has ended; does nothing for a session that looks as nobody else.
///
/// # Errors
/// `Unauthenticated` when there is no such session.
pub async fn stop(db: &Db, env: &Env, secret: &str) -> Result<()> {
    let found = sign_in::find(db, secret, env.now()).await?.ok_or(Error::Unauthenticated)?;
    if found.as_until.is_none() {
        return Ok(());
    }
    let ctx = ctx_of(db, env, &found).await?;
    let none =
        session::ActiveModel { as_user: Set(None), as_role: Set(None), as_until: Set(None), ..Default::default() };
    let tx = db.begin().await?;
    end(&tx, &ctx, &found, "stopped").await?;
    // Another tab may have stopped it and begun anew since: that goes on.
    let over = session::Entity::update_many()
        .set(none)
        .filter(session::Column::Id.eq(found.id))
        .filter(session::Column::AsUntil.eq(ENDED));
    over.run(&tx).await?;
    Ok(tx.commit().await?)
}

impl Identities {
    /// Whoever the session looks as.
    ///
    /// # Errors
    /// Conflict `view_as.ended` when it may not any more.
    pub(crate) async fn viewed(&self, own: Identity, session: &session::Model) -> Result<Identity> {
        let until = Timestamp(session.as_until.unwrap_or(ENDED));
        let over = until <= self.env.now();
        if let Some(target) = Target::of(session).filter(|_| !over) {
            match self.seen(&own, target).await {
                Ok(seen) => return Ok(seen.until(until)),
                Err(Error::Denied(_) | Error::NotFound(_) | Error::Conflict { .. }) => {}
                Err(error) => return Err(error),
            }
        }
        if until.0 != ENDED {
            self.note(&own, session).await?;
        }
        Err(refused("view_as.ended"))
    }

    /// Writes down that it has ended; of several requests that find it out one does.
    async fn note(&self, own: &Identity, session: &session::Model) -> Result<()> {
        let tx = self.db.begin().await?;
        let noted = end(&tx, &own.ctx(&self.env), session, "not_allowed").await;
        match noted {
            Ok(()) => Ok(tx.commit().await?),
            Err(Error::Raced(_)) => Ok(()),
            Err(error) => Err(error),
        }
    }

    /// What `own` would be as another: with the rights of that person or role, without those of operators.
    ///
    /// # Errors
    /// `Denied` for whoever is no administrator, `NotFound`; conflicts: `view_as.self`, `view_as.barred` for an account that may not
    /// sign in, `view_as.admin` for administrators and operators, `view_as.restricted` for somebody who is not bound by
    /// each restriction that binds `own`.
    pub(crate) async fn seen(&self, own: &Identity, target: Target) -> Result<Identity> {
        if !own.admin {
            return Err(Error::Denied("admin"));
        }
        match target {
            Target::Person(id) => self.as_person(own, id).await,
            Target::Role(id) => self.as_role(own, id).await,
        }
    }

    async fn as_person(&self, own: &Identity, id: UserId) -> Result<Identity> {
        if id.0 == own.user.id {
            return Err(refused("view_as.self"));
        }
        let mut seen = match self.load(own.tenant.id, id, own.credential.clone(), None).await {
            Err(Error::Unauthenticated) => return Err(refused("view_as.barred")),
            loaded => loaded?,
        };
        if seen.admin || seen.operator {
            return Err(refused("view_as.admin"));
        }
        let binds = |row: &AccessRow| seen.rights.restrictions().any(|other| other == row);
        if !own.rights.restrictions().all(binds) {
            return Err(refused("view_as.restricted"));
        }
        // Whoever looks reads in their own language.
        seen.user.locale.clone_from(&own.user.locale);
        Ok(seen.looked_through_by(own, None))
    }

    /// What is theirs stays theirs; what they may do is what the role says, and nothing that their own roles forbid.
    async fn as_role(&self, own: &Identity, id: Uuid) -> Result<Identity> {
        let role = role::list(self.db.read(), own.tenant.id).await?.into_iter().find(|role| role.id == id);
        let role = role.ok_or_else(|| Error::NotFound(format!("role {id}")))?;
        if role.admin {
            return Err(refused("view_as.admin"));
        }
        let rights = self.rights_of(own.tenant.id, std::slice::from_ref(&role)).await?;
        let rights = rights.restricted(own.rights.restrictions().cloned());
        let seen = Identity {
            roles: vec![(role.id, role.key, role.name.clone())],
            rights: rights.into(),
            admin: false,
            operator: false,
            ..own.clone()
        };
        Ok(seen.looked_through_by(own, Some((role.id, role.name))))
    }
}

impl Identity {
    /// Nothing can be changed meanwhile, so no rights to do so are told: what asks for them offers nothing.
    fn looked_through_by(self, own: &Self, role: Option<(Uuid, String)>) -> Self {
        let reading = token::restrictions(&BTreeSet::from([Scope::Read]));
        let rights = Arc::new((*self.rights).clone().restricted(reading));
        let (by, name) = (UserId(own.user.id), own.user.name.clone());
        let viewing = Viewing { by, name, role, until: Timestamp(ENDED) };
        Self { rights, viewing: Some(viewing), ..self }
    }

    fn until(mut self, until: Timestamp) -> Self {
        if let Some(viewing) = &mut self.viewing {
            viewing.until = until;
        }
        self
    }
}

/// Before these sessions are removed: those that look as another do so no longer, and that is written down.
pub(crate) async fn end_with(tx: &Tx, ctx: &Ctx, sessions: Condition, how: &str) -> Result<()> {
    let looking = session::Entity::find().filter(sessions).filter(session::Column::AsUntil.gt(ENDED));
    for session in looking.rows(tx).await? {
        end(tx, ctx, &session, how).await?;
    }
    Ok(())
}

/// Marks it as ended and writes it down, unless that was done.
async fn end(tx: &Tx, ctx: &Ctx, session: &session::Model, how: &str) -> Result<()> {
    let over = session.as_until.is_some_and(|until| until <= ctx.now().0);
    let how = if over { "time" } else { how };
    let ended = session::ActiveModel { as_until: Set(Some(ENDED)), ..Default::default() };
    let ended = session::Entity::update_many()
        .set(ended)
        .filter(session::Column::Id.eq(session.id))
        .filter(session::Column::AsUntil.eq(session.as_until))
        .filter(session::Column::AsUntil.gt(ENDED));
    if ended.run(tx).await? > 0 {
        let object = session.as_user.or(session.as_role).unwrap_or_default().to_string();
        let detail = json!({"how": how, "by": session.user_id, "user": session.as_user, "role": session.as_role});
        audit::record(tx, ctx, "session.view_as_ended", &object, detail).await?;
    }
    Ok(())
}

/// The context of whoever the session belongs to.
pub(crate) async fn ctx_of(db: &Db, env: &Env, session: &session::Model) -> Result<Ctx> {
    let tenant = tenant::get(db, TenantId(session.tenant_id)).await?;
    Ok(Ctx { actor: Actor::User { id: UserId(session.user_id) }, ..tenant.system_ctx(env) })
}

const fn refused(code: &'static str) -> Error {
    Error::Conflict { code, current: None }
}
