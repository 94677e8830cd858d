//! Does what a test asks of each interface of 1.4 and 1.5, and says what came of it in one line.

use verstak_plugin::calendars::Moment;
use verstak_plugin::notify::Notice;
use verstak_plugin::prelude::*;
use verstak_plugin::records::Together;
use verstak_plugin::timeline::Entry;
use verstak_plugin::value::describe;

plugin! {
    hooks { "guard" => each guard }
    events { "people" => heard }
    http { GET "/do/{what}" => asked }
    enabled => enabled,
    disabling => disabling,
}

fn enabled() -> Outcome {
    let kept = records::ensure("plat_thing", "code", Draft::new().with("code", "first").with("kind", "small"))?;
    info!("enabled, made {}", kept.created);
    Ok(())
}

fn disabling() -> Outcome {
    let things = records::count("plat_thing", None)?;
    info!("disabling with {things}");
    Ok(())
}

fn guard(change: &mut Change) -> Outcome {
    match change.text("code") {
        Some("locked") => drop(change.reject(Message::new("thing.locked", "Locked"))),
        Some("tell") => {
            let told = notify::send(Notice::new("hook", Message::new("", "From a hook")).to(["x"]));
            change.reject(Message::new("", &told.map_or_else(|error| describe(&error), |()| "told".to_owned())));
        }
        _ => {}
    }
    Ok(())
}

fn heard(events: &[Event]) -> Outcome {
    for event in events {
        let fields: Vec<&str> = event.changes.iter().map(|one| one.field.as_str()).collect();
        info!("heard {} {}", event.name, fields.join(","));
    }
    Ok(())
}

fn asked(request: &Request) -> Outcome<Response> {
    let text = |name: &str| request.parameter(name).unwrap_or_default().to_owned();
    let said = answer(&text("what"), &text).unwrap_or_else(|error| describe(&error));
    let said = said.replace('\\', "\\\\").replace('"', "'").replace('\n', "\\n");
    Ok(Response::json(200, format!("{{\"said\": \"{said}\"}}")))
}

fn list(text: String) -> Vec<String> {
    text.split(',').filter(|part| !part.is_empty()).map(str::to_owned).collect()
}

fn joined<T>(items: impl IntoIterator<Item = T>, words: impl Fn(T) -> String) -> String {
    items.into_iter().map(words).collect::<Vec<_>>().join(" ")
}

fn person(one: people::Person) -> String {
    let roles = one.roles.join("+");
    format!("{}/{}/{}/{}/{}", one.name, one.department_name, roles, one.active, one.admin)
}

fn answer(what: &str, text: &impl Fn(&str) -> String) -> Result<String, HostError> {
    let number = |name: &str| text(name).parse::<i64>().unwrap_or_default();
    let some = |name: &str| Some(text(name)).filter(|value| !value.is_empty());
    Ok(match what {
        "days" => {
            let days = match list(text("people")) {
                none if none.is_empty() => vec![calendars::of_company(&text("first"), &text("last"))?],
                people => calendars::days(&people, &text("first"), &text("last"))?,
            };
            let day = |day: calendars::Day| format!("{}:{}/{}", day.date, day.planned_seconds(), day.norm_seconds());
            days.into_iter().map(|days| format!("[{}]", joined(days, day))).collect()
        }
        "between" => calendars::between(some("person").as_deref(), number("from"), number("until"))?.to_string(),
        "after" => calendars::after(some("person").as_deref(), number("from"), number("seconds"))?.to_string(),
        "local" => calendars::local(&text("zone"), number("at"))?,
        "instant" => match calendars::instant(&text("zone"), &text("local"))? {
            Moment::Once(at) => format!("once {at}"),
            Moment::Twice((first, second)) => format!("twice {first} {second}"),
            Moment::Never(at) => format!("never {at}"),
        },
        "heads" => joined(people::heads(&text("person"))?, |head| {
            format!("{}/{}/{}/{}", head.name, head.level, head.present, head.deputy.unwrap_or_default())
        }),
        "persons" => joined(people::persons(&list(text("people")))?, |one| one.map_or("-".to_owned(), person)),
        "everybody" => joined(people::everybody(some("after").as_deref())?.people, person),
        "admins" => people::admins()?.join(" "),
        "under" => joined(people::under(&text("person"))?, person),
        "over" => joined(people::departments_over(&text("person"))?, |one| one.name),
        "address" => address::of_request()?.unwrap_or_else(|| "unknown".to_owned()),
        "health" => {
            joined(health::check()?, |one| format!("{}/{}/{:?}/{}", one.key, one.title, one.standing, one.problem))
        }
        "in" => joined(people::in_department(&text("department"), text("below") == "yes")?, person),
        "departments" => joined(people::departments()?, |one| format!("{}/{}", one.name, one.heads.len())),
        "at" => joined(people::departments_at(&list(text("people")), number("at"))?, Option::unwrap_or_default),
        "modules" => joined(gates::modules()?, |one| {
            format!("{}/{}/{:?}", one.id, one.title, one.departments.map(|named| named.len()))
        }),
        "set" => {
            let named = some("departments").map(list);
            gates::set(&text("plugin"), named.as_deref())?;
            "set".to_owned()
        }
        "ensure" => {
            let draft = Draft::new().with("code", text("code").as_str());
            let kept = records::ensure("plat_thing", &text("constraint"), draft)?;
            format!("{} {} {}", kept.id, kept.version, kept.created)
        }
        "together" => together(text)?,
        "visible" => joined(records::visible("lead", &list(text("ids")))?, |seen| seen.to_string()),
        "notify" => {
            let words = Message::new("hello", "Hello").with("name", text("name"));
            let notice = Notice::new(text("key"), words).to(list(text("people"))).confirm();
            notify::send(match some("link") {
                Some(link) => notice.link(link),
                None => notice,
            })?;
            "told".to_owned()
        }
        "receipts" => joined(notify::receipts(&text("key"))?, |one| {
            format!("{}/{}/{}", one.person, one.seen.is_some(), one.confirmed.is_some())
        }),
        "timeline" => {
            let entity = some("entity").unwrap_or_else(|| "lead".to_owned());
            let entry = Entry::new(text("key"), "call", &entity, &text("record"), number("at"));
            let entry = entry.text(text("text")).incoming();
            let entry = match some("person") {
                Some(person) => entry.by(&person),
                None => entry,
            };
            joined(timeline::add(&[entry])?, |one| one.unwrap_or_else(|error| describe(&error)))
        }
        "file" => String::from_utf8_lossy(&runtime::package_file(&text("path"))?).into_owned(),
        "words" => runtime::words(&Message::new("hello", "?").with("name", "Ann"), &text("locale")),
        other => format!("no {other}"),
    })
}

/// A thing with parts that point to it; a part without anything where `spoil` says so.
fn together(text: &impl Fn(&str) -> String) -> Result<String, HostError> {
    let ids = records::fresh_ids(1)?;
    let Some(id) = ids.first() else { return Ok("no id".to_owned()) };
    let thing = Draft::new().with("code", text("code").as_str());
    let part = || Draft::new().with("thing", Value::link(id)).with("title", "Part");
    let mut writes = Together::new().create("plat_part", part()).create_as("plat_thing", id, thing);
    writes = match text("spoil").as_str() {
        "missing" => writes.create("plat_part", Draft::new().with("title", "No thing")),
        "twice" => writes.change("plat_thing", id, Draft::new().with("size", 1_i64)),
        "task" => writes.create("task", Draft::new().with("title", "No")),
        _ => writes.create("plat_part", part()),
    };
    let saved = writes.run()?;
    Ok(format!("{} {}", saved.len(), id))
}
