//! The service of sales, for those who ask from outside: what rows come to, and rows of records.

use kernel::filter::Filter;
use kernel::{Ctx, Error, Fields, RecordId, Result, Value};
use records::{Change, Record, Records, Trial, WriteOptions};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value as Json};
use utoipa::ToSchema;

use crate::calculate::{self, CalculateInput, Calculated, INVALID, TotalsView, WholeDiscount};
use crate::documents::today;
use crate::fill::{Refresh, RowChange, Sale};
use crate::rows::{self, Row};
use crate::sums::{self, id};

/// The service of this crate; cheap to clone.
#[derive(Clone)]
pub struct Sales {
    pub(crate) records: Records,
}

/// Reads a filter of our own.
pub(crate) fn filtered(json: &Json) -> Result<Option<Filter>> {
    Filter::parse(json).map(Some).map_err(|error| Error::field("request.invalid", "filter", error))
}

/// New rows of a record.
#[derive(Debug, Clone, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct RowsInput {
    /// Up to 200; those that it has where they are left out.
    #[schema(value_type = Option<Vec<Row>>)]
    pub rows: Json,
    /// Off the whole document; as it is where it is left out.
    pub discount: Option<WholeDiscount>,
    /// Chooses prices and rates anew, also of rows that have them.
    pub refresh: bool,
    /// Only says what it would come to.
    pub dry_run: bool,
    /// The version that was seen.
    pub version: Option<i64>,
}

/// Rows of a record, and what they come to.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct RowsView {
    /// With their figures.
    pub rows: Vec<Row>,
    /// Together; null where the record has no currency.
    pub totals: Option<TotalsView>,
    /// What was chosen otherwise than rows had it.
    pub changes: Vec<RowChange>,
    /// The record's version.
    pub version: i64,
}

impl Sales {
    /// Over the service of records.
    pub fn new(records: &Records) -> Self {
        Self { records: records.clone() }
    }

    /// What rows come to. Nothing is kept.
    ///
    /// # Errors
    /// `sale.mixed_tax_mode`; `sale.invalid` naming `currency`, `rows.<n>.<part>`, the discounts, `tax_rounding`;
    /// `record.invalid` naming a product or tax that is not there.
    pub async fn calculate(&self, ctx: &Ctx, input: &CalculateInput) -> Result<Calculated> {
        let own = self.own_currency(ctx).await?;
        let terms = calculate::terms(input, &own)?;
        let mut rows = rows::parse(&input.rows).map_err(|fields| Error::Invalid { code: INVALID, fields })?;
        let sale = Sale {
            currency: terms.currency.code().to_owned(),
            company: input.company,
            organization: input.organization,
            day: input.tax_date.unwrap_or_else(|| today(ctx)),
            refresh: Refresh::Nothing,
        };
        self.fill(ctx, &sale, &mut rows).await?;
        let totals = calculate::reckon(&mut rows, &terms)?;
        let totals = TotalsView::of(&totals, &rows, terms.currency, ctx.locale);
        Ok(Calculated { rows, totals })
    }

    /// Puts rows into a record that has them.
    ///
    /// # Errors
    /// `NotFound`, also of entities without rows; as a change of the record; `record.invalid` naming
    /// `rows.<n>.<part>`.
    pub async fn put_rows(&self, ctx: &Ctx, entity: &str, record: RecordId, input: &RowsInput) -> Result<RowsView> {
        let found = self.records.get(ctx, entity, record).await?;
        if !found.fields.contains_key("rows") {
            return Err(Error::NotFound(format!("rows of {entity} {record}")));
        }
        let mut rows = match &input.rows {
            Json::Null => sums::rows_of(&found.fields)?,
            given => rows::parse(given).map_err(sums::invalid)?,
        };
        let refresh = if input.refresh { Refresh::All } else { Refresh::Nothing };
        let sale = self.sale_of(ctx, entity, &found.fields, refresh).await?;
        let changes = self.fill(ctx, &sale, &mut rows).await?;
        let mut fields = Map::from_iter([("rows".to_owned(), rows::to_json(&rows))]);
        if let Some(discount) = &input.discount {
            fields.insert("discount_percent".to_owned(), discount.percent.clone());
            fields.insert("discount_amount".to_owned(), discount.amount.clone());
        }
        let change = Change::Update { id: record, version: input.version, fields };
        let options = WriteOptions { dry_run: input.dry_run.then(Trial::default), ..WriteOptions::default() };
        let written = self.records.write_one(ctx, entity, change, &options).await?;
        let version = if input.dry_run { found.version } else { written.record.version };
        self.view(ctx, entity, &written.record, changes, version)
    }

    fn view(
        &self,
        ctx: &Ctx,
        entity: &str,
        record: &Record,
        changes: Vec<RowChange>,
        version: i64,
    ) -> Result<RowsView> {
        let reckoned = if entity == "lead" { None } else { sums::view(ctx, &record.fields)? };
        Ok(match reckoned {
            Some((rows, totals)) => RowsView { rows, totals: Some(totals), changes, version },
            None => RowsView { rows: sums::rows_of(&record.fields)?, totals: None, changes, version },
        })
    }

    /// For whom and when a record sells. What a lead is interested in has no price yet.
    pub(crate) async fn sale_of(&self, ctx: &Ctx, entity: &str, fields: &Fields, refresh: Refresh) -> Result<Sale> {
        let own = self.own_currency(ctx).await?;
        let currency = sums::currency(fields).map_or(own, |currency| currency.code().to_owned());
        let day = ["tax_date", "document_date"].into_iter().find_map(|key| match fields.get(key) {
            Some(Value::Date(day)) => Some(*day),
            _ => None,
        });
        Ok(Sale {
            currency: if entity == "lead" { String::new() } else { currency },
            company: id(fields, "company"),
            organization: id(fields, "organization"),
            day: day.unwrap_or_else(|| today(ctx)),
            refresh,
        })
    }

    async fn own_currency(&self, ctx: &Ctx) -> Result<String> {
        Ok(self.records.catalogue_of(ctx).await?.pipelines.currency.clone())
    }
}
