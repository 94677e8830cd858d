//! What people press on the pages. Writes in the module's own name pass by its guards, so each press asks the same questions.

use serde_json::json;
use verstak_plugin::pages::Answer;
use verstak_plugin::prelude::*;

use crate::acceptance::{self, Refused};
use crate::plan::Gaps;
use crate::replan::replan;
use crate::store::{self, Read, Rules, date};
use crate::who::Who;
use crate::{after, closing, gating, measuring, office, specification, versions};

fn no(refused: &Refused) -> NotActed {
    NotActed::refuse(refused.message())
}

fn done(key: &str, text: &str) -> Answer {
    answer().toast(Message::new(key, text)).refresh(&[])
}

fn not_yours(text: &'static str) -> NotActed {
    no(&Refused::new("rollout.not_yours", text))
}

fn project_of(deed: &Deed) -> Acted<Row> {
    let id = deed.text("project").or_else(|| deed.view().param("project")).unwrap_or_default().to_owned();
    Ok(store::one("rollout_project", &id)?)
}

/// Seconds after which a plan that is not whole is finished in the background: no press takes as long.
const FILLED: i64 = 30;

/// Whoever may begin a project.
pub fn may_begin(who: &Who) -> Result<bool, HostError> {
    Ok(who.has("rollout_lead")? || who.has("admin")?)
}

/// A project from a template, with its whole plan.
///
/// # Errors
/// What the host says.
pub fn begin(input: &impl Fields, lead: Option<&str>, rules: &Rules) -> Outcome<Row> {
    let language = input.text("language").map_or_else(|| runtime::context().locale, str::to_owned);
    let system = input.text("system_name").filter(|name| !name.trim().is_empty()).unwrap_or("Verstak").to_owned();
    let start = input.day("start").unwrap_or_else(|| rules.today());
    let title = input.text("title").map_or_else(|| system.clone(), str::to_owned);
    let draft = Draft::new()
        .with("title", title)
        .with("template", input.text("template").unwrap_or("standard"))
        .with("language", language)
        .with("system_name", system)
        .with("start", date(store::calendar(start, 30)?.first(start)))
        .with("stage", "running")
        .with_some("lead", input.id("lead").or(lead).map(Value::link));
    let made = records::create("rollout_project", draft)?;
    // Should the copy break off half-way, the job finishes it.
    let rest = NewJob::new("fill").input(json!({"project": made.id}).to_string()).after_seconds(FILLED);
    jobs::enqueue(rest.once_as(format!("fill:{}", made.id)))?;
    let project = store::one("rollout_project", &made.id)?;
    after::fill(&project, rules)?;
    Ok(store::one("rollout_project", &made.id)?)
}

/// "Begin": the first thing on an empty page.
pub fn create_project(deed: &Deed) -> Acted {
    let who = Who::acts();
    if !may_begin(&who)? {
        return Err(not_yours("A rollout is begun by who has the role “Rollout: leads”"));
    }
    let project = begin(deed, who.id.as_deref(), &Rules::load())?;
    Ok(done("page.begun", "The plan is ready").open(format!("/app/verstak.rollout/rollout?project={}", project.id)))
}

fn stage_of(deed: &Deed) -> Acted<Row> {
    let id = match deed.text("stage") {
        Some(stage) => stage.to_owned(),
        None => deed.row()?.to_owned(),
    };
    Ok(store::one("rollout_stage", &id)?)
}

/// Accepts a stage.
pub fn accept(deed: &Deed) -> Acted {
    accept_stage(&stage_of(deed)?)?.map_err(|refused| no(&refused))?;
    Ok(done("page.accepted", "Accepted"))
}

/// Accepts a stage, as whoever acts.
///
/// # Errors
/// What the host says; in the inner result why not.
pub fn accept_stage(stage: &Row) -> Outcome<Result<(), Refused>> {
    let (who, rules) = (Who::acts(), Rules::load());
    if let Err(refused) = acceptance::accept(&who, stage, &stage.id, &rules)? {
        return Ok(Err(refused));
    }
    let draft = Draft::new()
        .with("stage", "accepted")
        .with_some("accepted_by", who.id.as_deref().map(Value::link))
        .with("accepted_at", Value::Instant(runtime::now()));
    records::change("rollout_stage", &stage.id, draft)?;
    after::settled(&store::one("rollout_stage", &stage.id)?, false)?;
    Ok(Ok(()))
}

