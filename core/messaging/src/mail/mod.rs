//! Letters out: an outbox written in the transaction that wants the letter, and a job that hands it to a mail server.
//!
//! Owns: the outbox, its states, the job `mail.send`, SMTP. Must not know: why a letter is sent; it is told a reference and tells the outcome
//! back (`MailOwner`).
//!
//! A letter is handed over at most once. It is `queued`; when the server has accepted sender, recipients and the wish to
//! send (`354`), it becomes `sending` in a transaction of its own; then the text goes over; then it is `sent` together
//! with whatever follows. Until `sending` the server surely has no letter, so every failure before may be tried again.
//! A letter found in `sending` by a later try was cut off in between: nobody knows whether the server has it, so it is
//! never sent again by itself but becomes `unsure`, for a person to decide. The Message-ID stays the same for all tries.

mod compose;
mod dkim;
mod outbox;
mod parts;
mod send;
mod smtp;

pub use dkim::DkimOptions;
pub use outbox::{Letter, LetterState, NewMail, Reference, addresses};
pub(crate) use outbox::{check_addresses, of_message_id};
pub use parts::{Attached, MAX_FILE_BYTES, MAX_FILES, MAX_HEADERS, MAX_HTML, Parts};
pub use smtp::{MailOptions, MailTls};

use std::sync::{Arc, OnceLock, PoisonError, RwLock};

use kernel::clock::Env;
use kernel::db::Tx;
use kernel::files::Store;
use kernel::jobs::{NewJob, enqueue};
use kernel::{Ctx, Db, Error, Result};
use serde::{Deserialize, Serialize};
use serde_json::json;
use uuid::Uuid;

/// The job that hands a letter over.
pub const SEND: &str = "mail.send";
/// Tries before a letter that no server takes is given up: with the queue's backoff about six hours.
const ATTEMPTS: i64 = 12;

/// What became of a letter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum MailOutcome {
    /// A mail server has it.
    Sent,
    /// No mail server has it, and it is not tried again by itself.
    Failed(String),
    /// Nobody knows.
    Unsure(String),
}

/// What to do about a letter of which nobody knows whether it went out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Decision {
    /// It did.
    Sent,
    /// Send it again, under the same Message-ID.
    Resend,
}

/// Who asked for letters; told in the transaction that settles the letter. May be told several times (`Unsure`, then
/// `Sent` by a person's word).
#[async_trait::async_trait]
pub trait MailOwner: Send + Sync {
    /// Whether letters with references of this kind are this owner's.
    fn owns(&self, kind: &str) -> bool;

    /// A letter with this reference is settled.
    ///
    /// # Errors
    /// When the database fails; the letter is settled later.
    async fn settled(
        &self,
        tx: &Tx,
        ctx: &Ctx,
        reference: &Reference,
        letter: Uuid,
        outcome: &MailOutcome,
    ) -> Result<()>;

    /// A letter with this reference that was settled is to be sent again, by a person's word.
    ///
    /// # Errors
    /// When the database fails; nothing is sent.
    async fn queued(&self, _tx: &Tx, _ctx: &Ctx, _reference: &Reference, _letter: Uuid) -> Result<()> {
        Ok(())
    }
}

/// Takes letters in place of a mail server: where plugins are tried out.
#[async_trait::async_trait]
pub trait PostOffice: Send + Sync {
    /// Takes a letter.
    ///
    /// # Errors
    /// Why it never will.
    async fn take(&self, letter: &Letter) -> std::result::Result<(), String>;
}

/// The way letters go out; cheap to clone.
#[derive(Clone)]
pub struct Mail {
    pub(crate) db: Db,
    pub(crate) env: Env,
    options: Option<Arc<MailOptions>>,
    owners: Arc<RwLock<Vec<Arc<dyn MailOwner>>>>,
    /// Where files are read; nothing until somebody says.
    files: Arc<OnceLock<Store>>,
    office: Arc<OnceLock<Arc<dyn PostOffice>>>,
}

