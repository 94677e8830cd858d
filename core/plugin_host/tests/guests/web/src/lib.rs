//! Asks other servers for whatever it is told to.

use verstak_plugin::prelude::*;

plugin! {
    hooks { "asks" => each asks }
    actions { "fetch" => ask }
}

fn asks(change: &mut Change) -> Outcome {
    let answer = fetch::get("https://api.example.com/").send();
    change.reject(Message::new("said", &described(answer)));
    Ok(())
}

fn described(answer: Result<fetch::Response, HostError>) -> String {
    match answer {
        Ok(answer) => {
            let names: Vec<&str> = answer.headers.iter().map(|header| header.name.as_str()).collect();
            format!("{} {} {}", answer.status, names.join(","), answer.text().unwrap_or("bytes"))
        }
        Err(error) => verstak_plugin::value::describe(&error),
    }
}

fn member<'a>(json: &'a str, name: &str) -> &'a str {
    json.split(&format!("\"{name}\":\"")).nth(1).and_then(|rest| rest.split('"').next()).unwrap_or_default()
}

fn ask(call: &Call) -> Done<String> {
    let url = match member(&call.input, "url") {
        "" => "https://api.example.com/path?query=1",
        url => url,
    };
    let get = fetch::get(url);
    let answer = match member(&call.input, "order") {
        "secrets" => get.bearer("token").secret_header("x-key", "token").send(),
        "basic" => get.basic("ann", "token").send(),
        "no secret" => get.bearer("open").send(),
        "unknown secret" => get.bearer("tokn").send(),
        "unset secret" => get.bearer("empty").send(),
        "read settings" => Err(HostError::Internal(format!("{:?}", Settings::load().value("token")))),
        "line end" => get.header("x-a", "1\r\nhost: evil").send(),
        "line end in a name" => get.header("x-a: 1\r\nx", "1").send(),
        "host header" => get.header("Host", "evil").send(),
        "length header" => get.header("Content-Length", "5").send(),
        "two headers" => get.header("authorization", "mine").bearer("token").send(),
        "post" => fetch::post_json(url, "{\"a\": 1}").send(),
        "large body" => fetch::post_json(url, "x".repeat(1024 * 1024 + 1)).send(),
        "method" => fetch::request("TRACE", url).send(),
        "slow" => get.timeout_ms(50).send(),
        "many" => {
            let all: Vec<_> = (0..21).map(|_| fetch::get(url).send()).collect();
            let last = all.into_iter().next_back();
            last.unwrap_or(Err(HostError::Internal(String::new())))
        }
        _ => get.send(),
    };
    Ok(format!("{{\"said\": \"{}\"}}", described(answer).replace(['"', '\\', '\n', '\r'], "'")))
}
