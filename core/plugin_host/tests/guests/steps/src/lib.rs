//! An action and a condition that use what came with the interfaces 1.1: tasks and messages of processes.

use verstak_plugin::prelude::*;

plugin! {
    actions { "finish" => finish }
    conditions { "busy" => busy }
}

fn open() -> Done<Vec<tasks::Task>> {
    let query = tasks::Query { mine: false, instance: None, state: Some(tasks::State::Open), limit: 200, cursor: None };
    Ok(tasks::find(&query)?.tasks)
}

fn finish(call: &Call) -> Done<String> {
    let title = call.subject_of("lead")?.text("title").unwrap_or_default().to_owned();
    let open = open()?;
    for task in &open {
        tasks::complete(&task.id, "{\"by\": \"plugin\"}")?;
    }
    processes::publish(&processes::Message::new("paid").key(&title))?;
    Ok(format!("{{\"completed\": {}}}", open.len()))
}

fn busy(_: &Call) -> Done<bool> {
    Ok(!open()?.is_empty())
}
