//! A new revision: kept byte for byte, over the one its author has seen, or set aside.

use kernel::db::{ConnectionTrait, Tx};
use kernel::{Ctx, Error, Result};
use sea_orm::sea_query::{Expr, ExprTrait, Query};
use serde::{Deserialize, Serialize};
use serde_json::json;
use uuid::Uuid;

use super::invalid;
use super::keep::unreadable;
use super::lease::free;
use super::store::{self, DRAWING, Row};
use super::view::DrawingProblem;
use crate::definition::drawing::{self, Drawn, Lost};
use crate::runtime::Processes;

/// How to save.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Save {
    /// Over this revision, which must be said and be the current one.
    Over(Option<i64>),
    /// Beside the current one: what somebody had not saved yet when another took over.
    Aside,
}

/// What became of it.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct Saved {
    /// Its number.
    pub revision: i64,
    /// Whether nothing in the file keeps it from being published.
    pub executable: bool,
    /// What is wrong with it.
    pub problems: Vec<DrawingProblem>,
    /// Other tools' content of the revision before that this one has no more, of elements that are still there.
    pub lost: Vec<Lost>,
}

/// What can be done about a problem.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Fix {
    /// Marks a process as executable.
    MakeExecutable,
}

/// What to do about a problem.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct FixInput {
    /// The problem's `fix`.
    pub fix: Fix,
    /// The problem's `element`.
    #[serde(default)]
    pub element: Option<String>,
}

/// A file that was looked at, beside the one before.
struct Looked {
    xml: Vec<u8>,
    same: bool,
    drawn: Drawn,
    lost: Vec<Lost>,
}

impl Processes {
    /// Saves a revision. The bytes of the current one are no new one.
    ///
    /// # Errors
    /// `Denied`, `NotFound`, `drawing.unreadable`, `drawing.invalid` naming `If-Match`, conflict `drawing.leased` while another edits, `drawing.changed` with
    /// the current revision when it is not the one that was seen.
    pub async fn save_drawing(&self, ctx: &Ctx, id: Uuid, xml: Vec<u8>, save: Save) -> Result<Saved> {
        let row = self.drawing_row(self.db().read(), ctx, id).await?;
        if let Save::Over(seen) = save {
            let seen = said(seen)?;
            self.check_lease(ctx, &row).await?;
            check_seen(&row, seen)?;
        }
        let before = self.revision_xml(self.db().read(), ctx, id, row.revision).await?;
        let looked = tokio::task::spawn_blocking(move || {
            let drawn = drawing::draw(&xml)?;
            Ok(Looked { same: before == xml, lost: drawing::lost(&before, &xml), xml, drawn })
        });
        let looked = looked.await.map_err(Error::internal)?.map_err(|problem| unreadable(ctx, &problem))?;
        let revision = if looked.same {
            row.revision
        } else {
            self.add_revision(ctx, id, &looked.drawn, looked.xml, save).await?
        };
        Ok(Saved {
            revision,
            executable: looked.drawn.executable(),
            problems: looked.drawn.problems.iter().map(|problem| DrawingProblem::of(problem, ctx)).collect(),
            lost: looked.lost,
        })
    }

    async fn add_revision(&self, ctx: &Ctx, id: Uuid, drawn: &Drawn, xml: Vec<u8>, save: Save) -> Result<i64> {
        let tx = self.db().begin().await?;
        let mut update = Query::update();
        let next = || Expr::col("latest").add(1_i64);
        update.table(DRAWING).value("latest", next()).and_where(Expr::col("id").eq(id));
        update.and_where(Expr::col("tenant_id").eq(ctx.tenant.0));
        if let Save::Over(seen) = save {
            update
                .value("revision", next())
                .value("key", drawn.key.clone())
                .value("problems", json!(drawn.problems))
                .value("diagram", drawn.diagram)
                .value("updated_at", ctx.now().0)
                .and_where(Expr::col("revision").eq(said(seen)?))
                .cond_where(free(ctx));
        }
        update.returning(Query::returning().column("latest"));
        let Some(given) = tx.query_one(&update).await? else {
            return Err(self.overtaken(&tx, ctx, id, save).await?);
        };
        let revision: i64 = given.try_get_by_index(0)?;
        store::insert_revision(&tx, ctx, id, revision, save == Save::Aside, xml).await?;
        tx.commit().await?;
        Ok(revision)
    }

    /// Why the row did not take it.
    async fn overtaken(&self, tx: &Tx, ctx: &Ctx, id: Uuid, save: Save) -> Result<Error> {
        let row = self.drawing_row(tx, ctx, id).await?;
        self.check_lease(ctx, &row).await?;
        if let Save::Over(Some(seen)) = save {
            check_seen(&row, seen)?;
        }
        Ok(Error::Conflict { code: "drawing.changed", current: Some(json!({"revision": row.revision})) })
    }

    /// Does something about a problem: a new revision with nothing else changed.
    ///
    /// # Errors
    /// As `save_drawing`.
    pub async fn fix_drawing(&self, ctx: &Ctx, id: Uuid, input: FixInput, seen: Option<i64>) -> Result<Saved> {
        let row = self.drawing_row(self.db().read(), ctx, id).await?;
        check_seen(&row, said(seen)?)?;
        let xml = self.revision_xml(self.db().read(), ctx, id, row.revision).await?;
        let fixed = tokio::task::spawn_blocking(move || match input.fix {
            Fix::MakeExecutable => drawing::make_executable(&xml, input.element.as_deref()),
        });
        let fixed = fixed.await.map_err(Error::internal)?.map_err(|problem| unreadable(ctx, &problem))?;
        self.save_drawing(ctx, id, fixed, Save::Over(seen)).await
    }
}

/// The revision that whoever saves has seen.
///
/// # Errors
/// `drawing.invalid` naming `If-Match` when they do not say.
fn said(seen: Option<i64>) -> Result<i64> {
    seen.ok_or_else(|| invalid("If-Match", "the revision that was changed is missing"))
}

/// Passes when nothing was saved since.
///
/// # Errors
/// Conflict `drawing.changed`.
pub(super) fn check_seen(row: &Row, seen: i64) -> Result<()> {
    if row.revision == seen {
        return Ok(());
    }
    Err(Error::Conflict { code: "drawing.changed", current: Some(json!({"revision": row.revision})) })
}
