//! `messaging`: letters and SMS into the outbox, each once under a key of the plugin's.
//!
//! In a before-hook nothing is written: what is to be sent is held ([`Held`]) until the hook is done, and goes with the change
//! of the record it is about, in its transaction.

use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use kernel::db::Tx;
use kernel::event::Event;
use kernel::phone::{self, Country};
use kernel::{Ctx, EntityKey, Error, Locale, RecordId, RecordRef};
use messaging::Messages;
use messaging::mail::{Attached, Parts};
use messaging::messages::{BATCH, Content, Message, MessageState, NewLetter, NewMessage, NewSms, RECEIVED};
use records::{Along, Catalogue};
use serde::Deserialize;
use uuid::Uuid;

use super::files::FileAct;
use super::{Caller, State, host_error, host_error_in, id_from_wit};
use crate::bindings::types::{HostError, Invalid};
use crate::bindings::verstak::messaging::messaging as wit;
use crate::manifest::check::{fail, text};
use crate::manifest::permissions::{Grant, Part, Permission};
use crate::manifest::{ManifestError, Text};
use crate::registry::Running;

/// Headers that have a place of their own in a letter.
const OWN_PLACE: [&str; 2] = ["list-unsubscribe", "list-unsubscribe-post"];
/// Characters of an address to unsubscribe at.
const MAX_UNSUBSCRIBE: usize = 500;

/// What the manifest says: `[permissions.messaging]`.
pub(crate) const PART: Part = Part::of::<MessagingPermission>("messaging");

/// The grant to read all that comes in.
const RECEIVE: &str = "messaging.receive";

/// How messages go.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Way {
    Mail,
    Sms,
}

impl Way {
    const fn name(self) -> &'static str {
        match self {
            Self::Mail => "mail",
            Self::Sms => "sms",
        }
    }

    const fn words(self, locale: Locale) -> &'static str {
        match (self, locale) {
            (Self::Mail, Locale::En) => "letters by e-mail",
            (Self::Sms, Locale::En) => "SMS",
            (Self::Mail, Locale::Ru) => "письма по электронной почте",
            (Self::Sms, Locale::Ru | Locale::Uk) => "СМС",
            (Self::Mail, Locale::Uk) => "листи електронною поштою",
        }
    }
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct MessagingPermission {
    /// `mail`, `sms`.
    #[serde(default)]
    channels: Vec<Way>,
    /// Whether it reads all that comes in, besides answers to its own messages.
    #[serde(default)]
    receive: bool,
    /// Shown to the admin who grants it.
    #[serde(default)]
    reason: Text,
}

impl Permission for MessagingPermission {
    fn check(&self) -> Result<(), ManifestError> {
        text("permissions.messaging.reason", &self.reason)?;
        let mut named = self.channels.clone();
        named.sort();
        named.dedup();
        if (named.is_empty() && !self.receive) || named.len() != self.channels.len() {
            return fail(
                "permissions.messaging.channels",
                "name `mail`, `sms` or both, each once; or say `receive = true`",
            );
        }
        Ok(())
    }

    fn grants(&self, _catalogue: Option<&Catalogue>, locale: Locale) -> Vec<Grant> {
        let title = match locale {
            Locale::En => "Sends messages out of the company: ",
            Locale::Ru => "Отправляет сообщения за пределы компании: ",
            Locale::Uk => "Надсилає повідомлення за межі компанії: ",
        };
        let channels: Vec<&str> = self.channels.iter().map(|way| way.words(locale)).collect();
        let reads = match locale {
            Locale::En => "Reads all letters and SMS that come in to the company",
            Locale::Ru => "Читает все письма и СМС, которые приходят в компанию",
            Locale::Uk => "Читає всі листи та СМС, що надходять до компанії",
        };
        let sends = (!self.channels.is_empty()).then(|| Grant {
            key: PART.name.to_owned(),
            title: title.to_owned() + &channels.join(", "),
            reason: self.reason.clone(),
            scope: self.channels.iter().map(|way| format!("channel:{}", way.name())).collect(),
        });
        let receives = self.receive.then(|| Grant {
            key: RECEIVE.to_owned(),
            title: reads.to_owned(),
            reason: self.reason.clone(),
            scope: Default::default(),
        });
        sends.into_iter().chain(receives).collect()
    }
}

/// What a before-hook has asked for so far, for the changes it was shown.
#[derive(Debug)]
pub(crate) struct Held {
    entity: EntityKey,
    records: Vec<RecordId>,
    /// In whose name.
    ctx: OnceLock<Ctx>,
    messages: Mutex<Vec<(RecordId, NewMessage)>>,
}

impl Held {
    pub(crate) fn new(entity: EntityKey, records: Vec<RecordId>) -> Arc<Self> {
        Arc::new(Self { entity, records, ctx: OnceLock::new(), messages: Mutex::default() })
    }

