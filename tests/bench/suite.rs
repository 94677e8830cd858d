//! Everything measured on one database.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use kernel::Db;
use kernel::clock::Env;
use kernel::db::{ConnectionTrait, DbOptions};
use tokio::runtime::Runtime;
use verstak::AppState;
use verstak::config::{Config, Overrides};

use crate::Outcome;
use crate::arguments::{Arguments, Place};
use crate::bare::Bare;
use crate::capture::{Seen, Watched};
use crate::client::drive;
use crate::company::{self, Company, Leads};
use crate::erp;
use crate::measure::{Pair, Side, count, in_turn, middle, with_processor};
use crate::mix;
use crate::plugins::{self, Packages};
use crate::report::{Report, say};
use crate::requests::{self, Scenario};
use crate::server::Server;

const CLIENTS: [usize; 2] = [1, 8];
const STARTS: usize = 7;
const DATABASE: &str = "verstak_bench";

/// The companies of a run.
struct Companies {
    full: Company,
    leads: Leads,
    plain: Company,
    hooked: Company,
    desk: Option<Company>,
}

/// Fills a database, starts the server on it, measures, reports.
pub fn measure(
    runtime: &Runtime,
    arguments: &Arguments,
    place: &Place,
    packages: &Packages,
    report: &mut Report,
) -> Outcome {
    say(&format!("{}: preparing {} leads", place.name, arguments.leads));
    let folder = arguments.scratch()?;
    let url = runtime.block_on(address(place, folder.path()))?;
    let seen = Seen::default();
    let state = runtime.block_on(open(&url, folder.path(), &seen))?;
    let companies = runtime.block_on(fill(&state, arguments, packages))?;
    let watched = Watched::new(&state, &companies.full.token, &seen);
    let scenarios = runtime.block_on(requests::scenarios(&watched, &companies.full, &companies.leads))?;
    for scenario in &scenarios {
        say(&format!("  {}:", scenario.name));
        scenario.texts().iter().for_each(|text| say(&format!("    {}", text.chars().take(160).collect::<String>())));
    }
    let version = runtime.block_on(version(&state.db))?;
    let rate = count(arguments.leads) / companies.leads.took.as_secs_f64();
    report.section(
        &version,
        &format!(
            "{} leads, written in batches of 1,000 by `Records::write` in {:.1} s: {rate:.0} per second.",
            arguments.leads,
            companies.leads.took.as_secs_f64()
        ),
    );

    let starts = starts(arguments, folder.path(), &url, &companies.full.token)?;
    let server = Server::start(&arguments.verstak, folder.path(), &url, &companies.full.token)?;
    say(&format!("  server {} on {}", server.id(), server.address));
    std::thread::sleep(Duration::from_secs(3));
    let idle = server.own_memory()?;
    // Before the loops: their leads have numbers that nobody reaches, and a list's way goes by the largest.
    let filled = (&companies.full, &companies.leads);
    erp::measure(arguments, &server, filled, companies.desk.as_ref(), place.server.is_none(), report)?;
    let bare = Bare::new(runtime.block_on(Db::open(&DbOptions { connections: 24, ..DbOptions::new(&url) }))?);
    against_bare(runtime, arguments, &server, &bare, &companies, &scenarios, report)?;
    hooked(arguments, &server, &companies, report)?;
    if let Some(desk) = &companies.desk {
        mix::behind(arguments, &server, desk, report)?;
    }
    mix::measure(arguments, &server, &companies.full, &companies.leads, report)?;
    let loaded = server.memory()?;
    let rows = [
        (
            "cold start to the first answered request, middle of 7",
            format!("{:.0} ms", middle(starts.clone())),
            "< 500 ms",
            middle(starts) < 500.0,
        ),
        ("memory of its own, idle", format!("{idle:.0} MiB"), "< 80 MiB", idle < 80.0),
        (
            "resident memory after the load above",
            format!("{:.0} MiB, at most {:.0} MiB", loaded.now, loaded.most),
            "bounded",
            loaded.most < 512.0,
        ),
    ];
    report.section(&format!("{version}: process"), "Release binary, `verstak serve`, on the filled database.");
    report.table(
        &["", "measured", "target", ""],
        &rows.map(|(name, value, target, met)| vec![name.to_owned(), value, target.to_owned(), verdict(met)]),
    );
    drop(server);
    Ok(())
}

