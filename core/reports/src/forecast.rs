//! The forecast (R48): what open deals are likely to bring, month by month of their close date. A date that has passed is no
//! forecast: such deals stand beside, as overdue.
//!
//! Weighted: each amount by how likely it is, as somebody has said of the deal, else as its stage is. By history: as many of
//! the deals that came to this stage were won in the last 180 days, once 20 of them were decided.

mod drills;

use std::collections::{BTreeMap, BTreeSet};

use chrono::{Datelike, Months, NaiveDate};
use kernel::filter::{Filter, Op, Operand, Test};
use kernel::value::Currency;
use kernel::{Ctx, Error, Result, Timestamp};
use records::Catalogue;
use records::rates::Rates;
use records::read::{Aggregate, Bucket, Group, GroupBy, Measure as Computed, MeasureOp, Query as Records};
use records::shape::REACHED;
use records::stages::Semantic;
use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive;
use serde::{Deserialize, Serialize};
use serde_json::Value as Json;

use crate::measures::{Drill, Purse, RangeInput, day_of, percent, said};
use crate::{INVALID, Reports, invalid};

const DEAL: &str = "deal";
/// Months that are shown where nothing is said, and at most.
const MONTHS: u32 = 6;
const MAX_MONTHS: u32 = 60;
/// Days back in which stages have their history, and decided deals from which on they have one.
const HISTORY_DAYS: i64 = 180;
const DECIDED: i64 = 20;
/// Percent from which on a deal is promised, and from which on it may come with luck.
const COMMIT: i64 = 80;
const BEST_CASE: i64 = 50;

/// What is forecast.
#[derive(Debug, Clone, Default, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct ForecastInput {
    /// Which months; this one and five more when left out.
    pub period: Option<RangeInput>,
    /// Which deals.
    #[schema(value_type = Option<Object>)]
    pub filter: Option<Json>,
    /// Of amounts; the company's own when left out.
    pub currency: Option<String>,
}

/// A forecast.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct Forecast {
    /// Month by month.
    pub months: Vec<MonthForecast>,
    /// Open deals whose close date has passed.
    pub overdue: Bag,
    /// Open deals without a close date.
    pub undated: Bag,
    /// The months together.
    pub totals: Bag,
    /// How likely deals of each open stage are.
    pub probabilities: Vec<StageOdds>,
    /// Of amounts.
    pub currency: String,
    /// Currencies of amounts for which no rate is known.
    pub missing_rates: Vec<String>,
    /// Fields that it rests on and the reader may not see: then there are counts alone.
    pub hidden: Vec<String>,
    /// The moment that it was asked at.
    #[schema(value_type = String)]
    pub as_of: Timestamp,
}

/// A month.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct MonthForecast {
    /// Its first day.
    #[schema(value_type = String, format = Date)]
    pub month: NaiveDate,
    /// What is in it.
    #[serde(flatten)]
    pub bag: Bag,
}

/// Deals together.
#[derive(Debug, Clone, Default, Serialize, utoipa::ToSchema)]
#[schema(as = ForecastBucket)]
pub struct Bag {
    /// How many.
    pub n: i64,
    /// All they are worth.
    #[schema(value_type = Option<f64>)]
    pub amount: Json,
    /// Each by how likely it is.
    #[schema(value_type = Option<f64>)]
    pub weighted: Json,
    /// Each as deals of its stage were won before.
    #[schema(value_type = Option<f64>)]
    pub history: Json,
    /// Promised: from 80 percent on, or said by hand.
    #[schema(value_type = Option<f64>)]
    pub commit: Json,
    /// With luck: from 50 percent on, or said by hand.
    #[schema(value_type = Option<f64>)]
    pub best_case: Json,
    /// The rest.
    #[schema(value_type = Option<f64>)]
    pub pipeline: Json,
    /// What was won in that month already.
    #[schema(value_type = Option<f64>)]
    pub won: Json,
    /// All they are worth, each currency by itself.
    #[schema(value_type = BTreeMap<String, f64>)]
    pub by_currency: BTreeMap<String, Json>,
    /// Opens the open deals.
    pub drill: Option<Drill>,
    /// Opens those of a sum: `won`, `commit`, `best_case`, `pipeline`.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    #[schema(value_type = BTreeMap<String, Drill>, required = false)]
    pub drills: BTreeMap<&'static str, Drill>,
}

