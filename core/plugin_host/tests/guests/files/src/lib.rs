//! Does with files whatever it is told to.

use verstak_plugin::prelude::*;

plugin! {
    hooks { "puts" => each puts }
    events { "files" => hears }
    actions { "do" => act }
}

fn puts(change: &mut Change) -> Outcome {
    let asked = files::fetch("lead", "019cf5df-a280-7c22-9ab4-780c4d7b7ace", "a.txt", "https://files.example.com/a");
    change.reject(Message::new("said", &described(asked)));
    Ok(())
}

fn hears(events: &[Event]) -> Outcome {
    for event in events {
        let told = format!("{} {} {:?}", event.name, event.entity, event.after("file"));
        info!("{told}");
    }
    Ok(())
}

fn described<T: ToString>(answer: Result<T, HostError>) -> String {
    match answer {
        Ok(answer) => answer.to_string(),
        Err(error) => verstak_plugin::value::describe(&error),
    }
}

fn member<'a>(json: &'a str, name: &str) -> &'a str {
    json.split(&format!("\"{name}\":\"")).nth(1).and_then(|rest| rest.split('"').next()).unwrap_or_default()
}

fn act(call: &Call) -> Done<String> {
    let of = |name| member(&call.input, name);
    let (entity, record, text) = (of("entity"), of("record"), of("text"));
    let put = |name: &str, bytes: &[u8]| files::put(entity, record, name, bytes).map(|file| file.id);
    let said = match of("order") {
        "put" => described(put("a.txt", text.as_bytes())),
        "put badly named" => {
            described(put("../\u{202e}a\r\n.txt", b"x").and_then(|id| files::get(&id)).map(|file| file.name))
        }
        "put without a name" => described(put("..", b"x")),
        "put too much" => described(put("a.bin", &vec![0; 1024 * 1024 + 1])),
        "put a lot" => described(put("a.bin", &vec![7; 1024 * 1024])),
        "list" => described(files::of_record(entity, record).map(|files| {
            files
                .iter()
                .map(|file| format!("{} {} {}", file.name, file.media_type, file.size))
                .collect::<Vec<_>>()
                .join(", ")
        })),
        "get" => described(files::get(text).map(|file| file.name)),
        "read" => described(files::read(text, 1, 3).map(|bytes| String::from_utf8_lossy(&bytes).into_owned())),
        "read behind" => described(files::read(text, 1_000_000_000_000, u32::MAX).map(|bytes| bytes.len())),
        "read whole" => described(
            files::get(text).and_then(|file| files::read_all(&file, 4 * 1024 * 1024)).map(|bytes| bytes.len()),
        ),
        "remove" => described(files::remove(text).map(|()| "removed")),
        "take" => described(uploads::take(text, entity, record).map(|file| file.id)),
        "fetch" => described(files::fetch(entity, record, "fetched.txt", text)),
        "fetch with a secret" => described(files::fetch_with(entity, record, "fetched.txt", text, "token")),
        "fetch with no secret" => described(files::fetch_with(entity, record, "fetched.txt", text, "tokn")),
        "fetch many" => {
            let all: Vec<_> = (0..21).map(|_| files::fetch(entity, record, "f.txt", text)).collect();
            described(all.into_iter().next_back().unwrap_or(Ok(String::new())))
        }
        _ => String::new(),
    };
    Ok(format!("{{\"said\": \"{}\"}}", said.replace(['"', '\\', '\n', '\r'], "'")))
}
