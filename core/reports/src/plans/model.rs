//! What a plan is.

use chrono::{Datelike, Months, NaiveDate};
use kernel::db::QueryResult;
use kernel::value::unscaled;
use kernel::{Ctx, Result};
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use serde_json::Value as Json;
use uuid::Uuid;

use crate::measures::{Drill, Range, Unit};
use crate::refs::RefsView;

/// Whose a plan is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = PlanWhoKind)]
pub enum Who {
    /// Of all together.
    Company,
    /// Of the people of a department.
    Department,
    /// Of a person.
    User,
}

impl Who {
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Company => "company",
            Self::Department => "department",
            Self::User => "user",
        }
    }

    fn named(name: &str) -> Self {
        [Self::Department, Self::User].into_iter().find(|who| who.name() == name).unwrap_or(Self::Company)
    }
}

/// Whose a plan is, and which.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PlanWho {
    /// What.
    pub kind: Who,
    /// Which department or person.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub id: Option<Uuid>,
}

/// How long a plan is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = PlanPeriodKind)]
pub enum PeriodKind {
    /// A month.
    Month,
    /// Three, by the calendar.
    Quarter,
    /// A year.
    Year,
}

impl PeriodKind {
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Month => "month",
            Self::Quarter => "quarter",
            Self::Year => "year",
        }
    }

    fn named(name: &str) -> Self {
        [Self::Quarter, Self::Year].into_iter().find(|kind| kind.name() == name).unwrap_or(Self::Month)
    }

    /// The first days of the period and of the next, when a day is the first of such a one.
    pub(super) fn days(self, first: NaiveDate) -> Option<(NaiveDate, NaiveDate)> {
        let (months, begins) = match self {
            Self::Month => (1, true),
            Self::Quarter => (3, first.month0().is_multiple_of(3)),
            Self::Year => (12, first.month0() == 0),
        };
        let next = first.checked_add_months(Months::new(months))?;
        (begins && first.day() == 1).then_some((first, next))
    }
}

/// Of which time a plan is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PlanPeriod {
    /// How long.
    pub kind: PeriodKind,
    /// Its first day.
    #[schema(value_type = String, format = Date)]
    pub from: NaiveDate,
}

/// Of which time a plan is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct PlanPeriodView {
    /// How long.
    pub kind: PeriodKind,
    /// Its first day.
    #[schema(value_type = String, format = Date)]
    pub from: NaiveDate,
    /// The day after its last.
    #[schema(value_type = String, format = Date)]
    pub to: NaiveDate,
}

/// A plan to set.
#[derive(Debug, Clone, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PlanInput {
    /// Of no meaning: plans are the same by measure, whose and time.
    #[serde(default)]
    pub id: Option<Uuid>,
    /// The version that was seen, where it matters.
    #[serde(default)]
    pub version: Option<i64>,
    /// Key of a measure.
    pub measure: String,
    /// Whose.
    pub who: PlanWho,
    /// Of which time.
    pub period: PlanPeriod,
    /// What is to be reached, to four digits behind the point; null takes the plan away.
    #[schema(value_type = Option<f64>)]
    pub value: Option<serde_json::Number>,
    /// A note, up to 1,000 characters.
    #[serde(default)]
    pub note: Option<String>,
    /// Why it was missed or passed, up to 1,000 characters.
    #[serde(default)]
    pub reason: Option<String>,
}

/// Plans to set.
#[derive(Debug, Clone, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PlansInput {
    /// Up to 500, all or none.
    pub items: Vec<PlanInput>,
}

/// Which plans.
#[derive(Debug, Clone, Default, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields, default)]
#[into_params(parameter_in = Query)]
pub struct PlanQuery {
    /// `2027-01`, `2027-Q1` or `2027`: plans of exactly this time; of a year also its quarters and months.
    pub period: Option<String>,
    /// Key of a measure.
    pub measure: Option<String>,
    /// Of this person.
    pub user: Option<Uuid>,
    /// Of this department.
    pub department: Option<Uuid>,
}

/// Plans with what came of them.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct Plans {
    /// By time, measure and whose they are.
    pub items: Vec<PlanView>,
    /// What people and departments are called.
    #[schema(value_type = BTreeMap<Uuid, crate::refs::Named>)]
    pub refs: RefsView,
}

