//! Sends whatever it is told to.

use verstak_plugin::prelude::*;

plugin! {
    hooks { "writes" => each writes, "writes-task" => each writes }
    events { "became" => became }
    http { POST "/send" => handle }
    actions { "do" => act }
}

fn letter(key: &str) -> messaging::Message {
    messaging::mail(key, "anna@example.com", "Hello", "How are you?")
}

/// `send ...` sends about the record, `... elsewhere` about another one, `... refused` refuses the change then.
fn writes(change: &mut Change) -> Outcome {
    let title = change.text("title").unwrap_or_default().to_owned();
    if !title.starts_with("send") {
        return Ok(());
    }
    let (entity, id) = (change.entity().to_string(), change.record().to_string());
    let about = if title.contains("elsewhere") { "019cf5df-a280-7c22-9ab4-780c4d7b7ace" } else { id.as_str() };
    let sent = letter(&format!("{id} {title}")).about(&entity, about).send();
    if let Err(error) = sent {
        change.reject(Message::new("said", &verstak_plugin::value::describe(&error)));
    } else if title.contains("refused") {
        change.reject(Message::new("said", "not like this"));
    }
    Ok(())
}

fn became(events: &[Event]) -> Outcome {
    for event in events {
        let told =
            format!("{} {:?} {:?} {:?}", event.name, event.after("key"), event.after("record"), event.after("reason"));
        info!("{told}");
    }
    Ok(())
}

/// `<key> <first> <count>`: so many letters whose keys are `<key>-<n>`.
fn handle(request: &Request) -> Outcome<Response> {
    let text = request.text().unwrap_or_default();
    let mut words = text.split(' ');
    let key = words.next().unwrap_or_default();
    let mut number = || words.next().and_then(|word| word.parse::<u32>().ok()).unwrap_or_default();
    let (first, count) = (number(), number());
    let of = |n: u32| {
        let key = format!("{key}-{n}");
        messaging::mail(&key, "anna@example.com", &key, "How are you?")
    };
    let all: Vec<messaging::Message> = (first..first + count).map(of).collect();
    match messaging::send_all(&all) {
        Ok(sent) => {
            let said: Vec<String> = sent.into_iter().map(described).collect();
            Ok(Response::json(200, format!("[\"{}\"]", said.join("\",\""))))
        }
        Err(error) => Ok(Response::json(422, format!("\"{}\"", verstak_plugin::value::describe(&error)))),
    }
}

fn described<T: ToString>(answer: Result<T, HostError>) -> String {
    match answer {
        Ok(answer) => answer.to_string(),
        Err(error) => verstak_plugin::value::describe(&error),
    }
}

fn stands(answer: Result<Option<messaging::MessageStatus>, HostError>) -> String {
    described(answer.map(|found| match found {
        Some(found) => format!("{:?} {}", found.state, found.reason.unwrap_or_default()),
        None => "none".to_owned(),
    }))
}

fn member<'a>(json: &'a str, name: &str) -> &'a str {
    json.split(&format!("\"{name}\":\"")).nth(1).and_then(|rest| rest.split('"').next()).unwrap_or_default()
}

fn hostile(order: &str, text: &str) -> messaging::Message {
    const EVIL: &str = "x\r\nBcc: everybody@example.com";
    let header = |name: &str, value: &str| messaging::Header { name: name.to_owned(), value: value.to_owned() };
    letter(order).with(|mail| match order {
        "to with a line end" => mail.to = vec!["anna@example.com\r\nBcc: x@example.com".to_owned()],
        "cc with a line end" => mail.cc = vec!["anna@example.com\nBcc: x@example.com".to_owned()],
        "subject with a line end" => mail.subject = EVIL.to_owned(),
        "reply-to with a line end" => mail.reply_to = Some("a@example.com\r\nBcc: x@example.com".to_owned()),
        "header with a line end" => mail.headers = vec![header("X-A", EVIL)],
        "header name with a line end" => mail.headers = vec![header("X-A: b\r\nBcc", "x@example.com")],
        "header of the envelope" => mail.headers = vec![header("Bcc", "x@example.com")],
        "header twice" => mail.headers = vec![header("X-A", "1"), header("x-a", "2")],
        "unsubscribe with a line end" => mail.unsubscribe = Some("https://example.com/\r\nBcc: x".to_owned()),
        "unsubscribe by script" => mail.unsubscribe = Some("javascript:alert(1)".to_owned()),
        "ten thousand recipients" => mail.to = vec!["anna@example.com".to_owned(); 10_000],
        "nobody" => mail.to = Vec::new(),
        "no address" => mail.to = vec!["nobody".to_owned()],
        "endless html" => mail.html = Some("x".repeat(600_000)),
        "endless text" => mail.text = "x".repeat(900_000),
        "a file" => mail.attachments = vec![text.to_owned()],
        "thirty files" => mail.attachments = vec![text.to_owned(); 30],
        _ => {}
    })
}

