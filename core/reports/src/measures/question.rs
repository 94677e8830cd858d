//! What is asked: measures, axes, a filter, a time. Read and checked here.

use std::collections::BTreeMap;
use std::sync::Arc;

use chrono::{Months, NaiveDate};
use kernel::error::FieldError;
use kernel::filter::{Filter, Op, Relative};
use kernel::value::{Currency, FieldType};
use kernel::{Ctx, Error, Result, Timestamp};
use records::read::{Bucket, GroupBy};
use records::{Catalogue, EntityDef};
use serde::{Deserialize, Serialize};
use serde_json::Value as Json;

use super::registry::{Measure, Unit};
use super::{may_see, registry};
use crate::{INVALID, MAX_AXES, Reports, invalid};

/// Measures of one question.
const MAX_MEASURES: usize = 10;
/// Rows of an answer.
pub(super) const MAX_ROWS: usize = 10_000;
/// Rows where nothing is said.
const USUAL_ROWS: usize = 1_000;
/// The stage that was left, where steps are counted.
pub(super) const STAGE: &str = "stage";

/// A question.
#[derive(Debug, Clone, Default, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields, default)]
#[schema(as = ReportQuery)]
pub struct Query {
    /// Keys of measures, up to 10.
    pub measures: Vec<String>,
    /// Up to three axes: a field, an axis of a module, or `{field, bucket}` for dates.
    #[schema(value_type = Vec<Object>)]
    pub group_by: Vec<Json>,
    /// One axis more, whose values stand across.
    #[schema(value_type = Option<Object>)]
    pub column: Option<Json>,
    /// Which records.
    #[schema(value_type = Option<Object>)]
    pub filter: Option<Json>,
    /// Of which time, by the date of each measure.
    pub period: Option<RangeInput>,
    /// The moment of what is counted as it stands: now.
    #[schema(value_type = Option<String>)]
    pub as_of: Option<Timestamp>,
    /// Beside it the figures of another time.
    pub compare: Option<Compare>,
    /// Of amounts; the company's own when left out.
    pub currency: Option<String>,
    /// Key of a measure or an axis, with `-` before it from the largest; by the axes when left out.
    pub sort: Option<String>,
    /// Rows, 1 to 10,000; 1,000 when left out.
    pub limit: Option<usize>,
}

/// A time, half-open: days or instants, or a name.
#[derive(Debug, Clone, Default, Deserialize, Serialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields, default)]
#[schema(as = ReportPeriod)]
pub struct RangeInput {
    /// From this day of the company, or this instant, on.
    pub from: Option<String>,
    /// Before this day, or this instant.
    pub to: Option<String>,
    /// Instead of both: `today`, `yesterday`, `this_week`, `last_week`, `this_month`, `last_month`, `this_quarter`,
    /// `this_year`.
    pub preset: Option<String>,
}

/// With what figures are compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = ReportCompare)]
pub enum Compare {
    /// The time of equal length before.
    Before,
    /// The same time a year before.
    YearAgo,
}

/// A stretch of time.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Range {
    pub(super) from: Option<Timestamp>,
    pub(super) to: Option<Timestamp>,
}

/// An axis.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Axis {
    /// Its name in the answer.
    pub(super) key: String,
    pub(super) field: String,
    pub(super) bucket: Option<Bucket>,
}

/// A question that can be answered.
pub(super) struct Plan {
    pub(super) catalogue: Arc<Catalogue>,
    pub(super) measures: Vec<Measure>,
    pub(super) hidden: Vec<String>,
    pub(super) axes: Vec<Axis>,
    pub(super) filter: Option<Filter>,
    pub(super) range: Range,
    pub(super) compared: Option<Range>,
    pub(super) currency: String,
    pub(super) sort: Option<(String, bool)>,
    pub(super) limit: usize,
}

impl Plan {
    /// The entity of a measure.
    pub(super) fn def(&self, measure: &Measure) -> Result<&Arc<EntityDef>> {
        self.catalogue.entity(&measure.entity)
    }

    /// The axes as aggregates know them.
    pub(super) fn groups(&self) -> Vec<GroupBy> {
        self.axes.iter().map(|axis| GroupBy { field: axis.field.clone(), bucket: axis.bucket }).collect()
    }

    /// What a measure is counted over: its own records within the question's filter and the time.
    pub(super) fn narrowed(&self, ctx: &Ctx, measure: &Measure, part: &Filter, range: Range) -> Filter {
        let mut all: Vec<Filter> = self.filter.iter().cloned().collect();
        if !matches!(part, Filter::And(parts) if parts.is_empty()) {
            all.push(part.clone());
        }
        if let Some(date) = measure.date.as_deref().filter(|date| *date != super::times::LEFT) {
            let kind = self.catalogue.find(&measure.entity).and_then(|def| def.field(date)).map(|field| field.kind);
            all.extend(within(ctx, date, kind, range));
        }
        Filter::all(all)
    }
}

