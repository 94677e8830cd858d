//! Jobs that do what their input says: `{"order": "..."}`; and an action that enqueues them.

use verstak_plugin::prelude::*;

plugin! {
    actions { "enqueue" => enqueue }
    jobs { "hourly" => hourly, "queued" => work, "work" => work, "theirs" => work, "slow" => slow }
}

/// The text of a member in a flat object, plain enough to be cut out.
fn member<'a>(json: &'a str, name: &str) -> Option<&'a str> {
    let rest = json.split(&format!("\"{name}\":")).nth(1)?;
    let rest = rest.trim_start();
    match rest.strip_prefix('"') {
        Some(text) => text.split('"').next(),
        None => rest.split([',', '}']).next(),
    }
}

fn enqueue(call: &Call) -> Done<String> {
    let order = member(&call.input, "order").unwrap_or_default();
    let mut job = NewJob::new(member(&call.input, "job").unwrap_or("work"));
    job = match order {
        "large input" => job.input(format!("{{\"text\": \"{}\"}}", "x".repeat(65 * 1024))),
        "no object" => job.input("[1]"),
        "too far" => job.after_seconds(401 * 86_400),
        "long key" => job.once_as("k".repeat(201)),
        _ => job.input(format!("{{\"order\": \"{order}\"}}")),
    };
    job.dedup_key = job.dedup_key.or_else(|| member(&call.input, "key").map(str::to_owned));
    job.run_at = job.run_at.or_else(|| member(&call.input, "at").and_then(|at| at.parse().ok()));
    let said = match order {
        "batch" => format!("{:?}", jobs::enqueue_many(&vec![job; 201])).replace('"', "'"),
        _ => match jobs::enqueue(job) {
            Ok(id) => id,
            Err(error) => verstak_plugin::value::describe(&error).replace(['"', '\\'], "'"),
        },
    };
    Ok(format!("{{\"said\": \"{said}\"}}"))
}

fn hourly(run: &Run) -> Ran {
    make_lead(&format!("hour {}", run.planned))?;
    Ok(Answer::Done)
}

fn make_lead(title: &str) -> Result<(), HostError> {
    records::create("lead", Draft::new().with("title", title)).map(drop)
}

/// Counts its cursor up to a number.
fn count(run: &Run, to: u32) -> Ran {
    let done: u32 = run.cursor.as_deref().and_then(|cursor| cursor.parse().ok()).unwrap_or_default();
    if done >= to {
        return Ok(Answer::Done);
    }
    make_lead(&format!("step {done}"))?;
    jobs::more((done + 1).to_string(), Some(f64::from(done + 1) / f64::from(to)), format!("{} of {to}", done + 1))
}

/// Forty steps that take a while.
fn slow(run: &Run) -> Ran {
    std::thread::sleep(std::time::Duration::from_millis(20));
    count(run, 40)
}

fn work(run: &Run) -> Ran {
    match member(&run.input, "order").unwrap_or_default() {
        "count" => count(run, 5),
        "count for ever" => count(run, u32::MAX),
        "fail" => Err(jobs::NotDone::again("on purpose")),
        "fail at two" if run.cursor.as_deref() == Some("2") && run.attempt < 3 => Err(jobs::NotDone::again("not yet")),
        "fail at two" => count(run, 3),
        "never" => Err(jobs::NotDone::never("not this")),
        "trap" => panic!("on purpose"),
        "loop" => loop {
            std::hint::black_box(());
        },
        "sleep" => {
            std::thread::sleep(std::time::Duration::from_secs(3_600));
            Ok(Answer::Done)
        }
        "memory" => {
            let mut all = Vec::new();
            loop {
                all.push(vec![1_u8; 1024 * 1024]);
            }
        }
        "same cursor" => jobs::more("here", None, ""),
        "progress" => jobs::more("1", Some(2.0), ""),
        "large cursor" => jobs::more("x".repeat(17 * 1024), None, ""),
        "again" => {
            jobs::enqueue(NewJob::new("work").input(run.input.clone()))?;
            make_lead("again")?;
            Ok(Answer::Done)
        }
        "lead" => {
            make_lead("by a job")?;
            Ok(Answer::Done)
        }
        _ => Ok(Answer::Done),
    }
}