/// A letter that tries to begin a header of its own at this place, after this end of a line.
fn broken(place: &str, end: &str) -> messaging::Message {
    let header = |name: &str, value: &str| messaging::Header { name: name.to_owned(), value: value.to_owned() };
    let evil = format!("x@example.com{end}Bcc: everybody@example.com");
    if place == "sms" {
        return messaging::sms("sms", &format!("+380501234567{end}+380501234568"), "x");
    }
    let mut letter = letter(place).with(|mail| match place {
        "to" => mail.to = vec![evil.clone()],
        "cc" => mail.cc = vec![evil.clone()],
        "subject" => mail.subject = evil.clone(),
        "reply-to" => mail.reply_to = Some(evil.clone()),
        "header" => mail.headers = vec![header("X-A", &evil)],
        "references" => mail.headers = vec![header("References", &evil)],
        "header name" => mail.headers = vec![header(&format!("X-A{end}Bcc"), "x@example.com")],
        "unsubscribe" => mail.unsubscribe = Some(format!("https://example.com/{end}Bcc:x@example.com")),
        "unsubscribe by mail" => mail.unsubscribe = Some(format!("mailto:x@example.com{end}Bcc:y@example.com")),
        _ => {}
    });
    if place == "key" {
        letter.key = evil;
    }
    letter
}

fn act(call: &Call) -> Done<String> {
    let of = |name| member(&call.input, name);
    let (order, record, text) = (of("order"), of("record"), of("text"));
    let said = match order {
        "mail" => described(letter(text).send()),
        "mail about" => described(letter(text).about("lead", record).send()),
        "mail about a deal" => described(letter(text).about("deal", record).send()),
        "other mail" => described(letter(text).with(|mail| mail.subject = "Another".to_owned()).send()),
        "mail to nobody there" => {
            described(letter(text).with(|mail| mail.to = vec!["gone@example.com".to_owned()]).send())
        }
        "whole letter" => described(
            letter(text)
                .about("lead", record)
                .with(|mail| {
                    mail.html = Some("<p>How are you?</p>".to_owned());
                    mail.cc = vec!["boss@example.com".to_owned()];
                    mail.reply_to = Some("desk@example.com".to_owned());
                    mail.headers =
                        vec![messaging::Header { name: "X-Campaign".to_owned(), value: "осень".to_owned() }];
                    mail.unsubscribe = Some("https://example.com/u/1".to_owned());
                })
                .send(),
        ),
        "sms" => described(messaging::sms(text, record, "Привет, {to}! \\ \" <b>").send()),
        "sms by another" => described(messaging::sms("by", "+380501234567", "x").by(text).send()),
        "endless sms" => described(messaging::sms("long", "+380501234567", &"x".repeat(2_000)).send()),
        "status" => stands(messaging::status(&[text.to_owned()]).map(|mut all| all.pop().flatten())),
        "by key" => stands(messaging::by_key(text)),
        "too many" => described(messaging::send_all(&vec![letter("k"); 201]).map(|all| all.len())),
        "the same twice" => described(
            messaging::send_all(&[letter("twice"), letter("twice")])
                .map(|all| all.into_iter().map(described).collect::<Vec<_>>().join(" ")),
        ),
        other => match other.strip_prefix("break in ") {
            Some(place) => {
                let end = [("return", "\r"), ("feed", "\n"), ("zero", "\0")].iter().find(|(word, _)| *word == text);
                described(broken(place, end.map_or("\r\n", |(_, end)| *end)).send())
            }
            None => described(hostile(other, text).send()),
        },
    };
    Ok(format!("{{\"said\": \"{}\"}}", said.replace(['"', '\\', '\n', '\r'], "'")))
}
