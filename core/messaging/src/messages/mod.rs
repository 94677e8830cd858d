//! Messages that plugins have sent: letters and SMS under a key of theirs, each once, what became of them, and what comes in.
//!
//! Owns: the tables `message`, `message_gateway`, `message_inbox` and `message_received`, gateways of SMS, the job `sms.send`,
//! the events `message.*`. Must not know: plugins (of one it is told a name), records (of one it is told a reference).
//!
//! A message is written in the caller's transaction together with its letter or job, under a key that is the plugin's own: the
//! same key is the same message, however often and by how many it is asked for. A letter goes as all letters do: handed over at
//! most once, and where nobody knows it is `unsure`. An SMS is asked of its gateway until it answers, under the message's id as
//! the key that the gateway knows it by: at least once, and once where the gateway honours the key.
//!
//! | module | what |
//! |---|---|
//! | `gateway` | gateways of a company: the request made of a message, the id found in the answer |
//! | `inbound` | what comes in |
//! | `moving` | gateways that move between companies, without their secrets |
//! | `sealed` | secrets of gateways, where they lie |
//! | `send` | the job of SMS; what people decide about messages |
//! | `store` | the tables |
//! | `told` | the events |

mod gateway;
pub mod inbound;
pub mod moving;
mod retention;
mod sealed;
mod send;
mod standing;
mod store;
mod told;

use std::sync::{Arc, OnceLock};

use kernel::db::Tx;
use kernel::error::FieldError;
use kernel::jobs::{NewJob, enqueue};
use kernel::{Ctx, Error, RecordRef, Result, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::json;
use uuid::Uuid;

pub use gateway::{GatewayInput, GatewayView};
pub(crate) use sealed::secrets;
pub use standing::{Trouble, Way};
pub use told::{BOUNCED, ENTITY, EVENTS, FAILED, RECEIVED, SENT, UNSURE};

use crate::input::{self, wrong};
use crate::mail::{Mail, NewMail, Parts, Reference, check_addresses};
use crate::outbound::Outbound;

/// The kind of references of letters that are messages.
const MESSAGE: &str = "message";
/// Messages asked for at once.
pub const BATCH: usize = 200;
/// Bytes of a key.
const MAX_KEY: usize = 200;
/// Characters of an SMS: ten parts of a long one.
const MAX_SMS: usize = 1_530;
/// Seconds of which messages are counted.
const HOUR: i64 = 3_600;
/// Messages of a page at most.
const MAX_LIMIT: u64 = 200;

/// What the operator allows.
#[derive(Debug, Clone, Copy)]
pub struct MessageLimits {
    /// Messages of one plugin of one company in an hour; 0 = no limit.
    pub per_hour: u32,
    /// Days that settled messages are kept; 0 = for good.
    pub keep_days: u32,
}

/// How it goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Channel {
    /// A letter.
    Mail,
    /// A short message to a phone.
    Sms,
}

impl Channel {
    /// Its name, also in the database.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Mail => "mail",
            Self::Sms => "sms",
        }
    }
}

/// How it stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum MessageState {
    /// To be sent.
    Queued,
    /// A mail server or gateway has it.
    Sent,
    /// Nobody took it.
    Failed,
    /// Nobody knows whether it went out.
    Unsure,
    /// It came back.
    Bounced,
}

impl MessageState {
    /// Its name, also in the database.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Queued => "queued",
            Self::Sent => "sent",
            Self::Failed => "failed",
            Self::Unsure => "unsure",
            Self::Bounced => "bounced",
        }
    }
}

/// A letter of a plugin.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct NewLetter {
    /// Addresses.
    pub to: Vec<String>,
    /// Addresses of copies.
    pub cc: Vec<String>,
    /// Its subject.
    pub subject: String,
    /// Its text, plain.
    pub text: String,
    /// Where answers go.
    pub reply_to: Option<String>,
    /// HTML, files, headers.
    pub parts: Parts,
}