/// How likely deals of a stage are to be won.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct StageOdds {
    /// Its key.
    pub stage: String,
    /// Its name.
    pub label: String,
    /// Percent.
    pub probability: i64,
    /// `set` by somebody, or by its `place` among the open ones.
    pub by: &'static str,
    /// Percent of those that came to it and were decided in the last 180 days; none where they are fewer than 20.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub history: Option<f64>,
    /// How many were decided; where the forecast has asked.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub decided: Option<i64>,
}

/// Amounts of a bag on their way.
#[derive(Default)]
struct Purses {
    n: i64,
    amount: Purse,
    weighted: Purse,
    history: Purse,
    commit: Purse,
    best_case: Purse,
    pipeline: Purse,
    won: Purse,
}

impl Purses {
    fn bag(self, asked: &Asked, when: When, hidden: bool, missing: &mut BTreeSet<String>) -> Bag {
        let code = &asked.currency;
        let told = |purse: &Purse| match (hidden, purse.total()) {
            (false, Some(total)) => said(total, code),
            _ => Json::Null,
        };
        missing.extend(self.amount.missing.iter().chain(&self.won.missing).cloned());
        Bag {
            n: self.n,
            amount: told(&self.amount),
            weighted: told(&self.weighted),
            history: told(&self.history),
            commit: told(&self.commit),
            best_case: told(&self.best_case),
            pipeline: told(&self.pipeline),
            won: told(&self.won),
            by_currency: self.amount.by_currency.iter().map(|(code, sum)| (code.clone(), said(*sum, code))).collect(),
            drill: Some(asked.opens(when)),
            drills: if asked.hidden.is_empty() { asked.parts(when) } else { BTreeMap::new() },
        }
    }
}

/// Which bag an open deal is in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum When {
    Month(NaiveDate),
    Overdue,
    Undated,
    Total,
}

/// What the forecast is made of.
struct Asked {
    zone: chrono_tz::Tz,
    filter: Option<Filter>,
    currency: String,
    from: NaiveDate,
    to: NaiveDate,
    today: NaiveDate,
    hidden: Vec<String>,
    open: Filter,
    /// What was won in the months.
    won: Filter,
    odds: BTreeMap<String, (Decimal, Decimal)>,
}

/// Records in stages of a meaning.
pub(crate) fn standing(catalogue: &Catalogue, entity: &str, semantic: Semantic) -> Filter {
    let pipelines = catalogue.pipelines.ever(entity);
    let stages = pipelines.flat_map(|pipeline| pipeline.stages.iter().chain(&pipeline.gone));
    let keys: BTreeSet<&str> = stages.filter(|one| one.semantic == semantic).map(|one| one.key.as_str()).collect();
    Filter::any(keys.into_iter().map(|key| Filter::test("stage", Op::Eq, key)).collect())
}

/// The company's currency, or one that is asked for.
pub(crate) fn currency_of(asked: Option<&String>, catalogue: &Catalogue) -> Result<String> {
    let Some(code) = asked else { return Ok(catalogue.pipelines.currency.clone()) };
    match Currency::all().find(|known| known.code() == code) {
        Some(known) => Ok(known.code().to_owned()),
        None => Err(invalid("currency", "an ISO 4217 code")),
    }
}

/// A filter as it came.
pub(crate) fn read_filter(asked: Option<&Json>) -> Result<Option<Filter>> {
    let parsed = asked.filter(|filter| !filter.is_null()).map(Filter::parse).transpose();
    parsed.map_err(|error| Error::field(INVALID, "filter", error))
}

