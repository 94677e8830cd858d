//! Letters with a report: one job each, made with its recipient's rights at the moment when it is sent. Who may not see the
//! report any more gets none; a letter that cannot be made is told to the report's owner.

use std::collections::BTreeMap;

use bytes::Bytes;
use kernel::db::ConnectionTrait;
use kernel::db::Tx;
use kernel::files::{Store, table};
use kernel::jobs::{Handler, Job, JobError, Lane};
use kernel::{Ctx, Error, RecordId, RecordRef, Result, TenantId, Timestamp, UserId};
use messaging::Mail;
use messaging::mail::{Attached, NewMail, Parts, Reference};
use messaging::notifications::{self, Kind as Told};
use people::Identities;
use records::read::Refs;
use sea_orm::sea_query::{Expr, ExprTrait, Order, Query};
use serde::{Deserialize, Serialize};
use serde_json::Value as Json;
use uuid::Uuid;

use super::question::{Question, RunInput};
use super::schedule::{OnlyIf, SentState};
use super::store::{SAVED, SENT};
use crate::export::{Format, table_of};
use crate::measures::{day_of, text};
use crate::refs::RefsView;
use crate::sharing::Reader;
use crate::{Query as Asked, Reports};

/// The job that makes a letter.
pub const LETTER: &str = "reports.letter";
/// What files of letters belong to, in the place of a record.
pub(crate) const ENTITY: &str = "report";
/// Lines of figures in a letter; the spreadsheet has them all.
const MAX_LINES: usize = 50;
/// Bytes of a spreadsheet.
const MAX_FILE: u64 = 10 * 1024 * 1024;
/// Letters of a list.
const LISTED: u64 = 100;

/// What became of a letter.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
#[schema(as = ReportSent)]
pub struct SentView {
    /// When.
    #[schema(value_type = String)]
    pub at: Timestamp,
    /// To whom.
    pub user: Uuid,
    /// What became of it.
    pub state: SentState,
    /// Why.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub error: Option<String>,
}

/// A letter to make.
#[derive(Debug, Deserialize)]
struct Payload {
    report: Uuid,
    #[serde(default)]
    schedule: Option<Uuid>,
    user: Uuid,
    #[serde(default)]
    attach: bool,
    #[serde(default)]
    only_if: Option<OnlyIf>,
}

/// What a letter says.
struct Words {
    subject: String,
    text: String,
    sheet: Option<(String, Vec<u8>)>,
}

impl Reports {
    /// What became of the letters of a report, the newest first: for whoever may change it.
    ///
    /// # Errors
    /// `NotFound`, `Denied`.
    pub async fn sent(&self, ctx: &Ctx, report: Uuid) -> Result<(Vec<SentView>, RefsView)> {
        let reader = Reader::of(self.db(), ctx).await?;
        let row = self.saved_row(self.db().read(), ctx, &reader, report).await?;
        if !reader.edits(Some(row.owner), &row.shared) {
            return Err(Error::Denied("action"));
        }
        let select = Query::select()
            .columns(["at", "user_id", "state", "problem"])
            .from(SENT)
            .and_where(Expr::col("tenant_id").eq(ctx.tenant.0))
            .and_where(Expr::col("report_id").eq(report))
            .order_by("at", Order::Desc)
            .order_by("id", Order::Desc)
            .limit(LISTED)
            .take();
        let view = |row: &kernel::db::QueryResult| -> Result<SentView> {
            Ok(SentView {
                at: Timestamp(row.try_get_by_index(0)?),
                user: row.try_get_by_index(1)?,
                state: SentState::named(&row.try_get_by_index::<String>(2)?),
                error: row.try_get_by_index(3)?,
            })
        };
        let sent: Vec<SentView> = self.db().read().query_all(&select).await?.iter().map(view).collect::<Result<_>>()?;
        let mut people: Vec<Uuid> = sent.iter().map(|one| one.user).collect();
        people.sort_unstable();
        people.dedup();
        let mut refs = Refs::new();
        self.records.titles(ctx, "user", &people, &mut refs).await?;
        Ok((sent, crate::refs::view(refs)))
    }
}

/// Makes letters.
pub struct Letters {
    reports: Reports,
    identities: Identities,
    mail: Mail,
    store: Store,
    /// Where the portal is, for links.
    public_url: Option<String>,
}

impl Letters {
    /// Over the services that it needs.
    pub fn new(
        reports: &Reports,
        identities: &Identities,
        mail: &Mail,
        store: &Store,
        public_url: Option<String>,
    ) -> Self {
        Self {
            reports: reports.clone(),
            identities: identities.clone(),
            mail: mail.clone(),
            store: store.clone(),
            public_url,
        }
    }