/// An SMS of a plugin.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct NewSms {
    /// A number with its country's code: `+380501234567`.
    pub to: String,
    /// What it says.
    pub text: String,
    /// The gateway's key; none: the company's only one, or `default`.
    pub gateway: Option<String>,
}

/// What is sent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Content {
    /// A letter.
    Mail(NewLetter),
    /// An SMS.
    Sms(NewSms),
}

/// A message to send.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewMessage {
    /// The id it gets, if it is new.
    pub id: Uuid,
    /// The plugin's name for it: the same key is the same message.
    pub key: String,
    /// The record it is about.
    pub about: Option<RecordRef>,
    /// What is sent.
    pub content: Content,
}

/// A message of a plugin.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
#[schema(as = PluginMessage)]
pub struct Message {
    /// Its id; that of the letter too, where it is one.
    pub id: Uuid,
    /// Whose.
    pub plugin: String,
    /// The plugin's name for it.
    pub key: String,
    /// How it goes.
    pub channel: Channel,
    /// The gateway of an SMS; empty of a letter.
    pub gateway: String,
    /// Addresses or numbers.
    pub to: Vec<String>,
    /// Of a letter.
    pub subject: String,
    /// Of an SMS; the text of a letter is asked of `/letters`.
    pub text: String,
    /// Entity of the record it is about.
    pub entity: Option<String>,
    /// The record it is about.
    pub record: Option<Uuid>,
    /// How it stands.
    pub state: MessageState,
    /// What went wrong.
    pub problem: Option<String>,
    /// What the gateway calls it.
    pub foreign_id: Option<String>,
    /// When it was asked for.
    #[schema(value_type = String)]
    pub created: Timestamp,
    /// When it came to stand as it does.
    #[schema(value_type = Option<String>)]
    pub settled: Option<Timestamp>,
    #[serde(skip)]
    pub(crate) fingerprint: Uuid,
    #[serde(skip)]
    pub(crate) actor: serde_json::Value,
    #[serde(skip)]
    pub(crate) cause: serde_json::Value,
    #[serde(skip)]
    pub(crate) slot: Option<Timestamp>,
    #[serde(skip)]
    pub(crate) version: i64,
}

/// Which messages.
#[derive(Debug, Clone, Default, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct MessageQuery {
    /// Of which plugin.
    pub plugin: Option<String>,
    /// `queued`, `sent`, `failed`, `unsure`, `bounced`.
    #[param(inline)]
    pub state: Option<MessageState>,
    /// `mail`, `sms`.
    #[param(inline)]
    pub channel: Option<Channel>,
    /// About which record.
    pub record: Option<Uuid>,
    /// Older than this message.
    pub before: Option<Uuid>,
}

/// Messages of plugins; cheap to clone.
#[derive(Clone)]
pub struct Messages {
    mail: Mail,
    limits: MessageLimits,
    /// What sends requests to gateways; nothing until somebody says.
    outbound: Arc<OnceLock<Arc<dyn Outbound>>>,
}

impl Messages {
    /// Over the outbox of letters, of which it is an owner from now on.
    pub fn new(mail: &Mail, limits: MessageLimits) -> Self {
        let messages = Self { mail: mail.clone(), limits, outbound: Arc::default() };
        mail.add_owner(Arc::new(messages.clone()));
        messages
    }

    /// Says what sends requests to gateways. Only the first call counts.
    pub fn set_outbound(&self, outbound: Arc<dyn Outbound>) {
        drop(self.outbound.set(outbound));
    }

    /// Whether a message can be sent at all: before any transaction.
    ///
    /// # Errors
    /// `message.invalid` naming what is wrong.
    pub fn check(&self, message: &NewMessage) -> Result<()> {
        let key = &message.key;
        if key.is_empty() || key.len() > MAX_KEY || key.chars().any(char::is_control) {
            return Err(named("key", FieldError::new("message_key").with("max", MAX_KEY)));
        }
        let checked = match &message.content {
            Content::Mail(letter) => letter.mail(message.id).check().and_then(|()| match &letter.reply_to {
                Some(address) => check_addresses("reply_to", std::slice::from_ref(address)),
                None => Ok(()),
            }),
            Content::Sms(sms) => check_sms(sms),
        };
        checked.map_err(|error| match error {
            Error::Invalid { fields, .. } => Error::Invalid { code: INVALID, fields },
            error => error,
        })
    }

