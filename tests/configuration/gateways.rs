//! Gateways of SMS out of one company, into another: never with a secret.

use kernel::Locale;
use serde_json::{Value, json};

use super::{exported, file_of, import, named, unpacked};
use crate::app::{Client, TestApp};

fn good() -> Value {
    json!({
        "title": "SMS", "url": "https://sms.example.com/send", "secret": "hush-of-the-gateway",
        "headers": {"authorization": "Bearer {secret}"}, "per_second": 5, "answer_id": "/id",
        "body": "{\"to\": \"{to}\", \"text\": \"{text}\", \"from\": \"Acme\", \"ref\": \"{key}\"}",
    })
}

async fn set(client: &Client<'_>, key: &str, part: &str, value: Value) {
    let mut gateway = good();
    gateway[part] = value;
    client.put(&format!("/message-gateways/{key}"), gateway).await.ok(200);
}

async fn all(client: &Client<'_>) -> Vec<Value> {
    client.get("/message-gateways").await.ok(200)["items"].as_array().unwrap().clone()
}

#[tokio::test]
async fn gateways_move_without_their_secrets() {
    let mut app = TestApp::start().await;
    let other = app.add_company("Other", Locale::En).await;
    let (admin, stranger) = (app.admin(), app.by_of(other, "admin"));
    set(&admin, "main", "title", json!("Main")).await;
    // Where a secret may be written out, the gateway stays.
    set(&admin, "address", "url", json!("https://sms.example.com/send?apikey=hush2")).await;
    set(&admin, "header", "headers", json!({"x-key": "hush3"})).await;
    let body = "{\"to\": \"{to}\", \"text\": \"{text}\", \"password\": \"hush4\"}";
    set(&admin, "body", "body", json!(body)).await;
    let file = exported(&admin).await;
    assert!(!format!("{:?}", unpacked(&file)).contains("hush"));
    let told = &unpacked(&file)["gateways.json"];
    assert_eq!((told.as_array().unwrap().len(), &told[0]["key"]), (1, &json!("main")));
    let areas = admin.get("/configuration/areas").await;
    assert!(!areas.text().contains("hush"), "{}", areas.text());
    let areas = areas.ok(200);
    let area = areas["items"].as_array().unwrap().iter().find(|one| one["area"] == "gateways").unwrap();
    assert_eq!((&area["count"], area["left_out"].as_array().unwrap().len()), (&json!(1), 3));

    let dry = import(&stranger, &file, true).await.ok(200);
    assert_eq!(
        (named(&dry, "create"), named(&dry, "missing")),
        (vec!["gateways main".into()], vec!["gateways main".into()])
    );
    assert_eq!(dry["missing"][0]["blocks"], false, "its secret is to be given, which does not stand in the way");
    assert_eq!(all(&stranger).await, Vec::<Value>::new(), "a dry run leaves nothing");
    let done = import(&stranger, &file, false).await.ok(200);
    let here = all(&stranger).await;
    assert_eq!((here.len(), &here[0]["title"], &here[0]["has_secret"]), (1, &json!("Main"), &json!(false)));
    let again = import(&stranger, &file, false).await.ok(200);
    assert_eq!((&again["create"], &again["change"], &again["applied"]), (&json!([]), &json!([]), &json!(false)));
    assert_eq!(unpacked(&exported(&stranger).await)["gateways.json"], *told, "the same content, the same bytes");

    // The secret that is here stays, and does not follow to another server.
    set(&stranger, "main", "title", json!("Ours")).await;
    let plan = import(&stranger, &file, false).await.ok(200);
    assert_eq!((named(&plan, "change"), named(&plan, "missing").len()), (vec!["gateways main".into()], 0));
    assert_eq!(all(&stranger).await[0]["has_secret"], true);
    let mut elsewhere = told.clone();
    elsewhere[0]["gateway"]["url"] = json!("https://evil.example.org/send");
    let elsewhere = file_of("gateways", elsewhere);
    let plan = import(&stranger, &elsewhere, true).await.ok(200);
    assert_eq!(
        (named(&plan, "conflicts"), &plan["conflicts"][0]["part"]),
        (vec!["gateways main".into()], &json!("secret"))
    );
    import(&stranger, &elsewhere, false).await.problem(409, "config.import");

    let acts = stranger.get("/configuration/changes").await.ok(200);
    let imported = acts["items"].as_array().unwrap().iter().find(|act| act["key"] == done["change_id"]).unwrap();
    let path = format!("/configuration/changes/{}/restore?dry_run=false", imported["id"].as_str().unwrap());
    stranger.post(&path, json!({})).await.ok(200);
    assert_eq!(all(&stranger).await, Vec::<Value>::new());
    assert_eq!(all(&admin).await.len(), 4, "nothing reached the company that it came from");
    app.finish().await;
}

