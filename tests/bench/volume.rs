//! A company of many records as its people meet it: lists, pages deep inside, words, who is there already, ten that become
//! one; and whole files, out of it and into a company that has nothing yet. Over HTTP, on the built server.

#![expect(clippy::indexing_slicing, reason = "answers of our own server, read by name")]

use std::time::Duration;

use serde_json::{Value as Json, json};
use tokio::runtime::Runtime;
use tokio::time::Instant;

use crate::Outcome;
use crate::arguments::{Arguments, Place};
use crate::capture::Seen;
use crate::client::{Ask, Client, download, drive};
use crate::company::{self, Company, Leads};
use crate::measure::{Side, Stretch, count, now};
use crate::plugins::{self, Packages};
use crate::report::{Report, say};
use crate::requests::post;
use crate::server::Server;
use crate::suite::{address, open, verdict};

/// Rows of the file that is read in, at most.
const FILE: usize = 100_000;
/// Seconds that so many rows may take.
const READ_IN: f64 = 60.0;
/// The list that pages are held against.
const FIRST_PAGE: &str = "list of 50, newest first";
/// How many become one.
const TEN: usize = 10;
/// Records of a page on the way to the middle.
const PORTION: usize = 500;
/// Columns of the files, in their order.
const COLUMNS: [&str; 7] = ["title", "first_name", "last_name", "company_title", "phones", "emails", "comments"];
/// What stands between the parts of a form.
const EDGE: &str = "bench-of-verstak";
/// How often a long job is looked at.
const LOOK: Duration = Duration::from_millis(20);
/// When a long job is given up.
const PATIENCE: Duration = Duration::from_secs(3_600);

/// What a middle call is held against.
enum Aim {
    /// Nothing is promised.
    Shown,
    /// Milliseconds.
    Within(f64),
    /// So many times the first page of the same list.
    Pages(f64),
}

/// Something that people ask all day.
struct Question<'a> {
    name: &'static str,
    ask: Box<dyn Fn(usize) -> Option<Ask> + Sync + 'a>,
    aim: Aim,
}

/// A long job that is over.
struct Long {
    rows: f64,
    seconds: f64,
    /// MiB that the server took beside what it had, at most.
    memory: f64,
}

/// Measures it on one database.
pub fn measure(
    runtime: &Runtime,
    arguments: &Arguments,
    place: &Place,
    packages: &Packages,
    report: &mut Report,
) -> Outcome {
    say(&format!("{}: {} records", place.name, arguments.leads));
    let folder = arguments.scratch()?;
    let url = runtime.block_on(address(place, folder.path()))?;
    let state = runtime.block_on(open(&url, folder.path(), &Seen::default()))?;
    let company = runtime.block_on(company::make(&state, "Bench"))?;
    let newcomer = runtime.block_on(company::make(&state, "Bench newcomer"))?;
    let leads = runtime.block_on(company::load(&state, &company, arguments.leads))?;
    runtime.block_on(plugins::enable(&state, &company, &newcomer, &packages.plain))?;
    drop(state);
    let server = Server::start(&arguments.verstak, folder.path(), &url, &company.token)?;
    report.section(
        &format!("{}: {} records", place.name, arguments.leads),
        "One client over HTTP. Ten leads that become one: each of them once.",
    );
    report.table(&["", "p50", "p99", "target", ""], &asked(arguments, &server, &company, &leads)?);
    report.paragraph(&format!(
        "Whole files: the leads as CSV; the first {FILE} of them as XLSX, read into a company that has three hooks and no lead, each row \
         held against the clients that are there; and again, when all of them are. Memory: of the server's own, at most, beside what it \
         had when the job began.\n"
    ));
    report.table(&["", "rows", "took", "rows /s", "memory", "target", ""], &files(&server, &company, &newcomer)?);
    Ok(())
}

fn asked(arguments: &Arguments, server: &Server, company: &Company, leads: &Leads) -> Outcome<Vec<Vec<String>>> {
    let mut client = Client::new(server.address, &company.token)?;
    let deep = middle(&mut client, leads.all.len() / 2)?;
    let (mut rows, mut first) = (Vec::new(), 0.0);
    for question in questions(leads, deep) {
        let make = |_: usize, n: usize| (question.ask)(n);
        let stretch = || drive(server.address, &company.token, 1, arguments.stretch, &make);
        stretch()?;
        let mut side = Side::default();
        for _ in 0..arguments.rounds {
            side.add(stretch()?);
        }
        let most = match question.aim {
            Aim::Shown => None,
            Aim::Within(most) => Some(most),
            Aim::Pages(times) => Some(first * times),
        };
        if question.name == FIRST_PAGE {
            first = side.micros(500) / 1e3;
        }
        rows.push(row(question.name, &side, most));
    }
    // A connection on which nobody asked for so long is closed.
    let mut client = Client::new(server.address, &company.token)?;
    rows.push(row("ten leads become one", &merges(&mut client, leads, arguments.rounds * 2)?, None));
    Ok(rows)
}

