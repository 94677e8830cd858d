//! The answer: rows of groups with their figures, what stands behind each cell, totals.

use std::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet};

use futures::FutureExt;
use kernel::filter::Filter;
use kernel::value::{Currency, decimal_to_json};
use kernel::{Ctx, Locale, Result, Timestamp};
use records::catalogue::field_label;
use records::rates::Rates;
use records::read::Refs;
use records::{Catalogue, EntityDef};
use rust_decimal::Decimal;
use serde::Serialize;
use serde_json::Value as Json;
use uuid::Uuid;

use super::figures::{Cell, Cells, name};
use super::question::{Grouping, MAX_ROWS, Plan, Query, Range, of_group};
use super::registry::{Formula, Measure, Unit};
use super::times::{LEFT, late_base};
use crate::refs::{RefsView, StepNames};
use crate::{Reports, invalid};

/// An answer.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
#[schema(as = ReportAnswer)]
pub struct Answer {
    /// The axes, then the measures.
    pub columns: Vec<Column>,
    /// The groups.
    pub rows: Vec<Row>,
    /// Of all records together.
    pub totals: Totals,
    /// The moment that it was asked at.
    #[schema(value_type = String)]
    pub as_of: Timestamp,
    /// Of amounts.
    pub currency: String,
    /// Currencies of amounts for which no rate is known: figures that need one are null.
    pub missing_rates: Vec<String>,
    /// Measures that were asked for and rest on what the reader may not see.
    pub hidden: Vec<String>,
    /// What these are called.
    pub hidden_labels: BTreeMap<String, String>,
    /// What ids in groups are called.
    #[schema(value_type = BTreeMap<Uuid, crate::refs::Named>)]
    pub refs: RefsView,
    /// Of measures of steps: what steps are called, by definition and element.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    #[schema(value_type = BTreeMap<String, BTreeMap<String, String>>, required = false)]
    pub steps: StepNames,
}

/// An axis or a measure.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
#[schema(as = ReportColumn)]
pub struct Column {
    /// Its key.
    pub key: String,
    /// In the reader's language.
    pub label: String,
    /// Of a measure.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub unit: Option<Unit>,
    /// Of a measure: the field whose time the period means.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub date: Option<String>,
}

/// What opens the records behind a figure.
#[derive(Debug, Clone, PartialEq, Serialize, utoipa::ToSchema)]
#[schema(as = ReportDrill)]
pub struct Drill {
    /// Entity key.
    pub entity: String,
    /// Exactly the records that were counted.
    #[schema(value_type = Object)]
    pub filter: Json,
}

/// A group.
#[derive(Debug, Clone, PartialEq, Serialize, utoipa::ToSchema)]
#[schema(as = ReportRow)]
pub struct Row {
    /// Value by axis; a date stands for its first day.
    #[schema(value_type = Object)]
    pub group: BTreeMap<String, Json>,
    /// The figures.
    #[serde(flatten)]
    pub figures: Totals,
}

/// Figures by measure.
#[derive(Debug, Clone, Default, PartialEq, Serialize, utoipa::ToSchema)]
#[schema(as = ReportFigures)]
pub struct Totals {
    /// The figure; null where there is none.
    #[schema(value_type = Object)]
    pub values: BTreeMap<String, Json>,
    /// Records behind it.
    pub n: BTreeMap<String, i64>,
    /// What opens them; null where there are too many to be named.
    #[schema(value_type = BTreeMap<String, Drill>)]
    pub drill: BTreeMap<String, Option<Drill>>,
    /// Of amounts, each currency by itself.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    #[schema(value_type = Object)]
    pub by_currency: BTreeMap<String, BTreeMap<String, Json>>,
    /// The figures of the time that is compared with.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    #[schema(value_type = Object)]
    pub before: BTreeMap<String, Json>,
}

