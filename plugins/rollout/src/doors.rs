//! Routes, and steps of processes: the same acts for programs.

use serde_json::{Map, Value as Json, json};
use verstak_plugin::prelude::*;
use verstak_plugin::{Field, tasks::NewTask};

use crate::acceptance::{self, Refused};
use crate::days::Day;
use crate::store::{self, Read, Rules, all_of, is, words_of};
use crate::who::Who;
use crate::words::say;
use crate::{closing, deeds, export, gating, measuring};

fn body(request: &Request) -> Map<String, Json> {
    let read = request.text().and_then(|text| serde_json::from_str::<Json>(text).ok());
    match read {
        Some(Json::Object(map)) => map,
        _ => Map::new(),
    }
}

fn text<'a>(body: &'a Map<String, Json>, key: &str) -> &'a str {
    body.get(key).and_then(Json::as_str).unwrap_or_default()
}

fn problem(status: u16, code: &str, detail: &str, lacks: &[String]) -> Response {
    Response::json(status, json!({"code": code, "detail": detail, "lacks": lacks}).to_string())
}

fn no(refused: &Refused) -> Response {
    problem(refused.status(), refused.code, &refused.message().fallback, &refused.lacks)
}

/// What the host did not find or refused, as an answer.
fn told<T>(result: Result<T, HostError>) -> Outcome<Result<T, Response>> {
    match result {
        Ok(value) => Ok(Ok(value)),
        Err(error) if store::is_gone(&error) => Ok(Err(problem(404, "not_found", &words_of(&error), &[]))),
        Err(error @ (HostError::Invalid(_) | HostError::Conflict(_))) => {
            Ok(Err(problem(422, "rollout.invalid", &words_of(&error), &[])))
        }
        Err(error) => Err(error.into()),
    }
}

/// `POST /projects {title, template, language, system_name, start}`.
pub fn projects(request: &Request) -> Outcome<Response> {
    let who = Who::acts();
    if !deeds::may_begin(&who)? {
        return Ok(problem(403, "rollout.not_yours", "Rollouts are begun by who leads them", &[]));
    }
    let body = body(request);
    let texts = ["title", "template", "language", "system_name", "start"].iter().filter_map(|key| {
        let text = body.get(*key).and_then(Json::as_str)?;
        Some(Field::new(key, if *key == "start" { Value::Date(text.to_owned()) } else { Value::Text(text.to_owned()) }))
    });
    let input: Vec<Field> = texts.collect();
    let project = deeds::begin(&input, who.id.as_deref(), &Rules::load())?;
    let end = project.text("end");
    Ok(Response::json(201, json!({"id": project.id, "title": project.words("title"), "end": end}).to_string()))
}

fn of_stage(
    request: &Request,
    act: impl FnOnce(&Row, &Map<String, Json>) -> Outcome<Result<(), Refused>>,
) -> Outcome<Response> {
    let body = body(request);
    let stage = match told(store::one("rollout_stage", request.parameter("id").unwrap_or_default()))? {
        Ok(stage) => stage,
        Err(response) => return Ok(response),
    };
    Ok(match act(&stage, &body)? {
        Ok(()) => Response::json(200, json!({"id": stage.id}).to_string()),
        Err(refused) => no(&refused),
    })
}

/// `POST /stages/{id}/accept`.
pub fn accept(request: &Request) -> Outcome<Response> {
    of_stage(request, |stage, _| deeds::accept_stage(stage))
}

/// `POST /stages/{id}/override {reason}`.
pub fn pass_over(request: &Request) -> Outcome<Response> {
    of_stage(request, |stage, body| deeds::pass_over_stage(stage, text(body, "reason")))
}

/// `POST /projects/{id}/close`.
pub fn close(request: &Request) -> Outcome<Response> {
    let project = match told(store::one("rollout_project", request.parameter("id").unwrap_or_default()))? {
        Ok(project) => project,
        Err(response) => return Ok(response),
    };
    if !Who::acts().leads(&project)? {
        return Ok(problem(403, "rollout.not_yours", "A project is closed by its lead", &[]));
    }
    Ok(match closing::close(&project, &Rules::load())? {
        Ok(name) => Response::json(200, json!({"report": name}).to_string()),
        Err(refused) => no(&refused),
    })
}

fn asked(body: &Map<String, Json>, days: (Day, Day)) -> measuring::Asked<'_> {
    let department = Some(text(body, "department")).filter(|id| !id.is_empty());
    measuring::Asked { metric: text(body, "metric"), moment: text(body, "moment"), days, department }
}

