//! One kind of task: what `/tasks` shows are the records of `/records/task`, and the contract binds at both doors.

use serde_json::{Value, json};

use crate::app::{Client, TestApp};

async fn task(client: &Client<'_>, id: &str) -> Value {
    client.get(&format!("/tasks/{id}")).await.ok(200)
}

/// Titles of a page of `/tasks`.
fn titles(page: &Value) -> Vec<&str> {
    page["items"].as_array().unwrap().iter().map(|task| task["title"].as_str().unwrap()).collect()
}

async fn record(client: &Client<'_>, id: &str) -> Value {
    client.get(&format!("/records/task/{id}")).await.ok(200)
}

#[tokio::test]
async fn both_doors_show_and_change_the_same_rows() {
    let app = TestApp::build().person("max", "admin").start().await;
    let admin = app.admin();
    let lead = app.record("lead", json!({"title": "Ann"})).await;
    let subject = json!({"entity": "lead", "id": lead});
    let made =
        admin.post("/tasks", json!({"title": "Call", "due": "2026-05-02T09:00:00Z", "subject": subject})).await.ok(201)
            ["id"]
            .as_str()
            .unwrap()
            .to_owned();
    let fields = json!({
        "title": "Write", "due": "2026-05-01T09:00:00Z", "priority": "high", "assignee": app.id_of("max"),
        "record_entity": "lead", "record_id": lead,
    });
    let written = admin.create("task", fields).await.ok(201)["id"].as_str().unwrap().to_owned();

    let seen = record(&admin, &made).await["fields"].clone();
    assert_eq!((&seen["title"], &seen["state"], &seen["number"]), (&json!("Call"), &json!("open"), &json!(1)));
    assert_eq!((&seen["record_id"], &seen["due"]), (&json!(lead), &json!("2026-05-02T09:00:00Z")));
    let seen = task(&admin, &written).await;
    assert_eq!((&seen["assignee"], &seen["subject"]), (&json!(app.id_of("max")), &subject));
    assert_eq!(titles(&admin.get("/tasks?sort=due").await.ok(200)), ["Write", "Call"]);
    let sorted = admin.query("task", json!({"sort": [{"field": "due"}], "total": true})).await.ok(200);
    assert_eq!(sorted["total"], 2);
    assert_eq!(sorted["items"][0]["fields"]["title"], "Write");
    assert_eq!(admin.found("task", json!({"field": "priority", "op": "eq", "value": "high"})).await, ["Write"]);
    let of_lead = json!({"field": "record_id", "op": "eq", "value": lead});
    assert_eq!(admin.found("task", of_lead).await.len(), 2);

    admin.update("task", &made, json!({"title": "Call back", "status": "waiting"})).await.ok(200);
    assert_eq!(task(&admin, &made).await["title"], "Call back");
    admin.patch(&format!("/tasks/{made}"), json!({"title": "Call again"})).await.ok(200);
    let seen = record(&admin, &made).await;
    assert_eq!((&seen["fields"]["title"], &seen["fields"]["status"]), (&json!("Call again"), &json!("waiting")));
    assert_eq!(seen["version"], task(&admin, &made).await["version"]);
    assert_eq!(titles(&admin.get("/tasks?q=again").await.ok(200)), ["Call again"]);

    app.by("max").update("task", &written, json!({"state": "completed"})).await.ok(200);
    let seen = task(&admin, &written).await;
    assert_eq!((&seen["state"], &seen["completed_by"]), (&json!("completed"), &json!(app.id_of("max"))));
    let body = json!({"group_by": ["state"]});
    let groups = admin.post("/records/task/aggregate", body).await.ok(200)["items"].clone();
    assert_eq!(groups.as_array().unwrap().len(), 2, "{groups}");
    let timeline = admin.get(&format!("/records/task/{written}/timeline")).await.ok(200);
    assert_eq!(timeline["items"][0]["event"], "task.completed");
    assert_eq!(timeline["items"][0]["changes"]["state"], json!({"before": "open", "after": "completed"}));
    let history = admin.get(&format!("/tasks/{written}/history")).await.ok(200);
    assert_eq!(history["items"].as_array().unwrap().len(), 2, "{history}");
    app.finish().await;
}

