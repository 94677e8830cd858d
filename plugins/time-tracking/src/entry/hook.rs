//! The before-hook of entries: what a row comes to (day, seconds, department, title, cost), and what forbids it (locked
//! sheets, closed months, the future). Overlap and the one running timer are constraints of the entity.

use std::collections::{BTreeMap, BTreeSet};

use verstak_plugin::prelude::*;

use super::split::{LONGEST, by_day};
use super::{SHARED, SUBJECTS};
use crate::period::Closed;
use crate::rate::{self, Facts, Kind, Rate};
use crate::refusal::{Done, No, Trouble};
use crate::sheet::Locks;
use crate::span::Span;
use crate::store::{self, Setup, date_value, instant, me};
use crate::zone::{self, Date, Zone};

/// What a batch of changes is judged by, asked for once.
struct Around {
    setup: Setup,
    now: i64,
    me: Option<String>,
    zones: BTreeMap<String, Zone>,
    locks: Locks,
    closed: Closed,
    rates: Vec<Rate>,
    /// Departments by person and date.
    departments: BTreeMap<(String, Date), String>,
    positions: BTreeMap<String, String>,
    titles: BTreeMap<String, Row>,
    /// Of those, what tasks are about and whoever acts does not see.
    unseen: BTreeSet<String>,
}

/// Judges and completes up to 200 changes.
///
/// # Errors
/// As the host says: the changes are refused then.
pub fn check(changes: &mut [Change]) -> Outcome {
    let around = Around::of(changes)?;
    for change in changes.iter_mut() {
        match around.judge(change) {
            Ok(()) => {}
            Err(Trouble::No(no)) => {
                change.reject(no.message).on("starts_at");
            }
            Err(Trouble::Host(error)) => return Err(error.into()),
        }
    }
    Ok(())
}

fn owner(change: &Change) -> Option<String> {
    change.id("owner").map(str::to_owned).or_else(me)
}

/// Whose rows a change touches: whose it is, and from whom it takes it.
fn owners(change: &Change) -> Vec<String> {
    let before = change.differs("owner").then(|| change.before().id("owner").map(str::to_owned)).flatten();
    owner(change).into_iter().chain(before).collect()
}

/// The local dates that a change touches, before and after.
fn days(zone: Zone, change: &Change) -> Vec<Date> {
    let starts = [instant(change, "starts_at"), instant(&change.before().to_vec(), "starts_at")];
    let mut days: Vec<Date> = starts.into_iter().flatten().map(|at| zone.date(at)).collect();
    days.dedup();
    days
}

/// The organization that a change is of, and the one it takes it from.
fn organizations(change: &Change) -> Vec<Option<String>> {
    let before = change.differs("organization").then(|| change.before().id("organization").map(str::to_owned));
    std::iter::once(change.id("organization").map(str::to_owned)).chain(before).collect()
}

/// The time zones of people's calendars.
///
/// # Errors
/// As the host says.
pub fn zones(setup: &Setup, now: i64, people: &[String]) -> Result<BTreeMap<String, Zone>, HostError> {
    let today = zone::text(setup.zone.date(now));
    let days = calendars::days(people, &today, &today)?;
    let zone =
        |(person, days): (&String, Vec<calendars::Day>)| Some((person.clone(), Zone::named(&days.first()?.time_zone)));
    Ok(people.iter().zip(days).filter_map(zone).collect())
}

/// Whether a change means the times or the subject, not what the module notes beside them.
fn is_of_people(change: &Change) -> bool {
    let mine = ["owner", "starts_at", "ends_at", "organization"].iter().chain(&SHARED);
    !matches!(change.operation(), Operation::Update) || mine.into_iter().any(|field| change.differs(field))
}

impl Around {
    fn of(changes: &[Change]) -> Outcome<Self> {
        let setup = Setup::load();
        let now = runtime::now();
        let people: BTreeSet<String> = changes.iter().flat_map(owners).collect();
        let asked: Vec<String> = people.into_iter().collect();
        let zones = zones(&setup, now, &asked)?;
        let zone = |change: &Change| owner(change).and_then(|id| zones.get(&id)).copied().unwrap_or(setup.zone);
        let dates: BTreeSet<Date> = changes.iter().flat_map(|change| days(zone(change), change)).collect();
        let titles = titles(changes)?;
        Ok(Self {
            setup,
            now,
            me: me(),
            locks: Locks::load(&setup, &asked, &dates)?,
            closed: Closed::load()?,
            rates: rates()?,
            departments: departments(setup.zone, &asked, &dates)?,
            positions: positions(&asked)?,
            zones,
            unseen: unseen(&titles)?,
            titles,
        })
    }

    fn zone(&self, owner: &str) -> Zone {
        self.zones.get(owner).copied().unwrap_or(self.setup.zone)
    }

