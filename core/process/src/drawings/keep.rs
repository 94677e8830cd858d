//! Making, listing, changing and removing drawings.

use kernel::db::ConnectionTrait;
use kernel::error::{FieldError, FieldErrors};
use kernel::text::Message;
use kernel::{Ctx, Error, Result, audit};
use people::role;
use sea_orm::sea_query::{Cond, Expr, ExprTrait, Order, Query};
use serde::{Deserialize, Serialize};
use serde_json::json;
use uuid::Uuid;

use super::store::{self, DRAWING, Fresh, NOTE, REVISION};
use super::view::{DrawingKind, DrawingView};
use super::{designs, invalid};
use crate::definition::drawing::{self, Drawn};
use crate::definition::{Problem, words};
use crate::runtime::Processes;
use crate::wizard;

/// Largest page.
const MAX_LIMIT: u64 = 200;
/// Characters of a title.
const MAX_TITLE: usize = 255;

/// A drawing to make from a file.
#[derive(Debug)]
pub struct NewDrawing {
    /// The file.
    pub xml: Vec<u8>,
    /// What to call it; by default as its process.
    pub title: Option<String>,
    /// What it is for.
    pub kind: DrawingKind,
}

/// A drawing to make from lines of text.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct StepsInput {
    /// What to call it, and its process.
    pub title: String,
    /// `name | role | time | action! | note`, `& ...` beside the line above, `? question | yes: next | no: 2`; up to 500.
    pub lines: Vec<String>,
    /// What it is for.
    #[serde(default)]
    pub kind: DrawingKind,
}

/// What to change of a drawing; what is absent stays.
#[derive(Debug, Default, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct DrawingChange {
    /// What to call it.
    pub title: Option<String>,
    /// What it is for.
    pub kind: Option<DrawingKind>,
    /// The drawing it is compared with; null: none.
    #[serde(deserialize_with = "given")]
    #[schema(value_type = Option<Uuid>)]
    pub pair: Option<Option<Uuid>>,
}

/// A field that is null is given, and not absent.
fn given<'de, D: serde::Deserializer<'de>, T: Deserialize<'de>>(from: D) -> Result<Option<Option<T>>, D::Error> {
    Option::deserialize(from).map(Some)
}

/// Which drawings.
#[derive(Debug, Default, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields, default)]
#[into_params(parameter_in = Query)]
pub struct DrawingQuery {
    /// Where the page before ended.
    pub after: Option<Uuid>,
    /// Page size, 1 to 200; 50 by default.
    pub limit: Option<u64>,
}

/// A page of drawings, the newest first.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct DrawingPage {
    /// The drawings.
    pub items: Vec<DrawingView>,
    /// For the next page, if there is one.
    pub next_cursor: Option<Uuid>,
}

/// A page size that is in order.
pub(super) fn page(limit: Option<u64>) -> Result<u64> {
    match limit.unwrap_or(50) {
        limit @ 1..=MAX_LIMIT => Ok(limit),
        _ => Err(invalid("limit", format!("from 1 to {MAX_LIMIT}"))),
    }
}

/// A file that cannot be kept, in the person's language.
pub(super) fn unreadable(ctx: &Ctx, problem: &Problem) -> Error {
    let (code, message) = words::of(problem, ctx.locale);
    let error = FieldError { code: code.to_owned(), message: Message::Words(message) };
    Error::field("drawing.unreadable", "xml", error)
}

/// Looks at a file away from the threads of requests; gives it back.
pub(super) async fn look(ctx: &Ctx, xml: Vec<u8>) -> Result<(Vec<u8>, Drawn)> {
    let looked = tokio::task::spawn_blocking(move || drawing::draw(&xml).map(|drawn| (xml, drawn)));
    looked.await.map_err(Error::internal)?.map_err(|problem| unreadable(ctx, &problem))
}

