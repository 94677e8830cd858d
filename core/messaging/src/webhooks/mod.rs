//! Webhooks: other servers that a company wants to be told of what happens to its records, by the Standard Webhooks
//! specification.
//!
//! Owns: the tables `webhook`, `webhook_revision` and `webhook_delivery`, the jobs `webhook.events` and `webhook.send`. Must not know: records (what
//! a person may see of an event it asks of a port), HTTP but for the port of requests.
//!
//! A reader of the event log makes a job of each part of the log that concerns somebody; the job writes a delivery for each
//! webhook and event, under an id made of the two, with a job of its own. So each event is sent at least once, and what comes
//! twice has the same `webhook-id`. A webhook looks with the rights of the administrator who made or changed it last.
//!
//! | module | what |
//! |---|---|
//! | `deliveries` | what was sent, as administrators see it; once more |
//! | `events` | which events a webhook wants, and what it is told |
//! | `manage` | who makes and changes webhooks |
//! | `reader` | events become deliveries |
//! | `secret` | secrets and signatures |
//! | `send` | a delivery is handed over |
//! | `store` | the tables |
//! | `under_way` | how many deliveries of a webhook go at once |

mod deliveries;
mod events;
mod manage;
mod reader;
mod secret;
mod send;
mod store;
mod under_way;

use std::sync::{Arc, OnceLock};

use kernel::by_revision::ByRevision;
use kernel::clock::Env;
use kernel::event::{Event, Follower};
use kernel::jobs::Handler;
use kernel::{Ctx, Db, Error, Result, Timestamp};
use people::Identities;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

pub use deliveries::{DeliveryPage, DeliveryQuery, Replayed};
pub use manage::{MadeWebhook, NewSecret, WebhookInput};
pub(crate) use store::secrets;

use crate::outbound::Outbound;

/// Webhooks of a company.
pub const MAX_WEBHOOKS: usize = 20;
/// Events that a webhook names.
pub const MAX_EVENTS: usize = 100;
/// Deliveries of a webhook in a second; more wait for their turn.
pub const PER_SECOND: u32 = 10;
/// Days without a delivery that was taken, while others failed, after which a webhook is switched off.
pub const FAILING_DAYS: i64 = 3;
/// Days for which deliveries are kept.
pub const KEPT_DAYS: i64 = 30;
/// Companies whose webhooks are kept in memory at most.
const MAX_TENANTS: usize = 2_000;

/// Where a company wants to be told of what happens.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct Webhook {
    /// Its id.
    pub id: Uuid,
    /// Where it is told.
    pub url: String,
    /// Of what: `deal.created`, `deal.*`, `deal.stage:won`.
    pub events: Vec<String>,
    /// What it is for, for administrators.
    pub description: String,
    /// Whether anything is sent.
    pub enabled: bool,
    /// Who made or changed it last: with their rights it looks.
    pub owner: Uuid,
    /// When it was made.
    #[schema(value_type = String)]
    pub created: Timestamp,
    /// Since when nothing was taken there.
    #[schema(value_type = Option<String>)]
    pub failing_since: Option<Timestamp>,
    /// Why the product switched it off.
    pub stopped: Option<Stopped>,
    /// When it did.
    #[schema(value_type = Option<String>)]
    pub stopped_at: Option<Timestamp>,
    /// Until when messages are signed with the secret before as well.
    #[schema(value_type = Option<String>)]
    pub old_secret_until: Option<Timestamp>,
}

/// Why the product switched a webhook off.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = WebhookStopped)]
pub enum Stopped {
    /// Nothing was taken there for days.
    Failures,
    /// The other server said that there is nobody any more (410).
    Gone,
    /// Whoever it looked for has no active account any more.
    Owner,
}

impl Stopped {
    const fn name(self) -> &'static str {
        match self {
            Self::Failures => "failures",
            Self::Gone => "gone",
            Self::Owner => "owner",
        }
    }
}

