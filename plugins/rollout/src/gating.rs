//! Modules switched on by department: the gates of all projects of a module together are whom it is on for.

use std::collections::BTreeSet;

use serde_json::json;
use verstak_plugin::events::{self, NewEvent};
use verstak_plugin::prelude::*;

use crate::acceptance::{self, Refused};
use crate::days::Day;
use crate::store::{self, Read, Rules, all_of, is};
use crate::who::Who;
use crate::work;

/// A gate that is wanted.
pub struct Asked<'a> {
    /// Id of the module.
    pub module: &'a str,
    /// With none the whole company.
    pub department: Option<&'a str>,
    /// Its first day.
    pub from: Day,
    /// The day on which it is off again.
    pub until: Option<Day>,
    /// The same key is the same gate.
    pub key: &'a str,
}

/// Whether somebody may switch modules on: the lead for departments, the board for the whole company once the pilot has passed.
///
/// # Errors
/// What the host says; in the inner result why not.
pub fn may(who: &Who, project: &Row, company: bool, rules: &Rules) -> Result<Result<(), Refused>, HostError> {
    let board = who.is_board(rules)?;
    let no = |text| Ok(Err(Refused::new("rollout.not_yours", text)));
    match company {
        true if !board => no("A module is switched on for the whole company by the board"),
        true => acceptance::company_gate(project, rules),
        false if !board && !who.leads(project)? => no("Modules are switched on by the lead of the project"),
        false => Ok(Ok(())),
    }
}

/// Plans a gate; one whose day has come is on at once.
///
/// # Errors
/// What the host says, of days that overlap among it.
pub fn plan(project: &Row, asked: &Asked, rules: &Rules) -> Result<String, HostError> {
    let same = all_of([is("project", &*project.id), is("origin_id", asked.key)]);
    if let Some(known) = store::all("rollout_gate", &same, &["module"])?.into_iter().next() {
        return Ok(known.id);
    }
    let stage = work::standing("planned", Some(asked.from), asked.until, rules.today()).unwrap_or("planned");
    let draft = Draft::new()
        .with("project", Value::link(&project.id))
        .with("stage", stage)
        .with("module", asked.module)
        .with("title", asked.module)
        .with_some("department", asked.department.map(Value::link))
        .with("from", store::date(asked.from))
        .with_some("until", asked.until.map(store::date))
        .with("origin_id", asked.key);
    let gate = store::one("rollout_gate", &records::create("rollout_gate", draft)?.id)?;
    settled(&gate)?;
    Ok(gate.id)
}

/// What follows from how a gate stands now: the module is on for whom it should be, others are told, and the project knows when its
/// pilot and its launch began.
///
/// # Errors
/// What the host says.
pub fn settled(gate: &Row) -> Result<(), HostError> {
    let payload = json!({
        "module": gate.text("module"),
        "department": gate.id("department"),
        "state": gate.stage(),
    });
    events::publish(NewEvent::new("gate.changed", payload.to_string()))?;
    apply(gate.words("module"))?;
    match records::get("rollout_project", gate.words("project"))? {
        Some(project) if gate.stage() == "on" => begun(gate, &project),
        _ => Ok(()),
    }
}

/// The first department is the pilot, the first gate of the whole company is the launch.
fn begun(gate: &Row, project: &Row) -> Result<(), HostError> {
    let Some(from) = gate.day("from") else { return Ok(()) };
    let mut draft = Draft::new();
    if gate.is_empty("department") && project.is_empty("launched") {
        draft = draft.with("launched", store::date(from));
        if project.stage() == "running" {
            draft = draft.with("stage", "hypercare");
        }
    }
    if !gate.is_empty("department") && project.is_empty("pilot_from") {
        draft = draft.with("pilot_from", store::date(from));
        if project.is_empty("pilot") {
            draft = draft.with_some("pilot", gate.id("department").map(Value::link));
        }
    }
    match draft.0.is_empty() {
        true => Ok(()),
        false => records::change("rollout_project", &project.id, draft).map(|_| ()),
    }
}

/// Says whom a module is on for, by all gates that are on. A module that no gate was ever planned for stays as the
/// administrators have it.
fn apply(module: &str) -> Result<(), HostError> {
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
