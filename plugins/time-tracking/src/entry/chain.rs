//! Rows of one chain: what crossed midnight was cut, and is edited and deleted together.

use serde_json::{Value as Json, json};
use verstak_plugin::prelude::*;

use super::split::by_day;
use super::{ENTITY, SHARED};
use crate::refusal::Done;
use crate::span::Span;
use crate::store::{self, Setup, instant};

/// Makes the rows that follow one that was cut at midnight; those that are there stay as they are.
///
/// # Errors
/// As records say.
pub fn complete(id: &str) -> Done {
    let Some(row) = records::get(ENTITY, id)? else { return Ok(()) };
    let (Some(from), Some(until), Some(chain)) =
        (instant(&row, "ends_at"), instant(&row, "rest_until"), row.text("chain"))
    else {
        return Ok(());
    };
    let setup = Setup::of(row.id("owner").unwrap_or_default())?;
    let there = store::rows(ENTITY, &store::eq("chain", chain), &["starts_at"], &[])?;
    for (_, part) in by_day(setup.zone, Span::new(from, until)) {
        if there.iter().any(|one| instant(one, "starts_at") == Some(part.start)) {
            continue;
        }
        let mut draft = Draft::new()
            .with("starts_at", Value::Instant(part.start))
            .with("ends_at", Value::Instant(part.end))
            .with("chain", chain);
        for field in SHARED.iter().chain(&["owner", "source", "check", "organization"]) {
            draft = draft.with_some(field, row.value(field).cloned());
        }
        match records::create(ENTITY, draft) {
            // Nothing is made for somebody who left; how long it went on stays noted.
            Err(HostError::Invalid(why)) => {
                warning!("the rest of {id} is not made: {}", why.text);
                return Ok(());
            }
            made => drop(made?),
        }
    }
    records::change(ENTITY, id, Draft::new().with("rest_until", Value::Null))?;
    Ok(())
}

/// After entries changed: the rest of what was cut, and what the rows of a chain share.
///
/// # Errors
/// As records say.
pub fn after(all: &[Event]) -> Outcome {
    for event in all {
        let what = event.name.rsplit('.').next().unwrap_or_default();
        match what {
            "created" => complete(&event.record)?,
            "updated" => {
                complete(&event.record)?;
                share(event)?;
            }
            _ => {}
        }
    }
    Ok(())
}

fn others(id: &str, chain: &str) -> Result<Vec<Row>, HostError> {
    let filter = store::all_of([store::eq("chain", chain), store::compares("id", "ne", id)]);
    store::rows(ENTITY, &filter, &[], &[])
}

fn share(event: &Event) -> Outcome {
    let changed: Vec<_> = event.changes.iter().filter(|change| SHARED.contains(&change.field.as_str())).collect();
    if changed.is_empty() {
        return Ok(());
    }
    let Some(row) = records::get(ENTITY, &event.record)? else { return Ok(()) };
    let Some(chain) = row.text("chain") else { return Ok(()) };
    for other in others(&row.id, chain)? {
        let differing = changed.iter().filter(|change| other.value(&change.field) != row.value(&change.field));
        let draft = differing.fold(Draft::new(), |draft, change| {
            draft.with(&change.field, row.value(&change.field).cloned().unwrap_or(Value::Null))
        });
        if !draft.0.is_empty() {
            records::change(ENTITY, &other.id, draft)?;
        }
    }
    Ok(())
}

/// A record in the bin is not read any more, and its event does not say what stood in it: a run that looks after the delete.
///
/// # Errors
/// As the host says.
pub fn going(change: &Change) -> Result<(), HostError> {
    let (chain, task) = (change.text("chain"), change.id("task"));
    if chain.is_some() || task.is_some() {
        let input = json!({ "entry": change.record(), "chain": chain, "task": task });
        jobs::enqueue(NewJob::new("gone").input(input.to_string()))?;
    }
    Ok(())
}

/// After an entry was deleted: its chain goes with it, its task has taken less.
///
/// # Errors
/// Worth another try where the host says so.
pub fn gone(run: &Run) -> Ran {
    let input: Json = serde_json::from_str(&run.input).map_err(verstak_plugin::jobs::NotDone::never)?;
    let text = |key: &str| input.get(key).and_then(Json::as_str);
    let Some(entry) = text("entry") else { return Ok(Answer::Done) };
    // The delete may have been refused after all.
    if records::get(ENTITY, entry)?.is_none() {
        for other in text("chain").map_or(Ok(Vec::new()), |chain| others(entry, chain))? {
            records::remove(ENTITY, &other.id)?;
        }
    }
    if let Some(task) = text("task") {
        super::totals::count(task)?;
    }
    Ok(Answer::Done)
}

/// Deletes an entry with its chain.
///
/// # Errors
/// As records say.
pub fn remove(id: &str) -> Done {
    let row = records::get(ENTITY, id)?;
    let chain = row.as_ref().and_then(|row| row.text("chain")).map(str::to_owned);
    records::remove(ENTITY, id)?;
    if let Some(chain) = chain {
        for other in others(id, &chain)? {
            records::remove(ENTITY, &other.id)?;
        }
    }
    Ok(())
}
