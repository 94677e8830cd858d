//! Lists, boards, filters, access, import, bulk, undo, history, search, processes and reports work on a module's entity.

use serde_json::{Value, json};

use super::{REQUEST, days, office};
use crate::app::{TestApp, titles};
use crate::process::{Engine, file, one};

pub async fn import(app: &TestApp, by: &str, text: &str) -> Value {
    let body = format!(
        "--B\r\nContent-Disposition: form-data; name=\"entity\"\r\n\r\n{REQUEST}\r\n--B\r\nContent-Disposition: \
         form-data; name=\"file\"; filename=\"rows.csv\"\r\n\r\n{text}\r\n--B--\r\n"
    );
    let kind = Some("multipart/form-data; boundary=B");
    let made = app.by(by).send("POST", "/api/v1/imports", kind, body.into_bytes()).await.ok(201);
    let id = made["id"].as_str().unwrap();
    app.by(by).post(&format!("/imports/{id}/start"), json!({})).await.ok(202);
    app.drain().await;
    app.by(by).get(&format!("/imports/{id}")).await.ok(200)
}

#[tokio::test]
async fn roles_that_a_module_brings_decide_who_sees_what() {
    let mut app = office().await;
    app.department("Field", None, &["ann", "ian"]).await;
    let boss = app.department("Office", None, &["bob"]).await;
    let _ = boss;
    let ann = app.by("ann").create(REQUEST, days(1, 2)).await.ok(201)["id"].as_str().unwrap().to_owned();
    app.by("bob").create(REQUEST, days(3, 4)).await.ok(201);
    let seen = async |name: &str| titles(&app.by(name).get(&format!("/records/{REQUEST}")).await.ok(200)).len();
    assert_eq!((seen("ann").await, seen("bob").await, seen("admin").await), (1, 1, 2));
    app.by("bob").get(&format!("/records/{REQUEST}/{ann}")).await.problem(404, "not_found");
    app.by("bob").update(REQUEST, &ann, json!({"kind": "sick"})).await.problem(404, "not_found");
    app.by("ann").delete(&format!("/records/{REQUEST}/{ann}")).await.problem(403, "denied");
    // Nobody gives a request away, and a head makes none.
    app.by("ann").update(REQUEST, &ann, json!({"owner": app.id_of("bob")})).await.problem(403, "denied");
    app.by("ian").create(REQUEST, days(5, 6)).await.problem(403, "denied");
    // Somebody without any of the roles.
    app.person(0, "max", &["sales_manager"]).await;
    let max = app.by("max");
    assert_eq!(max.get(&format!("/records/{REQUEST}")).await.ok(200)["items"], json!([]));
    max.create(REQUEST, days(7, 8)).await.problem(403, "denied");
    max.get(&format!("/records/{REQUEST}/{ann}")).await.problem(404, "not_found");
    max.get(&format!("/entities/{REQUEST}")).await.problem(404, "not_found");
    app.finish().await;
}

#[tokio::test]
async fn lists_boards_filters_sums_and_search() {
    let app = office().await;
    for (name, from, to) in [("ann", 1, 5), ("ann", 10, 10), ("bob", 1, 2)] {
        app.by(name).create(REQUEST, days(from, to)).await.ok(201);
    }
    let admin = app.admin();
    let count = async |filter: Value| {
        admin.query(REQUEST, json!({"filter": filter, "total": true})).await.ok(200)["total"].clone()
    };
    let test = |field: &str, op: &str, value: Value| json!({"field": field, "op": op, "value": value});
    assert_eq!(count(test("starts", "eq", json!("2026-03-01"))).await, 2);
    assert_eq!(count(test("days", "gt", json!(1))).await, 2);
    assert_eq!(count(test("owner", "eq", json!(app.id_of("ann")))).await, 2);
    assert_eq!(count(test("kind", "in", json!(["sick", "yearly"]))).await, 3);
    assert_eq!(count(test("stage", "eq", json!("approved"))).await, 0);
    let page = admin.query(REQUEST, json!({"sort": [{"field": "days", "desc": true}], "limit": 2})).await.ok(200);
    let sorted: Vec<&Value> = page["items"].as_array().unwrap().iter().map(|item| &item["fields"]["days"]).collect();
    assert_eq!(sorted, [&json!(5), &json!(2)]);
    let board = json!({"group_by": ["stage"], "measures": [{"op": "count"}, {"op": "sum", "field": "days"}]});
    let board = admin.post(&format!("/records/{REQUEST}/aggregate"), board).await.ok(200);
    assert_eq!(board["items"], json!([{"group": {"stage": "asked"}, "values": {"count": 3, "sum_days": 8}}]));
    assert_eq!(titles(&admin.get(&format!("/records/{REQUEST}?q=yearly")).await.ok(200)).len(), 3);
    app.finish().await;
}