#[tokio::test]
async fn the_contract_binds_at_both_doors() {
    let app = TestApp::build().person("max", "admin").start().await;
    let max = app.by("max");
    let body = json!({"title": "Decide", "main_action": {"kind": "acknowledge"}, "require_main_action": true});
    let id = max.post("/tasks", body).await.ok(201)["id"].as_str().unwrap().to_owned();
    let before = record(&max, &id).await;
    let done = json!({"state": "completed", "priority": "high"});
    max.post(&format!("/tasks/{id}/complete"), json!({})).await.problem(409, "task.main_action_missing");
    max.update("task", &id, done.clone()).await.problem(409, "task.main_action_missing");
    let bulk = json!({"update": [{"id": id, "fields": done}]});
    let answer = max.post("/records/task/bulk", bulk).await.ok(200);
    assert!(answer.to_string().contains("task.main_action_missing"), "{answer}");
    assert_eq!(record(&max, &id).await, before, "nothing was changed");
    let history = max.get(&format!("/tasks/{id}/history")).await.ok(200);
    assert_eq!(history["items"].as_array().unwrap().len(), 1, "{history}");

    max.post(&format!("/tasks/{id}/action"), json!({"kind": "acknowledge"})).await.ok(200);
    max.update("task", &id, done).await.ok(200);
    let seen = record(&max, &id).await["fields"].clone();
    assert_eq!((&seen["state"], &seen["priority"]), (&json!("completed"), &json!("high")));
    // Over is over, at both doors; words beside the contract stay free.
    max.update("task", &id, json!({"state": "open"})).await.problem(409, "task.completed");
    max.update("task", &id, json!({"title": "Other"})).await.problem(409, "task.completed");
    max.update("task", &id, json!({"comments": "filed"})).await.ok(200);
    app.finish().await;
}

#[tokio::test]
async fn what_was_deleted_is_nobodys_to_do_until_it_is_restored() {
    let app = TestApp::build().person("max", "admin").start().await;
    let max = app.by("max");
    let ids = [app.record("task", json!({"title": "one"})).await, app.record("task", json!({"title": "two"})).await];
    let bulk = json!({
        "update": [{"id": ids[0], "fields": {"assignee": app.id_of("max"), "due": "2026-05-01T09:00:00Z"}}],
        "delete": [ids[1]],
    });
    let answer = app.admin().post("/records/task/bulk", bulk).await.ok(200);
    assert_eq!(titles(&max.get("/tasks?assignee=me&state=open").await.ok(200)), ["one"]);
    max.get(&format!("/tasks/{}", ids[1])).await.problem(404, "not_found");
    assert_eq!(app.admin().get("/tasks/counters").await.ok(200)["mine"]["open"], 0);
    let undone =
        app.admin().post(&format!("/batches/{}/undo", answer["batch"].as_str().unwrap()), json!({})).await.ok(200);
    assert_eq!((&undone["restored"], &undone["kept"]), (&json!(2), &json!([])));
    let back = task(&app.admin(), &ids[1]).await;
    assert_eq!((&back["state"], &back["completed"]), (&json!("open"), &Value::Null));
    assert_eq!(task(&app.admin(), &ids[0]).await["due"], Value::Null);
    app.finish().await;
}

#[tokio::test]
async fn roles_open_records_and_standing_opens_tasks() {
    let mut app = TestApp::build().person("ann", "sales_manager").person("bob", "sales_manager").start().await;
    app.person(0, "nobody", &[]).await;
    let body = json!({"title": "Walk", "assignee": app.id_of("nobody")});
    let id = app.admin().post("/tasks", body).await.ok(201)["id"].as_str().unwrap().to_owned();
    // An executor sees the task whatever the roles say; a record only by a role.
    assert_eq!(task(&app.by("nobody"), &id).await["title"], "Walk");
    app.by("nobody").get(&format!("/records/task/{id}")).await.problem(404, "not_found");
    app.by("ann").get(&format!("/tasks/{id}")).await.problem(404, "not_found");
    app.by("ann").get(&format!("/records/task/{id}")).await.problem(404, "not_found");
    let own = app.by("ann").create("task", json!({"title": "Own"})).await.ok(201)["id"].as_str().unwrap().to_owned();
    assert_eq!(task(&app.by("ann"), &own).await["assignee"], json!(app.id_of("ann")));
    app.by("bob").update("task", &own, json!({"state": "completed"})).await.problem(404, "not_found");
    app.by("ann").update("task", &own, json!({"assignee": app.id_of("bob")})).await.ok(200);
    app.by("bob").update("task", &own, json!({"state": "completed"})).await.ok(200);
    // A version that is no longer the newest is a conflict, as anywhere.
    let path = format!("/records/task/{own}");
    let stale = json!({"fields": {"comments": "late"}, "version": 1});
    app.by("ann").patch(&path, stale).await.problem(409, "record.conflict");
    app.finish().await;
}

#[tokio::test]
async fn tasks_that_i_gave_to_others_are_listed_without_my_own() {
    let app = TestApp::build().person("max", "admin").start().await;
    let admin = app.admin();
    for (title, assignee) in [("Mine", None), ("Of Max", Some(app.id_of("max")))] {
        let executors: Vec<String> = assignee.iter().map(|id| format!("user:{id}")).collect();
        admin.post("/tasks", json!({"title": title, "executors": executors})).await.ok(201);
    }
    let page = admin.get("/tasks?creator=me&assignee=others&total=true").await.ok(200);
    assert_eq!((titles(&page), &page["total"]), (vec!["Of Max"], &json!(1)));
    assert_eq!(titles(&admin.get("/tasks?creator=me&assignee=me").await.ok(200)), ["Mine"]);
    assert!(titles(&app.by("max").get("/tasks?creator=me&assignee=others").await.ok(200)).is_empty());
    app.finish().await;
}
