//! Papers that go to clients by letter.
//!
//! Asked for in one transaction with the document's step: its number is drawn, what stands on the paper is kept, and the
//! job is enqueued that makes the paper and puts the letter into the outbox. When the mail server has it, another job notes
//! that: the quote is `sent`, the letter stands in the timeline. Each of these may be done again: the paper, the letter and
//! the entry have their ids from the beginning.

use std::fmt;
use std::sync::Arc;

use kernel::db::Tx;
use kernel::jobs::{Handler, Job, JobError, Lane, NewJob, enqueue};
use kernel::{Ctx, Error, Locale, RecordId, Result};
use messaging::mail::{Attached, LetterState, MailOutcome, MailOwner, NewMail, Parts, Reference};
use messaging::notifications::{self, Kind};
use records::{Along, Change, Operation, Trial, WriteOptions, Written};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value as Json, json};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::data::{Data, client_of, several, seller_of, text};
use crate::gather::Gathered;
use crate::service::{Documents, file_name, noted, of_letter, required};
use crate::store::{self, Brought, Made, MadeState, Turn};
use crate::templates::Paper;
use crate::words::{filled, word};

/// The job that makes a paper and queues its letter.
const SEND: &str = "document.send";
/// The job that notes that a letter went.
const SENT: &str = "document.sent";
/// What letters refer to.
const REFERENCE: &str = "document";

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
    /// Its language; the client's where it is left out.
    pub locale: Option<Locale>,
}

/// What was sent, or is on its way.
#[derive(Debug)]
pub struct Sent {
    /// The document after its step.
    pub written: Written,
}

/// Somebody to write to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Recipient {
    /// The address.
    pub address: String,
    /// Whose.
    pub name: String,
}

/// A letter as it would be written.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct LetterDraft {
    /// The paper.
    pub template: Paper,
    /// Its language.
    pub locale: Locale,
    /// Addresses of the client, the likeliest first.
    pub recipients: Vec<Recipient>,
    /// Its subject; `{number}` where there is none yet.
    pub subject: String,
    /// Its text.
    pub text: String,
    /// What the file will be called.
    pub file_name: String,
    /// Whether a mail server is set up.
    pub mail: bool,
}

/// Where a number will stand.
const NUMBER: &str = "{number}";

impl Documents {
    /// The letter that would bring a paper, in its language.
    ///
    /// # Errors
    /// As `preview`.
    pub async fn letter(
        &self,
        ctx: &Ctx,
        entity: &str,
        id: RecordId,
        paper: Option<Paper>,
        locale: Option<Locale>,
    ) -> Result<LetterDraft> {
        let gathered = self.gather(ctx, entity, id, paper, locale).await?;
        let data = gathered.data(ctx)?;
        let texts = gathered.settings.texts_in(gathered.locale);
        let key = format!("letter.{}", gathered.paper.key());
        let subject = texts.subject.unwrap_or_else(|| word(gathered.locale, "letter.subject").to_owned());
        let letter = texts.letter.unwrap_or_else(|| word(gathered.locale, &key).to_owned());
        Ok(LetterDraft {
            template: gathered.paper,
            locale: gathered.locale,
            recipients: recipients(&gathered),
            subject: worded(&subject, &gathered, &data),
            text: worded(&letter, &gathered, &data),
            file_name: file_name(gathered.paper, gathered.locale, data.number.as_deref().unwrap_or_default()),
            mail: self.mail.is_configured(),
        })
    }

    /// Sends a paper by letter: a quote becomes `sending`, and `sent` when the mail server has it; an invoice that is a
    /// draft is issued.
    ///
    /// # Errors
    /// As `preview`; `document.invalid` naming `to`, `cc`, `subject` or `text`; 409 `document.no_mail` without a mail
    /// server, `document.sending` while a letter of it is on its way, `document.draft`, `quote.revised`, `sale.void`;
    /// whatever keeps the document from its step.
    pub async fn send(&self, ctx: &Ctx, entity: &str, id: RecordId, input: SendInput) -> Result<Sent> {
        let gathered = self.gather(ctx, entity, id, input.template, input.locale).await?;
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
        let record = kernel::RecordRef { entity: gathered.record.entity.clone(), id: gathered.record.id };
        let all = store::of_record(self.records.db().read(), ctx.tenant, &record).await?;
        not_under_way(&all)
    }

