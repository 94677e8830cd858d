//! Holidays to put into a calendar: of a country by its law, or from a calendar file. Nothing is kept here.
//!
//! Owns: which countries are known, their holidays of a year, reading of ICS files. Must not know: whose calendar it is.
//! What a government decrees for one year (days moved, work on a Saturday) is not a rule and not here; administrators look
//! at what was found before they save it.

mod ics;
mod packs;
mod rules;

use std::sync::LazyLock;

use chrono::NaiveDate;
use kernel::error::{FieldError, FieldErrors};
use kernel::text::{Locale, Texts};
use kernel::{Error, Result};
use serde::{Deserialize, Serialize};

use super::settings::DaySettings;

/// Years whose holidays are known: the laws are those of the first, and Eastern Easter is counted up to the last.
const YEARS: (i32, i32) = (2026, 2099);

/// Names of holidays.
static TEXTS: LazyLock<Texts> = LazyLock::new(|| {
    Texts::new([
        (Locale::En, include_str!("../../../i18n/holidays.en.json")),
        (Locale::Ru, include_str!("../../../i18n/holidays.ru.json")),
        (Locale::Uk, include_str!("../../../i18n/holidays.uk.json")),
    ])
});

/// Holidays of a country or of a part of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct HolidayPack {
    /// What it is asked for by: `UA`, `DE-BY` (ISO 3166).
    #[schema(value_type = String, example = "DE-BY")]
    pub key: &'static str,
    /// The country (ISO 3166-1).
    #[schema(value_type = String, example = "DE")]
    pub country: &'static str,
    /// The part of it, in the country's own language; null = all of it.
    #[schema(value_type = Option<String>)]
    pub region: Option<&'static str>,
}

/// Which holidays: of a country, or those of a file.
#[derive(Debug, Clone, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct HolidaysAsked {
    /// The year; of a file this one and the four after it. 2026 to 2099.
    pub year: i32,
    /// The key of a pack. Give this or `ics`.
    #[serde(default)]
    pub country: Option<String>,
    /// The text of an ICS file (RFC 5545), at most 1,000,000 bytes. Its whole days count, once or every year.
    #[serde(default)]
    pub ics: Option<String>,
}

/// Holidays that were found.
#[derive(Debug, Default, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct HolidaysFound {
    /// One for each day, in order, without hours.
    pub days: Vec<DaySettings>,
    /// Events of the file that lie in other years.
    pub outside: u64,
    /// Events of the file that are no whole days, or repeat otherwise than every year.
    pub unread: u64,
    /// What the first ten of those are called.
    pub unread_names: Vec<String>,
}

/// What holidays are known of.
pub fn packs() -> Vec<HolidayPack> {
    packs::COUNTRIES
        .iter()
        .flat_map(|country| {
            let whole = HolidayPack { key: country.key, country: country.of, region: country.name };
            let of = country.of;
            let parts =
                country.regions.iter().map(move |&(key, name)| HolidayPack { key, country: of, region: Some(name) });
            std::iter::once(whole).chain(parts)
        })
        .collect()
}

/// Finds holidays, named in a language.
///
/// # Errors
/// `calendar.invalid`: by `year`, `country`, `ics`.
pub fn find(asked: &HolidaysAsked, locale: Locale) -> Result<HolidaysFound> {
    let (first, last) = YEARS;
    if !(first..=last).contains(&asked.year) {
        return Err(wrong("year", FieldError::new("range").with("min", first).with("max", last)));
    }
    match (&asked.country, &asked.ics) {
        (Some(key), None) => {
            let unknown = || FieldError::new("choice").with("value", key.chars().take(20).collect::<String>());
            let days = of_pack(key, asked.year, locale).ok_or_else(|| wrong("country", unknown()))?;
            Ok(HolidaysFound { days, ..HolidaysFound::default() })
        }
        (None, Some(text)) => ics::read(text, asked.year).map_err(|error| wrong("ics", error)),
        _ => Err(wrong("country", FieldError::worded("required", "country_or_ics"))),
    }
}

fn wrong(field: &str, error: FieldError) -> Error {
    Error::Invalid { code: "calendar.invalid", fields: FieldErrors::from([(field.to_owned(), error)]) }
}

fn of_pack(key: &str, year: i32, locale: Locale) -> Option<Vec<DaySettings>> {
    let (country, region) = packs::COUNTRIES.iter().find_map(|country| {
        let part = country.regions.iter().find(|(part, _)| *part == key).map(|(part, _)| *part);
        (country.key == key || part.is_some()).then_some((country, part))
    })?;
    let mut days: Vec<DaySettings> = Vec::new();
    for off in rules::of_year(country, region, year) {
        let name = word(locale, off.name);
        let name = if off.instead { word(locale, "instead").replace("{name}", &name) } else { name };
        put(&mut days, off.date, &name);
    }
    Some(days)
}

fn word(locale: Locale, key: &str) -> String {
    TEXTS.get(locale, key).unwrap_or(key).to_owned()
}

