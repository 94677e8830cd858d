//! A request to another server: to a host of the manifest, with a key from the settings that only the host reads.

use serde_json::{Value as Json, json};
use verstak_plugin::prelude::*;

plugin! { actions { "rate" => rate } }

fn rate(call: &Call) -> Done<String> {
    let input: Json = serde_json::from_str(&call.input).map_err(NotDone::never)?;
    let currency = input.get("currency").and_then(Json::as_str).unwrap_or_default();
    if currency.len() != 3 || !currency.bytes().all(|byte| byte.is_ascii_uppercase()) {
        return Err(NotDone::never("a currency has three capital letters"));
    }
    let url = format!("https://api.example.com/rates/{currency}");
    let answer = fetch::get(&url).bearer("api_key").timeout_ms(5_000).send()?;
    match answer.status {
        200 => {}
        404 => return Err(NotDone::bpmn("unknown_currency", currency)),
        401 | 403 => return Err(NotDone::never("the service does not take the key of the settings")),
        other => return Err(NotDone::again(format!("the service answered {other}"))),
    }
    let body: Json = serde_json::from_slice(&answer.body).map_err(NotDone::again)?;
    let rate = body.get("rate").and_then(Json::as_f64).ok_or_else(|| NotDone::again("the answer has no rate"))?;
    Ok(json!({ "rate": rate }).to_string())
}
