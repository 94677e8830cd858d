//! Messages in: a letter as RFC 5322 text or an SMS as a gateway tells it, at an address with a token of the company's. What
//! answers a message of a plugin is told to that plugin with the record it was about; the rest to plugins that may read all.
//! A report that a letter came back makes it `bounced`.
//!
//! What comes in is hostile: it is bounded before it is read, and once read only a few short texts of it stay.

use kernel::db::ConnectionTrait;
use kernel::error::FieldError;
use kernel::{Ctx, Error, Result, TenantId};
use mail_parser::{Address, HeaderValue, MessageParser, MimeHeaders, PartType};
use people::token::hash_of;
use sea_orm::sea_query::{Expr, ExprTrait, OnConflict, Query};
use serde::{Deserialize, Serialize};
use serde_json::json;
use uuid::Uuid;

use super::send::settle_in;
use super::{Channel, MESSAGE, Message, MessageState, Messages, named, store, told};
use crate::mail;

/// Bytes of a letter that are read.
pub const MAX_LETTER: usize = 4 * 1024 * 1024;
/// Bytes of what a gateway tells.
pub const MAX_SMS: usize = 64 * 1024;
/// Heads of parts in a letter: each part, and each letter within a letter, has one.
const MAX_PARTS: usize = 500;
/// Characters of a text, a subject and an address that stay.
const TEXT: usize = 16_000;
const SUBJECT: usize = 500;
const ADDRESS: usize = 254;
/// Letters that one answers, at most.
const MAX_ANSWERED: usize = 50;
/// Names of files that are told.
const MAX_FILES: usize = 20;
/// Days in which an SMS from a number answers one to it.
const ANSWERS_FOR: i64 = 30 * 86_400;

/// An address at which messages come in.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
#[schema(as = MessageInbox)]
pub struct Inbox {
    /// What comes in.
    pub channel: Channel,
    /// When its token was made.
    #[schema(value_type = String)]
    pub created: kernel::Timestamp,
}

/// A new address; its token is shown once.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
#[schema(as = NewMessageInbox)]
pub struct NewInbox {
    /// What comes in.
    pub channel: Channel,
    /// `/hooks/inbound/<channel>/<token>`
    pub path: String,
}

/// What came in, as far as it stays.
#[derive(Debug, Default, PartialEq, Eq)]
struct Received {
    from: String,
    to: String,
    subject: String,
    text: String,
    /// Of the letter itself.
    id: String,
    /// Of letters it answers, newest first.
    answers: Vec<String>,
    files: Vec<String>,
    /// Why a letter came back, where it is a report that one did.
    bounced: Option<String>,
}

/// An SMS as a gateway tells it, in JSON or as a form.
#[derive(Debug, Deserialize)]
pub struct ReceivedSms {
    /// The sender's number.
    pub from: String,
    /// What it says.
    pub text: String,
    /// Our number.
    #[serde(default)]
    pub to: String,
    /// What the gateway calls it: the same when it is told again.
    #[serde(default)]
    pub id: String,
}

fn short(text: &str, most: usize) -> String {
    text.chars().filter(|letter| !letter.is_control() || matches!(letter, '\n' | '\t')).take(most).collect()
}

fn line(text: &str, most: usize) -> String {
    short(&text.replace(['\n', '\t'], " "), most)
}

/// How often a head of a part begins, in any case of letters.
fn parts(raw: &[u8]) -> usize {
    const HEAD: &[u8] = b"content-type";
    raw.windows(HEAD.len()).filter(|window| window.eq_ignore_ascii_case(HEAD)).count()
}

fn first(address: Option<&Address<'_>>) -> String {
    let address = address.and_then(Address::first).and_then(|address| address.address.as_deref());
    line(address.unwrap_or_default(), ADDRESS)
}

fn ids(header: &HeaderValue<'_>) -> Vec<String> {
    let all = match header {
        HeaderValue::Text(only) => std::slice::from_ref(only),
        HeaderValue::TextList(all) => all.as_slice(),
        _ => &[],
    };
    all.iter().rev().take(MAX_ANSWERED).map(|id| line(id, 998)).collect()
}

