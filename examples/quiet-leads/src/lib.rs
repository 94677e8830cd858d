//! What a plugin does by itself: a job on a schedule that goes step by step, and one that it enqueues for later.
//!
//! A step may come twice, after a crash or a failure in the middle of it: each lead is noted in the plugin's own store
//! together with its task, so that nobody is reminded twice.

use verstak_plugin::prelude::*;

plugin! {
    events { "created" => created }
    jobs { "sweep" => sweep, "look" => look }
}

/// Leads in one step of the sweep.
const STEP: u32 = 50;

/// A new lead is looked at after a while. The key makes a repeated event the same run.
fn created(events: &[Event]) -> Outcome {
    let hours = Settings::load().integer("hours").unwrap_or(24);
    let run = |event: &Event| {
        let input = format!("{{\"lead\": \"{}\"}}", event.record);
        NewJob::new("look").input(input).after_seconds(hours * 3_600).once_as(&event.record)
    };
    let runs: Vec<NewJob> = events.iter().map(run).collect();
    for made in jobs::enqueue_many(&runs)? {
        made?;
    }
    Ok(())
}

/// One lead, whose id is the only text of 36 characters in the input.
fn look(run: &Run) -> Ran {
    let lead = run.input.split('"').find(|part| part.len() == 36).unwrap_or_default();
    if let Some(lead) = records::get("lead", lead)? {
        remind(&lead)?;
    }
    Ok(Answer::Done)
}

/// All leads, a page a step; the cursor is the page's and how many were seen.
fn sweep(run: &Run) -> Ran {
    let (seen, cursor) = run.cursor.as_deref().and_then(|cursor| cursor.split_once(' ')).unwrap_or(("0", ""));
    let seen: u32 = seen.parse().unwrap_or_default();
    let query = Query { cursor: Some(cursor.to_owned()).filter(|cursor| !cursor.is_empty()), ..Query::of("lead") };
    let page = query.limit(STEP).run()?;
    for lead in &page.rows {
        remind(lead)?;
    }
    let seen = seen.saturating_add(u32::try_from(page.rows.len()).unwrap_or_default());
    match page.next {
        Some(next) => {
            let all = records::count("lead", None)?.max(1);
            let all = u32::try_from(all).unwrap_or(u32::MAX);
            let progress = (f64::from(seen) / f64::from(all)).min(1.0);
            jobs::more(format!("{seen} {next}"), Some(progress), format!("{seen} leads"))
        }
        None => Ok(Answer::Done),
    }
}

/// A task for the owner of a lead without an amount, once.
fn remind(lead: &Row) -> Result<(), HostError> {
    if !lead.is_empty("amount") || kv::get(&lead.id)?.is_some() {
        return Ok(());
    }
    let title = format!("Nobody has touched it: {}", lead.text("title").unwrap_or_default());
    tasks::create(tasks::NewTask::new(&title).about("lead", &lead.id).executor("owner"))?;
    kv::set(&lead.id, "reminded", None)
}