impl Reports {
    /// The forecast.
    ///
    /// # Errors
    /// `report.invalid` naming `period`, `filter` or `currency`.
    pub async fn forecast(&self, ctx: &Ctx, input: &ForecastInput) -> Result<Forecast> {
        let catalogue = self.records.catalogue_of(ctx).await?;
        let def = catalogue.entity(DEAL)?;
        let rates = self.records.rates(ctx).await?;
        let probabilities = self.odds(ctx, &catalogue).await?;
        let today = day_of(ctx, ctx.now());
        let (from, to) = months_of(ctx, input.period.as_ref(), today)?;
        let rests_on = ["amount", "probability", "stage", "close_date", "forecast_category"];
        let hidden: Vec<String> =
            rests_on.into_iter().filter(|key| !def.shows_key(&ctx.rights, key)).map(str::to_owned).collect();
        let odds = probabilities.iter().map(|one| {
            let own = Decimal::from(one.probability);
            (one.stage.clone(), (own, one.history.and_then(|it| Decimal::try_from(it).ok()).unwrap_or(own)))
        });
        let asked = Asked {
            zone: ctx.zone,
            filter: read_filter(input.filter.as_ref())?,
            currency: currency_of(input.currency.as_ref(), &catalogue)?,
            from,
            to,
            today,
            hidden,
            open: standing(&catalogue, DEAL, Semantic::Open),
            won: standing(&catalogue, DEAL, Semantic::Won),
            odds: odds.collect(),
        };
        let mut bags: BTreeMap<When, Purses> = BTreeMap::new();
        if !asked.hidden.iter().any(|key| key == "close_date" || key == "stage") {
            self.add_open(ctx, &asked, &rates, &mut bags).await?;
            self.add_won(ctx, &asked, &rates, &mut bags).await?;
        }
        Ok(told(ctx, asked, bags, probabilities))
    }

    /// How likely deals of each open stage are to be won, as it was said or by its place.
    ///
    /// # Errors
    /// `NotFound`; `report.invalid` when the entity has no stages.
    pub async fn probabilities(&self, ctx: &Ctx, entity: &str) -> Result<Vec<StageOdds>> {
        let catalogue = self.records.catalogue_of(ctx).await?;
        let def = catalogue.entity(entity)?;
        if !def.staged {
            return Err(invalid("entity", "has no stages"));
        }
        Ok(odds_of(&catalogue, entity))
    }

    /// The same, with what history says.
    async fn odds(&self, ctx: &Ctx, catalogue: &Catalogue) -> Result<Vec<StageOdds>> {
        let mut all = odds_of(catalogue, DEAL);
        let since = ctx.now().plus_seconds(-HISTORY_DAYS * 86_400);
        let closed = Filter::test("closed_at", Op::Gte, since.to_string());
        let [won, lost] = [Semantic::Won, Semantic::Lost].map(|semantic| standing(catalogue, DEAL, semantic));
        for pipeline in catalogue.pipelines.of(DEAL) {
            let open: Vec<&str> = pipeline
                .stages
                .iter()
                .filter(|stage| stage.semantic == Semantic::Open)
                .map(|stage| stage.key.as_str())
                .collect();
            let won_keys = pipeline.stages.iter().filter(|stage| stage.semantic == Semantic::Won);
            let won_keys: Vec<&str> = won_keys.map(|stage| stage.key.as_str()).collect();
            for (place, key) in open.iter().enumerate() {
                let further: Vec<&str> = open.iter().skip(place).chain(&won_keys).copied().collect();
                let came = Filter::all(vec![closed.clone(), reached(&further)]);
                let [won, lost] = [
                    self.count(ctx, DEAL, Filter::all(vec![came.clone(), won.clone()])).await?,
                    self.count(ctx, DEAL, Filter::all(vec![came, lost.clone()])).await?,
                ];
                if let Some(odds) = all.iter_mut().find(|odds| odds.stage == *key) {
                    odds.decided = Some(won + lost);
                    odds.history = percent(won, won + lost).as_f64().filter(|_| won + lost >= DECIDED);
                }
            }
        }
        Ok(all)
    }

