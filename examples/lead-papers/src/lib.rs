//! Papers of leads: a summary by a template of the package, the letter by a template of the company, all leads as a workbook.

use serde_json::json;
use verstak_plugin::documents::{Order, Paper, Sheet};
use verstak_plugin::prelude::*;

plugin! {
    http { GET "/leads/{lead}/summary" => show, GET "/leads" => leads }
    actions { "papers" => papers }
}

/// What the summary is called among the files of its lead.
const SUMMARY: &str = "Summary.pdf";
/// Pages of 200 leads that a workbook has at most.
const PAGES: usize = 10;

/// Keeps the summary of the lead, and the company's letter where it brought a template of leads. A step may be done again: the
/// letter is kept once by the host while it says the same, of the summary the plugin looks itself.
fn papers(call: &Call) -> Done<String> {
    let lead = call.subject_of("lead")?;
    let mut names = vec![SUMMARY.to_owned()];
    if !files::of_record("lead", &lead.id)?.iter().any(|file| file.name == SUMMARY) {
        files::put("lead", &lead.id, SUMMARY, &summary(&lead)?.bytes)?;
    }
    if let Some(letter) = documents::templates("lead")?.into_iter().next() {
        let kept = documents::keep(Order { template: letter.template, ..documents::paper("lead", &lead.id) })?;
        names.push(kept.name);
    }
    Ok(json!({ "files": names.join(", ") }).to_string())
}

/// The summary that is kept nowhere, for whoever may see the lead.
fn show(request: &Request) -> Outcome<Response> {
    match records::get("lead", request.parameter("lead").unwrap_or_default()) {
        Ok(Some(lead)) => Ok(summary(&lead)?.answer()),
        Ok(None) | Err(HostError::NotFound(_) | HostError::Denied(_)) => Ok(Response::empty(404)),
        Err(error) => Err(error.into()),
    }
}

/// A character that no font has, an emoji in a title, is an error that names it.
fn summary(lead: &Row) -> Result<Paper, HostError> {
    let locale = runtime::context().locale;
    let row = |key: &str, value: &str| json!({ "name": say(key, &locale), "value": value });
    let amount: Vec<&str> = ["amount", "currency"].iter().filter_map(|key| lead.text(key)).collect();
    let data = json!({
        "lang": locale,
        "heading": say("summary", &locale),
        "title": lead.text("title").unwrap_or_default(),
        "rows": [row("amount", &amount.join(" ")), row("comments", lead.text("comments").unwrap_or_default())],
    });
    documents::compose("data/summary.typ", &data.to_string())
}

/// Leads as whoever asks sees them. Values stay what they are: amounts are numbers of the sheet.
fn leads(_: &Request) -> Outcome<Response> {
    let locale = runtime::context().locale;
    let columns = ["title", "amount", "currency", "comments"];
    let head = ["lead", "amount", "currency", "comments"].map(|key| say(key, &locale));
    let mut sheet = Sheet::new(&say("leads", &locale), head.iter().map(String::as_str));
    let mut query = Query::of("lead").limit(200).fields(&columns);
    for _ in 0..PAGES {
        let page = query.run()?;
        for lead in &page.rows {
            sheet.row(columns.map(|key| lead.value(key).cloned().unwrap_or(Value::Null)));
        }
        query.cursor = page.next;
        if query.cursor.is_none() {
            break;
        }
    }
    Ok(documents::workbook(&[sheet])?.answer())
}

fn say(key: &str, locale: &str) -> String {
    runtime::words(&Message::new(key, key), locale)
}