/// The tests of a field that keep it in a time.
pub(super) fn within(ctx: &Ctx, field: &str, kind: Option<FieldType>, range: Range) -> Vec<Filter> {
    let bound = |at: Timestamp| match kind {
        Some(FieldType::Date) => at.utc().with_timezone(&ctx.zone).date_naive().to_string(),
        _ => at.to_string(),
    };
    let from = range.from.map(|from| Filter::test(field, Op::Gte, bound(from)));
    let to = range.to.map(|to| Filter::test(field, Op::Lt, bound(to)));
    let mut all: Vec<Filter> = from.into_iter().chain(to).collect();
    if all.is_empty() {
        all.push(Filter::Test(kernel::filter::Test {
            field: field.to_owned(),
            op: Op::NotEmpty,
            value: kernel::filter::Operand::None,
        }));
    }
    all
}

impl Reports {
    /// Reads a question.
    ///
    /// # Errors
    /// `report.invalid` with the place.
    pub(super) async fn read(&self, ctx: &Ctx, asked: &Query) -> Result<Plan> {
        let catalogue = self.records.catalogue_of(ctx).await?;
        let registry = self.registry(ctx, &catalogue).await?;
        if asked.measures.is_empty() || asked.measures.len() > MAX_MEASURES {
            return Err(invalid("measures", format!("1 to {MAX_MEASURES}")));
        }
        let (mut measures, mut hidden): (Vec<Measure>, Vec<String>) = (Vec::new(), Vec::new());
        for key in &asked.measures {
            let short: String = key.chars().take(80).collect();
            let found = registry.iter().find(|one| one.key == *key);
            let found = found.ok_or_else(|| invalid("measures", format!("there is no measure `{short}`")))?;
            let seen = catalogue.find(&found.entity).is_some_and(|def| may_see(ctx, def, found));
            if !seen && !hidden.contains(key) {
                hidden.push(key.clone());
            } else if seen && !measures.iter().any(|one| one.key == *key) {
                measures.push(found.clone());
            }
        }
        let named = self.named_axes(ctx).await?;
        let axes = axes(asked, &named)?;
        for measure in &measures {
            check_axes(ctx, &catalogue, measure, &axes)?;
        }
        let filter = asked.filter.as_ref().map(Filter::parse).transpose();
        let filter = filter.map_err(|error| Error::field(INVALID, "filter", error))?;
        let range = asked.period.as_ref().map_or(Ok(Range::default()), |asked| asked.read(ctx))?;
        if asked.as_of.is_some_and(|at| at < ctx.now()) && measures.iter().any(|one| one.date.is_none()) {
            return Err(invalid("as_of", "what stood at a moment of the past is not kept"));
        }
        let compared = asked.compare.map(|how| range.before(ctx, how)).transpose()?;
        let limit = asked.limit.unwrap_or(USUAL_ROWS);
        if limit == 0 || limit > MAX_ROWS {
            return Err(invalid("limit", format!("1 to {MAX_ROWS}")));
        }
        let currency = currency(asked, &catalogue)?;
        let sort = sort(asked, &measures, &axes)?;
        Ok(Plan { catalogue, measures, hidden, axes, filter, range, compared, currency, sort, limit })
    }
}

fn axes(asked: &Query, named: &[registry::Axis]) -> Result<Vec<Axis>> {
    let all: Vec<&Json> = asked.group_by.iter().chain(&asked.column).collect();
    if all.len() > MAX_AXES {
        return Err(invalid("group_by", format!("at most {MAX_AXES} axes with the column")));
    }
    let mut axes: Vec<Axis> = Vec::new();
    for json in all {
        let axis = axis(json, named)?;
        if !axes.iter().any(|known| known.key == axis.key) {
            axes.push(axis);
        }
    }
    Ok(axes)
}

fn axis(json: &Json, named: &[registry::Axis]) -> Result<Axis> {
    let wrong = || invalid("group_by", "a field, or {\"field\": ..., \"bucket\": \"month\"}");
    match json {
        Json::String(key) => Ok(match named.iter().find(|axis| axis.key == *key) {
            Some(known) => Axis { key: key.clone(), field: known.field.clone(), bucket: known.bucket },
            None => Axis { key: key.clone(), field: key.clone(), bucket: None },
        }),
        Json::Object(map) if map.keys().all(|key| key == "field" || key == "bucket") => {
            let field = map.get("field").and_then(Json::as_str).ok_or_else(wrong)?;
            let bucket = map.get("bucket").filter(|bucket| !bucket.is_null());
            let bucket = bucket.map(|json| Bucket::deserialize(json).map_err(|_| wrong())).transpose()?;
            Ok(Axis { key: field.to_owned(), field: field.to_owned(), bucket })
        }
        _ => Err(wrong()),
    }
}

/// Every axis must be one of every measure's entity, and seen.
fn check_axes(ctx: &Ctx, catalogue: &Catalogue, measure: &Measure, axes: &[Axis]) -> Result<()> {
    let def = catalogue.entity(&measure.entity)?;
    for axis in axes {
        let found = def.field(&axis.field).filter(|field| field.is_sortable() && def.shows(&ctx.rights, field));
        let short: String = axis.key.chars().take(80).collect();
        let Some(field) = found else {
            return Err(invalid("group_by", format!("`{short}` is no field of {} to group by", def.key)));
        };
        if axis.bucket.is_some() != matches!(field.kind, FieldType::Date | FieldType::Datetime) {
            return Err(invalid("group_by", format!("`{short}`: dates need a bucket, and nothing else has one")));
        }
    }
    Ok(())
}

