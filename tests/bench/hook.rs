//! A before-hook alone: fresh instance, 30 fields, one patched, no SQL.

use kernel::Db;
use kernel::db::DbOptions;
use plugin_host::bench::HookBench;

use crate::Outcome;
use crate::arguments::Arguments;
use crate::measure::middle;
use crate::plugins::Packages;
use crate::report::{Report, say};

const CALLS: usize = 10_000;

/// Measures it in rounds and reports the middle one.
pub async fn measure(arguments: &Arguments, packages: &Packages, report: &mut Report) -> Outcome {
    say("before-hook");
    let folder = arguments.scratch()?;
    let db = Db::open(&DbOptions::new(&format!("sqlite:{}", folder.path().join("hook.db").display()))).await?;
    migrations::upgrade(db.for_migrations()).await?;
    let bench = HookBench::new(db, packages.plain.get(..1).unwrap_or_default()).await?;
    bench.run(CALLS).await?;
    let mut rounds = Vec::new();
    for _ in 0..arguments.rounds {
        rounds.push(bench.run(CALLS).await?);
    }
    let of = |time: fn(&plugin_host::bench::Times) -> std::time::Duration| {
        let micros: Vec<f64> = rounds.iter().map(|times| time(times).as_secs_f64() * 1e6).collect();
        (
            middle(micros.clone()),
            micros.iter().copied().fold(f64::MAX, f64::min),
            micros.iter().copied().fold(0.0, f64::max),
        )
    };
    report.section("Before-hook at host level", "A new lead of 30 fields through one plugin: a fresh instance, the call, one field patched and checked. No SQL. Middle of the rounds, in brackets the least and the most.");
    let mut rows = Vec::new();
    for (name, time, target) in [("p50", of(|times| times.p50), 40.0), ("p99", of(|times| times.p99), 200.0)] {
        let (value, least, most) = time;
        let met = if value <= target { "met" } else { "missed" };
        rows.push(vec![
            name.to_owned(),
            format!("{value:.1} us ({least:.1} - {most:.1})"),
            format!("<= {target:.0} us"),
            met.to_owned(),
        ]);
    }
    report.table(&["", "measured", "target", ""], &rows);
    Ok(())
}
