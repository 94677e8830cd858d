//! A list as a file: CSV (UTF-8 with a byte order mark, `;` where people write Russian or Ukrainian, text that would be a
//! formula quoted) and XLSX with types. A long job reads page after page with its asker's rights and keeps each step's rows
//! as a packed piece, so that a million rows take the memory of one page and a restart goes on where it was.
//!
//! A file is for whoever asked, for a week, as long as their rights are those it was made with.
//!
//! | module | what |
//! |---|---|
//! | `cells` | a record in words and numbers |
//! | `sheet` | rows of XLSX in pieces that are one ZIP file together |
//! | `job` | the long job, the end of old files |

mod cells;
mod job;
mod sheet;

use kernel::db::ConnectionTrait;
use kernel::error::FieldError;
use kernel::filter::Filter;
use kernel::jobs::long::{self, LongJob, NewLongJob};
use kernel::{Ctx, Error, Message, Result};
use sea_orm::sea_query::{Expr, ExprTrait, Query as Sql};
use serde::{Deserialize, Serialize};
use serde_json::{Value as Json, json};
use uuid::Uuid;

use crate::read::{Query, Sort};
use crate::{Records, bad_filter};

pub use job::{KIND, ListExportSteps, SWEEP, Sweep};

/// Rows of a file; XLSX has no more.
pub const MAX_ROWS: i64 = 1_048_575;
/// Seconds a file is kept.
const KEPT_SECONDS: i64 = 7 * 86_400;
/// Characters of a name.
const MAX_NAME: usize = 100;
/// Columns.
const MAX_COLUMNS: usize = 200;

/// What a file is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = ListFormat)]
pub enum Format {
    /// Comma-separated values (RFC 4180).
    Csv,
    /// Office Open XML (ECMA-376).
    Xlsx,
}

impl Format {
    const fn name(self) -> &'static str {
        match self {
            Self::Csv => "csv",
            Self::Xlsx => "xlsx",
        }
    }

    const fn media_type(self) -> &'static str {
        match self {
            Self::Csv => "text/csv; charset=utf-8",
            Self::Xlsx => "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
        }
    }
}

/// What of an entity to make a file of.
#[derive(Debug, Clone)]
pub struct ListExport {
    /// Which records, in which order. Its fields are the columns; those of the first list where it names none.
    pub query: Query,
    /// What the file is.
    pub format: Format,
    /// What it is called; as the entity when left out.
    pub name: Option<String>,
}

/// The question of an export, as kept.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Question {
    filter: Option<Json>,
    words: Option<String>,
    sort: Vec<(String, bool)>,
    columns: Vec<String>,
    deleted: bool,
}

impl Question {
    fn query(&self, limit: u64, cursor: Option<String>) -> Result<Query> {
        let sort = |(field, descending): &(String, bool)| Sort { field: field.clone(), descending: *descending };
        Ok(Query {
            filter: self.filter.as_ref().map(Filter::parse).transpose().map_err(bad_filter)?,
            words: self.words.clone(),
            sort: self.sort.iter().map(sort).collect(),
            fields: Some(self.columns.clone()),
            limit: Some(limit),
            cursor,
            total: false,
            deleted: self.deleted,
        })
    }
}

/// A made file.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ListFile {
    /// What it is called.
    pub name: String,
    /// Records.
    pub rows: i64,
    /// Bytes, as kept.
    pub bytes: i64,
    /// Where it is.
    pub href: String,
}

/// A file on its way out.
#[derive(Debug)]
pub struct Outgoing {
    /// What it is called.
    pub name: String,
    /// What it is.
    pub media_type: &'static str,
    id: Uuid,
    format: Format,
    next: i64,
}