    /// How many records match and may be seen.
    pub(crate) async fn count(&self, ctx: &Ctx, entity: &str, filter: Filter) -> Result<i64> {
        let query = Records { filter: Some(filter), ..Records::default() };
        let groups = self.records.aggregate(ctx, entity, &Aggregate { query, ..Aggregate::default() }).await?;
        Ok(groups.first().and_then(|group| group.values.get("count")?.as_i64()).unwrap_or(0))
    }

    async fn grouped_amounts(
        &self,
        ctx: &Ctx,
        asked: &Asked,
        part: Filter,
        group_by: Vec<GroupBy>,
    ) -> Result<Vec<Group>> {
        let filter = Filter::all(asked.filter.iter().cloned().chain([part]).collect());
        let mut measures = vec![Computed { op: MeasureOp::Count, field: None }];
        if !asked.hidden.iter().any(|key| key == "amount") {
            measures.push(Computed { op: MeasureOp::Sum, field: Some("amount".to_owned()) });
        }
        let query = Records { filter: Some(filter), ..Records::default() };
        let ask = Aggregate { query, group_by, measures, besides: 0 };
        self.records.aggregate(ctx, DEAL, &ask).await.map_err(crate::measures::refused)
    }

    /// Open deals by the month of their close date, stage, probability and what was said by hand.
    async fn add_open(&self, ctx: &Ctx, asked: &Asked, rates: &Rates, bags: &mut BTreeMap<When, Purses>) -> Result<()> {
        for (when, part) in [
            (None, asked.due()),
            (Some(When::Overdue), Filter::test("close_date", Op::Lt, asked.today.to_string())),
            (
                Some(When::Undated),
                Filter::Test(Test { field: "close_date".into(), op: Op::Empty, value: Operand::None }),
            ),
        ] {
            let mut by: Vec<GroupBy> = ["stage", "probability", "forecast_category"]
                .into_iter()
                .filter(|key| !asked.hidden.iter().any(|hidden| hidden == key))
                .map(|key| GroupBy { field: key.to_owned(), bucket: None })
                .collect();
            if when.is_none() {
                by.push(GroupBy { field: "close_date".to_owned(), bucket: Some(Bucket::Month) });
            }
            let part = Filter::all(vec![asked.open.clone(), part]);
            for group in self.grouped_amounts(ctx, asked, part, by).await? {
                let month = group.group.get("close_date").and_then(Json::as_str).and_then(|text| text.parse().ok());
                let Some(when) = when.or_else(|| month.map(When::Month)) else { continue };
                let both = matches!(when, When::Month(_)).then_some(When::Total);
                for when in [Some(when), both].into_iter().flatten() {
                    asked.add(&group, bags.entry(when).or_default(), rates);
                }
            }
        }
        Ok(())
    }

    /// What was won in the months, by day: each amount at the rate of its day.
    async fn add_won(&self, ctx: &Ctx, asked: &Asked, rates: &Rates, bags: &mut BTreeMap<When, Purses>) -> Result<()> {
        let part = asked.won_in(asked.from, asked.to);
        let by = vec![GroupBy { field: "closed_at".to_owned(), bucket: Some(Bucket::Day) }];
        for group in self.grouped_amounts(ctx, asked, part, by).await? {
            let day = group.group.get("closed_at").and_then(Json::as_str).and_then(|text| text.parse().ok());
            let Some(day) = day else { continue };
            for when in [When::Month(Bucket::Month.start(day)), When::Total] {
                for (code, sum) in crate::measures::amounts(&group, "amount") {
                    bags.entry(when).or_default().won.put(sum, &code, &asked.currency, day, rates);
                }
            }
        }
        Ok(())
    }
}

