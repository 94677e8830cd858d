//! Modules switched on by department: the gates of all projects of a module together are whom it is on for.

use std::collections::BTreeSet;

use verstak_plugin::prelude::*;

use crate::store::{self, all_of, is};

/// Says whom a module is on for, by all gates that are on. A module that no gate was ever planned for stays as the
/// administrators have it.
///
/// # Errors
/// What the host says.
pub fn apply(module: &str) -> Result<(), HostError> {
    let Some(now) = gates::modules()?.into_iter().find(|one| one.id == module) else { return Ok(()) };
    let open = store::all("rollout_gate", &all_of([is("module", module), is("stage", "on")]), &["department"])?;
    let wanted = match open.iter().any(|gate| gate.is_empty("department")) {
        true => None,
        false => Some(open.iter().filter_map(|gate| gate.id("department").map(str::to_owned)).collect::<BTreeSet<_>>()),
    };
    let same = now.departments.map(|departments| departments.into_iter().collect::<BTreeSet<_>>()) == wanted;
    if same {
        return Ok(());
    }
    let wanted: Option<Vec<String>> = wanted.map(|departments| departments.into_iter().collect());
    gates::set(module, wanted.as_deref())
}
