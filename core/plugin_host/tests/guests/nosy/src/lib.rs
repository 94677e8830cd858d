//! Asks each interface for one thing by its id, whoever's it is, and says in a line what came of it.

use verstak_plugin::notify::Notice;
use verstak_plugin::prelude::*;
use verstak_plugin::records::Together;
use verstak_plugin::steps::Subject;
use verstak_plugin::tasks::NewTask;
use verstak_plugin::timeline::Entry;
use verstak_plugin::value::describe;

plugin! {
    http { GET "/do/{area}/{what}" => asked }
}

type Said = Result<String, HostError>;

fn asked(request: &Request) -> Outcome<Response> {
    let text = |name: &str| request.parameter(name).unwrap_or_default();
    let (what, id, mine, person) = (text("what"), text("id"), text("mine"), text("person"));
    let said = match text("area") {
        "records" => of_records(what, id),
        "people" => of_people(what, id),
        "time" => of_time(what, id),
        "files" => of_files(what, id, mine),
        "links" => of_links(what, id),
        "work" => of_work(what, id, person),
        "past" => of_past(what, id, mine),
        "mail" => of_mail(what, id),
        "kept" => of_kept(what, id),
        other => Ok(format!("no area {other}")),
    };
    let said = said.unwrap_or_else(|error| describe(&error));
    let said = said.replace('\\', "/").replace('"', "'").replace('\n', " ");
    Ok(Response::json(200, format!("{{\"said\": \"{said}\"}}")))
}

fn there<T>(found: Option<T>) -> String {
    found.map_or("none", |_| "there").to_owned()
}

fn done<T>(_: T) -> String {
    "done".to_owned()
}

fn unknown(what: &str) -> Said {
    Ok(format!("no {what}"))
}

fn titled(title: &str) -> Draft {
    Draft::new().with("title", title)
}

fn of_records(what: &str, id: &str) -> Said {
    match what {
        "get" => records::get("lead", id).map(there),
        "find" => {
            let filter = format!(r#"{{"field": "id", "op": "eq", "value": "{id}"}}"#);
            records::count("lead", Some(&filter)).map(|count| count.to_string())
        }
        "visible" => records::visible("lead", &[id.to_owned()]).map(|seen| format!("{seen:?}")),
        "change" => records::change("lead", id, titled("Changed")).map(done),
        "together" => Together::new().change("lead", id, titled("Changed together")).run().map(done),
        "remove" => records::remove("lead", id).map(done),
        "restore" => records::restore("lead", id).map(done),
        "link" => records::create("lead", titled("Linked").with("company", Value::link(id))).map(done),
        "owner" => records::create("lead", titled("Owned").with("owner", Value::link(id))).map(done),
        other => unknown(other),
    }
}

fn of_people(what: &str, id: &str) -> Said {
    let count = |count: usize| count.to_string();
    match what {
        "user" => people::user(id).map(there),
        "person" => people::person(id).map(there),
        "heads" => people::heads(id).map(|all| count(all.len())),
        "under" => people::under(id).map(|all| count(all.len())),
        "over" => people::departments_over(id).map(|all| count(all.len())),
        "in" => people::in_department(id, true).map(|all| count(all.len())),
        "at" => people::departments_at(&[id.to_owned()], runtime::now()).map(|mut all| there(all.pop().flatten())),
        "on" => gates::is_on(id).map(|on| on.to_string()),
        "gate" => gates::set("test.plain", Some(&[id.to_owned()])).map(done),
        "notify" => {
            notify::send(Notice::new(id, Message::new("page", "Page")).to([id]))?;
            notify::receipts(id).map(|all| count(all.len()))
        }
        other => unknown(other),
    }
}

fn of_time(what: &str, id: &str) -> Said {
    let now = runtime::now();
    match what {
        "days" => calendars::days(&[id.to_owned()], "2026-01-12", "2026-01-12")
            .map(|all| all.iter().map(Vec::len).sum::<usize>().to_string()),
        "between" => calendars::between(Some(id), now - 1_000_000, now).map(done),
        "after" => calendars::after(Some(id), now, 60).map(done),
        other => unknown(other),
    }
}

fn of_files(what: &str, id: &str, mine: &str) -> Said {
    match what {
        "list" => files::of_record("lead", id).map(|all| all.len().to_string()),
        "get" => files::get(id).map(|file| file.name),
        "read" => files::read(id, 0, 10).map(|bytes| bytes.len().to_string()),
        "put" => files::put("lead", id, "put.txt", b"hello").map(done),
        "fetch" => files::fetch("lead", id, "fetched.txt", "https://files.example.com/a").map(done),
        "take" => uploads::take(id, "lead", mine).map(done),
        "remove" => files::remove(id).map(done),
        other => unknown(other),
    }
}

fn of_links(what: &str, id: &str) -> Said {
    match what {
        "make" => links::make("open", "lead", id).map(|made| made.link.id),
        "list" => links::of_record("lead", id).map(|all| all.len().to_string()),
        "revoke" => links::revoke(id).map(done),
        other => unknown(other),
    }
}

fn of_work(what: &str, id: &str, person: &str) -> Said {
    match what {
        "complete" => tasks::complete(id, "{}").map(done),
        "instance" => tasks::of_instance(id).map(|all| all.len().to_string()),
        "executor" => tasks::create(NewTask::new("For somebody").executor(format!("user:{id}"))).map(done),
        "about" => tasks::create(NewTask::new("About").about("lead", id).executor(format!("user:{person}"))).map(done),
        "start" => {
            let subject = Subject { entity: "lead".to_owned(), id: id.to_owned() };
            processes::start("allowed", Some(subject), "{}").map(done)
        }
        "publish" => processes::publish(&processes::Message::new("paid").key(id))
            .map(|sent| format!("{} {}", sent.instances.len(), sent.started.len())),
        other => unknown(other),
    }
}

fn of_past(what: &str, id: &str, mine: &str) -> Said {
    let now = runtime::now();
    let entry = match what {
        "record" => Entry::new(id, "note", "lead", id, now),
        "person" => Entry::new(format!("by {id}"), "note", "lead", mine, now).by(id),
        other => return unknown(other),
    };
    let mut added = timeline::add(&[entry.text("Something happened")])?;
    added.pop().map_or_else(|| unknown("result"), |one| one.map(done))
}

fn of_mail(what: &str, id: &str) -> Said {
    let letter = |key: String| messaging::mail(key, "anna@example.com", "Hello", "How are you?");
    match what {
        "send" => letter(id.to_owned()).send(),
        "about" => letter(format!("about {id}")).about("lead", id).send().map(done),
        "file" => {
            let with = letter(format!("with {id}")).with(|mail| mail.attachments = vec![id.to_owned()]);
            with.send().map(done)
        }
        "status" => messaging::status(&[id.to_owned()]).map(|mut all| there(all.pop().flatten())),
        "key" => messaging::by_key(id).map(there),
        other => unknown(other),
    }
}

fn of_kept(what: &str, id: &str) -> Said {
    match what {
        "set" => kv::set(id, b"1".to_vec(), None).map(done),
        "get" => kv::get(id).map(there),
        "large" => kv::set(id, vec![0_u8; 64 * 1024 + 1], None).map(done),
        "many" => kv::get_many(&vec![id.to_owned(); 201]).map(done),
        "keys" => kv::keys(id, None).map(|keys| keys.len().to_string()),
        other => unknown(other),
    }
}
