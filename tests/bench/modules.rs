//! The two whole modules: a long plan put in order after one task was moved, what its drawings ask for, a month of many people
//! opened, a timer started while many run. Over HTTP, on the built server; what a browser takes to draw the plan is measured by
//! `tests/browser/specs/rollout-large.spec.ts`.

#![expect(clippy::indexing_slicing, reason = "answers of our own server, read by name")]

use std::time::Duration;

use kernel::db::ConnectionTrait;
use kernel::filter::{Filter, Op};
use kernel::jobs::Worker;
use people::token::NewToken;
use people::user::{self, NewUser};
use plugin_host::Grants;
use plugin_host::settings::Settings;
use records::read::Query;
use records::{Change, WriteOptions};
use serde_json::{Map, Value as Json, json};
use tokio::runtime::Runtime;
use uuid::Uuid;
use verstak::AppState;

use crate::Outcome;
use crate::arguments::{Arguments, Place};
use crate::capture::Seen;
use crate::client::{Ask, Client};
use crate::company::{self, Company};
use crate::measure::{Side, Stretch, count, now};
use crate::report::{Report, say};
use crate::server::Server;
use crate::suite::{address, open, verdict};

/// How much there is; a tenth of it in a small run.
struct Size {
    tasks: usize,
    people: usize,
    running: usize,
}

/// Days of the month that is opened.
const DAYS: u32 = 31;
/// Working days of a task.
const LENGTH: i64 = 5;
/// Seconds until a plan that does not move is given up.
const PATIENCE: u64 = 60;

impl Size {
    fn of(arguments: &Arguments) -> Self {
        let part = if arguments.leads < 10_000 { 10 } else { 1 };
        Self { tasks: 200 / part, people: 200 / part, running: 1_000 / part }
    }
}

/// Measures it on one database.
pub fn measure(runtime: &Runtime, arguments: &Arguments, place: &Place, report: &mut Report) -> Outcome {
    say(&format!("{}: modules", place.name));
    let size = Size::of(arguments);
    let folder = arguments.scratch()?;
    let url = runtime.block_on(address(place, folder.path()))?;
    let state = runtime.block_on(open(&url, folder.path(), &Seen::default()))?;
    let company = runtime.block_on(company::make(&state, "Bench"))?;
    let modules = runtime.block_on(enable(&state, arguments, &company))?;
    let [project, first, last] = runtime.block_on(plan(&state, &company, size.tasks))?;
    let tokens = runtime.block_on(crowd(&state, &company, &size))?;
    let server = || Server::start(&arguments.verstak, folder.path(), &url, &company.token);
    let running = server()?;
    let moves = moved(&running, &company, arguments.rounds, [&first, &last])?;
    let drawn = drawings(&running, &company, &modules, &project, arguments.rounds * 2)?;
    begun(&running, &company)?;
    drop(running);
    runtime.block_on(copied(&state, &company, &size))?;
    let running = server()?;
    let opened = month(&running, &company, &modules, arguments.rounds * 2)?;
    let started = timers(&running, &first, &tokens)?;
    drop(running);
    report.section(
        &format!("{}: modules", place.name),
        "Rollout: from the change of one task's length to the moment at which the last task of the plan has its new day; the sources of the page \"Rollout plan\" (gantt, list, mind map, who does what). Time tracking: the sources of the page \"Team time\" for a month; a timer started by somebody who has none.",
    );
    let row = |name: String, side: &Side, most: f64| {
        let (p50, p99) = (side.micros(500) / 1e3, side.micros(990) / 1e3);
        vec![name, format!("{p50:.0} ms"), format!("{p99:.0} ms"), format!("p50 <= {most:.0} ms"), verdict(p50 <= most)]
    };
    let rows = [
        row(format!("plan of {} tasks after the first was moved", size.tasks), &moves, 2_000.0),
        row(format!("gantt and mind map of {} tasks asked for", size.tasks), &drawn, 500.0),
        row(format!("{DAYS} days of {} people opened", size.people), &opened, 1_000.0),
        row(format!("timer started with {} running", size.running), &started, 100.0),
    ];
    rows.iter().for_each(|row| say(&format!("  {}", row.join("  "))));
    report.table(&["", "p50", "p99", "target", ""], &rows);
    Ok(())
}

