//! Notes on the elements of a drawing: what hurts there today.

use kernel::db::ConnectionTrait;
use kernel::{Ctx, Error, Result, Timestamp};
use sea_orm::sea_query::{Expr, ExprTrait, Func, Order, Query};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::invalid;
use super::store::{self, NOTE};
use super::view::{DrawingPerson, person};
use crate::runtime::Processes;

/// Characters of a note, and of an element's id.
const MAX_TEXT: usize = 2_000;
const MAX_ELEMENT: usize = 255;
/// Notes of a drawing.
const MAX_NOTES: i64 = 1_000;

/// What hurts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Pain {
    /// The same is typed in again by hand.
    ManualEntry,
    /// Something is lost when work is handed over.
    HandoverLoss,
    /// Nobody said until when.
    NoDeadline,
    /// Nobody sees how far it is.
    NoStageControl,
    /// It is nobody's.
    NoOwner,
    /// Work lies and waits.
    Waiting,
    /// It is done again.
    Rework,
}

impl Pain {
    const ALL: [(Self, &'static str); 7] = [
        (Self::ManualEntry, "manual_entry"),
        (Self::HandoverLoss, "handover_loss"),
        (Self::NoDeadline, "no_deadline"),
        (Self::NoStageControl, "no_stage_control"),
        (Self::NoOwner, "no_owner"),
        (Self::Waiting, "waiting"),
        (Self::Rework, "rework"),
    ];

    fn name(self) -> &'static str {
        Self::ALL.iter().find(|(pain, _)| *pain == self).map_or("", |(_, name)| name)
    }

    fn named(name: &str) -> Option<Self> {
        Self::ALL.iter().find(|(_, known)| *known == name).map(|(pain, _)| *pain)
    }
}

/// A note to make.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewNote {
    /// Id of the element.
    pub element: String,
    /// What hurts there.
    pub pain: Pain,
    /// In words.
    #[serde(default)]
    pub text: String,
}

/// A note.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct Note {
    /// Its id.
    pub id: Uuid,
    /// Id of the element; perhaps the drawing has it no more.
    pub element: String,
    /// What hurts there.
    pub pain: Pain,
    /// In words; may be empty.
    pub text: String,
    /// Who says so.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub author: Option<DrawingPerson>,
    /// When.
    #[schema(value_type = String)]
    pub created_at: Timestamp,
}

fn checked(field: &str, text: &str, least: usize, most: usize) -> Result<String> {
    let text = text.trim();
    let count = text.chars().take(most + 1).count();
    let clean = !text.chars().any(|sign| sign.is_control() && sign != '\n' && sign != '\t');
    if count < least || count > most || !clean {
        return Err(invalid(field, format!("from {least} to {most} characters")));
    }
    Ok(text.to_owned())
}

impl Processes {
    /// Notes of a drawing, in the order they were made.
    ///
    /// # Errors
    /// `Denied`, `NotFound`.
    pub async fn drawing_notes(&self, ctx: &Ctx, id: Uuid) -> Result<Vec<Note>> {
        self.drawing_row(self.db().read(), ctx, id).await?;
        let select = Query::select()
            .columns(["id", "element", "pain", "text", "created_by", "created_at"])
            .from(NOTE)
            .and_where(Expr::col("drawing_id").eq(id))
            .order_by("id", Order::Asc)
            .take();
        let rows = self.db().read().query_all(&select).await?;
        let read = |row: &kernel::db::QueryResult| -> Result<(Note, Option<Uuid>)> {
            let pain: String = row.try_get_by_index(2)?;
            let note = Note {
                id: row.try_get_by_index(0)?,
                element: row.try_get_by_index(1)?,
                pain: Pain::named(&pain).ok_or_else(|| Error::Internal(format!("pain {pain}")))?,
                text: row.try_get_by_index(3)?,
                author: None,
                created_at: Timestamp(row.try_get_by_index(5)?),
            };
            Ok((note, row.try_get_by_index(4)?))
        };
        let read = rows.iter().map(read).collect::<Result<Vec<_>>>()?;
        let names = self.names_of(ctx, read.iter().filter_map(|(_, author)| *author)).await?;
        let named = |(note, author): (Note, Option<Uuid>)| Note { author: author.map(|id| person(&names, id)), ..note };
        Ok(read.into_iter().map(named).collect())
    }

    /// Says what hurts at an element.
    ///
    /// # Errors
    /// `Denied`, `NotFound`, `drawing.invalid` naming `element` or `text`.
    pub async fn add_note(&self, ctx: &Ctx, id: Uuid, new: NewNote) -> Result<Note> {
        let element = checked("element", &new.element, 1, MAX_ELEMENT)?;
        let text = checked("text", &new.text, 0, MAX_TEXT)?;
        let tx = self.db().begin().await?;
        self.lock_drawing(&tx, ctx, id).await?;
        self.drawing_row(&tx, ctx, id).await?;
        let mut count = Query::select();
        count.expr(Func::count(Expr::col("id"))).from(NOTE).and_where(Expr::col("drawing_id").eq(id));
        let count: i64 = tx.query_one(&count).await?.map_or(Ok(0), |row| row.try_get_by_index(0))?;
        if count >= MAX_NOTES {
            return Err(invalid("element", format!("a drawing has up to {MAX_NOTES} notes")));
        }
        let author = store::user(ctx);
        let note = Note { id: ctx.id(), element, pain: new.pain, text, author: None, created_at: ctx.now() };
        let insert = Query::insert()
            .into_table(NOTE)
            .columns(["id", "drawing_id", "tenant_id", "element", "pain", "text", "created_at", "created_by"])
            .values_panic([
                note.id.into(),
                id.into(),
                ctx.tenant.0.into(),
                note.element.as_str().into(),
                note.pain.name().into(),
                note.text.as_str().into(),
                note.created_at.0.into(),
                author.into(),
            ])
            .to_owned();
        tx.execute(&insert).await?;
        tx.commit().await?;
        let names = self.names_of(ctx, author).await?;
        Ok(Note { author: author.map(|id| person(&names, id)), ..note })
    }

    /// Takes a note away.
    ///
    /// # Errors
    /// `Denied`, `NotFound`.
    pub async fn remove_note(&self, ctx: &Ctx, id: Uuid, note: Uuid) -> Result<()> {
        let tx = self.db().begin().await?;
        self.drawing_row(&tx, ctx, id).await?;
        let delete = Query::delete()
            .from_table(NOTE)
            .and_where(Expr::col("id").eq(note))
            .and_where(Expr::col("drawing_id").eq(id))
            .to_owned();
        if tx.execute(&delete).await?.rows_affected() == 0 {
            return Err(Error::NotFound(format!("note {note}")));
        }
        Ok(tx.commit().await?)
    }
}
