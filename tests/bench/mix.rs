//! What people do all day: of twenty requests fourteen read one lead, four a list, one a board's heads, one writes. And
//! how far a plugin's after-event falls behind while leads are made.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use serde_json::{Value as Json, json};
use uuid::Uuid;

use crate::Outcome;
use crate::arguments::Arguments;
use crate::client::{Ask, Client, drive};
use crate::company::{Company, Leads};
use crate::measure::{Side, now, with_processor};
use crate::report::{Report, say};
use crate::requests;
use crate::server::Server;
use crate::suite::verdict;

const CLIENTS: [usize; 3] = [1, 8, 32];
/// Requests of one turn of the mix.
const TURN: usize = 20;
/// How long the activities of leads may take to be there.
const BEHIND: Duration = Duration::from_secs(1);
/// When waiting for them ends.
const PATIENCE: Duration = Duration::from_secs(120);

/// The mix with one, eight and thirty-two clients.
pub fn measure(
    arguments: &Arguments,
    server: &Server,
    company: &Company,
    leads: &Leads,
    report: &mut Report,
) -> Outcome {
    report.paragraph("A mix: 70 % read one lead, 20 % a list of 50 of one stage with eight fields, 5 % count and sum per stage, 5 % make a lead (2.5 %) or move one (2.5 %). CPU: processor time of the server's process per request.\n");
    let mut rows = Vec::new();
    let turn = AtomicUsize::new(0);
    for clients in CLIENTS {
        let make =
            |client: usize, n: usize| ask(company, leads, client * 7_919 + n, turn.fetch_add(1, Ordering::Relaxed));
        let stretch =
            || with_processor(server.id(), || drive(server.address, &company.token, clients, arguments.stretch, &make));
        let mut side = Side::default();
        stretch()?;
        for _ in 0..arguments.rounds {
            side.add(stretch()?);
        }
        let micros = |per_mille| format!("{:.0} us", side.micros(per_mille));
        let mut row =
            vec![clients.to_string(), format!("{:.0}", side.rate()), format!("{:.0} %", side.spread() * 100.0)];
        row.extend([micros(500), micros(950), micros(990), format!("{:.0} us", side.cpu())]);
        row.push(format!("{:.0} MiB", server.own_memory()?));
        say(&format!("  mix  {}", row.join("  ")));
        rows.push(row);
    }
    report.table(&["clients", "/s", "spread", "p50", "p95", "p99", "CPU", "memory of its own"], &rows);
    Ok(())
}

/// The request of a turn; `n` scatters over the leads.
fn ask(company: &Company, leads: &Leads, n: usize, turn: usize) -> Option<Ask> {
    let pick = |of: &[Uuid]| of.get(n * 31_337 % of.len().max(1)).copied();
    let lead = pick(&leads.all)?;
    let body = |path: &str, body: Json| Ask {
        method: "POST",
        path: format!("/api/v1/records/lead{path}"),
        body: Some(body.to_string()),
    };
    Some(match turn % TURN {
        0..14 => Ask { method: "GET", path: format!("/api/v1/records/lead/{lead}"), body: None },
        14..18 => body("/query", list(turn)),
        18 => {
            let sum = json!({ "op": "sum", "field": "amount" });
            body("/aggregate", json!({ "group_by": ["stage"], "measures": [{ "op": "count" }, sum] }))
        }
        _ if (turn / TURN).is_multiple_of(2) => requests::create(n, &company.people),
        _ => {
            let stage = ["in_progress", "qualified", "proposal"].get(turn / TURN % 3)?;
            body(&format!("/{}/stage", pick(&leads.new)?), json!({ "stage": stage }))
        }
    })
}

fn list(turn: usize) -> Json {
    let stage = ["new", "in_progress", "qualified", "proposal"].get(turn / TURN % 4);
    json!({
        "filter": { "field": "stage", "op": "eq", "value": stage },
        "sort": [{ "field": "created_at", "desc": true }],
        "fields": ["title", "stage", "amount", "owner", "source", "phones", "company_title", "created_at"],
        "limit": 50,
    })
}

/// Leads are made in a company whose plugin makes a task after each, and then the tasks are waited for.
pub fn behind(arguments: &Arguments, server: &Server, company: &Company, report: &mut Report) -> Outcome {
    report.paragraph("Leads made over HTTP by eight clients in the company with lead-desk, whose after-event makes a task for each: how long after the last lead the last task was there.\n");
    let mut client = Client::new(server.address, &company.token)?;
    let counted = tasks(&mut client)?;
    let make = |client: usize, n: usize| Some(requests::create(client * 1_000_003 + n, &company.people));
    let made = drive(server.address, &company.token, 8, arguments.stretch * 4, &make)?;
    let begin = now();
    let wanted = counted + made.times.len();
    while tasks(&mut client)? < wanted {
        if begin.elapsed() > PATIENCE {
            return Err(format!("of {wanted} tasks only {} came", tasks(&mut client)?).into());
        }
        std::thread::sleep(Duration::from_millis(10));
    }
    let behind = begin.elapsed();
    let row = vec![
        made.times.len().to_string(),
        format!("{:.0}", made.rate()),
        format!("{:.2} s", behind.as_secs_f64()),
        format!("<= {} s", BEHIND.as_secs()),
        verdict(behind <= BEHIND),
    ];
    say(&format!("  events  {}", row.join("  ")));
    report.table(&["leads", "/s", "behind", "target", ""], &[row]);
    Ok(())
}

fn tasks(client: &mut Client) -> Outcome<usize> {
    let body = json!({ "measures": [{ "op": "count" }] }).to_string();
    let ask = Ask { method: "POST", path: "/api/v1/records/task/aggregate".to_owned(), body: Some(body) };
    let answer: Json = serde_json::from_slice(client.send(&ask)?)?;
    let count = answer.pointer("/items/0/values/count").and_then(Json::as_f64).unwrap_or_default();
    // A count of tasks of one run is far below the limit of whole numbers in a double.
    Ok(format!("{count:.0}").parse()?)
}