/// Ids of the two modules, installed and switched on.
async fn enable(state: &AppState, arguments: &Arguments, company: &Company) -> Outcome<[String; 2]> {
    let mut ids = Vec::new();
    for name in ["rollout", "time-tracking"] {
        let file = arguments.packages.join(format!("{name}.vpkg"));
        let package = std::fs::read(&file).map_err(|error| format!("{}: {error}", file.display()))?;
        let id = state.plugins.install(&company.ctx, &package).await?;
        state.plugins.enable(&company.ctx, &id, &Grants::Requested, Some(&Settings::new())).await?;
        ids.push(id);
    }
    state.forget_people();
    ids.try_into().map_err(|_| "two modules".into())
}

/// Hands on events and runs jobs until nothing is left.
pub async fn drain(state: &AppState) -> Outcome {
    let worker: Worker = state.worker();
    while state.dispatch().await? + worker.run_due().await? > 0 {}
    Ok(())
}

async fn made(state: &AppState, company: &Company, entity: &str, fields: Json) -> Outcome<Uuid> {
    let Json::Object(fields) = fields else { return Err("no fields".into()) };
    let change = Change::Create { fields };
    let made = state.records.write_one(&company.ctx, entity, change, &WriteOptions::default()).await?;
    Ok(made.record.id.0)
}

/// A project whose plan is a chain of so many tasks: itself, the first and the last of them.
async fn plan(state: &AppState, company: &Company, tasks: usize) -> Outcome<[String; 3]> {
    let me = company.ctx.user().ok_or("nobody")?.0;
    let fields = json!({"title": "Bench", "template": "seven_steps", "lead": me, "start": "2026-06-01"});
    let project = made(state, company, "rollout_project", fields).await?;
    drain(state).await?;
    let all = |entity: &'static str, field: &str| {
        let filter = Some(Filter::test(field, Op::Eq, project.to_string()));
        let query = Query { filter, limit: Some(100), ..Query::default() };
        async move { state.records.query(&company.ctx, entity, &query).await }
    };
    let stages = all("rollout_stage", "project").await?.items;
    let is_open = |record: &records::Record| {
        record.fields.iter().any(|(key, value)| key.as_str() == "stage" && value.to_json() == "open")
    };
    let open = stages.iter().find(|stage| is_open(stage));
    let stage = open.ok_or("no stage of the plan is open")?.id;
    let there = all("task", "rollout_project").await?.items.len();
    let (mut first, mut before) = (None, None);
    for number in there..tasks.max(there + 2) {
        let fields = json!({
            "title": format!("Task {number}"), "assignee": me, "rollout_project": project, "rollout_stage": stage,
            "rollout_code": format!("b{number}"), "rollout_position": 1_000 + number, "rollout_days": LENGTH,
            "rollout_after": before.into_iter().collect::<Vec<Uuid>>(),
        });
        let task = made(state, company, "task", fields).await?;
        first.get_or_insert(task);
        before = Some(task);
    }
    drain(state).await?;
    let name = |id: Option<Uuid>| id.map(|id| id.to_string()).ok_or("a plan without tasks");
    Ok([project.to_string(), name(first)?, name(before)?])
}

/// Tokens of people who may book time, so many as timers are started.
async fn crowd(state: &AppState, company: &Company, size: &Size) -> Outcome<Vec<String>> {
    let roles = people::role::list(state.db.read(), company.ctx.tenant).await?;
    let role = |key: &str| roles.iter().find(|role| role.key == key).map(|role| role.id);
    let roles: Vec<Uuid> = ["admin", "time_employee"].into_iter().filter_map(role).collect();
    let mut tokens = Vec::new();
    for number in 0..size.people {
        let (name, email) = (format!("Worker {number:03}"), format!("worker{number}@bench.example"));
        let input = NewUser { name, email, roles: roles.clone(), ..NewUser::default() };
        let made = user::create(&state.db, &company.ctx, &input).await?;
        let token = NewToken { name: "bench".to_owned(), scopes: Vec::new(), expires_at: None };
        tokens.push(people::token::create(&state.db, &company.ctx, kernel::UserId(made.id), &token).await?.1);
    }
    Ok(tokens)
}

fn read(client: &mut Client, path: String) -> Outcome<Json> {
    Ok(serde_json::from_slice(client.send(&Ask { method: "GET", path, body: None })?)?)
}