impl Asked {
    fn add(&self, group: &Group, bag: &mut Purses, rates: &Rates) {
        bag.n += group.values.get("count").and_then(Json::as_i64).unwrap_or(0);
        let stage = group.group.get("stage").and_then(Json::as_str).unwrap_or_default();
        let (of_stage, history) = self.odds.get(stage).copied().unwrap_or_default();
        let own = group.group.get("probability").and_then(Json::as_i64).map(Decimal::from);
        let likely = own.unwrap_or(of_stage);
        let category = group.group.get("forecast_category").and_then(Json::as_str);
        for (code, sum) in crate::measures::amounts(group, "amount") {
            let part = |percent: Decimal| sum.checked_mul(percent).unwrap_or_default() / Decimal::ONE_HUNDRED;
            let put = |purse: &mut Purse, amount: Decimal| purse.put(amount, &code, &self.currency, self.today, rates);
            put(&mut bag.amount, sum);
            put(&mut bag.weighted, part(likely));
            put(&mut bag.history, part(history));
            let percent = likely.to_i64().unwrap_or(0);
            put(
                match category {
                    Some("commit") => &mut bag.commit,
                    Some("best_case") => &mut bag.best_case,
                    Some(_) => &mut bag.pipeline,
                    None if percent >= COMMIT => &mut bag.commit,
                    None if percent >= BEST_CASE => &mut bag.best_case,
                    None => &mut bag.pipeline,
                },
                sum,
            );
        }
    }
}

fn told(ctx: &Ctx, asked: Asked, mut bags: BTreeMap<When, Purses>, probabilities: Vec<StageOdds>) -> Forecast {
    let hidden = asked.hidden.iter().any(|key| ["amount", "probability", "stage"].contains(&key.as_str()));
    let mut missing = BTreeSet::new();
    let mut bag = |when: When| {
        let purses = bags.remove(&when).unwrap_or_default();
        purses.bag(&asked, when, hidden, &mut missing)
    };
    let mut months = Vec::new();
    let mut month = asked.from;
    while month < asked.to {
        months.push(MonthForecast { month, bag: bag(When::Month(month)) });
        month = month + Months::new(1);
    }
    let [overdue, undated, totals] = [When::Overdue, When::Undated, When::Total].map(&mut bag);
    Forecast {
        months,
        overdue,
        undated,
        totals,
        probabilities,
        currency: asked.currency.clone(),
        missing_rates: missing.into_iter().collect(),
        hidden: asked.hidden.clone(),
        as_of: ctx.now(),
    }
}

/// Records that have stood in one of these stages.
pub(crate) fn reached(stages: &[&str]) -> Filter {
    let value = stages.iter().map(|stage| Operand::One(Json::from(*stage))).collect();
    Filter::Test(Test { field: REACHED.to_owned(), op: Op::In, value: Operand::Many(value) })
}

fn odds_of(catalogue: &Catalogue, entity: &str) -> Vec<StageOdds> {
    let of = |pipeline: &records::stages::Pipeline| {
        let open = pipeline.stages.iter().filter(|stage| stage.semantic == Semantic::Open);
        let odds = open.map(|stage| StageOdds {
            stage: stage.key.clone(),
            label: stage.name.clone(),
            probability: pipeline.probability(&stage.key).unwrap_or(0),
            by: if stage.probability.is_some() { "set" } else { "place" },
            history: None,
            decided: None,
        });
        odds.collect::<Vec<_>>()
    };
    catalogue.pipelines.of(entity).flat_map(of).collect()
}

/// The first days of the first month and of the one behind the last.
fn months_of(ctx: &Ctx, asked: Option<&RangeInput>, today: NaiveDate) -> Result<(NaiveDate, NaiveDate)> {
    let first = |day: NaiveDate| day.with_day(1).unwrap_or(day);
    let range = asked.map(|asked| asked.read(ctx)).transpose()?.unwrap_or_default();
    let from = first(range.from.map_or(today, |at| day_of(ctx, at)));
    let to = match range.to {
        // A time that ends with a month ends before the next.
        Some(to) => first(day_of(ctx, Timestamp(to.0 - 1))) + Months::new(1),
        None => from + Months::new(MONTHS),
    };
    match to <= from || to > from + Months::new(MAX_MONTHS) {
        true => Err(invalid("period", format!("1 to {MAX_MONTHS} months"))),
        false => Ok((from, to)),
    }
}
