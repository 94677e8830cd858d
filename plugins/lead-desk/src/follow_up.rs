//! After a lead was created: a task for the first call, for whoever owns the lead.

use verstak_plugin::events::ActorKind;
use verstak_plugin::prelude::*;
use verstak_plugin::tasks::NewTask;

const MICROSECONDS_AN_HOUR: i64 = 3_600_000_000;
/// Characters of a task's title.
const LONGEST_TITLE: usize = 255;
/// Events are delivered again for days at most.
const REMEMBER_SECONDS: u32 = 14 * 24 * 3600;

/// Creates one task per new lead. A mark per event, written after the task, keeps repeats away.
pub fn created(events: &[Event]) -> Outcome {
    let settings = Settings::load();
    let hours = settings.integer("follow_up_hours").unwrap_or_default();
    let imports = settings.boolean("follow_up_imports").unwrap_or_default();
    if hours <= 0 {
        return Ok(());
    }
    let wanted: Vec<&Event> = events.iter().filter(|event| imports || event.actor.kind != ActorKind::Import).collect();
    let marks: Vec<String> = wanted.iter().map(|event| format!("follow-up/{}", event.id)).collect();
    let done = kv::get_many(&marks)?;
    let leads = records::get_many("lead", &wanted.iter().map(|event| event.record.clone()).collect::<Vec<_>>())?;
    let fresh = leads.into_iter().zip(marks).zip(done).filter(|(_, done)| done.is_none());
    let (leads, marks): (Vec<Row>, Vec<String>) =
        fresh.filter_map(|((lead, mark), _)| lead.map(|lead| (lead, mark))).unzip();
    let wanted: Vec<NewTask> = leads.iter().map(|lead| task(lead, hours)).collect();
    if wanted.is_empty() {
        return Ok(());
    }
    for ((made, mark), lead) in tasks::create_many(&wanted)?.into_iter().zip(marks).zip(&leads) {
        match made {
            Ok(_) => {}
            // An owner who has left cannot be given a task, however often it is tried.
            Err(HostError::Invalid(why)) => warning!("no task for the lead {}: {}", lead.id, why.text),
            Err(error) => return Err(error.into()),
        }
        kv::set(&mark, vec![1], Some(REMEMBER_SECONDS))?;
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