/// Adds a day to those in order; what falls on the day of the last one shares it.
fn put(days: &mut Vec<DaySettings>, date: NaiveDate, name: &str) {
    match days.last_mut().filter(|last| last.date == date) {
        Some(last) => last.name = last.name.take().map(|before| format!("{before}; {name}")),
        None => days.push(DaySettings { date, until: None, hours: Vec::new(), name: Some(name.to_owned()) }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(key: &str, year: i32) -> Vec<String> {
        let asked = HolidaysAsked { year, country: Some(key.into()), ics: None };
        let days = find(&asked, Locale::En).unwrap().days;
        days.into_iter().map(|day| day.date.format("%m-%d").to_string()).collect()
    }

    #[test]
    fn countries_have_the_days_of_their_law() {
        // Orthodox Easter is 12 April: its Sunday and that of Trinity (31 May) give the Monday, and so do 8 March and 28 June.
        assert_eq!(
            found("UA", 2026),
            [
                "01-01", "03-08", "03-09", "04-12", "04-13", "05-01", "05-08", "05-31", "06-01", "06-28", "06-29",
                "07-15", "08-24", "10-01", "12-25"
            ]
        );
        // 1 May is a Saturday before Easter Sunday: Monday stands for it, and Tuesday for Easter.
        let easter: Vec<String> = found("UA", 2027).into_iter().filter(|day| day.starts_with("05-0")).collect();
        assert_eq!(easter, ["05-01", "05-02", "05-03", "05-04", "05-08"]);
        assert_eq!(
            found("PL", 2026),
            [
                "01-01", "01-06", "04-05", "04-06", "05-01", "05-03", "05-24", "06-04", "08-15", "11-01", "11-11",
                "12-24", "12-25", "12-26"
            ]
        );
        assert_eq!(
            found("DE", 2026),
            ["01-01", "04-03", "04-06", "05-01", "05-14", "05-25", "10-03", "12-25", "12-26"]
        );
        // Buss- und Bettag: the Wednesday before 23 November.
        assert!(found("DE-SN", 2026).contains(&"11-18".to_owned()));
        assert!(
            found("DE-BY", 2026).contains(&"06-04".to_owned()) && !found("DE-BE", 2026).contains(&"06-04".to_owned())
        );
        // Constitution Day is in March since the constitution of 2026; Republic Day of 2026 is a Sunday.
        let kazakhstan = found("KZ", 2027);
        assert!(kazakhstan.contains(&"03-15".to_owned()) && !kazakhstan.contains(&"08-30".to_owned()));
        assert!(found("KZ", 2026).contains(&"10-26".to_owned()));
        // 4 July 2026 is a Saturday: Friday is off. 1 January 2028 is one too: its day lies in the year before.
        assert!(found("US", 2026).contains(&"07-03".to_owned()));
        assert!(found("US", 2027).contains(&"12-31".to_owned()) && !found("US", 2028).contains(&"01-03".to_owned()));
        // Christmas on a Saturday, Boxing Day on a Sunday: Monday and Tuesday.
        let britain: Vec<String> = found("GB-EAW", 2027).into_iter().filter(|day| day.starts_with("12")).collect();
        assert_eq!(britain, ["12-25", "12-26", "12-27", "12-28"]);
    }

    #[test]
    fn each_pack_has_a_calendar_for_each_year_in_each_language() {
        assert!(TEXTS.differences().is_empty(), "{:?}", TEXTS.differences());
        for pack in packs() {
            for year in [2026, 2050, 2099] {
                let asked = HolidaysAsked { year, country: Some(pack.key.into()), ics: None };
                for locale in Locale::ALL {
                    let days = find(&asked, locale).unwrap().days;
                    assert!((7..40).contains(&days.len()), "{} {year}: {}", pack.key, days.len());
                    let names = days.iter().filter_map(|day| day.name.as_deref());
                    assert!(
                        names.clone().count() == days.len() && names.clone().all(|name| !name.contains(['_', '{']))
                    );
                    assert!(days.is_sorted_by(|left, right| left.date < right.date), "{} {year}", pack.key);
                }
            }
        }
    }

    #[test]
    fn what_is_not_known_is_named() {
        let code = |year: i32, country: Option<&str>, ics: Option<&str>| {
            let asked = HolidaysAsked { year, country: country.map(Into::into), ics: ics.map(Into::into) };
            match find(&asked, Locale::En) {
                Err(Error::Invalid { code: "calendar.invalid", fields }) => {
                    fields.into_iter().map(|(field, error)| format!("{field} {}", error.code)).collect::<String>()
                }
                other => panic!("{other:?}"),
            }
        };
        assert_eq!(code(2026, Some("XX"), None), "country choice");
        assert_eq!(code(2026, Some("DE-XX"), None), "country choice");
        assert_eq!(code(2026, None, None), "country required");
        assert_eq!(code(2026, Some("UA"), Some("BEGIN:VCALENDAR")), "country required");
        assert_eq!(code(1999, Some("UA"), None), "year range");
        assert_eq!(code(2026, None, Some("<html>")), "ics ics");
    }
}
