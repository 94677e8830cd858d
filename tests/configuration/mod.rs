//! What administrators made of a company, as a file for another one; what changed, and the way back.

mod calendars;
mod dashboards;
mod doors;
mod duplicates;
mod gateways;
mod history;
mod hostile;
mod moves;
mod own_templates;
mod reports;

use std::collections::BTreeMap;
use std::io::{Cursor, Read, Write};

use serde_json::{Value, json};

use crate::app::{Answer, Client, TestApp};
use crate::records::own::make_machines;

/// The file of everything.
pub async fn exported(client: &Client<'_>) -> Vec<u8> {
    let answer = client.get("/configuration").await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    assert_eq!(answer.header("content-type"), Some("application/zip"));
    answer.body
}

/// Takes a file in, or tries to.
pub async fn import(client: &Client<'_>, file: &[u8], dry_run: bool) -> Answer {
    let uri = format!("/api/v1/configuration/import?dry_run={dry_run}");
    client.send("POST", &uri, Some("application/zip"), file.to_vec()).await
}

/// The files of a zip, by name.
pub fn unpacked(file: &[u8]) -> BTreeMap<String, Value> {
    let mut archive = zip::ZipArchive::new(Cursor::new(file)).unwrap();
    let mut files = BTreeMap::new();
    for index in 0..archive.len() {
        let mut one = archive.by_index(index).unwrap();
        let name = one.name().unwrap().into_owned();
        let mut text = String::new();
        one.read_to_string(&mut text).unwrap();
        files.insert(name, serde_json::from_str(&text).unwrap());
    }
    files
}

/// A zip of these files.
pub fn packed(files: &BTreeMap<String, Value>) -> Vec<u8> {
    let files: Vec<(&str, String)> = files.iter().map(|(name, json)| (name.as_str(), json.to_string())).collect();
    zipped(&files)
}

pub fn zipped(files: &[(&str, String)]) -> Vec<u8> {
    let mut archive = zip::ZipWriter::new(Cursor::new(Vec::new()));
    for (name, text) in files {
        archive.start_file(*name, zip::write::SimpleFileOptions::default()).unwrap();
        archive.write_all(text.as_bytes()).unwrap();
    }
    archive.finish().unwrap().into_inner()
}

/// A file of one area with these objects.
pub fn file_of(area: &str, objects: Value) -> Vec<u8> {
    let head = json!({"format": "verstak.configuration", "version": 1, "areas": [area]});
    packed(&BTreeMap::from([("configuration.json".to_owned(), head), (format!("{area}.json"), objects)]))
}

/// `area key` of each entry of a list of a plan.
pub fn named(plan: &Value, list: &str) -> Vec<String> {
    let one = |entry: &Value| format!("{} {}", entry["area"].as_str().unwrap(), entry["key"].as_str().unwrap());
    plan[list].as_array().unwrap_or_else(|| panic!("{list}: {plan}")).iter().map(one).collect()
}

