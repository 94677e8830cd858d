//! What becomes of a paper that was promised to a client: a job makes it and puts its letter into the outbox; when the mail
//! server has the letter, another one notes that at the document.

use std::sync::Arc;

use kernel::db::Tx;
use kernel::jobs::{Handler, Job, JobError, Lane, NewJob, enqueue};
use kernel::{Ctx, Error, Locale, RecordId, Result};
use messaging::mail::{Attached, LetterState, MailOutcome, MailOwner, Parts, Reference};
use messaging::notifications::{self, Kind};
use records::{Change, WriteOptions};
use serde_json::{Map, Value as Json, json};
use uuid::Uuid;

use crate::data::text;
use crate::own::TemplateKind;
use crate::send::{REFERENCE, SEND, mail_of};
use crate::service::Documents;
use crate::store::{self, Made, MadeState, Turn};

/// The job that notes that a letter went.
const SENT: &str = "document.sent";
/// Characters of an entry's title and text: what stands in a timeline, not the letter itself.
const MAX_TITLE: usize = 255;
const MAX_TEXT: usize = 20_000;

impl Documents {
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
            let bytes = self.set_made(&ctx, &made).await?;
            let size = u64::try_from(bytes.len()).unwrap_or(u64::MAX);
            Ok::<_, Error>((self.keep(&ctx, &made, bytes).await?, size))
        };
        let (sha256, size) = match kept.await {
            Ok(kept) => kept,
            Err(error @ (Error::Database(_) | Error::Raced(_) | Error::Unavailable(_) | Error::Limited { .. })) => {
                return Err(error.into());
            }
            Err(error) => return Ok(self.fail(&ctx, &made, &said(&error, made.locale)).await?),
        };
        let media_type = TemplateKind::of_paper(&made.file_name).media_type().to_owned();
        let file = Attached { id: made.file, name: made.file_name.clone(), media_type, size };
        let mail = mail_of(letter, made.id, Parts { files: vec![file], ..Parts::default() });
        let tx = db.begin().await?;
        let state = self.mail.queue_once(&tx, &ctx, letter_id, &mail).await?;
        let turn =
            Turn { state: Some(MadeState::Kept), sha256: Some(sha256), letter_state: Some(state), ..Turn::default() };
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
        let whole = format!("{}\n\n{}\n\n{}", letter.to.join(", "), letter.text, made.file_name);
        let cut = |text: &str, most: usize| text.chars().take(most).collect::<String>();
        let fields = json!({
            "kind": "email", "direction": "outgoing", "done": true,
            "title": cut(&letter.subject, MAX_TITLE), "text": cut(&whole, MAX_TEXT),
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
    let title = made.file_name.trim_end_matches(".pdf").trim_end_matches(".docx").to_owned();
    let reason: String = problem.chars().take(300).collect();
    let params = [("title".to_owned(), title), ("reason".to_owned(), reason)].into();
    notifications::tell(tx, &system, Kind::Document, people, None, &params).await
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