/// Passes over a stage.
pub fn pass_over(deed: &Deed) -> Acted {
    let reason = deed.words("reason").to_owned();
    pass_over_stage(&stage_of(deed)?, &reason)?.map_err(|refused| no(&refused))?;
    Ok(done("page.passed_over", "Passed over: it stands in the report"))
}

/// Passes over a stage, as whoever acts.
///
/// # Errors
/// What the host says; in the inner result why not.
pub fn pass_over_stage(stage: &Row, reason: &str) -> Outcome<Result<(), Refused>> {
    let (who, rules) = (Who::acts(), Rules::load());
    if let Err(refused) = acceptance::pass_over(&who, reason, &rules)? {
        return Ok(Err(refused));
    }
    let draft = Draft::new()
        .with("override_reason", reason.trim())
        .with_some("override_by", who.id.as_deref().map(Value::link))
        .with("override_at", Value::Instant(runtime::now()));
    records::change("rollout_stage", &stage.id, draft)?;
    after::settled(&store::one("rollout_stage", &stage.id)?, true)?;
    Ok(Ok(()))
}

/// Submits a stage to the board.
pub fn submit(deed: &Deed) -> Acted {
    let (who, stage) = (Who::acts(), stage_of(deed)?);
    let project = store::one("rollout_project", stage.words("project"))?;
    if !who.leads(&project)? && !who.is(stage.id("responsible")) {
        return Err(not_yours("A stage is submitted by the lead or by who is responsible for it"));
    }
    if !acceptance::is_open(&stage)? {
        return Err(no(&acceptance::locked()));
    }
    records::change("rollout_stage", &stage.id, Draft::new().with("stage", "submitted"))?;
    after::settled(&store::one("rollout_stage", &stage.id)?, false)?;
    Ok(done("page.submitted", "Submitted to the board"))
}

/// Returns a stage with a remark.
pub fn give_back(deed: &Deed) -> Acted {
    let stage = stage_of(deed)?;
    if !Who::acts().is_board(&Rules::load())? {
        return Err(not_yours("A stage is returned by the board"));
    }
    let draft = Draft::new().with("stage", "returned").with("remark", deed.words("remark"));
    records::change("rollout_stage", &stage.id, draft)?;
    after::settled(&store::one("rollout_stage", &stage.id)?, false)?;
    Ok(done("page.returned", "Returned"))
}

/// Pulls every task to where those before it end.
pub fn pull(deed: &Deed) -> Acted {
    let project = project_of(deed)?;
    if !Who::acts().leads(&project)? {
        return Err(not_yours("The plan is pulled together by the lead of the project"));
    }
    replan(&project, Gaps::Close, &Rules::load())?;
    Ok(done("page.pulled", "The plan is pulled together"))
}

/// Sends the plan to the board.
pub fn send_version(deed: &Deed) -> Acted {
    let project = project_of(deed)?;
    if !Who::acts().leads(&project)? {
        return Err(not_yours("Versions are sent by the lead of the project"));
    }
    versions::send(&project)?.map_err(|refused| no(&refused))?;
    Ok(done("page.version_sent", "Sent to the board"))
}

/// Agrees to the version in this row.
pub fn agree_version(deed: &Deed) -> Acted {
    let version = store::one("rollout_version", deed.row()?)?;
    if !Who::acts().is_board(&Rules::load())? {
        return Err(not_yours("The board agrees to a version"));
    }
    if version.stage() != "sent" {
        return Err(NotActed::refuse(Message::new("rollout.version_not_sent", "Only what was sent can be agreed to")));
    }
    records::change("rollout_version", &version.id, Draft::new().with("stage", "agreed"))?;
    versions::agree(&version)?;
    if let Some(project) = records::get("rollout_project", version.words("project"))? {
        replan(&project, Gaps::Keep, &Rules::load())?;
    }
    Ok(done("page.version_agreed", "Agreed: lateness is counted from it"))
}

/// Puts a report of how things stand beside the project and tells the board of it.
pub fn report(deed: &Deed) -> Acted {
    let project = project_of(deed)?;
    if !Who::acts().leads(&project)? {
        return Err(not_yours("The board is reported to by the lead of the project"));
    }
    let rules = Rules::load();
    closing::interim(&project, &rules)?;
    Ok(done("page.reported", "The report stands among the files of the project; the board is told"))
}