impl Reports {
    /// Answers a question, as whoever asks.
    ///
    /// # Errors
    /// `report.invalid` with the place.
    pub async fn query(&self, ctx: &Ctx, asked: &Query) -> Result<Answer> {
        async move {
            if asked.measures.iter().any(|key| super::processes::is_here(key)) {
                return self.of_processes(ctx, asked).await;
            }
            if asked.measures.iter().any(|key| super::exports::is_here(key)) {
                return self.of_exports(ctx, asked).await;
            }
            let plan = self.read(ctx, asked).await?;
            let rates = self.records.rates(ctx).await?;
            let (mut rows, mut totals) = (BTreeMap::new(), Totals::default());
            let mut missing = BTreeSet::new();
            for measure in &plan.measures {
                let whole = self.figures(ctx, &plan, measure, plan.range, &Grouping::none(), &rates).await?;
                if let Some((_, cell)) = whole.into_values().next() {
                    missing.extend(cell.missing.iter().cloned());
                    totals.put(ctx, &plan, measure, cell, &[])?;
                }
                if !plan.axes.is_empty() {
                    let cells = self.figures(ctx, &plan, measure, plan.range, &plan.groups(measure)?, &rates).await?;
                    for (key, (values, cell)) in cells {
                        let row = rows
                            .entry(key)
                            .or_insert_with(|| Row { group: plan.group(&values), figures: Totals::default() });
                        row.figures.put(ctx, &plan, measure, cell, &values)?;
                    }
                    if rows.len() > MAX_ROWS {
                        return Err(invalid("group_by", format!("more than {MAX_ROWS} groups")));
                    }
                }
                if let Some(range) = plan.compared {
                    self.compare(ctx, &plan, measure, range, (&mut rows, &mut totals), &rates).await?;
                }
            }
            let mut rows: Vec<Row> = rows.into_values().collect();
            if plan.axes.is_empty() {
                rows.push(Row { group: BTreeMap::new(), figures: totals.clone() });
            }
            for row in &mut rows {
                row.figures.fill(&plan);
            }
            sort(&plan, &mut rows);
            rows.truncate(plan.limit);
            Ok(Answer {
                columns: plan.columns(ctx),
                refs: self.answer_refs(ctx, &plan, &rows).await?,
                rows,
                totals,
                as_of: plan.as_of.unwrap_or_else(|| ctx.now()),
                currency: plan.currency.clone(),
                missing_rates: missing.into_iter().collect(),
                hidden_labels: super::registry::labels(&plan.hidden, ctx.locale),
                hidden: plan.hidden,
                steps: StepNames::new(),
            })
        }
        .boxed()
        .await
    }

    /// Passes a question that can be asked, as whoever saves it.
    ///
    /// # Errors
    /// `report.invalid` with the place.
    pub(crate) async fn can_ask(&self, ctx: &Ctx, asked: &Query) -> Result<()> {
        let of = |known: fn(&str) -> bool| asked.measures.iter().any(|key| known(key));
        if of(super::exports::is_here) {
            return Self::can_ask_of_exports(ctx, asked);
        }
        match of(super::processes::is_here) {
            true => Ok(()),
            false => self.read(ctx, asked).await.map(drop),
        }
    }

    /// An answer in which nothing stands yet: of figures that are of no records, so that none is hidden or needs a rate.
    pub(super) async fn bare(&self, ctx: &Ctx) -> Result<Answer> {
        Ok(Answer {
            columns: Vec::new(),
            rows: Vec::new(),
            totals: Totals::default(),
            as_of: ctx.now(),
            currency: self.records.catalogue_of(ctx).await?.pipelines.currency.clone(),
            missing_rates: Vec::new(),
            hidden: Vec::new(),
            hidden_labels: BTreeMap::new(),
            refs: RefsView::new(),
            steps: StepNames::new(),
        })
    }

    /// What the ids of groups are called, as far as the reader may know.
    async fn answer_refs(&self, ctx: &Ctx, plan: &Plan, rows: &[Row]) -> Result<RefsView> {
        let (mut refs, mut view) = (Refs::new(), RefsView::new());
        let Some(measure) = plan.measures.first() else { return Ok(view) };
        let def = plan.def(measure)?;
        for axis in &plan.axes {
            let Some(target) = axis.target(&plan.catalogue, def, measure) else { continue };
            let ids = rows.iter().filter_map(|row| row.group.get(&axis.key)?.as_str()?.parse::<Uuid>().ok());
            let ids: Vec<Uuid> = ids.collect::<BTreeSet<_>>().into_iter().collect();
            match target.as_str() {
                "pipeline" => crate::refs::pipelines(&plan.catalogue, &ids, &mut view),
                target => self.records.titles(ctx, target, &ids, &mut refs).await?,
            }
        }
        view.extend(crate::refs::view(refs));
        Ok(view)
    }

    /// Puts the figures of another time beside those of the same groups.
    async fn compare(
        &self,
        ctx: &Ctx,
        plan: &Plan,
        measure: &Measure,
        range: Range,
        (rows, totals): (&mut BTreeMap<String, Row>, &mut Totals),
        rates: &Rates,
    ) -> Result<()> {
        // What is counted as it stands has no other time.
        if measure.date.is_none() {
            return Ok(());
        }
        let whole: Cells = self.figures(ctx, plan, measure, range, &Grouping::none(), rates).await?;
        if let Some((_, cell)) = whole.into_values().next() {
            totals.before.insert(measure.key.clone(), cell.value);
        }
        if plan.axes.is_empty() {
            return Ok(());
        }
        for (key, (_, cell)) in self.figures(ctx, plan, measure, range, &plan.groups(measure)?, rates).await? {
            if let Some(row) = rows.get_mut(&key) {
                row.figures.before.insert(measure.key.clone(), cell.value);
            }
        }
        Ok(())
    }
}

