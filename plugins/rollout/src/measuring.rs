//! Figures measured by the system: of the company's reports, and of the answers of polls.

use serde_json::{Value as Json, json};
use verstak_plugin::prelude::*;

use crate::days::Day;
use crate::figures::{self, float};
use crate::store::{self, Read, Rules, all_of, date, is};
use crate::{goals, guards, signals};

/// Figures that the company's reports have.
const COUNTED: [&str; 8] = [
    "lead-created",
    "lead-first_answer",
    "deal-won",
    "deal-cycle",
    "task-late_share",
    "client-gained",
    "deal-cross",
    "client-repeat",
];
/// How content people are: the mean of the answers of polls.
const SATISFACTION: &str = "satisfaction";
/// Working days of a window that nobody has chosen.
const WINDOW: i64 = 20;

/// What is to be measured.
pub struct Asked<'a> {
    /// The figure, as goals have it.
    pub metric: &'a str,
    /// `before`, `check` or `after`.
    pub moment: &'a str,
    /// First and last day.
    pub days: (Day, Day),
    /// Whose, with those below them; none: the whole company's.
    pub department: Option<&'a str>,
}

/// What was measured.
struct Figure {
    value: f64,
    n: i64,
    definition: i64,
    method: &'static str,
}

/// Measures a figure over a window and keeps it. Answers the measure.
///
/// # Errors
/// What the host says; in the inner result why not.
pub fn now(project: &Row, asked: &Asked) -> Outcome<Result<String, Message>> {
    let rules = Rules::load();
    let (metric, moment, (first, last)) = (asked.metric, asked.moment, asked.days);
    if last < first {
        return Ok(Err(Message::new("rollout.end_before", "The last day is before the first one")));
    }
    if let Err((key, text, _)) = guards::window(project, moment, first, last, &rules)? {
        return Ok(Err(Message::new(key, text)));
    }
    let departments = asked.department.map_or(Ok(Vec::new()), signals::with_below)?;
    if asked.department.is_some() && departments.is_empty() {
        return Ok(Err(Message::new("rollout.no_department", "There is no such department")));
    }
    let figure = match metric {
        // Guests and colleagues answer for the whole company.
        SATISFACTION if departments.is_empty() => answers(project, (first, last), &rules)?,
        _ if COUNTED.contains(&metric) => counted(metric, (first, last), &departments)?,
        _ => None,
    };
    let Some(figure) = figure else {
        let text = "There is no such figure in these days: enter it with its source";
        return Ok(Err(Message::new("rollout.no_figure", text)));
    };
    let draft = Draft::new()
        .with("project", Value::link(&project.id))
        .with("metric", metric)
        .with("moment", moment)
        .with_some("department", asked.department.map(Value::link))
        .with("first", date(first))
        .with("last", date(last))
        .with("working_days", store::calendar_between(first, last)?.between(first, last))
        .with("value", store::decimal(figure.value))
        .with("n", figure.n)
        .with("definition", figure.definition)
        .with("method", figure.method);
    Ok(Ok(records::create("rollout_measure", draft)?.id))
}

/// Whose a record is, for a figure of some departments: of what is closed, as in reports, of whoever closed it.
fn person_of(metric: &str) -> &'static str {
    match metric {
        "lead-created" | "lead-first_answer" => "owner",
        "task-late_share" => "assignee",
        _ => "closed_owner",
    }
}

/// A figure of the company's reports, of the people of these departments; of none: of everybody.
fn counted(metric: &str, (first, last): (Day, Day), departments: &[String]) -> Outcome<Option<Figure>> {
    // A choice's key has no dots, a measure's has.
    let key = metric.replacen('-', ".", 1);
    let period = json!({"from": first.to_string(), "to": last.plus(1).to_string()});
    let whose = match departments {
        [] => Json::Null,
        some => json!({"field": format!("{}.department", person_of(metric)), "op": "in", "value": some}),
    };
    let asked = json!({"measures": [key], "period": period, "filter": whose});
    let told: Json =
        serde_json::from_str(&reports::query(&asked.to_string())?).map_err(|error| format!("reports: {error}"))?;
    let figure = |part: &str| told.get("totals")?.get(part)?.get(&key).cloned();
    let value = figure("values").and_then(|value| value.as_f64().or_else(|| value.as_str()?.parse().ok()));
    let version = told.get("columns").and_then(Json::as_array).and_then(|all| all.last()?.get("version")?.as_i64());
    Ok(value.map(|value| Figure {
        // The product counts this one in seconds, goals are set in minutes.
        value: if key == "lead.first_answer" { value / 60.0 } else { value },
        n: figure("n").and_then(|n| n.as_i64()).unwrap_or(0),
        definition: version.unwrap_or(1),
        method: "core",
    }))
}

/// What was answered within a window: in polls about satisfaction where the project has any, else in all. Nothing of fewer than five.
fn answers(project: &Row, (first, last): (Day, Day), rules: &Rules) -> Result<Option<Figure>, HostError> {
    let [from, until] = signals::made_within(first, last, rules);
    let mut asked = vec![is("project", &*project.id), from, until];
    let polls = signals::polls_of(project, SATISFACTION)?;
    if !polls.is_empty() {
        asked.push(json!({"field": "poll", "op": "in", "value": polls}));
    }
    let told = store::all("rollout_answer", &all_of(asked), &["mark"])?;
    let marks: Vec<i64> = told.iter().filter_map(|row| row.integer("mark")).collect();
    let n = figures::whole(marks.len());
    let value = figures::mean(&marks).map(|_| float(marks.iter().sum()) / float(n));
    Ok(value.map(|value| Figure { value, n, definition: 1, method: "poll" }))
}

/// Measures what goals lack: before, of the working days that end today or with the pilot's beginning; after, of as many working days
/// once the launch has settled. What the system cannot tell is left to people.
///
/// # Errors
/// What the host says.
pub fn due(project: &Row, rules: &Rules) -> Outcome {
    for one in goals::compared(&project.id)? {
        let metric = one.goal.words("metric");
        let told = COUNTED.contains(&metric) || metric == SATISFACTION;
        if !told || one.goal.is_empty("approved_by") {
            continue;
        }
        let window = match (&one.before, &one.after) {
            (None, _) => before(project, rules)?.map(|window| ("before", window)),
            (Some(before), None) => after(project, before, rules)?.map(|window| ("after", window)),
            _ => None,
        };
        let Some((moment, days)) = window else { continue };
        let asked = Asked { metric, moment, days, department: one.goal.id("department") };
        if let Err(why) = now(project, &asked)? {
            info!("{metric}, {moment}: {}", why.fallback);
        }
    }
    Ok(())
}

fn before(project: &Row, rules: &Rules) -> Result<Option<(Day, Day)>, HostError> {
    let today = rules.today();
    let until = project.day("pilot_from").map_or(today, |pilot| pilot.min(today));
    Ok(Some(store::calendar_between(until.plus(-60), until)?.before(until, WINDOW)))
}

/// As long as what was measured before, from the day on which what is after may begin; none until it is over.
fn after(project: &Row, before: &Row, rules: &Rules) -> Result<Option<(Day, Day)>, HostError> {
    let Some(launched) = project.day("launched") else { return Ok(None) };
    let settle = rules.number("after_days");
    let days = before.integer("working_days").unwrap_or(WINDOW);
    let calendar = store::calendar(launched, (settle + days) * 2 + 60)?;
    let first = calendar.after(launched, settle);
    let last = calendar.end(first, days);
    Ok((last < rules.today()).then_some((first, last)))
}
