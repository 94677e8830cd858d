//! Another version on a running server: what it adds is there at once, what it would spoil is refused with words.

use serde_json::{Value, json};

use super::{LEAVE, REQUEST, days, enable, install, leave, office, run};
use crate::app::TestApp;

const NOTE: &str = "{ key = \"deputy\", type = \"user\" }, { key = \"note\", type = \"text\", default = \"-\" }";
const DEPUTY: &str = "{ key = \"deputy\", type = \"user\" }";
const BALANCE: &str = "\n[[entities]]\nkey = \"leave_balance\"\nfields = [{ key = \"year\", type = \"integer\" }]\n";
const TEXTS: [&str; 5] = [
    "field.leave_request.note",
    "entity.leave_balance",
    "entity.leave_balance.many",
    "field.leave_balance.year",
    "stage.leave_request.checked",
];

/// The changes that an update would make: what, key, whether it is refused.
async fn planned(app: &TestApp) -> Vec<(String, String, Option<String>)> {
    let detail = app.admin().get(&format!("/plugins/{LEAVE}")).await.ok(200);
    let text = |one: &Value, key: &str| one[key].as_str().map(str::to_owned);
    let changes = detail["update"]["schema"].as_array().unwrap();
    let change = |one: &Value| {
        let key = text(one, "key").or_else(|| text(one, "entity")).unwrap_or_default();
        (text(one, "what").unwrap_or_default(), key, text(one, "refused"))
    };
    changes.iter().map(change).collect()
}

async fn refused(app: &TestApp, version: &str, from: &str, to: &str, field: &str, words: &str) {
    let edit = |manifest: String| {
        assert!(manifest.contains(from), "{from}");
        manifest.replace(from, to)
    };
    install(app, leave(version, edit, &TEXTS)).await.ok(201);
    let plan = planned(app).await;
    assert!(plan.iter().any(|(_, _, refused)| refused.as_ref().is_some_and(|said| said.contains(words))), "{plan:?}");
    let problem = enable(app).await.problem(422, "config.invalid");
    let said = problem["fields"][field]["message"].as_str().unwrap_or_default();
    assert!(said.contains(words), "{problem}");
    let detail = app.admin().get(&format!("/plugins/{LEAVE}")).await.ok(200);
    assert_eq!((&detail["enabled"], &detail["version"]), (&json!(true), &json!("1.0.0")), "what ran goes on");
}

#[tokio::test]
async fn a_new_field_stage_and_entity_are_there_at_once_and_old_records_stay() {
    let app = office().await;
    let old = app.by("ann").create(REQUEST, days(1, 2)).await.ok(201)["id"].as_str().unwrap().to_owned();
    let edit = |manifest: String| {
        manifest.replace(DEPUTY, NOTE).replace("{ key = \"asked\" },", "{ key = \"asked\" }, { key = \"checked\" },")
            + BALANCE
    };
    install(&app, leave("2.0.0", edit, &TEXTS)).await.ok(201);
    let plan: Vec<(String, String)> = planned(&app).await.into_iter().map(|(what, key, _)| (what, key)).collect();
    let expected =
        [("stage_new", "checked"), ("field_new", "note"), ("entity_new", "leave_balance"), ("field_new", "year")];
    assert_eq!(plan, expected.map(|(what, key)| (what.to_owned(), key.to_owned())));
    enable(&app).await.ok(200);
    let kept = app.admin().get(&format!("/records/{REQUEST}/{old}")).await.ok(200)["fields"].clone();
    assert_eq!((&kept["note"], &kept["days"]), (&Value::Null, &json!(2)), "defaults are for new records");
    let new = app.by("ann").create(REQUEST, days(3, 4)).await.ok(201);
    assert_eq!(new["fields"]["note"], "-");
    app.admin().update(REQUEST, &old, json!({"note": "old", "stage": "checked"})).await.ok(200);
    app.record("leave_balance", json!({"title": "2026", "year": 2026})).await;
    let entity = app.admin().get(&format!("/entities/{REQUEST}")).await.ok(200);
    let stages = entity["pipelines"][0]["stages"].as_array().unwrap();
    let stages: Vec<&str> = stages.iter().map(|stage| stage["key"].as_str().unwrap()).collect();
    assert_eq!(stages, ["asked", "checked", "approved", "rejected", "withdrawn"]);
    // Back to the version before: what it does not know is put away; forward again it is back.
    let back = json!({"grants": "requested", "version": "1.0.0"});
    app.admin().post(&format!("/plugins/{LEAVE}/enable"), back).await.ok(200);
    app.admin().get("/entities/leave_balance").await.problem(404, "not_found");
    let now = app.admin().get(&format!("/records/{REQUEST}/{old}")).await.ok(200)["fields"].clone();
    assert!(now.get("note").is_none() && now["stage"] == "checked", "{now}");
    enable(&app).await.ok(200);
    let again = app.admin().get(&format!("/records/{REQUEST}/{old}")).await.ok(200)["fields"].clone();
    assert_eq!(again["note"], "old");
    assert_eq!(app.admin().found("leave_balance", json!({"and": []})).await, ["2026"]);
    app.finish().await;
}

