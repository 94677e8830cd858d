//! Measures and axes that modules bring, and reports as sources of their pages.

use plugin_host::dev::project;
use serde_json::{Value, json};

use super::{ask, opens_what_it_counts};
use crate::app::{TestApp, root};
use crate::modules::{LEAVE, REQUEST, days, disable, install, leave, office, run};

const MEASURES: &str = r#"
[[measures]]
key = "leave_days"
title = { en = "Days of leave", ru = "Дней отпуска", uk = "Днів відпустки" }
entity = "leave_request"
op = "sum"
field = "days"
filter = { field = "stage", op = "eq", value = "approved" }
date = "starts"
[[measures]]
key = "leave_asked"
title.en = "Requests"
entity = "leave_request"
op = "count"
[[measures]]
key = "leave_share"
title.en = "Part of the days that was approved"
entity = "leave_request"
op = "share"
field = "days"
filter = { field = "stage", op = "eq", value = "approved" }
date = "starts"
[[measures]]
key = "leave_portion"
title.en = "Part of the requests that was approved"
entity = "leave_request"
op = "share"
filter = { field = "stage", op = "eq", value = "approved" }
[[axes]]
key = "leave_month"
title.en = "Month"
entity = "leave_request"
field = "starts"
bucket = "month"
"#;

#[tokio::test]
async fn measures_of_a_module_are_asked_for_like_the_products_own() {
    let app = office().await;
    run(&app, leave("1.2.0", |manifest| manifest + MEASURES, &[])).await;
    for (name, from, to) in [("ann", 1, 5), ("bob", 10, 10), ("bob", 20, 21)] {
        app.by(name).create(REQUEST, days(from, to)).await.ok(201);
    }
    let all = app.admin().query(REQUEST, json!({})).await.ok(200);
    for one in all["items"].as_array().unwrap().iter().filter(|one| one["fields"]["days"] != 1) {
        app.admin().update(REQUEST, one["id"].as_str().unwrap(), json!({"stage": "approved"})).await.ok(200);
    }
    let listed = app.by("ann").get("/reports/measures").await.ok(200);
    let mine: Vec<&Value> = listed["items"].as_array().unwrap().iter().filter(|one| one["plugin"] == LEAVE).collect();
    assert_eq!((mine.len(), &mine[0]["label"]), (4, &json!("Days of leave")), "{listed}");
    assert_eq!(listed["axes"][0]["key"], "leave_month");
    let asked = json!({"measures": ["leave_days", "leave_asked"], "group_by": ["leave_month"], "period": {"from": "2026-03-01", "to": "2026-04-01"}});
    let answer = ask(&app, "admin", asked.clone()).await;
    assert_eq!(answer["rows"][0]["group"], json!({"leave_month": "2026-03-01"}));
    assert_eq!(answer["rows"][0]["values"], json!({"leave_asked": 3, "leave_days": 7}));
    opens_what_it_counts(&app, "admin", &answer).await;
    // 7 of 8 days, 2 of 3 requests.
    let share =
        json!({"measures": ["leave_share", "leave_portion"], "period": {"from": "2026-03-01", "to": "2026-04-01"}});
    let answer = ask(&app, "admin", share.clone()).await;
    assert_eq!(answer["totals"]["values"], json!({"leave_share": 87.5, "leave_portion": 66.7}));
    assert_eq!(answer["columns"][0]["unit"], "percent", "{answer}");
    assert_eq!(ask(&app, "ann", share).await["totals"]["values"], json!({"leave_share": 100, "leave_portion": 100}));
    // As whoever asks sees the records.
    assert_eq!(ask(&app, "ann", asked.clone()).await["totals"]["values"], json!({"leave_asked": 1, "leave_days": 5}));
    // A module that is off for somebody has no measures for them.
    app.admin().put(&format!("/plugins/{LEAVE}/gate"), json!({"departments": []})).await.ok(200);
    app.admin().post("/reports/query", asked.clone()).await.problem(422, "report.invalid");
    app.admin().put(&format!("/plugins/{LEAVE}/gate"), json!({"departments": null})).await.ok(200);
    disable(&app).await;
    app.admin().post("/reports/query", asked).await.problem(422, "report.invalid");
    app.drain().await;
    app.finish().await;
}

