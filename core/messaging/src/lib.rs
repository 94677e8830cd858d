//! Messaging: what leaves the house, and what people are told inside it.
//!
//! Owns: the outbox of letters with its mail server; notifications, their kinds and words. Must not know: records,
//! processes, HTTP, and of a task more than its id. What a letter belongs to it is told as a reference, and its owner is
//! told the outcome (`MailOwner`). Data enters as a `Ctx` with typed input, in the transaction that wants a letter or a
//! notification, and leaves as letters and pages of notifications.
//!
//! | module | what |
//! |---|---|
//! | `mail` | the outbox, the job that empties it, SMTP |
//! | `notifications` | what people are told |
//! | `input` | limits of what comes from outside |

mod input;
pub mod mail;
pub mod notifications;

pub use mail::{Mail, MailOptions, MailOwner, MailTls};