#[tokio::test]
async fn what_would_spoil_records_is_refused_and_the_version_before_runs_on() {
    let app = office().await;
    let id = app.by("ann").create(REQUEST, days(1, 2)).await.ok(201)["id"].as_str().unwrap().to_owned();
    app.admin().update(REQUEST, &id, json!({"kind": "sick"})).await.ok(200);
    refused(
        &app,
        "2.0.0",
        "key = \"days\", type = \"integer\"",
        "key = \"days\", type = \"text\"",
        "schema.leave_request.days",
        "Its type was integer",
    )
    .await;
    refused(&app, "3.0.0", "\"unpaid\", \"sick\"", "\"unpaid\"", "schema.leave_request.kind", "“sick”").await;
    // Nobody has it any more: it goes, and records of before keep it.
    app.admin().update(REQUEST, &id, json!({"kind": "yearly"})).await.ok(200);
    run(&app, leave("3.1.0", |manifest| manifest.replace("\"unpaid\", \"sick\"", "\"unpaid\""), &[])).await;
    app.by("ann")
        .create(REQUEST, json!({"kind": "sick", "starts": "2026-03-09", "ends": "2026-03-09"}))
        .await
        .problem(422, "record.invalid");
    app.finish().await;
}

#[tokio::test]
async fn another_prefix_and_a_prefix_of_another_plugin_are_refused() {
    let app = office().await;
    let other = |manifest: String| {
        let codes = manifest.replace("leave_", "away_").replace("code = \"leave.", "code = \"away.");
        codes.replace("prefix = \"leave\"", "prefix = \"away\"")
    };
    let away = |key: &str| key.replace("leave_", "away_");
    let keys: Vec<String> = std::fs::read_to_string(crate::app::root().join("examples/leave-requests/i18n/en.toml"))
        .unwrap()
        .lines()
        .filter_map(|line| Some(line.split('"').nth(1)?.to_owned()))
        .filter(|key| key.contains("leave_"))
        .map(|key| away(&key))
        .collect();
    let keys: Vec<&str> = keys.iter().map(String::as_str).collect();
    install(&app, leave("2.0.0", other, &keys)).await.ok(201);
    let problem = enable(&app).await.problem(422, "config.invalid");
    assert!(
        problem["fields"]["schema.leave_request"]["message"].as_str().unwrap().contains("keeps its prefix"),
        "{problem}"
    );
    let twin = |manifest: String| {
        manifest
            .replace("id = \"verstak.leave-requests\"", "id = \"acme.leave\"")
            .replace("leave_request", "leave_other")
            .replace("leave_other\"]", "leave_request\"]")
    };
    let keys: Vec<String> = keys.iter().map(|key| key.replace("away_request", "leave_other")).collect();
    let keys: Vec<&str> = keys.iter().filter(|key| key.contains("leave_other")).map(String::as_str).collect();
    install(&app, leave("1.0.0", twin, &keys)).await.ok(201);
    let problem = app
        .admin()
        .post("/plugins/acme.leave/enable", json!({"grants": "requested"}))
        .await
        .problem(422, "config.invalid");
    let words = problem["fields"]["schema.leave_other"]["message"].as_str().unwrap();
    assert!(words.contains(LEAVE), "{problem}");
    app.finish().await;
}

