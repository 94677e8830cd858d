//! Routes for phones, desktop clients and scripts: state, timer, day, timesheet. Repeats are harmless.

use serde_json::{Value as Json, json};
use verstak_plugin::prelude::*;

use crate::day::place::Position;
use crate::day::steps::{self, Said, Step};
use crate::entry::{Subject, timer};
use crate::page::now;
use crate::refusal::{Done, No, Trouble, response};
use crate::sheet;
use crate::store::{Setup, me};
use crate::zone::{self, Odd, Zone};

/// An answer, or a refusal as problem details.
fn answer(done: Done<Json>) -> Outcome<Response> {
    match done {
        Ok(json) => Ok(Response::json(200, json.to_string())),
        Err(trouble) => response(trouble),
    }
}

fn caller() -> Done<String> {
    me().ok_or_else(|| No { status: 401, ..No::denied("caller.none", "Sign in first") }.into())
}

fn body(request: &Request) -> Done<Json> {
    if request.body.is_empty() {
        return Ok(json!({}));
    }
    let wrong = || No::wrong("time.body", "body.json", "The body is no JSON object");
    serde_json::from_slice::<Json>(&request.body).ok().filter(Json::is_object).ok_or_else(|| wrong().into())
}

/// An instant as somebody wrote it.
///
/// # Errors
/// `time.nonexistent_local_time`, `time.ambiguous_local_time`, `time.unreadable`.
pub fn moment(zone: Zone, text: &str) -> Done<i64> {
    zone.read(text).map_err(|odd| {
        match odd {
            Odd::Nonexistent => {
                No::wrong("time.nonexistent_local_time", "time.nonexistent", "The clocks leap over this time")
            }
            Odd::Ambiguous => No::wrong(
                "time.ambiguous_local_time",
                "time.ambiguous",
                "This time comes twice that night: say the offset",
            ),
            Odd::Unreadable => No::wrong("time.unreadable", "time.unreadable", "This is no time"),
        }
        .into()
    })
}

/// `GET /state`.
///
/// # Errors
/// What the host could not do.
pub fn state(_: &Request) -> Outcome<Response> {
    answer(caller().and_then(|person| state_of(&person)))
}

fn state_of(person: &str) -> Done<Json> {
    Ok(now::Now::of(person)?.json())
}

/// `POST /timer/start`.
///
/// # Errors
/// What the host could not do.
pub fn timer_start(request: &Request) -> Outcome<Response> {
    answer(caller().and_then(|person| {
        let body = body(request)?;
        let part =
            |key: &str| body.get("subject").and_then(|of| of.get(key)).and_then(Json::as_str).unwrap_or_default();
        let subject = Subject::new(part("entity"), part("id"))?;
        if !subject.is_seen()? {
            return Err(No {
                status: 404,
                ..No::wrong("time.subject_gone", "entry.subject_gone", "This record is not there")
            }
            .into());
        }
        let note = body.get("note").and_then(Json::as_str).unwrap_or_default();
        let running = timer::start(&person, &subject, note)?;
        Ok(json!({ "id": running.id, "since": zone::instant(running.since), "title": running.title }))
    }))
}

/// `POST /timer/stop`.
///
/// # Errors
/// What the host could not do.
pub fn timer_stop(_: &Request) -> Outcome<Response> {
    answer(caller().and_then(|person| {
        let stopped = timer::stop(&Setup::load(), &person, runtime::now(), false)?;
        Ok(json!({ "id": stopped.map(|one| one.id) }))
    }))
}

fn day_step(request: &Request, step: Step) -> Outcome<Response> {
    answer(caller().and_then(|person| {
        let body = body(request)?;
        let zone = Setup::of(&person)?.zone;
        let at = body.get("at").and_then(Json::as_str).map(|text| moment(zone, text)).transpose()?;
        let position = body.get("place").and_then(Position::of);
        let said = Said { at, reason: body.get("reason").and_then(Json::as_str), position };
        let stepped = steps::step(&person, step, said)?;
        let mut state = state_of(&person)?;
        if let (Some(map), Some(waits)) = (state.as_object_mut(), stepped.waits) {
            map.insert("correction".to_owned(), waits.into());
        }
        Ok(state)
    }))
}

/// `POST /day/start`.
///
/// # Errors
/// What the host could not do.
pub fn day_start(request: &Request) -> Outcome<Response> {
    day_step(request, Step::Start)
}

/// `POST /day/pause`.
///
/// # Errors
/// What the host could not do.
pub fn day_pause(request: &Request) -> Outcome<Response> {
    day_step(request, Step::Pause)
}

/// `POST /day/resume`.
///
/// # Errors
/// What the host could not do.
pub fn day_resume(request: &Request) -> Outcome<Response> {
    day_step(request, Step::Resume)
}

/// `POST /day/finish`.
///
/// # Errors
/// What the host could not do.
pub fn day_finish(request: &Request) -> Outcome<Response> {
    day_step(request, Step::Finish)
}

/// `POST /sheets/{week}/submit` with `{comment}`; the week by one of its days. `user`: that of somebody who left.
///
/// # Errors
/// What the host could not do.
pub fn submit(request: &Request) -> Outcome<Response> {
    answer(caller().and_then(|person| {
        let body = body(request)?;
        let week = request.parameter("week").and_then(zone::date);
        let week =
            week.ok_or_else(|| Trouble::from(No::wrong("time.unreadable", "time.unreadable", "This is no time")))?;
        let text = |key: &str| body.get(key).and_then(Json::as_str);
        let id = sheet::submit(text("user").unwrap_or(&person), week, text("comment"))?;
        Ok(json!({ "id": id }))
    }))
}
