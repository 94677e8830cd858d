//! What modules show: a page of six sources in one call against the six calls that it stands for, what the code of pages
//! takes, and lists of a module's own entity against those of leads.

#![expect(clippy::indexing_slicing, reason = "answers of our own server, read by name")]

use std::fmt::Write as _;
use std::time::Duration;

use kernel::Actor;
use plugin_host::View;
use plugin_host::surfaces::Open;
use plugin_host::surfaces::spec::{Computed, Spec};
use records::{Change, WriteOptions};
use serde_json::{Map, Value as Json, json};
use tokio::runtime::Runtime;
use uuid::Uuid;
use verstak::AppState;

use crate::Outcome;
use crate::arguments::{Arguments, Place};
use crate::capture::Seen;
use crate::client::{Ask, Client, drive};
use crate::company::{self, Company};
use crate::measure::{Pair, Side, Stretch, in_turn, now};
use crate::modules::{drain, page_of};
use crate::plugins::{changed, enable};
use crate::report::{Report, say};
use crate::requests::post;
use crate::server::Server;
use crate::suite::{address, open, verdict};

/// Rows of the lead and of the module's entity.
const ROWS: usize = 100_000;
/// Changes given to `Records::write` at once.
const BATCH: usize = 1_000;
/// Calls of a module's code.
const CALLS: usize = 2_000;
/// Milliseconds within which 95 of 100 calls of pages are to be answered in the host.
const IN_THE_HOST: f64 = 20.0;
/// How much slower a field with an index of its own may be than a column of the product.
const OWN_FIELD: f64 = 2.0;

const PAGES: &str = "test.pages";
const LEAVE: &str = "verstak.leave-requests";
/// The page's lists, by their stage, and its figures.
const LISTS: [&str; 3] = ["new", "in_progress", "qualified"];
const FIGURES: [&str; 3] = ["source", "stage", "owner"];
const FIELDS: [&str; 4] = ["title", "stage", "owner", "created_at"];

/// Measures it on one database.
pub fn measure(runtime: &Runtime, arguments: &Arguments, place: &Place, report: &mut Report) -> Outcome {
    let rows = arguments.leads.min(ROWS);
    say(&format!("{}: pages of modules over {rows} leads", place.name));
    let folder = arguments.scratch()?;
    let url = runtime.block_on(address(place, folder.path()))?;
    let state = runtime.block_on(open(&url, folder.path(), &Seen::default()))?;
    let company = runtime.block_on(company::make(&state, "Bench"))?;
    runtime.block_on(company::load(&state, &company, rows))?;
    runtime.block_on(enable(&state, &company, &company, &packages(arguments)?))?;
    state.forget_people();
    runtime.block_on(requests(&state, &company, rows))?;
    let code = runtime.block_on(code(&state, &company))?;
    drop(state);
    let server = Server::start(&arguments.verstak, folder.path(), &url, &company.token)?;
    report.section(
        &format!("{}: what modules show", place.name),
        &format!("In the host, one after another, {CALLS} calls each, a fresh instance for every call."),
    );
    report.table(&["", "p50", "p95", "target", ""], &code);
    report.paragraph(&format!(
        "A declared page of three lists of 50 and three counts over {rows} leads: one `POST /read` against the same six calls one after \
         another. Lists of 50 of a module's entity ({rows} records in the shared table) against lists of leads. One client over HTTP, \
         sides in turn.\n"
    ));
    let mut pairs =
        vec![line("page of 6 sources, one call against six", &page(arguments, &server, &company)?, Some(1.0))];
    pairs.extend(lists(arguments, &server, &company)?);
    report.table(&["", "p50", "p99", "against: p50", "p99", "p50 ratio", "target", ""], &pairs);
    Ok(())
}

/// The guest of pages with a page of six sources, and the example of leave requests with an index.
fn packages(arguments: &Arguments) -> Outcome<Vec<Vec<u8>>> {
    let mut sources = String::new();
    for stage in LISTS {
        let filter = format!("{{ field = \"stage\", op = \"eq\", value = \"{stage}\" }}");
        writeln!(
            sources,
            "sources.of_{stage} = {{ records = \"lead\", filter = {filter}, fields = {FIELDS:?}, limit = 50 }}"
        )?;
    }
    for field in FIGURES {
        writeln!(sources, "sources.by_{field} = {{ aggregate = \"lead\", group_by = [\"{field}\"] }}")?;
    }
    let order = "sources.order =";
    let six = format!("{sources}{order}");
    let pages = [("plugin.toml", "read = [\"title\"]", "read = [\"*\"]"), ("ui/declared.toml", order, six.as_str())];
    let starts = "key = \"starts\", type = \"date\", required = true";
    let indexed = format!("{starts}, indexed = true");
    let leave = [("plugin.toml", starts, indexed.as_str())];
    Ok(vec![
        changed(arguments, "core/plugin_host/tests/guests/pages", &pages)?,
        changed(arguments, "examples/leave-requests", &leave)?,
    ])
}