    /// Makes one, and writes down what became of it. A second try of one that was made does nothing.
    async fn make(&self, job: Uuid, tenant: TenantId, payload: &Payload) -> Result<()> {
        let system = people::tenant::get(self.reports.db(), tenant).await?.system_ctx(self.reports.records.env());
        if self.is_made(job).await? {
            return Ok(());
        }
        let Some(owner) = self.owner(&system, payload.report).await? else { return Ok(()) };
        let person = match self.identities.of_user(tenant, UserId(payload.user)).await {
            Ok(person) => person,
            Err(Error::Unauthenticated | Error::NotFound(_)) => {
                return self.note(&system, job, payload, SentState::Skipped, Some("the account is closed")).await;
            }
            Err(error) => return Err(error),
        };
        // The report is its owner's: who has left the company sends nothing any more.
        match self.identities.of_user(tenant, UserId(owner)).await {
            Ok(_) => {}
            Err(Error::Unauthenticated | Error::NotFound(_)) => {
                return self
                    .note(&system, job, payload, SentState::Skipped, Some("the owner's account is closed"))
                    .await;
            }
            Err(error) => return Err(error),
        }
        let ctx = person.ctx(self.reports.records.env());
        match self.words(&ctx, payload).await {
            Ok(Some(words)) => self.post(&ctx, job, payload, &person.user.email, words).await,
            Ok(None) => self.note(&system, job, payload, SentState::Skipped, Some("the figure did not say so")).await,
            Err(Error::NotFound(_) | Error::Denied(_)) => {
                self.note(&system, job, payload, SentState::Skipped, Some("not shared with this person")).await
            }
            Err(error @ (Error::Database(_) | Error::Raced(_) | Error::Unavailable(_))) => Err(error),
            Err(error) => self.fail(&system, job, payload, owner, &error).await,
        }
    }

    async fn is_made(&self, job: Uuid) -> Result<bool> {
        let select = Query::select().column("id").from(SENT).and_where(Expr::col("id").eq(job)).take();
        Ok(self.reports.db().read().query_one(&select).await?.is_some())
    }

    async fn owner(&self, ctx: &Ctx, report: Uuid) -> Result<Option<Uuid>> {
        let select = Query::select()
            .column("owner_id")
            .from(SAVED)
            .and_where(Expr::col("id").eq(report))
            .and_where(Expr::col("tenant_id").eq(ctx.tenant.0))
            .take();
        let row = self.reports.db().read().query_one(&select).await?;
        Ok(row.map(|row| row.try_get_by_index(0)).transpose()?)
    }

    /// What the letter says, as its recipient sees the figures; none when a figure does not want it.
    async fn words(&self, ctx: &Ctx, payload: &Payload) -> Result<Option<Words>> {
        let saved = self.reports.saved_report(ctx, payload.report).await?;
        let question = Question::read(saved.kind, &saved.config)?;
        if let Some(only_if) = &payload.only_if {
            let period = match &question {
                Question::Query(query) => query.period.clone(),
                Question::Forecast(forecast) => forecast.period.clone(),
                Question::Managers(managers) => managers.period.clone(),
                Question::Funnel(funnel) => Some(funnel.period.clone()),
            };
            let asked = Asked { measures: vec![only_if.measure.clone()], period, ..Asked::default() };
            let answer = self.reports.query(ctx, &asked).await?;
            if !only_if.holds(answer.totals.values.get(&only_if.measure).and_then(Json::as_f64)) {
                return Ok(None);
            }
        }
        let (name, outcome) = self.reports.run_saved(ctx, payload.report, &RunInput::default()).await?;
        let table = self.reports.table(ctx, &outcome).await?;
        let mut lines = vec![name.clone()];
        lines.extend((!saved.description.is_empty()).then(|| saved.description.clone()));
        lines.push(String::new());
        lines.extend(table.lines(MAX_LINES));
        if table.rows.len() > MAX_LINES {
            lines.push("…".to_owned());
        }
        lines.push(String::new());
        if let Some(url) = &self.public_url {
            lines.push(format!("{}/reports/{}", url.trim_end_matches('/'), payload.report));
        }
        lines.push(text(ctx.locale, "letter.rights"));
        let sheet = match payload.attach {
            true => Some((format!("{name}.xlsx"), table_of(&table, Format::Xlsx, ctx.locale)?)),
            false => None,
        };
        let subject = format!("{name}, {}", day_of(ctx, ctx.now()));
        Ok(Some(Words { subject: subject.replace(['\r', '\n'], " "), text: lines.join("\n"), sheet }))
    }

