//! Events about messages: told of the plugin that sent it, in the name of whoever's act it was.

use kernel::db::Tx;
use kernel::event::{self, NewEvent};
use kernel::{Ctx, Error, Result};
use serde_json::{Map, Value as Json, json};

use super::{Message, MessageState};

/// What stands in the place of the entity.
pub const ENTITY: &str = "message";
/// A mail server or gateway has it.
pub const SENT: &str = "message.sent";
/// Nobody took it.
pub const FAILED: &str = "message.failed";
/// Nobody knows whether it went out.
pub const UNSURE: &str = "message.unsure";
/// It came back.
pub const BOUNCED: &str = "message.bounced";
/// Somebody wrote to the company.
pub const RECEIVED: &str = "message.received";
/// All of them.
pub const EVENTS: [&str; 5] = [SENT, FAILED, UNSURE, BOUNCED, RECEIVED];

/// Tells how a message stands now; nothing while it waits.
pub(super) async fn tell(
    tx: &Tx,
    ctx: &Ctx,
    message: &Message,
    state: MessageState,
    reason: Option<&str>,
) -> Result<()> {
    let kind = match state {
        MessageState::Queued => return Ok(()),
        MessageState::Sent => SENT,
        MessageState::Failed => FAILED,
        MessageState::Unsure => UNSURE,
        MessageState::Bounced => BOUNCED,
    };
    let fields = [
        ("plugin", json!(message.plugin)),
        ("key", json!(message.key)),
        ("channel", json!(message.channel)),
        ("entity", json!(message.entity)),
        ("record", json!(message.record)),
        ("reason", json!(reason.map(|reason| reason.chars().take(1_000).collect::<String>()))),
    ];
    append(tx, &behalf(ctx, message)?, kind, message.id, message.version + 1, fields).await
}

/// In the name of whoever had the message sent, as far along the chain of causes as it was.
pub(super) fn behalf(ctx: &Ctx, message: &Message) -> Result<Ctx> {
    let actor = serde_json::from_value(message.actor.clone()).map_err(Error::internal)?;
    let cause = serde_json::from_value(message.cause.clone()).map_err(Error::internal)?;
    Ok(Ctx { cause, ..ctx.acting_as(actor) })
}

/// Writes an event with these fields, each new.
pub(super) async fn append<const N: usize>(
    tx: &Tx,
    ctx: &Ctx,
    kind: &str,
    id: uuid::Uuid,
    version: i64,
    fields: [(&str, Json); N],
) -> Result<()> {
    let changes: Map<String, Json> = fields
        .into_iter()
        .filter(|(_, value)| !value.is_null())
        .map(|(name, value)| (name.to_owned(), json!([null, value])))
        .collect();
    let event = NewEvent { kind: kind.to_owned(), entity: ENTITY, record: id, version, changes: Json::Object(changes) };
    Ok(event::append(tx, ctx, None, vec![event]).await?)
}
