//! Measures of processes: over instances and their steps, which are no records. Asked by themselves, grouped by what instances
//! have; there is no list of records behind them, so they open none.

use std::collections::{BTreeMap, BTreeSet};

use kernel::db::{ConnectionTrait, QueryResult};
use kernel::{Ctx, Result, Timestamp};
use records::read::{Bucket, Refs};
use rust_decimal::{Decimal, RoundingStrategy};
use sea_orm::sea_query::{Expr, ExprTrait, Query as Sql, SelectStatement};
use serde::Deserialize;
use serde_json::Value as Json;
use uuid::Uuid;
use work::calendar::WorkingTime;

use super::answer::{Answer, Column, Row, Totals};
use super::figures::name;
use super::money::percent;
use super::question::{MANAGER, Query, Range};
use super::registry::{Stat, Unit, label};
use super::times::{said, too_many};
use super::{MAX_READ, MeasureView};
use crate::refs::RefsView;
use crate::{Reports, invalid};

/// What instances are called in the place of an entity.
pub(super) const ENTITY: &str = process::INSTANCE;
/// The measures: key, unit, the moment whose time a period means.
const MEASURES: [(&str, Unit, Option<&str>); 6] = [
    ("process.finished_percent", Unit::Percent, Some("started_at")),
    ("process.duration", Unit::Seconds, Some("started_at")),
    ("process.progress", Unit::Percent, None),
    ("step.time", Unit::Seconds, Some("left_at")),
    ("step.time.p90", Unit::Seconds, Some("left_at")),
    ("step.time.mean", Unit::Seconds, Some("left_at")),
];

/// What they are grouped by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Axis {
    Definition,
    Process,
    Step,
    Manager,
    Department,
    Started(Bucket),
}

/// An instance, or a step of one, with what it is grouped by.
struct Piece {
    definition: Uuid,
    process: String,
    step: Option<String>,
    thing: Uuid,
    by: Option<Uuid>,
    from: Timestamp,
    to: Option<Timestamp>,
    state: String,
}

/// Samples of a group.
#[derive(Default)]
struct Sample {
    values: Vec<Json>,
    seconds: BTreeMap<(Uuid, String), i64>,
    all: i64,
    finished: i64,
    odds: Vec<i64>,
}

/// Whether a key is of a measure here.
pub(super) fn is_here(key: &str) -> bool {
    MEASURES.iter().any(|(known, ..)| *known == key)
}

/// Those that can be asked for.
pub(super) fn views(ctx: &Ctx) -> impl Iterator<Item = MeasureView> {
    MEASURES.into_iter().map(|(key, unit, date)| MeasureView {
        key: key.to_owned(),
        label: label(key, ctx.locale),
        entity: ENTITY.to_owned(),
        unit,
        date: date.map(str::to_owned),
        as_of: false,
        plugin: None,
    })
}

impl Axis {
    fn read(json: &Json) -> Result<(String, Self)> {
        let known =
            "definition, process, step, manager, department, or {\"field\": \"started_at\", \"bucket\": \"month\"}";
        let wrong = || invalid("group_by", known);
        if let Some(object) = json.as_object() {
            let bucket = object.get("bucket").map(Bucket::deserialize).ok_or_else(wrong)?.map_err(|_| wrong())?;
            return match object.get("field").and_then(Json::as_str) {
                Some("started_at") => Ok(("started_at".to_owned(), Self::Started(bucket))),
                _ => Err(wrong()),
            };
        }
        let key = json.as_str().ok_or_else(wrong)?;
        let axis = match key {
            "definition" => Self::Definition,
            "process" => Self::Process,
            "step" => Self::Step,
            MANAGER => Self::Manager,
            "department" => Self::Department,
            _ => return Err(wrong()),
        };
        Ok((key.to_owned(), axis))
    }

