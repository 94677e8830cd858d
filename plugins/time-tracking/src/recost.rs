//! A rate was added, changed or removed: rows that are not approved get their cost anew. What is approved stays.

use verstak_plugin::prelude::*;

use crate::entry::ENTITY;
use crate::entry::hook::{positions, priced, rates};
use crate::rate::Facts;
use crate::sheet::Locks;
use crate::store::{self, Setup};

/// Rows a call looks at.
const PAGE: u32 = 200;

/// After rates changed: a run that goes over the entries.
///
/// # Errors
/// As the host says.
pub fn after(all: &[Event]) -> Outcome {
    if !all.is_empty() {
        jobs::enqueue(NewJob::new("recost").once_as("recost"))?;
    }
    Ok(())
}

/// One page of entries after another.
///
/// # Errors
/// Worth another try where the host says so.
pub fn run(run: &Run) -> Ran {
    let setup = Setup::load();
    let rates = rates()?;
    let mut query = Query::of(ENTITY).fields(&[
        "owner",
        "day",
        "deal",
        "company",
        "organization",
        "seconds",
        "billable",
        "rate",
        "cost",
        "bill",
    ]);
    query.limit = PAGE;
    query.cursor = run.cursor.clone();
    let page = query.run()?;
    let mut people: Vec<String> = page.rows.iter().filter_map(|row| row.id("owner").map(str::to_owned)).collect();
    people.sort_unstable();
    people.dedup();
    let positions = positions(&people)?;
    let dates = page.rows.iter().filter_map(|row| store::day(row, "day")).collect();
    let locks = Locks::load(&setup, &people, &dates)?;
    let closed = crate::period::Closed::load()?;
    let mut updates = Vec::new();
    for row in &page.rows {
        let (Some(owner), Some(day)) = (row.id("owner"), store::day(row, "day")) else { continue };
        if locks.is_approved(owner, day) || closed.must_be_open(day, row.id("organization")).is_err() {
            continue;
        }
        let position = positions.get(owner).map(String::as_str);
        let facts = Facts { deal: row.id("deal"), company: row.id("company"), user: Some(owner), position };
        let (seconds, billable) = (row.integer("seconds").unwrap_or_default(), row.boolean("billable") == Some(true));
        let priced = priced(&rates, facts, day, seconds, billable);
        let differs = priced.iter().any(|(field, value)| amount(row.value(field)) != amount(Some(value)));
        if differs {
            let fields = priced.into_iter().fold(Draft::new(), |draft, (field, value)| draft.with(field, value)).0;
            updates.push(records::Update { id: row.id.clone(), version: None, fields });
        }
    }
    if !updates.is_empty() {
        records::change_many(ENTITY, &updates)?;
    }
    match page.next {
        Some(cursor) => jobs::more(cursor, None, ""),
        None => Ok(Answer::Done),
    }
}

/// Ten-thousandths of an amount, so that `500` and `500.00` are the same.
fn amount(value: Option<&Value>) -> Option<i64> {
    match value? {
        Value::Decimal(text) => crate::rate::scaled(text),
        Value::Money(money) => crate::rate::scaled(&money.amount),
        _ => None,
    }
}
