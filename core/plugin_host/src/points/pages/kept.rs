//! Figures that may be kept for a while (`cache` of a source): by company, version, source, input, page, language, viewer and
//! rights; until their time is over, or an event of what the source looks at (`on`) was written since.

use std::sync::Arc;

use kernel::event::{self, Cursor, Range};
use kernel::kept::Kept;
use kernel::{Ctx, Db, Result};
use serde_json::json;
use uuid::Uuid;

use super::View;
use super::data::ComputedRows;
use crate::surfaces::Open;
use crate::surfaces::spec::Computed;

/// Answers that a node keeps at most.
const MAX_KEPT: usize = 2_000;
/// Rows of an answer that is kept.
const MAX_ROWS: usize = 500;
/// Seconds for which an answer is kept at most.
const MAX_SECONDS: f64 = 3_600.0;
/// Events since that are looked through; after more the answer is not used.
const MAX_EVENTS: u64 = 200;

/// An answer, and where the log stood before it was computed.
#[derive(Debug, Clone)]
struct Answer {
    head: Cursor,
    rows: Arc<ComputedRows>,
}

/// Answers of this node.
pub(crate) struct KeptFigures(Kept<Uuid, Answer>);

impl Default for KeptFigures {
    fn default() -> Self {
        Self(Kept::of(MAX_KEPT))
    }
}

/// Where an answer will be kept.
pub(super) struct Place {
    key: Uuid,
    head: Cursor,
}

/// What is known of a question.
pub(super) enum Known {
    /// The answer.
    Fresh(Arc<ComputedRows>),
    /// Ask, and keep it here.
    Keep(Place),
    /// Ask.
    Ask,
}

impl KeptFigures {
    /// What is known of a question. With a cursor it is always asked.
    pub(super) async fn known(
        &self,
        db: &Db,
        ctx: &Ctx,
        open: &Open,
        asked: &Computed,
        view: &View,
        whole: bool,
    ) -> Result<Known> {
        let Some(micros) = asked.cache.filter(|_| whole).and_then(micros) else { return Ok(Known::Ask) };
        let key = key(ctx, open, asked, view);
        if let Some((at, answer)) = self.0.get(&key)
            && at.0.saturating_add(micros) > ctx.now().0
            && !touched(db, ctx, answer.head, &asked.on).await?
        {
            return Ok(Known::Fresh(answer.rows));
        }
        Ok(Known::Keep(Place { key, head: event::head(db.read()).await? }))
    }

    pub(super) fn keep(&self, ctx: &Ctx, place: Place, rows: &ComputedRows) {
        if rows.rows.len() <= MAX_ROWS {
            let answer = Answer { head: place.head, rows: Arc::new(rows.clone()) };
            self.0.put(self.0.moment(), place.key, ctx.now(), answer);
        }
    }
}

fn micros(seconds: f64) -> Option<i64> {
    let seconds = seconds.clamp(0.0, MAX_SECONDS);
    format!("{:.0}", seconds * 1_000_000.0).parse().ok().filter(|micros| *micros > 0)
}

/// What the answer depends on.
fn key(ctx: &Ctx, open: &Open, asked: &Computed, view: &View) -> Uuid {
    let text = json!([
        ctx.tenant,
        open.plugin(),
        open.plugin.version.hash,
        open.surface().map(|surface| surface.declared.id.as_str()),
        asked.plugin,
        asked.input,
        view.params,
        view.state,
        view.record.as_ref().map(|record| (record.entity.as_str(), record.id)),
        ctx.locale.code(),
        ctx.user(),
        format!("{:?}", ctx.rights),
    ]);
    kernel::id::derived(&text.to_string())
}

/// Whether something of what a source looks at was written since.
async fn touched(db: &Db, ctx: &Ctx, since: Cursor, on: &[String]) -> Result<bool> {
    if on.is_empty() {
        return Ok(false);
    }
    let range = Range { tenant: ctx.tenant, after: since, to: Cursor::END, record: None };
    let events = event::read_range(db.read(), &range, MAX_EVENTS).await?;
    let many = u64::try_from(events.len()).unwrap_or(u64::MAX) >= MAX_EVENTS;
    let concerns = |kind: &str, entity: &str| on.iter().any(|name| name == entity || name == kind);
    Ok(many || events.iter().any(|event| concerns(&event.kind, &event.entity)))
}
