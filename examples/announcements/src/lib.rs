//! Events of a plugin's own: published with a payload that the manifest declares, and heard like changes of records.

use verstak_plugin::events::{NewEvent, publish};
use verstak_plugin::prelude::*;

plugin! { events { "leads" => leads, "announced" => announced } }

/// Publishes what other plugins may want to know. Events of one lead are delivered in order.
fn leads(events: &[Event]) -> Outcome {
    let from = Settings::load().number("large_from").unwrap_or_default();
    for event in events {
        let Some(lead) = records::get("lead", &event.record)? else { continue };
        let Some(amount) = lead.number("amount").filter(|amount| *amount >= from) else { continue };
        let payload = format!("{{\"lead\": \"{}\", \"amount\": {amount}}}", lead.id);
        publish(NewEvent::new("large_lead", payload).in_order(&lead.id))?;
    }
    Ok(())
}

/// The fields of the payload are among the changes.
fn announced(events: &[Event]) -> Outcome {
    for event in events {
        let Some(Value::Text(lead)) = event.after("lead") else { continue };
        tasks::create(tasks::NewTask::new("Call them today").about("lead", lead).executor("owner"))?;
    }
    Ok(())
}
