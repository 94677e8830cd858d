//! What happens without anybody: forgotten days, long timers, missed days, what lacks at the end of a month.

use verstak_plugin::prelude::*;

use super::rules::{forgotten_at, missed};
use super::{Day, State};
use crate::digest::{Digest, Lacking};
use crate::entry::timer;
use crate::events;
use crate::notice;
use crate::plan::{self, Policies};
use crate::refusal::Trouble;
use crate::store::{self, Setup};
use crate::zone::{self, HOUR, minus_days, month_of};

/// Every five minutes: days that nobody finished, timers that run too long, people who did not come.
///
/// # Errors
/// Worth another try where the host says so.
pub fn watch(_: &Run) -> Ran {
    look().map_err(failed)?;
    Ok(Answer::Done)
}

fn failed(trouble: Trouble) -> verstak_plugin::jobs::NotDone {
    match trouble {
        Trouble::No(no) => verstak_plugin::jobs::NotDone::never(no.message.fallback),
        Trouble::Host(error) => error.into(),
    }
}

fn look() -> Result<(), Trouble> {
    let mut digest = Digest::default();
    let looked = look_at_all(&mut digest);
    // What was found before something failed is told all the same: it is not found again.
    digest.tell()?;
    looked
}

fn look_at_all(digest: &mut Digest) -> Result<(), Trouble> {
    let setup = Setup::load();
    let now = runtime::now();
    let policies = Policies::load()?;
    for day in super::going_on(None)? {
        let plan = plan::plan(&day.owner, day.date)?;
        let department = people::user(&day.owner)?.and_then(|member| member.department);
        let limits = policies.limits(&day.owner, department.as_deref(), day.date);
        let at = forgotten_at(day.kept.start, &plan, &limits);
        if at <= now {
            digest.add(Lacking::Forgotten, &day.owner, day.date, None)?;
            forget(&setup, day, at)?;
        }
    }
    timer::look_after(&setup, now)?;
    miss(&setup, now, &policies, digest)
}

fn forget(setup: &Setup, mut day: Day, at: i64) -> Result<(), Trouble> {
    day.state = State::Forgotten;
    day.kept.end = None;
    if setup.stop_with_day {
        timer::stop(setup, &day.owner, at, true)?;
    }
    day.save(setup, "web", None)?;
    events::violated(&day.owner, day.date, "forgotten");
    notice::forgotten(&day)
}

/// People whose plan of today or yesterday ended within the last hours and who have no day then.
fn miss(setup: &Setup, now: i64, policies: &Policies, digest: &mut Digest) -> Result<(), Trouble> {
    let people = employees()?;
    let today = setup.zone.date(now);
    let from = minus_days(today, 1);
    let plans = plan::plans(&people, from, today)?;
    let filter =
        store::all_of([store::any_of("owner", &people), store::any_of("day", [zone::text(from), zone::text(today)])]);
    let kept = if people.is_empty() { Vec::new() } else { store::every(super::ENTITY, &filter, &["owner", "day"])? };
    for ((person, date), plan) in &plans {
        let recent = plan.bounds().is_some_and(|bounds| bounds.end > now - 6 * HOUR);
        let is_kept = kept.iter().any(|row| row.id("owner") == Some(person) && store::day(row, "day") == Some(*date));
        if !recent || is_kept || !missed(plan, now) {
            continue;
        }
        let department = people::user(person)?.and_then(|member| member.department);
        if policies.limits(person, department.as_deref(), *date).flexible {
            continue;
        }
        let draft = Draft::new()
            .with("owner", Value::link(person))
            .with("day", store::date_value(*date))
            .with("zone", setup.zone.name())
            .with("state", "closed")
            .with("norm", plan.norm())
            .with("worked", 0)
            .with("violations", Value::Texts(vec!["missed".to_owned()]))
            .with("source", "watch")
            .with_some("department", department.as_deref().map(Value::link));
        if records::create(super::ENTITY, draft).is_ok() {
            events::violated(person, *date, "missed");
            digest.add(Lacking::Missed, person, *date, None)?;
        }
    }
    Ok(())
}

/// The people whose time is kept: who has the role.
///
/// # Errors
/// As the host says.
pub fn employees() -> Result<Vec<String>, HostError> {
    match people::role_members("time_employee") {
        Ok(members) => Ok(members.into_iter().map(|member| member.id).collect()),
        Err(HostError::NotFound(_)) => Ok(Vec::new()),
        Err(error) => Err(error),
    }
}

/// On the first of a month: who lacks how much of the one before, counted from the first day that was kept of them: what was
/// before the module, or before they came, nobody lacks.
///
/// # Errors
/// Worth another try where the host says so.
pub fn lack(_: &Run) -> Ran {
    let setup = Setup::load();
    let last = minus_days(month_of(setup.zone.date(runtime::now())), 1);
    let policies = Policies::load()?;
    let mut digest = Digest::default();
    for person in employees()? {
        let kept = store::first(super::ENTITY, &store::eq("owner", person.as_str()), &["day"], &[("day", false)])?;
        let Some(since) = kept.and_then(|row| store::day(&row, "day")).filter(|day| *day <= last) else { continue };
        let days = plan::plans(std::slice::from_ref(&person), since.max(month_of(last)), last)?;
        let norm: i64 = days.values().map(super::rules::Plan::norm).sum();
        let filter = store::all_of([
            store::eq("owner", person.as_str()),
            store::compares("day", "gte", zone::text(month_of(last))),
            store::compares("day", "lte", zone::text(last)),
        ]);
        let lack = norm - store::sum(super::ENTITY, &filter, "worked")?;
        let department = people::user(&person)?.and_then(|member| member.department);
        if lack > policies.limits(&person, department.as_deref(), last).period_lack {
            digest.add(Lacking::Hours, &person, month_of(last), Some(lack))?;
        }
    }
    digest.tell().map_err(failed)?;
    Ok(Answer::Done)
}

/// After absences or calendars changed: days that go on are judged anew.
///
/// # Errors
/// As the host says.
pub fn recount(all: &[Event]) -> Outcome {
    let setup = Setup::load();
    let days = if all.iter().any(|event| event.name.starts_with("calendar.")) {
        super::going_on(None)?
    } else {
        match absent(all)? {
            Some(people) if people.is_empty() => Vec::new(),
            people => super::going_on(people.as_deref())?,
        }
    };
    for mut day in days {
        day.save(&setup, "web", None)?;
    }
    Ok(())
}

/// Of whom absences tell; nothing where one is gone and nobody knows whose it was.
fn absent(all: &[Event]) -> Result<Option<Vec<String>>, HostError> {
    let mut people = Vec::new();
    for event in all {
        let said = event.change("user").into_iter().flat_map(|change| [&change.before, &change.after]);
        let said: Vec<String> = said
            .filter_map(|value| match value {
                Value::Id(id) => Some(id.clone()),
                _ => None,
            })
            .collect();
        if said.is_empty() {
            let row = records::get("absence", &event.record)?;
            let Some(person) = row.and_then(|row| row.id("user").map(str::to_owned)) else { return Ok(None) };
            people.push(person);
        }
        people.extend(said);
    }
    people.sort_unstable();
    people.dedup();
    Ok(Some(people))
}

/// Seconds as hours and minutes, `1:05`.
pub fn hours(seconds: i64) -> String {
    format!("{}:{:02}", seconds / 3_600, seconds % 3_600 / 60)
}
