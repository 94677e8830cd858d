//! Writes down what each call brings, `record:version` by `record:version`, and fails when it is told to.
//!
//! Keys: `calls` counts; `plan` has a character per call, `x` for a call that fails; `bad` is a record whose events always
//! fail; `call/<n>/<ok or failed>` is what the call brought.

use verstak_plugin::prelude::*;

plugin! { events { "heard" => heard } }

fn heard(events: &[Event]) -> Outcome {
    let known = kv::get_many(&["calls".to_owned(), "plan".to_owned(), "bad".to_owned()])?;
    let text = |index: usize| -> String {
        let entry = known.get(index).and_then(Option::as_ref);
        entry.map(|entry| String::from_utf8_lossy(&entry.value).into_owned()).unwrap_or_default()
    };
    let calls: usize = text(0).parse().unwrap_or_default();
    let bad = text(2);
    let fails = text(1).as_bytes().get(calls) == Some(&b'x') || events.iter().any(|event| event.record == bad);
    let brought: Vec<String> = events.iter().map(|event| format!("{}:{}", event.record, event.version)).collect();
    let end = if fails { "failed" } else { "ok" };
    kv::set(&format!("call/{calls:06}/{end}"), brought.join(" "), None)?;
    kv::set("calls", (calls + 1).to_string(), None)?;
    if fails { Err("as the plan says".into()) } else { Ok(()) }
}