/// Reads a letter.
///
/// # Errors
/// `message.invalid` for one that is too large, has too many parts or is none.
fn read(raw: &[u8]) -> Result<Received> {
    if raw.len() > MAX_LETTER {
        return Err(Error::TooLarge(kernel::Message::key("error.body_too_large")));
    }
    if parts(raw) > MAX_PARTS {
        return Err(named("parts", FieldError::new("too_many").with("max", MAX_PARTS)));
    }
    let letter = MessageParser::default().parse(raw).ok_or_else(|| named("letter", FieldError::new("no_letter")))?;
    if letter.from().is_none() {
        return Err(named("letter", FieldError::new("no_letter")));
    }
    let mut answers = ids(letter.in_reply_to());
    answers.extend(ids(letter.references()));
    let names = letter.attachments().filter_map(|part| part.attachment_name()).take(MAX_FILES);
    let files = names.map(|name| line(name, 200)).collect();
    let (bounced, of) = report(&letter);
    answers.extend(of);
    Ok(Received {
        from: first(letter.from()),
        to: first(letter.to()),
        subject: line(letter.subject().unwrap_or_default(), SUBJECT),
        text: short(&letter.body_text(0).unwrap_or_default(), TEXT),
        id: line(letter.message_id().unwrap_or_default(), 998),
        answers,
        files,
        bounced,
    })
}

/// Of a report about a letter that was not delivered (RFC 3464): why, and the ids in what it returns.
fn report(letter: &mail_parser::Message<'_>) -> (Option<String>, Vec<String>) {
    let is_report = letter.content_type().is_some_and(|kind| {
        kind.ctype().eq_ignore_ascii_case("multipart")
            && kind.subtype().is_some_and(|subtype| subtype.eq_ignore_ascii_case("report"))
    });
    if !is_report {
        return (None, Vec::new());
    }
    let (mut why, mut of) = (None, Vec::new());
    for part in &letter.parts {
        if let PartType::Message(inner) = &part.body {
            of.extend(inner.message_id().map(|id| line(id, 998)));
        }
        let text = match &part.body {
            PartType::Text(text) => text.to_string(),
            PartType::Binary(bytes) | PartType::InlineBinary(bytes) => String::from_utf8_lossy(bytes).into_owned(),
            _ => continue,
        };
        let field = |name: &str| {
            let found = text.lines().find(|line| line.get(..name.len()).is_some_and(|n| n.eq_ignore_ascii_case(name)));
            found.and_then(|line| line.get(name.len()..)).map(|value| value.trim().to_owned())
        };
        if field("action:").is_some_and(|action| action.eq_ignore_ascii_case("failed")) {
            let said = field("diagnostic-code:").or_else(|| field("status:"));
            why = Some(line(&said.unwrap_or_else(|| "it came back".to_owned()), 500));
        }
        of.extend(field("message-id:").map(|id| line(id.trim_matches(['<', '>']), 998)));
    }
    (why, of)
}

impl Messages {
    /// Whose the address with this token is.
    ///
    /// # Errors
    /// `NotFound`.
    pub async fn inbox(&self, channel: Channel, token: &str) -> Result<TenantId> {
        let select = Query::select()
            .column("tenant_id")
            .from("message_inbox")
            .and_where(Expr::col("token_hash").eq(hash_of(token)))
            .and_where(Expr::col("channel").eq(channel.name()))
            .to_owned();
        let row = self.mail.db.read().query_one(&select).await?.ok_or_else(|| Error::NotFound("inbox".to_owned()))?;
        Ok(TenantId(row.try_get_by_index(0)?))
    }

    /// The company's addresses (administrators).
    ///
    /// # Errors
    /// `Denied`.
    pub async fn inboxes(&self, ctx: &Ctx) -> Result<Vec<Inbox>> {
        people::require_admin(ctx)?;
        let select = Query::select()
            .columns(["channel", "created_at"])
            .from("message_inbox")
            .and_where(Expr::col("tenant_id").eq(ctx.tenant.0))
            .to_owned();
        let rows = self.mail.db.read().query_all(&select).await?;
        rows.iter()
            .map(|row| {
                let channel: String = row.try_get_by_index(0)?;
                let channel = if channel == Channel::Mail.name() { Channel::Mail } else { Channel::Sms };
                Ok(Inbox { channel, created: kernel::Timestamp(row.try_get_by_index(1)?) })
            })
            .collect()
    }

    /// Makes an address; the one there was is none any more (administrators).
    ///
    /// # Errors
    /// `Denied`.
    pub async fn open_inbox(&self, ctx: &Ctx, channel: Channel) -> Result<NewInbox> {
        people::require_admin(ctx)?;
        let token = ctx.env.secret();
        let tx = self.mail.db.begin().await?;
        let insert = Query::insert()
            .into_table("message_inbox")
            .columns(["tenant_id", "channel", "token_hash", "created_at"])
            .values_panic([ctx.tenant.into(), channel.name().into(), hash_of(&token).into(), ctx.now().0.into()])
            .on_conflict(
                OnConflict::columns(["tenant_id", "channel"]).update_columns(["token_hash", "created_at"]).to_owned(),
            )
            .to_owned();
        tx.later(&insert).await?;
        kernel::audit::record(&tx, ctx, "message_inbox.opened", channel.name(), json!({})).await?;
        tx.commit().await?;
        Ok(NewInbox { channel, path: format!("/hooks/inbound/{}/{token}", channel.name()) })
    }

