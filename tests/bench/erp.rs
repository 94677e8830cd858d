//! The requests that a Python ERP was driven with, each with one, eight and thirty-two clients, its best held against the
//! ERP's best. The ERP's figures were measured once, on such a machine of two cores (issue 9): they are constants here.

use std::sync::atomic::{AtomicUsize, Ordering};

use serde_json::{Value as Json, json};
use uuid::Uuid;

use crate::Outcome;
use crate::arguments::Arguments;
use crate::client::{Ask, Client, drive};
use crate::company::{Company, Leads};
use crate::measure::{Side, with_processor};
use crate::report::{Report, say};
use crate::requests::{self, post};
use crate::server::Server;
use crate::suite::verdict;

const CLIENTS: [usize; 3] = [1, 8, 32];
/// Pages that are turned before the list that is measured.
const DEEP: usize = 10;

type Make<'a> = Box<dyn Fn(usize, usize) -> Option<Ask> + Sync + 'a>;

/// One of them.
struct Case<'a> {
    name: &'static str,
    company: &'a Company,
    /// The ERP's best, a second.
    theirs: f64,
    /// How many times that is wanted, on SQLite and on PostgreSQL.
    aim: (f64, f64),
    make: Make<'a>,
}

/// Measures them on a company of leads, and on one whose plugin has a before-hook and an after-event.
pub fn measure(
    arguments: &Arguments,
    server: &Server,
    (company, leads): (&Company, &Leads),
    desk: Option<&Company>,
    sqlite: bool,
    report: &mut Report,
) -> Outcome {
    report.paragraph("The same requests as a Python ERP with PostgreSQL was driven with on such a machine (100,000 leads, its best of 1, 8 and 32 clients). CPU: processor time of the server's process per request, with 8 clients.\n");
    let turn = AtomicUsize::new(0);
    let mut rows = Vec::new();
    for case in cases(server, company, leads, desk, &turn)? {
        let mut rates = Vec::new();
        let mut cpu = 0.0;
        for clients in CLIENTS {
            let stretch = || {
                with_processor(server.id(), || {
                    drive(server.address, &case.company.token, clients, arguments.stretch, &case.make)
                })
            };
            stretch()?;
            let mut side = Side::default();
            for _ in 0..arguments.rounds {
                side.add(stretch()?);
            }
            rates.push(side.rate());
            if clients == 8 {
                cpu = side.cpu();
            }
        }
        let times = rates.iter().copied().fold(0.0, f64::max) / case.theirs;
        let aim = if sqlite { case.aim.0 } else { case.aim.1 };
        let mut row = vec![case.name.to_owned(), format!("{:.0}", case.theirs)];
        row.extend(rates.iter().map(|rate| format!("{rate:.0}")));
        row.extend([format!("{cpu:.0} us"), format!("{times:.0}"), format!("{aim:.0}"), verdict(times >= aim)]);
        say(&format!("  erp  {}", row.join("  ")));
        rows.push(row);
    }
    report.table(&["", "ERP /s", "1 client /s", "8", "32", "CPU", "times", "aim", ""], &rows);
    Ok(())
}

fn cases<'a>(
    server: &Server,
    company: &'a Company,
    leads: &'a Leads,
    desk: Option<&'a Company>,
    turn: &'a AtomicUsize,
) -> Outcome<Vec<Case<'a>>> {
    let next = move || turn.fetch_add(1, Ordering::Relaxed);
    let pick = |of: &[Uuid], n: usize| of.get(n * 31_337 % of.len().max(1)).copied();
    let deep = deep(server, company)?;
    let counted = json!({ "group_by": ["stage"], "measures": [{ "op": "count" }, { "op": "sum", "field": "amount" }] });
    let contains = json!({ "field": "title", "op": "contains", "value": "Вектор" });
    let contains = list(&contains, None);
    let make: [(&str, f64, (f64, f64), Make<'a>); 6] = [
        (
            "read one",
            309.0,
            (40.0, 20.0),
            Box::new(move |_, _| {
                let id = pick(&leads.all, next())?;
                Some(Ask { method: "GET", path: format!("/api/v1/records/lead/{id}"), body: None })
            }),
        ),
        (
            "list of 50, one stage, newest first, 8 fields, ten pages deep",
            64.0,
            (30.0, 30.0),
            Box::new(move |_, _| Some(post("/query", &deep))),
        ),
        (
            "title contains a word, newest 50",
            105.0,
            (20.0, 20.0),
            Box::new(move |_, _| Some(post("/query", &contains))),
        ),
        ("count and sum per stage", 19.0, (50.0, 50.0), Box::new(move |_, _| Some(post("/aggregate", &counted)))),
        (
            "stage move",
            71.0,
            (75.0, 75.0),
            Box::new(move |_, _| {
                let n = next();
                let stage = ["in_progress", "qualified", "proposal"].get(n / leads.new.len().max(1) % 3)?;
                Some(post(
                    &format!("/{}/stage", leads.new.get(n % leads.new.len().max(1))?),
                    &json!({ "stage": stage }),
                ))
            }),
        ),
        ("create", 55.0, (40.0, 25.0), Box::new(move |_, _| Some(requests::create(next(), &company.people)))),
    ];
    let mut cases: Vec<Case<'a>> =
        make.into_iter().map(|(name, theirs, aim, make)| Case { name, company, theirs, aim, make }).collect();
    cases.extend(desk.map(|desk| Case {
        name: "create with a before-hook and an after-event that makes a task",
        company: desk,
        theirs: 39.0,
        aim: (30.0, 20.0),
        make: Box::new(move |_, _| Some(requests::create(next(), &desk.people))),
    }));
    Ok(cases)
}

/// The list ten pages deep.
fn deep(server: &Server, company: &Company) -> Outcome<Json> {
    let stage = json!({ "field": "stage", "op": "eq", "value": "in_progress" });
    let mut client = Client::new(server.address, &company.token)?;
    let mut body = list(&stage, None);
    for _ in 0..DEEP {
        let page: Json = serde_json::from_slice(client.send(&post("/query", &body))?)?;
        let cursor = page.get("next_cursor").and_then(Json::as_str).ok_or("there are too few leads for ten pages")?;
        body = list(&stage, Some(cursor));
    }
    Ok(body)
}

fn list(filter: &Json, cursor: Option<&str>) -> Json {
    let fields = ["title", "stage", "amount", "owner", "source", "phones", "company_title", "created_at"];
    let sort = json!([{ "field": "created_at", "desc": true }]);
    json!({ "filter": filter, "sort": sort, "fields": fields, "limit": 50, "cursor": cursor })
}