    fn concerns(&self, about: Option<&RecordRef>) -> Option<RecordId> {
        let about = about.filter(|about| about.entity == self.entity)?;
        self.records.iter().find(|record| **record == about.id).copied()
    }

    fn all(&self) -> std::sync::MutexGuard<'_, Vec<(RecordId, NewMessage)>> {
        self.messages.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What goes with the change of a record, if anything does.
    pub(crate) fn with(&self, messages: &Messages, plugin: &str, record: RecordId) -> Option<Arc<dyn Along>> {
        let ctx = self.ctx.get()?.clone();
        let of: Vec<NewMessage> =
            self.all().iter().filter(|(of, _)| *of == record).map(|(_, message)| message.clone()).collect();
        if of.is_empty() {
            return None;
        }
        Some(Arc::new(GoesAlong { messages: messages.clone(), ctx, plugin: plugin.to_owned(), all: of }))
    }
}

/// Messages that go with a change.
struct GoesAlong {
    messages: Messages,
    ctx: Ctx,
    plugin: String,
    all: Vec<NewMessage>,
}

impl std::fmt::Debug for GoesAlong {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("GoesAlong").field("plugin", &self.plugin).field("messages", &self.all.len()).finish()
    }
}

#[async_trait::async_trait]
impl Along for GoesAlong {
    async fn write(&self, tx: &Tx) -> kernel::Result<()> {
        let put = self.messages.put_counted(tx, &self.ctx, &self.plugin, &self.all).await?;
        for (message, put) in self.all.iter().zip(put) {
            match put {
                Ok(_) => {}
                // The guest was told that it is sent: then it is, or nothing is written.
                Err(error) => {
                    tracing::warn!(plugin = %self.plugin, key = %message.key, %error, "a message of a hook was refused");
                    return Err(error);
                }
            }
        }
        Ok(())
    }
}

/// Whether a plugin is told of an event about a message: its own, an answer to one, or all that comes in.
pub(crate) fn is_told(plugin: &Running, event: &Event) -> bool {
    let of = event.changes.pointer("/plugin/1").and_then(serde_json::Value::as_str);
    let all = event.kind == RECEIVED && plugin.has_grant(RECEIVE);
    all || of == Some(plugin.id()) && plugin.has_grant(PART.name)
}

type Answer<T> = wasmtime::Result<Result<T, HostError>>;
type Sent = Vec<Result<String, HostError>>;

fn invalid(text: impl Into<String>) -> HostError {
    HostError::Invalid(Invalid { text: text.into(), fields: Vec::new() })
}

fn channels(plugin: &Running) -> &[Way] {
    plugin
        .manifest()
        .permissions
        .part::<MessagingPermission>()
        .map(|asked| asked.channels.as_slice())
        .unwrap_or_default()
}

fn elsewhere() -> HostError {
    invalid("about: in a before-hook a message is about one of the changed records")
}

fn service(caller: &Caller) -> Result<Messages, HostError> {
    let messages = caller.services.messages.get().cloned();
    messages.ok_or_else(|| HostError::Unavailable("this process sends no messages".to_owned()))
}

impl State {
    async fn send_messages(&mut self, asked: Vec<wit::Message>) -> Result<Sent, HostError> {
        if asked.len() > BATCH {
            return Err(HostError::Limit(format!("more than {BATCH} messages at once")));
        }
        let caller = self.writes(PART.name)?;
        let messages = service(&caller)?;
        self.take_rows(asked.len())?;
        let ctx = caller.own_ctx();
        let mut made = Vec::with_capacity(asked.len());
        for one in asked {
            made.push(self.message(&caller, &ctx, &messages, one).await);
        }
        let good: Vec<NewMessage> = made.iter().filter_map(|one| one.as_ref().ok()).cloned().collect();
        let mut put = match &caller.held {
            Some(held) => hold(&caller, &ctx, &messages, held, good).await?.into_iter(),
            None => put(&caller, &ctx, &messages, &good).await?.into_iter(),
        };
        let lost = || Err(HostError::Internal("the host gave no result".to_owned()));
        Ok(made.into_iter().map(|one| one.and_then(|_| put.next().unwrap_or_else(lost))).collect())
    }

    /// A message that can be sent.
    async fn message(
        &mut self,
        caller: &Caller,
        ctx: &Ctx,
        messages: &Messages,
        asked: wit::Message,
    ) -> Result<NewMessage, HostError> {
        let way = if matches!(asked.content, wit::Content::Mail(_)) { Way::Mail } else { Way::Sms };
        if !channels(&caller.plugin).contains(&way) {
            return Err(HostError::Denied(format!("the permission `messaging` does not name `{}`", way.name())));
        }
        let about = match asked.about {
            Some(about) => Some(self.about(caller, ctx, &about).await?),
            None => None,
        };
        let content = match asked.content {
            wit::Content::Mail(mail) => Content::Mail(self.letter(mail).await?),
            wit::Content::Sms(sms) => Content::Sms(short(caller, ctx, sms).await?),
        };
        let message = NewMessage { id: ctx.id(), key: asked.key, about, content };
        messages.check(&message).map_err(|error| host_error_in(ctx.locale, &error))?;
        Ok(message)
    }

