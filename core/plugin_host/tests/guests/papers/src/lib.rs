//! Makes whatever papers it is told to, and says what came of it in one line.

use serde_json::{Value as Json, json};
use verstak_plugin::documents::{Order, Paper, Sheet};
use verstak_plugin::prelude::*;
use verstak_plugin::value::describe;

plugin! {
    hooks { "draws" => each draws }
    http { GET "/do/{what}" => asked }
    actions { "do" => act }
}

fn draws(change: &mut Change) -> Outcome {
    let drawn = documents::compose("data/note.typ", "{\"title\": \"x\"}").map(described);
    change.reject(Message::new("said", &drawn.unwrap_or_else(|error| describe(&error))));
    Ok(())
}

fn asked(request: &Request) -> Outcome<Response> {
    let text = |name: &str| request.parameter(name).unwrap_or_default().to_owned();
    let said = answer(&text("what"), &text).unwrap_or_else(|error| describe(&error));
    Ok(Response::json(200, json!({ "said": said }).to_string()))
}

fn act(call: &Call) -> Done<String> {
    let input: Json = serde_json::from_str(&call.input).map_err(NotDone::never)?;
    let text = |name: &str| input.get(name).and_then(Json::as_str).unwrap_or_default().to_owned();
    let said = answer(&text("what"), &text).unwrap_or_else(|error| describe(&error));
    Ok(json!({ "said": said }).to_string())
}

/// The format and how it begins.
fn described(paper: Paper) -> String {
    let begins = String::from_utf8_lossy(paper.bytes.get(..4).unwrap_or_default()).into_owned();
    format!("{:?} {}", paper.format, begins.trim_end_matches(char::is_control))
}

fn order(text: &impl Fn(&str) -> String) -> Order {
    let order = documents::paper(&text("entity"), &text("record"));
    let template = text("template");
    let order = match template.strip_prefix("company:") {
        Some(id) => order.by_company(id),
        None if template.is_empty() => order,
        None => order.by(&template),
    };
    match text("locale").as_str() {
        "" => order,
        locale => order.in_language(locale),
    }
}

fn note(data: &Json) -> Result<String, HostError> {
    documents::compose("data/note.typ", &data.to_string()).map(described)
}

fn answer(what: &str, text: &impl Fn(&str) -> String) -> Result<String, HostError> {
    Ok(match what {
        "templates" => {
            let all = documents::templates(&text("entity"))?;
            let one = |one: &documents::Choice| format!("{:?} {} {}", one.format, one.title, one.usual);
            all.iter().map(one).collect::<Vec<_>>().join(", ")
        }
        "draw" => described(documents::draw(order(text))?),
        "keep" => documents::keep(order(text))?.name,
        "kept" => {
            let all = documents::of_record(&text("entity"), &text("record"))?;
            all.iter().map(|one| format!("{} {}", one.name, one.locale)).collect::<Vec<_>>().join(", ")
        }
        "note" => note(&json!({ "title": text("title"), "rows": [{ "name": "one" }] }))?,
        "file" => described(documents::compose(&text("file"), "{\"title\": \"x\"}")?),
        "data" => described(documents::compose("data/note.typ", &text("data"))?),
        "much" => note(&json!({ "title": "x".repeat(600 * 1024) }))?,
        "many" => {
            for _ in 0..2 {
                note(&json!({ "title": "x" }))?;
            }
            note(&json!({ "title": "x" }))?
        }
        "book" => {
            let mut sheet = Sheet::new("Leads: [all]", ["Name", "Sum", "Day", "Yes"]);
            let day = Value::Date("2026-03-16".to_owned());
            sheet.row([Value::from("=1+1"), Value::Decimal("12.50".to_owned()), day, Value::from(true)]);
            sheet.row([Value::Null, Value::from(7_i64)]);
            described(documents::workbook(&[sheet])?)
        }
        "large book" => {
            let mut sheet = Sheet::new("Large", ["x"; 100]);
            for _ in 0..1_000 {
                sheet.row([]);
            }
            described(documents::workbook(&[sheet])?)
        }
        "wrong book" => {
            let mut sheet = Sheet::new("Wrong", ["x"]);
            sheet.row([Value::Decimal("a lot".to_owned())]);
            described(documents::workbook(&[sheet])?)
        }
        other => format!("there is no `{other}`"),
    })
}
