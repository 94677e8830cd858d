//! Measures: one definition of every figure. A question names measures by key, groups them, filters them and says of which
//! time; the answer says for each cell which records stand behind it, in a filter that opens exactly these.
//!
//! Counts and sums are aggregates of `records`; what no database computes (working time, medians, lateness) is computed here
//! from the rows, up to [`MAX_READ`] of them. Everything is read as whoever asks: what they may not see is in no figure, and a
//! measure over a field that is hidden from them is left out and named.
//!
//! | module | what |
//! |---|---|
//! | `registry` | the measures |
//! | `question` | what is asked, read and checked |
//! | `figures` | counts, sums and shares |
//! | `times` | figures of times |
//! | `money` | amounts in one currency |
//! | `answer` | rows, totals, drills |

mod answer;
mod figures;
mod money;
mod question;
mod registry;
mod times;

pub use answer::{Answer, Column, Drill, Row, Totals};
pub use question::{Compare, Query, RangeInput};
pub use registry::{Axis, Brought, Declared, Unit};

use kernel::access::Action;
use kernel::{Ctx, Result};
use records::{Catalogue, EntityDef};
use serde::Serialize;

use crate::Reports;
use registry::{Measure, VERSION};

/// Rows that are read for a figure at most.
const MAX_READ: u64 = 100_000;

/// A measure, for whoever asks.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct MeasureView {
    /// Its key.
    pub key: String,
    /// In their language.
    pub label: String,
    /// Of which records.
    pub entity: String,
    /// What figures are of.
    pub unit: Unit,
    /// The field whose time a period means; none of what is as it stands.
    pub date: Option<String>,
    /// The module that has brought it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub plugin: Option<String>,
}

/// Every measure that somebody may ask for.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct Measures {
    /// Grows when a formula changes or a measure goes.
    pub version: u32,
    /// The measures.
    pub items: Vec<MeasureView>,
    /// Axes that modules have brought; besides, every field that lists sort by is one.
    pub axes: Vec<Axis>,
}

/// Whether somebody sees all that a measure is made of.
fn may_see(ctx: &Ctx, def: &EntityDef, measure: &Measure) -> bool {
    ctx.rights.may(&def.key, Action::Read)
        && measure.fields().into_iter().filter_map(|key| def.field(key)).all(|field| def.shows(&ctx.rights, field))
}

/// Whether a measure can be answered to somebody.
fn open_to(ctx: &Ctx, catalogue: &Catalogue, measure: &Measure) -> bool {
    catalogue.find(&measure.entity).is_some_and(|def| may_see(ctx, def, measure))
}

impl Reports {
    /// The measures that somebody may ask for: those of hidden fields are not among them.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn measures(&self, ctx: &Ctx) -> Result<Measures> {
        let catalogue = self.records.catalogue_of(ctx).await?;
        let open = self.registry(ctx, &catalogue).await?.into_iter().filter(|one| open_to(ctx, &catalogue, one));
        let view = |one: Measure| MeasureView {
            label: one.label(ctx.locale),
            key: one.key,
            entity: one.entity,
            unit: one.unit,
            date: one.date,
            plugin: one.plugin,
        };
        let sees = |axis: &Axis| {
            let def = catalogue.find(&axis.entity).filter(|def| ctx.rights.may(&def.key, Action::Read));
            def.is_some_and(|def| def.shows_key(&ctx.rights, &axis.field))
        };
        let axes = self.named_axes(ctx).await?.into_iter().filter(sees).collect();
        Ok(Measures { version: VERSION, items: open.map(view).collect(), axes })
    }
}
