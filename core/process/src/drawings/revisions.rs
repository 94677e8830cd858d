//! What a drawing was before.

use kernel::db::{ConnectionTrait, QueryResult};
use kernel::{Ctx, Error, Result, Timestamp};
use sea_orm::sea_query::{Expr, ExprTrait, Order, Query, SelectStatement};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::keep::{page, unreadable};
use super::store::{REVISION, this};
use super::view::{DrawingPerson, Names, person};
use super::{designs, invalid};
use crate::definition::layout;
use crate::runtime::Processes;

/// Characters of a revision's name.
const MAX_NAME: usize = 255;

/// A revision.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct RevisionView {
    /// Its number.
    pub revision: i64,
    /// When it was saved.
    #[schema(value_type = String)]
    pub at: Timestamp,
    /// By whom.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub author: Option<DrawingPerson>,
    /// What it is called: it stays then.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub name: Option<String>,
    /// Whether it was set aside: another had taken over.
    pub aside: bool,
    /// Bytes.
    pub size: i64,
    /// The version that was published from it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub version: Option<i64>,
}

/// Which revisions.
#[derive(Debug, Default, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields, default)]
#[into_params(parameter_in = Query)]
pub struct RevisionQuery {
    /// Where the page before ended.
    pub after: Option<i64>,
    /// Page size, 1 to 200; 50 by default.
    pub limit: Option<u64>,
}

/// A page of revisions, the newest first.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct RevisionPage {
    /// The revisions.
    pub items: Vec<RevisionView>,
    /// For the next page, if there is one.
    pub next_cursor: Option<i64>,
}

/// What to call a revision.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RevisionChange {
    /// Its name; null: none.
    pub name: Option<String>,
}

fn select(ctx: &Ctx, id: Uuid) -> SelectStatement {
    Query::select()
        .columns(["revision", "at", "author", "name", "aside", "size", "version"])
        .from(REVISION)
        .and_where(Expr::col("drawing_id").eq(id))
        .and_where(Expr::col("tenant_id").eq(ctx.tenant.0))
        .take()
}

fn view(row: &QueryResult, names: &Names) -> Result<RevisionView> {
    Ok(RevisionView {
        revision: row.try_get_by_index(0)?,
        at: Timestamp(row.try_get_by_index(1)?),
        author: row.try_get_by_index::<Option<Uuid>>(2)?.map(|author| person(names, author)),
        name: row.try_get_by_index(3)?,
        aside: row.try_get_by_index(4)?,
        size: row.try_get_by_index(5)?,
        version: row.try_get_by_index(6)?,
    })
}

impl Processes {
    /// Revisions of a drawing, the newest first.
    ///
    /// # Errors
    /// `Denied`, `NotFound`, `drawing.invalid` naming `limit`.
    pub async fn drawing_revisions(&self, ctx: &Ctx, id: Uuid, query: &RevisionQuery) -> Result<RevisionPage> {
        let limit = page(query.limit)?;
        self.drawing_row(self.db().read(), ctx, id).await?;
        let mut select = select(ctx, id);
        if let Some(after) = query.after {
            select.and_where(Expr::col("revision").lt(after));
        }
        select.order_by("revision", Order::Desc).limit(limit + 1);
        let rows = self.db().read().query_all(&select).await?;
        let size = usize::try_from(limit).unwrap_or(usize::MAX);
        let mut items = self.revision_views(ctx, &rows).await?;
        let more = items.len() > size;
        items.truncate(size);
        Ok(RevisionPage { next_cursor: items.last().filter(|_| more).map(|last| last.revision), items })
    }

    async fn revision_views(&self, ctx: &Ctx, rows: &[QueryResult]) -> Result<Vec<RevisionView>> {
        let authors = rows.iter().map(|row| Ok(row.try_get_by_index::<Option<Uuid>>(2)?));
        let authors = authors.collect::<Result<Vec<_>>>()?;
        let names = self.names_of(ctx, authors.into_iter().flatten()).await?;
        rows.iter().map(|row| view(row, &names)).collect()
    }

    /// The current revision with its bytes, or with a diagram in UTF-8 (`layout`).
    ///
    /// # Errors
    /// `Denied`, `NotFound`.
    pub async fn drawing_xml(&self, ctx: &Ctx, id: Uuid, layout: bool) -> Result<(i64, Vec<u8>)> {
        let row = self.drawing_row(self.db().read(), ctx, id).await?;
        let xml = self.revision_xml(self.db().read(), ctx, id, row.revision).await?;
        if !layout || row.diagram {
            return Ok((row.revision, xml));
        }
        let laid = tokio::task::spawn_blocking(move || layout::laid_out(&xml));
        let laid = laid.await.map_err(Error::internal)?.map_err(|problem| unreadable(ctx, &problem))?;
        Ok((row.revision, laid.into_bytes()))
    }

    /// The bytes of a revision.
    ///
    /// # Errors
    /// `Denied`, `NotFound`.
    pub async fn drawing_revision_xml(&self, ctx: &Ctx, id: Uuid, revision: i64) -> Result<Vec<u8>> {
        self.drawing_row(self.db().read(), ctx, id).await?;
        self.revision_xml(self.db().read(), ctx, id, revision).await
    }

    /// Names a revision, which stays then for ever, or takes its name away.
    ///
    /// # Errors
    /// `Denied`, `NotFound`, `drawing.invalid` naming `name`.
    pub async fn name_revision(
        &self,
        ctx: &Ctx,
        id: Uuid,
        revision: i64,
        change: RevisionChange,
    ) -> Result<RevisionView> {
        designs(ctx)?;
        let name = change.name.map(|name| name.trim().to_owned()).filter(|name| !name.is_empty());
        if name
            .as_deref()
            .is_some_and(|name| name.chars().nth(MAX_NAME).is_some() || name.chars().any(char::is_control))
        {
            return Err(invalid("name", format!("up to {MAX_NAME} characters")));
        }
        let tx = self.db().begin().await?;
        self.drawing_row(&tx, ctx, id).await?;
        let update = Query::update().table(REVISION).value("name", name).cond_where(this(ctx, id, revision)).to_owned();
        tx.execute(&update).await?;
        let mut select = select(ctx, id);
        select.and_where(Expr::col("revision").eq(revision));
        let row = tx.query_one(&select).await?;
        let row = row.ok_or_else(|| Error::NotFound(format!("revision {revision} of drawing {id}")))?;
        tx.commit().await?;
        let mut views = self.revision_views(ctx, &[row]).await?;
        views.pop().ok_or_else(|| Error::Internal("no revision".into()))
    }
}
