//! Lead desk: what happens to a lead on its way in. Owns nothing but the turn, kept in its own store; all it knows of
//! leads comes through the SDK.
//!
//! | file | what |
//! |---|---|
//! | `check.rs` | the before-hook: contacts, phones, amount, owner |
//! | `phones.rs` | one spelling for phone numbers |
//! | `turn.rs` | whose turn it is |
//! | `follow_up.rs` | a task for the first call, after the lead was saved |
//! | `web_form.rs` | leads from the company's site |

mod check;
mod follow_up;
mod phones;
mod turn;
mod web_form;

verstak_plugin::plugin! {
    hooks { "check" => batch check::check }
    events { "created" => follow_up::created }
    http { POST "/web-form" => web_form::post }
}
