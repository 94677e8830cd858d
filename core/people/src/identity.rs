//! Who asks: the secret of a session or token becomes an `Identity`, and that a request's `Ctx`.
//!
//! Identities are kept for a few seconds, so that a request does not read five tables to learn what it knew a moment
//! ago. A change of people made by this process is seen at once (`forget`); one made by another node within
//! `KEPT_SECONDS`.

use std::collections::BTreeSet;
use std::sync::{Arc, OnceLock};

use kernel::access::{AccessRow, Closed, Rights};
use kernel::clock::Env;
use kernel::ctx::Cause;
use kernel::kept::{Kept, Moment};
use kernel::{Actor, Ctx, Db, DepartmentId, Error, Locale, Result, RoleId, TenantId, UserId};
use uuid::Uuid;

use crate::role::Role;
use crate::tenant::{self, Tenant};
use crate::token::{self, Scope, hash_of};
use crate::user::{self, User};
use crate::view_as::Viewing;
use crate::{department, role, sign_in};

/// Seconds an identity is kept.
const KEPT_SECONDS: i64 = 5;
/// Identities kept at most.
const MAX_KEPT: usize = 10_000;

/// How somebody proved who they are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Credential {
    /// A session of the portal.
    Session(Uuid),
    /// An API token.
    Token(Uuid),
    /// No proof was needed: the command line on the machine itself.
    Local,
}

/// A person with what they may do.
#[derive(Debug, Clone)]
pub struct Identity {
    /// The account.
    pub user: User,
    /// Their company.
    pub tenant: Tenant,
    /// Their roles: id, key, name.
    pub roles: Vec<(Uuid, String, String)>,
    /// Their rights, narrowed by the token's scopes.
    pub rights: Arc<Rights>,
    /// Departments under them.
    pub subtree: Arc<[DepartmentId]>,
    /// Departments that they head, and those under these.
    pub headed: Arc<[DepartmentId]>,
    /// Their department and those above it.
    pub within: Arc<[DepartmentId]>,
    /// Modules that do not exist for them.
    pub closed: Option<Arc<Closed>>,
    /// How they proved it.
    pub credential: Credential,
    /// Whether company settings may be changed (administrators, by session or by a token with scope `admin`).
    pub admin: bool,
    /// Whether they operate the installation.
    pub operator: bool,
    /// Whether the token is for reading alone (neither scope `write` nor `admin`).
    pub read_only: bool,
    /// Whether the token is for writing alone (neither scope `read` nor `admin`).
    pub write_only: bool,
    /// Who looks through it; none: whoever it is.
    pub viewing: Option<Viewing>,
}

impl Identity {
    /// Whoever sends the requests: an administrator who looks as another is still themselves.
    pub fn person(&self) -> Uuid {
        self.viewing.as_ref().map_or(self.user.id, |viewing| viewing.by.0)
    }

    /// What narrows the rights of whoever sends the requests: the token, or the person or role as which they look.
    pub fn through(&self) -> Option<Uuid> {
        match (&self.viewing, &self.credential) {
            (Some(viewing), _) => Some(viewing.role.as_ref().map_or(self.user.id, |(role, _)| *role)),
            (None, Credential::Token(token)) => Some(*token),
            (None, _) => None,
        }
    }

    /// The context of one of their requests.
    pub fn ctx(&self, env: &Env) -> Ctx {
        let id = UserId(self.user.id);
        Ctx {
            tenant: self.tenant.id,
            actor: match self.credential {
                Credential::Token(token) => Actor::Token { id, token },
                _ => Actor::User { id },
            },
            address: None,
            department: self.user.department_id.map(DepartmentId),
            subtree: Arc::clone(&self.subtree),
            headed: Arc::clone(&self.headed),
            rights: Arc::clone(&self.rights),
            as_role: self.viewing.as_ref().and_then(|viewing| viewing.role.as_ref()).map(|(role, _)| RoleId(*role)),
            closed: self.closed.clone(),
            locale: self.locale(),
            zone: self.tenant.zone,
            cause: Cause::root(env),
            env: env.clone(),
        }
    }

    /// Their language.
    pub fn locale(&self) -> Locale {
        self.user.locale.parse().unwrap_or(self.tenant.locale)
    }
}