    fn judge(&self, change: &mut Change) -> Done {
        let Some(owner) = owner(change) else { return Ok(()) };
        let Some(start) = instant(change, "starts_at") else { return Ok(()) };
        if is_of_people(change) {
            self.must_be_open(change)?;
            if self.organization(change) {
                self.must_be_open(change)?;
            }
        }
        if change.operation() == Operation::Delete {
            return Ok(super::chain::going(change)?);
        }
        change.set("owner", Value::link(&owner));
        self.times(change, &owner, start)?;
        self.setup.books.must_take(change)?;
        self.subject(change, &owner);
        self.cost(change, &owner);
        Ok(())
    }

    /// Passes where the weeks and months that a change touches are open.
    fn must_be_open(&self, change: &Change) -> Done {
        for owner in owners(change) {
            for day in days(self.zone(&owner), change) {
                for organization in organizations(change) {
                    self.closed.must_be_open(day, organization.as_deref())?;
                }
                self.locks.must_be_open(&owner, day)?;
            }
        }
        Ok(())
    }

    /// Time belongs to the organization of its deal, or of its task's, unless somebody said to which; whether that is news.
    fn organization(&self, change: &mut Change) -> bool {
        let is_about_another = change.is_new() || change.differs("deal") || change.differs("task");
        if !is_about_another || change.was_set("organization") {
            return false;
        }
        let task = change.id("task").and_then(|id| self.titles.get(id));
        let of_task = task.filter(|row| row.text("record_entity") == Some("deal")).and_then(|row| row.id("record_id"));
        let deal = change.id("deal").or(of_task).and_then(|id| self.titles.get(id));
        let Some(organization) = deal.and_then(|row| row.id("organization")).map(str::to_owned) else { return false };
        let is_news = change.id("organization") != Some(organization.as_str());
        if is_news {
            change.set("organization", Value::Id(organization));
        }
        is_news
    }

    /// Day, zone, seconds; what crosses midnight is cut, and the rest follows as rows of one chain.
    fn times(&self, change: &mut Change, owner: &str, start: i64) -> Done {
        let zone = self.zone(owner);
        let end = instant(change, "ends_at");
        if start > self.now || end.is_some_and(|end| end > self.now) {
            return Err(No::wrong("time.future", "time.future", "This time has not come yet").into());
        }
        change.set("day", date_value(zone.date(start)));
        change.set("zone", zone.name());
        change.set("running", end.is_none());
        change.set("parallel", self.setup.parallel);
        let Some(end) = end else {
            change.set("seconds", 0);
            return Ok(());
        };
        if end <= start || end - start > LONGEST {
            return Err(No::wrong("time.length", "entry.length", "It ends after it begins, and within 24 hours").into());
        }
        let parts = by_day(zone, Span::new(start, end));
        let first = parts.first().map_or(Span::new(start, end), |(_, span)| *span);
        if first.end < end {
            change.set("ends_at", Value::Instant(first.end));
            change.set("rest_until", Value::Instant(end));
            let chain = change.text("chain").map_or_else(|| change.record().to_owned(), str::to_owned);
            change.set("chain", chain);
            for (day, _) in parts.iter().skip(1) {
                self.closed.must_be_open(*day, change.id("organization"))?;
                self.locks.must_be_open(owner, *day)?;
            }
        }
        change.set("seconds", first.seconds());
        Ok(())
    }

    /// The title of what it is about outlives the record; a task's deal and a deal's client come along.
    fn subject(&self, change: &mut Change, owner: &str) {
        for entity in SUBJECTS {
            let Some(row) = change.id(entity).and_then(|id| self.titles.get(id)).cloned() else { continue };
            if entity == "task" {
                if let (Some(of), Some(id)) = (row.text("record_entity"), row.id("record_id"))
                    && ["deal", "lead", "company"].contains(&of)
                    && change.id(of).is_none()
                {
                    change.set(of, Value::link(id));
                }
            } else if entity == "deal"
                && let Some(company) = row.id("company")
                && change.id("company").is_none()
            {
                change.set("company", Value::link(company));
            }
        }
        ids(change);
        if let Some(title) = SUBJECTS.iter().find_map(|entity| self.title(change.id(entity)?)) {
            change.set("subject", title);
        }
        let untitled = change.is_new() && !change.was_set("title");
        if untitled {
            let title = change.text("subject").or_else(|| change.text("note")).unwrap_or_default();
            let title: String = title.chars().take(200).collect();
            if !title.is_empty() {
                change.set("title", title);
            }
        }
        if change.is_new() && change.is_empty("source") {
            let own = self.me.as_deref() == Some(owner) && !store::by_import();
            change.set("source", if own { "manual" } else { "import" });
        }
        if change.is_empty("department") {
            let day = store::day(change, "day");
            let department = day.and_then(|day| self.departments.get(&(owner.to_owned(), day)).cloned());
            change.set("department", department.map_or(Value::Null, Value::Id));
        }
    }

    /// What a record is called; of a task with what it is about, since tasks of one name are many.
    fn title(&self, id: &str) -> Option<String> {
        let row = self.titles.get(id)?;
        let title = row.text("title")?;
        let about = row.id("record_id").filter(|id| !self.unseen.contains(*id));
        let about = about.and_then(|id| self.titles.get(id)).and_then(|about| about.text("title"));
        let whole = about.map_or_else(|| title.to_owned(), |about| format!("{title} · {about}"));
        Some(whole.chars().take(255).collect())
    }

