//! `cargo xtask bench`: what the product costs beyond its database, as ratios measured in one run.
//!
//! Owns: the measurements and `tests/bench/RESULTS.md`. Must not know: how the product works inside; it drives the
//! built `verstak` over HTTP, replays the statements it was seen to make, and calls the plugin host's own bench entry.
//!
//! | module | what |
//! |---|---|
//! | `arguments` | the command line and where built files are |
//! | `crowd` | many clients, half of them bad |
//! | `load` | the server under a crowd |
//! | `company` | companies, people and believable leads through the public services |
//! | `plugins` | packages of the plain hook under several ids; lead-desk |
//! | `capture` | the statements that one request makes |
//! | `bare` | the same statements in a loop, through sqlx alone |
//! | `client` | a keep-alive HTTP client that costs little |
//! | `server` | the built server as a process: start, memory |
//! | `measure` | times of many calls, interleaved rounds |
//! | `requests` | the requests that are measured |
//! | `mix` | what people do all day; how far after-events fall behind |
//! | `suite` | everything measured on one database |
//! | `modules` | plans, months of many people, timers |
//! | `processes` | instances of a process, timers |
//! | `erp` | the requests that an ERP was driven with |
//! | `volume` | lists, duplicates and merges among many records; whole files in and out |
//! | `surfaces` | a page of a plugin in one call, what its code takes, lists of its entity |
//! | `tenants` | many companies with plugins of their own on one node |
//! | `figures` | maps, the journal, the funnel, the builder, the first page |
//! | `hook` | a before-hook alone |
//! | `report` | the tables |

mod arguments;
mod bare;
mod capture;
mod client;
mod company;
mod crowd;
mod erp;
mod figures;
mod hook;
mod load;
mod measure;
mod mix;
mod modules;
mod plugins;
mod processes;
mod report;
mod requests;
mod server;
mod suite;
mod surfaces;
mod tenants;
mod volume;

use std::process::ExitCode;

use arguments::Arguments;
use report::Report;

/// What went wrong, in words.
type Outcome<T = ()> = Result<T, Box<dyn std::error::Error + Send + Sync>>;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            report::say(&format!("bench: {error}"));
            ExitCode::FAILURE
        }
    }
}

fn run() -> Outcome {
    let Some(arguments) = Arguments::parse(std::env::args().skip(1))? else {
        report::say(arguments::HELP);
        return Ok(());
    };
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let mut report = Report::new(&arguments);
    let packages = plugins::Packages::make(&arguments)?;
    if arguments.wants("hook") {
        runtime.block_on(hook::measure(&arguments, &packages, &mut report))?;
    }
    for place in arguments.places() {
        if arguments.wants(place.name) {
            suite::measure(&runtime, &arguments, &place, &packages, &mut report)?;
        }
        if arguments.wants("processes") {
            processes::measure(&runtime, &arguments, &place, &mut report)?;
        }
        if arguments.wants("modules") {
            modules::measure(&runtime, &arguments, &place, &mut report)?;
        }
        if arguments.wants("figures") {
            figures::measure(&runtime, &arguments, &place, &mut report)?;
        }
        if arguments.wants("volume") {
            volume::measure(&runtime, &arguments, &place, &packages, &mut report)?;
        }
        if arguments.wants("surfaces") {
            surfaces::measure(&runtime, &arguments, &place, &mut report)?;
        }
        if arguments.wants("tenants") {
            tenants::measure(&runtime, &arguments, &place, &mut report)?;
        }
        if arguments.wants("load") {
            load::measure(&runtime, &arguments, &place, &mut report)?;
        }
    }
    report.write(&arguments.out)
}
