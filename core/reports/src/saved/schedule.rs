//! What a schedule is, and when it is due next by the clock of the company.

use chrono::{Datelike, Days, Months, NaiveDate, TimeZone};
use kernel::{Result, Timestamp};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// How often.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = ScheduleEvery)]
pub enum Every {
    /// Every day.
    Day,
    /// Every week, on `weekday`.
    Week,
    /// Every month, on `month_day`.
    Month,
}

impl Every {
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Day => "day",
            Self::Week => "week",
            Self::Month => "month",
        }
    }

    pub(super) fn named(name: &str) -> Self {
        [Self::Week, Self::Month].into_iter().find(|every| every.name() == name).unwrap_or(Self::Day)
    }
}

/// A comparison.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = ScheduleOperator)]
pub enum Operator {
    /// Greater.
    Gt,
    /// Greater or equal.
    Gte,
    /// Less.
    Lt,
    /// Less or equal.
    Lte,
    /// Equal.
    Eq,
}

/// Only when a figure says so, as its recipient sees it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = ScheduleOnlyIf)]
pub struct OnlyIf {
    /// Key of a measure, over the report's period.
    pub measure: String,
    /// How it is compared.
    pub op: Operator,
    /// With what.
    pub value: f64,
}

impl OnlyIf {
    /// Whether a figure passes; one that there is none of does not.
    pub(super) fn holds(&self, figure: Option<f64>) -> bool {
        figure.is_some_and(|figure| {
            let order = figure.total_cmp(&self.value);
            match self.op {
                Operator::Gt => order.is_gt(),
                Operator::Gte => order.is_ge(),
                Operator::Lt => order.is_lt(),
                Operator::Lte => order.is_le(),
                Operator::Eq => order.is_eq(),
            }
        })
    }
}

/// What became of a letter.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = ReportSentState)]
pub enum SentState {
    /// It is on its way.
    Sent,
    /// There was nothing to send: the figure did not say so, or the recipient may not see the report any more.
    Skipped,
    /// It could not be made.
    Failed,
}

impl SentState {
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Sent => "sent",
            Self::Skipped => "skipped",
            Self::Failed => "failed",
        }
    }

    pub(super) fn named(name: &str) -> Self {
        [Self::Skipped, Self::Failed].into_iter().find(|state| state.name() == name).unwrap_or(Self::Sent)
    }
}

/// What became of the last letters.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
#[schema(as = ScheduleLast)]
pub struct Last {
    /// When.
    #[schema(value_type = String)]
    pub at: Timestamp,
    /// How the worst of them stands.
    pub state: SentState,
    /// Why.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub error: Option<String>,
}

/// A schedule.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
#[schema(as = ReportSchedule)]
pub struct ScheduleView {
    /// Its id.
    pub id: Uuid,
    /// Counts its changes, from 1.
    pub version: i64,
    /// How often.
    pub every: Every,
    /// Of every week: 1 (Monday) to 7.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub weekday: Option<u32>,
    /// Of every month: 1 to 31; in a shorter month its last day.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub month_day: Option<u32>,
    /// Hour of the company's time zone, 0 to 23.
    pub hour: u32,
    /// Only when a figure says so.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub only_if: Option<OnlyIf>,
    /// Who gets it.
    pub recipients: Vec<Uuid>,
    /// Whether a spreadsheet goes with it.
    pub attach: bool,
    /// Whether it goes on.
    pub enabled: bool,
    /// When it is sent next.
    #[schema(value_type = String)]
    pub next_at: Timestamp,
    /// What became of the last letters.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub last: Option<Last>,
}

/// A schedule to make.
#[derive(Debug, Clone, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = NewReportSchedule)]
pub struct NewSchedule {
    /// How often.
    pub every: Every,
    /// Of every week: 1 (Monday) to 7; Monday when left out.
    #[serde(default)]
    pub weekday: Option<u32>,
    /// Of every month: 1 to 31; the first when left out.
    #[serde(default)]
    pub month_day: Option<u32>,
    /// Hour of the company's time zone, 0 to 23.
    pub hour: u32,
    /// Only when a figure says so.
    #[serde(default)]
    pub only_if: Option<OnlyIf>,
    /// Who gets it: 1 to 100 colleagues.
    pub recipients: Vec<Uuid>,
    /// Whether a spreadsheet goes with it.
    #[serde(default)]
    pub attach: bool,
}