/// Judges the rules of roles by the entities and fields there are: they come and go.
#[async_trait::async_trait]
pub trait Rules: Send + Sync {
    /// The rules as they count: one that names what is not there is false.
    ///
    /// # Errors
    /// When the database fails.
    async fn sound(&self, tenant: TenantId, role: &str, rows: Vec<AccessRow>) -> Result<Vec<AccessRow>>;
}

/// Says which modules are on for other departments alone.
#[async_trait::async_trait]
pub trait Gates: Send + Sync {
    /// What does not exist for somebody in these departments (their own and those above it; none: in no department).
    ///
    /// # Errors
    /// When it cannot be known: then nobody is let in.
    async fn closed(&self, tenant: TenantId, within: &[DepartmentId]) -> Result<Option<Arc<Closed>>>;
}

/// Finds identities, with a short memory.
#[derive(Clone)]
pub struct Identities {
    pub(crate) db: Db,
    pub(crate) env: Env,
    /// By the hash of their secret.
    kept: Arc<Kept<String, Arc<Identity>>>,
    rules: Arc<OnceLock<Arc<dyn Rules>>>,
    gates: Arc<OnceLock<Arc<dyn Gates>>>,
}

impl Identities {
    /// An empty memory over a database.
    pub fn new(db: &Db, env: &Env) -> Self {
        Self {
            db: db.clone(),
            env: env.clone(),
            kept: Arc::new(Kept::of(MAX_KEPT)),
            rules: Arc::default(),
            gates: Arc::default(),
        }
    }

    /// Says who knows of gates. Only the first call counts.
    pub fn set_gates(&self, gates: Arc<dyn Gates>) {
        drop(self.gates.set(gates));
    }

    /// The identity as it is now: gates are asked each time, so that a change of one counts at once.
    async fn gated(&self, identity: Arc<Identity>) -> Result<Arc<Identity>> {
        let Some(gates) = self.gates.get() else { return Ok(identity) };
        let Some(closed) = gates.closed(identity.tenant.id, &identity.within).await? else { return Ok(identity) };
        let rights = Arc::new((*identity.rights).clone().without(Arc::clone(&closed)));
        Ok(Arc::new(Identity { rights, closed: Some(closed), ..(*identity).clone() }))
    }

    /// Says who judges rules. Only the first call counts.
    pub fn set_rules(&self, rules: Arc<dyn Rules>) {
        drop(self.rules.set(rules));
    }

    /// Forgets everything: call after any change of people, roles, sessions or tokens.
    pub fn forget(&self) {
        self.kept.forget_all();
    }

    /// Who holds this session, or as whom they look.
    ///
    /// # Errors
    /// `Unauthenticated`; conflict `view_as.ended`, until somebody takes note that looking as another has ended.
    pub async fn by_session(&self, secret: &str) -> Result<Arc<Identity>> {
        let key = format!("s{}", hash_of(secret));
        if let Some(known) = self.known(&key) {
            return self.gated(known).await;
        }
        let since = self.kept.moment();
        let session = sign_in::find(&self.db, secret, self.env.now()).await?.ok_or(Error::Unauthenticated)?;
        let own = self
            .load(TenantId(session.tenant_id), UserId(session.user_id), Credential::Session(session.id), None)
            .await?;
        let identity = if session.as_until.is_some() { self.viewed(own, &session).await? } else { own };
        self.gated(self.keep(since, key, identity)).await
    }

    /// The same for whoever is about to change something: an administrator who began to look as somebody else at another node
    /// a moment ago does not act as themselves meanwhile.
    ///
    /// # Errors
    /// As `by_session`.
    pub async fn by_session_to_act(&self, secret: &str) -> Result<Arc<Identity>> {
        let identity = self.by_session(secret).await?;
        if !identity.admin || identity.viewing.is_some() {
            return Ok(identity);
        }
        let session = sign_in::find(&self.db, secret, self.env.now()).await?.ok_or(Error::Unauthenticated)?;
        if session.as_until.is_none() {
            return Ok(identity);
        }
        self.kept.forget(&format!("s{}", hash_of(secret)));
        self.by_session(secret).await
    }

