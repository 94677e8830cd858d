//! What became of letters: one that did not go out is shown where its rule is.

use kernel::db::Tx;
use kernel::text::Message;
use kernel::{Ctx, Result};
use messaging::mail::{MailOutcome, MailOwner, Reference};
use uuid::Uuid;

use super::runs;

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
        let message = match outcome {
            MailOutcome::Sent => return Ok(()),
            MailOutcome::Failed(reason) => Message::key("process.letter.not_sent").with("reason", reason),
            MailOutcome::Unsure(reason) => Message::key("process.letter.unsure").with("reason", reason),
        };
        runs::unsent(tx, ctx.tenant, reference.id, Some(&message.in_locale(ctx.locale))).await
    }
}
