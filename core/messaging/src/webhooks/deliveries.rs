//! What was sent, as administrators see it; sending it anew, and trying a webhook out.

use kernel::db::Tx;
use kernel::jobs;
use kernel::{Ctx, Error, Result, audit};
use people::require_admin;
use serde::{Deserialize, Serialize};
use serde_json::json;
use uuid::Uuid;

use super::store::{self, NewDelivery, Row};
use super::{Delivery, DeliveryState, KEPT_DAYS, Webhooks, send};

/// Deliveries of a page, and at most.
const PAGE: u64 = 50;
const MAX_PAGE: u64 = 200;
/// Deliveries that are sent anew at once.
const MAX_REPLAY: u64 = 1_000;

/// Which deliveries.
#[derive(Debug, Clone, Default, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields, default)]
#[into_params(parameter_in = Query)]
pub struct DeliveryQuery {
    /// In this state.
    pub state: Option<DeliveryState>,
    /// Where the page before ended.
    pub cursor: Option<i64>,
    /// 1 to 200; 50 by default.
    pub limit: Option<u64>,
}

/// A page of deliveries, newest first.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[schema(as = WebhookDeliveries)]
pub struct DeliveryPage {
    /// The deliveries.
    pub items: Vec<Delivery>,
    /// For the next page.
    pub next_cursor: Option<i64>,
}

/// How many deliveries are sent anew.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[schema(as = WebhookReplayed)]
pub struct Replayed {
    /// Of those that were given up, the oldest first, up to 1,000 at once.
    pub replayed: u64,
    /// Those that are left.
    pub left: u64,
}

impl Webhooks {
    /// What was sent to a webhook, or waits to be (administrators). Kept for 30 days.
    ///
    /// # Errors
    /// `Denied`, `NotFound`.
    pub async fn deliveries(&self, ctx: &Ctx, webhook: Uuid, query: &DeliveryQuery) -> Result<DeliveryPage> {
        require_admin(ctx)?;
        self.known(ctx, webhook).await?;
        let limit = query.limit.unwrap_or(PAGE).clamp(1, MAX_PAGE);
        let which = (query.state, query.cursor);
        let mut found = store::page(self.db.read(), ctx.tenant, webhook, which, limit + 1).await?;
        let more = u64::try_from(found.len()).unwrap_or(u64::MAX) > limit;
        found.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
        let next_cursor = found.last().map(|row| row.number).filter(|_| more);
        Ok(DeliveryPage { items: found.into_iter().map(|row| row.delivery).collect(), next_cursor })
    }

    /// Sends a delivery anew, under the id that it has; one that waits is sent now (administrators).
    ///
    /// # Errors
    /// `Denied`, `NotFound`; conflict `webhook.off` while nothing is sent there.
    pub async fn replay(&self, ctx: &Ctx, webhook: Uuid, delivery: Uuid) -> Result<Delivery> {
        require_admin(ctx)?;
        self.sending(ctx, webhook).await?;
        let missing = || Error::NotFound(format!("delivery {delivery}"));
        let found = store::delivery(self.db.read(), ctx.tenant, delivery).await?;
        let found = found.filter(|row| row.webhook == webhook).ok_or_else(missing)?;
        let tx = self.db.begin().await?;
        if found.delivery.state == DeliveryState::Waiting {
            jobs::hasten_one(&tx, &ctx.env, &send::key(delivery, found.round)).await?;
        } else {
            self.again(&tx, ctx, &found).await?;
        }
        audit::record(&tx, ctx, "webhook.replayed", &webhook.to_string(), json!({"delivery": delivery})).await?;
        tx.commit().await?;
        let now = store::delivery(self.db.read(), ctx.tenant, delivery).await?;
        Ok(now.ok_or_else(missing)?.delivery)
    }

    /// Sends all deliveries anew that were given up, oldest first, up to 1,000 at once (administrators).
    ///
    /// # Errors
    /// `Denied`, `NotFound`; conflict `webhook.off` while nothing is sent there.
    pub async fn replay_all(&self, ctx: &Ctx, webhook: Uuid) -> Result<Replayed> {
        require_admin(ctx)?;
        self.sending(ctx, webhook).await?;
        let tx = self.db.begin().await?;
        let (found, all) = store::dead(&tx, ctx.tenant, webhook, MAX_REPLAY).await?;
        let mut replayed = 0;
        for row in &found {
            replayed += u64::from(self.again(&tx, ctx, row).await?);
        }
        audit::record(&tx, ctx, "webhook.replayed", &webhook.to_string(), json!({"count": replayed})).await?;
        tx.commit().await?;
        Ok(Replayed { replayed, left: all.saturating_sub(replayed) })
    }

    /// Sends a message of the type `webhook.test`, also to a webhook that is switched off; it is tried once
    /// (administrators).
    ///
    /// # Errors
    /// `Denied`, `NotFound`.
    pub async fn test(&self, ctx: &Ctx, webhook: Uuid) -> Result<Delivery> {
        require_admin(ctx)?;
        self.known(ctx, webhook).await?;
        let body = json!({"type": send::TEST, "timestamp": ctx.now(), "data": {"webhook": webhook}}).to_string();
        let new = NewDelivery { id: ctx.id(), webhook, kind: send::TEST, entity: "", record: None, body };
        let tx = self.db.begin().await?;
        store::queue(&tx, ctx, &new).await?;
        jobs::enqueue(&tx, &ctx.env, send::job(ctx, new.id, 0)).await?;
        tx.commit().await?;
        let made = store::delivery(self.db.read(), ctx.tenant, new.id).await?;
        Ok(made.ok_or_else(|| Error::NotFound(format!("delivery {}", new.id)))?.delivery)
    }

    /// Forgets deliveries that ended long ago, and webhooks that were taken away before.
    ///
    /// # Errors
    /// When the database fails; what was forgotten stays so.
    pub async fn forget_old(&self) -> Result<()> {
        let before = self.env.now().plus_seconds(-KEPT_DAYS * 86_400);
        loop {
            let tx = self.db.begin().await?;
            let gone = store::forget_some(&tx, before).await?;
            if gone == 0 {
                store::forget_removed(&tx, before).await?;
                return Ok(tx.commit().await?);
            }
            tx.commit().await?;
        }
    }

    /// Whether anything is sent there.
    async fn sending(&self, ctx: &Ctx, webhook: Uuid) -> Result<()> {
        if self.known(ctx, webhook).await?.hook.enabled {
            return Ok(());
        }
        Err(Error::Conflict { code: "webhook.off", current: None })
    }

    /// Has a delivery that ended wait anew, with a job. Returns whether it had ended.
    async fn again(&self, tx: &Tx, ctx: &Ctx, found: &Row) -> Result<bool> {
        if !store::again(tx, ctx.now(), found).await? {
            return Ok(false);
        }
        jobs::enqueue(tx, &ctx.env, send::job(ctx, found.delivery.id, found.round + 1)).await?;
        Ok(true)
    }
}