/// Makes the first task a day longer, again and again, and waits for the last one.
fn moved(server: &Server, company: &Company, rounds: usize, [first, last]: [&str; 2]) -> Outcome<Side> {
    let mut client = Client::new(server.address, &company.token)?;
    let path = |task: &str| format!("/api/v1/records/task/{task}");
    let mut side = Side::default();
    let mut before = read(&mut client, path(last))?["fields"]["rollout_end"].clone();
    for (length, _) in (LENGTH + 1..).zip(0..rounds) {
        let body = Some(json!({"fields": {"rollout_days": length}}).to_string());
        let begin = now();
        client.send(&Ask { method: "PATCH", path: path(first), body })?;
        loop {
            let ends = read(&mut client, path(last))?["fields"]["rollout_end"].clone();
            if ends != before {
                before = ends;
                break;
            }
            if begin.elapsed() > Duration::from_secs(PATIENCE) {
                return Err("the plan was not put in order".into());
            }
            std::thread::sleep(Duration::from_millis(2));
        }
        let took = begin.elapsed();
        side.add(Stretch { times: vec![took], elapsed: took, ..Stretch::default() });
    }
    Ok(side)
}

/// The administrator's day, ended, and a timer of theirs that runs: what the others' are copied from.
fn begun(server: &Server, company: &Company) -> Outcome {
    let mut client = Client::new(server.address, &company.token)?;
    let mut send = |path: &str, body: Json| -> Outcome<Json> {
        let path = format!("/api/v1{path}");
        Ok(serde_json::from_slice(client.send(&Ask { method: "POST", path, body: Some(body.to_string()) })?)?)
    };
    let of = |path: &str| format!("/plugins/verstak.time-tracking/http/{path}");
    send(&of("day/start"), json!({}))?;
    send(&of("day/finish"), json!({}))?;
    let task = send("/tasks", json!({"title": "Bench"}))?;
    send(&of("timer/start"), json!({"subject": {"entity": "task", "id": task["id"]}}))?;
    Ok(())
}

/// The day for everybody on each day of October, and the timer for so many that nobody else knows.
async fn copied(state: &AppState, company: &Company, size: &Size) -> Outcome {
    let sqlite = state.db.backend() == sea_orm::DbBackend::Sqlite;
    let quoted = |id: Uuid| if sqlite { format!("x'{}'", id.simple()) } else { format!("'{id}'") };
    let (kind, fresh) = if sqlite { ("BLOB", "randomblob(16)") } else { ("UUID", "gen_random_uuid()") };
    let run = async |sql: String| state.db.for_migrations().execute_unprepared(&sql).await.map(drop);
    let me = company.ctx.user().ok_or("nobody")?.0;
    let everybody = user::list(&state.db, company.ctx.tenant, None, 500).await?;
    run(format!("CREATE TABLE bench_people (id {kind} NOT NULL, n BIGINT NOT NULL)")).await?;
    let mine = everybody.iter().map(|user| user.id).filter(|id| *id != me).take(size.people).enumerate();
    let values: Vec<String> = mine.map(|(number, id)| format!("({}, {number})", quoted(id))).collect();
    run(format!("INSERT INTO bench_people VALUES {}", values.join(", "))).await?;
    let columns = crate::processes::columns(state, "shared_record").await?;
    let copy = |entity: &str, owner: &str, number: &str, custom: &str, from: &str| {
        let value = |column: &String| match column.as_str() {
            "id" => fresh.to_owned(),
            "owner" => owner.to_owned(),
            "number" => number.to_owned(),
            "custom" => custom.to_owned(),
            other => format!("s.{other}"),
        };
        let values: Vec<String> = columns.iter().map(value).collect();
        format!(
            "INSERT INTO shared_record ({}) SELECT {} FROM shared_record s {from} WHERE s.entity = '{entity}' AND s.owner = {}",
            columns.join(", "),
            values.join(", "),
            quoted(me)
        )
    };
    for day in 1..=DAYS {
        let text = format!("2026-10-{day:02}");
        let custom = match sqlite {
            true => format!("json_set(s.custom, '$.day', '{text}')"),
            false => format!("jsonb_set(s.custom, '{{day}}', to_jsonb('{text}'::text))"),
        };
        let number = format!("p.n * 100 + {day} + 1000000");
        run(copy("time_day", "p.id", &number, &custom, "CROSS JOIN bench_people p")).await?;
    }
    run(format!(
        "CREATE TABLE bench_running AS WITH RECURSIVE r(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM r WHERE n < {}) SELECT n FROM r",
        size.running
    ))
    .await?;
    run(copy("time_entry", fresh, "r.n + 1000000", "s.custom", "CROSS JOIN bench_running r")).await?;
    state.db.learn().await?;
    Ok(())
}

/// The sources of the page "Team time" for a month.
fn month(server: &Server, company: &Company, modules: &[String; 2], rounds: usize) -> Outcome<Side> {
    let mut client = Client::new(server.address, &company.token)?;
    let page = page_of(&mut client, &modules[1], "people")?;
    let items = ["period", "people", "days_off", "cells"];
    let items = items.map(|name| json!({"name": name, "source": october(&page["tree"]["sources"][name], "")}));
    opened(&mut client, &page, &items, &json!({"from": "2026-10-01", "to": "2026-10-31"}), rounds)
}

