//! Calendars as people write them: hours as text, holidays by date. Strictly checked before they are kept.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use chrono_tz::Tz;
use kernel::error::{FieldError, FieldErrors};
use serde::{Deserialize, Serialize};

use super::arithmetic::{DAY_MINUTES, Interval, Pattern, WorkingTime};

/// Intervals of a day.
const MAX_INTERVALS: usize = 12;
/// Days of a shift cycle.
const MAX_CYCLE: usize = 366;
/// Entries of `days`, and days that one entry may span.
const MAX_DAYS: usize = 2_000;
const MAX_SPAN: i64 = 366;

/// A working calendar in wire form. Hours are `HH:MM-HH:MM`, in order, not overlapping; an end that is not later than
/// its beginning lies on the next day (`22:00-06:00`), `24:00` is midnight. Give `week` or `cycle`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CalendarSettings {
    /// IANA name; the company's time zone by default.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub time_zone: Option<String>,
    /// Hours by day of the week.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub week: Option<WeekSettings>,
    /// Shifts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cycle: Option<CycleSettings>,
    /// Holidays and days with hours of their own.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub days: Vec<DaySettings>,
}

/// Hours by day of the week; an absent day is free.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct WeekSettings {
    /// Monday.
    pub mon: Vec<String>,
    /// Tuesday.
    pub tue: Vec<String>,
    /// Wednesday.
    pub wed: Vec<String>,
    /// Thursday.
    pub thu: Vec<String>,
    /// Friday.
    pub fri: Vec<String>,
    /// Saturday.
    pub sat: Vec<String>,
    /// Sunday.
    pub sun: Vec<String>,
}

/// Shifts: hours of each day of a cycle that repeats.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CycleSettings {
    /// The date of the cycle's first day.
    #[schema(value_type = String, example = "2026-01-01")]
    pub anchor: NaiveDate,
    /// 1 to 366 days.
    pub days: Vec<Vec<String>>,
}

/// A holiday, or a day with hours of its own.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct DaySettings {
    /// Which day.
    #[schema(value_type = String, example = "2026-05-01")]
    pub date: NaiveDate,
    /// The last one of several days; at most 366.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub until: Option<NaiveDate>,
    /// Working hours; none = a holiday.
    #[serde(default)]
    pub hours: Vec<String>,
    /// What it is, for people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
}

impl CalendarSettings {
    /// The calendar to count with.
    ///
    /// # Errors
    /// By place (`time_zone`, `week.mon`, `cycle`, `days.3`): what is wrong there.
    pub fn read(&self, zone: Tz) -> Result<WorkingTime, FieldErrors> {
        let mut errors = FieldErrors::new();
        let zone = self.zone(zone).unwrap_or_else(|error| {
            errors.insert("time_zone".into(), error);
            zone
        });
        let pattern = self.pattern(&mut errors);
        let days = self.exceptions(&mut errors);
        if errors.is_empty() { Ok(WorkingTime::new(zone, pattern, days)) } else { Err(errors) }
    }

    /// Passes when a calendar may be set to this: it can be read, and there are hours to count.
    ///
    /// # Errors
    /// As `read`; `no_hours` at `week` or `cycle.days` when no day of the pattern has any.
    pub fn check(&self, zone: Tz) -> Result<(), FieldErrors> {
        self.read(zone)?;
        let (place, works) = match (&self.week, &self.cycle) {
            (Some(week), _) => ("week", week.days().iter().any(|(_, hours)| !hours.is_empty())),
            (_, Some(cycle)) => ("cycle.days", cycle.days.iter().any(|hours| !hours.is_empty())),
            (None, None) => return Ok(()),
        };
        if works { Ok(()) } else { Err(FieldErrors::from([(place.into(), FieldError::new("no_hours"))])) }
    }

    fn zone(&self, usual: Tz) -> Result<Tz, FieldError> {
        let Some(name) = &self.time_zone else { return Ok(usual) };
        name.parse().map_err(|_| FieldError::new("time_zone").with("value", name.chars().take(50).collect::<String>()))
    }

    fn pattern(&self, errors: &mut FieldErrors) -> Pattern {
        match (&self.week, &self.cycle) {
            (Some(_), Some(_)) => {
                errors.insert("cycle".into(), FieldError::new("week_or_cycle"));
                Pattern::Weekly(Default::default())
            }
            (None, None) => {
                errors.insert("week".into(), FieldError::new("required"));
                Pattern::Weekly(Default::default())
            }
            (Some(week), None) => Pattern::Weekly(week.days().map(|(name, hours)| {
                intervals(hours).unwrap_or_else(|error| {
                    errors.insert(format!("week.{name}"), error);
                    Vec::new()
                })
            })),
            (None, Some(cycle)) => cycle.pattern(errors),
        }
    }

