//! The long job that makes a file of a list, and the sweep that ends old ones.

use kernel::db::{ConnectionTrait, Tx};
use kernel::jobs::long::{LongJob, Step, Steps};
use kernel::jobs::{Handler, Job, JobError, Lane};
use kernel::{Ctx, Error, Message, Result, audit};
use people::Identities;
use sea_orm::sea_query::{Expr, ExprTrait, Query as Sql};
use serde::{Deserialize, Serialize};
use serde_json::json;
use uuid::Uuid;

use super::cells::{Cell, Words};
use super::sheet::{self, Sheet};
use super::{Format, KEPT_SECONDS, ListFile, MAX_ROWS, Question};
use crate::Records;
use crate::catalogue::{FieldDef, field_label};
use crate::read::MAX_LIMIT;

/// The kind of long job.
pub const KIND: &str = "records.export";
/// The job that removes old files.
pub const SWEEP: &str = "records.sweep_exports";
/// Pages of one step.
const PAGES: usize = 4;
/// Bytes of a file, as kept.
const MAX_BYTES: i64 = 512 * 1024 * 1024;

/// An export, as kept.
struct Kept {
    entity: String,
    question: Question,
    name: String,
    format: Format,
    rights: String,
}

/// Where the next step begins.
#[derive(Debug, Default, Serialize, Deserialize)]
struct Place {
    page: Option<String>,
    /// Pieces so far; that of number 0 is written last in a spreadsheet.
    pieces: i64,
    sheet: Sheet,
    bytes: i64,
}

/// Does the steps of exports of lists.
pub struct ListExportSteps {
    records: Records,
    identities: Identities,
}

impl ListExportSteps {
    /// Over the service of records.
    pub fn new(records: &Records, identities: &Identities) -> Self {
        Self { records: records.clone(), identities: identities.clone() }
    }
}

#[async_trait::async_trait]
impl Steps for ListExportSteps {
    fn kind(&self) -> &'static str {
        KIND
    }

    async fn step(&self, job: &LongJob) -> Result<Step> {
        let place: Option<Place> = serde_json::from_value(job.cursor.clone()).map_err(Error::internal)?;
        let first = place.is_none();
        let mut place = place.unwrap_or(Place { pieces: 1, ..Place::default() });
        let kept = self.records.kept_export(job).await?;
        let person = self.identities.of_user(job.tenant, job.user).await?;
        let ctx = job.acting(person.ctx(self.records.env()));
        if kept.rights != ctx.fingerprint() {
            // Of a token that may less than its person, too.
            return Err(Error::Conflict { code: "export.stale", current: None });
        }
        let (head, rows, next) = self.records.rows(&ctx, &kept, place.page.take()).await?;
        let count = i64::try_from(rows.len()).unwrap_or(0);
        if job.done + count > MAX_ROWS {
            return Err(Error::TooLarge(Message::key("error.export.too_large").with("max", MAX_ROWS)));
        }
        let (format, locale) = (kept.format, ctx.locale);
        let head = first.then_some(head);
        let mut sheet = place.sheet;
        let made = tokio::task::spawn_blocking(move || match format {
            Format::Csv => Ok((sheet::csv(head.as_deref(), &rows, locale)?, sheet)),
            Format::Xlsx => Ok::<_, Error>((sheet.part(head.as_deref(), &rows)?, sheet)),
        });
        let (piece, sheet) = made.await.map_err(Error::internal)??;
        (place.sheet, place.page) = (sheet, next);
        place.bytes += i64::try_from(piece.len()).unwrap_or(i64::MAX);
        if place.bytes > MAX_BYTES {
            return Err(Error::TooLarge(Message::key("error.export.too_large").with("max", MAX_ROWS)));
        }
        let tx = self.records.db().begin().await?;
        put(&tx, job.id, place.pieces, piece).await?;
        place.pieces += 1;
        let done = job.done + count;
        if place.page.is_some() {
            return Ok(Step { tx: Some(tx), cursor: json!(place), done, result: json!(null), over: false });
        }
        let file = finish(&tx, &ctx, job.id, &kept, place, done).await?;
        Ok(Step { tx: Some(tx), cursor: json!(null), done, result: json!({ "file": file }), over: true })
    }
}

async fn put(tx: &Tx, id: Uuid, piece: i64, content: Vec<u8>) -> Result<()> {
    let insert = Sql::insert()
        .into_table("list_export_piece")
        .columns(["export_id", "piece", "content"])
        .values_panic([id.into(), piece.into(), content.into()])
        .to_owned();
    tx.execute(&insert).await?;
    Ok(())
}

