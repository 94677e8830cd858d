//! Does whatever a lead's comment says, all of it bad manners.

use verstak_plugin::prelude::*;

plugin! {
    hooks { "nasty" => each nasty }
    events { "created" => created }
    http { POST "/nasty" => route }
    actions { "nasty" => action }
    conditions { "nasty-question" => condition }
}

/// The order stands in the input `{"order": "..."}`, which is plain enough to be cut out of the text.
fn order_of(call: &Call) -> &str {
    call.input.split('"').nth(3).unwrap_or_default()
}

fn action(call: &Call) -> Done<String> {
    let start = |definition: &str| processes::start(definition, call.subject.clone(), "{}");
    Ok(match order_of(call) {
        "huge json" => format!("{{\"text\": \"{}\"}}", "x".repeat(8 * 1024 * 1024)),
        "large json" => format!("{{\"text\": \"{}\"}}", "x".repeat(300 * 1024)),
        "no json" => "{".to_owned(),
        "deep json" => "[".repeat(100_000),
        "wrong type" => "{\"text\": 5}".to_owned(),
        "undeclared" => "{\"other\": 5}".to_owned(),
        "echo" => {
            let element = call.element.as_deref().unwrap_or_default();
            format!("{{\"text\": \"{} {element} {}\"}}", call.key, call.task.is_some())
        }
        "again" => return Err(NotDone::again("later")),
        "never" => return Err(NotDone::never("not this")),
        "bpmn" => return Err(NotDone::bpmn("too_bad", "it happens")),
        "empty code" => return Err(NotDone::bpmn("", "it happens")),
        "start other" => return Err(NotDone::never(format!("{:?}", start("other")))),
        "start allowed" => format!("{{\"text\": \"{}\"}}", start("allowed")?),
        "start for ever" => format!("{{\"text\": \"{}\"}}", start("circle")?),
        "message" => {
            let message = processes::Message::new("paid").key("7").variables("{\"sum\": 5}");
            let sent = processes::publish(&message)?;
            format!("{{\"text\": \"{} {}\"}}", sent.instances.len(), sent.started.len())
        }
        "other message" => {
            return Err(NotDone::never(format!("{:?}", processes::publish(&processes::Message::new("x")))));
        }
        "signal" => return Err(NotDone::never(format!("{:?}", processes::signal("all", "{}")))),
        "no variables" => return Err(NotDone::never(format!("{:?}", processes::start("allowed", None, "[]")))),
        "mine" => format!("{{\"text\": \"{}\"}}", tasks::mine()?.len()),
        "complete" => {
            let open = tasks::find(&tasks::Query {
                mine: false,
                instance: None,
                state: Some(tasks::State::Open),
                limit: 10,
                cursor: None,
            })?;
            let mut titles = String::new();
            for task in &open.tasks {
                titles.push_str(&task.title);
                tasks::complete(&task.id, "{\"by\": \"plugin\"}")?;
            }
            format!("{{\"text\": \"{titles}\"}}")
        }
        "make task" => {
            let (entity, id) = call.subject.as_ref().map_or(("deal", ""), |one| (one.entity.as_str(), one.id.as_str()));
            let task = tasks::NewTask::new("Made by a plugin").about(entity, id).executor("owner").due(call_time());
            let nobody = tasks::NewTask::new("For nobody").executor("user:nobody@example.com");
            let made = tasks::create_many(&[task, nobody])?;
            let went: Vec<String> = made.iter().map(|one| one.is_ok().to_string()).collect();
            let text = went.join(" ");
            format!("{{\"text\": \"{text}\"}}")
        }
        "make task elsewhere" => {
            let task = tasks::NewTask::new("Elsewhere").about("deal", "00000000-0000-0000-0000-000000000000");
            return Err(NotDone::never(format!("{:?}", tasks::create(task))));
        }
        "write subject" => {
            let open = tasks::find(&tasks::Query {
                mine: false,
                instance: None,
                state: Some(tasks::State::Open),
                limit: 10,
                cursor: None,
            })?;
            let first = open.tasks.first().ok_or_else(|| NotDone::never("no open task"))?;
            let refused = tasks::complete(&first.id, "{\"record.title\": \"Hacked\"}");
            return Err(NotDone::never(format!("{refused:?}")));
        }
        order => {
            obey(order)?;
            "{}".to_owned()
        }
    })
}

fn call_time() -> i64 {
    runtime::now() + 3_600_000_000
}

