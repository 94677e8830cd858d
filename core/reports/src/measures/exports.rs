//! Rows that people took out of the product as files, from what was written of it for administrators. Asked by itself; there
//! is no list of records behind it, so it opens none.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use kernel::audit::{self, Act};
use kernel::{Ctx, Result};
use records::read::{Bucket, Refs};
use serde::Deserialize;
use serde_json::Value as Json;
use uuid::Uuid;

use super::answer::{Answer, Column, Row, Totals};
use super::figures::name;
use super::processes::put;
use super::question::{MANAGER, Query, Range};
use super::registry::{Unit, label};
use super::times::too_many;
use super::{MAX_READ, MeasureView};
use crate::refs::RefsView;
use crate::{Reports, invalid};

/// The measure.
const KEY: &str = "export.rows";
/// What exports are called in the place of an entity.
const ENTITY: &str = "data_export";
/// The moment whose time a period means.
const DONE: &str = "done_at";
/// Acts that tell of a file: a list, a report.
const ACTIONS: [&str; 2] = ["records.exported", "report.exported"];

/// What it is grouped by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Axis {
    Manager,
    Department,
    Done(Bucket),
}

/// A group: values of the axes, files, rows in them.
struct Group {
    values: Vec<Json>,
    files: i64,
    rows: i64,
}

/// Whether a key is of the measure here.
pub(super) fn is_here(key: &str) -> bool {
    key == KEY
}

/// The measure, for whoever may ask for it.
pub(super) fn view(ctx: &Ctx) -> Option<MeasureView> {
    ctx.rights.is_admin().then(|| MeasureView {
        key: KEY.to_owned(),
        label: label(KEY, ctx.locale),
        entity: ENTITY.to_owned(),
        unit: Unit::Number,
        date: Some(DONE.to_owned()),
        as_of: false,
        plugin: None,
    })
}

impl Axis {
    fn read(json: &Json) -> Result<(String, Self)> {
        let wrong = || invalid("group_by", "manager, department, or {\"field\": \"done_at\", \"bucket\": \"month\"}");
        if let Some(object) = json.as_object() {
            let bucket = object.get("bucket").map(Bucket::deserialize).ok_or_else(wrong)?.map_err(|_| wrong())?;
            return match object.get("field").and_then(Json::as_str) {
                Some(DONE) => Ok((DONE.to_owned(), Self::Done(bucket))),
                _ => Err(wrong()),
            };
        }
        match json.as_str() {
            Some(MANAGER) => Ok((MANAGER.to_owned(), Self::Manager)),
            Some("department") => Ok(("department".to_owned(), Self::Department)),
            _ => Err(wrong()),
        }
    }

    fn value(self, ctx: &Ctx, act: &Act, departments: &HashMap<Uuid, Uuid>) -> Json {
        let id = |id: Option<Uuid>| id.map_or(Json::Null, |id| Json::from(id.to_string()));
        let person = act.actor.user().map(|user| user.0);
        match self {
            Self::Manager => id(person),
            Self::Department => id(person.and_then(|person| departments.get(&person).copied())),
            Self::Done(bucket) => {
                let day = bucket.of(&kernel::Value::Instant(act.at), ctx.zone);
                day.map_or(Json::Null, |day| Json::from(day.to_string()))
            }
        }
    }
}

impl Reports {
    /// Passes a question of exports, as whoever asks: administrators.
    ///
    /// # Errors
    /// `Denied`, `report.invalid` with the place.
    pub(super) fn can_ask_of_exports(ctx: &Ctx, asked: &Query) -> Result<()> {
        people::require_admin(ctx)?;
        read(asked).map(drop)
    }

    /// Whether a question is one of exports.
    pub fn is_of_exports(asked: &Query) -> bool {
        asked.measures.iter().any(|key| is_here(key))
    }

    /// Answers a question of exports, to administrators.
    pub(super) async fn of_exports(&self, ctx: &Ctx, asked: &Query) -> Result<Answer> {
        people::require_admin(ctx)?;
        self.exports(ctx, asked).await
    }