impl Mail {
    /// Through a mail server, or with `None` not at all.
    pub fn new(db: &Db, env: &Env, options: Option<MailOptions>) -> Self {
        Self {
            db: db.clone(),
            env: env.clone(),
            options: options.map(Arc::new),
            owners: Arc::default(),
            files: Arc::default(),
            office: Arc::default(),
        }
    }

    /// Says where the files are that go with letters. Only the first call counts.
    pub fn set_files(&self, files: Store) {
        drop(self.files.set(files));
    }

    /// Has letters taken in place of a mail server. Only the first call counts.
    pub fn set_office(&self, office: Arc<dyn PostOffice>) {
        drop(self.office.set(office));
    }

    /// Says who else is told of letters.
    pub fn add_owner(&self, owner: Arc<dyn MailOwner>) {
        self.owners.write().unwrap_or_else(PoisonError::into_inner).push(owner);
    }

    fn owner_of(&self, reference: &Reference) -> Option<Arc<dyn MailOwner>> {
        let owners = self.owners.read().unwrap_or_else(PoisonError::into_inner);
        owners.iter().find(|owner| owner.owns(&reference.kind)).cloned()
    }

    /// Whether a mail server is known.
    pub const fn is_configured(&self) -> bool {
        self.options.is_some()
    }

    fn options(&self) -> Option<&MailOptions> {
        self.options.as_deref()
    }

    /// Puts a letter into the outbox, in the caller's transaction. Gives its id.
    ///
    /// # Errors
    /// `task.invalid` naming `to`, `cc`, `subject` or `text`.
    pub async fn queue(&self, tx: &Tx, ctx: &Ctx, mail: &NewMail) -> Result<Uuid> {
        self.queue_as(tx, ctx, ctx.id(), mail).await
    }

    /// The same under an id of the caller's, who may ask twice. A letter that is there already is left alone, but for one
    /// that failed, which no mail server has: it is queued again as it is given now. Gives how the letter stands.
    ///
    /// # Errors
    /// The same.
    pub async fn queue_once(&self, tx: &Tx, ctx: &Ctx, id: Uuid, mail: &NewMail) -> Result<LetterState> {
        match outbox::load_locked(tx, ctx.tenant, id).await {
            Ok(letter) if letter.state == LetterState::Failed => {
                mail.check()?;
                outbox::renew(tx, ctx, id, mail).await?;
                self.send_later(tx, ctx, id).await?;
                Ok(LetterState::Queued)
            }
            Ok(letter) => Ok(letter.state),
            Err(Error::NotFound(_)) => self.queue_as(tx, ctx, id, mail).await.map(|_| LetterState::Queued),
            Err(error) => Err(error),
        }
    }

    /// How a letter stands, for whoever asked for it; nothing when it is not there.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn state_of(&self, ctx: &Ctx, id: Uuid) -> Result<Option<LetterState>> {
        match outbox::load(self.db.read(), ctx.tenant, id).await {
            Ok(letter) => Ok(Some(letter.state)),
            Err(Error::NotFound(_)) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Puts a letter into the outbox under an id that is surely new.
    ///
    /// # Errors
    /// As `queue`.
    pub(crate) async fn queue_as(&self, tx: &Tx, ctx: &Ctx, id: Uuid, mail: &NewMail) -> Result<Uuid> {
        mail.check()?;
        let domain = self.options.as_ref().map_or("verstak.invalid", |options| options.domain());
        outbox::insert(tx, ctx, id, &format!("<{id}@{domain}>"), mail).await?;
        self.send_later(tx, ctx, id).await?;
        Ok(id)
    }

    /// Enqueues the job for a letter that is queued.
    async fn send_later(&self, tx: &Tx, ctx: &Ctx, letter: Uuid) -> Result<()> {
        let mut job = NewJob::now(&ctx.env, SEND, json!({"letter": letter})).for_tenant(ctx.tenant);
        job.max_attempts = ATTEMPTS;
        enqueue(tx, &ctx.env, job).await?;
        Ok(())
    }
}