/// Writes what stands around the rows; from now on the file is there.
async fn finish(tx: &Tx, ctx: &Ctx, id: Uuid, kept: &Kept, mut place: Place, rows: i64) -> Result<ListFile> {
    let (begin, end) = match kept.format {
        Format::Csv => (sheet::packed(&[])?, sheet::packed(&[])?),
        Format::Xlsx => place.sheet.end()?,
    };
    let bytes = place.bytes + i64::try_from(begin.len() + end.len()).unwrap_or(0);
    put(tx, id, 0, begin).await?;
    put(tx, id, place.pieces, end).await?;
    let update = Sql::update()
        .table("list_export")
        .value("made", true)
        .value("rows", rows)
        .value("bytes", bytes)
        .and_where(Expr::col("id").eq(id))
        .to_owned();
    tx.execute(&update).await?;
    let detail = json!({
        "entity": kept.entity, "rows": rows, "bytes": bytes, "format": kept.format, "name": kept.name,
        "filter": kept.question.filter, "columns": kept.question.columns,
    });
    audit::record(tx, ctx, "records.exported", &id.to_string(), detail).await?;
    Ok(ListFile { name: kept.name.clone(), rows, bytes, href: format!("/api/v1/exports/{id}/content") })
}

impl Records {
    async fn kept_export(&self, job: &LongJob) -> Result<Kept> {
        let select = Sql::select()
            .columns(["entity", "question", "name", "format", "rights"])
            .from("list_export")
            .and_where(Expr::col("id").eq(job.id))
            .and_where(Expr::col("tenant_id").eq(job.tenant.0))
            .take();
        let row = self.db().read().query_one(&select).await?;
        let row = row.ok_or_else(|| Error::NotFound(format!("export {}", job.id)))?;
        let question: serde_json::Value = row.try_get_by_index(1)?;
        let format: String = row.try_get_by_index(3)?;
        Ok(Kept {
            entity: row.try_get_by_index(0)?,
            question: serde_json::from_value(question).map_err(Error::internal)?,
            name: row.try_get_by_index(2)?,
            format: if format == Format::Csv.name() { Format::Csv } else { Format::Xlsx },
            rights: row.try_get_by_index(4)?,
        })
    }

    /// The names of the columns, the next rows, and where those behind them begin.
    async fn rows(
        &self,
        ctx: &Ctx,
        kept: &Kept,
        mut page: Option<String>,
    ) -> Result<(Vec<String>, Vec<Vec<Cell>>, Option<String>)> {
        let catalogue = self.catalogue_of(ctx).await?;
        let def = catalogue.entity(&kept.entity)?;
        let columns: Vec<&FieldDef> = kept.question.columns.iter().filter_map(|key| def.field(key)).collect();
        let head = columns.iter().map(|field| field_label(def, field, ctx.locale)).collect();
        let mut rows = Vec::new();
        for _ in 0..PAGES {
            let query = kept.question.query(MAX_LIMIT, page)?;
            let found = self.query(ctx, &kept.entity, &query).await?;
            let refs = self.refs(ctx, &found.items).await?;
            let words = Words { catalogue: &catalogue, def, refs: &refs, ctx };
            rows.extend(found.items.iter().map(|record| words.row(record, &columns)));
            page = found.next_cursor;
            if page.is_none() {
                break;
            }
        }
        Ok((head, rows, page))
    }
}

/// Removes files when they are old, made or not.
pub struct Sweep(pub Records);

#[async_trait::async_trait]
impl Handler for Sweep {
    fn kind(&self) -> &'static str {
        SWEEP
    }

    fn lane(&self) -> Lane {
        Lane::Long
    }

    async fn run(&self, _job: &Job) -> Result<(), JobError> {
        let old = Expr::col("at").lt(self.0.env().now().plus_seconds(-KEPT_SECONDS).0);
        let ids = Sql::select().column("id").from("list_export").and_where(old.clone()).take();
        let tx = self.0.db().begin().await?;
        let pieces = Expr::col("export_id").in_subquery(ids);
        tx.execute(&Sql::delete().from_table("list_export_piece").and_where(pieces).take()).await?;
        tx.execute(&Sql::delete().from_table("list_export").and_where(old).take()).await?;
        Ok(tx.commit().await?)
    }
}