    /// A record of an entity that the plugin may read; whoever acts sees it, or it is being made.
    async fn about(&mut self, caller: &Caller, ctx: &Ctx, about: &wit::About) -> Result<RecordRef, HostError> {
        let record = RecordRef { entity: about.entity.as_str().into(), id: RecordId(id_from_wit(&about.record)?) };
        if caller.plugin.records(&about.entity).is_none() {
            return Err(HostError::Denied(format!("the permission `records.{}` is not granted", about.entity)));
        }
        self.granted(&format!("records.{}", about.entity))?;
        if let Some(held) = &caller.held {
            return held.concerns(Some(&record)).map(|_| record).ok_or_else(elsewhere);
        }
        self.take_rows(1)?;
        let found = caller.services.records.get(ctx, &about.entity, record.id).await;
        found.map(|_| record).map_err(|error| host_error(&error))
    }

    async fn letter(&mut self, mail: wit::Mail) -> Result<NewLetter, HostError> {
        let mut headers: Vec<(String, String)> = Vec::with_capacity(mail.headers.len());
        for header in mail.headers {
            if OWN_PLACE.contains(&header.name.to_ascii_lowercase().as_str()) {
                return Err(invalid(format!("headers: `{}` is what `unsubscribe` is for", header.name)));
            }
            if headers.iter().any(|(known, _)| known.eq_ignore_ascii_case(&header.name)) {
                return Err(invalid("headers: one is there twice"));
            }
            headers.push((header.name, header.value));
        }
        headers.extend(mail.unsubscribe.map(unsubscribe).transpose()?.into_iter().flatten());
        let files = self.attached(&mail.attachments).await?;
        Ok(NewLetter {
            to: mail.to,
            cc: mail.cc,
            subject: mail.subject,
            text: mail.text,
            reply_to: mail.reply_to,
            parts: Parts { html: mail.html, files, headers },
        })
    }

    /// Files that whoever acts may read.
    async fn attached(&mut self, ids: &[String]) -> Result<Vec<Attached>, HostError> {
        if ids.len() > messaging::mail::MAX_FILES {
            return Err(HostError::Limit(format!("more than {} files with a letter", messaging::mail::MAX_FILES)));
        }
        let mut files = Vec::with_capacity(ids.len());
        for id in ids {
            self.take_rows(1)?;
            let row = self.files_door(false)?.file(id, FileAct::Read).await?;
            files.push(Attached { id: row.id, name: row.name, media_type: row.media_type, size: row.size });
        }
        Ok(files)
    }

    async fn message_states(
        &mut self,
        ids: &[String],
        by_key: bool,
    ) -> Result<Vec<Option<wit::MessageStatus>>, HostError> {
        if ids.len() > BATCH {
            return Err(HostError::Limit(format!("more than {BATCH} messages at once")));
        }
        let caller = self.granted(PART.name)?;
        let messages = service(&caller)?;
        self.take_rows(ids.len())?;
        let (ctx, plugin) = (&caller.ctx, caller.plugin.id());
        let found = if by_key {
            // What no message is called, no database is asked for.
            let keys: Vec<String> = ids.iter().filter(|key| !key.contains('\0')).cloned().collect();
            messages.by_keys(ctx, plugin, &keys).await
        } else {
            let ids: Vec<Uuid> = ids.iter().map(|id| id_from_wit(id)).collect::<Result<_, _>>()?;
            messages.by_ids(ctx, plugin, &ids).await
        };
        let found = found.map_err(|error| host_error(&error))?;
        let is = |message: &&Message, id: &String| match by_key {
            true => message.key == *id,
            false => Uuid::parse_str(id).is_ok_and(|id| message.id == id),
        };
        Ok(ids.iter().map(|id| found.iter().find(|message| is(message, id)).map(status)).collect())
    }
}

/// All of them in one transaction, those left out that are refused.
async fn put(caller: &Caller, ctx: &Ctx, messages: &Messages, good: &[NewMessage]) -> Result<Sent, HostError> {
    let work = || async {
        let tx = caller.services.db.begin().await?;
        let put = messages.put(&tx, ctx, caller.plugin.id(), good).await?;
        tx.commit().await?;
        Ok::<_, Error>(put)
    };
    let put = kernel::db::again(|put: &kernel::Result<_>| matches!(put, Err(Error::Raced(_))), work).await;
    let put = put.map_err(|error| limited(&error).unwrap_or_else(|| host_error(&error)))?;
    let told =
        |one: kernel::Result<Uuid>| one.map(|id| id.to_string()).map_err(|error| host_error_in(ctx.locale, &error));
    Ok(put.into_iter().map(told).collect())
}

