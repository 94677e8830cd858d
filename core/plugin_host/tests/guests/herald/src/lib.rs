//! Publishes what it is told to, and writes what it hears into its log.

use verstak_plugin::events::{NewEvent, publish, publish_all};
use verstak_plugin::prelude::*;

plugin! {
    events { "heard" => heard }
    actions { "publish" => say }
}

fn heard(events: &[Event]) -> Outcome {
    for event in events {
        info!("heard {} {:?} {:?} {:?}", event.name, event.after("text"), event.after("number"), event.after("list"));
        if event.after("text") == Some(&Value::Text("echo".to_owned())) {
            publish(NewEvent::new("news.said", "{\"text\": \"echo\"}"))?;
        }
    }
    Ok(())
}

fn say(call: &Call) -> Done<String> {
    let order = call.input.split('"').nth(3).unwrap_or_default();
    let said = |payload: &str| NewEvent::new("news.said", payload);
    let answer = match order {
        "one" => publish(said("{\"text\": \"hello\", \"number\": 5, \"list\": [1]}")),
        "echo" => publish(said("{\"text\": \"echo\"}")),
        "order" => {
            let all: Vec<NewEvent> =
                (0..50).map(|n| said(&format!("{{\"text\": \"x\", \"number\": {n}}}")).in_order("k")).collect();
            publish_all(&all)
        }
        "undeclared" => publish(NewEvent::new("news.sayd", "{}")),
        "foreign" => publish(NewEvent::new("lead.created", "{}")),
        "missing" => publish(said("{}")),
        "wrong type" => publish(said("{\"text\": 5}")),
        "more" => publish(said("{\"text\": \"a\", \"other\": 5}")),
        "no object" => publish(said("[]")),
        "large" => publish(said(&format!("{{\"text\": \"{}\"}}", "x".repeat(17 * 1024)))),
        "many" => publish_all(&vec![said("{\"text\": \"a\"}"); 201]),
        "half" => publish_all(&[said("{\"text\": \"half\"}"), said("{}")]),
        _ => Ok(()),
    };
    let said = match answer {
        Ok(()) => "ok".to_owned(),
        Err(error) => verstak_plugin::value::describe(&error).replace(['"', '\\'], "'"),
    };
    Ok(format!("{{\"said\": \"{said}\"}}"))
}
