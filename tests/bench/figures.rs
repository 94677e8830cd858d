//! What people look at: the map of a large process, the journal, the first page, the funnel, the builder.
//!
//! Each is asked over HTTP by one client, cold and, of what the product keeps for a minute, again: a question that must be
//! answered anew differs in a bound that changes nothing.

use std::fmt::Write as _;

use process::runtime::StartInput;
use serde_json::{Map, Value as Json, json};
use tokio::runtime::Runtime;
use verstak::AppState;

use crate::Outcome;
use crate::arguments::{Arguments, Place};
use crate::capture::Seen;
use crate::client::{Ask, Client};
use crate::company::{self, Company};
use crate::measure::{middle, now};
use crate::report::{Report, say};
use crate::server::Server;
use crate::suite::{address, open, verdict};

/// Elements of the large map.
const ELEMENTS: usize = 500;
/// Instances in the journal for each of the records; 100,000 beside a million.
const RECORDS_PER_INSTANCE: usize = 10;
/// Times that a question is asked anew.
const ROUNDS: usize = 5;

/// A question, and within how many milliseconds it is to be answered.
struct Question {
    name: &'static str,
    ask: Box<dyn Fn(usize) -> Ask>,
    most: f64,
    /// Whether the same question again is answered from what was kept.
    kept: bool,
}

/// Measures it on one database.
pub fn measure(runtime: &Runtime, arguments: &Arguments, place: &Place, report: &mut Report) -> Outcome {
    let instances = arguments.leads / RECORDS_PER_INSTANCE;
    say(&format!("{}: figures over {} leads, {instances} instances", place.name, arguments.leads));
    let folder = arguments.scratch()?;
    let url = runtime.block_on(address(place, folder.path()))?;
    let state = runtime.block_on(open(&url, folder.path(), &Seen::default()))?;
    let company = runtime.block_on(company::make(&state, "Bench"))?;
    runtime.block_on(company::load(&state, &company, arguments.leads))?;
    let large = runtime.block_on(stand(&state, &company, instances))?;
    runtime.block_on(state.db.learn())?;
    drop(state);
    report.section(
        &format!("{}: what people look at", place.name),
        &format!(
            "{} leads (each a transition of a stage), {instances} instances of a process of {ELEMENTS} steps. One client over HTTP, middle of {ROUNDS}; \u{201c}again\u{201d} is the same question within a minute (target < 50 ms).",
            arguments.leads
        ),
    );
    let server = Server::start(&arguments.verstak, folder.path(), &url, &company.token)?;
    let mut client = Client::new(server.address, &company.token)?;
    let mut rows = Vec::new();
    for question in questions(&large) {
        let cold = middle((0..ROUNDS).map(|n| took(&mut client, &(question.ask)(n))).collect::<Outcome<_>>()?);
        let again = match question.kept {
            true => Some(took(&mut client, &(question.ask)(0))?),
            false => None,
        };
        let met = cold < question.most && again.is_none_or(|again| again < 50.0);
        let row = vec![
            question.name.to_owned(),
            format!("{cold:.1} ms"),
            again.map_or_else(|| "-".to_owned(), |again| format!("{again:.1} ms")),
            format!("< {:.0} ms", question.most),
            verdict(met),
        ];
        say(&format!("  {}", row.join("  ")));
        rows.push(row);
    }
    report.table(&["", "cold", "again", "target", ""], &rows);
    Ok(())
}

/// How long an answer takes, in milliseconds.
fn took(client: &mut Client, ask: &Ask) -> Outcome<f64> {
    let begin = now();
    client.send(ask)?;
    Ok(begin.elapsed().as_secs_f64() * 1e3)
}

/// Instances of a process of many steps, each standing at its first; gives the id of one.
async fn stand(state: &AppState, company: &Company, instances: usize) -> Outcome<String> {
    state.processes.deploy(&company.ctx, process().into_bytes(), true).await?;
    let mut last = String::new();
    for number in 0..instances.max(1) {
        let variables = Map::from_iter([("number".to_owned(), json!(number))]);
        let input = StartInput { definition: "long".into(), version: None, process: None, subject: None, variables };
        last = state.processes.start(&company.ctx, input).await?.id.to_string();
    }
    Ok(last)
}

fn process() -> String {
    let mut steps = String::new();
    for n in 0..ELEMENTS {
        let from = if n == 0 { "start".to_owned() } else { format!("step{}", n - 1) };
        let _ = write!(
            steps,
            r#"<userTask id="step{n}" name="Step {n}" v:executors="owner" v:duration="P1D"/><sequenceFlow id="f{n}" sourceRef="{from}" targetRef="step{n}"/>"#
        );
    }
    format!(
        r#"<definitions xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL" xmlns:v="urn:verstak:bpmn:1" targetNamespace="bench"><process id="long" name="Long" isExecutable="true"><startEvent id="start"/>{steps}</process></definitions>"#
    )
}

fn questions(instance: &str) -> Vec<Question> {
    let get = |path: String| move |_: usize| Ask { method: "GET", path: path.clone(), body: None };
    let fixed = |name, path: String, most| Question { name, ask: Box::new(get(path)), most, kept: false };
    let asked = |name, path: &'static str, body: fn(usize) -> Json, most, kept| Question {
        name,
        ask: Box::new(move |n| Ask { method: "POST", path: format!("/api/v1{path}"), body: Some(body(n).to_string()) }),
        most,
        kept,
    };
    let journal = |query: &str| format!("/api/v1/process-instances?{query}");
    vec![
        fixed("map of an instance, 500 elements", format!("/api/v1/process-instances/{instance}/map"), 100.0),
        fixed("map of the process with all its instances", "/api/v1/process-definitions/long/map".to_owned(), 1_000.0),
        fixed("its drawing", "/api/v1/process-definitions/long/versions/1/xml".to_owned(), 100.0),
        fixed("journal: first page", journal("limit=50"), 100.0),
        fixed("journal: overdue, counted", journal("limit=50&overdue=true&total=true"), 500.0),
        fixed(
            "journal: one person's, oldest first, counted",
            journal("limit=50&person=me&sort=oldest&total=true"),
            500.0,
        ),
        fixed("journal: by words", journal("limit=50&q=Long&total=true"), 500.0),
        asked(
            "funnel over stages, four axes, working time",
            "/reports/funnel",
            |n| {
                let from = format!("2000-01-{:02}", n + 1);
                json!({"over": "stage", "entity": "lead", "group_by": ["step", "manager", "department", "source"], "period": {"from": from}})
            },
            1_000.0,
            true,
        ),
        asked(
            "builder: count and sum by source and month",
            "/reports/query",
            |n| {
                let filter = json!({"field": "amount", "op": "gte", "value": n});
                json!({"measures": ["lead.created"], "group_by": ["source", {"field": "created_at", "bucket": "month"}], "filter": filter})
            },
            1_500.0,
            true,
        ),
        asked(
            "home: all cards",
            "/dashboards/home/read",
            |n| json!({"period": {"from": format!("2000-01-{:02}", n + 1)}}),
            3_000.0,
            true,
        ),
    ]
}