    fn exceptions(&self, errors: &mut FieldErrors) -> BTreeMap<NaiveDate, Vec<Interval>> {
        let mut days = BTreeMap::new();
        if self.days.len() > MAX_DAYS {
            errors.insert("days".into(), FieldError::new("too_many").with("max", MAX_DAYS));
            return days;
        }
        for (index, day) in self.days.iter().enumerate() {
            if let Err(error) = day.read(&mut days) {
                errors.insert(format!("days.{index}"), error);
            }
        }
        days
    }
}

impl WeekSettings {
    fn days(&self) -> [(&'static str, &[String]); 7] {
        [
            ("mon", &self.mon),
            ("tue", &self.tue),
            ("wed", &self.wed),
            ("thu", &self.thu),
            ("fri", &self.fri),
            ("sat", &self.sat),
            ("sun", &self.sun),
        ]
    }
}

impl CycleSettings {
    fn pattern(&self, errors: &mut FieldErrors) -> Pattern {
        if self.days.is_empty() || self.days.len() > MAX_CYCLE {
            errors.insert("cycle.days".into(), FieldError::new("range").with("min", 1).with("max", MAX_CYCLE));
            return Pattern::Weekly(Default::default());
        }
        if !in_range(self.anchor) {
            errors.insert("cycle.anchor".into(), FieldError::new("date"));
        }
        let mut days = Vec::with_capacity(self.days.len());
        for (index, hours) in self.days.iter().enumerate() {
            match intervals(hours) {
                Ok(hours) => days.push(hours),
                Err(error) => drop(errors.insert(format!("cycle.days.{index}"), error)),
            }
        }
        Pattern::Cycle { anchor: self.anchor, days }
    }
}

impl DaySettings {
    fn read(&self, days: &mut BTreeMap<NaiveDate, Vec<Interval>>) -> Result<(), FieldError> {
        if self.name.as_ref().is_some_and(|name| name.chars().count() > 200 || name.contains('\0')) {
            return Err(FieldError::new("too_long").with("max", 200));
        }
        let until = self.until.unwrap_or(self.date);
        let span = until.signed_duration_since(self.date).num_days();
        if !(0..MAX_SPAN).contains(&span) || !in_range(self.date) || !in_range(until) {
            return Err(FieldError::new("day_span").with("max", MAX_SPAN - 1));
        }
        let hours = intervals(&self.hours)?;
        for date in self.date.iter_days().take_while(|date| *date <= until) {
            if days.insert(date, hours.clone()).is_some() {
                return Err(FieldError::new("day_twice").with("value", date));
            }
        }
        Ok(())
    }
}

fn in_range(date: NaiveDate) -> bool {
    (1900..=2200).contains(&chrono::Datelike::year(&date))
}

/// Reads the hours of a day.
fn intervals(hours: &[String]) -> Result<Vec<Interval>, FieldError> {
    if hours.len() > MAX_INTERVALS {
        return Err(FieldError::new("too_many").with("max", MAX_INTERVALS));
    }
    let mut read: Vec<Interval> = Vec::with_capacity(hours.len());
    for text in hours {
        let shown: String = text.chars().take(30).collect();
        let interval = interval(text).ok_or_else(|| FieldError::new("hours").with("value", &shown))?;
        if read.last().is_some_and(|before| before.to > interval.from) {
            return Err(FieldError::new("hours_order").with("value", &shown));
        }
        read.push(interval);
    }
    Ok(read)
}

fn interval(text: &str) -> Option<Interval> {
    let (from, to) = text.split_once('-')?;
    let (from, to) = (minute(from)?, minute(to)?);
    if from >= DAY_MINUTES {
        return None;
    }
    Some(Interval { from, to: if to <= from { to + DAY_MINUTES } else { to } })
}

/// `HH:MM` as minutes, up to `24:00`.
fn minute(text: &str) -> Option<u16> {
    let (hours, minutes) = text.trim().split_once(':')?;
    let number = |text: &str| {
        (text.len() == 2 && text.bytes().all(|b| b.is_ascii_digit())).then(|| text.parse::<u16>().ok()).flatten()
    };
    let (hours, minutes) = (number(hours)?, number(minutes)?);
    let minute = hours.checked_mul(60)?.checked_add(minutes)?;
    (minutes < 60 && minute <= DAY_MINUTES).then_some(minute)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(json: serde_json::Value, expected: Result<(), (&str, &str)>) {
        let settings: CalendarSettings = serde_json::from_value(json.clone()).unwrap();
        match (settings.read(Tz::UTC), expected) {
            (Ok(_), Ok(())) => {}
            (Err(errors), Err((place, part))) => {
                let error = errors.get(place).unwrap_or_else(|| panic!("{json}: {errors:?}"));
                assert!(format!("{error:?}").contains(part), "{json}: {error:?}");
            }
            (got, _) => panic!("{json}: {got:?}"),
        }
    }

    #[test]
    fn good_calendars_are_read_and_wrong_ones_named() {
        use serde_json::json;
        let week = |hours: serde_json::Value| json!({"week": {"mon": hours}});
        check(week(json!(["09:00-13:00", "14:00-18:00"])), Ok(()));
        check(week(json!(["00:00-24:00"])), Ok(()));
        check(week(json!(["22:00-06:00"])), Ok(()));
        check(week(json!(["00:00-00:00"])), Ok(()));
        check(json!({"cycle": {"anchor": "2026-01-01", "days": [["08:00-20:00"], ["20:00-08:00"], [], []]}}), Ok(()));
        check(json!({"week": {}, "days": [{"date": "2026-05-01", "until": "2026-05-09", "name": "май"}]}), Ok(()));
        for wrong in ["9-18", "09:00", "25:00-26:00", "24:00-06:00", "09:60-10:00", "+9:00-10:00", "", "09:00-18:00x"] {
            check(week(json!([wrong])), Err(("week.mon", "hours")));
        }
        check(week(json!(["09:00-13:00", "12:00-18:00"])), Err(("week.mon", "hours_order")));
        check(week(json!(["22:00-06:00", "23:00-23:30"])), Err(("week.mon", "hours_order")));
        check(week(json!(vec!["09:00-09:01"; 13])), Err(("week.mon", "too_many")));
        check(json!({}), Err(("week", "required")));
        check(json!({"week": {}, "cycle": {"anchor": "2026-01-01", "days": [[]]}}), Err(("cycle", "week_or_cycle")));
        check(json!({"cycle": {"anchor": "2026-01-01", "days": []}}), Err(("cycle.days", "range")));
        check(json!({"cycle": {"anchor": "9026-01-01", "days": [[]]}}), Err(("cycle.anchor", "date")));
        check(json!({"week": {}, "time_zone": "Mars/Olympus"}), Err(("time_zone", "time_zone")));
        let days = |days: serde_json::Value| json!({"week": {}, "days": days});
        check(days(json!([{"date": "2026-05-02", "until": "2026-05-01"}])), Err(("days.0", "day_span")));
        check(days(json!([{"date": "2026-05-02", "until": "2028-05-01"}])), Err(("days.0", "day_span")));
        let twice = json!([{"date": "2026-05-01", "until": "2026-05-03"}, {"date": "2026-05-02"}]);
        check(days(twice), Err(("days.1", "day_twice")));
    }

    #[test]
    fn a_calendar_without_hours_is_read_but_not_taken() {
        use serde_json::json;
        let refused = |json: serde_json::Value| {
            let settings: CalendarSettings = serde_json::from_value(json).unwrap();
            assert!(settings.read(Tz::UTC).is_ok(), "what is stored counts on");
            settings.check(Tz::UTC).err().map(|errors| errors.into_keys().collect::<Vec<_>>().join(" "))
        };
        assert_eq!(refused(json!({"week": {}})), Some("week".into()));
        let days = json!([{"date": "2026-05-01", "hours": ["09:00-18:00"]}]);
        assert_eq!(refused(json!({"week": {}, "days": days})), Some("week".into()));
        let cycle = |days: serde_json::Value| json!({"cycle": {"anchor": "2026-01-01", "days": days}});
        assert_eq!(refused(cycle(json!([[], []]))), Some("cycle.days".into()));
        assert_eq!(refused(cycle(json!([[], ["08:00-20:00"]]))), None);
        assert_eq!(refused(json!({"week": {"sun": ["10:00-12:00"]}})), None);
    }

    #[test]
    fn unknown_keys_and_wrong_types_are_refused() {
        for wrong in [r#"{"weeks": {}}"#, r#"{"week": {"mon": "09:00-18:00"}}"#, r#"{"days": [{"date": "1 мая"}]}"#]
        {
            assert!(serde_json::from_str::<CalendarSettings>(wrong).is_err(), "{wrong}");
        }
    }
}
