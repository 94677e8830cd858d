//! Gateways of SMS as administrators set them up.

use serde_json::json;

use super::install;
use crate::app::TestApp;

fn good() -> serde_json::Value {
    json!({
        "title": "SMS", "url": "https://sms.example.com/send", "secret": "s3cret-of-the-gateway",
        "headers": {"authorization": "Bearer {secret}"}, "per_second": 5, "answer_id": "/id",
        "body": "{\"to\": \"{to}\", \"text\": \"{text}\", \"ref\": \"{key}\"}",
    })
}

#[tokio::test]
async fn administrators_set_gateways_up_and_secrets_are_never_shown() {
    let mut app = TestApp::build().person("ann", "sales_manager").start().await;
    let other = app.add_company("Other", kernel::Locale::En).await;
    let admin = app.admin();
    let made = admin.put("/message-gateways/main", good()).await;
    assert_eq!((&made.ok(200)["has_secret"], made.text().contains("s3cret")), (&json!(true), false));
    let listed = admin.get("/message-gateways").await;
    assert!(!listed.text().contains("s3cret") && listed.ok(200)["items"][0]["key"] == "main", "{}", listed.text());
    // Without one the secret stays; empty it goes.
    let mut changed = good();
    changed.as_object_mut().unwrap().remove("secret");
    assert_eq!(admin.put("/message-gateways/main", changed.clone()).await.ok(200)["has_secret"], true);
    // But it does not follow to another server, whose owner would read it.
    let mut moved = changed.clone();
    moved["url"] = json!("https://sms.example.org/send");
    let said = admin.put("/message-gateways/main", moved.clone()).await.problem(422, "message.invalid");
    assert!(said["fields"]["secret"].is_object(), "{said}");
    moved["secret"] = json!("another");
    admin.put("/message-gateways/main", moved).await.ok(200);
    changed["secret"] = json!("");
    assert_eq!(admin.put("/message-gateways/main", changed).await.ok(200)["has_secret"], false);
    // What is wrong is named.
    for (field, value) in [
        ("url", json!("https://{to}.example.com/")),
        ("url", json!("http://sms.example.com/")),
        ("headers", json!({"x": "a\r\nHost: internal"})),
        ("body", json!("{\"to\": \"{to}\"}")),
        ("method", json!("DELETE")),
        ("per_second", json!(100_000)),
    ] {
        let mut wrong = good();
        wrong[field] = value.clone();
        let problem = admin.put("/message-gateways/main", wrong).await.problem(422, "message.invalid");
        assert!(problem["fields"].get(field).is_some(), "{field} {value}: {problem}");
    }
    admin.put("/message-gateways/Not%20a%20key", good()).await.problem(422, "message.invalid");
    // Of nobody else.
    app.by("ann").get("/message-gateways").await.problem(403, "denied");
    app.by("ann").put("/message-gateways/main", good()).await.problem(403, "denied");
    app.by("ann").delete("/message-gateways/main").await.problem(403, "denied");
    let theirs = app.by_of(other, "admin").get("/message-gateways").await.ok(200);
    assert_eq!(theirs["items"], json!([]));
    app.by_of(other, "admin").delete("/message-gateways/main").await.problem(404, "not_found");
    admin.delete("/message-gateways/main").await.ok(204);
    admin.delete("/message-gateways/main").await.problem(404, "not_found");
    app.finish().await;
}

#[tokio::test]
async fn a_gateway_inside_the_network_is_not_asked() {
    let app = TestApp::build().start().await;
    install(&app).await;
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    listener.set_nonblocking(true).unwrap();
    let port = listener.local_addr().unwrap().port();
    let admin = app.admin();
    for (key, host) in
        [("a", "127.0.0.1"), ("b", "localhost"), ("c", "[::1]"), ("d", "[::ffff:127.0.0.1]"), ("e", "169.254.169.254")]
    {
        let gateway = json!({"title": host, "url": format!("http://{host}:{port}/"), "body": good()["body"]});
        admin.put(&format!("/message-gateways/{key}"), gateway).await.ok(200);
        let (ctx, tx) = (app.system(), app.state.db.begin().await.unwrap());
        let sms =
            messaging::messages::NewSms { to: "+380501234567".into(), text: "x".into(), gateway: Some(key.into()) };
        let content = messaging::messages::Content::Sms(sms);
        let message = messaging::messages::NewMessage { id: ctx.id(), key: key.into(), about: None, content };
        app.state.messages.put(&tx, &ctx, super::PLUGIN, &[message]).await.unwrap().remove(0).unwrap();
        tx.commit().await.unwrap();
    }
    app.drain().await;
    let failed = admin.get("/plugin-messages?state=failed&channel=sms").await.ok(200);
    let failed = failed["items"].as_array().unwrap();
    assert_eq!(failed.len(), 5);
    for one in failed {
        assert!(one["problem"].as_str().unwrap().contains("is not on the public internet"), "{one}");
    }
    assert!(listener.accept().is_err(), "somebody knocked");
    app.finish().await;
}
