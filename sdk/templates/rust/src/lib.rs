//! Refuses converted leads without an amount.

use verstak_plugin::prelude::*;

plugin! { hooks { "amount" => each amount_before_conversion } }

fn amount_before_conversion(change: &mut Change) -> Outcome {
    if change.text("stage") == Some("converted") && change.is_empty("amount") {
        change.reject(Message::new("amount.missing", "Fill in the amount first")).on("amount");
    }
    Ok(())
}
