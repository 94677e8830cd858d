//! The long job that makes a file of an answer; the file, kept a week for whoever asked; the sweep that ends it.

use chrono_tz::Tz;
use kernel::db::ConnectionTrait;
use kernel::files::{State, table};
use kernel::jobs::long::{self, LongJob, NewLongJob, Step, Steps};
use kernel::jobs::{Handler, Job, JobError, Lane};
use kernel::{Ctx, Error, Locale, RecordId, RecordRef, Result, audit};
use people::Identities;
use sea_orm::sea_query::{Expr, ExprTrait, Query};
use serde::{Deserialize, Serialize};
use serde_json::{Value as Json, json};
use uuid::Uuid;

use super::{Format, table_of};
use crate::saved::{Kind, Question, checked_name};
use crate::{Reports, invalid};

/// The kind of long job.
pub const EXPORT: &str = "reports.export";
/// The job that removes what is old.
pub const SWEEP: &str = "reports.sweep";
/// Seconds a file is kept, and what became of letters.
const KEPT_SECONDS: i64 = 7 * 86_400;
const SENT_SECONDS: i64 = 180 * 86_400;
/// Rows of a file, and its bytes.
const MAX_ROWS: usize = 10_000;
const MAX_BYTES: usize = 20 * 1024 * 1024;
/// Spreadsheets of letters that one sweep of a report removes.
const SWEPT: u64 = 1_000;

/// What to make a file of.
#[derive(Debug, Clone, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ExportInput {
    /// A saved report.
    #[serde(default)]
    pub saved: Option<Uuid>,
    /// Else: what is asked.
    #[serde(default)]
    pub kind: Kind,
    /// Else: the question.
    #[serde(default)]
    #[schema(value_type = Option<Object>)]
    pub config: Json,
    /// What the file is.
    pub format: Format,
    /// What it is called; as the saved report when left out.
    #[serde(default)]
    pub name: Option<String>,
}

/// What the job keeps of that.
#[derive(Debug, Serialize, Deserialize)]
struct Input {
    kind: Kind,
    config: Json,
    format: Format,
    name: String,
}

/// A made file.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct ExportFile {
    /// What it is called.
    pub name: String,
    /// Lines of figures.
    pub rows: i64,
    /// Bytes.
    pub bytes: i64,
    /// Where it is.
    pub href: String,
}

/// The result of the job.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct Exported {
    /// The file.
    pub file: ExportFile,
}

/// A file on its way out.
#[derive(Debug)]
pub struct Export {
    /// What it is called.
    pub name: String,
    /// What it is.
    pub media_type: &'static str,
    /// Its bytes.
    pub content: Vec<u8>,
}

impl Reports {
    /// Begins an export.
    ///
    /// # Errors
    /// `NotFound`; `report.invalid` naming `config` or `name`; conflict `job.too_many`.
    pub async fn begin_export(&self, ctx: &Ctx, input: &ExportInput) -> Result<LongJob> {
        let (kind, config, name) = match input.saved {
            Some(id) => {
                let saved = self.saved_report(ctx, id).await?;
                (saved.kind, saved.config, saved.name)
            }
            None => (input.kind, input.config.clone(), "report".to_owned()),
        };
        Question::read(kind, &config)?;
        let name = input.name.as_deref().map(|name| checked_name("name", name)).transpose()?.unwrap_or(name);
        let kept = json!(Input { kind, config, format: input.format, name });
        if kept.to_string().len() > 64 * 1024 {
            return Err(invalid("config", "too long"));
        }
        let tx = self.db().begin().await?;
        let new = NewLongJob { kind: EXPORT, subject: None, input: kept, total: 1 };
        let (job, _) = long::begin(&tx, ctx, new, false).await?;
        tx.commit().await?;
        Ok(job)
    }

    /// A file that the actor has asked for.
    ///
    /// # Errors
    /// `NotFound`, also of one that is a week old; conflict `export.stale` when the actor's rights are not those that it was
    /// made with.
    pub async fn export(&self, ctx: &Ctx, id: Uuid) -> Result<Export> {
        let gone = || Error::NotFound(format!("export {id}"));
        let me = ctx.user().ok_or_else(gone)?.0;
        let select = Query::select()
            .columns(["name", "format", "content", "rights"])
            .from("report_export")
            .and_where(Expr::col("id").eq(id))
            .and_where(Expr::col("tenant_id").eq(ctx.tenant.0))
            .and_where(Expr::col("user_id").eq(me))
            .and_where(Expr::col("at").gt(ctx.now().plus_seconds(-KEPT_SECONDS).0))
            .take();
        let row = self.db().read().query_one(&select).await?.ok_or_else(gone)?;
        let (format, rights): (String, Option<String>) = (row.try_get_by_index(1)?, row.try_get_by_index(3)?);
        if rights.as_ref() != Some(&ctx.fingerprint()) {
            return Err(Error::Conflict { code: "export.stale", current: None });
        }
        let format = if format == Format::Csv.name() { Format::Csv } else { Format::Xlsx };
        Ok(Export {
            name: row.try_get_by_index(0)?,
            media_type: format.media_type(),
            content: row.try_get_by_index(2)?,
        })
    }
}