/// A plan with what came of it.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct PlanView {
    /// Its id.
    pub id: Uuid,
    /// Counts its changes, from 1.
    pub version: i64,
    /// Key of the measure.
    pub measure: String,
    /// What it is called.
    pub label: String,
    /// What figures are of.
    pub unit: Option<Unit>,
    /// Whose.
    pub who: PlanWho,
    /// Of which time.
    pub period: PlanPeriodView,
    /// What is to be reached.
    #[schema(value_type = f64)]
    pub value: Json,
    /// A note.
    pub note: String,
    /// Why it was missed or passed.
    pub reason: String,
    /// Of amounts.
    pub currency: String,
    /// What it has come to; null where the reader may not see the measure or no rate is known.
    #[schema(value_type = Option<f64>)]
    pub fact: Json,
    /// Fact less plan.
    #[schema(value_type = Option<f64>)]
    pub deviation: Json,
    /// Fact of plan, percent to 0.1; none of a plan of nothing.
    #[schema(value_type = Option<f64>)]
    pub percent: Json,
    /// What it will come to when it goes on so: fact by working days gone, times all working days; none before the first is gone.
    #[schema(value_type = Option<f64>)]
    pub run_rate: Json,
    /// Working days of the time, by the company's calendar.
    pub working_days: i64,
    /// Those of them that are over.
    pub working_days_gone: i64,
    /// Opens the records behind the fact.
    pub drill: Option<Drill>,
    /// Whether the reader may change it.
    pub may_edit: bool,
}

/// A row.
#[derive(Debug, Clone)]
pub(super) struct Row {
    pub(super) id: Uuid,
    pub(super) version: i64,
    pub(super) measure: String,
    pub(super) who: PlanWho,
    pub(super) period: PlanPeriodView,
    pub(super) value: Decimal,
    pub(super) note: String,
    pub(super) reason: String,
}

pub(super) const COLUMNS: [&str; 10] =
    ["id", "version", "measure", "who", "who_id", "period", "starts", "ends", "value", "note"];

pub(super) fn from_row(row: &QueryResult) -> Result<Row> {
    let day = |index: usize| -> Result<NaiveDate> {
        row.try_get_by_index::<String>(index)?.parse().map_err(kernel::Error::internal)
    };
    let kind = Who::named(&row.try_get_by_index::<String>(3)?);
    let id: Uuid = row.try_get_by_index(4)?;
    let period =
        PlanPeriodView { kind: PeriodKind::named(&row.try_get_by_index::<String>(5)?), from: day(6)?, to: day(7)? };
    Ok(Row {
        id: row.try_get_by_index(0)?,
        version: row.try_get_by_index(1)?,
        measure: row.try_get_by_index(2)?,
        who: PlanWho { kind, id: (kind != Who::Company).then_some(id) },
        period,
        value: unscaled(row.try_get_by_index(8)?),
        note: row.try_get_by_index(9)?,
        reason: row.try_get_by_index(10)?,
    })
}

impl PlanPeriodView {
    /// The same as instants.
    pub(super) fn range(&self, ctx: &Ctx) -> Range {
        let at = |day: NaiveDate| Some(kernel::filter::day_start(day, ctx.zone));
        Range { from: at(self.from), to: at(self.to) }
    }
}

/// The first and the last day of a time named `2027-01`, `2027-Q1` or `2027`.
pub(super) fn named(text: &str) -> Option<(NaiveDate, NaiveDate)> {
    let year = |text: &str| text.parse::<i32>().ok().filter(|_| text.len() == 4);
    let first = |year: i32, month: u32| NaiveDate::from_ymd_opt(year, month, 1);
    match text.split_once('-') {
        None => PeriodKind::Year.days(first(year(text)?, 1)?),
        Some((of, quarter)) if quarter.starts_with('Q') => {
            let quarter: u32 = quarter.strip_prefix('Q')?.parse().ok().filter(|quarter| (1..=4).contains(quarter))?;
            PeriodKind::Quarter.days(first(year(of)?, quarter * 3 - 2)?)
        }
        Some((of, month)) => {
            PeriodKind::Month.days(first(year(of)?, month.parse().ok().filter(|_| month.len() == 2)?)?)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_named_by_its_year_its_quarter_or_its_month() {
        let check = |text: &str, expected: Option<(&str, &str)>| {
            let days = named(text).map(|(from, to)| (from.to_string(), to.to_string()));
            assert_eq!(days.as_ref().map(|(from, to)| (from.as_str(), to.as_str())), expected, "{text}");
        };
        check("2027", Some(("2027-01-01", "2028-01-01")));
        check("2027-Q4", Some(("2027-10-01", "2028-01-01")));
        check("2027-02", Some(("2027-02-01", "2027-03-01")));
        for wrong in ["", "27", "2027-13", "2027-1", "2027-Q5", "2027-Q", "2027-01-01", "x-y", "-", "99999"] {
            check(wrong, None);
        }
    }
}
