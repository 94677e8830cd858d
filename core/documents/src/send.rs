//! Papers that go to clients by letter.
//!
//! Asked for in one transaction with the document's step: its number is drawn, what stands on the paper is kept, and the
//! job is enqueued that makes the paper and puts the letter into the outbox. When the mail server has it, another job notes
//! that: the quote is `sent`, the letter stands in the timeline. Each of these may be done again: the paper, the letter and
//! the entry have their ids from the beginning.

use std::fmt;
use std::sync::Arc;

use kernel::db::Tx;
use kernel::jobs::{NewJob, enqueue};
use kernel::{Ctx, Error, Locale, RecordId, RecordRef, Result};
use messaging::mail::{LetterState, NewMail, Parts, Reference};
use records::{Along, Change, Operation, Trial, WriteOptions, Written};
use serde::Deserialize;
use serde_json::{Map, json};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::data::{several, text};
use crate::gather::{Gathered, Which};
use crate::letter::NUMBER;
use crate::service::{Documents, held, noted, of_letter, required};
use crate::store::{self, Brought, Made, MadeState};
use crate::templates::Paper;

/// The job that makes a paper and queues its letter.
pub(crate) const SEND: &str = "document.send";
/// What letters refer to.
pub(crate) const REFERENCE: &str = "document";

/// A letter with a paper.
#[derive(Debug, Clone, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct SendInput {
    /// Addresses, up to 100. Without any the document only takes its step: it was given to the client otherwise.
    pub to: Vec<String>,
    /// Addresses of copies.
    pub cc: Vec<String>,
    /// Its subject.
    pub subject: String,
    /// Its text.
    pub text: String,
    /// The paper; the usual one where it is left out.
    pub template: Option<Paper>,
    /// A template of the company's own instead.
    pub own: Option<Uuid>,
    /// Its language; the client's where it is left out.
    pub locale: Option<Locale>,
}

/// What was sent, or is on its way.
#[derive(Debug)]
pub struct Sent {
    /// The document after its step.
    pub written: Written,
}

impl Documents {
    /// Sends a paper by letter: a quote becomes `sending`, and `sent` when the mail server has it; an invoice that is a
    /// draft is issued.
    ///
    /// # Errors
    /// As `preview`; `document.invalid` naming `to`, `cc`, `subject` or `text`; 409 `document.no_mail` without a mail
    /// server, `document.sending` while a letter of it is on its way, `document.draft`, `quote.revised`, `sale.void`;
    /// whatever keeps the document from its step.
    pub async fn send(&self, ctx: &Ctx, entity: &str, id: RecordId, input: SendInput) -> Result<Sent> {
        let which = Which { paper: input.template, own: input.own };
        let gathered = self.gather(ctx, entity, id, which, input.locale).await?;
        gathered.of_sale()?;
        let step = self.step(&gathered)?;
        let letter = self.checked(&gathered, input)?;
        self.free(ctx, &gathered).await?;
        // What cannot be on a paper is said now, while somebody is there to mend it.
        self.set(ctx, &gathered, self.written(ctx, &gathered)?).await?;
        let promise = Promise { documents: self.clone(), ctx: ctx.clone(), gathered: gathered.clone(), letter };
        let Some(step) = step else {
            self.files.may_add(ctx, entity, id).await?;
            let tx = self.records.db().begin().await?;
            promise.keep(&tx).await?;
            tx.commit().await?;
            return Ok(Sent { written: Written { operation: Operation::Update, record: gathered.record } });
        };
        let change = |state: &str| Change::Update {
            id,
            version: Some(gathered.record.version),
            fields: Map::from_iter([("state".to_owned(), json!(state))]),
        };
        if step == "sending" {
            // Those who watch over what is sent are asked before it goes, not when it is gone.
            let trial = WriteOptions { dry_run: Some(Trial::default()), ..WriteOptions::default() };
            self.records.write_one(ctx, entity, change("sent"), &trial).await?;
        }
        let options = WriteOptions { along: Some(Arc::new(promise)), ..WriteOptions::default() };
        Ok(Sent { written: self.records.write_one(ctx, entity, change(step), &options).await? })
    }