fn row(name: &str, side: &Side, most: Option<f64>) -> Vec<String> {
    let (p50, p99) = (side.micros(500) / 1e3, side.micros(990) / 1e3);
    let target = most.map(|most| format!("p50 <= {most:.1} ms")).unwrap_or_default();
    let met = most.map(|most| verdict(p50 <= most)).unwrap_or_default();
    let row = vec![name.to_owned(), format!("{p50:.1} ms"), format!("{p99:.1} ms"), target, met];
    say(&format!("  {}", row.join("  ")));
    row
}

fn questions(leads: &Leads, deep: Json) -> Vec<Question<'_>> {
    let heads = if leads.all.len() > FILE { 5.0 } else { 2.0 };
    let all = leads.all.as_slice();
    let some = move |n: usize| all.get(n * 31_337 % all.len().max(1));
    let fixed = |name, path: &'static str, body: Json, aim| Question {
        name,
        ask: Box::new(move |_| Some(post(path, &body))),
        aim,
    };
    vec![
        fixed(FIRST_PAGE, "/query", page(None), Aim::Shown),
        fixed("the same, in the middle of all", "/query", deep, Aim::Pages(1.5)),
        Question {
            name: "list of 50 of a stage, the largest amounts",
            ask: Box::new(|n| Some(post("/query", &of_stage(n)))),
            aim: Aim::Shown,
        },
        fixed("a part of the title that few have", "/query", titled("сидорова олена, век"), Aim::Within(20.0)),
        fixed("a part of the title that many have", "/query", titled("Вектор"), Aim::Within(20.0)),
        Question {
            name: "a fragment of a phone",
            ask: Box::new(|n| Some(post("/query", &json!({ "q": format!("916{:05}", n * 4_937 % 100_000) })))),
            aim: Aim::Within(20.0),
        },
        fixed("heads of a board: count and sum per stage", "/aggregate", heads_of_board(), Aim::Within(heads)),
        Question {
            name: "who may be the same as a lead",
            ask: Box::new(move |n| Some(post("/duplicates", &json!({ "id": some(n)? })))),
            aim: Aim::Shown,
        },
    ]
}

fn page(cursor: Option<&str>) -> Json {
    json!({ "sort": [{ "field": "created_at", "desc": true }], "limit": 50, "cursor": cursor })
}

fn of_stage(n: usize) -> Json {
    let stage = ["new", "in_progress", "qualified", "proposal"].get(n % 4);
    let filter = json!({ "field": "stage", "op": "eq", "value": stage });
    json!({ "filter": filter, "sort": [{ "field": "amount", "desc": true }], "limit": 50 })
}

fn titled(part: &str) -> Json {
    let filter = json!({ "field": "title", "op": "contains", "value": part });
    json!({ "filter": filter, "sort": [{ "field": "created_at", "desc": true }], "limit": 50 })
}

fn heads_of_board() -> Json {
    json!({ "group_by": ["stage"], "measures": [{ "op": "count" }, { "op": "sum", "field": "amount" }] })
}

/// The page after so many records.
fn middle(client: &mut Client, depth: usize) -> Outcome<Json> {
    let mut cursor: Option<String> = None;
    for _ in 0..(depth / PORTION).max(1) {
        let mut body = page(cursor.as_deref());
        body["limit"] = json!(PORTION);
        body["fields"] = json!(["created_at"]);
        cursor = client.json(&post("/query", &body))?["next_cursor"].as_str().map(str::to_owned);
    }
    match cursor {
        Some(cursor) => Ok(page(Some(&cursor))),
        None => Err("there are too few leads for a page in the middle".into()),
    }
}

/// Ten leads that become one, again and again.
fn merges(client: &mut Client, leads: &Leads, times: usize) -> Outcome<Side> {
    let mut side = Side::default();
    for ten in leads.new.chunks_exact(TEN).take(times) {
        let Some((into, others)) = ten.split_first() else { continue };
        let ask = post("/merge", &json!({ "into": into, "records": others }));
        let begin = now();
        client.send(&ask)?;
        let took = begin.elapsed();
        side.add(Stretch { times: vec![took], elapsed: took, ..Stretch::default() });
    }
    Ok(side)
}

