//! The table `mail_outbox`.

use kernel::db::{ConnectionTrait, QueryResult, Tx};
use kernel::error::FieldError;
use kernel::{Ctx, Error, Result, TenantId, Timestamp};
use lettre::Address;
use sea_orm::sea_query::{Expr, ExprTrait, LockType, Order, Query, SelectStatement};
use sea_orm::{DbBackend, DbErr};
use serde::{Deserialize, Serialize};
use serde_json::{Value as Json, json};
use uuid::Uuid;

use super::parts::Parts;
use crate::input::{self, wrong};

/// Addresses of one letter.
const MAX_ADDRESSES: usize = 100;
/// Characters of a subject.
const MAX_SUBJECT: usize = 500;
/// Characters of a text.
const MAX_BODY: usize = 200_000;

/// What a letter belongs to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Reference {
    /// `task`, or what a higher layer calls it.
    pub kind: String,
    /// Which.
    pub id: Uuid,
}

/// A letter to send.
#[derive(Debug, Clone)]
pub struct NewMail {
    /// Addresses.
    pub to: Vec<String>,
    /// Addresses of copies.
    pub cc: Vec<String>,
    /// Its subject.
    pub subject: String,
    /// Its text, plain.
    pub text: String,
    /// Where answers go; the sender's own address otherwise.
    pub reply_to: Option<String>,
    /// What it belongs to.
    pub reference: Reference,
    /// What it has besides plain text.
    pub parts: Parts,
}

/// How a letter stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum LetterState {
    /// To be sent.
    Queued,
    /// Being handed over.
    Sending,
    /// A mail server has it.
    Sent,
    /// No mail server took it.
    Failed,
    /// Cut off while it was being handed over.
    Unsure,
}

impl LetterState {
    /// Its name in the database.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Queued => "queued",
            Self::Sending => "sending",
            Self::Sent => "sent",
            Self::Failed => "failed",
            Self::Unsure => "unsure",
        }
    }
}

/// A letter of the outbox.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct Letter {
    /// Its id.
    pub id: Uuid,
    /// What it belongs to.
    pub reference: Reference,
    /// RFC 5322, section 3.6.4; the same for every try.
    pub message_id: String,
    /// Where answers go.
    pub reply_to: Option<String>,
    /// Addresses.
    pub to: Vec<String>,
    /// Addresses of copies.
    pub cc: Vec<String>,
    /// Its subject.
    pub subject: String,
    /// Its text.
    pub text: String,
    /// How it stands.
    pub state: LetterState,
    /// What went wrong last.
    pub problem: Option<String>,
    /// Times it was begun to be handed over.
    pub attempts: i64,
    /// When it was asked for.
    #[schema(value_type = String)]
    pub created: Timestamp,
    /// When a mail server took it.
    #[schema(value_type = Option<String>)]
    pub sent: Option<Timestamp>,
    /// What it has besides plain text.
    #[serde(skip)]
    pub(super) parts: Parts,
    /// When it may go, where so many go a second.
    #[serde(skip)]
    pub(super) slot: Option<Timestamp>,
}

/// Addresses in one text, by commas or semicolons.
pub fn addresses(text: &str) -> Vec<String> {
    text.split([',', ';']).map(str::trim).filter(|part| !part.is_empty()).map(str::to_owned).collect()
}

impl NewMail {
    /// Whether the letter can be sent at all.
    ///
    /// # Errors
    /// `task.invalid` naming `to`, `cc`, `subject`, `text`, `html`, `headers` or `attachments`.
    pub fn check(&self) -> Result<()> {
        if self.to.is_empty() {
            return Err(wrong("to", FieldError::new("required")));
        }
        check_addresses("to", &self.to)?;
        check_addresses("cc", &self.cc)?;
        if self.subject.trim().is_empty() {
            return Err(wrong("subject", FieldError::new("required")));
        }
        input::text("subject", &self.subject, MAX_SUBJECT)?;
        if self.subject.contains(['\r', '\n']) {
            return Err(wrong("subject", FieldError::new("characters")));
        }
        input::text("text", &self.text, MAX_BODY)?;
        self.parts.check()?;
        input::text("reference", &self.reference.kind, 100)
    }
}

