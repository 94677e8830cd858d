//! How it stands now with whoever looks: their day, their timer, what they last worked on.

use serde_json::{Value as Json, json};
use verstak_plugin::prelude::*;

use super::at;
use crate::day::place::Keeps;
use crate::day::{self, Day, State};
use crate::entry::{self, SUBJECTS, Subject, timer};
use crate::plan;
use crate::refusal::Done;
use crate::store::{self, Setup, me};
use crate::zone;

/// A person's day and timer.
pub struct Now {
    day: Option<Day>,
    running: Option<timer::Running>,
    worked: i64,
    booked: i64,
    norm: i64,
    ends: Option<i64>,
    place: Keeps,
    unconfirmed: u64,
}

impl Now {
    /// Of a person.
    ///
    /// # Errors
    /// As the host says.
    pub fn of(person: &str) -> Result<Self, HostError> {
        let setup = Setup::of(person)?;
        let now = runtime::now();
        let today = setup.zone.date(now);
        let open = day::open_day(person)?;
        let day = match open {
            Some(day) => Some(day),
            None => day::on(person, today)?,
        };
        let plan = plan::plan(person, day.as_ref().map_or(today, |day| day.date))?;
        let running = timer::running(person)?.into_iter().next();
        let of_today = store::all_of([store::eq("owner", person), store::eq("day", zone::text(today))]);
        let going = running.as_ref().map_or(0, |one| (now - one.since.max(setup.zone.midnight(today))) / zone::SECOND);
        let unconfirmed = store::all_of([store::eq("owner", person), store::eq("check", true)]);
        Ok(Self {
            worked: day.as_ref().filter(|day| day.state != State::Forgotten).map_or(0, |day| day.kept.worked(now)),
            booked: store::sum(entry::ENTITY, &of_today, "seconds")? + going.max(0),
            norm: plan.norm(),
            ends: plan.bounds().map(|bounds| bounds.end),
            place: plan::limits(person, today)?.place,
            unconfirmed: records::count(entry::ENTITY, Some(&unconfirmed.to_string()))?,
            day,
            running,
        })
    }

    const fn state(&self) -> &'static str {
        match &self.day {
            Some(day) => day.state.key(),
            None => "none",
        }
    }

    /// Since when the clock goes; nothing while it stands.
    fn clock(&self) -> (Option<i64>, i64) {
        let Some(day) = self.day.as_ref().filter(|day| day.state == State::Open) else { return (None, self.worked) };
        let resumed = day.kept.breaks.last().and_then(|(_, until)| *until);
        let since = resumed.filter(|resumed| *resumed > day.kept.start).unwrap_or(day.kept.start);
        (Some(since), day.kept.worked(since))
    }

    /// For programs.
    pub fn json(&self) -> Json {
        let (since, before) = self.clock();
        let timer = self.running.as_ref().map(|one| {
            json!({ "id": one.id, "since": zone::instant(one.since), "title": one.title,
                "subject": { "entity": one.subject.entity, "id": one.subject.id } })
        });
        json!({
            "day": {
                "state": self.state(), "day": self.day.as_ref().map(|day| zone::text(day.date)),
                "started": self.day.as_ref().map(|day| zone::instant(day.kept.start)),
                "since": since.map(zone::instant), "worked_before": before,
                "worked": self.worked, "norm": self.norm, "place": self.place.key(),
            },
            "timer": timer,
        })
    }
}

/// The source `now`: one row.
///
/// # Errors
/// As the host says.
pub fn now(_: &Ask) -> Outcome<Figures> {
    let Some(person) = me() else { return Ok(Figures::from(Vec::new())) };
    let now = Now::of(&person)?;
    let (since, before) = now.clock();
    let running = now.running.as_ref();
    let started = now.day.as_ref().map(|day| day.kept.start).filter(|start| *start > 0);
    let row = Figure::new("me")
        .with("state", now.state())
        .with("started", at(started))
        .with("ended", at(now.day.as_ref().and_then(|day| day.kept.end)))
        .with("clock", at(since))
        .with("before", before)
        .with("worked", now.worked)
        .with("booked", now.booked)
        .with("norm", now.norm)
        .with("left", (now.norm - now.worked).max(0))
        .with("plan_ends", at(now.ends))
        .with("place", now.place.key())
        .with("running", running.is_some())
        .with("timer_since", at(running.map(|one| one.since)))
        .with("timer_title", running.map(|one| one.title.clone()).unwrap_or_default())
        .with("timer_short", running.map(|one| short(&one.title)).unwrap_or_default())
        .with("unconfirmed", i64::try_from(now.unconfirmed).unwrap_or_default());
    Ok(Figures::one(row))
}

/// The beginning of a title, for the corner of the shell.
fn short(title: &str) -> String {
    const MOST: usize = 22;
    if title.chars().count() <= MOST {
        return title.to_owned();
    }
    let begin: String = title.chars().take(MOST).collect();
    format!("{}…", begin.trim_end())
}

/// The source `recent`: the last five things that whoever looks worked on.
///
/// # Errors
/// As the host says.
pub fn recent(_: &Ask) -> Outcome<Figures> {
    let Some(person) = me() else { return Ok(Figures::from(Vec::new())) };
    Ok(Figures::from(
        last_subjects(&person, 5)?
            .into_iter()
            .map(|(subject, title)| {
                Figure::new(key_of(&subject))
                    .with("title", title)
                    .with("entity", subject.entity)
                    .with("record", subject.id)
            })
            .collect::<Vec<_>>(),
    ))
}

/// What a person last booked time on, the newest first.
///
/// # Errors
/// As the host says.
pub fn last_subjects(person: &str, most: usize) -> Result<Vec<(Subject, String)>, HostError> {
    let fields = ["task", "deal", "lead", "company", "subject", "note", "starts_at"];
    let rows = store::rows(entry::ENTITY, &store::eq("owner", person), &fields, &[("starts_at", true)])?;
    let mut found: Vec<(Subject, String)> = Vec::new();
    for row in rows {
        let subject = Subject::of_row(&row);
        let is_new = !subject.entity.is_empty() && found.iter().all(|(known, _)| *known != subject);
        if is_new && found.len() < most {
            found.push((subject, row.text("subject").unwrap_or_default().to_owned()));
        }
    }
    Ok(found)
}

/// `task:<id>`: names a line of the week and a button.
pub fn key_of(subject: &Subject) -> String {
    if subject.entity.is_empty() { "none".to_owned() } else { format!("{}:{}", subject.entity, subject.id) }
}

/// The subject of a line or a button.
///
/// # Errors
/// `time.subject`.
pub fn subject_of(key: &str) -> Done<Subject> {
    match key.split_once(':') {
        Some((entity, id)) if SUBJECTS.contains(&entity) => Subject::new(entity, id),
        _ => Ok(Subject::default()),
    }
}
