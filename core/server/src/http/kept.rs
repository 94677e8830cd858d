//! How many answers are kept for a person, and how large they are together (`idempotency.rs`): each stays for a day, so there
//! is an end to them.
//!
//! Counted here as they come, and in the database every ten minutes, or sooner before somebody is refused: other nodes keep
//! answers too, and old ones go.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use kernel::db::ConnectionTrait;
use kernel::{Ctx, Db, Error, Result, Timestamp};
use sea_orm::sea_query::{Expr, ExprTrait, Query};
use uuid::Uuid;

use crate::config::Http;

/// Seconds that a count is believed.
const BELIEVED: i64 = 600;
/// The same when it says that there is no room.
const BELIEVED_FULL: i64 = 10;
/// People whose counts are remembered.
const REMEMBERED: usize = 10_000;

#[derive(Debug, Clone, Copy)]
struct Kept {
    answers: i64,
    bytes: i64,
    counted: Timestamp,
}

impl Kept {
    const fn is_full(&self, config: &Http) -> bool {
        self.answers >= config.kept_answers || self.bytes >= config.kept_bytes
    }
}

/// What is kept of each person.
#[derive(Debug, Default)]
pub struct KeptAnswers(Mutex<HashMap<(Uuid, Uuid), Kept>>);

fn person(ctx: &Ctx) -> (Uuid, Uuid) {
    (ctx.tenant.0, ctx.user().map(|user| user.0).unwrap_or_default())
}

impl KeptAnswers {
    fn with<T>(&self, look: impl FnOnce(&mut HashMap<(Uuid, Uuid), Kept>) -> T) -> T {
        look(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Whether one more answer may be kept for the actor.
    ///
    /// # Errors
    /// Conflict `idempotency.full`.
    pub async fn room(&self, db: &Db, ctx: &Ctx, config: &Http) -> Result<()> {
        let believed = |kept: &Kept| {
            let seconds = if kept.is_full(config) { BELIEVED_FULL } else { BELIEVED };
            kept.counted.plus_seconds(seconds) > ctx.now()
        };
        let kept = match self.with(|all| all.get(&person(ctx)).copied()).filter(believed) {
            Some(kept) => kept,
            None => self.count(db, ctx).await?,
        };
        if kept.is_full(config) { Err(Error::Conflict { code: "idempotency.full", current: None }) } else { Ok(()) }
    }

    async fn count(&self, db: &Db, ctx: &Ctx) -> Result<Kept> {
        let (tenant, user) = person(ctx);
        let select = Query::select()
            .expr(Expr::cust("count(*)"))
            .expr(Expr::cust("coalesce(sum(octet_length(body)), 0)"))
            .from("idempotency_key")
            .and_where(Expr::col("tenant_id").eq(tenant))
            .and_where(Expr::col("user_id").eq(user))
            .take();
        let row = db.read().query_one(&select).await?;
        let (answers, bytes) = match &row {
            Some(row) => (row.try_get_by_index(0)?, row.try_get_by_index(1)?),
            None => (0, 0),
        };
        let kept = Kept { answers, bytes, counted: ctx.now() };
        self.with(|all| {
            if all.len() >= REMEMBERED {
                all.clear();
            }
            all.insert((tenant, user), kept);
        });
        Ok(kept)
    }

    /// One more is kept, of so many bytes.
    pub fn add(&self, ctx: &Ctx, bytes: usize) {
        let bytes = i64::try_from(bytes).unwrap_or(i64::MAX);
        self.with(|all| {
            if let Some(kept) = all.get_mut(&person(ctx)) {
                kept.answers += 1;
                kept.bytes = kept.bytes.saturating_add(bytes);
            }
        });
    }
}
