//! The server under a crowd of which half are slow or half-sent: who is answered meanwhile, what memory it takes, and how
//! things are two seconds later.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use tokio::runtime::Runtime;

use crate::Outcome;
use crate::arguments::{Arguments, Place};
use crate::capture::Seen;
use crate::company;
use crate::crowd::{Crowd, Met};
use crate::report::{Report, say};
use crate::server::Server;
use crate::suite::{self, verdict};

const CLIENTS: usize = 800;
const LENGTH: Duration = Duration::from_secs(60);
/// How long after the crowd has gone all must be as before.
const REST: Duration = Duration::from_secs(2);
/// Leads in the company.
const LEADS: usize = 20_000;
/// Requests of one client before the crowd and after it.
const ALONE: usize = 400;
/// Memory of its own that the server may come to, MiB.
const MOST: f64 = 1024.0;

/// Runs the crowd against the built server on one database.
pub fn measure(runtime: &Runtime, arguments: &Arguments, place: &Place, report: &mut Report) -> Outcome {
    say(&format!("{}: a crowd of {CLIENTS} for {LENGTH:?}", place.name));
    let folder = arguments.scratch()?;
    let url = runtime.block_on(suite::address(place, folder.path()))?;
    let token = runtime.block_on(async {
        let state = suite::open(&url, folder.path(), &Seen::default()).await?;
        let company = company::make(&state, "Crowded").await?;
        company::load(&state, &company, LEADS).await?;
        Ok::<_, Box<dyn std::error::Error + Send + Sync>>(company.token)
    })?;
    let server = Server::start(&arguments.verstak, folder.path(), &url, &token)?;
    let crowd = Crowd { address: server.address, token, clients: CLIENTS, length: LENGTH };
    let before = runtime.block_on(crowd.alone(ALONE));
    let idle = server.own_memory()?;
    let over = AtomicBool::new(false);
    let (met, most) = std::thread::scope(|scope| {
        let sampler = scope.spawn(|| {
            let mut most = 0.0_f64;
            while !over.load(Ordering::SeqCst) {
                most = most.max(server.own_memory().unwrap_or(f64::MAX));
                std::thread::sleep(Duration::from_millis(100));
            }
            most
        });
        let met = runtime.block_on(crowd.run());
        over.store(true, Ordering::SeqCst);
        (met, sampler.join().unwrap_or(f64::MAX))
    });
    std::thread::sleep(REST);
    let after = runtime.block_on(crowd.alone(ALONE));
    write(
        place,
        &[("before, one client", &before), ("the crowd's good half", &met), ("two seconds after, one client", &after)],
        report,
    );
    let rows = [
        vec!["memory of its own, idle".to_owned(), format!("{idle:.0} MiB"), String::new(), String::new()],
        vec![
            "the most, sampled every 100 ms".to_owned(),
            format!("{most:.0} MiB"),
            format!("< {MOST:.0} MiB"),
            verdict(most < MOST),
        ],
        vec!["after".to_owned(), format!("{:.0} MiB", server.own_memory()?), String::new(), String::new()],
        vec![
            "connections of the bad half that it ended".to_owned(),
            met.ended.to_string(),
            "all in their time".to_owned(),
            verdict(met.ended > 0),
        ],
        vec![
            "p50 two seconds after against before".to_owned(),
            format!("{:.2} x", ratio(&after, &before)),
            "<= 1.5 x".to_owned(),
            verdict(ratio(&after, &before) <= 1.5),
        ],
    ];
    report.paragraph("");
    report.table(&["", "measured", "target", ""], &rows);
    Ok(())
}

fn ratio(after: &Met, before: &Met) -> f64 {
    after.within(500).as_secs_f64() / before.within(500).as_secs_f64().max(1e-9)
}

fn write(place: &Place, sides: &[(&str, &Met)], report: &mut Report) {
    report.section(
        &format!("{}: {CLIENTS} clients, half of them slow or half-sent", place.name),
        &format!(
            "{LENGTH:?} on a company of {LEADS} leads, client and server on the same cores. The good half reads lists and \
             itself and makes leads, each client as fast as it is answered, and comes back half a second later when it is \
             told to; the other half sends half a head or half a body, a body by drops, or reads a list of 500 by drops."
        ),
    );
    let mut rows = Vec::new();
    for (name, met) in sides {
        let milliseconds = |per_mille| format!("{:.1} ms", met.within(per_mille).as_secs_f64() * 1e3);
        let count = |which: &dyn Fn(u16) -> bool| met.answered(which).to_string();
        let row = vec![
            (*name).to_owned(),
            count(&|status| (200..300).contains(&status)),
            milliseconds(500),
            milliseconds(990),
            milliseconds(1000),
            count(&|status| [429, 503].contains(&status)),
            count(&|status| !(200..300).contains(&status) && ![429, 503].contains(&status)),
            met.broken.to_string(),
        ];
        say(&format!("  {}", row.join("  ")));
        rows.push(row);
    }
    report
        .table(&["", "answered", "p50", "p99", "longest", "told to come later", "other answers", "broken off"], &rows);
}
