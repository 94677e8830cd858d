//! The service of sales, for those who ask from outside.

use kernel::{Ctx, Error, Result};
use records::Records;

use crate::calculate::{self, CalculateInput, Calculated, INVALID, TotalsView};
use crate::rows;

/// The service of this crate; cheap to clone.
#[derive(Clone)]
pub struct Sales {
    pub(crate) records: Records,
}

impl Sales {
    /// Over the service of records.
    pub fn new(records: &Records) -> Self {
        Self { records: records.clone() }
    }

    /// What rows come to. Nothing is kept.
    ///
    /// # Errors
    /// `sale.mixed_tax_mode`; `sale.invalid` naming `currency`, `rows.<n>.<part>`, the discounts, `tax_rounding`.
    pub async fn calculate(&self, ctx: &Ctx, input: &CalculateInput) -> Result<Calculated> {
        let own = self.records.catalogue_of(ctx).await?.pipelines.currency.clone();
        let terms = calculate::terms(input, &own)?;
        let mut rows = rows::parse(&input.rows).map_err(|fields| Error::Invalid { code: INVALID, fields })?;
        let totals = calculate::reckon(&mut rows, &terms)?;
        let totals = TotalsView::of(&totals, &rows, terms.currency, ctx);
        Ok(Calculated { rows, totals })
    }
}
