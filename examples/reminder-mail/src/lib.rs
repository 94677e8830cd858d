//! A letter to the client when a lead comes to a stage. The key says what the letter is for: however often the event comes, or
//! the lead comes to the stage again, it goes once.

use verstak_plugin::prelude::*;

plugin! { events { "staged" => staged, "lost" => lost } }

fn staged(events: &[Event]) -> Outcome {
    let settings = Settings::load();
    let stage = settings.text("stage").unwrap_or_default();
    for event in events {
        let Some(lead) = records::get("lead", &event.record)? else { continue };
        let Some(address) = lead.multi("emails").first().filter(|_| lead.text("stage") == Some(stage)) else {
            continue;
        };
        let title = lead.text("title").unwrap_or_default();
        let text = settings.text("text").unwrap_or_default();
        messaging::mail(format!("{stage}/{}", lead.id), &address.value, title, text).about("lead", &lead.id).send()?;
    }
    Ok(())
}

/// A letter that nobody took, or that came back: its owner calls instead.
fn lost(events: &[Event]) -> Outcome {
    for event in events {
        let text = |field| match event.after(field) {
            Some(Value::Text(text)) => text.as_str(),
            _ => "",
        };
        let title = format!("Call the client, the letter did not arrive: {}", text("reason"));
        tasks::create(tasks::NewTask::new(&title).about(text("entity"), text("record")).executor("owner"))?;
    }
    Ok(())
}