    /// Puts messages that were checked into the outbox, in the caller's transaction: an id for each, that of the first one where
    /// its key is known. `conflict` for one whose key stands for another message, `message.invalid` for an SMS without a gateway.
    ///
    /// # Errors
    /// `Limited` when the plugin has sent as many as it may in an hour, `Internal`.
    pub async fn put(&self, tx: &Tx, ctx: &Ctx, plugin: &str, messages: &[NewMessage]) -> Result<Vec<Result<Uuid>>> {
        self.room(tx, ctx, plugin, messages.len()).await?;
        self.put_counted(tx, ctx, plugin, messages).await
    }

    /// The same where somebody has looked whether there is room.
    ///
    /// # Errors
    /// `Internal`.
    pub async fn put_counted(
        &self,
        tx: &Tx,
        ctx: &Ctx,
        plugin: &str,
        messages: &[NewMessage],
    ) -> Result<Vec<Result<Uuid>>> {
        // Two callers with the same keys take them in the same order.
        let mut order: Vec<(usize, &NewMessage)> = messages.iter().enumerate().collect();
        order.sort_by(|(_, one), (_, other)| one.key.cmp(&other.key));
        let mut made: Vec<(usize, Result<Uuid>)> = Vec::with_capacity(messages.len());
        for (place, message) in order {
            let outcome = match self.put_one(tx, ctx, plugin, message).await {
                Err(error @ (Error::Database(_) | Error::Internal(_) | Error::Raced(_))) => return Err(error),
                outcome => outcome,
            };
            made.push((place, outcome));
        }
        made.sort_by_key(|(place, _)| *place);
        Ok(made.into_iter().map(|(_, outcome)| outcome).collect())
    }

    /// Whether a plugin may send so many more.
    ///
    /// # Errors
    /// `Limited`.
    pub async fn room(
        &self,
        conn: &impl kernel::db::ConnectionTrait,
        ctx: &Ctx,
        plugin: &str,
        more: usize,
    ) -> Result<()> {
        let most = u64::from(self.limits.per_hour);
        if most == 0 {
            return Ok(());
        }
        let since = ctx.now().plus_seconds(-HOUR);
        let sent = store::count_since(conn, ctx.tenant, plugin, since).await?;
        let more = u64::try_from(more).unwrap_or(u64::MAX);
        if sent.saturating_add(more) > most {
            return Err(Error::Limited { retry_after: HOUR.unsigned_abs() / 4 });
        }
        Ok(())
    }

    /// The message under a key of a plugin, where it is known already.
    ///
    /// # Errors
    /// `message.key` when it is another one.
    pub async fn known(&self, ctx: &Ctx, plugin: &str, message: &NewMessage) -> Result<Option<Uuid>> {
        let found = store::by_keys(self.mail.db.read(), ctx.tenant, plugin, std::slice::from_ref(&message.key)).await?;
        found.first().map(|found| same(found, message)).transpose()
    }

    /// Whether there is a way for a message now.
    ///
    /// # Errors
    /// `message.invalid` for an SMS without a gateway.
    pub async fn has_way(&self, ctx: &Ctx, message: &NewMessage) -> Result<()> {
        match &message.content {
            Content::Mail(_) => Ok(()),
            Content::Sms(sms) => {
                gateway::chosen(self.mail.db.read(), ctx.tenant, sms.gateway.as_deref()).await.map(drop)
            }
        }
    }

