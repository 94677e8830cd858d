//! What a module has left is kept until it is purged, which is an act of its own.

use std::io::Read;

use serde_json::json;

use super::{LEAVE, REQUEST, days, disable, enable, install, leave, office, run, run_seen};
use crate::app::TestApp;

#[tokio::test]
async fn records_are_kept_when_a_plugin_is_uninstalled_until_they_are_purged() {
    let app = office().await;
    let extension = "\n[[fields]]\nentity = \"lead\"\nkey = \"leave_days\"\ntype = \"integer\"\n\
        [permissions.records.task]\nactions = [\"update\"]\nread = [\"time_spent\"]\nwrite = [\"time_spent\"]\n\
        clear_on_purge = [\"time_spent\"]\nreason.en = \"To write hours there.\"\n";
    run_seen(&app, leave("1.1.0", |manifest| manifest + extension, &["field.lead.leave_days"]), "1.1.0").await;
    let admin = app.admin();
    app.by("ann").create(REQUEST, days(1, 2)).await.ok(201);
    let lead = app.record("lead", json!({"title": "Ann", "leave_days": 7, "comments": "kept"})).await;
    let task = app.record("task", json!({"title": "Call", "time_spent": 60})).await;
    let purge = format!("/plugins/{LEAVE}/purge");
    let export = format!("/plugins/{LEAVE}/export");
    let saved = admin.get(&export).await;
    assert_eq!(saved.header("content-type"), Some("application/x-ndjson"));
    let lines: Vec<serde_json::Value> = saved.text().lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(lines[0]["plugin"], LEAVE);
    let starts: Vec<_> = lines.iter().filter_map(|line| line["record"]["fields"]["starts"].as_str()).collect();
    assert_eq!(starts, ["2026-03-01"]);
    let of_lead: Vec<_> = lines.iter().filter(|line| line["record"]["entity"] == "lead").collect();
    assert_eq!((of_lead.len(), &of_lead[0]["record"]["fields"]), (1, &json!({"leave_days": 7})));
    app.by("ann").get(&export).await.problem(403, "denied");
    let book = admin.get(&format!("{export}?as=xlsx")).await;
    assert_eq!(book.header("content-disposition"), Some("attachment; filename=\"verstak-leave-requests.xlsx\""));
    let sheets = read_sheets(&book.body);
    assert_eq!(sheets.len(), 2, "{sheets:?}");
    assert!(sheets[0].contains("Leave requests") && sheets[0].contains("Yearly leave"), "{}", sheets[0]);
    app.by("ann").get(&format!("{export}?as=xlsx")).await.problem(403, "denied");
    admin.get(&format!("{export}?as=pdf")).await.problem(400, "request.invalid");
    let shown = admin.get(&format!("/plugins/{LEAVE}")).await.ok(200);
    assert!(shown["permissions"].to_string().contains("emptied in every record"), "{}", shown["permissions"]);
    admin.post(&purge, json!({})).await.problem(409, "plugin.in_use");
    app.by("ann").post(&purge, json!({})).await.problem(403, "denied");
    disable(&app).await;
    admin.delete(&format!("/plugins/{LEAVE}")).await.ok(204);
    assert_eq!(app.count("SELECT count(*) FROM shared_record").await, 1);
    run(&app, leave("1.1.0", |manifest| manifest + extension, &["field.lead.leave_days"])).await;
    assert_eq!(admin.found(REQUEST, json!({"and": []})).await, ["Yearly leave"]);
    disable(&app).await;
    admin.delete(&format!("/plugins/{LEAVE}")).await.ok(204);
    let purged = admin.post(&purge, json!({})).await.ok(200);
    assert_eq!(purged, json!({"entities": 1, "records": 1, "fields": 1, "emptied": 1}));
    assert_eq!(admin.get(&format!("/records/task/{task}")).await.ok(200)["fields"]["time_spent"], json!(null));
    for table in ["shared_record", "record_claim", "entity_definition", "field_definition", "plugin_fill"] {
        assert_eq!(app.count(&format!("SELECT count(*) FROM {table}")).await, 0, "{table}");
    }
    let searched = format!("SELECT count(*) FROM search_document WHERE entity = '{REQUEST}'");
    assert_eq!(app.count(&searched).await, 0, "nor is anything of it in the index of searched texts");
    admin.post(&purge, json!({})).await.problem(404, "not_found");
    assert_eq!(admin.get(&format!("/records/lead/{lead}")).await.ok(200)["fields"]["comments"], "kept");
    // Begun again, it begins with nothing.
    run(&app, leave("1.1.0", |manifest| manifest + extension, &["field.lead.leave_days"])).await;
    assert!(admin.found(REQUEST, json!({"and": []})).await.is_empty());
    assert_eq!(admin.get(&format!("/records/lead/{lead}")).await.ok(200)["fields"]["leave_days"], json!(null));
    enable(&app).await.ok(200);
    app.finish().await;
}

