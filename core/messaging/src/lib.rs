//! Messaging: what leaves the house, and what people are told inside it.
//!
//! Owns: the outbox of letters with its mail server; messages of plugins by mail and SMS, and the gateways of SMS; notifications,
//! their kinds and words; webhooks. Must not know: records, plugins, processes, HTTP, and of a task more than its id. What a letter belongs
//! to it is told as a reference, and its owner is told the outcome (`MailOwner`). Data enters as a `Ctx` with typed input, in the transaction that wants a letter or a
//! notification, and leaves as letters and pages of notifications.
//!
//! | module | what |
//! |---|---|
//! | `mail` | the outbox, the job that empties it, SMTP, signatures |
//! | `messages` | what plugins have sent, and gateways of SMS |
//! | `outbound` | the port for requests to other servers |
//! | `pace` | turns at a gateway that takes so many a second |
//! | `notifications` | what people are told |
//! | `channels` | how each of them wants to be told |
//! | `notices` | what plugins tell people |
//! | `input` | limits of what comes from outside |
//! | `webhooks` | other servers that are told what happens |

pub mod channels;
mod input;
pub mod mail;
pub mod messages;
pub mod notices;
pub mod notifications;
pub mod outbound;
mod pace;
pub mod webhooks;

pub use mail::{DkimOptions, Mail, MailOptions, MailOwner, MailTls};
pub use messages::{MessageLimits, Messages};
pub use webhooks::Webhooks;

use kernel::seal::Kept;
use kernel::{Db, Result};

/// Secrets of gateways and webhooks of all companies, where they lie.
///
/// # Errors
/// When the database fails.
pub async fn secrets(db: &Db) -> Result<Vec<Kept>> {
    let mut all = messages::secrets(db).await?;
    all.extend(webhooks::secrets(db).await?);
    Ok(all)
}