    /// Answers a question of exports to whoever an administrator has let ask it: a module in its own name.
    ///
    /// # Errors
    /// `report.invalid` with the place.
    pub async fn exports(&self, ctx: &Ctx, asked: &Query) -> Result<Answer> {
        let axes = read(asked)?;
        let range = asked.period.as_ref().map_or(Ok(Range::default()), |period| period.read(ctx))?;
        let acts = audit::of_actions(self.db().read(), ctx.tenant, &ACTIONS, range.into(), MAX_READ + 1).await?;
        if u64::try_from(acts.len()).unwrap_or(u64::MAX) > MAX_READ {
            return Err(too_many());
        }
        let groups = self.groups_of_exports(ctx, &axes, &acts).await?;
        let (mut totals, mut rows) = (Totals::default(), Vec::new());
        let (files, taken) =
            groups.values().fold((0, 0), |(files, rows), group| (files + group.files, rows + group.rows));
        put(&mut totals, KEY, files, Json::from(taken));
        for group in groups.into_values() {
            let named = axes.iter().map(|(key, _)| key.clone()).zip(group.values).collect();
            let mut row = Row { group: named, figures: Totals::default() };
            put(&mut row.figures, KEY, group.files, Json::from(group.rows));
            rows.push(row);
        }
        if axes.is_empty() && rows.is_empty() {
            rows.push(Row { group: BTreeMap::new(), figures: totals.clone() });
        }
        rows.truncate(asked.limit.unwrap_or(1_000).min(10_000));
        let refs = self.export_refs(ctx, &axes, &rows).await?;
        Ok(Answer { columns: columns(ctx, &axes), rows, totals, refs, ..self.bare(ctx).await? })
    }

    async fn groups_of_exports(
        &self,
        ctx: &Ctx,
        axes: &[(String, Axis)],
        acts: &[Act],
    ) -> Result<BTreeMap<String, Group>> {
        let departments = match axes.iter().any(|(_, axis)| *axis == Axis::Department) {
            true => self.departments_of_people(ctx).await?,
            false => HashMap::new(),
        };
        let mut groups: BTreeMap<String, Group> = BTreeMap::new();
        for act in acts {
            let values: Vec<Json> = axes.iter().map(|(_, axis)| axis.value(ctx, act, &departments)).collect();
            let group = groups.entry(name(&values)).or_insert_with(|| Group { values, files: 0, rows: 0 });
            group.files += 1;
            group.rows += act.detail.get("rows").and_then(Json::as_i64).unwrap_or(0);
        }
        Ok(groups)
    }

    async fn export_refs(&self, ctx: &Ctx, axes: &[(String, Axis)], rows: &[Row]) -> Result<RefsView> {
        let mut refs = Refs::new();
        for (key, axis) in axes {
            let target = match axis {
                Axis::Manager => "user",
                Axis::Department => "department",
                Axis::Done(_) => continue,
            };
            let ids = rows.iter().filter_map(|row| row.group.get(key)?.as_str()?.parse::<Uuid>().ok());
            let ids: Vec<Uuid> = ids.collect::<BTreeSet<_>>().into_iter().collect();
            self.records.titles(ctx, target, &ids, &mut refs).await?;
        }
        Ok(crate::refs::view(refs))
    }
}

/// What a question of exports is grouped by, when it makes sense.
fn read(asked: &Query) -> Result<Vec<(String, Axis)>> {
    if asked.measures.iter().any(|key| key != KEY) {
        return Err(invalid("measures", "rows of exports are asked by themselves"));
    }
    if asked.filter.as_ref().is_some_and(|filter| !filter.is_null()) {
        return Err(invalid("filter", "exports are no records"));
    }
    if asked.as_of.is_some() || asked.compare.is_some() {
        return Err(invalid("period", "exports are counted in a time, and compared with nothing"));
    }
    axes(asked)
}

fn axes(asked: &Query) -> Result<Vec<(String, Axis)>> {
    let axes: Vec<(String, Axis)> =
        asked.group_by.iter().chain(&asked.column).map(Axis::read).collect::<Result<_>>()?;
    if axes.len() > crate::MAX_AXES {
        return Err(invalid("group_by", format!("at most {} axes", crate::MAX_AXES)));
    }
    Ok(axes)
}

fn columns(ctx: &Ctx, axes: &[(String, Axis)]) -> Vec<Column> {
    let of_axis = axes.iter().map(|(key, _)| Column {
        key: key.clone(),
        label: super::text(ctx.locale, &format!("axis.{key}")),
        unit: None,
        date: None,
    });
    let measure = Column {
        key: KEY.to_owned(),
        label: label(KEY, ctx.locale),
        unit: Some(Unit::Number),
        date: Some(DONE.to_owned()),
    };
    of_axis.chain(std::iter::once(measure)).collect()
}