/// The names and the shared texts of a workbook, then its sheets.
fn read_sheets(bytes: &[u8]) -> Vec<String> {
    let mut zip = zip::ZipArchive::new(std::io::Cursor::new(bytes)).unwrap();
    let mut read = |name: &str| {
        let mut text = String::new();
        zip.by_name(name).unwrap().read_to_string(&mut text).unwrap();
        text
    };
    let head = read("xl/workbook.xml") + &read("xl/sharedStrings.xml");
    vec![head + &read("xl/worksheets/sheet1.xml"), read("xl/worksheets/sheet2.xml")]
}

#[tokio::test]
async fn a_field_that_another_plugin_fills_too_keeps_its_values() {
    let mut app = office().await;
    let fills = "\n[permissions.records.task]\nactions = [\"update\"]\nread = [\"time_spent\"]\nwrite = [\"time_spent\"]\n\
        clear_on_purge = [\"time_spent\"]\nreason.en = \"To write hours there.\"\n";
    run_seen(&app, leave("1.1.0", |manifest| manifest + fills, &[]), "1.1.0").await;
    let task = app.record("task", json!({"title": "Call", "time_spent": 60})).await;
    app.sql("INSERT INTO plugin_fill SELECT tenant_id, 'acme.other', entity, field FROM plugin_fill").await;
    let other = app.add_company("Other", kernel::Locale::En).await;
    let theirs = app.by_of(other, "admin").create("task", json!({"title": "Write", "time_spent": 90})).await.id();
    disable(&app).await;
    let purged = app.admin().post(&format!("/plugins/{LEAVE}/purge"), json!({})).await.ok(200);
    assert_eq!(purged["emptied"], 0);
    assert_eq!(app.admin().get(&format!("/records/task/{task}")).await.ok(200)["fields"]["time_spent"], 60);
    let kept = app.by_of(other, "admin").get(&format!("/records/task/{theirs}")).await.ok(200);
    assert_eq!(kept["fields"]["time_spent"], 90, "what other companies have is theirs");
    app.drain().await;
    app.finish().await;
}

#[tokio::test]
async fn what_people_need_or_write_cannot_be_cleared_by_a_purge() {
    let app = TestApp::start().await;
    let refused = async |write: &str, cleared: &str, why: &str| {
        let asks = format!(
            "\n[permissions.records.task]\nactions = [\"update\"]\nwrite = [\"{write}\"]\nclear_on_purge = [\"{cleared}\"]\n\
             reason.en = \"x\"\n"
        );
        let said = install(&app, leave("1.1.0", |manifest| manifest + &asks, &[])).await.problem(422, "plugin.invalid");
        assert!(said["fields"]["file"]["message"].as_str().unwrap().contains(why), "{said}");
    };
    refused("title", "title", "may be empty").await;
    refused("state", "state", "may be empty").await;
    refused("assignee", "assignee", "may be empty").await;
    refused("description", "description", "may be empty").await;
    refused("time_spent", "estimate", "is not named in `write`").await;
    refused("*", "estimate", "is not named in `write`").await;
    app.finish().await;
}
