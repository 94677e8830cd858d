//! A revision becomes a version: strictly, by the door of every version.

use std::collections::HashMap;

use kernel::db::ConnectionTrait;
use kernel::{Ctx, Error, RecordRef, Result};
use sea_orm::sea_query::{Expr, ExprTrait, Query};
use serde::Deserialize;
use serde_json::{Map, Value as Json, json};
use uuid::Uuid;

use super::invalid;
use super::save::check_seen;
use super::store::{DRAWING, REVISION, this};
use crate::runtime::{DefinitionView, DryRun, DryRunInput, Processes};

/// Characters of a note.
const MAX_NOTE: usize = 2_000;

/// What is said about a new version.
#[derive(Debug, Default, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct DrawingPublish {
    /// What is new in it.
    pub note: Option<String>,
    /// The revision that was looked at; refused when it is not the current one.
    pub revision: Option<i64>,
}

/// A dry run of a drawing.
#[derive(Debug, Default, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct DrawingDryRun {
    /// The revision; the current one by default.
    pub revision: Option<i64>,
    /// Id of the process.
    pub process: Option<String>,
    /// The record it would be about.
    pub subject: Option<RecordRef>,
    /// First variables.
    #[schema(value_type = Object)]
    pub variables: Map<String, Json>,
    /// What each element brings when it is done: element -> variables.
    #[schema(value_type = Object)]
    pub answers: HashMap<String, Map<String, Json>>,
}

impl Processes {
    /// What would happen to an instance of exactly this revision; nothing is saved.
    ///
    /// # Errors
    /// `Denied`, `NotFound`, `process.invalid` naming the elements that cannot run, `Limited`.
    pub async fn dry_run_drawing(&self, ctx: &Ctx, id: Uuid, input: DrawingDryRun) -> Result<DryRun> {
        let row = self.drawing_row(self.db().read(), ctx, id).await?;
        let revision = input.revision.unwrap_or(row.revision);
        let xml = self.revision_xml(self.db().read(), ctx, id, revision).await?;
        let DrawingDryRun { process, subject, variables, answers, .. } = input;
        let input = DryRunInput { version: None, process, subject, variables, answers };
        self.dry_run_file(ctx, xml, (id, revision), input).await
    }

    /// Publishes the current revision of a drawing: from now on new instances get it.
    ///
    /// # Errors
    /// `Denied`, `NotFound`, `process.invalid` naming the elements that cannot run, conflict `drawing.changed`.
    pub async fn publish_drawing(&self, ctx: &Ctx, id: Uuid, input: DrawingPublish) -> Result<DefinitionView> {
        let note = input.note.map(|note| note.trim().to_owned()).filter(|note| !note.is_empty());
        if note.as_deref().is_some_and(|note| note.chars().nth(MAX_NOTE).is_some() || note.contains('\0')) {
            return Err(invalid("note", format!("up to {MAX_NOTE} characters")));
        }
        let row = self.drawing_row(self.db().read(), ctx, id).await?;
        check_seen(&row, input.revision.unwrap_or(row.revision))?;
        let xml = self.revision_xml(self.db().read(), ctx, id, row.revision).await?;
        let file = self.deployable(ctx, xml, true).await?;
        let tx = self.db().begin().await?;
        self.lock_drawing(&tx, ctx, id).await?;
        let (definition, version) = self.add_version(&tx, ctx, &file, true, note.as_deref()).await?;
        let mark = Query::update()
            .table(DRAWING)
            .values([
                ("definition_id", definition.into()),
                ("version", version.into()),
                ("updated_at", ctx.now().0.into()),
            ])
            .and_where(Expr::col("id").eq(id))
            .and_where(Expr::col("revision").eq(row.revision))
            .to_owned();
        if tx.execute(&mark).await?.rows_affected() == 0 {
            let now = self.drawing_row(&tx, ctx, id).await?;
            let current = json!({"revision": now.revision});
            return Err(Error::Conflict { code: "drawing.changed", current: Some(current) });
        }
        let of_revision = Query::update()
            .table(REVISION)
            .value("version", version)
            .cond_where(this(ctx, id, row.revision))
            .to_owned();
        tx.execute(&of_revision).await?;
        tx.commit().await?;
        self.added(ctx, file, (definition, version)).await
    }
}
