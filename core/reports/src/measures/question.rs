//! What is asked: measures, axes, a filter, a time. Read and checked here.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use chrono::{Days, Months, NaiveDate};
use kernel::access::Action;
use kernel::error::FieldError;
use kernel::filter::{Filter, Op, Relative};
use kernel::value::{Currency, FieldType};
use kernel::{Ctx, Error, Locale, Result, Timestamp};
use records::read::{Bucket, GroupBy};
use records::{Catalogue, EntityDef};
use serde::{Deserialize, Serialize};
use serde_json::Value as Json;
use uuid::Uuid;

use super::registry::{Formula, Measure, Unit, label};
use super::{may_see, registry};
use crate::{FAN_OUT, INVALID, MAX_AXES, Reports, invalid};

/// Measures of one question.
const MAX_MEASURES: usize = 10;
/// Rows of an answer.
pub(super) const MAX_ROWS: usize = 10_000;
/// Rows where nothing is said.
const USUAL_ROWS: usize = 1_000;
/// The stage that was left, where steps are counted.
pub(super) const STAGE: &str = "stage";

/// People whose departments are looked up at most.
const MAX_PEOPLE: u64 = 100_000;
/// Whose a figure is: of what is closed the owner at closing, of tasks who does them, else the owner.
pub(crate) const MANAGER: &str = "manager";
/// The currency of a record.
pub(super) const CURRENCY: &str = "currency";
/// What a row of a record sells.
pub(super) const PRODUCT: &str = "product";
/// That person's department.
const DEPARTMENT: &str = "department";

/// A question.
#[derive(Debug, Clone, Default, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields, default)]
#[schema(as = ReportQuery)]
pub struct Query {
    /// Keys of measures, up to 10.
    pub measures: Vec<String>,
    /// Up to three axes: a field, `link.field`, an axis of a module, `manager`, `department`, or `{field, bucket}` for dates.
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
    /// The moment of what is counted as it stands: now, or one of the past for measures that say `as_of`.
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
    /// Only what is a person's, or (`true`) the people's of a department: asked by plans.
    #[serde(skip)]
    #[schema(ignore)]
    pub who: Option<(bool, Uuid)>,
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
    /// `last_quarter`, `this_year`, `last_year`, `last_30_days`, `last_90_days` (until today).
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
pub(crate) struct Range {
    pub(crate) from: Option<Timestamp>,
    pub(crate) to: Option<Timestamp>,
}

impl From<Range> for kernel::clock::Period {
    fn from(range: Range) -> Self {
        Self { from: range.from, to: range.to }
    }
}

/// Whose a figure is, where that is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Who {
    /// A person.
    Manager,
    /// Their department.
    Department,
}

/// An axis.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Axis {
    /// Its name in the answer.
    pub(super) key: String,
    field: String,
    pub(super) bucket: Option<Bucket>,
    who: Option<Who>,
}

impl Axis {
    /// The field of a measure's records that it stands for.
    pub(super) fn field<'a>(&'a self, def: &EntityDef, measure: &Measure) -> &'a str {
        match self.who {
            None => &self.field,
            Some(_) => person_of(def, measure),
        }
    }

    /// What its values are ids of.
    pub(super) fn target(&self, catalogue: &Catalogue, def: &EntityDef, measure: &Measure) -> Option<String> {
        match self.who {
            _ if self.is_of_rows(def) => Some(PRODUCT.to_owned()),
            Some(Who::Manager) => Some("user".to_owned()),
            Some(Who::Department) => Some("department".to_owned()),
            None => match self.field(def, measure).split_once('.') {
                None => crate::refs::target(def, &self.field),
                Some((link, field)) => crate::refs::target(catalogue.find(def.field(link)?.target()?)?, field),
            },
        }
    }

    /// Whether it is what rows of these records sell, which is no field of theirs.
    pub(super) fn is_of_rows(&self, def: &EntityDef) -> bool {
        self.field == PRODUCT && def.field(PRODUCT).is_none() && def.field("rows").is_some()
    }

    /// Its name where no field has it.
    pub(super) fn own_label(&self, locale: Locale) -> Option<String> {
        self.who.map(|_| registry::text(locale, &format!("axis.{}", self.key)))
    }
}