#[tokio::test]
async fn a_constraint_that_records_break_is_refused_until_they_keep_it() {
    let app = office().await;
    let ann = app.by("ann");
    let first = ann.create(REQUEST, days(1, 2)).await.ok(201)["id"].as_str().unwrap().to_owned();
    ann.create(REQUEST, days(3, 4)).await.ok(201);
    let edit = |manifest: String| {
        manifest.replace(
            DEPUTY,
            "{ key = \"deputy\", type = \"user\" }, { key = \"note\", type = \"text\", unique = true }",
        )
    };
    run(&app, leave("1.1.0", |manifest| manifest.replace(DEPUTY, NOTE), &TEXTS)).await;
    for item in app.admin().query(REQUEST, json!({})).await.ok(200)["items"].as_array().unwrap() {
        app.admin().update(REQUEST, item["id"].as_str().unwrap(), json!({"note": "same"})).await.ok(200);
    }
    install(&app, leave("1.2.0", edit, &TEXTS)).await.ok(201);
    let problem = enable(&app).await.problem(409, "record.constraint");
    assert_eq!(problem["other"]["entity"], REQUEST, "{problem}");
    app.admin().update(REQUEST, &first, json!({"note": "mine"})).await.ok(200);
    enable(&app).await.ok(200);
    app.admin().update(REQUEST, &first, json!({"note": "same"})).await.problem(409, "record.constraint");
    app.finish().await;
}

#[tokio::test]
async fn a_unique_field_of_the_company_stays_so_when_the_module_has_new_constraints() {
    let app = office().await;
    let admin = app.admin();
    let field = json!({"key": "x_code", "label": {"en": "Code"}, "type": "text", "unique": true});
    admin.post(&format!("/entities/{REQUEST}/fields"), field).await.ok(201);
    let ann = app.by("ann");
    let first = ann.create(REQUEST, days(1, 2)).await.id();
    let second = ann.create(REQUEST, days(3, 4)).await.id();
    admin.update(REQUEST, &first, json!({"x_code": "A"})).await.ok(200);
    let edit = |manifest: String| {
        manifest.replace(
            DEPUTY,
            "{ key = \"deputy\", type = \"user\" }, { key = \"note\", type = \"text\", unique = true }",
        )
    };
    run(&app, leave("1.1.0", edit, &TEXTS)).await;
    let refused = admin.update(REQUEST, &second, json!({"x_code": "a"})).await.problem(409, "record.constraint");
    assert_eq!(refused["other"]["id"], first.as_str(), "{refused}");
    admin.update(REQUEST, &first, json!({"note": "one"})).await.ok(200);
    admin.update(REQUEST, &second, json!({"note": "one"})).await.problem(409, "record.constraint");
    admin.update(REQUEST, &second, json!({"x_code": "B", "note": "two"})).await.ok(200);
    app.finish().await;
}

#[tokio::test]
async fn a_setting_that_a_version_has_no_more_is_in_nobodys_way() {
    let app = office().await;
    let path = format!("/plugins/{LEAVE}");
    app.admin().put(&format!("{path}/settings"), json!({"settings": {"days_a_year": 20}})).await.ok(200);
    let edit = |manifest: String| manifest.replace("key = \"days_a_year\"", "key = \"days_of_leave\"");
    install(&app, leave("1.1.0", edit, &[])).await.ok(201);
    enable(&app).await.ok(200);
    assert_eq!(app.admin().get(&path).await.ok(200)["settings"], json!({"days_of_leave": 28}));
    app.finish().await;
}
