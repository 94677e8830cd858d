//! Says whom it, or another plugin, is on for; writes down each gate that is changed.

use verstak_plugin::prelude::*;

plugin! {
    events { "changed" => changed }
    http { GET "/who" => who }
}

fn changed(events: &[Event]) -> Outcome {
    for event in events {
        let values: Vec<String> = event.changes.iter().map(|one| format!("{}={:?}", one.field, one.after)).collect();
        info!("heard {} {} {}", event.name, event.entity, values.join(" "));
    }
    Ok(())
}

fn who(request: &Request) -> Outcome<Response> {
    let people: Vec<String> = request.parameter("people").unwrap_or_default().split(',').map(str::to_owned).collect();
    let people: Vec<String> = people.into_iter().filter(|id| !id.is_empty()).collect();
    let said = match (request.parameter("plugin"), request.parameter("one")) {
        (Some(plugin), _) => gates::those_with(plugin, &people).map(|on| on.join(",")),
        (None, Some(one)) => gates::is_on(one).map(|on| on.to_string()),
        (None, None) => gates::departments().map(|named| named.map_or("everybody".to_owned(), |named| named.join(","))),
    };
    let said = said.unwrap_or_else(|error| verstak_plugin::value::describe(&error));
    Ok(Response::json(200, format!("{{\"said\": \"{}\"}}", said.replace('"', "'"))))
}
