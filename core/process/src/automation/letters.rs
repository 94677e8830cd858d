//! What became of letters: one that did not go out is shown where its rule is.

use kernel::db::Tx;
use kernel::{Ctx, Result};
use messaging::mail::{MailOutcome, MailOwner, Reference};
use uuid::Uuid;

use super::runs;
use crate::runtime::not_sent;

/// References of letters that rules send: `rule:<step>`, with the run's id.
pub(super) const LETTER: &str = "rule:";

/// Told of settled letters.
pub(super) struct Letters;

#[async_trait::async_trait]
impl MailOwner for Letters {
    fn owns(&self, kind: &str) -> bool {
        kind.starts_with(LETTER)
    }

    async fn settled(
        &self,
        tx: &Tx,
        ctx: &Ctx,
        reference: &Reference,
        _letter: Uuid,
        outcome: &MailOutcome,
    ) -> Result<()> {
        let Some(message) = not_sent(outcome) else { return Ok(()) };
        runs::unsent(tx, ctx.tenant, reference.id, Some(&message.in_locale(ctx.locale))).await
    }
}