fn limited(error: &Error) -> Option<HostError> {
    let words = "this plugin has sent as many messages as it may in an hour";
    matches!(error, Error::Limited { .. }).then(|| HostError::Limit(words.to_owned()))
}

/// Kept until the hook is done.
async fn hold(
    caller: &Caller,
    ctx: &Ctx,
    messages: &Messages,
    held: &Held,
    good: Vec<NewMessage>,
) -> Result<Sent, HostError> {
    let plugin = caller.plugin.id();
    let waiting = held.all().len() + good.len();
    let room = messages.room(caller.services.db.read(), ctx, plugin, waiting).await;
    room.map_err(|error| limited(&error).unwrap_or_else(|| host_error(&error)))?;
    drop(held.ctx.set(ctx.clone()));
    let mut sent = Sent::with_capacity(good.len());
    for message in good {
        let Some(record) = held.concerns(message.about.as_ref()) else {
            sent.push(Err(elsewhere()));
            continue;
        };
        if let Err(error) = messages.has_way(ctx, &message).await {
            sent.push(Err(host_error_in(ctx.locale, &error)));
            continue;
        }
        let known = messages.known(ctx, plugin, &message).await;
        sent.push(match known {
            Ok(Some(id)) => Ok(id.to_string()),
            Ok(None) => {
                let mut all = held.all();
                match all.iter().find(|(_, other)| other.key == message.key) {
                    Some((_, first)) if (&first.about, &first.content) == (&message.about, &message.content) => {
                        Ok(first.id.to_string())
                    }
                    Some(_) => Err(host_error_in(ctx.locale, &Error::Conflict { code: "message.key", current: None })),
                    None => {
                        let id = message.id.to_string();
                        all.push((record, message));
                        Ok(id)
                    }
                }
            }
            Err(error) => Err(host_error_in(ctx.locale, &error)),
        });
    }
    Ok(sent)
}

/// An SMS to a number as people of the company write it.
async fn short(caller: &Caller, ctx: &Ctx, sms: wit::Sms) -> Result<NewSms, HostError> {
    let catalogue = caller.services.records.catalogue(ctx.tenant).await.map_err(|error| host_error(&error))?;
    let home = Country::of_currency(&catalogue.pipelines.currency);
    let understood = match phone::numbers(&sms.to, home).as_slice() {
        [only] => only.international(),
        _ => None,
    };
    Ok(NewSms { to: understood.unwrap_or(sms.to), text: sms.text, gateway: sms.gateway })
}

/// The headers of RFC 2369 and RFC 8058.
fn unsubscribe(address: String) -> Result<Vec<(String, String)>, HostError> {
    let web = address.starts_with("https://");
    let plain = address.len() <= MAX_UNSUBSCRIBE && address.bytes().all(|byte| (b'!'..=b'~').contains(&byte));
    let safe = plain && !address.contains(['<', '>', ',']) && url::Url::parse(&address).is_ok();
    if !safe || !(web || address.starts_with("mailto:")) {
        return Err(invalid("unsubscribe: must be an address in ASCII that begins with https:// or mailto:"));
    }
    let one_click = ("List-Unsubscribe-Post".to_owned(), "List-Unsubscribe=One-Click".to_owned());
    let named = ("List-Unsubscribe".to_owned(), format!("<{address}>"));
    Ok(std::iter::once(named).chain(web.then_some(one_click)).collect())
}

fn status(message: &Message) -> wit::MessageStatus {
    wit::MessageStatus {
        id: message.id.to_string(),
        key: message.key.clone(),
        state: match message.state {
            MessageState::Queued => wit::State::Queued,
            MessageState::Sent => wit::State::Sent,
            MessageState::Failed => wit::State::Failed,
            MessageState::Unsure => wit::State::Unsure,
            MessageState::Bounced => wit::State::Bounced,
        },
        reason: message.problem.clone(),
        created_at: message.created.micros(),
        settled_at: message.settled.map(kernel::Timestamp::micros),
    }
}

impl wit::Host for State {
    async fn send(&mut self, messages: Vec<wit::Message>) -> Answer<Sent> {
        self.enter()?;
        Ok(self.send_messages(messages).await)
    }

    async fn status(&mut self, ids: Vec<String>) -> Answer<Vec<Option<wit::MessageStatus>>> {
        self.enter()?;
        Ok(self.message_states(&ids, false).await)
    }

    async fn by_key(&mut self, keys: Vec<String>) -> Answer<Vec<Option<wit::MessageStatus>>> {
        self.enter()?;
        Ok(self.message_states(&keys, true).await)
    }
}
