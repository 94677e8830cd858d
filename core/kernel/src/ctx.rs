//! The context of every operation: who acts, in which tenant, in which language, when and why.

use std::net::IpAddr;
use std::sync::Arc;

use chrono_tz::Tz;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use uuid::Uuid;

use crate::access::{Closed, Rights};
use crate::clock::{Env, Timestamp};
use crate::filter::Viewer;
use crate::id::{DepartmentId, InstanceId, RoleId, TenantId, UserId};
use crate::text::Locale;

/// Hops of one cause chain inside a request.
pub const MAX_HOPS_REQUEST: u8 = 8;
/// Hops of one cause chain across jobs and events.
pub const MAX_HOPS_TOTAL: u8 = 16;

/// Who acts, as it is written into history.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "lowercase")]
pub enum Actor {
    /// A person.
    User {
        /// Who.
        id: UserId,
    },
    /// A person's API token.
    Token {
        /// Whose.
        id: UserId,
        /// Which token.
        token: Uuid,
    },
    /// A plugin, by its own service identity or on behalf of a person.
    Plugin {
        /// Plugin id, e.g. `lead-desk`.
        id: String,
        /// The person whose act set it off.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        user: Option<UserId>,
    },
    /// An import of a file, started by a person.
    Import {
        /// Whose.
        id: UserId,
        /// Which import.
        import: Uuid,
    },
    /// A process, by a step that people have no hand in.
    Process {
        /// The instance.
        id: InstanceId,
        /// The process of the file, e.g. `onboarding`.
        process: String,
    },
    /// A rule of automation, by itself or for the person whose change it answers.
    Rule {
        /// The rule.
        id: Uuid,
        /// What it is called.
        name: String,
        /// The person with whose rights it acts.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        user: Option<UserId>,
    },
    /// Somebody without an account, by a personal link.
    Guest {
        /// The link.
        id: Uuid,
    },
    /// The product itself.
    System,
}

impl Actor {
    /// The person behind the act, if there is one.
    pub const fn user(&self) -> Option<UserId> {
        match self {
            Self::User { id } | Self::Token { id, .. } | Self::Import { id, .. } => Some(*id),
            Self::Plugin { user, .. } | Self::Rule { user, .. } => *user,
            Self::Process { .. } | Self::Guest { .. } | Self::System => None,
        }
    }
}

/// Why it happens: the first act of the chain and the plugins it went through since.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cause {
    /// The act that began it.
    pub root: Uuid,
    /// Links of the chain so far.
    pub hop: u8,
    /// Plugin points that were passed, oldest first, e.g. `lead-desk:after`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub chain: Vec<String>,
}

impl Cause {
    /// The start of a new chain.
    pub fn root(env: &Env) -> Self {
        Self { root: crate::id::fresh(env), hop: 0, chain: Vec::new() }
    }

    /// One hop further, through `link`.
    #[must_use]
    pub fn through(&self, link: &str) -> Self {
        let mut chain = self.chain.clone();
        chain.push(link.to_owned());
        Self { root: self.root, hop: self.hop.saturating_add(1), chain }
    }
}

/// Everything an operation needs to know about its surroundings. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Ctx {
    /// The tenant of every statement.
    pub tenant: TenantId,
    /// Who acts.
    pub actor: Actor,
    /// Where the request of the person behind the act came from, where there is one and it is known.
    pub address: Option<IpAddr>,
    /// The acting person's department.
    pub department: Option<DepartmentId>,
    /// Departments under the person, their own included.
    pub subtree: Arc<[DepartmentId]>,
    /// Departments that the person heads, and those under these.
    pub headed: Arc<[DepartmentId]>,
    /// What they may do.
    pub rights: Arc<Rights>,
    /// The one role of the actor that counts: with which an administrator looks. None: all that they have.
    pub as_role: Option<RoleId>,
    /// Modules that do not exist for the person behind the act, also where a plugin acts with rights of its own.
    pub closed: Option<Arc<Closed>>,
    /// Language of messages.
    pub locale: Locale,
    /// The tenant's time zone.
    pub zone: Tz,
    /// Why.
    pub cause: Cause,
    /// Time and randomness.
    pub env: Env,
}

impl Ctx {
    /// The product acting on a tenant by itself, with every right.
    pub fn system(tenant: TenantId, zone: Tz, locale: Locale, env: &Env) -> Self {
        Self {
            tenant,
            actor: Actor::System,
            address: None,
            department: None,
            subtree: Arc::from([]),
            headed: Arc::from([]),
            rights: Arc::new(Rights::everything()),
            as_role: None,
            closed: None,
            locale,
            zone,
            cause: Cause::root(env),
            env: env.clone(),
        }
    }

    /// Whether a module does not exist for the person behind the act.
    pub fn is_closed(&self, module: &str) -> bool {
        self.closed.as_ref().is_some_and(|closed| closed.modules.contains(module))
    }

    /// The present instant.
    pub fn now(&self) -> Timestamp {
        self.env.now()
    }

    /// A fresh id.
    pub fn id(&self) -> Uuid {
        crate::id::fresh(&self.env)
    }

    /// The person behind the act.
    pub const fn user(&self) -> Option<UserId> {
        self.actor.user()
    }

    /// The same, acting as somebody else.
    #[must_use]
    pub fn acting_as(&self, actor: Actor) -> Self {
        Self { actor, ..self.clone() }
    }

    /// What the actor may see, as a digest: it differs when their rights or the departments that these speak of do.
    pub fn fingerprint(&self) -> String {
        let mut digest = Sha256::new();
        for line in self.rights.spelled() {
            digest.update(line.as_bytes());
            digest.update([0]);
        }
        digest.update(format!("{:?} {:?} {:?}", self.department, self.subtree, self.headed).as_bytes());
        hex::encode(digest.finalize())
    }

    /// How filters see the asker.
    pub fn viewer(&self) -> Viewer {
        Viewer {
            tenant: self.tenant,
            user: self.user(),
            department: self.department,
            subtree: self.subtree.to_vec(),
            headed: self.headed.to_vec(),
            now: self.now(),
            zone: self.zone,
        }
    }
}
