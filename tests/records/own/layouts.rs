//! Layouts: fields where an administrator has put them, for everybody, for a role, in a pipeline; and back again.

use futures::future::join_all;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::app::{Client, TestApp};

fn section(title: &str, fields: &[&str]) -> Value {
    json!({"title": {"en": title, "uk": format!("{title} укр")}, "fields": fields})
}

async fn put(client: &Client<'_>, of: Value, layout: Value) -> Value {
    client.put("/layouts", json!({"of": of, "layout": layout})).await.ok(200)
}

async fn layout(client: &Client<'_>) -> Value {
    client.get("/entities/deal").await.ok(200)["layout"].clone()
}

fn titles(layout: &Value) -> Vec<&str> {
    layout["sections"].as_array().unwrap().iter().map(|section| section["title"].as_str().unwrap()).collect()
}

// customize.md, acceptance 16.
#[tokio::test]
async fn mondays_layout_comes_back_and_the_history_names_both() {
    let app = TestApp::build().person("max", "sales_manager").start().await;
    let (admin, max) = (app.admin(), app.by("max"));
    let product = layout(&max).await;
    assert_eq!(product.get("arranged"), None);
    let monday = json!({"sections": [section("Money", &["amount", "close_date"]), section("People", &["owner"])],
        "list": ["title", "owner"], "card": ["owner"], "form": ["amount"]});
    let first = put(&admin, json!({"entity": "deal"}), monday).await;
    let seen = layout(&max).await;
    assert_eq!(titles(&seen), ["Money", "People"]);
    assert_eq!(seen["sections"][0]["fields"], json!(["amount", "close_date"]));
    assert_eq!(
        (&seen["list"], &seen["card"], &seen["form"]),
        (&json!(["title", "owner"]), &json!(["owner"]), &json!(["amount"]))
    );
    assert_eq!(seen["arranged"], true);

    app.clock.advance_seconds(24 * 3_600);
    put(&admin, json!({"entity": "deal"}), json!({"sections": [section("Money", &["amount"])]})).await;
    let tuesday = layout(&max).await;
    assert_eq!(titles(&tuesday), ["Money"]);
    assert_eq!((&tuesday["list"], &tuesday["card"]), (&product["list"], &product["card"]), "as the product has them");

    app.clock.advance_seconds(3_600);
    let path = format!("/layouts/{}/restore", first["id"].as_str().unwrap());
    admin.post(&path, json!({})).await.ok(200);
    assert_eq!(titles(&layout(&max).await), ["Money", "People"]);
    let history = admin.get("/layouts/history?entity=deal").await.ok(200);
    let history = history["items"].as_array().unwrap();
    let counts: Vec<usize> =
        history.iter().map(|saved| saved["layout"]["sections"].as_array().unwrap().len()).collect();
    assert_eq!(counts, [2, 1, 2], "the newest first");
    assert!(history.iter().all(|saved| saved["by"].is_string() && saved["at"].is_string()), "{history:?}");

    put(&admin, json!({"entity": "deal"}), Value::Null).await;
    assert_eq!(layout(&max).await, product);
    assert_eq!(admin.get("/layouts?entity=deal").await.ok(200)["items"], json!([]));
    app.finish().await;
}

#[tokio::test]
async fn administrators_see_the_names_of_sections_in_every_language() {
    let app = TestApp::build().person("max", "sales_manager").start().await;
    let admin = app.admin();
    let product = layout(&admin).await["sections"][0]["titles"].clone();
    let spoken: Vec<&String> = product.as_object().unwrap().keys().collect();
    assert_eq!(spoken, ["en", "ru", "uk"]);
    put(&admin, json!({"entity": "deal"}), json!({"sections": [section("Money", &["amount"])]})).await;
    assert_eq!(layout(&admin).await["sections"][0]["titles"], json!({"en": "Money", "uk": "Money укр"}));
    assert_eq!(layout(&app.by("max")).await["sections"][0].get("titles"), None);
    app.finish().await;
}

