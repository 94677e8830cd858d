//! Figures of the pages: which project is meant, where it stands, what is missing, before and after, adoption, money.
//!
//! The module reads in its own name, so each source looks first whether who asks takes part; else it gives nothing.

use std::collections::{BTreeMap, BTreeSet};

use verstak_plugin::prelude::*;

use crate::acceptance::{self, Lacks};
use crate::checks;
use crate::figures::{self, Spent};
use crate::store::{self, Read, Rules};
use crate::who::{self, Who};
use crate::{goals, guests, money, signals};

/// Who asks about which project.
struct Asked {
    who: Who,
    rules: Rules,
    project: Row,
}

/// The project that the page is about, for somebody who takes part.
fn asked(ask: &Ask) -> Outcome<Option<Asked>> {
    let (who, rules) = (Who::acts(), Rules::load());
    let named = ask.text("project").or_else(|| ask.view.param("project")).unwrap_or_default();
    let project = match named {
        "" => newest()?,
        // Whatever stands in an address: what is no id is nobody's project.
        id => match records::get("rollout_project", id) {
            Err(HostError::Invalid(_)) => None,
            found => found?,
        },
    };
    let Some(project) = project else { return Ok(None) };
    let takes_part = who.is(project.id("lead")) || who.takes_part(&rules)?;
    Ok(takes_part.then_some(Asked { who, rules, project }))
}

/// The newest project that is not over, else the newest.
fn newest() -> Result<Option<Row>, HostError> {
    let sort = vec![records::Sort { field: "created_at".to_owned(), descending: true }];
    let rows = Query { sort, ..Query::of("rollout_project").limit(50) }.run()?.rows;
    let over = |row: &Row| matches!(row.stage(), "closed" | "stopped");
    Ok(rows.iter().find(|row| !over(row)).or(rows.first()).cloned())
}

fn with_asked(ask: &Ask, rows: impl FnOnce(Asked) -> Outcome<Vec<Figure>>) -> Outcome<Figures> {
    Ok(Figures::from(asked(ask)?.map_or(Ok(Vec::new()), rows)?))
}

fn decimal(value: Option<f64>) -> Value {
    value.map_or(Value::Null, |value| Value::Decimal(goals::short(value)))
}

/// Where the project stands, in one row.
pub fn now(ask: &Ask) -> Outcome<Figures> {
    with_asked(ask, |asked| {
        let Asked { who, rules, project } = asked;
        let stages = stages(&project)?;
        let current = stages.iter().find(|row| !acceptance::is_behind(*row));
        let lacks = match current {
            Some(stage) => {
                acceptance::lacks(&project, &stage.id, stage.integer("position").unwrap_or(0), &rules)?.len()
            }
            None => 0,
        };
        let tasks = store::of_project("task", &project.id, &["state", "rollout_late"])?;
        let done = tasks.iter().filter(|row| row.text("state") == Some("completed")).count();
        let late = tasks.iter().filter_map(|row| row.integer("rollout_late")).max().unwrap_or(0);
        let count = |count: usize| i64::try_from(count).unwrap_or(i64::MAX);
        let leads = who.leads(&project)?;
        let text = |value: Option<&str>| Value::Text(value.unwrap_or_default().to_owned());
        let row = Figure::new(project.id.clone())
            .with("project", project.id.as_str())
            .with("title", project.words("title"))
            .with("standing", project.stage())
            .with("end", in_words(project.day("end")))
            .with("stage", text(current.map(|row| row.id.as_str())))
            .with("stage_title", text(current.and_then(|row| row.text("title"))))
            .with("stage_number", current.and_then(|row| row.integer("position")).unwrap_or(0))
            .with("lacks", count(lacks))
            .with("tasks", count(tasks.len()))
            .with("done", count(done))
            .with("late", late)
            .with("leads", leads)
            .with("board", who.is_board(&rules)?)
            .with("money", who.sees_money(&project, &rules)?)
            .with("edited", in_words(edited(&stages, &rules)));
        Ok(vec![row])
    })
}