#[tokio::test]
async fn a_manifest_with_measures_that_make_no_sense_is_refused_by_its_place() {
    let app = TestApp::start().await;
    let check = async |from: &str, to: &str, place: &str| {
        assert!(MEASURES.contains(from), "{from}");
        let package = leave("1.2.0", |manifest| manifest + &MEASURES.replacen(from, to, 1), &[]);
        let said = install(&app, package).await.problem(422, "plugin.invalid");
        assert!(said["fields"]["file"]["message"].as_str().unwrap().contains(place), "{to}: {said}");
    };
    check("\"leave_days\"", "\"days\"", "measures[0].key").await;
    check("\"leave_days\"", "\"leave_\"", "measures[0].key").await;
    check("\"leave_asked\"", "\"leave_days\"", "declared twice").await;
    check("entity = \"leave_request\"", "entity = \"lead\"", "measures[0].entity").await;
    check("field = \"days\"", "field = \"dayz\"", "did you mean `days`?").await;
    check("field = \"days\"", "field = \"kind\"", "measures[0].field").await;
    check("field = \"days\"", "", "measures[0].field").await;
    check("op = \"count\"", "op = \"count\"\nfield = \"days\"", "measures[1].field").await;
    check("op = \"sum\"", "op = \"min\"", "unknown variant `min`").await;
    let share = "op = \"share\"\nfield = \"days\"\n";
    let part = "filter = { field = \"stage\", op = \"eq\", value = \"approved\" }\n";
    check(&format!("{share}{part}"), share, "measures[2].filter").await;
    check("date = \"starts\"", "date = \"days\"", "measures[0].date").await;
    check("field = \"stage\", op = \"eq\"", "field = \"stage\", op = \"equals\"", "measures[0].filter").await;
    check("field = \"stage\", op", "field = \"stages\", op", "did you mean `stage`?").await;
    check("bucket = \"month\"", "", "axes[0].bucket").await;
    check("field = \"starts\"\nbucket", "field = \"days\"\nbucket", "axes[0].bucket").await;
    app.finish().await;
}

/// The rows of an answer, as they stand in its text.
fn rows_in(text: &str) -> &str {
    let rest = text.split_once(",\"rows\":").unwrap().1;
    rest.split_once(",\"totals\":").unwrap().0
}

// reports.md, acceptance 16.
#[tokio::test]
async fn what_the_code_of_a_module_asks_for_has_the_rows_of_the_api_byte_for_byte() {
    let app = TestApp::build().person("ann", "sales_manager").start().await;
    let folder = root().join("core/plugin_host/tests/guests/figures");
    let component = project::build(&folder, Some(&root().join("target/guests"))).unwrap();
    install(&app, project::package(&folder, &component, None).unwrap()).await.ok(201);
    app.admin().post("/plugins/test.figures/enable", json!({"grants": "requested"})).await.ok(200);
    for (name, amount) in [("admin", 100), ("ann", 20), ("ann", 3)] {
        app.by(name).create("deal", json!({"title": name, "amount": amount, "source": "web"})).await.ok(201);
    }
    let keys = json!(["deal.open_amount", "deal.open", "deal.won"]);
    let query = json!({"measures": keys, "group_by": ["owner", "source"], "sort": "-deal.open"});
    // She sees deals of her own.
    for (name, owners) in [("admin", 2), ("ann", 1)] {
        let api = app.by(name).post("/reports/query", query.clone()).await;
        let told = app.by(name).post("/plugins/test.figures/http/ask", query.clone()).await;
        assert_eq!((api.status.as_u16(), told.status.as_u16()), (200, 200), "{}", told.text());
        let (api, told) = (api.text(), told.text());
        assert_eq!(rows_in(&api), rows_in(&told), "{name}");
        assert_eq!(rows_in(&api).matches("\"drill\"").count(), owners, "{name}: {api}");
    }
    app.drain().await;
    app.finish().await;
}