/// Requests of a day each, none of which overlaps another of the same person, a tenth of them approved; their index is there.
/// Whoever looks at the page has theirs in this year, as all have. Nobody decides on their own: the system writes them.
async fn requests(state: &AppState, company: &Company, rows: usize) -> Outcome {
    let (system, year) = (company.ctx.acting_as(Actor::System), this_year(company)?);
    let owners: Vec<Uuid> = company.ctx.user().map(|me| me.0).into_iter().chain(company.people.clone()).collect();
    for from in (0..rows).step_by(BATCH) {
        let numbers = from..rows.min(from + BATCH);
        let changes = numbers.map(|n| Change::Create { fields: request(n, &owners, year) }).collect();
        let written = state.records.write(&system, "leave_request", changes, &WriteOptions::default()).await?;
        for one in written {
            one?;
        }
    }
    drain(state).await?;
    state.records.fill_search().await?;
    state.db.learn().await?;
    Ok(())
}

fn request(n: usize, owners: &[Uuid], year: usize) -> Map<String, Json> {
    let people = owners.len().max(1);
    let day = day(year, n / people);
    let stage = if (n / people).is_multiple_of(10) { "approved" } else { "asked" };
    let fields = json!({ "starts": day, "ends": day, "owner": owners.get(n % people), "stage": stage });
    if let Json::Object(fields) = fields { fields } else { Map::new() }
}

/// A day for each number, from the first of a year on: of months of 28 days, so that each is there.
fn day(year: usize, number: usize) -> String {
    format!("{}-{:02}-{:02}", year + number / 336, number / 28 % 12 + 1, number % 28 + 1)
}

fn this_year(company: &Company) -> Outcome<usize> {
    Ok(company.ctx.now().utc().format("%Y").to_string().parse()?)
}

/// What a module's code takes: figures of a constant, figures over its own records, a page that it draws.
async fn code(state: &AppState, company: &Company) -> Outcome<Vec<Vec<String>>> {
    let me = json!({ "admin": true });
    let at = async |plugin: &str, surface: &str| state.plugins.open(&company.ctx, &me, plugin, surface, None).await;
    let (declared, drawn, leave) = (at(PAGES, "declared").await?, at(PAGES, "drawn").await?, at(LEAVE, "leave").await?);
    let shown = state.plugins.surfaces(&company.ctx, &me).await?;
    let source = |open: &Open, surface: &str, name: &str| -> Outcome<Computed> {
        let found = shown.surfaces.iter().find(|one| one.id == surface).and_then(|one| one.tree.as_ref());
        let mut given = found.ok_or("the surface has no tree")?["sources"][name].clone();
        if given.get("input").is_some() {
            given["input"] = json!("");
        }
        match open.source(name, &given)? {
            Spec::Plugin(computed) => Ok(computed),
            _ => Err("the module computes no such source".into()),
        }
    };
    let (constant, balance) = (source(&declared, "declared", "order")?, source(&leave, "leave", "balance")?);
    let view = View::default();
    let figures = async |open: &Open, asked: &Computed| {
        let mut side = Vec::with_capacity(CALLS);
        for _ in 0..CALLS {
            let start = now();
            state.plugins.computed(&company.ctx, open, asked, &view, None).await?;
            side.push(start.elapsed());
        }
        Ok::<_, kernel::Error>(side)
    };
    let mut drawings = Vec::with_capacity(CALLS);
    for _ in 0..CALLS {
        let start = now();
        state.plugins.render(&company.ctx, &drawn, &view, &Json::Null).await?;
        drawings.push(start.elapsed());
    }
    Ok(vec![
        within("`ui.data`: a constant", figures(&declared, &constant).await?),
        within("`ui.data`: a sum over records of its own", figures(&leave, &balance).await?),
        within("`ui.render`: a page of a block", drawings),
    ])
}

fn within(name: &str, times: Vec<Duration>) -> Vec<String> {
    let mut side = Side::default();
    side.add(Stretch { times, ..Stretch::default() });
    let (p50, p95) = (side.micros(500), side.micros(950));
    let row = vec![
        name.to_owned(),
        format!("{p50:.0} us"),
        format!("{p95:.0} us"),
        format!("p95 <= {IN_THE_HOST:.0} ms"),
        verdict(p95 <= IN_THE_HOST * 1e3),
    ];
    say(&format!("  {}", row.join("  ")));
    row
}