    /// Makes the paper that was promised, and queues its letter.
    async fn make_promised(&self, system: &Ctx, id: Uuid) -> Result<(), JobError> {
        let db = self.records.db();
        let Some(made) = store::find(db.read(), system.tenant, id).await? else { return Ok(()) };
        if made.state != MadeState::Making {
            return Ok(());
        }
        let ctx = Self::hands(system, &made.actor);
        let (Some(letter), Some(letter_id)) = (&made.letter, made.letter_id) else { return Ok(()) };
        let kept = async {
            let sheet = self.sheet(&ctx, made.template, made.data.clone(), made.organization).await?;
            let pdf = self.typesetter.set(sheet).await?;
            let size = u64::try_from(pdf.len()).unwrap_or(u64::MAX);
            Ok::<_, Error>((self.keep(&ctx, &made, pdf).await?, size))
        };
        let (sha256, size) = match kept.await {
            Ok(kept) => kept,
            Err(error @ (Error::Database(_) | Error::Raced(_) | Error::Unavailable(_) | Error::Limited { .. })) => {
                return Err(error.into());
            }
            Err(error) => return Ok(self.fail(&ctx, &made, &said(&error, made.locale)).await?),
        };
        let file = Attached {
            id: made.file,
            name: made.file_name.clone(),
            media_type: "application/pdf".to_owned(),
            size,
        };
        let mail = mail_of(letter, made.id, Parts { files: vec![file], ..Parts::default() });
        let tx = db.begin().await?;
        let state = self.mail.queue_once(&tx, &ctx, letter_id, &mail).await?;
        let turn = Turn {
            state: Some(MadeState::Kept),
            sha256: Some(sha256),
            letter_state: Some(state),
            ..Turn::default()
        };
        store::turn(&tx, &ctx, made.id, turn).await?;
        tx.commit().await.map_err(Error::from)?;
        Ok(())
    }

    /// Notes that a paper will not come, and tells whoever waits for it.
    async fn fail(&self, ctx: &Ctx, made: &Made, problem: &str) -> Result<()> {
        let tx = self.records.db().begin().await?;
        let turn = Turn { state: Some(MadeState::Failed), problem: Some(problem.to_owned()), ..Turn::default() };
        store::turn(&tx, ctx, made.id, turn).await?;
        tell(&tx, ctx, made, problem).await?;
        Ok(tx.commit().await?)
    }

    /// Notes at the document that its letter went.
    async fn note_sent(&self, system: &Ctx, id: Uuid) -> Result<()> {
        let Some(made) = store::find(self.records.db().read(), system.tenant, id).await? else { return Ok(()) };
        let ctx = Self::hands(system, &made.actor);
        let record = match self.records.get(&ctx, &made.record.entity, made.record.id).await {
            Err(Error::NotFound(_)) => return Ok(()),
            found => found?,
        };
        self.in_timeline(&ctx, &made).await?;
        if text(&record.fields, "state").as_deref() != Some("sending") {
            return Ok(());
        }
        let fields = Map::from_iter([("state".to_owned(), json!("sent"))]);
        let change = Change::Update { id: record.id, version: None, fields };
        match self.records.write_one(&ctx, &made.record.entity, change, &WriteOptions::default()).await {
            Ok(_) => Ok(()),
            Err(error @ (Error::Database(_) | Error::Raced(_) | Error::Unavailable(_))) => Err(error),
            // The letter is gone; what stands against its state now is said where people look.
            Err(error) => {
                let problem = said(&error, made.locale);
                let tx = self.records.db().begin().await?;
                store::turn(&tx, &ctx, made.id, Turn { problem: Some(problem.clone()), ..Turn::default() }).await?;
                tell(&tx, &ctx, &made, &problem).await?;
                Ok(tx.commit().await?)
            }
        }
    }

