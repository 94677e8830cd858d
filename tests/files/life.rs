//! What becomes of files: history, the bin, room, the sweep, sending again.

use serde_json::json;

use super::{id_of, names, put, put_form};
use crate::app::TestApp;

#[tokio::test]
async fn what_happens_to_files_stands_in_history_the_log_and_the_audit() {
    let app = TestApp::start().await;
    let admin = app.admin();
    let id = app.record("lead", json!({"title": "Ann"})).await;
    let record = format!("lead/{id}");
    let file = put(&admin, &record, "a.txt", "text").await.ok(201);
    let path = format!("/files/{}", id_of(&file));
    admin.patch(&path, json!({"name": "b.txt"})).await.ok(200);
    admin.patch(&path, json!({"name": "b.txt"})).await.ok(200);
    admin.delete(&path).await.ok(204);
    admin.delete(&path).await.problem(404, "not_found");
    admin.get(&path).await.problem(404, "not_found");
    assert!(names(&admin, &record).await.is_empty());
    let bin = admin.get(&format!("/records/{record}/files?removed=true")).await.ok(200);
    assert_eq!((&bin["items"][0]["name"], bin["items"][0]["removed_at"].is_string()), (&json!("b.txt"), true));
    admin.post(&format!("{path}/restore"), json!({})).await.ok(200);
    admin.post(&format!("{path}/restore"), json!({})).await.problem(404, "not_found");
    app.settle().await;
    let timeline = admin.get(&format!("/records/{record}/timeline")).await.ok(200);
    let entries: Vec<_> = timeline["items"].as_array().unwrap().iter().map(|entry| &entry["event"]).collect();
    assert_eq!(entries, ["file.added", "file.removed", "file.renamed", "file.added", "lead.created"]);
    let renamed = &timeline["items"][2]["changes"]["file"];
    assert_eq!((&renamed["before"]["name"], &renamed["after"]["name"]), (&json!("a.txt"), &json!("b.txt")));
    let events = admin.get("/events?after=0-0&entity=lead").await.ok(200);
    assert!(events.to_string().contains("file.removed"), "{events}");
    assert_eq!(app.count("SELECT count(*) FROM audit WHERE action LIKE 'file.%'").await, 4);
    assert_eq!(admin.get(&format!("/records/{record}")).await.ok(200)["version"], 1, "the record itself is as it was");
    app.drain().await;
    app.finish().await;
}

#[tokio::test]
async fn an_upload_that_is_sent_again_is_one_file() {
    let app = TestApp::start().await;
    let record = format!("lead/{}", app.record("lead", json!({"title": "Ann"})).await);
    let keyed = app.admin().header("idempotency-key", "k1");
    let first = put_form(&keyed, &record, "a.txt", b"one").await.ok(201);
    let second = put_form(&keyed, &record, "a.txt", b"one").await;
    assert_eq!((second.header("idempotent-replay"), second.ok(201)["id"].clone()), (Some("true"), first["id"].clone()));
    put_form(&keyed, &record, "a.txt", b"two").await.problem(422, "idempotency.mismatch");
    assert_eq!(names(&app.admin(), &record).await, ["a.txt"]);
    app.finish().await;
}

#[tokio::test]
async fn a_company_never_keeps_more_than_it_may_however_many_send_at_once() {
    let app = TestApp::build().config(|config| config.files.company_bytes = 10_000).start().await;
    let admin = app.admin();
    let record = format!("lead/{}", app.record("lead", json!({"title": "Ann"})).await);
    let sends = (0..4).map(|n| {
        let (admin, record) = (app.admin(), record.clone());
        async move { put(&admin, &record, &format!("{n}.bin"), vec![0; 3_000]).await.status.as_u16() }
    });
    let mut statuses = futures::future::join_all(sends).await;
    statuses.sort_unstable();
    assert_eq!(statuses, [201, 201, 201, 409]);
    assert_eq!(app.count("SELECT bytes FROM file_usage").await, 9_000);
    put(&admin, &record, "more.bin", vec![0; 1_001]).await.problem(409, "file.full");
    put(&admin, &record, "fits.bin", vec![0; 1_000]).await.ok(201);
    // What is in the bin takes room until it is gone.
    let list = admin.get(&format!("/records/{record}/files")).await.ok(200);
    for file in list["items"].as_array().unwrap() {
        admin.delete(&format!("/files/{}", id_of(file))).await.ok(204);
    }
    put(&admin, &record, "x.bin", vec![0; 1]).await.problem(409, "file.full");
    app.clock.advance_seconds(31 * 86_400);
    assert_eq!(app.state.files.sweep().await.unwrap(), 4);
    assert_eq!(app.count("SELECT bytes + files FROM file_usage").await, 0);
    put(&admin, &record, "x.bin", vec![0; 9_999]).await.ok(201);
    assert_eq!(app.count("SELECT count(*) FROM audit WHERE action = 'file.purged'").await, 4);
    app.finish().await;
}

#[tokio::test]
async fn a_record_has_so_many_files_and_no_more() {
    let app = TestApp::build().config(|config| config.files.per_record = 2).start().await;
    let admin = app.admin();
    let record = format!("lead/{}", app.record("lead", json!({"title": "Ann"})).await);
    let first = put(&admin, &record, "1", "x").await.ok(201);
    put(&admin, &record, "2", "x").await.ok(201);
    put(&admin, &record, "3", "x").await.problem(409, "file.too_many");
    admin.delete(&format!("/files/{}", id_of(&first))).await.ok(204);
    put(&admin, &record, "3", "x").await.ok(201);
    admin.post(&format!("/files/{}/restore", id_of(&first)), json!({})).await.problem(409, "file.too_many");
    app.finish().await;
}

#[tokio::test]
async fn the_sweep_leaves_what_is_there_and_takes_what_is_left_over() {
    let app = TestApp::start().await;
    let admin = app.admin();
    let record = format!("lead/{}", app.record("lead", json!({"title": "Ann"})).await);
    let kept = put(&admin, &record, "kept.txt", "kept").await.ok(201);
    let gone = put(&admin, &record, "gone.txt", "gone").await.ok(201);
    admin.delete(&format!("/files/{}", id_of(&gone))).await.ok(204);
    put(&admin, &record, "half.txt", "half").await.ok(201);
    app.sql("UPDATE stored_file SET state = 'sending' WHERE name = 'half.txt'").await;
    assert_eq!(app.state.files.sweep().await.unwrap(), 0, "it may still come");
    app.clock.advance_seconds(7 * 3_600);
    assert_eq!(app.state.files.sweep().await.unwrap(), 1);
    admin.post(&format!("/files/{}/restore", id_of(&gone)), json!({})).await.ok(200);
    app.clock.advance_seconds(400 * 86_400);
    assert_eq!(app.state.files.sweep().await.unwrap(), 0);
    assert_eq!(names(&admin, &record).await, ["gone.txt", "kept.txt"]);
    let bytes = admin.send("GET", &format!("/api/v1/files/{}/content", id_of(&kept)), None, Vec::new()).await;
    assert_eq!(bytes.text(), "kept");
    app.finish().await;
}