fn currency(asked: &Query, catalogue: &Catalogue) -> Result<String> {
    let Some(code) = &asked.currency else { return Ok(catalogue.pipelines.currency.clone()) };
    match Currency::all().find(|known| known.code() == code) {
        Some(known) => Ok(known.code().to_owned()),
        None => Err(invalid("currency", "an ISO 4217 code")),
    }
}

fn sort(asked: &Query, measures: &[Measure], axes: &[Axis]) -> Result<Option<(String, bool)>> {
    let Some(text) = &asked.sort else { return Ok(None) };
    let (key, falling) = text.strip_prefix('-').map_or((text.as_str(), false), |key| (key, true));
    let known = measures.iter().any(|one| one.key == key)
        || asked.measures.iter().any(|hidden| hidden == key)
        || axes.iter().any(|one| one.key == key);
    match known {
        true => Ok(Some((key.to_owned(), falling))),
        false => Err(invalid("sort", "a measure or an axis of the question")),
    }
}

impl RangeInput {
    fn read(&self, ctx: &Ctx) -> Result<Range> {
        if let Some(preset) = &self.preset {
            if self.from.is_some() || self.to.is_some() {
                return Err(invalid("period", "a name, or `from` and `to`"));
            }
            let relative = Relative::deserialize(serde_json::json!({ "relative": preset }));
            let relative = relative.map_err(|_| invalid("period", "there is no such name"))?;
            let (from, to) = relative.period(ctx.now(), ctx.zone).instants(ctx.zone);
            return Ok(Range { from: Some(from), to: Some(to) });
        }
        let bound = |text: &String| {
            let day = Some(text).filter(|text| text.len() == 10).and_then(|text| text.parse::<NaiveDate>().ok());
            let day = day.map(|day| kernel::filter::day_start(day, ctx.zone));
            day.or_else(|| Timestamp::parse(text)).ok_or_else(|| invalid("period", "days or instants (RFC 3339)"))
        };
        let range =
            Range { from: self.from.as_ref().map(bound).transpose()?, to: self.to.as_ref().map(bound).transpose()? };
        match (range.from, range.to) {
            (Some(from), Some(to)) if from >= to => Err(invalid("period", "`from` must be before `to`")),
            _ => Ok(range),
        }
    }
}

impl Range {
    fn before(self, ctx: &Ctx, how: Compare) -> Result<Self> {
        let (Some(from), Some(to)) = (self.from, self.to) else {
            return Err(invalid("compare", "needs a period with both ends"));
        };
        Ok(match how {
            Compare::Before => Self { from: Some(Timestamp(from.0 - (to.0 - from.0))), to: Some(from) },
            Compare::YearAgo => Self { from: Some(year_before(ctx, from)?), to: Some(year_before(ctx, to)?) },
        })
    }
}

/// The same local time a year before.
fn year_before(ctx: &Ctx, at: Timestamp) -> Result<Timestamp> {
    use chrono::TimeZone;
    let local = at.utc().with_timezone(&ctx.zone).naive_local();
    let before =
        local.checked_sub_months(Months::new(12)).and_then(|local| ctx.zone.from_local_datetime(&local).earliest());
    before.map(|at| Timestamp(at.timestamp_micros())).ok_or_else(|| invalid("compare", "out of range"))
}

/// The test that a group's value stands for.
pub(super) fn of_group(ctx: &Ctx, def: &EntityDef, axis: &Axis, value: &Json) -> Vec<Filter> {
    let empty = || {
        let (field, value) = (axis.field.clone(), kernel::filter::Operand::None);
        vec![Filter::Test(kernel::filter::Test { field, op: Op::Empty, value })]
    };
    if value.is_null() {
        return empty();
    }
    let Some(bucket) = axis.bucket else { return vec![Filter::test(&axis.field, Op::Eq, value.clone())] };
    let Some(first) = value.as_str().and_then(|text| text.parse::<NaiveDate>().ok()) else { return empty() };
    let start = |day: NaiveDate| kernel::filter::day_start(day, ctx.zone);
    let range = Range { from: Some(start(first)), to: Some(start(bucket.next(first))) };
    within(ctx, &axis.field, def.field(&axis.field).map(|field| field.kind), range)
}

/// What a measure without words of its own is counted in.
pub(super) const fn is_money(measure: &Measure) -> bool {
    matches!(measure.unit, Unit::Money)
}

/// A filter or axis that the records refuse, as an error of the question.
pub(super) fn refused(error: Error) -> Error {
    match error {
        Error::Invalid { fields, .. } => {
            let known = |key: String| match key.as_str() {
                "filter" | "measures" => key,
                _ => "group_by".to_owned(),
            };
            let fields: BTreeMap<String, FieldError> =
                fields.into_iter().map(|(key, error)| (known(key), error)).collect();
            Error::Invalid { code: INVALID, fields }
        }
        other => other,
    }
}
