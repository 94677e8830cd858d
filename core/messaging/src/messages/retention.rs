//! Old messages of plugins: forgotten with their letters when the operator's days are over, chunk by chunk.

use kernel::db::ConnectionTrait;
use kernel::{Result, Timestamp};
use sea_orm::sea_query::{Expr, ExprTrait, Order, Query};
use uuid::Uuid;

use super::Messages;

/// Messages of one transaction: other writers of SQLite wait for it.
const CHUNK: u64 = 1_000;
/// Seconds of a day.
const DAY: i64 = 86_400;
/// States after which nothing more happens to a message; of an `unsure` one somebody is still to say what became of it.
const OVER: [&str; 3] = ["sent", "failed", "bounced"];

impl Messages {
    /// Forgets messages, and what is kept of what came in, that are older than the operator wants to keep. Gives how many
    /// messages those were.
    ///
    /// # Errors
    /// When the database fails; what was forgotten stays so.
    pub async fn forget_old(&self, now: Timestamp) -> Result<u64> {
        if self.limits.keep_days == 0 {
            return Ok(0);
        }
        let before = now.plus_seconds(-DAY.saturating_mul(i64::from(self.limits.keep_days)));
        let mut forgotten: u64 = 0;
        loop {
            let count = self.forget_some(before).await?;
            forgotten = forgotten.saturating_add(count);
            if count < CHUNK {
                break;
            }
        }
        let tx = self.mail.db.begin().await?;
        let received =
            Query::delete().from_table("message_received").and_where(Expr::col("created_at").lt(before.0)).to_owned();
        tx.execute(&received).await?;
        tx.commit().await?;
        Ok(forgotten)
    }

    async fn forget_some(&self, before: Timestamp) -> Result<u64> {
        let select = Query::select()
            .column("id")
            .from("message")
            .and_where(Expr::col("state").is_in(OVER))
            .and_where(Expr::col("settled_at").lt(before.0))
            .order_by("id", Order::Asc)
            .limit(CHUNK)
            .take();
        let mut ids: Vec<Uuid> = Vec::new();
        for row in self.mail.db.read().query_all(&select).await? {
            ids.push(row.try_get_by_index(0)?);
        }
        if ids.is_empty() {
            return Ok(0);
        }
        let tx = self.mail.db.begin().await?;
        for table in ["mail_outbox", "message"] {
            let delete =
                Query::delete().from_table(table).and_where(Expr::col("id").is_in(ids.iter().copied())).to_owned();
            tx.execute(&delete).await?;
        }
        tx.commit().await?;
        Ok(u64::try_from(ids.len()).unwrap_or(u64::MAX))
    }
}