/// Does the steps of exports.
pub struct ExportSteps {
    reports: Reports,
    identities: Identities,
}

impl ExportSteps {
    /// Over the services that it needs.
    pub fn new(reports: &Reports, identities: &Identities) -> Self {
        Self { reports: reports.clone(), identities: identities.clone() }
    }
}

#[async_trait::async_trait]
impl Steps for ExportSteps {
    fn kind(&self) -> &'static str {
        EXPORT
    }

    async fn step(&self, job: &LongJob) -> Result<Step> {
        let input: Input = serde_json::from_value(job.input.clone()).map_err(Error::internal)?;
        let person = self.identities.of_user(job.tenant, job.user).await?;
        let ctx = job.acting(person.ctx(self.reports.records.env()));
        let mut question = Question::read(input.kind, &input.config)?;
        if let Question::Query(query) = &mut question {
            query.limit = Some(MAX_ROWS);
        }
        let outcome = self.reports.answer(&ctx, &question).await?;
        let table = self.reports.table(&ctx, &outcome).await?;
        let (rows, locale, format) = (table.rows.len(), ctx.locale, input.format);
        let made = tokio::task::spawn_blocking(move || table_of(&table, format, locale)).await;
        let content = made.map_err(Error::internal)??;
        if content.len() > MAX_BYTES {
            return Err(invalid("config", "the file would be larger than 20 MiB"));
        }
        let (rows, bytes) = (i64::try_from(rows).unwrap_or(0), i64::try_from(content.len()).unwrap_or(0));
        let name = format!("{}.{}", input.name, format.name());
        let insert = Query::insert()
            .into_table("report_export")
            .columns(["id", "tenant_id", "user_id", "name", "format", "content", "records", "at", "rights"])
            .values_panic([
                job.id.into(),
                job.tenant.0.into(),
                job.user.0.into(),
                name.as_str().into(),
                format.name().into(),
                content.into(),
                rows.into(),
                ctx.now().0.into(),
                ctx.fingerprint().into(),
            ])
            .to_owned();
        let tx = self.reports.db().begin().await?;
        tx.execute(&insert).await?;
        let detail = json!({"name": name, "kind": input.kind, "rows": rows, "bytes": bytes});
        audit::record(&tx, &ctx, "report.exported", &job.id.to_string(), detail).await?;
        let href = format!("/api/v1/reports/exports/{}/content", job.id);
        let result = json!(Exported { file: ExportFile { name, rows, bytes, href } });
        Ok(Step { tx: Some(tx), cursor: Json::from(1), done: 1, result, over: true })
    }
}

/// Removes files and what became of letters when they are old.
pub struct Sweep(pub Reports);

#[async_trait::async_trait]
impl Handler for Sweep {
    fn kind(&self) -> &'static str {
        SWEEP
    }

    fn lane(&self) -> Lane {
        Lane::Long
    }

    async fn run(&self, _job: &Job) -> Result<(), JobError> {
        Ok(self.0.sweep().await?)
    }
}

impl Reports {
    async fn sweep(&self) -> Result<()> {
        let now = self.records.env().now();
        let tx = self.db().begin().await?;
        for (name, seconds) in [("report_export", KEPT_SECONDS), ("report_sent", SENT_SECONDS)] {
            let old = Expr::col("at").lt(now.plus_seconds(-seconds).0);
            tx.execute(&Query::delete().from_table(name).and_where(old).to_owned()).await?;
        }
        tx.commit().await?;
        let reports = Query::select().distinct().columns(["tenant_id", "report_id"]).from("report_sent").take();
        for row in self.db().read().query_all(&reports).await? {
            let (tenant, report): (Uuid, Uuid) = (row.try_get_by_index(0)?, row.try_get_by_index(1)?);
            self.forget_sheets(kernel::TenantId(tenant), report).await?;
        }
        Ok(())
    }

    /// Spreadsheets of letters that are surely gone.
    async fn forget_sheets(&self, tenant: kernel::TenantId, report: Uuid) -> Result<()> {
        let now = self.records.env().now();
        let of = RecordRef { entity: crate::saved::ENTITY.into(), id: RecordId(report) };
        let files = table::of_record(self.db().read(), tenant, &of, State::Kept, SWEPT).await?;
        let ctx = Ctx::system(tenant, Tz::UTC, Locale::En, self.records.env());
        for file in files.iter().filter(|file| file.created_at.plus_seconds(KEPT_SECONDS) < now) {
            let tx = self.db().begin().await?;
            if table::turn(&tx, file, State::Condemned, ctx.now()).await? {
                table::release(&tx, tenant, i64::try_from(file.size).map_err(Error::internal)?, 1).await?;
            }
            tx.commit().await?;
        }
        Ok(())
    }
}