    async fn post(&self, ctx: &Ctx, job: Uuid, payload: &Payload, address: &str, words: Words) -> Result<()> {
        let files = match words.sheet {
            Some((name, bytes)) => vec![self.keep(ctx, payload.report, &name, bytes).await?],
            None => Vec::new(),
        };
        let mail = NewMail {
            to: vec![address.to_owned()],
            cc: Vec::new(),
            subject: words.subject,
            text: words.text,
            reply_to: None,
            reference: Reference { kind: ENTITY.to_owned(), id: payload.report },
            parts: Parts { files, ..Parts::default() },
        };
        let tx = self.reports.db().begin().await?;
        self.mail.queue_once(&tx, ctx, job, &mail).await?;
        write_down(&tx, ctx, job, payload, SentState::Sent, None).await?;
        Ok(tx.commit().await?)
    }

    /// Keeps a spreadsheet until the letter is gone: a week.
    async fn keep(&self, ctx: &Ctx, report: Uuid, name: &str, bytes: Vec<u8>) -> Result<Attached> {
        let id = ctx.id();
        let of = RecordRef { entity: ENTITY.into(), id: RecordId(report) };
        let tx = self.reports.db().begin().await?;
        table::insert(&tx, ctx, id, &of, name).await?;
        tx.commit().await?;
        let mut writing = self.store.write(ctx.tenant, id, MAX_FILE).await?;
        writing.write(Bytes::from(bytes)).await?;
        let stored = writing.finish(name).await?;
        let tx = self.reports.db().begin().await?;
        table::reserve(&tx, ctx.tenant, stored.size, 0).await?;
        table::keep(&tx, ctx.tenant, id, &stored).await?;
        tx.commit().await?;
        Ok(Attached { id, name: name.to_owned(), media_type: stored.media_type.to_owned(), size: stored.size })
    }

    async fn note(&self, ctx: &Ctx, job: Uuid, payload: &Payload, state: SentState, why: Option<&str>) -> Result<()> {
        let tx = self.reports.db().begin().await?;
        write_down(&tx, ctx, job, payload, state, why).await?;
        Ok(tx.commit().await?)
    }

    /// What cannot be made is told to the owner.
    async fn fail(&self, ctx: &Ctx, job: Uuid, payload: &Payload, owner: Uuid, error: &Error) -> Result<()> {
        let why = match error {
            Error::Invalid { fields, .. } => {
                fields.values().map(|field| field.message.in_locale(ctx.locale)).collect::<Vec<_>>().join(" ")
            }
            other => {
                tracing::error!(error = %other, report = %payload.report, "a report could not be sent");
                text(ctx.locale, "problem.other")
            }
        };
        let select = Query::select().column("name").from(SAVED).and_where(Expr::col("id").eq(payload.report)).take();
        let row = self.reports.db().read().query_one(&select).await?;
        let title: String = row.map_or(Ok(String::new()), |row| row.try_get_by_index(0))?;
        let params = BTreeMap::from([("title".to_owned(), title), ("reason".to_owned(), why.clone())]);
        let tx = self.reports.db().begin().await?;
        write_down(&tx, ctx, job, payload, SentState::Failed, Some(&why)).await?;
        notifications::tell(&tx, ctx, Told::Report, [owner], None, &params).await?;
        Ok(tx.commit().await?)
    }
}

async fn write_down(
    tx: &Tx,
    ctx: &Ctx,
    job: Uuid,
    payload: &Payload,
    state: SentState,
    why: Option<&str>,
) -> Result<()> {
    let insert = Query::insert()
        .into_table(SENT)
        .columns(["id", "tenant_id", "report_id", "schedule_id", "user_id", "state", "problem", "at"])
        .values_panic([
            job.into(),
            ctx.tenant.0.into(),
            payload.report.into(),
            payload.schedule.into(),
            payload.user.into(),
            state.name().into(),
            why.map(|why| why.chars().take(500).collect::<String>()).into(),
            ctx.now().0.into(),
        ])
        .to_owned();
    Ok(tx.execute(&insert).await.map(drop)?)
}

#[async_trait::async_trait]
impl Handler for Letters {
    fn kind(&self) -> &'static str {
        LETTER
    }

    fn lane(&self) -> Lane {
        Lane::Long
    }

    async fn run(&self, job: &Job) -> Result<(), JobError> {
        let payload: Payload =
            serde_json::from_value(job.payload.clone()).map_err(|error| JobError::Fatal(error.to_string()))?;
        let tenant = job.tenant.ok_or_else(|| JobError::Fatal("a letter of no company".to_owned()))?;
        Ok(self.make(job.id, tenant, &payload).await?)
    }
}