/// Changes of a schedule; what is absent stays.
#[derive(Debug, Clone, Default, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields, default)]
#[schema(as = ReportScheduleChange)]
pub struct ScheduleChange {
    /// How often.
    pub every: Option<Every>,
    /// Of every week: 1 (Monday) to 7.
    pub weekday: Option<u32>,
    /// Of every month: 1 to 31.
    pub month_day: Option<u32>,
    /// Hour of the company's time zone, 0 to 23.
    pub hour: Option<u32>,
    /// Only when a figure says so; null: always.
    #[serde(deserialize_with = "given")]
    #[schema(value_type = Option<OnlyIf>)]
    pub only_if: Option<Option<OnlyIf>>,
    /// Who gets it.
    pub recipients: Option<Vec<Uuid>>,
    /// Whether a spreadsheet goes with it.
    pub attach: Option<bool>,
    /// Whether it goes on.
    pub enabled: Option<bool>,
}

/// A field that is null is given, and not absent.
fn given<'de, D: serde::Deserializer<'de>, T: Deserialize<'de>>(from: D) -> Result<Option<Option<T>>, D::Error> {
    Option::deserialize(from).map(Some)
}

/// Sends a report now.
#[derive(Debug, Clone, Default, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields, default)]
#[schema(as = SendReport)]
pub struct SendInput {
    /// To whom; to oneself when left out.
    pub recipients: Option<Vec<Uuid>>,
    /// Whether a spreadsheet goes with it.
    pub attach: bool,
}

/// The first time after an instant.
pub(super) fn next_at(view: &ScheduleView, zone: chrono_tz::Tz, after: Timestamp) -> Timestamp {
    let today = after.utc().with_timezone(&zone).date_naive();
    let mut day = today;
    // Of the days until the same one of the next month but one, one is meant.
    for _ in 0..70 {
        if is_meant(view, day) {
            let at = moment(day, view.hour, zone);
            if at > after {
                return at;
            }
        }
        day = day + Days::new(1);
    }
    after.plus_seconds(86_400)
}

fn is_meant(view: &ScheduleView, day: NaiveDate) -> bool {
    match view.every {
        Every::Day => true,
        Every::Week => day.weekday().number_from_monday() == view.weekday.unwrap_or(1),
        Every::Month => {
            let last =
                day.with_day(1).and_then(|first| (first + Months::new(1)).pred_opt()).map_or(28, |day| day.day());
            day.day() == std::cmp::Ord::min(view.month_day.unwrap_or(1), last)
        }
    }
}

/// An hour of a day; where a clock change skips it, the first moment after.
fn moment(day: NaiveDate, hour: u32, zone: chrono_tz::Tz) -> Timestamp {
    let local = day.and_hms_opt(std::cmp::Ord::min(hour, 23), 0, 0).unwrap_or_default();
    let found = (0..8)
        .find_map(|quarters| zone.from_local_datetime(&(local + chrono::Duration::minutes(15 * quarters))).earliest());
    found.map_or_else(|| Timestamp::from(local.and_utc()), Timestamp::from)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(every: Every, weekday: Option<u32>, month_day: Option<u32>, after: &str, expected: &str) {
        let view = ScheduleView {
            id: Uuid::nil(),
            version: 1,
            every,
            weekday,
            month_day,
            hour: 9,
            only_if: None,
            recipients: Vec::new(),
            attach: false,
            enabled: true,
            next_at: Timestamp(0),
            last: None,
        };
        let at = next_at(&view, chrono_tz::Europe::Kyiv, Timestamp::parse(after).unwrap());
        assert_eq!(at.to_string(), expected, "{every:?} {after}");
    }

    #[test]
    fn the_next_time_is_by_the_clock_of_the_company() {
        // Kyiv is two hours ahead of UTC in winter, three in summer (from 28 March 2027).
        check(Every::Day, None, None, "2027-01-31T06:00:00Z", "2027-01-31T07:00:00Z");
        check(Every::Day, None, None, "2027-01-31T07:00:00Z", "2027-02-01T07:00:00Z");
        check(Every::Week, Some(1), None, "2027-01-31T22:30:00Z", "2027-02-01T07:00:00Z");
        check(Every::Week, Some(1), None, "2027-03-27T12:00:00Z", "2027-03-29T06:00:00Z");
        check(Every::Month, None, Some(31), "2027-01-31T08:00:00Z", "2027-02-28T07:00:00Z");
        check(Every::Month, None, Some(1), "2027-01-31T08:00:00Z", "2027-02-01T07:00:00Z");
    }
}