fn files(server: &Server, company: &Company, newcomer: &Company) -> Outcome<Vec<Vec<String>>> {
    let mut own = Client::new(server.address, &company.token)?;
    let (all, _) = exported(server, &mut own, &json!({ "entity": "lead", "format": "csv", "fields": COLUMNS }))?;
    let first = json!({ "field": "number", "op": "lte", "value": FILE });
    let first = json!({ "entity": "lead", "format": "xlsx", "fields": COLUMNS, "filter": first });
    let (book, path) = exported(server, &mut own, &first)?;
    let file = download(server.address, &company.token, &path)?;
    let mut theirs = Client::new(server.address, &newcomer.token)?;
    let made = imported(server, &mut theirs, &file)?;
    let again = imported(server, &mut theirs, &file)?;
    let most = |long: &Long| READ_IN * long.rows / count(FILE);
    Ok(vec![
        line("all rows as CSV", &all, None),
        line("rows as XLSX", &book, None),
        line("XLSX read in, each row looked for", &made, Some(most(&made))),
        line("the same file again, each row found", &again, Some(most(&again))),
    ])
}

fn line(name: &str, long: &Long, most: Option<f64>) -> Vec<String> {
    let row = vec![
        name.to_owned(),
        format!("{:.0}", long.rows),
        format!("{:.1} s", long.seconds),
        format!("{:.0}", long.rows / long.seconds.max(1e-9)),
        format!("{:.0} MiB", long.memory),
        most.map(|most| format!("< {most:.0} s")).unwrap_or_default(),
        most.map(|most| verdict(long.seconds < most)).unwrap_or_default(),
    ];
    say(&format!("  {}", row.join("  ")));
    row
}

/// A list as a file, and where the file is.
fn exported(server: &Server, client: &mut Client, input: &Json) -> Outcome<(Long, String)> {
    let begin = now();
    let ask = Ask { method: "POST", path: "/api/v1/exports".to_owned(), body: Some(input.to_string()) };
    let path = format!("/api/v1/jobs/{}", id_of(&client.json(&ask)?)?);
    let (job, memory) = over(server, client, &path, begin)?;
    let file = &job["result"]["file"];
    let href = file["href"].as_str().ok_or_else(|| format!("there is no file: {job}"))?.to_owned();
    let rows = file["rows"].as_f64().unwrap_or_default();
    Ok((Long { rows, seconds: begin.elapsed().as_secs_f64(), memory }, href))
}

/// A file read in: rows of clients who are there already are left out.
fn imported(server: &Server, client: &mut Client, file: &[u8]) -> Outcome<Long> {
    let part = |name: &str| format!("--{EDGE}\r\nContent-Disposition: form-data; name=\"{name}\"");
    let head = format!("{}\r\n\r\nlead\r\n{}; filename=\"leads.xlsx\"\r\n\r\n", part("entity"), part("file"));
    let form = [head.as_bytes(), file, format!("\r\n--{EDGE}--\r\n").as_bytes()].concat();
    let kind = format!("multipart/form-data; boundary={EDGE}");
    let begin = now();
    let made: Json = serde_json::from_slice(client.carry("POST", "/api/v1/imports", &kind, &form)?)?;
    let path = format!("/api/v1/imports/{}", id_of(&made)?);
    let to = |(column, field): (usize, &&str)| json!({ "column": column, "field": field });
    let mapping: Vec<Json> = COLUMNS.iter().enumerate().map(to).collect();
    let body = json!({ "mapping": mapping, "options": { "duplicates": "skip" } }).to_string();
    client.send(&Ask { method: "POST", path: format!("{path}/start"), body: Some(body) })?;
    let (import, memory) = over(server, client, &path, begin)?;
    if import["refused"] != 0 {
        return Err(format!("rows were refused: {}", import["errors"]).into());
    }
    say(&format!("  made {}, known {}", import["accepted"], import["skipped"]));
    let rows = import["processed"].as_f64().unwrap_or_default();
    Ok(Long { rows, seconds: begin.elapsed().as_secs_f64(), memory })
}

/// Waits until what stands at an address is done: how it is then, and how much memory the server took meanwhile.
fn over(server: &Server, client: &mut Client, path: &str, begin: Instant) -> Outcome<(Json, f64)> {
    let had = server.own_memory()?;
    let mut most = had;
    loop {
        let job = client.json(&Ask { method: "GET", path: path.to_owned(), body: None })?;
        most = most.max(server.own_memory()?);
        match job["state"].as_str() {
            Some("done") => return Ok((job, most - had)),
            Some("failed" | "cancelled") => return Err(format!("it was not done: {job}").into()),
            _ if begin.elapsed() > PATIENCE => return Err(format!("it does not end: {job}").into()),
            _ => std::thread::sleep(LOOK),
        }
    }
}

fn id_of(made: &Json) -> Outcome<&str> {
    made["id"].as_str().ok_or_else(|| format!("nothing was made: {made}").into())
}