impl Totals {
    fn put(&mut self, ctx: &Ctx, plan: &Plan, measure: &Measure, cell: Cell, values: &[Json]) -> Result<()> {
        let key = &measure.key;
        let filter = match cell.drill {
            Some(named) => named,
            None => Some(plan.opens(ctx, measure, values)?),
        };
        let entity = measure.entity.clone();
        self.drill.insert(key.clone(), filter.map(|filter| Drill { entity, filter: filter.to_json() }));
        self.values.insert(key.clone(), cell.value);
        self.n.insert(key.clone(), cell.n);
        if let Some(amounts) = cell.by_currency {
            let said = |(code, amount): (String, Decimal)| {
                let decimals = Currency::all().find(|known| known.code() == code).map_or(4, Currency::decimals);
                (code, decimal_to_json(amount.round_dp(decimals).normalize()))
            };
            self.by_currency.insert(key.clone(), amounts.into_iter().map(said).collect());
        }
        Ok(())
    }

    /// A group that other measures have and this one has not: nothing was counted there.
    fn fill(&mut self, plan: &Plan) {
        for measure in &plan.measures {
            if !self.values.contains_key(&measure.key) {
                let none = matches!(measure.formula, Formula::Count(_));
                self.values.insert(measure.key.clone(), if none { Json::from(0) } else { Json::Null });
                self.n.insert(measure.key.clone(), 0);
            }
        }
    }
}

impl Plan {
    fn group(&self, values: &[Json]) -> BTreeMap<String, Json> {
        self.axes.iter().map(|axis| axis.key.clone()).zip(values.iter().cloned()).collect()
    }

    /// The filter that opens what a cell has counted.
    fn opens(&self, ctx: &Ctx, measure: &Measure, values: &[Json]) -> Result<Filter> {
        let part = match &measure.formula {
            Formula::Count(part)
            | Formula::Sum(part, _)
            | Formula::Time(part, ..)
            | Formula::Weighted(part)
            | Formula::Less(part, ..)
            | Formula::Rows(part)
            | Formula::Picked(part, _) => part.clone(),
            Formula::Average(part, field) => Filter::all(vec![part.clone(), super::figures::filled(field)]),
            Formula::Share(_, whole) => whole.clone(),
            Formula::SumShare(..) => Filter::And(Vec::new()),
            Formula::Late => late_base(ctx),
        };
        let mut all = vec![self.narrowed(ctx, measure, &part, self.range)];
        let def = self.def(measure)?;
        for (axis, value) in self.axes.iter().zip(values).filter(|(axis, _)| !axis.is_of_rows(def)) {
            all.extend(of_group(ctx, def, measure, axis, value));
        }
        Ok(Filter::all(all))
    }

    fn columns(&self, ctx: &Ctx) -> Vec<Column> {
        let def = self.measures.first().and_then(|measure| self.catalogue.find(&measure.entity));
        let axis = |axis: &super::question::Axis| {
            let product =
                || def.filter(|def| axis.is_of_rows(def)).map(|_| super::registry::text(ctx.locale, "axis.product"));
            let own = axis.own_label(ctx.locale).or_else(product);
            let label = own.or_else(|| field_words(&self.catalogue, def?, &axis.key, ctx.locale));
            Column { key: axis.key.clone(), label: label.unwrap_or_else(|| axis.key.clone()), unit: None, date: None }
        };
        let measure = |measure: &Measure| Column {
            key: measure.key.clone(),
            label: measure.label(ctx.locale),
            unit: Some(measure.unit),
            date: measure.date.as_ref().map(|date| if date == LEFT { "left_at".to_owned() } else { date.clone() }),
        };
        self.axes.iter().map(axis).chain(self.measures.iter().map(measure)).collect()
    }
}

/// What a field, or `link.field`, is called.
fn field_words(catalogue: &Catalogue, def: &EntityDef, key: &str, locale: Locale) -> Option<String> {
    let words = |def: &EntityDef, key: &str| Some(field_label(def, def.field(key)?, locale));
    let Some((link, field)) = key.split_once('.') else { return words(def, key) };
    let target = catalogue.find(def.field(link)?.target()?)?;
    Some(format!("{}: {}", words(def, link)?, words(target, field)?))
}

/// In the order that was asked for; else by the values of the axes. What is empty comes last.
fn sort(plan: &Plan, rows: &mut [Row]) {
    let by_group = |row: &Row| {
        name(&plan.axes.iter().map(|axis| row.group.get(&axis.key).cloned().unwrap_or(Json::Null)).collect::<Vec<_>>())
    };
    rows.sort_by_cached_key(by_group);
    let Some((key, falling)) = &plan.sort else { return };
    let value = |row: &Row| row.figures.values.get(key).or_else(|| row.group.get(key)).cloned().unwrap_or(Json::Null);
    rows.sort_by(|one, other| {
        let (one, other) = (value(one), value(other));
        match (one.is_null(), other.is_null()) {
            (true, true) => Ordering::Equal,
            (true, false) => Ordering::Greater,
            (false, true) => Ordering::Less,
            (false, false) if *falling => compare(&other, &one),
            (false, false) => compare(&one, &other),
        }
    });
}

fn compare(one: &Json, other: &Json) -> Ordering {
    match (one.as_f64(), other.as_f64()) {
        (Some(one), Some(other)) => one.total_cmp(&other),
        _ => one.to_string().cmp(&other.to_string()),
    }
}