/// Something of every area in the first company; formulas look at fields that were made after them.
pub async fn arrange(app: &TestApp) {
    let admin = app.admin();
    make_machines(app).await;
    let place = json!({"icon": "tool", "menu": {"shown": true, "before": "contact"}});
    admin.patch("/entities/x_machine", place).await.ok(200);
    let deal = "/entities/deal/fields";
    let margin =
        json!({"key": "x_margin", "label": {"en": "Margin"}, "type": "money", "formula": "record.amount * 0.15"});
    admin.post(deal, margin).await.ok(201);
    admin.post(deal, json!({"key": "x_share", "label": {"en": "Share"}, "type": "decimal"})).await.ok(201);
    admin.patch(&format!("{deal}/x_margin"), json!({"formula": "record.amount * record.x_share"})).await.ok(200);
    let count = json!({"entity": "x_machine", "via": "x_client", "op": "count"});
    let field = json!({"key": "x_machines", "label": {"en": "Machines"}, "type": "integer", "rollup": count});
    admin.post("/entities/company/fields", field).await.ok(201);
    let code = json!({"key": "x_code", "label": {"en": "Code"}, "type": "text", "unique": true, "max_length": 12});
    admin.post("/entities/company/fields", code).await.ok(201);
    directories(app).await;
    let rows = json!([
        {"kind": "permission", "entity": "x_machine", "actions": ["read", "create"],
            "filter": {"field": "owner", "op": "eq", "value": {"me": true}}},
        {"kind": "permission", "entity": "*", "actions": ["read"]}]);
    let rights = json!([{"entity": "deal", "field": "x_margin", "right": "hidden"}]);
    let role = json!({"key": "fitter", "name": "Fitter", "rows": rows, "field_rights": rights});
    let role = admin.post("/roles", role).await.ok(201);
    let stage = |key: &str, semantic: &str| json!({"key": key, "label": {"en": key, "ru": "Этап"}, "semantic": semantic, "color": "#102030"});
    let mut first = stage("p_new", "open");
    let rules = json!({"duration": "P1D", "remind": "PT1H", "required": ["x_share"], "guard": "record.amount > 0",
        "guard_message": {"en": "Agree on the sum."}, "roles": ["fitter"], "probability": 20});
    first.as_object_mut().unwrap().extend(rules.as_object().unwrap().clone());
    let deploy = "/api/v1/process-templates/quote-approval/deploy?publish=true";
    let deployed = admin.send("POST", deploy, None, Vec::new()).await;
    assert!(deployed.status.is_success(), "{}", deployed.text());
    let tell = json!({"kind": "notice", "parameters": {"to": "role:fitter", "text": "{{record.title}}"}});
    let approve = json!({"kind": "start-process", "parameters": {"process": "quote-approval"}});
    let mut won = stage("p_won", "won");
    won["on_enter"] = json!([tell, approve]);
    let stages = json!([first, won, stage("p_lost", "lost")]);
    let pipeline = json!({"entity": "deal", "label": {"en": "Partners", "uk": "Партнери"}, "stages": stages});
    let pipeline = admin.post("/pipelines", pipeline).await.ok(201);
    let condition = json!({"required": "record.amount > 1000"});
    admin.put("/entities/deal/fields/x_share/conditions", condition).await.ok(200);
    for (name, check) in [("Second", "true"), ("First", "record.x_share != 2")] {
        let rule = json!({"name": name, "check": check, "field": "x_share", "message": {"en": "Not two."}});
        admin.post("/validation-rules", json!({"entity": "deal", "rule": rule})).await.ok(201);
    }
    for of in [
        json!({"entity": "deal"}),
        json!({"entity": "deal", "role": role["id"], "pipeline": pipeline["id"]}),
        json!({"entity": "x_machine"}),
    ] {
        app.clock.advance_seconds(1);
        let fields = if of["entity"] == "deal" { json!(["x_share", "amount"]) } else { json!(["x_serial"]) };
        let mut layout = json!({"sections": [{"title": {"en": "All"}, "fields": fields}]});
        if of["entity"] == "deal" {
            let quotes = json!({"entity": "quote", "via": "deal", "columns": ["amount"], "limit": 5});
            layout["tabs"] = json!([{"title": {"en": "Papers", "uk": "Папери"}, "sections": [], "related": [quotes]}]);
        }
        admin.put("/layouts", json!({"of": of, "layout": layout})).await.ok(200);
    }
    let filter = json!({"field": "x_share", "op": "gt", "value": 1});
    let config =
        json!({"filter": filter, "columns": ["title", "x_share"], "sort": [{"field": "x_share", "desc": true}]});
    admin.post("/views", json!({"entity": "deal", "name": "Shared", "shared": true, "config": config})).await.ok(201);
    admin.post("/views", json!({"entity": "deal", "name": "Mine", "config": {}})).await.ok(201);
    let serial = json!({"field": "x_serial", "op": "eq", "value": "A"});
    for (entity, name, on) in [
        ("deal", "Tell", json!({"event": "stage_entered", "stage": "p_won"})),
        ("deal", "Press", json!({"event": "button", "label": {"en": "Press"}, "roles": ["fitter"]})),
        ("x_machine", "At night", json!({"event": "schedule", "cron": "0 3 * * *", "filter": serial})),
    ] {
        let rule = json!({"name": name, "on": on, "do": [tell]});
        admin.post("/automations", json!({"entity": entity, "rule": rule})).await.ok(201);
    }
    let paper = json!({"version": 0, "settings": {"color": "#102030", "texts": {"en": {"footer": "Thank you."}}}});
    admin.put("/document-templates/quote", paper).await.ok(200);
    let week = json!({"mon": ["09:00-18:00"], "tue": ["09:00-13:00", "14:00-18:00"]});
    let off = json!([{"date": "2027-01-01", "name": "New Year"}]);
    let calendar = json!({"calendar": {"time_zone": "Europe/Kyiv", "week": week, "days": off}});
    admin.put("/calendars/company", calendar).await.ok(200);
    admin.put("/entities/contact/duplicates", json!({"mode": "block"})).await.ok(200);
    let ask = "{\"to\": \"{to}\", \"text\": \"{text}\"}";
    let gateway = json!({"title": "SMS", "url": "https://sms.example.com/send", "body": ask});
    admin.put("/message-gateways/main", gateway).await.ok(200);
    let words = json!({"kind": "text", "text": "What stands open"});
    let cards = json!([{"id": "a", "x": 0, "y": 0, "w": 6, "h": 2, "card": words}]);
    admin.post("/dashboards", json!({"name": "Open", "shared": {"all": true}, "cards": cards})).await.ok(201);
    computed(app).await;
}

/// A directory that a field has, and one of the product that was changed.
async fn directories(app: &TestApp) {
    let admin = app.admin();
    let items = json!([
        {"key": "ua", "label": {"en": "Ukraine"}, "color": "#4c8dff"},
        {"key": "kyiv", "label": {"en": "Kyiv", "uk": "Київ"}, "parent": "ua"},
        {"key": "old", "label": {"en": "Old"}, "archived": true},
    ]);
    let regions = json!({"key": "x_regions", "label": {"en": "Regions"}, "items": items});
    admin.post("/directories", regions).await.ok(201);
    let field = json!({"key": "x_region", "label": {"en": "Region"}, "type": "choice", "directory": "x_regions",
        "default": "ua"});
    admin.post("/entities/company/fields", field).await.ok(201);
    let field = json!({"key": "x_sites", "label": {"en": "Sites"}, "type": "choices", "directory": "x_regions"});
    admin.post("/entities/x_machine/fields", field).await.ok(201);
    let source = admin.get("/directories/source").await.ok(200);
    let item = |item: &Value| json!({"key": item["key"], "archived": item["key"] == "event"});
    let mut items: Vec<Value> = source["items"].as_array().unwrap().iter().map(item).collect();
    items.push(json!({"key": "x_fair", "label": {"en": "Fair"}}));
    admin.patch("/directories/source", json!({"items": items})).await.ok(200);
}

/// Lets the jobs of changed definitions run.
pub async fn computed(app: &TestApp) {
    app.clock.advance_seconds(3);
    app.drain().await;
}
