//! Files under the rights of their record, for everybody at every door.

use people::token::Scope;
use serde_json::json;

use super::{id_of, put};
use crate::app::TestApp;

/// What somebody gets at each door of a record's file: list, add, look, bytes, small picture, rename, remove, restore, bin.
async fn doors(app: &TestApp, client: &crate::app::Client<'_>, record: &str) -> Vec<u16> {
    let made = put(&app.admin(), record, "a.txt", "x").await.ok(201);
    let file = format!("/files/{}", id_of(&made));
    let mut statuses = Vec::new();
    statuses.push(client.get(&format!("/records/{record}/files")).await);
    statuses.push(put(client, record, "b.txt", "y").await);
    statuses.push(client.get(&file).await);
    statuses.push(client.send("GET", &format!("/api/v1{file}/content"), None, Vec::new()).await);
    statuses.push(client.get(&format!("{file}/thumbnail")).await);
    statuses.push(client.patch(&file, json!({"name": "c.txt"})).await);
    statuses.push(client.delete(&file).await);
    app.admin().delete(&file).await;
    statuses.push(client.post(&format!("{file}/restore"), json!({})).await);
    statuses.push(client.get(&format!("/records/{record}/files?removed=true")).await);
    statuses.iter().map(|answer| answer.status.as_u16()).collect()
}

#[tokio::test]
async fn whoever_reads_a_record_reads_its_files_and_whoever_changes_it_adds() {
    let mut app = TestApp::build()
        .person("ann", "sales_manager")
        .person("obs", "observer")
        .person("bob", "sales_manager")
        .start()
        .await;
    app.person(0, "nobody", &[]).await;
    let other = app.add_company("Other", kernel::Locale::En).await;
    let record = format!("lead/{}", app.record("lead", json!({"title": "Ann's", "owner": app.id_of("ann")})).await);
    let token = app.token_of(&app.companies[0], app.id_of("ann"), &[Scope::Read]).await;
    let all = [200, 201, 200, 200, 404, 200, 204, 200, 200];
    let reads = [200, 403, 200, 200, 404, 403, 403, 403, 403];
    let nothing = [404; 9];
    for (who, client, expected) in [
        ("ann", app.by("ann"), all),
        ("admin", app.admin(), all),
        ("observer", app.by("obs"), reads),
        ("ann, by a token that reads", app.with_token(&token), reads),
        ("bob", app.by("bob"), nothing),
        ("nobody", app.by("nobody"), nothing),
        ("another company", app.by_of(other, "admin"), nothing),
        ("a stranger", app.stranger(), [401; 9]),
    ] {
        assert_eq!(doors(&app, &client, &record).await, expected, "{who}");
    }
    // A record in the bin shows no files; they come back with it.
    app.admin().delete(&format!("/records/{record}")).await.ok(204);
    let made = app.text("SELECT name FROM stored_file WHERE state = 'kept'").await;
    assert!(!made.is_empty());
    app.admin().get(&format!("/records/{record}/files")).await.problem(404, "not_found");
    put(&app.admin(), &record, "a.txt", "x").await.problem(404, "not_found");
    app.admin().post(&format!("/records/{record}/restore"), json!({})).await.ok(200);
    app.admin().get(&format!("/records/{record}/files")).await.ok(200);
    // Another company's or an unknown record, entity or id.
    for path in ["lead/00000000-0000-7000-8000-000000000000", "spaceship/00000000-0000-7000-8000-000000000000"] {
        put(&app.admin(), path, "a.txt", "x").await.problem(404, "not_found");
    }
    app.finish().await;
}

#[tokio::test]
async fn rights_are_asked_again_when_the_bytes_have_come() {
    let app = TestApp::build().person("ann", "sales_manager").start().await;
    let id = app.record("lead", json!({"title": "Ann's", "owner": app.id_of("ann")})).await;
    let (send, pieces) = tokio::sync::mpsc::unbounded_channel::<Result<axum::body::Bytes, std::io::Error>>();
    let body = axum::body::Body::from_stream(tokio_stream(pieces));
    send.send(Ok("half".into())).unwrap();
    let uri = format!("/api/v1/records/lead/{id}/files?name=a.txt");
    let ann = app.by("ann");
    let upload = ann.send_body("POST", &uri, Some("application/octet-stream"), body);
    let taken = async {
        while app.count("SELECT count(*) FROM stored_file").await == 0 {
            tokio::task::yield_now().await;
        }
        app.admin().update("lead", &id, json!({"owner": app.id_of("admin")})).await.ok(200);
        send.send(Ok("rest".into())).unwrap();
        drop(send);
    };
    let (answer, ()) = tokio::join!(upload, taken);
    answer.problem(404, "not_found");
    assert_eq!(app.count("SELECT count(*) FROM stored_file").await, 0);
    app.finish().await;
}

fn tokio_stream<T: Send + 'static>(
    from: tokio::sync::mpsc::UnboundedReceiver<T>,
) -> impl futures::Stream<Item = T> + Send + 'static {
    futures::stream::unfold(from, |mut from| async move { from.recv().await.map(|piece| (piece, from)) })
}