#[tokio::test]
async fn bulk_undo_history_and_import() {
    let app = office().await;
    let (admin, ann) = (app.admin(), app.by("ann"));
    let first = ann.create(REQUEST, days(1, 2)).await.ok(201)["id"].as_str().unwrap().to_owned();
    let second = ann.create(REQUEST, days(3, 4)).await.ok(201)["id"].as_str().unwrap().to_owned();
    let fields = json!({"stage": "approved", "kind": "unpaid"});
    let update = json!({"update": [{"id": first, "fields": fields}, {"id": second, "fields": fields}]});
    let bulk = admin.post(&format!("/records/{REQUEST}/bulk"), update).await.ok(200);
    assert_eq!(bulk["results"][1]["status"], "updated", "{bulk}");
    let timeline = admin.get(&format!("/records/{REQUEST}/{first}/timeline")).await.ok(200);
    assert!(
        timeline["items"]
            .as_array()
            .unwrap()
            .iter()
            .any(|entry| entry["changes"]["kind"].is_object() || entry["changes"]["kind"].is_array()),
        "{timeline}"
    );
    let undone = admin.post(&format!("/batches/{}/undo", bulk["batch"].as_str().unwrap()), json!({})).await.ok(200);
    assert_eq!(undone["restored"], 2);
    let back = admin.get(&format!("/records/{REQUEST}/{first}")).await.ok(200)["fields"].clone();
    assert_eq!((&back["stage"], &back["kind"]), (&json!("asked"), &json!("yearly")));
    let job = import(&app, "ann", "First day,Last day,Kind\n2026-03-20,2026-03-21,Sick leave\n2026-03-04,2026-03-05,Sick leave\nsoon,2026-03-30,Sick leave\n").await;
    assert_eq!((&job["accepted"], &job["refused"]), (&json!(1), &json!(2)), "{job}");
    let errors = job["errors"].as_array().unwrap();
    let of_row = |row: i64| errors.iter().find(|error| error["row"] == row).unwrap_or_else(|| panic!("{job}"));
    assert!(of_row(3)["message"].as_str().unwrap().contains("overlap"), "{job}");
    assert_eq!(of_row(4)["field"], "starts", "{job}");
    assert_eq!(titles(&ann.get(&format!("/records/{REQUEST}")).await.ok(200)).len(), 3);
    app.finish().await;
}

#[tokio::test]
async fn processes_start_from_it_make_it_and_reports_count_it() {
    let app = office().await;
    let engine = Engine::of(&app);
    let start = r#"<startEvent id="start"><messageEventDefinition messageRef="m"/></startEvent>"#;
    let work = r#"<userTask id="then" v:executors="owner"><extensionElements/></userTask>"#;
    let inside = format!("{start}{work}{}", crate::process::flows("start>then"));
    engine.deploy(file(&format!(r#"<message id="m" name="{REQUEST}.created"/>{}"#, one("decide", &inside)))).await;
    let id = app.by("ann").create(REQUEST, days(1, 2)).await.ok(201)["id"].as_str().unwrap().to_owned();
    app.drain().await;
    let begun = engine.instances(&format!("subject={id}")).await;
    assert_eq!((begun.len(), &begun[0]["subject"]), (1, &json!({"entity": REQUEST, "id": id})));
    app.admin().post(&format!("/records/{REQUEST}/{id}/stage"), json!({"stage": "approved"})).await.ok(200);
    let ask = json!({"over": "stage", "entity": REQUEST, "group_by": ["step"]});
    let funnel = app.admin().post("/reports/funnel", ask).await.ok(200);
    let rows = funnel["items"].as_array().unwrap();
    let row = rows.iter().find(|row| row["group"]["step"] == "approved").unwrap();
    assert_eq!(row["entered"], 1, "{funnel}");
    app.drain().await;
    app.finish().await;
}