/// The tasks of the plan, for everybody who takes part: most people see tasks of their own alone elsewhere.
pub fn plan(ask: &Ask) -> Outcome<Figures> {
    with_asked(ask, |Asked { project, .. }| {
        let stages = stages(&project)?;
        let mut tasks = store::of_project("task", &project.id, PLAN)?;
        tasks.sort_by_key(|row| row.integer("rollout_position"));
        let day = |row: &Row, field: &str| store::date_or_none(row.day(field));
        let row = |row: &Row| {
            let stage = stages.iter().find(|stage| row.id("rollout_stage") == Some(stage.id.as_str()));
            let name =
                stage.map(|stage| format!("{}. {}", stage.integer("position").unwrap_or(0), stage.words("title")));
            Figure::new(row.id.clone())
                .with("title", row.words("title"))
                .with("stage", row.id("rollout_stage").unwrap_or_default())
                .with("stage_title", name.unwrap_or_default())
                .with("done", row.text("state") == Some("completed"))
                .with("assignee", row.id("assignee").map_or(Value::Null, Value::link))
                .with("start", day(row, "rollout_start"))
                .with("end", day(row, "rollout_end"))
                .with("base_start", day(row, "rollout_base_start"))
                .with("base_end", day(row, "rollout_base_end"))
                .with("days", row.integer("rollout_days").unwrap_or(0))
                .with("late", row.integer("rollout_late").unwrap_or(0))
                .with("critical", row.yes("rollout_critical"))
        };
        Ok(tasks.iter().take(MOST).map(row).collect())
    })
}

/// Tasks that a page shows.
const MOST: usize = 1_000;
const PLAN: &[&str] = &[
    "title",
    "state",
    "assignee",
    "rollout_stage",
    "rollout_position",
    "rollout_start",
    "rollout_end",
    "rollout_base_start",
    "rollout_base_end",
    "rollout_days",
    "rollout_late",
    "rollout_critical",
];

/// Which project the page is about, and what whoever asks may do there.
pub fn here(ask: &Ask) -> Outcome<Figures> {
    with_asked(ask, |Asked { who, rules, project }| {
        let row = Figure::new(project.id.clone())
            .with("project", project.id.as_str())
            .with("leads", who.leads(&project)?)
            .with("board", who.is_board(&rules)?)
            .with("money", who.sees_money(&project, &rules)?);
        Ok(vec![row])
    })
}

/// The same as [`now`], for a widget.
pub fn standing(ask: &Ask) -> Outcome<Figures> {
    let mut figures = now(ask)?;
    for row in &mut figures.rows {
        row.fields.retain(|field| ["stage_title", "stage_number", "lacks", "late"].contains(&&*field.name));
    }
    Ok(figures)
}

/// A day as the reader writes it.
fn in_words(day: Option<crate::days::Day>) -> String {
    let text = day.map(|day| day.to_string()).unwrap_or_default();
    let parts: Vec<&str> = text.split('-').collect();
    match (runtime::context().locale.as_str(), parts.as_slice()) {
        ("ru" | "uk", [year, month, day]) => format!("{day}.{month}.{year}"),
        (_, [year, month, day]) => {
            let month = month.parse::<usize>().ok().and_then(|month| MONTHS.get(month.checked_sub(1)?)).unwrap_or(&"");
            format!("{month} {}, {year}", day.trim_start_matches('0'))
        }
        _ => text,
    }
}

const MONTHS: [&str; 12] = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

fn stages(project: &Row) -> Result<Vec<Row>, HostError> {
    let mut stages = store::of_project("rollout_stage", &project.id, &[])?;
    stages.sort_by_key(|row| row.integer("position"));
    Ok(stages)
}

fn edited(stages: &[Row], rules: &Rules) -> Option<crate::days::Day> {
    let last = stages.iter().filter_map(|row| match row.value("updated_at") {
        Some(Value::Instant(at)) => Some(*at),
        _ => None,
    });
    last.max().map(|at| crate::days::Day::at(at, rules.offset()))
}

/// What the present stage lacks, a line each.
pub fn lacks(ask: &Ask) -> Outcome<Figures> {
    with_asked(ask, |asked| {
        let stages = stages(&asked.project)?;
        let Some(stage) = stages.iter().find(|row| !acceptance::is_behind(*row)) else { return Ok(Vec::new()) };
        let position = stage.integer("position").unwrap_or(0);
        Ok(lines(acceptance::lacks(&asked.project, &stage.id, position, &asked.rules)?))
    })
}

/// What the lead is warned of, a line each.
pub fn warnings(ask: &Ask) -> Outcome<Figures> {
    with_asked(ask, |Asked { who, rules, project }| {
        let money = who.sees_money(&project, &rules)?;
        Ok(lines(checks::all(&project, &rules, money)?))
    })
}