/// The sources of the page "Rollout plan".
fn drawings(server: &Server, company: &Company, modules: &[String; 2], project: &str, rounds: usize) -> Outcome<Side> {
    let mut client = Client::new(server.address, &company.token)?;
    let page = page_of(&mut client, &modules[0], "roles")?;
    let items = ["now", "tasks", "plan", "stages", "items", "roles", "duties"];
    let items = items.map(|name| json!({"name": name, "source": about(&page["tree"]["sources"][name], project)}));
    opened(&mut client, &page, &items, &json!({"project": project}), rounds)
}

/// The page of a module that has this source.
pub fn page_of(client: &mut Client, module: &str, source: &str) -> Outcome<Json> {
    let ui = read(client, "/api/v1/ui".to_owned())?;
    let all = ui["surfaces"].as_array().ok_or("no surfaces")?;
    let page = all.iter().find(|one| one["plugin"] == module && one["tree"]["sources"][source].is_object());
    page.cloned().ok_or_else(|| format!("the page of {module} with `{source}` is not there").into())
}

/// Sources of a page, as the portal asks for them.
fn opened(client: &mut Client, page: &Json, items: &[Json], params: &Json, rounds: usize) -> Outcome<Side> {
    let body = json!({
        "plugin": page["plugin"], "surface": page["id"], "tree_hash": page["tree_hash"], "items": items,
        "params": params, "wait_ms": 10_000,
    });
    let ask = Ask { method: "POST", path: "/api/v1/read".to_owned(), body: Some(body.to_string()) };
    let mut side = Side::default();
    for round in 0..=rounds {
        let begin = now();
        let answer: Json = serde_json::from_slice(client.send(&ask)?)?;
        let took = begin.elapsed();
        let results = answer["results"].as_array().ok_or("no results")?;
        if let Some(wrong) = results.iter().find(|one| one["status"] != "ok") {
            return Err(format!("a source of the page said: {wrong}").into());
        }
        if round > 0 {
            side.add(Stretch { times: vec![took], elapsed: took, ..Stretch::default() });
        } else {
            let told: Vec<String> = results.iter().map(|one| format!("{} {}", rows_of(one), one["name"])).collect();
            say(&format!("  {}", told.join(", ")));
        }
    }
    Ok(side)
}

fn rows_of(result: &Json) -> usize {
    result["rows"].as_array().map_or(0, Vec::len)
}

/// A declared source with the month put where expressions stand.
fn october(source: &Json, op: &str) -> Json {
    match source {
        Json::Object(map) if map.contains_key("=") => match op {
            "from" | "gte" => json!("2026-10-01"),
            "to" | "lte" => json!("2026-10-31"),
            _ => Json::Null,
        },
        Json::Object(map) => {
            let compared = map.get("op").and_then(Json::as_str).unwrap_or_default();
            let part = |(key, value): (&String, &Json)| {
                (key.clone(), october(value, if key == "value" { compared } else { key }))
            };
            Json::Object(map.iter().map(part).collect::<Map<_, _>>())
        }
        Json::Array(all) => all.iter().map(|one| october(one, op)).collect(),
        other => other.clone(),
    }
}

/// A declared source with a project put where expressions stand.
fn about(source: &Json, project: &str) -> Json {
    match source {
        Json::Object(map) if map.contains_key("=") => json!(project),
        Json::Object(map) => {
            Json::Object(map.iter().map(|(key, value)| (key.clone(), about(value, project))).collect())
        }
        Json::Array(all) => all.iter().map(|one| about(one, project)).collect(),
        other => other.clone(),
    }
}

/// Everybody starts a timer of their own on one task.
fn timers(server: &Server, task: &str, tokens: &[String]) -> Outcome<Side> {
    let body = json!({"subject": {"entity": "task", "id": task}}).to_string();
    let mut times = Vec::new();
    let begin = now();
    for token in tokens {
        let mut client = Client::new(server.address, token)?;
        let path = "/api/v1/plugins/verstak.time-tracking/http/timer/start".to_owned();
        let ask = Ask { method: "POST", path, body: Some(body.clone()) };
        let start = now();
        client.send(&ask)?;
        times.push(start.elapsed());
    }
    say(&format!("  {:.0} timers started", count(times.len())));
    let mut side = Side::default();
    side.add(Stretch { times, elapsed: begin.elapsed(), ..Stretch::default() });
    Ok(side)
}