#[tokio::test]
async fn a_role_and_a_pipeline_have_their_own_and_what_is_required_is_never_lost() {
    let app = TestApp::build().person("max", "sales_manager").person("olga", "observer").start().await;
    let admin = app.admin();
    let label = json!({"en": "Partners"});
    let pipeline = admin.post("/pipelines", json!({"entity": "deal", "label": label})).await.ok(201);
    let pipeline = pipeline["id"].as_str().unwrap();
    let role = app.companies[0].roles["sales_manager"];
    let field = json!({"key": "x_kind", "label": {"en": "Kind"}, "type": "text", "required": true});
    admin.post("/entities/deal/fields", field).await.ok(201);
    put(&admin, json!({"entity": "deal"}), json!({"sections": [section("All", &["amount"])]})).await;
    put(&admin, json!({"entity": "deal", "role": role}), json!({"sections": [section("Role", &["owner"])]})).await;
    put(
        &admin,
        json!({"entity": "deal", "pipeline": pipeline}),
        json!({"sections": [section("Partners", &["company"])]}),
    )
    .await;
    let (max, olga) = (app.by("max"), app.by("olga"));
    assert_eq!((titles(&layout(&max).await), titles(&layout(&olga).await)), (vec!["Role"], vec!["All"]));
    let fields = layout(&olga).await["sections"][0]["fields"].clone();
    assert_eq!(fields, json!(["amount", "x_kind"]), "required, and placed nowhere");
    let in_pipeline = async |client: &Client<'_>| {
        let entity = client.get("/entities/deal").await.ok(200);
        let own = entity["pipeline_layouts"].as_array().unwrap();
        assert_eq!((own.len(), &own[0]["pipeline"]), (1, &json!(pipeline)));
        titles(&own[0]["layout"]).join(" ")
    };
    assert_eq!((in_pipeline(&max).await, in_pipeline(&olga).await), ("Role".into(), "Partners".into()));
    // A field that goes is in no layout; hidden ones are hidden there too.
    let patch = json!({"required": false});
    admin.patch("/entities/deal/fields/x_kind", patch).await.ok(200);
    put(&admin, json!({"entity": "deal"}), json!({"sections": [section("All", &["x_kind", "amount"])]})).await;
    admin.delete("/entities/deal/fields/x_kind").await.ok(204);
    assert_eq!(layout(&olga).await["sections"][0]["fields"], json!(["amount"]));
    app.finish().await;
}

#[tokio::test]
async fn what_makes_no_sense_is_refused_and_nobody_else_arranges() {
    let mut app = TestApp::build().person("max", "sales_manager").start().await;
    let other = app.add_company("Other", kernel::Locale::En).await;
    let admin = app.admin();
    let many: Vec<Value> = (0..31).map(|number| section(&number.to_string(), &[])).collect();
    let long = "x".repeat(101);
    for (layout, part) in [
        (json!({"sections": []}), "sections"),
        (json!({"sections": many}), "sections"),
        (json!({"sections": [section("A", &["nothing"])]}), "sections.0.fields"),
        (json!({"sections": [section("A", &["amount", "amount"])]}), "sections.0.fields"),
        (json!({"sections": [section("A", &["amount"]), section("B", &["amount"])]}), "sections.1.fields"),
        (json!({"sections": [{"title": {}, "fields": []}]}), "sections.0.title"),
        (json!({"sections": [{"title": {"en": long}, "fields": []}]}), "sections.0.title"),
        (json!({"sections": [section("A", &[])], "list": ["nothing"]}), "list"),
        (json!({"sections": [section("A", &[])], "card": ["owner", "owner"]}), "card"),
        (json!({"sections": [section("A", &[])], "form": vec!["amount"; 61]}), "form"),
    ] {
        let body = json!({"of": {"entity": "deal"}, "layout": layout});
        let refused = admin.put("/layouts", body).await.problem(422, "config.invalid");
        assert!(refused["fields"].get(part).is_some(), "{part}: {refused}");
    }
    let fine = json!({"sections": [section("A", &["amount"])]});
    for (key, id) in [("role", Uuid::nil()), ("pipeline", Uuid::nil()), ("role", app.companies[other].roles["admin"])] {
        let body = json!({"of": {"entity": "deal", (key): id}, "layout": fine});
        let refused = admin.put("/layouts", body).await.problem(422, "config.invalid");
        assert_eq!(refused["fields"][key]["code"], "missing", "{refused}");
    }
    let body = json!({"of": {"entity": "deal"}, "layout": fine});
    let unknown = json!({"of": {"entity": "nothing"}, "layout": fine});
    admin.put("/layouts", unknown).await.problem(404, "not_found");
    app.by("max").put("/layouts", body.clone()).await.problem(403, "denied");
    app.by("max").get("/layouts?entity=deal").await.problem(403, "denied");
    let saved = admin.put("/layouts", body).await.ok(200);
    let stranger = app.by_of(other, "admin");
    let path = format!("/layouts/{}/restore", saved["id"].as_str().unwrap());
    stranger.post(&path, json!({})).await.problem(404, "not_found");
    assert_eq!(stranger.get("/layouts/history?entity=deal").await.ok(200)["items"], json!([]));
    assert_eq!(stranger.get("/entities/deal").await.ok(200)["layout"].get("arranged"), None);
    app.finish().await;
}