/// The field that says whose a figure is: of what is closed the owner at closing, of tasks who does them, else the owner.
fn person_of(def: &EntityDef, measure: &Measure) -> &'static str {
    let closed = measure.date.as_deref() == Some("closed_at") && def.field("closed_owner").is_some();
    match (closed, def.field("assignee").is_some()) {
        (true, _) => "closed_owner",
        (_, true) => "assignee",
        _ => "owner",
    }
}

/// What the records of a measure are grouped by.
pub(super) struct Grouping {
    pub(super) by: Vec<GroupBy>,
    /// At these places stands a person, and is meant their department.
    departments: Vec<usize>,
    department_of: Arc<HashMap<Uuid, Uuid>>,
    /// The place among the axes of what rows sell, which records do not have.
    pub(super) product: Option<usize>,
}

impl Grouping {
    /// All records together.
    pub(super) fn none() -> Self {
        Self { by: Vec::new(), departments: Vec::new(), department_of: Arc::default(), product: None }
    }

    /// The values that are meant by those that were read.
    pub(super) fn values(&self, mut read: Vec<Json>) -> Vec<Json> {
        for place in &self.departments {
            if let Some(value) = read.get_mut(*place) {
                let person = value.as_str().and_then(|text| Uuid::parse_str(text).ok());
                let department = person.and_then(|person| self.department_of.get(&person));
                *value = department.map_or(Json::Null, |department| Json::from(department.to_string()));
            }
        }
        read
    }
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
    /// The moment of the past that is asked about.
    pub(super) as_of: Option<Timestamp>,
    department_of: Arc<HashMap<Uuid, Uuid>>,
    who: Option<(bool, Uuid)>,
}

impl Plan {
    /// The entity of a measure.
    pub(super) fn def(&self, measure: &Measure) -> Result<&Arc<EntityDef>> {
        self.catalogue.entity(&measure.entity)
    }

    /// The axes as a measure's records know them.
    pub(super) fn groups(&self, measure: &Measure) -> Result<Grouping> {
        let def = self.def(measure)?;
        let by = |axis: &Axis| GroupBy { field: axis.field(def, measure).to_owned(), bucket: axis.bucket };
        let own = || self.axes.iter().filter(|axis| !axis.is_of_rows(def));
        let departments = own().enumerate().filter(|(_, axis)| axis.who == Some(Who::Department));
        Ok(Grouping {
            by: own().map(by).collect(),
            departments: departments.map(|(place, _)| place).collect(),
            department_of: Arc::clone(&self.department_of),
            product: self.axes.iter().position(|axis| axis.is_of_rows(def)),
        })
    }

    /// What records are grouped by, and their currency besides, where the field is a sum in it and no money by itself.
    pub(super) fn with_currency(&self, measure: &Measure, field: &str, by: &[GroupBy]) -> Vec<GroupBy> {
        let kind = self.catalogue.find(&measure.entity).and_then(|def| def.field(field)).map(|field| field.kind);
        let apart = kind != Some(FieldType::Money) && !by.iter().any(|axis| axis.field == CURRENCY);
        let currency = apart.then(|| GroupBy { field: CURRENCY.to_owned(), bucket: None });
        by.iter().cloned().chain(currency).collect()
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
        if let Some(((department, id), def)) = self.who.zip(self.catalogue.find(&measure.entity)) {
            all.push(crate::plans::of_whom(person_of(def, measure), department, id));
        }
        Filter::all(all)
    }
}