impl Records {
    /// Begins to make a file of a list.
    ///
    /// # Errors
    /// `NotFound`; `request.invalid` naming `filter`, `sort`, `fields` or `name`; `TooLarge`; conflict `job.too_many`.
    pub async fn begin_list_export(&self, ctx: &Ctx, entity: &str, asked: ListExport) -> Result<LongJob> {
        let def = self.entity(ctx, entity).await?;
        if !ctx.rights.may(entity, kernel::access::Action::Read) {
            return Err(Error::NotFound(format!("entity {entity}")));
        }
        let ListExport { query, format, name } = asked;
        let shown = |key: &&kernel::FieldKey| def.shows_key(&ctx.rights, key);
        let columns = query.fields.clone().filter(|fields| !fields.is_empty());
        let columns = columns.unwrap_or_else(|| def.list.iter().filter(shown).map(ToString::to_string).collect());
        let wrong = |field: &str, error| Error::field("request.invalid", field, error);
        if columns.len() > MAX_COLUMNS {
            return Err(wrong("fields", FieldError::new("too_many").with("max", MAX_COLUMNS)));
        }
        let name = name.map(|name| name.trim().to_owned()).filter(|name| !name.is_empty());
        let name = name.unwrap_or_else(|| crate::catalogue::entity_label(&def, true, ctx.locale));
        if name.chars().count() > MAX_NAME {
            return Err(wrong("name", FieldError::new("too_long").with("max", MAX_NAME)));
        }
        let question = Question {
            filter: query.filter.as_ref().map(Filter::to_json),
            words: query.words,
            sort: query.sort.into_iter().map(|sort| (sort.field, sort.descending)).collect(),
            columns,
            deleted: query.deleted,
        };
        // What cannot be asked is refused now, not by the job.
        self.query(ctx, entity, &question.query(1, None)?).await?;
        let total = self.count(ctx, entity, &question.query(1, None)?).await?;
        if total > MAX_ROWS {
            return Err(Error::TooLarge(Message::key("error.export.too_large").with("max", MAX_ROWS)));
        }
        let tx = self.db().begin().await?;
        let new = NewLongJob { kind: KIND, subject: None, input: json!({"entity": entity}), total };
        let (job, _) = long::begin(&tx, ctx, new, false).await?;
        let insert = Sql::insert()
            .into_table("list_export")
            .columns([
                "id",
                "tenant_id",
                "user_id",
                "entity",
                "question",
                "name",
                "format",
                "rights",
                "rows",
                "bytes",
                "made",
                "at",
            ])
            .values_panic([
                job.id.into(),
                job.tenant.0.into(),
                job.user.0.into(),
                entity.into(),
                serde_json::to_value(&question).map_err(Error::internal)?.into(),
                format!("{name}.{}", format.name()).into(),
                format.name().into(),
                ctx.fingerprint().into(),
                0_i64.into(),
                0_i64.into(),
                false.into(),
                ctx.now().0.into(),
            ])
            .to_owned();
        tx.execute(&insert).await?;
        tx.commit().await?;
        Ok(job)
    }

    /// A file that the actor has asked for, to be read by `next_piece`.
    ///
    /// # Errors
    /// `NotFound`, also of one that is a week old or not made yet; conflict `export.stale` when the actor's rights are
    /// not those that it was made with.
    pub async fn list_export(&self, ctx: &Ctx, id: Uuid) -> Result<Outgoing> {
        let gone = || Error::NotFound(format!("export {id}"));
        let me = ctx.user().ok_or_else(gone)?.0;
        let select = Sql::select()
            .columns(["name", "format", "rights"])
            .from("list_export")
            .and_where(Expr::col("id").eq(id))
            .and_where(Expr::col("tenant_id").eq(ctx.tenant.0))
            .and_where(Expr::col("user_id").eq(me))
            .and_where(Expr::col("made").eq(true))
            .and_where(Expr::col("at").gt(ctx.now().plus_seconds(-KEPT_SECONDS).0))
            .take();
        let row = self.db().read().query_one(&select).await?.ok_or_else(gone)?;
        let (format, rights): (String, String) = (row.try_get_by_index(1)?, row.try_get_by_index(2)?);
        if rights != ctx.fingerprint() {
            return Err(Error::Conflict { code: "export.stale", current: None });
        }
        let format = if format == Format::Csv.name() { Format::Csv } else { Format::Xlsx };
        Ok(Outgoing { name: row.try_get_by_index(0)?, media_type: format.media_type(), id, format, next: 0 })
    }

    /// The next bytes of a file; none at its end.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn next_piece(&self, file: &mut Outgoing) -> Result<Option<Vec<u8>>> {
        let select = Sql::select()
            .column("content")
            .from("list_export_piece")
            .and_where(Expr::col("export_id").eq(file.id))
            .and_where(Expr::col("piece").eq(file.next))
            .take();
        file.next += 1;
        let Some(row) = self.db().read().query_one(&select).await? else { return Ok(None) };
        let content: Vec<u8> = row.try_get_by_index(0)?;
        let unpacked = match file.format {
            Format::Csv => sheet::unpacked(&content)?,
            Format::Xlsx => content,
        };
        Ok(Some(unpacked))
    }
}
