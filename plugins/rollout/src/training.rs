//! Who is away on the day of a training is excused from it.

use verstak_plugin::prelude::*;

use crate::store::{self, Read, all_of, is};

/// Whether somebody is away for all the working time of a training's day.
///
/// # Errors
/// What the host says.
pub fn is_away(person: &str, training: &str) -> Result<bool, HostError> {
    let Some(training) = records::get("rollout_training", training)? else { return Ok(false) };
    let Some(date) = training.day("date") else { return Ok(false) };
    let Some(day) = calendars::day(person, &date.to_string())? else { return Ok(false) };
    Ok(day.planned_seconds() > 0 && day.norm_seconds() == 0)
}

/// Somebody's absences changed: where they are only invited, they are excused.
///
/// # Errors
/// What the host says.
pub fn excuse(person: &str) -> Result<(), HostError> {
    let invited = all_of([is("person", person), is("state", "invited")]);
    for row in store::all("rollout_attendance", &invited, &["training"])? {
        if let Some(training) = row.id("training")
            && is_away(person, training)?
        {
            records::change("rollout_attendance", &row.id, Draft::new().with("state", "excused"))?;
        }
    }
    Ok(())
}