/// The tests of a field that keep it in a time.
pub(crate) fn within(ctx: &Ctx, field: &str, kind: Option<FieldType>, range: Range) -> Vec<Filter> {
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
        let department_of = match axes.iter().any(|axis| axis.who == Some(Who::Department)) {
            true => Arc::new(self.departments_of_people(ctx).await?),
            false => Arc::default(),
        };
        for measure in &measures {
            check_axes(ctx, &catalogue, measure, &axes)?;
        }
        let filter = asked.filter.as_ref().map(Filter::parse).transpose();
        let filter = filter.map_err(|error| Error::field(INVALID, "filter", error))?;
        let range = asked.period.as_ref().map_or(Ok(Range::default()), |asked| asked.read(ctx))?;
        let as_of = asked.as_of.filter(|at| *at < ctx.now());
        if as_of.is_some() && measures.iter().any(|one| one.date.is_none() && !one.past) {
            return Err(invalid("as_of", "what stood at a moment of the past is not kept for one of these measures"));
        }
        let compared = asked.compare.map(|how| range.before(ctx, how)).transpose()?;
        let limit = asked.limit.unwrap_or(USUAL_ROWS);
        if limit == 0 || limit > MAX_ROWS {
            return Err(invalid("limit", format!("1 to {MAX_ROWS}")));
        }
        let currency = currency(asked, &catalogue)?;
        let sort = sort(asked, &measures, &axes)?;
        let plan = Plan {
            catalogue,
            measures,
            hidden,
            axes,
            filter,
            range,
            compared,
            currency,
            sort,
            limit,
            as_of,
            department_of,
            who: asked.who,
        };
        Ok(plan)
    }

    /// The department that everybody is in now.
    pub(super) async fn departments_of_people(&self, ctx: &Ctx) -> Result<HashMap<Uuid, Uuid>> {
        let people = people::user::list(self.db(), ctx.tenant, None, MAX_PEOPLE).await?;
        Ok(people.into_iter().filter_map(|user| Some((user.id, user.department_id?))).collect())
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
            Some(known) => Axis { key: key.clone(), field: known.field.clone(), bucket: known.bucket, who: None },
            None => {
                let who = match key.as_str() {
                    MANAGER => Some(Who::Manager),
                    DEPARTMENT => Some(Who::Department),
                    _ => None,
                };
                Axis { key: key.clone(), field: key.clone(), bucket: None, who }
            }
        }),
        Json::Object(map) if map.keys().all(|key| key == "field" || key == "bucket") => {
            let field = map.get("field").and_then(Json::as_str).ok_or_else(wrong)?;
            let bucket = map.get("bucket").filter(|bucket| !bucket.is_null());
            let bucket = bucket.map(|json| Bucket::deserialize(json).map_err(|_| wrong())).transpose()?;
            Ok(Axis { key: field.to_owned(), field: field.to_owned(), bucket, who: None })
        }
        _ => Err(wrong()),
    }
}

/// Every axis must be one of every measure's entity, and seen.
fn check_axes(ctx: &Ctx, catalogue: &Catalogue, measure: &Measure, axes: &[Axis]) -> Result<()> {
    let def = catalogue.entity(&measure.entity)?;
    for axis in axes {
        if axis.is_of_rows(def) {
            match measure.formula {
                Formula::Rows(_) if ctx.rights.may(PRODUCT, Action::Read) => continue,
                Formula::Rows(_) => return Err(invalid("group_by", "you may not see products")),
                _ => return Err(fan_out(measure, ctx)),
            }
        }
        let short: String = axis.key.chars().take(80).collect();
        let Some(kind) = kind_of(ctx, catalogue, def, axis.field(def, measure)) else {
            return Err(invalid("group_by", format!("`{short}` is no field of {} to group by", def.key)));
        };
        if axis.bucket.is_some() != matches!(kind, FieldType::Date | FieldType::Datetime) {
            return Err(invalid("group_by", format!("`{short}`: dates need a bucket, and nothing else has one")));
        }
    }
    Ok(())
}

