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
//! | `picked` | records that no filter finds; how it stood in the past |
//! | `processes` | measures of instances and steps, which are no records |
//! | `rows` | what rows of documents come to, by product |
//! | `money` | amounts in one currency |
//! | `answer` | rows, totals, drills |
//! | `exports` | rows that were taken out as files |
//! | `kept` | the same question again |

mod answer;
mod exports;
mod figures;
mod kept;
mod money;
mod picked;
mod processes;
mod question;
mod registry;
mod rows;
mod times;

pub use answer::{Answer, Column, Drill, Row, Totals};
pub(crate) use figures::{amounts, day_of};
pub(crate) use kept::{ANSWER_ROWS, FUNNEL_GROUPS, KeptAnswers, kept, whose};
pub(crate) use money::{Purse, percent, percent_of, said};
pub use question::{Compare, Query, RangeInput};
pub(crate) use question::{MANAGER, Range, refused, within};
pub(crate) use registry::text;
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
    /// Whether it can be asked how it stood at a moment of the past.
    pub as_of: bool,
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
    // Without activities every deal would look idle.
    let idle = matches!(measure.formula, registry::Formula::Picked(_, registry::Pick::Idle));
    ctx.rights.may(&def.key, Action::Read)
        && (!idle || ctx.rights.may("activity", Action::Read))
        && measure.fields().into_iter().filter_map(|key| def.field(key)).all(|field| def.shows(&ctx.rights, field))
}

/// Whether a measure can be planned: a count or a sum that comes about in a time.
pub(crate) fn is_plannable(measure: &Measure) -> bool {
    use registry::{Formula, Pick};
    let adds_up = matches!(
        measure.formula,
        Formula::Count(_)
            | Formula::Sum(..)
            | Formula::Less(..)
            | Formula::Rows(_)
            | Formula::Picked(_, Pick::Gained | Pick::Cross)
    );
    adds_up && measure.date.is_some()
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
            as_of: one.past,
            plugin: one.plugin,
        };
        let sees = |axis: &Axis| {
            let def = catalogue.find(&axis.entity).filter(|def| ctx.rights.may(&def.key, Action::Read));
            def.is_some_and(|def| def.shows_key(&ctx.rights, &axis.field))
        };
        let axes = self.named_axes(ctx).await?.into_iter().filter(sees).collect();
        let items = open.map(view).chain(processes::views(ctx)).chain(exports::view(ctx)).collect();
        Ok(Measures { version: VERSION, items, axes })
    }
}
