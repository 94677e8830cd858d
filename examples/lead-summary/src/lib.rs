//! A text file with a summary on each lead, written anew when the lead changes.

use verstak_plugin::prelude::*;

plugin! { events { "leads" => leads } }

const NAME: &str = "summary.txt";

fn leads(events: &[Event]) -> Outcome {
    for event in events {
        let Some(lead) = records::get("lead", &event.record)? else { continue };
        let text = summary(&lead);
        let before = files::of_record("lead", &lead.id)?.into_iter().find(|file| file.name == NAME);
        if let Some(before) = before {
            // An event may come twice.
            if files::read_all(&before, 64 * 1024)? == text.as_bytes() {
                continue;
            }
            files::remove(&before.id)?;
        }
        files::put("lead", &lead.id, NAME, text.as_bytes())?;
    }
    Ok(())
}

fn summary(lead: &Row) -> String {
    let mut text = format!("{}\n", lead.text("title").unwrap_or_default());
    if let Some(amount) = lead.number("amount") {
        text += &format!("Worth: {amount}\n");
    }
    if let Some(comments) = lead.text("comments") {
        text += &format!("\n{comments}\n");
    }
    text
}