/// Addresses as the mail library reads them.
pub(crate) fn check_addresses(field: &str, all: &[String]) -> Result<()> {
    if all.len() > MAX_ADDRESSES {
        return Err(wrong(field, FieldError::new("too_many").with("max", MAX_ADDRESSES)));
    }
    for address in all {
        if address.len() > 254 || address.parse::<Address>().is_err() {
            let value: String = address.chars().filter(|c| !c.is_control()).take(100).collect();
            return Err(wrong(field, FieldError::new("email").with("value", value)));
        }
    }
    Ok(())
}

/// Writes a letter that is to be sent.
pub(super) async fn insert(tx: &Tx, ctx: &Ctx, id: Uuid, message_id: &str, mail: &NewMail) -> Result<()> {
    let insert = Query::insert()
        .into_table("mail_outbox")
        .columns([
            "id",
            "tenant_id",
            "reference_kind",
            "reference_id",
            "message_id",
            "reply_to",
            "recipients",
            "copies",
            "subject",
            "body",
            "state",
            "attempts",
            "created_at",
            "updated_at",
            "parts",
        ])
        .values_panic([
            id.into(),
            ctx.tenant.into(),
            mail.reference.kind.as_str().into(),
            mail.reference.id.into(),
            message_id.into(),
            mail.reply_to.as_deref().into(),
            json!(mail.to).into(),
            json!(mail.cc).into(),
            mail.subject.as_str().into(),
            mail.text.as_str().into(),
            LetterState::Queued.name().into(),
            0_i64.into(),
            ctx.now().0.into(),
            ctx.now().0.into(),
            mail.parts.stored()?.into(),
        ])
        .to_owned();
    tx.later(&insert).await?;
    Ok(())
}

/// Queues a letter that failed again, with new words.
pub(super) async fn renew(tx: &Tx, ctx: &Ctx, id: Uuid, mail: &NewMail) -> Result<()> {
    let update = Query::update()
        .table("mail_outbox")
        .value("recipients", json!(mail.to))
        .value("copies", json!(mail.cc))
        .value("subject", mail.subject.as_str())
        .value("body", mail.text.as_str())
        .value("reply_to", mail.reply_to.as_deref())
        .value("parts", mail.parts.stored()?)
        .and_where(Expr::col("id").eq(id))
        .and_where(Expr::col("tenant_id").eq(ctx.tenant.0))
        .to_owned();
    tx.later(&update).await?;
    mark(tx, ctx.now(), id, LetterState::Failed, LetterState::Queued, None).await.map(drop)
}

fn select(tenant: TenantId) -> SelectStatement {
    Query::select()
        .columns([
            "id",
            "reference_kind",
            "reference_id",
            "message_id",
            "reply_to",
            "recipients",
            "copies",
            "subject",
            "body",
            "state",
            "problem",
            "attempts",
            "created_at",
            "sent_at",
            "parts",
            "slot_at",
        ])
        .from("mail_outbox")
        .and_where(Expr::col("tenant_id").eq(tenant.0))
        .take()
}

fn from_row(row: &QueryResult) -> Result<Letter, DbErr> {
    let texts = |index: usize| -> Result<Vec<String>, DbErr> {
        serde_json::from_value(row.try_get_by_index(index)?).map_err(|error| DbErr::Type(error.to_string()))
    };
    let state: String = row.try_get_by_index(9)?;
    Ok(Letter {
        id: row.try_get_by_index(0)?,
        reference: Reference { kind: row.try_get_by_index(1)?, id: row.try_get_by_index(2)? },
        message_id: row.try_get_by_index(3)?,
        reply_to: row.try_get_by_index(4)?,
        to: texts(5)?,
        cc: texts(6)?,
        subject: row.try_get_by_index(7)?,
        text: row.try_get_by_index(8)?,
        state: serde_json::from_value(Json::String(state)).map_err(|error| DbErr::Type(error.to_string()))?,
        problem: row.try_get_by_index(10)?,
        attempts: row.try_get_by_index(11)?,
        created: Timestamp(row.try_get_by_index(12)?),
        sent: row.try_get_by_index::<Option<i64>>(13)?.map(Timestamp),
        parts: Parts::read(row.try_get_by_index(14)?)?,
        slot: row.try_get_by_index::<Option<i64>>(15)?.map(Timestamp),
    })
}

