//! After a lead was created: a task for the first call, for whoever owns the lead.

use verstak_plugin::events::ActorKind;
use verstak_plugin::prelude::*;

const MICROSECONDS_AN_HOUR: i64 = 3_600_000_000;
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
    let drafts: Vec<Draft> = leads.iter().map(|lead| task(lead, hours)).collect();
    if drafts.is_empty() {
        return Ok(());
    }
    for (result, mark) in records::create_many("activity", drafts)?.into_iter().zip(marks) {
        result?;
        kv::set(&mark, vec![1], Some(REMEMBER_SECONDS))?;
    }
    Ok(())
}

fn task(lead: &Row, hours: i64) -> Draft {
    let subject = match runtime::context().locale.as_str() {
        "ru" => "Позвонить новому лиду",
        "uk" => "Зателефонувати новому ліду",
        _ => "Call the new lead",
    };
    let title = lead.text("title").unwrap_or_default();
    Draft::new()
        .with("kind", "task")
        .with("title", format!("{subject}: {title}").trim_end_matches(": "))
        .with("deadline", Value::Instant(runtime::now() + hours * MICROSECONDS_AN_HOUR))
        .with_some("owner", lead.id("owner").map(Value::link))
        .with("record_entity", "lead")
        .with("record_id", Value::link(&lead.id))
}
