//! Departments: several heads, and who was where when.

use kernel::UserId;
use people::department::members_at;
use serde_json::json;

use crate::app::TestApp;

#[tokio::test]
async fn several_heads_lead_a_department_together() {
    let mut app = TestApp::build()
        .person("ann", "sales_head")
        .person("bob", "sales_head")
        .person("max", "sales_manager")
        .start()
        .await;
    let sales = app.department("Sales", None, &["max"]).await;
    let path = format!("/departments/{sales}");
    let (ann, bob) = (app.id_of("ann"), app.id_of("bob"));
    let admin = app.admin();
    let saved = admin.patch(&path, json!({"name": "Sales", "head_ids": [ann, bob, ann]})).await.ok(200);
    assert_eq!((&saved["head_id"], &saved["head_ids"]), (&json!(ann), &json!([ann, bob])));
    app.by("max").create("lead", json!({"title": "Max's"})).await.ok(201);
    for head in ["ann", "bob"] {
        let mine = json!({"field": "owner", "op": "in", "value": {"my_subtree": true}});
        assert_eq!(app.by(head).found("lead", mine).await, ["Max's"], "{head}");
    }
    // Who knows only of one head changes only the first.
    let saved = admin.patch(&path, json!({"name": "Sales", "head_id": null})).await.ok(200);
    assert_eq!(saved["head_ids"], json!([bob]));
    let wrong = admin.patch(&path, json!({"name": "Sales", "head_ids": [uuid::Uuid::nil()]})).await;
    assert_eq!(wrong.problem(422, "people.invalid")["fields"]["head_ids"]["code"], "missing");
    app.finish().await;
}

#[tokio::test]
async fn a_department_of_a_past_day_is_kept() {
    let mut app = TestApp::build().person("max", "sales_manager").start().await;
    let sales = app.department("Sales", None, &["max"]).await;
    let max = UserId(app.id_of("max"));
    let tenant = app.companies[0].tenant.id;
    let in_sales = app.state.env.now();
    app.clock.advance_seconds(86_400);
    let support = app.department("Support", None, &["max"]).await;
    let in_support = app.state.env.now();
    app.clock.advance_seconds(60);
    app.admin()
        .patch(&format!("/users/{}", max.0), json!({"department_id": null, "position": "Advisor"}))
        .await
        .ok(200);
    let conn = app.state.db.read();
    let at = async |when| members_at(conn, tenant, when).await.unwrap().get(&max).map(|department| department.0);
    assert_eq!(at(in_sales.plus_seconds(3_600)).await, Some(sales));
    assert_eq!(at(in_support).await, Some(support));
    assert_eq!(at(in_support.plus_seconds(61)).await, None);
    assert_eq!(at(in_sales.plus_seconds(-7_200)).await, None);
    app.finish().await;
}