    /// The letter in the timeline of its document, once.
    async fn in_timeline(&self, ctx: &Ctx, made: &Made) -> Result<()> {
        let Some(letter) = &made.letter else { return Ok(()) };
        let id = RecordId(kernel::id::derived(&format!("document-letter:{}", made.id)));
        match self.records.get(ctx, "activity", id).await {
            Err(Error::NotFound(_)) => {}
            found => return found.map(drop),
        }
        let fields = json!({
            "kind": "email", "direction": "outgoing", "done": true, "title": letter.subject,
            "text": format!("{}\n\n{}\n\n{}", letter.to.join(", "), letter.text, made.file_name),
            "record_entity": made.record.entity, "record_id": made.record.id,
            "owner": made.actor.user().map(|user| user.0),
        });
        let Json::Object(fields) = fields else { return Err(Error::Internal("an activity".into())) };
        let change = Change::CreateAs { id, fields };
        self.records.write_one(ctx, "activity", change, &WriteOptions::default()).await.map(drop)
    }

    /// What does the work of letters.
    pub fn handlers(&self) -> Vec<Arc<dyn Handler>> {
        vec![Arc::new(Making(self.clone())), Arc::new(Noting(self.clone()))]
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

/// Addresses of the client: the person's, then the company's.
fn recipients(gathered: &Gathered) -> Vec<Recipient> {
    let mut found: Vec<Recipient> = Vec::new();
    for of in [&gathered.around.contact, &gathered.around.company] {
        let name = text(of, "title").unwrap_or_default();
        for address in several(of, "emails") {
            if !found.iter().any(|known| known.address.eq_ignore_ascii_case(&address)) {
                found.push(Recipient { address, name: name.clone() });
            }
        }
    }
    found
}

/// A text of a letter with what it names. A number that is not drawn yet stays as it is, until it is.
fn worded(letter: &str, gathered: &Gathered, data: &Data) -> String {
    let heading = match &data.number {
        Some(_) => data.heading.clone(),
        None => filled(
            word(gathered.locale, &format!("heading.{}", gathered.paper.key())),
            &[("number", NUMBER), ("date", data.date.as_str())],
        ),
    };
    let client = client_of(&gathered.around).unwrap_or_default();
    let seller = seller_of(&gathered.around).unwrap_or_default();
    let values = [
        ("number", data.number.as_deref().unwrap_or(NUMBER)),
        ("date", data.date.as_str()),
        ("total", data.total.as_str()),
        ("client", client.as_str()),
        ("seller", seller.as_str()),
        ("heading", heading.as_str()),
    ];
    filled(letter, &values).trim_end().to_owned()
}

fn mail_of(letter: &Brought, reference: Uuid, parts: Parts) -> NewMail {
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

/// What an error says to people.
fn said(error: &Error, locale: Locale) -> String {
    let fields = error.fields_in(locale).into_iter().map(|(_, (_, message))| message);
    let all: Vec<String> = std::iter::once(error.message().in_locale(locale)).chain(fields).collect();
    all.join(" ")
}

/// Tells whoever sent it.
async fn tell(tx: &Tx, ctx: &Ctx, made: &Made, problem: &str) -> Result<()> {
    let system = Ctx::system(ctx.tenant, ctx.zone, ctx.locale, &ctx.env);
    let people = match made.actor.user() {
        Some(user) => vec![user.0],
        None => people::staff::admins(tx, ctx.tenant).await?,
    };
    let title = made.file_name.trim_end_matches(".pdf").to_owned();
    let reason: String = problem.chars().take(300).collect();
    let params = [("title".to_owned(), title), ("reason".to_owned(), reason)].into();
    notifications::tell(tx, &system, Kind::Document, people, None, &params).await
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
        let reference = kernel::RecordRef { entity: of.entity.clone(), id: of.id };
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

/// Which paper a job is about, and its company's own eyes.
async fn subject(documents: &Documents, job: &Job) -> Result<(Ctx, Uuid), JobError> {
    let tenant = job.tenant.ok_or_else(|| JobError::Fatal("a job of no tenant".into()))?;
    let id = job.payload.get("document").and_then(Json::as_str).and_then(|id| id.parse().ok());
    let id = id.ok_or_else(|| JobError::Fatal("a job of no document".into()))?;
    let ctx = people::tenant::get(documents.records.db(), tenant).await?.system_ctx(&documents.env);
    Ok((ctx, id))
}

/// Makes papers and queues their letters.
struct Making(Documents);

#[async_trait::async_trait]
impl Handler for Making {
    fn kind(&self) -> &'static str {
        SEND
    }

    fn lane(&self) -> Lane {
        Lane::Waiting
    }

    async fn run(&self, job: &Job) -> Result<(), JobError> {
        let (ctx, id) = subject(&self.0, job).await?;
        self.0.make_promised(&ctx, id).await
    }

    /// Nobody would know that it will not come.
    async fn dead(&self, job: &Job, error: &str) {
        let failed = async {
            let Ok((ctx, id)) = subject(&self.0, job).await else { return Ok(()) };
            match store::find(self.0.records.db().read(), ctx.tenant, id).await? {
                Some(made) if made.state == MadeState::Making => self.0.fail(&ctx, &made, error).await,
                _ => Ok(()),
            }
        };
        if let Err(error) = failed.await {
            tracing::error!(%error, "a paper that could not be made is not marked as such");
        }
    }
}

/// Notes that letters went.
struct Noting(Documents);

#[async_trait::async_trait]
impl Handler for Noting {
    fn kind(&self) -> &'static str {
        SENT
    }

    fn lane(&self) -> Lane {
        Lane::Waiting
    }

    async fn run(&self, job: &Job) -> Result<(), JobError> {
        let (ctx, id) = subject(&self.0, job).await?;
        Ok(self.0.note_sent(&ctx, id).await?)
    }
}

#[async_trait::async_trait]
impl MailOwner for Documents {
    fn owns(&self, kind: &str) -> bool {
        kind == REFERENCE
    }

    async fn settled(
        &self,
        tx: &Tx,
        ctx: &Ctx,
        reference: &Reference,
        letter: Uuid,
        outcome: &MailOutcome,
    ) -> Result<()> {
        let Some(made) = store::find(tx, ctx.tenant, reference.id).await? else { return Ok(()) };
        if made.letter_id != Some(letter) {
            return Ok(());
        }
        let (state, problem) = match outcome {
            MailOutcome::Sent => (LetterState::Sent, None),
            MailOutcome::Failed(reason) => (LetterState::Failed, Some(reason.clone())),
            MailOutcome::Unsure(reason) => (LetterState::Unsure, Some(reason.clone())),
        };
        let turn = Turn { letter_state: Some(state), problem: problem.clone(), ..Turn::default() };
        store::turn(tx, ctx, made.id, turn).await?;
        match problem {
            Some(problem) => tell(tx, ctx, &made, &problem).await,
            None => {
                let job = NewJob::now(&ctx.env, SENT, json!({"document": made.id})).for_tenant(ctx.tenant);
                enqueue(tx, &ctx.env, job).await?;
                Ok(())
            }
        }
    }

    async fn queued(&self, tx: &Tx, ctx: &Ctx, reference: &Reference, _letter: Uuid) -> Result<()> {
        let turn = Turn { letter_state: Some(LetterState::Queued), ..Turn::default() };
        store::turn(tx, ctx, reference.id, turn).await
    }
}
