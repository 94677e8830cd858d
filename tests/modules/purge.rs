//! What a module has left is kept until it is purged, which is an act of its own.

use serde_json::json;

use super::{LEAVE, REQUEST, days, disable, enable, leave, office, run};

#[tokio::test]
async fn records_are_kept_when_a_plugin_is_uninstalled_until_they_are_purged() {
    let app = office().await;
    let extension = "\n[[fields]]\nentity = \"lead\"\nkey = \"leave_days\"\ntype = \"integer\"\n";
    run(&app, leave("1.1.0", |manifest| manifest + extension, &["field.lead.leave_days"])).await;
    let admin = app.admin();
    app.by("ann").create(REQUEST, days(1, 2)).await.ok(201);
    let lead = app.record("lead", json!({"title": "Ann", "leave_days": 7, "comments": "kept"})).await;
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
    assert_eq!(purged, json!({"entities": 1, "records": 1, "fields": 1}));
    for table in ["shared_record", "record_claim", "entity_definition", "field_definition"] {
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
