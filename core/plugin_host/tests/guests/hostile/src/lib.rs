//! Does whatever a lead's comment says, all of it bad manners.

use verstak_plugin::prelude::*;

plugin! {
    hooks { "nasty" => each nasty }
    events { "created" => created }
    http { POST "/nasty" => route }
}

fn nasty(change: &mut Change) -> Outcome {
    let order = change.text("comments").unwrap_or_default().to_owned();
    match order.as_str() {
        "patch title" => change.set("title", "Hacked"),
        "patch number" => change.set("number", 1_i64),
        "patch comments" => change.set("comments", "patched"),
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

fn created(_: &[Event]) -> Outcome {
    Err("never satisfied".into())
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
            let mut hoard: Vec<Vec<u8>> = Vec::new();
            loop {
                hoard.push(vec![1; 1024 * 1024]);
            }
        }
        "recursion" => {
            std::hint::black_box(dive(0));
        }
        "trap" => panic!("on purpose"),
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