/// Puts the specification beside the project: its requirements as a text.
pub fn specification(deed: &Deed) -> Acted {
    let project = project_of(deed)?;
    if !Who::acts().takes_part(&Rules::load())? {
        return Err(not_yours("The specification is taken out by those who take part"));
    }
    specification::put(&project, Rules::load().today())?;
    Ok(done("page.exported", "The file stands among the files of the project"))
}

/// Switches the module in this row on, for a department from a day on.
pub fn plan_gate(deed: &Deed) -> Acted {
    let project = project_of(deed)?;
    let module = deed.row()?.to_owned();
    if !gates::modules()?.iter().any(|one| one.id == module) {
        return Err(NotActed::refuse(Message::new("rollout.no_module", "The company does not run this module")));
    }
    let rules = Rules::load();
    let from = deed.day("from").unwrap_or_else(|| rules.today());
    let department = deed.id("department").or_else(|| deed.text("department")).filter(|id| !id.is_empty());
    let asked = gating::Asked { module: &module, department, from, until: deed.day("until"), key: deed.key() };
    gating::may(&Who::acts(), &project, department.is_none(), &rules)?.map_err(|refused| no(&refused))?;
    gating::plan(&project, &asked, &rules)?;
    Ok(done("page.gate_planned", "Planned"))
}

/// Closes the project.
pub fn close(deed: &Deed) -> Acted {
    let project = project_of(deed)?;
    if !Who::acts().leads(&project)? {
        return Err(not_yours("A project is closed by its lead"));
    }
    closing::close(&project, &Rules::load())?.map_err(|refused| no(&refused))?;
    Ok(done("page.closed", "Closed: the report stands among the files of the project"))
}

/// Confirms the interview in this row: by the person it was held with.
pub fn confirm(deed: &Deed) -> Acted {
    let interview = store::one("rollout_interview", deed.row()?)?;
    let who = Who::acts();
    if !who.is(interview.id("person")) {
        return Err(not_yours("An interview is confirmed by the person it was held with"));
    }
    let draft = Draft::new()
        .with_some("confirmed_by", who.id.as_deref().map(Value::link))
        .with("confirmed_at", Value::Instant(runtime::now()));
    records::change("rollout_interview", &interview.id, draft)?;
    Ok(done("page.confirmed", "Confirmed"))
}

/// Approves the goal in this row: the board.
pub fn approve_goal(deed: &Deed) -> Acted {
    let goal = store::one("rollout_goal", deed.row()?)?;
    let who = Who::acts();
    if !who.is_board(&Rules::load())? {
        return Err(not_yours("Goals are approved by the board"));
    }
    let draft = Draft::new()
        .with_some("approved_by", who.id.as_deref().map(Value::link))
        .with("approved_at", Value::Instant(runtime::now()));
    records::change("rollout_goal", &goal.id, draft)?;
    Ok(done("page.approved", "Approved"))
}

/// Takes a figure of the system over a window.
pub fn measure(deed: &Deed) -> Acted {
    let project = project_of(deed)?;
    if !Who::acts().measures(&project)? {
        return Err(not_yours("Figures are measured by the lead and the team"));
    }
    let Some(days) = deed.day("first").zip(deed.day("last")) else {
        return Err(NotActed::refuse(Message::new("rollout.window", "Say from when to when")));
    };
    let department = deed.text("department").filter(|id| !id.is_empty());
    let asked = measuring::Asked { metric: deed.words("metric"), moment: deed.words("moment"), days, department };
    measuring::now(&project, &asked)?.map_err(NotActed::refuse)?;
    Ok(done("page.measured", "Measured"))
}

/// Puts the plan and its registers as a workbook beside the project.
pub fn export(deed: &Deed) -> Acted {
    let project = project_of(deed)?;
    if !Who::acts().takes_part(&Rules::load())? {
        return Err(not_yours("The plan is taken out by those who take part"));
    }
    let name = office::file_name("", project.words("title"), "xlsx");
    let (bytes, left) = crate::export::workbook(&project)?;
    files::put("rollout_project", &project.id, &name, &bytes)?;
    if left.is_empty() {
        return Ok(done("page.exported", "The file stands among the files of the project"));
    }
    let text = Message::new(
        "page.exported_part",
        "The file stands among the files of the project, without what is too long: {list}",
    );
    Ok(answer().warn(text.with("list", left.join(", "))).refresh(&[]))
}
