//! Looks at a lead and sets one field: the plainest before-hook, for benchmarks and order tests.

use verstak_plugin::prelude::*;

plugin! { hooks { "comment" => each comment } }

fn comment(change: &mut Change) -> Outcome {
    let comments = change.text("comments").unwrap_or_default().to_owned();
    if !comments.ends_with("seen") {
        change.set("comments", format!("{comments} seen"));
    }
    Ok(())
}