/// How a delivery stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = WebhookDeliveryState)]
pub enum DeliveryState {
    /// To be sent, or sent again.
    Waiting,
    /// It was taken.
    Delivered,
    /// Nobody tries any more.
    Dead,
}

impl DeliveryState {
    /// Its name in the database and the API.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Delivered => "delivered",
            Self::Dead => "dead",
        }
    }
}

/// One message to one webhook.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
#[schema(as = WebhookDelivery)]
pub struct Delivery {
    /// Its id; `webhook-id` is made of it.
    pub id: Uuid,
    /// e.g. `deal.updated`; `webhook.test` of a test.
    #[serde(rename = "type")]
    pub kind: String,
    /// Entity of the record it is about; empty of a test.
    pub entity: String,
    /// The record it is about.
    pub record: Option<Uuid>,
    /// What is sent: JSON.
    pub body: String,
    /// How it stands.
    pub state: DeliveryState,
    /// Tries since it was made, or sent anew.
    pub tries: i64,
    /// When it was made.
    #[schema(value_type = String)]
    pub created: Timestamp,
    /// When it is tried again.
    #[schema(value_type = Option<String>)]
    pub due: Option<Timestamp>,
    /// When it was taken or given up.
    #[schema(value_type = Option<String>)]
    pub ended: Option<Timestamp>,
    /// The status of the last answer.
    pub status: Option<i64>,
    /// The beginning of the last answer, up to 1 KB.
    pub answer: Option<String>,
    /// Why it was not taken: `switched_off`, `owner`, or words in English.
    pub error: Option<String>,
}

/// What a webhook asks of the layers above.
#[async_trait::async_trait]
pub trait Sight: Send + Sync {
    /// Those of the events whose record the actor may see now, without fields that they may not.
    ///
    /// # Errors
    /// When the database fails.
    async fn seen(&self, ctx: &Ctx, events: Vec<Event>) -> Result<Vec<Event>>;

    /// Whether there is such an entity, and such a stage of it where one is named.
    ///
    /// # Errors
    /// When the database fails.
    async fn knows(&self, ctx: &Ctx, entity: &str, stage: Option<&str>) -> Result<bool>;
}

/// The service of webhooks; cheap to clone.
#[derive(Clone)]
pub struct Webhooks {
    db: Db,
    env: Env,
    identities: Identities,
    allow_private: bool,
    follower: Arc<Follower>,
    known: Arc<ByRevision<store::Kept>>,
    under_way: Arc<under_way::UnderWay>,
    sight: Arc<OnceLock<Arc<dyn Sight>>>,
    outbound: Arc<OnceLock<Arc<dyn Outbound>>>,
}

impl Webhooks {
    /// With `allow_private`, addresses of this machine and of private networks may be named.
    pub fn new(db: &Db, env: &Env, identities: &Identities, allow_private: bool) -> Self {
        Self {
            db: db.clone(),
            env: env.clone(),
            identities: identities.clone(),
            allow_private,
            follower: Arc::new(Follower::new(db, env, reader::READER, reader::REPEAT)),
            under_way: Arc::default(),
            known: Arc::new(ByRevision::of(store::REVISIONS, MAX_TENANTS)),
            sight: Arc::default(),
            outbound: Arc::default(),
        }
    }

    /// Says who knows what people may see. Only the first call counts.
    pub fn set_sight(&self, sight: Arc<dyn Sight>) {
        drop(self.sight.set(sight));
    }

    /// Says what sends requests. Only the first call counts.
    pub fn set_outbound(&self, outbound: Arc<dyn Outbound>) {
        drop(self.outbound.set(outbound));
    }

    /// Handlers of its jobs.
    pub fn handlers(&self) -> Vec<Arc<dyn Handler>> {
        vec![Arc::new(reader::Spread(self.clone())), Arc::new(send::HandOver(self.clone()))]
    }

    fn sight(&self) -> Result<&dyn Sight> {
        let sight =
            self.sight.get().ok_or_else(|| Error::Unavailable("nobody knows what people may see".to_owned()))?;
        Ok(&**sight)
    }
}