    async fn put_one(&self, tx: &Tx, ctx: &Ctx, plugin: &str, message: &NewMessage) -> Result<Uuid> {
        let gateway = match &message.content {
            Content::Mail(_) => String::new(),
            Content::Sms(sms) => gateway::chosen(tx, ctx.tenant, sms.gateway.as_deref()).await?,
        };
        if !store::insert(tx, ctx, plugin, message, &gateway, fingerprint(message)).await? {
            let known = store::by_keys(tx, ctx.tenant, plugin, std::slice::from_ref(&message.key)).await?;
            let known = known.first().ok_or_else(|| Error::Unavailable("a message under the same key".to_owned()))?;
            return same(known, message);
        }
        match &message.content {
            Content::Mail(letter) => {
                self.mail.queue_as(tx, ctx, message.id, &letter.mail(message.id)).await?;
            }
            Content::Sms(_) => self.send_later(tx, ctx, message.id).await?,
        }
        Ok(message.id)
    }

    async fn send_later(&self, tx: &Tx, ctx: &Ctx, message: Uuid) -> Result<()> {
        let mut job = NewJob::now(&ctx.env, send::SEND, json!({"message": message})).for_tenant(ctx.tenant);
        job.max_attempts = send::ATTEMPTS;
        Ok(enqueue(tx, &ctx.env, job).await?)
    }

    /// Messages of a plugin by id, in any order; those that it has not are left out.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn by_ids(&self, ctx: &Ctx, plugin: &str, ids: &[Uuid]) -> Result<Vec<Message>> {
        store::by_ids(self.mail.db.read(), ctx.tenant, plugin, ids).await
    }

    /// The same by key.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn by_keys(&self, ctx: &Ctx, plugin: &str, keys: &[String]) -> Result<Vec<Message>> {
        store::by_keys(self.mail.db.read(), ctx.tenant, plugin, keys).await
    }

    /// Messages of the company's plugins, newest first, at most 200 (administrators).
    ///
    /// # Errors
    /// `Denied`.
    pub async fn list(&self, ctx: &Ctx, query: &MessageQuery) -> Result<Vec<Message>> {
        people::require_admin(ctx)?;
        store::list(self.mail.db.read(), ctx.tenant, query, MAX_LIMIT).await
    }
}

/// The code of errors about wrong messages.
const INVALID: &str = "message.invalid";

fn named(field: &str, error: FieldError) -> Error {
    Error::field(INVALID, field, error)
}

impl NewLetter {
    /// The letter as the outbox takes it.
    fn mail(&self, message: Uuid) -> NewMail {
        NewMail {
            to: self.to.clone(),
            cc: self.cc.clone(),
            subject: self.subject.clone(),
            text: self.text.clone(),
            reply_to: self.reply_to.clone(),
            reference: Reference { kind: MESSAGE.to_owned(), id: message },
            parts: self.parts.clone(),
        }
    }
}

/// A number as E.164 has it, and a text that fits ten parts.
fn check_sms(sms: &NewSms) -> Result<()> {
    let digits = sms.to.strip_prefix('+').unwrap_or_default();
    if !(7..=15).contains(&digits.len()) || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        let shown: String = sms.to.chars().filter(|letter| !letter.is_control()).take(40).collect();
        return Err(wrong("to", FieldError::new("phone_number").with("value", shown)));
    }
    if sms.text.trim().is_empty() {
        return Err(wrong("text", FieldError::new("required")));
    }
    input::text("text", &sms.text, MAX_SMS)
}

/// What tells two messages under one key apart.
fn fingerprint(message: &NewMessage) -> Uuid {
    let about = message.about.as_ref().map(|about| format!("{}/{}", about.entity, about.id));
    let content = serde_json::to_string(&message.content).unwrap_or_default();
    kernel::id::derived(&format!("message:{}:{content}", about.unwrap_or_default()))
}

fn same(known: &Message, message: &NewMessage) -> Result<Uuid> {
    if known.fingerprint == fingerprint(message) {
        return Ok(known.id);
    }
    Err(Error::Conflict { code: "message.key", current: None })
}