    /// Who holds this API token.
    ///
    /// # Errors
    /// `Unauthenticated`.
    pub async fn by_token(&self, secret: &str) -> Result<Arc<Identity>> {
        let key = format!("t{}", hash_of(secret));
        if let Some(known) = self.known(&key) {
            return self.gated(known).await;
        }
        let since = self.kept.moment();
        let token = token::find(&self.db, &self.env, secret).await?.ok_or(Error::Unauthenticated)?;
        let scopes: BTreeSet<Scope> = serde_json::from_value(token.scopes).map_err(Error::internal)?;
        let credential = Credential::Token(token.id);
        let identity = self.load(TenantId(token.tenant_id), UserId(token.user_id), credential, Some(&scopes)).await?;
        self.gated(self.keep(since, key, identity)).await
    }

    /// Whether this token is recognised without asking the database.
    pub fn remembers_token(&self, secret: &str) -> bool {
        self.known(&format!("t{}", hash_of(secret))).is_some()
    }

    /// Whether this session is recognised without asking the database.
    pub fn remembers_session(&self, secret: &str) -> bool {
        self.known(&format!("s{}", hash_of(secret))).is_some()
    }

    /// A person by id, without proof: for work done on their behalf later (imports) and for the command line.
    ///
    /// # Errors
    /// `NotFound`, `Unauthenticated` when the account is not active.
    pub async fn of_user(&self, tenant: TenantId, user: UserId) -> Result<Identity> {
        let identity = self.gated(Arc::new(self.load(tenant, user, Credential::Local, None).await?)).await?;
        Ok(Arc::unwrap_or_clone(identity))
    }

    pub(crate) async fn load(
        &self,
        tenant: TenantId,
        id: UserId,
        credential: Credential,
        scopes: Option<&BTreeSet<Scope>>,
    ) -> Result<Identity> {
        let conn = self.db.read();
        let account = user::get(conn, tenant, id).await?;
        if !account.active {
            return Err(Error::Unauthenticated);
        }
        let roles = role::of_user(conn, account.id).await?;
        let departments = department::list(conn, tenant).await?;
        let own = account.department_id.map(DepartmentId);
        let subtree = department::subtree(&departments, own, id);
        let headed = department::subtree(&departments, None, id);
        let within = department::with_those_above(&departments, own);
        let mut rights = self.rights_of(tenant, &roles).await?;
        let mut admin = rights.is_admin();
        let mut operator = account.operator;
        let read_only = scopes.is_some_and(|scopes| !scopes.contains(&Scope::Write) && !scopes.contains(&Scope::Admin));
        let write_only = scopes.is_some_and(|scopes| !scopes.contains(&Scope::Read) && !scopes.contains(&Scope::Admin));
        if let Some(scopes) = scopes {
            admin &= scopes.contains(&Scope::Admin);
            operator &= scopes.contains(&Scope::Admin);
            rights = rights.restricted(token::restrictions(scopes));
        }
        Ok(Identity {
            tenant: tenant::get(&self.db, tenant).await?,
            roles: roles.iter().map(|r| (r.id, r.key.clone(), r.name.clone())).collect(),
            rights: Arc::new(if admin { rights } else { rights.without_admin() }),
            subtree: subtree.into(),
            headed: headed.into(),
            within: within.into(),
            closed: None,
            credential,
            admin,
            operator,
            read_only,
            write_only,
            viewing: None,
            user: account,
        })
    }

    /// What somebody with these roles may do.
    pub(crate) async fn rights_of(&self, tenant: TenantId, roles: &[Role]) -> Result<Rights> {
        let mut of_roles = Vec::with_capacity(roles.len());
        for role in roles {
            let mut rights = role.rights();
            if let Some(rules) = self.rules.get() {
                rights.rows = rules.sound(tenant, &role.key, rights.rows).await?;
            }
            of_roles.push(rights);
        }
        Ok(Rights::of_roles(&of_roles))
    }

    fn known(&self, key: &str) -> Option<Arc<Identity>> {
        let (at, identity) = self.kept.get(key)?;
        let now = self.env.now();
        let over = identity.viewing.as_ref().is_some_and(|viewing| viewing.until <= now);
        (at.plus_seconds(KEPT_SECONDS) > now && !over).then_some(identity)
    }

    fn keep(&self, since: Moment, key: String, identity: Identity) -> Arc<Identity> {
        let identity = Arc::new(identity);
        self.kept.put(since, key, self.env.now(), Arc::clone(&identity));
        identity
    }
}
