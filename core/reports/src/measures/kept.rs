//! The same question again: its answer is kept for a minute for whoever asked, by their rights, and no longer than until
//! somebody writes something, on this node or another. What no write tells of (working time that is reckoned anew after a
//! changed calendar) is a minute old at most; the answer says of when it is.

use std::sync::Arc;

use kernel::kept::Kept;
use kernel::{Ctx, Error, Result, audit, event};

use super::{Answer, Query};
use crate::{Funnel, FunnelInput, Reports};

/// Seconds for which an answer is kept.
const KEPT_SECONDS: i64 = 60;
/// Rows of all answers that are kept, and of each.
pub(crate) const ANSWER_ROWS: usize = 30_000;
const MAX_ROWS: usize = 1_000;
/// Groups of all funnels that are kept, and of each: with four axes there are more of them.
pub(crate) const FUNNEL_GROUPS: usize = 20_000;
const MAX_GROUPS: usize = 5_000;
/// Rows that an answer counts as by itself, and bytes of its question that count as one.
const BY_ITSELF: usize = 20;
const ROW_BYTES: usize = 1_000;

/// Answers by whose they are and what was asked, with the mark of what they rest on.
pub(crate) type KeptAnswers<T> = Kept<String, (String, Arc<T>)>;

pub(crate) fn kept<T>(most: usize) -> KeptAnswers<T> {
    Kept::of(most)
}

impl Reports {
    /// Answers a question as [`Reports::query`] does, or with the answer that somebody with the same rights had within the
    /// last minute, if nothing was written since.
    ///
    /// # Errors
    /// `report.invalid` with the place.
    pub async fn query_again(&self, ctx: &Ctx, asked: &Query) -> Result<Answer> {
        if asked.who.is_some() {
            // That part is not spelled.
            return self.query(ctx, asked).await;
        }
        let spelled = serde_json::to_string(asked).map_err(Error::internal)?;
        let rows = |answer: &Answer| Some(answer.rows.len()).filter(|rows| *rows <= MAX_ROWS);
        self.again(ctx, &self.answers, &spelled, self.query(ctx, asked), rows).await
    }

    /// The same of a funnel.
    ///
    /// # Errors
    /// As [`Reports::funnel`].
    pub async fn funnel_again(&self, ctx: &Ctx, asked: &FunnelInput) -> Result<Funnel> {
        let spelled = serde_json::to_string(asked).map_err(Error::internal)?;
        let groups = |funnel: &Funnel| Some(funnel.items.len()).filter(|groups| *groups <= MAX_GROUPS);
        self.again(ctx, &self.funnels, &spelled, self.funnel(ctx, asked), groups).await
    }

    /// What was kept, or what is made now; `rows` says how many it has, none when it is too large to be kept.
    async fn again<T: Clone>(
        &self,
        ctx: &Ctx,
        answers: &KeptAnswers<T>,
        spelled: &str,
        made: impl Future<Output = Result<T>>,
        rows: fn(&T) -> Option<usize>,
    ) -> Result<T> {
        let key = format!("{} {spelled}", whose(ctx));
        let (mark, settled) = self.mark(ctx).await?;
        let now = ctx.now();
        if let Some((at, (known, answer))) = answers.get(&key)
            && known == mark
            && at <= now
            && at.plus_seconds(KEPT_SECONDS) > now
        {
            return Ok(T::clone(&answer));
        }
        let since = answers.moment();
        let answer = made.await?;
        if settled && let Some(rows) = rows(&answer) {
            let weight = BY_ITSELF + rows + key.len() / ROW_BYTES;
            answers.put_heavy(since, key, now, (mark, Arc::new(answer.clone())), weight);
        }
        Ok(answer)
    }

    /// What figures rest on: the newest event, the definitions, the newest act of administrators. The flag says that no event
    /// can come any more that stands before the newest one: on PostgreSQL a transaction that began earlier may still bring it.
    async fn mark(&self, ctx: &Ctx) -> Result<(String, bool)> {
        let conn = self.db().read();
        let head = event::head(conn).await?;
        let newest = event::newest(conn).await?;
        let revision = self.records.catalogue(ctx.tenant).await?.revision;
        let acts = audit::newest(conn, ctx.tenant).await?;
        Ok((format!("{newest} {revision} {acts:?}"), head == newest))
    }
}

/// Whoever asks, and with which rights: nothing outlives a right.
pub(crate) fn whose(ctx: &Ctx) -> String {
    let person = (ctx.tenant, ctx.user(), ctx.locale, ctx.zone);
    format!("{person:?} {:?} {}", ctx.closed, ctx.fingerprint())
}
