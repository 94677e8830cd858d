//! What rows of records come to: a record of several products is told apart by what each of its rows sells.
//!
//! Rows stand in their record as one value (decision 0032), so records are read, at most [`ROWS_READ`] of them.

use std::collections::{BTreeMap, BTreeSet};
use std::str::FromStr;

use kernel::filter::Filter;
use kernel::{Ctx, Result, Value};
use records::rates::Rates;
use rust_decimal::Decimal;
use serde_json::Value as Json;
use uuid::Uuid;

use super::figures::{Cells, amount, day_of, name};
use super::money::Purse;
use super::question::{CURRENCY, Grouping, PRODUCT, Plan, Range, refused};
use super::registry::Measure;
use super::times::{grouped, ids, too_many};
use crate::Reports;

/// Records whose rows are read for a figure at most.
const ROWS_READ: u64 = 20_000;

/// A group: values of the axes, amounts, records behind it.
type Group = (Vec<Json>, Purse, BTreeSet<Uuid>);

impl Reports {
    /// What rows come to, by group.
    pub(super) async fn of_rows(
        &self,
        ctx: &Ctx,
        plan: &Plan,
        (measure, part): (&Measure, &Filter),
        range: Range,
        axes: &Grouping,
        rates: &Rates,
    ) -> Result<Cells> {
        let filter = plan.narrowed(ctx, measure, part, range);
        let mut wanted = vec!["id", "rows", CURRENCY];
        wanted.push(measure.date.as_deref().unwrap_or("created_at"));
        let own = wanted.len();
        wanted.extend(axes.by.iter().map(|axis| axis.field.as_str()));
        let read =
            self.records.cells(ctx, &measure.entity, Some(&filter), &wanted, ROWS_READ).await.map_err(refused)?;
        let mut groups: BTreeMap<String, Group> = BTreeMap::new();
        for mut record in read.ok_or_else(too_many)? {
            let of = record.split_off(own);
            let of = axes.values(of.iter().zip(&axes.by).map(|(value, axis)| grouped(ctx, axis, value)).collect());
            let [Value::Id(id), rows, currency, date] = record.as_slice() else { continue };
            let code = currency.as_text().unwrap_or(&plan.currency);
            let day = if let Value::Instant(at) = date { day_of(ctx, *at) } else { day_of(ctx, ctx.now()) };
            for (product, total) in sold(&rows.to_json()) {
                let mut values = of.clone();
                if let Some(place) = axes.product {
                    values.insert(place, product);
                }
                let group = groups.entry(name(&values)).or_insert_with(|| (values, Purse::default(), BTreeSet::new()));
                group.1.put(total, code, &plan.currency, day, rates);
                group.2.insert(*id);
            }
        }
        if axes.by.is_empty() && axes.product.is_none() && groups.is_empty() {
            groups.insert(name(&[]), Group::default());
        }
        let cell = |(key, (values, purse, records)): (String, Group)| {
            let n = i64::try_from(records.len()).unwrap_or(i64::MAX);
            let mut cell = amount(plan, purse, n, 1);
            cell.drill = Some(ids(&records));
            (key, (values, cell))
        };
        Ok(groups.into_iter().map(cell).collect())
    }
}

/// What is sold by each row with a sum, and for how much; nothing of the catalogue is null.
fn sold(rows: &Json) -> Vec<(Json, Decimal)> {
    let of = |row: &Json| {
        let total = row.get("figures")?.get("total")?.as_number()?.to_string();
        let total = Decimal::from_str(&total).or_else(|_| Decimal::from_scientific(&total)).ok()?;
        Some((row.get(PRODUCT).cloned().unwrap_or(Json::Null), total))
    };
    rows.as_array().into_iter().flatten().filter_map(of).collect()
}