fn condition(call: &Call) -> Done<bool> {
    match order_of(call) {
        "yes" => Ok(true),
        "no" => Ok(false),
        "change" => {
            let tries = [
                format!("{:?}", kv::set("asked", vec![1_u8], None)),
                format!("{:?}", processes::start("allowed", None, "{}")),
                format!("{:?}", tasks::create(tasks::NewTask::new("By a question"))),
            ];
            Err(NotDone::never(tries.join(" ")))
        }
        order => {
            obey(order)?;
            Err(NotDone::never("no idea"))
        }
    }
}

fn nasty(change: &mut Change) -> Outcome {
    let order = change.text("comments").unwrap_or_default().to_owned();
    match order.as_str() {
        "patch title" => change.set("title", "Hacked"),
        "patch number" => change.set("number", 1_i64),
        "patch comments" => change.set("comments", "patched"),
        "money" => {
            let found = Query::of("lead").limit(1).fields(&["amount"]).run()?;
            let stored = found.rows.first().and_then(|lead| lead.text("currency")).unwrap_or("none");
            let given = change.text("currency").unwrap_or("none");
            let both = format!("{given} {stored}");
            change.set("comments", both);
        }
        "huge patch" => change.set("comments", "x".repeat(8 * 1024 * 1024)),
        "write in a loop" => {
            let query = Query::of("lead").limit(1).fields(&["title"]);
            if let Some(lead) = query.run()?.rows.first() {
                records::change("lead", &lead.id.clone(), Draft::new().with("comments", "write in a loop"))?;
            }
        }
        order => obey(order)?,
    }
    Ok(())
}

fn created(events: &[Event]) -> Outcome {
    let currency = events.first().and_then(|event| event.after("currency"));
    Err(format!("never satisfied with {currency:?}").into())
}

fn route(request: &Request) -> Outcome<Response> {
    let order = request.text().unwrap_or_default();
    if order == "html" {
        let mut response = Response::json(200, "<script>alert(1)</script>");
        for header in &mut response.headers {
            header.value = "text/html".to_owned();
        }
        return Ok(response);
    }
    if order == "status" {
        return Ok(Response::empty(7));
    }
    obey(order)?;
    Ok(Response::json(200, "{}"))
}

fn obey(order: &str) -> Outcome {
    match order {
        "loop" => loop {
            std::hint::black_box(());
        },
        "memory" => {
            // Not written to: on a busy machine pages cost processor time, and that would run out first.
            let mut hoard: Vec<Vec<u8>> = Vec::new();
            loop {
                hoard.push(std::hint::black_box(Vec::with_capacity(1024 * 1024)));
            }
        }
        "recursion" => {
            std::hint::black_box(dive(0));
        }
        "trap" => panic!("on purpose"),
        "ask" => {
            std::hint::black_box((Settings::load(), runtime::now()));
            info!("asked");
        }
        // Some milliseconds of its own processor time on any machine, however busy: much more than a row's share of a batch
        // of sixty, much less than the budget of one.
        "burn" => {
            let mut turned = std::hint::black_box(1_u64);
            for turn in 0..4_000_000 {
                turned = turned.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(turn);
            }
            std::hint::black_box(turned);
        }
        "fail" => return Err("on purpose".into()),
        "host calls" => {
            for _ in 0..1_000_000 {
                std::hint::black_box(runtime::now());
            }
        }
        "log" => {
            for line in 0..90 {
                info!("{line} {}", "x".repeat(100_000));
            }
        }
        "print" => {
            for line in 0..200 {
                println!("{line} {}", "x".repeat(1_000));
            }
        }
        "huge log" => info!("{}", "x".repeat(4 * 1024 * 1024)),
        "sleep" => std::thread::sleep(std::time::Duration::from_secs(3600)),
        "file" => return Err(format!("{:?}", std::fs::read_dir("/").map(|_| ())).into()),
        "environment" => return Err(format!("{} variables", std::env::vars().count()).into()),
        "socket" => return Err(format!("{:?}", std::net::TcpStream::connect("127.0.0.1:80").map(|_| ())).into()),
        "other entity" => return Err(format!("{:?}", records::count("deal", None)).into()),
        "people" => return Err(format!("{:?}", kv::set("x", vec![0; 100_000], None)).into()),
        _ => {}
    }
    Ok(())
}

fn dive(depth: u64) -> u64 {
    let here = std::hint::black_box([depth; 64]);
    if here[0] == u64::MAX { 0 } else { dive(depth + 1) + here[1] }
}