/// Whether a target was met.
pub fn verdict(met: bool) -> String {
    if met { "met" } else { "missed" }.to_owned()
}

/// The address of an empty database.
pub async fn address(place: &Place, folder: &Path) -> Outcome<String> {
    let Some(server) = &place.server else { return Ok(format!("sqlite:{}", folder.join("verstak.db").display())) };
    let db = Db::open(&DbOptions::new(server)).await?;
    db.read().execute_unprepared(&format!("DROP DATABASE IF EXISTS {DATABASE} WITH (FORCE)")).await?;
    db.read().execute_unprepared(&format!("CREATE DATABASE {DATABASE}")).await?;
    db.close().await?;
    let (base, _) = server.rsplit_once('/').ok_or("the PostgreSQL address names no database")?;
    Ok(format!("{base}/{DATABASE}"))
}

pub async fn open(url: &str, folder: &Path, seen: &Seen) -> Outcome<AppState> {
    let overrides = Overrides { data: Some(folder.to_owned()), database_url: Some(url.to_owned()), listen: None };
    let mut config = Config::load(None, &overrides)?;
    config.http.rate_per_second = 0;
    let db = seen.watching(Db::open(&config.db_options()).await?);
    migrations::upgrade(db.for_migrations()).await?;
    // As a start does while nothing is there: a later start would make all that was filled in anew.
    records::texts::renew(&db, &Env::system()).await?;
    Ok(AppState::over(config, Env::system(), db)?)
}

async fn fill(state: &AppState, arguments: &Arguments, packages: &Packages) -> Outcome<Companies> {
    let full = company::make(state, "Bench").await?;
    let leads = company::load(state, &full, arguments.leads).await?;
    let plain = company::make(state, "Bench plain").await?;
    let hooked = company::make(state, "Bench hooked").await?;
    plugins::enable(state, &full, &hooked, &packages.plain).await?;
    let desk = match &packages.lead_desk {
        Some(package) => {
            let desk = company::make(state, "Bench desk").await?;
            plugins::enable(state, &full, &desk, std::slice::from_ref(package)).await?;
            Some(desk)
        }
        None => None,
    };
    Ok(Companies { full, leads, plain, hooked, desk })
}

async fn version(db: &Db) -> Outcome<String> {
    let (name, sql) = match db.backend() {
        sea_orm::DbBackend::Sqlite => ("SQLite", "SELECT sqlite_version()"),
        _ => ("PostgreSQL", "SELECT split_part(current_setting('server_version'), ' ', 1)"),
    };
    let row = db.read().query_one_raw(sea_orm::Statement::from_string(db.backend(), sql)).await?.ok_or("no version")?;
    Ok(format!("{name} {}", row.try_get_by_index::<String>(0)?))
}

/// Cold starts, in milliseconds.
fn starts(arguments: &Arguments, folder: &Path, url: &str, token: &str) -> Outcome<Vec<f64>> {
    (0..STARTS)
        .map(|_| Ok(Server::start(&arguments.verstak, folder, url, token)?.started.as_secs_f64() * 1e3))
        .collect()
}