    fn value(self, ctx: &Ctx, piece: &Piece, departments: &std::collections::HashMap<Uuid, Uuid>) -> Json {
        let id = |id: Option<Uuid>| id.map_or(Json::Null, |id| Json::from(id.to_string()));
        match self {
            Self::Definition => id(Some(piece.definition)),
            Self::Process => Json::from(piece.process.clone()),
            Self::Step => piece.step.clone().map_or(Json::Null, Json::from),
            Self::Manager => id(piece.by),
            Self::Department => id(piece.by.and_then(|by| departments.get(&by).copied())),
            Self::Started(bucket) => {
                let day = bucket.of(&kernel::Value::Instant(piece.from), ctx.zone);
                day.map_or(Json::Null, |day| Json::from(day.to_string()))
            }
        }
    }
}

impl Reports {
    /// Answers a question of measures of processes alone.
    pub(super) async fn of_processes(&self, ctx: &Ctx, asked: &Query) -> Result<Answer> {
        if asked.measures.iter().any(|key| !is_here(key)) {
            return Err(invalid("measures", "measures of processes are asked by themselves"));
        }
        if asked.filter.as_ref().is_some_and(|filter| !filter.is_null()) {
            return Err(invalid("filter", "instances are no records"));
        }
        if asked.as_of.is_some_and(|at| at < ctx.now()) {
            return Err(invalid("as_of", "what stood at a moment of the past is not kept for one of these measures"));
        }
        let mut axes: Vec<(String, Axis)> = Vec::new();
        for json in asked.group_by.iter().chain(&asked.column) {
            axes.push(Axis::read(json)?);
        }
        if axes.len() > crate::MAX_AXES {
            return Err(invalid("group_by", format!("at most {} axes", crate::MAX_AXES)));
        }
        if axes.iter().any(|(_, axis)| *axis == Axis::Step)
            && asked.measures.iter().any(|key| !key.starts_with("step."))
        {
            return Err(invalid("group_by", "only time in steps is grouped by step"));
        }
        let range = asked.period.as_ref().map_or(Ok(Range::default()), |period| period.read(ctx))?;
        let (mut rows, mut totals) = (BTreeMap::<String, Row>::new(), Totals::default());
        for key in &asked.measures {
            let whole = self.process_figures(ctx, key, range, &[]).await?;
            for (_, n, value) in whole.into_values() {
                put(&mut totals, key, n, value);
            }
            if !axes.is_empty() {
                for (group, (values, n, value)) in self.process_figures(ctx, key, range, &axes).await? {
                    let named = axes.iter().map(|(key, _)| key.clone()).zip(values).collect();
                    let row = rows.entry(group).or_insert_with(|| Row { group: named, figures: Totals::default() });
                    put(&mut row.figures, key, n, value);
                }
            }
        }
        let mut rows: Vec<Row> = rows.into_values().collect();
        if axes.is_empty() {
            rows.push(Row { group: BTreeMap::new(), figures: totals.clone() });
        }
        for row in &mut rows {
            for key in
                asked.measures.iter().filter(|key| !row.figures.values.contains_key(*key)).cloned().collect::<Vec<_>>()
            {
                put(&mut row.figures, &key, 0, Json::Null);
            }
        }
        rows.truncate(asked.limit.unwrap_or(1_000).min(10_000));
        let refs = self.process_refs(ctx, &axes, &rows).await?;
        let step = axes.iter().find(|(_, axis)| *axis == Axis::Step).map(|(key, _)| key);
        let elements = step.iter().flat_map(|key| rows.iter().filter_map(move |row| row.group.get(*key)?.as_str()));
        let steps = self.step_names(ctx, &elements.collect(), None).await?;
        let of_axis = axes.iter().map(|(key, _)| Column {
            key: key.clone(),
            label: super::text(ctx.locale, &format!("axis.{key}")),
            unit: None,
            date: None,
        });
        let measure = |key: &String| {
            let known = MEASURES.iter().find(|(known, ..)| known == key);
            Column {
                key: key.clone(),
                label: label(key, ctx.locale),
                unit: known.map(|(_, unit, _)| *unit),
                date: known.and_then(|(.., date)| date.map(str::to_owned)),
            }
        };
        Ok(Answer {
            columns: of_axis.chain(asked.measures.iter().map(measure)).collect(),
            rows,
            totals,
            refs,
            steps,
            ..self.bare(ctx).await?
        })
    }