fn lines(texts: Vec<String>) -> Vec<Figure> {
    let line = |(index, text): (usize, String)| Figure::new(index.to_string()).with("text", text);
    texts.into_iter().enumerate().map(line).collect()
}

/// Goals with what was before and after.
pub fn comparison(ask: &Ask) -> Outcome<Figures> {
    with_asked(ask, |asked| {
        let words = Lacks::new();
        let row = |one: &goals::Compared| {
            let value = |row: &Option<Row>| decimal(row.as_ref().and_then(|row| row.number("value")));
            let cases =
                |row: &Option<Row>| row.as_ref().and_then(|row| row.integer("n")).map_or(Value::Null, Value::Integer);
            Figure::new(one.goal.id.clone())
                .with("goal", one.goal.words("title"))
                .with("department", one.goal.id("department").map_or(Value::Null, Value::link))
                .with("metric", words.word(&format!("metric_{}", one.goal.words("metric"))))
                .with("before", value(&one.before))
                .with("n_before", cases(&one.before))
                .with("after", value(&one.after))
                .with("n_after", cases(&one.after))
                .with("target", decimal(one.goal.number("target")))
                .with("change", one.told(&words))
                .with("degree", decimal(one.degree))
                .with("approved", !one.goal.is_empty("approved_by"))
        };
        Ok(goals::compared(&asked.project.id)?.iter().map(row).collect())
    })
}

/// How far all goals are reached together, adoption of the last week, trained people.
pub fn results(ask: &Ask) -> Outcome<Figures> {
    with_asked(ask, |asked| {
        let goals = goals::compared(&asked.project.id)?;
        let mut signals = store::of_project("rollout_signal", &asked.project.id, &["week", "adoption", "light"])?;
        let last = signals.iter().filter_map(|row| row.day("week")).max();
        signals.retain(|row| row.day("week") == last);
        let people = store::of_project("rollout_attendance", &asked.project.id, &["state"])?;
        let those = |state: &str| {
            i64::try_from(people.iter().filter(|row| row.text("state") == Some(state)).count()).unwrap_or(0)
        };
        let scope = i64::try_from(people.len()).unwrap_or(0);
        let row = Figure::new("results")
            .with("degree", decimal(goals::together(&goals)))
            .with("adoption", decimal(signals::mean(&signals)))
            .with("trained", decimal(figures::attended(scope, those("attended"), those("excused"))));
        Ok(vec![row])
    })
}

/// Adoption by week and department.
pub fn adoption(ask: &Ask) -> Outcome<Figures> {
    with_asked(ask, |asked| {
        let mut rows = store::of_project("rollout_signal", &asked.project.id, &[])?;
        rows.sort_by_key(|row| row.day("week"));
        let skipped = rows.len().saturating_sub(500);
        let row = |row: &Row| {
            Figure::new(row.id.clone())
                .with("week", in_words(row.day("week")))
                .with("department", row.id("department").map_or(Value::Null, Value::link))
                .with("adoption", decimal(row.number("adoption")))
                .with("light", row.words("light"))
                .with("active", row.integer("active").unwrap_or(0))
                .with("people", row.integer("people").unwrap_or(0))
                .with("exported", row.integer("exported").map_or(Value::Null, Value::Integer))
                .with("problems", row.integer("problems").unwrap_or(0))
                .with("mood", decimal(row.number("mood")))
        };
        Ok(rows.iter().skip(skipped).map(row).collect())
    })
}

/// The budget, for those who see money.
pub fn budget(ask: &Ask) -> Outcome<Figures> {
    with_asked(ask, |Asked { who, rules, project }| {
        if !who.sees_money(&project, &rules)? {
            return Ok(Vec::new());
        }
        let money = money::of(&project)?;
        let standing = match money.spent {
            Spent::Within => "within",
            Spent::Near => "near",
            Spent::Over => "over",
        };
        let row = Figure::new("money")
            .with("plan", decimal(Some(money.plan)))
            .with("billed", decimal(Some(money.billed)))
            .with("limit", decimal(Some(money.limit)))
            .with("effect", decimal(Some(money.effect)))
            .with("payback", decimal(money.payback))
            .with("standing", standing);
        Ok(vec![row])
    })
}