fn against_bare(
    runtime: &Runtime,
    arguments: &Arguments,
    server: &Server,
    bare: &Bare,
    companies: &Companies,
    scenarios: &[Arc<Scenario>],
    report: &mut Report,
) -> Outcome {
    report.paragraph("HTTP against the same statements driven bare by a loop in this process through sqlx (prepared, the product's own pool settings and durability, as many loops as clients, rows fetched and dropped). Statements: outside + inside the transaction. Ratio: throughput of HTTP / bare, target >= 50 %. Spread: (fastest - slowest round) / middle. CPU: processor time per call of the server's process and of the loop's (on PostgreSQL the database's own is in neither), which other work on the machine hardly changes.\n");
    let heads = [
        "",
        "clients",
        "statements",
        "HTTP p50",
        "HTTP p99",
        "HTTP /s",
        "spread",
        "CPU",
        "bare p50",
        "bare p99",
        "bare /s",
        "spread",
        "CPU",
        "ratio",
        "",
    ];
    let mut rows = Vec::new();
    let mut pages = Vec::new();
    for scenario in scenarios {
        for clients in CLIENTS {
            let pair = in_turn(
                arguments.rounds,
                || {
                    with_processor(server.id(), || {
                        drive(server.address, &companies.full.token, clients, arguments.stretch, &*scenario.ask)
                    })
                },
                || {
                    with_processor(std::process::id(), || {
                        runtime.block_on(bare.drive(clients, arguments.stretch, scenario))
                    })
                },
            )?;
            let row = compared(scenario, clients, &pair);
            say(&format!("  {}", row.join("  ")));
            rows.push(row);
            if scenario.name.contains("page") && clients == 1 {
                pages.push(pair.ours.micros(500));
            }
        }
    }
    report.table(&heads, &rows);
    if let [first, inside] = pages.as_slice() {
        report.paragraph(&format!(
            "A page in the middle takes {:.2} x the p50 of the first page (target <= 1.5 x).",
            inside / first
        ));
    }
    Ok(())
}

fn compared(scenario: &Scenario, clients: usize, pair: &Pair) -> Vec<String> {
    let side = |side: &Side| {
        [
            format!("{:.0} us", side.micros(500)),
            format!("{:.0} us", side.micros(990)),
            format!("{:.0}", side.rate()),
            format!("{:.0} %", side.spread() * 100.0),
            format!("{:.0} us", side.cpu()),
        ]
    };
    let (outside, inside) = scenario.statements();
    let mut row = vec![scenario.name.to_owned(), clients.to_string(), format!("{outside} + {inside}")];
    row.extend(side(&pair.ours));
    row.extend(side(&pair.base));
    row.extend([format!("{:.0} %", pair.throughput_ratio() * 100.0), verdict(pair.throughput_ratio() >= 0.5)]);
    row
}

/// Creates in a company with plugins against creates in one without, on the same server.
fn hooked(arguments: &Arguments, server: &Server, companies: &Companies, report: &mut Report) -> Outcome {
    report.paragraph("Create over HTTP in a company with before-hooks against one without, on the same server. Target for three hooks: p50 <= 1.25 x.\n");
    let mut rows = Vec::new();
    let sides =
        [("3 plain hooks", Some(&companies.hooked)), ("lead-desk (with its after-event)", companies.desk.as_ref())];
    for (name, company) in sides {
        let Some(company) = company else { continue };
        for clients in CLIENTS {
            let side = |company: &Company| {
                let make = |client: usize, n: usize| Some(requests::create(client * 1_000_003 + n, &company.people));
                with_processor(server.id(), || drive(server.address, &company.token, clients, arguments.stretch, &make))
            };
            let pair = in_turn(arguments.rounds, || side(company), || side(&companies.plain))?;
            let row = vec![
                name.to_owned(),
                clients.to_string(),
                format!("{:.0} us", pair.ours.micros(500)),
                format!("{:.0} us", pair.ours.micros(990)),
                format!("{:.0}", pair.ours.rate()),
                format!("{:.0} us", pair.ours.cpu()),
                format!("{:.0} us", pair.base.micros(500)),
                format!("{:.0} us", pair.base.micros(990)),
                format!("{:.0}", pair.base.rate()),
                format!("{:.0} us", pair.base.cpu()),
                format!("{:.2} x", pair.p50_ratio()),
                format!("{:.2} x", pair.throughput_ratio()),
            ];
            say(&format!("  {}", row.join("  ")));
            rows.push(row);
        }
    }
    report.table(
        &[
            "",
            "clients",
            "p50",
            "p99",
            "/s",
            "CPU",
            "without: p50",
            "p99",
            "/s",
            "CPU",
            "p50 ratio",
            "throughput ratio",
        ],
        &rows,
    );
    Ok(())
}