#[tokio::test]
async fn of_two_who_arrange_at_once_the_later_is_told() {
    let mut app = TestApp::build().start().await;
    app.person(0, "ann", &["admin"]).await;
    let fine = |title: &str| json!({"of": {"entity": "deal"}, "layout": {"sections": [section(title, &["amount"])]}});
    let over = |person: &str, seen: &str| app.by(person).header("if-match", seen);
    // Nothing is arranged yet: both begin with what the product has.
    let first = over("admin", "\"0\"").put("/layouts", fine("First")).await;
    let id = first.ok(200)["id"].as_str().unwrap().to_owned();
    let tag = format!("\"{id}\"");
    assert_eq!(first.headers["etag"], tag);
    let refused = over("ann", "\"0\"").put("/layouts", fine("Second")).await.problem(409, "layout.changed");
    assert_eq!(refused["current"]["tag"], id.as_str(), "{refused}");
    assert_eq!(titles(&layout(&app.admin()).await), ["First"]);
    // Over what is there now it goes, whoever looked at it.
    let second = over("ann", &tag).put("/layouts", fine("Second")).await;
    let second = format!("\"{}\"", second.ok(200)["id"].as_str().unwrap());
    over("admin", &tag).put("/layouts", fine("Third")).await.problem(409, "layout.changed");
    let of_role = json!({"entity": "deal", "role": app.companies[0].roles["admin"]});
    let other = json!({"of": of_role, "layout": {"sections": [section("Role", &["amount"])]}});
    over("admin", &second).put("/layouts", other.clone()).await.problem(409, "layout.changed");
    over("admin", "\"0\"").put("/layouts", other).await.ok(200);
    // Back to the product's, and on from there.
    let product = json!({"of": {"entity": "deal"}, "layout": null});
    let reset = over("admin", &second).put("/layouts", product).await;
    assert_eq!(reset.headers["etag"], "\"0\"");
    over("ann", &second).put("/layouts", fine("Fourth")).await.problem(409, "layout.changed");
    // Many at once over the same: one of them.
    let many = join_all((0..10).map(|n| {
        let client = over(if n % 2 == 0 { "admin" } else { "ann" }, "\"0\"");
        let body = fine(&n.to_string());
        async move { client.put("/layouts", body).await.status.as_u16() }
    }));
    let mut many = many.await;
    many.sort_unstable();
    assert_eq!(many, [200, 409, 409, 409, 409, 409, 409, 409, 409, 409]);
    // Who does not say what was seen saves over whatever is there.
    app.admin().put("/layouts", fine("Last")).await.ok(200);
    app.finish().await;
}