fn checked_title(title: &str) -> Result<String> {
    let title = title.trim();
    if title.is_empty() || title.chars().nth(MAX_TITLE).is_some() || title.chars().any(char::is_control) {
        return Err(invalid("title", format!("from 1 to {MAX_TITLE} characters")));
    }
    Ok(title.to_owned())
}

impl Processes {
    /// Keeps a file as a new drawing.
    ///
    /// # Errors
    /// `Denied`, `drawing.unreadable` naming `xml`, `drawing.invalid` naming `title`.
    pub async fn create_drawing(&self, ctx: &Ctx, new: NewDrawing) -> Result<DrawingView> {
        designs(ctx)?;
        let given = new.title.as_deref().map(checked_title).transpose()?;
        let (xml, drawn) = look(ctx, new.xml).await?;
        let of_file = drawn.name.as_deref().map(|name| name.chars().take(MAX_TITLE).collect::<String>());
        let of_file = of_file.and_then(|name| checked_title(&name).ok());
        let title = given.or(of_file).unwrap_or_else(|| words::text(ctx.locale, "drawing.untitled", ""));
        let fresh = Fresh { id: ctx.id(), title: &title, kind: new.kind, drawn: &drawn };
        let tx = self.db().begin().await?;
        store::insert(&tx, ctx, &fresh, xml).await?;
        audit::record(&tx, ctx, "drawing.created", &fresh.id.to_string(), json!({"title": title})).await?;
        tx.commit().await?;
        self.drawing(ctx, fresh.id).await
    }

    /// Makes a drawing from lines of text.
    ///
    /// # Errors
    /// `Denied`, `drawing.invalid` naming `title`, `drawing.lines` naming lines as `lines.<number>`, from 1.
    pub async fn draw_steps(&self, ctx: &Ctx, input: StepsInput) -> Result<DrawingView> {
        designs(ctx)?;
        let title = checked_title(&input.title)?;
        let roles = role::list(self.db().read(), ctx.tenant).await?;
        let roles = roles.into_iter().map(|role| (role.key, role.name)).collect();
        let named = title.clone();
        let written = tokio::task::spawn_blocking(move || wizard::file(&named, &input.lines, &roles));
        let file = written.await.map_err(Error::internal)?.map_err(|errors| {
            let fields = errors.into_iter().map(|(line, error)| {
                let message = words::text(ctx.locale, &format!("line.{}", error.code), &error.text);
                let error = FieldError { code: error.code.to_owned(), message: Message::Words(message) };
                (format!("lines.{line}"), error)
            });
            Error::Invalid { code: "drawing.lines", fields: fields.collect::<FieldErrors>() }
        })?;
        self.create_drawing(ctx, NewDrawing { xml: file.into_bytes(), title: Some(title), kind: input.kind }).await
    }

    /// A drawing.
    ///
    /// # Errors
    /// `Denied`, `NotFound`.
    pub async fn drawing(&self, ctx: &Ctx, id: Uuid) -> Result<DrawingView> {
        let row = self.drawing_row(self.db().read(), ctx, id).await?;
        let views = self.drawing_views(ctx, vec![row]).await?;
        views.into_iter().next().ok_or_else(|| Error::NotFound(format!("drawing {id}")))
    }

    /// Drawings that the person may see, the newest first.
    ///
    /// # Errors
    /// `Denied`, `drawing.invalid` naming `limit`.
    pub async fn drawings(&self, ctx: &Ctx, query: &DrawingQuery) -> Result<DrawingPage> {
        let limit = page(query.limit)?;
        let mut select = store::select(ctx)?;
        if let Some(after) = query.after {
            select.and_where(Expr::col((DRAWING, "id")).lt(after));
        }
        select.order_by((DRAWING, "id"), Order::Desc).limit(limit + 1);
        let rows = self.db().read().query_all(&select).await?;
        let size = usize::try_from(limit).unwrap_or(usize::MAX);
        let more = rows.len() > size;
        let rows = rows.iter().take(size).map(store::from_row).collect::<Result<Vec<_>>>()?;
        let items = self.drawing_views(ctx, rows).await?;
        Ok(DrawingPage { next_cursor: items.last().filter(|_| more).map(|last| last.id), items })
    }

