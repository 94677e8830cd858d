//! Letters and SMS out of the house; needs the `messaging` permission, which names the channels. Each message has a key of the
//! plugin's: the same key is the same message, sent once however often it is asked for.
//!
//! ```ignore
//! let key = format!("reminder/{}/{}", deal.id, day);
//! messaging::mail(&key, "anna@example.com", "Your order", "It is ready.").about("deal", &deal.id).send()?;
//! messaging::sms(&key, "+380501234567", "Your order is ready.").send()?;
//! ```
//!
//! What becomes of a message is told by the events `message.sent`, `message.failed`, `message.unsure` and `message.bounced`; their
//! fields are `key`, `channel`, `entity` and `record` (what it was about) and `reason`. In a before-hook a message is about the
//! changed record, and goes out only if that is saved.

use crate::HostError;
use crate::bindings::imports::verstak::messaging::messaging as raw;

pub use raw::{About, Content, Header, Mail, Message, MessageStatus, Sms, State};

/// A letter to one address, plain.
pub fn mail(key: impl Into<String>, to: &str, subject: &str, text: &str) -> Message {
    let mail = Mail {
        to: vec![to.to_owned()],
        cc: Vec::new(),
        subject: subject.to_owned(),
        text: text.to_owned(),
        html: None,
        attachments: Vec::new(),
        reply_to: None,
        headers: Vec::new(),
        unsubscribe: None,
    };
    Message { key: key.into(), about: None, content: Content::Mail(mail) }
}

/// An SMS by the company's gateway.
pub fn sms(key: impl Into<String>, to: &str, text: &str) -> Message {
    let sms = Sms { to: to.to_owned(), text: text.to_owned(), gateway: None };
    Message { key: key.into(), about: None, content: Content::Sms(sms) }
}

impl Message {
    /// The record it is about.
    #[must_use]
    pub fn about(mut self, entity: &str, record: &str) -> Self {
        self.about = Some(About { entity: entity.to_owned(), record: record.to_owned() });
        self
    }

    /// Changes a letter: copies, HTML, files, headers. Nothing happens to an SMS.
    #[must_use]
    pub fn with(mut self, change: impl FnOnce(&mut Mail)) -> Self {
        if let Content::Mail(mail) = &mut self.content {
            change(mail);
        }
        self
    }

    /// By this gateway. Nothing happens to a letter.
    #[must_use]
    pub fn by(mut self, gateway: &str) -> Self {
        if let Content::Sms(sms) = &mut self.content {
            sms.gateway = Some(gateway.to_owned());
        }
        self
    }

    /// Puts it into the outbox. Gives its id, that of the first one under the key.
    ///
    /// # Errors
    /// `Conflict` when the key stands for another message, `Invalid` in words, `Limit`, `Denied`.
    pub fn send(self) -> Result<String, HostError> {
        let mut sent = raw::send(&[self])?;
        sent.pop().unwrap_or_else(|| Err(HostError::Internal("the host gave no result".to_owned())))
    }
}

/// Puts up to 200 messages into the outbox in one transaction; one result per message, in order.
///
/// # Errors
/// As [`Message::send`], of all of them.
pub fn send_all(messages: &[Message]) -> Result<Vec<Result<String, HostError>>, HostError> {
    raw::send(messages)
}

/// How messages stand, by their ids; none where this plugin has sent no such message.
///
/// # Errors
/// `Invalid` for what is no id, `Limit`.
pub fn status(ids: &[String]) -> Result<Vec<Option<MessageStatus>>, HostError> {
    raw::status(ids)
}

/// How the message under a key stands; none where this plugin has sent none under it.
///
/// # Errors
/// `Denied`.
pub fn by_key(key: &str) -> Result<Option<MessageStatus>, HostError> {
    Ok(raw::by_key(&[key.to_owned()])?.pop().flatten())
}
