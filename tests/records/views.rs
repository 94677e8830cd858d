//! Saved views: one's own, shared ones, and lists made by them.

use serde_json::json;

use crate::app::TestApp;

#[tokio::test]
async fn views_are_private_until_shared_and_only_their_owner_changes_them() {
    let app = TestApp::build().person("max", "sales_manager").person("eve", "sales_manager").start().await;
    let (max, eve) = (app.by("max"), app.by("eve"));
    let config = json!({"filter": {"field": "amount", "op": "gt", "value": 5}, "sort": [{"field": "amount", "desc": true}], "columns": ["title"]});
    let view = max.post("/views", json!({"entity": "lead", "name": "Big ones", "config": config})).await.ok(201);
    let path = format!("/views/{}", view["id"].as_str().unwrap());
    assert_eq!((&view["mine"], &view["shared"], &view["config"]), (&json!(true), &json!(false), &config));
    assert_eq!(eve.get("/views?entity=lead").await.ok(200)["items"], json!([]));
    eve.patch(&path, json!({"name": "Mine now"})).await.problem(404, "not_found");
    max.patch(&path, json!({"shared": true})).await.ok(200);
    let seen = eve.get("/views?entity=lead").await.ok(200)["items"][0].clone();
    assert_eq!((&seen["name"], &seen["mine"]), (&json!("Big ones"), &json!(false)));
    assert!(!eve.patch(&path, json!({"name": "Mine now"})).await.status.is_success());
    assert!(!eve.delete(&path).await.status.is_success());
    assert_eq!(max.get("/views?entity=deal").await.ok(200)["items"], json!([]));
    max.delete(&path).await.ok(204);
    assert_eq!(max.get("/views").await.ok(200)["items"], json!([]));
    app.finish().await;
}

#[tokio::test]
async fn a_list_follows_a_view_with_the_rights_of_its_reader() {
    let app = TestApp::build().person("max", "sales_manager").start().await;
    for (title, amount, owner) in [("a", 10, "admin"), ("b", 20, "max"), ("c", 30, "max"), ("d", 1, "max")] {
        app.record("lead", json!({"title": title, "amount": amount, "owner": app.id_of(owner)})).await;
    }
    let config =
        json!({"filter": {"field": "amount", "op": "gt", "value": 5}, "sort": [{"field": "amount", "desc": true}]});
    let view = app
        .admin()
        .post("/views", json!({"entity": "lead", "name": "Big", "shared": true, "config": config}))
        .await
        .ok(201);
    let path = format!("/records/lead?view={}", view["id"].as_str().unwrap());
    let titles = async |who: &str| {
        let page = app.by(who).get(&path).await.ok(200);
        page["items"]
            .as_array()
            .unwrap()
            .iter()
            .map(|item| item["fields"]["title"].as_str().unwrap().to_owned())
            .collect::<String>()
    };
    assert_eq!(titles("admin").await, "cba");
    assert_eq!(titles("max").await, "cb");
    for wrong in [json!({"filter": {"field": "amount"}}), json!({"filter": 5}), json!("x".repeat(40_000))] {
        let answer = app.admin().post("/views", json!({"entity": "lead", "name": "Wrong", "config": wrong})).await;
        assert!(answer.status.is_client_error(), "{}", answer.text());
    }
    app.finish().await;
}

#[tokio::test]
async fn a_view_may_be_of_a_calendar() {
    let app = TestApp::build().person("max", "sales_manager").person("eve", "sales_manager").start().await;
    let (max, eve) = (app.by("max"), app.by("eve"));
    let config = json!({"date": "close_date", "mode": "week", "filter": {"field": "amount", "op": "gt", "value": 5}});
    let of = |kind: &str| json!({"entity": "deal", "name": "Closings", "kind": kind, "shared": true, "config": config});
    let view = max.post("/views", of("calendar")).await.ok(201);
    assert_eq!((&view["kind"], &view["config"]), (&json!("calendar"), &config));
    let seen = eve.get("/views?entity=deal").await.ok(200)["items"][0].clone();
    assert_eq!((&seen["kind"], &seen["config"]["date"]), (&json!("calendar"), &json!("close_date")));
    max.post("/views", of("map")).await.problem(422, "view.invalid");
    app.finish().await;
}
