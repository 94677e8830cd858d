//! Row rights: what is outside of one's scope is not there, and nothing is moved across its border.

use serde_json::json;

use crate::app::TestApp;

#[tokio::test]
async fn what_is_outside_of_the_scope_is_not_there_in_any_way() {
    let app = TestApp::build().person("ann", "sales_manager").start().await;
    let ann = app.by("ann");
    let company = app.record("company", json!({"title": "Steel"})).await;
    let hers =
        app.record("lead", json!({"title": "hers", "owner": app.id_of("ann"), "amount": 1, "company": company})).await;
    let strange = app.record("lead", json!({"title": "Unseen", "amount": 987_654})).await;
    app.record("deal", json!({"title": "d", "owner": app.id_of("ann"), "lead": strange})).await;
    let path = format!("/records/lead/{strange}");
    ann.get(&path).await.problem(404, "not_found");
    ann.get(&format!("{path}/timeline")).await.problem(404, "not_found");
    ann.update("lead", &strange, json!({"amount": 1})).await.problem(404, "not_found");
    ann.delete(&path).await.problem(404, "not_found");
    ann.post(&format!("{path}/stage"), json!({"stage": "junk"})).await.problem(404, "not_found");
    ann.post(&format!("{path}/timeline"), json!({"text": "x"})).await.problem(404, "not_found");
    let bulk = ann
        .post("/records/lead/bulk", json!({"update": [{"id": strange, "fields": {"amount": 1}}], "delete": [strange]}))
        .await
        .ok(200);
    assert!(bulk["results"].as_array().unwrap().iter().all(|row| row["code"] == "not_found"), "{bulk}");
    app.settle().await;
    for answer in [
        ann.get("/records/lead?total=true").await,
        ann.query("lead", json!({"q": "unseen", "total": true})).await,
        ann.get("/events").await,
        ann.get("/records/deal").await,
        ann.post("/records/lead/aggregate", json!({"measures": [{"op": "sum", "field": "amount"}, {"op": "count"}]}))
            .await,
    ] {
        answer.ok(200);
        assert!(!answer.text().contains("Unseen") && !answer.text().contains("987654"), "{}", answer.text());
    }
    assert_eq!(ann.get("/records/lead?total=true").await.ok(200)["total"], 1);
    assert_eq!(
        ann.found("deal", json!({"field": "lead.title", "op": "eq", "value": "Unseen"})).await,
        Vec::<String>::new()
    );
    let link = ann.create("deal", json!({"title": "e", "lead": strange})).await.problem(422, "record.invalid");
    assert_eq!(link["fields"]["lead"]["code"], "missing", "like one that does not exist");
    ann.create("deal", json!({"title": "e", "lead": hers})).await.ok(201);
    app.finish().await;
}

#[tokio::test]
async fn nobody_moves_a_record_out_of_their_own_reach() {
    let app = TestApp::build().person("ann", "sales_manager").person("bob", "sales_manager").start().await;
    let ann = app.by("ann");
    let id = app.record("lead", json!({"title": "hers", "owner": app.id_of("ann")})).await;
    let away = json!({"owner": app.id_of("bob"), "amount": 5});
    ann.update("lead", &id, away.clone()).await.problem(403, "denied");
    let two = app.record("lead", json!({"title": "also", "owner": app.id_of("ann")})).await;
    let body = json!({"update": [{"id": id, "fields": away}, {"id": two, "fields": {"amount": 7}}]});
    let bulk = ann.post("/records/lead/bulk", body.clone()).await.ok(200);
    assert_eq!((&bulk["results"][0]["code"], &bulk["results"][1]["status"]), (&json!("denied"), &json!("updated")));
    let mut strict = body;
    strict["all_or_nothing"] = json!(true);
    strict["update"][1]["fields"]["amount"] = json!(8);
    ann.post("/records/lead/bulk", strict).await.ok(200);
    let lead = async |id: &str| app.admin().get(&format!("/records/lead/{id}")).await.ok(200)["fields"].clone();
    assert_eq!((&lead(&id).await["owner"], &lead(&two).await["amount"]), (&json!(app.id_of("ann")), &json!(7)));
    assert_eq!(app.count("SELECT count(*) FROM event_log WHERE kind = 'lead.updated'").await, 1);
    // To nobody is within everybody's reach; what is seen but not one's own to delete is denied, not hidden.
    ann.update("lead", &id, json!({"owner": null})).await.ok(200);
    ann.delete(&format!("/records/lead/{id}")).await.problem(403, "denied");
    app.finish().await;
}

#[tokio::test]
async fn restrictions_bind_even_an_administrator() {
    let mut app = TestApp::start().await;
    let small = json!({"field": "amount", "op": "lt", "value": 100});
    app.role(
        "no_big_deals",
        json!([
            {"kind": "restriction", "entity": "deal", "actions": ["read", "update"], "filter": small},
            {"kind": "restriction", "entity": "company", "actions": ["delete"]},
        ]),
        json!([]),
    )
    .await;
    app.person(0, "ada", &["admin", "no_big_deals"]).await;
    let (big, low) = (
        app.record("deal", json!({"title": "big", "amount": 500})).await,
        app.record("deal", json!({"title": "low", "amount": 5})).await,
    );
    let company = app.record("company", json!({"title": "Steel"})).await;
    let ada = app.by("ada");
    ada.get(&format!("/records/deal/{big}")).await.problem(404, "not_found");
    ada.update("deal", &low, json!({"amount": 500})).await.problem(403, "denied");
    ada.update("deal", &low, json!({"amount": 50})).await.ok(200);
    ada.delete(&format!("/records/company/{company}")).await.problem(403, "denied");
    app.finish().await;
}

#[tokio::test]
async fn a_new_right_counts_from_the_next_request() {
    let app = TestApp::build().person("ann", "sales_manager").start().await;
    app.record("lead", json!({"title": "others"})).await;
    let total = async || app.by("ann").get("/records/lead?total=true").await.ok(200)["total"].clone();
    assert_eq!(total().await, 0);
    let role = app.companies[0].roles["sales_manager"];
    let rows = json!([{"kind": "permission", "entity": "lead", "actions": ["read"]}]);
    app.admin().patch(&format!("/roles/{role}"), json!({"name": "Sales", "rows": rows})).await.ok(200);
    assert_eq!(total().await, 1);
    let observer = app.companies[0].roles["observer"];
    let path = format!("/users/{}", app.id_of("ann"));
    app.admin().patch(&path, json!({"roles": [observer]})).await.ok(200);
    app.by("ann").create("lead", json!({"title": "x"})).await.problem(403, "denied");
    app.admin().patch(&path, json!({"roles": []})).await.ok(200);
    assert_eq!(total().await, 0);
    app.finish().await;
}