/// One letter.
pub(super) async fn load(conn: &impl ConnectionTrait, tenant: TenantId, id: Uuid) -> Result<Letter> {
    let select = select(tenant).and_where(Expr::col("id").eq(id)).take();
    let row = conn.query_one(&select).await?.ok_or_else(|| Error::NotFound(format!("letter {id}")))?;
    Ok(from_row(&row)?)
}

/// One letter, kept from others until the transaction ends.
pub(super) async fn load_locked(tx: &Tx, tenant: TenantId, id: Uuid) -> Result<Letter> {
    let mut select = select(tenant).and_where(Expr::col("id").eq(id)).take();
    if tx.get_database_backend() == DbBackend::Postgres {
        select.lock(LockType::Update);
    }
    let row = tx.query_one(&select).await?.ok_or_else(|| Error::NotFound(format!("letter {id}")))?;
    Ok(from_row(&row)?)
}

/// The letter with a Message-ID and a kind of reference, where the company has sent it.
pub(crate) async fn of_message_id(
    conn: &impl ConnectionTrait,
    tenant: TenantId,
    kind: &str,
    message_id: &str,
) -> Result<Option<Uuid>> {
    let select = Query::select()
        .column("id")
        .from("mail_outbox")
        .and_where(Expr::col("message_id").eq(message_id))
        .and_where(Expr::col("tenant_id").eq(tenant.0))
        .and_where(Expr::col("reference_kind").eq(kind))
        .to_owned();
    Ok(conn.query_one(&select).await?.map(|row| row.try_get_by_index(0)).transpose()?)
}

/// Letters in a state, newest first.
pub(super) async fn list(
    conn: &impl ConnectionTrait,
    tenant: TenantId,
    state: Option<LetterState>,
    before: Option<Uuid>,
    limit: u64,
) -> Result<Vec<Letter>> {
    let mut select = select(tenant);
    if let Some(state) = state {
        select.and_where(Expr::col("state").eq(state.name()));
    }
    if let Some(before) = before {
        select.and_where(Expr::col("id").lt(before));
    }
    select.order_by("id", Order::Desc).limit(limit);
    Ok(conn.query_all(&select).await?.iter().map(from_row).collect::<Result<_, _>>()?)
}

/// Moves a letter from one state to another. False when it was not in the first one.
pub(super) async fn mark(
    tx: &Tx,
    now: Timestamp,
    id: Uuid,
    from: LetterState,
    to: LetterState,
    problem: Option<&str>,
) -> Result<bool> {
    let mut update = Query::update();
    update
        .table("mail_outbox")
        .value("state", to.name())
        .value("problem", problem.map(shortened))
        .value("updated_at", now.0)
        .and_where(Expr::col("id").eq(id))
        .and_where(Expr::col("state").eq(from.name()));
    match to {
        LetterState::Sending => drop(update.value("attempts", Expr::col("attempts").add(1))),
        LetterState::Sent => drop(update.value("sent_at", now.0)),
        _ => {}
    }
    Ok(tx.execute(&update).await?.rows_affected() == 1)
}

/// Notes why a queued letter was not handed over this time. The next try has its turn anew.
pub(super) async fn settle(tx: &Tx, now: Timestamp, id: Uuid, problem: &str) -> Result<()> {
    take_turn(tx, id, None).await?;
    mark(tx, now, id, LetterState::Queued, LetterState::Queued, Some(problem)).await.map(drop)
}

/// Notes when a letter may go.
pub(super) async fn take_turn(tx: &Tx, id: Uuid, at: Option<Timestamp>) -> Result<()> {
    let mut update = Query::update();
    update.table("mail_outbox").value("slot_at", at.map(|at| at.0)).and_where(Expr::col("id").eq(id));
    Ok(tx.later(&update).await?)
}

/// What a server or library says, as far as a person can read it.
fn shortened(problem: &str) -> String {
    problem.chars().filter(|c| *c != '\0').take(1_000).collect()
}