/// `POST /measures {project, metric, moment, first, last, department}`.
pub fn measures(request: &Request) -> Outcome<Response> {
    let body = body(request);
    let who = Who::acts();
    let no = || problem(403, "rollout.not_yours", "Figures are measured by the lead and the team", &[]);
    if !who.takes_part(&Rules::load())? {
        return Ok(no());
    }
    let project = match told(store::one("rollout_project", text(&body, "project")))? {
        Ok(project) => project,
        Err(response) => return Ok(response),
    };
    if !who.measures(&project)? {
        return Ok(no());
    }
    let days = Day::parse(text(&body, "first")).zip(Day::parse(text(&body, "last")));
    let Some(days) = days else { return Ok(problem(422, "rollout.window", "Say from when to when", &[])) };
    Ok(match measuring::now(&project, &asked(&body, days))? {
        Ok(id) => Response::json(201, json!({"id": id}).to_string()),
        Err(message) => problem(409, &message.key, &message.fallback, &[]),
    })
}

/// `GET /plan.ics?project=`.
pub fn calendar(request: &Request) -> Outcome<Response> {
    if !Who::acts().takes_part(&Rules::load())? {
        return Ok(problem(403, "rollout.not_yours", "The plan is for those who take part", &[]));
    }
    let project = match told(store::one("rollout_project", request.parameter("project").unwrap_or_default()))? {
        Ok(project) => project,
        Err(response) => return Ok(response),
    };
    let mut response = Response::json(200, export::calendar(&project)?);
    for header in &mut response.headers {
        "text/calendar; charset=utf-8".clone_into(&mut header.value);
    }
    Ok(response)
}

fn input(call: &Call) -> Map<String, Json> {
    match serde_json::from_str(&call.input) {
        Ok(Json::Object(map)) => map,
        _ => Map::new(),
    }
}

/// Plans a gate of the project that the process is about.
pub fn set_gate(call: &Call) -> Done<String> {
    let project = call.subject_of("rollout_project")?;
    let input = input(call);
    let department = input.get("department").and_then(Json::as_str);
    let rules = Rules::load();
    if department.is_none()
        && let Err(refused) = acceptance::company_gate(&project, &rules)?
    {
        return Err(NotDone::bpmn("pilot_not_passed", refused.lacks.join("; ")));
    }
    let from = Day::parse(text(&input, "from")).unwrap_or_else(|| rules.today());
    let asked = gating::Asked { module: text(&input, "module"), department, from, until: None, key: &call.key };
    Ok(json!({"gate": gating::plan(&project, &asked, &rules)?}).to_string())
}

/// Measures a figure of the project that the process is about.
pub fn measure(call: &Call) -> Done<String> {
    let project = call.subject_of("rollout_project")?;
    let input = input(call);
    let days = Day::parse(text(&input, "first")).zip(Day::parse(text(&input, "last")));
    let days = days.ok_or_else(|| NotDone::never("say from when to when"))?;
    match measuring::now(&project, &asked(&input, days))? {
        Ok(id) => Ok(json!({"measure": id}).to_string()),
        Err(message) => Err(NotDone::bpmn("not_measured", message.fallback)),
    }
}

/// Asks somebody to confirm: a task to them, once.
pub fn ask_confirmation(call: &Call) -> Done<String> {
    let project = call.subject_of("rollout_project")?;
    let input = input(call);
    let title = say(project.words("language"), "task_confirm", &[("title", text(&input, "what"))]);
    let task =
        NewTask::new(&title).about("rollout_project", &project.id).executor(format!("user:{}", text(&input, "person")));
    let made = tasks::create_once([(format!("confirm:{}", call.key), task)])?.into_iter().next();
    let id = made.unwrap_or_else(|| Err(HostError::Internal("the host gave no result".to_owned())))?;
    Ok(json!({"task": id}).to_string())
}

/// Whether a stage of the project is accepted.
pub fn stage_accepted(call: &Call) -> Done<bool> {
    let project = call.subject_of("rollout_project")?;
    let number = input(call).get("number").and_then(Json::as_i64).unwrap_or(1);
    let stage = all_of([is("project", &*project.id), is("position", number), is("stage", "accepted")]);
    Ok(store::count("rollout_stage", &stage)? > 0)
}

/// Whether a module is on for whoever owns the subject.
pub fn gate_on(call: &Call) -> Done<bool> {
    let project = call.subject_of("rollout_project")?;
    let input = input(call);
    let gate = all_of([is("project", &*project.id), is("module", text(&input, "module")), is("stage", "on")]);
    let rows = store::all("rollout_gate", &gate, &["department"])?;
    let wanted = input.get("department").and_then(Json::as_str);
    Ok(rows.iter().any(|row| row.is_empty("department") || row.id("department") == wanted))
}