    async fn process_refs(&self, ctx: &Ctx, axes: &[(String, Axis)], rows: &[Row]) -> Result<RefsView> {
        let (mut refs, mut view) = (Refs::new(), RefsView::new());
        for (key, axis) in axes {
            let ids = rows.iter().filter_map(|row| row.group.get(key)?.as_str()?.parse::<Uuid>().ok());
            let ids: Vec<Uuid> = ids.collect::<BTreeSet<_>>().into_iter().collect();
            match axis {
                Axis::Definition => self.definition_names(ctx, &ids, &mut view).await?,
                Axis::Manager => self.records.titles(ctx, "user", &ids, &mut refs).await?,
                Axis::Department => self.records.titles(ctx, "department", &ids, &mut refs).await?,
                Axis::Process | Axis::Step | Axis::Started(_) => {}
            }
        }
        view.extend(crate::refs::view(refs));
        Ok(view)
    }

    /// The figures of a measure by group: values of the axes, how many stand behind it, the figure.
    async fn process_figures(
        &self,
        ctx: &Ctx,
        key: &str,
        range: Range,
        axes: &[(String, Axis)],
    ) -> Result<BTreeMap<String, (Vec<Json>, i64, Json)>> {
        let steps = key.starts_with("step.");
        let pieces = if steps { self.left_steps(ctx, range).await? } else { self.begun(ctx, key, range).await? };
        let departments = match axes.iter().any(|(_, axis)| *axis == Axis::Department) {
            true => self.departments_of_people(ctx).await?,
            false => Default::default(),
        };
        let odds = match key {
            "process.progress" => self.furthest_odds(ctx).await?,
            _ => BTreeMap::new(),
        };
        let calendar = self.processes.tasks().calendars().of_department(self.db().read(), ctx, None).await?;
        let mut samples: BTreeMap<String, Sample> = BTreeMap::new();
        for piece in &pieces {
            let values: Vec<Json> = axes.iter().map(|(_, axis)| axis.value(ctx, piece, &departments)).collect();
            let sample = samples.entry(name(&values)).or_default();
            sample.values = values;
            sample.take(piece, &calendar, odds.get(&piece.thing).copied());
        }
        if axes.is_empty() && samples.is_empty() {
            samples.insert(name(&[]), Sample::default());
        }
        let figure = |(group, sample): (String, Sample)| {
            let (n, value) = sample.figure(key);
            (group, (sample.values, n, value))
        };
        Ok(samples.into_iter().map(figure).collect())
    }

    /// Instances that were started in a time; of progress those that are not cancelled, whenever they were.
    async fn begun(&self, ctx: &Ctx, key: &str, range: Range) -> Result<Vec<Piece>> {
        let range = if key == "process.progress" { Range::default() } else { range };
        let relation = process::runtime::relations::instances(ctx, None, range.into());
        let columns = ["id", "definition", "process", "state", "started_by", "started_at", "ended_at"];
        let read = |row: &QueryResult| Ok(Piece { state: row.try_get_by_index(3)?, ..piece(row)? });
        self.read_at_most(over(relation, columns), read).await
    }

    /// Steps that were left in a time.
    async fn left_steps(&self, ctx: &Ctx, range: Range) -> Result<Vec<Piece>> {
        let relation = process::runtime::relations::steps(ctx, None, kernel::clock::Period::default());
        let columns = ["thing", "template", "process", "step", "started_by", "entered_at", "left_at"];
        let left = Expr::col(("one", "left_at"));
        let mut select = over(relation, columns);
        select.and_where(left.clone().is_not_null()).cond_where(kernel::db::within(range.into(), &left));
        let read = |row: &QueryResult| Ok(Piece { step: row.try_get_by_index(3)?, ..piece(row)? });
        self.read_at_most(select, read).await
    }