/// Risks as cells of chance and impact.
pub fn risks(ask: &Ask) -> Outcome<Figures> {
    with_asked(ask, |asked| {
        let rows = store::of_project("rollout_risk", &asked.project.id, &["chance", "impact", "over"])?;
        let mut cells: BTreeMap<(i64, i64), i64> = BTreeMap::new();
        for row in rows.iter().filter(|row| !row.yes("over")) {
            let at = (row.integer("chance").unwrap_or(3), row.integer("impact").unwrap_or(3));
            *cells.entry(at).or_default() += 1;
        }
        let cell = |((chance, impact), count): (&(i64, i64), &i64)| {
            Figure::new(format!("{chance}-{impact}"))
                .with("chance", chance.to_string())
                .with("impact", impact.to_string())
                .with("count", *count)
                .with("score", chance * impact)
        };
        Ok(cells.iter().map(cell).collect())
    })
}

/// 1 to 5, for both sides of the risks.
pub fn scale(_: &Ask) -> Outcome<Figures> {
    let words = Lacks::new();
    let one = |number: i64| {
        Figure::new(number.to_string())
            .with("chance", format!("{} {number}", words.word("chance")))
            .with("impact", format!("{} {number}", words.word("impact")))
    };
    Ok(Figures::from((1..=5).map(one).collect::<Vec<_>>()))
}

/// Answers of a poll that may be told, the first ones first. Of an anonymous one they are told five at a time: else whoever looks
/// before and after somebody answered reckons out what they said.
fn told<'a>(poll: &Row, answers: &'a [Row]) -> Vec<&'a Row> {
    let mut mine: Vec<&Row> = answers.iter().filter(|row| row.id("poll") == Some(poll.id.as_str())).collect();
    mine.sort_by_key(|row| row.integer("number"));
    if poll.yes("anonymous") {
        let group = usize::try_from(figures::SMALL_GROUP).unwrap_or(usize::MAX);
        mine.truncate(mine.len() - mine.len() % group);
    }
    mine
}

/// Polls with their answers; an anonymous one of fewer than five answers tells none.
pub fn polls(ask: &Ask) -> Outcome<Figures> {
    with_asked(ask, |asked| {
        let polls = store::of_project("rollout_poll", &asked.project.id, &["title", "anonymous"])?;
        let answers = store::of_project("rollout_answer", &asked.project.id, &["poll", "mark", "number"])?;
        let row = |poll: &Row| {
            let all = answers.iter().filter(|row| row.id("poll") == Some(poll.id.as_str())).count();
            let marks: Vec<i64> = told(poll, &answers).into_iter().filter_map(|row| row.integer("mark")).collect();
            let count = figures::whole(marks.len());
            let mean = (count > 0).then(|| figures::tenth(figures::float(marks.iter().sum()) / figures::float(count)));
            Figure::new(poll.id.clone())
                .with("poll", poll.words("title"))
                .with("answers", figures::whole(all))
                .with("mean", decimal(mean))
        };
        Ok(polls.iter().map(row).collect())
    })
}

/// Guests of polls with their links, for those who send these out.
pub fn guests(ask: &Ask) -> Outcome<Figures> {
    with_asked(ask, |Asked { who, project, .. }| {
        if !who.leads(&project)? && !who.has("rollout_team")? {
            return Ok(Vec::new());
        }
        let address = guests::page()?;
        let polls = store::of_project("rollout_poll", &project.id, &["title"])?;
        let mine = store::is("project", &*project.id);
        let guests = latest("rollout_guest", &mine, &["title", "poll", "code", "answered_at"])?;
        let link = |row: &Row| {
            let link = address.as_deref().map(|address| guests::link(address, row.words("code")));
            link.map_or(Value::Null, Value::Text)
        };
        let row = |row: &Row| {
            let poll = polls.iter().find(|poll| row.id("poll") == Some(poll.id.as_str()));
            Figure::new(row.id.clone())
                .with("name", row.words("title"))
                .with("poll", poll.map_or("", |poll| poll.words("title")))
                .with("link", link(row))
                .with("answered", row.value("answered_at").cloned().unwrap_or(Value::Null))
        };
        Ok(guests.iter().map(row).collect())
    })
}

/// The newest 200 records that match.
fn latest(entity: &str, filter: &serde_json::Value, fields: &[&str]) -> Result<Vec<Row>, HostError> {
    let sort = vec![records::Sort { field: "created_at".to_owned(), descending: true }];
    let query = Query { sort, ..Query::of(entity).filter(filter.to_string()).fields(fields).limit(200) };
    Ok(query.run()?.rows)
}

/// Answers of a poll in words that are shown.
const WORDED: usize = 200;

