//! The working day of a person: began, paused, finished, judged. `time_day` is written here and by approved corrections.

pub mod correction;
pub mod guard;
pub mod place;
pub mod rules;
pub mod steps;
pub mod watch;

use serde_json::{Value as Json, json};
use verstak_plugin::prelude::*;

use crate::plan;
use crate::store::{self, Setup, date_value, instant};
use crate::zone::{self, Date};
use place::Places;
use rules::{Broken, Kept, Plan};

/// The entity.
pub const ENTITY: &str = "time_day";

/// How a day stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// Somebody works.
    Open,
    /// Somebody rests.
    Paused,
    /// It is over.
    Closed,
    /// Nobody finished it.
    Forgotten,
}

impl State {
    /// Its key.
    pub const fn key(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Paused => "paused",
            Self::Closed => "closed",
            Self::Forgotten => "forgotten",
        }
    }

    fn of(key: Option<&str>) -> Self {
        match key {
            Some("open") => Self::Open,
            Some("paused") => Self::Paused,
            Some("forgotten") => Self::Forgotten,
            _ => Self::Closed,
        }
    }
}

/// A row of `time_day`.
#[derive(Debug, Clone, PartialEq)]
pub struct Day {
    /// Its id; empty: not kept yet.
    pub id: String,
    /// Whose.
    pub owner: String,
    /// The local date of its start.
    pub date: Date,
    /// When.
    pub kept: Kept,
    /// How it stands.
    pub state: State,
    /// What was told of it.
    pub violations: Vec<String>,
    /// Where it began or ended, said with its next save; what is kept already stays, of the end until it goes on.
    pub places: Places,
}

const FIELDS: [&str; 9] =
    ["owner", "day", "starts_at", "ends_at", "breaks", "rest", "state", "violations", "department"];

impl Day {
    fn of_row(row: &Row) -> Option<Self> {
        let violations = match row.value("violations") {
            Some(Value::Texts(kinds)) => kinds.clone(),
            _ => Vec::new(),
        };
        Some(Self {
            id: row.id.clone(),
            owner: row.id("owner")?.to_owned(),
            date: store::day(row, "day")?,
            kept: Kept {
                start: instant(row, "starts_at").unwrap_or_default(),
                end: instant(row, "ends_at"),
                breaks: breaks(row),
                rest: row.integer("rest").unwrap_or_default(),
            },
            state: State::of(row.text("state")),
            violations,
            places: Places::default(),
        })
    }

    /// What is written of it: times, and what they come to.
    fn draft(&self, plan: &Plan, broken: Broken, extra: &[String]) -> Draft {
        let kept = &self.kept;
        let pauses: Vec<Json> = kept
            .breaks
            .iter()
            .map(|(from, to)| json!({ "from": zone::instant(*from), "until": to.map(zone::instant) }))
            .collect();
        let worked = kept.end.map(|end| kept.worked(end));
        let mut kinds = broken.kinds();
        kinds.extend(extra.iter().filter(|kind| !kinds.contains(kind)).cloned().collect::<Vec<_>>());
        let draft = Draft::new()
            .with("starts_at", Value::Instant(kept.start))
            .with("ends_at", kept.end.map_or(Value::Null, Value::Instant))
            .with("breaks", Value::Json(Json::Array(pauses).to_string()))
            .with("rest", kept.rest)
            .with("worked", worked.map_or(Value::Integer(0), Value::Integer))
            .with("norm", plan.norm())
            .with("late", broken.late)
            .with("early", broken.early)
            .with("short", broken.short)
            .with("violations", Value::Texts(kinds))
            .with("state", self.state.key())
            .with_some("start_place", self.places.start.as_deref());
        match kept.end {
            Some(_) => draft.with_some("end_place", self.places.end.as_deref()),
            // It goes on: where it ended before is not where it will.
            None => draft.with("end_place", Value::Null),
        }
    }

    /// Judges it by plan and policy and writes it; answers what it breaks.
    ///
    /// # Errors
    /// As the host says.
    pub fn save(&mut self, setup: &Setup, source: &str, note: Option<&str>) -> Result<Broken, HostError> {
        let plan = plan::plan(&self.owner, self.date)?;
        let broken = rules::judge(&self.kept, &plan, &plan::limits(&self.owner, self.date)?);
        let extra: &[String] = if self.state == State::Forgotten { &["forgotten".to_owned()] } else { &[] };
        let draft = self.draft(&plan, broken, extra).with("source", source).with_some("note", note);
        if self.id.is_empty() {
            let department = people::user(&self.owner)?.and_then(|member| member.department);
            let draft = draft
                .with("owner", Value::link(&self.owner))
                .with("day", date_value(self.date))
                .with("zone", setup.zone.name())
                .with_some("department", department.as_deref().map(Value::link));
            self.id = records::create(ENTITY, draft)?.id;
        } else {
            records::change(ENTITY, &self.id, draft)?;
        }
        Ok(broken)
    }
}

fn breaks(row: &Row) -> Vec<(i64, Option<i64>)> {
    let Some(Value::Json(text)) = row.value("breaks") else { return Vec::new() };
    let Ok(Json::Array(all)) = serde_json::from_str(text) else { return Vec::new() };
    let read = |one: &Json, key: &str| zone::Zone::named("UTC").read(one.get(key)?.as_str()?).ok();
    all.iter().filter_map(|one| Some((read(one, "from")?, read(one, "until")))).collect()
}

/// The day of a person that goes on.
///
/// # Errors
/// As the host says.
pub fn open_day(person: &str) -> Result<Option<Day>, HostError> {
    let filter = store::all_of([store::eq("owner", person), store::any_of("state", ["open", "paused"])]);
    Ok(store::rows(ENTITY, &filter, &FIELDS, &[])?.first().and_then(Day::of_row))
}

/// A person's date.
///
/// # Errors
/// As the host says.
pub fn on(person: &str, date: Date) -> Result<Option<Day>, HostError> {
    let filter = store::all_of([store::eq("owner", person), store::eq("day", zone::text(date))]);
    Ok(store::rows(ENTITY, &filter, &FIELDS, &[])?.first().and_then(Day::of_row))
}

/// Days that go on, of everybody or of some people.
///
/// # Errors
/// As the host says.
pub fn going_on(people: Option<&[String]>) -> Result<Vec<Day>, HostError> {
    let going = store::any_of("state", ["open", "paused"]);
    let filter = match people {
        Some(people) => store::all_of([going, store::any_of("owner", people)]),
        None => going,
    };
    Ok(store::every(ENTITY, &filter, &FIELDS)?.iter().filter_map(Day::of_row).collect())
}