    /// Rows of a relation, as long as they are not more than a figure may be made of.
    async fn read_at_most<T>(
        &self,
        mut select: SelectStatement,
        read: impl Fn(&QueryResult) -> Result<T>,
    ) -> Result<Vec<T>> {
        let rows = self.db().read().query_all(select.limit(MAX_READ + 1)).await?;
        if u64::try_from(rows.len()).unwrap_or(u64::MAX) > MAX_READ {
            return Err(too_many());
        }
        rows.iter().map(read).collect()
    }

    /// The largest `v:probability` that each instance has come to, percent.
    async fn furthest_odds(&self, ctx: &Ctx) -> Result<BTreeMap<Uuid, i64>> {
        let odds = self.processes.odds_of_elements(ctx).await?;
        let relation = process::runtime::relations::steps(ctx, None, kernel::clock::Period::default());
        let read = |row: &QueryResult| -> Result<(Uuid, Uuid, String)> {
            Ok((row.try_get_by_index(0)?, row.try_get_by_index(1)?, row.try_get_by_index(2)?))
        };
        let steps = self.read_at_most(over(relation, ["thing", "template", "step"]), read).await?;
        let mut furthest = BTreeMap::new();
        for (thing, template, step) in steps {
            if let Some(percent) = odds.get(&(template, step)) {
                let known = furthest.entry(thing).or_insert(0);
                *known = std::cmp::Ord::max(i64::from(*percent), *known);
            }
        }
        Ok(furthest)
    }
}

impl Sample {
    fn take(&mut self, piece: &Piece, calendar: &WorkingTime, odds: Option<i64>) {
        self.all += 1;
        self.finished += i64::from(piece.state == "completed");
        if piece.state != "cancelled" {
            self.odds.push(if piece.state == "completed" { 100 } else { odds.unwrap_or(0) });
        }
        let counts = piece.step.is_some() || piece.state == "completed";
        if let Some(to) = piece.to.filter(|_| counts) {
            let seconds = calendar.between(piece.from, to).unwrap_or_default();
            // All visits of an instance to a step together.
            *self.seconds.entry((piece.thing, piece.step.clone().unwrap_or_default())).or_default() += seconds;
        }
    }

    /// How many stand behind it, and the figure.
    fn figure(&self, key: &str) -> (i64, Json) {
        let count = |len: usize| i64::try_from(len).unwrap_or(i64::MAX);
        let seconds = || self.seconds.values().copied().collect::<Vec<_>>();
        match key {
            "process.finished_percent" => (self.all, percent(self.finished, self.all)),
            "process.progress" => {
                let sum: Decimal = self.odds.iter().map(|one| Decimal::from(*one)).sum();
                let mean = sum.checked_div(Decimal::from(self.odds.len()));
                let said = mean.map(|mean| mean.round_dp_with_strategy(1, RoundingStrategy::MidpointAwayFromZero));
                (count(self.odds.len()), said.map_or(Json::Null, kernel::value::decimal_to_json))
            }
            other => {
                let stat = match other.rsplit('.').next() {
                    Some("p90") => Stat::P90,
                    Some("mean") => Stat::Mean,
                    _ => Stat::Median,
                };
                (count(self.seconds.len()), said(Unit::Seconds, stat, seconds()))
            }
        }
    }
}

/// Some columns of a relation.
fn over<const N: usize>(relation: SelectStatement, columns: [&'static str; N]) -> SelectStatement {
    Sql::select().columns(columns.map(|it| ("one", it))).from_subquery(relation, "one").take()
}

/// What instances and steps have in the same places.
fn piece(row: &QueryResult) -> Result<Piece> {
    Ok(Piece {
        thing: row.try_get_by_index(0)?,
        definition: row.try_get_by_index(1)?,
        process: row.try_get_by_index(2)?,
        step: None,
        state: String::new(),
        by: row.try_get_by_index(4)?,
        from: Timestamp(row.try_get_by_index(5)?),
        to: row.try_get_by_index::<Option<i64>>(6)?.map(Timestamp),
    })
}

pub(super) fn put(figures: &mut Totals, key: &str, n: i64, value: Json) {
    figures.values.insert(key.to_owned(), value);
    figures.n.insert(key.to_owned(), n);
    figures.drill.insert(key.to_owned(), None);
}