/// The page in one call, and what it stands for in six.
fn page(arguments: &Arguments, server: &Server, company: &Company) -> Outcome<Pair> {
    let mut client = Client::new(server.address, &company.token)?;
    let page = page_of(&mut client, PAGES, "order")?;
    let names = LISTS.map(|stage| format!("of_{stage}")).into_iter().chain(FIGURES.map(|field| format!("by_{field}")));
    let items: Vec<Json> =
        names.map(|name| json!({ "name": name, "source": page["tree"]["sources"][&name] })).collect();
    let body = json!({
        "plugin": page["plugin"], "surface": page["id"], "tree_hash": page["tree_hash"], "items": items, "wait_ms": 10_000,
    });
    let whole = [Ask { method: "POST", path: "/api/v1/read".to_owned(), body: Some(body.to_string()) }];
    let told = client.json(&whole[0])?;
    let fine =
        told["results"].as_array().is_some_and(|all| all.len() == 6 && all.iter().all(|one| one["status"] == "ok"));
    if !fine {
        return Err(format!("the page said: {told}").into());
    }
    let list = |stage: &str| {
        let filter = json!({ "field": "stage", "op": "eq", "value": stage });
        post("/query", &json!({ "filter": filter, "fields": FIELDS, "limit": 50 }))
    };
    let counts = FIGURES.map(|field| post("/aggregate", &json!({ "group_by": [field] })));
    let six: Vec<Ask> = LISTS.map(list).into_iter().chain(counts).collect();
    // A connection of its own for each stretch: while the other side has its turn, the server closes one that says nothing.
    let side = |asks: &[Ask]| again(&mut Client::new(server.address, &company.token)?, asks, arguments.stretch);
    in_turn(arguments.rounds, || side(&whole), || side(&six))
}

/// These requests one after another, again and again: how long all of them take.
fn again(client: &mut Client, asks: &[Ask], length: Duration) -> Outcome<Stretch> {
    let mut times = Vec::new();
    let begin = now();
    while begin.elapsed() < length {
        let start = now();
        for ask in asks {
            client.send(ask)?;
        }
        times.push(start.elapsed());
    }
    Ok(Stretch { times, elapsed: begin.elapsed(), ..Stretch::default() })
}

/// Lists of the module's entity against lists of leads.
fn lists(arguments: &Arguments, server: &Server, company: &Company) -> Outcome<Vec<Vec<String>>> {
    let equal = |field: &str, value: Json| json!({ "field": field, "op": "eq", "value": value });
    let least = |field: &str, value: Json| json!({ "field": field, "op": "gte", "value": value });
    let list = |filter: Json, sort: &str, desc: bool| {
        let sort = json!([{ "field": sort, "desc": desc }]);
        json!({ "filter": filter, "sort": sort, "fields": FIELDS, "limit": 50 })
    };
    let newest = |filter: Json| list(filter, "created_at", true);
    let owner = || equal("owner", json!(company.people.first()));
    let cases = [
        ("list: newest", newest(Json::Null), newest(Json::Null), None),
        ("list: one owner's, newest", newest(owner()), newest(owner()), None),
        (
            "list: one stage, newest",
            newest(equal("stage", json!("approved"))),
            newest(equal("stage", json!("qualified"))),
            None,
        ),
        (
            "an indexed field of the module against a column: from a value on, by it",
            list(least("starts", json!(day(this_year(company)?, 70))), "starts", false),
            list(least("amount", json!(300_000)), "amount", false),
            Some(OWN_FIELD),
        ),
    ];
    let mut rows = Vec::new();
    for (name, ours, base, most) in cases {
        let ours = |_: usize, _: usize| {
            let path = "/api/v1/records/leave_request/query".to_owned();
            Some(Ask { method: "POST", path, body: Some(ours.to_string()) })
        };
        let base = |_: usize, _: usize| Some(post("/query", &base));
        let side = |make: &(dyn Fn(usize, usize) -> Option<Ask> + Sync)| {
            drive(server.address, &company.token, 1, arguments.stretch, make)
        };
        rows.push(line(name, &in_turn(arguments.rounds, || side(&ours), || side(&base))?, most));
    }
    Ok(rows)
}

fn line(name: &str, pair: &Pair, most: Option<f64>) -> Vec<String> {
    let times = |side: &Side| [500, 990].map(|per_mille| format!("{:.0} us", side.micros(per_mille)));
    let mut row = vec![name.to_owned()];
    row.extend(times(&pair.ours));
    row.extend(times(&pair.base));
    row.push(format!("{:.2} x", pair.p50_ratio()));
    row.push(most.map(|most| format!("<= {most:.1} x")).unwrap_or_default());
    row.push(most.map(|most| verdict(pair.p50_ratio() <= most)).unwrap_or_default());
    say(&format!("  {}", row.join("  ")));
    row
}
