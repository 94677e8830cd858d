//! The team: whom whoever looks sees, and how much each worked in the period.

use serde_json::json;
use verstak_plugin::prelude::*;

use super::report::{filter_of, period_of};
use crate::day;
use crate::plan;
use crate::store::{self, Setup, me};
use crate::zone::{minus_days, plus_days};

/// People of a page.
const MOST: usize = 200;

/// The source `people`: a row for each, with worked time, norm until today, late days.
///
/// # Errors
/// As the host says.
pub fn people(ask: &Ask) -> Outcome<Figures> {
    let Some(person) = me() else { return Ok(Figures::from(Vec::new())) };
    let filter = filter_of(ask, &person)?;
    let measures = json!([{ "op": "sum", "field": "worked" }, { "op": "sum", "field": "norm" }]);
    let mut groups = store::groups(day::ENTITY, &filter, &["owner"], &measures)?;
    groups.truncate(MOST);
    let late = store::all_of([filter, store::compares("late", "gt", 0)]);
    let late = store::groups(day::ENTITY, &late, &["owner"], &json!([{ "op": "count" }]))?;
    let mut rows = Vec::new();
    for group in &groups {
        let Some(id) = store::key_of(group, "owner") else { continue };
        let Some(member) = people::user(id)? else { continue };
        let late = late.iter().find(|group| store::key_of(group, "owner") == Some(id));
        let row = Figure::new(id)
            .with("name", member.name)
            .with("worked", store::figure(group, "sum_worked").unwrap_or_default())
            .with("norm", store::figure(group, "sum_norm").unwrap_or_default());
        rows.push(row.with("late_days", late.and_then(|group| store::figure(group, "count")).unwrap_or_default()));
    }
    rows.sort_by(|one, other| one.fields.text("name").cmp(&other.fields.text("name")));
    Ok(Figures::from(rows))
}

/// The source `days_off`: days of the period that the company does not work.
///
/// # Errors
/// As the host says.
pub fn days_off(ask: &Ask) -> Outcome<Figures> {
    let Some(person) = me() else { return Ok(Figures::from(Vec::new())) };
    let (from, to) = period_of(ask);
    let to = to.min(plus_days(from, 61)).max(minus_days(from, 0));
    let plans = plan::plans(&Setup::load(), &[person], from, to)?;
    let off = plans.into_iter().map(|((_, day), plan)| {
        Figure::new(day.to_string()).with("day", store::date_value(day)).with("off", plan.planned.is_empty())
    });
    Ok(Figures::from(off.collect::<Vec<_>>()))
}