    /// The state that sending begins with; none where the document stays as it is.
    fn step(&self, gathered: &Gathered) -> Result<Option<&'static str>> {
        let conflict = |code| Err(Error::Conflict { code, current: None });
        let fields = &gathered.record.fields;
        let state = text(fields, "state").unwrap_or_default();
        if fields.get("revised") == Some(&kernel::Value::Boolean(true)) {
            return conflict("quote.revised");
        }
        match (gathered.record.entity.as_str(), state.as_str()) {
            (_, "void" | "cancelled") => conflict("document.void"),
            ("quote", "draft" | "expired") => Ok(Some("sending")),
            ("invoice", "draft") => Ok(Some("issued")),
            (_, "draft") => conflict("document.draft"),
            _ => Ok(None),
        }
    }

    /// The letter, if it can be sent at all.
    fn checked(&self, gathered: &Gathered, input: SendInput) -> Result<Brought> {
        if !self.mail.is_configured() {
            return Err(Error::Conflict { code: "document.no_mail", current: None });
        }
        if input.text.trim().is_empty() {
            return Err(required("text"));
        }
        let reply_to = several(&gathered.around.organization, "emails").into_iter().next();
        let letter = Brought { to: input.to, cc: input.cc, subject: input.subject, text: input.text, reply_to };
        mail_of(&letter, Uuid::nil(), Parts::default()).check().map_err(of_letter)?;
        Ok(letter)
    }

    /// Passes a document of which no letter is on its way.
    async fn free(&self, ctx: &Ctx, gathered: &Gathered) -> Result<()> {
        let record = RecordRef { entity: gathered.record.entity.clone(), id: gathered.record.id };
        let all = store::of_record(self.records.db().read(), ctx.tenant, &record).await?;
        not_under_way(&all)
    }
}

/// Refuses a second letter while one is on its way.
fn not_under_way(all: &[Made]) -> Result<()> {
    let open = |one: &Made| {
        let queued = matches!(one.letter_state, Some(LetterState::Queued | LetterState::Sending));
        one.letter.is_some() && (one.state == MadeState::Making || queued)
    };
    if all.iter().any(open) { Err(Error::Conflict { code: "document.sending", current: None }) } else { Ok(()) }
}

pub(crate) fn mail_of(letter: &Brought, reference: Uuid, parts: Parts) -> NewMail {
    NewMail {
        to: letter.to.clone(),
        cc: letter.cc.clone(),
        subject: letter.subject.clone(),
        text: letter.text.clone(),
        reply_to: letter.reply_to.clone(),
        reference: Reference { kind: REFERENCE.to_owned(), id: reference },
        parts,
    }
}

/// A letter that goes with a document's step.
struct Promise {
    documents: Documents,
    ctx: Ctx,
    gathered: Gathered,
    letter: Brought,
}

impl fmt::Debug for Promise {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Promise").field("letter", &self.letter.subject).finish_non_exhaustive()
    }
}

impl Promise {
    /// Keeps what will stand on the paper, now that the document has its number, and sees to it that it is made.
    async fn keep(&self, tx: &Tx) -> Result<()> {
        let (ctx, of) = (&self.ctx, &self.gathered.record);
        let record = self.documents.records.locked(tx, ctx, &of.entity, of.id).await?;
        let reference = RecordRef { entity: of.entity.clone(), id: of.id };
        not_under_way(&store::of_record(tx, ctx.tenant, &reference).await?)?;
        let data = self.gathered.data_of(ctx, &record.fields)?;
        let mut made = self.documents.planned_with(ctx, &self.gathered, &data)?;
        let number = data.number.as_deref().unwrap_or_default();
        made.letter = Some(Brought {
            subject: self.letter.subject.replace(NUMBER, number),
            text: self.letter.text.replace(NUMBER, number),
            ..self.letter.clone()
        });
        made.letter_id = Some(ctx.id());
        held(tx, ctx, made.own).await?;
        store::insert(tx, ctx, &made).await?;
        noted(tx, ctx, "document.sent", &made).await?;
        let mut job = NewJob::now(&ctx.env, SEND, json!({"document": made.id})).for_tenant(ctx.tenant);
        job.unique_key = Some(format!("{SEND}:{}", made.id));
        enqueue(tx, &ctx.env, job).await?;
        Ok(())
    }
}

#[async_trait::async_trait]
impl Along for Promise {
    async fn write(&self, tx: &Tx) -> Result<(), Error> {
        self.keep(tx).await
    }
}