    /// Closes an address (administrators).
    ///
    /// # Errors
    /// `Denied`, `NotFound`.
    pub async fn close_inbox(&self, ctx: &Ctx, channel: Channel) -> Result<()> {
        people::require_admin(ctx)?;
        let tx = self.mail.db.begin().await?;
        let delete = Query::delete()
            .from_table("message_inbox")
            .and_where(Expr::col("tenant_id").eq(ctx.tenant.0))
            .and_where(Expr::col("channel").eq(channel.name()))
            .to_owned();
        if tx.execute(&delete).await?.rows_affected() == 0 {
            return Err(Error::NotFound("inbox".to_owned()));
        }
        kernel::audit::record(&tx, ctx, "message_inbox.closed", channel.name(), json!({})).await?;
        Ok(tx.commit().await?)
    }

    /// Takes a letter, once however often it comes. `ctx` is the product itself in the company.
    ///
    /// # Errors
    /// `message.invalid`, `TooLarge`.
    pub async fn receive_letter(&self, ctx: &Ctx, raw: Vec<u8>) -> Result<()> {
        // Reading is work, and no business of the threads that answer others.
        let received = tokio::task::spawn_blocking(move || read(&raw)).await.map_err(Error::internal)??;
        let same = format!("mail:{}:{}:{}:{}", received.id, received.from, received.subject, received.text);
        self.take(ctx, Channel::Mail, &received, &same).await
    }

    /// Takes an SMS, once however often it is told.
    ///
    /// # Errors
    /// `message.invalid`.
    pub async fn receive_sms(&self, ctx: &Ctx, sms: ReceivedSms) -> Result<()> {
        if sms.from.trim().is_empty() {
            return Err(named("from", FieldError::new("required")));
        }
        let received = Received {
            from: line(sms.from.trim(), 40),
            to: line(sms.to.trim(), 40),
            text: short(&sms.text, TEXT),
            id: line(&sms.id, 200),
            ..Received::default()
        };
        // Without an id the same words a second later are another message.
        let told = if received.id.is_empty() { ctx.id().to_string() } else { received.id.clone() };
        self.take(ctx, Channel::Sms, &received, &format!("sms:{told}:{}:{}", received.from, received.text)).await
    }

    async fn take(&self, ctx: &Ctx, channel: Channel, received: &Received, same: &str) -> Result<()> {
        let tx = self.mail.db.begin().await?;
        let id = ctx.id();
        let insert = Query::insert()
            .into_table("message_received")
            .columns(["id", "tenant_id", "channel", "fingerprint", "created_at"])
            .values_panic([
                id.into(),
                ctx.tenant.into(),
                channel.name().into(),
                kernel::id::derived(same).into(),
                ctx.now().0.into(),
            ])
            .on_conflict(OnConflict::columns(["tenant_id", "fingerprint"]).do_nothing().to_owned())
            .to_owned();
        if tx.execute(&insert).await?.rows_affected() == 0 {
            return Ok(());
        }
        let answered = match channel {
            Channel::Mail => self.answered(&tx, ctx, &received.answers).await?,
            Channel::Sms => {
                store::last_to(&tx, ctx.tenant, &received.from, ctx.now().plus_seconds(-ANSWERS_FOR)).await?
            }
        };
        match (&received.bounced, &answered) {
            (Some(why), Some(message)) if message.state != MessageState::Bounced => {
                settle_in(&tx, ctx, message, MessageState::Bounced, Some(why), None).await?;
            }
            (Some(_), _) => {}
            (None, _) => announce(&tx, ctx, channel, id, received, answered.as_ref()).await?,
        }
        Ok(tx.commit().await?)
    }

    /// The message of a plugin that a letter answers.
    async fn answered(&self, tx: &kernel::db::Tx, ctx: &Ctx, ids: &[String]) -> Result<Option<Message>> {
        for id in ids {
            if let Some(letter) = mail::of_message_id(tx, ctx.tenant, MESSAGE, &format!("<{id}>")).await? {
                return store::load_locked(tx, ctx.tenant, letter).await.map(Some);
            }
        }
        Ok(None)
    }
}

async fn announce(
    tx: &kernel::db::Tx,
    ctx: &Ctx,
    channel: Channel,
    id: Uuid,
    received: &Received,
    answered: Option<&Message>,
) -> Result<()> {
    let of = |value: fn(&Message) -> serde_json::Value| answered.map_or(serde_json::Value::Null, value);
    let fields = [
        ("plugin", of(|message| json!(message.plugin))),
        ("key", of(|message| json!(message.key))),
        ("entity", of(|message| json!(message.entity))),
        ("record", of(|message| json!(message.record))),
        ("channel", json!(channel.name())),
        ("from", json!(received.from)),
        ("to", json!(received.to)),
        ("subject", json!(received.subject)),
        ("text", json!(received.text)),
        ("files", json!(received.files)),
    ];
    told::append(tx, ctx, told::RECEIVED, id, 0, fields).await
}