#[tokio::test]
async fn a_removed_gateway_comes_back_from_its_history_and_waits_for_its_secret() {
    let app = TestApp::start().await;
    let admin = app.admin();
    set(&admin, "main", "url", json!("https://sms.example.com/send?sender=Acme")).await;
    app.clock.advance_seconds(60);
    admin.delete("/message-gateways/main").await.ok(204);
    let acts = admin.get("/configuration/changes?area=gateways").await.ok(200);
    assert!(!acts.to_string().contains("hush"), "{acts}");
    let removed = &acts["items"][0];
    assert_eq!((&removed["action"], &removed["restorable"]), (&json!("message_gateway.removed"), &json!(true)));
    let path = format!("/configuration/changes/{}/restore?dry_run=false", removed["id"].as_str().unwrap());
    let plan = admin.post(&path, json!({})).await.ok(200);
    assert_eq!((&plan["applied"], named(&plan, "missing")), (&json!(true), vec!["gateways main".into()]));
    let here = all(&admin).await;
    assert_eq!(
        (&here[0]["url"], &here[0]["has_secret"]),
        (&json!("https://sms.example.com/send?sender=Acme"), &json!(false))
    );
    app.finish().await;
}

#[tokio::test]
async fn what_may_be_a_secret_is_not_written_down_and_does_not_come_back() {
    let app = TestApp::start().await;
    let admin = app.admin();
    set(&admin, "main", "url", json!("https://sms.example.com/send?apikey=hush2")).await;
    app.clock.advance_seconds(60);
    set(&admin, "main", "headers", json!({"x-key": "hush3"})).await;
    app.clock.advance_seconds(60);
    // Before this change it had one, after it none: there is no half of a way back.
    set(&admin, "main", "title", json!("Main")).await;
    app.clock.advance_seconds(60);
    let mut plain = good();
    plain.as_object_mut().unwrap().remove("secret");
    plain["url"] = json!("https://sms.example.com/send?apikey=hush4");
    let file = file_of("gateways", json!([{"key": "moved", "gateway": plain}]));
    import(&admin, &file, false).await.ok(200);
    app.clock.advance_seconds(60);
    admin.delete("/message-gateways/moved").await.ok(204);
    for path in ["/configuration/changes?area=gateways", "/configuration/changes", "/audit"] {
        let told = admin.get(path).await;
        assert!(!told.text().contains("hush"), "{path}: {}", told.text());
    }
    let acts = admin.get("/configuration/changes?area=gateways").await.ok(200);
    let acts = acts["items"].as_array().unwrap();
    assert_eq!(acts.len(), 5, "{acts:?}");
    for act in acts {
        assert_eq!((act.get("before"), act.get("after"), &act["restorable"]), (None, None, &json!(false)), "{act}");
        let path = format!("/configuration/changes/{}/restore?dry_run=false", act["id"].as_str().unwrap());
        admin.post(&path, json!({})).await.problem(409, "config.no_history");
    }
    app.finish().await;
}

#[tokio::test]
async fn a_gateway_that_cannot_be_set_is_told_and_nothing_is_taken_in() {
    let app = TestApp::start().await;
    let admin = app.admin();
    let before = exported(&admin).await;
    let mut plain = good();
    plain.as_object_mut().unwrap().remove("secret");
    let with = |part: &str, value: Value| {
        let mut gateway = plain.clone();
        gateway[part] = value;
        json!({"key": "main", "gateway": gateway})
    };
    for spec in [
        json!({"key": "Not a key", "gateway": plain}),
        with("title", json!("")),
        with("url", json!("ftp://sms.example.com/")),
        with("url", json!("https://{to}.example.com/")),
        with("headers", json!({"Host": "internal"})),
        with("headers", json!({"x": "a\r\nHost: internal"})),
        with("body", json!("{\"to\": \"{to}\"}")),
        with("method", json!("DELETE")),
        with("per_second", json!(100_000)),
    ] {
        let file = file_of("gateways", json!([spec]));
        let plan = import(&admin, &file, true).await.ok(200);
        assert_eq!(named(&plan, "conflicts").len(), 1, "{spec}: {plan}");
        import(&admin, &file, false).await.problem(409, "config.import");
    }
    for spec in [
        with("secret", json!("hush")),
        with("secret", json!("")),
        with("nothing", json!(1)),
        json!({"key": "main", "gateway": plain, "secret": "hush"}),
    ] {
        let file = file_of("gateways", json!([spec]));
        assert!(!import(&admin, &file, false).await.status.is_success(), "{spec}");
    }
    let many: Vec<Value> = (0..21).map(|n| json!({"key": format!("g{n}"), "gateway": plain})).collect();
    let plan = import(&admin, &file_of("gateways", json!(many)), true).await.ok(200);
    assert_eq!(named(&plan, "conflicts"), ["gateways g20"], "{plan}");
    assert_eq!(exported(&admin).await, before);
    app.finish().await;
}
