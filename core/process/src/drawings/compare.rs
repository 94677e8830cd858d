//! Two of drawings and versions side by side.

use kernel::{Ctx, Result};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::invalid;
use super::keep::unreadable;
use crate::definition::compare::{self, Differences};
use crate::runtime::Processes;

/// One side: a drawing or a definition.
#[derive(Debug, Clone, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CompareSide {
    /// A drawing.
    #[serde(default)]
    pub drawing: Option<Uuid>,
    /// Its revision; the current one by default.
    #[serde(default)]
    pub revision: Option<i64>,
    /// A definition, by id or key.
    #[serde(default)]
    pub definition: Option<String>,
    /// Its version; the newest by default.
    #[serde(default)]
    pub version: Option<i64>,
}

/// What to compare.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CompareInput {
    /// The older side.
    pub from: CompareSide,
    /// The newer side.
    pub to: CompareSide,
}

/// What differs.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct Compared {
    /// All of it.
    #[serde(flatten)]
    pub differences: Differences,
}

impl Processes {
    /// Compares two drawings, revisions or versions.
    ///
    /// # Errors
    /// `Denied`, `NotFound`, `drawing.invalid` naming the side that says neither or both.
    pub async fn compare_drawings(&self, ctx: &Ctx, input: CompareInput) -> Result<Compared> {
        let before = self.side(ctx, "from", input.from).await?;
        let after = self.side(ctx, "to", input.to).await?;
        let compared = tokio::task::spawn_blocking(move || compare::compare(&before, &after));
        let differences = compared.await.map_err(kernel::Error::internal)?;
        Ok(Compared { differences: differences.map_err(|problem| unreadable(ctx, &problem))? })
    }

    async fn side(&self, ctx: &Ctx, name: &str, side: CompareSide) -> Result<Vec<u8>> {
        match (side.drawing, side.definition) {
            (Some(drawing), None) => match side.revision {
                Some(revision) => self.drawing_revision_xml(ctx, drawing, revision).await,
                None => Ok(self.drawing_xml(ctx, drawing, false).await?.1),
            },
            (None, Some(definition)) => {
                let version = match side.version {
                    Some(version) => version,
                    None => self.definition(ctx, &definition, None).await?.version,
                };
                self.xml(ctx, &definition, version).await
            }
            _ => Err(invalid(name, "either `drawing` or `definition`")),
        }
    }
}
