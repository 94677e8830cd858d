//! The before-hook of days: they are written by their steps and by corrections alone, and not at all in a closed month.

use verstak_plugin::prelude::*;

use crate::period;
use crate::refusal::{Done, No, Trouble};
use crate::store;

/// The before-hook.
///
/// # Errors
/// As the host says.
pub fn check(change: &mut Change) -> Outcome {
    match judge(change) {
        Ok(()) => Ok(()),
        Err(Trouble::No(no)) => {
            change.reject(no.message).on("starts_at");
            Ok(())
        }
        Err(Trouble::Host(error)) => Err(error.into()),
    }
}

fn judge(change: &Change) -> Done {
    if store::by_hand() {
        let text = "A day is changed by its buttons and by corrections";
        return Err(No::denied("day.by_hand", text).into());
    }
    let dates = [store::day(change, "day"), store::day(&change.before().to_vec(), "day")];
    period::must_be_open(&dates.into_iter().flatten().collect::<Vec<_>>(), None)
}