    /// Changes what is said about a drawing.
    ///
    /// # Errors
    /// `Denied`, `NotFound`, `drawing.invalid` naming `title` or `pair`.
    pub async fn change_drawing(&self, ctx: &Ctx, id: Uuid, change: DrawingChange) -> Result<DrawingView> {
        let title = change.title.as_deref().map(checked_title).transpose()?;
        let tx = self.db().begin().await?;
        self.drawing_row(&tx, ctx, id).await?;
        let mut update = Query::update();
        update.table(DRAWING).value("updated_at", ctx.now().0).and_where(Expr::col("id").eq(id));
        if let Some(title) = &title {
            update.value("title", title.as_str());
        }
        if let Some(kind) = change.kind {
            update.value("kind", kind.name());
        }
        tx.execute(&update).await?;
        match change.pair {
            Some(Some(pair)) if pair == id => return Err(invalid("pair", "another drawing")),
            Some(pair) => self.pair(&tx, ctx, id, pair).await?,
            None => {}
        }
        tx.commit().await?;
        self.drawing(ctx, id).await
    }

    /// Ties two drawings; each has one at most.
    async fn pair(&self, tx: &kernel::db::Tx, ctx: &Ctx, id: Uuid, pair: Option<Uuid>) -> Result<()> {
        if let Some(pair) = pair {
            let found = self.drawing_row(tx, ctx, pair).await;
            found.map_err(|_| invalid("pair", "there is no such drawing"))?;
        }
        let both: Vec<Uuid> = pair.into_iter().chain([id]).collect();
        let tied = Cond::any().add(Expr::col("pair_id").is_in(both.clone())).add(Expr::col("id").is_in(both));
        let untie = Query::update()
            .table(DRAWING)
            .value("pair_id", Option::<Uuid>::None)
            .and_where(Expr::col("tenant_id").eq(ctx.tenant.0))
            .cond_where(tied)
            .to_owned();
        tx.execute(&untie).await?;
        let Some(pair) = pair else { return Ok(()) };
        for (one, other) in [(id, pair), (pair, id)] {
            let tie =
                Query::update().table(DRAWING).value("pair_id", other).and_where(Expr::col("id").eq(one)).to_owned();
            tx.execute(&tie).await?;
        }
        Ok(())
    }

    /// Removes a drawing with its revisions and notes; versions made from it stay.
    ///
    /// # Errors
    /// `Denied`, `NotFound`, conflict `drawing.leased` while another edits it.
    pub async fn remove_drawing(&self, ctx: &Ctx, id: Uuid) -> Result<()> {
        let tx = self.db().begin().await?;
        self.lock_drawing(&tx, ctx, id).await?;
        let row = self.drawing_row(&tx, ctx, id).await?;
        self.check_lease(ctx, &row).await?;
        let untie = Query::update()
            .table(DRAWING)
            .value("pair_id", Option::<Uuid>::None)
            .and_where(Expr::col("tenant_id").eq(ctx.tenant.0))
            .and_where(Expr::col("pair_id").eq(id))
            .to_owned();
        tx.execute(&untie).await?;
        for (table, column) in [(NOTE, "drawing_id"), (REVISION, "drawing_id"), (DRAWING, "id")] {
            let delete = Query::delete().from_table(table).and_where(Expr::col(column).eq(id)).to_owned();
            tx.execute(&delete).await?;
        }
        let detail = json!({"title": row.title, "revision": row.revision});
        audit::record(&tx, ctx, "drawing.removed", &id.to_string(), detail).await?;
        Ok(tx.commit().await?)
    }
}