/// A record is of several products: its sum would stand at each of them. What its rows come to can be told apart.
fn fan_out(measure: &Measure, ctx: &Ctx) -> Error {
    let rows = format!("{}.rows", measure.entity);
    let error =
        FieldError::new("fan_out").with("measure", measure.label(ctx.locale)).with("rows", label(&rows, ctx.locale));
    Error::field(FAN_OUT, "group_by", error)
}

/// The type of a field, or of `link.field`, that can be grouped by and is seen.
fn kind_of(ctx: &Ctx, catalogue: &Catalogue, def: &EntityDef, key: &str) -> Option<FieldType> {
    let of = |def: &EntityDef, key: &str| {
        let field = def.field(key).filter(|field| field.is_sortable() && def.shows(&ctx.rights, field))?;
        Some(field.kind)
    };
    let Some((link, field)) = key.split_once('.') else { return of(def, key) };
    let link = def.field(link).filter(|link| def.shows(&ctx.rights, link))?;
    let target = catalogue.find(link.target()?)?;
    of(target, field).filter(|_| target.table != def.table && ctx.rights.may(&target.key, Action::Read))
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

/// The names of times that filters do not know, from a day on to before another.
fn named_days(name: &str, today: NaiveDate) -> Option<(NaiveDate, NaiveDate)> {
    let ago = |days: u64| today.checked_sub_days(Days::new(days));
    let before = |bucket: Bucket| Some((bucket.start(bucket.start(today).pred_opt()?), bucket.start(today)));
    let tomorrow = today.succ_opt()?;
    match name {
        "last_quarter" => before(Bucket::Quarter),
        "last_year" => before(Bucket::Year),
        "last_30_days" => Some((ago(29)?, tomorrow)),
        "last_90_days" => Some((ago(89)?, tomorrow)),
        _ => None,
    }
}

impl RangeInput {
    pub(crate) fn read(&self, ctx: &Ctx) -> Result<Range> {
        if let Some(preset) = &self.preset {
            if self.from.is_some() || self.to.is_some() {
                return Err(invalid("period", "a name, or `from` and `to`"));
            }
            let today = ctx.now().utc().with_timezone(&ctx.zone).date_naive();
            if let Some((from, to)) = named_days(preset, today) {
                let at = |day: NaiveDate| Some(kernel::filter::day_start(day, ctx.zone));
                return Ok(Range { from: at(from), to: at(to) });
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
pub(super) fn of_group(ctx: &Ctx, def: &EntityDef, measure: &Measure, axis: &Axis, value: &Json) -> Vec<Filter> {
    let mut field = axis.field(def, measure).to_owned();
    if axis.who == Some(Who::Department) {
        field.push_str(".department");
    }
    let test =
        |op: Op| Filter::Test(kernel::filter::Test { field: field.clone(), op, value: kernel::filter::Operand::None });
    let empty = || match field.contains('.') {
        // Whose link is empty has no value there either.
        true => vec![Filter::Not(Box::new(test(Op::NotEmpty)))],
        false => vec![test(Op::Empty)],
    };
    if value.is_null() {
        return empty();
    }
    let Some(bucket) = axis.bucket else { return vec![Filter::test(&field, Op::Eq, value.clone())] };
    let Some(first) = value.as_str().and_then(|text| text.parse::<NaiveDate>().ok()) else { return empty() };
    let start = |day: NaiveDate| kernel::filter::day_start(day, ctx.zone);
    let range = Range { from: Some(start(first)), to: Some(start(bucket.next(first))) };
    within(ctx, &field, def.field(&field).map(|field| field.kind), range)
}

/// What a measure without words of its own is counted in.
pub(super) const fn is_money(measure: &Measure) -> bool {
    matches!(measure.unit, Unit::Money)
}

/// A filter or axis that the records refuse, as an error of the question.
pub(crate) fn refused(error: Error) -> Error {
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
