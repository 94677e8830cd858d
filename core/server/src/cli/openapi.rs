//! `verstak openapi`.

use super::{Failure, Outcome, say};

pub(super) fn run() -> Outcome {
    let text = serde_json::to_string_pretty(&crate::openapi::document()).map_err(|e| Failure(e.to_string()))?;
    say(&text);
    Ok(())
}
