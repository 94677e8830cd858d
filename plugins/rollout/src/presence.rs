//! On which days people worked in the system: changed something of the business, not merely signed in. A mark for each person and
//! week, kept for three weeks; people are named to themselves and to their heads alone.

use std::collections::BTreeMap;

use verstak_plugin::events::ActorKind;
use verstak_plugin::prelude::*;

use crate::days::Day;
use crate::figures;
use crate::store::{self, Rules};
use crate::who::Who;

/// Days of a week on which somebody must have changed something to count as working in the system.
pub const ACTIVE_DAYS: u32 = 3;
/// Seconds for which a mark is kept: this week, the one before, and a late run of the job.
const KEPT: u32 = 21 * 86_400;
/// Keys of one question to the store.
const PORTION: usize = 200;

fn key(monday: Day, person: &str) -> String {
    format!("worked:{monday}:{person}")
}

/// Notes who changed something, while a project runs.
pub fn note(happened: &[Event]) -> Outcome {
    let running = serde_json::json!({"field": "stage", "op": "in", "value": ["running", "hypercare"]});
    if store::count("rollout_project", &running)? == 0 {
        return Ok(());
    }
    let rules = Rules::load();
    let mut marks: BTreeMap<String, u8> = BTreeMap::new();
    for event in happened.iter().filter(|event| event.actor.kind == ActorKind::User) {
        let Some(person) = &event.actor.id else { continue };
        let day = Day::at(event.at, rules.offset());
        *marks.entry(key(day.monday(), person)).or_default() |= bit(day);
    }
    marks.iter().try_for_each(|(key, days)| mark(key, *days))
}

/// The place of a day in its week.
fn bit(day: Day) -> u8 {
    1 << (day.0 - day.monday().0).clamp(0, 6)
}

/// Whoever works at two places in one second may lose a mark: the next change of that day sets it.
fn mark(key: &str, days: u8) -> Outcome {
    let before = kv::get(key)?.and_then(|entry| entry.value.first().copied()).unwrap_or(0);
    if before | days == before {
        return Ok(());
    }
    match kv::set(key, vec![before | days], Some(KEPT)) {
        // A company of thousands: what does not fit is not counted, and nothing waits for it.
        Err(HostError::Limit(why)) => {
            warning!("{key} is not noted: {why}");
            Ok(())
        }
        kept => Ok(kept?),
    }
}

/// On how many days of a week each of these people worked, in the order asked for.
///
/// # Errors
/// What the host says.
pub fn of_week(people: &[String], monday: Day) -> Result<Vec<u32>, HostError> {
    let mut days = Vec::with_capacity(people.len());
    for some in people.chunks(PORTION) {
        let keys: Vec<String> = some.iter().map(|person| key(monday, person)).collect();
        let found = kv::get_many(&keys)?;
        days.extend(
            found
                .into_iter()
                .map(|entry| entry.and_then(|entry| entry.value.first().map(|mark| mark.count_ones())).unwrap_or(0)),
        );
    }
    Ok(days)
}

/// Whoever asks, and the people of the departments that they head: on how many days of this week and of the one before they worked.
pub fn mine(_: &Ask) -> Outcome<Figures> {
    let Some(me) = Who::acts().id else { return Ok(Figures::from(Vec::new())) };
    let mut named: Vec<(String, String)> = people::user(&me)?.into_iter().map(|one| (one.id, one.name)).collect();
    let below = people::under(&me)?.into_iter().filter(|person| person.active);
    named.extend(below.map(|person| (person.id, person.name)));
    let ids: Vec<String> = named.iter().map(|(id, _)| id.clone()).collect();
    let monday = Rules::load().today().monday();
    let weeks = of_week(&ids, monday.plus(-7))?.into_iter().zip(of_week(&ids, monday)?);
    let row = |((id, name), (before, now)): ((String, String), (u32, u32))| {
        Figure::new(id).with("name", name).with("before", i64::from(before)).with("now", i64::from(now))
    };
    Ok(Figures::from(named.into_iter().zip(weeks).map(row).collect::<Vec<_>>()))
}

/// How many of these people worked on enough days of a week.
///
/// # Errors
/// What the host says.
pub fn active(people: &[String], monday: Day) -> Result<i64, HostError> {
    let enough = of_week(people, monday)?.into_iter().filter(|days| *days >= ACTIVE_DAYS).count();
    Ok(figures::whole(enough))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_day_has_a_place_of_its_own() {
        let monday = Day::parse("2026-06-01").unwrap();
        let all = (0..7).fold(0, |all, day| all | bit(monday.plus(day)));
        assert_eq!((bit(monday), bit(monday.plus(6)), all), (1, 64, 127));
        assert_eq!(key(monday, "x"), "worked:2026-06-01:x");
    }
}
