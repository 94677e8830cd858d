//! What a plugin can do in a process: an action that computes, and a condition that answers with yes or no. Owns
//! nothing; it knows the lead through the SDK and the rest from its settings.
//!
//! | file | what |
//! |---|---|
//! | `lib.rs` | the action `discount` and the condition `large` |
//! | `money.rs` | amounts in hundredths, so that no cent is lost |

mod money;

use money::Cents;
use serde_json::{Value as Json, json};
use verstak_plugin::prelude::*;

verstak_plugin::plugin! {
    actions { "discount" => discount }
    conditions { "large" => large }
}

/// `{extra_percent}` in, `{percent, discount, total}` out. Small leads get only what the process gives on top.
fn discount(call: &Call) -> Done<String> {
    let settings = Settings::load();
    let amount = amount(call)?.ok_or_else(|| NotDone::bpmn("no_amount", "the lead has no amount"))?;
    let own = if amount >= threshold(&settings) { settings.integer("percent").unwrap_or_default() } else { 0 };
    let extra = input(call)?.get("extra_percent").and_then(Json::as_i64).unwrap_or_default();
    if extra < 0 {
        return Err(NotDone::never("extra_percent is negative"));
    }
    let percent = own.saturating_add(extra).min(settings.integer("most").unwrap_or(100));
    let discount = amount.percent(percent);
    let total = amount.minus(discount);
    Ok(json!({ "percent": percent, "discount": discount.number(), "total": total.number() }).to_string())
}

/// `{at_least}` in. A lead without an amount is not a large one.
fn large(call: &Call) -> Done<bool> {
    let from = match input(call)?.get("at_least") {
        Some(amount) => Cents::parse(&amount.to_string()).ok_or_else(|| NotDone::never("at_least is too large"))?,
        None => threshold(&Settings::load()),
    };
    Ok(amount(call)?.is_some_and(|amount| amount >= from))
}

fn threshold(settings: &Settings) -> Cents {
    Cents::whole(settings.integer("large_from").unwrap_or_default())
}

fn amount(call: &Call) -> Done<Option<Cents>> {
    let lead = call.subject_of("lead")?;
    match lead.text("amount") {
        Some(text) => Cents::parse(text).map(Some).ok_or_else(|| NotDone::never("the amount is no number")),
        None => Ok(None),
    }
}

fn input(call: &Call) -> Done<Json> {
    serde_json::from_str(&call.input).map_err(NotDone::never)
}