/// The newest answers in words, for those who lead, work on it and accept: of an anonymous poll nobody is named, they are told five
/// at a time, and the order tells nothing.
pub fn answers(ask: &Ask) -> Outcome<Figures> {
    with_asked(ask, |Asked { who, rules, project }| {
        if !who.leads(&project)? && !who.has("rollout_team")? && !who.is_board(&rules)? {
            return Ok(Vec::new());
        }
        let polls = store::of_project("rollout_poll", &project.id, &["title", "anonymous"])?;
        let fields = ["poll", "mark", "text", "guest", "creator", "number"];
        let answers = store::of_project("rollout_answer", &project.id, &fields)?;
        let mut said: Vec<(&str, i64, &str, Option<&Row>)> = Vec::new();
        for poll in &polls {
            let named = !poll.yes("anonymous");
            let spoken = told(poll, &answers).into_iter().rev().filter(|row| !row.is_empty("text")).take(WORDED);
            said.extend(spoken.map(|row| {
                let mark = row.integer("mark").unwrap_or(0);
                (poll.words("title"), mark, row.words("text"), named.then_some(row))
            }));
        }
        said.sort_by_key(|(poll, mark, text, _)| (*poll, *mark, *text));
        let names = answered_by(&project, said.iter().filter_map(|(.., by)| *by))?;
        let row = |(index, (poll, mark, text, by)): (usize, (&str, i64, &str, Option<&Row>))| {
            let name = by.and_then(|row| names.get(row.id("guest").or(row.id("creator"))?));
            Figure::new(index.to_string())
                .with("poll", poll)
                .with("mark", mark)
                .with("text", text)
                .with("by", name.map_or("", String::as_str))
        };
        Ok(said.into_iter().enumerate().map(row).collect())
    })
}

/// Names of guests and of colleagues by their ids.
fn answered_by<'a>(
    project: &Row,
    answers: impl Iterator<Item = &'a Row>,
) -> Result<BTreeMap<String, String>, HostError> {
    let people: BTreeSet<String> = answers.filter_map(|row| row.id("creator").map(str::to_owned)).collect();
    let mut names = who::names(&people)?;
    let guests = store::of_project("rollout_guest", &project.id, &["title"])?;
    names.extend(guests.into_iter().map(|row| (row.id.clone(), row.words("title").to_owned())));
    Ok(names)
}

/// How hypercare goes: working days without a severe defect, what waits by severity, proposals and questions.
pub fn hypercare(ask: &Ask) -> Outcome<Figures> {
    with_asked(ask, |Asked { rules, project, .. }| {
        let open = serde_json::json!({"field": "stage", "op": "in", "value": ["new", "fixing", "retest"]});
        let open = store::all_of([store::is("project", &*project.id), open]);
        let open = store::all("rollout_defect", &open, &["kind", "severity"])?;
        let count = |mine: &dyn Fn(&Row) -> bool| figures::whole(open.iter().filter(|row| mine(row)).count());
        let defect = |row: &Row| row.text("kind") == Some("defect");
        let days = acceptance::quiet_days(&project, &rules)?;
        let row = Figure::new("hypercare")
            .with("days", days.map_or(Value::Null, Value::Integer))
            .with("needed", rules.number("hypercare_days"))
            .with("launched", in_words(project.day("launched")))
            .with("severe", count(&|row| defect(row) && row.integer("severity") == Some(1)))
            .with("serious", count(&|row| defect(row) && row.integer("severity") == Some(2)))
            .with("other", count(&|row| defect(row) && row.integer("severity").is_none_or(|severity| severity > 2)))
            .with("words", count(&|row| !defect(row)));
        Ok(vec![row])
    })
}

/// What the company runs and whom it is on for; not this module, whose gate is the administrators'.
pub fn modules(ask: &Ask) -> Outcome<Figures> {
    with_asked(ask, |Asked { .. }| {
        let (words, departments) = (Lacks::new(), people::departments()?);
        let name = |id: &String| departments.iter().find(|one| one.id == *id).map_or("—", |one| one.name.as_str());
        let on = |chosen: &Option<Vec<String>>| match chosen.as_deref() {
            None => words.word("on_everybody"),
            Some([]) => words.word("on_nobody"),
            Some(some) => some.iter().map(name).collect::<Vec<_>>().join(", "),
        };
        let others = gates::modules()?.into_iter().filter(|one| one.id != "verstak.rollout");
        Ok(others.map(|one| Figure::new(one.id).with("module", one.title).with("on", on(&one.departments))).collect())
    })
}
