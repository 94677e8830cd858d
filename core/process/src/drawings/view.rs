//! What leaves of a drawing.

use std::collections::HashMap;

use kernel::{Ctx, Result, Timestamp};
use people::staff;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::store::Row;
use crate::definition::{Problem, Severity, drawing, words};
use crate::runtime::Processes;

/// What a drawing is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum DrawingKind {
    /// To be published some day.
    #[default]
    Draft,
    /// How work is done now.
    AsIs,
    /// How it is meant to be done.
    ToBe,
}

impl DrawingKind {
    /// As a row and the API write it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Draft => "draft",
            Self::AsIs => "as_is",
            Self::ToBe => "to_be",
        }
    }

    /// From its name; a draft when it is none.
    pub(super) fn named(name: &str) -> Self {
        [Self::AsIs, Self::ToBe].into_iter().find(|kind| kind.name() == name).unwrap_or_default()
    }
}

/// Somebody.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct DrawingPerson {
    /// Their id.
    pub id: Uuid,
    /// Their name.
    pub name: String,
}

/// What is wrong with a drawing.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct DrawingProblem {
    /// Id of the element; none for the file as a whole.
    pub element: Option<String>,
    /// Whether it keeps the drawing from being published.
    pub severity: Severity,
    /// Machine-readable, such as `no_executable_process`.
    pub code: &'static str,
    /// In the reader's language.
    pub message: String,
    /// What `POST /process-drawings/{id}/fix` would do about it: `make_executable`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fix: Option<&'static str>,
}

impl DrawingProblem {
    /// A problem in the person's language.
    pub(super) fn of(problem: &Problem, ctx: &Ctx) -> Self {
        let (code, message) = words::of(problem, ctx.locale);
        Self {
            element: (!problem.element.is_empty()).then(|| problem.element.clone()),
            severity: problem.severity,
            code,
            message,
            fix: (code == "no_executable_process").then_some("make_executable"),
        }
    }
}

/// What was last published from a drawing.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct PublishedAs {
    /// The definition.
    pub id: Uuid,
    /// Its key.
    pub key: String,
    /// The version.
    pub version: i64,
}

/// Who edits a drawing.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct EditingView {
    /// Who.
    pub user: DrawingPerson,
    /// Until when, unless they renew it.
    #[schema(value_type = String)]
    pub until: Timestamp,
}

/// A drawing.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct DrawingView {
    /// Its id.
    pub id: Uuid,
    /// What it is called.
    pub title: String,
    /// What it is for.
    pub kind: DrawingKind,
    /// The drawing it is compared with.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub pair: Option<Uuid>,
    /// Its revision now. Numbers grow; what was set aside leaves a gap.
    pub revision: i64,
    /// Id of the process that it would be published as.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub key: Option<String>,
    /// What was last published from it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub definition: Option<PublishedAs>,
    /// Whether nothing in the file keeps it from being published.
    pub executable: bool,
    /// Whether the file has a diagram; without one `GET .../xml?layout=true` gives it laid out.
    pub diagram: bool,
    /// What is wrong with it.
    pub problems: Vec<DrawingProblem>,
    /// Who edits it now.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub editing: Option<EditingView>,
    /// Who made it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub author: Option<DrawingPerson>,
    /// When.
    #[schema(value_type = String)]
    pub created_at: Timestamp,
    /// When it was changed last.
    #[schema(value_type = String)]
    pub updated_at: Timestamp,
}

/// Names of people by id.
pub(super) type Names = HashMap<Uuid, String>;

/// Somebody by id; without a name when the account is gone.
pub(super) fn person(names: &Names, id: Uuid) -> DrawingPerson {
    DrawingPerson { id, name: names.get(&id).cloned().unwrap_or_default() }
}

impl Processes {
    /// Names of these people.
    pub(super) async fn names_of(&self, ctx: &Ctx, ids: impl IntoIterator<Item = Uuid>) -> Result<Names> {
        let mut ids: Vec<Uuid> = ids.into_iter().collect();
        ids.sort_unstable();
        ids.dedup();
        if ids.is_empty() {
            return Ok(Names::new());
        }
        let found = staff::by_ids(self.db().read(), ctx.tenant, &ids).await?;
        Ok(found.into_iter().map(|user| (user.id, user.name)).collect())
    }

    /// Drawings as the person sees them.
    pub(super) async fn drawing_views(&self, ctx: &Ctx, rows: Vec<Row>) -> Result<Vec<DrawingView>> {
        let people = rows.iter().flat_map(|row| row.lease.map(|(user, _)| user).into_iter().chain(row.author));
        let names = self.names_of(ctx, people.collect::<Vec<_>>()).await?;
        Ok(rows.into_iter().map(|row| view(row, ctx, &names)).collect())
    }
}

fn view(row: Row, ctx: &Ctx, names: &Names) -> DrawingView {
    let editing = row.lease.filter(|(_, until)| *until > ctx.now());
    DrawingView {
        id: row.id,
        title: row.title,
        kind: row.kind,
        pair: row.pair,
        revision: row.revision,
        key: row.key,
        definition: row.published,
        executable: drawing::executable(&row.problems),
        diagram: row.diagram,
        problems: row.problems.iter().map(|problem| DrawingProblem::of(problem, ctx)).collect(),
        editing: editing.map(|(user, until)| EditingView { user: person(names, user), until }),
        author: row.author.map(|author| person(names, author)),
        created_at: row.created_at,
        updated_at: row.updated_at,
    }
}