    fn cost(&self, change: &mut Change, owner: &str) {
        let Some(day) = store::day(change, "day") else { return };
        let facts = (change.id("deal").map(str::to_owned), change.id("company").map(str::to_owned));
        let position = self.positions.get(owner).map(String::as_str);
        let facts = Facts { deal: facts.0.as_deref(), company: facts.1.as_deref(), user: Some(owner), position };
        let (seconds, billable) =
            (change.integer("seconds").unwrap_or_default(), change.boolean("billable") == Some(true));
        for (field, value) in priced(&self.rates, facts, day, seconds, billable) {
            change.set(field, value);
        }
    }
}

/// Nothing is grouped by a link: reports go by the ids.
fn ids(change: &mut Change) {
    for (field, link) in [("task_id", "task"), ("client_id", "company")] {
        let id = change.id(link).map(str::to_owned);
        change.set(field, id.map_or(Value::Null, Value::Text));
    }
}

/// Rate, cost and what is billed.
pub fn priced(rates: &[Rate], facts: Facts<'_>, day: Date, seconds: i64, billable: bool) -> [(&'static str, Value); 3] {
    let money =
        |amount: String, rate: &Rate| Value::Money(verstak_plugin::Money { amount, currency: rate.currency.clone() });
    let cost = rate::best(rates, Kind::Cost, facts, day);
    let bill = rate::best(rates, Kind::Bill, facts, day).filter(|_| billable);
    [
        ("rate", cost.map_or(Value::Null, |rate| money(rate::plain(rate.amount), rate))),
        ("cost", cost.map_or(Value::Null, |rate| money(rate::cost(rate.amount, seconds), rate))),
        ("bill", bill.map_or(Value::Null, |rate| money(rate::cost(rate.amount, seconds), rate))),
    ]
}

/// All rates there are.
///
/// # Errors
/// As the host says.
pub fn rates() -> Result<Vec<Rate>, HostError> {
    let rows = store::every("time_rate", &serde_json::Value::Null, &[])?;
    Ok(rows.iter().filter_map(Rate::of_row).collect())
}

/// In which departments people worked at noon of some dates; who came later counts from where they are now.
fn departments(
    zone: Zone,
    people: &[String],
    dates: &BTreeSet<Date>,
) -> Result<BTreeMap<(String, Date), String>, HostError> {
    let mut found = BTreeMap::new();
    for date in dates.iter().filter(|_| !people.is_empty()) {
        let at = zone.minute_of(*date, 12 * 60).min(runtime::now());
        let then = people.iter().zip(people::departments_at(people, at)?);
        found.extend(then.filter_map(|(person, department)| Some(((person.clone(), *date), department?))));
    }
    Ok(found)
}

/// What people are by their position; who has none is not there.
///
/// # Errors
/// As the host says.
pub fn positions(people: &[String]) -> Result<BTreeMap<String, String>, HostError> {
    let mut found = BTreeMap::new();
    for part in people.chunks(200) {
        let known = people::persons(part)?.into_iter().flatten();
        found.extend(known.filter_map(|person| Some((person.id, person.position?))));
    }
    Ok(found)
}

/// What the changes are about, by id.
fn titles(changes: &[Change]) -> Result<BTreeMap<String, Row>, HostError> {
    let mut found: BTreeMap<String, Row> = BTreeMap::new();
    for entity in SUBJECTS {
        // Tasks come first: what they are about is asked for with the others.
        let about = found.values().filter(|row: &&Row| row.text("record_entity") == Some(entity));
        let about = about.filter_map(|row| row.id("record_id").map(str::to_owned));
        let named = changes.iter().filter_map(|change| change.id(entity).map(str::to_owned));
        let ids: BTreeSet<String> = about.chain(named).collect();
        if !ids.is_empty() {
            let ids: Vec<String> = ids.into_iter().collect();
            let rows = records::get_many(entity, &ids)?.into_iter().flatten();
            found.extend(rows.map(|row| (row.id.clone(), row)));
        }
    }
    Ok(found)
}

/// Of what tasks are about, what whoever acts does not see: the module reads it, its title is not for them.
fn unseen(titles: &BTreeMap<String, Row>) -> Result<BTreeSet<String>, HostError> {
    let mut unseen = BTreeSet::new();
    for entity in SUBJECTS.iter().filter(|_| me().is_some()) {
        let about = titles.values().filter(|row| row.text("record_entity") == Some(*entity));
        let ids: BTreeSet<&str> = about.filter_map(|row| row.id("record_id")).collect();
        let ids: Vec<String> = ids.into_iter().map(str::to_owned).collect();
        if !ids.is_empty() {
            let seen = records::visible(entity, &ids)?;
            unseen.extend(ids.into_iter().zip(seen).filter(|(_, seen)| !seen).map(|(id, _)| id));
        }
    }
    Ok(unseen)
}
