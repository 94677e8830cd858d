//! After a lead was created: a task for the first call, for whoever owns the lead.

use verstak_plugin::events::ActorKind;
use verstak_plugin::prelude::*;
use verstak_plugin::tasks::NewTask;

const MICROSECONDS_AN_HOUR: i64 = 3_600_000_000;
/// Characters of a task's title.
const LONGEST_TITLE: usize = 255;

/// Creates one task per new lead, also when an event is delivered again.
pub fn created(events: &[Event]) -> Outcome {
    let settings = Settings::load();
    let hours = settings.integer("follow_up_hours").unwrap_or_default();
    let imports = settings.boolean("follow_up_imports").unwrap_or_default();
    if hours <= 0 {
        return Ok(());
    }
    let wanted: Vec<&Event> = events.iter().filter(|event| imports || event.actor.kind != ActorKind::Import).collect();
    let leads = records::get_many("lead", &wanted.iter().map(|event| event.record.clone()).collect::<Vec<_>>())?;
    let there = wanted.iter().zip(&leads).filter_map(|(event, lead)| Some((event, lead.as_ref()?)));
    let tasks: Vec<_> = there.map(|(event, lead)| (event.id.clone(), task(lead, hours))).collect();
    if tasks.is_empty() {
        return Ok(());
    }
    for (made, lead) in tasks::create_once(tasks)?.into_iter().zip(leads.iter().flatten()) {
        match made {
            Ok(_) => {}
            // An owner who has left cannot be given a task, however often it is tried.
            Err(HostError::Invalid(why)) => warning!("no task for the lead {}: {}", lead.id, why.text),
            Err(error) => return Err(error.into()),
        }
    }
    Ok(())
}

fn task(lead: &Row, hours: i64) -> NewTask {
    let subject = match runtime::context().locale.as_str() {
        "ru" => "Позвонить новому лиду",
        "uk" => "Зателефонувати новому ліду",
        _ => "Call the new lead",
    };
    let title = format!("{subject}: {}", lead.text("title").unwrap_or_default());
    let title: String = title.trim_end_matches(": ").chars().take(LONGEST_TITLE).collect();
    let task = NewTask::new(&title).about("lead", &lead.id).due(runtime::now() + hours * MICROSECONDS_AN_HOUR);
    match lead.id("owner") {
        Some(owner) => task.executor(format!("user:{owner}")),
        None => task,
    }
}
