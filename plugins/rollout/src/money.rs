//! The budget of a project: planned, billed, effect, payback.

use verstak_plugin::prelude::*;

use crate::figures::{self, Spent};
use crate::store::{self, Read};

/// Sums of a project, in the currency of its amounts.
pub struct Money {
    /// Of the lines of the budget, a year.
    pub plan: f64,
    /// Of the bills that count.
    pub billed: f64,
    /// Most that may be spent; 0: none is set.
    pub limit: f64,
    /// What a month brings.
    pub effect: f64,
    /// Months until the first year's cost is back.
    pub payback: Option<f64>,
    /// How the bills stand to the limit.
    pub spent: Spent,
    /// Bills that wait for the board.
    pub waiting: Vec<Row>,
}

/// Reads and adds up.
///
/// # Errors
/// What the host says.
pub fn of(project: &Row) -> Result<Money, HostError> {
    let lines = store::of_project("rollout_budget", &project.id, &["plan", "period"])?;
    let bills = store::of_project("rollout_bill", &project.id, &["title", "total", "stage", "date"])?;
    let sum = |rows: &[Row], field: &str| rows.iter().filter_map(|row| row.number(field)).sum::<f64>();
    let (counted, others): (Vec<Row>, Vec<Row>) = bills.into_iter().partition(|row| row.stage() == "counted");
    let billed = sum(&counted, "total");
    // Payback is judged by what the first year costs.
    let year = project.day("start").map(|start| start.plus(365));
    let first = |row: &&Row| row.day("date").zip(year).is_none_or(|(day, year)| day < year);
    let cost: f64 = counted.iter().filter(first).filter_map(|row| row.number("total")).sum();
    let limit = project.number("limit").unwrap_or(0.0);
    let effect = project.number("effect").unwrap_or(0.0) * project.number("unit_value").unwrap_or(0.0);
    Ok(Money {
        plan: sum(&lines, "plan"),
        billed,
        limit,
        effect,
        payback: figures::payback(cost, effect),
        spent: figures::spent(billed, limit),
        waiting: others.into_iter().filter(|row| row.stage() == "waiting").collect(),
    })
}