#[cfg(test)]
mod tests {
    use super::*;

    const PLAIN: &str = "From: Anna <anna@example.com>\r\nTo: crm@acme.test\r\nSubject: =?utf-8?B?0J/RgNC40LLQtdGC?=\r\n\
        Message-ID: <answer@example.com>\r\nIn-Reply-To: <one@acme.test>\r\nReferences: <zero@acme.test> <one@acme.test>\r\n\r\n\
        Fine,\r\nthank you.\r\n";

    #[test]
    fn a_letter_is_read_with_what_it_answers() {
        let read = read(PLAIN.as_bytes()).unwrap();
        assert_eq!(
            (read.from.as_str(), read.to.as_str(), read.subject.as_str()),
            ("anna@example.com", "crm@acme.test", "Привет")
        );
        assert_eq!(
            (read.id.as_str(), read.text.trim().replace('\r', "")),
            ("answer@example.com", "Fine,\nthank you.".to_owned())
        );
        assert_eq!(read.answers[0], "one@acme.test");
        assert!(read.answers.contains(&"zero@acme.test".to_owned()) && read.bounced.is_none());
    }

    #[test]
    fn a_report_says_which_letter_came_back_and_why() {
        let report = "From: MAILER-DAEMON@example.com\r\nTo: crm@acme.test\r\nSubject: Undelivered\r\nMIME-Version: 1.0\r\n\
            Content-Type: multipart/report; report-type=delivery-status; boundary=B\r\n\r\n--B\r\nContent-Type: text/plain\r\n\r\nSorry.\r\n\
            --B\r\nContent-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; mx.example.com\r\n\r\nFinal-Recipient: rfc822; gone@example.com\r\n\
            Action: failed\r\nStatus: 5.1.1\r\nDiagnostic-Code: smtp; 550 no such user\r\n\r\n\
            --B\r\nContent-Type: text/rfc822-headers\r\n\r\nMessage-ID: <one@acme.test>\r\nSubject: Hello\r\n\r\n--B--\r\n";
        let read = read(report.as_bytes()).unwrap();
        assert_eq!(read.bounced.as_deref(), Some("smtp; 550 no such user"));
        assert_eq!(read.answers, ["one@acme.test"]);
        // One that is only late has not come back.
        let late = super::read(report.replace("Action: failed", "Action: delayed").as_bytes()).unwrap();
        assert_eq!(late.bounced, None);
    }

    #[test]
    fn hostile_letters_are_bounded() {
        let deep: String =
            (0..400).map(|n| format!("Content-Type: multipart/mixed; boundary=b{n}\r\n\r\n--b{n}\r\n")).collect();
        let nested = "Content-Type: message/rfc822\r\n\r\nFrom: a@example.com\r\n".repeat(450);
        let many = "--B\r\n\r\nx\r\n".repeat(10_000);
        let heads = "Content-Type: text/plain\r\n".repeat(501);
        let files = "--B\r\nContent-Disposition: attachment; filename=a\r\n\r\nx\r\n".repeat(10_000);
        for (rest, fits) in [
            (deep, true),
            (nested, true),
            (format!("Content-Type: multipart/mixed; boundary=B\r\n\r\n{many}"), true),
            (format!("Content-Type: multipart/mixed; boundary=B\r\n\r\n{files}"), true),
            (heads, false),
            (format!("Subject: {}\r\n\r\nx", "=?utf-8?Q?=41?= ".repeat(50_000)), true),
            (format!("References: {}\r\n\r\nx", "<a@b> ".repeat(100_000)), true),
            (format!("\r\n{}", "x".repeat(3_000_000)), true),
        ] {
            let letter = format!("From: a@example.com\r\n{rest}");
            match read(letter.as_bytes()) {
                Ok(read) => {
                    assert!(fits, "{}", &letter[..Ord::min(80, letter.len())]);
                    assert!(read.text.chars().count() <= TEXT && read.subject.chars().count() <= SUBJECT);
                    assert!(read.answers.len() <= 2 * MAX_ANSWERED && read.files.len() <= MAX_FILES);
                }
                Err(Error::Invalid { .. }) => assert!(!fits, "{}", &letter[..Ord::min(80, letter.len())]),
                Err(error) => panic!("{error}"),
            }
        }
        for none in ["", "nonsense", "\0\0\0", "Subject: no sender\r\n\r\nx"] {
            assert!(matches!(read(none.as_bytes()), Err(Error::Invalid { .. })), "{none:?}");
        }
        assert!(matches!(read(&vec![b'x'; MAX_LETTER + 1]), Err(Error::TooLarge(_))));
    }
}
